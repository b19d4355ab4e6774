//! What the language promises, end to end with real children; what they did is counted in files.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use toban::event::Kind;

use crate::place::{Place, lives};

#[test]
fn steps_follow_each_other_unless_they_say_otherwise() {
    let place = Place::new();
    let steps = "  - { id: a, shell: sleep 0.2; echo a >> order }
  - { id: b, shell: echo b >> order }
  - { id: at_once, needs: [], shell: echo at_once >> order }
  - { id: c, needs: [b], shell: echo c >> order }
  - { id: all, needs: above, shell: echo all >> order }
  - { id: bad, needs: [], shell: exit 1 }
  - { id: blocked, shell: echo blocked >> order }
  - { id: blocked_too, shell: echo blocked >> order }
  - { id: whatever, needs: [], after: [bad], shell: echo whatever >> order }
  - { id: mentions, needs: [], shell: 'echo {{ steps.a.seconds > 0.1 }} >> mentioned' }
";
    let said = place.run(steps, &["-j", "8"]);
    assert_eq!(said.code, 1);
    let order: Vec<String> = place.text("order").lines().map(str::to_string).collect();
    let at = |name: &str| {
        order.iter().position(|line| line == name).unwrap_or_else(|| panic!("{name}: {order:?}"))
    };
    assert!(
        at("at_once") < at("a") && at("a") < at("b") && at("b") < at("c") && at("c") < at("all"),
        "{order:?}"
    );
    assert_eq!((order.len(), place.text("mentioned")), (6, "true\n".to_string()), "{order:?}");
    assert!(place.ends().contains("blocked=blocked blocked_too=blocked"), "{}", place.ends());
}

