//! Where the output of a command goes: the attempt's log, a file, and so much of it as later steps can use. Its memory
//! is bounded by `max_output`.

use serde_json::{Value, json};

use super::target::FileTarget;
use crate::action::{Context, Report};
use crate::event::{Failure, Gives, Stream};
use crate::model::{Rendered, StdoutFile};

/// The output of one command.
pub struct Capture<'c> {
    cx: &'c Context<'c>,
    out: Kept,
    err: Kept,
    head: Kept,
    target: Option<(String, FileTarget)>,
}

/// How much of the beginning is kept even where the output goes to a file.
const HEAD: usize = 1024;

/// The first bytes of a stream.
#[derive(Default)]
pub struct Kept {
    bytes: Vec<u8>,
    cut: bool,
}

impl Kept {
    /// Keeps what still fits into `limit` bytes.
    pub fn push(&mut self, bytes: &[u8], limit: usize) {
        let room = limit.saturating_sub(self.bytes.len()).min(bytes.len());
        self.bytes.extend_from_slice(&bytes[..room]);
        self.cut |= room < bytes.len();
    }

    /// What was kept, as text; a character that was cut in two is left out.
    pub fn text(&self) -> String {
        let mut bytes = self.bytes.as_slice();
        if let (true, Err(e)) = (self.cut, std::str::from_utf8(bytes))
            && e.error_len().is_none()
        {
            bytes = &bytes[..e.valid_up_to()];
        }
        String::from_utf8_lossy(bytes).into_owned()
    }
}

impl<'c> Capture<'c> {
    /// Begins; where the step has a file for its output, that is opened.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn new(cx: &'c Context<'c>) -> Result<Capture<'c>, Failure> {
        let target = cx.around.stdout.as_ref().map(|file| open(file, cx)).transpose()?;
        Ok(Capture { cx, out: Kept::default(), err: Kept::default(), head: Kept::default(), target })
    }

    /// Takes bytes of the standard output.
    ///
    /// # Errors
    /// They can't be written to the step's file.
    pub fn out(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.head.push(bytes, HEAD);
        if let Some((path, file)) = self.target.as_mut() {
            return file.write(bytes).map_err(|e| not_written(path, &e));
        }
        (self.cx.log)(Stream::Out, bytes);
        self.out.push(bytes, self.cx.max_output);
        Ok(())
    }

    /// Takes bytes of the standard error.
    pub fn err(&mut self, bytes: &[u8]) {
        (self.cx.log)(Stream::Err, bytes);
        self.err.push(bytes, self.cx.max_output);
    }

    /// What standard error said so far.
    pub fn said(&self) -> String {
        self.err.text()
    }

    /// How standard output began.
    pub fn began(&self) -> String {
        self.head.text()
    }

    /// The command has ended with `code`.
    pub fn ended(self, code: i32) -> Report {
        let failure = (code != 0).then_some(Failure::Exit { code });
        self.report(Some(code), failure)
    }

    /// The command did not come to its own end.
    pub fn broken(self, failure: Failure) -> Report {
        self.report(None, Some(failure))
    }

    fn report(mut self, code: Option<i32>, mut failure: Option<Failure>) -> Report {
        let mut gives = Gives::new();
        let out = self.out.text();
        gives.insert("lines".into(), out.lines().collect());
        let json = if self.out.cut { Value::Null } else { serde_json::from_str(&out).unwrap_or(Value::Null) };
        gives.insert("json".into(), json);
        gives.insert("stdout".into(), out.into());
        gives.insert("stderr".into(), self.err.text().into());
        gives.insert("exit_code".into(), json!(code));
        if let (None, Some((path, file))) = (&failure, self.target.take()) {
            match file.commit() {
                Ok(size) => gives.extend([("file".into(), path.into()), ("size".into(), size.into())]),
                Err(e) => failure = Some(not_written(&path, &e)),
            }
        }
        if self.out.cut || self.err.cut {
            let limit = crate::base::Size(self.cx.max_output as u64);
            self.cx.note(&crate::t!(
                "later steps get the first {limit} of this output",
                "後のステップに渡るのは出力の先頭 {limit} です"
            ));
        }
        Report { gives, failure, ..Report::default() }
    }
}

fn open(file: &StdoutFile<Rendered>, cx: &Context<'_>) -> Result<(String, FileTarget), Failure> {
    let path = cx.path(&file.file.0);
    let shown = path.display().to_string();
    let mode = match &file.mode {
        None => 0o600,
        Some(text) => u32::from_str_radix(&text.0, 8).ok().filter(|m| *m <= 0o7777).ok_or_else(|| {
            let text = &text.0;
            Failure::Rejected {
                message: crate::t!(
                    "`{text}` is not a file mode; write for example \"0600\"",
                    "`{text}` はファイルのモードではありません。例: \"0600\""
                ),
            }
        })?,
    };
    let target = FileTarget::create(&path, file.compress, mode).map_err(|e| not_written(&shown, &e))?;
    Ok((shown, target))
}

fn not_written(path: &str, error: &std::io::Error) -> Failure {
    Failure::Rejected {
        message: crate::t!("{path} can't be written: {error}", "{path} に書き込めません: {error}"),
    }
}
