//! What is listed, what comes, and what is wrong with it.

use serde_json::Value;

use super::place::Place;
use super::shop;

fn json(place: &Place, args: &[&str]) -> Value {
    let said = place.toban(args);
    serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {said:?}"))
}

#[test]
fn every_schedule_is_listed_with_its_next_time_and_its_last_run() {
    let place = shop();
    let listed = json(&place, &["schedule", "list", "--format", "json"]);
    let all = listed.as_array().expect("a list");
    assert_eq!(all.len(), 3);
    assert_eq!(
        (all[0]["playbook"].as_str(), all[0]["zone"].as_str()),
        (Some("shop/daily"), Some("Asia/Tokyo"))
    );
    assert!(all[0]["next"].as_str().is_some_and(|at| at.ends_with("T17:00:00Z")), "{listed}");
    assert!(all[0]["last"].is_null());
    assert_eq!(place.toban(&["run", "shop/daily"]).code, 0);
    let listed = json(&place, &["schedule", "list", "--format", "json"]);
    assert_eq!(listed[0]["last"]["result"], "ok");
    let text = place.toban(&["--lang", "ja", "schedule", "list"]);
    assert_eq!((text.code, text.err.as_str()), (0, ""));
    let lines: Vec<&str> = text.out.lines().collect();
    assert!(
        lines[0].starts_with("プレイブック") && lines[0].contains("次回") && lines[0].contains("結果"),
        "{}",
        text.out
    );
    assert!(
        lines[2].contains("shop/daily") && lines[2].contains("02:00") && lines[2].contains("完了しました"),
        "{}",
        text.out
    );
}

#[test]
fn a_calendar_tells_what_comes_when_and_how_long_it_takes() {
    let place = shop();
    assert_eq!(place.toban(&["run", "shop/daily"]).code, 0);
    let coming = json(&place, &["schedule", "next", "--days", "10", "--format", "json"]);
    let days: Vec<&Value> =
        coming.as_array().expect("a list").iter().filter(|one| one["playbook"] == "shop/daily").collect();
    assert_eq!(days.len(), 10, "{coming}");
    assert!(days.iter().all(|one| one["local"].as_str().is_some_and(|at| at.ends_with("T02:00:00+09:00"))));
    assert!(days[0]["takes_seconds"].as_f64().is_some_and(|seconds| seconds < 60.0));
    place.file(
        "playbooks/shop/often.yaml",
        "title: 監視\nschedule: ['*/5 * * * *']\nsteps: [{ id: a, shell: 'true' }]\n",
    );
    let text = place.toban(&["schedule", "next", "--days", "3"]);
    assert_eq!(text.code, 0, "{text:?}");
    assert!(text.out.contains("288 times"), "{}", text.out);
    assert!(text.out.lines().count() < 15, "{}", text.out);
}

/// The codes of what is found, and the exit code.
fn found(place: &Place, days: &str) -> (Vec<String>, i32) {
    let said = place.toban(&["schedule", "check", "--days", days, "--format", "json"]);
    let all: Value = serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {said:?}"));
    let codes =
        all.as_array().expect("a list").iter().map(|one| one["code"].as_str().expect("a code").to_string());
    (codes.collect(), said.code)
}

#[test]
fn schedules_that_are_apart_have_no_findings_and_those_that_collide_have_one() {
    let place = shop();
    assert_eq!(found(&place, "40"), (vec![], 0));
    let text = place.toban(&["schedule", "check"]);
    assert_eq!((text.code, text.out.as_str()), (0, "schedules: 3, findings: 0\n"), "{text:?}");
    place.file(
        "playbooks/shop/weekly.yaml",
        "title: 週次\nlocks: [shop]\nschedule: ['0 2 * * MON']\nsteps: [{ id: a, shell: 'true' }]\n",
    );
    assert_eq!(found(&place, "40"), (vec!["schedule-collision".to_string()], 1));
    let text = place.toban(&["schedule", "check", "--days", "40"]);
    assert!(
        text.err.contains("the lock shop") && text.err.contains("playbooks/shop/daily.yaml:4:13"),
        "{}",
        text.err
    );
    let japanese = place.toban(&["--lang", "ja", "schedule", "check", "--days", "40"]);
    assert!(japanese.err.contains("ロック shop") && japanese.err.contains("衝突"), "{}", japanese.err);
}

