//! An `sshd` of a test's own: on a free loopback port, with its own host key and one client key, ended with the test.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::place::Place;

/// A folder to work in, a running `sshd`, and a system file that calls it `app`.
pub struct Far {
    pub place: Place,
    pub port: u16,
    server: Child,
}

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

impl Far {
    /// A host that lets us in.
    pub fn new() -> Far {
        Far::with("")
    }

    /// The same, with more in the configuration of its `sshd`.
    pub fn with(more: &str) -> Far {
        let place = Place::new();
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
        let (host, client) = (place.at("host_key"), place.at("client_key"));
        key(&host);
        key(&client);
        let allowed =
            place.file("allowed", &std::fs::read_to_string(place.at("client_key.pub")).expect("a key"));
        let known = std::fs::read_to_string(place.at("host_key.pub")).expect("a key");
        place.file("known", &format!("[127.0.0.1]:{port} {known}"));
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\n\
             StrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nMaxSessions 4\nMaxStartups 100\nAcceptEnv LANG\n{more}",
            host.display(),
            allowed.display()
        );
        let config = place.file("sshd_config", &config);
        // What a service manager makes when it starts the service.
        drop(std::fs::create_dir_all("/run/sshd"));
        let log = std::fs::File::create(place.at("sshd.log")).expect("a log");
        let server = program("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(&config)
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("sshd");
        let far = Far { place, port, server };
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
            me(),
            self.port,
            self.place.at("known").display()
        )
    }

    /// The processes of this `sshd` besides the one that listens: one for each connection, at least.
    pub fn connections(&self) -> Vec<String> {
        let out = Command::new("ps").args(["-o", "pid=", "--ppid", &self.server.id().to_string()]).output();
        let out = String::from_utf8_lossy(&out.expect("ps").stdout).into_owned();
        out.split_whitespace().map(str::to_string).collect()
    }
}
