//! What a handler would do, found out without running it.
//!
//! Most handlers look at most events only to find that they are no concern of theirs: `if ( code < 400 ) return;`.
//! What is asked until then, of arguments, constants and options, is kept in a form that needs no machine and can be
//! gone through on any thread, so that a host need not even build what nobody will do anything with. A rehearsal
//! only looks. It stops where something would be changed, called or written, where a handler would fail, and where
//! it cannot tell; then the handler has to be run.

mod translate;

use foldhash::fast::RandomState;
use regex_automata::meta::Regex;

use crate::types::TypeId;
use crate::value::{Addr, Port};

/// Where a body finds what it is given: a parameter, and fields in it.
#[derive(Clone, Debug)]
pub struct Path {
    pub parameter: usize,
    /// Of which type, and which of its fields.
    pub fields: Vec<(TypeId, usize)>,
}

/// What a rehearsal sees there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen<'s> {
    Unset,
    /// Something that is only known to be there.
    Set,
    Bool(bool),
    Count(u64),
    Int(i64),
    /// Times and intervals as well.
    Double(f64),
    Text(&'s [u8]),
    Addr(Addr),
    Port(Port),
}

/// All bodies of a function, hook or event. `R` is what the host calls the places that it can look at.
#[derive(Debug)]
pub struct Rehearsal<R> {
    /// None of those that always do something.
    bodies: Vec<Option<Block<R>>>,
}

/// Which bodies of an event do nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdleBodies(u64);

impl IdleBodies {
    /// A bit for each of the first.
    pub fn bits(self) -> u64 {
        self.0
    }

    pub fn of_bits(bits: u64) -> IdleBodies {
        IdleBodies(bits)
    }

    pub fn contains(self, body: usize) -> bool {
        body < u64::BITS as usize && self.0 >> body & 1 == 1
    }
}

type Block<R> = Vec<Step<R>>;

#[derive(Clone, Debug)]
enum Step<R> {
    /// Has to be evaluated, and not to fail.
    Ask(Expr<R>),
    If(Expr<R>, Block<R>, Block<R>),
    Return(Option<Expr<R>>),
    /// Ends a hook, which refuses.
    Break,
    /// Does something, or what it does is not known.
    Act,
}

#[derive(Clone, Debug)]
enum Expr<R> {
    Unknown,
    Bool(bool),
    Count(u64),
    Int(i64),
    Double(f64),
    Text(Box<[u8]>),
    Addr(Addr),
    Port(Port),
    Read(R),
    Has(R),
    Not(Box<Expr<R>>),
    And(Box<Expr<R>>, Box<Expr<R>>),
    Or(Box<Expr<R>>, Box<Expr<R>>),
    Cond(Box<Expr<R>>, Box<Expr<R>>, Box<Expr<R>>),
    Compare(Comparison, Box<Expr<R>>, Box<Expr<R>>),
    Member(Box<Expr<R>>, Box<Members>),
    Matches(Box<Expr<R>>, Box<Regex>),
    /// A function of scripts.
    Call(Block<R>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
}

type HashSet<T> = std::collections::HashSet<T, RandomState>;

/// What is in a set, or in the index of a table.
#[derive(Clone, Debug)]
enum Members {
    Nothing,
    Counts(HashSet<u64>),
    Texts(HashSet<Box<[u8]>>),
    Addrs(HashSet<Addr>),
    Ports(HashSet<Port>),
    Nets(Vec<(Addr, u8)>),
}

/// How a block ended.
enum Flow<'s> {
    On,
    Returned(Option<Seen<'s>>),
    Broke,
}

impl<R> Rehearsal<R> {
    /// Whether no body does anything, and a hook refuses nothing.
    pub fn is_idle<'s>(&'s self, look: &impl Fn(&'s R) -> Option<Seen<'s>>) -> bool {
        self.bodies.iter().all(|body| is_idle(body, look))
    }

    /// Which bodies do nothing, and whether all do.
    pub fn idle_bodies<'s>(&'s self, look: &impl Fn(&'s R) -> Option<Seen<'s>>) -> (IdleBodies, bool) {
        let (mut bits, mut all) = (0, true);
        for (at, body) in self.bodies.iter().enumerate() {
            let idle = is_idle(body, look);
            all &= idle;
            bits |= u64::from(idle).checked_shl(at as u32).unwrap_or(0);
        }
        (IdleBodies(bits), all)
    }

