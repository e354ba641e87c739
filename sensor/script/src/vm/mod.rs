//! The machine that runs compiled scripts.
//!
//! Scripts are compiled to closures, not bytecode: each expression becomes one Rust closure specialised for the
//! types the checker found (a `count + count` is a closure that adds two counts), with the most common operands —
//! constants, locals, globals — inlined in [`Code`] so that they cost no indirect call. The reasons: a bytecode loop
//! in safe Rust pays a bounds-checked fetch and an unpredictable branch for every operation and still handles tagged
//! values, while a closure is one predictable indirect call with its operands beside it; and a closure needs no second
//! instruction encoding to be kept right, no verifier and no `unsafe`. `benches/vm.rs` says what it costs: an empty
//! handler some 60 ns, a handler that reads three fields and counts in a table some 160 ns, a loop round 9 ns.

mod call;
mod dispatch;
mod embed;
mod expire;
mod report;
mod trigger;

pub use call::Args;
pub use expire::Change;
pub(crate) use report::Stage;
pub use trigger::{Trigger, TriggerBody};

use crate::ast::{ExprRef, Flavor};
use crate::diag::{Diag, Severity};
use crate::host::Host;
use crate::source::{Sources, Span};
use crate::types::{TypeId, Types};
use crate::value::{FuncVal, TableVal, Value, WeakTable, live_bytes, take_work, text};
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

/// Number of a function, event or hook.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct FuncId(pub u32);

pub type Res<T = Value> = Result<T, Fault>;
pub type Op = Box<dyn Fn(&mut Vm, &mut Frame) -> Res>;
/// A condition.
pub type Test = Box<dyn Fn(&mut Vm, &mut Frame) -> Res<bool>>;
pub type StmtOp = Box<dyn Fn(&mut Vm, &mut Frame) -> Res<Flow>>;

/// A compiled expression.
pub enum Code {
    Const(Value),
    /// A local, and the expression to show when it has no value.
    Local(u32, ExprRef),
    Global(u32, Span),
    Op(Op),
    /// One that is true or false.
    Test(Test),
}

impl Code {
    pub fn op(f: impl Fn(&mut Vm, &mut Frame) -> Res + 'static) -> Code {
        Code::Op(Box::new(f))
    }

    pub fn test(f: impl Fn(&mut Vm, &mut Frame) -> Res<bool> + 'static) -> Code {
        Code::Test(Box::new(f))
    }

    pub fn is_const(&self) -> bool {
        matches!(self, Code::Const(_))
    }
}

/// How a statement ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    Normal,
    Next,
    Break,
    Return,
    Fallthrough,
}

/// One activation of a function body.
pub struct Frame {
    pub base: usize,
    pub ret: Value,
    /// The lambda being run, with what it captured.
    pub closure: Option<Rc<FuncVal>>,
    /// Inside the condition of a `when`: calls that wait are remembered here.
    pub trigger: Option<Rc<trigger::TriggerState>>,
}

impl Frame {
    pub fn at(base: usize) -> Frame {
        Frame { base, ret: Value::Unset, closure: None, trigger: None }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// An error in an expression; the handler ends.
    Expr,
    /// A plain error; the handler ends.
    Error,
    /// Already reported: only unwinds.
    Silent,
    /// A budget was used up.
    Budget,
    /// `exit()`.
    Exit(i32),
    /// A function called in a `when` condition has no result yet.
    Delayed,
}

/// Why a handler ended early.
#[derive(Debug)]
pub struct FaultData {
    pub kind: FaultKind,
    pub span: Span,
    pub text: String,
    /// The expression to show in parentheses.
    pub expr: Option<ExprRef>,
}

pub type Fault = Box<FaultData>;

pub fn fault(span: Span, text: impl Into<String>) -> Fault {
    Box::new(FaultData { kind: FaultKind::Error, span, text: text.into(), expr: None })
}

/// A run-time error in an expression, worded as Zeek's: `text (expression)`.
pub fn expr_fault(e: &ExprRef, text: impl Into<String>) -> Fault {
    Box::new(FaultData { kind: FaultKind::Expr, span: e.span, text: text.into(), expr: Some(e.clone()) })
}

pub fn silent() -> Fault {
    Box::new(FaultData { kind: FaultKind::Silent, span: Span::default(), text: String::new(), expr: None })
}

/// What a built-in function is given beside its arguments.
pub struct CallSite<'a> {
    pub span: Span,
    pub expr: Option<&'a ExprRef>,
    /// Static types of the arguments.
    pub arg_types: &'a [TypeId],
    /// The result type the caller expects, where that matters.
    pub result: TypeId,
}

