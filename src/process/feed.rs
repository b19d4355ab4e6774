//! What a child reads, handed over as fast as it takes it. It does not know who the child is.

use std::fs::File;
use std::io::{self, Cursor, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use tokio::net::unix::pipe::Sender;

use super::{Input, SpawnError};
use crate::model::Compression;

/// As much as a pipe takes at once.
const CHUNK: usize = 64 * 1024;
/// A fresh pipe takes this much without a wait.
const SURE: usize = 4096;

/// The child's end of its input.
pub(super) enum ChildEnd {
    Null,
    Pipe(os_pipe::PipeReader),
    File(File),
}

/// Our end of a child's input: a source, and the pipe it goes into.
pub(super) struct Feed {
    sender: Sender,
    source: Box<dyn Read>,
    chunk: Vec<u8>,
    sent: usize,
    broken: bool,
}

impl Feed {
    /// Opens an input. There is no feed where the child can read by itself, or everything is in the pipe already.
    pub fn open(input: Input, program: &str) -> Result<(ChildEnd, Option<Feed>), SpawnError> {
        match input {
            Input::Null => Ok((ChildEnd::Null, None)),
            Input::Bytes(bytes) if bytes.len() <= SURE => short(&bytes, program),
            Input::Bytes(bytes) => piped(Box::new(Cursor::new(bytes)), program),
            Input::Pipe(reader) => {
                let own = reader.try_clone().map_err(|e| SpawnError::around(program, &e))?;
                Ok((ChildEnd::Pipe(own), None))
            }
            Input::File { path, decompress: None } => Ok((ChildEnd::File(open(&path)?), None)),
            Input::File { path, decompress: Some(kind) } => piped(unpacked(&path, kind)?, program),
        }
    }

    /// Hands over a little more. `Ok(true)` when there is no more to hand over, or nobody to take it.
    ///
    /// # Errors
    /// When the source cannot be read to its end: a sentence for people.
    pub async fn step(&mut self) -> Result<bool, String> {
        if self.broken {
            // Closing the pipe now would look to the child like the proper end of its input.
            std::future::pending::<()>().await;
        }
        if self.sent == self.chunk.len() && !self.fill()? {
            return Ok(true);
        }
        if self.sender.writable().await.is_err() {
            return Ok(true);
        }
        match self.sender.try_write(&self.chunk[self.sent..]) {
            Ok(n) => self.sent += n,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            // A child may well end, or close its input, before it has read everything.
            Err(_) => return Ok(true),
        }
        Ok(false)
    }

    fn fill(&mut self) -> Result<bool, String> {
        self.chunk.resize(CHUNK, 0);
        self.sent = 0;
        let read = self.source.read(&mut self.chunk);
        self.broken = read.is_err();
        let n = read.map_err(|e| {
            crate::t!("standard input could not be read to its end: {e}", "標準入力を最後まで読めません: {e}")
        })?;
        self.chunk.truncate(n);
        Ok(n > 0)
    }
}

fn short(bytes: &[u8], program: &str) -> Result<(ChildEnd, Option<Feed>), SpawnError> {
    let (reader, mut writer) = os_pipe::pipe().map_err(|e| SpawnError::around(program, &e))?;
    writer.write_all(bytes).map_err(|e| SpawnError::around(program, &e))?;
    Ok((ChildEnd::Pipe(reader), None))
}

fn piped(source: Box<dyn Read>, program: &str) -> Result<(ChildEnd, Option<Feed>), SpawnError> {
    let (reader, writer) = os_pipe::pipe().map_err(|e| SpawnError::around(program, &e))?;
    let sender = Sender::from_owned_fd(writer.into()).map_err(|e| SpawnError::around(program, &e))?;
    Ok((ChildEnd::Pipe(reader), Some(Feed { sender, source, chunk: Vec::new(), sent: 0, broken: false })))
}

fn open(path: &Path) -> Result<File, SpawnError> {
    let refuse = |reason: String| SpawnError::Input { path: path.to_path_buf(), reason };
    let kind = path.metadata().map_err(|e| refuse(e.to_string()))?.file_type();
    if kind.is_dir() {
        return Err(refuse(crate::t!("it is a folder", "フォルダーです")));
    }
    // Opening a FIFO waits until somebody writes into it, and everything else would wait with us.
    if kind.is_fifo() || kind.is_socket() {
        return Err(refuse(crate::t!("it is not a regular file", "通常のファイルではありません")));
    }
    File::open(path).map_err(|e| refuse(e.to_string()))
}

fn unpacked(path: &Path, kind: Compression) -> Result<Box<dyn Read>, SpawnError> {
    let file = open(path)?;
    Ok(match kind {
        Compression::Gzip => {
            Box::new(flate2::read::MultiGzDecoder::new(io::BufReader::with_capacity(CHUNK, file)))
        }
        Compression::Zstd => Box::new(
            zstd::stream::read::Decoder::new(file)
                .map_err(|e| SpawnError::Input { path: path.to_path_buf(), reason: e.to_string() })?,
        ),
    })
}
