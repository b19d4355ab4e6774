//! Reads a shell script just far enough to know whether one quoted word can stand at a point. It knows the
//! quoting of bash, and runs nothing.

use super::check::{Emitted, Finding, Reader};
use super::shell_command::Command;
use super::shell_words as say;

/// What the text is inside of.
#[derive(Clone, Debug)]
pub(super) enum Frame {
    /// Commands: the script itself, `$( … )`, `( … )`, or backticks.
    Code(Kind, Command),
    /// `'…'`.
    Single,
    /// `$'…'`.
    Ansi,
    /// `"…"`.
    Double,
    /// `${ … }`.
    Param,
    /// `$(( … ))` or `(( … ))`, with so many parentheses open inside.
    Arith(usize),
    /// `# …` to the end of the line.
    Comment,
    /// A here-document, and its current line.
    Here(Here, String),
}

/// What commands stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The script itself.
    Top,
    /// `$( … )`.
    Sub,
    /// `( … )`, `<( … )` or an array.
    Paren,
    /// Backticks.
    Back,
}

/// How a here-document ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Here {
    delimiter: String,
    tabs: bool,
}

/// A script read so far.
#[derive(Clone, Debug)]
pub(super) struct ShellText {
    frames: Vec<Frame>,
    /// Here-documents that begin at the next line.
    pending: Vec<Here>,
    last: char,
    /// The start of something that the next text or value belongs to: a backslash, a `$`, `<<EO`.
    held: String,
}

impl ShellText {
    pub(super) fn new() -> ShellText {
        let script = Frame::Code(Kind::Top, Command::default());
        ShellText { frames: vec![script], pending: Vec::new(), last: '\n', held: String::new() }
    }

    /// Takes what begins `rest` and gives its length in bytes.
    fn take(&mut self, rest: &str) -> usize {
        let Some(c) = rest.chars().next() else { return 0 };
        let length = match self.frames.last() {
            Some(Frame::Code(..)) | None => self.code(c, rest),
            Some(Frame::Single) => self.until('\'', c),
            Some(Frame::Ansi) if c == '\\' => escaped(rest),
            Some(Frame::Ansi) => self.until('\'', c),
            Some(Frame::Double) => self.double(c, rest),
            Some(Frame::Param) => self.param(c, rest),
            Some(Frame::Arith(depth)) => self.arith(*depth, c, rest),
            Some(Frame::Comment) => self.comment(c),
            Some(Frame::Here(..)) => self.here(c),
        };
        self.last = c;
        length
    }

    /// Whether the text ends in the middle of something that changes the meaning of what follows.
    fn holds(&self, rest: &str) -> bool {
        match self.frames.last() {
            Some(Frame::Single | Frame::Comment | Frame::Here(..)) => false,
            Some(Frame::Ansi) => rest == "\\",
            Some(Frame::Code(..)) if rest.starts_with("<<") && !rest.starts_with("<<<") => {
                here_document(rest).1 == rest.len()
            }
            _ => rest == "\\" || rest == "$",
        }
    }

    fn until(&mut self, end: char, c: char) -> usize {
        if c == end {
            self.frames.pop();
        }
        c.len_utf8()
    }

    fn double(&mut self, c: char, rest: &str) -> usize {
        match c {
            '\\' => escaped(rest),
            '"' => self.until('"', c),
            '`' => self.backtick(),
            '$' => self.dollar(rest, true),
            _ => c.len_utf8(),
        }
    }

    fn param(&mut self, c: char, rest: &str) -> usize {
        let quoted = self.frames.iter().any(|f| matches!(f, Frame::Double));
        match c {
            '\\' => escaped(rest),
            '}' => self.until('}', c),
            '"' => self.push(Frame::Double, 1),
            '\'' if !quoted => self.push(Frame::Single, 1),
            '`' => self.backtick(),
            '$' => self.dollar(rest, quoted),
            _ => c.len_utf8(),
        }
    }

    fn arith(&mut self, depth: usize, c: char, rest: &str) -> usize {
        match c {
            '(' => self.replace(Frame::Arith(depth + 1), 1),
            ')' if depth > 0 => self.replace(Frame::Arith(depth - 1), 1),
            ')' if rest.starts_with("))") => {
                self.frames.pop();
                2
            }
            // `$((a) | b)` was a command after all, and this closes its first parenthesis.
            ')' => self.replace(Frame::Code(Kind::Sub, Command::default()), 1),
            '"' => self.push(Frame::Double, 1),
            '\'' => self.push(Frame::Single, 1),
            '$' => self.dollar(rest, true),
            _ => c.len_utf8(),
        }
    }

