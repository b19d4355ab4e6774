//! A database server of a test's own: in a temporary folder, on a free loopback port, ended with the process.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A running server.
pub struct Server {
    pub port: u16,
    /// Its data, its socket and its log.
    pub folder: PathBuf,
}

static RUNNING: Mutex<Vec<(u32, PathBuf)>> = Mutex::new(Vec::new());

extern "C" fn end_all() {
    for (pid, folder) in RUNNING.lock().map(|mut r| std::mem::take(&mut *r)).unwrap_or_default() {
        let pid = pid as i32;
        // SAFETY: the pid is of a child of this process that has not been waited for.
        unsafe {
            libc::kill(pid, libc::SIGKILL);
            libc::waitpid(pid, std::ptr::null_mut(), 0);
        }
        // A killed server's own children end by themselves; give them a moment to let go of the folder.
        for _ in 0..20 {
            if std::fs::remove_dir_all(&folder).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn keep(child: Child, folder: &Path) {
    let mut running = RUNNING.lock().expect("the list");
    if running.is_empty() {
        // SAFETY: the function is a plain one that lives as long as the process.
        unsafe { libc::atexit(end_all) };
    }
    running.push((child.id(), folder.to_path_buf()));
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port()
}

/// The ids of a user that may run a server, which root may not.
fn ids(user: &str) -> Option<(u32, u32)> {
    // SAFETY: geteuid has no preconditions.
    if unsafe { libc::geteuid() } != 0 {
        return None;
    }
    let id = |flag: &str| {
        let out = Command::new("id").args([flag, user]).output().expect("id");
        String::from_utf8_lossy(&out.stdout).trim().parse().ok()
    };
    Some((id("-u").unwrap_or(65_534), id("-g").unwrap_or(65_534)))
}

fn command(program: &Path, user: Option<(u32, u32)>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null()).env("LC_ALL", "C.UTF-8").env_remove("LANG");
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    let log =
        std::fs::OpenOptions::new().create(true).append(true).open(folder.join("server.log")).expect("a log");
    command.stdout(log.try_clone().expect("a log")).stderr(log);
    command
}

fn folder(user: Option<(u32, u32)>) -> PathBuf {
    let folder = tempfile::Builder::new().prefix("toban-sql-").tempdir_in("/tmp").expect("a folder").keep();
    if let Some((uid, gid)) = user {
        std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).expect("chown");
    }
    folder
}

fn log_of(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("server.log")).unwrap_or_default()
}

fn wait_for(folder: &Path, child: &mut Child, ready: impl Fn() -> bool) {
    let begun = Instant::now();
    while !ready() {
        if let Ok(Some(status)) = child.try_wait() {
            panic!("the server ended with {status}:\n{}", log_of(folder));
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "the server does not answer:\n{}", log_of(folder));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Starts PostgreSQL with the superuser `postgres`.
pub fn postgres() -> Server {
    let bin = std::fs::read_dir("/usr/lib/postgresql")
        .ok()
        .and_then(|versions| versions.flatten().map(|v| v.path().join("bin")).max())
        .expect("PostgreSQL is missing: apt-get install postgresql");
    let user = ids("postgres");
    let folder = folder(user);
    let data = folder.join("data");
    let made = command(&bin.join("initdb"), user, &folder)
        .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "-D"])
        .arg(&data)
        .status()
        .expect("initdb");
    assert!(made.success(), "{}", log_of(&folder));
    let certificate = command(Path::new("/usr/bin/openssl"), user, &folder)
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .status()
        .expect("openssl is missing: apt-get install openssl");
    assert!(certificate.success(), "{}", log_of(&folder));
    let port = free_port();
    let mut child = command(&bin.join("postgres"), user, &folder)
        .arg("-D")
        .arg(&data)
        .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=60"])
        .args(["-c", "ssl=on", "-c", &format!("ssl_cert_file={}", folder.join("cert.pem").display())])
        .args(["-c", &format!("ssl_key_file={}", folder.join("key.pem").display())])
        .args(["-c", &format!("unix_socket_directories={}", folder.display())])
        .args(["-p", &port.to_string()])
        .spawn()
        .expect("postgres");
    wait_for(&folder, &mut child, || log_of(&folder).contains("database system is ready"));
    keep(child, &folder);
    Server { port, folder }
}

/// Starts MariaDB with the superuser `root`, which has no password.
pub fn mariadb() -> Server {
    let daemon = ["/usr/sbin/mariadbd", "/usr/sbin/mysqld", "/usr/libexec/mariadbd"]
        .into_iter()
        .map(PathBuf::from)
        .find(|p| p.exists())
        .expect("MariaDB is missing: apt-get install mariadb-server");
    let user = ids("mysql");
    let folder = folder(user);
    let data = folder.join("data");
    let made = command(Path::new("/usr/bin/mariadb-install-db"), user, &folder)
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
        .arg(format!("--datadir={}", data.display()))
        .status()
        .expect("mariadb-install-db");
    assert!(made.success(), "{}", log_of(&folder));
    let port = free_port();
    let mut child = command(&daemon, user, &folder)
        .args([
            "--no-defaults",
            "--bind-address=127.0.0.1",
            "--skip-log-bin",
            "--innodb-flush-log-at-trx-commit=0",
        ])
        .arg(format!("--datadir={}", data.display()))
        .arg(format!("--socket={}", folder.join("mysqld.sock").display()))
        .arg(format!("--port={port}"))
        .spawn()
        .expect("mariadbd");
    wait_for(&folder, &mut child, || log_of(&folder).contains("ready for connections"));
    keep(child, &folder);
    Server { port, folder }
}
