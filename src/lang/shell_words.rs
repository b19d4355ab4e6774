//! The simple commands of a shell script, roughly: enough to see what plainly destroys. It runs nothing and is
//! no shell.

/// One word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its text, quotes taken off; a template stands as it is.
    pub text: String,
    /// Whether any of it was quoted.
    pub quoted: bool,
}

/// A simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// Its words.
    pub words: Vec<Word>,
    /// It reads from a pipe.
    pub piped: bool,
    /// It reads from a file: `< FILE`.
    pub from_file: bool,
}

struct Reader<'a> {
    rest: &'a str,
    commands: Vec<Command>,
    command: Command,
    word: Option<Word>,
}

/// The simple commands of a script.
pub fn commands(script: &str) -> Vec<Command> {
    let mut reader = Reader { rest: script, commands: Vec::new(), command: Command::default(), word: None };
    while let Some(c) = reader.rest.chars().next() {
        reader.take(c);
    }
    reader.end_command(false);
    reader.commands
}

impl<'a> Reader<'a> {
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
            '|' if !self.rest.starts_with("||") => self.separator(1, true),
            ';' | '&' | '\n' | '(' | ')' | '`' | '|' => self.separator(1, false),
            '{' | '}' if self.word.is_none() => self.separator(1, false),
            '<' => self.input(),
            _ => self.push(c.len_utf8()),
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    fn push(&mut self, bytes: usize) {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        self.word.get_or_insert(Word { text: String::new(), quoted: false }).text.push_str(taken);
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
        let word = self.word.get_or_insert(Word { text: String::new(), quoted: true });
        word.quoted = true;
        word.text.push_str(&body[..end]);
        self.rest = body.get(end + 1..).unwrap_or_default();
    }

    fn escaped(&mut self) {
        self.skip(1);
        match self.rest.chars().next() {
            Some('\n') => self.skip(1),
            Some(c) => self.push(c.len_utf8()),
            None => {}
        }
    }

    fn end_word(&mut self, bytes: usize) {
        self.skip(bytes);
        self.command.words.extend(self.word.take());
    }

    fn separator(&mut self, bytes: usize, pipe: bool) {
        self.skip(bytes);
        self.end_command(pipe);
    }

    fn end_command(&mut self, pipe: bool) {
        self.end_word(0);
        let done = std::mem::take(&mut self.command);
        self.command.piped = pipe;
        if !done.words.is_empty() {
            self.commands.push(done);
        } else if done.piped {
            self.command.piped = true;
        }
    }

    fn input(&mut self) {
        let signs = self.rest.bytes().take_while(|b| *b == b'<').count();
        if signs == 1 && !self.rest.starts_with("<(") && !self.rest.starts_with("<&") {
            self.command.from_file = true;
        }
        self.end_word(signs);
    }
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
        let all = commands("zcat x.gz | psql db < y");
        assert!(all[1].piped && all[1].from_file && !all[0].piped);
        assert!(!commands("psql <<EOF\nselect 1\nEOF")[0].from_file);
    }

    #[test]
    fn odd_ends_do_no_harm() {
        for script in ["'", "\"", "\\", "<", "{{", "a |", "日本'語", "$(", "\"\\"] {
            let _ = commands(script);
        }
    }
}
