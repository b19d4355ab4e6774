//! The copy of the binary on a host: how it comes there, that it is used again, and that nothing of what it does is left
//! running or half done.

use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::place::{lives, said, until};
use crate::sshd::Far;

const STEP: &str = "  - { id: a, file: { list: { glob: '*' } } }\n";

fn log(far: &Far, step: &str) -> String {
    std::fs::read_to_string(far.place.last_run().logs().join(format!("{step}.1.log"))).unwrap_or_default()
}

/// The copies under the home of the user there.
fn copies(far: &Far) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(far.place.at("there/home/.cache/toban"));
    listed.map(|l| l.flatten().map(|e| e.path()).collect()).unwrap_or_default()
}

#[test]
fn it_is_copied_once_whole_and_a_damaged_copy_is_replaced() {
    let far = Far::apart();
    let said = far.place.run(STEP, &[]);
    assert_eq!(said.code, 0, "{said:?}\n{}", far.place.text("sshd.log"));
    assert!(log(&far, "a").contains("copied to the host app, once"), "{}", log(&far, "a"));
    let [copy] = &copies(&far)[..] else { panic!("one copy: {:?}", copies(&far)) };
    let whole = std::fs::read(env!("CARGO_BIN_EXE_toban")).expect("the binary");
    assert!(std::fs::read(copy).expect("the copy") == whole);
    let facts =
        std::os::unix::fs::MetadataExt::mode(&copy.parent().expect("a folder").metadata().expect("facts"));
    assert_eq!(facts & 0o777, 0o700);

    far.place.run(STEP, &[]);
    assert!(!log(&far, "a").contains("copied"), "used again");

    std::fs::File::options().write(true).open(copy).expect("a file").set_len(1000).expect("cut");
    let said = far.place.run(STEP, &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(std::fs::read(copy).expect("the copy") == whole, "made anew");
    assert_eq!(copies(&far).len(), 1, "nothing half copied is left: {:?}", copies(&far));
}

#[test]
fn a_host_that_takes_no_program_says_why_and_what_to_do() {
    let nowhere = "for it in /tmp /var/tmp /mnt/home; do mount -t tmpfs -o noexec tmpfs $it; done";
    let far = Far::apart_where(nowhere, "");
    let said = far.place.run(STEP, &[]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("noexec") && said.out.contains("host: local"), "{said:?}");

    let far = Far::apart_where("", "PATH=/mnt/bin:/usr/bin:/bin");
    let uname =
        far.place.file("there/bin/uname", "#!/bin/sh\n[ \"$1\" = -s ] && echo Linux || echo riscv64\n");
    let executable = |path: &PathBuf| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(path, mode).expect("a mode");
    };
    executable(&uname);
    let said = far.place.run(STEP, &[]);
    assert!(said.out.contains("another kind of machine (Linux riscv64"), "{said:?}");
    assert_eq!(copies(&far), Vec::<PathBuf>::new(), "nothing was sent");
    // The way out that it names: a Toban of that host's own.
    let own = far.place.at("there/bin/toban");
    std::fs::copy(env!("CARGO_BIN_EXE_toban"), &own).expect("installed");
    executable(&own);
    let said = far.place.run(STEP, &[]);
    assert_eq!(said.code, 0, "{said:?}");
}

