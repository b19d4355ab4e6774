//! The program that a simple command starts in the end: what only leads to it (`sudo`, `docker exec`, `ssh`,
//! `timeout`) is taken off. It judges none.

use crate::lang::shell_words::{Command, Word};
use crate::model::{Args, Templated};

/// A program and its arguments.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Its name without the folder; for the subcommands of a container program also the subcommand's group:
    /// `docker`, `compose`, `kubectl`.
    pub name: &'a str,
    /// The word of its name.
    pub word: &'a Word,
    /// What it is given.
    pub args: &'a [Word],
    /// Something ends it: `timeout 10s`.
    pub bounded: bool,
    /// Its input is not a terminal's.
    pub fed: bool,
}

/// What a simple command comes to.
#[derive(Clone, Debug, Default)]
pub struct Reached<'a> {
    /// The program.
    pub call: Option<Call<'a>>,
    /// A script in one word: `sh -c '…'`.
    pub script: Option<&'a Word>,
    /// The word that asks for a terminal: `-it`.
    pub terminal: Option<&'a Word>,
}

const SHELLS: [&str; 6] = ["sh", "bash", "dash", "zsh", "ash", "ksh"];
const KEYWORDS: [&str; 9] = ["if", "then", "else", "elif", "while", "until", "do", "!", "time"];

/// Follows a simple command to its program. `fed` says that the step gives it something to read.
pub fn reach<'a>(command: &'a Command, fed: bool) -> Reached<'a> {
    let mut walk = Walk { words: &command.words, i: 0, bounded: false, fed: fed || command.is_fed() };
    let mut reached = Reached::default();
    while let Some(word) = walk.words.get(walk.i) {
        let name = base_name(&word.text);
        if is_assignment(&word.text) || KEYWORDS.contains(&name) {
            walk.i += 1;
            continue;
        }
        if !walk.past(name, &mut reached) {
            break;
        }
    }
    reached
}

struct Walk<'a> {
    words: &'a [Word],
    i: usize,
    bounded: bool,
    fed: bool,
}

impl<'a> Walk<'a> {
    /// Goes past what leads to another program; false where this is the program.
    fn past(&mut self, name: &'a str, reached: &mut Reached<'a>) -> bool {
        let start = self.i;
        self.i += 1;
        match name {
            "sudo" | "doas" => self.flags("ugphCTUrRD", &["--user", "--group"]),
            "env" => self.flags("uC", &["--unset", "--chdir"]),
            "nohup" | "setsid" | "command" | "builtin" => self.flags("", &[]),
            "exec" => self.flags("a", &[]),
            "stdbuf" => self.flags("ioe", &[]),
            "nice" => self.flags("n", &["--adjustment"]),
            "ionice" => self.flags("cn", &["--class", "--classdata"]),
            "runuser" => self.flags("ugG", &["--user", "--group"]),
            "xargs" => {
                self.fed = true;
                self.flags("nPILsdEa", &["--max-args", "--max-procs"]);
            }
            "timeout" => {
                self.bounded = true;
                self.flags("ks", &["--kill-after", "--signal"]);
                self.i += 1;
            }
            "flock" => {
                self.flags("wE", &["--timeout"]);
                self.i += 1;
            }
            "docker" | "podman" => return self.container(start, reached),
            "docker-compose" | "podman-compose" => return self.compose(start, reached),
            "kubectl" => return self.kubectl(start, reached),
            "ssh" => return self.ssh(start, reached),
            "su" => return self.shell(start, name, reached),
            shell if SHELLS.contains(&shell) => return self.shell(start, name, reached),
            _ => return self.here(start, name, reached),
        }
        let end = self.i >= self.words.len();
        if end && matches!(name, "sudo" | "doas") {
            return self.here(start, name, reached);
        }
        !end
    }

    fn here(&mut self, start: usize, name: &'a str, reached: &mut Reached<'a>) -> bool {
        let args = self.words.get(start + 1..).unwrap_or_default();
        self.call(start, name, args, reached)
    }

    fn call(&self, start: usize, name: &'a str, args: &'a [Word], reached: &mut Reached<'a>) -> bool {
        let word = &self.words[start];
        reached.call = Some(Call { name, word, args, bounded: self.bounded, fed: self.fed });
        false
    }

    /// Goes past flags; `valued` are the letters and `long` the names whose value is a word of its own.
    fn flags(&mut self, valued: &str, long: &[&str]) {
        while let Some(word) = self.words.get(self.i).map(|w| w.text.as_str()) {
            if !word.starts_with('-') || word == "-" {
                return;
            }
            self.i += 1;
            if word == "--" {
                return;
            }
            let takes_next = if word.starts_with("--") {
                long.contains(&word)
            } else {
                let letter = word[1..].find(|c| valued.contains(c));
                letter.is_some_and(|at| at + 2 == word.len())
            };
            self.i += usize::from(takes_next);
        }
    }

