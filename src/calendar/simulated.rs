//! A simulated year of schedulers that are killed at any instant and come back: no time is missed and none is run twice,
//! and no two runs of a schedule go on at once.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::base::RunId;
use crate::model::{Missed, Overlap};

const NAME: &str = "it";

/// Numbers that follow from a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn seconds(&mut self, limit: u64) -> SignedDuration {
        SignedDuration::from_secs(self.below(limit) as i64)
    }
}

/// What outlives a scheduler: what was written, and the runs.
struct World {
    chance: Chance,
    now: Timestamp,
    written: Vec<Entered>,
    /// Programs that were started and will try to begin their run then.
    coming: Vec<(Timestamp, RunId)>,
    /// Runs from their beginning to their end.
    runs: BTreeMap<RunId, (Timestamp, Timestamp)>,
    /// How likely a scheduler is killed at an instant, one in so many.
    risk: u64,
    longest: u64,
}

/// A scheduler was killed.
struct Killed;

impl World {
    fn instant(&mut self) -> Result<(), Killed> {
        if self.chance.below(self.risk) == 0 { Err(Killed) } else { Ok(()) }
    }

    /// Time goes on; programs begin their runs, unless a run of that id is there.
    fn goes_on(&mut self, to: Timestamp) {
        self.now = to.max(self.now);
        let (come, coming) = self.coming.drain(..).partition(|(at, _)| *at <= self.now);
        self.coming = coming;
        let come: Vec<(Timestamp, RunId)> = come;
        for (at, run) in come {
            let until = at + self.chance.seconds(self.longest);
            self.runs.entry(run).or_insert((at, until));
        }
    }

    fn write(&mut self, fact: Fact) -> Result<(), Killed> {
        self.instant()?;
        self.written.push(Entered { at: self.now, schedule: NAME.into(), fact });
        self.instant()
    }

    fn spawn(&mut self, run: &RunId) -> Result<(), Killed> {
        let begins = self.now + self.chance.seconds(5);
        self.coming.push((begins, run.clone()));
        self.instant()
    }

    fn standing(&self, run: &RunId) -> Standing {
        match self.runs.get(run) {
            None => Standing::NotBegun,
            Some((_, until)) if *until > self.now => Standing::Alive,
            Some(_) => Standing::Over("ok".into()),
        }
    }

    fn book(&self) -> Book {
        let mut book = Book::default();
        self.written.iter().for_each(|entered| book.fold(entered));
        book
    }
}

/// One life of a scheduler, up to its death or the end of the year.
fn live(world: &mut World, rule: &Rule, end: Timestamp) -> Result<(), Killed> {
    let mut ours: Option<RunId> = None;
    while world.now < end {
        let book = world.book();
        if let Some(running) = book.line(NAME).and_then(|line| line.running.clone()) {
            let standing = world.standing(&running.run);
            // Our own program may still be about to begin.
            let waits = standing == Standing::NotBegun && ours.as_ref() == Some(&running.run);
            match settle(&running, standing, Some(rule), world.now).filter(|_| !waits) {
                Some(Settled::Fact(fact)) => {
                    world.write(fact)?;
                    continue;
                }
                Some(Settled::Start(running)) => {
                    ours = Some(running.run.clone());
                    world.spawn(&running.run)?;
                }
                None => {}
            }
        }
        let run = RunId::new(world.now, world.chance.next() as u32);
        match decide(book.line(NAME), rule, world.now, world.now, &run) {
            Some(fact) => {
                let started = matches!(fact, Fact::Started { .. });
                world.write(fact)?;
                if started {
                    ours = Some(run.clone());
                    world.spawn(&run)?;
                }
            }
            None => {
                let next = rule.times.next(world.now).unwrap_or(end);
                let looks =
                    world.now
                        + SignedDuration::from_secs(
                            if book.line(NAME).is_some_and(|l| l.running.is_some()) { 30 } else { 86_400 },
                        );
                let late = world.chance.seconds(3);
                world.goes_on(next.min(looks).min(end) + late);
                world.instant()?;
            }
        }
    }
    Ok(())
}

fn year(rule: &Rule, seed: u64, risk: u64, longest: u64) -> World {
    let from: Timestamp = "2025-12-31T20:17:00Z".parse().expect("a moment");
    let end: Timestamp = "2027-01-01T00:00:00Z".parse().expect("a moment");
    let mut world = World {
        chance: Chance(seed),
        now: from,
        written: Vec::new(),
        coming: Vec::new(),
        runs: BTreeMap::new(),
        risk,
        longest,
    };
    while live(&mut world, rule, end).is_err() {
        let down = match world.chance.below(4) {
            0 => world.chance.seconds(3 * 86_400),
            1 => world.chance.seconds(7_200),
            _ => world.chance.seconds(20),
        };
        let back = world.now + down;
        world.goes_on(back);
    }
    // A last life that nobody ends decides about what the others left.
    world.risk = u64::MAX;
    let last = world.now + SignedDuration::from_mins(1);
    assert!(live(&mut world, rule, last).is_ok());
    world
}