    fn comment(&mut self, c: char) -> usize {
        if c == '\n' {
            self.frames.pop();
            return 0;
        }
        c.len_utf8()
    }

    fn here(&mut self, c: char) -> usize {
        let Some(Frame::Here(here, line)) = self.frames.last_mut() else { return c.len_utf8() };
        if c != '\n' {
            line.push(c);
            return c.len_utf8();
        }
        let text = if here.tabs { line.trim_start_matches('\t') } else { line.as_str() };
        if text == here.delimiter {
            self.frames.pop();
            self.begin_here();
        } else {
            line.clear();
        }
        1
    }

    fn begin_here(&mut self) {
        if !self.pending.is_empty() {
            let next = self.pending.remove(0);
            self.frames.push(Frame::Here(next, String::new()));
        }
    }

    fn code(&mut self, c: char, rest: &str) -> usize {
        let after = rest.chars().nth(1);
        match c {
            '\\' => self.backslash(rest),
            '\'' => self.begin_quote(Frame::Single),
            '"' => self.begin_quote(Frame::Double),
            '`' => self.backtick(),
            '$' => self.dollar(rest, false),
            '#' if self.command().between_words() => self.push(Frame::Comment, 1),
            '(' => self.open_paren(after),
            ')' => self.close_paren(),
            '<' | '>' => self.redirect(rest),
            '\n' => self.line_end(),
            '&' if matches!(self.last, '<' | '>') || after == Some('>') => 1,
            ';' | '&' | '|' => self.with_command(Command::end, 1),
            c if c.is_whitespace() => self.with_command(Command::end_word, c.len_utf8()),
            c => self.with_command(|command| command.push(c), c.len_utf8()),
        }
    }

    fn backslash(&mut self, rest: &str) -> usize {
        match rest[1..].chars().next() {
            Some('\n') => 2,
            Some(c) => self.with_command(|command| command.push(c), 1 + c.len_utf8()),
            None => 1,
        }
    }

    fn begin_quote(&mut self, frame: Frame) -> usize {
        self.with_command(Command::begin_word, 0);
        self.push(frame, 1)
    }

    fn backtick(&mut self) -> usize {
        let open = self.frames.iter().rposition(|f| matches!(f, Frame::Code(Kind::Back, _)));
        match open {
            Some(at) => self.frames.truncate(at),
            None => {
                self.with_command(Command::begin_word, 0);
                self.frames.push(Frame::Code(Kind::Back, Command::default()));
            }
        }
        1
    }

    fn dollar(&mut self, rest: &str, quoted: bool) -> usize {
        self.with_command(Command::begin_word, 0);
        let (frame, length) = match rest.as_bytes().get(1) {
            Some(b'(') if rest.starts_with("$((") => (Frame::Arith(0), 3),
            Some(b'(') => (Frame::Code(Kind::Sub, Command::default()), 2),
            Some(b'{') => (Frame::Param, 2),
            Some(b'\'') if !quoted => (Frame::Ansi, 2),
            Some(b'"') if !quoted => (Frame::Double, 2),
            // `$#` is a variable, not a comment.
            Some(b'#') => return 2,
            _ => return self.with_command(|command| command.push('$'), 1),
        };
        self.push(frame, length)
    }

    fn open_paren(&mut self, after: Option<char>) -> usize {
        if after == Some('(') && self.command().at_start() {
            return self.push(Frame::Arith(0), 2);
        }
        self.push(Frame::Code(Kind::Paren, Command::default()), 1)
    }

    fn close_paren(&mut self) -> usize {
        // `esac)`: the word counts before the parenthesis does.
        self.with_command(Command::end_word, 0);
        let pattern = self.command().in_case();
        let closes = matches!(self.frames.last(), Some(Frame::Code(Kind::Sub | Kind::Paren, _)));
        if closes && !pattern {
            self.frames.pop();
            return self.with_command(Command::begin_word, 1);
        }
        self.with_command(Command::end, 1)
    }

