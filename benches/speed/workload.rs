//! What is measured, and what is aimed at. It measures nothing.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

/// How steps hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// None waits for another.
    Free,
    /// Each waits for the one before.
    Chain,
    /// Layers of so many; each waits for three of the layer before.
    Layers(usize),
}

/// What a workload does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Runs a playbook of so many steps.
    Steps { count: usize, shape: Shape, script: &'static str, jobs: Option<usize> },
    /// Runs one step that prints so many bytes.
    Emit { bytes: u64 },
    /// Says its version.
    Version,
    /// Checks a playbook of so many steps.
    Check { count: usize },
}

/// What is aimed at. A ratio is of medians of pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// At most so much of `limit-sync`, and at most so many MiB.
    OfSync(f64, Option<f64>),
    /// At most so much of `limit`.
    OfLimit(f64),
    /// At most so much of `limit`, and so many MiB above one idle step.
    OfLimitAboveIdle(f64, f64),
    /// At most so many milliseconds, and so many MiB.
    Milliseconds(f64, Option<f64>),
    /// None of its own; others are compared with it.
    None,
}

/// One line of the table.
#[derive(Debug)]
pub struct Workload {
    pub name: &'static str,
    pub task: Task,
    pub rounds: usize,
    pub goal: Goal,
}

const fn steps(name: &'static str, count: usize, shape: Shape, rounds: usize, goal: Goal) -> Workload {
    Workload { name, task: Task::Steps { count, shape, script: "true", jobs: None }, rounds, goal }
}

/// Everything that can be measured.
pub static ALL: &[Workload] = &[
    Workload { name: "version", task: Task::Version, rounds: 25, goal: Goal::Milliseconds(4.0, None) },
    steps("one-step", 1, Shape::Free, 25, Goal::Milliseconds(8.0, None)),
    steps("noop-100", 100, Shape::Free, 11, Goal::None),
    steps("noop-1000", 1_000, Shape::Free, 7, Goal::OfSync(1.05, None)),
    steps("noop-10000", 10_000, Shape::Free, 3, Goal::OfSync(1.05, Some(40.0))),
    steps("chain-1000", 1_000, Shape::Chain, 7, Goal::OfSync(1.05, None)),
    steps("layers-50x20", 1_000, Shape::Layers(20), 7, Goal::OfSync(1.05, None)),
    Workload {
        name: "sleep-200",
        task: Task::Steps { count: 200, shape: Shape::Free, script: "sleep 0.05", jobs: Some(50) },
        rounds: 7,
        goal: Goal::OfLimit(1.05),
    },
    Workload {
        name: "emit-1GiB",
        task: Task::Emit { bytes: 1 << 30 },
        rounds: 3,
        goal: Goal::OfLimitAboveIdle(2.0, 16.0),
    },
    Workload {
        name: "check-10000",
        task: Task::Check { count: 10_000 },
        rounds: 11,
        goal: Goal::Milliseconds(150.0, Some(100.0)),
    },
];

impl Workload {
    /// The workload of this name.
    pub fn named(name: &str) -> Option<&'static Workload> {
        ALL.iter().find(|w| w.name == name)
    }

    /// How many steps it has.
    pub fn steps(&self) -> usize {
        match self.task {
            Task::Steps { count, .. } | Task::Check { count } => count,
            Task::Emit { .. } => 1,
            Task::Version => 0,
        }
    }
}

/// The steps that a step waits for: all stand before it.
pub fn needs(shape: Shape, step: usize) -> Vec<usize> {
    match shape {
        Shape::Free => Vec::new(),
        Shape::Chain => step.checked_sub(1).into_iter().collect(),
        Shape::Layers(width) if step < width => Vec::new(),
        Shape::Layers(width) => {
            let (layer, place) = (step / width, step % width);
            [0, 1, 7].map(|shift| (layer - 1) * width + (place + shift) % width).to_vec()
        }
    }
}

/// Writes the playbook of a workload.
pub fn write_playbook(path: &Path, workload: &Workload, producer: &str) -> io::Result<()> {
    // Written as it is made: the peak of this process would show in the peak of its children.
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "title: {}\nsteps:", workload.name)?;
    match workload.task {
        Task::Steps { count, shape, script, .. } => write_steps(&mut file, count, shape, script)?,
        Task::Check { count } => write_steps(&mut file, count, Shape::Layers(20), "true")?,
        Task::Emit { bytes } => {
            writeln!(file, "  - id: s0\n    shell: [{producer}, --emit, \"{bytes}\"]")?;
        }
        Task::Version => {}
    }
    file.flush()
}

fn write_steps(file: &mut impl io::Write, count: usize, shape: Shape, script: &str) -> io::Result<()> {
    for step in 0..count {
        let mut list = String::new();
        for (i, need) in needs(shape, step).iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(list, "{comma}s{need}").map_err(io::Error::other)?;
        }
        writeln!(file, "  - id: s{step}\n    needs: [{list}]\n    shell: [/bin/sh, -c, \"{script}\"]")?;
    }
    Ok(())
}
