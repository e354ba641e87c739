//! Tables that are kept as files are.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use nightjar_script::types::{Type, TypeId};
use nightjar_script::value::{Dict, FuncVal, RecordVal, TableVal, Value};
use nightjar_script::vm::FuncId;
use nightjar_script::{Args, Vm};

use super::convert::{InputRow, Misfit, row_bytes};
use crate::input::Cell;

pub struct Table {
    pub destination: Rc<TableVal>,
    pub index: TypeId,
    pub value: Option<TypeId>,
    /// Cells of a row that make up the index.
    pub index_cells: usize,
    pub want_record: bool,
    pub event: Option<FuncId>,
    pub predicate: Option<Rc<FuncVal>>,
    pub held: RefCell<Held>,
}

/// The rows that the table has: by the bytes of the index, its key and a hash of the value. The order is Zeek's,
/// which is that of the events for what is gone.
#[derive(Default)]
pub struct Held {
    /// Rows of the reading under way.
    current: Dict,
    /// Those of the one before that have not come again.
    last: Dict,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    New,
    Changed,
    Removed,
}

impl Change {
    fn value(self, vm: &Vm) -> Value {
        let name = match self {
            Change::New => "Input::EVENT_NEW",
            Change::Changed => "Input::EVENT_CHANGED",
            Change::Removed => "Input::EVENT_REMOVED",
        };
        vm.enum_value(name).unwrap_or_default()
    }
}

/// What a row that is held is known by.
fn held_row(key: Value, hash: u64) -> Value {
    Value::List([key, Value::Count(hash)].into())
}

fn key_and_hash(held: &Value) -> (Value, u64) {
    match held {
        Value::List(parts) => match &parts[..] {
            [key, hash] => (key.clone(), hash.as_count()),
            _ => Default::default(),
        },
        _ => Default::default(),
    }
}

impl Table {
    fn has_value(&self) -> bool {
        self.value.is_some()
    }

    /// What the table has under exactly this key.
    fn held_value(&self, key: &Value) -> Option<Value> {
        self.destination.dict.borrow().get(key).map(|entry| entry.value.clone())
    }

    fn row_value(&self, vm: &mut Vm, cells: &[Cell]) -> Result<Value, Misfit> {
        let Some(ty) = self.value else { return Ok(Value::Unset) };
        let mut row = InputRow::new(cells.get(self.index_cells..).unwrap_or(&[]));
        if self.want_record {
            return row.record(vm, ty).map(Value::Record);
        }
        let first = vm.types.as_record(ty).and_then(|record| record.fields.first().map(|field| field.ty));
        let value = row.field(vm, first.ok_or(Misfit::Default)?)?;
        if value.is_unset() {
            return Err(Misfit::Missing);
        }
        Ok(value)
    }

    fn index_record(&self, vm: &mut Vm, cells: &[Cell]) -> Result<Rc<RecordVal>, Misfit> {
        InputRow::new(cells).record(vm, self.index)
    }

    /// What the table is indexed with.
    fn key(&self, vm: &Vm, index: &RecordVal) -> Result<Value, Misfit> {
        let ty = vm.types.as_record(self.index).ok_or(Misfit::Default)?;
        let values: Vec<Value> = (0..ty.fields.len()).map(|at| index.get(at)).collect();
        if values.iter().any(Value::is_unset) {
            return Err(Misfit::Missing);
        }
        Ok(match &values[..] {
            [one] if !matches!(one, Value::Record(_)) => one.clone(),
            _ => Value::List(values.into()),
        })
    }

    /// The index of a row that is held, as a record.
    fn index_of(&self, vm: &mut Vm, key: &Value) -> Option<Rc<RecordVal>> {
        let record = vm.new_record_of(self.index)?;
        match key {
            Value::List(parts) => {
                parts.iter().enumerate().for_each(|(at, part)| record.set(at, part.clone()))
            }
            one => record.set(0, one.clone()),
        }
        Some(record)
    }

    fn allows(&self, vm: &mut Vm, change: Change, index: &Rc<RecordVal>, value: &Value) -> bool {
        let Some(predicate) = &self.predicate else { return true };
        let mut args = Args::new();
        args.push(change.value(vm));
        args.push(Value::Record(index.clone()));
        if self.has_value() {
            args.push(value.clone());
        }
        vm.invoke(predicate, args).is_some_and(|answer| answer.as_bool())
    }

