//! Rules about keys that types cannot say: exactly one of several, one that needs another, literals that must
//! make sense. It knows no names.

use super::site::{Site, segs};
use super::{facts, inputs};
use crate::base::StepId;
use crate::lang::checks::gather::literal;
use crate::lang::yaml::Seg;
use crate::model::{
    Action, AfterCrash, Docker, FileAction, Http, Letter, Place, Probe, Slot, Step, StepBody, Template,
    Templated, Verifier, Wait, has_template, is_mail_address,
};

/// The rules of one step.
pub fn check(step: &Step, site: &mut Site<'_>) {
    let path = site.path(&step.id, &[]);
    let mut rules = Rules { site, id: Some(&step.id), base: path };
    if let Some(stdin) = &step.around.stdin {
        let given = [("text", stdin.text.is_some()), ("file", stdin.file.is_some())];
        rules.exactly_one(&["stdin"], &given);
    }
    if let Some(retry) = &step.retry
        && !(1..=100).contains(&retry.attempts)
    {
        let title = crate::t!("`attempts` counts from 1 to 100", "`attempts` は 1 から 100 までです");
        rules.error("bad-number", &["retry", "attempts"], title);
    }
    if let Some(mode) = step.around.stdout.as_ref().and_then(|s| s.mode.as_ref()) {
        rules.mode(&["stdout", "mode"], mode);
    }
    if let StepBody::Act(action) = &step.body {
        rules.action(&[], action);
    }
    if step.after_crash == AfterCrash::Verify && step.verify.is_none() {
        let title = crate::t!(
            "`after_crash: verify` needs a `verify:`",
            "`after_crash: verify` には `verify:` が必要です"
        );
        rules.error("no-verify", &["after_crash"], title);
    }
    if let Some(verify) = &step.verify {
        rules.action(&["verify"], verify);
    }
    if let Some(undo) = &step.undo {
        rules.action(&["undo"], &undo.action);
    }
}

/// The rules of an action of a system file.
pub fn of_action(action: &Action<Templated>, base: Vec<Seg>, site: &mut Site<'_>) {
    Rules { site, id: None, base }.action(&[], action);
}

struct Rules<'s, 'd> {
    site: &'s mut Site<'d>,
    id: Option<&'s StepId>,
    base: Vec<Seg>,
}

impl Rules<'_, '_> {
    fn path(&self, keys: &[&str]) -> Vec<Seg> {
        [self.base.as_slice(), &segs(keys)].concat()
    }

    fn error(&mut self, code: &'static str, keys: &[&str], title: String) {
        let at = self.site.doc.value(&self.path(keys));
        self.site.error(code, at, title, None);
    }

    /// Exactly one of these keys is given; silent where one was given and could not be read.
    fn exactly_one(&mut self, keys: &[&str], given: &[(&str, bool)]) {
        let count = given.iter().filter(|g| g.1).count();
        if count == 1 || self.site.doc.has_mistake_within(&self.site.doc.value_span(&self.path(keys))) {
            return;
        }
        let list = given.iter().map(|g| g.0).collect::<Vec<_>>().join(", ");
        let title = if count == 0 {
            crate::t!("one of {list} is needed here", "{list} のうち 1 つが必要です")
        } else {
            crate::t!("only one of {list} may stand here", "{list} は 1 つだけ書けます")
        };
        let at = self.site.doc.head(&self.path(keys));
        self.site.error("one-of", at, title, None);
    }

