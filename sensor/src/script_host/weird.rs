//! What scripts say about oddities: settings for those that the sensor notices, and notices of them.

use std::cell::Cell;
use std::net::IpAddr;
use std::rc::Rc;

use nightjar_script::value::{self, Addr, RecordVal, Value};
use nightjar_script::vm::{CallSite, NativeFn};
use nightjar_script::{Args, Vm};

use crate::event;
use crate::policy::{WeirdAction, WeirdSettings};
use crate::script_host::values;

/// Whether what scripts say has changed.
#[derive(Clone)]
pub(super) struct Weird(Rc<Cell<bool>>);

impl Default for Weird {
    fn default() -> Self {
        Weird(Rc::new(Cell::new(true)))
    }
}

impl Weird {
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        let changed = self.0.clone();
        let tell: NativeFn = Rc::new(move |_: &mut Vm, _: &CallSite<'_>, _: &[Value]| {
            changed.set(true);
            Ok(Value::Unset)
        });
        vec![("Weird::__changed", tell)]
    }

    /// The settings, where they have changed since the last call and `Weird` is loaded.
    pub fn changed_settings(&self, vm: &Vm) -> Option<WeirdSettings> {
        if !self.0.take() {
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
