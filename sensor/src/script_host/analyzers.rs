//! What scripts tell the analyzers of connections to do.
//!
//! Handlers run behind the workers. What they ask for is gathered here, and crosses to the workers as a [`Command`] once
//! the event was handled.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::RandomState;
use nightjar_script::value::{Addr, Port, Proto, RecordVal, Value};
use nightjar_script::vm::{CallSite, NativeFn, Res};
use nightjar_script::{Args, Vm};
use smallvec::SmallVec;

use crate::analyze::{Command, Expectation, name_of_analyzer};
use crate::event::{self, ConnId, ConnView};
use crate::record::Uid;
use crate::script_host::files::may_be_asked;
use crate::time::Interval;

/// What was asked for, and by whom.
#[derive(Clone, Default)]
pub(super) struct Analyzers(Rc<Shared>);

#[derive(Default)]
struct Shared {
    /// The analyzer that told of the event at hand; 0 where none did.
    current: Cell<u64>,
    /// The connection that the event at hand is about, where handlers of `Analyzer::disabling_analyzer` are to see it.
    conn: RefCell<Value>,
    known: RefCell<Known>,
    commands: RefCell<Vec<Command>>,
    dropped: Cell<u64>,
}

/// Commands that one event may give. A script that loops would fill memory otherwise.
const MAX_COMMANDS: usize = 4096;

/// The analyzers that have told of something, of each connection; where scripts may ask for them.
#[derive(Default)]
struct Known {
    of: HashMap<Ends, (Uid, Tellers), RandomState>,
    ends: HashMap<Uid, Ends, RandomState>,
}

type Ends = (ConnId, event::Proto);

