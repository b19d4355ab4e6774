//! The report as JUnit XML, for build servers: a suite for the playbook, a case for each step.

use super::document::{Deviance, Deviation, Report, StepEntry};
use super::words::{deviance_word, result_word};
use crate::event::{Outcome, RunOutcome};
use crate::t;

/// The XML.
pub fn report_junit(report: &Report) -> String {
    let cases: Vec<(&StepEntry, Verdict)> =
        report.steps.iter().filter(|s| is_told(report, s)).map(|s| (s, Verdict::of(s))).collect();
    let whole = the_whole(report, &cases);
    let of_whole = usize::from(!whole.is_empty());
    let count = |verdict| cases.iter().filter(|(_, v)| *v == verdict).count();
    let totals = format!(
        r#"name="{}" tests="{}" failures="{}" errors="{}" skipped="{}" time="{}""#,
        attribute(&report.playbook),
        cases.len() + of_whole,
        count(Verdict::Failure),
        count(Verdict::Error) + of_whole,
        count(Verdict::Skipped),
        time(report.seconds)
    );
    let mut xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {totals}>\n");
    // Readers of this form know times without a zone only.
    let started = report.started.strftime("%Y-%m-%dT%H:%M:%S");
    xml.push_str(&format!("  <testsuite {totals} timestamp=\"{started}\">\n    <properties>\n"));
    for (name, value) in properties(report) {
        let value = attribute(&value);
        xml.push_str(&format!("      <property name=\"{name}\" value=\"{value}\"/>\n"));
    }
    xml.push_str("    </properties>\n");
    cases.iter().for_each(|(step, verdict)| xml.push_str(&case(report, step, *verdict)));
    xml.push_str(&whole);
    xml.push_str(&said_of_whole(report));
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

/// A case for the run itself, where it did not come to a good end although no step says so: it was stopped, or its
/// engine died.
fn the_whole(report: &Report, cases: &[(&StepEntry, Verdict)]) -> String {
    let is_told = cases.iter().any(|(_, verdict)| matches!(verdict, Verdict::Failure | Verdict::Error));
    let is_good = matches!(report.outcome, Some(RunOutcome::Ok | RunOutcome::Warned)) || report.is_running;
    if is_told || is_good {
        return String::new();
    }
    let (class, run) = (attribute(&report.playbook), attribute(report.run.as_str()));
    let message = attribute(&result_word(report));
    format!(
        "    <testcase classname=\"{class}\" name=\"{run}\" time=\"0.000\">\n      <error type=\"run\" message=\"{message}\"/>\n    </testcase>\n"
    )
}

/// A group is told only where something is wrong with the group itself.
fn is_told(report: &Report, step: &StepEntry) -> bool {
    !step.is_group() || report.deviations.iter().any(|d| is_of(d, step) && d.kind <= Deviance::Refused)
}

fn is_of(deviation: &Deviation, step: &StepEntry) -> bool {
    deviation.step.as_ref() == Some(&step.id)
}

/// Whether it is no matter of how a step ended.
fn is_beside(kind: Deviance) -> bool {
    matches!(kind, Deviance::Late | Deviance::NotTold)
}

/// What is said of the run and of none of its cases.
fn said_of_whole(report: &Report) -> String {
    let is_case = |d: &Deviation| report.steps.iter().any(|step| is_of(d, step) && is_told(report, step));
    let said = report.deviations.iter().filter(|d| is_beside(d.kind) && !is_case(d));
    let said: Vec<String> = said.map(|d| in_words(report, d)).collect();
    match said.is_empty() {
        true => String::new(),
        false => format!("    <system-out>{}</system-out>\n", content(&said.join("\n"))),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failure,
    Error,
    Skipped,
}

impl Verdict {
    fn of(step: &StepEntry) -> Verdict {
        match step.outcome {
            Some(Outcome::Ok | Outcome::Warned | Outcome::Unchanged | Outcome::ByHand) => Verdict::Passed,
            Some(Outcome::Failed) => Verdict::Failure,
            // Nobody said yes, or nobody knows: no result of the step, and no reason to be green.
            Some(Outcome::Refused | Outcome::Unknown) => Verdict::Error,
            Some(Outcome::Skipped | Outcome::Blocked) | None => Verdict::Skipped,
        }
    }
}

fn properties(report: &Report) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("run", report.run.to_string()),
        ("title", report.title.clone()),
        ("operator", report.operator.clone()),
        ("started", report.started.to_string()),
    ];
    all.extend(report.environment.clone().map(|environment| ("environment", environment)));
    all.extend(report.target.clone().map(|target| ("target", target)));
    all
}

