//! What scripts say of a stream, checked as Zeek does and in its words.

use std::rc::Rc;

use nightjar_script::Vm;
use nightjar_script::ast::Flavor;
use nightjar_script::types::TypeId;
use nightjar_script::value::{FuncVal, RecordVal, Value};
use nightjar_script::vm::FuncId;

use super::convert::{Wanted, tag};
use super::table::{self, Table};
use super::{Events, Target, analysis};
use crate::input::{CellType, Field};

/// What a stream is made from.
pub struct Plan {
    pub target: Target,
    pub fields: Vec<Field>,
    pub error_event: Option<FuncId>,
    /// Said on the way, without being wrong.
    pub notes: Vec<String>,
}

/// Why there is no stream: messages, the last of which Zeek gives with the stream's name.
pub struct Refused {
    pub notes: Vec<String>,
    pub errors: Vec<String>,
}

impl Refused {
    fn because(error: impl Into<String>) -> Refused {
        Refused { notes: Vec::new(), errors: vec![error.into()] }
    }
}

/// A description, with what its checks need.
struct Check<'a> {
    vm: &'a Vm,
    description: &'a RecordVal,
    name: &'a str,
    /// Of the description's type.
    kind: &'static str,
    notes: Vec<String>,
}

pub fn event(vm: &Vm, description: &RecordVal, name: &str) -> Result<Plan, Refused> {
    let mut check = Check { vm, description, name, kind: "Input::EventDescription", notes: Vec::new() };
    let fields = check.record_type("fields")?;
    let want_record = vm.field(description, "want_record").as_bool();
    let Some((event, parameters)) = check.event("ev", "Stream event")? else {
        return Err(check.refuse("Stream event is a function, not an event"));
    };
    let [_, second, ..] = parameters[..] else {
        return Err(check.refuse("Event does not take enough arguments"));
    };
    if !check.is_named(second, "Input::Event") {
        return Err(check.refuse("Event's second attribute must be of type Input::Event"));
    }
    if !check.is_named(parameters[0], check.kind) {
        return Err(check.refuse("Event's first attribute must be of type Input::EventDescription"));
    }
    let types: Vec<TypeId> =
        vm.types.as_record(fields).map_or(Vec::new(), |record| record.fields.iter().map(|f| f.ty).collect());
    let rest = &parameters[2..];
    if want_record {
        let [given] = rest else { return Err(check.refuse("Event has wrong number of arguments")) };
        if !vm.types.same(*given, fields) {
            let (given_tag, given) = (tag(vm, *given), vm.types.name(*given));
            let (tag, needed) = (tag(vm, fields), vm.types.name(fields));
            return Err(check.refuse(format!(
                "Incompatible type '{given_tag}':{given} for event, which needs type '{tag}':{needed}\n"
            )));
        }
    } else {
        if rest.len() != types.len() {
            return Err(check.refuse("Event has wrong number of arguments"));
        }
        for (at, (given, needed)) in rest.iter().zip(&types).enumerate() {
            if !vm.types.same(*given, *needed) {
                let pair = check.pair(*needed, *given);
                let text = format!("Incompatible type for event in field {}. Need type {pair}", at + 3);
                return Err(check.refuse(text));
            }
        }
    }
    let error_event = check.error_event()?;
    let lenient = want_record && check.accepts_unsupported();
    let mut found = Vec::new();
    check.unroll(&mut found, fields, lenient)?;
    let target = Target::Event(Events { event, fields, want_record });
    Ok(Plan { target, fields: found, error_event, notes: check.notes })
}

