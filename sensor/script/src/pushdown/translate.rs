//! Bodies of scripts as plans of them.

use std::rc::Rc;

use regex_automata::meta::Regex;

use crate::ast::{BinOp, Expr as Ast, ExprKind, ExprRef, Name, Stmt, StmtKind, StmtRef, UnOp};
use crate::describe;
use crate::pushdown::{
    Block, Builtin, Comparison, Effect, Ends, Expr, HashSet, Host, Members, Obstacle, Path, Plan, Reach,
    SLOTS, Step,
};
use crate::source::Span;
use crate::types::TypeId;
use crate::value::{Pattern, Value};
use crate::vm::{Body, BodySource, FuncId, FuncKind, GlobalKind, Vm};

/// Functions that call functions, so deep.
const MAX_DEPTH: u32 = 8;
/// Steps and expressions of one body and what it calls.
const MAX_SIZE: u32 = 2_000;
/// A set with more subnets is asked of the machine, which does not compare one after the other.
const MAX_NETS: usize = 64;

const TOO_LONG: &str = "it is longer than workers follow";

/// What changes options while a capture is read.
const SET_OPTIONS: [&str; 5] = [
    "Option::set",
    "Config::set_value",
    "Config::read_config",
    "Config::config_files",
    "Input::READER_CONFIG",
];

impl Vm {
    /// What can be told beforehand of a function, hook or event once all scripts have begun: constants stay as they
    /// are now. None where all bodies always do something that the host does not see to.
    pub fn plan<R: Clone>(&self, id: FuncId, host: &dyn Host<R>) -> Option<Plan<R>> {
        let function = self.funcs.get(id.0 as usize)?;
        let block = |body: &Rc<Body>| self.translate(body, host).map(|(block, _)| block);
        let bodies: Vec<_> = function.bodies.iter().map(block).collect();
        bodies.iter().any(Option::is_some).then_some(Plan { bodies })
    }

    /// How far each body of a function, hook or event can be told beforehand, and what is in the way.
    pub fn reach<R: Clone>(&self, id: FuncId, host: &dyn Host<R>) -> Vec<(Span, Reach)> {
        let Some(function) = self.funcs.get(id.0 as usize) else { return Vec::new() };
        let reach = |body: &Rc<Body>| match self.translation(body, host) {
            Some((_, None)) => Reach::All,
            Some((block, Some(obstacle))) => match Ends::of(&block, &|_| true).may_settle() {
                true => Reach::Until(obstacle),
                false => Reach::Nothing(obstacle),
            },
            None => {
                Reach::Nothing(Obstacle { span: body.span, why: "it takes what is around it".to_owned() })
            }
        };
        function.bodies.iter().map(|body| (body.span, reach(body))).collect()
    }

    /// A body of which something can be told.
    fn translate<R: Clone>(&self, body: &Body, host: &dyn Host<R>) -> Option<(Block<R>, Option<Obstacle>)> {
        self.translation(body, host).filter(|(block, _)| Ends::of(block, &|_| true).may_settle())
    }

    /// A body, and the first thing in it that cannot be told.
    fn translation<R: Clone>(&self, body: &Body, host: &dyn Host<R>) -> Option<(Block<R>, Option<Obstacle>)> {
        let BodySource { lambda, params } = body.source.as_ref()?;
        let mut names = Vec::new();
        for (at, (parameter, ty)) in lambda.params.iter().zip(params).enumerate() {
            let parameter_of_all = match &body.args {
                Some(args) => *args.get(at)? as usize,
                None => at,
            };
            let path = Path { parameter: parameter_of_all, fields: Vec::new() };
            names.push((parameter.name.clone(), Term::Path(path, *ty)));
        }
        let options = self.keeps_options();
        let mut translation = Translation {
            vm: self,
            host,
            names,
            options,
            slots: 0,
            depth: 0,
            left: MAX_SIZE,
            obstacle: None,
        };
        let block = translation.block(std::slice::from_ref(&lambda.body));
        Some((block, translation.obstacle))
    }

    /// Whether options stay as they are.
    fn keeps_options(&self) -> bool {
        let beginning: Vec<u32> = ["zeek_init"].iter().filter_map(|name| self.global(name)).collect();
        let named = |name: &&str| self.global(name).is_some_and(|at| self.uses.users_name(at, &beginning));
        let files = match self.global_value("Config::config_files") {
            Some(Value::Table(files)) => !files.is_empty(),
            _ => false,
        };
        !files && !SET_OPTIONS.iter().any(named)
    }
}

