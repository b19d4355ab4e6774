//! Walks the parsed text of a template and collects the names it uses and what is unknown in it. It does not
//! know values.

use std::ops::Range;

use minijinja::machinery::Span;
use minijinja::machinery::ast::{self, CallArg, CallType, Expr, Stmt};

use super::error::Problem;
use super::filters_doc::{FILTERS, FUNCTIONS, TESTS};
use super::names::{Locals, chain};
use super::references::Reference;
use super::syntax::{bytes, within};
use crate::diag::did_you_mean;

/// What a walk has found so far.
pub(super) struct Walk<'s> {
    source: &'s str,
    pub(super) locals: Locals,
    pub(super) references: Vec<Reference>,
    /// Names of its own that it uses.
    pub(super) own: Vec<String>,
    problems: Vec<Problem>,
    /// The filters around what is walked now.
    filters: Vec<String>,
}

impl<'s> Walk<'s> {
    pub(super) fn new(source: &'s str) -> Walk<'s> {
        Walk {
            source,
            locals: Locals::new(),
            references: Vec::new(),
            own: Vec::new(),
            problems: Vec::new(),
            filters: Vec::new(),
        }
    }

    /// The names and the problems, each in the order of the text.
    pub(super) fn finish(mut self) -> (Vec<Reference>, Vec<Problem>) {
        let asked: Vec<Vec<String>> =
            self.references.iter().filter(|r| r.guarded && !r.dynamic).map(|r| r.path.clone()).collect();
        for reference in &mut self.references {
            reference.guarded |= asked.iter().any(|path| reference.path.starts_with(path));
        }
        self.references.sort_by_key(|r| r.span.start);
        self.problems.sort_by_key(|p| p.span.start);
        (self.references, self.problems)
    }

    pub(super) fn stmts(&mut self, stmts: &[Stmt<'_>]) {
        stmts.iter().for_each(|s| self.stmt(s));
    }

    pub(super) fn stmt(&mut self, stmt: &Stmt<'_>) {
        match stmt {
            Stmt::Template(t) => self.stmts(&t.children),
            Stmt::EmitExpr(e) => self.expr(&e.expr),
            Stmt::EmitRaw(_) | Stmt::Continue(_) | Stmt::Break(_) => {}
            Stmt::ForLoop(f) => self.for_loop(f),
            Stmt::IfCond(i) => self.if_cond(i),
            Stmt::WithBlock(w) => self.with_block(w),
            Stmt::Set(s) => self.set(s),
            Stmt::SetBlock(s) => self.set_block(s),
            Stmt::FilterBlock(f) => self.filter_block(f),
            Stmt::Macro(m) => self.macro_decl(m),
            Stmt::CallBlock(c) => self.call_block(c),
            Stmt::Do(d) => self.call(&d.call),
            Stmt::AutoEscape(s) => self.unsupported(s.span(), "autoescape"),
            Stmt::Block(s) => self.unsupported(s.span(), "block"),
            Stmt::Import(s) => self.unsupported(s.span(), "import"),
            Stmt::FromImport(s) => self.unsupported(s.span(), "from"),
            Stmt::Extends(s) => self.unsupported(s.span(), "extends"),
            Stmt::Include(s) => self.unsupported(s.span(), "include"),
        }
    }

    fn for_loop(&mut self, f: &ast::ForLoop<'_>) {
        self.expr(&f.iter);
        self.locals.push();
        self.locals.target(&f.target);
        self.optional(&f.filter_expr);
        self.locals.name("loop");
        self.stmts(&f.body);
        self.locals.pop();
        self.stmts(&f.else_body);
    }

    fn if_cond(&mut self, i: &ast::IfCond<'_>) {
        self.expr(&i.expr);
        self.stmts(&i.true_body);
        self.stmts(&i.false_body);
    }

    fn with_block(&mut self, w: &ast::WithBlock<'_>) {
        self.locals.push();
        for (target, value) in &w.assignments {
            self.expr(value);
            self.locals.target(target);
        }
        self.stmts(&w.body);
        self.locals.pop();
    }

    fn set(&mut self, s: &ast::Set<'_>) {
        self.expr(&s.expr);
        if let Expr::GetAttr(attr) = &s.target {
            self.expr(&attr.expr);
        }
        self.locals.target(&s.target);
    }

    fn set_block(&mut self, s: &ast::SetBlock<'_>) {
        self.optional(&s.filter);
        self.locals.push();
        self.stmts(&s.body);
        self.locals.pop();
        self.locals.target(&s.target);
    }

    fn filter_block(&mut self, f: &ast::FilterBlock<'_>) {
        self.expr(&f.filter);
        self.stmts(&f.body);
    }

    fn macro_decl(&mut self, m: &ast::Macro<'_>) {
        self.locals.name(m.name);
        m.defaults.iter().for_each(|d| self.expr(d));
        self.locals.push();
        m.args.iter().for_each(|a| self.locals.target(a));
        self.locals.name("caller");
        self.stmts(&m.body);
        self.locals.pop();
    }

    fn call_block(&mut self, c: &ast::CallBlock<'_>) {
        self.call(&c.call);
        self.locals.push();
        c.macro_decl.args.iter().for_each(|a| self.locals.target(a));
        self.stmts(&c.macro_decl.body);
        self.locals.pop();
    }

    fn optional(&mut self, expr: &Option<Expr<'_>>) {
        if let Some(expr) = expr {
            self.expr(expr);
        }
    }

    pub(super) fn expr(&mut self, expr: &Expr<'_>) {
        match expr {
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => self.name(expr, false),
            Expr::Const(_) => {}
            Expr::Slice(s) => self.slice(s),
            Expr::UnaryOp(u) => self.expr(&u.expr),
            Expr::BinOp(b) => [&b.left, &b.right].into_iter().for_each(|e| self.expr(e)),
            Expr::Compare(c) => self.compare(c),
            Expr::IfExpr(i) => self.if_expr(i),
            Expr::Filter(f) => self.filter(f),
            Expr::Test(t) => self.test(t),
            Expr::Call(c) => self.call(c),
            Expr::List(l) => l.items.iter().for_each(|e| self.expr(e)),
            Expr::Tuple(t) => t.items.iter().for_each(|e| self.expr(e)),
            Expr::Map(m) => m.keys.iter().chain(&m.values).for_each(|e| self.expr(e)),
        }
    }

    /// A chain of names; `guarded` when the source asks whether it is there.
    fn name(&mut self, expr: &Expr<'_>, guarded: bool) {
        self.subscripts(expr);
        let Some(chain) = chain(expr) else { return };
        if self.locals.has(chain.root.id) {
            self.own.push(chain.root.id.to_string());
            return;
        }
        let span = within(bytes(chain.root.span()).start..bytes(expr.span()).end, self.source);
        self.references.push(Reference {
            path: chain.path,
            span,
            dynamic: chain.dynamic,
            guarded,
            filters: self.filters.clone(),
        });
    }

    /// What is used inside the brackets of a chain, and what a chain begins with when that is no name.
    fn subscripts(&mut self, expr: &Expr<'_>) {
        match expr {
            Expr::Var(_) => {}
            Expr::GetAttr(get) => self.subscripts(&get.expr),
            Expr::GetItem(get) => {
                self.subscripts(&get.expr);
                self.expr(&get.subscript_expr);
            }
            other => self.expr(other),
        }
    }

    fn slice(&mut self, s: &ast::Slice<'_>) {
        self.expr(&s.expr);
        [&s.start, &s.stop, &s.step].into_iter().for_each(|e| self.optional(e));
    }

    fn compare(&mut self, c: &ast::Compare<'_>) {
        self.expr(&c.expr);
        c.ops.iter().for_each(|op| self.expr(&op.expr));
    }

    fn if_expr(&mut self, i: &ast::Spanned<ast::IfExpr<'_>>) {
        self.expr(&i.test_expr);
        self.expr(&i.true_expr);
        match &i.false_expr {
            Some(expr) => self.expr(expr),
            None => {
                let message =
                    crate::t!("an `if` without `else` gives nothing", "`else` のない `if` は値を返しません");
                let help = crate::t!("write `… if … else ''`", "`… if … else ''` と書いてください");
                let span = bytes(i.true_expr.span()).start..bytes(i.test_expr.span()).end;
                self.problem("if-without-else", within(span, self.source), message, Some(help));
            }
        }
    }

    fn filter(&mut self, f: &ast::Spanned<ast::Filter<'_>>) {
        let guard = matches!(f.name, "default" | "d");
        self.filters.push(f.name.to_string());
        match &f.expr {
            Some(expr @ (Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_))) => self.name(expr, guard),
            other => self.optional(other),
        }
        self.args(&f.args);
        self.filters.pop();
        self.known("unknown-filter", f.name, f.span(), FILTERS.iter().map(|f| f.name));
    }

    fn test(&mut self, t: &ast::Spanned<ast::Test<'_>>) {
        let guard = matches!(t.name, "defined" | "undefined");
        match &t.expr {
            expr @ (Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_)) => self.name(expr, guard),
            other => self.expr(other),
        }
        self.args(&t.args);
        self.known("unknown-test", t.name, t.span(), TESTS.iter().copied());
    }

