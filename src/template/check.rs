//! Checks that the values of a template land where they can be encoded: never inside quotes, comments or
//! here-documents. It does not know what the values are.

use std::ops::Range;

use minijinja::machinery::Span;
use minijinja::machinery::ast::{self, Expr, Stmt};

use super::error::Problem;
use super::plain_text::PlainText;
use super::references::Form;
use super::shell_text::ShellText;
use super::sql_text::SqlText;
use super::strict::inside_braces;
use super::syntax::{Parsed, bytes, parse, within};
use crate::model::Place;

/// A reader of the text between the values: it knows at each point whether a value can stand there.
pub(super) trait Reader: Clone {
    /// Whether blocks that render on their own (`macro`, `call`, `filter`, `set` with a body) may be used.
    const BLOCKS: bool;
    /// Whether two readers are inside the same quotes.
    fn same(&self, other: &Self) -> bool;
    /// Reads on over literal text.
    fn text(&mut self, text: &str);
    /// A value stands here: what is wrong with that, if anything.
    fn value(&mut self, value: Emitted<'_>) -> Vec<Finding>;
    /// What is left open, in words, when nothing may be.
    fn open(&self) -> Option<String>;
}

/// A value as the reader sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Emitted<'a> {
    /// The expression's source.
    pub(super) source: &'a str,
    /// The last filter over it, such as `raw`.
    pub(super) filter: Option<&'a str>,
    /// The source after it.
    pub(super) after: &'a str,
}

/// One thing wrong with the place of a value.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) warning: bool,
}

/// What is wrong with the places of a source's values: errors, and warnings for what is allowed but risky.
/// A source that does not parse has its problems from [`super::references`], and none from here.
pub fn check_place(source: &str, place: Place) -> Vec<Problem> {
    if !crate::model::has_template(source) {
        return Vec::new();
    }
    let Ok(Parsed::Text(stmt)) = parse(source, Form::Text) else { return Vec::new() };
    match place {
        Place::Shell => Check::new(source, ShellText::new()).run(&stmt),
        Place::Sql => Check::new(source, SqlText::new()).run(&stmt),
        _ => Check::new(source, PlainText).run(&stmt),
    }
}

impl Finding {
    pub(super) fn error(code: &'static str, message: String, help: String) -> Finding {
        Finding { code, message, help: Some(help), warning: false }
    }

    pub(super) fn warning(code: &'static str, message: String, help: String) -> Finding {
        Finding { warning: true, ..Finding::error(code, message, help) }
    }

    /// The visible way out of encoding, which somebody should look at.
    pub(super) fn raw() -> Finding {
        Finding::warning(
            "raw",
            crate::t!(
                "`| raw` puts the value in unencoded: whatever is in it becomes part of the text",
                "`| raw` は値をそのまま埋め込みます。値に含まれるものはすべて文の一部になります"
            ),
            crate::t!(
                "leave `| raw` out where one value is meant",
                "単なる値であれば `| raw` を外してください"
            ),
        )
    }
}

struct Check<'s, R> {
    source: &'s str,
    reader: R,
    problems: Vec<Problem>,
    /// Where a loop's body began, for `break` and `continue`.
    loops: Vec<R>,
}