    fn redirect(&mut self, rest: &str) -> usize {
        if rest.starts_with("<<<") {
            return self.with_command(Command::end_word, 3);
        }
        if rest.starts_with("<(") || rest.starts_with(">(") {
            return self.push(Frame::Code(Kind::Paren, Command::default()), 2);
        }
        if rest.starts_with("<<") {
            let (here, length) = here_document(rest);
            self.pending.extend(here);
            return self.with_command(Command::end_word, length);
        }
        self.with_command(Command::end_word, 1)
    }

    fn line_end(&mut self) -> usize {
        self.with_command(Command::end, 0);
        self.begin_here();
        1
    }

    fn push(&mut self, frame: Frame, length: usize) -> usize {
        self.frames.push(frame);
        length
    }

    fn replace(&mut self, frame: Frame, length: usize) -> usize {
        self.frames.pop();
        self.push(frame, length)
    }

    fn with_command(&mut self, change: impl FnOnce(&mut Command), length: usize) -> usize {
        if let Some(Frame::Code(_, command)) = self.frames.last_mut() {
            change(command);
        }
        length
    }

    fn command(&self) -> &Command {
        const NONE: &Command = &Command::new();
        match self.frames.last() {
            Some(Frame::Code(_, command)) => command,
            _ => NONE,
        }
    }
}

/// The length of a backslash and what it escapes.
fn escaped(rest: &str) -> usize {
    1 + rest[1..].chars().next().map_or(0, char::len_utf8)
}

/// The here-document that `<<` at the front of the text announces, and the length of the announcement.
fn here_document(rest: &str) -> (Option<Here>, usize) {
    let tabs = rest.starts_with("<<-");
    let start = if tabs { 3 } else { 2 };
    let word = rest[start..].trim_start_matches([' ', '\t']);
    let skipped = rest.len() - word.len();
    let mut delimiter = String::new();
    let mut quote = None;
    let mut length = 0;
    for c in word.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '\\') => {}
            (None, c) if c.is_whitespace() || ";|&()<>".contains(c) => break,
            (_, '\n') => break,
            (_, c) => delimiter.push(c),
        }
        length += c.len_utf8();
    }
    let here = (length > 0).then_some(Here { delimiter, tabs });
    (here, skipped + length)
}

impl Reader for ShellText {
    const BLOCKS: bool = false;

    fn same(&self, other: &ShellText) -> bool {
        let alike = |(a, b): (&Frame, &Frame)| match (a, b) {
            (Frame::Code(a, _), Frame::Code(b, _)) => a == b,
            (Frame::Arith(a), Frame::Arith(b)) => a == b,
            (Frame::Here(a, _), Frame::Here(b, _)) => a == b,
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        };
        self.pending == other.pending
            && self.held == other.held
            && self.frames.len() == other.frames.len()
            && self.frames.iter().zip(&other.frames).all(alike)
    }

    fn text(&mut self, text: &str) {
        let whole = std::mem::take(&mut self.held) + text;
        let mut rest = whole.as_str();
        while !rest.is_empty() {
            if self.holds(rest) {
                self.held = rest.to_string();
                return;
            }
            let length = self.take(rest);
            rest = &rest[length.min(rest.len())..];
        }
    }

    fn value(&mut self, value: Emitted<'_>) -> Vec<Finding> {
        if value.filter == Some("ident") {
            return vec![say::ident()];
        }
        let mut found = Vec::new();
        if value.filter == Some("raw") {
            found.push(Finding::raw());
        } else {
            let back = self.frames.iter().find(|f| matches!(f, Frame::Code(Kind::Back, _)));
            found.extend(back.or(self.frames.last()).and_then(|frame| say::inside(frame, value.source)));
        }
        let held = std::mem::take(&mut self.held);
        if found.is_empty() && !held.is_empty() {
            found.push(say::glued(&held, value.source));
        }
        if found.is_empty() {
            found.extend(say::risky(self.command(), value.after));
        }
        self.last = '\u{fffd}';
        self.with_command(Command::push_value, 0);
        if let Some(Frame::Here(_, line)) = self.frames.last_mut() {
            line.push('\u{fffd}');
        }
        found
    }

    fn open(&self) -> Option<String> {
        self.frames.last().and_then(say::place)
    }
}