pub fn table(vm: &Vm, description: &RecordVal, name: &str) -> Result<Plan, Refused> {
    let mut check = Check { vm, description, name, kind: "Input::TableDescription", notes: Vec::new() };
    let index = check.record_type("idx")?;
    let value = match vm.field(description, "val") {
        Value::Unset => None,
        _ => Some(check.record_type("val")?),
    };
    let Value::Table(destination) = vm.field(description, "destination") else {
        return Err(check.refuse("'destination' field is not a table or set"));
    };
    let field_types = |record: TypeId| -> Vec<TypeId> {
        vm.types.as_record(record).map_or(Vec::new(), |record| record.fields.iter().map(|f| f.ty).collect())
    };
    let wanted = field_types(index);
    let given = vm.types.index_of(destination.ty).unwrap_or_default();
    for (at, given) in given.iter().enumerate() {
        let Some(wanted) = wanted.get(at) else {
            return Err(check.refuse("Table type has more indexes than index definition"));
        };
        if !vm.types.same(*wanted, *given) {
            let pair = check.pair(*wanted, *given);
            return Err(check.refuse(format!("Table type does not match index type. Need type {pair}")));
        }
    }
    if wanted.len() != given.len() {
        return Err(check.refuse("Table has less elements than index definition"));
    }
    let want_record = vm.field(description, "want_record").as_bool();
    let is_set = table::is_set(vm, destination.ty);
    // What the table is to hold.
    let held = match value {
        Some(_) if is_set => {
            return Err(check.refuse(
                "'destination' field is a set, but the 'val' field was also specified (did you mean to use a table instead of a set?)",
            ));
        }
        None if !is_set => {
            return Err(check.refuse(
                "'destination' field is a table, but 'val' field is not provided (did you mean to use a set instead of a table?)",
            ));
        }
        Some(value) if want_record => Some(value),
        Some(value) => field_types(value).first().copied(),
        None => None,
    };
    if let Some(held) = held {
        let yields = vm.types.yield_of(destination.ty).unwrap_or(TypeId::Any);
        if !vm.types.same(yields, held) {
            let (needed, got) = (vm.types.name(held), vm.types.name(yields));
            return Err(check
                .refuse(format!("Table type does not match value type. Need type '{needed}', got '{got}'")));
        }
    }
    let event = check.table_event(index, held, want_record)?;
    let error_event = check.error_event()?;
    let mut fields = Vec::new();
    let mut unrolled = check.unroll(&mut fields, index, false);
    let index_cells = fields.len();
    if let (Some(value), Ok(())) = (value, &unrolled) {
        let lenient = check.accepts_unsupported();
        unrolled = check.unroll(&mut fields, value, lenient);
    }
    if !want_record && fields.len() - index_cells > 1 {
        return Err(
            check.refuse("Stream does not want a record (want_record=F), but has more then one value field.")
        );
    }
    unrolled?;
    let predicate = match vm.field(description, "pred") {
        Value::Func(function) => Some(function),
        _ => None,
    };
    let held = Default::default();
    let table = Table { destination, index, value, index_cells, want_record, event, predicate, held };
    Ok(Plan { target: Target::Table(Box::new(table)), fields, error_event, notes: check.notes })
}

/// What is read is one text after the other.
pub fn analysis(name: &str) -> Plan {
    let bytes = Field {
        name: "bytestream".to_owned(),
        protocol: None,
        ty: CellType::String,
        member: None,
        optional: false,
    };
    let target = Target::Analysis(analysis::identifier(name));
    Plan { target, fields: vec![bytes], error_event: None, notes: Vec::new() }
}

