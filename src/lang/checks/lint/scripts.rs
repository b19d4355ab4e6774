//! Every script and argument list of an action, command by command: what never ends, waits for a person, leaves a
//! file half-written or shows a secret. It runs none.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::call::{Call, command_of, reach};
use super::note::note;
use super::{
    ENDLESS_COMMAND, INTERACTIVE_COMMAND, LITERAL_SECRET, PIPE_INTO_FILE, endless, person, pipe, secret,
};
use crate::base::Confidential;
use crate::diag::{At, Diagnostic};
use crate::lang::checks::site::{segs, within};
use crate::lang::document::Document;
use crate::lang::shell_words::{Command, Word, commands, commands_from};
use crate::lang::yaml::Seg;
use crate::model::{
    Action, Args, ComposeVerb, Docker, FileAction, Http, Place, Slot, Step, StepBody, Template, Templated,
    Verifier, at,
};

/// Whether a script may hold anything: most do not, and are not taken apart.
static SUSPECT: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the pattern is a constant")]
    Regex::new(concat!(
        r"(?-u:\b)(?:tail|journalctl|dmesg|docker|podman|docker-compose|kubectl|watch|[hbi]?top|iotop|iftop|nethogs|nmon",
        r"|ping6?|vmstat|iostat|mpstat|sar|pidstat|tcpdump|sleep|inotifywait|python[0-9.]*|manage\.py|django-admin|vi|vim",
        r"|nvim|view|nano|pico|vipw|vigr|less|more|most|ex|ed|emacs|visudo|crontab|mysql[a-z]*|mariadb[a-z-]*|psql",
        r"|pg_dump|pg_dumpall|mongo[a-z]*|sqlite3|redis-cli|apt|apt-get|aptitude|yum|dnf|read|sh|bash|dash|zsh|ash|ksh",
        r"|su|ssh|sudo|doas|irb|node|ftp|sftp|telnet|passwd|curl|sshpass|htpasswd|openssl)(?-u:\b)",
        r"|(?i-u:password|passwd|_pwd|token|secret|_key)=|\bpass:|--[a-z-]*(?:pass|token|secret|key)|\|[^|]*>",
    ))
    .expect("a pattern")
});

/// How deep scripts within scripts are followed.
const DEPTH: usize = 4;

/// Where the words of commands stand.
struct Words<'a> {
    path: Vec<Seg>,
    /// The script; none for a list of arguments, whose words are counted.
    script: Option<&'a str>,
    /// The place of all of them, where their own cannot be told.
    outer: Option<Range<usize>>,
    fed: bool,
}

/// Looks at everything a step runs.
pub fn of_step(step: &Step, path: &[Seg], doc: &mut Document) {
    let fed = step.around.stdin.is_some();
    let mut look = Look { doc };
    if let StepBody::Act(action) = &step.body {
        look.action(path, action, fed);
    }
    if let Some(verify) = &step.verify {
        look.action(&below(path, &["verify"]), verify, false);
    }
    if let Some(undo) = &step.undo {
        look.action(&below(path, &["undo"]), &undo.action, false);
    }
    if let Some(unless) = &step.around.unless {
        look.script(below(path, &["unless"]), unless, false);
    }
}

/// Looks at everything an action of a system file runs.
pub fn of_action(action: &Action<Templated>, path: &[Seg], doc: &mut Document) {
    Look { doc }.action(path, action, false);
}

fn below(path: &[Seg], keys: &[&str]) -> Vec<Seg> {
    [path, &segs(keys)].concat()
}

struct Look<'d> {
    doc: &'d mut Document,
}

