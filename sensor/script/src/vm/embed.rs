//! What hosts do with values: make records, read and fill fields and tables, call scripts' functions.

use super::{Args, FaultKind, Vm};
use crate::source::Span;
use crate::types::{RecordType, TypeId};
use crate::value::{FuncVal, NativeRecord, RecordVal, TableVal, Template, Value};
use std::rc::Rc;

impl Vm {
    /// A record of a named type (`"Notice::Info"`) with its defaults; `None` when no script or prelude declares it,
    /// or a default fails (which is reported).
    pub fn new_record(&mut self, type_name: &str) -> Option<Rc<RecordVal>> {
        let ty = self.named_type(type_name)?;
        self.new_record_of(ty)
    }

    pub fn new_record_of(&mut self, ty: TypeId) -> Option<Rc<RecordVal>> {
        match crate::compile::new_record(self, ty) {
            Ok(r) => Some(r),
            Err(f) => {
                self.report_fault(&f);
                None
            }
        }
    }

    /// A record whose fields come from `source`, which is given what the type's defaults are.
    pub fn new_record_from(
        &mut self,
        ty: TypeId,
        source: impl FnOnce(Rc<Template>) -> Rc<dyn NativeRecord>,
    ) -> Option<Rc<RecordVal>> {
        match crate::compile::new_record_from(self, ty, source) {
            Ok(record) => record,
            Err(f) => {
                self.report_fault(&f);
                None
            }
        }
    }

    /// What records of a type begin with, beside defaults that are to be evaluated for each.
    pub fn template(&mut self, ty: TypeId) -> Option<Rc<Template>> {
        crate::compile::template(self, ty)
    }

    /// The description of a record type: hosts that read records field by number look the numbers up once.
    pub fn record_type(&self, type_name: &str) -> Option<(TypeId, Rc<RecordType>)> {
        let ty = self.named_type(type_name)?;
        Some((ty, self.types.as_record(ty)?))
    }

    /// A field by name; `Unset` when it is not set or there is none.
    pub fn field(&self, r: &RecordVal, name: &str) -> Value {
        self.types.field(r.ty, name).map(|i| r.get(i)).unwrap_or_default()
    }

    /// Sets a field by name; `false` when the type has none.
    pub fn set_field(&self, r: &RecordVal, name: &str, v: Value) -> bool {
        match self.types.field(r.ty, name) {
            Some(i) => {
                r.set(i, v);
                true
            }
            None => false,
        }
    }

    /// Stores a table's member with all that hangs on it (expiry, `&on_change`); a set's members are `Unset`.
    pub fn table_insert(&mut self, t: &Rc<TableVal>, key: Value, v: Value) {
        crate::compile::store_member(self, t, key, v);
    }

    /// Removes a table's member with all that hangs on it; whether it was there.
    pub fn table_remove(&mut self, t: &Rc<TableVal>, key: &Value) -> bool {
        crate::compile::remove_member(self, t, key)
    }

    /// As `terminate()`: a run that waits ends.
    pub fn ask_to_end(&mut self) {
        self.state.stop = true;
    }

    /// Lets hosts' pollers act. `wait`: what is being read now is waited for. Whether more may come.
    pub fn look_after(&mut self, wait: bool) -> bool {
        let pollers = self.pollers.clone();
        // All of them, whatever the first says.
        let more: Vec<bool> = pollers.iter().map(|poller| poller(self, wait)).collect();
        more.contains(&true)
    }

    /// A member; subnet tables answer addresses with the longest prefix.
    pub fn table_get(&self, t: &TableVal, key: &Value) -> Option<Value> {
        // An address asks a table of subnets as a host route.
        match key {
            Value::Addr(a) if self.types.index_of(t.ty).as_deref() == Some(&[TypeId::Subnet]) => {
                crate::compile::lookup(t, &Value::Subnet(*a, 128))
            }
            key => crate::compile::lookup(t, key),
        }
    }

    /// An enum constant by its full name (`"Notice::ACTION_LOG"`).
    pub fn enum_value(&self, name: &str) -> Option<Value> {
        self.global_value(name).filter(|v| matches!(v, Value::Enum(..))).cloned()
    }

    /// A record as one of another type, if its fields fit.
    pub fn convert_record(&mut self, record: &Rc<RecordVal>, to: TypeId) -> Option<Rc<RecordVal>> {
        if !self.types.promotable(record.ty, to) {
            return None;
        }
        match crate::compile::convert(self, &Value::Record(record.clone()), to) {
            Ok(Value::Record(converted)) => Some(converted),
            _ => None,
        }
    }

    /// A deep copy.
    pub fn copy(&mut self, v: &Value) -> Option<Value> {
        crate::builtins::deep_copy(self, v, Span::default()).ok()
    }

    /// Calls a script's function or hook from outside any handler, with budgets of its own. What goes wrong is
    /// reported as in a handler, and there is no answer.
    pub fn invoke(&mut self, f: &Rc<FuncVal>, args: Args) -> Option<Value> {
        // Inside a handler the call is part of that handler's budget.
        let outermost = self.calls.is_empty();
        if outermost {
            self.fuel = self.limits.fuel;
            self.depth = 0;
        }
        let calls = self.calls.len();
        let called = self.call_value(f, args, Span::default());
        let r = called.and_then(|v| self.settle_patterns(Span::default()).map(|()| v));
        self.calls.truncate(calls);
        match r {
            Ok(v) => Some(v),
            Err(f) => {
                if let FaultKind::Exit(code) = f.kind {
                    self.exit_code = Some(code);
                }
                self.report_fault(&f);
                None
            }
        }
    }
}