    fn rest(&self) -> &'a [Word] {
        self.words.get(self.i..).unwrap_or_default()
    }

    fn container(&mut self, start: usize, reached: &mut Reached<'a>) -> bool {
        self.flags("Hlc", &["--context", "--host", "--config", "--log-level"]);
        match self.rest().first().map(|w| w.text.as_str()) {
            Some("compose") => {
                self.i += 1;
                self.compose(start, reached)
            }
            Some("container") => {
                self.i += 1;
                self.container(start, reached)
            }
            Some("exec") => self.inside(CONTAINER_EXEC, reached),
            Some("run") => self.inside(CONTAINER_RUN, reached),
            _ => self.call(start, "docker", self.rest(), reached),
        }
    }

    fn compose(&mut self, start: usize, reached: &mut Reached<'a>) -> bool {
        self.flags(
            "fp",
            &["--file", "--project-name", "--project-directory", "--profile", "--env-file", "--ansi"],
        );
        match self.rest().first().map(|w| w.text.as_str()) {
            Some("exec") => self.inside(COMPOSE_EXEC, reached),
            Some("run") => self.inside(COMPOSE_RUN, reached),
            _ => self.call(start, "compose", self.rest(), reached),
        }
    }

    /// Goes past `exec -i CONTAINER` or `run --rm IMAGE`.
    fn inside(&mut self, kind: Inside, reached: &mut Reached<'a>) -> bool {
        self.i += 1;
        let from = self.i;
        self.flags(kind.valued, kind.long);
        let flags = self.words.get(from..self.i.min(self.words.len())).unwrap_or_default();
        if kind.terminal {
            reached.terminal = reached.terminal.or_else(|| {
                flags.iter().find(|w| w.text == "--tty" || has_letter(&w.text, 't', kind.valued))
            });
        }
        self.i += 1;
        self.i < self.words.len()
    }

    fn kubectl(&mut self, start: usize, reached: &mut Reached<'a>) -> bool {
        self.flags("n", &["--namespace", "--context", "--kubeconfig"]);
        if self.rest().first().is_none_or(|w| w.text != "exec") {
            return self.call(start, "kubectl", self.rest(), reached);
        }
        self.inside(KUBECTL_EXEC, reached);
        self.flags("nc", &["--container", "--namespace"]);
        self.i < self.words.len()
    }

    fn ssh(&mut self, start: usize, reached: &mut Reached<'a>) -> bool {
        let from = self.i;
        self.flags("ipolFJLRDbcEWSQmOeBw", &[]);
        let flags = self.words.get(from..self.i.min(self.words.len())).unwrap_or_default();
        reached.terminal = flags.iter().find(|w| has_letter(&w.text, 't', "ipolFJLRDbcEWSQmOeBw"));
        self.i += 1;
        match self.rest() {
            [] if flags.iter().any(|w| has_letter(&w.text, 'N', "ipolFJLRDbcEWSQmOeBw")) => false,
            [] => self.here(start, "ssh", reached),
            [only] if only.quoted && only.text.contains(char::is_whitespace) => {
                reached.script = Some(only);
                false
            }
            _ => true,
        }
    }

    /// `sh -c 'script'`, `su - user -c 'script'`, `sh FILE`, or a shell for a person.
    fn shell(&mut self, start: usize, name: &'a str, reached: &mut Reached<'a>) -> bool {
        let args = self.rest();
        let flag = args
            .iter()
            .position(|w| w.text == "--command" || (w.text != "-" && has_letter(&w.text, 'c', "oO")));
        reached.script = flag.and_then(|i| args.get(i + 1));
        reached.script.is_none() && self.here(start, name, reached)
    }
}

/// How `exec` or `run` of a container program is written.
#[derive(Clone, Copy)]
struct Inside {
    valued: &'static str,
    long: &'static [&'static str],
    terminal: bool,
}

const CONTAINER_EXEC: Inside =
    Inside { valued: "euw", long: &["--env", "--env-file", "--user", "--workdir"], terminal: true };
const CONTAINER_RUN: Inside = Inside {
    valued: "evpuwhlmac",
    long: &[
        "--name",
        "--network",
        "--env",
        "--env-file",
        "--volume",
        "--user",
        "--workdir",
        "--entrypoint",
        "--publish",
        "--hostname",
        "--memory",
        "--cpus",
        "--label",
        "--mount",
        "--restart",
        "--platform",
        "--pull",
    ],
    terminal: true,
};
const COMPOSE_EXEC: Inside =
    Inside { valued: "euw", long: &["--env", "--user", "--workdir", "--index"], terminal: false };
const COMPOSE_RUN: Inside = Inside {
    valued: "evpuwl",
    long: &["--name", "--env", "--volume", "--user", "--workdir", "--entrypoint", "--publish", "--label"],
    terminal: false,
};
const KUBECTL_EXEC: Inside = Inside { valued: "nc", long: &["--container", "--namespace"], terminal: true };

impl Call<'_> {
    /// Whether a flag is given, by its letter (also in `-abc`) or its name (also as `--name=value`). `valued` are
    /// the letters whose value may be written right behind them.
    pub fn flag(&self, letter: char, name: &str, valued: &str) -> bool {
        self.args.iter().any(|w| has_letter(&w.text, letter, valued) || is_long(&w.text, name))
    }

    /// Whether one of these words is given.
    pub fn has(&self, words: &[&str]) -> bool {
        self.args.iter().any(|w| words.contains(&w.text.as_str()))
    }

    /// The first argument that is no flag.
    pub fn first(&self) -> &str {
        self.args.iter().map(|w| w.text.as_str()).find(|w| !w.starts_with('-')).unwrap_or_default()
    }
}

/// An argument list as a command.
pub fn command_of(args: &Args<Templated>) -> Command {
    let word = |(i, text): (usize, String)| Word { text, quoted: true, at: i..i + 1 };
    Command { words: args.0.iter().map(|a| a.show()).enumerate().map(word).collect(), ..Command::default() }
}

/// The name of a program without its folder.
pub fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or_default()
}

/// Whether a word is `NAME=value`.
pub fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// Whether `-abc` holds a letter before the first that takes a value.
pub fn has_letter(word: &str, letter: char, valued: &str) -> bool {
    let Some(letters) = word.strip_prefix('-').filter(|l| !l.starts_with('-')) else { return false };
    let end = letters.find(|c| valued.contains(c)).map_or(letters.len(), |i| i + 1);
    letters[..end].contains(letter)
}

/// Whether a word is `--name` or `--name=value`.
pub fn is_long(word: &str, name: &str) -> bool {
    !name.is_empty() && word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}
