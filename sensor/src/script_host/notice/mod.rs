//! Notices: which are not told again, and what leaves the sensor when one is raised.
//!
//! What a notice is and what is done with it stands in `scripts/base/frameworks/notice.zeek`.

mod suppress;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ipnet::IpNet;
use nightjar_script::Vm;
use nightjar_script::source::Span;
use nightjar_script::value::Value;
use nightjar_script::vm::{NativeFn, Traffic};

pub use crate::notice::Counters;
use crate::notice::{BlockList, Login, Outbox, Parcel, Password, Relay, Text, Via, without};
use crate::script_host::notice::suppress::Suppressions;
use crate::script_host::options;
use crate::time::Time;

/// What is taken over from another process, at most.
const MAX_RESTORED: usize = 1_000_000;

/// Lines of the block list that one network may take from which others are left out.
const MAX_PIECES: usize = 1024;

/// Something that outlives the process which decided it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// A notice's type and identifier: not to be told again.
    Suppressed(String, Vec<u8>),
    /// A network to be blocked, in the list in this file.
    Blocked(String, IpNet),
}

#[derive(Clone, Default)]
pub(super) struct Notice(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    suppressed: Suppressions,
    blocked: BlockList,
    outbox: Outbox,
    /// What was decided, with its end, where somebody keeps it elsewhere.
    journal: Option<Vec<(Lasting, Time)>>,
    raised: u64,
    not_told: u64,
    /// Logs taken from where they are written, to be mailed.
    files_taken: u64,
}

impl Notice {
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        vec![
            ("Notice::__suppress", self.native(State::suppress)),
            ("Notice::__count", self.native(State::count)),
            ("Notice::__is_suppressed", self.native(State::is_suppressed)),
            ("Notice::__mail", self.native(State::mail)),
            ("Notice::__mail_file", self.native(State::mail_file)),
            ("Notice::__block", self.native(State::block)),
            ("Notice::__is_blocked", self.native(State::is_blocked)),
        ]
    }

    fn native(&self, what: fn(&mut State, &mut Vm, &[Value]) -> Value) -> NativeFn {
        let state = self.0.clone();
        Rc::new(move |vm, _, args| Ok(what(&mut state.borrow_mut(), vm, args)))
    }

    pub fn tick(&self, vm: &mut Vm, now: Time) {
        let mut state = self.0.borrow_mut();
        state.blocked.tick(now);
        state.report(vm);
    }

    /// Waits for what is on its way out.
    pub fn finish(&self, vm: &mut Vm) {
        let mut state = self.0.borrow_mut();
        state.blocked.tick(now(vm));
        state.outbox.finish();
        state.blocked.finish();
        state.report(vm);
    }

    /// Notices that were not told, because they had been a while before.
    pub fn suppressed(&self) -> u64 {
        self.0.borrow().not_told
    }

    /// Notes from here on what lasts.
    pub fn track(&self) {
        self.0.borrow_mut().journal.get_or_insert_default();
    }

    /// What was decided since the last call, each with its end.
    pub fn take_lasting(&self) -> Vec<(Lasting, Time)> {
        self.0.borrow_mut().journal.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Goes on with what another process decided.
    pub fn restore(&self, vm: &Vm, lasting: &Lasting, until: Time) {
        let mut state = self.0.borrow_mut();
        match lasting {
            Lasting::Suppressed(note, identifier) => {
                if let Some(Value::Enum(_, note)) = vm.enum_value(note) {
                    state.suppressed.add(note, identifier, until, now(vm), MAX_RESTORED);
                }
            }
            Lasting::Blocked(path, net) => state.blocked.block(Path::new(path), *net, until, MAX_RESTORED),
        }
    }

    pub fn counters(&self) -> Counters {
        let state = self.0.borrow();
        let mut counters = Counters {
            raised: state.raised,
            suppressed: state.not_told,
            suppressions_forgotten: state.suppressed.forgotten(),
            ..Counters::default()
        };
        state.outbox.count(&mut counters);
        state.blocked.count(&mut counters);
        counters
    }
}

