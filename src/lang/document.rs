//! One file: its text, the places in it, its values, and what is wrong with it. It knows no key.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::languages::Languages;
use super::shape::{Broken, Choice, Fit, Mistake, Shapes, Where};
use super::yaml::{Index, MAX_BYTES, Seg, both, decode};
use crate::base::Lang;
use crate::diag::{At, Diagnostic, Source};

/// A file that was read as far as it could be.
pub struct Document {
    /// Its text.
    pub source: Arc<Source>,
    /// Its places.
    pub index: Arc<Index>,
    /// What is wrong.
    pub notes: Vec<Diagnostic>,
    /// The language whose texts are taken.
    pub lang: Lang,
    /// Its texts in several languages.
    pub languages: Languages,
}

impl Document {
    /// Reads a file; `shown` is its path as the user knows it, `lang` the language whose texts are taken.
    ///
    /// # Errors
    /// What makes its values unreadable.
    pub fn open(path: &Path, shown: &str, lang: Lang) -> Result<(Document, Value), Vec<Diagnostic>> {
        let mut bytes = Vec::new();
        // One byte more than may be: a file without an end must not be read to its end.
        File::open(path)
            .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
            .map_err(|e| vec![unreadable(shown, &e)])?;
        Document::of_bytes(bytes, shown, lang)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// What makes its values unreadable.
    pub fn of_bytes(bytes: Vec<u8>, shown: &str, lang: Lang) -> Result<(Document, Value), Vec<Diagnostic>> {
        let source = |text: String| Arc::new(Source { path: shown.to_string(), text });
        if bytes.len() > MAX_BYTES {
            let title = crate::t!("the file is larger than 64 MiB", "ファイルが 64 MiB を超えています");
            return Err(vec![Diagnostic::error(
                "too-large",
                At { source: source(String::new()), span: 0..0 },
                title,
            )]);
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(e) => return Err(vec![not_utf8(&e, source)]),
        };
        Document::of_source(source(text), lang)
    }

    fn of_source(source: Arc<Source>, lang: Lang) -> Result<(Document, Value), Vec<Diagnostic>> {
        let at = |span: Range<usize>| At { source: source.clone(), span };
        let of_trouble = |t: &super::yaml::Trouble| {
            let mut d = Diagnostic::error(t.code, at(t.span.clone()), t.title.clone());
            d.help = t.help.clone();
            match t.other.as_deref() {
                Some((span, text)) => d.other(at(span.clone()), text.clone()),
                None => d,
            }
        };
        let (index, early) = both(&source.text);
        let (index, troubles) = index.map_err(|t| vec![of_trouble(&t)])?;
        if index.root().is_none() {
            let title = crate::t!("the file is empty", "ファイルが空です");
            let help =
                crate::t!("begin with `title:` and `steps:`", "`title:` と `steps:` から書き始めてください");
            return Err(vec![Diagnostic::error("empty-file", at(0..0), title).help(help)]);
        }
        let notes: Vec<Diagnostic> = troubles.iter().map(of_trouble).collect();
        let decoded = early.filter(|_| !troubles.iter().any(|t| t.blot));
        let value = decoded.unwrap_or_else(|| decode(&source.text, &troubles)).map_err(|(i, title)| {
            [notes.clone(), vec![Diagnostic::error("unreadable", at(i..i), title)]].concat()
        })?;
        let languages = Languages::default();
        Ok((Document { source, index: Arc::new(index), notes, lang, languages }, value))
    }

    /// Fits the values to their shapes, noting what is wrong. In a system file an explicit null is no key.
    ///
    /// # Errors
    /// When nothing is left that could be read.
    pub fn fit(&mut self, value: &mut Value, shapes: &Shapes, null_is_absent: bool) -> Result<(), Broken> {
        let mut fit = Fit::new(shapes, null_is_absent, self.lang);
        let fitted = fit.root(value);
        for choice in std::mem::take(&mut fit.choices) {
            self.chose(choice, <[Seg]>::to_vec);
        }
        for labelled in std::mem::take(&mut fit.labelled) {
            self.languages.label(labelled.path, labelled.written);
        }
        for mistake in std::mem::take(&mut fit.mistakes) {
            self.mistake(mistake);
        }
        fitted
    }

    /// A text in several languages means the one that was taken; `written` is a path of the model as the file has it.
    pub fn chose(&mut self, choice: Choice, written: impl Fn(&[Seg]) -> Vec<Seg>) {
        let Some(root) = self.index.root() else { return };
        let node = |path: &[Seg]| self.index.follow(&self.source.text, root, &written(path));
        let whole = node(&choice.path);
        let text = node(&[choice.path.as_slice(), &[Seg::name(choice.taken.key())]].concat());
        self.languages.take(whole, text);
        self.languages.others.insert(choice.path, choice.others);
    }

    fn mistake(&mut self, mistake: Mistake) {
        let at = match mistake.place {
            Where::Value => self.value(&mistake.path),
            Where::Key => self.key(&mistake.path),
            Where::Head => self.head(&mistake.path),
        };
        let blotted = |d: &Diagnostic| {
            d.code == "unquoted-template" && d.at.as_ref().is_some_and(|a| a.span.start == at.span.start)
        };
        if self.notes.iter().any(blotted) {
            return;
        }
        let mut d = Diagnostic::error(mistake.code, at, mistake.title);
        d.help = mistake.help;
        self.note(d);
    }

    /// Notes a mistake, once.
    pub fn note(&mut self, diagnostic: Diagnostic) {
        self.notes.push(diagnostic);
    }

    /// Whether something within a span is known to be wrong.
    pub fn has_mistake_within(&self, span: &Range<usize>) -> bool {
        self.notes.iter().filter_map(|d| d.at.as_ref()).any(|at| {
            at.source.path == self.source.path && span.start <= at.span.start && at.span.start < span.end
        })
    }

    /// The span of the value at a path.
    pub fn value_span(&self, path: &[Seg]) -> Range<usize> {
        let Some(root) = self.index.root() else { return 0..0 };
        let node = self.index.follow(&self.source.text, root, self.languages.written(path));
        let span = &self.index.written(self.languages.meant(node)).span;
        span.start as usize..span.end as usize
    }

    /// The place of the value at a path.
    pub fn value(&self, path: &[Seg]) -> At {
        self.at(self.value_span(path))
    }

    /// The place of the last key of a path.
    pub fn key(&self, path: &[Seg]) -> At {
        let text = &self.source.text;
        self.at(self.index.root().map_or(0..0, |root| self.index.key_span(text, root, path)))
    }

    /// The place of the first key of the mapping at a path.
    pub fn head(&self, path: &[Seg]) -> At {
        let text = &self.source.text;
        self.at(self.index.root().map_or(0..0, |root| self.index.head_span(text, root, path)))
    }

    /// A span of this file as a place.
    pub fn at(&self, span: Range<usize>) -> At {
        At { source: self.source.clone(), span }
    }
}

fn unreadable(shown: &str, error: &std::io::Error) -> Diagnostic {
    let source = Arc::new(Source { path: shown.to_string(), text: String::new() });
    let title = match error.kind() {
        std::io::ErrorKind::NotFound => {
            crate::t!("there is no file {shown}", "ファイル {shown} がありません")
        }
        std::io::ErrorKind::PermissionDenied => {
            crate::t!("the file {shown} may not be read", "ファイル {shown} を読む権限がありません")
        }
        _ => crate::t!("the file {shown} cannot be read: {error}", "ファイル {shown} を読めません: {error}"),
    };
    Diagnostic { at: None, ..Diagnostic::error("no-file", At { source, span: 0..0 }, title) }
}

fn not_utf8(error: &std::string::FromUtf8Error, source: impl Fn(String) -> Arc<Source>) -> Diagnostic {
    let upto = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
    let byte = error.as_bytes().get(upto).copied().unwrap_or_default();
    let at = At { source: source(text), span: upto..upto };
    Diagnostic::error(
        "not-utf8",
        at,
        crate::t!("the byte 0x{byte:02x} is not UTF-8", "バイト 0x{byte:02x} は UTF-8 ではありません"),
    )
    .help(crate::t!(
        "save the file as UTF-8 (from Shift_JIS: iconv -f CP932 -t UTF-8)",
        "UTF-8 で保存してください（Shift_JIS からは iconv -f CP932 -t UTF-8）"
    ))
}
