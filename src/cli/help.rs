//! `toban help`, and how all help is laid out, in the operator's language. It does not know what the commands do.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::args;
use super::error::{Error, say};
use crate::diag::did_you_mean;

/// Prints the help of a command, or of the whole.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let mut all = args::command();
    // The flags of every command reach the commands only now.
    all.build();
    let help = match matches.get_one::<String>("command") {
        None => all.render_help(),
        Some(name) => match all.find_subcommand_mut(name) {
            Some(command) => command.render_help(),
            None => return Err(unknown(name, &all)),
        },
    };
    say(&help.to_string());
    Ok(ExitCode::SUCCESS)
}

fn unknown(name: &str, all: &Command) -> Error {
    let error = Error::usage(crate::t!("there is no command `{name}`", "コマンド `{name}` はありません"));
    match did_you_mean(name, all.get_subcommands().map(Command::get_name)) {
        Some(meant) => error.help(crate::t!("did you mean `{meant}`?", "`{meant}` のことですか?")),
        None => error.help(crate::t!("`toban help` lists them", "`toban help` で一覧できます")),
    }
}

/// The command and all below it with their help laid out, every word of it translated.
pub fn laid_out(command: Command) -> Command {
    let usage = crate::t!("Usage", "使い方");
    let template = format!("{{about-with-newline}}\n{usage}: {{usage}}\n\n{{all-args}}{{after-help}}");
    // Under a heading of their own they would be sorted by their names.
    let mut place = 0;
    let in_order = |arg: Arg| match arg.is_positional() {
        true => {
            place += 1;
            arg.display_order(place)
        }
        false => arg,
    };
    let subcommands: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_string()).collect();
    let mut command = command
        .help_template(template)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .subcommand_help_heading(crate::t!("Commands", "コマンド"))
        .mut_args(under_heading)
        .mut_args(in_order);
    for name in subcommands {
        command = command.mut_subcommand(name, laid_out);
    }
    command
}

/// `-h`, which every command has.
pub fn help_flag() -> Arg {
    Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::Help)
        .global(true)
        .help(crate::t!("this help", "このヘルプを表示"))
}

/// `-V`.
pub fn version_flag() -> Arg {
    Arg::new("version")
        .short('V')
        .long("version")
        .action(ArgAction::Version)
        .help(crate::t!("the version", "バージョンを表示"))
}

fn under_heading(arg: Arg) -> Arg {
    let heading = match (arg.is_positional(), arg.is_global_set()) {
        (true, _) => crate::t!("Arguments", "引数"),
        (false, true) => crate::t!("Options of every command", "共通オプション"),
        (false, false) => crate::t!("Options", "オプション"),
    };
    let arg = arg.help_heading(heading);
    if arg.get_action().takes_values() { with_values(arg) } else { arg }
}

/// What may be given is told in the help itself, since the parser would tell it in English.
fn with_values(arg: Arg) -> Arg {
    let values = arg.get_possible_values();
    let words: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
    let default = arg.get_default_values().first().map(|v| v.to_string_lossy().into_owned());
    let mut help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    if !words.is_empty() {
        help.push_str(&format!(": {}", words.join(", ")));
    }
    if let Some(default) = default {
        help.push_str(&crate::t!(" [default: {default}]", " [既定: {default}]"));
    }
    arg.hide_possible_values(true).hide_default_value(true).help(help)
}