    fn tell(&self, vm: &mut Vm, description: &Value, change: Change, index: Rc<RecordVal>, value: Value) {
        let Some(event) = self.event else { return };
        let mut args = Args::new();
        args.push(description.clone());
        args.push(change.value(vm));
        args.push(Value::Record(index));
        if self.has_value() {
            args.push(value);
        }
        vm.enqueue(event, args);
    }

    /// A row of a source that is read as a whole.
    pub fn row(&self, vm: &mut Vm, description: &Value, cells: &[Cell]) -> Result<(), Misfit> {
        let index_cells = cells.get(..self.index_cells).unwrap_or(cells);
        let Some(bytes) = row_bytes(index_cells) else {
            return Err(Misfit::Missing);
        };
        let mut hasher = DefaultHasher::new();
        row_bytes(cells.get(self.index_cells..).unwrap_or(&[])).hash(&mut hasher);
        let hash = hasher.finish();
        let bytes = Value::str(bytes);
        let before = self.held.borrow_mut().last.remove(&bytes).map(|entry| entry.value);
        if let Some(held) = &before
            && key_and_hash(held).1 == hash
        {
            self.held.borrow_mut().current.insert(bytes, held.clone(), 0.0);
            return Ok(());
        }
        let change = if before.is_some() { Change::Changed } else { Change::New };
        let value = self.row_value(vm, cells)?;
        let index = self.index_record(vm, index_cells)?;
        if !self.allows(vm, change, &index, &value) {
            if let Some(held) = before {
                self.held.borrow_mut().current.insert(bytes, held, 0.0);
            }
            return Ok(());
        }
        // A predicate may have changed the index.
        let key = self.key(vm, &index)?;
        let old = match change {
            Change::Changed => self.held_value(&key),
            _ => None,
        };
        vm.table_insert(&self.destination, key.clone(), value.clone());
        self.held.borrow_mut().current.insert(bytes, held_row(key, hash), 0.0);
        if self.event.is_some() {
            let index = self.index_record(vm, index_cells)?;
            self.tell(vm, description, change, index, old.unwrap_or(value));
        }
        Ok(())
    }

    /// A row that was added to a source.
    pub fn added(&self, vm: &mut Vm, description: &Value, cells: &[Cell]) -> Result<(), Misfit> {
        let index_cells = cells.get(..self.index_cells).unwrap_or(cells);
        let index = self.index_record(vm, index_cells)?;
        let value = self.row_value(vm, cells)?;
        let key = self.key(vm, &index)?;
        let old = self.held_value(&key).filter(|_| self.has_value());
        let change = if old.is_some() { Change::Changed } else { Change::New };
        if !self.allows(vm, change, &index, &value) {
            return Ok(());
        }
        vm.table_insert(&self.destination, key, value.clone());
        if self.event.is_some() {
            let index = self.index_record(vm, index_cells)?;
            self.tell(vm, description, change, index, old.unwrap_or(value));
        }
        Ok(())
    }

    /// The source has been read: what did not come again goes.
    pub fn end(&self, vm: &mut Vm, description: &Value) {
        let gone: Vec<(Value, Value)> = {
            let held = self.held.borrow();
            held.last.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
        };
        for (bytes, held) in gone {
            let (key, _) = key_and_hash(&held);
            let value = self.held_value(&key).unwrap_or_default();
            if self.predicate.is_some() || self.event.is_some() {
                let Some(index) = self.index_of(vm, &key) else { continue };
                if !self.allows(vm, Change::Removed, &index, &value) {
                    self.held.borrow_mut().current.insert(bytes, held, 0.0);
                    continue;
                }
                self.tell(vm, description, Change::Removed, index, value);
            }
            vm.table_remove(&self.destination, &key);
        }
        let held = &mut *self.held.borrow_mut();
        held.last = std::mem::take(&mut held.current);
    }
}

/// Whether a type is a set.
pub fn is_set(vm: &Vm, ty: TypeId) -> bool {
    matches!(vm.types.get(ty), Type::Set(_))
}
