//! `toban verify` on runs that are whole, and on those that somebody, or a crash, has been at.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use toban::journal::RunFolder;

use crate::place::{Place, until};

const STEPS: &str = "  - { id: a, shell: echo one }
  - { id: b, shell: echo two >&2 }
  - { id: silent, shell: 'true' }
";

/// A finished run in its folder.
fn finished() -> (Place, RunFolder) {
    let place = Place::new();
    assert_eq!(place.run(STEPS, &[]).code, 0);
    let folder = place.last_run();
    (place, folder)
}

fn lines(folder: &RunFolder) -> Vec<String> {
    fs::read_to_string(folder.journal()).expect("a journal").lines().map(str::to_string).collect()
}

fn put(folder: &RunFolder, lines: &[String]) {
    fs::write(folder.journal(), lines.iter().map(|l| format!("{l}\n")).collect::<String>()).expect("written");
}

/// Not whole, and this is the first thing said about it.
#[track_caller]
fn blames(place: &Place, what: &str) {
    let said = place.toban(&["verify"]);
    assert_eq!(said.code, 1, "{said:?}");
    let first = said.out.lines().nth(1).unwrap_or_default();
    assert!(first.contains(what), "{what}: {}", said.out);
}

#[test]
fn a_finished_run_is_whole_and_says_what_that_proves() {
    let (place, folder) = finished();
    let said = place.toban(&["verify"]);
    assert_eq!(said.code, 0, "{said:?}");
    let count = lines(&folder).len();
    assert!(said.out.contains(&format!("proven: {count} facts follow one another")), "{}", said.out);
    assert!(
        said.out.contains("; 3 logs (") && said.out.contains("end: as the journal was closed"),
        "{}",
        said.out
    );
    assert!(said.out.contains("not proven: that nobody who may write both"), "{}", said.out);

    let json: serde_json::Value =
        serde_json::from_str(&place.toban(&["verify", "last", "--format", "json"]).out).expect("JSON");
    assert_eq!((&json["whole"], &json["end"], &json["logs"]), (&true.into(), &"proven".into(), &3.into()));
    let head = json["head"].as_str().expect("a head");
    // A file of that name is not meant.
    place.file("last", "no export");
    let noted = place.toban(&["verify", "last", "--head", head]);
    assert_eq!(noted.code, 0, "{noted:?}");
    assert!(!noted.out.contains("not proven"), "{}", noted.out);
    let other = place.toban(&["verify", "last", "--head", &head.replace(&head[..1], "x")]);
    assert_eq!(other.code, 1, "{other:?}");

    let by_path = place.toban(&["--lang", "ja", "verify", &folder.path().display().to_string()]);
    assert!(by_path.code == 0 && by_path.out.contains("改ざんなし"), "{by_path:?}");
}

#[test]
fn the_first_line_that_was_altered_dropped_moved_put_in_or_cut_off_is_named() {
    let (place, folder) = finished();
    let whole = lines(&folder);
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] = whole[at].replacen("\"at\":\"20", "\"at\":\"19", 1);
        assert_ne!(changed, whole);
        put(&folder, &changed);
        blames(&place, &format!("journal.jsonl:{}: ", at + 1));

        let mut dropped = whole.clone();
        dropped.remove(at);
        put(&folder, &dropped);
        let last = at + 1 == whole.len();
        blames(
            &place,
            &format!("journal.jsonl:{}: {}", at + 1, if last { "lines were cut off" } else { "fact" }),
        );

        let mut twice = whole.clone();
        twice.insert(at + 1, whole[at].clone());
        put(&folder, &twice);
        blames(&place, &format!("journal.jsonl:{}: it was put in", at + 2));

        put(&folder, &whole[..at]);
        blames(&place, &format!("journal.jsonl:{}: lines were cut off", at + 1));
    }
    let mut moved = whole.clone();
    moved.swap(2, 5);
    put(&folder, &moved);
    blames(&place, "journal.jsonl:3: lines were moved: fact 2, which belongs here, stands on line 6");
    put(&folder, &whole);
    assert_eq!(place.toban(&["verify"]).code, 0);

    let plan = fs::read_to_string(folder.plan()).expect("a plan");
    fs::write(folder.plan(), plan.replace("echo one", "echo 1")).expect("written");
    blames(&place, "plan.json: it was altered");
    fs::write(folder.plan(), plan).expect("written");

    let mut open = fs::OpenOptions::new().append(true).open(folder.journal()).expect("opened");
    std::io::Write::write_all(&mut open, b"{\"seq\":").expect("written");
    blames(&place, &format!("journal.jsonl:{}: 7 bytes stand behind the end", whole.len() + 1));
}

