//! `toban export` and `toban verify FILE`: a run that is handed over, and archives that somebody has been at.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use tar::{Builder, EntryType, Header};

use crate::place::{Place, until};

/// Two of these and a number make a name that is too long for a plain header.
const LONG: &str = "a_step_with_a_name_that_is_as_long_as_a_name_of_a_step_can_be_6";

/// A finished run, exported.
fn exported() -> Place {
    let place = Place::new();
    let steps = format!(
        "  - {{ id: a, shell: 'echo one; echo x > \"$DIR/left\"', env: {{ DIR: '{{{{ run.scratch_dir }}}}' }} }}
  - id: {LONG}
    for_each: [1]
    steps:
      - {{ id: {LONG}7, shell: echo deep }}
"
    );
    assert_eq!(place.run(&steps, &[]).code, 0);
    let said = place.toban(&["export", "last", "-o", "run.tar.zst"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("prove it with: toban verify"), "{said:?}");
    place
}

/// The entries of the export: names and contents.
fn entries(place: &Place) -> Vec<(String, Vec<u8>)> {
    let file = fs::File::open(place.at("run.tar.zst")).expect("an export");
    let mut archive = tar::Archive::new(zstd::stream::read::Decoder::new(file).expect("zstd"));
    let read = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.expect("an entry");
        let name = entry.path().expect("a name").display().to_string();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).expect("read");
        (name, bytes)
    };
    archive.entries().expect("entries").map(read).collect()
}

/// Writes an archive of these.
fn pack(place: &Place, entries: &[(String, Vec<u8>)], more: impl FnOnce(&mut Builder<Vec<u8>>)) {
    let mut tar = Builder::new(Vec::new());
    for (name, bytes) in entries {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        tar.append_data(&mut header, name, bytes.as_slice()).expect("packed");
    }
    more(&mut tar);
    let bytes = tar.into_inner().expect("packed");
    fs::write(place.at("other.tar.zst"), zstd::encode_all(bytes.as_slice(), 3).expect("packed"))
        .expect("written");
}

#[track_caller]
fn says(place: &Place, code: i32, what: &str) {
    let said = place.toban(&["verify", "other.tar.zst"]);
    assert_eq!(said.code, code, "{said:?}");
    assert!(format!("{}{}", said.out, said.err).contains(what), "{what}: {said:?}");
}

