//! What a handler would do, found out without running it.
//!
//! Most handlers look at most events only to find that they are no concern of theirs: `if ( code < 400 ) return;`.
//! What is asked until then, of arguments, constants and options, is kept in a form that needs no machine and can be
//! gone through on any thread, so that a host need not even build what nobody will do anything with. A plan
//! only looks. It stops where something would be changed, called or written, where a handler would fail, and where
//! it cannot tell; then the handler has to be run.
//!
//! What many handlers do in the end is an effect of few kinds: a native function is called (`SumStats::observe`), or
//! something is added to a set that the host keeps (`add c$http$tags[...]`). A host that says so is given these
//! instead, with all that they need.

mod translate;

use std::fmt;

use foldhash::fast::RandomState;
use regex_automata::meta::Regex;
use smallvec::SmallVec;

use crate::source::Span;
use crate::types::TypeId;
use crate::value::{Addr, LONG_TEXT, Port, text};

/// Where a body finds what it is given: a parameter, and fields in it.
#[derive(Clone, Debug)]
pub struct Path {
    pub parameter: usize,
    /// Of which type, and which of its fields.
    pub fields: Vec<(TypeId, usize)>,
}

/// What a plan sees there.
// It is copied much: with a smaller tag parts of it stand at odd places, and processors wait at every copy.
#[repr(u64)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SeenValue<'s> {
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
    /// A subnet, with how many of all 128 bits its prefix has.
    Net(Addr, u8),
    Port(Port),
    /// What is printed of a value.
    Printed(Printed),
}

/// A value to be printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Printed {
    Addr(Addr),
    Net(Addr, u8),
    Port(Port),
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Printed::Addr(addr) => addr.fmt(f),
            Printed::Net(addr, width) => f.write_str(&text::subnet(addr, *width)),
            Printed::Port(port) => write!(f, "{}/{}", port.num, port.proto.name()),
        }
    }
}

impl SeenValue<'_> {
    fn is_set(&self) -> bool {
        !matches!(self, SeenValue::Unset)
    }
}

/// What happens around a body. `R` is what the host calls the places that it can look at.
pub trait Stage<'s, R> {
    /// What is there; none where that is not known.
    fn look(&self, place: &'s R) -> Option<SeenValue<'s>>;

    /// Sees to it that a native function is called, with what follows. False: the handler has to.
    fn call(&self, function: &'s R) -> bool;

    /// The function is given this.
    fn give(&self, argument: &'s R, value: &SeenValue<'s>) -> bool;

    /// Sees to it that an element of an enum is added to a set.
    fn add(&self, place: &'s R, element: &'s str) -> bool;
}

/// What a host makes of what bodies name.
pub trait Host<R> {
    /// Where it finds what a body is given, if it does.
    fn place(&self, path: &Path) -> Option<R>;

    /// Whether something is there, where that is always so, or never.
    fn is_set(&self, _place: &R) -> Option<bool> {
        None
    }

    /// Why it does not find what is at a path.
    fn obstacle(&self, _path: &Path) -> &'static str {
        "workers do not have it"
    }

    /// What it calls a native function, if it sees to calls of that.
    fn calls(&self, _function: &str) -> Option<R> {
        None
    }

    /// What it calls an argument, or a field of a record that is one.
    fn takes(&self, _function: &R, _argument: usize, _field: Option<&str>) -> Option<R> {
        None
    }

    /// What it calls a set to which it adds elements.
    fn adds_to(&self, _set: &Path) -> Option<R> {
        None
    }
}

impl<R, F: Fn(&Path) -> Option<R>> Host<R> for F {
    fn place(&self, path: &Path) -> Option<R> {
        self(path)
    }
}

/// All bodies of a function, hook or event.
#[derive(Debug)]
pub struct Plan<R> {
    /// None of those that always do something.
    bodies: Vec<Option<Block<R>>>,
}

/// How far a body can be told beforehand.
#[derive(Clone, Debug)]
pub enum Reach {
    /// To its end, whatever it does.
    All,
    /// In some cases to its end, and else up to there.
    Until(Obstacle),
    /// It always does something that has to be run.
    Nothing(Obstacle),
}

