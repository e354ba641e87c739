//! Constructors: records, tables, sets and vectors.

use super::defaults::{adopt_attrs, begins_plain, new_record_except};
use super::{Compiler, Te};
use crate::ast::*;
use crate::types::{Field, Type, TypeId};
use crate::value::{RecordVal, TableVal, Value, VectorVal};
use crate::vm::{Code, Res, Vm};
use std::cell::RefCell;
use std::rc::Rc;

/// Constructors may hold this many members written out.
type Members = Vec<(Code, Code)>;

impl Compiler {
    pub(super) fn record_ctor(&mut self, e: &ExprRef, l: &[ExprRef], want: TypeId) -> Te {
        if let Type::Record(_) = self.vm.types.get(want) {
            return self.typed_record(e, l, want);
        }
        // Nothing says which record: its type is what is given.
        let mut r = crate::types::RecordType::default();
        let mut inits = Vec::new();
        for x in l {
            let ExprKind::FieldAssign(f, v) = &x.kind else {
                return self.expr_err(e, "bad type in record constructor");
            };
            let te = self.expr(v);
            let te = self.keepable(te);
            if te.is_err() {
                return Te::error(e);
            }
            if r.index.contains_key(f) {
                return self.expr_err(e, &format!("duplicate field name in record constructor: {f}"));
            }
            r.index.insert(f.clone(), r.fields.len());
            r.fields.push(Field {
                name: f.clone(),
                ty: te.ty,
                optional: false,
                log: false,
                default: None,
                deprecated: None,
                table_attrs: None,
                ordered: false,
                type_column: None,
                span: x.span,
            });
            inits.push(te.code);
        }
        let ty = self.vm.types.record(r);
        let code = Code::op(move |vm, fr| {
            let fields = inits.iter().map(|c| vm.eval(c, fr)).collect::<Res<Vec<_>>>()?;
            Ok(Value::Record(RecordVal::new(ty, fields)))
        });
        Te { ty, code, e: e.clone() }
    }

    fn typed_record(&mut self, e: &ExprRef, l: &[ExprRef], ty: TypeId) -> Te {
        let Some(r) = self.vm.types.as_record(ty) else { return Te::error(e) };
        // Anything that does not fit is told as Zeek tells of the coercion.
        let mut inits: Vec<(usize, Code)> = Vec::new();
        for x in l {
            let ExprKind::FieldAssign(f, v) = &x.kind else {
                // One record given whole is converted.
                if let [only] = l {
                    let te = self.expr_to(only, ty);
                    return match self.promote(te, ty) {
                        Ok(te) => te,
                        Err(_) => self.expr_err(e, "bad type in record constructor"),
                    };
                }
                return self.expr_err(e, "bad type in record constructor");
            };
            let Some(i) = r.index.get(f).copied() else {
                let name = self.vm.types.short_name(ty);
                let shown = coerce_text(l, &name, &self.vm);
                self.err(e.span, format!("orphaned field \"{f}\" in record coercion ({shown})"));
                return Te::error(e);
            };
            if inits.iter().any(|(given, _)| *given == i) {
                return self.expr_err(e, &format!("duplicate field name in record constructor: {f}"));
            }
            self.warn_field(&r, i, x.span, "$");
            let want = r.fields[i].ty;
            let te = self.expr_to(v, want);
            if te.is_err() {
                return Te::error(e);
            }
            match self.promote(te, want) {
                Ok(te) => inits.push((i, te.code)),
                Err(te) => {
                    let got = te.ty;
                    self.field_clash(e, l, f, got, ty);
                    return Te::error(e);
                }
            }
        }
        for (i, f) in r.fields.iter().enumerate() {
            let given = inits.iter().any(|(j, _)| *j == i);
            if !given && !f.optional && f.default.is_none() && !self.vm.types.is_aggregate(f.ty) {
                let name = self.vm.types.short_name(ty);
                let shown = coerce_text(l, &name, &self.vm);
                self.err(e.span, format!("non-optional field \"{}\" missing ({shown})", f.name));
                return Te::error(e);
            }
        }
        let given: Vec<usize> = inits.iter().map(|(i, _)| *i).collect();
        // Most arguments that are records are gone when the call returns. Such a one is used again where it holds
        // nothing that anybody could miss for as long as it stays here.
        let plain = inits.iter().all(|(i, _)| self.vm.types.is_scalar(r.fields[*i].ty));
        let last: RefCell<Option<Rc<RecordVal>>> = RefCell::default();
        let code = Code::op(move |vm, fr| {
            let again = last.borrow_mut().take().and_then(RecordVal::emptied);
            let keep = again.is_some() || plain && begins_plain(vm, ty);
            let out = match again {
                Some(record) => record,
                None => new_record_except(vm, ty, &given)?,
            };
            for (i, c) in &inits {
                let v = vm.eval(c, fr)?;
                adopt_attrs(vm, ty, *i, &v);
                out.set(*i, v);
            }
            if keep {
                last.replace(Some(out.clone()));
            }
            Ok(Value::Record(out))
        });
        Te { ty, code, e: e.clone() }
    }

