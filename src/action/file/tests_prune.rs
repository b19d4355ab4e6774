//! What goes and what stays: the pure choice under random files, and real folders.

use std::convert::Infallible;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration as Std, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::json;

use super::listing::{Found, newest_first};
use super::prune::choose;
use super::tests_write::{act, done, fails};
use crate::action::trial::Trial;
use crate::base::Duration;
use crate::event::Failure;
use crate::process::StopReason;

const DAY: u64 = 86_400;

fn gz(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("packed");
    encoder.finish().expect("packed")
}

proptest! {
    #[test]
    fn the_newest_proven_stay_whatever_their_age_and_nothing_young_goes(
        facts in prop::collection::vec((0u64..100, any::<bool>()), 0..20), keep in 0usize..6, days in 0u64..100,
    ) {
        let start = SystemTime::UNIX_EPOCH + Std::from_secs(1000 * DAY);
        let mut files: Vec<Found> = facts.iter().enumerate().map(|(i, (age, good))| Found {
            path: PathBuf::from(format!("{i}.{good}")), size: 1, modified: start - Std::from_secs(age * DAY), age: Std::from_secs(age * DAY),
        }).collect();
        newest_first(&mut files);
        let good = |f: &Found| f.path.to_string_lossy().ends_with("true");
        let Ok(choice) = choose::<Infallible>(&files, Duration::from_secs(days * DAY), keep, |f| Ok(good(f)));
        let proven: Vec<usize> = (0..files.len()).filter(|i| good(&files[*i])).collect();
        let stays: Vec<usize> = proven.iter().copied().take(keep).collect();
        prop_assert_eq!(choice.proven, stays.len());
        for (i, file) in files.iter().enumerate() {
            let expected = file.age.as_secs() > days * DAY && !stays.contains(&i);
            prop_assert_eq!(choice.goes[i], expected);
        }
    }
}

