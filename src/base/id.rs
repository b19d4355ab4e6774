//! Names of steps and runs. It does not know what they name.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The id of a step, unique in its plan; a step of an included playbook is `restore/swap`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(Arc<str>);

impl StepId {
    /// An id from text that has been checked already.
    pub fn new(text: impl AsRef<str>) -> StepId {
        StepId(Arc::from(text.as_ref()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This id inside the step `parent`: `parent/this`.
    pub fn inside(&self, parent: &StepId) -> StepId {
        StepId::new(format!("{parent}/{self}"))
    }

    /// This step in any iteration of the loop that it is: `restore[*]`.
    pub fn any_item(&self) -> StepId {
        StepId::new(format!("{self}[*]"))
    }

    /// This step, whose id begins with `looped[*]`, in the iteration at `index`; itself where it does not.
    pub fn in_iteration(&self, looped: &StepId, index: u32) -> StepId {
        let rest = self.0.strip_prefix(looped.as_str()).and_then(|rest| rest.strip_prefix("[*]"));
        rest.map_or_else(|| self.clone(), |rest| StepId::new(format!("{looped}[{index}]{rest}")))
    }

    /// The loop that this is one iteration of, and the place in it: `restore` and 2 for `restore[2]`.
    pub fn iteration(&self) -> Option<(StepId, u32)> {
        let (looped, index) = self.0.strip_suffix(']')?.rsplit_once('[')?;
        Some((StepId::new(looped), index.parse().ok()?))
    }

    /// The step that this takes back, by its name; a step of a group may be called so too.
    pub fn undone(&self) -> Option<StepId> {
        self.0.strip_suffix("/undo").map(StepId::new)
    }

    /// This step in whatever iteration: `restore/swap` for `restore[2]/swap` and for `restore[*]/swap`.
    pub fn without_items(&self) -> StepId {
        let mut parts = self.0.split('[');
        let mut text = parts.next().unwrap_or_default().to_string();
        parts.for_each(|part| text.push_str(part.split_once(']').map_or("", |(_, rest)| rest)));
        StepId::new(text)
    }

    /// What this step is in any iteration: `restore[*]/swap` for `restore[2]/swap`.
    pub fn in_any_iteration(&self) -> StepId {
        let mut parts = self.0.split('[');
        let mut text = parts.next().unwrap_or_default().to_string();
        for part in parts {
            text.push_str("[*]");
            text.push_str(part.split_once(']').map_or("", |(_, rest)| rest));
        }
        StepId::new(text)
    }

    /// Whether this is the beginning of a group or playbook, `restore/`, which people do not see as a step.
    pub fn is_beginning(&self) -> bool {
        self.0.ends_with('/')
    }

    /// The step that this is the beginning of; itself where it is none.
    pub fn ended(&self) -> StepId {
        StepId(self.0.trim_end_matches('/').into())
    }

    /// Whether text may be the id of a step: a letter or `_`, then letters, digits and `_`, at most 64.
    pub fn is_valid(text: &str) -> bool {
        let mut chars = text.chars();
        chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
            && text.len() <= 64
    }
}

impl JsonSchema for StepId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StepId".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$" })
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

/// The digits of ids: none that is easily taken for another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The id of a run: its start in UTC, three characters for the part of the second, and three random ones. Ids sort
/// by time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// The id of a run that starts at `at`; `random` are any 15 random bits.
    pub fn new(at: jiff::Timestamp, random: u32) -> RunId {
        // A 32768th of a second is 30517.6 ns; the last digit of the fraction may be a little shorter.
        let fraction = at.subsec_nanosecond().unsigned_abs() / 30_518;
        let bits = (fraction << 15) | (random & 0x7fff);
        let tail: String = (0..6).rev().map(|i| ALPHABET[(bits >> (5 * i)) as usize & 31] as char).collect();
        RunId(format!("{}-{tail}", at.strftime("%Y%m%dT%H%M%SZ")))
    }

