//! What new records begin with, found out once for each type.

use super::{RecordVal, TableAttrs, TableVal, Value, VectorVal, memory};
use crate::types::TypeId;
use std::rc::Rc;

/// A new record of a type. Empty containers, and records within it, are made when somebody looks at them: most are
/// never looked at.
pub struct Template {
    ty: TypeId,
    fields: Vec<Value>,
    lazy: Vec<(usize, Empty)>,
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
        Template { ty, fields: Vec::new(), lazy: Vec::new(), evaluated: Vec::new() }
    }

    /// The next field begins with this value.
    pub fn begin_with(&mut self, value: Value) {
        self.fields.push(value);
    }

    pub fn begin_empty(&mut self, empty: Empty) {
        self.lazy.push((self.fields.len(), empty));
        self.fields.push(Value::Lazy);
    }

    /// A record that begins so; fields to be evaluated are unset.
    pub fn record(template: &Rc<Template>) -> Rc<RecordVal> {
        let mut fields = memory::spare(template.fields.len());
        fields.extend_from_slice(&template.fields);
        let origin = (!template.lazy.is_empty()).then(|| template.clone());
        RecordVal::begun(template.ty, fields, origin)
    }

    pub(super) fn make(&self, at: usize) -> Value {
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
