//! Attributes on declarations.

use super::Compiler;
use crate::ast::*;
use crate::types::{Type, TypeId};
use crate::value::{TableAttrs, Value};
use crate::vm::{Code, Frame, Res, Vm};
use std::rc::Rc;

/// A table's attributes, and whether they must be evaluated for each table.
pub(super) enum BoundAttrs {
    None,
    Fixed(Rc<TableAttrs>),
    PerTable(Rc<TableAttrs>),
}

impl BoundAttrs {
    pub(super) fn is_none(&self) -> bool {
        matches!(self, BoundAttrs::None)
    }

    pub(super) fn make(&self, vm: &mut Vm, fr: &mut Frame) -> Res<Option<Rc<TableAttrs>>> {
        let a = match self {
            BoundAttrs::None => return Ok(None),
            BoundAttrs::Fixed(a) => return Ok(Some(a.clone())),
            BoundAttrs::PerTable(a) => a,
        };
        let mut now = |c: &Option<Code>| match c {
            Some(c) => vm.eval(c, fr).map(|v| Some(Code::Const(v))),
            None => Ok(None),
        };
        Ok(Some(Rc::new(TableAttrs {
            default: now(&a.default)?,
            default_insert: a.default_insert,
            create_expire: now(&a.create_expire)?,
            read_expire: now(&a.read_expire)?,
            write_expire: now(&a.write_expire)?,
            expire_func: now(&a.expire_func)?,
            on_change: now(&a.on_change)?,
        })))
    }
}

impl Compiler {
    pub(super) fn check_duplicate_attrs(&mut self, attrs: &[Attr]) {
        for (i, a) in attrs.iter().enumerate() {
            let twice = attrs.iter().take(i).any(|b| b.kind == a.kind);
            if twice && !matches!(a.kind, AttrKind::Group | AttrKind::Backend) {
                self.err(a.span, format!("duplicate {} attribute", a.kind.text()));
            }
        }
    }

    /// What the attributes say about a table or set; `None` when nothing.
    pub(super) fn container_attrs(
        &mut self,
        attrs: &[Attr],
        ty: TypeId,
        member_default: bool,
    ) -> Option<Rc<TableAttrs>> {
        let index = self.vm.types.index_of(ty)?;
        let yields = self.vm.types.yield_of(ty);
        let mut t = TableAttrs::default();
        let mut any = false;
        let expiries = attrs
            .iter()
            .filter(|a| {
                matches!(a.kind, AttrKind::CreateExpire | AttrKind::ReadExpire | AttrKind::WriteExpire)
            })
            .count();
        if expiries > 1 {
            let span = attrs.first().map(|a| a.span).unwrap_or_default();
            self.err(span, "set/table can only have one of &read_expire, &write_expire, &create_expire");
        }
        for a in attrs {
            let Some(e) = &a.expr else { continue };
            match a.kind {
                AttrKind::Default if !member_default => continue,
                AttrKind::Default | AttrKind::DefaultInsert => {
                    let Some(y) = yields else {
                        self.err(a.span, format!("{} not applicable to sets", a.kind.text()));
                        continue;
                    };
                    t.default = Some(self.member_default(e, y));
                    t.default_insert = a.kind == AttrKind::DefaultInsert;
                }
                AttrKind::CreateExpire => t.create_expire = self.expiry(e),
                AttrKind::ReadExpire => t.read_expire = self.expiry(e),
                AttrKind::WriteExpire => t.write_expire = self.expiry(e),
                AttrKind::ExpireFunc => t.expire_func = self.expire_func(e, ty, &index, expiries),
                AttrKind::OnChange => t.on_change = self.on_change(e, ty, &index, yields),
                _ => continue,
            }
            any = true;
        }
        any.then(|| Rc::new(t))
    }

