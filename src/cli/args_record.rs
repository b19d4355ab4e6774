//! The commands that look at what runs left, with their help. It acts on none of them.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command};

use super::args::format;
use crate::base::Duration;

/// `toban runs`.
pub(super) fn runs() -> Command {
    let text = |name: &'static str, value: &'static str, help: String| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let results = ["ok", "warned", "failed", "refused", "cancelled", "dead", "running", "unreadable"];
    Command::new("runs")
        .about(crate::t!("The runs so far, newest first", "これまでの実行（新しい順）"))
        .arg(text("system", "NAME", crate::t!("of this system: `refnet` of refnet/daily", "このシステムだけ（refnet/daily の refnet）")))
        .arg(text("playbook", "NAME", crate::t!("of this playbook, with or without its system", "このプレイブックだけ（システム名は省略可）")))
        .arg(
            text("result", "RESULT", crate::t!("that ended so, or did not end; several with commas", "この結果だけ（カンマ区切りで複数可）"))
                .action(ArgAction::Append)
                .value_delimiter(',')
                .value_parser(PossibleValuesParser::new(results)),
        )
        .arg(text("operator", "NAME", crate::t!("started by this person", "この実施者だけ")))
        .arg(text("since", "TIME", crate::t!("begun then or later: 7d (ago), 2026-03-01, 2026-03-01T05:00", "この時以降に開始: 7d（7 日前）、2026-03-01、2026-03-01T05:00")))
        .arg(text("until", "TIME", crate::t!("begun before; a date counts to its end", "この時までに開始（日付はその日の終わりまで）")))
        .arg(text("step", "ID[=STATE]", crate::t!("in which this step came to an end, or to this state: ok, failed, skipped, unknown, …", "このステップが終わった実行（状態も指定可: ok、failed、skipped、unknown など）")))
        .arg(
            Arg::new("limit")
                .short('n')
                .long("limit")
                .value_name("N")
                .default_value("20")
                .value_parser(clap::value_parser!(usize))
                .help(crate::t!("how many; 0 for all", "件数（0 ですべて）")),
        )
        .arg(format(&["text", "json"]))
        .after_help(crate::t!(
            "Everything that is given must hold; --env chooses the environment.\n\nExamples:\n  toban runs --system refnet --since 7d          the last week\n  toban runs --playbook daily --result failed,dead\n  toban runs --step restore/swap=failed -n 5     where that step failed\n\nThe answer comes from <state>/index.db, which is made from the journals, and made anew when it is missing or damaged.",
            "指定した条件のすべてに合う実行を表示します。環境は --env で指定します。\n\n例:\n  toban runs --system refnet --since 7d          この 1 週間\n  toban runs --playbook daily --result failed,dead\n  toban runs --step restore/swap=failed -n 5     そのステップが失敗した実行\n\n<state>/index.db から答えます。これはジャーナルから作られ、無いときや壊れたときは自動で作り直されます。"
        ))
}

/// `toban acknowledge`.
pub(super) fn acknowledge() -> Command {
    Command::new("acknowledge")
        .about(crate::t!("Takes over what a run tells people of: nobody else is told then", "実行からの連絡を引き受ける（以降の連絡先には通知しない）"))
        .arg(run_id())
        .arg(super::args::by(crate::t!("who acknowledges", "確認する人")))
        .arg(Arg::new("note").long("note").value_name("TEXT").help(crate::t!("what is recorded with it", "記録に残す言葉")))
        .after_help(crate::t!(
            "An `escalate` step tells the contacts of system.yaml one after another until somebody acknowledges. Who may write\nthe run's folder may do that: its operator, and root.\n\nExamples:\n  toban acknowledge 20260301T0500 --operator sato --note 'on my way'\n\nExit codes: 0 done, 3 nothing waits for it, 5 the run cannot be reached",
            "`escalate` のステップは、誰かが確認するまで system.yaml の連絡先へ順に通知します。実行フォルダに書き込める人\n（実行者と root）が確認できます。\n\n例:\n  toban acknowledge 20260301T0500 --operator sato --note '対応します'\n\n終了コード: 0 完了、3 確認を待っているものがない、5 実行に届かない"
        ))
}

