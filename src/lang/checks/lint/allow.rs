//! What is allowed in place, with a reason: it silences the findings of its rule there, and is itself a mistake
//! where there are none. It knows no rule.

use std::ops::Range;

use crate::diag::Diagnostic;
use crate::lang::document::Document;
use crate::lang::yaml::Seg;
use crate::model::Allow;

/// A rule that is allowed somewhere.
#[derive(Clone, Debug)]
pub struct Allowed {
    rule: &'static str,
    /// The path of the reason.
    path: Vec<Seg>,
    /// Where it is allowed.
    span: Range<usize>,
    used: bool,
}

/// What is allowed by the `allow:` at a path, in the part of the file at the path above it.
pub fn allowed(allow: &Allow, holder: &[Seg], doc: &mut Document) -> Vec<Allowed> {
    let span = if holder.is_empty() { 0..usize::MAX } else { doc.value_span(holder) };
    let mut all = Vec::new();
    for (rule, reason) in allow.reasons() {
        let path = [holder, &[Seg::name("allow"), Seg::name(rule)]].concat();
        if reason.trim().is_empty() {
            let title =
                crate::t!("`{rule}` is allowed without a reason", "`{rule}` を許可する理由がありません");
            let help = crate::t!(
                "say why it does no harm here: whoever reads the plan sees it",
                "ここで問題にならない理由を書いてください。計画を読む人に表示されます"
            );
            let at = doc.value(&path);
            doc.note(Diagnostic::error("no-reason", at, title).help(help));
        }
        let used = Allow::OF_SCHEDULES.contains(&rule);
        all.push(Allowed { rule, path, span: span.clone(), used });
    }
    all
}

/// Takes out of the findings what is allowed.
pub fn silence(notes: &mut Vec<Diagnostic>, all: &mut [Allowed]) {
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|a| a.span.end.saturating_sub(a.span.start));
    notes.retain(|d| {
        let Some(at) = d.at.as_ref().filter(|_| d.is_rule) else { return true };
        let here = |a: &&mut Allowed| a.rule == d.code && a.span.contains(&at.span.start);
        match all.iter_mut().find(here) {
            Some(allowed) => {
                allowed.used = true;
                false
            }
            None => true,
        }
    });
}

/// Notes what is allowed and does not occur.
pub fn stale(all: &[Allowed], doc: &mut Document) {
    for allowed in all.iter().filter(|a| !a.used) {
        let rule = allowed.rule;
        let title = crate::t!(
            "`{rule}` is allowed here and finds nothing here",
            "`{rule}` を許可していますが、該当箇所がありません"
        );
        let help = crate::t!("remove it", "この行を削除してください");
        let at = doc.key(&allowed.path);
        doc.note(Diagnostic::error("stale-allow", at, title).help(help));
    }
}

/// Whether everything that is allowed occurs.
pub fn all_used(all: &[Allowed]) -> bool {
    all.iter().all(|a| a.used)
}
