//! What to start and how it ended, as plain data. It starts nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::StopReason;
use crate::event::Stream;
use crate::model::Compression;

/// Takes a child's output as it comes, cut anywhere. Its error, a sentence for people, ends the child.
pub type Sink<'a> = dyn FnMut(Stream, &[u8]) -> Result<(), String> + 'a;

/// What a child reads.
#[derive(Clone, Debug, Default)]
pub enum Input {
    /// Nothing.
    #[default]
    Null,
    /// These bytes.
    Bytes(Vec<u8>),
    /// A file, unpacked on the way.
    File {
        /// Which.
        path: PathBuf,
        /// How it is packed; none hands the file itself to the child.
        decompress: Option<Compression>,
    },
    /// What somebody else writes into a pipe, for as long as they hold its other end.
    Pipe(Arc<os_pipe::PipeReader>),
}

/// A child to be started.
#[derive(Clone, Debug)]
pub struct Spec {
    /// A name that is looked for in the child's `PATH`, or a path, relative to `cwd`.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables added to the engine's own; a later one wins.
    pub env: Vec<(String, String)>,
    /// The folder it runs in; the engine's own where there is none.
    pub cwd: Option<PathBuf>,
    /// What it reads.
    pub input: Input,
    /// How long it has between TERM and KILL.
    pub grace: Duration,
    /// A variable in its environment that no other child has: by it the processes are found that left the
    /// child's process group.
    pub marker: (String, String),
    /// Whether the kernel holds it to reading.
    pub held: bool,
}

impl Spec {
    /// A program with arguments and nothing else: no input, five seconds of grace.
    pub fn new(program: impl Into<String>, args: Vec<String>, marker: (String, String)) -> Spec {
        Spec {
            program: program.into(),
            args,
            env: Vec::new(),
            cwd: None,
            input: Input::Null,
            grace: Duration::from_secs(5),
            marker,
            held: false,
        }
    }
}

/// How a child's life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

/// How a child ended and what was about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// How its life ended.
    pub ended: Ended,
    /// Why it was ended, when it was. What ends by itself before the word to stop is heard was not.
    pub stopped: Option<StopReason>,
    /// What broke on our side, so that it was ended: its input could not be read, or its output not be kept.
    pub broken: Option<String>,
    /// Processes it started live on: they held its output open (it is read no more), or could not be killed.
    pub left_running: bool,
}
