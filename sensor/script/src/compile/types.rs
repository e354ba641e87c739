//! Type expressions to types.

use super::Compiler;
use crate::ast::*;
use crate::source::Span;
use crate::types::{EnumType, Field, FuncType, ParamType, RecordType, Type, TypeId};
use crate::value::Value;
use crate::vm::{Code, GlobalKind};
use std::rc::Rc;

impl Compiler {
    pub fn ty(&mut self, t: &TypeExpr) -> TypeId {
        self.ty_named(t, None, false)
    }

    /// A type that a `type` declaration is about to name; `all_log` where it says that every field of the record
    /// is logged.
    pub fn ty_named(&mut self, t: &TypeExpr, name: Option<&str>, all_log: bool) -> TypeId {
        match &t.kind {
            TypeKind::Base(b) => self.vm.types.base(b).unwrap_or(TypeId::Error),
            TypeKind::Name(n) => self.type_name(n, t.span),
            TypeKind::Table(index, of) => {
                let index = self.index_types(index);
                let of = self.ty(of);
                self.vm.types.table(index, of)
            }
            TypeKind::Set(index) => {
                let index = self.index_types(index);
                self.vm.types.set(index)
            }
            TypeKind::Vector(e) => {
                let e = self.ty(e);
                self.vm.types.vector(e)
            }
            TypeKind::List(e) => {
                let e = self.ty(e);
                self.vm.types.vector(e)
            }
            TypeKind::Record(fields) => self.record_type(fields, name, all_log),
            TypeKind::Enum(elems) => self.enum_type(elems, name.unwrap_or("")),
            TypeKind::Func(f) => self.func_type(f),
            TypeKind::File(e) => {
                let e = e.as_ref().map_or(TypeId::String, |e| self.ty(e));
                self.vm.types.file(e)
            }
            TypeKind::Opaque(n) => self.vm.types.opaque(n.clone()),
        }
    }

    fn type_name(&mut self, n: &Name, span: Span) -> TypeId {
        match self.find_global(n) {
            Some(i) => {
                self.check_deprecated(i, span);
                match self.vm.values.get(i as usize) {
                    Some(Value::Type(t)) => *t,
                    _ => {
                        self.err(span, format!("not a Zeek type ({n})"));
                        TypeId::Error
                    }
                }
            }
            None => {
                self.unknown_identifier(span, n);
                TypeId::Error
            }
        }
    }

    fn index_types(&mut self, l: &[Rc<TypeExpr>]) -> Vec<TypeId> {
        l.iter()
            .map(|t| {
                let ty = self.ty(t);
                if matches!(self.vm.types.get(ty), Type::File(_) | Type::Opaque(_)) || ty == TypeId::Void {
                    let shown = self.vm.types.told(ty);
                    self.err(t.span, format!("bad index type ({shown})"));
                }
                ty
            })
            .collect()
    }

    pub fn func_type(&mut self, f: &FuncTypeExpr) -> TypeId {
        let ret = match (&f.ret, f.flavor) {
            (_, Flavor::Hook) => TypeId::Bool,
            (Some(t), _) => self.ty(t),
            (None, _) => TypeId::Void,
        };
        let params = self.params(&f.params);
        let variadic = params.len() == 1 && &*params[0].name == "va_args" && params[0].ty == TypeId::Any;
        self.vm.types.func(FuncType { flavor: f.flavor, params, ret, variadic })
    }

    pub fn params(&mut self, l: &[Param]) -> Vec<ParamType> {
        let mut out: Vec<ParamType> = Vec::with_capacity(l.len());
        for p in l {
            let ty = self.ty(&p.ty);
            if out.iter().any(|q| q.name == p.name) {
                self.err(p.span, format!("duplicate parameter name ({})", p.name));
            }
            let default = p
                .attrs
                .iter()
                .find(|a| a.kind == AttrKind::Default)
                .and_then(|a| a.expr.as_ref())
                .map(|e| Rc::new(self.default_code(e, ty)));
            let deprecated = p.attrs.iter().any(|a| a.kind == AttrKind::Deprecated);
            out.push(ParamType { name: p.name.clone(), ty, default, deprecated });
        }
        out
    }

