//! `--only` and `--from`: which steps of a playbook are run. What the others would have given to those that are run is
//! missed before anything happens.

use clap::{Arg, ArgAction, ArgMatches};

use super::error::Error;
use crate::diag::{At, Diagnostic, did_you_mean};
use crate::lang::mention;
use crate::plan::{Chosen, Lack, Node, Plan, Unchosen};

/// The flags.
pub fn flags() -> [Arg; 2] {
    let flag = |name: &'static str, help: String| {
        Arg::new(name).long(name).value_name("STEP").action(ArgAction::Append).help(help)
    };
    [
        flag(
            "only",
            crate::t!(
                "runs just this step; may be given several times",
                "このステップだけを実行する。複数指定可"
            ),
        ),
        flag(
            "from",
            crate::t!(
                "runs this step and all after it in the order of needs",
                "このステップと、その後に続くステップだけを実行する"
            ),
        )
        .conflicts_with("only"),
    ]
}

/// What the flags choose; all steps where a command has no such flags.
pub fn chosen(matches: &ArgMatches) -> Chosen {
    let many = |name: &str| -> Vec<String> {
        let given = matches.try_get_many::<String>(name).ok().flatten();
        given.into_iter().flatten().cloned().collect()
    };
    Chosen { only: many("only"), from: many("from") }
}

/// Leaves out of a plan what was not chosen.
pub fn choose(
    plan: &mut Plan,
    chosen: &Chosen,
    sources: &[std::sync::Arc<crate::diag::Source>],
) -> Result<(), Error> {
    plan.choose(chosen).map_err(|why| {
        let (message, help) = unchosen(plan, &why);
        Error::usage(message).help(help)
    })?;
    let lacks = plan.lacks();
    match lacks.is_empty() {
        true => Ok(()),
        false => Err(Error::Diagnostics(lacks.iter().map(|lack| lacking(plan, lack, sources)).collect())),
    }
}

/// A name that cannot be chosen, and what can.
pub fn unchosen(plan: &Plan, why: &Unchosen) -> (String, String) {
    match why {
        Unchosen::Unknown(name) => {
            let ids = plan.choosable();
            let near = did_you_mean(name, ids.keys().map(|id| id.as_str()));
            let all = ids.keys().map(|id| id.as_str()).take(20).collect::<Vec<_>>().join(", ");
            (
                crate::t!(
                    "the playbook has no step `{name}`",
                    "このプレイブックにステップ `{name}` はありません"
                ),
                match near {
                    Some(near) => crate::t!("did you mean `{near}`?", "`{near}` の間違いではありませんか？"),
                    None => crate::t!("its steps: {all}", "ステップ: {all}"),
                },
            )
        }
        Unchosen::Item(name) => (
            crate::t!(
                "`{name}`: the items of a loop are known only once it runs",
                "`{name}`: 繰り返しの対象は実行するまで決まりません"
            ),
            crate::t!(
                "choose the step for all of its items, without `[…]`",
                "`[…]` を付けず、ステップ全体を選んでください"
            ),
        ),
        Unchosen::Closing(name) => (
            crate::t!(
                "`{name}` stands in `rescue` or `always`, which keep their meaning whatever is chosen",
                "`{name}` は `rescue` または `always` にあり、選択に関わらず必要なときに実行されます"
            ),
            crate::t!("choose a step of `steps`", "`steps` のステップを選んでください"),
        ),
    }
}

/// A step that is run needs an output of one that is not.
fn lacking(plan: &Plan, lack: &Lack, sources: &[std::sync::Arc<crate::diag::Source>]) -> Diagnostic {
    let node = plan.at(lack.node);
    let (step, needed) = (node.id.ended(), lack.path.first().cloned().unwrap_or_default());
    let output = format!("steps.{}", lack.path.join("."));
    let flags = plan.chosen.flags();
    let title = crate::t!(
        "`{step}` needs `{output}`, and `{needed}` is left out by {flags}",
        "`{step}` には `{output}` が必要ですが、`{needed}` は {flags} の対象外です"
    );
    let prefix = plan.frames[node.frame as usize].prefix.as_ref();
    let whole =
        prefix.map_or_else(|| needed.clone(), |prefix| format!("{}/{needed}", prefix.without_items()));
    let help = match plan.chosen.from.is_empty() {
        true => crate::t!("add --only {whole}", "--only {whole} を加えてください"),
        false => crate::t!("begin earlier: --from {whole}", "前から始めてください: --from {whole}"),
    };
    match place(node, &lack.path, sources) {
        Some(at) => Diagnostic::error("left-out", at, title).help(help),
        None => Diagnostic::placeless("left-out", title).help(help),
    }
}

/// Where a file says so.
fn place(node: &Node, path: &[String], sources: &[std::sync::Arc<crate::diag::Source>]) -> Option<At> {
    let key = path.get(..2).map(|path| format!("steps.{}", path.join(".")));
    let words = [key.unwrap_or_default(), format!("steps.{}", path[0]), path[0].clone()];
    let step = node.step.id.as_str();
    words.iter().find_map(|words| sources.iter().find_map(|source| mention(source, step, words)))
}
