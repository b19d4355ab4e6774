//! Schedules as systemd's services and timers. It writes no file and calls no systemctl.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::hand_over::{Handed, names, note_for_systemd};
use super::{Calling, Entry, FileChange};
use crate::base::Lang;
use crate::calendar::on_calendar;
use crate::model::Missed;

/// Where units go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Units {
    /// Their folder.
    pub folder: PathBuf,
    /// Whose they are: by this first line they are known again.
    pub playbooks: PathBuf,
}

impl Units {
    fn mark(&self) -> String {
        format!("# toban schedule install: {}", self.playbooks.display())
    }

    fn wants(&self, timer: &str) -> PathBuf {
        self.folder.join("timers.target.wants").join(timer)
    }
}

/// The units of schedules, with what is there now; those of schedules that are no more are to go.
///
/// # Errors
/// When the folder cannot be read, or a unit of the same name is somebody else's.
pub fn unit_files(units: &Units, entries: &[Entry], calling: &Calling) -> io::Result<Handed<FileChange>> {
    let mut handed = Handed::default();
    for (entry, name) in entries.iter().zip(names(entries)) {
        let lines = match on_calendar(&entry.rule.times) {
            Ok(lines) => lines,
            Err(why) => {
                handed.refused.push(format!("{}: {why}", entry.playbook));
                continue;
            }
        };
        handed.notes.extend(note_for_systemd(entry));
        let (service, timer) = (format!("{name}.service"), format!("{name}.timer"));
        let texts = [
            (service, service_text(units, entry, calling)),
            (timer.clone(), timer_text(units, entry, &lines)),
        ];
        for (file, text) in texts {
            handed.made.push(file_change(units.folder.join(file), Some(text))?);
        }
        handed.made.push(link_change(units.wants(&timer), Some(format!("../{timer}")))?);
    }
    for change in &handed.made {
        let foreign = |old: &String| !change.link && !old.starts_with(&units.mark());
        if change.old.as_ref().is_some_and(foreign) {
            let path = change.path.display();
            handed.refused.push(crate::t!(
                "{path} is there and was not installed from this playbook folder",
                "{path} はすでにあり、このプレイブックのフォルダから導入されたものではありません"
            ));
        }
    }
    let gone =
        installed(units)?.into_iter().filter(|old| !handed.made.iter().any(|new| new.path == old.path));
    let gone: Vec<FileChange> = gone.collect();
    handed.made.extend(gone);
    Ok(handed)
}

/// What was installed from this playbook folder, each to be removed.
///
/// # Errors
/// When the folder cannot be read.
pub fn installed(units: &Units) -> io::Result<Vec<FileChange>> {
    let entries = match fs::read_dir(&units.folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut names: Vec<String> = entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
    names.retain(|name| {
        name.starts_with("toban-") && (name.ends_with(".service") || name.ends_with(".timer"))
    });
    names.sort();
    let mut found = Vec::new();
    for name in names {
        let change = file_change(units.folder.join(&name), None)?;
        if change.old.as_ref().is_some_and(|old| old.starts_with(&units.mark())) {
            let link = link_change(units.wants(&name), None)?;
            found.extend(link.old.is_some().then_some(link));
            found.push(change);
        }
    }
    Ok(found)
}

fn file_change(path: PathBuf, new: Option<String>) -> io::Result<FileChange> {
    let old = match fs::read(&path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        other => Some(String::from_utf8_lossy(&other?).into_owned()),
    };
    Ok(FileChange { path, old, new, link: false })
}

fn link_change(path: PathBuf, new: Option<String>) -> io::Result<FileChange> {
    let old = match fs::read_link(&path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        other => Some(other?.display().to_string()),
    };
    // However it is written, it leads to the unit.
    let same = |old: &String, new: &String| Path::new(old).file_name() == Path::new(new).file_name();
    let old = match (old, &new) {
        (Some(old), Some(new)) if same(&old, new) => Some(new.clone()),
        (old, _) => old,
    };
    Ok(FileChange { path, old, new, link: true })
}

fn service_text(units: &Units, entry: &Entry, calling: &Calling) -> String {
    let mut words = vec![word(&calling.program.display().to_string())];
    words.extend(calling.arguments(entry).iter().map(|argument| word(argument)));
    let (mark, about, command) = (units.mark(), about(entry), words.join(" "));
    let lang = if calling.lang == Lang::Ja { "Environment=TOBAN_LANG=ja\n" } else { "" };
    format!(
        "{mark}\n[Unit]\nDescription={about}\n\n[Service]\nType=oneshot\n{lang}ExecStart={command}\n\
         # A run takes back what it did when it is told to stop; that takes as long as it takes.\nTimeoutStopSec=infinity\n\
         KillMode=mixed\n"
    )
}

fn timer_text(units: &Units, entry: &Entry, lines: &[String]) -> String {
    let (mark, about) = (units.mark(), about(entry));
    let times: String = lines.iter().map(|line| format!("OnCalendar={line}\n")).collect();
    let persistent = entry.schedule.missed == Missed::Run;
    format!(
        "{mark}\n# {cron}\n[Unit]\nDescription={about}\n\n[Timer]\n{times}AccuracySec=1s\nPersistent={persistent}\n\n\
         [Install]\nWantedBy=timers.target\n",
        cron = entry.rule.times.cron,
    )
}

/// A description: one line in which nothing is replaced.
fn about(entry: &Entry) -> String {
    let title = entry.title.replace(['\n', '\r'], " ").replace('%', "%%");
    format!("{title} (toban run {})", entry.playbook)
}

/// A word of `ExecStart=` that systemd reads as exactly this text (systemd.service(5), "Command lines").
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_-.,:=+@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_string();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '%' => quoted.push_str("%%"),
            '$' => quoted.push_str("$$"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => quoted.push_str(&format!("\\x{:02x}", c as u32)),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
