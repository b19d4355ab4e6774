//! Where a host is, as arguments of `ssh`. It connects to nothing.

use std::path::Path;

use crate::model::Ssh;

/// What every call has in common. A question (password, new host key) would wait for ever: there is none.
const ALWAYS: &[&str] = &[
    "BatchMode=yes",
    "ConnectTimeout=15",
    "ServerAliveInterval=10",
    "ServerAliveCountMax=3",
    "ControlPersist=no",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    "LogLevel=ERROR",
];

/// A host that ssh reaches.
#[derive(Clone, Debug, PartialEq)]
pub struct Address {
    options: Vec<String>,
    to: String,
}

impl Address {
    /// From the facts of a system; `base` is the folder that its relative paths begin at.
    pub fn new(ssh: &Ssh, base: &Path) -> Address {
        let mut options = Vec::new();
        if let Some(config) = &ssh.config {
            options.extend(["-F".to_string(), place(config, base)]);
        }
        let mut option = |text: String| options.extend(["-o".to_string(), text]);
        // The first word on an option is the one that counts for ssh.
        ALWAYS.iter().for_each(|o| option(o.to_string()));
        if let Some(identity) = &ssh.identity {
            option(format!("IdentityFile=\"{}\"", place(identity, base)));
            option("IdentitiesOnly=yes".to_string());
        }
        ssh.port.iter().for_each(|port| option(format!("Port={port}")));
        ssh.options.iter().for_each(|(name, value)| option(format!("{name}={value}")));
        Address { options, to: ssh.to.clone() }
    }

    /// The destination as a person writes it.
    pub fn shown(&self) -> &str {
        &self.to
    }

    /// The arguments of a call: `more` options, then the destination, then a command.
    pub(super) fn arguments(&self, more: &[&str], command: Option<&str>) -> Vec<String> {
        let own = more.iter().map(ToString::to_string).chain(self.options.iter().cloned());
        own.chain(["--".to_string(), self.to.clone()]).chain(command.map(str::to_string)).collect()
    }
}

/// ssh itself knows what `~` and `%d` are.
fn place(path: &str, base: &Path) -> String {
    if path.starts_with(['~', '%']) { path.to_string() } else { base.join(path).display().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_never_taken_for_an_option() {
        let ssh = Ssh { to: "-oProxyCommand=evil".into(), ..Ssh::default() };
        let words = Address::new(&ssh, Path::new("/base")).arguments(&["-T"], Some("true"));
        let at = words.iter().position(|w| w == "--").expect("the end of options");
        assert_eq!(words[at + 1..], ["-oProxyCommand=evil", "true"]);
    }

    #[test]
    fn paths_begin_at_the_folder_of_the_system() {
        let ssh = Ssh { to: "app".into(), config: Some("ssh/config".into()), ..Ssh::default() };
        let ssh = Ssh { identity: Some("~/.ssh/ops".into()), port: Some(2222), ..ssh };
        let words = Address::new(&ssh, Path::new("/base")).arguments(&[], None);
        assert_eq!(words[..2], ["-F", "/base/ssh/config"]);
        assert!(words.contains(&"IdentityFile=\"~/.ssh/ops\"".to_string()));
        assert!(words.contains(&"Port=2222".to_string()));
    }
}
