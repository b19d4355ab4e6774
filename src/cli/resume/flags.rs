//! The command line of `toban resume`, with its help. It acts on nothing.

use clap::{Arg, ArgAction, Command};

use crate::cli::args::{answers, by, jobs, strict};
use crate::cli::args_alone::outside;
use crate::cli::args_record::run_id;

/// `toban resume` with its flags.
pub fn flags() -> Command {
    let many = |name: &'static str, help: String| {
        Arg::new(name).long(name).value_name("STEP").action(ArgAction::Append).help(help)
    };
    let flag =
        |name: &'static str, help: String| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    Command::new("resume")
        .about(crate::t!("Goes on with a run whose engine died", "中断した実行を再開する"))
        .arg(run_id())
        .args([
            many("rerun", crate::t!("runs an unknown step again", "不明なステップをもう一度実行する")),
            many("skip", crate::t!("skips an unknown step; needs --reason", "不明なステップをスキップする（--reason が必要）")),
            many(
                "done-by-hand",
                crate::t!("an unknown step was done; needs --reason", "不明なステップは完了している（--reason が必要）"),
            ),
        ])
        .arg(Arg::new("reason").long("reason").value_name("TEXT").help(crate::t!("why", "理由")))
        .arg(
            Arg::new("output")
                .long("output")
                .value_name("STEP.KEY=VALUE")
                .action(ArgAction::Append)
                .help(crate::t!(
                    "with --done-by-hand: what later steps need of it, JSON or text",
                    "--done-by-hand と共に: 後のステップが必要とする出力（JSON またはテキスト）"
                )),
        )
        .arg(flag("wait", crate::t!("waits for processes that still run", "まだ動いているプロセスの終了を待つ")))
        .arg(flag(
            "accept-changes",
            crate::t!("goes on although the playbook has changed", "プレイブックが変更されていても再開する"),
        ))
        .arg(outside())
        .args(answers())
        .arg(jobs())
        .arg(strict())
        .arg(by(crate::t!("who goes on [default: the login name]", "実施者 [既定: ログイン名]")))
        .after_help(crate::t!(
            "Examples:\n  toban resume last\n  toban resume last --rerun dump --skip mail --reason 'checked with the database'\n  toban resume last --done-by-hand count --output count.rows=42 --reason 'counted in psql'\n\nFinished steps and what they gave are kept. A step that was under way is unknown: its `after_crash` decides,\nelse a person. Exits 4 where nobody is there to ask, with one line for each such step.",
            "例:\n  toban resume last\n  toban resume last --rerun dump --skip mail --reason 'DB を確認済み'\n  toban resume last --done-by-hand count --output count.rows=42 --reason 'psql で確認'\n\n完了したステップとその出力はそのまま使われます。実行中だったステップは「不明」となり、after_crash または\n人が判断します。端末がない場合は、該当ステップを 1 行ずつ表示して終了コード 4 で終わります。"
        ))
}
