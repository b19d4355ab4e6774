//! Commands on another host: what they are given, how they end, and that nothing of them is left.

use std::process::{Child, Command, Stdio};

use proptest::prelude::*;

use crate::place::{lives, said, until};
use crate::sshd::Far;

fn begin(far: &Far, steps: &str) -> Child {
    far.place.file("play.yaml", &format!("title: t\nsteps:\n{steps}"));
    let mut command = far.place.command();
    command.args(["run", "play.yaml", "--progress", "plain"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("toban starts")
}

fn send(child: &Child, signal: i32) {
    // SAFETY: kill takes two numbers; the child is ours and not yet reaped.
    assert_eq!(unsafe { libc::kill(child.id() as i32, signal) }, 0);
}

/// What a step of the newest run has written to one of its outputs, from its log.
fn said_by(far: &Far, step: &str, stream: &str) -> String {
    let log = far.place.last_run().logs().join(format!("{step}.1.log"));
    let log = std::fs::read_to_string(log).expect("a log");
    let lines = log.lines().filter_map(|l| l.split_once(' ')?.1.strip_prefix(stream)?.strip_prefix(' '));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_step_runs_there_with_all_that_surrounds_it() {
    let far = Far::new();
    let dir = far.place.path().display().to_string();
    far.place.file("食べ物.txt", "りんご\nみかん\n");
    let steps = format!(
        "  - {{ id: out, effect: read, shell: 'echo \"$SSH_CONNECTION\" | cut -d\" \" -f1; echo err >&2; exit 7', ok_codes: [7] }}
  - {{ id: argv, shell: [printf, '[%s]', '{{{{ inputs.x }}}}', '', '$(id)', '`id`', 'a b', '\"''\\'] }}
  - {{ id: env, shell: 'printf %s \"$V$file\"', env: {{ V: '日本 ''語''', file: '!' }} }}
  - {{ id: cwd, shell: pwd, cwd: {dir} }}
  - {{ id: text, shell: cat, stdin: \"一行目\\n.\\n三行目\\n\" }}
  - {{ id: file, shell: [sort], stdin: {{ file: '{dir}/食べ物.txt' }} }}
  - {{ id: sh, shell: {{ run: 'echo $0', with: [sh, -eu] }} }}
  - {{ id: there, shell: 'echo no > {dir}/not-run', creates: {dir}/system.yaml }}
  - {{ id: told, shell: 'echo no > {dir}/not-run', unless: 'test -d {dir}' }}
  - {{ id: code, on_error: continue, shell: exit 255 }}
  - {{ id: signal, on_error: continue, shell: [sh, -c, 'kill -9 $$'] }}
"
    );
    far.place.file("play.yaml", &format!("title: t\ninputs: {{ x: {{ type: string }} }}\nsteps:\n{steps}"));
    let said = far.place.toban(&["run", "play.yaml", "-i", "x='\"$(id)\\ ☃", "--progress", "plain"]);
    assert_eq!(
        far.place.ends(),
        "argv=ok code=failed cwd=ok env=ok file=ok out=ok sh=ok signal=failed text=ok there=unchanged told=unchanged",
        "{said:?}\n{}",
        far.place.text("sshd.log")
    );
    assert_eq!(said_by(&far, "out", "out"), "127.0.0.1");
    assert_eq!(said_by(&far, "out", "err"), "err");
    assert_eq!(said_by(&far, "argv", "out"), "['\"$(id)\\ ☃][][$(id)][`id`][a b][\"'\\]");
    assert_eq!(said_by(&far, "env", "out"), "日本 '語'!");
    assert_eq!(said_by(&far, "cwd", "out"), dir);
    assert_eq!(said_by(&far, "text", "out"), "一行目\n.\n三行目");
    assert_eq!(said_by(&far, "file", "out"), "みかん\nりんご");
    assert!(said.out.contains("exit code 255") && said.out.contains("signal 9"), "{said:?}");
    assert!(!far.place.at("not-run").exists());
    until("the connection is closed", || far.connections().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_text_arrives_byte_for_byte(texts in prop::collection::vec("[^\0]{0,60}|[\u{1}-\u{ff}]{0,80}", 12)) {
        let far = Far::new();
        let escaped = |text: &str| text.chars().map(|c| format!("\\U{:08X}", c as u32)).collect::<String>();
        let inputs = texts.iter().enumerate().map(|(i, t)| format!("x{i}: \"{}\"\n", escaped(t)));
        far.place.file("inputs.yaml", &inputs.collect::<String>());
        let each = |form: &str| (0..texts.len()).map(|i| form.replace('#', &i.to_string())).collect::<Vec<_>>();
        let play = format!(
            "title: t\ninputs: {{ {} }}\nsteps:
  - {{ id: argv, shell: [printf, '%s\\0', {}], stdout: {{ file: {dir}/argv }} }}
  - {{ id: script, shell: \"printf '%s\\\\0' {}\", stdout: {{ file: {dir}/script }} }}
",
            each("x#: { type: string }").join(", "),
            each("'{{ inputs.x# }}'").join(", "),
            each("{{ inputs.x# }}").join(" "),
            dir = far.place.path().display(),
        );
        far.place.file("play.yaml", &play);
        let said = far.place.toban(&["run", "play.yaml", "--inputs", "inputs.yaml", "--progress", "plain"]);
        prop_assert_eq!(said.code, 0, "{:?}", said);
        let wanted: String = texts.iter().map(|t| format!("{t}\0")).collect();
        prop_assert_eq!(far.place.text("argv"), wanted.clone());
        prop_assert_eq!(far.place.text("script"), wanted);
    }
}

#[test]
fn a_file_appears_there_only_when_the_step_has_succeeded() {
    let far = Far::new();
    let dir = far.place.path().display().to_string();
    let steps = format!(
        "  - {{ id: plain, shell: echo whole, stdout: {{ file: '{dir}/plain', mode: '0640' }} }}
  - {{ id: gz, shell: echo packed, stdout: {{ file: '{dir}/gz', compress: gzip }} }}
  - {{ id: zst, shell: cat, stdin: {{ file: '{dir}/gz', decompress: gzip }}, stdout: {{ file: '{dir}/zst', compress: zstd }} }}
  - {{ id: back, shell: cat, stdin: {{ file: '{dir}/zst', decompress: zstd }}, expect: stdout == 'packed' }}
  - {{ id: code, on_error: continue, shell: 'echo half; exit 3', stdout: {{ file: '{dir}/code' }} }}
  - {{ id: verdict, on_error: continue, shell: echo half, stdout: {{ file: '{dir}/verdict', compress: gzip }}, expect: size > 4000 }}
  - {{ id: signal, on_error: continue, shell: 'echo half; kill -9 $$', stdout: {{ file: '{dir}/signal' }} }}
  - {{ id: cut, on_error: continue, shell: 'cat; echo END > {dir}/saw-the-end', stdin: {{ file: '{dir}/cut.gz', decompress: gzip }}, stdout: {{ file: '{dir}/cut' }} }}
"
    );
    let packed = Command::new("sh")
        .args(["-c", "head -c 300000 /dev/urandom | gzip | head -c 100000 > \"$1\"", "sh"])
        .arg(far.place.at("cut.gz"))
        .status();
    assert!(packed.expect("gzip").success());
    let said = far.place.run(&steps, &[]);
    assert_eq!(
        far.place.ends(),
        "back=ok code=failed cut=failed gz=ok plain=ok signal=failed verdict=failed zst=ok",
        "{said:?}"
    );
    assert_eq!(far.place.text("plain"), "whole\n");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &far.place.at("plain").metadata().expect("a file").permissions(),
    );
    assert_eq!(mode & 0o777, 0o640);
    let mut names: Vec<String> = std::fs::read_dir(&dir)
        .expect("listed")
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.retain(|n| {
        n.starts_with('.') || ["code", "verdict", "signal", "cut", "saw-the-end"].contains(&n.as_str())
    });
    assert_eq!(names, Vec::<String>::new(), "{said:?}");
}

/// A command that notes its pid and a deaf grandchild in a session of its own, and then goes on for ever.
fn deaf(far: &Far) -> String {
    let dir = far.place.path().display();
    format!(
        "setsid sh -c 'trap \"\" TERM; echo $$ > {dir}/deaf.pid; while :; do sleep 0.1; done' & echo $$ > {dir}/own.pid; \
         trap 'echo told > {dir}/told; exit 1' TERM; while :; do echo half; sleep 0.1; done"
    )
}

fn gone(far: &Far) {
    for name in ["deaf.pid", "own.pid"] {
        let pid = far.place.text(name);
        until("all of it is ended", || !lives(&pid));
    }
}

fn step(far: &Far, more: &str) -> String {
    let script = serde_json::to_string(&deaf(far)).expect("JSON");
    let dir = far.place.path().display();
    format!("  - {{ id: a, shell: {script}, stdout: {{ file: {dir}/dump }}{more} }}\n")
}

fn nothing_written(far: &Far) {
    until("the hidden file goes", || {
        let names = std::fs::read_dir(far.place.path()).expect("listed").flatten();
        !names.map(|e| e.file_name()).any(|n| n.to_string_lossy().contains("dump"))
    });
}

#[test]
fn a_timeout_ends_everything_there_also_what_left_its_session() {
    let far = Far::new();
    // The host is connected to first, so that the time is the command's own.
    let first = "  - { id: first, shell: 'true' }\n";
    let said = far.place.run(&format!("{first}{}", step(&far, ", timeout: 5s")), &[]);
    assert!(said.out.contains("took longer than 5s"), "{said:?}");
    assert_eq!(far.place.text("told"), "told\n");
    gone(&far);
    nothing_written(&far);
}

#[test]
fn an_interrupt_ends_everything_there_and_a_second_one_at_once() {
    for twice in [false, true] {
        let far = Far::new();
        let child = begin(&far, &step(&far, ""));
        until("it runs", || {
            far.place.text("deaf.pid").ends_with('\n') && far.place.text("own.pid").ends_with('\n')
        });
        send(&child, libc::SIGINT);
        if twice {
            until("it is told", || !far.place.text("told").is_empty());
            send(&child, libc::SIGINT);
        }
        let said = said(child.wait_with_output().expect("it ends"));
        assert_eq!(said.code, 130, "{said:?}");
        assert!(!lives(&far.place.text("deaf.pid")) && !lives(&far.place.text("own.pid")), "before we ended");
        nothing_written(&far);
        until("the connection is closed", || far.connections().is_empty());
    }
}

#[test]
fn a_connection_that_dies_half_way_leaves_no_file_and_nothing_running() {
    let far = Far::new();
    let child = begin(&far, &step(&far, ""));
    until("it runs", || {
        far.place.text("deaf.pid").ends_with('\n') && far.place.text("own.pid").ends_with('\n')
    });
    for pid in far.connections() {
        let killed = Command::new("kill").args(["-KILL", &pid]).status();
        assert!(killed.expect("kill").success());
    }
    let said = said(child.wait_with_output().expect("it ends"));
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("the connection to the host `app` was lost"), "{said:?}");
    assert!(said.out.contains("has been ended"), "{said:?}");
    gone(&far);
    nothing_written(&far);
}

#[test]
fn an_engine_that_is_killed_leaves_nothing_running_there() {
    let far = Far::new();
    let mut child = begin(&far, &step(&far, ""));
    until("it runs", || {
        far.place.text("deaf.pid").ends_with('\n') && far.place.text("own.pid").ends_with('\n')
    });
    child.kill().expect("killed");
    drop(child.wait());
    gone(&far);
    nothing_written(&far);
    until("the connection is closed", || far.connections().is_empty());
}

#[test]
fn another_user_there_gets_the_same_and_no_process_list_shows_a_secret() {
    let far = Far::new();
    let system = far.place.text("system.yaml") + "secrets: { p: { from: env:P } }\n";
    far.place.file("system.yaml", &system);
    let steps = "  - { id: user, run_as: nobody, shell: 'id -un; printf %s \"$P\" | wc -c; cat; ps -eo args', env: { P: '{{ secrets.p }}' }, stdin: '{{ secrets.p }}' }
  - { id: same, run_as: USER, shell: id -un }
  - { id: none, on_error: continue, run_as: no-such-user, shell: id }
".replace("USER", &crate::sshd::me());
    far.place.file("play.yaml", &format!("title: t\nsteps:\n{steps}"));
    let out = far
        .place
        .command()
        .env("P", "Geheim-1234567")
        .args(["run", "play.yaml", "--progress", "plain"])
        .output();
    let said = said(out.expect("toban"));
    assert_eq!(far.place.ends(), "none=failed same=ok user=ok", "{said:?}");
    let log = far.place.last_run().logs().join("user.1.log");
    let log = std::fs::read_to_string(log).expect("a log");
    assert_eq!(log.matches("•••").count(), 1, "only `cat` says it: {log}");
    assert!(log.contains("out nobody") && log.contains("out 14"), "{log}");
    assert!(said.out.contains("cannot become `no-such-user`"), "{said:?}");
}
