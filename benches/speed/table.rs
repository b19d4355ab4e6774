//! The table of what was measured. It measures nothing.

use crate::floor::Mode;
use crate::measure::{Peer, Round};
use crate::pair::Took;
use crate::stat::{Sample, cores};
use crate::workload::{Goal, Task, Workload};

/// All rounds of a workload.
pub struct Row {
    pub workload: &'static Workload,
    pub rounds: Vec<Round>,
}

impl Row {
    fn each(&self, value: impl Fn(&dyn Fn(Peer) -> Option<Took>) -> Option<f64>) -> Option<Sample> {
        let took = |round: &Round, peer| round.iter().find(|(p, _)| *p == peer).map(|(_, took)| *took);
        Sample::new(self.rounds.iter().filter_map(|round| value(&|peer| took(round, peer))).collect())
    }

    fn ms(&self, peer: Peer) -> Option<Sample> {
        self.each(|took| took(peer).map(|t| t.ms))
    }

    /// How many times a floor's time Toban took, pair by pair.
    fn ratio(&self, peer: Peer, mode: Mode) -> Option<Sample> {
        self.each(|took| Some(took(peer)?.ms / took(Peer::Floor(mode))?.ms))
    }

    fn peak(&self) -> Option<Sample> {
        self.each(|took| took(Peer::Toban).map(|t| t.peak_mib))
    }

    fn others(&self) -> Option<Sample> {
        let all: Vec<f64> = self.rounds.iter().flatten().map(|(_, took)| took.others * 100.0).collect();
        Sample::new(all)
    }

    /// Microseconds that a step costs above a floor's.
    fn overhead(&self, mode: Mode) -> Option<Sample> {
        let Task::Steps { count, .. } = self.workload.task else { return None };
        self.each(|took| Some((took(Peer::Toban)?.ms - took(Peer::Floor(mode))?.ms) * 1e3 / count as f64))
    }
}

/// Prints everything as Markdown.
pub fn print(rows: &[Row]) {
    println!("{} cores; median (min..max); × is Toban / floor, pair by pair\n", cores());
    println!(
        "| workload | rounds | limit ms | limit-pipe × | limit-sync × | toban ms | × limit | × limit-sync | \
         µs a step above limit | above limit-sync | peak MiB | others % | goal | met |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    let idle =
        rows.iter().find(|row| row.workload.name == "one-step").and_then(Row::peak).map(|s| s.median());
    for row in rows {
        let limit = Mode::Limit;
        let (goal, met) = verdict(row, idle);
        let cells = [
            row.workload.name.to_string(),
            row.rounds.len().to_string(),
            range(row.ms(Peer::Floor(limit)), 1),
            median(row.ratio(Peer::Floor(Mode::Pipe), limit), 2),
            median(row.ratio(Peer::Floor(Mode::Sync), limit), 2),
            range(row.ms(Peer::Toban), 1),
            range(row.ratio(Peer::Toban, limit), 2),
            range(row.ratio(Peer::Toban, Mode::Sync), 2),
            median(row.overhead(limit), 0),
            median(row.overhead(Mode::Sync), 0),
            median(row.peak(), 1),
            median(row.others(), 0),
            goal,
            met.map_or("", |met| if met { "yes" } else { "no" }).to_string(),
        ];
        println!("| {} |", cells.join(" | "));
    }
    overhead_by_size(rows);
}

/// The same step must not cost more in a long playbook.
fn overhead_by_size(rows: &[Row]) {
    let of = |name: &str| {
        let row = rows.iter().find(|row| row.workload.name == name)?;
        Some((row.ms(Peer::Toban)?.median(), row.workload.steps() as f64))
    };
    if let (Some((one, _)), Some((some, few)), Some((all, many))) =
        (of("one-step"), of("noop-100"), of("noop-10000"))
    {
        println!(
            "\nEach further step, without start-up: {:.0} µs in noop-100, {:.0} µs in noop-10000.",
            (some - one) * 1e3 / (few - 1.0),
            (all - one) * 1e3 / (many - 1.0)
        );
    }
}

fn range(sample: Option<Sample>, digits: usize) -> String {
    sample.map_or(String::new(), |s| {
        format!("{:.digits$} ({:.digits$}..{:.digits$})", s.median(), s.min(), s.max())
    })
}

fn median(sample: Option<Sample>, digits: usize) -> String {
    sample.map_or(String::new(), |s| format!("{:.digits$}", s.median()))
}

/// The goal in words, and whether it is met.
fn verdict(row: &Row, idle: Option<f64>) -> (String, Option<bool>) {
    let middle = |sample: Option<Sample>| sample.map_or(f64::NAN, |s| s.median());
    let peak = middle(row.peak());
    let of = |mode| middle(row.ratio(Peer::Toban, mode));
    let within = |limit: Option<f64>| limit.is_none_or(|limit| peak <= limit);
    let and = |limit: Option<f64>| limit.map_or(String::new(), |limit| format!(", {limit} MiB"));
    match row.workload.goal {
        Goal::None => (String::new(), None),
        Goal::OfSync(most, mib) => {
            (format!("≤ {most} × limit-sync{}", and(mib)), Some(of(Mode::Sync) <= most && within(mib)))
        }
        Goal::OfLimit(most) => (format!("≤ {most} × limit"), Some(of(Mode::Limit) <= most)),
        Goal::OfLimitAboveIdle(most, mib) => {
            let small = idle.map(|idle| peak - idle <= mib);
            let met = of(Mode::Limit) <= most && small.unwrap_or(true);
            (format!("≤ {most} × capture, idle + {mib} MiB"), Some(met))
        }
        Goal::Milliseconds(most, mib) => {
            let met = middle(row.ms(Peer::Toban)) <= most && within(mib);
            (format!("≤ {most} ms{}", and(mib)), Some(met))
        }
    }
}
