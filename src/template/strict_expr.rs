//! Rewrites expressions so that every chain of names is checked where its value is taken. It does not
//! know statements.

use minijinja::Value;
use minijinja::machinery::Span;
use minijinja::machinery::ast::{self, CallArg, Expr, Spanned};

use super::names::chain;
use super::strict::{CONCAT, DEFINED, MAYBE, Strict};

impl Strict<'_> {
    pub(super) fn optional<'a>(&mut self, expr: &Option<Expr<'a>>) -> Option<Expr<'a>> {
        expr.as_ref().map(|e| self.expr(e))
    }

    pub(super) fn list<'a>(&mut self, exprs: &[Expr<'a>]) -> Vec<Expr<'a>> {
        exprs.iter().map(|e| self.expr(e)).collect()
    }

    /// The expression, with every chain of names checked where its value is taken.
    pub(super) fn expr<'a>(&mut self, expr: &Expr<'a>) -> Expr<'a> {
        let span = expr.span();
        match expr {
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => self.checked(expr),
            Expr::Const(c) => Expr::Const(Spanned::new(ast::Const { value: c.value.clone() }, span)),
            Expr::Slice(s) => Expr::Slice(Spanned::new(self.slice(s), span)),
            Expr::UnaryOp(u) => {
                let not = matches!(u.op, ast::UnaryOpKind::Not);
                let op = if not { ast::UnaryOpKind::Not } else { ast::UnaryOpKind::Neg };
                Expr::UnaryOp(Spanned::new(ast::UnaryOp { op, expr: self.expr(&u.expr) }, span))
            }
            Expr::BinOp(b) => self.bin_op(b),
            Expr::Compare(c) => Expr::Compare(Spanned::new(self.compare(c), span)),
            Expr::IfExpr(i) => Expr::IfExpr(Spanned::new(self.if_expr(i), span)),
            Expr::Filter(f) => self.filter(f),
            Expr::Test(t) => self.test(t),
            Expr::Call(c) => Expr::Call(self.call(c)),
            Expr::List(l) => Expr::List(Spanned::new(ast::List { items: self.list(&l.items) }, span)),
            Expr::Tuple(t) => Expr::Tuple(Spanned::new(ast::Tuple { items: self.list(&t.items) }, span)),
            Expr::Map(m) => {
                let next = ast::Map { keys: self.list(&m.keys), values: self.list(&m.values) };
                Expr::Map(Spanned::new(next, span))
            }
        }
    }

    fn checked<'a>(&mut self, expr: &Expr<'a>) -> Expr<'a> {
        let mut span = expr.span();
        if let Some(chain) = chain(expr) {
            let start = chain.root.span();
            (span.start_line, span.start_col, span.start_offset) =
                (start.start_line, start.start_col, start.start_offset);
        }
        filter(DEFINED, self.bare(expr), Vec::new(), span)
    }

    /// A chain of names as it is, but for what stands in its brackets.
    fn bare<'a>(&mut self, expr: &Expr<'a>) -> Expr<'a> {
        let span = expr.span();
        match expr {
            Expr::Var(v) => Expr::Var(Spanned::new(ast::Var { id: v.id }, span)),
            Expr::GetAttr(g) => {
                Expr::GetAttr(Spanned::new(ast::GetAttr { expr: self.bare(&g.expr), name: g.name }, span))
            }
            Expr::GetItem(g) => {
                let subscript_expr = self.expr(&g.subscript_expr);
                Expr::GetItem(Spanned::new(ast::GetItem { expr: self.bare(&g.expr), subscript_expr }, span))
            }
            other => self.expr(other),
        }
    }

    /// A chain that may be missing anywhere.
    fn maybe<'a>(&mut self, expr: &Expr<'a>) -> Expr<'a> {
        let Some(chain) = chain(expr).filter(|c| !c.dynamic) else {
            return match expr {
                Expr::GetItem(_) | Expr::GetAttr(_) => self.bare(expr),
                other => self.expr(other),
            };
        };
        let root = Expr::Var(Spanned::new(ast::Var { id: chain.root.id }, chain.root.span()));
        let constant = |part: &String| {
            let value = part.parse::<i64>().map(Value::from).unwrap_or_else(|_| Value::from(part.as_str()));
            CallArg::Pos(Expr::Const(Spanned::new(ast::Const { value }, expr.span())))
        };
        filter(MAYBE, root, chain.path[1..].iter().map(constant).collect(), expr.span())
    }

    fn slice<'a>(&mut self, s: &ast::Slice<'a>) -> ast::Slice<'a> {
        ast::Slice {
            expr: self.expr(&s.expr),
            start: self.optional(&s.start),
            stop: self.optional(&s.stop),
            step: self.optional(&s.step),
        }
    }

    fn bin_op<'a>(&mut self, b: &Spanned<ast::BinOp<'a>>) -> Expr<'a> {
        let (left, right) = (self.expr(&b.left), self.expr(&b.right));
        if matches!(b.op, ast::BinOpKind::Concat) {
            return filter(CONCAT, left, vec![CallArg::Pos(right)], b.span());
        }
        Expr::BinOp(Spanned::new(ast::BinOp { op: b.op, left, right }, b.span()))
    }

    fn compare<'a>(&mut self, c: &ast::Compare<'a>) -> ast::Compare<'a> {
        let expr = self.expr(&c.expr);
        let ops = c.ops.iter().map(|o| ast::CompareOp { op: o.op, expr: self.expr(&o.expr) }).collect();
        ast::Compare { expr, ops }
    }

    fn if_expr<'a>(&mut self, i: &ast::IfExpr<'a>) -> ast::IfExpr<'a> {
        ast::IfExpr {
            test_expr: self.expr(&i.test_expr),
            true_expr: self.expr(&i.true_expr),
            false_expr: self.optional(&i.false_expr),
        }
    }

    fn filter<'a>(&mut self, f: &Spanned<ast::Filter<'a>>) -> Expr<'a> {
        let expr = match &f.expr {
            Some(expr) if matches!(f.name, "default" | "d") => Some(self.maybe(expr)),
            other => self.optional(other),
        };
        let args = self.args(&f.args);
        Expr::Filter(Spanned::new(ast::Filter { name: f.name, expr, args }, f.span()))
    }

    fn test<'a>(&mut self, t: &Spanned<ast::Test<'a>>) -> Expr<'a> {
        let asks = matches!(t.name, "defined" | "undefined");
        let expr = if asks { self.maybe(&t.expr) } else { self.expr(&t.expr) };
        let args = self.args(&t.args);
        Expr::Test(Spanned::new(ast::Test { name: t.name, expr, args }, t.span()))
    }

    fn args<'a>(&mut self, args: &[CallArg<'a>]) -> Vec<CallArg<'a>> {
        let mut one = |arg: &CallArg<'a>| match arg {
            CallArg::Pos(e) => CallArg::Pos(self.expr(e)),
            CallArg::Kwarg(name, e) => CallArg::Kwarg(name, self.expr(e)),
            CallArg::PosSplat(e) => CallArg::PosSplat(self.expr(e)),
            CallArg::KwargSplat(e) => CallArg::KwargSplat(self.expr(e)),
        };
        args.iter().map(&mut one).collect()
    }

    pub(super) fn call<'a>(&mut self, c: &Spanned<ast::Call<'a>>) -> Spanned<ast::Call<'a>> {
        Spanned::new(ast::Call { expr: self.bare(&c.expr), args: self.args(&c.args) }, c.span())
    }
}

fn filter<'a>(name: &'static str, expr: Expr<'a>, args: Vec<CallArg<'a>>, span: Span) -> Expr<'a> {
    Expr::Filter(Spanned::new(ast::Filter { name, expr: Some(expr), args }, span))
}