/// Each time of the year is decided about once and lawfully, and each that is run is one run.
fn judge(rule: &Rule, world: &World) {
    let Some(Fact::Known { from }) = world.written.first().map(|e| &e.fact) else {
        panic!("it is known first")
    };
    let mut decided: BTreeMap<Timestamp, &Fact> = BTreeMap::new();
    let mut waited = Vec::new();
    for entered in &world.written {
        let mut put = |at: Timestamp| {
            let before = decided.insert(at, &entered.fact);
            let undone = matches!(
                (before, &entered.fact),
                (Some(Fact::Started { .. }), Fact::Left { why: Why::Missed, .. })
            );
            assert!(before.is_none() || undone, "{at} is decided about twice: {before:?}, {entered:?}");
        };
        match &entered.fact {
            Fact::Started { planned, .. } => put(*planned),
            Fact::Waits { planned } => waited.push(*planned),
            Fact::Left { first, last, count, why } => {
                let just_before = *first - SignedDuration::from_nanos(1);
                let times: Vec<Timestamp> = rule.times.between(just_before, *last).collect();
                assert_eq!(times.len() as u64, *count, "{entered:?}");
                times.iter().for_each(|at| put(*at));
                lawful(rule, entered, *why, *last);
            }
            Fact::Known { .. } | Fact::Ended { .. } => {}
        }
    }
    let last = world.book().line(NAME).expect("a line").clone();
    let due: Vec<Timestamp> = rule.times.between(*from, last.handled).collect();
    let told: Vec<Timestamp> = decided.keys().copied().chain(last.waiting).collect();
    let mut sorted = told.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, due, "every time is decided about");
    assert!(rule.times.between(last.handled, world.now).count() <= 1, "nothing is left over at the end");
    assert!(waited.iter().all(|at| decided.contains_key(at) || last.waiting == Some(*at)));
    each_run_is_one(world, &decided, &last);
}

fn lawful(rule: &Rule, entered: &Entered, why: Why, last: Timestamp) {
    match why {
        Why::Missed => {
            assert_eq!(rule.missed, Missed::Skip, "{entered:?}");
            assert!(entered.at.duration_since(last) > GRACE, "{entered:?}");
        }
        Why::Overlap => assert_eq!(rule.overlap, Overlap::Skip, "{entered:?}"),
        Why::Queued => assert_eq!(rule.overlap, Overlap::Wait, "{entered:?}"),
        Why::MadeUp => {}
    }
}

fn each_run_is_one(world: &World, decided: &BTreeMap<Timestamp, &Fact>, last: &Line) {
    let mut started: Vec<&RunId> = decided
        .values()
        .filter_map(|fact| match fact {
            Fact::Started { run, .. } => Some(run),
            _ => None,
        })
        .collect();
    let pending = last.running.as_ref().map(|running| &running.run);
    started.sort_unstable();
    let begun: Vec<&RunId> = world.runs.keys().collect();
    let missing: Vec<&&RunId> =
        started.iter().filter(|run| !world.runs.contains_key(**run) && Some(**run) != pending).collect();
    assert!(missing.is_empty(), "they were started and never ran: {missing:?}");
    assert!(begun.iter().all(|run| started.contains(run)), "a run that nobody decided about");
    let mut spans: Vec<(Timestamp, Timestamp)> = world.runs.values().copied().collect();
    spans.sort_unstable();
    assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "two runs at once");
}

fn rule(cron: &str, zone: &str, missed: Missed, overlap: Overlap) -> Rule {
    let cron = Cron::parse(cron).expect("a cron");
    Rule { times: Times { cron, zone: TimeZone::get(zone).expect("a zone") }, missed, overlap }
}

const ZONES: [&str; 3] = ["Asia/Tokyo", "America/New_York", "Australia/Lord_Howe"];
const CRONS: [&str; 5] = ["0 2 * * *", "30 1,2 * * *", "7 */4 * * *", "0 6 * * SUN#1", "15 2 * * SUN"];

#[test]
fn in_a_year_without_trouble_every_time_is_run_once() {
    for zone in ZONES {
        for cron in CRONS {
            let rule = rule(cron, zone, Missed::Skip, Overlap::Skip);
            let world = year(&rule, 1, u64::MAX, 600);
            judge(&rule, &world);
            assert!(!world.written.iter().any(|e| matches!(e.fact, Fact::Left { .. })), "{cron} in {zone}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whenever_a_scheduler_dies_no_time_is_missed_or_run_twice(
        seed in any::<u64>(), zone in 0..3usize, cron in 0..5usize, skip in any::<bool>(), wait in any::<bool>(),
        risk in prop_oneof![Just(5u64), Just(30), Just(300)], longest in prop_oneof![Just(60u64), Just(7_200), Just(100_000)],
    ) {
        let missed = if skip { Missed::Skip } else { Missed::Run };
        let overlap = if wait { Overlap::Wait } else { Overlap::Skip };
        let rule = rule(CRONS[cron], ZONES[zone], missed, overlap);
        let world = year(&rule, seed, risk, longest);
        judge(&rule, &world);
    }
}
