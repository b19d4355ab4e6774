//! Commands and flags with their help, in the operator's language. It acts on none of them.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command};

use super::args_alone::{cancel, outside, reason};
use super::args_record;
use super::args_report::report;
use super::chosen;
use super::help::{help_flag, laid_out, version_flag};
use crate::base::{Duration, RunId};

/// The whole command line.
pub fn command() -> Command {
    let examples = crate::t!(
        "Examples:\n  toban list                              what can be run here\n  toban plan refnet/daily                 what would be done, without touching anything\n  toban run refnet/daily -i keep_days=14  do it\n  toban logs last dump                    what a step printed\n\nExit codes: 0 done, 1 a step failed, 2 usage or a playbook that does not check, 3 not confirmed or refused, 4 a decision is needed, 5 journal or state folder, 6 warnings with --strict, 129/130/143 by signal",
        "例:\n  toban list                              実行できるものの一覧\n  toban plan refnet/daily                 何が行われるかを、何にも触れずに表示\n  toban run refnet/daily -i keep_days=14  実行\n  toban logs last dump                    ステップの出力を表示\n\n終了コード: 0 完了、1 ステップ失敗、2 使い方またはプレイブックの誤り、3 未確認または拒否、\n4 判断が必要、5 記録または状態フォルダ、6 警告あり（--strict）、129/130/143 シグナル"
    );
    let command = Command::new("toban")
        .version(env!("CARGO_PKG_VERSION"))
        .about(crate::t!(
            "Runs operations playbooks: checked, planned, recorded",
            "運用手順書（プレイブック）を検査し、計画し、実行し、記録する"
        ))
        .after_help(examples)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(globals())
        .arg(version_flag())
        .subcommands([
            list(),
            show(),
            check(),
            plan(),
            graph(),
            diff(),
            run(),
            super::resume::flags(),
            cancel(),
            args_record::acknowledge(),
            approve(),
            reject(),
            args_record::runs(),
            args_record::status(),
            args_record::logs(),
            report(),
            args_record::verify(),
            args_record::export(),
            args_record::prune(),
            super::schedule::flags(),
            schema(),
            completions(),
            help(),
        ]);
    laid_out(command)
}

fn globals() -> Vec<Arg> {
    let folder = || clap::value_parser!(PathBuf);
    let words = |list: &'static [&'static str]| PossibleValuesParser::new(list);
    vec![
        option("state-dir", "DIR", crate::t!("where runs are kept", "実行の記録を置く場所"))
            .value_parser(folder()),
        option("playbooks", "DIR", crate::t!("the playbook folder", "プレイブックのフォルダ"))
            .value_parser(folder()),
        option("env", "NAME", crate::t!("the environment of system.yaml", "system.yaml の環境")),
        option("lang", "LANG", crate::t!("the language", "言語")).value_parser(words(&["en", "ja"])),
        option("progress", "HOW", crate::t!("how a run is shown", "実行の表示方法"))
            .value_parser(words(&["auto", "tty", "plain", "json", "quiet"])),
        option("color", "WHEN", crate::t!("colours", "色の使用"))
            .value_parser(words(&["auto", "always", "never"])),
        Arg::new("verbose").short('v').long("verbose").action(ArgAction::Count).global(true).help(crate::t!(
            "the engine's own diagnostics on standard error; -vv for more (or TOBAN_LOG)",
            "エンジン自身の診断を標準エラーに出す（-vv で詳細。TOBAN_LOG でも指定可）"
        )),
        help_flag(),
    ]
}

fn option(name: &'static str, value: &'static str, help: String) -> Arg {
    Arg::new(name).long(name).value_name(value).global(true).help(help)
}

fn playbook() -> Arg {
    Arg::new("playbook")
        .value_name("PLAYBOOK")
        .required(true)
        .help(crate::t!("its name (system/name) or its path", "名前（システム/名前）またはパス"))
}

fn inputs() -> [Arg; 2] {
    [
        Arg::new("input")
            .short('i')
            .long("input")
            .value_name("NAME=VALUE")
            .action(ArgAction::Append)
            .help(crate::t!("an input; may be given several times", "入力。複数指定可")),
        Arg::new("inputs")
            .long("inputs")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help(crate::t!("a YAML or JSON file of inputs", "入力の YAML または JSON ファイル")),
    ]
}

/// `--format`.
pub(super) fn format(list: &'static [&'static str]) -> Arg {
    Arg::new("format")
        .long("format")
        .value_name("FORM")
        .value_parser(PossibleValuesParser::new(list))
        .default_value("text")
        .help(crate::t!("how it is printed", "出力の形式"))
}

