//! What variables, records and fields hold before anything is assigned.

use std::rc::Rc;

use crate::types::{Field, Type, TypeId};
use crate::value::{Dict, Empty, NativeRecord, RecordVal, TableVal, Template, Value, VectorVal};
use crate::vm::{Code, Frame, Res, Vm};

/// A record with every field at its default.
pub fn new_record(vm: &mut Vm, ty: TypeId) -> Res<Rc<RecordVal>> {
    new_record_except(vm, ty, &[])
}

/// The same, with fields that come from elsewhere than from the type's defaults.
pub fn new_record_from(
    vm: &mut Vm,
    ty: TypeId,
    source: impl FnOnce(Rc<Template>) -> Rc<dyn NativeRecord>,
) -> Res<Option<Rc<RecordVal>>> {
    let Some(template) = template_of(vm, ty, 0) else { return Ok(None) };
    let record = RecordVal::native(ty, template.width(), source(template.clone()));
    evaluate_defaults(vm, &template, &record, &[])?;
    Ok(Some(record))
}

/// What records of a type begin with.
pub fn template(vm: &mut Vm, ty: TypeId) -> Option<Rc<Template>> {
    template_of(vm, ty, 0)
}

pub(super) fn new_record_except(vm: &mut Vm, ty: TypeId, skip: &[usize]) -> Res<Rc<RecordVal>> {
    let Some(template) = template_of(vm, ty, 0) else { return Ok(RecordVal::new(ty, Vec::new())) };
    let record = Template::record(&template);
    evaluate_defaults(vm, &template, &record, skip)?;
    Ok(record)
}

fn evaluate_defaults(vm: &mut Vm, template: &Template, record: &RecordVal, skip: &[usize]) -> Res<()> {
    if template.evaluated.is_empty() {
        return Ok(());
    }
    let Some(declared) = vm.types.as_record(record.ty) else { return Ok(()) };
    for at in template.evaluated.iter().filter(|at| !skip.contains(at)) {
        if let Some(field) = declared.fields.get(*at) {
            let value = field_default(vm, field)?;
            record.set(*at, value);
        }
    }
    Ok(())
}

/// What new records of a type begin with. Records in records are followed so far; further ones are made at once.
const MAX_TEMPLATE_DEPTH: u32 = 8;

fn template_of(vm: &mut Vm, ty: TypeId, depth: u32) -> Option<Rc<Template>> {
    if let Some(template) = vm.templates.get(&ty) {
        return Some(template.clone());
    }
    let record = vm.types.as_record(ty)?;
    let mut template = Template::new(ty);
    for (at, field) in record.fields.iter().enumerate() {
        let constant = match field.default.as_deref() {
            Some(Code::Const(value)) => Some(value.clone()).filter(|_| !vm.types.is_aggregate(field.ty)),
            Some(_) => None,
            None if field.optional || !vm.types.is_aggregate(field.ty) => Some(Value::Unset),
            None => None,
        };
        if let Some(value) = constant {
            template.begin_with(value);
            continue;
        }
        let empty = if field.default.is_none() { empty_of(vm, field, depth) } else { None };
        match empty {
            Some(empty) => template.begin_empty(empty),
            None => {
                template.evaluated.push(at);
                template.begin_with(Value::Unset);
            }
        }
    }
    let template = Rc::new(template);
    vm.templates.insert(ty, template.clone());
    Some(template)
}

/// The empty container or record that a field begins with, if it can be made at any time later.
fn empty_of(vm: &mut Vm, field: &Field, depth: u32) -> Option<Empty> {
    let (ty, ordered, attrs) = (field.ty, field.ordered, field.table_attrs.clone());
    let is_set = match vm.types.get(ty) {
        Type::Vector(_) => return Some(Empty::Vector(ty)),
        Type::Record(_) if depth < MAX_TEMPLATE_DEPTH => {
            let template = template_of(vm, ty, depth + 1)?;
            return template.evaluated.is_empty().then_some(Empty::Record(template));
        }
        Type::Set(_) => true,
        Type::Table(..) => false,
        _ => return None,
    };
    // Members expire from the moment on that the table is known.
    let expires = attrs.as_ref().is_some_and(|attrs| attrs.expires());
    (!expires).then_some(Empty::Table { ty, is_set, ordered, attrs })
}

/// What a field holds when it is not given.
pub fn field_default(vm: &mut Vm, f: &Field) -> Res {
    let v = match &f.default {
        Some(code) => {
            let mut fr = Frame::at(vm.stack.len());
            let v = vm.eval(code, &mut fr)?;
            match &**code {
                Code::Const(_) => v,
                _ => crate::builtins::deep_copy(vm, &v, f.span)?,
            }
        }
        None if f.optional => return Ok(Value::Unset),
        None => empty_value(vm, f.ty)?,
    };
    attach_field_attrs(vm, f, &v);
    Ok(v)
}

fn attach_field_attrs(vm: &mut Vm, f: &Field, v: &Value) {
    let Value::Table(t) = v else { return };
    if f.ordered && !t.dict.borrow().is_ordered() && t.is_empty() {
        *t.dict.borrow_mut() = Dict::new(true);
    }
    if let Some(a) = &f.table_attrs
        && t.attrs.borrow().is_none()
    {
        *t.attrs.borrow_mut() = Some(a.clone());
        if a.expires() {
            vm.track_expiry(t);
        }
    }
}

/// A table put into a field takes on the field's attributes.
/// Whether no default of a type is an expression.
pub(super) fn begins_plain(vm: &Vm, ty: TypeId) -> bool {
    vm.templates.get(&ty).is_some_and(|template| template.evaluated.is_empty())
}

pub(super) fn adopt_attrs(vm: &mut Vm, ty: TypeId, i: usize, v: &Value) {
    if !matches!(v, Value::Table(_)) {
        return;
    }
    if let Some(r) = vm.types.as_record(ty)
        && let Some(f) = r.fields.get(i)
    {
        attach_field_attrs(vm, f, v);
    }
}

/// The empty container of a type; `Unset` for everything else.
pub fn empty_value(vm: &mut Vm, ty: TypeId) -> Res {
    Ok(match vm.types.get(ty) {
        Type::Table(..) => Value::Table(Rc::new(TableVal::new(ty, false, false))),
        Type::Set(_) => Value::Table(Rc::new(TableVal::new(ty, true, false))),
        Type::Vector(_) => Value::Vector(VectorVal::new(ty, Vec::new())),
        Type::Record(_) => {
            if vm.stack.len() > 1 << 20 {
                return Ok(Value::Unset);
            }
            Value::Record(new_record(vm, ty)?)
        }
        _ => Value::Unset,
    })
}
