//! Archives made and unpacked, and those that must not be.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use serde_json::json;
use tar::{Builder, EntryType, Header};

use super::tests_write::{done, fails};
use crate::action::trial::Trial;

#[tokio::test]
async fn an_archive_comes_back_as_it_was() {
    for ending in ["tar", "tar.gz", "tgz", "tar.zst"] {
        let trial = Trial::new();
        let a = trial.aged("site/media/写真.jpg", "jpeg", 4000);
        fs::set_permissions(&a, fs::Permissions::from_mode(0o640)).expect("a mode");
        trial.file("site/media/cache/x.tmp", "no");
        trial.file("site/db.sqlite3", "yes");
        trial.file("site/other", "not asked for");
        symlink("写真.jpg", trial.path("site/media/newest")).expect("a link");
        let to = format!("backup.{ending}");
        let step = format!(
            "archive: {{base: site, from: [media, db.sqlite3], to: {to}, exclude: [cache, '*.tmp']}}"
        );
        let made = done(&trial, &step).await;
        assert_eq!(made.gives["entries"], 4, "{ending}");
        assert_eq!(fs::metadata(trial.path(&to)).expect("facts").mode() & 0o777, 0o600);
        let again = done(&trial, &step).await;
        assert_eq!(made.gives["sha256"], again.gives["sha256"], "the same files give the same bytes");
        let out = done(&trial, &format!("extract: {{from: {to}, to: deep/back}}")).await;
        assert_eq!(out.gives["entries"], 4);
        assert_eq!(trial.names("deep/back/media"), ["newest", "写真.jpg"]);
        let (before, after) =
            (fs::metadata(&a).expect("a"), fs::metadata(trial.path("deep/back/media/写真.jpg")).expect("b"));
        assert_eq!((before.mode(), before.mtime()), (after.mode(), after.mtime()));
        let folder = |p: &str| fs::metadata(trial.path(p)).expect("facts").mtime();
        assert_eq!(folder("site/media"), folder("deep/back/media"));
        assert_eq!(trial.names("."), [to.as_str(), "deep", "site"]);
    }
}

#[tokio::test]
async fn an_archive_in_its_own_folder_leaves_itself_out() {
    let trial = Trial::new();
    trial.file("a", "1");
    for _ in 0..2 {
        assert_eq!(done(&trial, "archive: {base: ., from: ['.'], to: all.tar.gz}").await.gives["entries"], 1);
    }
}

#[tokio::test]
async fn an_archive_that_cannot_be_made_leaves_the_old_one() {
    let trial = Trial::new();
    trial.file("old.tar.gz", "old");
    trial.file("site/a", "1");
    assert!(fails(&trial, "archive: {base: site, from: [none], to: old.tar.gz}").await.contains("not there"));
    assert!(
        fails(&trial, "archive: {base: site, from: [../old.tar.gz], to: old.tar.gz}").await.contains("base")
    );
    assert!(fails(&trial, "archive: {base: site, from: [/etc], to: old.tar.gz}").await.contains("base"));
    assert!(fails(&trial, "archive: {base: site, from: [a], to: old.zip}").await.contains(".tar.gz"));
    assert_eq!(fs::read_to_string(trial.path("old.tar.gz")).expect("text"), "old");
    assert_eq!(trial.names("."), ["old.tar.gz", "site"]);
}

#[tokio::test]
async fn unpacking_over_a_folder_replaces_files_and_keeps_the_others() {
    let trial = Trial::new();
    trial.file("site/a", "new");
    done(&trial, "archive: {base: site, from: [a], to: a.tar}").await;
    trial.file("target/a", "old");
    trial.file("target/b", "stays");
    done(&trial, "extract: {from: a.tar, to: target}").await;
    assert_eq!(fs::read_to_string(trial.path("target/a")).expect("text"), "new");
    assert_eq!(trial.names("target"), ["a", "b"]);
    assert!(fails(&trial, "extract: {from: a.tar, to: site/a}").await.contains("no folder"));
}

