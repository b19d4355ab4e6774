//! This very program on another host: looked for there, and copied where it is not there yet. It does not know what it
//! is used for.
//!
//! The copy is called by its hash, lies in a folder that nobody else can write into (`~/.cache/toban` of the user who
//! runs it, else `/var/tmp/toban-<uid>` or `/tmp/toban-<uid>`), is written under another name and renamed once it says
//! itself that it is whole. It stays there for the next time; copies of other versions go after a month without use.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::Connection;
use super::command::{BOOT, become_user};
use super::connection::random;
use super::program_said::{Said, this_machine};
use super::quote::word;
use crate::base::Size;
use crate::process::{self, Input, Sink, Stop};

/// The first argument of this program when it works for a Toban elsewhere.
pub const FAR_END: &str = "far-end";
/// Its second argument when it is only asked who it is.
pub const HELLO: &str = "hello";

/// Changes with what the two ends say to each other.
const PROTOCOL: u32 = 1;
/// Itself, also where its file has been replaced since.
const SELF: &str = "/proc/self/exe";
/// How long a look may take.
const LOOK: Duration = Duration::from_secs(30);

const SCRIPT: &str = include_str!("program.sh");

/// What is known of this program's own file.
struct Own {
    size: u64,
    hash: String,
}

/// Where this program is on a host, for each user there.
#[derive(Default)]
pub(super) struct Programs(tokio::sync::Mutex<HashMap<Option<String>, Arc<str>>>);

/// What this program says of itself: its version, and the hash of its file.
///
/// # Errors
/// When its own file cannot be read.
pub fn hello() -> std::io::Result<String> {
    Ok(format!("{}{}", alike(), own()?.hash))
}

fn alike() -> String {
    format!("toban {} far-end {PROTOCOL} ", env!("CARGO_PKG_VERSION"))
}

fn own() -> std::io::Result<&'static Own> {
    static OWN: OnceLock<Own> = OnceLock::new();
    if let Some(own) = OWN.get() {
        return Ok(own);
    }
    let mut hasher = blake3::Hasher::new();
    let size = std::io::copy(&mut File::open(SELF)?, &mut hasher)?;
    let hash = hasher.finalize().to_hex().as_str()[..32].to_string();
    Ok(OWN.get_or_init(|| Own { size, hash }))
}

impl Connection {
    /// The path of this program on the host, for a user there; it is copied where it is not there yet, and `told` is
    /// told so.
    ///
    /// # Errors
    /// Why it cannot be there, and what to do; none when it was time to stop.
    pub async fn program(
        &self,
        user: Option<&str>,
        told: &dyn Fn(&str),
        mut stop: Stop,
    ) -> Result<Arc<str>, Option<String>> {
        let mut known = tokio::select! {
            known = self.programs.0.lock() => known,
            _ = stop.stopped() => return Err(None),
        };
        let key = user.map(str::to_string);
        if let Some(path) = known.get(&key) {
            return Ok(Arc::clone(path));
        }
        let looking = self.ask(user, None, stop.clone());
        let said = tokio::time::timeout(LOOK, looking).await.map_err(|_| Some(self.silent()))??;
        let path = match said {
            Said::Have(path) => path,
            Said::Alike { machine, path } if machine != this_machine() => path,
            Said::None { machine } if machine != this_machine() => return Err(Some(self.other(&machine))),
            Said::None { .. } => {
                self.send(user, told, stop).await?.map_err(|said| Some(self.refusal_of(said)))?
            }
            Said::Alike { path, .. } => self.send(user, told, stop).await?.unwrap_or(path),
            other => return Err(Some(self.refusal_of(other))),
        };
        let path: Arc<str> = path.into();
        known.insert(key, Arc::clone(&path));
        Ok(path)
    }

    /// Copies it. The inner error is what the host said against it.
    async fn send(
        &self,
        user: Option<&str>,
        told: &dyn Fn(&str),
        stop: Stop,
    ) -> Result<Result<String, Said>, Option<String>> {
        let own = own().map_err(|e| Some(e.to_string()))?;
        let (size, name) = (Size(own.size), &self.name);
        told(&crate::t!(
            "this program is copied to the host {name}, once ({size})",
            "このプログラムをホスト {name} にコピーします（{size}、初回のみ）"
        ));
        Ok(match self.ask(user, Some(own.size), stop).await? {
            Said::Have(path) => Ok(path),
            other => Err(other),
        })
    }

    async fn ask(&self, user: Option<&str>, size: Option<u64>, stop: Stop) -> Result<Said, Option<String>> {
        let around = |e: std::io::Error| Some(e.to_string());
        let own = tokio::task::spawn_blocking(own).await.map_err(|e| Some(e.to_string()))?.map_err(around)?;
        let key = format!("\u{1e}{} ", random());
        let (reader, writer) = os_pipe::pipe().map_err(around)?;
        let text = user.map(|user| become_user(user, &key)).unwrap_or_default() + &settings(own, size, &key);
        let file = size.map(|_| File::open(SELF)).transpose().map_err(around)?;
        // It ends when everything is sent, or when `ssh` has ended.
        std::thread::spawn(move || feed(writer, &text, file));
        let mut spec = self.spec(&format!("exec /bin/sh -c '{BOOT}'"));
        spec.input = Input::Pipe(Arc::new(reader));
        let mut heard = process::Capture::new(64 * 1024);
        let sink: &mut Sink<'_> = &mut |stream, bytes| {
            heard.take(stream, bytes);
            Ok(())
        };
        let exit = process::run(spec, |_, _| (), sink, stop).await.map_err(|e| Some(e.to_string()))?;
        let words = heard.out_text();
        let found = words.lines().find_map(|l| Said::read(l.strip_prefix(&key)?));
        match (found, exit.stopped) {
            (Some(said), _) => Ok(said),
            (None, Some(_)) => Err(None),
            (None, None) => {
                let said = heard.err_text().replace(&format!("{key}become\n"), "");
                Err(Some(self.mute(user, &said)))
            }
        }
    }
}

/// The text, and after it the file.
fn feed(mut to: os_pipe::PipeWriter, text: &str, file: Option<File>) {
    let sent = to.write_all(text.as_bytes());
    if let (Ok(()), Some(mut file)) = (sent, file) {
        // What does not arrive is missed at the other end.
        drop(std::io::copy(&mut file, &mut to));
    }
}

fn settings(own: &Own, size: Option<u64>, key: &str) -> String {
    let alike = alike();
    let size = size.map(|size| size.to_string()).unwrap_or_default();
    format!(
        "k={} name=far-end-{hash} hello={} alike={} size={size}\n{SCRIPT}.\n",
        word(key),
        word(&format!("{alike}{}", own.hash)),
        word(&alike),
        hash = own.hash
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_ends_once_and_says_who_we_are() {
        let own = own().expect("its own file");
        let text = settings(own, Some(7), "k ");
        assert_eq!(text.lines().filter(|l| *l == ".").count(), 1);
        assert!(text.contains(&own.hash) && text.contains("size=7"));
    }
}
