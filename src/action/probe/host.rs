//! How full the host is: disk, memory, load. All sizes are in bytes.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::perform::unavailable;
use crate::event::{Failure, Gives};

/// How full the file system of a path is, counted as `df` counts: blocks kept for root are not available.
pub fn disk(path: PathBuf) -> impl FnOnce() -> Result<Gives, Failure> + Send {
    move || {
        let facts = statvfs(&path).map_err(|e| unreadable(&path, &e))?;
        let block = facts.f_frsize;
        let used = facts.f_blocks.saturating_sub(facts.f_bfree);
        let inodes_used = facts.f_files.saturating_sub(facts.f_ffree);
        let mut gives = Gives::new();
        gives.insert("used_percent".into(), percent_up(used, used + facts.f_bavail).into());
        gives.insert("total".into(), (facts.f_blocks * block).into());
        gives.insert("used".into(), (used * block).into());
        gives.insert("available".into(), (facts.f_bavail * block).into());
        gives.insert("inodes_used_percent".into(), percent_up(inodes_used, facts.f_files).into());
        gives.insert("mount".into(), mount_of(&path).into());
        Ok(gives)
    }
}

fn statvfs(path: &Path) -> io::Result<libc::statvfs> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut facts = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path ends in a NUL and the call writes a whole statvfs when it returns 0.
    unsafe {
        if libc::statvfs(path.as_ptr(), facts.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(facts.assume_init())
    }
}

/// A part in percent, rounded up as `df` does; 0 of nothing.
fn percent_up(part: u64, whole: u64) -> u64 {
    if whole == 0 { 0 } else { (u128::from(part) * 100).div_ceil(u128::from(whole)) as u64 }
}

/// The longest mount point that a path lies under.
fn mount_of(path: &Path) -> String {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let points = table.lines().filter_map(|line| line.split(' ').nth(4)).map(unescape);
    points.filter(|p| real.starts_with(p)).max_by_key(String::len).unwrap_or_else(|| "/".to_string())
}

/// Spaces and the like stand in octal in the table of mounts.
fn unescape(point: &str) -> String {
    point.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

/// Memory of the host; what is used is what new programs could not have.
pub fn memory() -> Result<Gives, Failure> {
    let path = Path::new("/proc/meminfo");
    let text = fs::read_to_string(path).map_err(|e| unreadable(path, &e))?;
    let bytes = |key: &str| {
        let line = text.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(':'));
        line.and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok()).map(|kib| kib * 1024)
    };
    let total = bytes("MemTotal").unwrap_or_default();
    let available = bytes("MemAvailable").or_else(|| bytes("MemFree")).unwrap_or_default();
    let used = total.saturating_sub(available);
    let swap = bytes("SwapTotal").unwrap_or_default();
    let mut gives = Gives::new();
    gives.insert("total".into(), total.into());
    gives.insert("available".into(), available.into());
    gives.insert("used".into(), used.into());
    gives.insert("used_percent".into(), rounded(used as f64 * 100.0 / total.max(1) as f64, 10.0).into());
    gives.insert("swap_total".into(), swap.into());
    gives.insert("swap_used".into(), swap.saturating_sub(bytes("SwapFree").unwrap_or_default()).into());
    Ok(gives)
}

/// Load averages of the host, and the one-minute load a processor.
pub fn load() -> Result<Gives, Failure> {
    let path = Path::new("/proc/loadavg");
    let text = fs::read_to_string(path).map_err(|e| unreadable(path, &e))?;
    let mut numbers = text.split_whitespace().map_while(|word| word.parse::<f64>().ok());
    let mut gives = Gives::new();
    for key in ["one", "five", "fifteen"] {
        gives.insert(key.into(), numbers.next().unwrap_or_default().into());
    }
    // SAFETY: sysconf only gives a number.
    let cpus = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) }.max(1);
    let one = gives.get("one").and_then(serde_json::Value::as_f64).unwrap_or_default();
    gives.insert("cpus".into(), cpus.into());
    gives.insert("per_cpu".into(), rounded(one / cpus as f64, 100.0).into());
    Ok(gives)
}

fn rounded(number: f64, to: f64) -> f64 {
    (number * to).round() / to
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    unavailable(crate::t!("cannot read {path}: {error}", "{path} を読めません: {error}"))
}