/// What a host has to look after between events: input that has come. With `true` it waits for what is being
/// read. Answers whether more may come.
pub type Poller = Rc<dyn Fn(&mut Vm, bool) -> bool>;

pub type NativeFn = Rc<dyn Fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res>;

/// One body of a function, event or hook.
pub struct Body {
    pub code: StmtOp,
    pub frame_size: u32,
    /// For each of the body's parameters, which canonical argument it is. `None`: one to one.
    pub args: Option<Vec<u32>>,
    pub n_params: u32,
    pub priority: i64,
    pub span: Span,
    pub groups: Vec<Rc<str>>,
    pub module: Rc<str>,
    pub text: Rc<dyn Fn() -> String>,
    pub error_handler: bool,
    /// As it was written, where it captures nothing.
    pub source: Option<BodySource>,
    /// A bit for each of its first parameters that it names.
    pub named: u64,
}

/// A body as it was written.
pub struct BodySource {
    pub lambda: Rc<crate::ast::Lambda>,
    /// The types of its parameters.
    pub params: Vec<TypeId>,
}

pub enum FuncKind {
    Script,
    Native(NativeFn),
}

pub struct Function {
    /// With its module.
    pub name: Rc<str>,
    pub flavor: Flavor,
    pub ty: TypeId,
    pub kind: FuncKind,
    pub bodies: Rc<[Rc<Body>]>,
    /// Bodies not in a disabled group; what runs.
    pub active: Rc<[Rc<Body>]>,
    pub calls: u64,
    pub span: Span,
}

/// Ceilings for scripts; every one is a setting.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Loop rounds and calls one event handler may make: about as many steps of a script.
    pub fuel: u64,
    /// Nested calls.
    pub depth: u32,
    /// Bytes that tables, vectors and records of this thread's VM may hold.
    pub memory: usize,
    /// Bytes of one string.
    pub string: usize,
    /// Events that may wait in the queue.
    pub queue: usize,
    /// Events scheduled for later.
    pub scheduled: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            fuel: 50_000_000,
            depth: 300,
            memory: 1 << 30,
            string: 64 << 20,
            queue: 1 << 20,
            scheduled: 1 << 20,
        }
    }
}

/// What the VM counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub events: u64,
    pub handlers: u64,
    pub runtime_errors: u64,
    pub budget_errors: u64,
    pub events_dropped: u64,
    pub expired: u64,
}

pub struct Global {
    pub name: Rc<str>,
    pub ty: TypeId,
    pub kind: GlobalKind,
    pub exported: bool,
    pub redefinable: bool,
    pub span: Span,
    pub init: Option<ExprRef>,
    pub deprecated: Option<Option<Rc<str>>>,
    pub used: bool,
    pub attrs: Option<Rc<crate::value::TableAttrs>>,
    pub ordered: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GlobalKind {
    Var,
    Const,
    Option,
    Type,
    Enum,
    Func,
}

/// What scripts run beside.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Traffic {
    /// No traffic: they run alone.
    #[default]
    None,
    Capture,
    Live,
}

/// A call in progress.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub id: FuncId,
    /// Where it was made.
    pub from: Span,
    /// Where its arguments lie on the stack.
    pub base: usize,
}

struct Scheduled {
    at: f64,
    seq: u64,
    event: FuncId,
    args: Args,
}

/// Compiled scripts and their state. One per thread: workers compile their own.
pub struct Vm {
    pub types: Types,
    pub sources: Sources,
    pub funcs: Vec<Function>,
    pub globals: Vec<Global>,
    pub values: Vec<Value>,
    pub names: HashMap<Rc<str>, u32, foldhash::fast::RandomState>,
    pub host: Box<dyn Host>,
    pub pollers: Vec<Poller>,
    pub limits: Limits,
    pub counters: Counters,
    pub stack: Vec<Value>,
    pub(crate) fuel: u64,
    pub(crate) depth: u32,
    pub(crate) queue: VecDeque<(FuncId, Args)>,
    pub(crate) told_of_endless: bool,
    scheduled: std::collections::BinaryHeap<Scheduled>,
    seq: u64,
    pub(crate) expiring: Vec<WeakTable>,
    /// When the clock was first set: the time of the first packet.
    pub(crate) started: f64,
    pub(crate) next_expiry: f64,
    pub(crate) triggers: Vec<Rc<trigger::Trigger>>,
    pub network_time: f64,
    pub terminating: bool,
    pub bare: bool,
    pub traffic: Traffic,
    pub exit_code: Option<i32>,
    /// How often an option was set.
    pub option_changes: u64,
    /// Where calls are made from, for messages and `backtrace`.
    pub calls: Vec<Call>,
    pub(crate) disabled_groups: HashSet<Rc<str>>,
    pub(crate) state: crate::builtins::State,
    pub loaded: Vec<(String, u32)>,
    /// Files of signatures, for the embedder: where each is, and its text.
    pub signature_files: Vec<(String, String)>,
    /// What records of each type begin with.
    pub(crate) templates: HashMap<TypeId, Rc<crate::value::Template>, foldhash::fast::RandomState>,
    pub(crate) reporting: report::Reporting,
    /// What the scripts look at.
    pub uses: crate::uses::Uses,
    /// Full names of globals that an expression at this place names short.
    /// Expressions are being shown with their strings quoted.
    pub(crate) quoting: std::cell::Cell<bool>,
    pub(crate) shown_names: HashMap<(u32, u32), Rc<str>>,
}