/// `toban export`.
pub(super) fn export() -> Command {
    Command::new("export")
        .about(crate::t!("Packs a run into one file that can be handed over", "実行の記録を、引き渡せる一つのファイルにまとめる"))
        .arg(run_id())
        .arg(
            Arg::new("output")
                .short('o')
                .long("output")
                .value_name("FILE")
                .required(true)
                .value_parser(clap::value_parser!(PathBuf))
                .help(crate::t!("the file to write: run.tar.zst", "書き込むファイル: run.tar.zst")),
        )
        .arg(
            Arg::new("force")
                .long("force")
                .action(ArgAction::SetTrue)
                .help(crate::t!("replaces a file that is there already", "すでにあるファイルを置き換える")),
        )
        .after_help(crate::t!(
            "The plan, the journal, the logs and the head in a tar archive packed with zstd. It appears only once it has been\nread back, and is proven with `toban verify FILE`, without the state folder. A run that is not whole is packed as it is.\n\nExamples:\n  toban export last -o run.tar.zst\n  toban verify run.tar.zst --head 3f2a…     with the head that was noted\n\nExit codes: 0 done, 1 packed, but not whole, 3 still running, 5 unreadable",
            "計画、ジャーナル、ログ、終端ハッシュを tar にまとめ、zstd で圧縮します。読み直して確かめてから、ファイルが\n現れます。状態フォルダがなくても `toban verify ファイル` で証明できます。改ざんのある記録もそのまま書き出します。\n\n例:\n  toban export last -o run.tar.zst\n  toban verify run.tar.zst --head 3f2a…     控えたハッシュと照合\n\n終了コード: 0 完了、1 書き出したが改ざんまたは破損あり、3 実行中、5 読めない"
        ))
}

/// `toban prune`.
pub(super) fn prune() -> Command {
    let flag =
        |name: &'static str, help: String| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    Command::new("prune")
        .about(crate::t!("Removes old runs whole, after asking", "古い実行の記録を、確認のうえ丸ごと削除する"))
        .arg(
            Arg::new("older-than")
                .long("older-than")
                .value_name("TIME")
                .required(true)
                .value_parser(|text: &str| Duration::parse(text))
                .help(crate::t!("runs that ended longer ago than this: 90d", "これより前に終わった実行: 90d")),
        )
        .arg(flag("keep-failed", crate::t!("keeps all that did not end well", "正常に終わらなかった実行は残す")))
        .arg(
            Arg::new("keep-last")
                .long("keep-last")
                .value_name("N")
                .default_value("0")
                .value_parser(clap::value_parser!(usize))
                .help(crate::t!("keeps the newest N of each playbook and environment", "プレイブックと環境ごとに、新しい方から N 件は残す")),
        )
        .arg(flag("dead", crate::t!("also runs that died, which could still be resumed", "中断した（まだ再開できる）実行も対象にする")))
        .arg(flag("yes", crate::t!("removes without asking", "確認せずに削除する")))
        .after_help(crate::t!(
            "It lists what would go, and asks; without a terminal it needs --yes. A run that lives is never removed, nor is\none that cannot be read. A saved plan that was run stays used up.\n\nExamples:\n  toban prune --older-than 90d --keep-failed\n  toban prune --older-than 30d --keep-last 10 --yes     from a timer\n\nExit codes: 0 done, 3 not confirmed, 5 something could not be removed",
            "削除するものを表示して確認します。端末がないときは --yes が必要です。実行中のものと、読めないものは\n削除しません。実行済みの計画は、削除後も再び実行できません。\n\n例:\n  toban prune --older-than 90d --keep-failed\n  toban prune --older-than 30d --keep-last 10 --yes     タイマーから\n\n終了コード: 0 完了、3 未確認、5 削除できないものがあった"
        ))
}

pub(in crate::cli) fn run_id() -> Arg {
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
            "Examples:\n  toban verify                        the last run\n  toban verify 20260301T0500          by the beginning of its id\n  toban verify last --head 3f2a…      against a head noted elsewhere\n\nThe plan, every fact and every finished log are tied together by hashes, and the end of the journal stands in <state>/heads, outside the run's folder. Who may write all of these can make all of them anew; only a head kept where they cannot write shows that.\n\nExit codes: 0 whole, 1 not whole, 5 unreadable",
            "例:\n  toban verify                        直近の実行\n  toban verify 20260301T0500          ID の先頭で指定\n  toban verify last --head 3f2a…      控えたハッシュと照合\n\n計画、すべての記録、終わったログはハッシュで結び付けられ、ジャーナルの終わりは実行フォルダの外の\n<state>/heads にもあります。そのすべてに書き込める人は全体を作り直せます。それを見抜けるのは、書き込めない\n場所に控えたハッシュだけです。\n\n終了コード: 0 改ざんなし、1 改ざんまたは破損、5 読めない"
        ))
}
