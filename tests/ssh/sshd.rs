//! An `sshd` of a test's own: on a free loopback port, with its own host key and one client key, ended with the test.
//! It can be one of a host apart: with a folder, users and rules for sudo that this machine does not have.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::place::Place;

/// A folder to work in, a running `sshd`, and a system file that calls it `app`.
pub struct Far {
    pub place: Place,
    pub port: u16,
    user: String,
    server: Child,
}

/// The user of a host apart: no root, who becomes root by sudo without a password.
pub const OPERATOR: &str = "toban-operator";

/// Gives a host apart what it has: `/mnt`, `/root`, users and rules of its own. Nothing of it is seen elsewhere.
const APART: &str = r#"set -e
mount --bind "$1/there" /mnt
mount --bind "$1/there/root" /root
for it in passwd shadow group sudoers; do mount --bind "$1/etc/$it" /etc/$it; done
$2
exec /usr/sbin/sshd -D -e -f /mnt/sshd_config"#;

impl Drop for Far {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

fn program(path: &str) -> Command {
    assert!(
        Path::new(path).exists(),
        "{path} is missing: apt-get install openssh-server openssh-client sudo"
    );
    Command::new(path)
}

fn key(path: &Path) {
    let made = program("/usr/bin/ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(path)
        .stdin(Stdio::null())
        .status();
    assert!(made.expect("ssh-keygen").success());
}

pub fn me() -> String {
    let out = Command::new("id").arg("-un").output().expect("id");
    String::from_utf8_lossy(&out.stdout).trim().to_string()
}

/// Where copies of the binary are kept for all tests of this program: made anew with it.
fn cache() -> &'static Path {
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    CACHE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("far");
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    })
}

/// The users of a host apart, and who of them may become whom.
fn people(place: &Place) {
    let known = |name: &str| std::fs::read_to_string(Path::new("/etc").join(name)).unwrap_or_default();
    place.file("etc/passwd", &format!("{}{OPERATOR}:x:4321:4321::/mnt/home:/bin/sh\n", known("passwd")));
    place.file("etc/group", &format!("{}{OPERATOR}:x:4321:\n", known("group")));
    let rules = place
        .file("etc/sudoers", &format!("root ALL=(ALL:ALL) ALL\n{OPERATOR} ALL=(ALL:ALL) NOPASSWD: ALL\n"));
    let shadow = place.file("etc/shadow", &format!("{}{OPERATOR}:*:19000:0:99999:7:::\n", known("shadow")));
    for (file, mode) in [(rules, 0o440), (shadow, 0o640)] {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).expect("a mode");
    }
    for (name, mode) in [("there/root", 0o700), ("there/home", 0o755), ("there", 0o755)] {
        std::fs::create_dir_all(place.at(name)).expect("a folder");
        std::fs::set_permissions(place.at(name), std::fs::Permissions::from_mode(mode)).expect("a mode");
    }
    std::os::unix::fs::chown(place.at("there/home"), Some(4321), Some(4321)).expect("an owner");
}

impl Far {
    /// A host that lets us in.
    pub fn new() -> Far {
        Far::with("")
    }

    /// The same, with more in the configuration of its `sshd`.
    pub fn with(more: &str) -> Far {
        Far::begin(more, "", None)
    }

    /// The same, with these variables in the environment there.
    pub fn env(variables: &str) -> Far {
        Far::begin("", variables, None)
    }

    /// A host apart, whose `/mnt` is our folder `there`; we log in as a user who is not root.
    pub fn apart() -> Far {
        Far::apart_where("", "")
    }

    /// The same, where `more` has been done before its `sshd` starts.
    pub fn apart_where(more: &str, variables: &str) -> Far {
        Far::begin("", variables, Some(more))
    }

