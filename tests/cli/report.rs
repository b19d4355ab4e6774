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