impl Vm {
    pub fn new(host: Box<dyn Host>) -> Vm {
        Vm {
            types: Types::default(),
            sources: Sources::default(),
            funcs: Vec::new(),
            globals: Vec::new(),
            values: Vec::new(),
            names: HashMap::default(),
            host,
            pollers: Vec::new(),
            limits: Limits::default(),
            counters: Counters::default(),
            stack: Vec::with_capacity(256),
            fuel: u64::MAX,
            depth: 0,
            queue: VecDeque::new(),
            told_of_endless: false,
            scheduled: std::collections::BinaryHeap::new(),
            seq: 0,
            expiring: Vec::new(),
            started: 0.0,
            next_expiry: 0.0,
            triggers: Vec::new(),
            network_time: 0.0,
            terminating: false,
            bare: false,
            traffic: Traffic::None,
            exit_code: None,
            option_changes: 0,
            calls: Vec::new(),
            disabled_groups: HashSet::new(),
            state: crate::builtins::State::default(),
            loaded: Vec::new(),
            signature_files: Vec::new(),
            templates: HashMap::default(),
            reporting: report::Reporting::default(),
            uses: crate::uses::Uses::default(),
            quoting: std::cell::Cell::new(false),
            shown_names: HashMap::new(),
        }
    }

    /// Evaluates an expression.
    #[inline]
    pub fn eval(&mut self, code: &Code, fr: &mut Frame) -> Res {
        match code {
            Code::Const(v) => Ok(v.clone()),
            Code::Local(i, e) => match &self.stack[fr.base + *i as usize] {
                Value::Unset => Err(expr_fault(e, "value used but not set")),
                v => Ok(v.clone()),
            },
            Code::Global(i, span) => {
                let v = self.values[*i as usize].clone();
                if v.is_unset() { Err(self.unset_global(*i, *span)) } else { Ok(v) }
            }
            Code::Op(f) => f(self, fr),
            Code::Test(f) => f(self, fr).map(Value::Bool),
        }
    }

    /// Evaluates a condition.
    #[inline]
    pub fn test(&mut self, code: &Code, fr: &mut Frame) -> Res<bool> {
        match code {
            Code::Test(f) => f(self, fr),
            code => Ok(self.eval(code, fr)?.as_bool()),
        }
    }

    /// Looks at what an expression is, without a copy where it stands somewhere.
    #[inline]
    pub fn look<T>(&mut self, code: &Code, fr: &mut Frame, at: impl FnOnce(&Value) -> T) -> Res<T> {
        match code {
            Code::Const(value) => Ok(at(value)),
            Code::Global(i, span) => match &self.values[*i as usize] {
                Value::Unset => Err(self.unset_global(*i, *span)),
                value => Ok(at(value)),
            },
            code => Ok(at(&self.eval(code, fr)?)),
        }
    }

    #[cold]
    fn unset_global(&self, i: u32, span: Span) -> Fault {
        let full = &self.globals[i as usize].name;
        Box::new(FaultData {
            kind: FaultKind::Expr,
            span,
            text: format!("value used but not set ({full})"),
            expr: None,
        })
    }

    /// Evaluates outside any function.
    pub fn eval_top(&mut self, code: &Code) -> Res {
        let base = self.stack.len();
        let mut fr = Frame::at(base);
        let r = self.eval(code, &mut fr);
        self.stack.truncate(base);
        r
    }