impl State {
    fn suppress(&mut self, vm: &mut Vm, args: &[Value]) -> Value {
        if let [Value::Enum(ty, note), identifier, until, ceiling] = args {
            let (until, now) = (Time::from_secs_f64(until.as_double()), now(vm));
            if let (Some(journal), Some(name)) = (&mut self.journal, vm.types.enum_name(*ty, *note)) {
                journal.push((Lasting::Suppressed(name, identifier.bytes().to_vec()), until));
            }
            self.suppressed.add(*note, identifier.bytes(), until, now, ceiling.as_count() as usize);
        }
        Value::Unset
    }

    fn count(&mut self, _: &mut Vm, args: &[Value]) -> Value {
        match args {
            [Value::Bool(true)] => self.not_told += 1,
            _ => self.raised += 1,
        }
        Value::Unset
    }

    fn is_suppressed(&mut self, vm: &mut Vm, args: &[Value]) -> Value {
        let [Value::Enum(_, note), identifier] = args else { return Value::Bool(false) };
        Value::Bool(self.suppressed.contains(*note, identifier.bytes(), now(vm)))
    }

    fn mail(&mut self, vm: &mut Vm, args: &[Value]) -> Value {
        if let [relay, program, from, to, text] = args {
            let text = Text::Whole(text.bytes().to_vec());
            self.outbox.send(Parcel {
                via: via(vm, relay, program),
                from: string(from),
                to: string(to),
                text,
            });
        }
        Value::Unset
    }

    /// Takes the file away from its place first: the next one may be begun there at once.
    fn mail_file(&mut self, vm: &mut Vm, args: &[Value]) -> Value {
        let [relay, program, from, to, head, name] = args else { return Value::Unset };
        self.files_taken += 1;
        let name = string(name);
        let arena = format!("{name}.{}-{}.mail", std::process::id(), self.files_taken);
        if let Err(error) = std::fs::rename(&name, &arena) {
            vm.error(Span::default(), format!("cannot mail {name}: {error}"));
            return Value::Unset;
        }
        let text = Text::File(head.bytes().to_vec(), PathBuf::from(arena));
        self.outbox.send(Parcel { via: via(vm, relay, program), from: string(from), to: string(to), text });
        Value::Unset
    }

    fn block(&mut self, vm: &mut Vm, args: &[Value]) -> Value {
        let mut blocked = 0;
        if let [path, net, never, until, ceiling] = args {
            if vm.traffic == Traffic::Live {
                self.blocked.resume();
            }
            let until = Time::from_secs_f64(until.as_double());
            let path = string(path);
            let never = match never {
                Value::Table(nets) => {
                    nets.snapshot().iter().filter_map(|(net, _)| options::net(net)).collect()
                }
                _ => Vec::new(),
            };
            for net in options::net(net).map(|net| without(net, &never, MAX_PIECES)).unwrap_or_default() {
                self.journal
                    .iter_mut()
                    .for_each(|journal| journal.push((Lasting::Blocked(path.clone(), net), until)));
                self.blocked.block(Path::new(&path), net, until, ceiling.as_count() as usize);
                blocked += 1;
            }
        }
        Value::Bool(blocked > 0)
    }

    fn is_blocked(&mut self, vm: &mut Vm, args: &[Value]) -> Value {
        Value::Bool(matches!(args, [Value::Addr(addr)] if self.blocked.contains(addr.to_ip(), now(vm))))
    }

    fn report(&self, vm: &mut Vm) {
        let incidents = [self.outbox.incident(), self.blocked.incident()];
        incidents.into_iter().flatten().for_each(|incident| vm.warn(Span::default(), incident));
    }
}

fn now(vm: &Vm) -> Time {
    Time::from_secs_f64(vm.network_time)
}

fn via(vm: &Vm, relay: &Value, program: &Value) -> Via {
    if relay.bytes().is_empty() {
        return Via::Program(string(program));
    }
    let option = |name| Some(vm.global_value(name).map(string)?).filter(|text| !text.is_empty());
    let login = option("Notice::smtp_user").map(|user| Login {
        user,
        password: match option("Notice::smtp_password_file") {
            Some(file) => Password::File(PathBuf::from(file)),
            None => Password::Text(option("Notice::smtp_password").unwrap_or_default()),
        },
    });
    Via::Relay(Relay {
        address: string(relay),
        encryption: option("Notice::smtp_tls").unwrap_or_default(),
        login,
        authorities: option("Notice::smtp_ca_file").map(PathBuf::from),
    })
}

fn string(value: &Value) -> String {
    String::from_utf8_lossy(value.bytes()).into_owned()
}
