//! The words of the shell command that is being read, as far as they are written out. It expands nothing.

/// What stands for a value in a word.
const VALUE: char = '\u{fffd}';

/// Words after which a command begins anew.
const LEADING: [&str; 12] =
    ["if", "then", "else", "elif", "do", "while", "until", "!", "{", "}", "time", "coproc"];

/// Programs that give what follows to a shell once more.
const AGAIN: [&str; 4] = ["eval", "trap", "let", "ssh"];

/// Shells and programs whose `-c` is a script.
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "zsh", "ksh", "su"];

/// A command read so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    words: Vec<String>,
    word: Option<String>,
    cases: usize,
}

impl Command {
    pub(super) const fn new() -> Command {
        Command { words: Vec::new(), word: None, cases: 0 }
    }

    pub(super) fn between_words(&self) -> bool {
        self.word.is_none()
    }

    pub(super) fn at_start(&self) -> bool {
        self.word.is_none() && self.words.is_empty()
    }

    /// Whether a `)` ends a pattern of `case`.
    pub(super) fn in_case(&self) -> bool {
        self.cases > 0
    }

    pub(super) fn begin_word(&mut self) {
        self.word.get_or_insert_default();
    }

    pub(super) fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    pub(super) fn push_value(&mut self) {
        self.push(VALUE);
    }

    pub(super) fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        if self.words.is_empty() {
            match word.as_str() {
                "case" => self.cases += 1,
                "esac" => self.cases = self.cases.saturating_sub(1),
                _ => {}
            }
            if LEADING.contains(&word.as_str()) || word == "esac" {
                return;
            }
        }
        if word == "in" && self.words.first().is_some_and(|w| w == "case") {
            self.words.clear();
            return;
        }
        self.words.push(word);
    }

    /// The command is over: a line end, `;`, `|`, `&`.
    pub(super) fn end(&mut self) {
        self.end_word();
        self.words.clear();
    }

    /// The program that would read a value at this point as a script, if any.
    pub(super) fn reads_again(&self) -> Option<&str> {
        let program = |word: &String| word.rsplit('/').next().map(str::to_string).unwrap_or_default();
        if let Some(word) = self.words.iter().find(|w| AGAIN.contains(&program(w).as_str())) {
            return Some(word);
        }
        let option = self
            .words
            .last()
            .is_some_and(|w| w.starts_with('-') && !w.starts_with("--") && w.ends_with('c') && w.is_ascii());
        let shell = self.words.iter().find(|w| SHELLS.contains(&program(w).as_str()));
        shell.filter(|_| option).map(String::as_str)
    }

    /// Whether a value at this point is reckoned with, and so evaluated: `[[ x -gt 5 ]]`, `a[x]=1`.
    pub(super) fn reckons(&self, after: &str) -> bool {
        const SIGNS: [&str; 6] = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge"];
        let next = after.split_whitespace().next().unwrap_or_default();
        let brackets = self.words.first().is_some_and(|w| w == "[[");
        let compared =
            self.words.last().is_some_and(|w| SIGNS.contains(&w.as_str())) || SIGNS.contains(&next);
        let subscript = self.word.as_ref().is_some_and(|w| w.len() > 1 && w.ends_with('[') && w != "[[");
        brackets && compared || subscript && after.contains("]=")
    }
}
