//! Scripts over what the sensor sees: events of the capture reach their handlers, in order.
//!
//! The language is a crate of its own; here its values meet ours. One VM runs in the ordered stage,
//! so that handlers share their state and see the same whatever the number of workers.

mod frameworks;
mod input;
mod library;
mod log;
mod notice;
mod prelude;
mod sumstats;
mod values;

use std::collections::HashMap;
use std::rc::Rc;

use nightjar_script::value::{RecordVal, Value};
use nightjar_script::{Args, Failed, Options, Script, StdHost};

use crate::event::{ConnView, EventId, EventSet, Raised};
use crate::log::{LogError, Logs};
use crate::policy::Events;
use crate::record::Uid;
use crate::script_host::frameworks::Frameworks;
use crate::sumstats::Damaged;
use crate::time::Time;

/// Scripts that run beside a replay.
pub struct Scripts {
    script: Script,
    frameworks: Frameworks,
    /// `c` of connections that events were about: handlers may keep things in it.
    conns: HashMap<Uid, Rc<RecordVal>>,
}

/// Connections whose record is kept between events. More are open only under attack; then a handler
/// finds a fresh record.
const MAX_CONNS: usize = 1_000_000;

impl Scripts {
    /// Compiles scripts with all that the sensor adds to the language. `host` hears of every error.
    pub fn compile(mut host: StdHost, options: &Options) -> Result<Self, Failed> {
        let frameworks = Frameworks::default();
        host.prelude = prelude::prelude(options.bare);
        host.library = library::SCRIPTS.to_vec();
        host.natives = frameworks.natives();
        let script = Script::compile(Box::new(host), options)?;
        Ok(Scripts { script, frameworks, conns: HashMap::new() })
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
    pub fn run_alone(&mut self, logs: &mut Logs) -> Result<u8, LogError> {
        let code = self.script.run();
        self.frameworks.deliver(logs)?;
        logs.close(Time::from_secs_f64(self.script.vm.network_time))?;
        Ok(exit_code(code))
    }

    /// `zeek_init`, before the first packet.
    pub fn begin(&mut self) {
        self.script.init();
    }

    /// What the process is to return.
    pub fn exit_code(&self) -> u8 {
        exit_code(self.script.vm.exit_code.unwrap_or(0))
    }

    /// Keeps what SumStats make of this key, for [`Scripts::explained`].
    pub fn explain(&self, key: &str) {
        self.frameworks.sumstats.explain(key);
    }

    /// What became of the key to explain; nothing where none was given.
    pub fn explained(&self) -> String {
        self.frameworks.sumstats.report().unwrap_or_default()
    }

    /// What SumStats have counted, for [`Scripts::restore_sumstats`] of the policy that follows this one.
    pub fn save_sumstats(&self) -> Vec<u8> {
        self.frameworks.sumstats.save()
    }

    /// Lets SumStats go on from what another policy has counted, if they have the same name and reducers. To be
    /// called before [`Scripts::begin`].
    pub fn restore_sumstats(&self, bytes: &[u8]) -> Result<(), Damaged> {
        self.frameworks.sumstats.restore(bytes)
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
    fn event(&mut self, event: Raised, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.script.vm.advance(now.as_secs_f64());
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
        self.frameworks.deliver(logs)
    }

    fn tick(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.script.vm.advance(now.as_secs_f64());
        self.frameworks.deliver(logs)
    }

    fn end(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.script.vm.advance(now.as_secs_f64());
        self.script.finish();
        self.frameworks.deliver(logs)
    }
}
