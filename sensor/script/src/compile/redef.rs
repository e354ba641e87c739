//! `redef` in its forms, and repeated prototypes.

use super::{Compiler, Te};
use crate::ast::*;
use crate::host::Ignored;
use crate::source::Span;
use crate::types::{FuncType, Type, TypeId};
use crate::value::Value;
use crate::vm::GlobalKind;
use std::rc::Rc;

/// A further prototype of an event or hook.
pub struct Alternate {
    pub ty: TypeId,
    pub span: Span,
    pub deprecated: bool,
}

impl Compiler {
    pub(super) fn has_alternates(&self, g: u32) -> bool {
        self.alternates.contains_key(&g)
    }

    /// The deprecated prototype a body was written for, if it was.
    pub(super) fn deprecated_alternate(&self, g: u32, this: &FuncType) -> Option<&Alternate> {
        self.alternates.get(&g)?.iter().find(|a| {
            a.deprecated
                && self.vm.types.as_func(a.ty).is_some_and(|f| {
                    f.params.len() == this.params.len()
                        && f.params.iter().zip(&this.params).all(|(p, q)| p.name == q.name)
                })
        })
    }

    /// `global f: event(…)` once more: another prototype whose parameters are some of the first one's.
    pub(super) fn redeclare_func(&mut self, g: u32, ty: TypeId, span: Span, attrs: &[Attr]) {
        let full = self.vm.globals[g as usize].name.clone();
        let (Some(first), Some(this)) =
            (self.vm.types.as_func(self.vm.globals[g as usize].ty), self.vm.types.as_func(ty))
        else {
            return;
        };
        if first.flavor != this.flavor {
            self.err(span, format!("inconsistent function type ({full})"));
            return;
        }
        let same = first.params.len() == this.params.len()
            && first
                .params
                .iter()
                .zip(&this.params)
                .all(|(p, q)| p.name == q.name && self.vm.types.same(p.ty, q.ty));
        if same {
            return;
        }
        if first.flavor == Flavor::Function {
            let old = self.vm.globals[g as usize].span;
            return self.already_defined(old, span, &full);
        }
        for p in &this.params {
            let known = first.params.iter().find(|q| q.name == p.name);
            match known {
                None => {
                    self.err(span, format!("alternate function prototype argument '{}' not found in canonical prototype ({full})", p.name));
                    return;
                }
                Some(q) if !self.vm.types.same(p.ty, q.ty) => {
                    self.err(
                        span,
                        format!("alternate function prototype argument '{}' type mismatch ({full})", p.name),
                    );
                    return;
                }
                Some(_) => {}
            }
            if p.default.is_some() {
                self.err(
                    span,
                    format!(
                        "alternate function prototype arguments may not have &default attributes ({full})"
                    ),
                );
                return;
            }
        }
        let deprecated = attrs.iter().any(|a| a.kind == AttrKind::Deprecated);
        self.alternates.entry(g).or_default().push(Alternate { ty, span, deprecated });
    }