impl Check<'_> {
    fn refuse(&mut self, text: impl AsRef<str>) -> Refused {
        let notes = std::mem::take(&mut self.notes);
        Refused { notes, errors: vec![format!("Input stream {}: {}", self.name, text.as_ref())] }
    }

    /// `'tag':type, got 'tag':type`.
    fn pair(&self, needed: TypeId, given: TypeId) -> String {
        let types = &self.vm.types;
        let (need_tag, got_tag) = (tag(self.vm, needed), tag(self.vm, given));
        format!("'{need_tag}':{}, got '{got_tag}':{}", types.name(needed), types.name(given))
    }

    fn accepts_unsupported(&self) -> bool {
        self.vm.global_value("Input::accept_unsupported_types").is_some_and(Value::as_bool)
    }

    fn is_named(&self, ty: TypeId, name: &str) -> bool {
        self.vm.named_type(name).is_some_and(|named| self.vm.types.same(ty, named))
    }

    fn record_type(&mut self, field: &str) -> Result<TypeId, Refused> {
        match self.vm.field(self.description, field) {
            Value::Type(ty) if self.vm.types.as_record(ty).is_some() => Ok(ty),
            _ => Err(self.refuse(format!("'{field}' field is not a record type"))),
        }
    }

    /// An event named in a field, and its parameters.
    fn event(&mut self, field: &str, what: &str) -> Result<Option<(FuncId, Vec<TypeId>)>, Refused> {
        let function: Rc<FuncVal> = match self.vm.field(self.description, field) {
            Value::Unset => return Ok(None),
            Value::Func(function) => function,
            _ => return Err(self.refuse(format!("{what} is not an event"))),
        };
        let found = self.vm.funcs.get(function.id.0 as usize);
        match found.filter(|found| found.flavor == Flavor::Event) {
            Some(found) => {
                let ty = self.vm.types.as_func(found.ty);
                let parameters = ty.map_or(Vec::new(), |ty| ty.params.iter().map(|p| p.ty).collect());
                Ok(Some((function.id, parameters)))
            }
            None => Err(self.refuse(format!("{what} is a function, not an event"))),
        }
    }

    fn table_event(
        &mut self,
        index: TypeId,
        held: Option<TypeId>,
        want_record: bool,
    ) -> Result<Option<FuncId>, Refused> {
        let Some((event, parameters)) = self.event("ev", "Stream event")? else { return Ok(None) };
        let expected = if held.is_some() { 4 } else { 3 };
        if parameters.len() != expected {
            return Err(self.refuse(format!("Table event must take {expected} arguments")));
        }
        if !self.is_named(parameters[0], self.kind) {
            return Err(self.refuse("Table event's first attribute must be of type Input::TableDescription"));
        }
        if !self.is_named(parameters[1], "Input::Event") {
            return Err(self.refuse("Table event's second attribute must be of type Input::Event"));
        }
        let types = &self.vm.types;
        if !types.same(parameters[2], index) {
            let (needed, got) = (types.name(index), types.name(parameters[2]));
            return Err(self.refuse(format!(
                "Table event's index attributes do not match. Need '{needed}', got '{got}'"
            )));
        }
        if let Some(held) = held
            && !types.same(parameters[3], held)
        {
            let what = if want_record { "attributes do" } else { "attribute does" };
            let (needed, got) = (types.name(held), types.name(parameters[3]));
            return Err(
                self.refuse(format!("Table event's value {what} not match. Need '{needed}', got '{got}'"))
            );
        }
        Ok(Some(event))
    }

    fn error_event(&mut self) -> Result<Option<FuncId>, Refused> {
        let Some((event, parameters)) = self.event("error_ev", "Error event")? else { return Ok(None) };
        let [first, second, third] = parameters[..] else {
            return Err(self.refuse("Error event must take 3 arguments"));
        };
        if !self.is_named(first, self.kind) {
            return Err(self.refuse(format!("Error event's first attribute must be of type {}", self.kind)));
        }
        if second != TypeId::String {
            return Err(self.refuse("Error event's second attribute must be of type string"));
        }
        if !self.is_named(third, "Reporter::Level") {
            return Err(self.refuse("Error event's third attribute must be of type Reporter::Level"));
        }
        Ok(Some(event))
    }

    fn unroll(&mut self, fields: &mut Vec<Field>, record: TypeId, lenient: bool) -> Result<(), Refused> {
        let mut wanted = Wanted { fields, lenient, notes: Vec::new() };
        let result = wanted.add(self.vm, record, "", 0);
        self.notes.append(&mut wanted.notes);
        result.map_err(|error| {
            let mut refused = self.refuse("Problem unrolling");
            refused.errors.splice(0..0, error);
            refused
        })
    }
}

/// A stream that this sensor does not have.
pub fn unsupported(name: &str, what: &str) -> Refused {
    Refused::because(format!("Input stream {name}: {what} is not supported"))
}
