//! Writing, copying, reading and removing in real folders.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::time::{Duration, Instant};

use serde_json::json;

use super::perform;
use crate::action::trial::{Trial, yaml};
use crate::action::{Performed, Report};
use crate::event::Failure;
use crate::model::{FileAction, Rendered};
use crate::process::StopReason;

pub async fn act(trial: &Trial, step: &str) -> Performed {
    perform(&yaml::<FileAction<Rendered>>(step), &trial.context()).await
}

pub async fn done(trial: &Trial, step: &str) -> Report {
    act(trial, step).await.expect("done")
}

pub async fn fails(trial: &Trial, step: &str) -> String {
    act(trial, step).await.expect_err("a failure").to_string()
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o7777
}

#[tokio::test]
async fn a_file_is_written_once_and_left_alone_the_second_time() {
    let trial = Trial::new();
    let step = "write: {path: a.txt, content: 日本, mode: '0640'}";
    let first = done(&trial, step).await;
    assert_eq!(
        (first.unchanged, &first.gives["changed"], &first.gives["size"]),
        (false, &json!(true), &json!(6))
    );
    assert_eq!(first.gives["sha256"], "cf2abf0c5be326cb922a70f8163f91079c4d9aa8655c60ead89ad545c9de2e92");
    assert_eq!(fs::read_to_string(trial.path("a.txt")).expect("text"), "日本");
    assert_eq!(mode(&trial.path("a.txt")), 0o640);
    let inode = fs::metadata(trial.path("a.txt")).expect("facts").ino();
    let second = done(&trial, step).await;
    assert!(second.unchanged);
    assert_eq!(second.gives["sha256"], first.gives["sha256"]);
    assert_eq!(fs::metadata(trial.path("a.txt")).expect("facts").ino(), inode);
    assert!(!done(&trial, "write: {path: a.txt, content: 日本, mode: '0600'}").await.unchanged);
    assert_eq!(mode(&trial.path("a.txt")), 0o600);
    assert_eq!(trial.names("."), ["a.txt"]);
}

#[tokio::test]
async fn a_rewritten_file_keeps_its_mode_and_a_link_to_it_stays_a_link() {
    let trial = Trial::new();
    let path = trial.file("real.txt", "old");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).expect("a mode");
    symlink("real.txt", trial.path("link.txt")).expect("a link");
    done(&trial, "write: {path: link.txt, content: new}").await;
    assert_eq!((fs::read_to_string(&path).expect("text").as_str(), mode(&path)), ("new", 0o604));
    assert!(fs::symlink_metadata(trial.path("link.txt")).expect("facts").is_symlink());
}

#[tokio::test]
async fn what_cannot_be_written_says_why_and_leaves_nothing() {
    let trial = Trial::new();
    trial.file("folder/x", "");
    assert!(fails(&trial, "write: {path: nowhere/a, content: x}").await.contains("the folder"));
    assert!(fails(&trial, "write: {path: folder, content: x}").await.contains("is a folder"));
    assert!(fails(&trial, "write: {path: /dev/null, content: x}").await.contains("not a regular file"));
    assert!(fails(&trial, "write: {path: a, content: x, mode: rw-r--r--}").await.contains("octal"));
    assert!(fails(&trial, "append: {path: /dev/full, content: x}").await.contains("no space left"));
    assert_eq!(trial.names("."), ["folder"]);
}

