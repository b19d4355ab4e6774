//! What every command needs to know of where it was called.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::error::Error;
use crate::base::Lang;
use crate::journal::StateDir;
use crate::lang::Library;
use crate::report::Progress;

/// The flags that work before and after the command, with what the environment says.
pub struct Globals {
    /// Where it was called.
    pub cwd: PathBuf,
    /// The playbook folder, if there is one.
    pub library: Option<Library>,
    /// The environment that was asked for.
    pub environment: Option<String>,
    /// How a run is shown.
    pub progress: Progress,
    /// Whether standard output takes colours.
    pub colour: bool,
    /// Whether standard error takes colours.
    pub colour_err: bool,
    state_dir: Option<PathBuf>,
}

impl Globals {
    /// From the parsed flags.
    ///
    /// # Errors
    /// When the working folder is gone, or a flag names no folder.
    pub fn from(matches: &ArgMatches) -> Result<Globals, Error> {
        let cwd = std::env::current_dir().map_err(|e| {
            Error::usage(crate::t!("the working folder is gone: {e}", "作業フォルダがありません: {e}"))
        })?;
        let given = matches.get_one::<PathBuf>("playbooks").map(PathBuf::as_path);
        if let Some(folder) = given.filter(|f| !f.is_dir()) {
            let shown = folder.display();
            return Err(Error::usage(crate::t!(
                "--playbooks: {shown} is no folder",
                "--playbooks: {shown} はフォルダではありません"
            )));
        }
        let library = Library::find(given, std::env::var_os("TOBAN_PLAYBOOKS").as_deref(), &cwd);
        let choice = matches.get_one::<String>("color").map_or("auto", String::as_str);
        let colour = colours(choice, std::io::stdout().is_terminal());
        let colour_err = colours(choice, std::io::stderr().is_terminal());
        console::set_colors_enabled(colour);
        console::set_colors_enabled_stderr(colour_err);
        Ok(Globals {
            cwd,
            library,
            environment: matches.get_one::<String>("env").cloned(),
            progress: progress(matches.get_one::<String>("progress").map_or("auto", String::as_str)),
            colour,
            colour_err,
            state_dir: matches.get_one::<PathBuf>("state-dir").cloned(),
        })
    }

    /// The state folder.
    pub fn state(&self) -> StateDir {
        // SAFETY: geteuid has no preconditions and cannot fail.
        let root = unsafe { libc::geteuid() } == 0;
        let given = self.state_dir.as_ref().map(|p| self.cwd.join(p));
        let lookup: &dyn Fn(&str) -> Option<OsString> = &|name| std::env::var_os(name);
        StateDir::resolve(given.as_deref(), lookup, root)
    }

    /// The playbook folder.
    ///
    /// # Errors
    /// When there is none.
    pub fn library(&self) -> Result<&Library, Error> {
        self.library.as_ref().ok_or_else(|| {
            Error::usage(crate::t!(
                "there is no playbooks folder here or above",
                "playbooks フォルダがここにも上にもありません"
            ))
            .help(crate::t!(
                "name one with --playbooks or TOBAN_PLAYBOOKS",
                "--playbooks か TOBAN_PLAYBOOKS で指定してください"
            ))
        })
    }
}

/// Whether colours are written: as `--color` says, else on a terminal unless `NO_COLOR` is set.
pub fn colours(choice: &str, terminal: bool) -> bool {
    match choice {
        "always" => true,
        "never" => false,
        _ => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
    }
}

fn progress(word: &str) -> Progress {
    match word {
        "tty" => Progress::Tty,
        "plain" => Progress::Plain,
        "json" => Progress::Json,
        "quiet" => Progress::Quiet,
        _ => Progress::Auto,
    }
}

/// The language to speak: `--lang`, else `TOBAN_LANG`, else the locale, else English. Read before anything else, so
/// that even a wrong call is answered in it.
pub fn language(args: &[OsString]) -> Lang {
    let mut given = None;
    let mut args = args.iter().filter_map(|a| a.to_str());
    while let Some(arg) = args.next() {
        match arg.strip_prefix("--lang") {
            Some("") => given = args.next().and_then(Lang::of_locale),
            Some(rest) => given = rest.strip_prefix('=').and_then(Lang::of_locale),
            None if arg == "--" => break,
            None => {}
        }
    }
    let from_env = || {
        let set = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
        let name = set("TOBAN_LANG")
            .or_else(|| set("LC_ALL"))
            .or_else(|| set("LC_MESSAGES"))
            .or_else(|| set("LANG"));
        name.and_then(|n| Lang::of_locale(&n))
    };
    given.or_else(from_env).unwrap_or(Lang::En)
}

/// The name of the operator: who is logged in, also behind sudo; `schedule` where nobody is.
pub fn operator(given: Option<&str>) -> String {
    let set = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
    given
        .map(str::to_string)
        .or_else(|| set("TOBAN_OPERATOR"))
        .or_else(|| set("SUDO_USER"))
        .or_else(|| set("LOGNAME"))
        .or_else(|| set("USER"))
        .or_else(user_name)
        .unwrap_or_else(|| "unknown".into())
}

/// The name of this process's user, from the user database.
pub fn user_name() -> Option<String> {
    // SAFETY: geteuid has no preconditions and cannot fail.
    let uid = unsafe { libc::geteuid() }.to_string();
    let users = std::fs::read_to_string(Path::new("/etc/passwd")).ok()?;
    users
        .lines()
        .map(|l| l.split(':').collect::<Vec<_>>())
        .find(|f| f.get(2) == Some(&uid.as_str()))
        .map(|f| f[0].to_string())
}