/// What cannot be told, where it stands and why.
#[derive(Clone, Debug)]
pub struct Obstacle {
    pub span: Span,
    pub why: String,
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
    /// Evaluated once, for all who name it.
    Let(usize, Expr<R>),
    /// A function of scripts that is called for what it does.
    Do(Block<R>),
    Effect(Effect<R>),
    /// Ends a hook, which refuses.
    Break,
    /// Does something, or what it does is not known.
    Act,
}

#[derive(Clone, Debug)]
enum Effect<R> {
    Call(R, Vec<(R, Expr<R>)>),
    Add(R, Box<str>),
}

#[derive(Clone, Debug)]
enum Expr<R> {
    Unknown,
    /// What [`Step::Let`] has put there.
    Slot(usize),
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
    /// A text in another one.
    Within(Box<Expr<R>>, Box<Expr<R>>),
    /// A function of scripts.
    Call(Block<R>),
    Builtin(Builtin, Vec<Expr<R>>),
}

/// Functions of the language that do nothing but answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Builtin {
    Cat,
    IsV4,
    MaskAddr,
    SubnetToAddr,
}

/// So many names in one body, and in what it calls, are evaluated and kept.
const SLOTS: usize = 16;

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
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Returned,
    Broke,
}

impl<R> Plan<R> {
    /// Whether no body does anything, and a hook refuses nothing.
    pub fn is_idle<'s>(&'s self, look: &impl Fn(&'s R) -> Option<SeenValue<'s>>) -> bool {
        (0..self.bodies.len()).all(|body| self.settles(body, &OnlyLook(look)))
    }

    pub fn bodies(&self) -> usize {
        self.bodies.len()
    }

    /// Whether a body does nothing but effects, which the stage sees to. Where it does more, those that it was given
    /// are not to be run.
    pub fn settles<'s>(&'s self, body: usize, stage: &impl Stage<'s, R>) -> bool {
        let Some(Some(block)) = self.bodies.get(body) else { return false };
        let mut play = Play::on(stage);
        match play.run(block) {
            Some(Flow::On) => true,
            Some(Flow::Returned) => play.answer.is_none(),
            Some(Flow::Broke) | None => false,
        }
    }

    /// Whether all bodies may be found to do nothing by one who sees only those places that `known` holds for.
    pub fn decides(&self, known: &impl Fn(&R) -> bool) -> bool {
        self.bodies.iter().all(|body| body.as_ref().is_some_and(|body| Ends::of(body, known).may_settle()))
    }

    /// What a function returns, where that is all that it does.
    pub fn returned<'s>(&'s self, look: &impl Fn(&'s R) -> Option<SeenValue<'s>>) -> Option<SeenValue<'s>> {
        let [Some(body)] = &self.bodies[..] else { return None };
        let stage = OnlyLook(look);
        let mut play = Play::on(&stage);
        (play.run(body)? == Flow::Returned).then_some(play.answer).flatten()
    }
}

/// A stage on which effects are not run.
struct OnlyLook<'l, F>(&'l F);