    pub(super) fn redef_var(
        &mut self,
        name: &Name,
        span: Span,
        ty: Option<&Rc<TypeExpr>>,
        init: Option<&Init>,
        attrs: &[Attr],
    ) {
        let Some(g) = self.find_global(name) else {
            // Options of frameworks that are not here are taken without effect when they are Zeek's own.
            if self.load.is_known_foreign(name) {
                return;
            }
            let full = self.qualified(name);
            let meant = self.meant(&full).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
            self.err(span, format!("\"redef\" used but not previously defined ({full}){meant}"));
            return;
        };
        let full = self.vm.globals[g as usize].name.clone();
        self.check_deprecated(g, span);
        self.vm.globals[g as usize].used = true;
        let declared = self.vm.globals[g as usize].ty;
        if let Some(t) = ty {
            let t = self.ty(t);
            if !self.vm.types.same(t, declared) {
                self.err(span, format!("redefinition type does not match ({full})"));
                return;
            }
        }
        if init.is_some() && !self.vm.globals[g as usize].redefinable && !self.in_base {
            let old = self.vm.globals[g as usize].span;
            return self.already_defined(old, span, &full);
        }
        if attrs.iter().any(|a| a.kind == AttrKind::Redef) {
            self.vm.globals[g as usize].redefinable = true;
        }
        self.check_duplicate_attrs(attrs);
        let member = self.default_is_member(attrs);
        if let Some(a) = self.container_attrs(attrs, declared, member) {
            self.vm.globals[g as usize].attrs = Some(a.clone());
            let v = self.vm.values[g as usize].clone();
            self.attach(&v, &Some(a), false);
        }
        let Some(init) = init else { return };
        let before = self.vm.text_string(&self.vm.values[g as usize]);
        self.redef_value(g, &full, declared, init);
        if !self.in_base
            && let Some(Ignored { why, harmless }) = self.vm.host.ignored(&full)
            && self.vm.text_string(&self.vm.values[g as usize]) != before
        {
            match harmless {
                true => self.warn(span, format!("{full} has no effect: {why}")),
                false => self.err(span, format!("{full} cannot be obeyed: {why}")),
            }
        }
    }

    /// The variable that ships with a name like this one.
    fn meant(&self, name: &str) -> Option<&str> {
        let module = |name: &str| name.split_once("::").map(|(module, _)| module.to_owned());
        let (of, most) = (module(name)?, 1 + name.len() / 8);
        let known = self.vm.globals.iter().filter(|global| {
            global.redefinable
                && self.load.is_bundled(global.span.file)
                && module(&global.name).as_ref() == Some(&of)
        });
        let ranked = known.map(|known| (strsim::damerau_levenshtein(&known.name, name), &*known.name));
        ranked.filter(|(distance, _)| *distance <= most).min().map(|(_, name)| name)
    }

    fn redef_value(&mut self, g: u32, full: &Rc<str>, declared: TypeId, init: &Init) {
        let saved = std::mem::take(&mut self.fns);
        let te = match (init.class, self.vm.types.get(declared)) {
            (InitClass::Add, Type::Vector(e)) => {
                let e = *e;
                match &init.expr.kind {
                    ExprKind::Braces(_) | ExprKind::VectorCtor(_) | ExprKind::List(_) => {
                        self.expr_to(&init.expr, declared)
                    }
                    _ => self.expr_to(&init.expr, e),
                }
            }
            (InitClass::Remove, Type::Table(i, _)) if !matches!(&init.expr.kind, ExprKind::Braces(l) if l.iter().all(|x| matches!(x.kind, ExprKind::Assign(..)))) =>
            {
                let set = self.vm.types.set(i.clone());
                self.expr_to(&init.expr, set)
            }
            _ => self.expr_to(&init.expr, declared),
        };
        self.fns = saved;
        if te.is_err() {
            return;
        }
        let e = te.e.clone();
        let vector_elem = self.vm.types.elem(declared);
        let te = match self.promote(te, declared) {
            Ok(te) => te,
            Err(te) => {
                let removing = init.class == InitClass::Remove && self.vm.types.is_set(te.ty);
                let adding =
                    init.class == InitClass::Add && vector_elem.is_some_and(|v| self.vm.types.same(v, te.ty));
                if !(removing || adding) {
                    let shown = crate::describe::expr(&e, &self.vm);
                    let mut text = format!("type clash in assignment ({full} = {shown})");
                    if self.vm.sources.get(e.span.file).name == crate::run::PARAMS {
                        text.push_str(&format!("; its type is {}", self.vm.types.short_name(declared)));
                    }
                    self.err(e.span, text);
                    return;
                }
                te
            }
        };
        let Some(v) = self.run_now(&te) else { return };
        self.apply_redef(g, declared, init.class, v, &te);
    }