#[test]
fn a_condition_skips_and_what_follows_goes_on() {
    let place = Place::new();
    let steps = "  - { id: a, shell: echo 5 }
  - { id: no, when: steps.a.stdout | int > 9, shell: echo x >> no.count }
  - { id: follows, shell: echo x >> follows.count }
  - { id: sees_nothing, when: steps.no.stdout is none, shell: echo x >> sees.count }
  - { id: uses_nothing, shell: 'echo {{ steps.no.stdout }}', on_error: continue }
  - id: group
    when: ['1 == 1', '1 == 2']
    steps:
      - { id: inner, shell: echo x >> inner.count }
  - { id: states, needs: above, shell: 'echo {{ steps.no.state }} {{ steps.a.state }} {{ steps.group.state }} > states' }
";
    let said = place.run(steps, &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!((place.lines("no.count"), place.lines("inner.count")), (0, 0));
    assert_eq!((place.lines("follows.count"), place.lines("sees.count")), (1, 1));
    assert_eq!(place.text("states"), "skipped ok skipped\n");
    assert!(place.ends().contains("uses_nothing=failed"), "{}", place.ends());
}

#[test]
fn a_failure_that_is_allowed_ends_with_warnings_and_with_six_when_strict() {
    let place = Place::new();
    let steps = "  - { id: a, shell: exit 4, on_error: continue }\n  - { id: b, shell: echo b >> b.count }\n";
    let said = place.run(steps, &[]);
    assert_eq!(said.code, 0);
    assert!(said.out.contains("done with warnings"), "{said:?}");
    assert_eq!(place.run(steps, &["--strict"]).code, 6);
    assert_eq!(place.run("  - { id: a, shell: echo }\n", &["--strict"]).code, 0);
    assert_eq!(place.run("  - { id: a, shell: exit 1 }\n", &["--strict"]).code, 1);
    assert_eq!(place.lines("b.count"), 2);
}

#[test]
fn codes_mean_what_the_author_says() {
    let place = Place::new();
    let steps = "  - { id: fine, needs: [], shell: exit 3, ok_codes: [0, 3] }
  - { id: odd, needs: [], shell: exit 3, warn_codes: [3] }
  - { id: zero_is_bad, needs: [], shell: exit 0, ok_codes: [1] }
  - { id: other, needs: [], shell: exit 5, ok_codes: [0, 3], warn_codes: [4] }
  - { id: killed, needs: [], shell: kill -9 $$ }
  - { id: pipe, needs: [], shell: 'false | true' }
  - { id: unset, needs: [], shell: 'echo $NOT_SET_ANYWHERE' }
";
    assert_eq!(place.run(steps, &["-j", "8"]).code, 1);
    let ends = "fine=ok killed=failed odd=warned other=failed pipe=failed unset=failed zero_is_bad=failed";
    assert_eq!(place.ends(), ends);
}

#[test]
fn a_retry_pauses_and_only_for_the_codes_it_names() {
    let place = Place::new();
    let steps = "  - id: third
    shell: date +%s%N >> third; test $(wc -l < third) -ge 3
    retry: { attempts: 5, delay: 200ms, backoff: 2 }
  - { id: not_this_code, needs: [], shell: echo x >> other; exit 4, retry: { attempts: 5, delay: 1ms, on_codes: [5] }, on_error: continue }
  - { id: this_code, needs: [], shell: echo x >> this; exit 5, retry: { attempts: 2, delay: 1ms, on_codes: [5] }, on_error: continue }
";
    assert_eq!(place.run(steps, &[]).code, 0);
    let times: Vec<u128> = place.text("third").lines().map(|l| l.parse().expect("a time")).collect();
    let pauses: Vec<u128> = times.windows(2).map(|w| (w[1] - w[0]) / 1_000_000).collect();
    assert!(pauses.len() == 2 && pauses[0] >= 200 && pauses[1] >= 400, "{pauses:?}");
    assert_eq!((place.lines("other"), place.lines("this")), (1, 2));
    assert_eq!(place.toban(&["logs", "last", "third"]).code, 0);
    let logs = std::fs::read_dir(place.last_run().logs()).expect("logs").count();
    assert_eq!(logs, 6, "each attempt has a log, also an empty one");
    assert!(!place.toban(&["status"]).out.lines().any(|l| l.contains("third") && l.contains("exit code")));
}

#[test]
fn a_time_limit_ends_the_whole_tree() {
    let place = Place::new();
    let steps = "  - id: a
    timeout: 400ms
    on_error: continue
    shell: |
      (sleep 300 & echo $! > grandchild.pid; sleep 300) &
      setsid bash -c 'echo $$ > stranger.pid; sleep 300' &
      wait
  - { id: w, needs: [], timeout: 400ms, wait: 10m, on_error: continue }
  - { id: u, needs: [], timeout: 400ms, on_error: continue, wait: { until: exit_code == 0, every: 10ms, shell: sleep 300 } }
  - { id: asking_itself, needs: [], timeout: 400ms, on_error: continue, unless: sleep 300, shell: echo x >> never }
";
    let began = Instant::now();
    let said = place.run(steps, &["-j", "8"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert!(!lives(&place.text("grandchild.pid")) && !lives(&place.text("stranger.pid")));
    assert_eq!(place.lines("never"), 0);
    assert_eq!(said.out.matches("took longer than 400ms and was ended").count(), 8, "{}", said.out);
}

#[test]
fn loops_run_side_by_side_as_far_as_they_may_and_stop() {
    let place = Place::new();
    let steps = "  - id: two
    for_each: { list: [1, 2, 3, 4, 5, 6], max_parallel: 2 }
    shell: echo + >> running; grep -c + running > /dev/null; sleep 0.15; echo {{ item }} >> two; echo - >> running
  - { id: stops, for_each: { list: [a, b, c, d], max_parallel: 1, stop: \"stdout == 'b'\" }, shell: 'echo {{ item }} | tee -a stops' }
  - { id: none, for_each: '{{ [] }}', shell: echo x >> none }
  - { id: nested, for_each: [{ name: 甲, n: 1 }, { name: 乙, n: 2 }], shell: 'echo {{ item.name }} {{ item.n + index }} >> nested' }
  - { id: some_fail, for_each: [0, 1, 2], shell: 'echo x >> some; exit {{ item }}', on_error: continue }
  - { id: used, needs: [stops, two], shell: 'echo {{ steps.stops.items[1].stdout }} {{ steps.stops.items | length }} > used' }
";
    let said = place.run(steps, &["-j", "6"]);
    assert_eq!(said.code, 0, "{said:?}");
    let (mut now, mut most) = (0, 0);
    for line in place.text("running").lines() {
        now += if line == "+" { 1 } else { -1 };
        most = most.max(now);
    }
    assert!(most == 2 && now == 0, "{most} at once");
    let two: BTreeSet<String> = place.text("two").lines().map(str::to_string).collect();
    assert_eq!(two.len(), 6);
    assert_eq!(place.text("stops"), "a\nb\n");
    assert_eq!((place.lines("none"), place.lines("some")), (0, 3));
    assert_eq!(place.text("used"), "b 4\n");
    let nested: BTreeSet<String> = place.text("nested").lines().map(str::to_string).collect();
    assert_eq!(nested, BTreeSet::from(["甲 1".to_string(), "乙 3".to_string()]));
}

#[test]
fn a_long_loop_with_few_places_is_quick() {
    let place = Place::new();
    let items: Vec<String> = (0..3000).map(|i| i.to_string()).collect();
    let list = items.join(", ");
    let steps =
        format!("  - {{ id: many, for_each: {{ list: [{list}], max_parallel: 2 }}, assert: item >= 0 }}\n");
    let began = Instant::now();
    assert_eq!(place.run(&steps, &["--progress", "quiet", "-j", "4"]).code, 0);
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[test]
fn jobs_bound_what_runs_side_by_side() {
    let place = Place::new();
    let steps: String = (0..6)
        .map(|i| format!("  - {{ id: s{i}, needs: [], shell: 'echo + >> now; sleep 0.1; echo - >> now' }}\n"))
        .collect();
    for (jobs, expected) in [("1", 1), ("3", 3)] {
        let _ = std::fs::remove_file(place.at("now"));
        assert_eq!(place.run(&steps, &["--jobs", jobs]).code, 0);
        let (mut now, mut most) = (0, 0);
        for line in place.text("now").lines() {
            now += if line == "+" { 1 } else { -1 };
            most = most.max(now);
        }
        assert_eq!(most, expected);
    }
}

#[test]
fn what_is_there_already_is_not_done_again() {
    let place = Place::new();
    place.file("there", "");
    let steps = "  - { id: there, creates: there, shell: echo x >> done }
  - { id: not_there, creates: not_there, shell: echo x >> not_there }
  - { id: unless, unless: test -e there, shell: echo x >> done }
  - { id: needed, unless: test -e nothing, shell: echo x >> needed }
  - { id: stdin_is_for_the_step, unless: 'read -r line', stdin: hello, shell: cat > copied }
";
    for (needed, second) in [(1, false), (2, true)] {
        assert_eq!(place.run(steps, &[]).code, 0);
        assert_eq!((place.lines("done"), place.lines("not_there"), place.lines("needed")), (0, 1, needed));
        let state = if second { "not_there=unchanged" } else { "not_there=ok" };
        assert!(
            place.ends().contains(state) && place.ends().contains(" there=unchanged unless=unchanged"),
            "{}",
            place.ends()
        );
    }
    assert_eq!(place.text("copied"), "hello");
}

#[test]
fn expectations_see_the_steps_own_outputs_first() {
    let place = Place::new();
    let steps = r#"  - { id: good, needs: [], shell: "echo '{\"n\": 3}'; echo two", expect: ["lines | length == 2", "exit_code == 0", "json is none"] }
  - { id: as_json, needs: [], shell: "echo '[{\"n\": 3}, {\"n\": -1}]'", expect: { that: "item.n > 0", each: "{{ json }}", otherwise: warn, message: "bad {{ item.n }} at {{ index }}" } }
  - { id: fails, needs: [], shell: echo data, expect: "stdout == 'other'" }
  - { id: fails_each, needs: [], shell: "echo '[1, 2, 0]'", expect: { that: "item > 0", each: "{{ json }}" } }
  - { id: not_evaluable, needs: [], shell: echo x, expect: "stdout | int > 'a'" }
  - { id: said, needs: [], shell: echo 12, expect: { that: "stdout | int < 10", message: "too many: {{ stdout }}" } }
  - { id: asserts, needs: [], assert: ["1 == 1", "run.operator == '佐藤'"] }
  - { id: asserts_not, needs: [], assert: { that: "1 == 2", message: "数が合いません" } }
"#;
    let said = place.run(steps, &["-j", "8"]);
    assert_eq!(said.code, 1);
    let ends = "as_json=warned asserts=ok asserts_not=failed fails=failed fails_each=failed good=ok not_evaluable=failed said=failed";
    assert_eq!(place.ends(), ends);
    for words in [
        "bad -1 at 1",
        "expected stdout == 'other'",
        "expected item > 0 for 0",
        "too many: 12",
        "数が合いません",
    ] {
        assert!(said.out.contains(words), "{words}\n{}", said.out);
    }
}

#[test]
fn a_file_of_standard_output_is_whole_or_not_there() {
    let place = Place::new();
    place.file("old.txt", "old\n");
    let steps = "  - { id: good, needs: [], shell: echo data, stdout: { file: good.txt, mode: '0640' } }
  - { id: packed, needs: [], shell: seq 1000, stdout: { file: packed.gz, compress: gzip } }
  - { id: unpacked, needs: [packed], shell: tail -n 1, stdin: { file: '{{ steps.packed.file }}', decompress: gzip }, expect: stdout == '1000' }
  - { id: half, needs: [], shell: echo half; exit 1, stdout: { file: half.txt } }
  - { id: keeps_old, needs: [], shell: echo new; exit 1, stdout: { file: old.txt } }
  - { id: unexpected, needs: [], shell: echo data, stdout: { file: unexpected.txt }, expect: size > 100 }
  - { id: late, needs: [], shell: echo data; sleep 300, timeout: 300ms, stdout: { file: late.txt } }
  - { id: warned, needs: [], shell: echo data, stdout: { file: warned.txt }, expect: { that: size > 100, otherwise: warn } }
  - { id: told, needs: [good], shell: 'echo {{ steps.good.file }} {{ steps.good.size }} > told' }
";
    assert_eq!(place.run(steps, &["-j", "8"]).code, 1);
    assert_eq!((place.text("good.txt"), place.text("warned.txt")), ("data\n".into(), "data\n".into()));
    assert_eq!(std::fs::metadata(place.at("good.txt")).expect("there").permissions().mode() & 0o777, 0o640);
    assert_eq!(place.text("old.txt"), "old\n");
    for name in ["half.txt", "unexpected.txt", "late.txt"] {
        assert!(!place.at(name).exists(), "{name}");
    }
    let hidden = std::fs::read_dir(place.path()).expect("here").flatten();
    let hidden: Vec<_> = hidden.filter(|e| e.file_name().to_string_lossy().starts_with('.')).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
    assert_eq!(place.text("told"), format!("{} 5\n", place.at("good.txt").display()));
    assert!(place.ends().contains("unpacked=ok"), "{}", place.ends());
}

#[test]
fn surroundings_reach_the_child() {
    let place = Place::new();
    std::fs::create_dir(place.at("sub")).expect("made");
    place.file(
        "play.yaml",
        "title: t
defaults: { env: { GREETING: hello, OVER: default }, timeout: 1m }
vars: { base: '{{ run.scratch_dir }}', file: '{{ vars.base }}/f' }
steps:
  - { id: env, shell: 'echo $GREETING $OVER $OWN > ../env', cwd: sub, env: { OVER: own, OWN: '日本 \"x\" $HOME' } }
  - { id: stdin, shell: cat > stdin, stdin: \"一行目\\n{{ run.operator }}\\n\" }
  - { id: vars, shell: 'echo x > {{ vars.file }}; ls {{ vars.base }} > vars' }
  - { id: list, shell: [printf, '%s|', 'a b', '{{ [1, \"c d\"] }}', '$HOME', '*'], expect: \"stdout == 'a b|1|c d|$HOME|*|'\" }
  - { id: with, shell: { run: 'echo $0', with: [sh, -eu] }, expect: stdout == 'sh' }
  - { id: stamp, for_each: [1, 2, 3], shell: 'sleep 0.4; echo {{ run.stamp }} >> stamps' }
  - { id: scratch, shell: 'test -d {{ run.scratch_dir }} && echo {{ run.scratch_dir }} > scratch' }
",
    );
    let said = place.toban(&["run", "play.yaml", "-j", "1", "--progress", "plain"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(place.text("env"), "hello own 日本 \"x\" $HOME\n");
    assert_eq!(place.text("stdin"), "一行目\n佐藤\n");
    assert_eq!(place.text("vars"), "f\n");
    let stamps = place.text("stamps");
    assert_eq!(stamps.lines().collect::<BTreeSet<_>>().len(), 1, "{stamps}");
    assert!(!std::path::Path::new(place.text("scratch").trim()).exists(), "it is removed at the end");
}

#[test]
fn a_playbook_within_a_playbook_takes_inputs_and_gives_outputs() {
    let place = Place::new();
    place.file("playbooks/s/system.yaml", "title: s\ndefault_environment: lab\nenvironments:\n  lab: { target: lab, vars: { who: lab } }\n  production: { protected: true, target: prod-1, vars: { who: prod } }\n");
    place.file(
        "playbooks/s/sub.yaml",
        "title: sub
inputs: { n: { type: integer, maximum: 9 }, note: { type: string, required: false } }
steps:
  - { id: one, shell: 'echo {{ inputs.n + 1 }} {{ run.environment }} {{ system.vars.who }}' }
  - { id: swap, effect: destroy, shell: 'echo {{ inputs.n }} >> ../../swapped' }
outputs: { text: '{{ steps.one.stdout }}', twice: '{{ inputs.n * 2 }}' }
",
    );
    place.file(
        "playbooks/s/top.yaml",
        "title: top
steps:
  - { id: seven, shell: echo 7 }
  - { id: restore, playbook: { run: s/sub, inputs: { n: '{{ steps.seven.stdout | int }}' } } }
  - { id: after, shell: 'echo {{ steps.restore.text }} {{ steps.restore.twice + 1 }} > ../../after' }
  - { id: rehearse, needs: [], playbook: { run: s/sub, inputs: { n: 1 }, environment: lab } }
  - { id: wrong, needs: [], playbook: { run: s/sub, inputs: { n: '{{ steps.seven.stdout | int + 90 }}' } }, on_error: continue }
",
    );
    let run = |args: &[&str]| place.toban(&[&["run", "s/top", "--progress", "plain"], args].concat());
    let said = run(&["--confirm", "restore/swap", "--confirm", "rehearse/swap"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(place.text("after"), "8 lab lab 15\n");
    assert!(
        place.ends().contains("restore/one=ok restore/swap=ok") && place.ends().contains("wrong=failed"),
        "{}",
        place.ends()
    );
    assert!(said.out.contains("97 is more than 9"), "{}", said.out);
    let said =
        run(&["--env", "production", "--confirm", "restore/swap=prod-1", "--confirm", "rehearse/swap"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(place.text("after"), "8 production prod 15\n");
    let said = run(&["--env", "production", "--confirm", "restore/swap", "--confirm", "rehearse/swap"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.out.contains("--confirm restore/swap=prod-1"), "{said:?}");
    assert_eq!(place.lines("swapped"), 5);
}

#[test]
fn groups_hold_steps_and_end_as_they_do() {
    let place = Place::new();
    let steps = "  - id: good
    steps:
      - { id: g1, shell: echo g1 }
      - { id: g2, shell: 'echo {{ steps.g1.stdout }} >> good' }
  - id: bad
    needs: []
    steps:
      - { id: b1, shell: exit 1 }
      - { id: b2, shell: echo x >> never }
  - { id: follows_good, needs: [good], shell: echo x >> follows }
  - { id: follows_bad, needs: [bad], shell: echo x >> never }
";
    assert_eq!(place.run(steps, &[]).code, 1);
    assert_eq!(
        place.ends(),
        "b1=failed b2=blocked bad=failed follows_bad=blocked follows_good=ok g1=ok g2=ok good=ok"
    );
    assert_eq!((place.lines("good"), place.lines("follows"), place.lines("never")), (1, 1, 0));
}

#[test]
fn a_wait_ends_when_its_reading_is_as_wished_or_its_limit_is_reached() {
    let place = Place::new();
    let steps = "  - { id: comes, needs: [], wait: { until: stdout | int >= 3, every: 50ms, limit: 20s, shell: echo x >> reads; wc -l < reads } }
  - { id: never, needs: [], wait: { until: exit_code == 0, every: 50ms, limit: 400ms, shell: exit 9 }, on_error: continue }
  - { id: hangs, needs: [], wait: { until: exit_code == 0, every: 50ms, limit: 400ms, shell: 'echo $$ > hangs.pid; sleep 300' }, on_error: continue }
  - { id: just, needs: [], wait: 300ms }
  - { id: told, needs: [comes, just], shell: 'echo {{ steps.just.waited >= 0.3 }} {{ steps.comes.stdout }} > told' }
";
    let began = Instant::now();
    let said = place.run(steps, &["-j", "8"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(began.elapsed() < Duration::from_secs(15));
    assert_eq!(place.text("told"), "true 3\n");
    assert!(!lives(&place.text("hangs.pid")));
    assert!(said.out.contains("not so within 400ms: exit code 9"), "{}", said.out);
    assert!(said.out.contains("not so within 400ms: the reading did not end"), "{}", said.out);
}

#[test]
fn what_people_decide_is_given_on() {
    let place = Place::new();
    let steps = "  - { id: which, decide: { question: どれ, from: { list: '{{ [1, 2] }}', label: \"'第' ~ item\", value: item } } }
  - { id: look, manual: { instruction: 見る, evidence: { red: { type: integer } } }, expect: evidence.red == 0 }
  - { id: used, shell: 'echo {{ steps.which.choice + 1 }} {{ steps.which.by }} {{ steps.look.evidence.red }} {{ steps.look.answer }} > used' }
";
    let answers = ["--choose", "which=2", "--answer", "look=red=0"];
    assert_eq!(place.run(steps, &answers).code, 0);
    assert_eq!(place.text("used"), "3 佐藤 0 done\n");
    assert_eq!(place.run(steps, &["--choose", "which=2", "--answer", "look=red=4"]).code, 1);
    assert!(place.ends().contains("look=failed used=blocked"), "{}", place.ends());
    assert_eq!(place.run(steps, &["--choose", "which=2", "--answer", "look=not_done"]).code, 1);
    assert_eq!(place.run(steps, &["--choose", "which=3", "--answer", "look=red=0"]).code, 3);
    let by = place.facts().into_iter().find_map(|e| match e.kind {
        Kind::Answered { by, .. } => Some(by),
        _ => None,
    });
    assert_eq!(by.as_deref(), Some("佐藤"));
}

/// The largest memory of the engine while it runs this, in KiB.
#[allow(clippy::zombie_processes, reason = "wait4 reaps it and tells its memory")]
fn memory(place: &Place, steps: &str) -> i64 {
    place.file("play.yaml", &format!("title: t\nsteps:\n{steps}"));
    let mut command = place.command();
    command.args(["run", "play.yaml", "--progress", "quiet"]).stdout(Stdio::null()).process_group(0);
    let child = command.spawn().expect("toban starts");
    let mut status = 0;
    // SAFETY: the structures are ours, and the pid is that of our child, which nobody else reaps.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::wait4(child.id() as i32, &mut status, 0, &mut usage), child.id() as i32);
        usage
    };
    assert_eq!(status, 0, "it ends well");
    usage.ru_maxrss
}

#[test]
fn three_hundred_mebibytes_of_output_are_logged_whole_in_little_memory() {
    let place = Place::new();
    let idle = memory(&place, "  - { id: a, shell: 'true' }\n");
    let line = "0123456789".repeat(6);
    let lines = 300 * 1024 * 1024 / (line.len() + 1);
    let busy = memory(&place, &format!("  - {{ id: a, shell: '(yes {line} || true) | head -n {lines}' }}\n"));
    assert!(busy - idle < 16 * 1024, "{busy} KiB, and {idle} KiB without output");
    let log = std::fs::File::open(place.last_run().logs().join("a.1.log")).expect("the log");
    let mut whole = 0;
    for text in std::io::BufRead::lines(std::io::BufReader::new(log)) {
        let text = text.expect("text");
        if text.contains(" out ") {
            assert!(text.ends_with(&format!(" out {line}")), "{text}");
            whole += 1;
        }
    }
    assert_eq!(whole, lines);
}