#[tokio::test]
async fn a_full_disk_leaves_the_old_file_and_no_part_of_the_new_one() {
    let trial = Trial::new();
    // A file system of one's own needs root; the device that is always full stands in for it elsewhere.
    // SAFETY: geteuid only reads the process's own credentials.
    if unsafe { libc::geteuid() } != 0 {
        assert!(fails(&trial, "append: {path: /dev/full, content: x}").await.contains("no space left"));
        return;
    }
    let disk = trial.path("disk");
    fs::create_dir(&disk).expect("a folder");
    let mount = |args: &[&str]| std::process::Command::new(args[0]).args(&args[1..]).arg(&disk).status();
    assert!(mount(&["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs"]).expect("mount").success());
    trial.file("disk/a", "old");
    trial.file("big", "x".repeat(200_000));
    let written = act(&trial, &format!("write: {{path: disk/a, content: {}}}", "y".repeat(200_000))).await;
    let copied = act(&trial, "copy: {from: big, to: disk/b}").await;
    let appended = act(&trial, &format!("append: {{path: disk/a, content: {}}}", "y".repeat(200_000))).await;
    let removed = act(&trial, "remove: {path: disk, recursive: true}").await;
    let left = (trial.names("disk"), fs::read_to_string(disk.join("a")).expect("text"));
    assert!(mount(&["umount"]).expect("umount").success());
    for ended in [written, copied, appended] {
        assert!(ended.expect_err("full").to_string().contains("no space left"));
    }
    assert!(removed.expect_err("mounted").to_string().contains("mounted"));
    assert_eq!(left, (vec!["a".to_string()], "old".to_string()));
}

#[tokio::test]
async fn text_is_appended_as_it_is() {
    let trial = Trial::new();
    done(&trial, "append: {path: log, content: \"一\\n\", mode: '0600'}").await;
    let report = done(&trial, "append: {path: log, content: 二}").await;
    assert_eq!(fs::read_to_string(trial.path("log")).expect("text"), "一\n二");
    assert_eq!((&report.gives["size"], report.unchanged), (&json!(7), false));
}

#[tokio::test]
async fn a_copy_has_the_bytes_the_mode_and_the_time() {
    let trial = Trial::new();
    let from = trial.aged("a", "data", 5000);
    fs::set_permissions(&from, fs::Permissions::from_mode(0o751)).expect("a mode");
    assert!(!done(&trial, "copy: {from: a, to: b}").await.unchanged);
    let (a, b) = (fs::metadata(&from).expect("a"), fs::metadata(trial.path("b")).expect("b"));
    assert_eq!((a.mode(), a.mtime()), (b.mode(), b.mtime()));
    assert!(done(&trial, "copy: {from: a, to: b}").await.unchanged);
    trial.file("folder/x", "");
    assert!(fails(&trial, "copy: {from: a, to: folder}").await.contains("name the new file"));
    assert!(fails(&trial, "copy: {from: none, to: b}").await.contains("not there"));
}

#[tokio::test]
async fn a_folder_is_copied_with_links_and_only_differences_the_second_time() {
    let trial = Trial::new();
    trial.aged("tree/deep/a", "1", 900);
    trial.file("tree/b", "2");
    symlink("deep/a", trial.path("tree/link")).expect("a link");
    let report = done(&trial, "copy: {from: tree, to: twin}").await;
    assert_eq!((&report.gives["entries"], &report.gives["size"]), (&json!(3), &json!(2)));
    assert_eq!(fs::read_link(trial.path("twin/link")).expect("a link").to_str(), Some("deep/a"));
    let time = |p: &str| fs::metadata(trial.path(p)).expect("facts").mtime();
    assert_eq!((time("tree/deep/a"), time("tree/deep")), (time("twin/deep/a"), time("twin/deep")));
    assert!(done(&trial, "copy: {from: tree, to: twin}").await.unchanged);
    trial.file("tree/b", "3");
    assert!(!done(&trial, "copy: {from: tree, to: twin}").await.unchanged);
    assert_eq!(fs::read_to_string(trial.path("twin/b")).expect("text"), "3");
    assert!(fails(&trial, "copy: {from: tree, to: tree/inner}").await.contains("itself"));
    assert_eq!(trial.names("."), ["tree", "twin"]);
}

