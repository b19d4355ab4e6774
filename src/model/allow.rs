//! Rules of `check` that a playbook may allow in place. It judges nothing: what each rule finds, the checks know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! allow {
    ($( $(#[$m:meta])* $name:literal $field:ident ),* $(,)?) => {
        /// Rules of `check` that do not hold here, each with the reason why; steps inside are meant too. A rule that finds
        /// nothing here is an error. `toban check --rules` tells of each.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct Allow {
            $( $(#[$m])* #[serde(rename = $name, skip_serializing_if = "Option::is_none")] pub $field: Option<String> ),*
        }

        impl Allow {
            /// Every rule that can be allowed.
            pub const RULES: &'static [&'static str] = &[$($name),*];

            /// Those that no single playbook breaks: `toban schedule check` finds them among all schedules.
            pub const OF_SCHEDULES: &'static [&'static str] = &["schedule-collision", "shared-machine"];

            /// The rules allowed here, each with its reason, in the order of the rules.
            pub fn reasons(&self) -> Vec<(&'static str, &str)> {
                [$(($name, self.$field.as_deref())),*].into_iter().filter_map(|(n, r)| Some((n, r?))).collect()
            }
        }
    };
}

allow! {
    /// Why a command that seems to run for ever ends.
    "endless-command" endless_command,
    /// Why a command that seems to wait for a person does not.
    "interactive-command" interactive_command,
    /// Why a file may be left half-written.
    "pipe-into-file" pipe_into_file,
    /// Why a value that looks like a placeholder is meant.
    "placeholder" placeholder,
    /// Why a password or token may be read by whoever reads the file.
    "literal-secret" literal_secret,
    /// Why a schedule may never come.
    "cron-never" cron_never,
    /// Why a schedule restricts both the day and the weekday.
    "cron-or" cron_or,
    /// Why a scheduled playbook may ask a person.
    "schedule-asks" schedule_asks,
    /// Why a schedule may leave out an input that is required.
    "schedule-inputs" schedule_inputs,
    /// Why a schedule may come while another is under way that takes up the same lock, system or host: for
    /// `toban schedule check`.
    "schedule-collision" schedule_collision,
    /// Why a schedule may come while one of another system is under way on this machine: for `toban schedule check`.
    "shared-machine" shared_machine,
}
