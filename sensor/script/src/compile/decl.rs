//! Declarations.

use super::scope::FnCtx;
use super::{Compiler, Te};
use crate::ast::*;
use crate::diag::{Diag, Severity};
use crate::source::Span;
use crate::types::TypeId;
use crate::value::Value;
use crate::vm::GlobalKind;
use std::rc::Rc;

impl Compiler {
    pub(super) fn decl(&mut self, d: &Decl) {
        match &d.kind {
            DeclKind::Module(name) => self.module = name.clone(),
            DeclKind::ExportStart => {
                if self.exporting {
                    self.err(d.span, "nested export section");
                }
                self.exporting = true;
            }
            DeclKind::ExportEnd => {
                if !self.exporting {
                    self.err(d.span, "syntax error, at or near \"}\"");
                }
                self.exporting = false;
            }
            DeclKind::Var { kind: VarKind::Redef, name, name_span, ty, init, attrs } => {
                self.redef_var(name, *name_span, ty.as_ref(), init.as_ref(), attrs);
            }
            DeclKind::Var { kind, name, name_span, ty, init, attrs } => {
                self.var(*kind, name, *name_span, ty.as_ref(), init.as_ref(), attrs);
            }
            DeclKind::Type { name, name_span, ty, attrs } => self.type_decl(name, *name_span, ty, attrs),
            DeclKind::RedefEnum { name, elems, name_span } => self.redef_enum(name, elems, *name_span),
            DeclKind::RedefRecord { name, fields, attrs, name_span } => {
                self.redef_record(name, fields, attrs, *name_span);
            }
            DeclKind::RedefRecordField { name, field, add, attrs, name_span } => {
                self.redef_field(name, field, *add, attrs, *name_span);
            }
            DeclKind::Func { flavor, name, name_span, attrs, lambda, redef } => {
                self.func_decl(*flavor, name, *name_span, attrs, lambda, *redef);
            }
            DeclKind::Stmt(s) => self.top_stmt(s),
        }
    }

    fn top_stmt(&mut self, s: &StmtRef) {
        let ctx = self.top_ctx.take().unwrap_or_else(|| FnCtx::new(Flavor::Event, TypeId::Void));
        self.fns.push(ctx);
        let code = self.stmt(s);
        self.top_ctx = self.fns.pop();
        if let Some(code) = code {
            self.top.push(code);
        }
    }

    /// Stack slots the top-level statements need.
    pub fn top_frame(&self) -> u32 {
        self.top_ctx.as_ref().map_or(0, |c| c.frame_size)
    }

    /// `error in OLD and NEW: already defined (name)`.
    pub(super) fn already_defined(&mut self, old: Span, new: Span, name: &str) {
        let place = Some(self.both_places(old, new));
        self.diag(Diag { place, ..Diag::new(Severity::Error, new, format!("already defined ({name})")) });
    }

    fn both_places(&self, old: Span, new: Span) -> String {
        let here = self.vm.sources.zeek_location(new);
        if old.file == 0 { here } else { format!("{} and {here}", self.vm.sources.zeek_location(old)) }
    }

    fn type_decl(&mut self, name: &Name, span: Span, ty: &TypeExpr, attrs: &[Attr]) {
        let full = self.qualified(name);
        if let Some(i) = self.vm.global(&full) {
            let old = self.vm.globals[i as usize].span;
            return self.already_defined(old, span, &full);
        }
        let id = match &ty.kind {
            TypeKind::Name(_) => self.ty(ty),
            _ => self.ty_named(ty, Some(&full), attrs.iter().any(|a| a.kind == AttrKind::Log)),
        };
        let g = self.add_global(&full, id, GlobalKind::Type, span);
        self.vm.values[g as usize] = Value::Type(id);
        self.vm.globals[g as usize].span = span;
        self.vm.globals[g as usize].exported = self.exporting;
        self.vm.globals[g as usize].deprecated = deprecated(attrs);
        self.vm.types.set_name(id, &full);
    }

    fn var(
        &mut self,
        kind: VarKind,
        name: &Name,
        span: Span,
        ty: Option<&Rc<TypeExpr>>,
        init: Option<&Init>,
        attrs: &[Attr],
    ) {
        if &**name == "_" {
            return self.err(span, "blank identifier may not be used as a global");
        }
        let full = self.qualified(name);
        let declared = ty.map(|t| self.ty(t));
        if declared == Some(TypeId::Error) {
            let g = self.add_global(&full, TypeId::Error, GlobalKind::Var, span);
            self.vm.globals[g as usize].ty = TypeId::Error;
            return;
        }
        if let Some(g) = self.vm.global(&full) {
            let both_func = declared.is_some_and(|t| self.vm.types.as_func(t).is_some())
                && self.vm.types.as_func(self.vm.globals[g as usize].ty).is_some();
            if both_func && init.is_none() {
                return self.redeclare_func(g, declared.unwrap_or(TypeId::Error), span, attrs);
            }
            let old = self.vm.globals[g as usize].span;
            if self.vm.globals[g as usize].redefinable && init.is_some() {
                // As Zeek has it: a slip of the author's.
                let place = self.both_places(old, span);
                let text = format!("redefinition requires \"redef\" ({full})");
                self.diag(Diag { place: Some(place), ..Diag::new(Severity::Warning, span, text) });
                return self.redef_var(name, span, ty, init, attrs);
            }
            return self.already_defined(old, span, &full);
        }
        self.check_duplicate_attrs(attrs);
        self.check_var_attrs(kind, span, &full, declared, init, attrs);
        let te = init.and_then(|i| self.global_init(&full, i, declared));
        if init.is_some() && te.is_none() {
            let ty = declared.unwrap_or(TypeId::Error);
            self.add_global(&full, ty, GlobalKind::Var, span);
            return;
        }
        let Some(ty) = declared.or(te.as_ref().map(|t| t.ty)) else {
            self.err(span, format!("no type given ({full})"));
            return;
        };
        self.add_var(kind, &full, span, ty, te, init, attrs);
    }

