//! Expiry of table members: looked at every `table_expire_interval` of packet time.

use super::{Frame, Vm};
use crate::source::Span;
use crate::value::{TableVal, Value};
use std::rc::Rc;

/// Zeek's defaults for `table_expire_interval`, `table_incremental_step` and `table_expire_delay`.
const INTERVAL: f64 = 10.0;
const STEP: usize = 5000;
const DELAY: f64 = 0.01;

impl Vm {
    pub(crate) fn expire_tables(&mut self, now: f64) {
        let every = match self.global_value("table_expire_interval") {
            Some(v) if v.is_set() => v.as_double(),
            _ => INTERVAL,
        };
        self.next_expiry = now + every.max(0.001);
        let mut tables: Vec<Rc<TableVal>> = Vec::new();
        self.expiring.retain(|w| match w.upgrade() {
            Some(t) => {
                tables.push(t);
                true
            }
            None => false,
        });
        let mut all = true;
        for t in tables {
            all &= self.expire_table(&t, now);
        }
        if !all {
            self.next_expiry = now + DELAY;
        }
    }

    fn timeout_of(&mut self, t: &TableVal) -> Option<f64> {
        let attrs = t.attrs.borrow().clone()?;
        let code =
            attrs.create_expire.as_ref().or(attrs.read_expire.as_ref()).or(attrs.write_expire.as_ref())?;
        let mut fr = Frame::at(self.stack.len());
        match self.eval(code, &mut fr) {
            Ok(v) => Some(v.as_double()),
            Err(f) => {
                self.report_fault(&f);
                None
            }
        }
    }

    /// True where all that are due have expired, and not only as many as may in one go.
    fn expire_table(&mut self, t: &Rc<TableVal>, now: f64) -> bool {
        let Some(timeout) = self.timeout_of(t) else { return true };
        // A negative timeout means never.
        if timeout < 0.0 {
            return true;
        }
        // As in Zeek a member's age counts from the last whole second since the first packet.
        let start = self.started;
        let mut due: Vec<(Value, Value)> = Vec::new();
        {
            let mut dict = t.dict.borrow_mut();
            for e in dict.iter_mut() {
                if e.stamp == 0.0 {
                    // Inserted before the clock started.
                    e.stamp = now;
                } else if start + (e.stamp - start).trunc() + timeout < now && due.len() < STEP {
                    due.push((e.key.clone(), e.value.clone()));
                }
            }
        }
        let all = due.len() < STEP;
        for (k, v) in due {
            self.expire_member(t, k, v, now, timeout);
        }
        all
    }

    fn expire_member(&mut self, t: &Rc<TableVal>, k: Value, v: Value, now: f64, timeout: f64) {
        let func = t.attrs.borrow().as_ref().and_then(|a| a.expire_func.as_ref().map(|_| a.clone()));
        if let Some(attrs) = func {
            let again = self.call_expire_func(t, &attrs, &k);
            // The function may have removed the member, or asked for more time.
            let mut dict = t.dict.borrow_mut();
            let Some(e) = dict.get_mut(&k) else { return };
            if again > 0.0 {
                e.stamp = now - timeout + again;
                return;
            }
        }
        self.counters.expired += 1;
        t.dict.borrow_mut().remove(&k);
        self.table_changed(t, Change::Expired, &k, v);
    }

    fn call_expire_func(&mut self, t: &Rc<TableVal>, attrs: &crate::value::TableAttrs, k: &Value) -> f64 {
        let Some(code) = &attrs.expire_func else { return 0.0 };
        let f = match self.eval_top(code) {
            Ok(Value::Func(f)) => f,
            Ok(_) => return 0.0,
            Err(f) => {
                self.report_fault(&f);
                return 0.0;
            }
        };
        let params = self.types.as_func(self.funcs[f.id.0 as usize].ty).map_or(2, |t| t.params.len());
        let mut args = super::Args::new();
        args.push(Value::Table(t.clone()));
        match k {
            Value::List(l) if params > 2 => args.extend(l.iter().cloned()),
            _ => args.push(k.clone()),
        }
        self.fuel = self.limits.fuel;
        match self.call_value(&f, args, Span::default()) {
            Ok(v) => v.as_double(),
            Err(f) => {
                self.report_fault(&f);
                0.0
            }
        }
    }

    /// Calls a table's `&on_change`.
    pub fn table_changed(&mut self, t: &Rc<TableVal>, what: Change, k: &Value, v: Value) {
        let Some(attrs) = t.attrs.borrow().clone() else { return };
        let Some(code) = &attrs.on_change else { return };
        if t.in_change.replace(true) {
            return;
        }
        let r = self.eval_top(code).and_then(|f| match f {
            Value::Func(f) => {
                let mut args = super::Args::new();
                args.push(Value::Table(t.clone()));
                args.push(self.change_value(what));
                match k {
                    Value::List(l) => args.extend(l.iter().cloned()),
                    _ => args.push(k.clone()),
                }
                if !t.is_set {
                    args.push(v);
                }
                self.call_value(&f, args, Span::default())
            }
            _ => Ok(Value::Unset),
        });
        if let Err(f) = r {
            self.report_fault(&f);
        }
        t.in_change.set(false);
    }

    fn change_value(&self, what: Change) -> Value {
        match self.named_type("TableChange") {
            Some(t) => Value::Enum(t, what as i64),
            None => Value::Count(what as u64),
        }
    }
}

/// What happened to a member; the numbers are those of the `TableChange` enum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    New = 0,
    Changed = 1,
    Removed = 2,
    Expired = 3,
}
