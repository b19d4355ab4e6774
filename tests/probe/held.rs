//! Shell steps that are only declared to read: what the kernel keeps them from, and what is done where it cannot.

use std::process::{Command, Stdio};

use toban::process::{can_hold, landlock};

use super::place::Place;
use super::support::{probe, snapshot};

/// Says what this kernel can do, past the runner's capture, so that nobody takes one half of a test for the other.
fn tell() -> bool {
    use std::io::Write;
    let line = format!("held: Landlock {:?}, this kernel can hold: {}\n", landlock(), can_hold());
    if let Ok(mut out) = std::fs::OpenOptions::new().write(true).open("/dev/stderr") {
        out.write_all(line.as_bytes()).expect("standard error");
    }
    can_hold()
}

const TRIES: &str = r#"
  - id: tries
    effect: read
    env: { FOLDER: "{{ inputs.folder }}", VICTIM: "{{ inputs.victim }}" }
    shell: |
      set +e
      cd "$FOLDER"
      touch new; echo x > new2; echo x >> kept; : > kept; mkdir sub; ln -s kept link; ln kept hard; mv kept moved
      rm -f kept; chmod 777 kept; chown 1 kept; touch -d 2001-01-01 kept; truncate -s 0 kept; mknod pipe p
      dd if=/dev/zero of=kept count=1
      kill -9 "$VICTIM"
      (exec 3<>/dev/tcp/127.0.0.1/"$PORT") && echo connected
      setsid bash -c 'echo x > escaped'
      unshare -r bash -c 'echo x > escaped'
      echo x > /proc/sys/kernel/printk
      hostname changed-by-a-probe
      date -s 2001-01-01
      python3 -c 'import os; os.truncate("kept", 0)'
      python3 -c 'import os; os.utime("kept", (1, 1))'
      echo /dev/null > /dev/null && cat kept && df / > /dev/null && ls | sort | wc -l > /dev/null && echo reads
"#;

#[test]
fn a_declared_reader_changes_nothing_under_the_kernels_hold() {
    let place = Place::new();
    let folder = place.at("held");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("kept"), "kept as it was\n").expect("a file");
    let mut victim = Command::new("sleep").arg("1000").stdout(Stdio::null()).spawn().expect("a process");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    let steps = TRIES
        .replace("{{ inputs.folder }}", &folder.display().to_string())
        .replace("{{ inputs.victim }}", &victim.id().to_string())
        .replace("VICTIM:", &format!("PORT: \"{port}\", VICTIM:"));
    let before = snapshot(&folder);
    let probed = probe(&place, &steps, &[]);
    let (lives, called) = (victim.try_wait().expect("a child").is_none(), listener.accept().is_ok());
    let after = snapshot(&folder);
    victim.kill().expect("ended");
    victim.wait().expect("reaped");
    assert_eq!(before, after);
    assert!(lives, "the other process was killed");
    assert!(!called, "a connection was made");
    if tell() {
        assert!(probed.ran("tries"), "{}", probed.words("tries"));
        let gives = &probed.plan["steps"][0]["probe"]["gives"];
        let out = gives["stdout"].as_str().unwrap_or_default();
        assert!(out.contains("kept as it was") && out.contains("reads"), "{gives:#}");
        assert!(!out.contains("connected"), "{gives:#}");
    } else {
        assert!(!probed.ran("tries"));
        assert!(probed.words("tries").contains("--probe-declared"), "{}", probed.words("tries"));
    }
}

#[test]
fn what_nothing_holds_is_run_only_when_its_author_is_believed() {
    let place = Place::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let steps = format!(
        "  - {{ id: asks, effect: read, shell: 'exec 3<>/dev/tcp/127.0.0.1/{port}; echo connected' }}\n"
    );
    let held = probe(&place, &steps, &[]);
    assert_ne!(held.verdict("asks"), "no", "{}", held.words("asks"));
    assert!(!held.words("asks").contains("connected"), "{}", held.words("asks"));
    let believed = probe(&place, &steps, &["--probe-declared"]);
    believed.expect("asks", "yes", "connected");
    assert!(believed.ran("asks"));
}

#[test]
fn a_command_that_has_no_hold_is_not_run() {
    let place = Place::new();
    let out = place.at("out.txt");
    let steps = format!(
        "  - {{ id: kept, effect: read, shell: 'echo a', stdout: {{ file: '{}' }} }}\n",
        out.display()
    );
    let probed = probe(&place, &steps, &["--probe-declared"]);
    assert!(!probed.ran("kept"), "{}", probed.words("kept"));
    assert!(!out.exists());
}

#[test]
fn what_runs_on_another_host_is_not_looked_at_from_here() {
    let place = Place::new();
    place.file("playbooks/s/system.yaml", "title: s\nhosts: { app: { ssh: nobody.probe.test } }\n");
    let file = place.file(
        "playbooks/s/p.yaml",
        "title: t\nsteps:\n  - { id: there, host: app, effect: read, shell: 'echo ran here' }\n",
    );
    let said = super::place::said(
        place.command().args(["plan", "--probe-declared", "s/p"]).output().expect("toban"),
    );
    assert!(
        said.out.contains("no — the host `app` (nobody.probe.test) is not reached"),
        "{file:?}: {}{}",
        said.out,
        said.err
    );
    assert!(!said.out.contains(", ran"), "{}", said.out);
}
