//! The command and the flags that stop a run, or begin one outside its window, with their help. It acts on none of them.

use clap::{Arg, ArgAction, Command};

use super::args::by;

/// `toban cancel`.
pub(super) fn cancel() -> Command {
    let flag =
        |name: &'static str, help: String| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    Command::new("cancel")
        .about(crate::t!("Stops a run from another terminal, as Ctrl-C does in its own", "別の端末から実行を中止する（Ctrl-C と同じ）"))
        .arg(Arg::new("run").value_name("RUN").required(true).help(crate::t!("its id, the end or the beginning of it, or `last`", "実行 ID、その先頭か末尾、または last")))
        .arg(flag("now", crate::t!("kills what runs at once, and leaves out undo and always steps", "実行中のものを即時に終了し、取り消しと always のステップも行わない")))
        .arg(flag("wait", crate::t!("waits until the run has ended, and says how", "実行が終わるまで待ち、結果を表示する")))
        .arg(Arg::new("reason").long("reason").value_name("TEXT").help(crate::t!("why, for the record", "理由（記録に残る）")))
        .arg(by(crate::t!("who cancels it [default: the login name]", "中止する人 [既定: ログイン名]")))
        .after_help(crate::t!(
            "Nothing more is begun; what runs gets TERM, then KILL after its grace; what was done is undone and always steps\nare run; the record says who asked. The run exits with 143. Only its user and root may cancel it.\n\nExamples:\n  toban cancel last\n  toban cancel 20260301T0500 --wait --reason 'wrong host'\n\nExit codes: 0 it stops, 1 its engine has not answered yet, 3 it is not running, or not yours",
            "新しいステップは開始しません。実行中のものには TERM、猶予の後に KILL を送り、取り消しと always のステップを行い、\n中止した人を記録します。実行の終了コードは 143 です。中止できるのは実行したユーザーと root だけです。\n\n例:\n  toban cancel last\n  toban cancel 20260301T0500 --wait --reason 'ホストの間違い'\n\n終了コード: 0 中止処理中、1 エンジンの応答がまだない、3 実行中でない、または権限がない"
        ))
}

/// The flags of a run outside its window; `reason` is a flag of other things, too, where a command has it.
pub(super) fn outside() -> Arg {
    Arg::new("outside-window").long("outside-window").action(ArgAction::SetTrue).requires("reason").help(
        crate::t!(
            "begins although its window is closed; needs --reason, and is recorded",
            "時間帯の外でも開始する（--reason が必要。記録に残る）"
        ),
    )
}

/// Why a run begins outside its window.
pub(super) fn reason() -> Arg {
    Arg::new("reason")
        .long("reason")
        .value_name("TEXT")
        .requires("outside-window")
        .value_parser(clap::builder::NonEmptyStringValueParser::new())
        .help(crate::t!("why it begins outside its window", "時間帯の外で開始する理由"))
}
