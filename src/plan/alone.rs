//! What a plan holds while it runs, and when it may begin: of its playbook and of all that it calls. It takes no lock
//! and reads no clock.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::compile::{CompileError, zone_named};
use crate::event::Holder;
use crate::lang::Loaded;
use crate::model::{Hours, Lock, Moment, RunsAtOnce, Window};

/// A window in which a plan may begin.
#[derive(Clone, Debug)]
pub struct PlanWindow {
    /// As it is told.
    pub told: ToldWindow,
    /// When it is open.
    pub hours: Hours,
    /// The zone of its system.
    pub zone: TimeZone,
}

/// A window, as it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToldWindow {
    /// Its name in `system.yaml`.
    pub name: String,
    /// What it is there.
    pub window: Window,
    /// The zone of its system; none where that is the machine's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// How something stands in the moment in which a plan is told. No part of what is planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Now {
    /// A window.
    Window {
        /// Its name.
        name: String,
        /// Whether it is open.
        open: bool,
        /// When it next closes, or opens; none where it does not in the time that is looked at.
        changes: Option<Timestamp>,
        /// Whether the last runs say that a run would end inside; none where nothing is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fits: Option<bool>,
    },
    /// A lock that another may hold: only `--probe` looks.
    Lock {
        /// Its name.
        name: String,
        /// Whether it is held.
        held: bool,
        /// By whom.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Holder>,
    },
}

impl ToldWindow {
    /// The window itself.
    ///
    /// # Errors
    /// When its zone or its hours are not known here.
    pub fn read(self) -> Result<PlanWindow, CompileError> {
        let zone = zone_named(self.zone.as_deref())?;
        let hours = Hours::of(&self.window, &zone).map_err(CompileError)?;
        Ok(PlanWindow { told: self, hours, zone })
    }
}

impl PlanWindow {
    /// How it stands at a moment, for a run that takes so many seconds.
    pub fn now(&self, at: Timestamp, seconds: Option<f64>) -> Now {
        let name = self.told.name.clone();
        match self.hours.at(at) {
            Moment::Open { until } => {
                let left = until.map(|until| until.duration_since(at).as_secs_f64());
                let fits = seconds.map(|seconds| left.is_none_or(|left| seconds <= left));
                Now::Window { name, open: true, changes: until, fits }
            }
            Moment::Closed { opens, .. } => Now::Window { name, open: false, changes: opens, fits: None },
        }
    }
}

/// The locks of a playbook and of all that it calls, each once: what the outermost says of it holds.
pub(super) fn locks(loaded: &Loaded) -> Vec<Lock> {
    let mut all = Vec::new();
    each(loaded, &mut |one| {
        for lock in &one.playbook.locks {
            if !all.iter().any(|known: &Lock| known.name == lock.name) {
                all.push(lock.clone());
            }
        }
    });
    all
}

/// The windows of a playbook and of all that it calls, each once.
pub(super) fn windows(loaded: &Loaded) -> Result<Vec<PlanWindow>, CompileError> {
    let mut told: Vec<ToldWindow> = Vec::new();
    each(loaded, &mut |one| {
        let named = one.playbook.window.as_ref().and_then(|name| Some((name, one.system.windows.get(name)?)));
        if let Some((name, window)) = named {
            let zone = one.system.timezone.clone();
            let new = ToldWindow { name: name.clone(), window: window.clone(), zone };
            if !told.contains(&new) {
                told.push(new);
            }
        }
    });
    told.into_iter().map(ToldWindow::read).collect()
}

/// What happens when a playbook is run while a run of it goes on. To do something twice in production is dearer than to
/// be asked to wait; elsewhere what must not meet is named by locks.
pub(super) fn runs_at_once(loaded: &Loaded) -> RunsAtOnce {
    let otherwise = if loaded.system.protected { RunsAtOnce::Refuse } else { RunsAtOnce::Allow };
    loaded.playbook.runs_at_once.unwrap_or(otherwise)
}

fn each<'a>(loaded: &'a Loaded, look: &mut impl FnMut(&'a Loaded)) {
    look(loaded);
    loaded.parts.values().for_each(|part| each(part, look));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Duration;

    #[test]
    fn a_run_fits_while_it_takes_no_longer_than_the_window_stays_open() {
        let length = Duration::from_secs(7200);
        let window = Window { cron: "0 3 * * *".into(), length, blackouts: Vec::new() };
        let hours = Hours::of(&window, &TimeZone::UTC).expect("a window");
        let told = ToldWindow { name: "night".into(), window, zone: None };
        let window = PlanWindow { told, hours, zone: TimeZone::UTC };
        let at: Timestamp = "2026-03-01T04:30:00Z".parse().expect("a moment");
        let fits = |seconds: Option<f64>| match window.now(at, seconds) {
            Now::Window { open: true, fits, .. } => fits,
            other => panic!("{other:?}"),
        };
        assert_eq!(fits(None), None);
        assert_eq!(fits(Some(1800.0)), Some(true));
        assert_eq!(fits(Some(1801.0)), Some(false));
    }
}
