//! Signatures: what scripts have to do with them.
//!
//! Workers match them. Where a signature asks a function, or names an event of its own, what workers have found comes
//! past here.

use std::collections::HashMap;
use std::sync::Arc;

use nightjar_script::ast::Flavor;
use nightjar_script::diag::{Diag, Severity};
use nightjar_script::source::Span;
use nightjar_script::types::TypeId;
use nightjar_script::value::{Addr, Modifiers, Pattern, Value};
use nightjar_script::vm::FuncId;
use nightjar_script::{Args, Failed, Vm};
use smallvec::SmallVec;

use crate::analyze::name_of_analyzer;
use crate::analyze::signature_events::SignatureFound;
use crate::config::Config;
use crate::event::{Arena, Ends, Event as _, Interest, Part, Raised};
use crate::record::Uid;
use crate::script_host::values::{self, Subject};
use crate::signature::{self, Action, Named, Names, Rule, Wrong, parse};

/// Connections in which a function was against a signature, which is remembered for those that require it. Stops traffic
/// that opens ever new ones; of more it is forgotten.
const MAX_REMEMBERED: usize = 1 << 16;

/// Signatures that a function was against, and in which direction.
type Refused = SmallVec<[(u32, bool); 2]>;

/// The signatures of a run.
#[derive(Default)]
pub(super) struct Signatures {
    all: Option<Arc<signature::Signatures>>,
    refused: HashMap<Uid, Refused>,
}

impl Signatures {
    /// Reads the files that scripts and the command line name. What is wrong is reported.
    pub fn read(vm: &mut Vm) -> Result<Signatures, Failed> {
        let files = std::mem::take(&mut vm.signature_files);
        if files.is_empty() {
            return Ok(Signatures::default());
        }
        let (mut drafts, mut errors, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
        for (path, text) in &files {
            let names = &mut Scope { vm: &*vm, warnings: &mut warnings };
            parse(path, text.as_bytes(), names, &mut drafts, &mut errors);
        }
        for warning in warnings {
            vm.report(Diag::new(Severity::Warning, Span::default(), warning));
        }
        let all = match errors.is_empty() {
            true => signature::Signatures::new(drafts).map_err(|wrong| errors.extend(wrong)).ok(),
            false => None,
        };
        if !errors.is_empty() {
            let count = errors.len();
            errors
                .into_iter()
                .for_each(|error| vm.report(Diag::new(Severity::Error, Span::default(), error)));
            vm.host.flush();
            return Err(Failed { errors: count });
        }
        Ok(Signatures { all: all.map(Arc::new), refused: HashMap::new() })
    }

    /// Lets the engine match them.
    pub fn configure(&self, config: &mut Config) {
        config.signatures = self.all.clone().filter(|all| all.match_traffic());
        config.detection.kept = config.signatures.as_ref().is_some_and(|all| all.enables);
    }

    /// What workers find is wanted, whether scripts handle it or not.
    pub fn take_interest(&self, interest: &mut Interest) {
        if self.all.as_ref().is_some_and(|all| all.any_in_order()) {
            interest.events.insert(SignatureFound::ID);
            interest.ends = Ends::OfAll;
        }
    }

    /// A connection is over.
    pub fn ended(&mut self, uid: Uid) {
        if !self.refused.is_empty() {
            self.refused.remove(&uid);
        }
    }

    /// A signature has matched as far as workers know.
    pub fn found(&mut self, vm: &mut Vm, event: &Raised, arena: &Arena, conn: &Value) {
        let [state, data, Part::Count(end)] = *arena.parts_of(event.args) else { return };
        let Part::Record(fields) = state else { return };
        let [id, _, Part::Bool(is_orig), _] = *arena.parts_of(fields) else { return };
        let (Some(all), Some(id)) = (self.all.clone(), arena.text_of(id)) else { return };
        let Some((at, rule)) = all.find(id) else { return };
        let (Some(uid), Some(ty)) =
            (event.conn.and_then(|at| arena.conn(at)).map(|view| view.uid), vm.named_type("signature_state"))
        else {
            return;
        };
        let subject = Subject { conn: conn.clone(), ..Subject::default() };
        let state = values::of(vm, state, arena, ty, &subject);
        let data = Value::str(arena.text_of(data).unwrap_or_default());
        let refused =
            self.refused.get(&uid).is_some_and(|refused| waits_for(&all.rules, rule, is_orig, refused));
        let holds = !refused && rule.evals.iter().all(|name| eval(vm, name, &state, &data));
        if !holds {
            let room = self.refused.len() < MAX_REMEMBERED || self.refused.contains_key(&uid);
            if room && !rule.dependents.is_empty() {
                self.refused.entry(uid).or_default().push((at, is_orig));
            }
            return;
        }
        for action in &rule.actions {
            if let Action::Event { name, message } = action {
                raise(vm, name.as_deref(), message.as_deref(), &state, &data, end);
            }
        }
    }
}

/// Whether a signature requires one that a function was against.
fn waits_for(rules: &[Rule], rule: &Rule, is_orig: bool, refused: &Refused) -> bool {
    rule.requires.iter().filter(|required| !required.not).any(|required| {
        let known = rules.get(required.rule as usize).is_some();
        known && refused.contains(&(required.rule, is_orig != required.reverse))
    })
}

/// What a function, or a variable, says.
fn eval(vm: &mut Vm, name: &str, state: &Value, data: &Value) -> bool {
    match vm.global_value(name).cloned() {
        Some(Value::Func(function)) => {
            let args = Args::from_iter([state.clone(), data.clone()]);
            vm.invoke(&function, args).is_some_and(|answer| answer.as_bool())
        }
        Some(value) => value.as_bool(),
        None => false,
    }
}

/// Raises the event that a signature names.
fn raise(vm: &mut Vm, name: Option<&str>, message: Option<&str>, state: &Value, data: &Value, end: u64) {
    let Some(event) = vm.event(name.unwrap_or("signature_match")).filter(|event| vm.is_handled(*event))
    else {
        return;
    };
    let mut args = Args::from_iter([state.clone()]);
    args.extend(message.map(Value::str));
    args.push(data.clone());
    if parameters(vm, event).len() > args.len() {
        args.push(Value::Count(end));
    }
    vm.enqueue(event, args);
    vm.drain();
}

fn parameters(vm: &Vm, function: FuncId) -> Vec<TypeId> {
    let ty = vm.funcs.get(function.0 as usize).and_then(|function| vm.types.as_func(function.ty));
    ty.map_or_else(Vec::new, |ty| ty.params.iter().map(|parameter| parameter.ty).collect())
}

/// What signatures may name.
struct Scope<'v, 'w> {
    vm: &'v Vm,
    warnings: &'w mut Vec<String>,
}

impl Scope<'_, '_> {
    fn value(&self, name: &str) -> Result<&Value, String> {
        let value = self.vm.global_value(name).filter(|value| value.is_set());
        value.ok_or_else(|| format!("unknown script-level identifier ({name})"))
    }

