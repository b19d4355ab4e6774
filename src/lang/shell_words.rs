//! The simple commands of a shell script, roughly: enough to see what a command plainly is. It runs nothing and is
//! no shell.

use std::ops::Range;

/// One word of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// Its text, quotes taken off; a template stands as it is.
    pub text: String,
    /// Whether any of it was quoted.
    pub quoted: bool,
    /// Where it stands in the script; its number in a list of arguments.
    pub at: Range<usize>,
}

/// Text that stands in the script and is read by a command: `<<EOF`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Here {
    /// The text.
    pub text: String,
    /// Where it begins.
    pub start: usize,
}

/// A simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// Its words.
    pub words: Vec<Word>,
    /// It reads from a pipe.
    pub piped: bool,
    /// It writes to a pipe.
    pub pipes: bool,
    /// It reads from a file: `< FILE`.
    pub from_file: bool,
    /// It reads a text of the script.
    pub here: Option<Here>,
    /// It reads a word: `<<< WORD`.
    pub from_word: bool,
    /// The file that its standard output overwrites: `> FILE`.
    pub into: Option<Word>,
    /// It runs in the background.
    pub background: bool,
}

impl Command {
    /// Whether anything but the shell's own input reaches it.
    pub fn is_fed(&self) -> bool {
        self.piped || self.from_file || self.from_word || self.here.is_some()
    }
}

/// What the next word of a command is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Word,
    /// The file of a redirection that does not matter.
    Swallowed,
    /// The file that standard output overwrites.
    Target,
    /// The end mark of a text; whether tabs before it count for nothing.
    Mark(bool),
}

struct Reader<'a> {
    script: &'a str,
    rest: &'a str,
    base: usize,
    commands: Vec<Command>,
    /// Commands within words of other commands.
    inner: Vec<Command>,
    command: Command,
    word: Option<Word>,
    next: Next,
    /// End marks of texts that begin at the next line, and the commands that read them.
    marks: Vec<(String, bool, usize)>,
}

/// The simple commands of a script.
pub fn commands(script: &str) -> Vec<Command> {
    commands_from(script, 0)
}

/// The simple commands of a script that begins at `base` of another text.
pub fn commands_from(script: &str, base: usize) -> Vec<Command> {
    let mut reader = Reader {
        script,
        rest: script,
        base,
        commands: Vec::new(),
        inner: Vec::new(),
        command: Command::default(),
        word: None,
        next: Next::Word,
        marks: Vec::new(),
    };
    while let Some(c) = reader.rest.chars().next() {
        reader.take(c);
    }
    reader.end_command(false);
    reader.commands.append(&mut reader.inner);
    reader.commands
}

impl<'a> Reader<'a> {
    fn at(&self) -> usize {
        self.base + self.script.len() - self.rest.len()
    }