    fn field_clash(&mut self, e: &ExprRef, l: &[ExprRef], f: &str, got: TypeId, ty: TypeId) {
        let types = &self.vm.types;
        let wanted =
            types.field(ty, f).and_then(|at| types.as_record(ty)?.fields.get(at).map(|field| field.ty));
        let why = wanted.and_then(|wanted| self.has_too_much(got, wanted)).unwrap_or_default();
        let (name, got) = (self.vm.types.short_name(ty), self.vm.types.told(got));
        let shown = coerce_text(l, &name, &self.vm);
        let place = format!("{} and {got}", self.vm.sources.zeek_location(e.span));
        let text = format!("type clash for field \"{f}\" ({shown} and {got}){why}");
        self.diag(crate::diag::Diag {
            place: Some(place),
            ..crate::diag::Diag::new(crate::diag::Severity::Error, e.span, text)
        });
    }

    /// `table( [k] = v, … )`.
    pub(super) fn table_ctor(&mut self, e: &ExprRef, l: &[ExprRef], attrs: &[Attr], want: TypeId) -> Te {
        let ty = match self.vm.types.get(want) {
            Type::Table(i, _) if !i.is_empty() => want,
            _ if l.is_empty() => self.vm.types.table(Vec::new(), TypeId::Any),
            _ => match self.infer_table(e, l) {
                Some(t) => t,
                None => return Te::error(e),
            },
        };
        self.table_of(e, l, attrs, ty)
    }

    fn infer_table(&mut self, e: &ExprRef, l: &[ExprRef]) -> Option<TypeId> {
        let mut index: Option<Vec<TypeId>> = None;
        let mut of = None;
        for x in l {
            let ExprKind::Assign(k, v) = &x.kind else {
                self.expr_err(e, "illegal table constructor");
                return None;
            };
            let keys = key_parts(k);
            let mut types = Vec::new();
            for k in &keys {
                let te = self.expr(k);
                if te.is_err() {
                    return None;
                }
                types.push(te.ty);
            }
            let tv = self.expr(v);
            let tv = self.keepable(tv);
            if tv.is_err() {
                return None;
            }
            index = Some(match index {
                None => types,
                Some(old) if old.len() == types.len() => {
                    old.iter().zip(&types).map(|(a, b)| self.join(*a, *b).unwrap_or(*a)).collect()
                }
                Some(old) => old,
            });
            of = Some(match of {
                None => tv.ty,
                Some(o) => self.join_records(o, tv.ty),
            });
        }
        let (index, of) = (index?, of?);
        Some(self.vm.types.table(index, of))
    }