    fn action(&mut self, at: &[&str], action: &Action<Templated>) {
        let key = action.key();
        let below = [at, &[key]].concat();
        match action {
            Action::Shell(s) => {
                self.exactly_one(&below, &[("run", s.run.is_some()), ("argv", s.argv.is_some())]);
            }
            Action::Sql(s) => {
                let given = [
                    ("query", s.query.is_some()),
                    ("script", s.script.is_some()),
                    ("file", s.file.is_some()),
                ];
                self.exactly_one(&below, &given);
            }
            Action::Http(http) => self.http(&below, http),
            Action::Docker(docker) => self.docker(&below, docker),
            Action::File(file) => self.file(&below, file),
            Action::SecretGenerate(secret) => {
                if let Some(title) = secret.length.and_then(facts::wrong_length) {
                    self.error("secret-length", &[&below[..], &["length"]].concat(), title);
                }
            }
            Action::Probe(probe) => self.probe(&below, probe),
            Action::Wait(wait) => self.wait(&below, wait),
            Action::Decide(d) => {
                self.exactly_one(&below, &[("choices", !d.choices.is_empty()), ("from", d.from.is_some())]);
            }
            Action::Notify(notify) => {
                let given = [("mail", notify.mail.is_some()), ("webhook", notify.webhook.is_some())];
                self.exactly_one(&below, &given);
                notify.mail.iter().for_each(|letter| self.letter(&[&below[..], &["mail"]].concat(), letter));
            }
            Action::Manual(manual) => {
                for (name, decl) in &manual.evidence {
                    let path = self.path(&[&below[..], &["evidence", name]].concat());
                    inputs::one(&path, name, decl, self.site);
                }
            }
            Action::Named(_) if self.id.is_none() => {
                let title = crate::t!(
                    "a system's action says what it does, not the name of another action",
                    "システムの action に別の action の名前は書けません。内容を書いてください"
                );
                self.error("wrong-action", &below, title);
            }
            Action::Playbook(_) if self.id.is_none() => {
                let title = crate::t!(
                    "a system's action cannot be a playbook",
                    "システムの action に playbook は使えません"
                );
                self.error("wrong-action", &below, title);
            }
            _ => {}
        }
    }

    /// Addresses and lines that stand in the file must be such.
    fn letter(&mut self, below: &[&str], letter: &Letter<Templated>) {
        for (key, list) in [("to", &letter.to), ("cc", &letter.cc), ("bcc", &letter.bcc)] {
            for (i, one) in list.iter().enumerate() {
                let Template::Literal(text) = &one.0 else { continue };
                if let Some(wrong) = text.expose().split(',').find(|one| !is_mail_address(one)) {
                    let wrong = wrong.trim();
                    let title =
                        crate::t!("`{wrong}` is no mail address", "`{wrong}` はメールアドレスではありません");
                    self.error("bad-address", &[below, &[key, &i.to_string()]].concat(), title);
                }
            }
        }
        if letter.to.is_empty() {
            let title = crate::t!("`to` is empty: nobody is told", "`to` が空です。誰にも届きません");
            self.error("empty", &[below, &["to"]].concat(), title);
        }
        let path = [below, &["subject"]].concat();
        let others = self.site.doc.languages.others.get(&self.path(&path));
        let broken = |subject: &str| subject.trim_end_matches('\n').contains(['\r', '\n']);
        if literal(&letter.subject).is_some_and(broken)
            || others.into_iter().flatten().any(|(_, text)| !has_template(text) && broken(text))
        {
            let title = crate::t!("a subject is one line", "件名は 1 行です");
            self.error("line-break", &path, title);
        }
    }

    fn http(&mut self, below: &[&str], http: &Http<Templated>) {
        let all = ["get", "post", "put", "patch", "delete", "head"];
        let targets = http.targets();
        let given = all.map(|k| (k, targets.iter().any(|t| t.0.name().eq_ignore_ascii_case(k))));
        self.exactly_one(below, &given);
        let bodies = [http.json.is_some(), !http.form.is_empty(), http.body.is_some()];
        if bodies.iter().filter(|b| **b).count() > 1 {
            let title =
                crate::t!("a request has one of json, form and body", "json、form、body は 1 つだけ書けます");
            self.error("one-of", below, title);
        }
        if let Some(auth) = &http.auth {
            let given = [("bearer", auth.bearer.is_some()), ("basic", auth.basic.is_some())];
            self.exactly_one(&[below, &["auth"]].concat(), &given);
        }
    }

    fn docker(&mut self, below: &[&str], docker: &Docker<Templated>) {
        if let Docker::Compose(compose) = docker {
            let given = [
                ("up", compose.up.is_some()),
                ("down", compose.down.is_some()),
                ("stop", compose.stop.is_some()),
                ("start", compose.start.is_some()),
                ("restart", compose.restart.is_some()),
                ("exec", compose.exec.is_some()),
                ("ps", compose.ps.is_some()),
                ("logs", compose.logs.is_some()),
                ("pull", compose.pull.is_some()),
                ("run", compose.run.is_some()),
                ("build", compose.build.is_some()),
                ("config", compose.config.is_some()),
            ];
            self.exactly_one(&[below, &["compose"]].concat(), &given);
        }
        if let Docker::Prune(prune) = docker
            && prune.what.is_empty()
        {
            let title =
                crate::t!("`what` is empty: nothing is pruned", "`what` が空です。何も削除されません");
            self.error("empty", &[below, &["prune", "what"]].concat(), title);
        }
    }

