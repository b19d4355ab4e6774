//! What a host says of a copy of this program there, and what a person is told of it. It asks nothing.

use super::{Connection, trouble};

/// What a host says when it is asked for this program.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    Have(String),
    /// Another build of the same version is installed there.
    Alike {
        machine: String,
        path: String,
    },
    None {
        machine: String,
    },
    Nowhere,
    Full(String),
    Cut,
    Alien(String),
}

/// As `uname -s -m` says it.
pub(super) fn this_machine() -> String {
    format!("Linux {}", std::env::consts::ARCH)
}

impl Said {
    /// A line of it; none where it is something else.
    pub fn read(line: &str) -> Option<Said> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let machine = |text: &str| text.replace("amd64", "x86_64").replace("arm64", "aarch64");
        Some(match word {
            "have" => Said::Have(rest.to_string()),
            "alike" => {
                let mut parts = rest.splitn(3, ' ');
                let (system, kind) = (parts.next()?, parts.next()?);
                Said::Alike { machine: machine(&format!("{system} {kind}")), path: parts.next()?.to_string() }
            }
            "none" => Said::None { machine: machine(rest) },
            "nowhere" => Said::Nowhere,
            "full" => Said::Full(rest.to_string()),
            "cut" => Said::Cut,
            "alien" => Said::Alien(rest.trim().to_string()),
            _ => return None,
        })
    }
}

/// What a person is told.
impl Connection {
    fn instead() -> String {
        let version = env!("CARGO_PKG_VERSION");
        crate::t!(
            "install Toban {version} for that host in its PATH as `toban`, write the step as `shell`, or give it \
             `host: local`",
            "そのホスト用の Toban {version} を PATH 上に `toban` として置くか、ステップを `shell` で書くか、`host: local` を指定してください"
        )
    }

    pub(super) fn other(&self, machine: &str) -> String {
        let (name, this, instead) = (&self.name, this_machine(), Self::instead());
        crate::t!(
            "the host `{name}` is another kind of machine ({machine}, this one is {this}), so that this program cannot \
             be copied there: {instead}",
            "ホスト `{name}` は機種が異なり（{machine}、こちらは {this}）、このプログラムをコピーできません。{instead}"
        )
    }

    pub(super) fn refusal_of(&self, said: Said) -> String {
        let (name, instead) = (&self.name, Self::instead());
        match said {
            Said::Nowhere => crate::t!(
                "no folder of the host `{name}` takes a program of its user: neither ~/.cache/toban nor /var/tmp nor /tmp \
                 can be written and allows programs (noexec): {instead}",
                "ホスト `{name}` にはプログラムを置けるフォルダーがありません（~/.cache/toban、/var/tmp、/tmp のいずれも\
                 書けないか noexec です）。{instead}"
            ),
            Said::Full(folder) => crate::t!(
                "this program could not be written into {folder} on the host `{name}`: is its disk full?",
                "ホスト `{name}` の {folder} にこのプログラムを書けません。空き容量を確かめてください"
            ),
            Said::Alien(words) => crate::t!(
                "this program does not run on the host `{name}` ({words}): {instead}",
                "このプログラムはホスト `{name}` で動きません（{words}）。{instead}"
            ),
            _ => crate::t!(
                "this program did not arrive whole on the host `{name}`",
                "ホスト `{name}` へのコピーが途中で切れました"
            ),
        }
    }

    pub(super) fn silent(&self) -> String {
        let name = &self.name;
        crate::t!("the host `{name}` does not answer", "ホスト `{name}` が応答しません")
    }

    pub(super) fn mute(&self, user: Option<&str>, said: &str) -> String {
        let name = &self.name;
        match user {
            Some(user) => trouble::not_become(name, user, said),
            None => trouble::no_command(name, said),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Said;

    #[test]
    fn what_a_host_says_is_read() {
        assert_eq!(Said::read("have /a b/c"), Some(Said::Have("/a b/c".into())));
        let alike = Said::Alike { machine: "Linux aarch64".into(), path: "/x y".into() };
        assert_eq!(Said::read("alike Linux arm64 /x y"), Some(alike));
        assert_eq!(Said::read("none FreeBSD amd64"), Some(Said::None { machine: "FreeBSD x86_64".into() }));
        assert_eq!(Said::read("become"), None);
    }
}
