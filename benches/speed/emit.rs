//! A loud program, and the least that keeping its output can cost.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};

use crate::spawn::{Program, pipe, wait};

/// What it prints, again and again: 71 bytes.
pub const LINE: &[u8; 71] = b"2026-05-17T08:30:12.345678Z INFO worker-7 copied 4096 rows from orders\n";
/// How much it writes at once, as a C library does.
const BLOCK: usize = 4096;

/// Prints so many bytes.
pub fn produce(bytes: &str) -> Result<(), String> {
    let mut left: usize = bytes.parse().map_err(|_| "how many bytes?")?;
    // A whole number of lines and of blocks: each block is a window into it.
    let text = LINE.repeat(BLOCK);
    // SAFETY: standard output is open, and nothing else here writes to it. Its usual lock would buffer.
    let mut out = unsafe { File::from_raw_fd(1) };
    let mut at = 0;
    while left > 0 {
        let n = left.min(BLOCK);
        out.write_all(&text[at..at + n]).map_err(|e| e.to_string())?;
        at = (at + n) % text.len();
        left -= n;
    }
    Ok(())
}

/// Copies the output of the loud program through a pipe into a file, byte by byte as it comes.
pub fn capture(bytes: &str, file: &str) -> Result<(), String> {
    let me = std::env::current_exe().map_err(|e| e.to_string())?;
    let program = Program::new(&[&me.to_string_lossy(), "--emit", bytes])?;
    copy(&program, file).map_err(|e| e.to_string())
}

fn copy(program: &Program, file: &str) -> std::io::Result<()> {
    let mut file = File::create(file)?;
    let (reader, writer) = pipe(true)?;
    let pid = program.start(Some(writer.as_raw_fd()), None)?;
    drop(writer);
    let mut reader = File::from(reader);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let n = reader.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        file.write_all(&buffer[..n])?;
    }
    if wait(pid)?.1 { Ok(()) } else { Err(std::io::Error::other("the loud program failed")) }
}
