//! Ctrl-C at any moment of a resume, from its very beginning: what it leads to is recorded, or the run is as it was.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use toban::event::{Kind, RunOutcome};

use crate::support::Place;

/// How many moments are tried.
const MOMENTS: u32 = 40;

const PLAY: &str = "title: t
steps:
  - { id: first, shell: echo x >> first.n }
  - { id: slow, after_crash: rerun, shell: 'echo x >> slow.n; sleep 0.2' }
  - { id: last, shell: echo x >> last.n }
";

/// A run whose engine died in the middle, which can be had again as often as one likes.
struct Died {
    place: Place,
    journal: Vec<u8>,
}

impl Died {
    fn new() -> Died {
        let place = Place::new(PLAY);
        place.kill_when(|kind| matches!(kind, Kind::ChildStarted { unit, .. } if unit.to_string() == "slow"));
        // Its end is decided about by the next engine only once nothing of it is alive.
        place.until("the end of what it started", |place| {
            let pid = place.events().iter().rev().find_map(|event| match event.kind {
                Kind::ChildStarted { pid, .. } => Some(pid),
                _ => None,
            });
            pid.is_some_and(|pid| !std::path::Path::new(&format!("/proc/{pid}")).exists())
        });
        let folder = place.folder().expect("a run");
        let journal = std::fs::read(folder.journal()).expect("a journal");
        let died = Died { place, journal };
        died.copy("state", "kept");
        died
    }

    fn copy(&self, from: &str, to: &str) {
        let [from, to] = [from, to].map(|name| self.place.path().join(name));
        let done = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp runs");
        assert!(done.success());
    }

    fn anew(&self) {
        let at = |name: &str| self.place.path().join(name);
        std::fs::remove_dir_all(at("state")).expect("gone");
        self.copy("kept", "state");
        ["first.n", "slow.n", "last.n"].iter().for_each(|name| drop(std::fs::remove_file(at(name))));
    }

    fn is_as_it_was(&self) -> bool {
        let folder = self.place.folder().expect("a run");
        std::fs::read(folder.journal()).expect("a journal") == self.journal
    }

    fn outcome(&self) -> Option<RunOutcome> {
        self.place.events().iter().find_map(|event| match event.kind {
            Kind::RunEnded { outcome, .. } => Some(outcome),
            _ => None,
        })
    }

    /// What an interrupted resume left.
    fn judge(&self, status: ExitStatus) {
        let at = format!("{status:?}, {:?}", self.outcome());
        match (status.code(), self.outcome()) {
            (Some(130), Some(RunOutcome::Cancelled)) | (Some(0), Some(RunOutcome::Ok)) => {}
            (Some(130), None) => assert!(self.is_as_it_was(), "half done: {at}"),
            (None, None) => {
                assert_eq!(status.signal(), Some(libc::SIGINT), "{at}");
                assert!(self.is_as_it_was(), "a death in silence: {at}");
            }
            _ => panic!("{at}"),
        }
        drop(self.place.toban(&["verify", "last"]).exits(0));
        let code = if self.outcome() == Some(RunOutcome::Cancelled) { 130 } else { 0 };
        drop(self.place.toban(&["resume", "last", "--wait"]).exits(code));
        drop(self.place.toban(&["verify", "last"]).exits(0));
        // It may have come in the midst of the last step, behind what that does.
        let (first, last) = (self.place.count("first"), self.place.count("last"));
        assert!(first == 0 && (last == 1 || last == 0 && code == 130), "{first}, {last}: {at}");
    }
}

fn interrupt(mut engine: Child) -> ExitStatus {
    // SAFETY: the child has not been waited for, so that its pid is its own.
    unsafe { libc::kill(engine.id() as i32, libc::SIGINT) };
    engine.wait().expect("an end")
}

#[test]
fn ctrl_c_at_any_moment_of_a_resume_is_recorded_or_leaves_the_run_as_it_was() {
    let died = Died::new();
    died.anew();
    let began = Instant::now();
    drop(died.place.toban(&["resume", "last", "--wait"]).exits(0));
    let whole = began.elapsed();
    for moment in 0..MOMENTS {
        died.anew();
        let engine = died.place.start(&["resume", "last", "--wait"]);
        // The beginning is looked at most closely.
        std::thread::sleep(whole.mul_f64((f64::from(moment) / f64::from(MOMENTS)).powi(2)));
        died.judge(interrupt(engine));
    }
    // In the midst of a step it is always recorded.
    died.anew();
    let engine = died.place.start(&["resume", "last", "--wait"]);
    died.place.until("the step", |place| place.count("slow") == 1);
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(interrupt(engine).code(), Some(130));
    assert_eq!(died.outcome(), Some(RunOutcome::Cancelled));
}
