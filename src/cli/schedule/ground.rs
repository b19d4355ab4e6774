//! What the commands below `schedule` share: the schedules, how runs are called, how times are shown.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use crate::base::{counted, current_lang};
use crate::cli::error::{Error, say_on_stderr};
use crate::cli::globals::Globals;
use crate::diag::did_you_mean;
use crate::schedule::{Calling, Gathered, gather};

/// Every schedule of the playbook folder; systems without the environment asked for are left out, with a word.
pub fn gathered(globals: &Globals) -> Result<Gathered, Error> {
    let found = gather(globals.library()?, &globals.cwd, globals.environment.as_deref());
    let Some(wanted) = globals.environment.as_ref().filter(|_| !found.without.is_empty()) else {
        return Ok(found);
    };
    if !found.environments.contains(wanted) {
        return Err(nowhere(wanted, &found));
    }
    let systems = found.without.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    say_on_stderr(&crate::t!(
        "left out, since they have no environment `{wanted}`: {systems}\n",
        "環境 `{wanted}` がないため除外しました: {systems}\n"
    ));
    Ok(found)
}

fn nowhere(wanted: &str, found: &Gathered) -> Error {
    let error = Error::usage(crate::t!(
        "no system here has the environment `{wanted}`",
        "環境 `{wanted}` のあるシステムはありません"
    ));
    let names: Vec<&str> = found.environments.iter().map(String::as_str).collect();
    match (did_you_mean(wanted, names.iter().copied()), names.join(", ")) {
        (Some(near), _) => {
            error.help(crate::t!("did you mean `{near}`?", "`{near}` の間違いではありませんか？"))
        }
        (None, names) if names.is_empty() => error,
        (None, names) => error.help(crate::t!("the environments are {names}", "環境は {names} です")),
    }
}

/// The same where playbooks that do not check may be left out, with a word.
pub fn gathered_leniently(globals: &Globals) -> Result<Gathered, Error> {
    let found = gathered(globals)?;
    for (name, mistakes) in &found.broken {
        let (count, n) = (mistakes.len(), counted(mistakes.len(), "mistake"));
        say_on_stderr(&crate::t!(
            "{name} does not check ({n}): it is left out; `toban check {name}` tells why\n",
            "{name} には誤りが {count} 件あるため除外しました。`toban check {name}` で確認できます\n"
        ));
    }
    Ok(found)
}

/// How the runs of schedules are called.
pub fn calling(globals: &Globals) -> Result<Calling, Error> {
    let program = std::env::current_exe().map_err(|e| {
        Error::usage(crate::t!("this program cannot be found: {e}", "自身の実行ファイルが分かりません: {e}"))
    })?;
    let root = &globals.library()?.root;
    Ok(Calling {
        program,
        playbooks: root.canonicalize().unwrap_or_else(|_| root.clone()),
        state: globals.state().path().to_path_buf(),
        lang: current_lang(),
    })
}

/// A moment as the clock of a zone shows it: `2026-03-01 (Sun) 02:00`.
pub fn clock(at: Timestamp, zone: &TimeZone) -> String {
    let day = day(at, zone);
    let time = time(at, zone);
    format!("{day} {time}")
}

/// `2026-03-01 (Sun)`.
pub fn day(at: Timestamp, zone: &TimeZone) -> String {
    let zoned = at.to_zoned(zone.clone());
    let weekday = match zoned.weekday() {
        Weekday::Monday => crate::t!("Mon", "月"),
        Weekday::Tuesday => crate::t!("Tue", "火"),
        Weekday::Wednesday => crate::t!("Wed", "水"),
        Weekday::Thursday => crate::t!("Thu", "木"),
        Weekday::Friday => crate::t!("Fri", "金"),
        Weekday::Saturday => crate::t!("Sat", "土"),
        Weekday::Sunday => crate::t!("Sun", "日"),
    };
    format!("{} ({weekday})", zoned.date())
}

/// `02:00`.
pub fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}