    fn apply_redef(&mut self, g: u32, declared: TypeId, class: InitClass, v: Value, te: &Te) {
        let old = self.vm.values[g as usize].clone();
        let attrs = self.vm.globals[g as usize].attrs.clone();
        let ordered = self.vm.globals[g as usize].ordered;
        match (class, &old, &v) {
            (InitClass::Set, _, _) => {
                self.attach(&v, &attrs, ordered);
                self.vm.values[g as usize] = v;
            }
            (_, Value::Unset, _) => self.vm.values[g as usize] = v,
            (InitClass::Add, Value::Table(a), Value::Table(b)) => {
                for (k, x) in b.snapshot() {
                    super::store_member(&mut self.vm, a, k, x);
                }
            }
            (InitClass::Remove, Value::Table(a), Value::Table(b)) => {
                for (k, _) in b.snapshot() {
                    a.dict.borrow_mut().remove(&k);
                }
            }
            (InitClass::Add, Value::Vector(a), Value::Vector(b)) => {
                let more = b.items().clone();
                a.update(|l| l.extend(more));
            }
            (InitClass::Add, Value::Vector(a), x) => a.update(|l| l.push(x.clone())),
            (InitClass::Add, Value::Pattern(a), Value::Pattern(b)) => {
                self.vm.values[g as usize] = Value::Pattern(Rc::new(a.or(b)));
            }
            _ => {
                let op = if class == InitClass::Add { BinOp::Add } else { BinOp::Sub };
                match super::fold(op, &old, &v, declared) {
                    Ok(v) => self.vm.values[g as usize] = v,
                    Err(_) => {
                        let e = te.e.clone();
                        self.expr_err(&e, "initialization with '+=' or '-=' not supported for this type");
                    }
                }
            }
        }
    }

    fn named_type_here(&mut self, name: &Name, span: Span) -> Option<TypeId> {
        match self.find_global(name) {
            Some(g) if self.vm.globals[g as usize].kind == GlobalKind::Type => {
                Some(self.vm.globals[g as usize].ty)
            }
            Some(_) => {
                self.err(span, format!("not a type ({name})"));
                None
            }
            None => {
                if !self.load.is_known_foreign(name) {
                    self.unknown_identifier(span, name);
                }
                None
            }
        }
    }

    pub(super) fn redef_enum(&mut self, name: &Name, elems: &[EnumElem], span: Span) {
        let Some(ty) = self.named_type_here(name, span) else { return };
        if self.vm.types.as_enum(ty).is_none() {
            self.err(span, format!("not an enum ({name})"));
            return;
        }
        self.add_enum_values(ty, elems, true);
    }

    pub(super) fn redef_record(&mut self, name: &Name, fields: &[FieldDecl], attrs: &[Attr], span: Span) {
        let Some(ty) = self.named_type_here(name, span) else { return };
        if self.vm.types.as_record(ty).is_none() {
            self.err(span, format!("not a record ({name})"));
            return;
        }
        for f in fields {
            let fine = f.attrs.iter().any(|a| matches!(a.kind, AttrKind::Optional | AttrKind::Default));
            if !fine {
                self.err(f.span, format!("extension field must be &optional or have &default ({})", f.name));
                return;
            }
        }
        let all_log = attrs.iter().any(|a| a.kind == AttrKind::Log);
        self.add_fields(ty, fields, all_log);
    }

    /// `redef record X$f += { &log };` and `-=`.
    pub(super) fn redef_field(&mut self, name: &Name, field: &Name, add: bool, attrs: &[Attr], span: Span) {
        let Some(ty) = self.named_type_here(name, span) else { return };
        let Some(i) = self.vm.types.field(ty, field) else {
            self.err(span, format!("no such field in record ({name}${field})"));
            return;
        };
        for a in attrs {
            let Some(r) = self.vm.types.record_mut(ty) else { return };
            match a.kind {
                AttrKind::Log => r.fields[i].log = add,
                AttrKind::Optional => r.fields[i].optional = add,
                _ => {
                    self.err(a.span, format!("{} cannot be added to or removed from a field", a.kind.text()));
                }
            }
        }
    }
}
