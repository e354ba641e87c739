//! What scripts say about oddities: settings for those that the sensor notices, and notices of them.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::rc::Rc;

use nightjar_script::value::{self, Addr, RecordVal, Value};
use nightjar_script::vm::{CallSite, NativeFn};
use nightjar_script::{Args, Vm};

use crate::event::{self, Event as _, Part};
use crate::flow::events::{ConnWeird, FlowWeird, NetWeird};
use crate::policy::{WeirdAction, WeirdSettings};
use crate::script_host::values;

#[derive(Clone)]
pub(super) struct Weird {
    /// Whether what scripts say has changed.
    changed: Rc<Cell<bool>>,
    samples: Rc<RefCell<Samples>>,
}

impl Default for Weird {
    fn default() -> Self {
        Weird { changed: Rc::new(Cell::new(true)), samples: Rc::default() }
    }
}

/// How often each oddity was seen of a connection, of two hosts or of nothing, so that handlers hear of the first
/// and of some of the others. The oldest give way: an attacker can make up any number of connections.
#[derive(Default)]
struct Samples {
    seen: HashMap<Sampled, Seen>,
    by_age: VecDeque<Sampled>,
}

/// An oddity's name, and what it is about.
type Sampled = Rc<(Vec<u8>, Vec<u8>)>;

struct Seen {
    count: u64,
    since: f64,
}

/// Oddities that are counted.
const MAX_SAMPLED: usize = 100_000;

impl Samples {
    /// How often it has been seen in the last time, this one counted.
    fn count(&mut self, name: &[u8], about: &[u8], now: f64, duration: f64) -> u64 {
        let this = Rc::new((name.to_vec(), about.to_vec()));
        if let Some(seen) = self.seen.get_mut(&this) {
            if now > seen.since + duration {
                *seen = Seen { count: 0, since: now };
            }
            seen.count += 1;
            return seen.count;
        }
        if self.seen.len() >= MAX_SAMPLED
            && let Some(oldest) = self.by_age.pop_front()
        {
            self.seen.remove(&oldest);
        }
        self.by_age.push_back(this.clone());
        self.seen.insert(this, Seen { count: 1, since: now });
        1
    }
}

impl Weird {
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        let (changed, this) = (self.changed.clone(), self.clone());
        let tell: NativeFn = Rc::new(move |_: &mut Vm, _: &CallSite<'_>, _: &[Value]| {
            changed.set(true);
            Ok(Value::Unset)
        });
        let permits: NativeFn = Rc::new(move |vm: &mut Vm, _: &CallSite<'_>, args: &[Value]| {
            let [name, about] = args else { return Ok(Value::Bool(true)) };
            Ok(Value::Bool(this.permits(vm, name.bytes(), about.bytes())))
        });
        vec![("Weird::__changed", tell), ("Weird::__permits", permits)]
    }

    /// Whether handlers are to hear of an oddity that was noticed once more, as `Weird::sampling_threshold` and its
    /// like say. `about`: what it is of.
    pub fn permits(&self, vm: &Vm, name: &[u8], about: &[u8]) -> bool {
        let option = |name: &str| vm.global_value(name);
        let lists = |list: &str| match option(list) {
            Some(Value::Table(names)) => names.dict.borrow().iter().any(|entry| entry.key.bytes() == name),
            _ => false,
        };
        if lists("Weird::sampling_whitelist") {
            return true;
        }
        let about = if lists("Weird::sampling_global_list") { &[] } else { about };
        let duration = option("Weird::sampling_duration").map_or(0.0, Value::as_double);
        let seen = self.samples.borrow_mut().count(name, about, vm.network_time, duration);
        let threshold = option("Weird::sampling_threshold").map_or(u64::MAX, Value::as_count);
        match seen.checked_sub(threshold) {
            None | Some(0) => true,
            Some(beyond) => {
                let rate = option("Weird::sampling_rate").map_or(0, Value::as_count);
                beyond.checked_rem(rate) == Some(0)
            }
        }
    }

    /// The same of an event; true of events of other things.
    pub fn permits_event(&self, vm: &Vm, event: &event::Raised, arena: &event::Arena) -> bool {
        let args = arena.parts_of(event.args);
        let about = match event.id {
            ConnWeird::ID => {
                let conn = event.conn.and_then(|at| arena.conn(at));
                conn.map_or(Vec::new(), |conn| conn.uid.as_bytes().to_vec())
            }
            FlowWeird::ID => match args {
                [_, Part::Addr(orig), Part::Addr(resp), ..] => format!("{orig} -> {resp}").into_bytes(),
                _ => Vec::new(),
            },
            NetWeird::ID => Vec::new(),
            _ => return true,
        };
        let name = args.first().and_then(|name| arena.text_of(*name)).unwrap_or_default();
        self.permits(vm, name, &about)
    }

    /// The settings, where they have changed since the last call and `Weird` is loaded.
    pub fn changed_settings(&self, vm: &Vm) -> Option<WeirdSettings> {
        if !self.changed.take() {
            return None;
        }
        let mut settings = WeirdSettings::default();
        let Value::Table(actions) = vm.global_value("Weird::actions")? else { return None };
        for entry in actions.dict.borrow().iter() {
            if let Value::Enum(_, number) = entry.value {
                settings.actions.insert(text(&entry.key), action(number));
            }
        }
        if let Some(Value::Table(hosts)) = vm.global_value("Weird::ignore_hosts") {
            for entry in hosts.dict.borrow().iter() {
                let Value::List(parts) = &entry.key else { continue };
                if let [Value::Addr(host), name] = &parts[..] {
                    settings.ignored_hosts.entry(text(name)).or_default().insert(host.to_ip());
                }
            }
        }
        if let Some(Value::Table(names)) = vm.global_value("Weird::weird_do_not_ignore_repeats") {
            settings.repeating = names.dict.borrow().iter().map(|entry| text(&entry.key)).collect();
        }
        Some(settings)
    }
}