fn list() -> Command {
    Command::new("list").about(crate::t!("What can be run here", "実行できるプレイブックの一覧"))
}

fn show() -> Command {
    Command::new("show")
        .about(crate::t!("A playbook as a person reads it", "プレイブックの目的・入力・手順を表示"))
        .arg(playbook())
        .arg(format(&["text", "json", "markdown", "html"]))
        .after_help(crate::t!(
            "Examples:\n  toban show refnet/daily\n  toban show restore.plan                        a saved plan as it was told\n  toban show restore.plan --format html > p.html  as a page for reviewers",
            "例:\n  toban show refnet/daily\n  toban show restore.plan                        保存した計画を表示\n  toban show restore.plan --format html > p.html  レビュー用のページにする"
        ))
}

fn check() -> Command {
    Command::new("check")
        .about(crate::t!(
            "Finds every mistake in playbooks before anything runs",
            "実行の前に、プレイブックの誤りをすべて見つける"
        ))
        .arg(Arg::new("paths").value_name("PATH").num_args(0..).help(crate::t!(
            "playbooks or folders; all of the playbook folder when none is given",
            "プレイブックまたはフォルダ。省略時はプレイブックのフォルダ全体"
        )))
        .arg(
            Arg::new("rules").long("rules").action(ArgAction::SetTrue).conflicts_with_all(["paths", "explain"]).help(
                crate::t!("the rules that have a name, and what each finds", "名前のある規則と、それぞれが見つけるもの"),
            ),
        )
        .arg(Arg::new("explain").long("explain").value_name("RULE").conflicts_with("paths").help(crate::t!(
            "why a rule is there, how its mistake is mended, how it is allowed in place",
            "規則の理由、直し方、その場で許可する書き方"
        )))
        .arg(format(&["text", "json"]))
        .after_help(crate::t!(
            "Examples:\n  toban check                            every playbook\n  toban check refnet/daily               one of them\n  toban check --explain endless-command  what a rule is for\n\nExit codes: 0 no mistakes, 2 mistakes",
            "例:\n  toban check                            すべてのプレイブック\n  toban check refnet/daily               1 つだけ\n  toban check --explain endless-command  規則の説明\n\n終了コード: 0 誤りなし、2 誤りあり"
        ))
}

fn plan() -> Command {
    Command::new("plan")
        .about(crate::t!(
            "A dry run: everything that would be done, touching nothing",
            "予行: 行われることをすべて表示し、何にも触れない"
        ))
        .arg(playbook())
        .args(inputs())
        .args(chosen::flags())
        .arg(
            Arg::new("output")
                .short('o')
                .long("output")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help(crate::t!("saves the plan, for `toban run FILE`", "計画を保存する（`toban run ファイル` で実行）")),
        )
        .arg(
            Arg::new("valid")
                .long("valid")
                .value_name("TIME")
                .requires("output")
                .value_parser(|text: &str| Duration::parse(text))
                .help(crate::t!("how long the saved plan can be run [default: 24h]", "保存した計画の有効期間 [既定: 24h]")),
        )
        .arg(by(crate::t!("who makes it [default: the login name]", "作成者 [既定: ログイン名]")))
        .arg(format(&["text", "json", "markdown", "html"]))
        .arg(Arg::new("probe").long("probe").action(ArgAction::SetTrue).help(crate::t!(
            "also look: run what can only read, ask everything else whether it could start; exit 1 when something could not",
            "実際に確認する: 読み取りのみのステップを実行し、他は開始できるかを調べる。できないものがあれば終了コード 1"
        )))
        .arg(Arg::new("probe-declared").long("probe-declared").action(ArgAction::SetTrue).help(crate::t!(
            "the same, and run also what is only declared `effect: read` and nothing holds to it",
            "--probe に加え、`effect: read` と宣言されただけで制限できないステップも実行する"
        )))
        .after_help(crate::t!(
            "Examples:\n  toban plan quickstart/daily\n  toban plan quickstart/daily --probe                   and whether each step could start: yes, no, cannot know\n  toban plan refnet/restore --format html > plan.html   a page for reviewers, in one file\n  toban plan refnet/restore --format markdown           for a ticket or a merge request\n  toban plan refnet/restore -i file=/root/backups/x.sql.gz -o restore.plan --valid 2h\n  toban show restore.plan && toban run restore.plan\n\nA saved plan can be run once. Nothing secret stands in it: secrets are there by name and source. A required input that is not given is unknown in it, and `toban run FILE -i NAME=VALUE` has to give it.\n\nA probe changes nothing and asks nobody. SQL is held to reading by its session, a shell step declared `effect: read` by the kernel (Landlock and seccomp); what neither holds is only run with --probe-declared.",
            "例:\n  toban plan quickstart/daily\n  toban plan quickstart/daily --probe                   各ステップを開始できるかも確認（はい・いいえ・不明）\n  toban plan refnet/restore --format html > plan.html   レビュー用のページ（1 ファイル）\n  toban plan refnet/restore --format markdown           チケットやマージリクエスト用\n  toban plan refnet/restore -i file=/root/backups/x.sql.gz -o restore.plan --valid 2h\n  toban show restore.plan && toban run restore.plan\n\n保存した計画は一度だけ実行できます。シークレットの値は保存されません（名前と取得元のみ）。\n指定しなかった必須入力は未定のまま保存され、`toban run ファイル -i 名前=値` で指定します。\n\n--probe は何も変更せず、質問もしません。SQL はセッションで、`effect: read` の shell はカーネル（Landlock と seccomp）で\n読み取りに制限します。制限できないものは --probe-declared を付けたときだけ実行します。"
        ))
}

