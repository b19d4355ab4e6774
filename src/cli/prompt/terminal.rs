//! A person at the terminal. One question has the screen at a time, and the engine goes on meanwhile.
//!
//! A question that is given up (the run was stopped by a signal) leaves the terminal as it was found.

use std::future::Future;
use std::io::IsTerminal;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;

use console::Term;
use tokio::sync::{Mutex, oneshot};

use super::dialogue;
use crate::event::{Answer, Operator, Question, Reply, Unit};
use crate::report::Look;

/// Asks on standard error, reads from standard input.
///
/// Where several people have to agree, they do so one after the other at this one terminal, each under a name
/// of their own; it cannot know who really sits there.
#[derive(Clone)]
pub struct TerminalOperator {
    by: String,
    look: Look,
    turn: Rc<Mutex<()>>,
}

impl TerminalOperator {
    /// The person called `by`; none where standard input or standard error is no terminal.
    pub fn open(by: &str, colour: bool) -> Option<TerminalOperator> {
        let there = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let look = Look::of_locale(colour);
        there.then(|| TerminalOperator { by: by.to_string(), look, turn: Rc::default() })
    }

    async fn in_turn(&self, unit: &Unit, question: &Question) -> Answer {
        let (by, look, unit, question) = (self.by.clone(), self.look, unit.clone(), question.clone());
        let answer = self.alone(move || dialogue::ask(&Term::stderr(), look, &by, &unit, &question)).await;
        answer.unwrap_or_else(|| Answer {
            reply: Reply::No { because: "end of input".to_string() },
            by: self.by.clone(),
        })
    }
}

impl TerminalOperator {
    /// A secret, typed unseen; none when it was not typed.
    pub async fn secret(self, name: String) -> Option<String> {
        let ask = move || dialoguer::Password::new().with_prompt(name).interact().ok();
        self.alone(ask).await.flatten()
    }

    /// Has the terminal for one question, on a thread of its own, not of the runtime's: the runtime would wait for it
    /// at the end, and it for a key.
    async fn alone<T: Send + 'static>(&self, ask: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let _turn = self.turn.lock().await;
        let (tell, told) = oneshot::channel();
        let mode = Mode::found();
        let asked = std::thread::Builder::new().name("question".into()).spawn(move || {
            forget_typed_ahead();
            let _ = tell.send(ask());
        });
        let answer = match asked {
            Ok(_) => told.await.ok(),
            Err(_) => None,
        };
        drop(mode);
        answer
    }
}

impl Operator for TerminalOperator {
    fn ask<'a>(
        &'a self,
        unit: &'a Unit,
        question: &'a Question,
    ) -> Pin<Box<dyn Future<Output = Answer> + 'a>> {
        Box::pin(self.in_turn(unit, question))
    }
}

/// Keys from before the question was on the screen answer nothing.
fn forget_typed_ahead() {
    // SAFETY: a call on a file descriptor, without memory.
    unsafe { libc::tcflush(libc::STDIN_FILENO, libc::TCIFLUSH) };
}

/// The terminal's mode, given back when this goes.
struct Mode(Option<libc::termios>);

impl Mode {
    fn found() -> Mode {
        let mut mode = MaybeUninit::uninit();
        // SAFETY: on success the call has filled in the whole structure.
        let mode = unsafe {
            (libc::tcgetattr(libc::STDIN_FILENO, mode.as_mut_ptr()) == 0).then(|| mode.assume_init())
        };
        Mode(mode)
    }
}

impl Drop for Mode {
    fn drop(&mut self) {
        if let Some(mode) = &self.0 {
            // SAFETY: the structure came from the call above.
            unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, mode) };
            // A menu that was left by Ctrl-C leaves the cursor hidden.
            let _ = Term::stderr().show_cursor();
        }
    }
}