    /// One step of work; loops and calls pass here.
    #[inline]
    pub fn tick(&mut self, span: Span) -> Res<()> {
        match self.fuel.checked_sub(1 + take_work()) {
            Some(left) => {
                self.fuel = left;
                if live_bytes() > self.limits.memory {
                    return Err(self.over_memory(span));
                }
                Ok(())
            }
            None => Err(self.out_of_fuel(span)),
        }
    }

    /// Charges what patterns have cost since the last step. To be called where what was found by them is used for the
    /// last time: with too much to do they do not find what there is.
    pub fn settle_patterns(&mut self, span: Span) -> Res<()> {
        self.fuel = self.fuel.checked_sub(take_work()).ok_or_else(|| self.out_of_fuel(span))?;
        Ok(())
    }

    /// Charges a built-in's work that grows with its input.
    pub fn charge_work(&mut self, span: Span, units: u64) -> Res<()> {
        self.fuel = self.fuel.saturating_sub(units.saturating_sub(1));
        self.tick(span)
    }

    #[cold]
    fn out_of_fuel(&self, span: Span) -> Fault {
        self.budget(span, format!("instruction budget of {} used up", self.limits.fuel))
    }

    #[cold]
    pub fn over_memory(&self, span: Span) -> Fault {
        self.budget(span, format!("memory budget of {} bytes used up", self.limits.memory))
    }

    #[cold]
    pub fn budget(&self, span: Span, text: String) -> Fault {
        Box::new(FaultData { kind: FaultKind::Budget, span, text, expr: None })
    }

    /// Reports what ended a handler, and counts it.
    pub fn report_fault(&mut self, f: &FaultData) {
        let severity = match f.kind {
            FaultKind::Silent | FaultKind::Delayed | FaultKind::Exit(_) => return,
            FaultKind::Expr => Severity::ExprError,
            FaultKind::Error => Severity::Error,
            FaultKind::Budget => Severity::Error,
        };
        self.counters.runtime_errors += 1;
        if f.kind == FaultKind::Budget {
            self.counters.budget_errors += 1;
        }
        let text = match &f.expr {
            Some(e) => format!("{} ({})", f.text, crate::describe::expr(e, self)),
            None => f.text.clone(),
        };
        self.report(Diag { ours: f.kind == FaultKind::Budget, ..Diag::new(severity, f.span, text) });
    }

    pub fn warn(&mut self, span: Span, text: impl Into<String>) {
        self.report(Diag::new(Severity::Warning, span, text));
    }

    pub fn error(&mut self, span: Span, text: impl Into<String>) {
        self.report(Diag::new(Severity::Error, span, text));
    }

    /// A value's printed text.
    pub fn text(&self, v: &Value) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_text(v, &mut out);
        out
    }

    /// Appends a value's text.
    pub fn write_text(&self, v: &Value, out: &mut Vec<u8>) {
        text::describe(v, self, out);
    }

    pub fn text_string(&self, v: &Value) -> String {
        String::from_utf8_lossy(&self.text(v)).into_owned()
    }

    pub fn quoted(&self, v: &Value) -> String {
        let mut out = Vec::new();
        text::describe_quoted(v, self, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// The number of a global by its full name.
    pub fn global(&self, name: &str) -> Option<u32> {
        self.names.get(name).copied()
    }

    pub fn global_value(&self, name: &str) -> Option<&Value> {
        self.global(name).and_then(|i| self.values.get(i as usize))
    }

    pub fn function(&self, name: &str) -> Option<FuncId> {
        match self.global_value(name) {
            Some(Value::Func(f)) => Some(f.id),
            _ => None,
        }
    }

    /// The type a `type` declaration gave this name.
    pub fn named_type(&self, name: &str) -> Option<TypeId> {
        let i = self.global(name)?;
        match self.values.get(i as usize) {
            Some(Value::Type(t)) => Some(*t),
            _ => None,
        }
    }

    pub fn track_expiry(&mut self, t: &Rc<TableVal>) {
        if !t.expiry_registered.replace(true) {
            self.expiring.push(Rc::downgrade(t));
        }
    }
}

impl text::Names for Vm {
    fn types(&self) -> &Types {
        &self.types
    }

    fn func_text(&self, f: &FuncVal) -> String {
        let Some(func) = self.funcs.get(f.id.0 as usize) else { return String::new() };
        let mut s = func.name.to_string();
        for b in func.bodies.iter() {
            s.push('\n');
            s.push_str(&(b.text)());
        }
        s
    }
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    /// Earliest first in a max-heap; equal times as they were scheduled.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.at.total_cmp(&self.at).then(other.seq.cmp(&self.seq))
    }
}
