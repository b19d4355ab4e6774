//! What a schedule becomes when systemd or cron follows it: what each of them cannot do is said rather than left out. It
//! writes nothing.

use std::collections::HashMap;

use super::Entry;
use crate::model::{Missed, Overlap};

/// What comes of handing schedules over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed<T> {
    /// What is to be there.
    pub made: Vec<T>,
    /// What cannot be said at all: nothing is handed over then.
    pub refused: Vec<String>,
    /// What is not kept as the playbook has it.
    pub notes: Vec<String>,
}

impl<T> Default for Handed<T> {
    fn default() -> Handed<T> {
        Handed { made: Vec::new(), refused: Vec::new(), notes: Vec::new() }
    }
}

/// The names of schedules as units and locks have them: `toban-refnet-daily`, `toban-refnet-monthly.2`.
pub(super) fn names(entries: &[Entry]) -> Vec<String> {
    let plain: Vec<String> = entries.iter().map(|entry| name(entry, false)).collect();
    let mut count = HashMap::<&String, usize>::new();
    plain.iter().for_each(|name| *count.entry(name).or_default() += 1);
    let apart = |(entry, plain): (&Entry, &String)| match count.get(plain) {
        // `a-b/c` and `a/b-c` are the same with hyphens.
        Some(2..) => name(entry, true),
        _ => plain.clone(),
    };
    entries.iter().zip(&plain).map(apart).collect()
}

fn name(entry: &Entry, escape_hyphens: bool) -> String {
    let part = |text: &str| -> String {
        let escaped = text.bytes().map(|b| match b {
            b'-' if !escape_hyphens => "-".to_string(),
            b if b.is_ascii_alphanumeric() || b == b'_' => char::from(b).to_string(),
            b => format!("\\x{b:02x}"),
        });
        escaped.collect()
    };
    let parts: Vec<String> = entry.playbook.split('/').map(part).collect();
    let which = if entry.index == 0 { String::new() } else { format!(".{}", entry.index + 1) };
    format!("toban-{}{which}", parts.join("-"))
}

/// systemd starts a service once at a time, and forgets a time that comes meanwhile.
pub(super) fn note_for_systemd(entry: &Entry) -> Option<String> {
    let (playbook, cron) = (&entry.playbook, &entry.schedule.cron);
    (entry.schedule.overlap == Overlap::Wait).then(|| {
        crate::t!(
            "{playbook} \"{cron}\": a time that comes while the run goes on is left out by systemd (`overlap: wait` is not kept; write `overlap: skip` if that is meant)",
            "{playbook} \"{cron}\": 実行中に来た回は systemd では実行されません（`overlap: wait` は守られません。それでよければ `overlap: skip` と書いてください）"
        )
    })
}

/// cron knows nothing of times at which the machine was off.
pub(super) fn note_for_cron(entry: &Entry) -> Option<String> {
    let (playbook, cron) = (&entry.playbook, &entry.schedule.cron);
    (entry.schedule.missed == Missed::Run).then(|| {
        crate::t!(
            "{playbook} \"{cron}\": a time at which the machine is off is left out by cron (`missed: run` is not kept; write `missed: skip` if that is meant)",
            "{playbook} \"{cron}\": マシンが止まっていた回は cron では実行されません（`missed: run` は守られません。それでよければ `missed: skip` と書いてください）"
        )
    })
}
