//! Commands in a running container.

use std::io::Write;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use toban::event::{Failure, Stream};

use crate::support::{Lab, cli, given, processes, text, words};

fn exec(container: &str, command: &[&str]) -> Value {
    json!({ "exec": { "container": container, "command": words(command) } })
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Bytes that do not compress to nothing and hold every byte there is.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn both_streams_and_the_exit_code_come_out_apart() {
    let lab = Lab::new();
    let container = lab.sleeper(&[]);
    let action = exec(&container, &["sh", "-c", "echo 出力; echo trouble >&2; exit 7"]);
    let report = lab.perform(action).expect("it ran");
    assert_eq!(text(&report, "stdout"), "出力");
    assert_eq!(text(&report, "stderr"), "trouble");
    assert_eq!(given(&report, "exit_code"), json!(7));
    assert_eq!(given(&report, "lines"), json!(["出力"]));
    assert_eq!(report.failure, Some(Failure::Exit { code: 7 }));
    assert_eq!(lab.logged(Stream::Out), "出力\n");
    assert_eq!(lab.logged(Stream::Err), "trouble\n");
}

#[test]
fn json_that_a_command_prints_can_be_used() {
    let lab = Lab::new();
    let container = lab.sleeper(&[]);
    let report = lab.done(exec(&container, &["echo", r#"{"papers": 3}"#]));
    assert_eq!(given(&report, "json"), json!({ "papers": 3 }));
}

#[test]
fn user_folder_and_words_arrive_as_they_are() {
    let lab = Lab::new();
    let container = lab.sleeper(&[]);
    let report = lab.done(json!({ "exec": {
        "container": container, "user": "app", "workdir": "/data",
        "command": words(&["sh", "-c", "id -un; pwd; printf '%s\\n' \"$@\"", "sh", "a b", "$(id)", "'x'", "日本語"]),
    } }));
    assert_eq!(given(&report, "lines"), json!(["app", "/data", "a b", "$(id)", "'x'", "日本語"]));
}

#[test]
fn a_secret_goes_by_the_environment_and_stands_in_no_command_line() {
    let lab = Lab::around(json!({ "env": { "PGPASSWORD": "s3cr3t-of-this-test" } }));
    let container = lab.sleeper(&[]);
    let action = exec(
        &container,
        &["sh", "-c", "test \"$PGPASSWORD\" = s3cr3t-of-this-\"test\" && ps -o args && sleep 1; true"],
    );
    let seen = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(600));
            let all =
                std::process::Command::new("ps").args(["-eo", "args"]).output().expect("ps (apt: procps)");
            (
                String::from_utf8_lossy(&all.stdout).into_owned(),
                processes(&container),
                cli(&["inspect", &container]),
            )
        });
        let report = lab.done(action);
        assert!(!text(&report, "stdout").contains("s3cr3t-of-this-test"));
        watcher.join().expect("the watcher")
    });
    assert!(seen.1.iter().any(|p| p.contains("PGPASSWORD")), "it ran when looked at: {:?}", seen.1);
    for shown in [seen.0, seen.1.join("\n"), seen.2] {
        assert!(!shown.contains("s3cr3t-of-this-test"), "{shown}");
    }
}

#[test]
fn five_mebibytes_go_in_and_come_out_the_same() {
    let lab = Lab::around(json!({ "stdin": { "file": "in" }, "stdout": { "file": "out" } }));
    let container = lab.sleeper(&[]);
    let bytes = noise(5 << 20);
    std::fs::write(lab.path("in"), &bytes).expect("written");
    let report = lab.done(exec(&container, &["cat"]));
    assert_eq!(hex(&std::fs::read(lab.path("out")).expect("the file")), hex(&bytes));
    assert_eq!(given(&report, "size"), json!(bytes.len()));
    assert_eq!(text(&report, "stdout"), "");
}

#[test]
fn packed_input_is_unpacked_on_the_way_and_output_packed() {
    for (how, pack) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("zstd", zstd)] {
        let mut lab = Lab::new();
        lab.around = json!({
            "stdin": { "file": "in", "decompress": how },
            "stdout": { "file": "out", "compress": how, "mode": "0640" },
        });
        let container = lab.sleeper(&[]);
        let bytes = noise(1 << 20);
        std::fs::write(lab.path("in"), pack(&bytes)).expect("written");
        lab.done(exec(&container, &["cat"]));
        let out = std::fs::File::open(lab.path("out")).expect("the file");
        let mode = std::os::unix::fs::PermissionsExt::mode(&out.metadata().expect("its facts").permissions());
        assert_eq!(mode & 0o777, 0o640);
        let mut reader: Box<dyn std::io::Read> = match how {
            "gzip" => Box::new(flate2::read::GzDecoder::new(out)),
            _ => Box::new(zstd::stream::read::Decoder::new(out).expect("zstd")),
        };
        let mut unpacked = Vec::new();
        std::io::copy(&mut reader, &mut unpacked).expect("whole");
        assert_eq!(hex(&unpacked), hex(&bytes), "{how}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("packed");
    encoder.finish().expect("packed")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 1).expect("packed")
}