#[test]
fn parts_of_a_second_count() {
    let age = Std::from_millis(1500);
    let found = Found { path: "a".into(), size: 1, modified: SystemTime::UNIX_EPOCH, age };
    for (older_than, goes) in [(0, true), (1000, true), (1499, true), (1500, false), (2000, false)] {
        let older_than = Duration::from_millis(older_than);
        let Ok(choice) = choose::<Infallible>(std::slice::from_ref(&found), older_than, 0, |_| Ok(true));
        assert_eq!(choice.goes, [goes], "{older_than}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn in_a_real_folder_the_proven_minimum_survives(
        facts in prop::collection::vec((0u64..20, any::<bool>()), 1..8), keep in 1usize..4,
    ) {
        let trial = Trial::new();
        for (i, (age, good)) in facts.iter().enumerate() {
            let bytes = if *good { gz("dump") } else { gz("dump")[..10].to_vec() };
            trial.aged(&format!("d{i}.gz"), bytes, age * DAY + 60);
        }
        let step = format!("prune: {{glob: '*.gz', older_than: 5d, keep_at_least: {keep}, verified_by: [{{gzip: true}}]}}");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let ended = runtime.block_on(act(&trial, &step));
        let left = trial.names(".");
        let is_left = |i: usize| left.contains(&format!("d{i}.gz"));
        let good = facts.iter().filter(|f| f.1).count();
        let good_left = facts.iter().enumerate().filter(|(i, f)| f.1 && is_left(*i)).count();
        prop_assert!(good_left >= good.min(keep));
        prop_assert_eq!(ended.is_err(), good == 0);
        for (i, (age, _)) in facts.iter().enumerate() {
            prop_assert!(is_left(i) || *age >= 5);
        }
    }
}

#[tokio::test]
async fn old_dumps_and_their_companions_go_and_three_proven_ones_stay() {
    let trial = Trial::new();
    for (name, age, whole) in [
        ("d1.gz", 1, true),
        ("d2.gz", 2, false),
        ("d3.gz", 9, true),
        ("d4.gz", 10, false),
        ("d5.gz", 11, true),
        ("d6.gz", 12, true),
    ] {
        let bytes = gz("a dump of some length");
        trial.aged(name, if whole { &bytes[..] } else { &bytes[..bytes.len() - 4] }, age * DAY);
        trial.file(&format!("{name}.manifest.json"), "{}");
    }
    trial.aged("other.txt", "", 99 * DAY);
    let report = done(
        &trial,
        "prune: {glob: 'd*', older_than: 7d, keep_at_least: 3, verified_by: [{gzip: true}], with: ['.manifest.json']}",
    )
    .await;
    let expected = [
        "d1.gz",
        "d1.gz.manifest.json",
        "d2.gz",
        "d2.gz.manifest.json",
        "d3.gz",
        "d3.gz.manifest.json",
        "d5.gz",
        "d5.gz.manifest.json",
        "other.txt",
    ];
    assert_eq!(trial.names("."), expected);
    assert_eq!(report.gives["removed"], json!([trial.path("d4.gz"), trial.path("d6.gz")]));
    assert_eq!(report.gives["kept"].as_array().map(Vec::len), Some(4));
    assert_eq!(report.gives["files"][0]["path"], json!(trial.path("d1.gz")));
    assert!(
        done(&trial, "prune: {glob: 'd*.gz', older_than: 30d, verified_by: [{gzip: true}]}").await.unchanged
    );
}

#[tokio::test]
async fn with_nothing_proven_nothing_goes() {
    let trial = Trial::new();
    trial.aged("a.gz", "broken", 90 * DAY);
    let step = "prune: {glob: '*.gz', older_than: 1d, verified_by: [{gzip: true}]}";
    let said = fails(&trial, step).await;
    assert!(said.contains("nothing was removed") && said.contains("gzip: 1"), "{said}");
    trial.aged("b.gz", gz("x"), 91 * DAY);
    let report =
        done(&trial, "prune: {glob: '*.gz', older_than: 1d, keep_at_least: 2, verified_by: [{gzip: true}]}")
            .await;
    assert_eq!((trial.names("."), report.warnings.len()), (vec!["b.gz".to_string()], 1));
}

#[tokio::test]
async fn a_verifier_that_cannot_run_proves_nothing_either_way() {
    let trial = Trial::new();
    trial.aged("a.gz", gz("x"), 90 * DAY);
    let said =
        fails(&trial, "prune: {glob: '*.gz', older_than: 1d, verified_by: [{shell: no-such-program $FILE}]}")
            .await;
    assert!(said.contains("127"), "{said}");
    assert_eq!(trial.names("."), ["a.gz"]);
}

#[tokio::test]
async fn a_glob_beyond_one_folder_or_over_folders_is_refused() {
    let trial = Trial::new();
    trial.aged("sub/a", "x", 90 * DAY);
    for (glob, word) in [
        ("*/a", "one folder"),
        ("**/a", "one folder"),
        ("sub/", "one folder"),
        ("*", "matches the folder"),
        ("none/*", "not there"),
        ("a[", "glob"),
    ] {
        let said = fails(&trial, &format!("prune: {{glob: '{glob}', older_than: 1d}}")).await;
        assert!(said.contains(word), "{glob}: {said}");
    }
    assert!(
        fails(&trial, "prune: {glob: 'sub/*', older_than: 1d, with: ['/../../x']}")
            .await
            .contains("companion")
    );
    std::os::unix::fs::symlink("a", trial.path("sub/link")).expect("a link");
    done(&trial, "prune: {glob: 'sub/*', older_than: 1d, keep_at_least: 0}").await;
    assert_eq!(trial.names("sub"), ["link"]);
}

#[tokio::test]
async fn the_latest_is_the_newest_that_passes_and_its_lack_says_who_failed() {
    let trial = Trial::new();
    let whole = gz("SELECT 1;\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n");
    let dump = trial.aged("old.sql.gz", &whole, 3 * DAY);
    trial.aged("new.sql.gz", &whole[..whole.len() - 1], DAY);
    trial.aged("newer.sql.gz", gz("SELECT 1;"), 60);
    let step = "latest: {glob: '*.sql.gz', verified_by: [{gzip: true}, {ends_with: PostgreSQL database dump complete}]}";
    let report = done(&trial, step).await;
    assert_eq!(report.gives["file"], json!(dump));
    assert!(report.gives["age"].as_u64().is_some_and(|a| (3 * DAY..3 * DAY + 60).contains(&a)));
    assert_eq!(report.gives["sha256"].as_str().map(str::len), Some(64));
    std::fs::remove_file(dump).expect("removed");
    let said = fails(&trial, step).await;
    assert!(said.contains("2 files") && said.contains("ends_with: 1") && said.contains("gzip: 1"), "{said}");
    assert!(fails(&trial, "latest: {glob: '*.none'}").await.contains("no file matches"));
}

#[tokio::test]
async fn each_verifier_passes_what_is_whole_and_nothing_else() {
    let trial = Trial::new();
    trial.file("site/a", "data".repeat(20_000));
    done(&trial, "archive: {base: site, from: [a], to: whole.tar}").await;
    done(&trial, "archive: {base: site, from: [a], to: whole.tar.zst}").await;
    let tar = std::fs::read(trial.path("whole.tar")).expect("bytes");
    let zst = std::fs::read(trial.path("whole.tar.zst")).expect("bytes");
    trial.file("cut.tar", &tar[..tar.len() - 1024]);
    trial.file("cut.zst", &zst[..zst.len() - 5]);
    trial.file("empty", "");
    trial.file("good.json", "{\"a\": [1, 2]}");
    trial.file("bad.json", "{\"a\": [1, 2}");
    let cases = [
        ("tar: true", "whole.tar", true),
        ("tar: true", "whole.tar.zst", true),
        ("tar: true", "cut.tar", false),
        ("tar: true", "cut.zst", false),
        ("zstd: true", "whole.tar.zst", true),
        ("zstd: true", "cut.zst", false),
        ("zstd: true", "empty", false),
        ("gzip: true", "empty", false),
        ("json: true", "good.json", true),
        ("json: true", "bad.json", false),
        ("ends_with: '2]}'", "good.json", true),
        ("ends_with: '[1'", "good.json", false),
        ("shell: 'grep -q a \"$FILE\"'", "good.json", true),
        ("shell: 'grep -q zzz \"$FILE\"'", "good.json", false),
    ];
    for (verifier, file, passes) in cases {
        let report = done(&trial, &format!("list: {{glob: '{file}', verified_by: [{{{verifier}}}]}}")).await;
        let found = report.gives["files"].as_array().map(Vec::len);
        assert_eq!(found, Some(usize::from(passes)), "{verifier} {file}");
    }
}

#[tokio::test]
async fn a_manifest_proves_size_and_sum() {
    let trial = Trial::new();
    trial.file("a", "data");
    let sum = done(&trial, "checksum: {path: a}").await.gives["sha256"].clone();
    let step = "list: {glob: a, verified_by: [{manifest: .manifest.json}]}";
    for (manifest, passes) in [
        (json!({"sha256": sum, "size": 4}), true),
        (json!({"sha256": sum, "size": 5}), false),
        (json!({"sha256": "00", "size": 4}), false),
        (json!({}), false),
    ] {
        trial.file("a.manifest.json", manifest.to_string());
        let found = done(&trial, step).await.gives["files"].as_array().map(Vec::len);
        assert_eq!(found, Some(usize::from(passes)), "{manifest}");
    }
}

#[tokio::test]
async fn a_list_is_newest_first_and_leaves_hidden_files_out() {
    let mut trial = Trial::new();
    trial.dir = tempfile::Builder::new().prefix("with[glob]*").tempdir().expect("a folder");
    for (name, age) in [("a.log", 30), ("b.log", 10), ("c.log", 20), (".hidden.log", 1)] {
        trial.aged(name, "x", age);
    }
    let files = done(&trial, "list: {glob: '*.log'}").await.gives["files"].clone();
    let paths: Vec<_> = files.as_array().expect("a list").iter().map(|f| f["path"].clone()).collect();
    assert_eq!(paths, [json!(trial.path("b.log")), json!(trial.path("c.log")), json!(trial.path("a.log"))]);
}

#[tokio::test]
async fn a_stop_ends_a_verifier_with_its_children_and_removes_nothing() {
    let trial = Trial::new();
    trial.aged("a.gz", gz("x"), 90 * DAY);
    trial.aged("b.gz", gz("x"), 91 * DAY);
    let stopper = trial.stopper.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Std::from_millis(200)).await;
        stopper.stop(StopReason::Cancelled);
    });
    let step = "prune: {glob: '*.gz', older_than: 1d, verified_by: [{shell: 'trap \"\" TERM; sleep 60 & echo $! > pid; wait; wait'}]}";
    let begun = std::time::Instant::now();
    assert_eq!(act(&trial, step).await, Err(Failure::Cancelled));
    assert!(begun.elapsed() < Std::from_secs(8), "{:?}", begun.elapsed());
    let pid = std::fs::read_to_string(trial.path("pid")).expect("a pid");
    let gone =
        |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |s| s.contains(") Z "));
    assert!(gone(pid.trim()), "the grandchild still lives");
    assert_eq!(trial.names("."), ["a.gz", "b.gz", "pid"]);
}
