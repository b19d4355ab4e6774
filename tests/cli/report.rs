//! `toban report` of real runs: on standard output, in a file, as a line of a maintenance log, and of a dead run.

use serde_json::Value;

use crate::place::Place;

const STEPS: &str = "  - { id: dump, title: バックアップ, shell: echo ok }\n  \
    - { id: left, when: 'false', shell: echo a }\n  \
    - { id: look, manual: 赤いパネルが無いことを確認する }\n\
    checklist:\n  \
    - { item: バックアップ状態確認, from: dump }\n  \
    - { item: 監視ダッシュボード確認, from: look }\n";

#[test]
fn a_report_tells_who_did_what_when_in_either_language_and_in_every_form() {
    let place = Place::new();
    assert_eq!(place.run(STEPS, &["--answer", "look=done"]).code, 0);
    let japanese = place.toban(&["report", "--lang", "ja"]).out;
    let parts = ["注意点", "試験完了チェックリスト", "タイムライン", "ステップ", "回答"];
    let places: Vec<_> = parts.iter().map(|part| japanese.find(&format!("## {part}"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} in {japanese}");
    for told in [
        "- [x] バックアップ状態確認\n",
        "- [x] 監視ダッシュボード確認  (look: 実施済み、佐藤、",
        "\n実施者: 佐藤\n",
        "- **スキップ** left: false\n",
        "- **手作業** look",
    ] {
        assert!(japanese.contains(told), "{told} in {japanese}");
    }
    assert!(
        regex::Regex::new(r"\n実施日: \d{4}-\d\d-\d\d  \n").expect("a pattern").is_match(&japanese),
        "{japanese}"
    );
    assert!(place.toban(&["report"]).out.contains("\nBy: 佐藤\n"));
    let json: Value = serde_json::from_str(&place.toban(&["report", "--format", "json"]).out).expect("JSON");
    assert_eq!((&json["outcome"], &json["checklist"]["operator"]), (&"ok".into(), &"佐藤".into()));
    assert_eq!(json["steps"][2]["answers"][0]["by"], "佐藤");
    assert_eq!(json["deviations"].as_array().map(Vec::len), Some(2));
    // Beside the logs links are short, so that the folder can be moved as a whole.
    let folder = place.last_run().journal().parent().expect("a folder").to_path_buf();
    let file = folder.join("report.html").display().to_string();
    let said = place.toban(&["report", "last", "--format", "html", "-o", &file]);
    assert_eq!((said.code, said.out.as_str()), (0, ""));
    assert!(std::fs::read_to_string(&file).expect("a page").contains(r#"href="logs/dump.1.log""#));
    // The same text wherever it is asked for.
    assert_eq!(place.toban(&["status", "--format", "markdown"]).out, place.toban(&["report"]).out);
}

#[test]
fn a_line_is_added_to_a_maintenance_log_and_never_continues_another() {
    let place = Place::new();
    place.run(STEPS, &["--answer", "look=done"]);
    place.file("maintenance.log", "Sun Mar  1 05:00:00 JST 2026: root - by hand, without an end");
    for _ in 0..2 {
        assert_eq!(place.toban(&["report", "--append-log", "maintenance.log", "--lang", "ja"]).code, 0);
    }
    let text = place.text("maintenance.log");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "Sun Mar  1 05:00:00 JST 2026: root - by hand, without an end"));
    let form = regex::Regex::new(r"^\d{4}-\d\d-\d\d \d\d:\d\d: 佐藤 - 試験 \(play\.yaml\): 完了しました \[")
        .expect("a pattern");
    assert!(lines[1..].iter().all(|line| form.is_match(line)), "{text}");
    let said = place.toban(&["report", "--append-log", "none/maintenance.log"]);
    assert!(said.code == 2 && said.err.contains("none/maintenance.log"), "{said:?}");
}

#[test]
fn a_run_whose_engine_died_is_reported_as_far_as_anybody_knows() {
    let place = Place::new();
    place.run("  - { id: first, shell: echo a }\n  - { id: dies, shell: 'kill -9 $PPID' }\n  - { id: after, shell: echo b }\n", &[]);
    let report = place.toban(&["report"]);
    assert_eq!(report.code, 0, "{report:?}");
    for told in [
        "| Result | not ended |",
        "- **unknown** dies: it was under way when the engine died",
        "- **not begun** after\n",
    ] {
        assert!(report.out.contains(told), "{told} in {}", report.out);
    }
    assert!(place.toban(&["report", "--format", "junit"]).out.contains(r#"<error type="unknown""#));
    let said = place.toban(&["report", "nothing"]);
    assert!(said.code == 2 && said.out.is_empty(), "{said:?}");
}

#[test]
fn a_deadline_that_passed_and_a_notice_that_could_not_be_sent_are_deviations_in_every_form() {
    let place = Place::new();
    place.file(
        "playbooks/s/system.yaml",
        "title: s\nmail: { server: 'smtp://127.0.0.1:1', from: toban@corp.test }\nnotifications: { on: [failure], mail: { to: [ops@corp.test] } }\n",
    );
    place.file(
        "playbooks/s/play.yaml",
        "title: 復旧\ndeadlines:\n  - { within: 100ms, until: slow, otherwise: tell }\n  - { within: 150ms, otherwise: tell }\nhandlers: { tell: [{ id: told, shell: 'true' }] }\nsteps:\n  - { id: slow, shell: sleep 1; exit 3 }\n",
    );
    let run = place.toban(&["run", "s/play"]);
    assert_eq!(run.code, 1, "{run:?}");
    let japanese = place.toban(&["report", "--lang", "ja"]).out;
    let english = place.toban(&["report", "--lang", "en"]).out;
    for (report, told) in [
        (&japanese, "- **期限超過** slow: "),
        (&japanese, "- **期限超過**: すべて を 150ms 以内: 超過。ハンドラー tell を実行"),
        (&japanese, "- **通知失敗**: mail で通知できませんでした（失敗）: "),
        (&english, "- **deadline passed** slow: "),
        (&english, "- **deadline passed**: everything within 150ms: passed; handler tell"),
        (&english, "- **notice not sent**: could not tell people by mail (failure): "),
    ] {
        assert!(report.contains(told), "{told} in {report}");
    }
    let failed = english.find("- **failed** slow");
    assert!(failed.is_some() && failed < english.find("- **deadline passed**"), "the worst first: {english}");
    let html = place.toban(&["report", "--format", "html", "--lang", "ja"]).out;
    for told in ["期限超過", "通知失敗", "mail で通知できませんでした"] {
        assert!(html.contains(told), "{told} in {html}");
    }
    let json: Value = serde_json::from_str(&place.toban(&["report", "--format", "json"]).out).expect("JSON");
    let all = json["deviations"].as_array().expect("a list").clone();
    let kinds: Vec<_> = all.iter().map(|d| (d["kind"].as_str(), d["step"].as_str())).collect();
    let expected = [("failed", Some("slow")), ("late", Some("slow")), ("late", None), ("not_told", None)];
    assert_eq!(kinds, expected.map(|(kind, step)| (Some(kind), step)), "{json}");
    assert!(all[1..].iter().all(|d| d["at"].is_string()), "each has its time: {json}");
    let junit = place.toban(&["report", "--format", "junit", "--lang", "en"]).out;
    let (case, whole) = junit.split_once("name=\"told\"").expect("a case of each step");
    assert!(case.contains(r#"failures="1""#) && case.contains("deadline passed: `slow`"), "{junit}");
    assert!(whole.contains("<system-out>") && whole.contains("notice not sent: could not tell"), "{junit}");
}
