//! `copy`: deep, keeping what is shared inside shared.

use crate::source::Span;
use crate::value::{RecordVal, TableVal, Value, VectorVal};
use crate::vm::{Res, Vm};
use std::collections::HashMap;
use std::rc::Rc;

/// A deep copy of a value.
pub fn deep_copy(vm: &mut Vm, v: &Value, span: Span) -> Res {
    match v {
        Value::Record(_)
        | Value::Table(_)
        | Value::Vector(_)
        | Value::List(_)
        | Value::Str(_)
        | Value::Opaque(_)
        | Value::Func(_)
        | Value::Pattern(_) => Copier { vm, span, seen: HashMap::new() }.copy(v, 0),
        v => Ok(v.clone()),
    }
}

struct Copier<'a> {
    vm: &'a mut Vm,
    span: Span,
    /// Copies made, by the original's address: a value that holds itself is copied once.
    seen: HashMap<*const (), Value>,
}

impl Copier<'_> {
    fn copy(&mut self, v: &Value, depth: u32) -> Res {
        if depth > crate::value::MAX_VALUE_DEPTH {
            return Err(self.vm.budget(self.span, "value nested too deeply to copy".into()));
        }
        self.vm.tick(self.span)?;
        Ok(match v {
            Value::Str(s) => Value::Str(Rc::from(&**s)),
            Value::Pattern(p) => match self.seen.get(&Rc::as_ptr(p).cast()) {
                Some(c) => c.clone(),
                None => {
                    let c = Value::Pattern(Rc::new(p.duplicate()));
                    self.seen.insert(Rc::as_ptr(p).cast(), c.clone());
                    c
                }
            },
            Value::Opaque(o) => match o.copy() {
                Some(c) => Value::Opaque(c),
                None => v.clone(),
            },
            Value::Func(f) if !f.captures.borrow().is_empty() => {
                let captures = f.captures.borrow().clone();
                let captures = captures.iter().map(|x| self.copy(x, depth + 1)).collect::<Res<Vec<_>>>()?;
                Value::Func(Rc::new(crate::value::FuncVal { id: f.id, captures: captures.into() }))
            }
            Value::List(l) => {
                let items = l.iter().map(|x| self.copy(x, depth + 1)).collect::<Res<Vec<_>>>()?;
                Value::List(items.into())
            }
            Value::Record(r) => self.record(r, depth)?,
            Value::Vector(items) => self.vector(items, depth)?,
            Value::Table(t) => self.table(t, depth)?,
            v => v.clone(),
        })
    }

    fn record(&mut self, r: &Rc<RecordVal>, depth: u32) -> Res {
        let at = Rc::as_ptr(r).cast();
        if let Some(c) = self.seen.get(&at) {
            return Ok(c.clone());
        }
        let width = r.width();
        let out = RecordVal::new(r.ty, vec![Value::Unset; width]);
        self.seen.insert(at, Value::Record(out.clone()));
        for i in 0..width {
            let v = self.copy(&r.get(i), depth + 1)?;
            out.set(i, v);
        }
        Ok(Value::Record(out))
    }

    fn vector(&mut self, items: &Rc<VectorVal>, depth: u32) -> Res {
        let at = Rc::as_ptr(items).cast();
        if let Some(c) = self.seen.get(&at) {
            return Ok(c.clone());
        }
        let out = VectorVal::new(items.ty, Vec::new());
        self.seen.insert(at, Value::Vector(out.clone()));
        let list = items.items().clone();
        for x in &list {
            let x = self.copy(x, depth + 1)?;
            out.update(|l| l.push(x));
        }
        Ok(Value::Vector(out))
    }

    fn table(&mut self, t: &Rc<TableVal>, depth: u32) -> Res {
        let at = Rc::as_ptr(t).cast();
        if let Some(c) = self.seen.get(&at) {
            return Ok(c.clone());
        }
        let ordered = t.dict.borrow().is_ordered();
        let out = Rc::new(TableVal::new(t.ty, t.is_set, ordered));
        *out.attrs.borrow_mut() = t.attrs.borrow().clone();
        self.seen.insert(at, Value::Table(out.clone()));
        let members: Vec<_> = t.dict.borrow().iter().cloned().collect();
        for e in members {
            let (k, v) = (self.copy(&e.key, depth + 1)?, self.copy(&e.value, depth + 1)?);
            out.dict.borrow_mut().insert(k, v, e.stamp);
        }
        if out.attrs.borrow().as_ref().is_some_and(|a| a.expires()) {
            self.vm.track_expiry(&out);
        }
        Ok(Value::Table(out))
    }
}