#[test]
fn a_collision_is_allowed_in_place_and_a_shared_machine_apart_from_a_shared_lock() {
    let place = Place::new();
    let playbook = |path: &str, more: &str| {
        let text = format!("title: t\n{more}schedule: ['0 2 * * *']\nsteps: [{{ id: a, shell: 'true' }}]\n");
        place.file(&format!("playbooks/{path}.yaml"), &text);
    };
    let collides = (vec!["schedule-collision".to_string()], 1);
    playbook("a/daily", "");
    playbook("b/daily", "");
    assert_eq!(found(&place, "2"), collides);
    let system =
        "default_environment: lab\nenvironments: { lab: { allow: { shared-machine: each has its own } } }\n";
    place.file("playbooks/a/system.yaml", system);
    assert_eq!(found(&place, "2"), (vec![], 0));
    assert_eq!(
        place.toban(&["check"]).code,
        0,
        "it is for schedules, and nothing stale for a playbook alone"
    );

    playbook("a/daily", "locks: [disk]\n");
    playbook("b/daily", "locks: [disk]\n");
    assert_eq!(found(&place, "2"), collides, "a lock is another matter");
    playbook("b/daily", "locks: [disk]\nallow: { schedule-collision: it waits for the other }\n");
    assert_eq!(found(&place, "2"), (vec![], 0));
}

#[test]
fn a_run_that_takes_longer_than_the_way_to_the_next_collides_by_its_history() {
    let place = Place::new();
    place.file(
        "playbooks/a/slow.yaml",
        "title: t\nschedule: ['0 2 * * *']\nsteps: [{ id: a, shell: sleep 2 }]\n",
    );
    place.file(
        "playbooks/b/often.yaml",
        "title: t\nschedule: ['* * * * *']\nsteps: [{ id: a, shell: 'true' }]\n",
    );
    // Both at two o'clock on this machine.
    assert_eq!(found(&place, "2"), (vec!["schedule-collision".to_string()], 1));
    place.file(
        "playbooks/a/slow.yaml",
        "title: t\nschedule: ['* 2 * * *']\nsteps: [{ id: a, shell: sleep 2 }]\n",
    );
    place.file("playbooks/b/often.yaml", "title: t\nsteps: [{ id: a, shell: 'true' }]\n");
    assert_eq!(found(&place, "2"), (vec![], 0));
}

#[test]
fn what_never_comes_means_or_meets_a_change_of_the_clock_or_asks_nobody_is_found() {
    let place = Place::new();
    place.file("playbooks/ny/system.yaml", "title: NY\ntimezone: America/New_York\n");
    let with = |cron: &str, steps: &str| {
        place.file("playbooks/ny/daily.yaml", &format!("title: t\nschedule: ['{cron}']\nsteps: {steps}\n"));
        found(&place, "400")
    };
    let reads = "[{ id: a, shell: 'true' }]";
    assert_eq!(with("0 3 1-7 * SUN", reads), (vec!["cron-or".into()], 1));
    assert_eq!(with("0 0 31 2 *", reads), (vec!["cron-never".into()], 1));
    assert_eq!(
        with("0 5 * * *", "[{ id: a, effect: destroy, shell: rm -r /srv/x }]"),
        (vec!["schedule-asks".into()], 1)
    );
    let (codes, code) = with("30 2 * * *", reads);
    assert!(codes.iter().all(|c| c == "clock-gap") && !codes.is_empty() && code == 1, "{codes:?}");
    let (codes, code) = with("30 1 * * *", reads);
    assert!(codes.iter().all(|c| c == "clock-fold") && !codes.is_empty() && code == 1, "{codes:?}");
    assert_eq!(with("0 5 * * *", "[{ id: a, shel: x }]").1, 2);
}

