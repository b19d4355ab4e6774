//! A plan as Markdown, for a ticket or a merge request. Nothing in a plan can turn into markup there.

use super::facts::{
    Fact, PlanHead, Value, item_of, outcome_facts, plan_facts, probe_facts, question_facts, step_facts,
};
use crate::base::counted;
use crate::plan::{Outline, OutlineStep, ToldText};
use crate::report::finding::findings_text;
use crate::report::graph::{Diagram, graph_mermaid, own_title};
use crate::report::outline_step::undo_word;
use crate::report::words::not_given;
use crate::report::{cell, effect_word, pad, safe_line, safe_text, width};
use crate::t;

/// The whole plan.
pub fn plan_markdown(outline: &Outline, head: &PlanHead) -> String {
    let mut text = format!("# {}\n\n", escape(&outline.title));
    if head.protected {
        text.push_str(&format!("**{}**\n\n", t!("Protected environment", "保護環境")));
    }
    text.push_str(&list(&plan_facts(outline, head), ""));
    text.push_str(&counts(outline));
    text.push_str(&inputs(outline));
    text.push_str(&format!("\n## {}\n\n", t!("Order", "実行順")));
    text.push_str(&fenced("mermaid", &graph_mermaid(&Diagram::of(outline)), ""));
    text.push_str(&format!("\n## {}\n", t!("Steps", "手順")));
    for (number, step) in (1..).zip(&outline.steps) {
        let seconds = outline.estimate.as_ref().and_then(|e| e.steps.get(&step.id)).copied();
        text.push_str(&self::step(number, step, seconds));
    }
    if !outline.checklist.is_empty() {
        text.push_str(&format!("\n## {}\n\n", t!("Checklist", "チェックリスト")));
        for entry in &outline.checklist {
            text.push_str(&format!("- [ ] {} ({})\n", escape(&entry.item), code(entry.from.as_str())));
        }
    }
    text.push_str(&t!(
        "\n`⟨…⟩` is what only a run can know; `•••` is a secret, never shown.\n",
        "\n`⟨…⟩` は実行時にのみ決まる値、`•••` は表示されない秘密の値です。\n"
    ));
    text
}

fn counts(outline: &Outline) -> String {
    let Outline { read, change, destroy, .. } = outline;
    let asks = outline.steps.iter().filter(|s| s.asks.is_some()).count();
    let questions = counted(asks, "question");
    let mut text = t!(
        "\n**{read} read, {change} change, {destroy} destroy; {questions}.**\n",
        "\n**参照 {read}、変更 {change}、破壊 {destroy}、確認 {asks}。**\n"
    );
    text.extend(outline.probe.map(|counts| format!("\n**{}**\n", escape(&findings_text(counts)))));
    text
}

fn inputs(outline: &Outline) -> String {
    if outline.inputs.is_empty() {
        return String::new();
    }
    let rows = outline.inputs.iter().map(|(name, value)| {
        let value = match value.as_str() {
            Some(text) => code(text),
            None if value.is_null() => not_given(),
            None => code(&cell(value)),
        };
        let meaning = outline.meanings.get(name).map(|m| format!(" {}", escape(m))).unwrap_or_default();
        [in_cell(&(code(name) + &meaning)), in_cell(&value)]
    });
    let rows: Vec<[String; 2]> = rows.collect();
    format!("\n## {}\n\n{}", t!("Inputs", "入力"), table([t!("Name", "名前"), t!("Value", "値")], &rows))
}

/// A table whose columns stand below each other in the source, too.
fn table(names: [String; 2], rows: &[[String; 2]]) -> String {
    let columns =
        [0, 1].map(|at| rows.iter().chain([&names]).map(|r| width(&r[at])).max().unwrap_or(0).max(3));
    let row = |cells: &[String; 2]| {
        format!("| {} | {} |\n", pad(&cells[0], columns[0]), pad(&cells[1], columns[1]))
    };
    let rule = format!("| {} | {} |\n", "-".repeat(columns[0]), "-".repeat(columns[1]));
    row(&names) + &rule + &rows.iter().map(row).collect::<String>()
}

