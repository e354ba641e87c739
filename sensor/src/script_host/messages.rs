//! Messages of programs: rules that scripts make (`Messages::on`), and the events that they raise.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use nightjar_protocols::syslog::Line;
use nightjar_script::source::Span;
use nightjar_script::types::TypeId;
use nightjar_script::value::{RecordVal, Value, VectorVal};
use nightjar_script::vm::{CallSite, FuncId, NativeFn, Res};
use nightjar_script::{Args, Vm};

use crate::input::{Cell, CellType, Field, Notation, Transport};
use crate::messages::{Arrivals, Clock, Counters, Listening, Message, Pattern, Rules, Sources};
use crate::script_host::input::convert;
use crate::script_host::values;
use crate::time::{Interval, Time};

#[derive(Clone, Default)]
pub(super) struct Messages(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    rules: Rules,
    bindings: Vec<Rc<Binding>>,
    counters: Counters,
    unmatched: Unmatched,
    /// The newest message yet.
    newest: Option<Time>,
    live: Live,
}

/// Where messages come from while time passes.
#[derive(Default)]
enum Live {
    #[default]
    Nothing,
    Open(Listening),
    Running {
        arrivals: Arrivals,
        clock: Clock,
    },
}

/// What a rule makes of a match.
struct Binding {
    event: FuncId,
    name: Rc<[u8]>,
    log: bool,
    span: Span,
    /// Of the event's parameters behind the message, the group of each, and what it is read as.
    parameters: Vec<(usize, Field, TypeId)>,
    /// All groups with a name.
    groups: Vec<(usize, String)>,
}

/// A rule that took a message, and where its groups are.
struct Taken {
    binding: Rc<Binding>,
    parameters: Vec<Option<std::ops::Range<usize>>>,
    groups: Vec<Option<std::ops::Range<usize>>>,
}

/// Programs whose messages no rule took, with some of those.
#[derive(Default)]
struct Unmatched {
    of: HashMap<Box<[u8]>, Untaken>,
}

/// Messages of one program: how many, and some of them.
type Untaken = (u64, Vec<Box<[u8]>>);

/// Programs that are told apart; of more they are counted together. Stops messages with ever new names.
const MAX_PROGRAMS: usize = 1000;
/// Messages that are kept of each, and how much of one.
const MAX_SAMPLES: usize = 3;
const MAX_SAMPLE: usize = 256;

/// Time that is spent at once on what has come, while packets wait.
const SLICE: Duration = Duration::from_millis(20);
/// Clocks of those that write messages may differ from ours by so much.
const SKEW: Interval = Interval::from_secs(60);

/// So much older than the newest a message may be without being counted as late.
const LATE: Interval = Interval::from_secs(1);

impl Unmatched {
    fn add(&mut self, message: &Message<'_>) {
        let known = self.of.len() < MAX_PROGRAMS;
        let program = message.program.unwrap_or_default();
        let program = if known || self.of.contains_key(program) { program } else { b"*" };
        if !self.of.contains_key(program) {
            self.of.insert(program.into(), Default::default());
        }
        let Some((count, samples)) = self.of.get_mut(program) else { return };
        *count += 1;
        let sample = message.text.get(..MAX_SAMPLE.min(message.text.len())).unwrap_or_default();
        if samples.len() < MAX_SAMPLES && !samples.iter().any(|known| **known == *sample) {
            samples.push(sample.into());
        }
    }
}

