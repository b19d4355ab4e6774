//! The commands that look at what runs left, with their help. It acts on none of them.

use clap::{Arg, ArgAction, Command};

use super::args::format;

/// `toban runs`.
pub(super) fn runs() -> Command {
    Command::new("runs")
        .about(crate::t!("The runs so far, newest first", "これまでの実行（新しい順）"))
        .arg(
            Arg::new("limit")
                .short('n')
                .long("limit")
                .value_name("N")
                .default_value("20")
                .value_parser(clap::value_parser!(usize))
                .help(crate::t!("how many", "件数")),
        )
        .arg(format(&["text", "json"]))
}

fn run_id() -> Arg {
    Arg::new("run").value_name("RUN").default_value("last").help(crate::t!(
        "its id, the end or the beginning of it, or `last`",
        "実行 ID、その先頭か末尾、または last"
    ))
}

/// `toban status`.
pub(super) fn status() -> Command {
    Command::new("status")
        .about(crate::t!(
            "How a run stands: alive, dead or finished, and each of its steps",
            "実行の状態: 実行中・停止・終了と、各ステップ"
        ))
        .arg(run_id())
        .arg(format(&["text", "json", "markdown"]))
}

/// `toban logs`.
pub(super) fn logs() -> Command {
    Command::new("logs")
        .about(crate::t!("What the steps of a run printed", "ステップの出力"))
        .arg(run_id())
        .arg(Arg::new("step").value_name("STEP").help(crate::t!("only this step", "このステップだけ")))
        .arg(
            Arg::new("follow")
                .short('f')
                .long("follow")
                .action(ArgAction::SetTrue)
                .help(crate::t!("goes on until the run has ended", "実行が終わるまで表示し続ける")),
        )
}

/// `toban verify`.
pub(super) fn verify() -> Command {
    Command::new("verify")
        .about(crate::t!(
            "Proves that a run is as it was recorded, or names the first line that is not",
            "実行の記録が改ざんされていないことを証明する（違う行があれば示す）"
        ))
        .arg(Arg::new("run").value_name("RUN|FILE").default_value("last").help(crate::t!(
            "its id, the end or the beginning of it, `last`, a run's folder, or an export",
            "実行 ID、その先頭か末尾、last、実行のフォルダ、または書き出したファイル"
        )))
        .arg(Arg::new("head").long("head").value_name("HASH").help(crate::t!(
            "the head as it was noted elsewhere: the run must end with it",
            "別の場所に控えたハッシュ。記録がこれで終わることを確かめる"
        )))
        .arg(format(&["text", "json"]))
        .after_help(crate::t!(
            "Examples:\n  toban verify                        the last run\n  toban verify 20260301T0500          by the beginning of its id\n  toban verify last --head 3f2a…      against a head noted elsewhere\n\nThe plan, every fact and every finished log are tied together by hashes, and the end of the journal stands in\n<state>/heads, outside the run's folder. Who may write all of these can make all of them anew; only a head kept\nwhere they cannot write shows that.\n\nExit codes: 0 whole, 1 not whole, 5 unreadable",
            "例:\n  toban verify                        直近の実行\n  toban verify 20260301T0500          ID の先頭で指定\n  toban verify last --head 3f2a…      控えたハッシュと照合\n\n計画、すべての記録、終わったログはハッシュで結び付けられ、ジャーナルの終わりは実行フォルダの外の\n<state>/heads にもあります。そのすべてに書き込める人は全体を作り直せます。それを見抜けるのは、書き込めない\n場所に控えたハッシュだけです。\n\n終了コード: 0 改ざんなし、1 改ざんまたは破損、5 読めない"
        ))
}
