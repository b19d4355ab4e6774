//! The file that a step's standard output goes to. It does not know who writes into it.

use serde_json::json;

use super::{Context, Report};
use crate::event::Failure;
use crate::model::{Rendered, StdoutFile};
use crate::process::FileTarget;

/// Begins the file, where the step has one.
///
/// # Errors
/// When it can't be made.
pub fn begin(cx: &Context<'_>) -> Result<Option<FileTarget>, Failure> {
    cx.around.stdout.as_ref().map(|file| target(file, cx)).transpose()
}

/// The file is complete, but only the verdict on the step lets it appear.
///
/// # Errors
/// When it can't be written to its end.
pub fn keep(mut target: FileTarget, report: &mut Report) -> Result<(), Failure> {
    // A code that is not 0 may still mean done; after anything else there is nothing to keep.
    if matches!(report.failure, None | Some(Failure::Exit { .. })) {
        let size = target.finish().map_err(|e| Failure::Unavailable { message: e.message })?;
        report.gives.insert("size".into(), json!(size));
        report.gives.insert("file".into(), target.path().display().to_string().into());
        report.pending.add(target);
    }
    Ok(())
}

fn target(file: &StdoutFile<Rendered>, cx: &Context<'_>) -> Result<FileTarget, Failure> {
    let mode = super::shell::octal(file)?;
    let path = cx.path(&file.file);
    FileTarget::create(&path, file.compress, mode).map_err(|e| Failure::Unavailable { message: e.message })
}
