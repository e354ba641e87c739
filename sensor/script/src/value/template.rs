//! What new records begin with, found out once for each type.

use super::{NativeRecord, Origin, RecordVal, TableAttrs, TableVal, Value, VectorVal};
use crate::types::TypeId;
use std::cell::Cell;
use std::rc::Rc;

/// A new record of a type. Empty containers, and records within it, are made when somebody looks at them: most are
/// never looked at.
pub struct Template {
    ty: TypeId,
    width: usize,
    /// Up to the last that is not unset.
    fields: Vec<Value>,
    lazy: Vec<(usize, Empty)>,
    /// How many fields the widest of such records has come to hold itself.
    room: Cell<u32>,
    /// Fields whose default is an expression to be evaluated each time.
    pub evaluated: Vec<usize>,
}

/// What a field holds at first.
pub enum Empty {
    Table { ty: TypeId, is_set: bool, ordered: bool, attrs: Option<Rc<TableAttrs>> },
    Vector(TypeId),
    Record(Rc<Template>),
}

impl Template {
    pub fn new(ty: TypeId) -> Template {
        Template {
            ty,
            width: 0,
            fields: Vec::new(),
            lazy: Vec::new(),
            room: Cell::new(0),
            evaluated: Vec::new(),
        }
    }

    /// The next field begins with this value.
    pub fn begin_with(&mut self, value: Value) {
        if value.is_set() {
            self.fields.resize(self.width, Value::Unset);
            self.fields.push(value);
        }
        self.width += 1;
    }

    pub fn begin_empty(&mut self, empty: Empty) {
        self.lazy.push((self.width, empty));
        self.begin_with(Value::Lazy);
    }

    /// A record that begins so; fields to be evaluated are unset.
    pub fn record(template: &Rc<Template>) -> Rc<RecordVal> {
        let origin = match template.fields.is_empty() {
            true => Origin::Nowhere,
            false => Origin::Template(template.clone()),
        };
        RecordVal::begun(template.ty, template.width, Vec::new(), origin)
    }

    /// How many fields a record will probably hold that is to hold so many now.
    pub(super) fn room(&self, fields: usize) -> usize {
        let room = (self.room.get() as usize).max(fields);
        self.room.set(room as u32);
        room
    }

    pub fn width(&self) -> usize {
        self.width
    }
}

impl NativeRecord for Template {
    fn get(&self, at: usize) -> Value {
        match self.fields.get(at) {
            None => Value::Unset,
            Some(Value::Lazy) => self.make(at),
            Some(value) => value.clone(),
        }
    }

    fn has(&self, at: usize) -> bool {
        self.fields.get(at).is_some_and(Value::is_set)
    }

    fn keeps(&self) -> bool {
        true
    }
}

impl Template {
    /// Whether a new record holds the same in this field, so that a value of nobody else's need not be kept.
    pub fn begins(&self, at: usize, value: &Value) -> bool {
        match (self.fields.get(at), value) {
            (None | Some(Value::Unset), Value::Unset) => true,
            (Some(Value::Lazy), Value::Table(table)) => Rc::strong_count(table) == 1 && table.is_empty(),
            (Some(Value::Lazy), Value::Vector(vector)) => Rc::strong_count(vector) == 1 && vector.is_empty(),
            _ => false,
        }
    }

    fn make(&self, at: usize) -> Value {
        match self.lazy.iter().find(|(lazy, _)| *lazy == at) {
            None => Value::Unset,
            Some((_, Empty::Vector(ty))) => Value::Vector(VectorVal::new(*ty, Vec::new())),
            Some((_, Empty::Record(template))) => Value::Record(Template::record(template)),
            Some((_, Empty::Table { ty, is_set, ordered, attrs })) => {
                let table = TableVal::new(*ty, *is_set, *ordered);
                *table.attrs.borrow_mut() = attrs.clone();
                Value::Table(Rc::new(table))
            }
        }
    }
}