    /// The type of several records written without a type: all their fields, those not in each optional.
    fn join_records(&mut self, a: TypeId, b: TypeId) -> TypeId {
        if let Some(t) = self.join(a, b) {
            return t;
        }
        let (Some(x), Some(y)) = (self.vm.types.as_record(a), self.vm.types.as_record(b)) else { return a };
        if !x.name.is_empty() || !y.name.is_empty() {
            return a;
        }
        let mut merged = crate::types::RecordType::default();
        for (f, other) in x.fields.iter().map(|f| (f, &y)).chain(y.fields.iter().map(|f| (f, &x))) {
            if merged.index.contains_key(&f.name) {
                continue;
            }
            merged.index.insert(f.name.clone(), merged.fields.len());
            let optional = f.optional || !other.index.contains_key(&f.name);
            merged.fields.push(Field { optional, ..f.clone() });
        }
        self.vm.types.record(merged)
    }

    fn table_of(&mut self, e: &ExprRef, l: &[ExprRef], attrs: &[Attr], ty: TypeId) -> Te {
        let (Some(index), Some(of)) = (self.vm.types.index_of(ty), self.vm.types.yield_of(ty)) else {
            return Te::error(e);
        };
        let mut members: Members = Vec::new();
        for x in l {
            let ExprKind::Assign(k, v) = &x.kind else {
                return self.expr_err(e, "illegal table constructor");
            };
            let Some(key) = self.member_key(e, k, &index, "inconsistent types in table constructor") else {
                return Te::error(e);
            };
            let tv = self.expr_to(v, of);
            if tv.is_err() {
                return Te::error(e);
            }
            let tv = match self.promote(tv, of) {
                Ok(t) => t,
                Err(_) => {
                    return self.expr_err(x, "type clash in assignment");
                }
            };
            members.push((key, tv.code));
        }
        let (table_attrs, ordered) = self.ctor_attrs(attrs, ty);
        let spread = self.spreads(&index);
        let at = e.clone();
        let code = Code::op(move |vm, fr| {
            let t = TableVal::new(ty, false, ordered);
            for (k, v) in &members {
                let (k, v) = (vm.eval(k, fr)?, vm.eval(v, fr)?);
                for k in spread_key(k, spread) {
                    let now = vm.network_time;
                    t.dict.borrow_mut().insert(k, v.clone(), now);
                }
                vm.tick(at.span)?;
            }
            let attrs = table_attrs.make(vm, fr)?;
            Ok(finish_table(vm, t, &attrs))
        });
        Te { ty, code, e: e.clone() }
    }

    /// Whether a single-index table's key may be a list of alternatives (`[1.2.3.4, 5.6.7.8] = x`).
    fn spreads(&self, index: &[TypeId]) -> bool {
        index.len() == 1
    }

    fn ctor_attrs(&mut self, attrs: &[Attr], ty: TypeId) -> (super::attrs::BoundAttrs, bool) {
        let a = self.container_attrs(attrs, ty, true);
        (self.bound_attrs(a), attrs.iter().any(|a| a.kind == AttrKind::Ordered))
    }

