//! Names in a parsed template: those that it sets itself, and chains such as `steps.a["b"]`. It does not know
//! what they stand for.

use minijinja::machinery::ast::{self, Expr};
use minijinja::value::ValueKind;

/// The names that a template sets itself, by nested scope.
#[derive(Clone, Debug)]
pub(super) struct Locals(Vec<Vec<String>>);

impl Locals {
    pub(super) fn new() -> Locals {
        Locals(vec![Vec::new()])
    }
    pub(super) fn push(&mut self) {
        self.0.push(Vec::new());
    }
    pub(super) fn pop(&mut self) {
        self.0.pop();
    }
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|scope| scope.iter().any(|n| n == name))
    }
    /// Every name, of all scopes.
    pub(super) fn flat(self) -> impl Iterator<Item = String> {
        self.0.into_iter().flatten()
    }
    pub(super) fn name(&mut self, name: &str) {
        if let Some(scope) = self.0.last_mut() {
            scope.push(name.to_string());
        }
    }
    /// The names of an assignment: `a`, `(a, b)`; an attribute of a namespace is none.
    pub(super) fn target(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(var) => self.name(var.id),
            Expr::List(list) => list.items.iter().for_each(|t| self.target(t)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|t| self.target(t)),
            _ => {}
        }
    }
}

/// A chain of names: `steps.a["b"]`, with what can be said before rendering.
pub(super) struct Chain<'e, 'a> {
    pub(super) root: &'e ast::Spanned<ast::Var<'a>>,
    pub(super) path: Vec<String>,
    pub(super) dynamic: bool,
}

/// The chain of an expression that is nothing but one.
pub(super) fn chain<'e, 'a>(expr: &'e Expr<'a>) -> Option<Chain<'e, 'a>> {
    match expr {
        Expr::Var(var) => Some(Chain { root: var, path: vec![var.id.to_string()], dynamic: false }),
        Expr::GetAttr(get) => chain(&get.expr).map(|c| c.then(Some(get.name.to_string()))),
        Expr::GetItem(get) => chain(&get.expr).map(|c| c.then(literal_key(&get.subscript_expr))),
        _ => None,
    }
}

impl Chain<'_, '_> {
    fn then(mut self, part: Option<String>) -> Self {
        match part {
            Some(part) if !self.dynamic => self.path.push(part),
            _ => self.dynamic = true,
        }
        self
    }
}

fn literal_key(subscript: &Expr<'_>) -> Option<String> {
    let value = subscript.as_const()?;
    match value.kind() {
        ValueKind::String => value.as_str().map(str::to_string),
        ValueKind::Number if value.is_integer() => Some(value.to_string()),
        _ => None,
    }
}
