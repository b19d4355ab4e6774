//! A command for another host, and the text that makes a POSIX shell there run it. It sends nothing.

use super::quote::word;
use crate::model::Compression;

/// What a login shell of any kind understands: hands over to `/bin/sh`, which reads the real text line by line up to
/// a single dot, so that nothing is done by halves.
pub(super) const BOOT: &str = r#"n=$(printf "\nx");n=${n%x};h=;while IFS= read -r l;do if [ "$l" = . ];then eval "$h";exit;fi;h="$h$l$n";done"#;

/// How the far end finds and ends what belongs to a command.
const ENDING: &str = include_str!("ending.sh");
/// How it runs one.
const RUNNING: &str = include_str!("running.sh");

/// What a command on another host reads.
#[derive(Clone, Debug, Default)]
pub enum Feed {
    /// Nothing.
    #[default]
    Nothing,
    /// This text.
    Text(String),
    /// A file of that host, unpacked on the way.
    File(String, Option<Compression>),
}

/// A file of that host that standard output goes to, under a hidden name at first.
#[derive(Clone, Debug)]
pub struct OutFile {
    /// Its final place.
    pub target: String,
    /// The hidden name beside it.
    pub hidden: String,
    /// How it is packed on the way.
    pub compress: Option<Compression>,
    /// Its permissions, octal.
    pub mode: String,
}

/// A command for another host. Relative paths begin at the home of the user there.
#[derive(Clone, Debug)]
pub struct Command {
    /// The program, looked for in the `PATH` there, and its arguments.
    pub words: Vec<String>,
    /// Variables added to those of the user there.
    pub env: Vec<(String, String)>,
    /// The folder it runs in; the home of the user where there is none.
    pub cwd: Option<String>,
    /// Another user to run as.
    pub user: Option<String>,
    /// What it reads.
    pub feed: Feed,
    /// Where its standard output goes, if not to us.
    pub out: Option<OutFile>,
    /// A variable in its environment by which all that belongs to it is found; nothing else has its value.
    pub marker: (String, String),
}

/// Seconds between TERM and KILL.
pub(super) const GRACE: u32 = 5;

impl Command {
    /// A program with its arguments, and nothing else.
    pub fn new(words: Vec<String>, marker: (String, String)) -> Command {
        Command { words, env: Vec::new(), cwd: None, user: None, feed: Feed::Nothing, out: None, marker }
    }

    /// What is wrong with it, so that no shell could be given it.
    pub(super) fn fault(&self) -> Option<String> {
        let named = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        let texts = self.words.iter().chain(self.env.iter().map(|(_, value)| value));
        if texts.chain(&self.cwd).any(|t| t.contains('\0')) {
            return Some(crate::t!(
                "an argument or a variable holds a NUL character, which no program can be given",
                "引数か環境変数に NUL 文字があります（プログラムには渡せません）"
            ));
        }
        if let Some((name, _)) = self.env.iter().find(|(name, _)| !named(name)) {
            return Some(crate::t!(
                "`{name}` cannot be the name of a variable on another host; use letters, digits and `_`",
                "`{name}` は他のホストの環境変数名にできません。英字、数字、`_` を使ってください"
            ));
        }
        let user = self.user.as_deref().unwrap_or("root");
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if user.is_empty() || user.starts_with(['-', '.']) || !user.chars().all(plain) {
            return Some(crate::t!(
                "`{user}` cannot be the name of a user (`run_as`)",
                "`{user}` はユーザー名（`run_as`）にできません"
            ));
        }
        None
    }

    /// All that is sent before what the command says; `key` is what the far end's own lines begin with.
    pub(super) fn text(&self, key: &str) -> String {
        let mut text = String::new();
        if let Some(user) = &self.user {
            text += &become_user(user, key);
        }
        text += &self.settings(key);
        text += ENDING;
        text += RUNNING;
        text + ".\n"
    }

    /// The text that ends what an earlier command with this mark has left behind.
    pub(super) fn reaper(&self, key: &str) -> String {
        let mut text = self.user.as_ref().map(|user| become_user(user, key)).unwrap_or_default();
        text += &Command { words: vec!["true".into()], feed: Feed::Nothing, ..self.clone() }.settings(key);
        text += ENDING;
        text + "ses=none look=$$\ncd -- \"${HOME:-/}\" || cd /\nsay hello; gentle\n.\n"
    }

    fn settings(&self, key: &str) -> String {
        let (name, value) = &self.marker;
        // A variable of the same name in the environment there would hand the text on to the command.
        let mut lines = vec![
            "unset k mark grace dir target tmp mode text file need look ses up it r left tries word watcher um"
                .to_string(),
            format!("k={} mark={} grace={}", word(key), word(&format!("{name}={value}")), GRACE * 10),
            format!("dir={}", word(self.cwd.as_deref().unwrap_or_default())),
        ];
        lines.push(match &self.out {
            Some(out) => {
                format!("target={} tmp={} mode={}", word(&out.target), word(&out.hidden), word(&out.mode))
            }
            None => "target= tmp= mode=".to_string(),
        });
        lines.push(match &self.feed {
            Feed::File(path, _) => format!("text= file={}", word(path)),
            Feed::Text(text) => format!("file= text={}", word(text)),
            Feed::Nothing => "file= text=".to_string(),
        });
        lines.push(format!("need={}", self.needs().unwrap_or_default()));
        let exports = self.env.iter().chain([&self.marker]);
        let exports: Vec<String> = exports.map(|(name, value)| format!("{name}={}", word(value))).collect();
        // A bash that ssh starts reads its user's start-up file, unless it believes to be within another shell.
        lines.push(format!("vars() {{ umask $um; export SHLVL=1 {}; }}", exports.join(" ")));
        let words: Vec<String> = self.words.iter().map(|w| word(w)).collect();
        lines.push(format!("set -- {}", words.join(" ")));
        lines.push(self.pipeline());
        lines.join("\n") + "\n"
    }

