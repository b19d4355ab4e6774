//! Rewrites a parsed template so that nothing undefined goes by unseen: plain Jinja joins it to text as
//! nothing, and writes `true` as `True`. For a dry run it also takes out what only a run can know. It does not
//! render.

use minijinja::Value;
use minijinja::machinery::Span;
use minijinja::machinery::ast::{self, Expr, Spanned, Stmt};

use super::names::Locals;
use super::syntax::{bytes, within};
use super::value::UnknownRef;
use super::walk::Walk;

/// Filters of this room's own that no author can write, since their names are none.
pub(super) const DEFINED: &str = "!defined";
/// Joins two values as text.
pub(super) const CONCAT: &str = "!concat";
/// Looks up parts of a value, giving undefined where one is missing.
pub(super) const MAYBE: &str = "!maybe";

/// Says whether only a run can know the value of a path.
pub(super) type UnknownPath<'p> = &'p dyn Fn(&[String]) -> bool;

/// Why a text cannot be rewritten.
pub(super) enum Stop {
    /// The whole of it depends on what only a run can know.
    WholeUnknown,
    /// It holds a statement that is not part of this language.
    Unsupported,
}

type Done<T> = Result<T, Stop>;

/// One rewriting.
pub(super) struct Strict<'p> {
    source: &'p str,
    unknown: Option<UnknownPath<'p>>,
    locals: Locals,
    tainted: Vec<String>,
    /// What stands for each unknown: `⟨steps.a.rows⟩`.
    pub(super) shown: Vec<String>,
}

