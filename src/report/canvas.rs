//! The terminal that indicatif draws on: escape codes gathered in memory, so that one redraw is one write.
//!
//! indicatif ends a line by filling it with spaces up to the width, which breaks where a terminal takes
//! ambiguous characters as wide; here the filling becomes "erase to the end" and a line break.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::TermLike;

/// Gives the rows and columns of the screen.
pub type SizeOf = Box<dyn Fn() -> (u16, u16) + Send + Sync>;

/// A screen of which only the escape codes exist.
#[derive(Clone)]
pub struct Canvas {
    size: Arc<SizeOf>,
    drawn: Arc<Mutex<Drawn>>,
}

#[derive(Default)]
struct Drawn {
    bytes: Vec<u8>,
    line_is_over: bool,
}

impl Canvas {
    /// A canvas of that size.
    pub fn new(size: SizeOf) -> Canvas {
        Canvas { size: Arc::new(size), drawn: Arc::default() }
    }

    /// Rows and columns, never less than 2 and 20.
    pub fn size(&self) -> (usize, usize) {
        let (rows, columns) = (self.size)();
        (usize::from(rows.max(2)), usize::from(columns.max(20)))
    }

    /// Lines that scroll up, behind what is drawn.
    pub fn put(&self, bytes: &[u8]) {
        self.with(|drawn| drawn.bytes.extend_from_slice(bytes));
    }

    /// Everything drawn since the last time.
    pub fn take(&self) -> Vec<u8> {
        self.with(|drawn| std::mem::take(&mut drawn.bytes))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Drawn) -> T) -> T {
        work(&mut self.drawn.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn code(&self, n: usize, letter: char) -> io::Result<()> {
        if n > 0 {
            self.put(format!("\x1b[{n}{letter}").as_bytes());
        }
        Ok(())
    }

    fn text(&self, text: &str) {
        let filling = text.bytes().all(|b| b == b' ');
        self.with(|drawn| {
            if filling {
                drawn.bytes.extend_from_slice(b"\x1b[K");
            } else {
                if drawn.line_is_over {
                    drawn.bytes.extend_from_slice(b"\r\n");
                }
                drawn.bytes.extend_from_slice(text.as_bytes());
            }
            drawn.line_is_over = filling;
        });
    }
}

impl fmt::Debug for Canvas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canvas")
    }
}

impl TermLike for Canvas {
    fn width(&self) -> u16 {
        u16::try_from(self.size().1).unwrap_or(u16::MAX)
    }
    fn height(&self) -> u16 {
        u16::try_from(self.size().0).unwrap_or(u16::MAX)
    }
    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.code(n, 'A')
    }
    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.code(n, 'B')
    }
    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.code(n, 'C')
    }
    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.code(n, 'D')
    }
    fn write_line(&self, s: &str) -> io::Result<()> {
        self.put(format!("{s}\r\n").as_bytes());
        Ok(())
    }
    fn write_str(&self, s: &str) -> io::Result<()> {
        self.text(s);
        Ok(())
    }
    fn clear_line(&self) -> io::Result<()> {
        self.put(b"\r\x1b[2K");
        Ok(())
    }
    fn flush(&self) -> io::Result<()> {
        self.with(|drawn| drawn.line_is_over = false);
        Ok(())
    }
}