    /// The program that packs or unpacks.
    pub(super) fn needs(&self) -> Option<&'static str> {
        let packed = self.out.as_ref().and_then(|o| o.compress);
        let unpacked = match &self.feed {
            Feed::File(_, kind) => *kind,
            _ => None,
        };
        packed.or(unpacked).map(program)
    }

    /// `run()`: the command between its input and its output. It prints the command's code, and before that what the
    /// shell says of a signal; for a packed output, `pack` and the packer's code after it.
    fn pipeline(&self) -> String {
        const CLOSED: &str = "7<&- 8>&- 9>&-";
        let (before, after) = match &self.feed {
            Feed::Nothing => (String::new(), ""),
            Feed::Text(_) => (r#"printf %s "$text" | "#.to_string(), ""),
            Feed::File(_, None) => (String::new(), r#" <"$file""#),
            Feed::File(_, Some(kind)) => {
                let program = program(*kind);
                // An input that breaks off must not look to the command like its end: the pipe is held open.
                let held = r#"say "feed $f"; while :; do sleep 1; done"#;
                let unpack = format!(r#"{program} -dc <"$file" 2>&9 {CLOSED}; f=$?"#);
                (format!("{{ {unpack}; [ $f = 0 ] || [ $f = 141 ] || {{ {held}; }}; }} | "), "")
            }
        };
        match &self.out {
            None => {
                format!(r#"run() {{ {before}{{ (vars; exec "$@" >&8 2>&9 {CLOSED}); echo $?; }}{after}; }}"#)
            }
            Some(OutFile { compress: None, .. }) => {
                format!(
                    r#"run() {{ {before}{{ (vars; exec "$@" >"$tmp" 2>&9 {CLOSED}); echo $?; }}{after}; }}"#
                )
            }
            Some(OutFile { compress: Some(kind), .. }) => {
                let program = program(*kind);
                let command = format!(r#"(vars; exec "$@" >&5 2>&9 3>&- 5>&- {CLOSED}); echo $? >&3"#);
                let pack = format!(r#"{program} -c >"$tmp" 2>&9 3>&- {CLOSED}; echo "pack $?" >&3"#);
                format!("run() {{ {{ {before}{{ {{ {command}; }}{after}; }} 5>&1 | {pack}; }} 3>&1; }}")
            }
        }
    }
}

fn program(kind: Compression) -> &'static str {
    match kind {
        Compression::Gzip => "gzip",
        Compression::Zstd => "zstd",
    }
}

/// The rest of the text goes to a shell of another user: this one where it is that user's already; root changes its
/// user, everyone else needs sudo without a password.
pub(super) fn become_user(user: &str, key: &str) -> String {
    let (key, boot) = (word(key), word(BOOT));
    format!(
        "k={key} b={boot} u='{user}'\n\
         if [ \"$(id -un)\" != \"$u\" ]; then\n\
         printf '%sbecome\\n' \"$k\" >&2\n\
         if [ \"$(id -u)\" = 0 ]; then\n\
         id -u \"$u\" >/dev/null || exit 1\n\
         eval \"HOME=~$u\"; export HOME\n\
         exec runuser -u \"$u\" -- /bin/sh -c \"$b\"\n\
         fi\n\
         exec sudo -n -H -u \"$u\" -- /bin/sh -c \"$b\"\n\
         fi\n\
         eval \"$b\"\n\
         .\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_what_a_command_is_given_can_end_the_text_early() {
        let mut command = Command::new(vec!["a".into(), "x\n.\ny".into()], ("M".into(), "m;".into()));
        command.feed = Feed::Text("one\n.\ntwo\n".into());
        command.env.push(("V".into(), "\n.\n".into()));
        let text = command.text("key ");
        assert_eq!(text.lines().filter(|l| *l == ".").count(), 1, "{text}");
        assert!(text.ends_with("\n.\n"));
    }

    #[test]
    fn names_that_no_shell_takes_are_refused() {
        let plain = || Command::new(vec!["a".into()], ("M".into(), "m;".into()));
        assert_eq!(plain().fault(), None);
        for bad in ["a-b", "", "1a", "a b", "$(x)"] {
            let mut command = plain();
            command.env.push((bad.into(), String::new()));
            assert!(command.fault().is_some(), "{bad}");
        }
        for bad in ["", "-x", "a b", "$(x)", "a;b", "~"] {
            assert!(Command { user: Some(bad.into()), ..plain() }.fault().is_some(), "{bad}");
        }
    }
}