#[tokio::test]
async fn readings_give_text_json_lines_sums_and_facts() {
    let trial = Trial::new();
    trial.aged("a.json", "{\"n\": 1}\n", 120);
    let read = done(&trial, "read: {path: a.json}").await.gives;
    assert_eq!(
        (&read["json"], &read["lines"], &read["size"]),
        (&json!({"n": 1}), &json!(["{\"n\": 1}"]), &json!(9))
    );
    let stat = done(&trial, "stat: {path: a.json}").await.gives;
    assert_eq!((&stat["exists"], &stat["kind"], &stat["size"]), (&json!(true), &json!("file"), &json!(9)));
    assert!(stat["age"].as_u64().is_some_and(|age| (120..130).contains(&age)));
    assert_eq!(done(&trial, "stat: {path: none}").await.gives["exists"], json!(false));
    trial.file("empty", "");
    let sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let checked = done(&trial, &format!("checksum: {{path: empty, expected: {}}}", sum.to_uppercase())).await;
    assert_eq!((&checked.gives["sha256"], checked.failure), (&json!(sum), None));
    let wrong = done(&trial, "checksum: {path: empty, expected: abc}").await;
    assert!(matches!(wrong.failure, Some(Failure::Rejected { .. })) && wrong.gives["sha256"] == sum);
}

#[tokio::test]
async fn a_long_text_is_cut_between_characters() {
    let mut trial = Trial::new();
    trial.max_output = 10;
    trial.file("a", "あいうえお");
    let report = done(&trial, "read: {path: a}").await;
    assert_eq!((&report.gives["text"], &report.gives["size"]), (&json!("あいう"), &json!(15)));
    assert_eq!(report.warnings.len(), 1);
}

#[tokio::test]
async fn a_pipe_or_a_folder_is_refused_and_never_waited_for() {
    let trial = Trial::new();
    let pipe = trial.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    for step in ["read: {path: pipe}", "checksum: {path: pipe}", "copy: {from: pipe, to: x}"] {
        assert!(fails(&trial, step).await.contains("not a regular file"), "{step}");
    }
    assert!(act(&trial, "append: {path: pipe, content: x}").await.is_err());
    assert!(fails(&trial, "read: {path: .}").await.contains("folder"));
}

#[tokio::test]
async fn removal_is_guarded_and_what_is_gone_is_unchanged() {
    let trial = Trial::new();
    trial.file("tree/deep/a", "1");
    trial.file("outside", "stays");
    symlink("../outside", trial.path("tree/link")).expect("a link");
    assert!(done(&trial, "remove: {path: none}").await.unchanged);
    assert!(fails(&trial, "remove: {path: tree}").await.contains("recursive: true"));
    assert!(!done(&trial, "remove: {path: tree/link}").await.unchanged);
    done(&trial, "remove: {path: tree, recursive: true}").await;
    assert_eq!(trial.names("."), ["outside"]);
    for precious in ["/", "/usr", "/var/", ".", "..", "/tmp/../etc"] {
        let said = fails(&trial, &format!("remove: {{path: {precious}, recursive: true}}")).await;
        assert!(said.contains("never removed"), "{precious}: {said}");
    }
    if let Ok(home) = std::env::var("HOME") {
        assert!(
            fails(&trial, &format!("remove: {{path: '{home}', recursive: true}}")).await.contains("never")
        );
    }
}

#[tokio::test]
async fn a_stop_ends_long_work_soon_and_leaves_no_part() {
    let trial = Trial::new();
    let big = fs::File::create(trial.path("big")).expect("a file");
    big.set_len(20 << 30).expect("a sparse file of 20 GiB");
    let stopper = trial.stopper.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(150)).await;
        stopper.stop(StopReason::TimedOut);
    });
    let begun = Instant::now();
    let ended = act(&trial, "archive: {base: ., from: [big], to: big.tar.gz}").await;
    assert_eq!(ended, Err(Failure::TimedOut { after_ms: 9000 }));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(trial.names("."), ["big"]);
}