impl<'s, R: 's, F: Fn(&'s R) -> Option<SeenValue<'s>>> Stage<'s, R> for OnlyLook<'_, F> {
    fn look(&self, place: &'s R) -> Option<SeenValue<'s>> {
        (self.0)(place)
    }

    fn call(&self, _: &'s R) -> bool {
        false
    }

    fn give(&self, _: &'s R, _: &SeenValue<'s>) -> bool {
        false
    }

    fn add(&self, _: &'s R, _: &'s str) -> bool {
        false
    }
}

/// A body that is gone through. What it finds is `None` where more would happen, or it cannot be told.
struct Play<'p, 's, S> {
    stage: &'p S,
    slots: SmallVec<[SeenValue<'s>; SLOTS]>,
    /// What a function has returned.
    answer: Option<SeenValue<'s>>,
}

impl<'p, 's, S> Play<'p, 's, S> {
    fn on(stage: &'p S) -> Self {
        Play { stage, slots: SmallVec::new(), answer: None }
    }

    fn run<R: 's>(&mut self, block: &'s [Step<R>]) -> Option<Flow>
    where
        S: Stage<'s, R>,
    {
        for step in block {
            match step {
                Step::Ask(expr) => self.value(expr).as_ref().is_some_and(SeenValue::is_set).then_some(())?,
                Step::Let(slot, expr) => {
                    let value = self.value(expr);
                    if self.slots.len() <= *slot {
                        self.slots.resize(*slot + 1, SeenValue::Unset);
                    }
                    self.slots[*slot] = *value.as_ref().filter(|value| value.is_set())?;
                }
                Step::If(condition, then, otherwise) => {
                    let block = if self.truth(condition)? { then } else { otherwise };
                    if block.is_empty() {
                        continue;
                    }
                    match self.run(block)? {
                        Flow::On => {}
                        ended => return Some(ended),
                    }
                }
                Step::Do(body) => match self.run(body)? {
                    Flow::On | Flow::Returned => {}
                    Flow::Broke => return None,
                },
                Step::Effect(effect) => self.effect(effect)?,
                Step::Return(value) => {
                    self.answer = match value {
                        Some(value) => Some(self.value(value).filter(SeenValue::is_set)?),
                        None => None,
                    };
                    return Some(Flow::Returned);
                }
                Step::Break => return Some(Flow::Broke),
                Step::Act => return None,
            }
        }
        Some(Flow::On)
    }

    fn effect<R: 's>(&mut self, effect: &'s Effect<R>) -> Option<()>
    where
        S: Stage<'s, R>,
    {
        let seen_to = match effect {
            Effect::Add(place, element) => self.stage.add(place, element),
            Effect::Call(function, given) => {
                self.stage.call(function).then_some(())?;
                for (argument, expr) in given {
                    let value = self.value(expr);
                    self.stage.give(argument, value.as_ref()?).then_some(())?;
                }
                true
            }
        };
        seen_to.then_some(())
    }

    /// What most expressions are is found here, and the others by [`Play::evaluate`]. To read what is not there is an
    /// error, which whoever does something with it finds.
    #[inline(always)]
    fn value<R: 's>(&mut self, expr: &'s Expr<R>) -> Option<SeenValue<'s>>
    where
        S: Stage<'s, R>,
    {
        match expr {
            Expr::Read(place) => self.stage.look(place),
            Expr::Slot(slot) => self.slots.get(*slot).copied(),
            Expr::Count(n) => Some(SeenValue::Count(*n)),
            _ => self.evaluate(expr),
        }
    }

    fn evaluate<R: 's>(&mut self, expr: &'s Expr<R>) -> Option<SeenValue<'s>>
    where
        S: Stage<'s, R>,
    {
        Some(match expr {
            Expr::Unknown => return None,
            Expr::Slot(slot) => *self.slots.get(*slot)?,
            Expr::Bool(b) => SeenValue::Bool(*b),
            Expr::Count(n) => SeenValue::Count(*n),
            Expr::Int(n) => SeenValue::Int(*n),
            Expr::Double(d) => SeenValue::Double(*d),
            Expr::Text(text) => SeenValue::Text(text),
            Expr::Addr(addr) => SeenValue::Addr(*addr),
            Expr::Port(port) => SeenValue::Port(*port),
            Expr::Read(place) => return self.stage.look(place),
            Expr::Cond(condition, a, b) => {
                let chosen = if self.truth(condition)? { a } else { b };
                return self.evaluate(chosen);
            }
            Expr::Call(body) => match self.run(body)? {
                Flow::Returned => self.answer?,
                Flow::On | Flow::Broke => return None,
            },
            Expr::Builtin(builtin, arguments) => {
                let mut of = arguments.iter().map(|argument| self.value(argument));
                let (first, second) = (of.next()?, of.next());
                return match second {
                    None => builtin.of_one(first.as_ref()?),
                    Some(second) => builtin.of_two(first.as_ref()?, second.as_ref()?),
                };
            }
            truth_of => SeenValue::Bool(self.truth(truth_of)?),
        })
    }

    fn truth<R: 's>(&mut self, expr: &'s Expr<R>) -> Option<bool>
    where
        S: Stage<'s, R>,
    {
        Some(match expr {
            Expr::Bool(b) => *b,
            Expr::Has(place) => self.stage.look(place)?.is_set(),
            Expr::Not(inner) => !self.truth(inner)?,
            Expr::And(a, b) => self.truth(a)? && self.truth(b)?,
            Expr::Or(a, b) => self.truth(a)? || self.truth(b)?,
            Expr::Compare(comparison, a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                comparison.holds(a.as_ref()?, b.as_ref()?)?
            }
            Expr::Member(of, members) => members.contain(self.value(of).as_ref()?)?,
            Expr::Matches(of, pattern) => match &self.value(of) {
                // With a long text it may take long, which the machine has a budget for.
                Some(SeenValue::Text(text)) if text.len() < LONG_TEXT => pattern.is_match(text),
                _ => return None,
            },
            Expr::Within(a, b) => match (self.value(a), self.value(b)) {
                (Some(SeenValue::Text(a)), Some(SeenValue::Text(b))) if b.len() < LONG_TEXT => {
                    crate::builtins::find_bytes(b, a, 0).is_some()
                }
                _ => return None,
            },
            Expr::Unknown
            | Expr::Slot(_)
            | Expr::Read(_)
            | Expr::Cond(..)
            | Expr::Call(_)
            | Expr::Builtin(..) => match self.evaluate(expr)? {
                SeenValue::Bool(b) => b,
                _ => return None,
            },
            Expr::Count(_)
            | Expr::Int(_)
            | Expr::Double(_)
            | Expr::Text(_)
            | Expr::Addr(_)
            | Expr::Port(_) => return None,
        })
    }
}