fn case(report: &Report, step: &StepEntry, verdict: Verdict) -> String {
    let (class, name) = (attribute(&report.playbook), attribute(step.id.as_str()));
    let head = format!("    <testcase classname=\"{class}\" name=\"{name}\" time=\"{}\"", time(step.seconds));
    let own: Vec<&Deviation> = report.deviations.iter().filter(|d| is_of(d, step)).collect();
    let mut inside = match verdict {
        Verdict::Passed => String::new(),
        Verdict::Failure => told("failure", step, &own),
        Verdict::Error => told("error", step, &own),
        Verdict::Skipped => format!("      <skipped message=\"{}\"/>\n", attribute(&message(step, &own))),
    };
    let said: Vec<String> =
        own.iter().filter(|d| d.kind > Deviance::NotBegun).map(|d| in_words(report, d)).collect();
    if !said.is_empty() && verdict != Verdict::Skipped {
        inside.push_str(&format!("      <system-out>{}</system-out>\n", content(&said.join("\n"))));
    }
    if inside.is_empty() { format!("{head}/>\n") } else { format!("{head}>\n{inside}    </testcase>\n") }
}

/// An element with why, and the end of each log.
fn told(element: &str, step: &StepEntry, own: &[&Deviation]) -> String {
    let kind = step.outcome.map_or("", Outcome::word);
    let mut text = String::new();
    for deviation in own.iter().filter(|d| d.kind <= Deviance::NotBegun) {
        let item = deviation.item.map(|item| format!("[{item}] ")).unwrap_or_default();
        text.push_str(&format!("{item}{}\n", deviation.text));
        deviation.tail.iter().for_each(|line| text.push_str(&format!("{line}\n")));
        deviation.log.iter().for_each(|log| text.push_str(&format!("{}\n", log.path.display())));
    }
    let message = attribute(&message(step, own));
    format!(
        "      <{element} type=\"{kind}\" message=\"{message}\">{}</{element}>\n",
        content(text.trim_end())
    )
}

/// Why, in one line.
fn message(step: &StepEntry, own: &[&Deviation]) -> String {
    let own = own.iter().filter(|d| !is_beside(d.kind));
    let first = own.map(|d| d.text.as_str()).chain([step.note.as_str()]).find(|text| !text.is_empty());
    match (first, step.outcome) {
        (Some(text), _) => text.lines().next().unwrap_or_default().to_string(),
        (None, Some(outcome)) => crate::report::outcome_word(outcome),
        (None, None) => t!("not begun", "未開始"),
    }
}

fn in_words(report: &Report, deviation: &Deviation) -> String {
    let by = deviation.by.as_ref().map(|by| format!(" ({by})")).unwrap_or_default();
    let at = deviation.at.map(|at| format!("{} ", report.moment(at))).unwrap_or_default();
    format!("{at}{}: {}{by}", deviance_word(deviation.kind), deviation.text)
}

fn time(seconds: f64) -> String {
    format!("{:.3}", if seconds.is_finite() { seconds.max(0.0) } else { 0.0 })
}

/// Text within quotes.
fn attribute(text: &str) -> String {
    content(text).replace('"', "&quot;").replace('\n', "&#10;").replace('\t', "&#9;")
}

/// Text between tags; a character that XML does not have becomes `�`.
fn content(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\n' | '\t' => safe.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_does_not_have_is_replaced_and_nothing_opens_a_tag() {
        assert_eq!(
            content("a\u{1b}[31m<b>&\u{0}]]>\u{ffff}\n"),
            "a\u{fffd}[31m&lt;b&gt;&amp;\u{fffd}]]&gt;\u{fffd}\n"
        );
        assert_eq!(attribute("\"x\"\n\ty"), "&quot;x&quot;&#10;&#9;y");
        assert_eq!((time(f64::NAN), time(1.23456)), ("0.000".to_string(), "1.235".to_string()));
    }
}
