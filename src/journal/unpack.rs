//! Reads an export as evidence, without unpacking anything onto the disk. Whatever is not as [`super::export`] writes it
//! is refused: other kinds of entries, other names, more than memory should hold.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use tar::{Archive, EntryType};

use super::evidence::{Evidence, digest};
use super::export::{Manifest, Packed};
use super::head::Head;
use super::verify::Fault;
use super::{JournalError, log};
use crate::base::RunId;
use crate::event::LogSeal;

/// What is read into memory may be so large.
const LARGEST: u64 = 512 << 20;
/// So many entries.
const MOST: usize = 1_000_000;
/// So long a name.
const LONGEST: u64 = 4096;

impl Evidence {
    /// Everything in an export.
    ///
    /// # Errors
    /// When the file cannot be read, is cut off, or is no export.
    pub fn of_export(path: &Path) -> Result<Evidence, JournalError> {
        let file = File::open(path).map_err(JournalError::unreadable(path))?;
        let refused = |reason: String| JournalError::NoExport { path: path.to_path_buf(), reason };
        let mut found = Found::default();
        found.read(file).map_err(|e| refused(e.to_string()))?;
        found.evidence(path).map_err(refused)
    }
}

/// What has been read of an export.
#[derive(Default)]
struct Found {
    run: Option<RunId>,
    /// The files that are read whole.
    whole: BTreeMap<String, Vec<u8>>,
    /// Every file.
    seals: BTreeMap<String, LogSeal>,
}

impl Found {
    fn read(&mut self, file: File) -> io::Result<()> {
        let mut unpacked = zstd::stream::read::Decoder::new(file)?;
        let mut archive = Archive::new(&mut unpacked);
        let mut long_name = None;
        for (count, entry) in archive.entries()?.raw(true).enumerate() {
            let mut entry = entry?;
            let kind = entry.header().entry_type();
            if count > MOST {
                return Err(bad(crate::t!("it has too many entries", "項目が多すぎます")));
            }
            if kind == EntryType::GNULongName && entry.size() <= LONGEST {
                let mut name = Vec::new();
                entry.read_to_end(&mut name)?;
                long_name = Some(name);
                continue;
            }
            let name = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
            let name = String::from_utf8_lossy(&name).trim_end_matches('\0').to_string();
            let name = self.inside(&name)?;
            match kind {
                EntryType::Directory => {}
                EntryType::Regular => self.file(name, entry)?,
                _ => {
                    return Err(bad(crate::t!(
                        "`{name}` is neither a file nor a folder",
                        "`{name}` はファイルでもフォルダでもありません"
                    )));
                }
            }
        }
        // The checksum stands at the very end; nothing but zeros may come before it.
        let mut rest = [0; 4096];
        loop {
            match unpacked.read(&mut rest)? {
                0 => return Ok(()),
                read if rest[..read].iter().all(|b| *b == 0) => {}
                _ => {
                    return Err(bad(crate::t!(
                        "something stands behind its end",
                        "終わりの後に余分なデータがあります"
                    )));
                }
            }
        }
    }

    /// The name in the run's folder; the folder is the same for all.
    fn inside(&mut self, path: &str) -> io::Result<String> {
        let strange =
            || bad(crate::t!("`{path}` does not belong into it", "`{path}` は含まれないはずの名前です"));
        let plain = path.strip_prefix("./").unwrap_or(path).trim_end_matches('/');
        let (root, name) = plain.split_once('/').unwrap_or((plain, ""));
        let root = RunId::parse(root).ok_or_else(strange)?;
        if *self.run.get_or_insert_with(|| root.clone()) != root {
            return Err(strange());
        }
        let file = name.strip_prefix("logs/").unwrap_or(name);
        if file.contains(['/', '\\', '\0']) || file == ".." || file == "." {
            return Err(strange());
        }
        Ok(name.to_string())
    }

    fn file(&mut self, name: String, from: impl Read) -> io::Result<()> {
        let is_read = matches!(name.as_str(), "plan.json" | "journal.jsonl" | "head" | "manifest.json");
        let seal = if is_read {
            let mut bytes = Vec::new();
            from.take(LARGEST + 1).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > LARGEST {
                return Err(bad(crate::t!("`{name}` is too large", "`{name}` が大きすぎます")));
            }
            let mut hash = blake3::Hasher::new();
            hash.update(&bytes);
            self.whole.insert(name.clone(), bytes);
            log::sealed(&hash)
        } else {
            digest(from)?
        };
        if self.seals.insert(name.clone(), seal).is_some() {
            return Err(bad(crate::t!("`{name}` is in it twice", "`{name}` が二つあります")));
        }
        Ok(())
    }

    fn evidence(mut self, path: &Path) -> Result<Evidence, String> {
        let mut take = |name: &str| {
            let missing = || crate::t!("`{name}` is not in it", "`{name}` がありません");
            self.whole.remove(name).ok_or_else(missing)
        };
        let (plan, journal) = (take("plan.json")?, take("journal.jsonl")?);
        let manifest: Manifest = serde_json::from_slice(&take("manifest.json")?)
            .map_err(|e| format!("manifest.json:{}: {e}", e.line()))?;
        let head = match take("head") {
            Err(_) => None,
            Ok(text) => Some(Head::parse(&String::from_utf8_lossy(&text)).ok_or_else(|| {
                crate::t!(
                    "`head` is not a hash and a number of lines",
                    "`head` がハッシュと行数ではありません"
                )
            })?),
        };
        let run = self.run.ok_or_else(|| crate::t!("it is empty", "空です"))?;
        let place = path.join(run.as_str());
        let listed = unlisted(&place, &manifest, &self.seals);
        let mut logs = BTreeMap::new();
        let mut others = Vec::new();
        for (name, seal) in self.seals {
            match name.strip_prefix("logs/") {
                Some(log) => drop(logs.insert(log.to_string(), seal)),
                None if matches!(name.as_str(), "plan.json" | "journal.jsonl" | "head" | "manifest.json") => {
                }
                None => others.push(name),
            }
        }
        let head = head.map(|head| (head, place.join("head")));
        Ok(Evidence { run: Some(run), place, plan, journal, head, logs, others, alive: false, found: listed })
    }
}

/// What is not as the manifest lists it.
fn unlisted(place: &Path, manifest: &Manifest, seals: &BTreeMap<String, LogSeal>) -> Vec<Fault> {
    let fault = |name: &str, reason| Fault { path: place.join(name), line: None, reason };
    let mut faults = Vec::new();
    let listed: BTreeMap<&str, &LogSeal> =
        manifest.files.iter().map(|Packed { name, seal }| (name.as_str(), seal)).collect();
    for (name, seal) in &listed {
        match seals.get(*name) {
            Some(found) if found == *seal => {}
            Some(_) => {
                faults.push(fault(name, crate::t!("it is not what was packed", "書き出したものと違います")))
            }
            None => faults
                .push(fault(name, crate::t!("it was packed and is missing", "書き出したのに、ありません"))),
        }
    }
    for name in seals.keys().filter(|name| *name != "manifest.json" && !listed.contains_key(name.as_str())) {
        faults.push(fault(name, crate::t!("it was not packed but put in", "書き出した後に加えられています")));
    }
    faults
}

fn bad(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