impl Look<'_> {
    fn action(&mut self, path: &[Seg], action: &Action<Templated>, fed: bool) {
        match action {
            Action::Shell(shell) => {
                if let Some(run) = &shell.run {
                    self.script(below(path, &["shell", "run"]), run, fed);
                }
                if let Some(args) = &shell.argv {
                    self.args(below(path, &["shell", "argv"]), args);
                }
            }
            Action::Docker(docker) => self.docker(path, docker),
            Action::Http(http) => self.http(path, http),
            Action::File(file) => self.file(path, file),
            Action::Wait(wait) => {
                if let Some(reading) = wait.action() {
                    self.action(&below(path, &["wait"]), &reading, false);
                }
            }
            _ => {}
        }
    }

    fn docker(&mut self, path: &[Seg], docker: &Docker<Templated>) {
        match docker {
            Docker::Exec(exec) => self.args(below(path, &["docker", "exec", "command"]), &exec.command),
            Docker::Run(run) => {
                if let Some(args) = &run.command {
                    self.args(below(path, &["docker", "run", "command"]), args);
                }
            }
            Docker::Compose(compose) => {
                for verb in compose.verbs() {
                    let (key, args) = match verb {
                        ComposeVerb::Exec(exec) => ("exec", Some(&exec.command)),
                        ComposeVerb::Run(run) => ("run", run.command.as_ref()),
                        _ => continue,
                    };
                    if let Some(args) = args {
                        self.args(below(path, &["docker", "compose", key, "command"]), args);
                    }
                }
            }
            _ => {}
        }
    }

    fn file(&mut self, path: &[Seg], file: &FileAction<Templated>) {
        let verifiers: &[Verifier<Templated>] = match file {
            FileAction::Latest(f) | FileAction::List(f) => &f.verified_by,
            FileAction::Prune(p) => &p.verified_by,
            _ => return,
        };
        for (i, verifier) in verifiers.iter().enumerate() {
            if let Some(script) = &verifier.shell {
                let keys = ["file", file.key(), "verified_by", &i.to_string(), "shell"];
                self.script(below(path, &keys), script, false);
            }
        }
    }

    fn http(&mut self, path: &[Seg], http: &Http<Templated>) {
        let Some(auth) = &http.auth else { return };
        let mut login = |slot: &Slot<Templated, Confidential, { at::AUTH }>, keys: &[&str]| {
            if let Template::Literal(text) = &slot.0
                && secret::is_literal(text.expose())
            {
                let at = self.doc.value(&below(path, keys));
                self.secret(at);
            }
        };
        if let Some(token) = &auth.bearer {
            login(token, &["http", "auth", "bearer"]);
        }
        if let Some(basic) = &auth.basic {
            login(&basic.password, &["http", "auth", "basic", "password"]);
        }
    }

    fn script<const P: u8>(&mut self, path: Vec<Seg>, slot: &Slot<Templated, String, P>, fed: bool) {
        debug_assert!(Place::of(P) == Place::Shell);
        let (Template::Literal(text) | Template::Source(text)) = &slot.0;
        if SUSPECT.is_match(text) {
            self.commands(&Words { path, script: Some(text), outer: None, fed }, &commands(text), 0);
        }
    }

    fn args(&mut self, path: Vec<Seg>, args: &Args<Templated>) {
        // A program without a shell or a terminal reads the end of its input at once: it waits for nobody.
        self.commands(&Words { path, script: None, outer: None, fed: true }, &[command_of(args)], 0);
    }

    fn commands(&mut self, words: &Words<'_>, all: &[Command], depth: usize) {
        for (i, command) in all.iter().enumerate() {
            let reached = reach(command, words.fed);
            match (&reached.call, reached.terminal) {
                (_, Some(word)) => self.terminal(words, word),
                (Some(call), _) => self.call(words, call, command.background || ends_early(all, i)),
                _ => {}
            }
            for word in secret::shown(command, reached.call.as_ref()) {
                let at = self.place(words, word.at.clone());
                self.secret(at);
            }
            if let Some(file) = pipe::left_half(all, i, words.script.unwrap_or_default()) {
                self.half(words, file);
            }
            if depth < DEPTH {
                self.inside(words, command, &reached, depth);
            }
        }
    }

    /// Scripts within a command: `sh -c '…'`, `ssh host <<EOF`.
    fn inside(
        &mut self,
        words: &Words<'_>,
        command: &Command,
        reached: &super::call::Reached<'_>,
        depth: usize,
    ) {
        const READERS: [&str; 8] = ["sh", "bash", "dash", "zsh", "ash", "ksh", "su", "ssh"];
        if let Some(word) = reached.script {
            let text = word.text.as_str();
            let inner = match words.script {
                None => Words {
                    path: [words.path.as_slice(), &[Seg::Index(word.at.start)]].concat(),
                    script: Some(text),
                    outer: None,
                    fed: words.fed,
                },
                Some(script) => {
                    let plain = script.get(word.at.start + 1..).is_some_and(|s| s.starts_with(text));
                    let start = word.at.start + 1;
                    let outer = if plain { words.outer.clone() } else { Some(word.at.clone()) };
                    let inner =
                        Words { path: words.path.clone(), script: Some(script), outer, fed: words.fed };
                    return self.commands(&inner, &commands_from(text, start), depth + 1);
                }
            };
            self.commands(&inner, &commands(text), depth + 1);
        }
        if let (Some(here), Some(call)) = (&command.here, &reached.call)
            && READERS.contains(&call.name)
        {
            let inner = Words {
                path: words.path.clone(),
                script: words.script,
                outer: words.outer.clone(),
                fed: true,
            };
            self.commands(&inner, &commands_from(&here.text, here.start), depth + 1);
        }
    }

    fn call(&mut self, words: &Words<'_>, call: &Call<'_>, ends: bool) {
        let last = call.args.last().map_or(call.word.at.end, |w| w.at.end).max(call.word.at.end);
        let span = if words.script.is_some() { call.word.at.start..last } else { call.word.at.clone() };
        let shown = |name: &str| match (name, call.first()) {
            ("docker" | "compose" | "kubectl", verb) if !verb.is_empty() => format!("{name} {verb}"),
            _ => name.to_string(),
        };
        let name = shown(call.name);
        if !ends && let Some(help) = endless::endless(call) {
            let title = crate::t!("`{name}` never ends by itself", "`{name}` はひとりでに終わりません");
            let at = self.place(words, span);
            self.note(ENDLESS_COMMAND, at, title, help);
        } else if let Some(help) = person::waits(call) {
            let title = crate::t!(
                "`{name}` waits for a person, and none is there",
                "`{name}` は人の操作を待ちますが、実行中に操作する人はいません"
            );
            let at = self.place(words, span);
            self.note(INTERACTIVE_COMMAND, at, title, help);
        }
    }

    fn terminal(&mut self, words: &Words<'_>, word: &Word) {
        let flag = &word.text;
        let title = crate::t!(
            "`{flag}` asks for a terminal, and none is there",
            "`{flag}` は端末を要求しますが、端末はありません"
        );
        let help = crate::t!(
            "leave out `-t` (and `-i` unless it is fed), or use `docker: {{ exec: {{ container: …, command: […] }} }}`",
            "`-t` を外すか（入力を渡さないなら `-i` も）、`docker: {{ exec: {{ container: …, command: […] }} }}` を使ってください"
        );
        let at = self.place(words, word.at.clone());
        self.note(INTERACTIVE_COMMAND, at, title, help);
    }

    fn half(&mut self, words: &Words<'_>, file: &Word) {
        let name = &file.text;
        let title = crate::t!(
            "when this fails, `{name}` is left half-written and looks whole",
            "失敗しても `{name}` が書きかけのまま残り、完全なファイルに見えます"
        );
        let help = crate::t!(
            "end the script before the file (and before `gzip`) and write it whole: `stdout: {{ file: …, compress: gzip }}`",
            "ファイルへの書き出し（と `gzip`）を外し、`stdout: {{ file: …, compress: gzip }}` で書いてください"
        );
        let at = self.place(words, file.at.clone());
        self.note(PIPE_INTO_FILE, at, title, help);
    }

    fn secret(&mut self, at: At) {
        let title = crate::t!("a secret stands here for everyone to read", "秘密がそのまま書かれています");
        let help = crate::t!(
            "declare it under `secrets:` of system.yaml and pass it on with `env:` or `stdin:`: `\"{{{{ secrets.NAME }}}}\"`",
            "system.yaml の `secrets:` に宣言し、`env:` か `stdin:` で `\"{{{{ secrets.名前 }}}}\"` として渡してください"
        );
        self.note(LITERAL_SECRET, at, title, help);
    }

    fn note(&mut self, rule: &'static str, at: At, title: String, help: String) {
        note(self.doc, Diagnostic::error(rule, at, title).help(help));
    }

    fn place(&self, words: &Words<'_>, span: Range<usize>) -> At {
        let span = words.outer.clone().unwrap_or(span);
        match words.script {
            Some(script) => within(self.doc, &words.path, script, span),
            None => self.doc.value(&[words.path.as_slice(), &[Seg::Index(span.start)]].concat()),
        }
    }
}

/// Whether a reader further down the pipe ends what would go on for ever.
fn ends_early(all: &[Command], i: usize) -> bool {
    all[i + 1..].iter().take_while(|c| c.piped).any(|c| {
        reach(c, false).call.is_some_and(|call| match call.name {
            "head" => true,
            "grep" => call.flag('q', "--quiet", "efm") || call.flag('m', "--max-count", "ef"),
            "sed" => call.args.iter().any(|w| w.text.ends_with('q')),
            _ => false,
        })
    })
}
