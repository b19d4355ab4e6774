//! Where the output of a command goes: the attempt's log, a file, and so much of it as later steps can use. Its memory
//! is bounded by `max_output`.

use crate::action::{Context, Report, out_file, outputs};
use crate::event::{Failure, Stream};
use crate::process::{self, FileTarget};

/// How much of the beginning is kept even where the output goes to a file.
const HEAD: usize = 1024;

/// The output of one command.
pub struct Capture<'c> {
    cx: &'c Context<'c>,
    kept: process::Capture,
    head: process::Capture,
    target: Option<FileTarget>,
}

impl<'c> Capture<'c> {
    /// Begins; where the step has a file for its output, that is begun too.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn new(cx: &'c Context<'c>) -> Result<Capture<'c>, Failure> {
        let (kept, head) = (process::Capture::new(cx.max_output), process::Capture::new(HEAD));
        Ok(Capture { cx, kept, head, target: out_file::begin(cx)? })
    }

    /// Takes bytes of the standard output.
    ///
    /// # Errors
    /// They can't be written to the step's file.
    pub fn out(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.head.take(Stream::Out, bytes);
        if let Some(target) = self.target.as_mut() {
            return target.write(bytes).map_err(|e| Failure::Unavailable { message: e.message });
        }
        (self.cx.log)(Stream::Out, bytes);
        self.kept.take(Stream::Out, bytes);
        Ok(())
    }

    /// Takes bytes of the standard error.
    pub fn err(&mut self, bytes: &[u8]) {
        (self.cx.log)(Stream::Err, bytes);
        self.kept.take(Stream::Err, bytes);
    }

    /// What standard error said so far.
    pub fn said(&self) -> String {
        self.kept.err_text()
    }

    /// How standard output began.
    pub fn began(&self) -> String {
        self.head.out_text()
    }

    /// The command has ended with `code`. Its file is handed on in [`Report::pending`].
    pub fn ended(self, code: i32) -> Report {
        let failure = (code != 0).then_some(Failure::Exit { code });
        self.report(Some(code), failure)
    }

    /// The command did not come to its own end.
    pub fn broken(self, failure: Failure) -> Report {
        self.report(None, Some(failure))
    }

    fn report(self, code: Option<i32>, failure: Option<Failure>) -> Report {
        let mut report = Report { gives: outputs(&self.kept, code), failure, ..Report::default() };
        if let Some(Err(failure)) = self.target.map(|target| out_file::keep(target, &mut report)) {
            report.failure = Some(failure);
        }
        if self.kept.truncated {
            let limit = crate::base::Size(self.cx.max_output as u64);
            self.cx.note(&crate::t!(
                "later steps get the first {limit} of this output",
                "後のステップに渡るのは出力の先頭 {limit} です"
            ));
        }
        report
    }
}
