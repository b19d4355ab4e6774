//! The flags of `toban report`, with their help. It acts on none of them.

use std::path::PathBuf;

use clap::{Arg, Command};

use super::args::format;
use super::args_record::run_id;

/// The command.
pub(super) fn report() -> Command {
    let file = |name: &'static str, help: String| {
        Arg::new(name).long(name).value_name("FILE").value_parser(clap::value_parser!(PathBuf)).help(help)
    };
    Command::new("report")
        .about(crate::t!(
            "A run as a document: deviations, checklist, timeline, every step",
            "実行報告: 注意点、チェックリスト、タイムライン、各ステップ"
        ))
        .arg(run_id())
        .arg(format(&["markdown", "html", "json", "junit"]).default_value("markdown"))
        .arg(file("output", crate::t!("the file to write [default: standard output]", "書き込むファイル [既定: 標準出力]")).short('o'))
        .arg(file("append-log", crate::t!(
            "adds one line (date: user - what came of it) to a maintenance log",
            "作業ログに 1 行（日時: 実施者 - 結果）を追記する"
        )))
        .after_help(crate::t!(
            "Examples:\n  toban report                                     the last run, as Markdown\n  toban report 7k2m9x --format html -o report.html  one page, for a browser or for paper\n  toban report last --format junit -o report.xml    for a build server\n  toban report last --lang ja --append-log /var/log/refnet-maintenance.log",
            "例:\n  toban report                                     直前の実行を Markdown で表示\n  toban report 7k2m9x --format html -o report.html  1 ファイルの HTML（ブラウザ・印刷用）\n  toban report last --format junit -o report.xml    CI 用\n  toban report last --lang ja --append-log /var/log/refnet-maintenance.log"
        ))
}