    /// Whether all bodies may be found to do nothing by one who sees only those places that `known` holds for.
    pub fn decides(&self, known: &impl Fn(&R) -> bool) -> bool {
        self.bodies.iter().all(|body| body.as_ref().is_some_and(|body| Ends::of(body, known).may_be_idle()))
    }

    /// What a function returns, where that is all that it does.
    pub fn returned<'s>(&'s self, look: &impl Fn(&'s R) -> Option<Seen<'s>>) -> Option<Seen<'s>> {
        let [Some(body)] = &self.bodies[..] else { return None };
        match run(body, look)? {
            Flow::Returned(value) => value,
            Flow::On | Flow::Broke => None,
        }
    }
}

fn is_idle<'s, R>(body: &'s Option<Block<R>>, look: &impl Fn(&'s R) -> Option<Seen<'s>>) -> bool {
    let flow = body.as_ref().and_then(|body| run(body, look));
    matches!(flow, Some(Flow::On | Flow::Returned(None)))
}

/// `None` where something would happen or it cannot be told.
fn run<'s, R>(block: &'s Block<R>, look: &impl Fn(&'s R) -> Option<Seen<'s>>) -> Option<Flow<'s>> {
    for step in block {
        match step {
            Step::Ask(expr) => {
                evaluate(expr, look)?;
            }
            Step::If(condition, then, otherwise) => {
                let block = if truth(condition, look)? { then } else { otherwise };
                match run(block, look)? {
                    Flow::On => {}
                    ended => return Some(ended),
                }
            }
            Step::Return(None) => return Some(Flow::Returned(None)),
            Step::Return(Some(value)) => return Some(Flow::Returned(Some(evaluate(value, look)?))),
            Step::Break => return Some(Flow::Broke),
            Step::Act => return None,
        }
    }
    Some(Flow::On)
}

fn evaluate<'s, R>(expr: &'s Expr<R>, look: &impl Fn(&'s R) -> Option<Seen<'s>>) -> Option<Seen<'s>> {
    Some(match expr {
        Expr::Unknown => return None,
        Expr::Bool(b) => Seen::Bool(*b),
        Expr::Count(n) => Seen::Count(*n),
        Expr::Int(n) => Seen::Int(*n),
        Expr::Double(d) => Seen::Double(*d),
        Expr::Text(text) => Seen::Text(text),
        Expr::Addr(addr) => Seen::Addr(*addr),
        Expr::Port(port) => Seen::Port(*port),
        // To read what is not there is an error.
        Expr::Read(place) => look(place).filter(|seen| *seen != Seen::Unset)?,
        Expr::Cond(condition, a, b) => {
            return evaluate(if truth(condition, look)? { a } else { b }, look);
        }
        Expr::Call(body) => match run(body, look)? {
            Flow::Returned(value) => value?,
            Flow::On | Flow::Broke => return None,
        },
        truth_of => Seen::Bool(truth(truth_of, look)?),
    })
}

fn truth<'s, R>(expr: &'s Expr<R>, look: &impl Fn(&'s R) -> Option<Seen<'s>>) -> Option<bool> {
    Some(match expr {
        Expr::Bool(b) => *b,
        Expr::Has(place) => look(place)? != Seen::Unset,
        Expr::Not(inner) => !truth(inner, look)?,
        Expr::And(a, b) => truth(a, look)? && truth(b, look)?,
        Expr::Or(a, b) => truth(a, look)? || truth(b, look)?,
        Expr::Compare(comparison, a, b) => comparison.holds(evaluate(a, look)?, evaluate(b, look)?)?,
        Expr::Member(of, members) => members.contain(evaluate(of, look)?)?,
        Expr::Matches(of, pattern) => match evaluate(of, look)? {
            Seen::Text(text) => pattern.is_match(text),
            _ => return None,
        },
        Expr::Unknown | Expr::Read(_) | Expr::Cond(..) | Expr::Call(_) => match evaluate(expr, look)? {
            Seen::Bool(b) => b,
            _ => return None,
        },
        Expr::Count(_) | Expr::Int(_) | Expr::Double(_) | Expr::Text(_) | Expr::Addr(_) | Expr::Port(_) => {
            return None;
        }
    })
}