fn step(number: usize, step: &OutlineStep, seconds: Option<f64>) -> String {
    let mut text = format!("\n### {number}. {}\n\n", code(&step.id));
    if let Some(title) = own_title(step) {
        text.push_str(&format!("{}\n\n", escape(title)));
    }
    text.push_str(&format!("**{}** · {}\n\n", effect_word(step.effect), escape(&step.kind)));
    if let Some(error) = &step.error {
        text.push_str(&format!("**{}** {}\n\n", t!("Cannot be rendered:", "表示できません:"), escape(error)));
    }
    if let Some(asks) = &step.asks {
        text.push_str(&format!("- **{}**: {}\n", t!("Asks", "確認"), escape(&asks.text)));
        text.push_str(&list(&question_facts(asks), "  "));
    }
    text.push_str(&list(&probe_facts(step), ""));
    text.push_str(&list(&step_facts(step), ""));
    step.text.iter().for_each(|told| text.push_str(&performed(told)));
    if let Some(undo) = &step.undo {
        let when = undo_word(undo.when);
        text.push_str(&format!("\n{}\n", t!("Undo, {when}", "取り消し（{when}）")));
        text.push_str(&performed(&undo.text));
    }
    if let Some(verify) = &step.verify {
        text.push_str(&format!("\n{}\n", t!("Verified after a crash by", "停止後の検証")));
        text.push_str(&performed(verify));
    }
    let after = list(&outcome_facts(step, seconds), "");
    if !after.is_empty() && !text.ends_with("\n\n") && !step.text.is_empty() {
        text.push('\n');
    }
    text + &after
}

fn performed(told: &ToldText) -> String {
    let lines = told.lines.join("\n");
    let mut text = String::from("\n");
    if let Some(item) = item_of(told) {
        text.push_str(&format!("{}\n\n", escape(&item)));
    }
    if !lines.trim().is_empty() {
        text.push_str(&fenced("text", &lines, ""));
    }
    for (number, value) in (1..).zip(&told.parameters) {
        text.push_str(&format!("\n{number}. {}\n", code(value)));
    }
    text
}

fn list(facts: &[Fact], margin: &str) -> String {
    let line = |fact: &Fact| {
        let value = match &fact.value {
            Value::Text(text) => escape(text),
            Value::Code(values) => values.iter().map(|v| code(v)).collect::<Vec<_>>().join(", "),
        };
        format!("{margin}- {}: {value}\n", escape(&fact.label))
    };
    facts.iter().map(line).collect()
}

/// Text in a block of its own, whose fence is longer than any in it.
fn fenced(language: &str, text: &str, margin: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let lines: String = safe_text(text).lines().map(|line| format!("{margin}{line}\n")).collect();
    format!("{margin}{fence}{language}\n{lines}{margin}{fence}\n")
}

/// Text as one piece of code within a line.
fn code(text: &str) -> String {
    let safe = safe_text(text).replace('\n', " ");
    let fence = "`".repeat(longest_run(&safe) + 1);
    // A space is dropped on both sides by readers, so a text that begins or ends in a backtick needs one.
    let room =
        if safe.is_empty() || safe.starts_with(['`', ' ']) || safe.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{room}{safe}{room}{fence}")
}

/// A table parts cells even within code.
fn in_cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Text within a line, shown as it is.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in safe_line(&safe_text(text)).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            // These call people and tickets on code hosts, behind a backslash too.
            '@' => safe.push_str("&#64;"),
            '#' => safe.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '>' | '!' | '$' => safe.extend(['\\', c]),
            c => safe.push(c),
        }
    }
    // At the beginning of a line, a list or a rule.
    let digits = safe.len() - safe.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if safe.starts_with(['-', '+', '=']) || (digits > 0 && safe[digits..].starts_with(['.', ')'])) {
        safe.insert(digits, '\\');
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_fence_is_longer_than_any_in_the_text() {
        assert_eq!(fenced("text", "a\n````\nb", ""), "`````text\na\n````\nb\n`````\n");
        assert_eq!(code("`a``b"), "``` `a``b ```");
        assert_eq!(code("a|b"), "`a|b`");
    }

    #[test]
    fn markup_in_a_text_is_shown_as_it_is() {
        assert_eq!(escape("<b>*x*</b> @all #1"), "&lt;b\\>\\*x\\*&lt;/b\\> &#64;all &#35;1");
        assert_eq!(
            (escape("- x"), escape("1. x"), escape("12 x")),
            ("\\- x".into(), "1\\. x".into(), "12 x".into())
        );
    }

    #[test]
    fn columns_of_a_table_stand_below_each_other() {
        let rows = [["日次".to_string(), "1".to_string()]];
        assert_eq!(
            table(["Name".into(), "Value".into()], &rows),
            "| Name | Value |\n| ---- | ----- |\n| 日次 | 1     |\n"
        );
    }

    proptest! {
        #[test]
        fn a_piece_of_code_never_ends_early(text in "[`a |\\n]{0,12}") {
            let written = code(&text);
            let fence = written.chars().take_while(|c| *c == '`').count();
            let inner = &written[fence..written.len() - fence];
            prop_assert!(longest_run(inner) != fence && !inner.starts_with('`') && !inner.ends_with('`'));
        }
    }
}