    fn named(&self, value: &Value) -> Option<Named> {
        Some(match value {
            Value::Port(port) => Named::Number(u32::from(port.num)),
            Value::Bool(is) => Named::Number(u32::from(*is)),
            Value::Count(number) => Named::Number(u32::try_from(*number).ok()?),
            Value::Int(number) => Named::Number(*number as u32),
            Value::Enum(_, number) => Named::Number(u32::try_from(*number).ok()?),
            Value::Subnet(..) => {
                let net = super::options::net(value)?;
                Named::Net(net.addr(), net.prefix_len())
            }
            Value::Addr(addr) => {
                let addr = Addr::to_ip(*addr);
                Named::Net(addr, if addr.is_ipv4() { 32 } else { 128 })
            }
            _ => return None,
        })
    }

    /// Whether these are what a function of signatures is given.
    fn takes(&self, params: &[TypeId], texts: usize, end: bool) -> bool {
        let state = self.vm.named_type("signature_state");
        let [first, rest @ ..] = params else { return false };
        let (texts_, last) = rest.split_at(texts.min(rest.len()));
        state.is_some_and(|state| self.vm.types.same(*first, state))
            && texts_.len() == texts
            && texts_.iter().all(|ty| *ty == TypeId::String)
            && (last.is_empty() || end && last == [TypeId::Count])
    }
}

impl Names for Scope<'_, '_> {
    fn values(&self, name: &str) -> Result<Vec<Named>, String> {
        let wrong = || "Wrong type of identifier".to_owned();
        match self.value(name)? {
            Value::Table(table) => {
                table.snapshot().iter().map(|(key, _)| self.named(key).ok_or_else(wrong)).collect()
            }
            value => self.named(value).map(|named| vec![named]).ok_or_else(wrong),
        }
    }

    fn text(&self, name: &str) -> Result<String, String> {
        match self.value(name)? {
            value @ Value::Str(_) => Ok(String::from_utf8_lossy(value.bytes()).into_owned()),
            _ => Err("Identifier must refer to string".to_owned()),
        }
    }

    fn event(&mut self, name: &str, message: bool) -> Result<(), Wrong> {
        let Some(event) = self.vm.event(name) else {
            return Err(Wrong::Here(format!("identifier is not an event ({name})")));
        };
        let fits = self.takes(&parameters(self.vm, event), if message { 2 } else { 1 }, true);
        fits.then_some(()).ok_or_else(|| Wrong::Apart(format!("wrong event parameters for '{name}'")))
    }

    fn eval(&mut self, name: &str) -> Result<(), Wrong> {
        let Some(global) = self.vm.global(name) else {
            return Err(Wrong::Here(format!("unknown identifier ({name})")));
        };
        let ty = self.vm.globals.get(global as usize).map_or(TypeId::Any, |global| global.ty);
        let Some(function) = self.vm.types.as_func(ty) else { return Ok(()) };
        if function.flavor != Flavor::Function || function.ret != TypeId::Bool {
            return Err(Wrong::Here(format!("eval function type must yield a 'bool' ({name})")));
        }
        let params: Vec<TypeId> = function.params.iter().map(|parameter| parameter.ty).collect();
        let what = "eval function parameters must be a 'signature_state' and a 'string' type";
        self.takes(&params, 1, false).then_some(()).ok_or_else(|| Wrong::Here(format!("{what} ({name})")))
    }

    fn analyzer(&mut self, name: &str) -> bool {
        let known = name_of_analyzer(&name.to_uppercase().replace('-', "_")).is_some();
        if !known {
            self.warnings.push(format!("unknown analyzer '{name}' specified in rule"));
        }
        known
    }

    fn pattern(&self, text: &[u8], insensitive: bool) -> Result<String, String> {
        let modifiers = Modifiers { insensitive, ..Modifiers::default() };
        Pattern::new(text, modifiers).map(|pattern| pattern.regex().to_owned())
    }

    fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }
}