    /// The key of one member: a value, or a list for several indices.
    fn member_key(&mut self, e: &ExprRef, k: &ExprRef, index: &[TypeId], text: &str) -> Option<Code> {
        let parts = key_parts(k);
        if let ([one], [ty]) = (parts.as_slice(), index)
            && self.spreadable(one, *ty)
        {
            return match &one.kind {
                ExprKind::List(l) => self.alternatives(l, *ty),
                _ => self.alternatives(&parts, *ty),
            };
        }
        if let [one] = parts.as_slice()
            && index.len() > 1
            && let Some(keys) = self.members_of_set(one, index)
        {
            return Some(keys);
        }
        if parts.len() == index.len() {
            if parts.len() > 1 && parts.iter().zip(index).any(|(p, ty)| self.spreadable(p, *ty)) {
                return self.product_key(&parts, index);
            }
            let mut codes = Vec::new();
            for (p, ty) in parts.iter().zip(index) {
                let te = self.expr_to(p, *ty);
                if te.is_err() {
                    return None;
                }
                match self.key_promote(te, *ty) {
                    Some(te) => codes.push(te.code),
                    None => {
                        if text.contains("table") {
                            self.mixed_first(p, *ty);
                        } else {
                            self.mixed(p, *ty);
                        }
                        self.expr_err(e, text);
                        return None;
                    }
                }
            }
            if codes.len() == 1 {
                return codes.pop();
            }
            return Some(Code::op(move |vm, fr| {
                let parts = codes.iter().map(|c| vm.eval(c, fr)).collect::<Res<Vec<_>>>()?;
                Ok(Value::List(parts.into()))
            }));
        }
        // A list of alternatives for a single index.
        if let (ExprKind::List(l), [ty]) = (&k.kind, index) {
            return self.alternatives(l, *ty);
        }
        let te = self.expr(k);
        if te.ty == TypeId::Any {
            return Some(te.code);
        }
        // A composite value for several indices: a record or a set of keys given whole.
        if !te.is_err() {
            self.expr_err(e, text);
        }
        None
    }

    /// Members for one index, each a value or a set whose members are meant. Evaluates to a list.
    fn alternatives(&mut self, l: &[ExprRef], ty: TypeId) -> Option<Code> {
        let mut codes = Vec::new();
        for p in l {
            if self.spreadable(p, ty) {
                let te = self.expr(p);
                codes.push((te.code, true));
                continue;
            }
            let te = self.expr_to(p, ty);
            if te.is_err() {
                return None;
            }
            match self.key_promote(te, ty) {
                Some(te) => codes.push((te.code, false)),
                None => {
                    self.mixed(p, ty);
                    return None;
                }
            }
        }
        Some(Code::op(move |vm, fr| {
            let mut keys = Vec::with_capacity(codes.len());
            for (code, several) in &codes {
                match vm.eval(code, fr)? {
                    Value::Table(t) if *several => keys.extend(t.snapshot().into_iter().map(|(k, _)| k)),
                    Value::List(l) if *several => keys.extend(l.iter().cloned()),
                    v => keys.push(v),
                }
            }
            Ok(Value::List(keys.into()))
        }))
    }

    /// A set with just these indices, given where one of its members could stand: all its members.
    fn members_of_set(&mut self, e: &ExprRef, index: &[TypeId]) -> Option<Code> {
        if !matches!(e.kind, ExprKind::Name(_) | ExprKind::Field(..) | ExprKind::SetCtor(..)) {
            return None;
        }
        let (te, fine) = self.silently(|c| c.expr(e));
        let Type::Set(of) = self.vm.types.get(te.ty) else { return None };
        let same = of.len() == index.len() && of.iter().zip(index).all(|(a, b)| self.vm.types.same(*a, *b));
        if !fine || !same {
            return None;
        }
        let set = self.expr(e).code;
        Some(Code::op(move |vm, fr| match vm.eval(&set, fr)? {
            Value::Table(t) => Ok(Value::List(t.snapshot().into_iter().map(|(k, _)| k).collect())),
            v => Ok(v),
        }))
    }

    /// Whether a part of a key is a list or set of alternatives for one index.
    fn spreadable(&mut self, p: &ExprRef, ty: TypeId) -> bool {
        if matches!(p.kind, ExprKind::List(_)) {
            let t = &self.vm.types;
            return t.index_of(ty).is_none() && t.elem(ty).is_none() && t.as_record(ty).is_none();
        }
        let may_be_set = matches!(
            p.kind,
            ExprKind::Name(_) | ExprKind::Field(..) | ExprKind::Binary(..) | ExprKind::SetCtor(..)
        );
        if !may_be_set {
            return false;
        }
        let (te, _) = self.silently(|c| c.expr(p));
        let elems = if self.vm.types.is_set(te.ty) { self.vm.types.index_of(te.ty) } else { None };
        elems.is_some_and(|e| e.len() == 1 && self.vm.types.same(e[0], ty)) && !self.vm.types.same(te.ty, ty)
    }

