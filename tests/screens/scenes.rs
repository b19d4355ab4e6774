//! Recorded runs: a head and its events, as a runner gives them to a screen.

use std::path::PathBuf;

use indexmap::IndexMap;
use jiff::{Timestamp, ToSpan};
use serde_json::json;
use toban::base::{RunId, StepId};
use toban::event::{Counts, Event, Failure, Kind, Outcome, Question, Reply, RunOutcome, Unit};
use toban::model::{Effect, Part};
use toban::report::{Heading, StepInfo};

/// A recorded run.
pub struct Scene {
    pub heading: Heading,
    pub events: Vec<Event>,
}

/// Records events one after the other, each a second after the last.
pub struct Recorder {
    events: Vec<Event>,
    counts: Counts,
    steps: u32,
}

fn id(text: &str) -> StepId {
    StepId::new(text)
}

fn run() -> RunId {
    RunId::parse("20260301T050000Z-7k2m9x").expect("a run id")
}

fn heading(steps: &[(&str, &str)], logs: PathBuf) -> Heading {
    let step = |(name, title): &(&str, &str)| StepInfo {
        id: id(name),
        title: title.to_string(),
        effect: Effect::Change,
        kind: "shell",
        inside: None,
        part: Part::Steps,
    };
    Heading {
        patterns: Vec::new(),
        run: run(),
        playbook: "refnet/daily".into(),
        title: "RefNet 日次メンテナンス".into(),
        environment: Some("production".into()),
        target: Some("refnet-1".into()),
        protected: true,
        operator: "佐藤".into(),
        zone: jiff::tz::TimeZone::fixed(jiff::tz::offset(9)),
        steps: steps.iter().map(step).collect(),
        chosen: Default::default(),
        checklist: Vec::new(),
        log_dir: logs,
    }
}

impl Recorder {
    fn new(steps: usize) -> Recorder {
        let steps = u32::try_from(steps).expect("few steps");
        let mut recorder = Recorder { events: Vec::new(), counts: Counts::default(), steps };
        recorder.put(Kind::RunStarted {
            run: run(),
            playbook: "refnet/daily".into(),
            title: "RefNet 日次メンテナンス".into(),
            environment: Some("production".into()),
            operator: "佐藤".into(),
            engine: "0.1.0".into(),
            pid: 4242,
            boot: "b00t".into(),
            jobs: 4,
            steps: recorder.steps,
            plan: "5ha".into(),
        });
        recorder
    }

    fn put(&mut self, kind: Kind) {
        let seq = self.events.len() as u64;
        let start: Timestamp = "2026-03-01T05:00:00Z".parse().expect("a moment");
        let at = start + i64::try_from(seq).expect("a short run").seconds();
        self.events.push(Event { seq, at, kind });
    }

    fn begin(&mut self, unit: &Unit, attempt: u32) {
        self.put(Kind::AttemptStarted { unit: unit.clone(), attempt, preview: String::new(), stands: None });
    }

    fn finish(&mut self, unit: &Unit, attempt: u32, outcome: Outcome, failure: Option<Failure>) {
        self.put(Kind::AttemptEnded {
            unit: unit.clone(),
            attempt,
            outcome,
            failure,
            warnings: Vec::new(),
            gives: serde_json::Map::new(),
            withheld: Vec::new(),
            log: None,
            seconds: 1.25,
        });
    }

    fn over(&mut self, step: &str, outcome: Outcome, seconds: f64) {
        self.counts.add(outcome);
        self.put(Kind::StepEnded {
            step: id(step),
            outcome,
            seconds,
            gives: Default::default(),
            withheld: Vec::new(),
        });
    }

    fn ok(&mut self, step: &str, seconds: f64) {
        let unit = Unit::step(id(step));
        self.begin(&unit, 1);
        self.finish(&unit, 1, Outcome::Ok, None);
        self.over(step, Outcome::Ok, seconds);
    }

    fn end(mut self, heading: Heading, outcome: RunOutcome) -> Scene {
        let counts = self.counts;
        self.put(Kind::RunEnded { outcome, counts, seconds: 133.4 });
        Scene { heading, events: self.events }
    }
}

const DAILY: [(&str, &str); 8] = [
    ("dump", "データベースのバックアップ"),
    ("dump_is_whole", "バックアップの検証: 最後まで書かれていて、空の復元先へ戻せることを確かめる"),
    ("papers", "Count the papers"),
    ("health", "health"),
    ("old_dumps", "古いバックアップの整理"),
    ("swap", "本番データベースの入れ替え"),
    ("restart", "Restart the workers and wait until each of them answers on its queue again"),
    ("dashboard", "ダッシュボードの確認"),
];

