//! An engine that died while its command on another host lives on: the command is found, and nothing is run beside it.

use std::process::{Command, Stdio};

use crate::place::{lives, until};
use crate::sshd::Far;

/// Stops, or lets go on, what watches over the connection on the host: it would end the command by itself. A sudo above
/// one that is stopped stops, too.
fn watchers(far: &Far, signal: &str) {
    for (pid, _) in far.inside().iter().filter(|(_, line)| line.contains("/bin/sh -c n=$(printf")) {
        drop(Command::new("kill").args([signal, pid]).stderr(Stdio::null()).status());
    }
}

#[test]
fn what_outlives_the_engine_on_a_host_is_found_and_nothing_is_run_beside_it() {
    let far = Far::apart();
    far.system("    become: sudo\n");
    let steps = "title: t\nsteps:
  - { id: first, file: { list: { glob: '*' } } }
  - { id: a, after_crash: rerun, shell: 'echo $$ >/mnt/a.pid; echo x >>/mnt/times; [ -e /mnt/second ] || exec sleep 1000' }
";
    far.place.file("play.yaml", steps);
    let mut engine = far.place.command();
    engine.args(["run", "play.yaml", "--progress", "quiet"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut engine = engine.spawn().expect("toban starts");
    until("it runs", || far.place.text("there/a.pid").ends_with('\n') && far.place.lines("there/times") == 1);
    watchers(&far, "-STOP");
    engine.kill().expect("killed");
    drop(engine.wait());
    let pid = far.place.text("there/a.pid");
    assert!(lives(&pid), "it outlives its engine");

    let said = far.place.toban(&["resume", "last"]);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.err.contains("still runs: "), "{said:?}");
    assert!(said.err.contains(&format!("{} (sleep 1000 @app)", pid.trim())), "{said:?}");
    assert_eq!(far.place.lines("there/times"), 1);

    far.place.file("there/second", "");
    let known = far.place.text("known");
    far.place.file("known", "");
    let said = far.place.toban(&["resume", "last"]);
    assert_eq!(said.code, 4, "nobody knows what runs on a host that is not reached: {said:?}");
    assert!(said.err.contains("what runs on its host is not known"), "{said:?}");
    far.place.file("known", &known);

    let told = std::fs::File::create(far.place.at("told")).expect("a file");
    let mut resume = far.place.command();
    resume.args(["resume", "last", "--wait", "--progress", "quiet"]).stdout(Stdio::null()).stderr(told);
    let mut resume = resume.spawn().expect("toban starts");
    until("it waits", || far.place.text("told").contains("waits for"));
    assert_eq!(far.place.lines("there/times"), 1);
    let mut ended = None;
    until("it goes on", || {
        watchers(&far, "-CONT");
        ended = resume.try_wait().expect("waited for");
        ended.is_some()
    });
    assert!(ended.is_some_and(|code| code.success()), "{}", far.place.text("told"));
    assert_eq!(far.place.lines("there/times"), 2, "once more, after the first had ended");
    assert!(!lives(&pid));
}
