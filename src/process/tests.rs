//! Children for real: bash, sleep, cat, setsid.

use std::time::Duration;

use super::*;
use crate::event::Stream;

pub(super) fn marker(name: &str) -> (String, String) {
    ("TOBAN_STEP".to_string(), format!("test-{}-{name}", std::process::id()))
}

pub(super) fn bash(name: &str, script: &str) -> Spec {
    Spec::new("bash", vec!["-c".into(), script.into()], marker(name))
}

pub(super) struct Seen {
    pub exit: Exit,
    pub out: String,
    pub err: String,
}

pub(super) async fn seen(spec: Spec, stop: Stop) -> Seen {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut sink = |stream: Stream, bytes: &[u8]| {
        if stream == Stream::Out { &mut out } else { &mut err }.extend_from_slice(bytes);
        Ok(())
    };
    let exit = run(spec, |_, _| {}, &mut sink, stop).await.expect("the child starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Seen { exit, out: text(out), err: text(err) }
}

pub(super) async fn plain(name: &str, script: &str) -> Seen {
    seen(bash(name, script), Stop::never()).await
}

#[tokio::test]
async fn both_outputs_and_the_code_come_through() {
    let seen = plain("both", "echo out; echo err >&2; exit 7").await;
    assert_eq!((seen.out.as_str(), seen.err.as_str()), ("out\n", "err\n"));
    assert_eq!(seen.exit, Exit { ended: Ended::Code(7), stopped: None, broken: None, left_running: false });
}

#[tokio::test]
async fn a_signal_is_told_from_a_code() {
    assert_eq!(plain("signal", "kill -9 $$").await.exit.ended, Ended::Signal(9));
    assert_eq!(plain("code", "exit 137").await.exit.ended, Ended::Code(137));
}

#[tokio::test]
async fn the_child_is_named_as_it_was_written_and_leads_its_own_group() {
    let seen = plain("group", "echo $0 $$ $(ps -o pgid= -p $$)").await;
    let words: Vec<&str> = seen.out.split_whitespace().collect();
    assert_eq!(words[0], "bash");
    assert_eq!(words[1], words[2], "{}", seen.out);
}

#[tokio::test]
async fn the_start_that_is_told_names_the_process() {
    let mut told = None;
    let spec = bash("start", "cat /proc/$$/stat");
    let mut out = Vec::new();
    let mut sink = |_: Stream, bytes: &[u8]| {
        out.extend_from_slice(bytes);
        Ok(())
    };
    run(spec, |pid, start| told = Some((pid, start)), &mut sink, Stop::never()).await.expect("starts");
    let text = String::from_utf8(out).expect("text");
    let fields: Vec<&str> = text.split_whitespace().collect();
    let (pid, start) = told.expect("told");
    assert_eq!((pid.to_string(), start.to_string()), (fields[0].to_string(), fields[21].to_string()));
    assert!(!is_alive(pid, start));
    assert!(is_alive(std::process::id(), start_ticks(std::process::id()).expect("we live")));
    assert_eq!(boot_id().len(), 36);
}

#[tokio::test]
async fn ten_mebibytes_go_through_cat() {
    let bytes: Vec<u8> = (0..10 << 20).map(|i: u32| (i % 251) as u8).collect();
    let mut spec = Spec::new("cat", vec![], marker("cat"));
    spec.input = Input::Bytes(bytes.clone());
    let mut out = Vec::new();
    let mut sink = |_: Stream, chunk: &[u8]| {
        out.extend_from_slice(chunk);
        Ok(())
    };
    let exit = run(spec, |_, _| {}, &mut sink, Stop::never()).await.expect("starts");
    assert_eq!(exit.ended, Ended::Code(0));
    assert!(out == bytes);
}

#[tokio::test]
async fn a_child_that_does_not_read_its_input_ends_all_the_same() {
    let mut spec = bash("unread", "exec <&-; echo done");
    spec.input = Input::Bytes(vec![b'x'; 4 << 20]);
    let seen = seen(spec, Stop::never()).await;
    assert_eq!((seen.out.as_str(), seen.exit.ended), ("done\n", Ended::Code(0)));
}

#[tokio::test]
async fn short_input_and_no_input_end() {
    let mut spec = Spec::new("cat", vec![], marker("short"));
    spec.input = Input::Bytes(b"one line".to_vec());
    assert_eq!(seen(spec, Stop::never()).await.out, "one line");
    assert_eq!(seen(Spec::new("cat", vec![], marker("none")), Stop::never()).await.out, "");
}

#[tokio::test]
async fn a_packed_file_is_unpacked_on_the_way() {
    let dir = tempfile::tempdir().expect("a folder");
    for (kind, tool) in [(crate::model::Compression::Gzip, "gzip"), (crate::model::Compression::Zstd, "zstd")]
    {
        let path = dir.path().join(tool);
        let mut target = FileTarget::create(&path, Some(kind), 0o600).expect("created");
        let text: String = (0..40_000).map(|i| format!("line {i}\n")).collect();
        target.write(text.as_bytes()).expect("written");
        target.commit().expect("committed");
        let mut spec = Spec::new("cat", vec![], marker(tool));
        spec.input = Input::File { path, decompress: Some(kind) };
        assert!(seen(spec, Stop::never()).await.out == text, "{tool}");
    }
}

#[tokio::test]
async fn a_broken_archive_ends_the_child_before_it_sees_an_end_of_input() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("broken.gz");
    let mut target =
        FileTarget::create(&path, Some(crate::model::Compression::Gzip), 0o600).expect("created");
    let noise: Vec<u8> =
        (0..1_000_000u64).map(|i| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect();
    target.write(&noise).expect("written");
    target.commit().expect("committed");
    let whole = std::fs::read(&path).expect("read");
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("cut");
    let mut spec = bash("broken", "cat > /dev/null; echo got everything");
    spec.input = Input::File { path, decompress: Some(crate::model::Compression::Gzip) };
    let seen = seen(spec, Stop::never()).await;
    assert_eq!(seen.out, "");
    assert_eq!(seen.exit.ended, Ended::Signal(15));
    assert!(seen.exit.broken.expect("told").contains("could not be read to its end"));
}

#[tokio::test]
async fn a_sink_that_fails_ends_the_child() {
    let mut sink = |_: Stream, _: &[u8]| Err("the disk is full".to_string());
    let exit = run(bash("sink", "yes"), |_, _| {}, &mut sink, Stop::never()).await.expect("starts");
    assert_eq!(exit.broken.as_deref(), Some("the disk is full"));
    assert_eq!(find_marked(&marker("sink")), vec![]);
}

#[tokio::test]
async fn what_cannot_be_started_says_why_and_what_to_do() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str, mode: u32| {
        use std::os::unix::fs::PermissionsExt;
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("mode");
        path.display().to_string()
    };
    let refused = async |spec: Spec| {
        let mut sink = |_: Stream, _: &[u8]| Ok(());
        run(spec, |_, _| {}, &mut sink, Stop::never()).await.expect_err("is refused").to_string()
    };
    let program = |name: String| Spec::new(name, vec![], marker("refused"));

    assert!(refused(program("pg_dmup".into())).await.contains("`pg_dmup` is not installed, or not in PATH"));
    assert!(refused(program("./nothing".into())).await.contains("check the path"));
    assert!(refused(program(file("plain", "#!/bin/sh\n", 0o644))).await.contains("chmod +x"));
    assert!(refused(program(file("ghost", "#!/no/such/sh\n", 0o755))).await.contains("interpreter"));
    assert!(refused(program(file("data", "\x7fdata", 0o755))).await.contains("#!"));
    assert!(
        refused(Spec { cwd: Some("/no/such".into()), ..bash("r", "true") }).await.contains("correct `cwd`")
    );
    assert!(refused(bash("r", &"x".repeat(200_000))).await.contains("128 KiB"));
    assert!(refused(bash("r", "a\0b")).await.contains("NUL"));
    let input = Input::File { path: "/no/such".into(), decompress: None };
    assert!(refused(Spec { input, ..bash("r", "true") }).await.contains("cannot read `/no/such`"));
}

