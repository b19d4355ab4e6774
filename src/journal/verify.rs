//! Proves that a run is as it was recorded, or names what is not. It reads no file and changes nothing.
//!
//! The journal's first line holds the hash of the plan, each further line the hash of the line above, the end of an
//! attempt the hash of its log, and the head, which is kept elsewhere, the hash of the last line. Who can write all of
//! these can make all of them anew: that is seen only with a head that was noted where they cannot write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Evidence;
use super::head::Head;
use super::reader::another_plan;
use super::walk::{Broken, Walk, walk};
use crate::event::{Event, Kind, LogSeal};

/// What a proof came to.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// How many facts follow one another from the plan on.
    pub facts: usize,
    /// How many logs are the ones that were written, and their bytes.
    pub logs: (usize, u64),
    /// Logs that nothing vouches for: of attempts that never ended, or from before logs were hashed.
    pub unbound: Vec<String>,
    /// The last of those facts.
    pub last: Head,
    /// What is known of the end.
    pub ending: Ending,
    /// Everything that is wrong, the first line of the journal that is first.
    pub faults: Vec<Fault>,
    /// The length of a line at the end that was never finished, in bytes.
    pub torn: usize,
}

/// What is known of a journal's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is where it was when the journal was closed; the head says so.
    Proven(PathBuf),
    /// So many facts came after it was closed, when the run was gone on with; up to there the head proves it.
    GoneOn(PathBuf, usize),
    /// The run is being made.
    Alive,
    /// Nothing outside says where it should end, though the run says that it ended.
    NoHead,
    /// The engine died: nothing was written down of an end.
    Died,
}

/// Something that is not as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1, where it is one line.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub reason: String,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Proves a run. `noted` is a head that somebody wrote down elsewhere.
pub fn verify(evidence: &Evidence, noted: Option<&str>) -> Verdict {
    let known = evidence.head.as_ref().map(|(head, _)| head);
    let walk = walk(&evidence.plan, &evidence.journal, known);
    let last = Head::new(&walk.last, walk.events.len());
    let torn = evidence.journal.len() - walk.whole;
    let mut faults: Vec<Fault> = chain_fault(evidence, &walk).into_iter().collect();
    let ending = ending(evidence, &walk.events);
    if faults.is_empty() {
        faults.extend(end_faults(evidence, &walk, &ending, torn));
        faults.extend(noted.filter(|noted| *noted != last.hash).map(|_| not_noted(evidence, &last)));
    }
    let logs = logs(evidence, &walk, &mut faults);
    let named: Vec<PathBuf> = faults.iter().map(|fault| fault.path.clone()).collect();
    faults.extend(evidence.found.iter().filter(|fault| !named.contains(&fault.path)).cloned());
    Verdict { facts: walk.events.len(), logs: logs.0, unbound: logs.1, last, ending, faults, torn }
}

fn chain_fault(evidence: &Evidence, walk: &Walk) -> Option<Fault> {
    let journal = evidence.place.join("journal.jsonl");
    Some(match walk.fault.clone()? {
        Broken::Plan => Fault { path: evidence.place.join("plan.json"), line: None, reason: another_plan() },
        Broken::Line(line, reason) => Fault { path: journal, line: Some(line), reason },
        Broken::Cut(lines) => {
            let left = walk.events.len();
            let reason = crate::t!(
                "lines were cut off here: the journal was closed with {lines} lines, {left} are left",
                "ここから先が切り取られています: 閉じたときは {lines} 行、今は {left} 行"
            );
            Fault { path: journal, line: Some(left + 1), reason }
        }
    })
}

fn ending(evidence: &Evidence, events: &[Event]) -> Ending {
    // A run that has no end has a head, too: that of what was last known to be on disk.
    if !matches!(events.last(), Some(Event { kind: Kind::RunEnded { .. }, .. })) {
        return if evidence.alive { Ending::Alive } else { Ending::Died };
    }
    match &evidence.head {
        // Its end was written after its head was read.
        Some((head, _)) if evidence.alive && events.len() > head.lines => Ending::Alive,
        Some((head, path)) if events.len() > head.lines => {
            Ending::GoneOn(path.clone(), events.len() - head.lines)
        }
        Some((_, path)) => Ending::Proven(path.clone()),
        None => Ending::NoHead,
    }
}

