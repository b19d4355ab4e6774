//! From the arguments to a command.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::ArgMatches;

use super::error::{Code, Error, print, say_on_stderr};
use super::globals::{Globals, colours, language};
use super::usage::mistake;
use super::{
    acknowledge, approve, args, cancel, check, completions, diff, export, far_end, graph, help, list, logs,
    plan, prune, report, resume, run, runs, schedule, schema, show, status, verify,
};
use crate::base::set_lang;
use crate::plan::saved::Verdict;
use crate::process;
use crate::ssh;

/// The exit code of a bug.
const BUG: i32 = 70;

/// The whole program.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == process::HOLDER) {
        return hold(&arguments[2..]);
    }
    if arguments.get(1).is_some_and(|first| first == ssh::FAR_END) {
        return far_end::run(&arguments[2..]);
    }
    set_lang(language(&arguments));
    std::panic::set_hook(Box::new(a_bug));
    let matches = match args::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(e) => {
            let Some(mistake) = mistake(&e) else {
                drop(e.print());
                return ExitCode::from(if e.use_stderr() { Code::Usage as u8 } else { 0 });
            };
            return print(&mistake, colours("auto", std::io::stderr().is_terminal()));
        }
    };
    listen_to_the_engine(matches.get_count("verbose"));
    let globals = match Globals::from(&matches) {
        Ok(globals) => globals,
        Err(e) => return print(&e, false),
    };
    match dispatch(&globals, &matches) {
        Ok(code) => code,
        Err(e) => print(&e, globals.colour_err),
    }
}

/// Becomes another program that the kernel holds to reading: how the engine starts such a child.
fn hold(arguments: &[OsString]) -> ExitCode {
    let e = process::hold(arguments);
    say_on_stderr(&crate::t!("error: not held to reading: {e}\n", "エラー: 読み取りに制限できません: {e}\n"));
    ExitCode::from(process::NOT_HELD as u8)
}

fn dispatch(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    match matches.subcommand() {
        Some(("list", _)) => list::run(globals),
        Some(("show", m)) => show::run(globals, m),
        Some(("check", m)) => check::run(globals, m),
        Some(("plan", m)) => plan::run(globals, m),
        Some(("graph", m)) => graph::run(globals, m),
        Some(("diff", m)) => diff::run(globals, m),
        Some(("run", m)) => run::run(globals, m),
        Some(("resume", m)) => resume::run(globals, m),
        Some(("cancel", m)) => cancel::run(globals, m),
        Some(("acknowledge", m)) => acknowledge::run(globals, m),
        Some(("approve", m)) => approve::run(globals, m, Verdict::Approve),
        Some(("reject", m)) => approve::run(globals, m, Verdict::Reject),
        Some(("runs", m)) => runs::run(globals, m),
        Some(("status", m)) => status::run(globals, m),
        Some(("report", m)) => report::run(globals, m),
        Some(("logs", m)) => logs::run(globals, m),
        Some(("export", m)) => export::run(globals, m),
        Some(("prune", m)) => prune::run(globals, m),
        Some(("verify", m)) => verify::run(globals, m),
        Some(("schedule", m)) => schedule::run(globals, m),
        Some(("schema", m)) => schema::run(m),
        Some(("completions", m)) => completions::run(m),
        Some(("help", m)) => help::run(m),
        _ => Err(Error::usage(crate::t!("no command", "コマンドがありません"))),
    }
}

/// A panic is a bug of the engine: said in one place, with what to do, and its own exit code. What was recorded stays.
fn a_bug(info: &std::panic::PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    say_on_stderr(&crate::t!(
        "error: this is a bug in Toban {version} ({place})\nhelp: please report it; what was recorded is safe, `toban status` shows it\n",
        "エラー: Toban {version} の不具合です（{place}）\nヒント: 報告をお願いします。記録は残っています（`toban status`）\n"
    ));
    // Other threads must not go on with half of the engine gone.
    std::process::exit(BUG);
}

/// The engine's own diagnostics: `TOBAN_LOG`, else by `-v`; nothing otherwise.
fn listen_to_the_engine(verbose: u8) {
    use tracing_subscriber::EnvFilter;
    let by_flag = match verbose {
        0 => None,
        1 => Some("toban=debug"),
        _ => Some("toban=trace,info"),
    };
    let wanted =
        std::env::var("TOBAN_LOG").ok().filter(|v| !v.is_empty()).or_else(|| by_flag.map(str::to_string));
    let Some(wanted) = wanted else { return };
    let filter = EnvFilter::try_new(&wanted).unwrap_or_else(|e| {
        say_on_stderr(&crate::t!(
            "TOBAN_LOG=`{wanted}` is not understood ({e}); `toban=debug` is used\n",
            "TOBAN_LOG=`{wanted}` を解釈できません（{e}）。`toban=debug` とみなします\n"
        ));
        EnvFilter::new("toban=debug")
    });
    // A standard error that went away must not end the engine.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .log_internal_errors(false)
        .init();
}
