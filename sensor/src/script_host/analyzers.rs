//! What scripts tell the analyzers of connections to do.
//!
//! Handlers run behind the workers. What they ask for is gathered here, and crosses to the workers as a [`Command`] once
//! the event was handled.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use nightjar_script::Vm;
use nightjar_script::value::{Addr, Port, Proto, Value};
use nightjar_script::vm::{CallSite, NativeFn, Res};

use crate::analyze::{Command, Expectation, name_of_analyzer};
use crate::event::{self, ConnId};
use crate::time::Interval;

/// What was asked for, and by whom.
#[derive(Clone, Default)]
pub(super) struct Analyzers(Rc<Shared>);

#[derive(Default)]
struct Shared {
    /// The analyzer that told of the event at hand; 0 where none did.
    current: Cell<u64>,
    commands: RefCell<Vec<Command>>,
    dropped: Cell<u64>,
}

/// Commands that one event may give. A script that loops would fill memory otherwise.
const MAX_COMMANDS: usize = 4096;

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
        let disable: NativeFn = Rc::new(move |_, _, args| Ok(Value::Bool(disabling.disable(args))));
        let expect: NativeFn = Rc::new(move |vm, site, args| expecting.expect(vm, site, args));
        vec![
            ("current_analyzer", current),
            ("disable_analyzer", disable),
            ("Analyzer::schedule_analyzer", expect),
        ]
    }

    /// This analyzer tells of what is handled next; 0 where none does.
    pub fn set_current(&self, analyzer: u64) {
        self.0.current.set(analyzer);
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
    fn disable(&self, args: &[Value]) -> bool {
        let [Value::Record(id), Value::Count(analyzer), _, prevent] = args else { return false };
        let fields = [0, 1, 2, 3].map(|at| id.get(at));
        let [Value::Addr(orig), Value::Port(orig_p), Value::Addr(resp), Value::Port(resp_p)] = fields else {
            return false;
        };
        let id = ConnId {
            orig_h: Addr::to_ip(orig),
            orig_p: orig_p.num,
            resp_h: Addr::to_ip(resp),
            resp_p: resp_p.num,
        };
        let (Some(proto), true) = (proto(orig_p), *analyzer != 0) else { return false };
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

/// ICMP has no analyzers.
fn proto(port: Port) -> Option<event::Proto> {
    match port.proto {
        Proto::Tcp => Some(event::Proto::Tcp),
        Proto::Udp => Some(event::Proto::Udp),
        Proto::Icmp | Proto::Unknown => None,
    }
}
