//! What keeps runs apart, in words: locks, windows, who cancelled. It takes no lock and reads no clock.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{format_seconds, safe_line};
use crate::base::local_zone;
use crate::event::{Holder, Kind};
use crate::model::{Blackout, RunsAtOnce};
use crate::plan::{Now, Outline, ToldWindow};
use crate::t;

/// How the lock is named that keeps a second run of a playbook away.
pub const RUNS_OF: &str = "run:";

/// A lock as people know it.
pub fn lock_name(name: &str) -> String {
    match name.strip_prefix(RUNS_OF) {
        Some(playbook) => t!("another run of {playbook}", "{playbook} の別の実行"),
        None => t!("lock {name}", "ロック {name}"),
    }
}

/// Who holds a lock, since when: what its file says, made safe.
pub fn held_by(by: Option<&Holder>, zone: &TimeZone) -> String {
    let Some(Holder { run, operator, pid, since, .. }) = by else {
        return t!("held by another", "別のプロセスが使用中");
    };
    let since = moment(*since, zone);
    let text = t!(
        "held by {run} ({operator}, pid {pid}) since {since}",
        "{run}（{operator}、pid {pid}）が {since} から使用中"
    );
    safe_line(&text).into_owned()
}

/// A moment in a zone, to the second.
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// A fact about what keeps runs apart: a word for what happened, and what.
pub fn told(kind: &Kind, zone: &TimeZone) -> Option<(String, String)> {
    Some(match kind {
        Kind::LockBusy { lock, by } => {
            (t!("waits", "待機"), format!("{}  {}", lock_name(lock), held_by(by.as_ref(), zone)))
        }
        Kind::LockTaken { lock, waited, died, alive } => taken(lock, *waited, died.as_ref(), alive)?,
        Kind::LockRefused { lock, by, waited } => {
            let (name, by, waited) = (lock_name(lock), held_by(by.as_ref(), zone), format_seconds(*waited));
            (t!("refused", "拒否"), t!("{name}  {by}; waited {waited}", "{name}  {by}（{waited} 待機）"))
        }
        Kind::OutsideWindow { window, opens, reason, by } => {
            let opens = opens.map(|at| t!(", opens {}", "、次は {}", moment(at, zone))).unwrap_or_default();
            (
                t!("outside", "時間帯外"),
                t!("window {window}{opens}: {reason}  ({by})", "時間帯 {window}{opens}: {reason}  ({by})"),
            )
        }
        Kind::CancelAsked { by, at_once, reason } => {
            let at_once = if *at_once { t!(", at once", "、即時") } else { String::new() };
            let reason = reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default();
            (t!("cancelled", "中止"), t!("by {by}{at_once}{reason}", "{by} による{at_once}{reason}"))
        }
        _ => return None,
    })
}

/// A lock that was free is nothing to tell of; one that was waited for, or whose last holder died, is.
fn taken(lock: &str, waited: f64, died: Option<&Holder>, alive: &[String]) -> Option<(String, String)> {
    let mut what = lock_name(lock);
    if waited > 0.0 {
        let waited = format_seconds(waited);
        what = t!("{what}  after {waited}", "{what}  {waited} 待機後");
    }
    if let Some(died) = died {
        let run = &died.run;
        what.push_str(&t!(
            "; the engine of {run}, which held it, died",
            "。前に使用していた {run} のエンジンは停止しています"
        ));
    }
    if !alive.is_empty() {
        let alive = alive.join("; ");
        what.push_str(&t!(" and left running: {alive}", "（まだ動作中のプロセス: {alive}）"));
    }
    (waited > 0.0 || died.is_some()).then(|| (t!("lock", "ロック"), what))
}

/// A window of a plan.
pub fn window(told: &ToldWindow) -> String {
    let ToldWindow { name, window, zone } = told;
    let (cron, length) = (&window.cron, window.length);
    let zone = zone.as_ref().map(|z| format!(" ({z})")).unwrap_or_default();
    let closed: Vec<String> = window.blackouts.iter().map(blackout).collect();
    let closed = match closed.is_empty() {
        true => String::new(),
        false => t!(", but for {}", "、除外: {}", closed.join(", ")),
    };
    t!(
        "window {name}: begins only within {cron} for {length}{zone}{closed}",
        "時間帯 {name}: {cron} から {length} の間だけ開始できる{zone}{closed}"
    )
}

fn blackout(blackout: &Blackout) -> String {
    match (&blackout.dates, &blackout.cron, blackout.length) {
        (Some(dates), ..) => dates.clone(),
        (None, Some(cron), Some(length)) => t!("{cron} for {length}", "{cron} から {length}"),
        _ => String::new(),
    }
}

/// What happens to a second run of a plan.
pub fn policy(policy: RunsAtOnce) -> String {
    match policy {
        RunsAtOnce::Allow => t!("runs at once: allowed", "同時実行: 可"),
        RunsAtOnce::Wait => {
            t!("runs at once: waits for the other run of it", "同時実行: 先の実行の終了を待つ")
        }
        RunsAtOnce::Refuse => {
            t!("runs at once: refused while a run of it goes on", "同時実行: 実行中なら拒否")
        }
    }
}

/// How the windows and locks of a plan stand in this moment.
pub fn now(outline: &Outline) -> Vec<String> {
    let zone_of = |name: &str| {
        let told = outline.windows.iter().find(|w| w.name == name).and_then(|w| w.zone.as_deref());
        told.and_then(|zone| TimeZone::get(zone).ok()).unwrap_or_else(local_zone)
    };
    outline.now.iter().flat_map(|now| one_now(now, &zone_of)).collect()
}

fn one_now(now: &Now, zone_of: &dyn Fn(&str) -> TimeZone) -> Vec<String> {
    let shown = |name: &str, at: &Option<Timestamp>| at.map(|at| moment(at, &zone_of(name)));
    match now {
        Now::Window { name, open: true, changes, fits } => {
            let until = shown(name, changes).map(|at| t!(" until {at}", "（{at} まで）")).unwrap_or_default();
            let mut lines = vec![t!("now: window {name} is open{until}", "現在: 時間帯 {name} の中{until}")];
            if *fits == Some(false) {
                lines.push(t!(
                    "warning: a run that begins now would not end within the window {name}",
                    "警告: 今から始めると時間帯 {name} の中で終わらない見込みです"
                ));
            }
            lines
        }
        Now::Window { name, changes, .. } => vec![closed(name, shown(name, changes))],
        Now::Lock { name, held: true, by } => {
            vec![format!(
                "{}{}  {}",
                t!("now: ", "現在: "),
                lock_name(name),
                held_by(by.as_ref(), &local_zone())
            )]
        }
        Now::Lock { name, .. } => {
            vec![format!("{}{}", t!("now: ", "現在: "), t!("{}  free", "{}  空き", lock_name(name)))]
        }
    }
}

fn closed(name: &str, opens: Option<String>) -> String {
    match opens {
        Some(at) => {
            t!("now: window {name} is closed; it opens {at}", "現在: 時間帯 {name} の外（次は {at} から）")
        }
        None => t!(
            "now: window {name} is closed, and does not open again",
            "現在: 時間帯 {name} の外（今後開く予定はありません）"
        ),
    }
}
