//! Calls of functions that take fields of records which are written out there: no record is made.

use super::{Compiler, Te};
use crate::ast::*;
use crate::host::FlatNative;
use crate::types::{FuncType, Type, TypeId};
use crate::value::Value;
use crate::vm::{Code, FuncKind, Vm};
use std::cell::OnceCell;
use std::rc::Rc;

/// A function takes so many values at most.
const PARTS: usize = 6;

/// Such a call.
pub(super) struct Flat {
    native: FlatNative,
    /// What is given, in the order in which it is written: which of the parts.
    given: Vec<(usize, Code)>,
    /// Types of the records, with how many of their fields the function knows.
    records: Vec<(TypeId, usize)>,
}

impl Compiler {
    /// A call as one without records, if it can be.
    pub(super) fn flat(&mut self, callee: &Te, ty: &FuncType, args: &[ExprRef]) -> Option<Flat> {
        let Code::Const(Value::Func(function)) = &callee.code else { return None };
        let function = self.vm.funcs.get(function.id.0 as usize)?;
        if !matches!(function.kind, FuncKind::Native(_)) || args.len() != ty.params.len() {
            return None;
        }
        let native = self.flat.get(&*function.name).filter(|flat| flat.parts.len() <= PARTS)?.clone();
        let part = |argument: usize, field: Option<&str>| {
            native.parts.iter().position(|(of, name)| *of == argument && *name == field)
        };
        let (mut given, mut records) = (Vec::new(), Vec::new());
        for (at, (arg, parameter)) in args.iter().zip(&ty.params).enumerate() {
            if !matches!(self.vm.types.get(parameter.ty), Type::Record(_)) {
                given.push((part(at, None)?, arg.clone(), parameter.ty));
                continue;
            }
            let record = self.vm.types.as_record(parameter.ty)?;
            for written in self.written_out(arg, parameter.ty)? {
                let ExprKind::FieldAssign(name, value) = &written.kind else { return None };
                let field = *record.index.get(name)?;
                given.push((part(at, Some(name))?, value.clone(), record.fields[field].ty));
            }
            records.push((parameter.ty, native.parts.iter().filter(|(of, _)| *of == at).count()));
        }
        let (given, fine) = self.silently(|c| {
            let code = |(part, expr, ty): &(usize, ExprRef, TypeId)| Some((*part, c.part(expr, *ty)?));
            given.iter().map(code).collect::<Option<_>>()
        });
        Some(Flat { native, given: given.filter(|_| fine)?, records })
    }

    /// The fields of a record that is written out.
    fn written_out(&mut self, arg: &ExprRef, ty: TypeId) -> Option<Vec<ExprRef>> {
        match &arg.kind {
            ExprKind::List(fields) | ExprKind::RecordCtor(fields) => Some(fields.clone()),
            ExprKind::Call(of, fields) => {
                let (named, _) = self.silently(|c| c.expr(of).ty);
                matches!(self.vm.types.get(named), Type::Type(named) if *named == ty).then(|| fields.clone())
            }
            _ => None,
        }
    }

    fn part(&mut self, expr: &ExprRef, ty: TypeId) -> Option<Code> {
        if ty == TypeId::String
            && let Some(printed) = self.printed(expr)
        {
            return Some(printed);
        }
        let te = self.expr_to(expr, ty);
        if te.is_err() {
            return None;
        }
        self.promote(te, ty).ok().map(|te| te.code)
    }

    /// What is only printed, by `cat`.
    fn printed(&mut self, expr: &ExprRef) -> Option<Code> {
        let ExprKind::Call(of, args) = &expr.kind else { return None };
        let (ExprKind::Name(name), [arg]) = (&of.kind, &args[..]) else { return None };
        let Code::Const(Value::Func(function)) = self.expr(of).code else { return None };
        let function = self.vm.funcs.get(function.id.0 as usize)?;
        if &**name != "cat" || &*function.name != "cat" {
            return None;
        }
        let te = self.expr(arg);
        matches!(te.ty, TypeId::Addr | TypeId::Subnet | TypeId::Port).then_some(te.code)
    }
}

impl Flat {
    /// The call; `usual` where scripts have added fields to the records.
    pub fn code(self, e: &ExprRef, usual: Code) -> Code {
        let (at, fits) = (e.clone(), OnceCell::new());
        Code::op(move |vm, fr| {
            if fr.trigger.is_some() || !*fits.get_or_init(|| self.fits(vm)) {
                return vm.eval(&usual, fr);
            }
            let mut values: [Value; PARTS] = Default::default();
            for (part, code) in &self.given {
                values[*part] = vm.eval(code, fr)?;
            }
            vm.tick(at.span)?;
            (self.native.call)(vm, at.span, &values[..self.native.parts.len()])?;
            Ok(Value::Unset)
        })
    }

    fn fits(&self, vm: &Vm) -> bool {
        let fits = |(ty, known): &(TypeId, usize)| {
            vm.types.as_record(*ty).is_some_and(|record: Rc<_>| record.fields.len() == *known)
        };
        self.records.iter().all(fits)
    }
}