    /// An id from text, as a person typed it or a folder is called; none where it cannot be one.
    pub fn parse(text: &str) -> Option<RunId> {
        let ok = text.len() == 23
            && text.is_ascii()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && text.as_bytes()[16] == b'-';
        ok.then(|| RunId(text.to_string()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as a number that sorts as the ids do: the second of its start, then its last six characters. None for
    /// text that [`RunId::new`] does not make.
    pub fn number(&self) -> Option<i64> {
        let (time, tail) = self.0.split_once('-')?;
        let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", time).ok()?;
        let second = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
        let digit = |b: u8| ALPHABET.iter().position(|a| *a == b).and_then(|at| i64::try_from(at).ok());
        let tail = tail.bytes().try_fold(0, |sum, b| Some(sum << 5 | digit(b)?))?;
        (second >= 0).then_some(second << 30 | tail)
    }

    /// The second of its start. None for text that [`RunId::new`] does not make.
    pub fn time(&self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_second(self.number()? >> 30).ok()
    }

    /// The smallest number that a run which starts at `at` or later can have.
    pub fn number_from(at: jiff::Timestamp) -> i64 {
        RunId::new(at.max(jiff::Timestamp::UNIX_EPOCH), 0).number().unwrap_or_default()
    }

    /// The id of a number.
    pub fn of_number(number: i64) -> Option<RunId> {
        let at = jiff::Timestamp::from_second(number >> 30).ok()?;
        let tail: String =
            (0..6).rev().map(|i| ALPHABET[(number >> (5 * i)) as usize & 31] as char).collect();
        RunId::parse(&format!("{}-{tail}", at.strftime("%Y%m%dT%H%M%SZ")))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a saved plan: 26 characters for 128 random bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct PlanId(String);

impl PlanId {
    /// An id of random bits.
    pub fn new(random: u128) -> PlanId {
        PlanId((0..26).map(|i| ALPHABET[(random >> (5 * i)) as usize & 31] as char).collect())
    }

    /// An id from text; none where it cannot be one.
    pub fn parse(text: &str) -> Option<PlanId> {
        let ok = text.len() == 26 && text.bytes().all(|b| ALPHABET.contains(&b));
        ok.then(|| PlanId(text.to_string()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// The id is the name of a file: only what can be one is taken from outside.
impl<'de> Deserialize<'de> for PlanId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<PlanId, D::Error> {
        let text = String::deserialize(d)?;
        PlanId::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(crate::t!(
                "`{text}` is no id of a plan",
                "`{text}` は計画の ID ではありません"
            ))
        })
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{RunId, StepId};

    #[test]
    fn a_step_in_a_loop_is_named_with_its_iteration_or_without() {
        let pattern = StepId::new("restore").any_item();
        assert_eq!(pattern.as_str(), "restore[*]");
        let inner = StepId::new("restore[*]/each[*]/swap");
        let first = inner.in_iteration(&StepId::new("restore"), 2);
        assert_eq!(first.as_str(), "restore[2]/each[*]/swap");
        assert_eq!(first.in_iteration(&StepId::new("other"), 1), first);
        assert_eq!(first.in_any_iteration(), inner);
        assert_eq!(first.without_items().as_str(), "restore/each/swap");
        assert_eq!(StepId::new("a/restore[12]").iteration(), Some((StepId::new("a/restore"), 12)));
        assert_eq!(pattern.iteration(), None);
        assert_eq!(inner.iteration(), None);
    }

    #[test]
    fn ids_of_runs_that_start_within_one_second_sort_by_time() {
        let at = |nanos: i128| jiff::Timestamp::from_nanosecond(nanos).expect("a time");
        let nanos = [0, 40_000, 500_000_000, 999_900_000, 999_999_999, 1_000_000_000];
        let ids: Vec<RunId> =
            nanos.iter().enumerate().map(|(i, n)| RunId::new(at(*n), !(i as u32) << 9)).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        assert!(ids.iter().all(|id| RunId::parse(id.as_str()).as_ref() == Some(id)), "{ids:?}");
        assert_ne!(RunId::new(at(0), 1), RunId::new(at(0), 2));
        let numbers: Vec<i64> = ids.iter().filter_map(RunId::number).collect();
        assert!(numbers.len() == ids.len() && numbers.is_sorted(), "{numbers:?}");
        assert!(numbers.iter().zip(&ids).all(|(n, id)| RunId::of_number(*n).as_ref() == Some(id)));
        assert!(nanos.iter().zip(&numbers).all(|(n, number)| RunId::number_from(at(*n)) <= *number));
        assert_eq!(RunId::parse("20260301T000000Z-abcilo").and_then(|id| id.number()), None);
    }
}
