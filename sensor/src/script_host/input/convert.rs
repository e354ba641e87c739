//! Rows of files as script values.

use std::net::IpAddr;
use std::rc::Rc;

use nightjar_script::Vm;
use nightjar_script::types::{Type, TypeId};
use nightjar_script::value::{Addr, Modifiers, Pattern, Port, Proto, RecordVal, TableVal, Value, VectorVal};

use crate::input::{Cell, CellType, Field, Transport};

/// How a type is read from a file, and its members, if that is possible.
pub fn cell_type(vm: &Vm, ty: TypeId) -> Option<(CellType, Option<CellType>)> {
    if let Some(plain) = plain_type(vm, ty) {
        return Some((plain, None));
    }
    match vm.types.get(ty) {
        Type::Set(index) => match index[..] {
            [member] => Some((CellType::Set, Some(plain_type(vm, member)?))),
            _ => None,
        },
        Type::Vector(member) => Some((CellType::Vector, Some(plain_type(vm, *member)?))),
        _ => None,
    }
}

fn plain_type(vm: &Vm, ty: TypeId) -> Option<CellType> {
    Some(match ty {
        TypeId::Bool => CellType::Bool,
        TypeId::Int => CellType::Int,
        TypeId::Count => CellType::Count,
        TypeId::Double => CellType::Double,
        TypeId::Time => CellType::Time,
        TypeId::Interval => CellType::Interval,
        TypeId::String => CellType::String,
        TypeId::Port => CellType::Port,
        TypeId::Addr => CellType::Addr,
        TypeId::Subnet => CellType::Subnet,
        TypeId::Pattern => CellType::Pattern,
        _ if vm.types.as_enum(ty).is_some() => CellType::Enum,
        _ => return None,
    })
}

/// The first word of a type, as Zeek's messages name it.
pub fn tag(vm: &Vm, ty: TypeId) -> String {
    match vm.types.get(ty) {
        Type::Enum(_) => "enum".to_owned(),
        Type::Record(_) => "record".to_owned(),
        Type::Table(..) | Type::Set(_) => "table".to_owned(),
        Type::Vector(_) => "vector".to_owned(),
        Type::Func(_) => "func".to_owned(),
        Type::File(_) => "file".to_owned(),
        Type::Opaque(_) => "opaque".to_owned(),
        Type::Type(_) => "type".to_owned(),
        Type::Base(_) | Type::List(_) => vm.types.name(ty),
    }
}

/// No file can hold these; an optional field of theirs can be left out.
fn is_foreign(vm: &Vm, ty: TypeId) -> bool {
    matches!(vm.types.get(ty), Type::File(_) | Type::Func(_) | Type::Opaque(_))
}

/// What a record type asks a file for.
pub struct Wanted<'a> {
    pub fields: &'a mut Vec<Field>,
    /// Leave out optional fields of types that no file can hold.
    pub lenient: bool,
    /// What was said about them.
    pub notes: Vec<String>,
}

impl Wanted<'_> {
    /// Adds a record's fields; on failure, the complaint and whether it is an error or a note.
    pub fn add(&mut self, vm: &Vm, record: TypeId, prefix: &str, depth: u32) -> Result<(), Option<String>> {
        let Some(record) = vm.types.as_record(record) else { return Err(None) };
        for field in &record.fields {
            let name = format!("{prefix}{}", field.name);
            if let Type::Record(_) = vm.types.get(field.ty) {
                if field.optional || depth > MAX_DEPTH {
                    self.notes.push(format!(
                        "The input framework does not support optional record fields: \"{}\"",
                        field.name
                    ));
                    return Err(None);
                }
                self.add(vm, field.ty, &format!("{name}."), depth + 1)?;
                continue;
            }
            match cell_type(vm, field.ty) {
                Some((ty, member)) => {
                    let column = field.type_column.as_deref().filter(|_| ty == CellType::Port);
                    let protocol = column.map(str::to_owned);
                    let optional = field.optional || field.default.is_some();
                    self.fields.push(Field { name, protocol, ty, member, optional });
                }
                None if self.lenient && field.optional && is_foreign(vm, field.ty) => {
                    self.notes.push(format!(
                        "Encountered incompatible type \"{}\" in type definition for field \"{name}\" in ReaderFrontend. Ignoring optional field.",
                        tag(vm, field.ty)
                    ));
                }
                None => {
                    return Err(Some(format!(
                        "Incompatible type \"{}\" in type definition for for field \"{name}\" in ReaderFrontend",
                        tag(vm, field.ty)
                    )));
                }
            }
        }
        Ok(())
    }
}

/// Records within records.
const MAX_DEPTH: u32 = 40;

/// Why a row is no value.
#[derive(Debug)]
pub enum Misfit {
    /// No enum value has this name.
    Enum(String),
    /// A field that has to be there is not.
    Missing,
    Pattern(String),
    /// A default of the record failed, which is reported.
    Default,
}

/// Reads values off a row, one field after another.
pub struct InputRow<'a> {
    pub cells: std::slice::Iter<'a, Cell>,
}

impl<'a> InputRow<'a> {
    pub fn new(cells: &'a [Cell]) -> Self {
        InputRow { cells: cells.iter() }
    }

