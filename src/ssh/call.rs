//! One command over a connection, from its start to its end and the end of all it started. It does not know what its
//! output means.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::unix::pipe::Sender;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::command::{BOOT, GRACE};
use super::connection::{Connection, random};
use super::listen::{Heard, Listener};
use super::talk::{Mouth, Talk, Word, talk};
use super::{Command, trouble};
use crate::event::Stream;
use crate::process::{self, Ended, Exit, Input, Sink, Stop, StopReason, Stopper};

/// How long an output that others hold open is read after the command's end.
const LINGER: Duration = Duration::from_secs(1);
/// How long the far end may take to end everything: its grace, its KILLs, and the way there and back.
const ENDING: Duration = Duration::from_secs(GRACE as u64 + 10);
/// How often it is looked whether `ssh` is still there.
const LOOK: Duration = Duration::from_millis(50);

/// How a command on another host ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// As of a child of this machine.
    pub exit: Exit,
    /// The size in bytes of the file its output went to.
    pub size: Option<u64>,
}

/// What one call knows of itself.
struct Call {
    listener: RefCell<Listener>,
    heard: Notify,
    /// The `ssh` of the call: its pid and its start.
    ssh: Cell<(u32, u64)>,
}

impl Connection {
    /// Runs a command there and stays with it to its end. `started` is told the pid and start of the `ssh` here.
    ///
    /// # Errors
    /// When it could not be started, or the connection broke under it.
    pub async fn run(
        &self,
        command: &Command,
        started: impl FnOnce(u32, u64),
        output: &mut Sink<'_>,
        stop: Stop,
    ) -> Result<Answer, String> {
        if let Some(fault) = command.fault() {
            return Err(fault);
        }
        let key = format!("\u{1e}{} ", random());
        let (call, exit) = self.attend(&key, &command.text(&key), started, output, stop.clone()).await?;
        let heard = call.heard();
        if let Some(code) = &heard.feed {
            let broken = broken_input(code);
            return Ok(Answer { exit: Exit { broken: Some(broken), ..exit }, size: None });
        }
        if exit.stopped.is_some() && !heard.hello {
            return Ok(Answer { exit, size: None });
        }
        if !heard.hello {
            let listener = call.listener.borrow();
            return Err(match self.lives() || heard.refused.is_some() || heard.becoming {
                true => trouble::not_started(&self.name, command, &listener),
                false => trouble::no_connection(&self.name, &self.address, &listener.early),
            });
        }
        match (&heard.exit, heard.gone) {
            (Some(words), None) => Ok(own_end(words, &exit, &heard)),
            (_, Some(left)) => Ok(Answer { exit: Exit { left_running: left > 0, ..exit }, size: None }),
            (None, None) => {
                let ended = self.reap(command).await;
                match exit.stopped {
                    Some(_) => Ok(Answer { exit: Exit { left_running: !ended, ..exit }, size: None }),
                    None => Err(trouble::lost(&self.name, ended)),
                }
            }
        }
    }

    /// One `ssh` that is sent this text, until it has ended.
    async fn attend(
        &self,
        key: &str,
        text: &str,
        started: impl FnOnce(u32, u64),
        output: &mut Sink<'_>,
        stop: Stop,
    ) -> Result<(Rc<Call>, Exit), String> {
        let around = |e: std::io::Error| e.to_string();
        let (reader, writer) = os_pipe::pipe().map_err(around)?;
        let (mouth, talk) = talk(Sender::from_owned_fd(writer.into()).map_err(around)?);
        let mut spec = self.spec(&format!("exec /bin/sh -c '{BOOT}'"));
        spec.input = Input::Pipe(Arc::new(reader));
        let call = Rc::new(Call {
            listener: RefCell::new(Listener::new(key)),
            heard: Notify::new(),
            ssh: Cell::default(),
        });
        let mut sink = |stream: Stream, bytes: &[u8]| {
            let taken = call.listener.borrow_mut().take(stream, bytes, output);
            call.heard.notify_waiters();
            taken
        };
        let begun = |pid, start| {
            call.ssh.set((pid, start));
            started(pid, start);
        };
        let (stopper, inner) = Stopper::new();
        let ending = async |reason| call.end(reason, &mouth, stop.clone()).await;
        let life = process::run_then(spec, begun, &mut sink, inner, ending);
        let exit = tokio::select! {
            exit = life => exit.map_err(|e| e.to_string())?,
            () = attend(talk, text, &call, &stopper, stop.clone()) => return Err(String::new()),
        };
        Ok((Rc::clone(&call), exit))
    }