#[tokio::test]
async fn a_broken_archive_unpacks_nothing() {
    let trial = Trial::new();
    trial.file("site/a", "data".repeat(50_000));
    done(&trial, "archive: {base: site, from: [a], to: a.tar.gz}").await;
    let whole = fs::read(trial.path("a.tar.gz")).expect("bytes");
    let mut flipped = whole.clone();
    let last = flipped.len() - 6;
    flipped[last] ^= 1;
    for (name, bytes) in [
        ("half", &whole[..whole.len() / 2]),
        ("crc", &flipped[..]),
        ("empty", b""),
        ("text", b"this is no archive, only a text of some length, is it not"),
    ] {
        trial.file(name, bytes);
        let said = fails(&trial, &format!("extract: {{from: {name}, to: out}}")).await;
        assert!(said.contains("not a whole tar archive"), "{name}: {said}");
        assert!(!trial.path("out").exists(), "{name}");
    }
}

/// Name, kind, and content or target.
type Crafted<'a> = (&'a str, EntryType, &'a str);

/// A tar archive whose headers are written as given, whatever they say.
fn crafted(path: &Path, entries: &[Crafted<'_>]) {
    let mut tar = Builder::new(fs::File::create(path).expect("a file"));
    for (name, kind, text) in entries {
        let mut header = Header::new_gnu();
        let bytes = header.as_mut_bytes();
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        let is_link = matches!(kind, EntryType::Symlink | EntryType::Link);
        if is_link {
            bytes[157..157 + text.len()].copy_from_slice(text.as_bytes());
        }
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1_700_000_000);
        header.set_size(if is_link { 0 } else { text.len() as u64 });
        header.set_cksum();
        tar.append(&header, if is_link { &b""[..] } else { text.as_bytes() }).expect("an entry");
    }
    tar.into_inner().and_then(|mut f| f.flush()).expect("an archive");
}

#[tokio::test]
async fn no_archive_reaches_outside_of_its_folder() {
    use EntryType::{Char, Fifo, Link, Regular, Symlink};
    let cases: [(&str, &[Crafted<'_>]); 11] = [
        ("up", &[("../evil", Regular, "x")]),
        ("deep up", &[("a/../../evil", Regular, "x")]),
        ("absolute", &[("/tmp/toban-evil", Regular, "x")]),
        ("link up", &[("l", Symlink, "../evil")]),
        ("link absolute", &[("l", Symlink, "/etc/passwd")]),
        ("link down and up", &[("a/l", Symlink, "b/../../../evil")]),
        ("through a link", &[("l", Symlink, "."), ("l/evil", Regular, "x")]),
        ("over a link", &[("l", Symlink, "a"), ("l", Regular, "x")]),
        ("hard link", &[("h", Link, "../outside")]),
        ("hard link absolute", &[("h", Link, "/etc/passwd")]),
        ("device", &[("d", Char, "")]),
    ];
    for (what, entries) in cases.into_iter().chain([("pipe", &[("p", Fifo, "")][..])]) {
        let trial = Trial::new();
        trial.file("outside", "safe");
        crafted(&trial.path("evil.tar"), entries);
        let said = fails(&trial, "extract: {from: evil.tar, to: out}").await;
        assert!(said.contains("is not unpacked because"), "{what}: {said}");
        assert_eq!(trial.names("."), ["evil.tar", "outside"], "{what}");
    }
    assert!(!Path::new("/tmp/toban-evil").exists());
}

#[tokio::test]
async fn a_link_that_was_there_before_is_no_way_out_either() {
    let trial = Trial::new();
    trial.file("outside/x", "safe");
    fs::create_dir(trial.path("out")).expect("a folder");
    symlink("../outside", trial.path("out/door")).expect("a link");
    crafted(&trial.path("a.tar"), &[("door/x", EntryType::Regular, "evil")]);
    fails(&trial, "extract: {from: a.tar, to: out}").await;
    assert_eq!(fs::read_to_string(trial.path("outside/x")).expect("text"), "safe");
}

#[tokio::test]
async fn links_that_stay_inside_are_unpacked() {
    let trial = Trial::new();
    crafted(
        &trial.path("a.tar"),
        &[
            ("d/f", EntryType::Regular, "x"),
            ("d/l", EntryType::Symlink, "../d/f"),
            ("h", EntryType::Link, "d/f"),
        ],
    );
    assert_eq!(done(&trial, "extract: {from: a.tar, to: out}").await.gives["entries"], json!(3));
    assert_eq!(fs::read_to_string(trial.path("out/d/l")).expect("text"), "x");
    assert_eq!(fs::read_to_string(trial.path("out/h")).expect("text"), "x");
}
