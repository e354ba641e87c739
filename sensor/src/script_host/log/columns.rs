//! The columns of a stream, and a script's values in them.

use nightjar_script::Vm;
use nightjar_script::types::{Type, TypeId};
use nightjar_script::value::{RecordVal, Value};

use crate::event::Arg;
use crate::time::{Interval, Time};

/// One column: where in the record it is, and what it is called.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// The field, and within records that it holds the fields down to the value.
    pub places: Box<[usize]>,
    pub names: Vec<String>,
    pub type_name: String,
}

/// Records in records, as deep as columns follow them.
const MAX_DEPTH: usize = 16;

/// The logged fields of a record type. The error names a field that no log can hold.
pub(super) fn of(vm: &Vm, ty: TypeId) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    add(vm, ty, &mut Vec::new(), &mut Vec::new(), &mut columns)?;
    Ok(columns)
}

fn add(
    vm: &Vm,
    ty: TypeId,
    places: &mut Vec<usize>,
    names: &mut Vec<String>,
    columns: &mut Vec<Column>,
) -> Result<(), String> {
    let Some(record) = vm.types.as_record(ty) else { return Ok(()) };
    for (at, field) in record.fields.iter().enumerate().filter(|(_, field)| field.log) {
        places.push(at);
        names.push(field.name.to_string());
        match vm.types.get(field.ty) {
            Type::Record(_) if places.len() < MAX_DEPTH => add(vm, field.ty, places, names, columns)?,
            _ => {
                let type_name = type_name(vm, field.ty)
                    .ok_or_else(|| format!("unsupported field type for log column '{}'", names.join(".")))?;
                columns.push(Column { places: places[..].into(), names: names.clone(), type_name });
            }
        }
        places.pop();
        names.pop();
    }
    Ok(())
}

/// As a log's header has it; `None` for what no log can hold.
fn type_name(vm: &Vm, ty: TypeId) -> Option<String> {
    Some(match vm.types.get(ty) {
        Type::Base(base) if !matches!(ty, TypeId::Any | TypeId::Void | TypeId::Error) => {
            base.text().to_owned()
        }
        Type::Enum(_) => "enum".to_owned(),
        Type::Func(_) => "func".to_owned(),
        Type::File(_) => "file".to_owned(),
        Type::Set(index) if index.len() == 1 => format!("set[{}]", type_name(vm, index[0])?),
        Type::Vector(element) => format!("vector[{}]", type_name(vm, *element)?),
        _ => return None,
    })
}

impl Column {
    /// The value in a record.
    pub fn value(&self, vm: &Vm, record: &RecordVal) -> Arg {
        let Some((first, rest)) = self.places.split_first() else { return Arg::Unset };
        let mut value = record.get(*first);
        for at in rest {
            value = match value {
                Value::Record(inner) => inner.get(*at),
                _ => return Arg::Unset,
            };
        }
        arg(vm, &value)
    }

    /// The column's name, with its parts joined as a filter asks for.
    pub fn name(&self, scope: &str) -> String {
        self.names.join(scope)
    }
}

/// A script's value as ours.
pub(super) fn arg(vm: &Vm, value: &Value) -> Arg {
    match value {
        Value::Unset | Value::Lazy => Arg::Unset,
        Value::Bool(b) => Arg::Bool(*b),
        Value::Int(n) => Arg::Int(*n),
        Value::Count(n) => Arg::Count(*n),
        Value::Double(d) => Arg::Double(*d),
        Value::Time(t) => Arg::Time(Time::from_secs_f64(*t)),
        Value::Interval(i) => Arg::Interval(Interval::from_secs_f64(*i)),
        Value::Str(text) => Arg::Bytes(text.to_vec()),
        Value::Addr(addr) => Arg::Addr(addr.to_ip()),
        Value::Port(port) => Arg::Port(port.num),
        Value::Enum(ty, number) => match vm.types.get(*ty) {
            Type::Enum(names) => {
                let named = names.values.iter().find(|(_, value)| value == number);
                named.map_or(Arg::Unset, |(name, _)| Arg::text(name))
            }
            _ => Arg::Unset,
        },
        Value::Table(table) => {
            Arg::List(table.dict.borrow().iter().map(|entry| arg(vm, &entry.key)).collect())
        }
        Value::Vector(vector) => Arg::List(vector.items().iter().map(|item| arg(vm, item)).collect()),
        Value::File(file) => Arg::text(&file.name),
        value => Arg::Bytes(vm.text(value)),
    }
}