#[tokio::test]
async fn programs_are_found_in_the_childs_path_and_folder() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("hello");
    std::fs::write(&path, "#!/bin/sh\necho hello from $PWD\n").expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("mode");
    let here = dir.path().canonicalize().expect("path");

    let mut spec = Spec::new("hello", vec![], marker("path"));
    spec.env.push(("PATH".into(), format!("{}:/usr/bin:/bin", dir.path().display())));
    assert!(seen(spec, Stop::never()).await.out.starts_with("hello from "));

    let mut spec = Spec::new("./hello", vec![], marker("path"));
    spec.cwd = Some(dir.path().into());
    assert_eq!(seen(spec, Stop::never()).await.out, format!("hello from {}\n", here.display()));
}

#[tokio::test]
async fn children_die_of_a_closed_pipe_as_programs_expect() {
    let seen = plain("sigpipe", "set -o pipefail; yes | head -n 1; echo ${PIPESTATUS[0]}").await;
    assert_eq!(seen.out, "y\n141\n");
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("listed").count()
}

#[tokio::test]
async fn a_thousand_children_side_by_side_neither_hang_nor_leak() {
    let local = tokio::task::LocalSet::new();
    let before = descriptors();
    local
        .run_until(async {
            for batch in 0..20 {
                let tasks: Vec<_> = (0..50)
                    .map(|n| {
                        tokio::task::spawn_local(async move {
                            let name = format!("many-{batch}-{n}");
                            let mut spec =
                                Spec::new("sh", vec!["-c".into(), format!("echo {n}")], marker(&name));
                            spec.input = Input::Bytes(b"x".to_vec());
                            seen(spec, Stop::never()).await.out
                        })
                    })
                    .collect();
                for (n, task) in tasks.into_iter().enumerate() {
                    let out = tokio::time::timeout(Duration::from_secs(60), task).await.expect("no hang");
                    assert_eq!(out.expect("no panic"), format!("{n}\n"));
                }
            }
        })
        .await;
    // Other tests of this process open files too, but not dozens.
    assert!(descriptors() < before + 60, "{before} -> {}", descriptors());
}

fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find(|l| l.starts_with("VmHWM")).expect("a peak");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}

#[tokio::test]
async fn two_hundred_mebibytes_come_through_whole_in_bounded_memory() {
    let before = peak();
    let (mut bytes, mut lines) = (0usize, 0usize);
    let mut sink = |_: Stream, chunk: &[u8]| {
        bytes += chunk.len();
        lines += memchr::memchr_iter(b'\n', chunk).count();
        Ok(())
    };
    let spec = bash(
        "big",
        "yes 'a line of sixty-four characters, its end included, again and ag' | head -c 209715200",
    );
    run(spec, |_, _| {}, &mut sink, Stop::never()).await.expect("starts");
    assert_eq!((bytes, lines), (200 << 20, 209_715_200 / 64));
    // Other tests of this process run beside this one; their largest input is 10 MiB.
    assert!(peak() - before < 60 * 1024, "{} KiB", peak() - before);
}

#[test]
fn a_target_appears_whole_or_not_at_all() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("dump.sql");
    std::fs::write(&path, "old").expect("written");

    let mut target = FileTarget::create(&path, None, 0o640).expect("created");
    target.write(b"half").expect("written");
    drop(target);
    assert_eq!(std::fs::read_to_string(&path).expect("read"), "old");
    assert_eq!(std::fs::read_dir(dir.path()).expect("listed").count(), 1);

    let mut target = FileTarget::create(&path, None, 0o640).expect("created");
    target.write("全部".as_bytes()).expect("written");
    assert_eq!(target.finish(), Ok(6));
    assert_eq!(std::fs::read_to_string(&path).expect("read"), "old");
    target.commit().expect("committed");
    assert_eq!(std::fs::read_to_string(&path).expect("read"), "全部");
    assert_eq!(path.metadata().expect("found").permissions().mode() & 0o7777, 0o640);
    assert_eq!(std::fs::read_dir(dir.path()).expect("listed").count(), 1);

    let missing = FileTarget::create(&dir.path().join("no/such/dump"), None, 0o600).expect_err("is refused");
    assert!(missing.message.contains("folder does not exist"));
    for other in [dir.path(), std::path::Path::new("/dev/null")] {
        let refused = FileTarget::create(other, None, 0o600).expect_err("is refused");
        assert!(refused.message.contains("name a file"), "{}", refused.message);
    }
}