    fn begin(more: &str, variables: &str, apart: Option<&str>) -> Far {
        let place = Place::new();
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
        let (host, client) = (place.at("host_key"), place.at("client_key"));
        key(&host);
        key(&client);
        let allowed =
            place.file("there/allowed", &std::fs::read_to_string(place.at("client_key.pub")).expect("a key"));
        let (host, allowed) = match apart {
            None => (host, allowed),
            Some(_) => {
                std::fs::rename(host, place.at("there/host_key")).expect("moved");
                ("/mnt/host_key".into(), "/mnt/allowed".into())
            }
        };
        let cache =
            if apart.is_some() { String::new() } else { format!("XDG_CACHE_HOME={}", cache().display()) };
        let known = std::fs::read_to_string(place.at("host_key.pub")).expect("a key");
        place.file("known", &format!("[127.0.0.1]:{port} {known}"));
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\n\
             StrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nMaxSessions 4\nMaxStartups 100\nAcceptEnv LANG\n\
             SetEnv TOBAN_TEST_HOST=there {cache} {variables}\n{more}",
            host.display(),
            allowed.display()
        );
        let config = place.file("there/sshd_config", &config);
        // What a service manager makes when it starts the service.
        drop(std::fs::create_dir_all("/run/sshd"));
        let log = std::fs::File::create(place.at("sshd.log")).expect("a log");
        let mut server = program("/usr/sbin/sshd");
        server.args(["-D", "-e", "-f"]).arg(&config);
        if let Some(more) = apart {
            people(&place);
            server = program("/usr/bin/unshare");
            server.args(["-m", "--", "sh", "-c", &APART.replace("$2", more), "sh"]).arg(place.path());
        }
        let server = server.stdin(Stdio::null()).stderr(log).spawn().expect("sshd");
        let user = if apart.is_some() { OPERATOR.to_string() } else { me() };
        let far = Far { place, port, user, server };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "{}", far.place.text("sshd.log"));
            std::thread::sleep(Duration::from_millis(20));
        }
        far.system("");
        far
    }

    /// Writes the system file; `more` are further keys of the host.
    pub fn system(&self, more: &str) {
        self.place
            .file("system.yaml", &format!("hosts:\n  app:\n    ssh: {}\n{more}run_on: app\n", self.ssh()));
    }

    /// The host as `system.yaml` has it.
    pub fn ssh(&self) -> String {
        format!(
            "{{ to: {}@127.0.0.1, port: {}, identity: client_key, config: /dev/null, \
             options: {{ UserKnownHostsFile: \"{}\", GlobalKnownHostsFile: /dev/null }} }}",
            self.user,
            self.port,
            self.place.at("known").display()
        )
    }

    /// The processes that see the folders of a host apart: pids and command lines.
    pub fn inside(&self) -> Vec<(String, String)> {
        let space = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/mnt")).ok();
        let own = space(&self.server.id().to_string());
        let all = std::fs::read_dir("/proc").expect("listed").flatten();
        let pids = all.filter_map(|e| e.file_name().into_string().ok());
        let pids = pids.filter(|pid| pid.bytes().all(|b| b.is_ascii_digit()) && space(pid) == own);
        let line = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        pids.map(|pid| {
            let line = line(&pid).replace('\0', " ");
            (pid, line)
        })
        .collect()
    }

    /// Cuts every connection to a host apart.
    pub fn cut(&self) {
        let connected = |line: &str| line.starts_with("sshd: ") && !line.contains("[listener]");
        for (pid, _) in self.inside().iter().filter(|(_, line)| connected(line)) {
            // One of them may end with the other before its turn comes.
            drop(Command::new("kill").args(["-KILL", pid]).stderr(Stdio::null()).status());
        }
    }

    /// The processes of this `sshd` besides the one that listens: one for each connection, at least.
    pub fn connections(&self) -> Vec<String> {
        let out = Command::new("ps").args(["-o", "pid=", "--ppid", &self.server.id().to_string()]).output();
        let out = String::from_utf8_lossy(&out.expect("ps").stdout).into_owned();
        out.split_whitespace().map(str::to_string).collect()
    }
}