    /// Ends what a command left behind when its connection broke, over a new one. False when it cannot be known.
    async fn reap(&self, command: &Command) -> bool {
        let Ok(anew) =
            Connection::open(&self.name, &self.address, &self.folder, &self.marker, Stop::never()).await
        else {
            return false;
        };
        let key = format!("\u{1e}{} ", random());
        let sink: &mut Sink<'_> = &mut |_, _| Ok(());
        let text = command.reaper(&key);
        let over = anew.attend(&key, &text, |_, _| (), sink, Stop::never());
        let over = tokio::time::timeout(ENDING, over).await;
        let gone = matches!(over, Ok(Ok((call, _))) if call.listener.borrow().heard.gone == Some(0));
        anew.close().await;
        gone
    }
}

impl Call {
    fn heard(&self) -> Heard {
        self.listener.borrow().heard.clone()
    }

    fn over(&self) -> bool {
        let (pid, start) = self.ssh.get();
        let heard = self.heard();
        heard.gone.is_some() || !process::is_alive(pid, start)
    }

    /// Before `ssh` is ended: has the far end end what runs there.
    async fn end(&self, reason: StopReason, mouth: &Mouth, mut stop: Stop) {
        if self.heard().exit.is_some() {
            return;
        }
        mouth.say(Word::Stop);
        let limit = Instant::now() + ENDING;
        let mut now = reason == StopReason::Killed;
        if now {
            mouth.say(Word::Now);
        }
        while !self.over() && Instant::now() < limit {
            tokio::select! {
                () = self.heard.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                () = stop.killed(), if !now => {
                    mouth.say(Word::Now);
                    now = true;
                }
            }
        }
    }
}

/// Keeps the lifeline, and says when the call has to be ended from here: when it is told to, when its input broke, or
/// when the command has ended and others hold its output open. It never ends itself.
async fn attend(talk: Talk, text: &str, call: &Call, stopper: &Stopper, mut stop: Stop) {
    let mut killing = stop.clone();
    let watching = async {
        let (mut limit, mut told) = (None, None);
        loop {
            let heard = call.heard();
            if heard.feed.is_some() {
                stopper.stop(StopReason::Cancelled);
            }
            if heard.exit.is_some() && limit.is_none() {
                limit = Some(Instant::now() + LINGER);
            }
            tokio::select! {
                () = call.heard.notified() => {}
                reason = stop.stopped(), if told.is_none() => {
                    stopper.stop(reason);
                    told = Some(reason);
                }
                () = killing.killed(), if told.is_some_and(|r| r != StopReason::Killed) => {
                    stopper.stop(StopReason::Killed);
                    told = Some(StopReason::Killed);
                }
                () = tokio::time::sleep_until(limit.unwrap_or_else(Instant::now)), if limit.is_some() => {
                    stopper.stop(StopReason::Cancelled);
                    limit = Some(Instant::now() + Duration::from_secs(3600));
                }
            }
        }
    };
    tokio::join!(watching, talk.hold(text.as_bytes()));
}

/// The command has ended by itself: its code, or its signal where the shell said that there was one.
fn own_end(words: &str, exit: &Exit, heard: &Heard) -> Answer {
    let mut words: Vec<&str> = words.split_whitespace().collect();
    let mut packed = 0;
    if let [.., "pack", code] = words[..] {
        packed = code.parse().unwrap_or(1);
        words.truncate(words.len() - 2);
    }
    // The shell tells of a signal in words before the number; a command that ends with 137 by itself has none.
    let ended = match words.pop().and_then(|w| w.parse::<i32>().ok()) {
        Some(code) if code > 128 && !words.is_empty() => Ended::Signal(code - 128),
        Some(code) => Ended::Code(code),
        // The shell that should have told was itself killed.
        None => Ended::Signal(libc::SIGKILL),
    };
    let broken = (packed != 0).then(|| {
        crate::t!(
            "the output could not be packed or written to its end (code {packed}); is the disk full?",
            "出力を最後まで圧縮・書き込みできません（コード {packed}）。空き容量を確かめてください"
        )
    });
    let left_running = exit.stopped.is_some();
    Answer { exit: Exit { ended, stopped: None, broken, left_running }, size: heard.size }
}

fn broken_input(code: &str) -> String {
    crate::t!(
        "standard input could not be unpacked to its end (code {code})",
        "標準入力を最後まで展開できません（コード {code}）"
    )
}
