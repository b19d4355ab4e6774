//! Measures workloads: in each round every floor and Toban once, one right after the other, in turning order.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use crate::floor::Mode;
use crate::guard;
use crate::pair::{Took, time};
use crate::stat::cores;
use crate::table::{self, Row};
use crate::workload::{Task, Workload, write_playbook};

const TOBAN: &str = env!("CARGO_BIN_EXE_toban");

/// One of the programs that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Floor(Mode),
    Toban,
}

/// What the peers of a workload took in one round.
pub type Round = Vec<(Peer, Took)>;

/// Measures workloads and prints the table.
pub fn all(chosen: &[&'static Workload], rounds: Option<usize>) -> Result<(), String> {
    // Beside the product's own build: the same disk for everything.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("speed-{}", std::process::id()));
    let bench = Bench { folder, made: Cell::new(0) };
    let rows = chosen.iter().map(|workload| {
        eprintln!("{} …", workload.name);
        let count = rounds.unwrap_or(workload.rounds);
        let rounds = (0..count).map(|n| bench.round(workload, n)).collect::<Result<Vec<_>, _>>()?;
        Ok(Row { workload, rounds })
    });
    let rows = rows.collect::<Result<Vec<_>, String>>();
    drop(fs::remove_dir_all(&bench.folder));
    table::print(&rows?);
    Ok(())
}

struct Bench {
    folder: PathBuf,
    /// How many folders were made in it.
    made: Cell<usize>,
}

impl Bench {
    fn round(&self, workload: &Workload, number: usize) -> Result<Round, String> {
        let mut peers = peers(workload);
        let turn = number % peers.len();
        peers.rotate_left(turn);
        peers
            .into_iter()
            .map(|peer| {
                self.fresh()?;
                let took = match peer {
                    Peer::Floor(mode) => self.floor(workload, mode)?,
                    Peer::Toban => self.toban(workload)?,
                };
                if matches!(workload.task, Task::Emit { .. }) {
                    drop(fs::remove_dir_all(self.here()));
                }
                Ok((peer, took))
            })
            .collect()
    }

    /// An empty folder, and nothing of the run before left for the kernel to write. What runs leave stays to the end:
    /// a file system may avoid the places of files that were just deleted, and is slow at making files then.
    fn fresh(&self) -> Result<(), String> {
        self.made.set(self.made.get() + 1);
        let here = self.here();
        fs::create_dir_all(&here).map_err(|e| format!("{}: {e}", here.display()))?;
        // SAFETY: it takes and gives nothing.
        unsafe { libc::sync() };
        Ok(())
    }

    fn here(&self) -> PathBuf {
        self.folder.join(self.made.get().to_string())
    }

    fn path(&self, name: &str) -> String {
        self.here().join(name).to_string_lossy().into_owned()
    }

    fn floor(&self, workload: &Workload, mode: Mode) -> Result<Took, String> {
        let me = me()?;
        let errors = self.here().join("errors");
        match workload.task {
            Task::Steps { jobs, .. } => {
                let jobs = jobs.unwrap_or_else(cores).to_string();
                let folder = self.path("");
                time(&me, &["--floor", workload.name, mode.name(), &jobs, &folder], &errors)
            }
            Task::Emit { bytes } => {
                let file = self.path("captured");
                let took = time(&me, &["--capture", &bytes.to_string(), &file], &errors)?;
                let kept = fs::metadata(&file).map_or(0, |m| m.len());
                if kept == bytes { Ok(took) } else { Err(format!("{kept} bytes captured, not {bytes}")) }
            }
            Task::Version | Task::Check { .. } => time("/bin/true", &[], &errors),
        }
    }

    fn toban(&self, workload: &Workload) -> Result<Took, String> {
        let errors = self.here().join("errors");
        if workload.task == Task::Version {
            return time(TOBAN, &["--version"], &errors);
        }
        let playbook = self.path("playbook.yaml");
        write_playbook(Path::new(&playbook), workload, &me()?).map_err(|e| e.to_string())?;
        if matches!(workload.task, Task::Check { .. }) {
            return time(TOBAN, &["check", &playbook], &errors);
        }
        let jobs = match workload.task {
            Task::Steps { jobs: Some(jobs), .. } => jobs,
            _ => cores(),
        };
        let (state, jobs) = (self.path("state"), jobs.to_string());
        let took = time(TOBAN, &["--state-dir", &state, "run", &playbook, "--jobs", &jobs], &errors)?;
        guard::check_run(Path::new(&state), workload)?;
        Ok(took)
    }
}

fn me() -> Result<String, String> {
    std::env::current_exe().map(|p| p.to_string_lossy().into_owned()).map_err(|e| e.to_string())
}

fn peers(workload: &Workload) -> Vec<Peer> {
    match workload.task {
        Task::Steps { .. } => {
            vec![Peer::Floor(Mode::Limit), Peer::Toban, Peer::Floor(Mode::Sync), Peer::Floor(Mode::Pipe)]
        }
        Task::Emit { .. } | Task::Version | Task::Check { .. } => vec![Peer::Floor(Mode::Limit), Peer::Toban],
    }
}
