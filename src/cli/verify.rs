//! `toban verify`: proves that a run, or an export of one, is as it was recorded.

use std::process::ExitCode;

use clap::ArgMatches;
use serde_json::json;

use super::error::{Code, Error, say};
use super::globals::Globals;
use crate::base::counted;
use crate::journal::{Ending, Evidence, Fault, RunFolder, Verdict, verify};
use crate::report::safe_text;

/// So many faults are told; the rest is counted.
const TOLD: usize = 20;

/// Proves a run by its id, by its folder, or from an export.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let name = matches.get_one::<String>("run").map_or("last", String::as_str);
    let evidence = evidence(globals, name)?;
    let noted = matches.get_one::<String>("head").map(|head| head.trim().to_ascii_lowercase());
    let verdict = verify(&evidence, noted.as_deref());
    match matches.get_one::<String>("format").map(String::as_str) {
        Some("json") => say(&as_json(&evidence, &verdict)),
        _ => say(&safe_text(&as_text(&evidence, &verdict, noted.is_some()))),
    }
    Ok(ExitCode::from(if verdict.is_whole() { Code::Done } else { Code::Failed } as u8))
}

/// What there is of the run that was named; a path says what it is by its content. The last run is the last run, also
/// where a file is called so.
fn evidence(globals: &Globals, name: &str) -> Result<Evidence, Error> {
    let path = globals.cwd.join(name);
    let may_be_path = name != "last";
    if may_be_path && path.join("journal.jsonl").is_file() {
        return Ok(Evidence::of(&RunFolder::at(path))?);
    }
    if may_be_path && path.is_file() {
        return Ok(Evidence::of_export(&path)?);
    }
    let state = globals.state();
    Ok(Evidence::of(&state.run(&state.find(name)?))?)
}

/// A run's name for people.
pub fn name_of(evidence: &Evidence) -> String {
    evidence.run.as_ref().map_or_else(|| evidence.place.display().to_string(), ToString::to_string)
}

fn as_text(evidence: &Evidence, verdict: &Verdict, noted: bool) -> String {
    let name = name_of(evidence);
    let mut text = match verdict.is_whole() {
        true => crate::t!("{name}: whole\n", "{name}: 改ざんなし\n"),
        false => crate::t!("{name}: NOT WHOLE\n", "{name}: 改ざん、または破損あり\n"),
    };
    for fault in verdict.faults.iter().take(TOLD) {
        text.push_str(&format!("  {}\n", fault_line(fault)));
    }
    let more = verdict.faults.len().saturating_sub(TOLD);
    if more > 0 {
        text.push_str(&crate::t!("  … and {more} more\n", "  … ほか {more} 件\n"));
    }
    for line in proven(verdict).into_iter().chain(not_proven(evidence, verdict, noted)) {
        text.push_str(&format!("  {line}\n"));
    }
    text
}

/// A fault with its place.
pub fn fault_line(fault: &Fault) -> String {
    let line = fault.line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("{}{line}: {}", fault.path.display(), fault.reason)
}

/// What was proven.
fn proven(verdict: &Verdict) -> Vec<String> {
    let (facts, (logs, bytes)) = (verdict.facts, verdict.logs);
    let (hash, lines) = (&verdict.last.hash, verdict.last.lines);
    let n = counted(logs, "log");
    let all = if logs == 1 { "is as it was" } else { "are as they were" };
    let mut told = vec![
        crate::t!(
            "proven: {facts} facts follow one another from the plan on; {n} ({bytes} bytes) {all} written",
            "確認: 計画から {facts} 件の記録が連続している。ログ {logs} 件（{bytes} バイト）は書かれたまま"
        ),
        crate::t!("head: {hash} (line {lines})", "終端ハッシュ: {hash}（{lines} 行目）"),
    ];
    match &verdict.ending {
        Ending::Proven(path) => {
            let path = path.display();
            told.push(crate::t!("end: as the journal was closed, says {path}", "終わり: 閉じたときのまま（{path}）"));
        }
        Ending::GoneOn(path, more) => {
            let path = path.display();
            told.push(crate::t!(
                "end: {more} facts came after it was closed, says {path}; that nothing is missing behind them is not proven",
                "終わり: 閉じた後に {more} 件の記録がある（{path}）。その後に欠けがないことは証明できない"
            ));
        }
        Ending::Alive => told.push(crate::t!("end: the run goes on", "終わり: 実行中")),
        Ending::NoHead => told.push(crate::t!(
            "end: no head is kept of it: it is whole as far as it goes, that nothing is missing behind cannot be proven",
            "終わり: 閉じたときのハッシュがない。ここまでは改ざんなしだが、後に欠けがないことは証明できない"
        )),
        Ending::Died => told.push(crate::t!(
            "end: the engine died, or the end was cut off: it is whole as far as it goes, the end cannot be proven",
            "終わり: エンジンが途中で止まったか、末尾が切り取られた。ここまでは改ざんなしだが、終わりは証明できない"
        )),
    }
    told
}

/// What was not proven, said plainly.
fn not_proven(evidence: &Evidence, verdict: &Verdict, noted: bool) -> Vec<String> {
    let mut told = Vec::new();
    if verdict.torn > 0 && verdict.is_whole() {
        let torn = verdict.torn;
        told.push(crate::t!(
            "a line of {torn} bytes at the end was never finished and counts for nothing",
            "末尾の {torn} バイトは書きかけの行で、記録に含まれない"
        ));
    }
    if !verdict.unbound.is_empty() {
        let logs = verdict.unbound.join(", ");
        told.push(crate::t!(
            "not proven: logs of attempts whose end is not recorded: {logs}",
            "未確認: 終わりが記録されていない試行のログ: {logs}"
        ));
    }
    if !evidence.others.is_empty() {
        let others = evidence.others.join(", ");
        told.push(crate::t!("not part of the record: {others}", "記録の一部ではないファイル: {others}"));
    }
    if !noted {
        told.push(crate::t!(
            "not proven: that nobody who may write both the run and its head made both anew; note the head elsewhere and give it with --head",
            "未確認: 実行とハッシュの両方に書き込める人による全体の作り直し。ハッシュを別の場所に控え、--head で渡せば確かめられる"
        ));
    }
    told
}

fn as_json(evidence: &Evidence, verdict: &Verdict) -> String {
    let ending = match &verdict.ending {
        Ending::Proven(_) => "proven",
        Ending::GoneOn(..) => "gone_on",
        Ending::Alive => "running",
        Ending::NoHead => "no_head",
        Ending::Died => "died",
    };
    let faults: Vec<_> = verdict
        .faults
        .iter()
        .map(|f| json!({ "path": f.path.display().to_string(), "line": f.line, "reason": f.reason }))
        .collect();
    let whole = json!({
        "run": name_of(evidence), "whole": verdict.is_whole(), "facts": verdict.facts,
        "head": verdict.last.hash, "end": ending, "logs": verdict.logs.0, "log_bytes": verdict.logs.1,
        "unproven_logs": verdict.unbound, "other_files": evidence.others, "torn_bytes": verdict.torn,
        "faults": faults,
    });
    format!("{whole:#}\n")
}
