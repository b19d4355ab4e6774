//! Follows a journal's chain from its plan to its end, and names the first line that is not as it was written. It opens
//! no file.

use super::chain::{self, Hash};
use super::head::Head;
use crate::event::Event;

/// How far a journal is as it was written.
pub(super) struct Walk {
    /// The facts up to the first fault.
    pub events: Vec<Event>,
    /// The hash of the last of them; of the plan where there is none.
    pub last: Hash,
    /// The length of the whole lines in bytes; what follows was torn by a crash.
    pub whole: usize,
    /// The first thing that is wrong.
    pub fault: Option<Broken>,
}

/// What is wrong with a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// `plan.json` is not the one that the journal begins with.
    Plan,
    /// A line, counted from 1, and why.
    Line(usize, String),
    /// Lines are missing at the end: so many there were.
    Cut(usize),
}

/// Follows a journal from its plan.
pub(super) fn walk(plan: &[u8], text: &[u8], head: Option<&Head>) -> Walk {
    let whole = memchr::memrchr(b'\n', text).map_or(0, |i| i + 1);
    let lines: Vec<&[u8]> =
        text[..whole].split_inclusive(|b| *b == b'\n').map(|l| &l[..l.len() - 1]).collect();
    let mut walk =
        Walk { events: Vec::with_capacity(lines.len()), last: chain::hash(plan), whole, fault: None };
    let mut closed_well = true;
    for (i, line) in lines.iter().enumerate() {
        let event: Event = match serde_json::from_slice(line) {
            Ok(event) => event,
            Err(e) => return Walk { fault: Some(Broken::Line(i + 1, e.to_string())), ..walk },
        };
        if event.seq != i as u64 || !chain::follows(line, &walk.last) {
            return Walk { fault: Some(diagnosed(&lines, i, event.seq, head)), ..walk };
        }
        walk.last = chain::hash(line);
        walk.events.push(event);
        if let Some(head) = head.filter(|head| head.lines == i + 1) {
            closed_well = head.is(&walk.last);
        }
    }
    walk.fault = match head {
        Some(head) if lines.len() < head.lines => Some(Broken::Cut(head.lines)),
        Some(head) if !closed_well => Some(Broken::Line(head.lines, not_the_end())),
        _ => None,
    };
    walk
}

/// Why the line at `i`, whose fact has the number `seq`, does not follow, and which line is to blame.
fn diagnosed(lines: &[&[u8]], i: usize, seq: u64, head: Option<&Head>) -> Broken {
    let expected = i as u64;
    if seq > expected {
        let number = |line: &&[u8]| serde_json::from_slice::<Event>(line).ok().map(|e| e.seq);
        let later = lines[i..].iter().position(|line| number(line) == Some(expected));
        return Broken::Line(
            i + 1,
            later.map_or_else(|| dropped(expected, seq), |at| moved(expected, i + at + 1)),
        );
    }
    if seq < expected {
        return Broken::Line(i + 1, put_in(seq));
    }
    // The line below, or the end that was written down, tells whether this line is as it was; then it is the one above
    // that was changed.
    let hash = chain::hash(lines[i]);
    let is_vouched_for = match lines.get(i + 1) {
        Some(below) => chain::follows(below, &hash),
        None => head.is_some_and(|head| head.lines == i + 1 && head.is(&hash)),
    };
    match (i, is_vouched_for) {
        (0, true) => Broken::Plan,
        (_, true) => Broken::Line(i, altered()),
        (_, false) => Broken::Line(i + 1, not_following(i)),
    }
}

fn altered() -> String {
    crate::t!(
        "it was altered: the line below holds the hash of another text",
        "書き換えられています: 下の行が持つハッシュと一致しません"
    )
}

fn not_following(index: usize) -> String {
    match index {
        0 => crate::t!("it does not belong to this `plan.json`", "この `plan.json` の記録ではありません"),
        _ => crate::t!(
            "it does not follow the line above it: this line was altered, or the one above",
            "上の行の続きではありません: この行か上の行が書き換えられています"
        ),
    }
}

fn dropped(from: u64, next: u64) -> String {
    match next - from {
        1 => crate::t!(
            "fact {from} was dropped before it",
            "この行の前の記録（番号 {from}）が削除されています"
        ),
        _ => {
            let to = next - 1;
            crate::t!(
                "facts {from} to {to} were dropped before it",
                "この行の前の記録（番号 {from}〜{to}）が削除されています"
            )
        }
    }
}

fn moved(expected: u64, line: usize) -> String {
    crate::t!(
        "lines were moved: fact {expected}, which belongs here, stands on line {line}",
        "行が移動されています: ここにあるべき記録（番号 {expected}）は {line} 行目にあります"
    )
}

fn put_in(seq: u64) -> String {
    crate::t!(
        "it was put in: fact {seq} has its place above",
        "挿入された行です: 記録 {seq} の場所は上にあります"
    )
}

fn not_the_end() -> String {
    crate::t!("it is not the line the journal was closed with", "閉じたときの最後の行と違います")
}