#[test]
fn half_an_archive_as_input_ends_the_command_instead_of_ending_its_input() {
    let lab = Lab::around(json!({ "stdin": { "file": "in", "decompress": "gzip" } }));
    let container = lab.sleeper(&[]);
    let packed = gzip(&noise(1 << 20));
    std::fs::write(lab.path("in"), &packed[..packed.len() / 2]).expect("written");
    let report =
        lab.perform(exec(&container, &["sh", "-c", "cat >/dev/null && touch /tmp/loaded"])).expect("it ran");
    assert!(matches!(report.failure, Some(Failure::Rejected { .. })), "{:?}", report.failure);
    let list = cli(&["exec", &container, "ls", "/tmp"]);
    assert!(!list.contains("loaded"), "the command took half of its input for all of it: {list}");
}

#[test]
fn a_file_appears_only_once_it_may() {
    let lab = Lab::around(json!({ "stdout": { "file": "dump.sql" } }));
    let container = lab.sleeper(&[]);
    let report = lab.perform(exec(&container, &["seq", "1", "5"])).expect("it ran");
    assert!(!lab.path("dump.sql").exists(), "the verdict on the step is not known yet");
    report.pending.commit().expect("it may");
    assert_eq!(std::fs::read_to_string(lab.path("dump.sql")).expect("the file"), "1\n2\n3\n4\n5\n");
}

#[test]
fn a_command_that_fails_half_way_leaves_no_file() {
    let lab = Lab::around(json!({ "stdout": { "file": "dump.sql" } }));
    let container = lab.sleeper(&[]);
    let report = lab.perform(exec(&container, &["sh", "-c", "seq 1 50000; exit 3"])).expect("it ran");
    assert_eq!(report.failure, Some(Failure::Exit { code: 3 }));
    drop(report);
    let left: Vec<_> = std::fs::read_dir(lab.dir.path()).expect("the folder").flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn output_beyond_the_limit_is_logged_but_not_kept() {
    let mut lab = Lab::new();
    lab.max_output = 10;
    let container = lab.sleeper(&[]);
    let report = lab.done(exec(&container, &["sh", "-c", "echo 12345678日本; echo more"]));
    assert_eq!(text(&report, "stdout"), "12345678");
    assert_eq!(lab.logged(Stream::Out), "12345678日本\nmore\n");
}

#[test]
fn the_first_process_is_told_of_by_the_hosts_number() {
    let lab = Lab::new();
    let container = lab.sleeper(&[]);
    lab.done(exec(&container, &["sleep", "1"]));
    let (pid, start) = lab.child.borrow().expect("a child");
    assert!(pid > 1 && start > 0);
}

#[test]
fn something_left_in_the_background_does_not_hold_the_step() {
    let lab = Lab::new();
    let container = lab.sleeper(&[]);
    let begun = std::time::Instant::now();
    let report = lab.done(exec(&container, &["sh", "-c", "sleep 30 & echo done"]));
    assert_eq!(text(&report, "stdout"), "done");
    assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn what_can_not_be_started_says_why() {
    let lab = Lab::new();
    let absent = lab.refused(exec("no-such-container", &["true"]));
    assert!(absent.contains("no-such-container") && absent.contains("docker ps -a"), "{absent}");
    let container = lab.sleeper(&[]);
    assert!(lab.refused(exec("../images", &["true"])).contains("can't be the name"));
    let report = lab.perform(exec(&container, &["no-such-program"])).expect("it was tried");
    let message = report.failure.expect("a failure").to_string();
    assert!(message.contains("no-such-program") && message.contains("not found"), "{message}");
    cli(&["stop", "-t", "0", &container]);
    assert!(lab.refused(exec(&container, &["true"])).contains("not running"));
}

#[test]
fn a_quarter_of_a_gigabyte_of_output_takes_little_memory_and_comes_out_whole() {
    let lab = Lab::around(json!({ "stdout": { "file": "out" } }));
    let container = lab.sleeper(&[]);
    let before = resident();
    let report = lab.done(exec(&container, &["sh", "-c", "head -c 268435456 /dev/zero"]));
    let grown = resident().saturating_sub(before);
    assert_eq!(given(&report, "size"), json!(268_435_456));
    assert!(grown < 64 << 10, "{grown} KiB more at its height");
}

/// The most memory this process ever had, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
