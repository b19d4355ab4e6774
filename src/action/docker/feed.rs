//! What a command reads: text or a file, unpacked on the way, never whole in memory. It does not know the command.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::action::Context;
use crate::event::Failure;
use crate::model::Compression;

/// Bytes read and sent at a time.
const CHUNK: usize = 256 * 1024;

/// The input of one command.
pub struct Feed {
    from: Box<dyn Read + Send>,
    file: Option<PathBuf>,
}

impl Feed {
    /// Opens what the step gives its command to read, if anything.
    ///
    /// # Errors
    /// The file can't be opened.
    pub fn open(cx: &Context<'_>) -> Result<Option<Feed>, Failure> {
        let Some(stdin) = &cx.around.stdin else { return Ok(None) };
        if let Some(text) = &stdin.text {
            let from = Box::new(Cursor::new(text.0.expose().as_bytes().to_vec()));
            return Ok(Some(Feed { from, file: None }));
        }
        let Some(path) = &stdin.file else { return Ok(None) };
        let path = cx.path(&path.0);
        let file = File::open(&path).map_err(|e| unreadable(&path, &e))?;
        let from = unpacking(file, stdin.decompress).map_err(|e| unreadable(&path, &e))?;
        Ok(Some(Feed { from, file: Some(path) }))
    }

    /// Sends it all, then the end of input. A command that does not read to the end is no error.
    ///
    /// # Errors
    /// The file can't be read to its end, or is not whole; then no end of input is sent, so that nothing is done with
    /// half of it.
    pub async fn send(mut self, to: &mut (impl AsyncWrite + Unpin)) -> Result<(), Failure> {
        loop {
            let (feed, chunk) = self.chunk().await?;
            self = feed;
            if chunk.is_empty() || to.write_all(&chunk).await.is_err() {
                break;
            }
        }
        // It may have ended already.
        let _ = to.shutdown().await;
        Ok(())
    }

    /// The next piece; reading may block, so it is done aside.
    async fn chunk(mut self) -> Result<(Feed, Vec<u8>), Failure> {
        let file = self.file.clone().unwrap_or_default();
        let read = tokio::task::spawn_blocking(move || {
            let mut chunk = Vec::with_capacity(CHUNK);
            self.from.by_ref().take(CHUNK as u64).read_to_end(&mut chunk).map(|_| (self, chunk))
        });
        read.await.unwrap_or_else(|e| Err(io::Error::other(e))).map_err(|e| unreadable(&file, &e))
    }
}

fn unpacking(file: File, how: Option<Compression>) -> io::Result<Box<dyn Read + Send>> {
    Ok(match how {
        None => Box::new(file),
        Some(Compression::Gzip) => Box::new(flate2::read::MultiGzDecoder::new(file)),
        Some(Compression::Zstd) => Box::new(zstd::stream::read::Decoder::new(file)?),
    })
}

fn unreadable(path: &std::path::Path, error: &io::Error) -> Failure {
    let path = path.display();
    let message = crate::t!("{path} can't be read: {error}", "{path} を読めません: {error}");
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => Failure::Unavailable { message },
        _ => Failure::Rejected { message },
    }
}