fn graph() -> Command {
    Command::new("graph")
        .about(crate::t!(
            "The order of the steps as a graph: in the terminal, Mermaid, DOT or SVG",
            "ステップの実行順を図にする: 端末、Mermaid、DOT、SVG"
        ))
        .arg(playbook())
        .args(inputs())
        .arg(format(&["text", "mermaid", "dot", "svg"]))
        .arg(
            Arg::new("output")
                .short('o')
                .long("output")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help(crate::t!("the file to write [default: standard output]", "書き込むファイル [既定: 標準出力]")),
        )
        .after_help(crate::t!(
            "Examples:\n  toban graph refnet/daily                       boxes and lines, or a list with rails\n  toban graph refnet/daily --format svg -o daily.svg\n  toban graph refnet/daily --format mermaid      for a wiki or a merge request\n\nColours tell what a step does (read, change, destroy), lines why one follows another.",
            "例:\n  toban graph refnet/daily                       箱と線、または線付きの一覧\n  toban graph refnet/daily --format svg -o daily.svg\n  toban graph refnet/daily --format mermaid      Wiki やマージリクエスト用\n\n色は作用（参照・変更・破壊）、線は順序の理由を表します。"
        ))
}

pub(super) fn by(help: String) -> Arg {
    Arg::new("operator").long("operator").value_name("NAME").help(help)
}

fn diff() -> Command {
    let plan =
        |name: &'static str, value: &'static str, help: String| Arg::new(name).value_name(value).help(help);
    Command::new("diff")
        .about(crate::t!("What differs between two plans, step by step", "二つの計画の違いをステップごとに表示する"))
        .arg(
            plan("plan", "A", crate::t!("a saved plan, or a playbook planned now", "保存した計画、またはプレイブック（今の計画）"))
                .required(true),
        )
        .arg(plan("other", "B", crate::t!("the plan that A became", "A と比べる新しい計画")))
        .arg(Arg::new("against").long("against").value_name("RUN").help(crate::t!(
            "compares A with what a run was to do: `last`, or a run's id",
            "A を過去の実行の計画と比べる: last または実行 ID"
        )))
        .args(inputs())
        .arg(format(&["text", "json"]))
        .after_help(crate::t!(
            "Exits 0 when the plans are the same, 1 when they differ.\n\nExamples:\n  toban diff tonight.plan refnet/daily       has anything changed since it was saved?\n  toban diff refnet/daily --against last     since the last run?\n  toban diff before.plan after.plan --format json",
            "計画が同じなら終了コード 0、違えば 1。\n\n例:\n  toban diff tonight.plan refnet/daily       保存したときから変わったか\n  toban diff refnet/daily --against last     前回の実行から変わったか\n  toban diff before.plan after.plan --format json"
        ))
}

fn run() -> Command {
    Command::new("run")
        .about(crate::t!("Runs a playbook", "プレイブックを実行する"))
        .arg(playbook())
        .args(inputs())
        .args(chosen::flags())
        .args(answers())
        .arg(jobs())
        .arg(strict())
        .args([outside(), reason()])
        .arg(run_id())
        .arg(by(crate::t!("who runs it [default: the login name]", "実施者 [既定: ログイン名]")))
        .after_help(crate::t!(
            "Examples:\n  toban run quickstart/daily\n  toban run refnet/restore -i file=/root/backups/x.sql.gz --confirm restore/swap=refnet\n  toban run refnet/daily --from old_dumps                that step and what comes after it\n  toban run refnet/daily --only health --only disk       just these",
            "例:\n  toban run quickstart/daily\n  toban run refnet/restore -i file=/root/backups/x.sql.gz --confirm restore/swap=refnet\n  toban run refnet/daily --from old_dumps                そのステップ以降だけ\n  toban run refnet/daily --only health --only disk       これらだけ"
        ))
}