fn text(value: &Value) -> String {
    String::from_utf8_lossy(value.bytes()).into_owned()
}

/// By its place in `Weird::Action`.
fn action(number: i64) -> WeirdAction {
    match number {
        1 => WeirdAction::Ignore,
        3 => WeirdAction::LogOnce,
        4 => WeirdAction::LogPerConn,
        5 => WeirdAction::LogPerOrig,
        6 => WeirdAction::Notice,
        7 => WeirdAction::NoticeOnce,
        8 => WeirdAction::NoticePerConn,
        9 => WeirdAction::NoticePerOrig,
        // Unspecified, logged, or added by a script, which has to do something about it itself.
        _ => WeirdAction::Log,
    }
}

/// Raises an oddity as a notice, of the connection that it is about.
pub(super) fn notice(vm: &mut Vm, weird: &event::Weird, conn: Option<Value>) {
    let Some(Value::Func(raise)) = vm.global_value("NOTICE").cloned() else { return };
    let Some(info) = vm.new_record("Notice::Info") else { return };
    vm.set_field(&info, "note", vm.enum_value("Weird::Activity").unwrap_or_default());
    vm.set_field(&info, "msg", Value::str(&weird.name[..]));
    if !weird.addl.is_empty() {
        vm.set_field(&info, "sub", Value::str(&weird.addl));
    }
    if let Some(conn) = conn {
        vm.set_field(&info, "conn", conn);
    }
    if let event::About::Conn(uid, id, transport) = weird.about {
        let ends = [(id.orig_h, id.orig_p), (id.resp_h, id.resp_p)];
        set_id(vm, &info, ends, values::proto(transport));
        vm.set_field(&info, "uid", Value::str(uid.as_bytes()));
    }
    if let event::About::Hosts(src, dst) = weird.about {
        set_id(vm, &info, [(src, 0), (dst, 0)], value::Proto::Unknown);
    }
    let args: Args = [Value::Record(info)].into_iter().collect();
    vm.invoke(&raise, args);
}

fn set_id(vm: &mut Vm, info: &RecordVal, ends: [(IpAddr, u16); 2], proto: value::Proto) {
    let Some(id) = vm.new_record("conn_id") else { return };
    let port = |num| Value::Port(value::Port { num, proto });
    let [(orig_h, orig_p), (resp_h, resp_p)] = ends;
    vm.set_field(&id, "orig_h", Value::Addr(Addr::from_ip(orig_h)));
    vm.set_field(&id, "orig_p", port(orig_p));
    vm.set_field(&id, "resp_h", Value::Addr(Addr::from_ip(resp_h)));
    vm.set_field(&id, "resp_p", port(resp_p));
    vm.set_field(info, "id", Value::Record(id));
}