    /// `[[a, b], c]`: every combination is a member. Evaluates to a list of keys.
    fn product_key(&mut self, parts: &[ExprRef], index: &[TypeId]) -> Option<Code> {
        let mut codes = Vec::new();
        for (p, ty) in parts.iter().zip(index) {
            codes.push(match &p.kind {
                ExprKind::List(l) => {
                    let mut inner = Vec::new();
                    for x in l {
                        let te = self.expr_to(x, *ty);
                        inner.push(self.promote(te, *ty).ok()?.code);
                    }
                    inner
                }
                _ => vec![self.expr(p).code],
            });
        }
        Some(Code::op(move |vm, fr| {
            let mut keys: Vec<Vec<Value>> = vec![Vec::new()];
            for part in &codes {
                let mut choices = Vec::new();
                for c in part {
                    match vm.eval(c, fr)? {
                        Value::Table(t) if t.is_set => {
                            choices.extend(t.snapshot().into_iter().map(|(k, _)| k))
                        }
                        v => choices.push(v),
                    }
                }
                keys = keys
                    .iter()
                    .flat_map(|k| choices.iter().map(move |c| k.iter().cloned().chain([c.clone()]).collect()))
                    .collect();
            }
            Ok(Value::List(keys.into_iter().map(|k| Value::List(k.into())).collect()))
        }))
    }

    /// Zeek's two lines about a value that does not fit a type.
    pub(super) fn mixed(&mut self, e: &ExprRef, ty: TypeId) {
        self.mixed_first(e, ty);
        self.expr_type_err(e, ty, "type mismatch");
    }

    pub(super) fn mixed_first(&mut self, e: &ExprRef, ty: TypeId) {
        let (te, _) = self.silently(|c| c.expr(e));
        let arith = |c: &Self, t: TypeId| c.vm.types.is_arith(t);
        if arith(self, te.ty) && arith(self, ty) {
            self.type_expr_err(ty, e, "over-promotion of arithmetic value");
        } else if arith(self, te.ty) || arith(self, ty) {
            self.type_expr_err(ty, e, "arithmetic mixed with non-arithmetic");
        } else {
            self.type_expr_err(ty, e, "type clash");
        }
    }

    pub(super) fn set_ctor(&mut self, e: &ExprRef, l: &[ExprRef], attrs: &[Attr], want: TypeId) -> Te {
        let ty = match self.vm.types.get(want) {
            Type::Set(i) if !i.is_empty() => want,
            _ if l.is_empty() => self.vm.types.set(Vec::new()),
            _ => match self.infer_set(l) {
                Some(t) => t,
                None => return Te::error(e),
            },
        };
        self.set_of(e, l, attrs, ty)
    }

    fn infer_set(&mut self, l: &[ExprRef]) -> Option<TypeId> {
        let mut index: Option<Vec<TypeId>> = None;
        for x in l {
            let mut types = Vec::new();
            for k in key_parts(x) {
                let te = self.expr(&k);
                let te = self.keepable(te);
                if te.is_err() {
                    return None;
                }
                types.push(te.ty);
            }
            index = Some(match index {
                None => types,
                Some(old) if old.len() == types.len() => {
                    old.iter().zip(&types).map(|(a, b)| self.join(*a, *b).unwrap_or(*a)).collect()
                }
                Some(old) => old,
            });
        }
        index.map(|i| self.vm.types.set(i))
    }