pub(super) fn jobs() -> Arg {
    Arg::new("jobs")
        .short('j')
        .long("jobs")
        .value_name("N")
        .value_parser(clap::value_parser!(u32).range(1..=1024))
        .help(crate::t!(
            "how many steps run side by side [default: the processors]",
            "同時に実行するステップ数 [既定: プロセッサ数]"
        ))
}

pub(super) fn strict() -> Arg {
    Arg::new("strict")
        .long("strict")
        .action(ArgAction::SetTrue)
        .help(crate::t!("exit 6 when there are warnings", "警告があれば終了コード 6 にする"))
}

fn run_id() -> Arg {
    Arg::new("run-id")
        .long("run-id")
        .value_name("ID")
        .value_parser(|text: &str| RunId::parse(text).filter(|id| id.number().is_some()).ok_or("no id of a run"))
        .help(crate::t!(
            "the id of the run, such as 20260301T020000Z-abc123; refused when that run is there already [default: a new one]",
            "実行 ID（例: 20260301T020000Z-abc123）。その実行がすでにあれば拒否する [既定: 新しい ID]"
        ))
}

fn approve() -> Command {
    said(Command::new("approve").about(crate::t!("Approves a saved plan", "保存した計画を承認する"))).after_help(crate::t!(
        "Example:\n  toban approve restore.plan --reason 'checked against ticket 123'\n\nWhat people say of FILE stands in FILE.approvals, each line tied to the one before and to the plan.",
        "例:\n  toban approve restore.plan --reason 'チケット 123 と照合済み'\n\n承認と却下は FILE.approvals に記録されます（各行は前の行と計画に結び付けられます）。"
    ))
}

fn reject() -> Command {
    said(Command::new("reject").about(crate::t!("Rejects a saved plan, so that it is not run", "保存した計画を却下し、実行できなくする")))
        .after_help(crate::t!(
            "Example:\n  toban reject restore.plan --reason 'wrong database'\n\nWho rejected a plan can approve it later; nobody else can take it back.",
            "例:\n  toban reject restore.plan --reason 'データベースが違う'\n\n却下した本人だけが、後から承認して取り消せます。"
        ))
}

fn said(command: Command) -> Command {
    command
        .arg(
            Arg::new("plan")
                .value_name("FILE")
                .required(true)
                .help(crate::t!("the saved plan", "保存した計画")),
        )
        .arg(Arg::new("reason").long("reason").value_name("TEXT").help(crate::t!("why", "理由")))
        .arg(by(crate::t!("who says it [default: the login name]", "承認者・却下者 [既定: ログイン名]")))
}

pub(super) fn answers() -> Vec<Arg> {
    let many = |name: &'static str, value: &'static str, help: String| {
        Arg::new(name).long(name).value_name(value).action(ArgAction::Append).help(help)
    };
    vec![
        many(
            "confirm",
            "STEP[=TARGET]",
            crate::t!(
                "agrees to a step beforehand, by its name",
                "ステップの実行に、名前を挙げて事前に同意する"
            ),
        ),
        many(
            "choose",
            "STEP=VALUE",
            crate::t!("answers a `decide` step beforehand", "decide ステップに事前に答える"),
        ),
        many(
            "answer",
            "STEP=VALUE",
            crate::t!(
                "answers a `manual` step beforehand: done, not_done, not_applicable, or evidence",
                "manual ステップに事前に答える: done、not_done、not_applicable、または証跡"
            ),
        ),
    ]
}

fn schema() -> Command {
    Command::new("schema")
        .about(crate::t!("The JSON schema of playbooks, for editors", "エディタ用の JSON スキーマ"))
        .arg(
            Arg::new("what")
                .value_parser(PossibleValuesParser::new(["playbook", "system", "reference"]))
                .default_value("playbook")
                .help(crate::t!("which", "種類")),
        )
}

fn completions() -> Command {
    Command::new("completions").about(crate::t!("Completions for a shell", "シェル補完")).arg(
        Arg::new("shell")
            .required(true)
            .value_parser(clap::value_parser!(clap_complete::Shell))
            .help(crate::t!("which", "シェルの種類")),
    )
}

fn help() -> Command {
    Command::new("help")
        .about(crate::t!("The help of a command", "コマンドのヘルプ"))
        .arg(Arg::new("command").value_name("COMMAND").help(crate::t!("which", "コマンド名")))
}