impl<'s, R: Reader> Check<'s, R> {
    fn new(source: &'s str, reader: R) -> Check<'s, R> {
        Check { source, reader, problems: Vec::new(), loops: Vec::new() }
    }

    fn run(mut self, stmt: &Stmt<'_>) -> Vec<Problem> {
        self.stmt(stmt);
        self.problems.sort_by_key(|p| p.span.start);
        self.problems
    }

    fn stmts(&mut self, stmts: &[Stmt<'_>]) {
        stmts.iter().for_each(|s| self.stmt(s));
    }

    fn stmt(&mut self, stmt: &Stmt<'_>) {
        match stmt {
            Stmt::Template(t) => self.stmts(&t.children),
            Stmt::EmitRaw(r) => self.reader.text(r.raw),
            Stmt::EmitExpr(e) => self.emit(e),
            Stmt::IfCond(i) => self.if_cond(i),
            Stmt::ForLoop(f) => self.for_loop(f),
            Stmt::WithBlock(w) => self.stmts(&w.body),
            Stmt::Macro(m) => self.block("macro", stmt_span(m), &m.body),
            Stmt::CallBlock(c) => self.block("call", stmt_span(c), &c.macro_decl.body),
            Stmt::FilterBlock(f) => self.block("filter", stmt_span(f), &f.body),
            Stmt::SetBlock(s) => self.block("set", stmt_span(s), &s.body),
            Stmt::Continue(s) => self.leave(s.span()),
            Stmt::Break(s) => self.leave(s.span()),
            _ => {}
        }
    }

    fn emit(&mut self, e: &ast::Spanned<ast::EmitExpr<'_>>) {
        let at = within(bytes(e.span()), self.source);
        let end = self.source[at.end..].find("}}").map_or(at.end, |n| at.end + n + 2);
        let filter = match &e.expr {
            Expr::Filter(f) => Some(f.name),
            _ => None,
        };
        let inside = inside_braces(&self.source[at.clone()]);
        let value = Emitted { source: inside, filter, after: &self.source[end..] };
        for Finding { code, message, help, warning } in self.reader.value(value) {
            self.problems.push(Problem { code, span: at.start..end, message, help, warning });
        }
    }

    fn if_cond(&mut self, i: &ast::Spanned<ast::IfCond<'_>>) {
        let before = self.reader.clone();
        self.stmts(&i.true_body);
        let after = std::mem::replace(&mut self.reader, before.clone());
        self.expect(&before, &after, i.span());
        self.stmts(&i.false_body);
        let after = std::mem::replace(&mut self.reader, before.clone());
        if !matches!(i.false_body.as_slice(), [Stmt::IfCond(_)]) {
            self.expect(&before, &after, i.span());
        }
    }

    fn for_loop(&mut self, f: &ast::Spanned<ast::ForLoop<'_>>) {
        let before = self.reader.clone();
        self.loops.push(before.clone());
        self.stmts(&f.body);
        self.loops.pop();
        let after = std::mem::replace(&mut self.reader, before.clone());
        self.expect(&before, &after, f.span());
        self.stmts(&f.else_body);
        let after = std::mem::replace(&mut self.reader, before.clone());
        self.expect(&before, &after, f.span());
    }

    fn leave(&mut self, span: Span) {
        if let Some(before) = self.loops.last().cloned() {
            let now = self.reader.clone();
            self.expect(&before, &now, span);
        }
    }

    /// A branch has to leave things as it found them.
    fn expect(&mut self, before: &R, after: &R, span: Span) {
        if before.same(after) {
            return;
        }
        let left = after.open().or_else(|| before.open()).unwrap_or_default();
        let message = crate::t!(
            "this branch does not leave the quoting as it found it ({left})",
            "この分岐の前後で引用符の状態が変わっています（{left}）"
        );
        let help = crate::t!(
            "close inside the branch what was opened in it",
            "分岐の中で開いたものは分岐の中で閉じてください"
        );
        let span = first_line(self.source, within(bytes(span), self.source));
        self.problems.push(Problem::error("branch-quoting", span, message).help(help));
    }

    /// Blocks that render on their own, whose result would be encoded twice or not at all.
    fn block(&mut self, name: &str, span: Range<usize>, body: &[Stmt<'_>]) {
        if R::BLOCKS {
            self.stmts(body);
            return;
        }
        let message = crate::t!(
            "`{{% {name} %}}` cannot be used in a shell or SQL text",
            "`{{% {name} %}}` はシェルや SQL では使えません"
        );
        let help = crate::t!("put the value under `vars:`", "値は `vars:` に書いてください");
        let span = first_line(self.source, within(span, self.source));
        self.problems.push(Problem::error("unsupported-statement", span, message).help(help));
    }
}

fn stmt_span<T>(node: &ast::Spanned<T>) -> Range<usize> {
    bytes(node.span())
}

fn first_line(source: &str, span: Range<usize>) -> Range<usize> {
    let end = source[span.clone()].find(['\n', '%']).map_or(span.end, |n| span.start + n);
    span.start..(span.start + source[span.start..end].trim_end().len()).max(span.start)
}