    fn set_of(&mut self, e: &ExprRef, l: &[ExprRef], attrs: &[Attr], ty: TypeId) -> Te {
        let Some(index) = self.vm.types.index_of(ty) else { return Te::error(e) };
        let mut members = Vec::new();
        for x in l {
            if matches!(x.kind, ExprKind::Assign(..)) {
                return self.expr_err(e, "illegal set constructor");
            }
            match self.member_key(e, x, &index, "inconsistent type in set constructor") {
                Some(k) => members.push(k),
                None => return Te::error(e),
            }
        }
        let (table_attrs, ordered) = self.ctor_attrs(attrs, ty);
        let spread = self.spreads(&index);
        let at = e.clone();
        let code = Code::op(move |vm, fr| {
            let t = TableVal::new(ty, true, ordered);
            for k in &members {
                let k = vm.eval(k, fr)?;
                for k in spread_key(k, spread) {
                    let now = vm.network_time;
                    t.dict.borrow_mut().insert(k, Value::Unset, now);
                }
                vm.tick(at.span)?;
            }
            let attrs = table_attrs.make(vm, fr)?;
            Ok(finish_table(vm, t, &attrs))
        });
        Te { ty, code, e: e.clone() }
    }

    pub(super) fn vector_ctor(&mut self, e: &ExprRef, l: &[ExprRef], want: TypeId) -> Te {
        let elem = match self.vm.types.get(want) {
            Type::Vector(t) => *t,
            _ if l.is_empty() => TypeId::Void,
            _ => {
                let mut elem = None;
                for x in l {
                    let te = self.expr(x);
                    let te = self.keepable(te);
                    if te.is_err() {
                        return Te::error(e);
                    }
                    elem = Some(match elem {
                        None => te.ty,
                        Some(t) => self.join(t, te.ty).unwrap_or(t),
                    });
                }
                elem.unwrap_or(TypeId::Any)
            }
        };
        let ty = self.vm.types.vector(elem);
        let mut codes = Vec::new();
        for x in l {
            let te = self.expr_to(x, elem);
            if te.is_err() {
                return Te::error(e);
            }
            match self.promote(te, elem) {
                Ok(te) => codes.push(te.code),
                Err(_) => {
                    self.mixed(x, elem);
                    return self.expr_err(e, "inconsistent types in vector constructor");
                }
            }
        }
        let code = Code::op(move |vm, fr| {
            let items = codes.iter().map(|c| vm.eval(c, fr)).collect::<Res<Vec<_>>>()?;
            Ok(Value::Vector(VectorVal::new(ty, items)))
        });
        Te { ty, code, e: e.clone() }
    }

    /// `[a, b]`: an index list, or members of the set, table or vector that is wanted.
    pub(super) fn list_expr(&mut self, e: &ExprRef, l: &[ExprRef], want: TypeId) -> Te {
        match self.vm.types.get(want).clone() {
            Type::Table(..) => return self.table_of(e, l, &[], want),
            Type::Set(i) if !i.is_empty() => return self.set_of(e, l, &[], want),
            Type::Vector(_) => return self.vector_ctor(e, l, want),
            _ => {}
        }
        if l.iter().all(|x| matches!(x.kind, ExprKind::Assign(..))) {
            return self.table_ctor(e, l, &[], want);
        }
        let mut types = Vec::new();
        let mut codes = Vec::new();
        for x in l {
            let te = self.expr(x);
            if te.is_err() {
                return Te::error(e);
            }
            types.push(te.ty);
            codes.push(te.code);
        }
        let ty = self.vm.types.list(types);
        let code = Code::op(move |vm, fr| {
            let parts = codes.iter().map(|c| vm.eval(c, fr)).collect::<Res<Vec<_>>>()?;
            Ok(Value::List(parts.into()))
        });
        Te { ty, code, e: e.clone() }
    }

    /// A list kept in a variable is a set.
    pub(super) fn list_to_set(&mut self, e: &ExprRef, ty: TypeId) -> Te {
        match &e.kind {
            ExprKind::List(l) | ExprKind::Braces(l) => self.set_of(e, l, &[], ty),
            _ => Te::error(e),
        }
    }

