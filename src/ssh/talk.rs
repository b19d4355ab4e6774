//! Our end of the lifeline: what is sent down it, and when it is let go. It does not know why.

use std::rc::Rc;

use tokio::net::unix::pipe::Sender;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What can be said to the far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// End what runs there: gently, then firmly.
    Stop,
    /// End it at once. The lifeline is let go.
    Now,
}

/// Says words down a lifeline, from anywhere.
#[derive(Clone)]
pub(super) struct Mouth(UnboundedSender<Word>);

/// A lifeline and the words that are to go down it.
pub(super) struct Talk {
    pipe: Option<Sender>,
    words: UnboundedReceiver<Word>,
}

/// A lifeline that ends in `pipe`.
pub(super) fn talk(pipe: Sender) -> (Rc<Mouth>, Talk) {
    let (tx, rx) = unbounded_channel();
    (Rc::new(Mouth(tx)), Talk { pipe: Some(pipe), words: rx })
}

impl Mouth {
    pub fn say(&self, word: Word) {
        // Nobody listens any more where the call is over.
        let _ = self.0.send(word);
    }
}

impl Talk {
    /// Sends the text, then each word as it comes; never ends. A word that comes while the text is under way lets the
    /// lifeline go: the far end does nothing with half of a text.
    pub async fn hold(mut self, text: &[u8]) {
        let Talk { pipe: line, words } = &mut self;
        if let Some(pipe) = line.as_ref() {
            let early = tokio::select! {
                () = send(pipe, text) => false,
                _ = words.recv() => true,
            };
            if early {
                *line = None;
            }
        }
        while let Some(word) = words.recv().await {
            match (word, line.as_ref()) {
                (Word::Stop, Some(pipe)) => send(pipe, b"stop\n").await,
                _ => *line = None,
            }
        }
        std::future::pending::<()>().await;
    }
}

async fn send(pipe: &Sender, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        if pipe.writable().await.is_err() {
            return;
        }
        match pipe.try_write(bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
            // It has ended; how, its own exit tells.
            Err(_) => return,
        }
    }
}