#[test]
fn a_schedule_is_checked_like_the_call_that_it_is() {
    let place = Place::new();
    place.file("playbooks/x/system.yaml", "title: x\nenvironments: { lab: { target: lab } }\n");
    let codes = |schedule: &str| {
        let text = format!(
            "title: t\ninputs: {{ n: {{ type: integer, default: 1 }}, must: {{ type: string }} }}\nschedule: [{schedule}]\nsteps:\n  - {{ id: drop, effect: destroy, shell: rm -r /srv/x }}\n  - {{ id: look, manual: look }}\n  - {{ id: say, shell: 'echo {{{{ inputs.n }}}} {{{{ inputs.must }}}}' }}\n"
        );
        place.file("playbooks/x/p.yaml", &text);
        let said = place.toban(&["check", "x/p", "--format", "json"]);
        let all: Value = serde_json::from_str(&said.out).expect("JSON");
        let codes: Vec<String> = all
            .as_array()
            .expect("a list")
            .iter()
            .map(|d| d["code"].as_str().unwrap_or_default().to_string())
            .collect();
        codes
    };
    let whole = "inputs: { must: x }, confirm: [drop], answer: { look: done }";
    assert_eq!(codes(&format!("{{ cron: '0 2 * * *', {whole} }}")), Vec::<String>::new());
    assert_eq!(
        codes(&format!("{{ cron: '0 2 * * *', environment: lba, {whole} }}")),
        ["unknown-environment"]
    );
    assert_eq!(
        codes(
            "{ cron: '0 2 * * *', inputs: { must: x, n: many, no: 1 }, confirm: [drop], answer: { look: done } }"
        ),
        ["wrong-input", "unknown-input"]
    );
    assert_eq!(
        codes("{ cron: '0 2 * * *', confirm: [drop, lok=x], answer: { look: done } }"),
        ["schedule-inputs", "no-question"]
    );
    assert_eq!(codes("{ cron: '0 2 * * *', inputs: { must: x } }"), ["schedule-asks"]);
}

#[test]
fn systems_without_the_environment_that_is_asked_for_are_left_out_with_a_word() {
    let place = shop();
    let system =
        |environments: &str| format!("title: s\ntimezone: Asia/Tokyo\nenvironments: {environments}\n");
    let play =
        |schedule: &str| format!("title: t\nschedule: [{schedule}]\nsteps: [{{ id: a, shell: 'true' }}]\n");
    place.file("playbooks/shop/system.yaml", &system("{ lab: {}, live: { protected: true, target: shop } }"));
    place.file("playbooks/quick/system.yaml", "title: q\n");
    place.file("playbooks/quick/daily.yaml", &play("'0 1 * * *'"));
    place.file("playbooks/other/system.yaml", &system("{ own: {}, spare: {} }"));
    place.file("playbooks/other/daily.yaml", &play("{ cron: '0 3 * * *', environment: own }, '0 4 * * *'"));
    let word = "left out, since they have no environment `lab`: other, quick\n";
    let listed = json(&place, &["schedule", "list", "--env", "lab", "--format", "json"]);
    let all = listed.as_array().expect("a list").iter();
    let all: Vec<String> = all.map(|one| format!("{} {}", one["playbook"], one["environment"])).collect();
    let wanted = ["other/daily own", "shop/daily lab", "shop/monthly lab", "shop/monthly lab"];
    assert_eq!(all.iter().map(|one| one.replace('"', "")).collect::<Vec<_>>(), wanted);
    let install = ["schedule", "install", "--systemd", "--unit-dir", "units", "--yes"];
    for (command, codes) in
        [(&install[..], [0, 0]), (&["schedule", "next"], [0, 0]), (&["schedule", "check"], [0, 1])]
    {
        let said = place.toban(&[command, &["--env", "lab"]].concat());
        assert!(codes.contains(&said.code) && said.err.contains(word), "{command:?}: {said:?}");
        assert!(!said.err.contains("unknown-environment"), "{said:?}");
        let wrong = place.toban(&[command, &["--env", "labb"]].concat());
        assert!(
            wrong.code == 2 && wrong.err.contains("no system here has the environment `labb`"),
            "{wrong:?}"
        );
        assert!(wrong.err.contains("did you mean `lab`?"), "{wrong:?}");
    }
    let units = std::fs::read_dir(place.at("units")).expect("units").flatten();
    let timers: Vec<String> = units.map(|unit| unit.file_name().to_string_lossy().into_owned()).collect();
    let timers: Vec<&String> = timers.iter().filter(|name| name.ends_with(".timer")).collect();
    assert!(timers.len() == 4 && timers.iter().all(|name| !name.contains("quick")), "{timers:?}");
    let japanese = place.toban(&["schedule", "list", "--env", "lab", "--lang", "ja"]);
    assert!(japanese.err.contains("環境 `lab` がないため除外しました: other, quick"), "{japanese:?}");
}