/// What is wrong although every line follows the one above: the run of another folder, or more behind the end.
fn end_faults(evidence: &Evidence, walk: &Walk, ending: &Ending, torn: usize) -> Vec<Fault> {
    let journal = evidence.place.join("journal.jsonl");
    let mut faults = Vec::new();
    match walk.events.first().map(|e| &e.kind) {
        Some(Kind::RunStarted { run, .. }) => {
            if let Some(named) = evidence.run.as_ref().filter(|named| *named != run) {
                let reason = crate::t!(
                    "it is the journal of run {run}, in the folder of run {named}",
                    "実行 {run} のジャーナルが、実行 {named} のフォルダにあります"
                );
                faults.push(Fault { path: journal.clone(), line: Some(1), reason });
            }
        }
        _ => {
            let reason = crate::t!("a run does not begin like this", "実行の始まりの行ではありません");
            faults.push(Fault { path: journal.clone(), line: Some(1), reason });
        }
    }
    if torn > 0 && matches!(ending, Ending::Proven(_)) && !evidence.alive {
        let reason = crate::t!(
            "{torn} bytes stand behind the end the journal was closed with",
            "閉じたときの終わりの後に {torn} バイトが書かれています"
        );
        faults.push(Fault { path: journal, line: Some(walk.events.len() + 1), reason });
    }
    faults
}

fn not_noted(evidence: &Evidence, last: &Head) -> Fault {
    let (hash, lines) = (&last.hash, last.lines);
    let reason = crate::t!(
        "its head is {hash}, not the one given: it was made anew, or is another run",
        "終端ハッシュは {hash} で、指定と違います。作り直されたか、別の実行です"
    );
    Fault { path: evidence.place.join("journal.jsonl"), line: Some(lines), reason }
}

/// Counts the logs that are as they were written; the others are faults, or unbound.
fn logs(evidence: &Evidence, walk: &Walk, faults: &mut Vec<Fault>) -> ((usize, u64), Vec<String>) {
    // A journal that breaks off cannot tell which logs there should be behind that.
    let knows_all = walk.fault.is_none() && !evidence.alive;
    let mut written: BTreeMap<String, Option<&LogSeal>> = BTreeMap::new();
    for event in &walk.events {
        match &event.kind {
            Kind::AttemptStarted { unit, attempt, .. } => {
                written.entry(unit.log_name(*attempt)).or_default();
            }
            Kind::AttemptEnded { unit, attempt, log, .. } => {
                written.insert(unit.log_name(*attempt), log.as_ref());
            }
            _ => {}
        }
    }
    let (mut good, mut unbound) = ((0, 0), Vec::new());
    let fault = |name: &str, reason| Fault { path: Path::new("logs").join(name), line: None, reason };
    let mut wrong = Vec::new();
    for (name, seal) in &written {
        match (seal, evidence.logs.get(name)) {
            (Some(seal), Some(found)) if *seal == found => good = (good.0 + 1, good.1 + found.bytes),
            (Some(seal), Some(found)) => wrong.push(fault(name, changed(seal, found))),
            (Some(_), None) => wrong.push(fault(name, crate::t!("it is missing", "ありません"))),
            (None, Some(_)) => unbound.push(name.clone()),
            (None, None) => {}
        }
    }
    for name in evidence.logs.keys().filter(|name| knows_all && !written.contains_key(*name)) {
        let reason = crate::t!("the journal knows of no such attempt", "ジャーナルにない試行のログです");
        wrong.push(fault(name, reason));
    }
    faults.extend(wrong.into_iter().map(|f| Fault { path: evidence.place.join(f.path), ..f }));
    (good, unbound)
}

fn changed(seal: &LogSeal, found: &LogSeal) -> String {
    let (was, is) = (seal.bytes, found.bytes);
    match was == is {
        true => crate::t!("it was altered after the attempt had ended", "試行の終了後に書き換えられています"),
        false => crate::t!(
            "it was altered after the attempt had ended: it had {was} bytes and has {is}",
            "試行の終了後に書き換えられています: {was} バイトが {is} バイトになっています"
        ),
    }
}
