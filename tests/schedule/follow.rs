//! Schedulers that follow schedules for real, and are really killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::place::{Place, until};

/// A playbook that comes every minute and notes each of its runs.
fn every_minute(schedule: &str, steps: &str) -> Place {
    let place = Place::new();
    place.file(
        "playbooks/a/b.yaml",
        &format!("title: t\nschedule: [{{ cron: '* * * * *'{schedule} }}]\nsteps: {steps}\n"),
    );
    place
}

fn start(place: &Place, args: &[&str]) -> Child {
    let mut command = place.command();
    command.args([&["schedule", "run"], args].concat()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("toban starts")
}

fn kill(child: &mut Child) {
    child.kill().expect("killed");
    child.wait().expect("waited for");
}

fn ledger(place: &Place) -> Vec<Value> {
    let text = place.text("state/schedule/ledger.jsonl");
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn of_kind(place: &Place, kind: &str) -> Vec<Value> {
    ledger(place).into_iter().filter(|fact| fact["kind"] == kind).collect()
}

fn runs(place: &Place) -> Vec<String> {
    let folder = place.at("state/runs");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    names
}

#[test]
fn missed_times_are_made_up_for_once_and_recorded_like_any_run() {
    let place = every_minute("", "[{ id: a, shell: 'echo x >> ran', cwd: '../..' }]");
    let said = place.toban(&["schedule", "run", "--once", "--since", "10m"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("are left out") && said.out.contains("starts as"), "{}", said.out);
    assert_eq!((place.lines("ran"), runs(&place).len()), (1, 1));
    let run = &of_kind(&place, "started")[0]["run"];
    assert_eq!(
        run.as_str(),
        runs(&place).first().map(String::as_str),
        "the run has the id that was written first"
    );
    let told = place.toban(&["runs", "--operator", "schedule", "--format", "json"]);
    assert!(told.out.contains("\"a/b\""), "{}", told.out);
    assert_eq!(of_kind(&place, "ended")[0]["result"], "ok");
}

#[test]
fn missed_times_are_left_out_where_the_playbook_says_so() {
    let place = every_minute(", missed: skip", "[{ id: a, shell: 'echo x >> ran', cwd: '../..' }]");
    // Not in the last seconds of a minute, in which the next time may come.
    let seconds = jiff::Timestamp::now().as_second() % 60;
    if seconds > 50 {
        std::thread::sleep(Duration::from_secs(61 - seconds as u64));
    }
    let said = place.toban(&["schedule", "run", "--once", "--since", "10m"]);
    assert_eq!(said.code, 0, "{said:?}");
    let left: u64 = of_kind(&place, "left")
        .iter()
        .filter(|f| f["why"] == "missed")
        .filter_map(|f| f["count"].as_u64())
        .sum();
    assert!(left >= 9, "{:?}", ledger(&place));
    assert!(place.lines("ran") <= 1, "at most the time of this minute");
}

#[test]
fn a_run_that_does_not_end_well_is_told_by_the_exit_code() {
    let place = every_minute("", "[{ id: a, shell: exit 3 }]");
    assert_eq!(place.toban(&["schedule", "run", "--once", "--since", "2m"]).code, 1);
    assert_eq!(of_kind(&place, "ended")[0]["result"], "failed");
}

#[test]
fn one_scheduler_follows_a_state_folder_at_a_time() {
    let place = every_minute("", "[{ id: a, shell: 'true' }]");
    let mut first = start(&place, &[]);
    until("the first follows", || !of_kind(&place, "known").is_empty());
    let second = place.toban(&["schedule", "run"]);
    assert_eq!(second.code, 3, "{second:?}");
    assert!(second.err.contains("another scheduler"), "{}", second.err);
    assert_eq!(place.toban(&["schedule", "run", "--once"]).code, 0);
    kill(&mut first);
    assert_eq!(place.toban(&["schedule", "run", "--once"]).code, 0, "a dead one holds nothing");
}

#[test]
fn whenever_a_scheduler_is_killed_a_time_is_run_exactly_once() {
    for pause in [0, 5, 20, 40, 80, 120, 160, 200, 300, 500, 900] {
        let place = every_minute("", "[{ id: a, shell: 'echo x >> ran; sleep 0.3', cwd: '../..' }]");
        let mut first = start(&place, &["--since", "5m"]);
        std::thread::sleep(Duration::from_millis(pause));
        kill(&mut first);
        let said = place.toban(&["schedule", "run", "--once", "--since", "5m"]);
        assert_eq!(said.code, 0, "killed after {pause} ms: {said:?}");
        // A minute may have turned in between: each time that was started is one run.
        let mut started: Vec<String> =
            of_kind(&place, "started").iter().filter_map(|f| f["run"].as_str().map(str::to_string)).collect();
        started.sort();
        let mut planned: Vec<String> =
            of_kind(&place, "started").iter().map(|f| f["planned"].to_string()).collect();
        planned.dedup();
        assert_eq!(planned.len(), started.len(), "no time is started twice");
        assert_eq!(runs(&place), started, "killed after {pause} ms: {:?}", ledger(&place));
        assert_eq!(place.lines("ran"), started.len(), "killed after {pause} ms");
        assert_eq!(of_kind(&place, "ended").len(), started.len(), "{:?}", ledger(&place));
    }
}

#[test]
fn a_run_outlives_its_scheduler_and_the_next_one_waits_for_it() {
    let place = every_minute(
        ", overlap: skip",
        "[{ id: a, shell: 'echo x >> ran; until [ -e go ]; do sleep 0.05; done', cwd: '../..' }]",
    );
    let mut first = start(&place, &["--since", "5m"]);
    until("the run is at it", || place.lines("ran") == 1);
    kill(&mut first);
    let mut second = start(&place, &["--once"]);
    std::thread::sleep(Duration::from_millis(1500));
    assert!(second.try_wait().expect("asked").is_none(), "it waits for the run of the first");
    place.file("go", "");
    assert_eq!(second.wait().expect("waited for").code(), Some(0));
    assert_eq!(of_kind(&place, "ended")[0]["result"], "ok");
}

#[test]
fn the_first_signal_waits_for_the_runs_and_the_second_is_passed_on() {
    let place = every_minute("", "[{ id: a, shell: 'echo x >> ran; sleep 600', cwd: '../..' }]");
    let mut child = start(&place, &["--since", "5m"]);
    until("the run is at it", || place.lines("ran") == 1);
    let signal = || {
        // SAFETY: kill has no memory preconditions; the program is ours and not yet waited for.
        unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    };
    signal();
    std::thread::sleep(Duration::from_millis(700));
    signal();
    let code = child.wait().expect("waited for").code();
    assert_eq!(code, Some(130));
    assert_eq!(of_kind(&place, "ended")[0]["result"], "cancelled", "{:?}", ledger(&place));
}

#[test]
fn a_time_that_comes_is_started_and_a_changed_playbook_is_read_again() {
    let place = every_minute("", "[{ id: a, shell: 'echo x >> ran', cwd: '../..' }]");
    let mut command = place.command();
    command.args(["schedule", "run", "--progress", "json"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("toban starts");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let kinds = |fact: &Value| fact["kind"].as_str().unwrap_or_default().to_string();
    place
        .file("playbooks/a/c.yaml", "title: t\nschedule: ['0 0 1 1 *']\nsteps: [{ id: a, shell: 'true' }]\n");
    let mut seen = Vec::new();
    for line in lines.map_while(Result::ok) {
        let fact: Value = serde_json::from_str(&line).expect("JSON");
        seen.push((kinds(&fact), fact["schedule"].as_str().unwrap_or_default().to_string()));
        let ended = seen.iter().any(|(kind, _)| kind == "ended");
        let read = seen.iter().any(|(_, schedule)| schedule.starts_with("a/c"));
        if ended && read {
            break;
        }
    }
    kill(&mut child);
    assert!(place.lines("ran") >= 1);
    let started = of_kind(&place, "started");
    let late = |fact: &Value| {
        let moment = |key: &str| {
            fact[key].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok()).expect("a moment")
        };
        moment("at").duration_since(moment("planned")).as_secs()
    };
    assert!(started.iter().all(|fact| (0..30).contains(&late(fact))), "{started:?}");
}

#[test]
fn an_id_of_a_run_is_used_once() {
    let place = every_minute("", "[{ id: a, shell: 'true' }]");
    let id = ["run", "a/b", "--run-id", "20260301T020000Z-abc123"];
    assert_eq!(place.toban(&id).code, 0);
    let again = place.toban(&id);
    assert_eq!(again.code, 3, "{again:?}");
    assert!(again.err.contains("20260301T020000Z-abc123"), "{}", again.err);
    assert_eq!(place.toban(&["run", "a/b", "--run-id", "../../etc"]).code, 2);
    assert_eq!(runs(&place), ["20260301T020000Z-abc123"]);
}