    fn take(&mut self, c: char) {
        if self.rest.starts_with("{{") {
            let end = self.rest.find("}}").map_or(self.rest.len(), |i| i + 2);
            return self.push(end);
        }
        match c {
            '\'' | '"' => self.quoted(c),
            '\\' => self.escaped(),
            '#' if self.word.is_none() => self.skip(self.rest.find('\n').unwrap_or(self.rest.len())),
            ' ' | '\t' => self.end_word(1),
            '(' if self.rest.starts_with("((") => self.arithmetic(),
            '$' if self.rest.starts_with("$(") && !self.rest.starts_with("$((") => self.substitution(),
            '&' if self.rest.starts_with("&>") => self.output(1, true),
            '>' => self.output(0, false),
            '|' if !self.rest.starts_with("||") => {
                let bytes = if self.rest.starts_with("|&") { 2 } else { 1 };
                self.separator(bytes, true);
            }
            '&' if !self.rest.starts_with("&&") => {
                self.end_word(0);
                self.command.background = true;
                self.separator(1, false);
            }
            '\n' => self.line_end(),
            '&' | '|' => self.separator(2, false),
            ';' | '(' | ')' | '`' => self.separator(1, false),
            '{' | '}' if self.word.is_none() => self.separator(1, false),
            '<' => self.input(),
            _ => self.push(c.len_utf8()),
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    fn open_word(&mut self) -> &mut Word {
        let start = self.at();
        self.word.get_or_insert(Word { text: String::new(), quoted: false, at: start..start })
    }

    fn push(&mut self, bytes: usize) {
        let (taken, rest) = self.rest.split_at(bytes);
        self.open_word().text.push_str(taken);
        self.rest = rest;
    }

    fn quoted(&mut self, quote: char) {
        let body = &self.rest[1..];
        let mut end = 0;
        let mut escaped = false;
        for (i, c) in body.char_indices() {
            if c == quote && !escaped {
                end = i;
                break;
            }
            escaped = quote == '"' && c == '\\' && !escaped;
            end = i + c.len_utf8();
        }
        let start = self.at() + 1;
        let word = self.open_word();
        word.quoted = true;
        word.text.push_str(&body[..end]);
        if quote == '"' {
            self.substituted(&body[..end], start);
        }
        self.rest = body.get(end + 1..).unwrap_or_default();
    }

    /// The commands of each `$( … )` within double quotes.
    fn substituted(&mut self, body: &str, start: usize) {
        let mut from = 0;
        while let Some(open) = body[from..].find("$(").map(|i| from + i + 2) {
            let end = open + closing(&body[open..]);
            self.inner.extend(commands_from(&body[open..end], start + open));
            from = end;
        }
    }

    /// `$( … )` is a part of its word; what it runs is told beside.
    fn substitution(&mut self) {
        let end = 2 + closing(&self.rest[2..]);
        let start = self.at() + 2;
        self.inner.extend(commands_from(&self.rest[2..end], start));
        self.push((end + 1).min(self.rest.len()));
    }

    fn escaped(&mut self) {
        self.skip(1);
        match self.rest.chars().next() {
            Some('\n') => self.skip(1),
            Some(c) => self.push(c.len_utf8()),
            None => {}
        }
    }

    /// `(( … ))` compares and counts; its signs redirect nothing.
    fn arithmetic(&mut self) {
        match self.rest.find("))") {
            Some(end) => self.push(end + 2),
            None => self.separator(1, false),
        }
    }

    fn end_word(&mut self, bytes: usize) {
        let end = self.at();
        self.skip(bytes);
        let Some(mut word) = self.word.take() else { return };
        word.at.end = end;
        match std::mem::replace(&mut self.next, Next::Word) {
            Next::Word => self.command.words.push(word),
            Next::Swallowed => {}
            Next::Target => self.command.into = Some(word),
            Next::Mark(tabs) => self.marks.push((word.text, tabs, self.commands.len())),
        }
    }

    fn separator(&mut self, bytes: usize, pipe: bool) {
        self.end_word(0);
        self.skip(bytes);
        self.command.pipes = pipe;
        self.end_command(pipe);
    }

    fn end_command(&mut self, pipe: bool) {
        self.end_word(0);
        self.next = Next::Word;
        let done = std::mem::take(&mut self.command);
        self.command.piped = pipe;
        if !done.words.is_empty() {
            self.commands.push(done);
        } else if done.piped {
            self.command.piped = true;
        }
    }

    fn line_end(&mut self) {
        self.separator(1, false);
        for (mark, tabs, reader) in std::mem::take(&mut self.marks) {
            let start = self.at();
            let mut text = String::new();
            while !self.rest.is_empty() {
                let end = self.rest.find('\n').map_or(self.rest.len(), |i| i + 1);
                let line = &self.rest[..end];
                self.skip(end);
                let bare = line.trim_end_matches('\n');
                if (if tabs { bare.trim_start_matches('\t') } else { bare }) == mark {
                    break;
                }
                text.push_str(line);
            }
            if let Some(command) = self.commands.get_mut(reader) {
                command.here = Some(Here { text, start });
            }
        }
    }

    /// `> FILE`, `>> FILE`, `2> FILE`, `&> FILE`, `>&2`.
    fn output(&mut self, before: usize, all: bool) {
        let digits = self.word.as_ref().filter(|w| !w.quoted && w.text.bytes().all(|b| b.is_ascii_digit()));
        let standard = digits.is_none_or(|w| w.text == "1") || all;
        if digits.is_some() {
            self.word = None;
        }
        self.end_word(before + 1);
        let append = self.rest.starts_with('>');
        let twin = self.rest.starts_with('&');
        if append || twin || self.rest.starts_with('|') {
            self.skip(1);
        }
        if self.rest.starts_with('(') {
            return;
        }
        self.next = if standard && !append && !twin { Next::Target } else { Next::Swallowed };
    }

    fn input(&mut self) {
        let signs = self.rest.bytes().take_while(|b| *b == b'<').count();
        self.end_word(signs);
        if self.rest.starts_with('(') {
            return;
        }
        match signs {
            1 if self.rest.starts_with('&') => {
                self.skip(1);
                self.next = Next::Swallowed;
            }
            1 => {
                self.command.from_file = true;
                self.next = Next::Swallowed;
            }
            2 => {
                let tabs = self.rest.starts_with('-');
                if tabs {
                    self.skip(1);
                }
                self.next = Next::Mark(tabs);
            }
            _ => {
                self.command.from_word = true;
                self.next = Next::Swallowed;
            }
        }
    }
}

/// Where the parenthesis that is open closes; the end where it does not.
fn closing(text: &str) -> usize {
    let mut depth = 1;
    let close = text.find(|c| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    });
    close.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::commands;

    fn first_words(script: &str) -> Vec<String> {
        commands(script).iter().map(|c| c.words[0].text.clone()).collect()
    }

    #[test]
    fn commands_are_told_apart() {
        assert_eq!(first_words("a b; c && d | e\n# rm -r x\nf $(g)"), ["a", "c", "d", "e", "f", "g"]);
        assert_eq!(first_words("echo 'a; rm -r' \"b | c\""), ["echo"]);
        assert_eq!(first_words("echo \"now $(date -u (x)) done\"; b"), ["echo", "b", "date", "x"]);
        assert_eq!(first_words("(( 1 > 2 )) || a &\nb &> x 2>&1 c"), ["(( 1 > 2 ))", "a", "b"]);
        let all = commands("zcat x.gz | psql db < y");
        assert!(all[1].piped && all[1].from_file && !all[0].piped && all[0].pipes);
    }

    #[test]
    fn redirections_are_no_words() {
        let all = commands("psql -c 1 <<'EOF' > out 2> err | cat >> log\nselect 'rm -r'\nEOF\nb <<< c");
        let words: Vec<usize> = all.iter().map(|c| c.words.len()).collect();
        assert_eq!(words, [3, 1, 1]);
        assert_eq!(all[0].here.as_ref().map(|h| h.text.as_str()), Some("select 'rm -r'\n"));
        assert_eq!(all[0].into.as_ref().map(|w| w.text.as_str()), Some("out"));
        assert!(!all[0].from_file && all[1].into.is_none() && all[2].from_word);
    }

    #[test]
    fn a_word_knows_its_place() {
        let script = "a; top -b 'x y' {{ z }}";
        let last = &commands(script)[1];
        let texts: Vec<&str> = last.words.iter().map(|w| &script[w.at.clone()]).collect();
        assert_eq!(texts, ["top", "-b", "'x y'", "{{ z }}"]);
    }

    #[test]
    fn odd_ends_do_no_harm() {
        for script in [
            "'",
            "\"",
            "\\",
            "<",
            "{{",
            "a |",
            "日本'語",
            "$(",
            "\"\\",
            ">",
            "a >",
            "((",
            "<<",
            "<<E",
            "&>",
            "\"$(",
        ] {
            let _ = commands(script);
        }
    }
}
