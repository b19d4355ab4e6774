//! What compose started in a container of this machine outlives a killed engine, and compose itself.

use std::process::Stdio;

use toban::event::Kind;

use crate::kill::DOCKER;
use crate::support::{Place, Said};

const COMPOSE: &str = "services:
  web: { image: toban-test, init: true, command: [sleep, '1000'], volumes: ['./:/mnt'] }
";

/// The project of a place, which is taken down with it.
struct Project<'a>(&'a Place, String);

impl Project<'_> {
    fn compose(&self, arguments: &[&str]) -> Said {
        let mut command = std::process::Command::new("docker");
        command.args(["compose", "-p", &self.1]).args(arguments).current_dir(self.0.path());
        let pairs = DOCKER.iter().map(|(name, value)| (name, value));
        Said::of(command.envs(pairs).output().expect("docker runs"))
    }
}

impl Drop for Project<'_> {
    fn drop(&mut self) {
        self.compose(&["down", "-t", "0", "-v"]);
    }
}

#[test]
fn a_process_in_a_container_that_outlives_the_engine_is_shown_and_never_run_beside() {
    let name = format!("boxed{}", std::process::id());
    let inside = "echo x >> /mnt/inside.n; until test -e /mnt/go; do sleep 0.1; done";
    let place = Place::new(&format!(
        "title: t\nsteps:\n  - id: inside\n    docker: {{ compose: {{ project: {name}, exec: {{ service: web, command: [sh, -c, '{inside}'] }} }} }}\n"
    ));
    std::fs::write(place.path().join("compose.yaml"), COMPOSE).expect("written");
    let project = Project(&place, name);
    let up = project.compose(&["up", "-d"]);
    assert_eq!(up.code, 0, "{} {}", up.out, up.err);
    let toban = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.envs(DOCKER.iter().map(|(name, value)| (name, value)));
        command
    };
    let mut engine = toban(&["run", "p.yaml"]);
    let mut engine = engine.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    place.until("the command", |place| place.count("inside") == 1);
    let child = |kind: &Kind| match kind {
        Kind::ChildStarted { pid, .. } => Some(*pid),
        _ => None,
    };
    place.until("compose", |place| place.events().iter().any(|event| child(&event.kind).is_some()));
    let compose = place.events().iter().find_map(|event| child(&event.kind)).expect("a process");
    engine.kill().expect("killed");
    engine.wait().expect("ended");
    // SAFETY: kill takes two numbers; the group is that of the dead engine's child.
    unsafe { libc::kill(-(compose as i32), libc::SIGKILL) };
    for flags in [&[][..], &["--rerun", "inside"]] {
        let said = Said::of(toban(&[&["resume", "last"], flags].concat()).output().expect("it runs"));
        assert_eq!(said.code, 4, "{} {}", said.out, said.err);
        assert!(said.err.starts_with("inside  ") && said.err.contains("still runs: "), "{}", said.err);
        assert!(said.err.contains("until test -e /mnt/go"), "{}", said.err);
        assert_eq!(place.count("inside"), 1, "nothing is run beside it");
    }
    std::fs::write(place.path().join("go"), "").expect("written");
    let said = Said::of(toban(&["resume", "last", "--wait", "--rerun", "inside"]).output().expect("it runs"));
    assert_eq!((said.code, place.count("inside")), (0, 2), "{} {}", said.out, said.err);
}
