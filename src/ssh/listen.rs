//! Tells what a command on another host says from what the far end's script says about it. It decides nothing.

use crate::event::Stream;
use crate::process::Sink;

/// What the far end's script has said so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Heard {
    /// The command is about to start.
    pub hello: bool,
    /// It is becoming another user.
    pub becoming: bool,
    /// Why the command was not started.
    pub refused: Option<String>,
    /// The unpacking of its input ended with this code.
    pub feed: Option<String>,
    /// How the command ended, in the shell's words.
    pub exit: Option<String>,
    /// How many of its processes could not be ended; none where nothing was to be ended.
    pub gone: Option<u32>,
    /// The size of the file its output went to, in bytes.
    pub size: Option<u64>,
}

/// Takes both outputs of `ssh`. What comes before the script's first word is of the login, not of the command.
pub(super) struct Listener {
    key: Vec<u8>,
    out: Option<Vec<u8>>,
    err: Vec<u8>,
    /// What the login and `ssh` have said, at most some of it.
    pub early: String,
    pub heard: Heard,
}

/// How much of a login's talk is kept.
const EARLY: usize = 4096;

impl Listener {
    pub fn new(key: &str) -> Listener {
        let key = key.as_bytes().to_vec();
        Listener {
            key,
            out: Some(Vec::new()),
            err: Vec::new(),
            early: String::new(),
            heard: Heard::default(),
        }
    }

    /// Takes output as it comes; hands on what is the command's own.
    pub fn take(&mut self, stream: Stream, bytes: &[u8], on: &mut Sink<'_>) -> Result<(), String> {
        match stream {
            Stream::Out => self.take_out(bytes, on),
            _ => self.take_err(bytes, on),
        }
    }

    fn take_out(&mut self, bytes: &[u8], on: &mut Sink<'_>) -> Result<(), String> {
        let Some(early) = &mut self.out else { return on(Stream::Out, bytes) };
        early.extend_from_slice(bytes);
        let hello = [self.key.as_slice(), b"hello\n"].concat();
        match memchr::memmem::find(early, &hello) {
            Some(at) => {
                let rest = early.split_off(at + hello.len());
                self.out = None;
                if rest.is_empty() { Ok(()) } else { on(Stream::Out, &rest) }
            }
            None => {
                let keep = early.len().saturating_sub(hello.len());
                let gone: Vec<u8> = early.drain(..keep).collect();
                self.keep(&gone);
                Ok(())
            }
        }
    }

    fn take_err(&mut self, bytes: &[u8], on: &mut Sink<'_>) -> Result<(), String> {
        self.err.extend_from_slice(bytes);
        while let Some(at) = memchr::memmem::find(&self.err, &self.key) {
            let Some(end) = memchr::memchr(b'\n', &self.err[at..]) else {
                return self.hand_on(at, on);
            };
            let line = String::from_utf8_lossy(&self.err[at + self.key.len()..at + end]).into_owned();
            let handed = self.hand_on(at, on);
            self.err.drain(..=end);
            self.note(&line);
            handed?;
        }
        self.hand_on(self.err.len() - self.begun(), on)
    }

    /// How many of the last bytes may be the beginning of the key.
    fn begun(&self) -> usize {
        let most = self.err.len().min(self.key.len() - 1);
        (1..=most).rev().find(|n| self.err.ends_with(&self.key[..*n])).unwrap_or_default()
    }

    fn hand_on(&mut self, count: usize, on: &mut Sink<'_>) -> Result<(), String> {
        if count == 0 {
            return Ok(());
        }
        let own: Vec<u8> = self.err.drain(..count).collect();
        if self.heard.hello {
            return on(Stream::Err, &own);
        }
        self.keep(&own);
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.early.len() < EARLY {
            self.early.push_str(&String::from_utf8_lossy(bytes));
        }
    }

    fn note(&mut self, line: &str) {
        let heard = &mut self.heard;
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "hello" => heard.hello = true,
            "become" => heard.becoming = true,
            "feed" => heard.feed = Some(rest.to_string()),
            "exit" => heard.exit = Some(rest.to_string()),
            "gone" => heard.gone = rest.parse().ok(),
            "size" => heard.size = rest.trim().parse().ok(),
            other => heard.refused = Some(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "\u{1e}abc ";

    fn hear(out: &[&[u8]], err: &[&[u8]]) -> (Listener, Vec<u8>, Vec<u8>) {
        let mut listener = Listener::new(KEY);
        let (mut o, mut e) = (Vec::new(), Vec::new());
        let mut on = |stream: Stream, bytes: &[u8]| {
            if stream == Stream::Out {
                o.extend_from_slice(bytes)
            } else {
                e.extend_from_slice(bytes)
            }
            Ok(())
        };
        for bytes in err {
            listener.take(Stream::Err, bytes, &mut on).expect("taken");
        }
        for bytes in out {
            listener.take(Stream::Out, bytes, &mut on).expect("taken");
        }
        (listener, o, e)
    }

    #[test]
    fn the_talk_of_a_login_is_not_the_commands() {
        let (l, out, err) =
            hear(&[b"Welcome!\n\x1eabc hel", b"lo\none\n"], &[b"motd\n\x1eab", b"c hello\nE1\n\x1e", b"x"]);
        assert_eq!((out.as_slice(), err.as_slice()), (&b"one\n"[..], &b"E1\n\x1ex"[..]));
        assert!(l.heard.hello && l.early.contains("motd"));
    }

    #[test]
    fn however_it_is_cut_the_last_words_are_heard_and_kept_from_the_command() {
        let whole = b"\x1eabc hello\nno line end\x1eabc size 12\n\x1eabc exit Killed 137\nlate";
        for cut in 0..whole.len() {
            let (l, _, err) = hear(&[], &[&whole[..cut], &whole[cut..]]);
            assert_eq!(err, b"no line endlate", "cut at {cut}");
            assert_eq!((l.heard.size, l.heard.exit.as_deref()), (Some(12), Some("Killed 137")));
        }
    }
}