/// What a name stands for: a place in what the body is given, of a type, or a value.
#[derive(Clone)]
enum Term<R> {
    Path(Path, TypeId),
    Value(Expr<R>),
}

struct Translation<'t, R> {
    vm: &'t Vm,
    host: &'t dyn Host<R>,
    /// Parameters and locals, the innermost last.
    names: Vec<(Name, Term<R>)>,
    /// Options are constants.
    options: bool,
    /// So many are taken.
    slots: usize,
    depth: u32,
    left: u32,
    /// The first thing that cannot be told.
    obstacle: Option<Obstacle>,
}

impl<R: Clone> Translation<'_, R> {
    fn block(&mut self, statements: &[StmtRef]) -> Block<R> {
        let known = self.names.len();
        let mut block = Block::new();
        for statement in statements {
            self.statement(statement, &mut block);
            if matches!(block.last(), Some(Step::Act | Step::Return(_) | Step::Break)) {
                break;
            }
        }
        self.names.truncate(known);
        block
    }

    fn statement(&mut self, statement: &Stmt, block: &mut Block<R>) {
        let span = statement.span;
        if !self.goes_on() {
            return block.push(self.act(span, TOO_LONG));
        }
        match &statement.kind {
            StmtKind::Block(statements) => {
                let inner = self.block(statements);
                block.extend(inner);
            }
            StmtKind::Null => {}
            StmtKind::If(condition, then, otherwise) => {
                let condition = self.expr(condition);
                let mut branch = |statement: &StmtRef| self.block(std::slice::from_ref(statement));
                match condition {
                    Expr::Unknown => block.push(Step::Act),
                    Expr::Bool(true) => block.extend(branch(then)),
                    Expr::Bool(false) => {
                        block.extend(otherwise.as_ref().map(branch).unwrap_or_default());
                    }
                    condition => {
                        let then = branch(then);
                        let otherwise = otherwise.as_ref().map(branch).unwrap_or_default();
                        block.push(Step::If(condition, then, otherwise));
                    }
                }
            }
            StmtKind::Return(None) => block.push(Step::Return(None)),
            StmtKind::Return(Some(value)) => {
                let value = self.expr(value);
                block.push(Step::Return(Some(value)));
            }
            StmtKind::Break => block.push(Step::Break),
            StmtKind::Local { names, init: Some(init), ty: None, attrs, .. } if attrs.is_empty() => {
                let [(name, _)] = &names[..] else {
                    return block.push(self.act(span, "it declares several variables at once"));
                };
                let term = self.term(&init.expr);
                // It fails where it stands, though its name may not be looked at.
                let term = match (self.value(&term, &init.expr), term) {
                    (Expr::Unknown, _) => return block.push(Step::Act),
                    (value, term @ Term::Path(..)) => {
                        let Expr::Read(place) = &value else {
                            return block.push(self.act(span, "what it keeps is no plain value"));
                        };
                        if self.host.is_set(place) != Some(true) {
                            block.push(Step::Ask(value));
                        }
                        term
                    }
                    (value, Term::Value(_)) => Term::Value(self.kept(value, span, block)),
                };
                self.names.push((name.clone(), term));
            }
            StmtKind::Expr(expr) => {
                let step = match &expr.kind {
                    ExprKind::Call(function, arguments) => match self.effect(function, arguments, block) {
                        Some(effect) => Some(Step::Effect(effect)),
                        None => self.call(function, arguments).map(Step::Do),
                    },
                    ExprKind::Add(member) => self.addition(member).map(Step::Effect),
                    _ => None,
                };
                block.push(step.unwrap_or_else(|| self.act(span, &self.what_it_does(expr))));
            }
            StmtKind::Add(member) => {
                let step = self.addition(member).map(Step::Effect);
                let why = || format!("it adds to {}", describe::expr(member, self.vm));
                block.push(step.unwrap_or_else(|| self.act(span, &why())));
            }
            kind => block.push(self.act(span, what_it_is(kind))),
        }
    }

    /// What has to be run by the machine.
    fn act(&mut self, span: Span, why: &str) -> Step<R> {
        self.meet(span, || why.to_owned());
        Step::Act
    }

    /// What cannot be told.
    fn unknown(&mut self, expr: &Ast, why: &str) -> Expr<R> {
        let vm = self.vm;
        self.meet(expr.span, || format!("{}: {why}", describe::expr(expr, vm)));
        Expr::Unknown
    }

    fn meet(&mut self, span: Span, why: impl FnOnce() -> String) {
        self.obstacle.get_or_insert_with(|| Obstacle { span, why: why() });
    }

    /// What a statement does that is an expression.
    fn what_it_does(&self, expr: &Ast) -> String {
        let shown = |expr: &Ast| describe::expr(expr, self.vm);
        match &expr.kind {
            ExprKind::Call(function, _) => format!("it calls {}", shown(function)),
            ExprKind::Add(member) => format!("it adds to {}", shown(member)),
            ExprKind::Delete(member) => format!("it deletes {}", shown(member)),
            ExprKind::Assign(to, _) | ExprKind::AddTo(to, _) | ExprKind::RemoveFrom(to, _) => {
                format!("it assigns {}", shown(to))
            }
            ExprKind::Unary(UnOp::Incr | UnOp::Decr, of) => format!("it assigns {}", shown(of)),
            ExprKind::Schedule(..) | ExprKind::Event(..) => "it raises an event".to_owned(),
            ExprKind::Hook(call) => format!("it runs the hook {}", shown(call)),
            _ => format!("it evaluates {}", shown(expr)),
        }
    }

    /// Evaluates what a name stands for, once: it may be an effect.
    fn kept(&mut self, value: Expr<R>, span: Span, block: &mut Block<R>) -> Expr<R> {
        if value.is_constant() {
            return value;
        }
        if self.slots == SLOTS {
            block.push(self.act(span, TOO_LONG));
            return Expr::Unknown;
        }
        let slot = self.slots;
        self.slots += 1;
        block.push(Step::Let(slot, value));
        Expr::Slot(slot)
    }

    /// A call that the host sees to.
    fn effect(&mut self, function: &Ast, arguments: &[ExprRef], block: &mut Block<R>) -> Option<Effect<R>> {
        let function = self.native(function).and_then(|name| self.host.calls(&name))?;
        let mut given = Vec::new();
        for (at, argument) in arguments.iter().enumerate() {
            match &argument.kind {
                ExprKind::List(parts) | ExprKind::RecordCtor(parts) => {
                    for part in parts {
                        let ExprKind::FieldAssign(name, value) = &part.kind else { return None };
                        let taken = self.host.takes(&function, at, Some(name))?;
                        given.push((taken, self.argument(value, block)?));
                    }
                }
                _ => given.push((self.host.takes(&function, at, None)?, self.argument(argument, block)?)),
            }
        }
        Some(Effect::Call(function, given))
    }

    /// An argument of an effect. What may be an effect itself comes before.
    fn argument(&mut self, expr: &Ast, block: &mut Block<R>) -> Option<Expr<R>> {
        let value = self.told(expr)?;
        Some(if value.only_looks() { value } else { self.kept(value, expr.span, block) })
    }

    /// `add set[element]`.
    fn addition(&mut self, member: &Ast) -> Option<Effect<R>> {
        let ExprKind::Index(set, index) = &member.kind else { return None };
        let (Term::Path(path, _), [element]) = (self.term(set), &index[..]) else { return None };
        let ExprKind::Name(name) = &element.kind else { return None };
        let at = self.global_of(element)?;
        matches!(self.vm.values[at as usize], Value::Enum(..)).then_some(())?;
        let full = self.vm.shown_names.get(&(element.span.file, element.span.lo)).unwrap_or(name);
        Some(Effect::Add(self.host.adds_to(&path)?, full.as_ref().into()))
    }

    /// An expression, if it can be told.
    fn told(&mut self, expr: &Ast) -> Option<Expr<R>> {
        Some(self.expr(expr)).filter(|expr| !matches!(expr, Expr::Unknown))
    }

    /// The name of a native function.
    fn native(&self, function: &Ast) -> Option<Rc<str>> {
        let at = self.global_of(function)?;
        let Value::Func(value) = &self.vm.values[at as usize] else { return None };
        let function = self.vm.funcs.get(value.id.0 as usize)?;
        let fixed = self.vm.globals[at as usize].kind == GlobalKind::Func;
        (fixed && matches!(function.kind, FuncKind::Native(_))).then(|| function.name.clone())
    }

    fn goes_on(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    fn term(&mut self, expr: &Ast) -> Term<R> {
        match &expr.kind {
            ExprKind::Name(name) => {
                if let Some((_, term)) = self.names.iter().rev().find(|(known, _)| known == name) {
                    return term.clone();
                }
                let value = self.global(expr, name).and_then(|at| self.constant(at));
                Term::Value(value.unwrap_or_else(|| self.unknown(expr, "it is no plain constant")))
            }
            ExprKind::Field(of, field) => match self.field(of, field) {
                Some((path, ty)) => Term::Path(path, ty),
                None => Term::Value(self.unknown(expr, "it is a field of what was made or kept")),
            },
            _ => Term::Value(self.expr(expr)),
        }
    }

    fn field(&mut self, of: &Ast, field: &str) -> Option<(Path, TypeId)> {
        let Term::Path(mut path, ty) = self.term(of) else { return None };
        let at = self.vm.types.field(ty, field)?;
        let inner = self.vm.types.as_record(ty)?.fields.get(at)?.ty;
        path.fields.push((ty, at));
        Some((path, inner))
    }

    fn value(&mut self, term: &Term<R>, expr: &Ast) -> Expr<R> {
        match term {
            Term::Path(path, _) => match self.host.place(path) {
                Some(place) => Expr::Read(place),
                None => self.unknown(expr, self.host.obstacle(path)),
            },
            Term::Value(value) => value.clone(),
        }
    }

    fn expr(&mut self, expr: &Ast) -> Expr<R> {
        if !self.goes_on() {
            return self.unknown(expr, TOO_LONG);
        }
        match &expr.kind {
            ExprKind::Bool(b) => Expr::Bool(*b),
            ExprKind::Count(n) => Expr::Count(*n),
            ExprKind::Double(d) | ExprKind::Interval(d) => Expr::Double(*d),
            ExprKind::Str(text) => Expr::Text(text[..].into()),
            ExprKind::Addr(addr) => Expr::Addr(*addr),
            ExprKind::Port(port) => Expr::Port(*port),
            ExprKind::Name(_) | ExprKind::Field(..) => {
                let term = self.term(expr);
                self.value(&term, expr)
            }
            ExprKind::HasField(of, field) => {
                let Some((path, _)) = self.field(of, field) else {
                    return self.unknown(expr, "it is a field of what was made or kept");
                };
                match self.host.place(&path) {
                    Some(place) => self.host.is_set(&place).map_or(Expr::Has(place), Expr::Bool),
                    None => self.unknown(expr, self.host.obstacle(&path)),
                }
            }
            ExprKind::Unary(UnOp::Not, inner) => match self.expr(inner) {
                Expr::Unknown => Expr::Unknown,
                Expr::Bool(b) => Expr::Bool(!b),
                inner => Expr::Not(Box::new(inner)),
            },
            ExprKind::Binary(op, a, b) => self.binary(expr, *op, a, b),
            ExprKind::Cond(condition, a, b) => match self.expr(condition) {
                Expr::Unknown => Expr::Unknown,
                Expr::Bool(true) => self.expr(a),
                Expr::Bool(false) => self.expr(b),
                condition => {
                    let (a, b) = (self.expr(a), self.expr(b));
                    Expr::Cond(Box::new(condition), Box::new(a), Box::new(b))
                }
            },
            ExprKind::In(of, set) => self.membership(of, set),
            ExprKind::Hook(call) => match self.idle_hook(call) {
                Some(answer) => answer,
                None => self.unknown(expr, "somebody has a body for this hook"),
            },
            ExprKind::Size(of) => {
                let size = self.global_of(of).and_then(|at| match &self.vm.values[at as usize] {
                    Value::Table(table) => self.is_kept(at).then(|| table.len()),
                    _ => None,
                });
                match size {
                    Some(size) => Expr::Count(size as u64),
                    None => self.unknown(expr, "it is not the size of a table or set that stays as it is"),
                }
            }
            ExprKind::Call(function, arguments) => {
                if let Some(name) = self.native(function) {
                    let Some(builtin) = Builtin::named(&name, arguments.len()) else {
                        return self.unknown(expr, "workers do not have this function");
                    };
                    let of: Option<Vec<Expr<R>>> = arguments.iter().map(|of| self.told(of)).collect();
                    return of.map_or(Expr::Unknown, |of| Expr::Builtin(builtin, of));
                }
                match self.call(function, arguments) {
                    None => self.unknown(expr, "workers do not follow this call"),
                    Some(mut body) => match (body.len(), body.pop()) {
                        (1, Some(Step::Return(Some(answer)))) => answer,
                        (_, last) => Expr::Call(body.into_iter().chain(last).collect()),
                    },
                }
            }
            _ => self.unknown(expr, "workers do not evaluate this"),
        }
    }

    fn binary(&mut self, expr: &Ast, op: BinOp, a: &Ast, b: &Ast) -> Expr<R> {
        let whole = |pattern: &Pattern| pattern.whole().cloned();
        if matches!(op, BinOp::Eq | BinOp::Ne) {
            let matched = match (self.pattern(a, whole), self.pattern(b, whole)) {
                (Some(pattern), _) => Some((self.expr(b), pattern)),
                (_, Some(pattern)) => Some((self.expr(a), pattern)),
                _ => None,
            };
            if let Some((of, pattern)) = matched {
                return negated(matching(of, pattern), op == BinOp::Ne);
            }
        }
        let a = self.expr(a);
        // What comes second is asked only where the first leaves it open.
        match (op, &a) {
            (_, Expr::Unknown) => return Expr::Unknown,
            (BinOp::And, Expr::Bool(false)) | (BinOp::Or, Expr::Bool(true)) => return a,
            (BinOp::And, Expr::Bool(true)) | (BinOp::Or, Expr::Bool(false)) => return self.expr(b),
            _ => {}
        }
        let b = self.expr(b);
        let compare = |comparison: Comparison, a: Expr<R>, b: Expr<R>| match (&a, &b) {
            (_, Expr::Unknown) => Expr::Unknown,
            (Expr::Count(a), Expr::Count(b)) => Expr::Bool(match comparison {
                Comparison::Equal => a == b,
                Comparison::Less => a < b,
                Comparison::LessOrEqual => a <= b,
            }),
            (Expr::Text(a), Expr::Text(b)) if comparison == Comparison::Equal => Expr::Bool(a == b),
            _ => Expr::Compare(comparison, Box::new(a), Box::new(b)),
        };
        match (op, &b) {
            (BinOp::And, Expr::Bool(true)) | (BinOp::Or, Expr::Bool(false)) => return a,
            _ => {}
        }
        match op {
            BinOp::And => Expr::And(Box::new(a), Box::new(b)),
            BinOp::Or => Expr::Or(Box::new(a), Box::new(b)),
            BinOp::Eq => compare(Comparison::Equal, a, b),
            BinOp::Ne => negated(compare(Comparison::Equal, a, b), true),
            BinOp::Lt => compare(Comparison::Less, a, b),
            BinOp::Le => compare(Comparison::LessOrEqual, a, b),
            BinOp::Gt => compare(Comparison::Less, b, a),
            BinOp::Ge => compare(Comparison::LessOrEqual, b, a),
            _ => self.unknown(expr, "workers do not evaluate this"),
        }
    }

    fn membership(&mut self, of: &Ast, set: &Ast) -> Expr<R> {
        if let Some(pattern) = self.pattern(of, |pattern| pattern.searcher().cloned()) {
            return matching(self.expr(set), pattern);
        }
        if self.is_text(set) {
            return match (self.expr(of), self.expr(set)) {
                (Expr::Unknown, _) | (_, Expr::Unknown) => Expr::Unknown,
                (of, set) => Expr::Within(Box::new(of), Box::new(set)),
            };
        }
        let members = self.global_of(set).filter(|at| self.is_kept(*at)).and_then(|at| self.members(at));
        let Some(members) = members else {
            return self.unknown(set, "it is no table or set of plain members that stays as it is");
        };
        match &of.kind {
            ExprKind::List(parts) if matches!(members, Members::Nothing) => {
                // Nothing is in there, but the parts may fail.
                let asked = parts.iter().map(|part| Step::Ask(self.expr(part)));
                let mut asked: Block<R> = asked.collect();
                asked.push(Step::Return(Some(Expr::Bool(false))));
                Expr::Call(asked)
            }
            ExprKind::List(_) => self.unknown(of, "workers do not look for several parts"),
            _ => match self.expr(of) {
                Expr::Unknown => Expr::Unknown,
                of => Expr::Member(Box::new(of), Box::new(members)),
            },
        }
    }

    /// Whether an expression is known to be a text.
    fn is_text(&mut self, expr: &Ast) -> bool {
        match &expr.kind {
            ExprKind::Str(_) => true,
            ExprKind::Name(name) => match self.names.iter().rev().find(|(known, _)| known == name) {
                Some((_, Term::Path(_, ty))) => *ty == TypeId::String,
                _ => false,
            },
            ExprKind::Field(of, field) => self.field(of, field).is_some_and(|(_, ty)| ty == TypeId::String),
            _ => false,
        }
    }

    /// `hook name(...)`, where nobody has a body for it: only what it is given may fail.
    fn idle_hook(&mut self, call: &Ast) -> Option<Expr<R>> {
        let ExprKind::Call(hook, arguments) = &call.kind else { return None };
        let at = self.global_of(hook)?;
        let Value::Func(hook) = &self.vm.values[at as usize] else { return None };
        let idle = self.vm.funcs.get(hook.id.0 as usize)?.bodies.is_empty();
        (idle && self.vm.globals[at as usize].kind == GlobalKind::Func).then_some(())?;
        let mut block = Block::new();
        for argument in arguments {
            match self.term(argument) {
                Term::Value(Expr::Unknown) => return None,
                Term::Value(value) if value.is_constant() => {}
                Term::Value(value) => block.push(Step::Ask(value)),
                Term::Path(path, _) => self.ask(&path, argument, &mut block),
            }
        }
        if block.is_empty() {
            return Some(Expr::Bool(true));
        }
        block.push(Step::Return(Some(Expr::Bool(true))));
        Some(Expr::Call(block))
    }

    fn call(&mut self, function: &Ast, arguments: &[ExprRef]) -> Option<Block<R>> {
        let at = self.global_of(function)?;
        let Value::Func(function) = &self.vm.values[at as usize] else { return None };
        if self.vm.globals[at as usize].kind != GlobalKind::Func || self.depth >= MAX_DEPTH {
            return None;
        }
        let [body] = &self.vm.funcs.get(function.id.0 as usize)?.bodies[..] else { return None };
        let BodySource { lambda, .. } = body.source.as_ref()?;
        if lambda.params.len() != arguments.len() || body.args.is_some() {
            return None;
        }
        let mut names = Vec::new();
        let mut block = Block::new();
        for (parameter, argument) in lambda.params.iter().zip(arguments) {
            let term = match self.term(argument) {
                Term::Value(value) => Term::Value(self.kept(value, argument.span, &mut block)),
                Term::Path(path, ty) => {
                    self.ask(&path, argument, &mut block);
                    Term::Path(path, ty)
                }
            };
            names.push((parameter.name.clone(), term));
        }
        let outer = std::mem::replace(&mut self.names, names);
        self.depth += 1;
        block.extend(self.block(std::slice::from_ref(&lambda.body)));
        self.depth -= 1;
        self.names = outer;
        Some(block)
    }

    /// What is handed on has to be there.
    fn ask(&mut self, path: &Path, argument: &Ast, block: &mut Block<R>) {
        if path.fields.is_empty() {
            return;
        }
        let may_miss = |(ty, at): &(TypeId, usize)| {
            self.vm.types.as_record(*ty).is_none_or(|record| record.fields[*at].optional)
        };
        match self.host.place(path) {
            Some(place) if self.host.is_set(&place) == Some(true) => {}
            Some(place) => block.push(Step::Ask(Expr::Read(place))),
            None if path.fields.iter().any(may_miss) => {
                let why = format!("{}: {}", describe::expr(argument, self.vm), self.host.obstacle(path));
                block.push(self.act(argument.span, &why));
            }
            None => {}
        }
    }

    /// The global that a name means where it stands.
    fn global(&self, expr: &Ast, name: &Name) -> Option<u32> {
        let full = self.vm.shown_names.get(&(expr.span.file, expr.span.lo)).unwrap_or(name);
        self.vm.global(full)
    }

    /// The same of an expression that is a name, of nothing within the body.
    fn global_of(&self, expr: &Ast) -> Option<u32> {
        let ExprKind::Name(name) = &expr.kind else { return None };
        if self.names.iter().any(|(known, _)| known == name) {
            return None;
        }
        self.global(expr, name)
    }

    /// Whether a global is never given another value.
    fn is_constant(&self, at: u32) -> bool {
        match self.vm.globals[at as usize].kind {
            GlobalKind::Const => true,
            GlobalKind::Option => self.options,
            _ => false,
        }
    }

    /// Whether what is in a table stays there, and nothing else comes in.
    fn is_kept(&self, at: u32) -> bool {
        let expires = self.vm.globals[at as usize].attrs.as_ref().is_some_and(|attrs| attrs.expires());
        self.is_constant(at) && !expires && !self.vm.uses.holds(at)
    }

    fn constant(&self, at: u32) -> Option<Expr<R>> {
        if !self.is_constant(at) {
            return None;
        }
        Some(match &self.vm.values[at as usize] {
            Value::Bool(b) => Expr::Bool(*b),
            Value::Count(n) => Expr::Count(*n),
            Value::Int(n) => Expr::Int(*n),
            Value::Double(d) | Value::Time(d) | Value::Interval(d) => Expr::Double(*d),
            Value::Str(text) => Expr::Text(text[..].into()),
            Value::Addr(addr) => Expr::Addr(*addr),
            Value::Port(port) => Expr::Port(*port),
            _ => return None,
        })
    }

    /// A pattern that stands there, or is a constant.
    fn pattern(&self, expr: &Ast, of: impl Fn(&Pattern) -> Option<Regex>) -> Option<Regex> {
        match &expr.kind {
            ExprKind::Pattern(text, modifiers) => of(&Pattern::new(text, *modifiers).ok()?),
            ExprKind::Name(_) => {
                let at = self.global_of(expr).filter(|at| self.is_constant(*at))?;
                match &self.vm.values[at as usize] {
                    Value::Pattern(pattern) => of(pattern),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn members(&self, at: u32) -> Option<Members> {
        let Value::Table(table) = &self.vm.values[at as usize] else { return None };
        let keys: Vec<Value> = table.snapshot().into_iter().map(|(key, _)| key).collect();
        let Some(first) = keys.first() else { return Some(Members::Nothing) };
        fn all<K: std::hash::Hash + Eq>(
            keys: &[Value],
            of: impl Fn(&Value) -> Option<K>,
        ) -> Option<HashSet<K>> {
            keys.iter().map(of).collect()
        }
        Some(match first {
            Value::Count(_) => Members::Counts(all(&keys, |key| match key {
                Value::Count(n) => Some(*n),
                _ => None,
            })?),
            Value::Str(_) => Members::Texts(all(&keys, |key| match key {
                Value::Str(text) => Some(text[..].into()),
                _ => None,
            })?),
            Value::Addr(_) => Members::Addrs(all(&keys, |key| match key {
                Value::Addr(addr) => Some(*addr),
                _ => None,
            })?),
            Value::Port(_) => Members::Ports(all(&keys, |key| match key {
                Value::Port(port) => Some(*port),
                _ => None,
            })?),
            Value::Subnet(..) if keys.len() <= MAX_NETS => {
                let net = |key: &Value| match key {
                    Value::Subnet(net, width) => Some((*net, *width)),
                    _ => None,
                };
                Members::Nets(keys.iter().map(net).collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }
}

fn matching<R>(of: Expr<R>, pattern: Regex) -> Expr<R> {
    match of {
        Expr::Unknown => Expr::Unknown,
        of => Expr::Matches(Box::new(of), Box::new(pattern)),
    }
}

fn negated<R>(expr: Expr<R>, negate: bool) -> Expr<R> {
    match expr {
        expr if !negate => expr,
        Expr::Unknown => Expr::Unknown,
        Expr::Bool(b) => Expr::Bool(!b),
        expr => Expr::Not(Box::new(expr)),
    }
}

/// What a statement is that workers do not run.
fn what_it_is(kind: &StmtKind) -> &'static str {
    match kind {
        StmtKind::Print(_) => "it prints",
        StmtKind::Event(..) => "it raises an event",
        StmtKind::For(..) | StmtKind::While(..) => "it loops",
        StmtKind::Switch(..) => "it switches",
        StmtKind::Delete(_) => "it deletes",
        StmtKind::When(_) | StmtKind::ReturnWhen(_) => "it waits",
        StmtKind::Assert(..) => "it asserts",
        StmtKind::Local { .. } => "a variable has a type or attributes, or no value",
        _ => "workers do not run this",
    }
}