    fn next(&mut self) -> &'a Cell {
        self.cells.next().unwrap_or(&Cell::Unset)
    }

    /// A field's value: a record takes as many cells as it has fields.
    pub fn field(&mut self, vm: &mut Vm, ty: TypeId) -> Result<Value, Misfit> {
        match vm.types.get(ty) {
            Type::Record(_) => self.record(vm, ty).map(Value::Record),
            _ => value(vm, self.next(), ty),
        }
    }

    pub fn record(&mut self, vm: &mut Vm, ty: TypeId) -> Result<Rc<RecordVal>, Misfit> {
        let description = vm.types.as_record(ty).ok_or(Misfit::Default)?;
        let record = vm.new_record_of(ty).ok_or(Misfit::Default)?;
        for (at, field) in description.fields.iter().enumerate() {
            if is_foreign(vm, field.ty) {
                continue;
            }
            let value = self.field(vm, field.ty)?;
            if value.is_set() {
                record.set(at, value);
            } else if !field.optional && field.default.is_none() {
                return Err(Misfit::Missing);
            }
        }
        Ok(record)
    }
}

fn addr(addr: IpAddr, width: u8) -> (Addr, u8) {
    match addr {
        IpAddr::V4(_) => (Addr::from_ip(addr), width.saturating_add(96)),
        IpAddr::V6(_) => (Addr::from_ip(addr), width),
    }
}

/// One value; what is not set is [`Value::Unset`].
pub fn value(vm: &mut Vm, cell: &Cell, ty: TypeId) -> Result<Value, Misfit> {
    Ok(match cell {
        Cell::Unset => Value::Unset,
        Cell::Bool(value) => Value::Bool(*value),
        Cell::Int(value) => Value::Int(*value),
        Cell::Count(value) => Value::Count(*value),
        Cell::Double(value) => match ty {
            TypeId::Time => Value::Time(*value),
            TypeId::Interval => Value::Interval(*value),
            _ => Value::Double(*value),
        },
        Cell::Text(text) => match vm.types.as_enum(ty) {
            Some(names) => {
                let name = String::from_utf8_lossy(text);
                let plain = name.strip_prefix("GLOBAL::").unwrap_or(&name);
                let found = names.values.iter().find(|(known, _)| known == plain);
                let (_, number) = found.ok_or_else(|| Misfit::Enum(name.clone().into_owned()))?;
                Value::Enum(ty, *number)
            }
            None => Value::str(text),
        },
        Cell::Port(num, transport) => {
            let proto = match transport {
                Transport::Unknown => Proto::Unknown,
                Transport::Tcp => Proto::Tcp,
                Transport::Udp => Proto::Udp,
                Transport::Icmp => Proto::Icmp,
            };
            Value::Port(Port { num: *num, proto })
        }
        Cell::Addr(ip) => Value::Addr(Addr::from_ip(*ip)),
        Cell::Subnet(ip, width) => {
            let (ip, width) = addr(*ip, *width);
            Value::Subnet(ip.mask(width), width)
        }
        Cell::Pattern(text) => match Pattern::new(text, Modifiers::default()) {
            Ok(pattern) => Value::Pattern(Rc::new(pattern)),
            Err(error) => return Err(Misfit::Pattern(error)),
        },
        Cell::List(cells) => list(vm, cells, ty)?,
    })
}

fn list(vm: &mut Vm, cells: &[Cell], ty: TypeId) -> Result<Value, Misfit> {
    let member = match vm.types.get(ty) {
        Type::Vector(member) => *member,
        Type::Set(index) => index.first().copied().unwrap_or(TypeId::Any),
        _ => TypeId::Any,
    };
    let values = cells.iter().map(|cell| value(vm, cell, member)).collect::<Result<Vec<Value>, _>>()?;
    if let Type::Vector(_) = vm.types.get(ty) {
        return Ok(Value::Vector(VectorVal::new(ty, values)));
    }
    let set = Rc::new(TableVal::new(ty, true, false));
    for value in values.into_iter().filter(Value::is_set) {
        vm.table_insert(&set, value, Value::Unset);
    }
    Ok(Value::Table(set))
}

/// The bytes that tell rows apart, laid out as Zeek does: tables keyed by them have its order. `None`: no cell
/// is set.
pub fn row_bytes(cells: &[Cell]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for cell in cells {
        cell_bytes(cell, &mut bytes);
        bytes.push(1);
    }
    (bytes.len() > cells.len()).then_some(bytes)
}

fn cell_bytes(cell: &Cell, bytes: &mut Vec<u8>) {
    let addr = |ip: &IpAddr, bytes: &mut Vec<u8>| match ip {
        IpAddr::V4(ip) => bytes.extend(ip.octets()),
        IpAddr::V6(ip) => bytes.extend(ip.octets()),
    };
    match cell {
        Cell::Unset => {}
        Cell::Bool(value) => bytes.extend(u64::from(*value).to_le_bytes()),
        Cell::Int(value) => bytes.extend(value.to_le_bytes()),
        Cell::Count(value) => bytes.extend(value.to_le_bytes()),
        Cell::Double(value) => bytes.extend(value.to_le_bytes()),
        Cell::Text(text) | Cell::Pattern(text) => {
            bytes.extend(text);
            bytes.push(0);
        }
        Cell::Port(num, transport) => {
            bytes.extend(u64::from(*num).to_le_bytes());
            bytes.extend((*transport as u32).to_le_bytes());
        }
        Cell::Addr(ip) => addr(ip, bytes),
        Cell::Subnet(ip, width) => {
            addr(ip, bytes);
            bytes.push(*width);
        }
        Cell::List(cells) => cells.iter().for_each(|cell| cell_bytes(cell, bytes)),
    }
}