impl Builtin {
    const NAMES: [(&'static str, Builtin, usize); 4] = [
        ("cat", Builtin::Cat, 1),
        ("is_v4_addr", Builtin::IsV4, 1),
        ("mask_addr", Builtin::MaskAddr, 2),
        ("subnet_to_addr", Builtin::SubnetToAddr, 1),
    ];

    /// Of that name, where it is called with so many arguments.
    fn named(name: &str, arguments: usize) -> Option<Builtin> {
        let is = |(known, _, takes): &&(&str, Builtin, usize)| *known == name && *takes == arguments;
        Self::NAMES.iter().find(is).map(|(_, builtin, _)| *builtin)
    }

    fn of_one<'s>(self, argument: &SeenValue<'s>) -> Option<SeenValue<'s>> {
        Some(match (self, argument) {
            (Builtin::Cat, SeenValue::Text(text)) => SeenValue::Text(text),
            (Builtin::Cat, SeenValue::Addr(addr)) => SeenValue::Printed(Printed::Addr(*addr)),
            (Builtin::Cat, SeenValue::Net(addr, width)) => SeenValue::Printed(Printed::Net(*addr, *width)),
            (Builtin::Cat, SeenValue::Port(port)) => SeenValue::Printed(Printed::Port(*port)),
            (Builtin::IsV4, SeenValue::Addr(addr)) => SeenValue::Bool(addr.is_v4()),
            (Builtin::SubnetToAddr, SeenValue::Net(addr, _)) => SeenValue::Addr(*addr),
            _ => return None,
        })
    }

    fn of_two<'s>(self, argument: &SeenValue<'_>, other: &SeenValue<'_>) -> Option<SeenValue<'s>> {
        match (self, argument, other) {
            (Builtin::MaskAddr, SeenValue::Addr(addr), SeenValue::Count(width)) => {
                let (most, before) = if addr.is_v4() { (32, 96) } else { (128, 0) };
                // More is an error.
                let width = u8::try_from(*width).ok().filter(|width| *width <= most)? + before;
                Some(SeenValue::Net(addr.mask(width), width))
            }
            _ => None,
        }
    }
}

