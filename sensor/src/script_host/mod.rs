//! Scripts over what the sensor sees: events of the capture reach their handlers, in order.
//!
//! The language is a crate of its own; here its values meet ours. One VM runs in the ordered stage,
//! so that handlers share their state and see the same whatever the number of workers.

mod prelude;
mod values;

use std::collections::HashMap;
use std::rc::Rc;

use nightjar_script::value::{RecordVal, Value};
use nightjar_script::{Args, Script};

use crate::event::{ConnView, EventId, EventSet, Raised};
use crate::policy::Events;
use crate::record::Uid;
use crate::time::Time;

pub use prelude::prelude;

/// Scripts that run beside a replay.
pub struct Scripts {
    script: Script,
    /// `c` of connections that events were about: handlers may keep things in it.
    conns: HashMap<Uid, Rc<RecordVal>>,
}

/// Connections whose record is kept between events. More are open only under attack; then a handler
/// finds a fresh record.
const MAX_CONNS: usize = 1_000_000;

impl Scripts {
    pub fn new(script: Script) -> Self {
        Scripts { script, conns: HashMap::new() }
    }

    /// The events that some handler is for.
    pub fn handled(&self) -> EventSet {
        let vm = &self.script.vm;
        let mut set = EventSet::default();
        for &id in EventId::ALL {
            if vm.event(id.name()).is_some_and(|function| vm.is_handled(function)) {
                set.insert(id);
            }
        }
        // The end of a connection is the end of its record.
        if !set.is_empty() {
            set.insert(EventId::ConnectionStateRemove);
        }
        set
    }

    /// Without a capture: `zeek_init`, what is scheduled, `zeek_done`. Returns the exit code.
    pub fn run_alone(&mut self) -> u8 {
        exit_code(self.script.run())
    }

    /// `zeek_init`, before the first packet.
    pub fn begin(&mut self) {
        self.script.init();
    }

    /// Nothing more comes: what is scheduled, and `zeek_done`. Returns the exit code.
    pub fn finish(&mut self) -> u8 {
        self.script.finish();
        exit_code(self.script.vm.exit_code.unwrap_or(0))
    }

    /// The connection's record, brought up to date.
    fn conn(&mut self, view: &ConnView) -> Value {
        let vm = &mut self.script.vm;
        let known = self.conns.get(&view.uid).cloned();
        let Some(record) = known.or_else(|| values::connection(vm)) else { return Value::Unset };
        values::update(vm, &record, view);
        if self.conns.len() < MAX_CONNS {
            self.conns.insert(view.uid, record.clone());
        }
        Value::Record(record)
    }
}

/// As a process can return it.
fn exit_code(code: i32) -> u8 {
    (code & 0xff) as u8
}

impl Events for Scripts {
    fn event(&mut self, event: Raised, now: Time) {
        self.script.vm.advance(now.nanos() as f64 / 1e9);
        let uid = event.conn.as_ref().map(|conn| conn.uid);
        let mut args = Args::new();
        if let Some(view) = &event.conn {
            args.push(self.conn(view));
        }
        let vm = &mut self.script.vm;
        if let Some(function) = vm.event(event.id.name()) {
            // Zeek's weird events name the oddity before the connection.
            let conn_at = usize::from(event.id == EventId::ConnWeird);
            let mut places = values::parameters(vm, event.id.name());
            if uid.is_some() && conn_at < places.len() {
                places.remove(conn_at);
            }
            let rest: Vec<Value> =
                event.args.iter().zip(places).map(|(arg, ty)| values::of(vm, arg, ty)).collect();
            args.extend(rest);
            if conn_at == 1 && args.len() > 1 {
                args.swap(0, 1);
            }
            vm.dispatch(function, args);
        }
        if let Some(uid) = uid.filter(|_| event.id == EventId::ConnectionStateRemove) {
            self.conns.remove(&uid);
        }
    }
}