    fn file(&mut self, below: &[&str], file: &FileAction<Templated>) {
        let inner = [below, &[file.key()]].concat();
        let mode = match file {
            FileAction::Write(w) | FileAction::Append(w) => w.mode.as_ref(),
            FileAction::Copy(c) => c.mode.as_ref(),
            FileAction::Archive(a) => a.mode.as_ref(),
            _ => None,
        };
        if let Some(mode) = mode {
            self.mode(&[&inner[..], &["mode"]].concat(), mode);
        }
        let (glob, verifiers) = match file {
            FileAction::Latest(f) | FileAction::List(f) => (&f.glob, &f.verified_by),
            FileAction::Prune(p) => (&p.glob, &p.verified_by),
            FileAction::Archive(a) => {
                for (i, one) in a.exclude.iter().enumerate() {
                    self.glob(&[&inner[..], &["exclude", &i.to_string()]].concat(), literal(one));
                }
                return;
            }
            _ => return,
        };
        self.glob(&[&inner[..], &["glob"]].concat(), literal(glob));
        for (i, verifier) in verifiers.iter().enumerate() {
            self.verifier(&[&inner[..], &["verified_by", &i.to_string()]].concat(), verifier);
        }
    }

    fn glob(&mut self, keys: &[&str], pattern: Option<&str>) {
        let Some(pattern) = pattern else { return };
        if let Err(error) = glob::Pattern::new(pattern) {
            let at = error.pos + 1;
            let title = crate::t!(
                "`{pattern}` is not a glob: look at character {at}",
                "`{pattern}` は glob ではありません（{at} 文字目）"
            );
            self.error("bad-glob", keys, title);
        }
    }

    fn verifier(&mut self, keys: &[&str], v: &Verifier<Templated>) {
        let given = [
            ("gzip", v.gzip.is_some()),
            ("zstd", v.zstd.is_some()),
            ("tar", v.tar.is_some()),
            ("json", v.json.is_some()),
            ("ends_with", v.ends_with.is_some()),
            ("manifest", v.manifest.is_some()),
            ("shell", v.shell.is_some()),
        ];
        self.exactly_one(keys, &given);
    }

    fn mode<const P: u8>(&mut self, keys: &[&str], mode: &Slot<Templated, String, P>) {
        debug_assert!(matches!(Place::of(P), Place::Text));
        let Some(text) = literal(mode) else { return };
        let digits = text.trim_start_matches("0o");
        if !(3..=5).contains(&digits.len()) || !digits.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
            let title = crate::t!(
                "`{text}` is no file mode; write for example \"0644\"",
                "`{text}` はファイルのモードではありません。例: \"0644\""
            );
            self.error("bad-mode", keys, title);
        }
    }

    fn probe(&mut self, below: &[&str], probe: &Probe<Templated>) {
        let inner = [below, &[probe.key()]].concat();
        match probe {
            Probe::Tls(tls) => {
                self.exactly_one(&inner, &[("host", tls.host.is_some()), ("file", tls.file.is_some())]);
            }
            Probe::Log(log) => {
                let given = [
                    ("file", log.file.is_some()),
                    ("container", log.container.is_some()),
                    ("journal", log.journal.is_some()),
                ];
                self.exactly_one(&inner, &given);
                if let Some(pattern) = literal(&log.pattern)
                    && regex::Regex::new(pattern).is_err()
                {
                    let title = crate::t!(
                        "`{pattern}` is not a regular expression",
                        "`{pattern}` は正規表現ではありません"
                    );
                    self.error("bad-pattern", &[&inner[..], &["pattern"]].concat(), title);
                }
            }
            _ => {}
        }
    }

    fn wait(&mut self, below: &[&str], wait: &Wait<Templated>) {
        let until = !wait.until.is_empty();
        self.exactly_one(below, &[("for", wait.r#for.is_some()), ("until", until)]);
        if until && wait.count() != 1 {
            let given = [
                ("shell", wait.shell.is_some()),
                ("docker", wait.docker.is_some()),
                ("sql", wait.sql.is_some()),
                ("http", wait.http.is_some()),
                ("probe", wait.probe.is_some()),
                ("file", wait.file.is_some()),
            ];
            self.exactly_one(below, &given);
        }
        if let Some(reading) = wait.action() {
            self.action(below, &reading);
        }
    }
}