#[test]
fn a_log_that_was_altered_removed_or_put_in_is_named() {
    let (place, folder) = finished();
    let log = folder.logs().join("a.1.log");
    let text = fs::read_to_string(&log).expect("a log");
    fs::write(&log, text.replace("one", "two")).expect("written");
    blames(&place, "logs/a.1.log: it was altered after the attempt had ended");
    fs::write(&log, format!("{text}more\n")).expect("written");
    blames(&place, "bytes and has");
    fs::remove_file(&log).expect("removed");
    blames(&place, "logs/a.1.log: it is missing");
    fs::write(&log, &text).expect("written");
    fs::write(folder.logs().join("silent.1.log"), "x").expect("written");
    blames(&place, "logs/silent.1.log: ");
    fs::write(folder.logs().join("silent.1.log"), "").expect("written");
    fs::write(folder.logs().join("b.2.log"), "x").expect("written");
    blames(&place, "logs/b.2.log: the journal knows of no such attempt");
    fs::remove_file(folder.logs().join("b.2.log")).expect("removed");
    assert_eq!(place.toban(&["verify"]).code, 0);
    fs::write(folder.path().join("notes.txt"), "x").expect("written");
    let said = place.toban(&["verify"]);
    assert!(said.code == 0 && said.out.contains("not part of the record: notes.txt"), "{said:?}");
}

#[test]
fn without_its_head_a_run_is_whole_only_as_far_as_it_goes() {
    let (place, folder) = finished();
    let id = folder.path().file_name().expect("a name");
    let head = place.at("state/heads").join(id);
    let kept = fs::read(&head).expect("a head");
    fs::remove_file(&head).expect("removed");
    let said = place.toban(&["verify"]);
    assert!(said.code == 0 && said.out.contains("no head is kept of it"), "{said:?}");
    let all = lines(&folder);
    put(&folder, &all[..all.len() - 1]);
    let said = place.toban(&["verify"]);
    assert!(said.code == 0 && said.out.contains("the end cannot be proven"), "{said:?}");
    fs::write(&head, "nonsense").expect("written");
    assert_eq!(place.toban(&["verify"]).code, 5);
    fs::write(&head, kept).expect("written");
    blames(&place, "lines were cut off");
    fs::remove_file(folder.journal()).expect("removed");
    assert_eq!(place.toban(&["verify"]).code, 5);
    assert_eq!(place.toban(&["verify", "nothing"]).code, 2);
}

#[test]
fn a_run_that_goes_on_and_one_that_was_killed_are_whole_as_far_as_they_go() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: x\nsteps:\n  - { id: a, shell: echo one }\n  - { id: b, shell: 'echo two; exec sleep 60' }\n",
    );
    let mut engine = place
        .command()
        .args(["run", "play.yaml", "--progress", "quiet"])
        .stdout(Stdio::null())
        .spawn()
        .expect("started");
    let said_two = |folder: &Path| {
        fs::read_dir(folder).into_iter().flatten().flatten().any(|run| {
            fs::read_to_string(run.path().join("logs/b.1.log")).is_ok_and(|log| log.contains("two"))
        })
    };
    until("the second step", || said_two(&place.at("state/runs")));
    let said = place.toban(&["verify"]);
    assert!(said.code == 0 && said.out.contains("end: the run goes on"), "{said:?}");
    engine.kill().expect("killed");
    engine.wait().expect("ended");
    let said = place.toban(&["verify"]);
    assert!(said.code == 0 && said.out.contains("the engine died, or the end was cut off"), "{said:?}");
    assert!(said.out.contains("logs of attempts whose end is not recorded: b.1.log"), "{said:?}");
    let folder = place.last_run();
    let child = place.facts().iter().rev().find_map(|e| match e.kind {
        toban::event::Kind::ChildStarted { pid, .. } => Some(pid),
        _ => None,
    });
    // SAFETY: the group is that of the step, which this test started and its engine left behind.
    unsafe { libc::kill(-(child.expect("a child") as i32), libc::SIGKILL) };
    // The last line may be on disk by now, and then its loss is found out: one that was being written is put behind it.
    let mut torn = fs::read(folder.journal()).expect("a journal");
    torn.extend_from_slice(b"{\"seq\":9,\"at\":\"20");
    fs::write(folder.journal(), torn).expect("torn");
    let said = place.toban(&["verify"]);
    assert!(said.code == 0 && said.out.contains("was never finished and counts for nothing"), "{said:?}");
}