#[test]
fn an_export_is_proven_without_the_state_folder() {
    let place = exported();
    let mode = fs::metadata(place.at("run.tar.zst")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let names: Vec<String> = entries(&place).into_iter().map(|(name, _)| name).collect();
    let inner: Vec<&str> = names.iter().filter_map(|n| n.split_once('/').map(|(_, n)| n)).collect();
    assert_eq!(inner[..4], ["plan.json", "journal.jsonl", "head", "logs/a.1.log"]);
    assert_eq!((inner.len(), inner[inner.len() - 1]), (6, "manifest.json"), "{inner:?}");

    let again = place.toban(&["export", "-o", "run.tar.zst"]);
    assert!(again.code == 2 && again.err.contains("is there already"), "{again:?}");
    let before = fs::read(place.at("run.tar.zst")).expect("read");
    assert_eq!(place.toban(&["export", "-o", "run.tar.zst", "--force"]).code, 0);
    assert_eq!(fs::read(place.at("run.tar.zst")).expect("read"), before, "the same run is the same file");
    assert!(
        fs::read_dir(place.path())
            .expect("listed")
            .flatten()
            .all(|e| !e.file_name().to_string_lossy().ends_with(".tmp"))
    );

    fs::remove_dir_all(place.at("state")).expect("removed");
    let said = place.toban(&["verify", "run.tar.zst"]);
    assert!(
        said.code == 0 && said.out.contains("; 2 logs (") && said.out.contains("as the journal was closed"),
        "{said:?}"
    );
    assert_eq!(place.toban(&["verify", "run.tar.zst", "--head", "0"]).code, 1);

    // Unpacked by hand, it is proven as a folder.
    let status = place.around("tar").args(["--zstd", "-xf", "run.tar.zst"]).status().expect("tar runs");
    assert!(status.success());
    let folder = names[0].split_once('/').expect("a folder").0;
    let said = place.toban(&["verify", folder]);
    assert!(said.code == 0 && said.out.contains("as the journal was closed"), "{said:?}");
}

#[test]
fn every_change_in_an_export_is_found() {
    let place = exported();
    let whole = entries(&place);
    pack(&place, &whole, |_| ());
    says(&place, 0, "whole");
    for at in 0..whole.len() {
        let mut dropped = whole.clone();
        let (name, _) = dropped.remove(at);
        pack(&place, &dropped, |_| ());
        let is_needed = name.ends_with(".json") || name.ends_with(".jsonl");
        says(&place, if is_needed { 5 } else { 1 }, name.rsplit('/').next().expect("a name"));
        let mut changed = whole.clone();
        let last = changed[at].1.len() - 3;
        changed[at].1[last] ^= 1;
        pack(&place, &changed, |_| ());
        let said = place.toban(&["verify", "other.tar.zst"]);
        assert!(said.code == 1 || said.code == 5, "{name}: {said:?}");
    }
    let mut added = whole.clone();
    let folder = whole[0].0.split_once('/').expect("a folder").0.to_string();
    added.push((format!("{folder}/note.txt"), b"x".to_vec()));
    pack(&place, &added, |_| ());
    says(&place, 1, "note.txt: it was not packed but put in");
}

#[test]
fn damaged_and_hostile_archives_are_refused() {
    let place = exported();
    let bytes = fs::read(place.at("run.tar.zst")).expect("read");
    for cut in [0, 3, 10, bytes.len() / 2, bytes.len() - 1] {
        fs::write(place.at("other.tar.zst"), &bytes[..cut]).expect("written");
        says(&place, 5, "is no export of a run, or is damaged");
    }
    let unpacked = zstd::stream::decode_all(&bytes[..]).expect("whole");
    // Before that stands the frame header of zstd, which has bits without a meaning.
    for at in (18..bytes.len()).step_by(97) {
        let mut bad = bytes.clone();
        bad[at] ^= 0x10;
        fs::write(place.at("other.tar.zst"), &bad).expect("written");
        let said = place.toban(&["verify", "other.tar.zst"]);
        // A block of zstd may have bits without a meaning, too: then what is unpacked is the same to the byte.
        let same = || zstd::stream::decode_all(&bad[..]).is_ok_and(|bad| bad == unpacked);
        assert!(said.code == 5 || said.code == 1 || (said.code == 0 && same()), "{at}: {said:?}");
    }
    fs::write(place.at("other.tar.zst"), "title: x\n").expect("written");
    says(&place, 5, "is no export of a run");

    let whole = entries(&place);
    let folder = whole[0].0.split_once('/').expect("a folder").0.to_string();
    let with = |name: &str, kind: EntryType, what: &str| {
        pack(&place, &whole, |tar| {
            let mut header = Header::new_gnu();
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(kind);
            header.set_size(0);
            header.set_cksum();
            tar.append(&header, std::io::empty()).expect("packed");
        });
        says(&place, 5, what);
    };
    with("../../etc/passwd", EntryType::Regular, "does not belong into it");
    with("/etc/passwd", EntryType::Regular, "does not belong into it");
    with(&format!("{folder}/logs/../../x"), EntryType::Regular, "does not belong into it");
    with(&format!("{folder}/logs/x.1.log"), EntryType::Symlink, "is neither a file nor a folder");
    with(&format!("{folder}/x"), EntryType::Link, "is neither a file nor a folder");
    with(&format!("{folder}/plan.json"), EntryType::Regular, "is in it twice");

    // 600 MiB of zeros that call themselves a journal, in a few kilobytes.
    let mut tar = Builder::new(zstd::stream::write::Encoder::new(Vec::new(), 3).expect("zstd"));
    let mut header = Header::new_gnu();
    header.set_size(600 << 20);
    let zeros = std::io::Read::take(std::io::repeat(0), 600 << 20);
    tar.append_data(&mut header, format!("{folder}/journal.jsonl"), zeros).expect("packed");
    let bomb = tar.into_inner().and_then(|e| e.finish()).expect("packed");
    fs::File::create(place.at("other.tar.zst")).and_then(|mut f| f.write_all(&bomb)).expect("written");
    says(&place, 5, "`journal.jsonl` is too large");
}

#[test]
fn a_run_that_goes_on_is_not_exported_and_one_that_is_not_whole_is_exported_as_it_is() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: x\nsteps:\n  - { id: b, shell: 'touch begun; until test -e go; do sleep 0.05; done' }\n",
    );
    let mut command = place.command();
    let mut engine = command
        .args(["run", "play.yaml", "--progress", "quiet"])
        .stdout(Stdio::null())
        .spawn()
        .expect("started");
    until("the step", || place.at("begun").exists());
    let said = place.toban(&["export", "-o", "other.tar.zst"]);
    assert!(said.code == 3 && said.err.contains("is still running"), "{said:?}");
    place.file("go", "");
    assert!(engine.wait().expect("ended").success());
    let folder = place.last_run();
    fs::write(folder.logs().join("b.1.log"), "made up\n").expect("written");
    let said = place.toban(&["export", "-o", "other.tar.zst"]);
    assert!(said.code == 1 && said.err.contains("logs/b.1.log: it was altered"), "{said:?}");
    says(&place, 1, "logs/b.1.log: it was altered");
    let missing = place.toban(&["export", "-o", "nowhere/x.tar.zst"]);
    assert!(missing.code == 2 && missing.err.contains("cannot write"), "{missing:?}");
}
