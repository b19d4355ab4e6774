//! The end of an attempt's log, as the summary repeats it. It knows the log's name, not its format.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::safe_line;

/// How much of the end is looked at, in bytes.
const WINDOW: u64 = 16 * 1024;

/// The last lines of a file, at most `lines`, safe for a terminal; none where it cannot be read.
pub fn tail(path: &Path, lines: usize) -> Vec<String> {
    let text = read_end(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    all[all.len().saturating_sub(lines)..].iter().map(|line| safe_line(line).into_owned()).collect()
}

fn read_end(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let from = length.saturating_sub(WINDOW);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(WINDOW).read_to_end(&mut bytes)?;
    let first_is_torn = from > 0;
    let whole_lines = if first_is_torn { memchr::memchr(b'\n', &bytes).map_or(0, |at| at + 1) } else { 0 };
    Ok(bytes.split_off(whole_lines))
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn the_end_of_a_long_log_is_whole_lines_only() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.log");
        let text: String = (0..5_000).map(|n| format!("{n} 行目\n")).collect();
        std::fs::write(&path, text).expect("a log");
        assert_eq!(tail(&path, 2), ["4998 行目", "4999 行目"]);
        assert!(tail(&path, 100_000)[0].ends_with("行目"));
        assert!(tail(&dir.path().join("none.log"), 2).is_empty());
    }
}