fn begin(far: &Far, steps: &str) -> Child {
    far.place.file("play.yaml", &format!("title: t\nsteps:\n{steps}"));
    let mut command = far.place.command();
    command.args(["run", "play.yaml", "--progress", "plain"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("toban starts")
}

/// A verifier that goes on for ever with a deaf child in a session of its own, and an archive that is far from done.
const ENDLESS: &str = r#"  - { id: first, file: { list: { glob: '*' } } }
  - { id: look, needs: [first], MORE file: { list: { glob: 'big', verified_by: [{ shell: 'setsid sh -c "trap \"\" TERM; echo \$\$ >/mnt/home/deaf.pid; while :; do sleep 0.1; done" & echo $$ >/mnt/home/own.pid; while :; do sleep 0.1; done' }] } } }
  - { id: pack, needs: [first], MORE file: { archive: { base: ., from: [big], to: big.tar.gz } } }
"#;

fn endless(far: &Far, more: &str) -> String {
    let big = far.place.file("there/home/big", "");
    std::fs::File::options()
        .write(true)
        .open(&big)
        .expect("a file")
        .set_len(200 << 30)
        .expect("a sparse file");
    ENDLESS.replace("MORE", more)
}

/// How many processes of the copy there are.
fn at_work(far: &Far) -> usize {
    far.inside().iter().filter(|(_, line)| line.ends_with(" far-end ")).count()
}

/// The files there that are under way.
fn parts(far: &Far) -> usize {
    let names = std::fs::read_dir(far.place.at("there/home")).expect("listed").flatten();
    names.filter(|e| e.file_name().to_string_lossy().starts_with(".toban-")).count()
}

fn under_way(far: &Far) {
    until("both are under way", || {
        parts(far) == 1
            && far.place.text("there/home/deaf.pid").ends_with('\n')
            && far.place.text("there/home/own.pid").ends_with('\n')
    });
    assert!(at_work(far) > 0);
}

fn nothing_left(far: &Far) {
    for name in ["there/home/deaf.pid", "there/home/own.pid"] {
        let pid = far.place.text(name);
        until("all of it is ended", || !lives(&pid));
    }
    until("the copies have ended", || at_work(far) == 0);
    until("no half of a file stays", || parts(far) == 0 && !far.place.at("there/home/big.tar.gz").exists());
    until("the connection is closed", || far.connections().is_empty());
}

#[test]
fn a_timeout_and_an_interrupt_end_all_of_it_there() {
    let far = Far::apart();
    let steps = endless(&far, "timeout: 8s, on_error: continue,");
    let said_ = far.place.run(&steps, &[]);
    assert!(said_.out.matches("took longer than 8s").count() > 1, "{said_:?}");
    nothing_left(&far);

    let child = begin(&far, &endless(&far, ""));
    under_way(&far);
    // SAFETY: kill takes two numbers; the child is ours and not yet reaped.
    assert_eq!(unsafe { libc::kill(child.id() as i32, libc::SIGINT) }, 0);
    let said = said(child.wait_with_output().expect("it ends"));
    assert_eq!(said.code, 130, "{said:?}");
    nothing_left(&far);
}

#[test]
fn a_connection_or_an_engine_that_dies_leaves_nothing_running_there() {
    let far = Far::apart();
    let child = begin(&far, &endless(&far, ""));
    under_way(&far);
    far.cut();
    let said = said(child.wait_with_output().expect("it ends"));
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("the connection to the host `app` was lost"), "{said:?}");
    nothing_left(&far);
    for name in ["there/home/deaf.pid", "there/home/own.pid"] {
        std::fs::remove_file(far.place.at(name)).expect("removed");
    }

    let mut child = begin(&far, &endless(&far, ""));
    under_way(&far);
    child.kill().expect("killed");
    drop(child.wait());
    nothing_left(&far);
}

#[test]
fn a_probe_of_a_plan_looks_there_and_changes_nothing() {
    let far = Far::apart();
    far.place.file("there/home/list", "one\n");
    let steps = "title: t\nsteps:
  - { id: read, file: { read: { path: list } }, expect: \"text == 'one\\n'\" }
  - { id: held, effect: read, shell: 'wc -l <list', needs: [] }
  - { id: writes, effect: read, shell: 'echo no >/mnt/home/written', needs: [] }
  - { id: change, shell: [rm, list], needs: [] }
  - { id: missing, shell: [no-such-program-there], needs: [] }
  - { id: folder, file: { write: { path: /mnt/nowhere/x, content: x } }, needs: [] }
";
    far.place.file("play.yaml", steps);
    let said = far.place.toban(&["plan", "play.yaml", "--probe", "--format", "json"]);
    assert_eq!(said.code, 1, "two could not start: {said:?}");
    let told: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    let verdict = |id: &str| {
        let steps = told["steps"].as_array().expect("steps");
        let step = steps.iter().find(|s| s["id"] == id).unwrap_or_else(|| panic!("{id}"));
        (step["probe"]["verdict"].as_str().unwrap_or_default().to_string(), step["probe"]["ran"] == true)
    };
    assert_eq!(verdict("read"), ("yes".into(), true), "{told:#}");
    assert_eq!(verdict("change"), ("yes".into(), false), "{told:#}");
    assert_eq!(verdict("missing"), ("no".into(), false), "{told:#}");
    assert_eq!(verdict("folder"), ("no".into(), false), "{told:#}");
    assert_ne!(verdict("writes").0, "yes", "{told:#}");
    assert!(!far.place.at("there/home/written").exists() && far.place.at("there/home/list").exists());
    // Where the kernel cannot hold a program to reading, it is only asked whether it could start.
    assert!(["yes", "cannot_know"].contains(&verdict("held").0.as_str()), "{told:#}");
    until("the connection is closed", || far.connections().is_empty());
}
