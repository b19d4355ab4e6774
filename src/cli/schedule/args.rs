//! The commands below `toban schedule` with their flags and help. It acts on none of them.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgGroup, Command};

use crate::cli::args::format;

/// `toban schedule`.
pub fn flags() -> Command {
    Command::new("schedule")
        .about(crate::t!(
            "What runs by itself and when; checks it, hands it to systemd or cron, or follows it",
            "予定の一覧・確認・実行。systemd や cron への登録"
        ))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([list(), next(), check(), install(), run()])
}

fn list() -> Command {
    Command::new("list")
        .about(crate::t!(
            "Every schedule of the playbook folder: its next time, its last run",
            "すべての予定と、次回の日時、前回の結果"
        ))
        .arg(format(&["text", "json"]))
}

fn days(default: &'static str, help: String) -> Arg {
    Arg::new("days")
        .long("days")
        .value_name("N")
        .value_parser(clap::value_parser!(u16).range(1..=3660))
        .default_value(default)
        .help(help)
}

fn next() -> Command {
    Command::new("next")
        .about(crate::t!(
            "A calendar of what will start when, and how long it took before",
            "これから始まるものの一覧（所要時間の目安付き）"
        ))
        .arg(days("30", crate::t!("how many days ahead", "何日先まで表示するか")))
        .arg(format(&["text", "json"]))
}

fn check() -> Command {
    Command::new("check")
        .about(crate::t!(
            "Finds schedules that get in each other's way, never come, or meet a change of the clock",
            "予定の衝突、来ることのない予定、夏時間の切り替えに当たる予定を見つける"
        ))
        .arg(days("366", crate::t!("how many days ahead", "何日先まで調べるか")))
        .arg(format(&["text", "json"]))
        .after_help(crate::t!(
            "Two schedules collide when one starts while the other goes on (as long as its last good runs took)\nand both take a lock, a system or a host.\n\nExit codes: 0 nothing found, 1 something found, 2 a playbook does not check",
            "一方が続いている間（過去の実行時間から推定）にもう一方が始まり、同じロック・システム・ホストを使うとき、\n予定は衝突しています。\n\n終了コード: 0 問題なし、1 問題あり、2 プレイブックに誤りあり"
        ))
}

fn flag(name: &'static str, help: String) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn install() -> Command {
    Command::new("install")
        .about(crate::t!(
            "Hands the schedules to systemd or cron, after showing what changes",
            "予定を systemd または cron に登録する（変更点を表示してから）"
        ))
        .arg(flag("systemd", crate::t!("as timers of systemd", "systemd のタイマーとして")))
        .arg(flag("crontab", crate::t!("as a block of the user's crontab", "ユーザの crontab のブロックとして")))
        .group(ArgGroup::new("to").args(["systemd", "crontab"]).required(true))
        .arg(flag("user", crate::t!("for systemd of this user", "このユーザの systemd に")).conflicts_with("crontab"))
        .arg(
            Arg::new("unit-dir")
                .long("unit-dir")
                .value_name("DIR")
                .value_parser(clap::value_parser!(PathBuf))
                .conflicts_with_all(["crontab", "user"])
                .help(crate::t!(
                    "writes the units there and tells systemd nothing, as for an image",
                    "ユニットをここに書き、systemd には知らせない（イメージ作成用）"
                )),
        )
        .arg(flag("dry-run", crate::t!("only shows what would change", "変更点を表示するだけ")).visible_alias("diff"))
        .arg(flag("uninstall", crate::t!("removes what it installed", "登録したものを削除する")))
        .arg(flag("yes", crate::t!("without asking", "確認せずに実行する")))
        .after_help(crate::t!(
            "Examples:\n  toban schedule install --systemd --dry-run   the units, nothing written\n  toban schedule install --systemd             asks, then writes and starts the timers\n  toban schedule install --crontab --uninstall\n\nIt can be run as often as you like: what is as it should be stays, and what has gone from the\nplaybooks is removed. Only units and lines that it wrote for this playbook folder are touched.",
            "例:\n  toban schedule install --systemd --dry-run   ユニットを表示（何も書かない）\n  toban schedule install --systemd             確認してから書き込み、タイマーを開始\n  toban schedule install --crontab --uninstall\n\n何度実行しても同じ結果になります。プレイブックから無くなった予定は削除されます。このプレイブックのフォルダのために\n書いたユニットと行以外には触れません。"
        ))
}

fn run() -> Command {
    Command::new("run")
        .about(crate::t!(
            "Follows the schedules in the foreground and starts what is due",
            "予定に従い、時刻になったものを実行し続ける（フォアグラウンド）"
        ))
        .arg(flag(
            "once",
            crate::t!(
                "does what is due now, waits for it, and stops",
                "今実行すべきものを実行し、終わるのを待って終了する"
            ),
        ))
        .arg(Arg::new("since").long("since").value_name("WHEN").help(crate::t!(
            "times after this count as missed for schedules that were not followed before: 7d (ago), 2026-03-01, 2026-03-01T05:00",
            "これまで監視していなかった予定について、この日時以降を「逃した回」とみなす: 7d（7 日前）、2026-03-01、2026-03-01T05:00"
        )))
        .after_help(crate::t!(
            "One scheduler follows a state folder at a time. What it decides is on disk before it acts: killed at\nany moment, it goes on where it was, and no time is missed or run twice. Times at which nobody was\nthere are made up for once, or left out with `missed: skip`; later than a minute counts as missed.\nChanged playbooks are read again by themselves.\n\nThe first Ctrl-C or SIGTERM starts nothing more and waits for the runs; each one after that is passed\non to them.\n\nExit codes: 0 done, 1 a run did not end well (--once), 3 another scheduler is at it, 5 state folder,\n129/130/143 by signal. With --once, another scheduler that is at it is no error.",
            "1 つの状態フォルダで動くスケジューラは 1 つです。判断は実行の前にディスクに書かれるため、いつ強制終了されても続きから\n再開し、予定を逃すことも二重に実行することもありません。動いていなかった間の回は 1 回にまとめて実行します\n（`missed: skip` なら実行しません。1 分を超えて遅れた回を「逃した」とみなします）。変更されたプレイブックは自動で読み直します。\n\n最初の Ctrl-C または SIGTERM では新しく始めるのをやめ、実行中のものを待ちます。2 回目以降は実行中のものに伝えます。\n\n終了コード: 0 完了、1 正常に終わらない実行があった（--once）、3 別のスケジューラが動作中、5 状態フォルダ、\n129/130/143 シグナル。--once では別のスケジューラが動作中でも正常終了します。"
        ))
}
