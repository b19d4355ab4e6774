//! Whether what surrounds a step is there: its folder, what it reads, where its output goes. It changes nothing.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::base::Size;

use super::context::Context;
use super::could::{Could, is_unknown};

/// A folder with less room than this, in bytes, counts as full.
const ROOM: u64 = 1 << 20;

/// Whether the step has nothing to do, as `creates` says.
pub(super) fn nothing_to_do(cx: &Context<'_>) -> Option<Could> {
    let path = cx.around.creates.as_ref().filter(|p| !is_unknown(p))?;
    let path = cx.path(path);
    path.exists().then(|| {
        let path = path.display();
        Could::yes(crate::t!("nothing to do: {path} is there", "行うことなし: {path} が既にあります"))
    })
}

/// Whether the folder, the input and the place of the output are there.
pub(super) fn could_be(cx: &Context<'_>) -> Result<(), Could> {
    let around = cx.around;
    if let Some(cwd) = around.cwd.as_ref().filter(|p| !is_unknown(p)) {
        folder(&cx.path(cwd))?;
    }
    if let Some(file) = around.stdin.as_ref().and_then(|s| s.file.as_ref()) {
        readable(&cx.path(file))?;
    }
    if let Some(out) = &around.stdout {
        can_be_written(&cx.path(&out.file), 0)?;
    }
    Ok(())
}

/// Whether it is a folder that may be entered.
pub(super) fn folder(path: &Path) -> Result<(), Could> {
    let shown = path.display();
    let found = fs::metadata(path).map_err(|e| {
        Could::no(crate::t!("the folder {shown}: {e}", "フォルダー {shown}: {e}")).wanting(name(path))
    })?;
    match found.is_dir() && may(path, libc::X_OK) {
        true => Ok(()),
        false => Err(Could::no(crate::t!(
            "{shown} is no folder that may be entered",
            "{shown} は開けるフォルダーではありません"
        ))),
    }
}

/// Whether a file or folder is there and may be read; its size.
pub(super) fn readable(path: &Path) -> Result<u64, Could> {
    let shown = path.display();
    if is_unknown(&shown.to_string()) {
        return Err(Could::unknown(&shown.to_string()));
    }
    let found = fs::metadata(path).map_err(|e| {
        Could::no(crate::t!("{shown} cannot be read: {e}", "{shown} を読めません: {e}")).wanting(name(path))
    })?;
    if !may(path, libc::R_OK) {
        return Err(Could::no(crate::t!("{shown} may not be read", "{shown} を読む権限がありません")));
    }
    Ok(found.len())
}

/// Whether a file can be made at a path: its folder is there, writable, and has room for so many bytes. The room.
pub(super) fn can_be_written(path: &Path, bytes: u64) -> Result<Size, Could> {
    if path.is_dir() {
        let shown = path.display();
        return Err(Could::no(crate::t!("{shown} is a folder", "{shown} はフォルダーです")));
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    has_room(folder, bytes)
}

/// Whether a folder is there, may be written into, and has room for so many bytes. The room.
pub(super) fn has_room(folder: &Path, bytes: u64) -> Result<Size, Could> {
    let shown = folder.display().to_string();
    if is_unknown(&shown) {
        return Err(Could::unknown(&shown));
    }
    let found = fs::metadata(folder).map_err(|e| {
        Could::no(crate::t!("the folder {shown}: {e}", "フォルダー {shown}: {e}")).wanting(name(folder))
    })?;
    if !found.is_dir() || !may(folder, libc::W_OK | libc::X_OK) {
        return Err(Could::no(crate::t!(
            "nothing may be written into {shown}",
            "{shown} に書き込む権限がありません"
        )));
    }
    let room = room(folder);
    if room.0 < bytes.max(ROOM) {
        return Err(Could::no(crate::t!(
            "{shown} has only {room} of room",
            "{shown} の空きは {room} しかありません"
        )));
    }
    Ok(room)
}

/// What another step would call this path.
fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

/// The nearest folder at or above a path that is there.
pub(super) fn nearest(path: &Path) -> PathBuf {
    path.ancestors().find(|p| p.exists()).unwrap_or(Path::new("/")).to_path_buf()
}

fn may(path: &Path, how: i32) -> bool {
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else { return false };
    // SAFETY: a text that ends with a NUL and lives through the call.
    unsafe { libc::faccessat(libc::AT_FDCWD, path.as_ptr(), how, libc::AT_EACCESS) == 0 }
}

fn room(folder: &Path) -> Size {
    let Ok(path) = CString::new(folder.as_os_str().as_bytes()) else { return Size(0) };
    // SAFETY: a zeroed struct is one to be filled in, and the path ends with a NUL.
    unsafe {
        let mut facts: libc::statvfs = std::mem::zeroed();
        match libc::statvfs(path.as_ptr(), &raw mut facts) {
            0 => Size(facts.f_bavail.saturating_mul(facts.f_frsize)),
            // A file system that does not tell is not known to be full.
            _ => Size(u64::MAX),
        }
    }
}