    #[allow(clippy::too_many_arguments)]
    fn add_var(
        &mut self,
        kind: VarKind,
        full: &Rc<str>,
        span: Span,
        ty: TypeId,
        te: Option<Te>,
        init: Option<&Init>,
        attrs: &[Attr],
    ) {
        if ty != TypeId::Any && !self.vm.types.is_table(ty) && !self.vm.types.is_set(ty) {
            use AttrKind::{CreateExpire, ExpireFunc, ReadExpire, WriteExpire};
            let expiry = |a: &&Attr| matches!(a.kind, CreateExpire | ReadExpire | WriteExpire | ExpireFunc);
            if let Some(a) = attrs.iter().find(expiry) {
                self.err(a.span, format!("{} only applicable to sets/tables ({full})", a.kind.text()));
            }
        }
        let func = self.vm.types.as_func(ty);
        let gkind = match (kind, &func) {
            (VarKind::Const, _) => GlobalKind::Const,
            (VarKind::Option, _) => GlobalKind::Option,
            (_, Some(_)) if init.is_none() => GlobalKind::Func,
            _ => GlobalKind::Var,
        };
        let value = match &te {
            Some(te) => match self.run_now(te) {
                Some(v) => v,
                None => Value::Unset,
            },
            None if gkind == GlobalKind::Func => {
                let flavor = func.as_ref().map_or(Flavor::Function, |f| f.flavor);
                Self::func_value(self.new_function(full, flavor, ty, span))
            }
            None => super::empty_value(&mut self.vm, ty).unwrap_or_default(),
        };
        let ordered = attrs.iter().any(|a| a.kind == AttrKind::Ordered);
        let member = self.default_is_member(attrs);
        let table_attrs = self.container_attrs(attrs, ty, member);
        self.attach(&value, &table_attrs, ordered);
        if let (Value::File(f), true) = (&value, attrs.iter().any(|a| a.kind == AttrKind::RawOutput)) {
            f.raw.set(true);
        }
        let exporting = self.exporting;
        let g = self.add_global(full, ty, gkind, span) as usize;
        self.vm.values[g] = value;
        let global = &mut self.vm.globals[g];
        global.init = init.map(|i| i.expr.clone());
        global.exported = exporting || !full.contains("::");
        global.redefinable = kind == VarKind::Option || attrs.iter().any(|a| a.kind == AttrKind::Redef);
        global.deprecated = deprecated(attrs);
        global.attrs = table_attrs;
        global.ordered = ordered;
    }

    fn check_var_attrs(
        &mut self,
        kind: VarKind,
        span: Span,
        full: &str,
        declared: Option<TypeId>,
        init: Option<&Init>,
        attrs: &[Attr],
    ) {
        let has = |k: AttrKind| attrs.iter().any(|a| a.kind == k);
        if kind == VarKind::Option
            && init.is_none()
            && !declared.is_some_and(|t| self.vm.types.is_aggregate(t))
        {
            self.err(span, format!("option variable must be initialized ({full})"));
        }
        if kind == VarKind::Const && init.is_none() && !has(AttrKind::Redef) {
            self.err(span, format!("const variable must be initialized ({full})"));
        }
        for a in attrs {
            match a.kind {
                AttrKind::Optional => self.err(span, "&optional is not valid for global variables"),
                AttrKind::Log => self.err(span, "&log applied outside of record"),
                AttrKind::Default if declared.is_some_and(|t| self.vm.types.is_set(t)) => {
                    self.err(a.span, "&default is not valid for global variables except for tables");
                }
                AttrKind::Default
                    if declared.is_some_and(|t| !self.vm.types.is_table(t) && t != TypeId::Any) =>
                {
                    self.err(a.span, "&default is not valid for global variables except for tables");
                }
                AttrKind::Synchronized
                | AttrKind::Persistent
                | AttrKind::Encrypt
                | AttrKind::Mergeable
                | AttrKind::RotateInterval
                | AttrKind::RotateSize => {
                    self.warn(a.span, format!("{} has no effect ({full})", a.kind.text()));
                }
                _ => {}
            }
        }
    }

    /// An initialiser outside functions.
    fn global_init(&mut self, full: &str, i: &Init, declared: Option<TypeId>) -> Option<Te> {
        let saved = std::mem::take(&mut self.fns);
        let te = self.expr_wanted(&i.expr, declared.unwrap_or(TypeId::Void));
        let te = self.keepable_unless(te, declared);
        self.fns = saved;
        self.init_value(te, declared, full)
    }
}

/// `&deprecated`, with its reason.
pub(super) fn deprecated(attrs: &[Attr]) -> Option<Option<Rc<str>>> {
    attrs.iter().find(|a| a.kind == AttrKind::Deprecated).map(|a| {
        a.expr.as_ref().and_then(|e| match &e.kind {
            ExprKind::Str(s) => Some(String::from_utf8_lossy(s).as_ref().into()),
            _ => None,
        })
    })
}