    /// `{ … }` in an initialiser.
    pub(super) fn braces(&mut self, e: &ExprRef, l: &[ExprRef], want: TypeId) -> Te {
        match self.vm.types.get(want).clone() {
            Type::Record(_) => return self.record_ctor(e, l, want),
            Type::Table(i, _) if !i.is_empty() => return self.table_of(e, l, &[], want),
            Type::Set(i) if !i.is_empty() => return self.set_of(e, l, &[], want),
            Type::Vector(_) => return self.vector_ctor(e, l, want),
            Type::Func(_) if l.len() == 1 => return self.expr_to(&l[0], want),
            _ => {}
        }
        if l.is_empty() {
            return self.expr_err(e, "empty list in untyped initialization");
        }
        if l.iter().all(|x| matches!(x.kind, ExprKind::Assign(..))) {
            return self.table_ctor(e, l, &[], want);
        }
        if l.iter().all(|x| matches!(x.kind, ExprKind::FieldAssign(..))) {
            return self.record_ctor(e, l, want);
        }
        if want == TypeId::Pattern && l.len() > 1 {
            return self.pattern_list(e, l);
        }
        if l.len() == 1 && want != TypeId::Void && !self.vm.types.is_aggregate(want) {
            return self.expr_to(&l[0], want);
        }
        self.set_ctor(e, l, &[], want)
    }

    fn pattern_list(&mut self, e: &ExprRef, l: &[ExprRef]) -> Te {
        let codes: Vec<Code> = l.iter().map(|x| self.expr(x).code).collect();
        let code = Code::op(move |vm, fr| {
            let mut out = Value::Unset;
            for c in &codes {
                let v = vm.eval(c, fr)?;
                out = match (&out, &v) {
                    (Value::Pattern(a), Value::Pattern(b)) => Value::Pattern(Rc::new(a.or(b))),
                    _ => v,
                };
            }
            Ok(out)
        });
        Te { ty: TypeId::Pattern, code, e: e.clone() }
    }

    /// `Type( … )`.
    pub(super) fn type_ctor(&mut self, e: &ExprRef, ty: TypeId, l: &[ExprRef]) -> Te {
        // Messages show the constructor Zeek makes of it.
        let shown = |kind| Rc::new(Expr { kind, span: e.span, paren: false });
        match self.vm.types.get(ty) {
            Type::Record(_) => self.record_ctor(e, l, ty),
            Type::Table(..) => self.table_of(&shown(ExprKind::TableCtor(l.to_vec(), Vec::new())), l, &[], ty),
            Type::Set(_) => self.set_of(&shown(ExprKind::SetCtor(l.to_vec(), Vec::new())), l, &[], ty),
            Type::Vector(_) => self.vector_ctor(&shown(ExprKind::VectorCtor(l.to_vec())), l, ty),
            _ => self.expr_err(e, "type constructor not implemented for this type"),
        }
    }
}

/// Zeek shows a record given to a record type as a coercion.
fn coerce_text(l: &[ExprRef], name: &str, vm: &Vm) -> String {
    format!("(coerce [{}] to {name})", crate::describe::list(l, vm))
}

fn key_parts(k: &ExprRef) -> Vec<ExprRef> {
    match &k.kind {
        ExprKind::List(l) => l.clone(),
        _ => vec![k.clone()],
    }
}

/// A list given as the key of a single-index table stands for each of its members.
fn spread_key(k: Value, spread: bool) -> Vec<Value> {
    match &k {
        Value::List(l) if spread || l.iter().all(|x| matches!(x, Value::List(_))) => l.to_vec(),
        _ => vec![k],
    }
}

fn finish_table(vm: &mut Vm, t: TableVal, attrs: &Option<Rc<crate::value::TableAttrs>>) -> Value {
    *t.attrs.borrow_mut() = attrs.clone();
    let t = Rc::new(t);
    if attrs.as_ref().is_some_and(|a| a.expires()) {
        vm.track_expiry(&t);
    }
    Value::Table(t)
}