/// A day on which something of every kind happens.
pub fn daily(logs: PathBuf) -> Scene {
    let mut heading = heading(&DAILY, logs);
    heading.checklist = vec![
        ("バックアップ状態確認".into(), id("dump_is_whole")),
        ("データベース確認".into(), id("dump")),
        ("監視ダッシュボード確認".into(), id("dashboard")),
    ];
    let mut r = Recorder::new(DAILY.len());
    r.ok("dump", 12.3);
    retried(&mut r);
    warned(&mut r);
    let because = "inputs.health_check".to_string();
    r.put(Kind::Skipped { step: id("health"), because, left_out: false });
    r.counts.add(Outcome::Skipped);
    old_dumps(&mut r);
    refused(&mut r);
    r.put(Kind::Blocked { step: id("restart"), by: vec![id("swap"), id("dump_is_whole")] });
    r.counts.add(Outcome::Blocked);
    dashboard(&mut r);
    r.end(heading, RunOutcome::Failed)
}

fn retried(r: &mut Recorder) {
    let unit = Unit::step(id("dump_is_whole"));
    r.begin(&unit, 1);
    r.finish(&unit, 1, Outcome::Failed, Some(Failure::Exit { code: 1 }));
    let not_before = "2026-03-01T05:00:16Z".parse().expect("a moment");
    r.put(Kind::RetryPlanned { unit: unit.clone(), attempt: 2, not_before });
    r.begin(&unit, 2);
    r.finish(&unit, 2, Outcome::Failed, Some(Failure::Exit { code: 1 }));
    r.over("dump_is_whole", Outcome::Failed, 14.0);
}

fn warned(r: &mut Recorder) {
    let unit = Unit::step(id("papers"));
    r.begin(&unit, 1);
    r.put(Kind::AttemptEnded {
        unit,
        attempt: 1,
        outcome: Outcome::Warned,
        failure: None,
        warnings: vec!["slow: 2345 ms".into(), "only 3 fresh".into()],
        gives: serde_json::Map::new(),
        withheld: Vec::new(),
        log: None,
        seconds: 2.4,
    });
    r.over("papers", Outcome::Warned, 2.4);
}

fn old_dumps(r: &mut Recorder) {
    let step = id("old_dumps");
    let items = vec![json!("a.sql.gz"), json!("b.sql.gz"), json!("c.sql.gz")];
    r.put(Kind::Expanded { step: step.clone(), items, withheld: Vec::new() });
    let units: Vec<Unit> = (0..3).map(|n| Unit::item(step.clone(), n)).collect();
    units.iter().for_each(|unit| r.begin(unit, 1));
    r.finish(&units[0], 1, Outcome::Ok, None);
    let message = "b.sql.gz: 削除が許可されていません".to_string();
    r.finish(&units[1], 1, Outcome::Failed, Some(Failure::Rejected { message }));
    r.finish(&units[2], 1, Outcome::Unchanged, None);
    r.over("old_dumps", Outcome::Failed, 3.0);
}

fn refused(r: &mut Recorder) {
    let unit = Unit::step(id("swap"));
    let question = Question::Confirm {
        text: "入れ替えますか".into(),
        preview: "ALTER DATABASE refnet RENAME TO refnet_old".into(),
        facts: IndexMap::new(),
        typed: Some("refnet".into()),
        people: 1,
    };
    r.put(Kind::Asked { unit: unit.clone(), question });
    let reply = Reply::No { because: "no terminal".into() };
    r.put(Kind::Answered { unit: unit.clone(), reply, by: "佐藤".into() });
    r.put(Kind::NotStarted { unit, outcome: Outcome::Refused, failure: None });
    r.over("swap", Outcome::Refused, 0.0);
}

fn dashboard(r: &mut Recorder) {
    let unit = Unit::step(id("dashboard"));
    let question = Question::Manual {
        instruction: "赤いパネルが無いことを確認する".into(),
        link: None,
        evidence: IndexMap::new(),
    };
    r.put(Kind::Asked { unit: unit.clone(), question });
    let reply =
        Reply::Manual { answer: "done".into(), evidence: IndexMap::new(), note: Some("異常なし".into()) };
    r.put(Kind::Answered { unit: unit.clone(), reply, by: "鈴木".into() });
    r.begin(&unit, 1);
    r.finish(&unit, 1, Outcome::ByHand, None);
    r.over("dashboard", Outcome::ByHand, 41.0);
}