    fn args(&mut self, args: &[CallArg<'_>]) {
        for arg in args {
            match arg {
                CallArg::Pos(e) | CallArg::Kwarg(_, e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) => {
                    self.expr(e);
                }
            }
        }
    }

    fn call(&mut self, c: &ast::Spanned<ast::Call<'_>>) {
        self.args(&c.args);
        match c.identify_call() {
            CallType::Function(name) if self.locals.has(name) => self.own.push(name.to_string()),
            CallType::Function(name) => self.function(name, c.span()),
            CallType::Method(base, name) => self.method(base, name, c.span()),
            CallType::Block(name) => self.function(name, c.span()),
            CallType::Object(expr) => self.expr(expr),
        }
    }

    fn function(&mut self, name: &str, span: Span) {
        if FILTERS.iter().any(|f| f.name == name) {
            let message =
                crate::t!("`{name}` is a filter, not a function", "`{name}` は関数ではなくフィルターです");
            let help = crate::t!("write `value | {name}`", "`値 | {name}` と書いてください");
            self.problem("unknown-function", self.at(span, name), message, Some(help));
            return;
        }
        self.known("unknown-function", name, span, FUNCTIONS.iter().copied());
    }

    fn method(&mut self, base: &Expr<'_>, name: &str, span: Span) {
        self.expr(base);
        if chain(base).is_some_and(|c| self.locals.has(c.root.id)) {
            return;
        }
        let message = crate::t!("values have no method `{name}`", "値にメソッド `{name}` はありません");
        let help = match FILTERS.iter().find(|f| f.name == name || name == "strip" && f.name == "trim") {
            Some(filter) => {
                let filter = filter.name;
                crate::t!(
                    "write it as a filter: `| {filter}`",
                    "フィルターとして書いてください: `| {filter}`"
                )
            }
            None => {
                crate::t!("use a filter: `value | filter`", "フィルターを使ってください: `値 | フィルター`")
            }
        };
        let start = chain(base).map_or(bytes(span).start, |c| bytes(c.root.span()).start);
        self.problem("unknown-method", within(start..bytes(span).end, self.source), message, Some(help));
    }

    fn known<'c>(&mut self, code: &'static str, name: &str, span: Span, all: impl Iterator<Item = &'c str>) {
        let all: Vec<&str> = all.collect();
        if all.contains(&name) {
            return;
        }
        let message = match code {
            "unknown-filter" => crate::t!("there is no filter `{name}`", "フィルター `{name}` はありません"),
            "unknown-test" => crate::t!("there is no test `{name}`", "テスト `{name}` はありません"),
            _ => crate::t!("there is no function `{name}`", "関数 `{name}` はありません"),
        };
        let help = match (name, did_you_mean(name, all)) {
            ("safe" | "escape" | "e", _) => Some(crate::t!(
                "nothing is HTML here; every value is encoded for its place",
                "ここでは HTML のエスケープは不要です。値は置かれる場所に合わせて自動的に符号化されます"
            )),
            (_, Some(near)) => Some(crate::t!("did you mean `{near}`?", "`{near}` ではありませんか?")),
            (_, None) => None,
        };
        self.problem(code, self.at(span, name), message, help);
    }

    fn unsupported(&mut self, span: Span, name: &str) {
        let message = crate::t!(
            "`{{% {name} %}}` is not part of this language",
            "`{{% {name} %}}` はこの言語では使えません"
        );
        self.problem("unsupported-statement", self.at(span, name), message, None);
    }

    /// The place of `word` inside a span, else the whole span.
    fn at(&self, span: Span, word: &str) -> Range<usize> {
        let span = within(bytes(span), self.source);
        match self.source[span.clone()].find(word) {
            Some(at) => span.start + at..span.start + at + word.len(),
            None => span,
        }
    }

    fn problem(&mut self, code: &'static str, span: Range<usize>, message: String, help: Option<String>) {
        self.problems.push(Problem { help, ..Problem::error(code, span, message) });
    }
}