impl<'p> Strict<'p> {
    pub(super) fn new(source: &'p str, unknown: Option<UnknownPath<'p>>) -> Strict<'p> {
        Strict { source, unknown, locals: Locals::new(), tainted: Vec::new(), shown: Vec::new() }
    }

    /// Whether an expression needs what only a run can know.
    pub(super) fn is_unknown(&self, expr: &Expr<'_>) -> bool {
        let Some(unknown) = self.unknown else { return false };
        let mut walk = Walk::new(self.source);
        walk.locals = self.locals.clone();
        walk.expr(expr);
        walk.references.iter().any(|r| unknown(&r.path)) || walk.own.iter().any(|n| self.tainted.contains(n))
    }

    fn any_unknown(&self, stmt: &Stmt<'_>) -> bool {
        let Some(unknown) = self.unknown else { return false };
        let mut walk = Walk::new(self.source);
        walk.locals = self.locals.clone();
        walk.stmt(stmt);
        walk.references.iter().any(|r| unknown(&r.path)) || walk.own.iter().any(|n| self.tainted.contains(n))
    }

    fn stmts<'a>(&mut self, stmts: &[Stmt<'a>]) -> Done<Vec<Stmt<'a>>> {
        stmts.iter().map(|s| self.stmt(s)).collect()
    }

    pub(super) fn stmt<'a>(&mut self, stmt: &Stmt<'a>) -> Done<Stmt<'a>> {
        Ok(match stmt {
            Stmt::Template(t) => {
                Stmt::Template(Spanned::new(ast::Template { children: self.stmts(&t.children)? }, t.span()))
            }
            Stmt::EmitExpr(e) => self.emit(e),
            Stmt::EmitRaw(r) => Stmt::EmitRaw(Spanned::new(ast::EmitRaw { raw: r.raw }, r.span())),
            Stmt::ForLoop(f) => self.for_loop(f)?,
            Stmt::IfCond(i) => self.if_cond(i)?,
            Stmt::Set(s) => self.set(s),
            Stmt::Continue(c) => Stmt::Continue(Spanned::new(ast::Continue, c.span())),
            Stmt::Break(b) => Stmt::Break(Spanned::new(ast::Break, b.span())),
            other if self.any_unknown(other) => return Err(Stop::WholeUnknown),
            Stmt::WithBlock(w) => self.with_block(w)?,
            Stmt::SetBlock(s) => self.set_block(s)?,
            Stmt::FilterBlock(f) => self.filter_block(f)?,
            Stmt::Macro(m) => Stmt::Macro(self.macro_decl(m)?),
            Stmt::CallBlock(c) => self.call_block(c)?,
            Stmt::Do(d) => Stmt::Do(Spanned::new(ast::Do { call: self.call(&d.call) }, d.span())),
            _ => return Err(Stop::Unsupported),
        })
    }

    fn emit<'a>(&mut self, e: &Spanned<ast::EmitExpr<'a>>) -> Stmt<'a> {
        let expr = if self.is_unknown(&e.expr) {
            self.stand_in(inside_braces(&self.source[within(bytes(e.span()), self.source)]), e.span())
        } else {
            self.expr(&e.expr)
        };
        Stmt::EmitExpr(Spanned::new(ast::EmitExpr { expr }, e.span()))
    }

    /// A constant that stands for text only a run can know.
    fn stand_in<'a>(&mut self, text: &str, span: Span) -> Expr<'a> {
        self.shown.push(format!("⟨{}⟩", text.trim()));
        let value = Value::from_object(UnknownRef(self.shown.len() - 1));
        Expr::Const(Spanned::new(ast::Const { value }, span))
    }

    /// The source of a whole statement, with its braces, in place of the statement.
    fn block_stand_in<'a>(&mut self, span: Span) -> Stmt<'a> {
        let at = within(bytes(span), self.source);
        let start = self.source[..at.start].rfind("{%").unwrap_or(at.start);
        let end = self.source[at.end..].find("%}").map_or(at.end, |n| at.end + n + 2);
        let text = self.source[start..end].to_string();
        let expr = self.stand_in(&text, span);
        Stmt::EmitExpr(Spanned::new(ast::EmitExpr { expr }, span))
    }

    fn for_loop<'a>(&mut self, f: &Spanned<ast::ForLoop<'a>>) -> Done<Stmt<'a>> {
        if self.is_unknown(&f.iter) {
            return Ok(self.block_stand_in(f.span()));
        }
        let iter = self.expr(&f.iter);
        self.locals.push();
        self.locals.target(&f.target);
        if f.filter_expr.as_ref().is_some_and(|e| self.is_unknown(e)) {
            self.locals.pop();
            return Ok(self.block_stand_in(f.span()));
        }
        let filter_expr = self.optional(&f.filter_expr);
        self.locals.name("loop");
        let body = self.stmts(&f.body);
        self.locals.pop();
        let next = ast::ForLoop {
            target: copy(&f.target),
            iter,
            filter_expr,
            recursive: f.recursive,
            body: body?,
            else_body: self.stmts(&f.else_body)?,
        };
        Ok(Stmt::ForLoop(Spanned::new(next, f.span())))
    }

    fn if_cond<'a>(&mut self, i: &Spanned<ast::IfCond<'a>>) -> Done<Stmt<'a>> {
        if self.if_unknown(i) {
            return Ok(self.block_stand_in(i.span()));
        }
        let next = ast::IfCond {
            expr: self.expr(&i.expr),
            true_body: self.stmts(&i.true_body)?,
            false_body: self.stmts(&i.false_body)?,
        };
        Ok(Stmt::IfCond(Spanned::new(next, i.span())))
    }

    /// Whether a condition of the statement, or of one of its `elif`s, needs what only a run can know.
    fn if_unknown(&self, i: &ast::IfCond<'_>) -> bool {
        let elif = match i.false_body.as_slice() {
            [Stmt::IfCond(elif)] => self.if_unknown(elif),
            _ => false,
        };
        elif || self.is_unknown(&i.expr)
    }

    fn set<'a>(&mut self, s: &Spanned<ast::Set<'a>>) -> Stmt<'a> {
        let expr = if self.is_unknown(&s.expr) {
            let mut names = Locals::new();
            names.target(&s.target);
            self.tainted.extend(names.flat());
            self.stand_in(expr_source(self.source, s.span()), s.span())
        } else {
            self.expr(&s.expr)
        };
        self.locals.target(&s.target);
        Stmt::Set(Spanned::new(ast::Set { target: copy(&s.target), expr }, s.span()))
    }

    fn with_block<'a>(&mut self, w: &Spanned<ast::WithBlock<'a>>) -> Done<Stmt<'a>> {
        let assignments = w.assignments.iter().map(|(t, e)| (copy(t), self.expr(e))).collect();
        let next = ast::WithBlock { assignments, body: self.stmts(&w.body)? };
        Ok(Stmt::WithBlock(Spanned::new(next, w.span())))
    }

    fn set_block<'a>(&mut self, s: &Spanned<ast::SetBlock<'a>>) -> Done<Stmt<'a>> {
        let filter = s.filter.as_ref().map(|f| self.expr(f));
        let next = ast::SetBlock { target: copy(&s.target), filter, body: self.stmts(&s.body)? };
        self.locals.target(&s.target);
        Ok(Stmt::SetBlock(Spanned::new(next, s.span())))
    }

    fn filter_block<'a>(&mut self, f: &Spanned<ast::FilterBlock<'a>>) -> Done<Stmt<'a>> {
        let next = ast::FilterBlock { filter: self.expr(&f.filter), body: self.stmts(&f.body)? };
        Ok(Stmt::FilterBlock(Spanned::new(next, f.span())))
    }

    fn macro_decl<'a>(&mut self, m: &Spanned<ast::Macro<'a>>) -> Done<Spanned<ast::Macro<'a>>> {
        let next = ast::Macro {
            name: m.name,
            args: m.args.iter().map(copy).collect(),
            defaults: m.defaults.iter().map(|d| self.expr(d)).collect(),
            body: self.stmts(&m.body)?,
        };
        self.locals.name(m.name);
        Ok(Spanned::new(next, m.span()))
    }

    fn call_block<'a>(&mut self, c: &Spanned<ast::CallBlock<'a>>) -> Done<Stmt<'a>> {
        let next = ast::CallBlock { call: self.call(&c.call), macro_decl: self.macro_decl(&c.macro_decl)? };
        Ok(Stmt::CallBlock(Spanned::new(next, c.span())))
    }
}

/// The target of an assignment.
fn copy<'a>(target: &Expr<'a>) -> Expr<'a> {
    let span = target.span();
    match target {
        Expr::Var(v) => Expr::Var(Spanned::new(ast::Var { id: v.id }, span)),
        Expr::GetAttr(g) => {
            Expr::GetAttr(Spanned::new(ast::GetAttr { expr: copy(&g.expr), name: g.name }, span))
        }
        Expr::List(l) => {
            Expr::List(Spanned::new(ast::List { items: l.items.iter().map(copy).collect() }, span))
        }
        Expr::Tuple(t) => {
            Expr::Tuple(Spanned::new(ast::Tuple { items: t.items.iter().map(copy).collect() }, span))
        }
        _ => Expr::Const(Spanned::new(ast::Const { value: Value::UNDEFINED }, span)),
    }
}

/// The text between `{{` and `}}`, without the signs that trim space.
pub(super) fn inside_braces(text: &str) -> &str {
    let text = text.strip_prefix("{{").unwrap_or(text);
    text.strip_prefix(['-', '+']).unwrap_or(text).trim()
}

/// The right side of `set name = …`.
fn expr_source(source: &str, span: Span) -> &str {
    let text = &source[within(bytes(span), source)];
    text.split_once('=').map_or(text, |(_, right)| right.trim())
}
