//! Proofs that a file is whole: each reads all of it. It keeps and removes nothing.

use std::collections::VecDeque;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::desk::{Desk, Watched};
use super::packing::unpacked;
use super::read::sum;
use super::verify_shell;
use super::words::{refused, why};
use crate::event::Failure;
use crate::model::{Rendered, Verifier};

/// How much of a text's end is looked at.
const END: usize = 4096;

/// Whether a file is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passed every proof.
    Whole,
    /// It did not.
    Not {
        /// The proof it failed.
        verifier: String,
        /// Why.
        because: String,
    },
}

/// What a proof came to: whole, or why not.
type Proof = Result<Result<(), String>, Failure>;

/// Puts a file to every proof, until one fails.
///
/// # Errors
/// When it cannot be said: the file cannot be opened, a command cannot be run, the work is stopped.
pub fn verify(path: &Path, verifiers: &[Verifier<Rendered>], desk: &Desk) -> Result<Verdict, Failure> {
    for verifier in verifiers {
        let (name, proof) = one(path, verifier, desk)?;
        desk.check()?;
        if let Err(because) = proof {
            return Ok(Verdict::Not { verifier: name.to_string(), because });
        }
    }
    Ok(Verdict::Whole)
}

fn one(
    path: &Path,
    it: &Verifier<Rendered>,
    desk: &Desk,
) -> Result<(&'static str, Result<(), String>), Failure> {
    let wants = |flag: Option<bool>| flag == Some(true);
    if wants(it.gzip) {
        return Ok(("gzip", streamed(path, desk, gzip)?));
    }
    if wants(it.zstd) {
        return Ok(("zstd", streamed(path, desk, zstd)?));
    }
    if wants(it.tar) {
        return Ok(("tar", streamed(path, desk, tar)?));
    }
    if wants(it.json) {
        return Ok(("json", streamed(path, desk, json)?));
    }
    if let Some(text) = &it.ends_with {
        return Ok(("ends_with", streamed(path, desk, |file| ends_with(file, text))?));
    }
    if let Some(ending) = &it.manifest {
        return Ok(("manifest", manifest(path, ending, desk)?));
    }
    match &it.shell {
        Some(script) => Ok(("shell", verify_shell::run(path, script, desk)?)),
        None => Err(refused(crate::t!("a verifier names no proof", "検証方法が指定されていません"))),
    }
}

fn streamed(path: &Path, desk: &Desk, proof: impl FnOnce(Watched) -> io::Result<()>) -> Proof {
    let (file, _) = desk.open(path)?;
    Ok(proof(file).map_err(|e| why(&e)))
}

fn drain(mut from: impl Read) -> io::Result<u64> {
    io::copy(&mut from, &mut io::sink())
}

fn gzip(file: Watched) -> io::Result<()> {
    drain(MultiGzDecoder::new(BufReader::with_capacity(128 * 1024, file))).map(drop)
}

fn zstd(file: Watched) -> io::Result<()> {
    if drain_zstd(file)? == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

/// Gives the packed bytes read: a file of nothing is a stream of no frames to the decoder.
fn drain_zstd(file: Watched) -> io::Result<u64> {
    let mut counted = Counted { from: file, read: 0, zeros: 0 };
    drain(zstd::stream::read::Decoder::new(&mut counted)?)?;
    Ok(counted.read)
}

fn tar(file: Watched) -> io::Result<()> {
    let mut counted = Counted { from: unpacked(file)?, read: 0, zeros: 0 };
    let mut entries = 0u64;
    for entry in tar::Archive::new(&mut counted).entries()? {
        drain(entry?)?;
        entries += 1;
    }
    drain(&mut counted)?;
    // Two blocks of zeros end an archive; one that was cut between two files lacks them.
    if entries == 0 || counted.zeros < 1024 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

fn json(file: Watched) -> io::Result<()> {
    serde_json::from_reader::<_, IgnoredAny>(BufReader::new(unpacked(file)?))
        .map(drop)
        .map_err(io::Error::from)
}

fn ends_with(file: Watched, text: &str) -> io::Result<()> {
    let end = end_of(unpacked(file)?)?;
    let end = String::from_utf8_lossy(&end);
    if ends(&end, text) {
        return Ok(());
    }
    let last = end.trim_end().lines().last().unwrap_or_default().chars().take(120).collect::<String>();
    Err(io::Error::other(crate::t!("it ends with `{last}`", "末尾は `{last}` です")))
}

/// Whether a text ends so: with it, or with comment lines of which one holds it, as dumps of databases do.
fn ends(end: &str, text: &str) -> bool {
    let text = text.trim_end();
    if end.trim_end().ends_with(text) {
        return true;
    }
    let comment = |line: &str| line.is_empty() || line.starts_with("--") || line.starts_with('\\');
    let closing = end.lines().rev().map(str::trim_end).take_while(|line| comment(line));
    !text.is_empty() && closing.into_iter().any(|line| line.contains(text))
}

fn end_of(mut from: impl Read) -> io::Result<Vec<u8>> {
    let mut end: VecDeque<u8> = VecDeque::with_capacity(2 * END);
    let mut buffer = vec![0u8; 64 * 1024];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(end.into()),
            n => end.extend(&buffer[n.saturating_sub(END)..n]),
        }
        end.drain(..end.len().saturating_sub(END));
    }
}

/// The companion's `sha256` and `size` are those of the file.
fn manifest(path: &Path, ending: &str, desk: &Desk) -> Proof {
    let mut companion = path.as_os_str().to_owned();
    companion.push(ending);
    let companion = PathBuf::from(companion);
    let shown = companion.display();
    let Ok((file, _)) = desk.open(&companion) else {
        return Ok(Err(crate::t!("{shown} is not there", "{shown} がありません")));
    };
    let facts: Value = match serde_json::from_reader(BufReader::new(file.take(1 << 20))) {
        Ok(facts) => facts,
        Err(e) => {
            return Ok(Err(crate::t!("{shown} is not JSON: {e}", "{shown} は JSON ではありません: {e}")));
        }
    };
    let (size, sha256) = sum(path, desk)?;
    let same_size = facts.get("size").and_then(Value::as_u64) == Some(size);
    let same_sum =
        facts.get("sha256").and_then(Value::as_str).is_some_and(|s| s.trim().eq_ignore_ascii_case(&sha256));
    Ok(match (same_size, same_sum) {
        (true, true) => Ok(()),
        (false, _) => Err(crate::t!("{shown} names another size", "{shown} のサイズと一致しません")),
        (_, false) => Err(crate::t!("{shown} names another SHA-256", "{shown} の SHA-256 と一致しません")),
    })
}

/// Counts the bytes read, and the zeros at their end.
struct Counted<R> {
    from: R,
    read: u64,
    zeros: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(buffer)?;
        let zeros = buffer[..n].iter().rev().take_while(|b| **b == 0).count();
        self.zeros = if zeros == n { self.zeros + n as u64 } else { zeros as u64 };
        self.read += n as u64;
        Ok(n)
    }
}
