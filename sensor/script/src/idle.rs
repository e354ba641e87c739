//! When a handler does nothing: what it asks of its arguments before all else.
//!
//! `if ( ! is_orig ) return;` at the beginning of a handler is known without running it, so a host need not make
//! events that nobody does anything with.

use crate::ast::{BinOp, Expr, ExprKind, Name, StmtKind, StmtRef, UnOp};

/// A condition on an event's arguments. It may not be possible to tell whether it holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Unknown,
    /// The argument of this number is true.
    Is(usize),
    Not(Box<Test>),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    /// How the argument, a count, compares to a number.
    Compare(usize, Comparison, u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Less,
    Greater,
}

/// An argument of an event, as far as tests look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    Bool(bool),
    Count(u64),
    Other,
}

impl Test {
    /// Whether it holds for these arguments; `None` where that cannot be told.
    pub fn holds(&self, argument: &impl Fn(usize) -> Argument) -> Option<bool> {
        match self {
            Test::Unknown => None,
            Test::Is(at) => match argument(*at) {
                Argument::Bool(is) => Some(is),
                _ => None,
            },
            Test::Not(test) => test.holds(argument).map(|holds| !holds),
            Test::And(a, b) => match (a.holds(argument), b.holds(argument)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Test::Or(a, b) => match (a.holds(argument), b.holds(argument)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Test::Compare(at, comparison, number) => match argument(*at) {
                Argument::Count(n) => Some(match comparison {
                    Comparison::Equal => n == *number,
                    Comparison::Less => n < *number,
                    Comparison::Greater => n > *number,
                }),
                _ => None,
            },
        }
    }

    /// The same test where the arguments have other numbers.
    pub(crate) fn renumbered(self, number: &impl Fn(usize) -> Option<usize>) -> Test {
        let both = |a: Test, b: Test| (Box::new(a.renumbered(number)), Box::new(b.renumbered(number)));
        match self {
            Test::Unknown => Test::Unknown,
            Test::Is(at) => number(at).map_or(Test::Unknown, Test::Is),
            Test::Not(test) => Test::Not(Box::new(test.renumbered(number))),
            Test::And(a, b) => {
                let (a, b) = both(*a, *b);
                Test::And(a, b)
            }
            Test::Or(a, b) => {
                let (a, b) = both(*a, *b);
                Test::Or(a, b)
            }
            Test::Compare(at, comparison, n) => {
                number(at).map_or(Test::Unknown, |at| Test::Compare(at, comparison, n))
            }
        }
    }
}

/// What makes a body with these parameters do nothing.
pub(crate) fn of_body(body: &StmtRef, params: &[Name]) -> Test {
    let statements = match &body.kind {
        StmtKind::Block(statements) => &statements[..],
        _ => std::slice::from_ref(body),
    };
    let Some(first) = statements.first() else { return Test::Unknown };
    let StmtKind::If(condition, then, otherwise) = &first.kind else { return Test::Unknown };
    let returns = match &then.kind {
        StmtKind::Return(None) => true,
        StmtKind::Block(inner) => {
            matches!(&inner[..], [only] if matches!(only.kind, StmtKind::Return(None)))
        }
        _ => false,
    };
    let (test, _) = of_condition(condition, params);
    if returns {
        return test;
    }
    // All that there is depends on the condition.
    match statements.len() == 1 && otherwise.is_none() {
        true => Test::Not(Box::new(test)),
        false => Test::Unknown,
    }
}

/// The test that a condition is, and whether to ask it does nothing but answer: it calls nothing and cannot fail.
fn of_condition(condition: &Expr, params: &[Name]) -> (Test, bool) {
    let argument = |expr: &Expr| match &expr.kind {
        ExprKind::Name(name) => params.iter().position(|param| param == name),
        _ => None,
    };
    match &condition.kind {
        ExprKind::Name(_) => (argument(condition).map_or(Test::Unknown, Test::Is), true),
        ExprKind::HasField(of, _) => (Test::Unknown, argument(of).is_some()),
        ExprKind::Unary(UnOp::Not, inner) => {
            let (test, quiet) = of_condition(inner, params);
            (Test::Not(Box::new(test)), quiet)
        }
        ExprKind::Binary(op @ (BinOp::And | BinOp::Or), a, b) => {
            let ((a, quiet_a), (b, quiet_b)) = (of_condition(a, params), of_condition(b, params));
            if !quiet_a {
                return (Test::Unknown, false);
            }
            // What comes second is asked only where the first leaves it open.
            let (a, b) = (Box::new(a), Box::new(if quiet_b { b } else { Test::Unknown }));
            (if *op == BinOp::And { Test::And(a, b) } else { Test::Or(a, b) }, quiet_b)
        }
        ExprKind::Binary(op, a, b) => {
            let (Some(at), ExprKind::Count(number)) = (argument(a), &b.kind) else {
                return (Test::Unknown, false);
            };
            let compare = |comparison| Test::Compare(at, comparison, *number);
            let not = |comparison| Test::Not(Box::new(compare(comparison)));
            let test = match op {
                BinOp::Eq => compare(Comparison::Equal),
                BinOp::Ne => not(Comparison::Equal),
                BinOp::Lt => compare(Comparison::Less),
                BinOp::Ge => not(Comparison::Less),
                BinOp::Gt => compare(Comparison::Greater),
                BinOp::Le => not(Comparison::Greater),
                _ => return (Test::Unknown, false),
            };
            (test, true)
        }
        _ => (Test::Unknown, false),
    }
}