    /// A `&default` of a field or parameter, outside any function.
    pub fn default_code(&mut self, e: &ExprRef, ty: TypeId) -> Code {
        let saved = std::mem::take(&mut self.fns);
        let te = self.expr_wanted(e, ty);
        let te = match self.promote(te, ty) {
            Ok(te) => te,
            Err(te) => {
                if !te.is_err() {
                    let shown = crate::describe::expr(e, &self.vm);
                    self.err(e.span, format!("&default value has inconsistent type (&default={shown})"));
                }
                te
            }
        };
        self.fns = saved;
        te.code
    }

    pub fn record_type(&mut self, fields: &[FieldDecl], name: Option<&str>, all_log: bool) -> TypeId {
        let id = self
            .vm
            .types
            .record(RecordType { name: name.unwrap_or("").to_string(), ..RecordType::default() });
        // The name is in force inside: a record may hold a table of itself.
        if let Some(n) = name {
            let full: Rc<str> = n.into();
            let g = self.add_global(&full, id, GlobalKind::Type, Span::default());
            self.vm.values[g as usize] = Value::Type(id);
        }
        self.add_fields(id, fields, all_log);
        id
    }

    pub fn add_fields(&mut self, record: TypeId, fields: &[FieldDecl], all_log: bool) {
        self.vm.templates.clear();
        for f in fields {
            let field = self.field(f, all_log);
            let Some(r) = self.vm.types.record_mut(record) else { return };
            if let Some(&at) = r.index.get(&field.name) {
                if self.is_shipped_since(&field, record, at) {
                    self.warn(f.span, format!("the record has the field \"{}\" by itself", field.name));
                    continue;
                }
                let shown = format!("duplicate field \"{}\" found in record definition", field.name);
                self.err(f.span, shown);
                continue;
            }
            r.index.insert(field.name.clone(), r.fields.len());
            r.fields.push(field);
        }
    }

    fn field(&mut self, f: &FieldDecl, all_log: bool) -> Field {
        let ty = self.ty(&f.ty);
        self.check_duplicate_attrs(&f.attrs);
        let has = |k: AttrKind| f.attrs.iter().find(|a| a.kind == k);
        let container = matches!(self.vm.types.get(ty), Type::Table(..) | Type::Set(_));
        let default_attr = has(AttrKind::Default).and_then(|a| a.expr.clone());
        // On a table field `&default=table(...)` initialises the field; anything else is for missing members.
        let member_default =
            container && default_attr.as_ref().is_some_and(|e| !self.is_container_expr(e, ty));
        let default = match (&default_attr, member_default) {
            (Some(e), false) => Some(Rc::new(self.default_code(e, ty))),
            _ => None,
        };
        let table_attrs = if container { self.container_attrs(&f.attrs, ty, member_default) } else { None };
        let text = |a: &Attr| {
            a.expr.as_ref().and_then(|e| match &e.kind {
                ExprKind::Str(s) => Some(String::from_utf8_lossy(s).as_ref().into()),
                _ => None,
            })
        };
        let deprecated = has(AttrKind::Deprecated).map(text);
        let type_column = has(AttrKind::TypeColumn).and_then(text);
        if all_log || has(AttrKind::Log).is_some() {
            self.check_loggable(ty, f);
        }
        Field {
            name: f.name.clone(),
            ty,
            optional: has(AttrKind::Optional).is_some(),
            log: all_log || has(AttrKind::Log).is_some(),
            default,
            deprecated,
            table_attrs,
            ordered: has(AttrKind::Ordered).is_some(),
            type_column,
            span: f.span,
        }
    }

