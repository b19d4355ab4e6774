//! Whether work on files could start: what it reads can be read, where it writes there is room. It changes nothing.

use std::path::Path;

use crate::base::Size;
use crate::model::{FileAction, FilePath, Rendered};

use super::context::Context;
use super::could::{Could, Looked, is_unknown};
use super::could_around::{can_be_written, has_room, nearest, readable};

/// Asks one piece of work.
pub(super) fn could_start(action: &FileAction<Rendered>, cx: &Context<'_>) -> Looked {
    match action {
        FileAction::Write(what) | FileAction::Append(what) => {
            let room = can_be_written(&cx.path(&what.path), what.content.len() as u64)?;
            Ok(has(room))
        }
        FileAction::Copy(what) => {
            let size = readable(&cx.path(&what.from))?;
            Ok(has(can_be_written(&cx.path(&what.to), size)?))
        }
        FileAction::Archive(what) => {
            for part in &what.from {
                readable(&cx.path(&what.base).join(part.as_str()))?;
            }
            Ok(has(can_be_written(&cx.path(&what.to), 0)?))
        }
        FileAction::Extract(what) => {
            let size = readable(&cx.path(&what.from))?;
            let to = cx.path(&what.to);
            let there = if is_unknown(&what.to) { to } else { nearest(&to) };
            Ok(has(has_room(&there, size)?))
        }
        FileAction::Remove(what) => removed(what, cx),
        FileAction::Prune(what) => {
            let glob = cx.path(&what.glob);
            let folder = glob.ancestors().find(|p| !p.to_string_lossy().contains(['*', '?', '[']));
            has_room(folder.filter(|f| *f != glob).unwrap_or(Path::new("/")), 0)?;
            Ok(Could::yes(crate::t!("its folder may be written", "フォルダーに書き込めます")))
        }
        FileAction::Read(what) | FileAction::Checksum(what) => {
            readable(&cx.path(&what.path))?;
            Ok(Could::yes(crate::t!("it can be read", "読み取れます")))
        }
        FileAction::Stat(_) | FileAction::List(_) | FileAction::Latest(_) => {
            Err(Could::unclear(crate::t!("there is nothing to look at", "確認できるものがありません")))
        }
    }
}

fn has(room: Size) -> Could {
    Could::yes(crate::t!("it can be written; {room} of room", "書き込めます（空き {room}）"))
}

fn removed(what: &FilePath<Rendered>, cx: &Context<'_>) -> Looked {
    let path = cx.path(&what.path);
    let shown = path.display().to_string();
    if is_unknown(&shown) {
        return Err(Could::unknown(&shown));
    }
    if path.symlink_metadata().is_err() {
        return Ok(Could::yes(crate::t!(
            "nothing to do: {shown} is not there",
            "行うことなし: {shown} はありません"
        )));
    }
    has_room(path.parent().unwrap_or(Path::new("/")), 0)?;
    Ok(Could::yes(crate::t!("{shown} is there", "{shown} があります")))
}