impl Comparison {
    /// Of values of one type.
    fn holds(self, a: Seen<'_>, b: Seen<'_>) -> Option<bool> {
        use std::cmp::Ordering;
        let order = match (a, b) {
            (Seen::Bool(a), Seen::Bool(b)) => a.cmp(&b),
            (Seen::Count(a), Seen::Count(b)) => a.cmp(&b),
            (Seen::Int(a), Seen::Int(b)) => a.cmp(&b),
            (Seen::Double(a), Seen::Double(b)) => a.partial_cmp(&b)?,
            (Seen::Text(a), Seen::Text(b)) => a.cmp(b),
            (Seen::Addr(a), Seen::Addr(b)) => a.cmp(&b),
            (Seen::Port(a), Seen::Port(b)) => a.packed().cmp(&b.packed()),
            _ => return None,
        };
        Some(match self {
            Comparison::Equal => order == Ordering::Equal,
            Comparison::Less => order == Ordering::Less,
            Comparison::LessOrEqual => order != Ordering::Greater,
        })
    }
}

impl Members {
    fn contain(&self, of: Seen<'_>) -> Option<bool> {
        Some(match (self, of) {
            (Members::Nothing, _) => false,
            (Members::Counts(members), Seen::Count(n)) => members.contains(&n),
            (Members::Texts(members), Seen::Text(text)) => members.contains(text),
            (Members::Addrs(members), Seen::Addr(addr)) => members.contains(&addr),
            (Members::Ports(members), Seen::Port(port)) => members.contains(&port),
            (Members::Nets(nets), Seen::Addr(addr)) => {
                nets.iter().any(|(net, width)| addr.mask(*width) == *net)
            }
            _ => return None,
        })
    }
}

/// Whether a body can end without having done anything, and whether what follows a block can be reached.
#[derive(Clone, Copy, Default)]
struct Ends {
    idle: bool,
    on: bool,
}

impl Ends {
    fn may_be_idle(self) -> bool {
        self.idle || self.on
    }

    /// For one who sees only those places that `known` holds for.
    fn of<R>(block: &[Step<R>], known: &impl Fn(&R) -> bool) -> Ends {
        let mut ends = Ends { idle: false, on: true };
        for step in block {
            match step {
                Step::Ask(expr) => ends.on = expr.may_be_told(known),
                Step::Return(value) => {
                    ends.idle |= value.as_ref().is_none_or(|value| value.may_be_told(known));
                    ends.on = false;
                }
                // What a hook refuses is refused by running it.
                Step::Break | Step::Act => ends.on = false,
                Step::If(condition, then, otherwise) => {
                    let (then, otherwise) = (Ends::of(then, known), Ends::of(otherwise, known));
                    let told = condition.may_be_told(known);
                    ends.idle |= told && (then.idle || otherwise.idle);
                    ends.on = told && (then.on || otherwise.on);
                }
            }
            if !ends.on {
                break;
            }
        }
        ends
    }
}

impl<R> Expr<R> {
    fn may_be_told(&self, known: &impl Fn(&R) -> bool) -> bool {
        match self {
            Expr::Unknown => false,
            Expr::Read(place) | Expr::Has(place) => known(place),
            // What comes second is asked only where the first leaves it open.
            Expr::Not(first) | Expr::And(first, _) | Expr::Or(first, _) => first.may_be_told(known),
            Expr::Cond(condition, a, b) => {
                condition.may_be_told(known) && (a.may_be_told(known) || b.may_be_told(known))
            }
            Expr::Compare(_, a, b) => a.may_be_told(known) && b.may_be_told(known),
            Expr::Member(of, _) | Expr::Matches(of, _) => of.may_be_told(known),
            Expr::Call(body) => Ends::of(body, known).idle,
            Expr::Bool(_)
            | Expr::Count(_)
            | Expr::Int(_)
            | Expr::Double(_)
            | Expr::Text(_)
            | Expr::Addr(_)
            | Expr::Port(_) => true,
        }
    }
}