impl Comparison {
    /// Of values of one type.
    fn holds(self, a: &SeenValue<'_>, b: &SeenValue<'_>) -> Option<bool> {
        use std::cmp::Ordering;
        let order = match (a, b) {
            (SeenValue::Bool(a), SeenValue::Bool(b)) => a.cmp(b),
            (SeenValue::Count(a), SeenValue::Count(b)) => a.cmp(b),
            (SeenValue::Int(a), SeenValue::Int(b)) => a.cmp(b),
            (SeenValue::Double(a), SeenValue::Double(b)) => a.partial_cmp(b)?,
            (SeenValue::Text(a), SeenValue::Text(b)) => a.cmp(b),
            (SeenValue::Addr(a), SeenValue::Addr(b)) => a.cmp(b),
            (SeenValue::Port(a), SeenValue::Port(b)) => a.packed().cmp(&b.packed()),
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
    fn contain(&self, of: &SeenValue<'_>) -> Option<bool> {
        Some(match (self, of) {
            (Members::Nothing, of) => of.is_set().then_some(false)?,
            (Members::Counts(members), SeenValue::Count(n)) => members.contains(n),
            (Members::Texts(members), SeenValue::Text(text)) => members.contains(*text),
            (Members::Addrs(members), SeenValue::Addr(addr)) => members.contains(addr),
            (Members::Ports(members), SeenValue::Port(port)) => members.contains(port),
            (Members::Nets(nets), SeenValue::Addr(addr)) => {
                nets.iter().any(|(net, width)| addr.mask(*width) == *net)
            }
            _ => return None,
        })
    }
}

/// Whether a body can end without having done anything but effects, and whether what follows a block can be reached.
#[derive(Clone, Copy, Default)]
struct Ends {
    idle: bool,
    on: bool,
}

impl Ends {
    fn may_settle(self) -> bool {
        self.idle || self.on
    }

    /// For one who sees only those places that `known` holds for.
    fn of<R>(block: &[Step<R>], known: &impl Fn(&R) -> bool) -> Ends {
        let mut ends = Ends { idle: false, on: true };
        for step in block {
            match step {
                Step::Ask(expr) | Step::Let(_, expr) => ends.on = expr.may_be_told(known),
                Step::Do(body) => ends.on = Ends::of(body, known).may_settle(),
                Step::Effect(effect) => ends.on = effect.may_be_run(known),
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

impl<R> Effect<R> {
    fn may_be_run(&self, known: &impl Fn(&R) -> bool) -> bool {
        match self {
            Effect::Add(place, _) => known(place),
            Effect::Call(_, given) => given.iter().all(|(_, expr)| expr.may_be_told(known)),
        }
    }
}

impl<R> Expr<R> {
    /// Whether it is the same each time, and costs nothing.
    fn is_constant(&self) -> bool {
        matches!(
            self,
            Expr::Slot(_)
                | Expr::Bool(_)
                | Expr::Count(_)
                | Expr::Int(_)
                | Expr::Double(_)
                | Expr::Text(_)
                | Expr::Addr(_)
                | Expr::Port(_)
        )
    }

    /// Whether it calls nothing that may be an effect.
    fn only_looks(&self) -> bool {
        match self {
            Expr::Read(_) | Expr::Has(_) => true,
            Expr::Builtin(_, of) => of.iter().all(Expr::only_looks),
            other => other.is_constant(),
        }
    }

    fn may_be_told(&self, known: &impl Fn(&R) -> bool) -> bool {
        match self {
            Expr::Read(place) | Expr::Has(place) => known(place),
            // What comes second is asked only where the first leaves it open.
            Expr::Not(first) | Expr::And(first, _) | Expr::Or(first, _) => first.may_be_told(known),
            Expr::Cond(condition, a, b) => {
                condition.may_be_told(known) && (a.may_be_told(known) || b.may_be_told(known))
            }
            Expr::Compare(_, a, b) | Expr::Within(a, b) => a.may_be_told(known) && b.may_be_told(known),
            Expr::Member(of, _) | Expr::Matches(of, _) => of.may_be_told(known),
            Expr::Call(body) => Ends::of(body, known).idle,
            Expr::Builtin(_, arguments) => arguments.iter().all(|argument| argument.may_be_told(known)),
            other => other.is_constant(),
        }
    }
}