impl Messages {
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        let (on, take, unmatched) = (self.clone(), self.clone(), self.clone());
        vec![
            ("Messages::on", Rc::new(move |vm, site, args| on.on(vm, site, args))),
            ("Messages::__take", Rc::new(move |vm, _, args| Ok(take.take_line(vm, args)))),
            ("Messages::__unmatched", Rc::new(move |vm, _, _| Ok(unmatched.tell_unmatched(vm)))),
        ]
    }

    /// Whether scripts wait for messages.
    pub fn are_awaited(&self) -> bool {
        !self.0.borrow().rules.is_empty()
    }

    pub fn counters(&self) -> Counters {
        self.0.borrow().counters
    }

    /// Opens what messages come by, as options say: before privileges are given up.
    pub fn listen(&self, vm: &Vm) -> Result<(), String> {
        let sources = sources(vm)?;
        if sources != Sources::default() {
            self.0.borrow_mut().live = Live::Open(Listening::open(sources)?);
        }
        Ok(())
    }

    /// Files that are followed, and those of TLS.
    pub fn files(vm: &Vm) -> Vec<PathBuf> {
        let Sources { files, certificate, key, .. } = sources(vm).unwrap_or_default();
        files.into_iter().chain([certificate, key]).filter(|path| !path.as_os_str().is_empty()).collect()
    }

    /// Begins to read what was opened.
    pub fn begin(&self, vm: &mut Vm) {
        let live = std::mem::take(&mut self.0.borrow_mut().live);
        let Live::Open(listening) = live else {
            self.0.borrow_mut().live = live;
            return;
        };
        let started = Messages::clock(vm, Time::from_secs_f64(vm.network_time))
            .and_then(|clock| Ok((clock, listening.start().map_err(|error| error.to_string())?)));
        match started {
            Ok((clock, arrivals)) => self.0.borrow_mut().live = Live::Running { arrivals, clock },
            Err(error) => vm.error(Span::default(), format!("messages are not received: {error}")),
        }
    }

    /// Hands what is open, and what was counted, on to those that follow.
    pub fn hand_on_to(&self, next: &Messages) {
        let (mut state, mut next) = (self.0.borrow_mut(), next.0.borrow_mut());
        (next.live, next.counters) = (std::mem::take(&mut state.live), state.counters);
    }

    /// Takes what has come; whether more may.
    pub fn poll(&self, vm: &mut Vm) -> bool {
        let began = Instant::now();
        loop {
            let mut state = self.0.borrow_mut();
            let Live::Running { arrivals, .. } = &state.live else { return false };
            let Some(arrived) = arrivals.next() else { return true };
            let (lost, cut) = (&arrivals.received.lost, &arrivals.received.cut);
            let (lost, refused, cut) = (
                lost.load(Ordering::Relaxed),
                arrivals.received.refused.load(Ordering::Relaxed),
                cut.load(Ordering::Relaxed),
            );
            (state.counters.lost, state.counters.refused, state.counters.cut) = (lost, refused, cut);
            drop(state);
            let sender = arrived.sender.map(|sender| sender.to_string());
            let now = Time::from_secs_f64(vm.network_time);
            for line in arrived.lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let line = Line::parse(line);
                let mut message = Message::of(&line, &arrived.source, now);
                message.host = message.host.or(sender.as_deref().map(str::as_bytes));
                self.look_at_clock(&line, now);
                self.message(vm, &message, None);
            }
            if began.elapsed() > SLICE {
                return true;
            }
        }
    }

    /// Counts messages whose writers have another time than this sensor, by which they are told.
    fn look_at_clock(&self, line: &Line<'_>, now: Time) {
        let mut state = self.0.borrow_mut();
        let State { live, counters, .. } = &mut *state;
        let Live::Running { clock, .. } = live else { return };
        clock.at(now);
        match line.stamp.and_then(|stamp| clock.time(stamp)) {
            Some(written) => {
                let apart = (now - written).nanos().saturating_abs();
                counters.skewed += u64::from(apart > SKEW.nanos());
            }
            None => counters.undated += 1,
        }
    }

    /// `on(what: pattern, then: any, where: Filter): bool`
    fn on(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
        match self.add(vm, site, args) {
            Ok(()) => Ok(Value::Bool(true)),
            Err(why) => {
                vm.error(site.span, format!("Messages::on: {why}"));
                Ok(Value::Bool(false))
            }
        }
    }

    fn add(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Result<(), String> {
        let [Value::Pattern(pattern), then, Value::Record(filter)] = args else {
            return Err("needs a pattern and an event".to_owned());
        };
        let Value::Func(event) = then else { return Err("the second argument is an event".to_owned()) };
        let function = vm.funcs.get(event.id.0 as usize);
        let declared = function.and_then(|function| vm.types.as_func(function.ty));
        let name = function.map(|function| function.name.to_string()).unwrap_or_default();
        let declared = declared.filter(|_| vm.event(&name) == Some(event.id));
        let declared = declared.ok_or_else(|| "the second argument is an event".to_owned())?;
        let info = vm.named_type("Messages::Info");
        let Some((_, rest)) = declared.params.split_first().filter(|(first, _)| info == Some(first.ty))
        else {
            return Err(format!("the first parameter of {name} is to be a Messages::Info"));
        };
        let texts = |field: &str| match vm.field(filter, field) {
            Value::Table(set) => set.snapshot().iter().map(|(text, _)| text.bytes().into()).collect(),
            _ => Default::default(),
        };
        let wanted =
            Pattern { regex: pattern.regex().to_owned(), programs: texts("programs"), hosts: texts("hosts") };
        let shown = vm.field(filter, "name");
        let shown = if shown.bytes().is_empty() { name.as_bytes() } else { shown.bytes() }.into();
        let log = vm.field(filter, "log").as_bool();
        let mut state = self.0.borrow_mut();
        let groups = state.rules.add(wanted)?;
        let mut parameters = Vec::new();
        for parameter in rest {
            let group = groups.iter().position(|group| group.as_deref() == Some(&*parameter.name));
            let group = group.ok_or_else(|| {
                format!("the pattern has no group (?<{}>…), which {name} takes", parameter.name)
            });
            let Some(field) = field(vm, &parameter.name, parameter.ty) else {
                let ty = vm.types.name(parameter.ty);
                return Err(format!("{} of {name} is a {ty}, which no text can be", parameter.name));
            };
            parameters.push((group?, field, parameter.ty));
        }
        let groups = groups.into_iter().enumerate();
        let groups = groups.filter_map(|(at, name)| Some((at, name?))).collect();
        let binding = Binding { event: event.id, name: shown, log, span: site.span, parameters, groups };
        state.bindings.push(Rc::new(binding));
        Ok(())
    }

    /// A message has been read: rules that take it raise their events. How many did.
    pub fn message(&self, vm: &mut Vm, message: &Message<'_>, uid: Option<&[u8]>) -> usize {
        let mut taken = Vec::new();
        {
            let mut state = self.0.borrow_mut();
            let State { rules, bindings, counters, unmatched, newest, .. } = &mut *state;
            counters.messages += 1;
            counters.late += u64::from(newest.is_some_and(|newest| newest - message.time > LATE));
            *newest = (*newest).max(Some(message.time));
            rules.each_match(message, |found| {
                let Some(binding) = bindings.get(found.rule) else { return };
                let parameters = binding.parameters.iter().map(|(group, ..)| found.group(*group)).collect();
                let groups = binding.groups.iter().map(|(group, _)| found.group(*group)).collect();
                taken.push(Taken { binding: binding.clone(), parameters, groups });
            });
            match taken.is_empty() {
                true => {
                    counters.unmatched += 1;
                    unmatched.add(message);
                }
                false => counters.matched += 1,
            }
        }
        for taken in &taken {
            self.raise(vm, message, uid, taken);
        }
        taken.len()
    }

    fn raise(&self, vm: &mut Vm, message: &Message<'_>, uid: Option<&[u8]>, taken: &Taken) {
        let Taken { binding, .. } = taken;
        let text = |range: &Option<std::ops::Range<usize>>| {
            range.as_ref().and_then(|range| message.text.get(range.clone()))
        };
        let mut args = Args::new();
        let Some(info) = record(vm, message, uid) else { return };
        args.push(Value::Record(info.clone()));
        for ((_, field, ty), range) in binding.parameters.iter().zip(&taken.parameters) {
            // A group that is no part of the match has no text: an empty one is one.
            let value = text(range).map_or(Some(Value::Unset), |text| read(vm, text, field, *ty));
            let Some(value) = value else {
                self.0.borrow_mut().counters.unfit += 1;
                return;
            };
            args.push(if value.is_unset() && *ty == TypeId::String { Value::str("") } else { value });
        }
        vm.set_field(&info, "rule", Value::Str(binding.name.clone()));
        let bound = binding.groups.iter().zip(&taken.groups);
        let bound = bound.filter_map(|((_, name), range)| {
            Some(Value::str([name.as_bytes(), b"=", text(range)?].concat()))
        });
        let bound: Vec<Value> = bound.collect();
        let ty = vm.types.vector(TypeId::String);
        vm.set_field(&info, "bound", Value::Vector(VectorVal::new(ty, bound)));
        vm.dispatch(binding.event, args);
        // What handlers have put into it is in its row.
        if binding.log
            && let Some(write) = vm.function("Messages::__write")
            && let Err(fault) = vm.call(write, Args::from_iter([Value::Record(info)]), binding.span)
        {
            vm.report_fault(&fault);
        }
        vm.drain();
    }

    /// `__take(line: string, source: string, host: string, facility: count, severity: count, uid: string): count`:
    /// what came over the wire now.
    fn take_line(&self, vm: &mut Vm, args: &[Value]) -> Value {
        let [line, source, host, facility, severity, uid] = args else { return Value::Count(0) };
        let read = Line::parse(line.bytes());
        let now = Time::from_secs_f64(vm.network_time);
        let mut message = Message::of(&read, source.bytes(), now);
        message.host = message.host.or(Some(host.bytes()));
        let code = |value: &Value| u16::try_from(value.as_count()).ok();
        message.facility = code(facility).and_then(nightjar_protocols::syslog::facility_name);
        message.severity = code(severity).and_then(nightjar_protocols::syslog::severity_name);
        let uid = Some(uid.bytes()).filter(|uid| !uid.is_empty());
        Value::Count(self.message(vm, &message, uid) as u64)
    }

    /// `__unmatched(): vector of Unmatched`: what no rule took since the last call.
    fn tell_unmatched(&self, vm: &mut Vm) -> Value {
        let mut of: Vec<_> = std::mem::take(&mut self.0.borrow_mut().unmatched.of).into_iter().collect();
        of.sort_by(|(a, (more, _)), (b, (less, _))| less.cmp(more).then_with(|| a.cmp(b)));
        let mut rows = Vec::new();
        for (program, (count, samples)) in of {
            let Some(row) = vm.new_record("Messages::Unmatched") else { break };
            if !program.is_empty() {
                vm.set_field(&row, "program", Value::str(&program));
            }
            vm.set_field(&row, "messages", Value::Count(count));
            let ty = vm.types.vector(TypeId::String);
            let samples = samples.iter().map(Value::str).collect();
            vm.set_field(&row, "samples", Value::Vector(VectorVal::new(ty, samples)));
            rows.push(Value::Record(row));
        }
        let row = vm.named_type("Messages::Unmatched").unwrap_or(TypeId::Any);
        let ty = vm.types.vector(row);
        Value::Vector(VectorVal::new(ty, rows))
    }

    /// What reads times, as the options of scripts say.
    pub fn clock(vm: &Vm, written: Time) -> Result<Clock, String> {
        let zone = vm.global_value("Messages::zone").map_or(&[][..], Value::bytes);
        let zone = String::from_utf8_lossy(zone);
        let found = Clock::zone(&zone).map_err(|error| format!("Messages::zone is {zone:?}: {error}"))?;
        Ok(Clock::new(found, written))
    }

    pub fn count(&self, add: impl FnOnce(&mut Counters)) {
        add(&mut self.0.borrow_mut().counters);
    }
}