/// Analyzers by their identifiers, and their names.
type Tellers = SmallVec<[(u64, &'static str); 2]>;

/// Connections whose analyzers are known. More are open only under attack; nothing is known of those.
const MAX_KNOWN: usize = 1_000_000;

/// Analyzers that are known of one connection.
const MAX_OF_CONNECTION: usize = 16;

/// The hook that has a say in what is taken off connections.
const DISABLING: &str = "Analyzer::disabling_analyzer";

/// Whether scripts may ask for the analyzers of connections.
pub(super) fn are_asked_for(vm: &Vm) -> bool {
    is_hooked(vm) || may_be_asked(vm, "lookup_connection_analyzer_id")
}

fn is_hooked(vm: &Vm) -> bool {
    matches!(vm.global_value(DISABLING), Some(Value::Func(hook)) if vm.is_handled(hook.id))
}

/// Functions that give commands.
const COMMANDS: [&str; 2] = ["disable_analyzer", "Analyzer::schedule_analyzer"];

/// Whether scripts of users may give any.
pub(super) fn may_command(vm: &Vm) -> bool {
    COMMANDS.iter().filter_map(|name| vm.global(name)).any(|global| vm.uses.users_name(global, &[]))
}

impl Analyzers {
    /// Functions by full name.
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        let (current, disabling, expecting) = (self.clone(), self.clone(), self.clone());
        let current: NativeFn = Rc::new(move |_, _, _| Ok(Value::Count(current.0.current.get())));
        let looking = self.clone();
        let disable: NativeFn = Rc::new(move |vm, _, args| Ok(Value::Bool(disabling.disable(vm, args))));
        let lookup: NativeFn = Rc::new(move |vm, _, args| Ok(Value::Count(looking.lookup(vm, args))));
        let expect: NativeFn = Rc::new(move |vm, site, args| expecting.expect(vm, site, args));
        vec![
            ("current_analyzer", current),
            ("disable_analyzer", disable),
            ("lookup_connection_analyzer_id", lookup),
            ("Analyzer::schedule_analyzer", expect),
        ]
    }

    /// An event is handled next: this analyzer tells of it, 0 where none does.
    pub fn begin_event(
        &self,
        vm: &Vm,
        view: Option<&ConnView>,
        conn: &Value,
        teller: impl FnOnce() -> Option<&'static str>,
    ) {
        self.0.current.set(view.map_or(0, |view| view.analyzer));
        let Some(view) = view.filter(|_| are_asked_for(vm)) else { return };
        if is_hooked(vm) {
            self.0.conn.replace(conn.clone());
        }
        let Some(name) = Some(view.analyzer).filter(|id| *id != 0).and_then(|_| teller()) else { return };
        let known = &mut *self.0.known.borrow_mut();
        let key = (view.id, view.proto);
        if known.of.len() >= MAX_KNOWN && !known.of.contains_key(&key) {
            return;
        }
        let (uid, analyzers) = known.of.entry(key).or_insert_with(|| (view.uid, SmallVec::new()));
        if *uid != view.uid {
            known.ends.remove(uid);
            (*uid, *analyzers) = (view.uid, SmallVec::new());
        }
        known.ends.insert(view.uid, key);
        if analyzers.len() < MAX_OF_CONNECTION && !analyzers.iter().any(|(id, _)| *id == view.analyzer) {
            analyzers.push((view.analyzer, name));
        }
    }

    /// It was handled.
    pub fn end_event(&self) {
        self.0.conn.replace(Value::Unset);
    }

    /// A connection has ended.
    pub fn ended(&self, uid: Uid) {
        let known = &mut *self.0.known.borrow_mut();
        if let Some(key) = known.ends.remove(&uid) {
            known.of.remove(&key);
        }
    }

    /// `lookup_connection_analyzer_id(cid, atype)`.
    fn lookup(&self, vm: &Vm, args: &[Value]) -> u64 {
        let [Value::Record(id), tag] = args else { return 0 };
        let Some(key) = ends(id) else { return 0 };
        let tag = vm.text_string(tag);
        let name = tag.rsplit_once("ANALYZER_").map_or(&tag[..], |(_, name)| name);
        let known = self.0.known.borrow();
        let analyzers = known.of.get(&key).map(|(_, analyzers)| &analyzers[..]).unwrap_or_default();
        analyzers.iter().rev().find(|(_, of)| *of == name).map_or(0, |(id, _)| *id)
    }

    /// Whether a script wants to keep an analyzer on the connection at hand.
    fn is_kept(&self, vm: &mut Vm, key: Ends, analyzer: u64) -> bool {
        let Some(Value::Func(hook)) = vm.global_value(DISABLING).cloned().filter(|_| is_hooked(vm)) else {
            return false;
        };
        let known = self.0.known.borrow();
        let analyzers = known.of.get(&key).map(|(_, analyzers)| &analyzers[..]).unwrap_or_default();
        let name = analyzers.iter().find(|(id, _)| *id == analyzer).map(|(_, name)| *name);
        let tag = name.and_then(|name| vm.enum_value(&format!("Analyzer::ANALYZER_{name}")));
        drop(known);
        let conn = self.0.conn.borrow().clone();
        let (Value::Record(of), Some(tag)) = (&conn, tag) else { return false };
        let Value::Record(id) = vm.field(of, "id") else { return false };
        ends(&id) == Some(key)
            && vm
                .invoke(&hook, Args::from_iter([conn.clone(), tag, Value::Count(analyzer)]))
                .is_some_and(|kept| !kept.as_bool())
    }

    /// What was asked for since the last call.
    pub fn take(&self) -> Vec<Command> {
        self.0.commands.take()
    }

    /// Times that too much was asked for at once.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.get()
    }

    fn give(&self, command: Command) -> bool {
        let mut commands = self.0.commands.borrow_mut();
        let room = commands.len() < MAX_COMMANDS;
        match room {
            true => commands.push(command),
            false => self.0.dropped.set(self.0.dropped.get() + 1),
        }
        room
    }

    /// `disable_analyzer(cid, aid, err_if_no_conn, prevent)`.
    fn disable(&self, vm: &mut Vm, args: &[Value]) -> bool {
        let [Value::Record(id), Value::Count(analyzer), _, prevent] = args else { return false };
        let (Some((id, proto)), true) = (ends(id), *analyzer != 0) else { return false };
        if self.is_kept(vm, (id, proto), *analyzer) {
            return false;
        }
        let prevent = prevent.as_bool();
        self.give(Command::Disable { id, proto, analyzer: *analyzer, prevent })
    }

    /// `Analyzer::schedule_analyzer(orig, resp, resp_p, analyzer, tout)`.
    fn expect(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
        let [Value::Addr(orig), Value::Addr(resp), Value::Port(resp_p), tag, timeout] = args else {
            return Ok(Value::Bool(false));
        };
        let tag = vm.text_string(tag);
        let name = tag.rsplit_once("ANALYZER_").map_or(&tag[..], |(_, name)| name);
        let (Some(analyzer), Some(proto)) = (name_of_analyzer(name), proto(*resp_p)) else {
            vm.warn(
                site.span,
                format!("no connection is expected for {tag}: it is set on TCP and UDP alone"),
            );
            return Ok(Value::Bool(false));
        };
        let orig = Addr::to_ip(*orig);
        Ok(Value::Bool(self.give(Command::Expect(Expectation {
            orig: Some(orig).filter(|orig| !orig.is_unspecified()),
            resp: Addr::to_ip(*resp),
            resp_p: resp_p.num,
            proto,
            analyzer,
            timeout: Interval::from_secs_f64(timeout.as_double()),
        }))))
    }
}

/// A connection's ends and protocol, of its `conn_id`.
fn ends(id: &RecordVal) -> Option<Ends> {
    let fields = [0, 1, 2, 3].map(|at| id.get(at));
    let [Value::Addr(orig), Value::Port(orig_p), Value::Addr(resp), Value::Port(resp_p)] = fields else {
        return None;
    };
    let ends = ConnId {
        orig_h: Addr::to_ip(orig),
        orig_p: orig_p.num,
        resp_h: Addr::to_ip(resp),
        resp_p: resp_p.num,
    };
    Some((ends, proto(orig_p)?))
}

/// ICMP has no analyzers.
fn proto(port: Port) -> Option<event::Proto> {
    match port.proto {
        Proto::Tcp => Some(event::Proto::Tcp),
        Proto::Udp => Some(event::Proto::Udp),
        Proto::Icmp | Proto::Unknown => None,
    }
}