    /// `&default=value` or a function of the index.
    fn member_default(&mut self, e: &ExprRef, yields: TypeId) -> Code {
        let te = self.expr_to(e, yields);
        if te.is_err() {
            return te.code;
        }
        let is_func = matches!(self.vm.types.get(te.ty), Type::Func(_));
        if is_func && !matches!(self.vm.types.get(yields), Type::Func(_)) {
            return te.code;
        }
        match self.promote(te, yields) {
            Ok(te) => te.code,
            Err(te) => {
                let shown = crate::describe::expr(e, &self.vm);
                self.err(e.span, format!("&default value has inconsistent type (&default={shown})"));
                te.code
            }
        }
    }

    fn expiry(&mut self, e: &ExprRef) -> Option<Code> {
        let te = self.expr(e);
        if te.is_err() {
            return None;
        }
        if te.ty != TypeId::Interval {
            self.expr_err(e, "expiration interval has wrong type");
            return None;
        }
        Some(te.code)
    }

    fn expire_func(&mut self, e: &ExprRef, ty: TypeId, index: &[TypeId], expiries: usize) -> Option<Code> {
        let te = self.expr(e);
        if te.is_err() {
            return None;
        }
        let Some(f) = self.vm.types.as_func(te.ty) else {
            self.err(e.span, "&expire_func attribute is not a function");
            return None;
        };
        if expiries == 0 {
            self.err(
                e.span,
                "set/table must have one of &create_expire, &read_expire, &write_expire with &expire_func",
            );
        }
        let first = f.params.first().is_some_and(|p| self.vm.types.same(p.ty, ty));
        let rest: Vec<TypeId> = f.params.iter().skip(1).map(|p| p.ty).collect();
        let single = rest.len() == 1
            && (self.vm.types.same(rest[0], index[0]) || rest[0] == TypeId::Any || index.len() > 1);
        let many =
            rest.len() == index.len() && rest.iter().zip(index).all(|(a, b)| self.vm.types.same(*a, *b));
        if f.ret != TypeId::Interval {
            self.err(e.span, "&expire_func must yield a value of type interval");
        } else if !first || !(single || many) {
            self.err(e.span, "&expire_func argument type clash");
        }
        Some(te.code)
    }

    fn on_change(
        &mut self,
        e: &ExprRef,
        ty: TypeId,
        index: &[TypeId],
        yields: Option<TypeId>,
    ) -> Option<Code> {
        let te = self.expr(e);
        if te.is_err() {
            return None;
        }
        let Some(f) = self.vm.types.as_func(te.ty) else {
            self.err(e.span, "&on_change attribute is not a function");
            return None;
        };
        let want = 2 + index.len() + usize::from(yields.is_some());
        if f.params.len() != want {
            self.err(e.span, "&on_change function has wrong number of arguments");
        } else if !self.vm.types.same(f.params[0].ty, ty) {
            self.err(e.span, "&on_change: first argument must be of same type as table");
        }
        Some(te.code)
    }

    /// Attributes of a table made inside a function may name its locals: they are evaluated when the table is made.
    pub(super) fn bound_attrs(&self, attrs: Option<Rc<TableAttrs>>) -> BoundAttrs {
        match attrs {
            None => BoundAttrs::None,
            Some(a) if self.fns.is_empty() => BoundAttrs::Fixed(a),
            Some(a) => BoundAttrs::PerTable(a),
        }
    }

    /// Attaches attributes to a table just made.
    pub(super) fn attach(&mut self, v: &Value, attrs: &Option<Rc<TableAttrs>>, ordered: bool) {
        let Value::Table(t) = v else { return };
        if ordered && !t.dict.borrow().is_ordered() {
            let mut d = crate::value::Dict::new(true);
            for (k, v) in t.snapshot() {
                d.insert(k, v, 0.0);
            }
            *t.dict.borrow_mut() = d;
        }
        if let Some(a) = attrs {
            *t.attrs.borrow_mut() = Some(a.clone());
            if a.expires() {
                self.vm.track_expiry(t);
            }
        }
    }
}