    /// Whether a script adds a field that the record as it ships has come to have itself.
    fn is_shipped_since(&self, field: &Field, record: TypeId, at: usize) -> bool {
        let known = self.vm.types.as_record(record).and_then(|record| record.fields.get(at).cloned());
        known.is_some_and(|known| {
            self.load.is_bundled(known.span.file)
                && !self.load.is_bundled(field.span.file)
                && (field.optional, field.log) == (known.optional, known.log)
                && field.default.is_none()
                && self.vm.types.same(field.ty, known.ty)
        })
    }

    fn check_loggable(&mut self, ty: TypeId, f: &FieldDecl) {
        let bad = match self.vm.types.get(ty) {
            Type::Table(..) | Type::Opaque(_) => true,
            Type::Base(_) => ty == TypeId::Any || ty == TypeId::Pattern,
            _ => false,
        };
        if bad {
            self.err(f.span, "&log applied to a type that cannot be logged (&log)");
        }
    }

    /// Whether an expression is, by its form, a whole container rather than a member.
    fn is_container_expr(&mut self, e: &ExprRef, ty: TypeId) -> bool {
        match &e.kind {
            ExprKind::TableCtor(..) | ExprKind::SetCtor(..) | ExprKind::Braces(_) => true,
            ExprKind::List(_) => self.vm.types.is_set(ty),
            ExprKind::Lambda(_) => false,
            _ => {
                let saved = std::mem::take(&mut self.fns);
                let (te, _) = self.silently(|c| c.expr(e));
                self.fns = saved;
                self.vm.types.same(te.ty, ty) && te.ty != TypeId::Any
            }
        }
    }

    pub fn enum_type(&mut self, elems: &[EnumElem], name: &str) -> TypeId {
        let id = self.vm.types.enum_type(EnumType { name: name.to_string(), ..EnumType::default() });
        self.add_enum_values(id, elems, false);
        id
    }

    pub fn add_enum_values(&mut self, id: TypeId, elems: &[EnumElem], redef: bool) {
        // Values either all count up by themselves or are all given.
        let explicit = elems.iter().filter(|e| e.value.is_some()).count();
        if explicit != 0
            && explicit != elems.len()
            && !redef
            && let Some(e) = elems.iter().find(|e| e.value.is_none())
        {
            self.err(e.span, "cannot mix explicit enumerator assignment and implicit auto-increment");
        }
        for e in elems {
            let full = self.qualified(&e.name);
            let given = match &e.value {
                Some(EnumValue::Const(n)) => Some(*n),
                Some(EnumValue::Name(n)) => self.enum_constant(n, e.span),
                Some(EnumValue::Bad) => {
                    self.err(e.span, "enumerator is not a count constant");
                    continue;
                }
                None => None,
            };
            if let Some(i) = self.vm.global(&full) {
                let same = matches!(self.vm.values.get(i as usize), Some(Value::Enum(t, _)) if *t == id);
                if !same {
                    self.err(e.span, format!("identifier or enumerator value in enumerated type definition already exists ({full})"));
                }
                continue;
            }
            let Some(en) = self.vm.types.enum_mut(id) else { return };
            let n = given.unwrap_or(en.next);
            if en.values.iter().any(|(_, v)| *v == n) {
                self.err(e.span, "enumerator value in enumerated type definition already exists");
                continue;
            }
            en.next = en.next.max(n.saturating_add(1));
            en.values.push((full.to_string(), n));
            let g = self.add_global(&full, id, GlobalKind::Enum, e.span);
            self.vm.values[g as usize] = Value::Enum(id, n);
            self.vm.globals[g as usize].deprecated =
                e.deprecated.clone().map(|d| d.map(|s| String::from_utf8_lossy(&s).as_ref().into()));
        }
    }

    fn enum_constant(&mut self, n: &Name, span: Span) -> Option<i64> {
        let v = self.find_global(n).and_then(|i| {
            let g = &self.vm.globals[i as usize];
            if g.kind == GlobalKind::Const { self.vm.values.get(i as usize).cloned() } else { None }
        });
        match v {
            Some(Value::Count(n)) => Some(n as i64),
            _ => {
                self.err(span, "enumerator is not a count constant");
                None
            }
        }
    }
}
