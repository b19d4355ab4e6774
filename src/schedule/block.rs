//! Schedules as a block of a crontab between two lines that name the playbook folder; every other line stays as it is. It
//! calls no crontab.

use std::path::Path;

use super::hand_over::{Handed, names, note_for_cron};
use super::{Calling, Entry};
use crate::base::local_zone;
use crate::calendar::cron_line;
use crate::model::Overlap;

/// A crontab with the lines of these schedules, or without any of this playbook folder where there are none.
pub fn crontab_with(current: &str, entries: &[Entry], calling: &Calling) -> Handed<String> {
    let mut handed = Handed::default();
    let mut lines = Vec::new();
    for (entry, name) in entries.iter().zip(names(entries)) {
        match line(entry, &name, calling) {
            Ok(line) => {
                lines.push(line);
                handed.notes.extend(note_for_cron(entry));
            }
            Err(why) => handed.refused.push(format!("{}: {why}", entry.playbook)),
        }
    }
    match replaced(current, &calling.playbooks, &lines) {
        Ok(text) => handed.made.push(text),
        Err(why) => handed.refused.push(why),
    }
    handed
}

fn line(entry: &Entry, name: &str, calling: &Calling) -> Result<String, String> {
    let zone = &entry.rule.times.zone;
    let here = local_zone();
    if *zone != here && zone.iana_name() != here.iana_name() {
        let (zone, here) = (entry.zone(), here.iana_name().unwrap_or("?").to_string());
        return Err(crate::t!(
            "Debian's cron knows no zone but the machine's ({here}), and this schedule is in {zone}; use --systemd",
            "Debian の cron が使えるのはマシンのタイムゾーン（{here}）だけで、この予定は {zone} です。--systemd を使ってください"
        ));
    }
    let cron = cron_line(&entry.rule.times.cron)?;
    let lock = calling.state.join("schedule").join(format!("{name}.lock"));
    // Waits for the run before it, or leaves this one out.
    let mut words = vec!["flock".to_string()];
    words.extend((entry.schedule.overlap == Overlap::Skip).then(|| "-n".to_string()));
    words.extend([word(&lock.display().to_string())?, word(&calling.program.display().to_string())?]);
    for argument in calling.arguments(entry) {
        words.push(word(&argument)?);
    }
    let guard = cron.guard.map(|guard| format!("{guard} && ")).unwrap_or_default();
    Ok(format!("{} {guard}{}", cron.fields, words.join(" ")))
}

/// A word of the shell in a crontab, where `%` is a line break.
fn word(text: &str) -> Result<String, String> {
    if text.contains(['\n', '\r']) {
        return Err(crate::t!(
            "a line of a crontab cannot hold a line break: `{}`",
            "crontab の行に改行は書けません: `{}`",
            text.replace(['\n', '\r'], "⏎")
        ));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_-.,:=+@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return Ok(text.to_string());
    }
    Ok(format!("'{}'", text.replace('\'', r"'\''")).replace('%', r"\%"))
}

fn replaced(current: &str, playbooks: &Path, lines: &[String]) -> Result<String, String> {
    let begin = format!("# BEGIN toban {}", playbooks.display());
    let end = format!("# END toban {}", playbooks.display());
    let mut before = String::new();
    let mut after = String::new();
    // 0 before the block, 1 in it, 2 behind it.
    let mut place = 0;
    for (number, line) in current.split_inclusive('\n').enumerate() {
        let text = line.trim_end_matches('\n');
        place = match (place, text == begin, text == end) {
            (0, true, _) => 1,
            (1, _, true) => 2,
            (0 | 2, _, true) | (1 | 2, true, _) => return Err(torn(number + 1)),
            (0, ..) => {
                before.push_str(line);
                0
            }
            (2, ..) => {
                after.push_str(line);
                2
            }
            (place, ..) => place,
        };
    }
    if place == 1 {
        return Err(torn(before.lines().count() + 1));
    }
    let block = match lines {
        [] => String::new(),
        lines => format!("{begin}\n{}\n{end}\n", lines.join("\n")),
    };
    let gap = if before.is_empty() || before.ends_with('\n') || block.is_empty() { "" } else { "\n" };
    Ok(format!("{before}{gap}{block}{after}"))
}

fn torn(line: usize) -> String {
    crate::t!(
        "crontab:{line}: the block of toban has no beginning or no end here; mend it with `crontab -e`",
        "crontab:{line}: toban のブロックの始まりか終わりがありません。`crontab -e` で直してください"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{replaced, word};

    #[test]
    fn a_block_is_put_in_replaced_and_taken_out_and_other_lines_stay_as_they_are() {
        let path = Path::new("/srv/playbooks");
        let others = "# mine\nMAILTO=root\n\n0 1 * * *  true   # BEGIN toban\n";
        let one = replaced(others, path, &["a".into()]).expect("whole");
        assert_eq!(one, format!("{others}# BEGIN toban /srv/playbooks\na\n# END toban /srv/playbooks\n"));
        let behind = format!("{one}5 5 * * * last\n");
        let two = replaced(&behind, path, &["b".into(), "c".into()]).expect("whole");
        assert_eq!(
            two,
            format!(
                "{others}# BEGIN toban /srv/playbooks\nb\nc\n# END toban /srv/playbooks\n5 5 * * * last\n"
            )
        );
        assert_eq!(replaced(&two, path, &[]).expect("whole"), format!("{others}5 5 * * * last\n"));
        assert_eq!(replaced(&two, Path::new("/other"), &[]).expect("whole"), two);
        for torn in ["# BEGIN toban /srv/playbooks\na\n", "# END toban /srv/playbooks\n"] {
            assert!(replaced(torn, path, &[]).is_err(), "{torn}");
        }
    }

    #[test]
    fn a_word_of_a_crontab_is_one_word_of_the_shell() {
        assert_eq!(word("refnet/daily").as_deref(), Ok("refnet/daily"));
        assert_eq!(word("who=O'Brien 100%").as_deref(), Ok(r"'who=O'\''Brien 100\%'"));
        assert!(word("a\nb").is_err());
    }
}
