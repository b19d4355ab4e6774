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

/// The outputs of a step of the newest run, from its journal.
fn given(far: &Far, step: &str) -> serde_json::Value {
    let facts = serde_json::to_value(far.place.facts()).expect("facts");
    let ended = facts.as_array().expect("a list").iter().rev().find(|f| {
        f["kind"]["step"] == step && !f["kind"]["gives"].is_null() || f["step"] == step && !f["gives"].is_null()
    });
    ended.map(|f| if f["gives"].is_null() { f["kind"]["gives"].clone() } else { f["gives"].clone() }).unwrap_or_default()
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
    assert_eq!(given(&far, "out")["stdout"], "127.0.0.1");
    assert_eq!(given(&far, "out")["stderr"], "err");
    assert_eq!(given(&far, "argv")["stdout"], "['\"$(id)\\ ☃][][$(id)][`id`][a b][\"'\\]");
    assert_eq!(given(&far, "env")["stdout"], "日本 '語'!");
    assert_eq!(given(&far, "cwd")["stdout"], dir.as_str());
    assert_eq!(given(&far, "text")["stdout"], "一行目\n.\n三行目");
    assert_eq!(given(&far, "file")["stdout"], "みかん\nりんご");
    assert_eq!(given(&far, "code")["exit_code"], 255);
    assert!(said.out.contains("255") && said.out.contains("signal 9"), "{said:?}");
    assert!(!far.place.at("not-run").exists());
    until("the connection is closed", || far.connections().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_text_arrives_byte_for_byte(texts in prop::collection::vec("[^\0\r]{0,60}|[\u{1}-\u{ff}]{0,80}", 12)) {
        let far = Far::new();
        let texts: Vec<String> = texts.into_iter().map(|t| t.replace('\r', "")).collect();
        let inputs = serde_json::json!({ "list": texts });
        far.place.file("inputs.json", &inputs.to_string());
        let steps = "  - { id: argv, shell: [printf, '%s\\0', '{{ inputs.list }}'] , stdout: { file: HERE/argv } }
  - { id: script, shell: \"printf '%s\\\\0' {{ inputs.list | words }}\", stdout: { file: HERE/script } }
".replace("HERE", &far.place.path().display().to_string());
        far.place.file("play.yaml", &format!("title: t\ninputs: {{ list: {{ type: json }} }}\nsteps:\n{steps}"));
        let vars = serde_json::to_string(&texts).expect("JSON");
        far.place.file("play.yaml", &format!("title: t\nvars: {{ list: {} }}\nsteps:\n{}", quoted(&vars), steps.replace("inputs.list", "vars.list")));
        let said = far.place.toban(&["run", "play.yaml", "--progress", "plain"]);
        prop_assert_eq!(said.code, 0, "{:?}", said);
        let wanted: String = texts.iter().map(|t| format!("{t}\0")).collect();
        prop_assert_eq!(far.place.text("argv"), wanted.clone());
        prop_assert_eq!(far.place.text("script"), wanted);
    }
}