fn sources(vm: &Vm) -> Result<Sources, String> {
    let texts = |name: &str| match vm.global_value(name) {
        Some(Value::Table(set)) => {
            let text = |(member, _): &(Value, Value)| String::from_utf8_lossy(member.bytes()).into_owned();
            set.snapshot().iter().map(text).collect()
        }
        _ => Vec::new(),
    };
    let at = |name: &str| {
        let parse = |text: String| {
            text.parse::<SocketAddr>().map_err(|_| {
                format!("{name}: {text:?} is no address and port, such as 0.0.0.0:514 or [::]:514")
            })
        };
        texts(name).into_iter().map(parse).collect::<Result<Vec<_>, _>>()
    };
    let path = |name| {
        let text = vm.global_value(name).map_or(&[][..], Value::bytes);
        PathBuf::from(String::from_utf8_lossy(text).into_owned())
    };
    Ok(Sources {
        udp: at("Messages::listen_udp")?,
        tcp: at("Messages::listen_tcp")?,
        tls: at("Messages::listen_tls")?,
        certificate: path("Messages::tls_certificate"),
        key: path("Messages::tls_key"),
        files: texts("Messages::follow").into_iter().map(PathBuf::from).collect(),
    })
}

fn record(vm: &mut Vm, message: &Message<'_>, uid: Option<&[u8]>) -> Option<Rc<RecordVal>> {
    let info = vm.new_record("Messages::Info")?;
    vm.set_field(&info, "ts", Value::Time(values::seconds(message.time)));
    vm.set_field(&info, "source", Value::str(message.source));
    vm.set_field(&info, "text", Value::str(message.text));
    let name = |name: Option<&'static str>| name.map(str::as_bytes);
    let texts = [
        ("host", message.host),
        ("program", message.program),
        ("facility", name(message.facility)),
        ("severity", name(message.severity)),
        ("uid", uid),
    ];
    for (field, text) in texts {
        if let Some(text) = text {
            vm.set_field(&info, field, Value::str(text));
        }
    }
    if let Some(pid) = message.pid {
        vm.set_field(&info, "pid", Value::Count(pid));
    }
    Some(info)
}

/// What reads a group as a value of a type; none where no text can be one.
fn field(vm: &Vm, name: &str, ty: TypeId) -> Option<Field> {
    let (ty, member) = convert::cell_type(vm, ty)?;
    let field = Field { name: name.to_owned(), protocol: None, ty, member, optional: false };
    Some(field).filter(|field| field.member.is_none() && field.ty != CellType::Pattern)
}

/// A text as a value; none where it is no such value, or something stands behind it.
fn read(vm: &mut Vm, text: &[u8], field: &Field, ty: TypeId) -> Option<Value> {
    if field.ty == CellType::String {
        return Some(Value::str(text));
    }
    let notation = Notation { set_separator: b',', empty: Vec::new(), unset: Vec::new() };
    let mut complaints = 0;
    let cell = notation.read(text, field, &mut |_| complaints += 1).ok().filter(|_| complaints == 0)?;
    let cell = match cell {
        Cell::Port(number, Transport::Unknown) => Cell::Port(number, Transport::Tcp),
        cell => cell,
    };
    convert::value(vm, &cell, ty).ok()
}