/// One quick step.
pub fn single(logs: PathBuf) -> Scene {
    let mut r = Recorder::new(1);
    r.ok("only", 0.0);
    r.end(heading(&[("only", "only")], logs), RunOutcome::Ok)
}

/// Many steps at once, of which every hundredth fails; with `together` under way at the same time.
pub fn many(steps: usize, together: usize, logs: PathBuf) -> Scene {
    let names: Vec<(String, String)> =
        (0..steps).map(|n| (format!("step_{n}"), format!("{n} 番目の処理"))).collect();
    let pairs: Vec<(&str, &str)> = names.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let mut r = Recorder::new(steps);
    for (batch, names) in names.chunks(together).enumerate() {
        let units: Vec<Unit> = names.iter().map(|(name, _)| Unit::step(id(name))).collect();
        units.iter().for_each(|unit| r.begin(unit, 1));
        for (n, unit) in units.iter().enumerate() {
            let failed = (batch * together + n) % 100 == 99;
            let outcome = if failed { Outcome::Failed } else { Outcome::Ok };
            r.finish(unit, 1, outcome, failed.then_some(Failure::Exit { code: 3 }));
            r.over(unit.step.as_str(), outcome, 0.5);
        }
    }
    r.end(heading(&pairs, logs), RunOutcome::Failed)
}

/// A moment in the middle of a run: a step is over, a loop and many steps are under way.
pub fn crowd(logs: PathBuf) -> Scene {
    let mut steps = vec![("dump".to_string(), "データベースのバックアップ".to_string())];
    steps.push(("old_dumps".into(), "古いバックアップの整理".into()));
    steps.extend((0..12).map(|n| (format!("check_{n}"), format!("{n} 番目の確認"))));
    let pairs: Vec<(&str, &str)> = steps.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let mut r = Recorder::new(steps.len());
    r.ok("dump", 12.3);
    let items: Vec<Unit> = (0..3).map(|n| Unit::item(id("old_dumps"), n)).collect();
    r.put(Kind::Expanded {
        step: id("old_dumps"),
        items: vec![json!("a"), json!("b"), json!("c")],
        withheld: Vec::new(),
    });
    r.begin(&items[0], 1);
    r.finish(&items[0], 1, Outcome::Ok, None);
    r.begin(&items[1], 1);
    (0..6).for_each(|n| r.begin(&Unit::step(id(&format!("check_{n}"))), 1));
    r.begin(&items[2], 1);
    (6..12).for_each(|n| r.begin(&Unit::step(id(&format!("check_{n}"))), 1));
    Scene { heading: heading(&pairs, logs), events: r.events }
}

/// A question while another step goes on.
pub fn question(logs: PathBuf) -> Scene {
    let steps = [("swap", "入れ替え"), ("beside", "並行する処理"), ("last", "最後")];
    let mut r = Recorder::new(steps.len());
    let (swap, beside) = (Unit::step(id("swap")), Unit::step(id("beside")));
    r.begin(&beside, 1);
    let question = Question::Decide { text: "どうしますか".into(), choices: Vec::new() };
    r.put(Kind::Asked { unit: swap.clone(), question });
    r.finish(&beside, 1, Outcome::Ok, None);
    r.over("beside", Outcome::Ok, 3.0);
    r.begin(&Unit::step(id("last")), 1);
    r.put(Kind::Answered { unit: swap.clone(), reply: Reply::Yes, by: "佐藤".into() });
    r.begin(&swap, 1);
    r.finish(&swap, 1, Outcome::Ok, None);
    r.over("swap", Outcome::Ok, 1.0);
    r.finish(&Unit::step(id("last")), 1, Outcome::Ok, None);
    r.over("last", Outcome::Ok, 1.0);
    r.end(heading(&steps, logs), RunOutcome::Ok)
}

/// Writes the logs that the daily scene's failures have.
pub fn write_logs(dir: &std::path::Path) {
    let log: String = (0..30)
        .map(|n| format!("05:00:{n:02}.000 err gzip: \u{1b}[31mブロック {n} が壊れています\u{1b}[0m\n"))
        .collect();
    std::fs::write(dir.join("dump_is_whole.2.log"), log).expect("a log");
    let denied = "05:00:12.000 --- b.sql.gz: permission denied\n";
    std::fs::write(dir.join("old_dumps.1.1.log"), denied).expect("a log");
}
