//! Function bodies: definitions, handlers, lambdas.

use super::scope::{FnCtx, Place};
use super::{Compiler, Te};
use crate::ast::*;
use crate::source::Span;
use crate::types::{FuncType, ParamType, TypeId};
use crate::value::{FuncVal, Value};
use crate::vm::{Body, BodySource, Code, FuncId, FuncKind, Function, GlobalKind, StmtOp};
use std::cell::RefCell;
use std::rc::Rc;

/// Names of Bro 2.x that scripts in the field still use.
pub fn modern_name(n: &Name) -> Name {
    match &**n {
        "bro_init" => "zeek_init".into(),
        "bro_done" => "zeek_done".into(),
        "bro_script_loaded" => "zeek_script_loaded".into(),
        _ => n.clone(),
    }
}

/// A compiled body, not yet attached to a function.
pub struct Compiled {
    pub code: StmtOp,
    pub frame_size: u32,
    /// A bit for each of the first parameters that is named.
    named: u64,
}

impl Compiler {
    /// Adds a function to the table.
    pub fn new_function(&mut self, name: &Rc<str>, flavor: Flavor, ty: TypeId, span: Span) -> FuncId {
        let kind = match self.natives.get(&**name) {
            Some(f) if flavor == Flavor::Function => FuncKind::Native(f.clone()),
            _ => FuncKind::Script,
        };
        self.vm.funcs.push(Function {
            name: name.clone(),
            flavor,
            ty,
            kind,
            bodies: Rc::from([]),
            active: Rc::from([]),
            calls: 0,
            span,
        });
        FuncId(self.vm.funcs.len() as u32 - 1)
    }

    pub fn func_value(id: FuncId) -> Value {
        Value::Func(Rc::new(FuncVal { id, captures: RefCell::new(Vec::new()) }))
    }

    /// `function f(…) { … }` and its kin.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn func_decl(
        &mut self,
        flavor: Flavor,
        name: &Name,
        name_span: Span,
        attrs: &[Attr],
        l: &Rc<Lambda>,
        redef: bool,
    ) {
        let modern = &modern_name(name);
        if modern != name {
            self.warn(name_span, format!("{name} is now called {modern}"));
        }
        let name = modern;
        let ft = FuncTypeExpr { flavor, params: l.params.clone(), ret: l.ret.clone() };
        let before = self.errors;
        let ty = self.func_type(&ft);
        if self.errors != before {
            return;
        }
        let Some((id, g)) = self.func_global(name, name_span, flavor, ty) else { return };
        if flavor != Flavor::Function {
            self.check_deprecated(g, name_span);
        } else if let Some(why) = super::decl::deprecated(attrs) {
            self.vm.globals[g as usize].deprecated = Some(why);
        }
        let Some(proto) = self.vm.types.as_func(self.vm.funcs[id.0 as usize].ty) else { return };
        let Some(this) = self.vm.types.as_func(ty) else { return };
        let map = match self.match_params(g, l, flavor, &proto, &this, ty) {
            Ok(map) => map,
            Err(()) => return,
        };
        if flavor == Flavor::Function && !self.vm.funcs[id.0 as usize].bodies.is_empty() && !redef {
            let full = self.vm.globals[g as usize].name.clone();
            self.err(name_span, format!("already defined ({full})"));
            return;
        }
        if redef {
            self.vm.clear_bodies(id);
        }
        if flavor == Flavor::Function {
            self.vm.funcs[id.0 as usize].kind = FuncKind::Script;
        }
        self.check_duplicate_attrs(attrs);
        let priority = self.priority(attrs);
        let mut groups: Vec<Rc<str>> = Vec::new();
        for a in attrs.iter().filter(|a| a.kind == AttrKind::Group) {
            if let Some(e) = &a.expr {
                let te = self.expr(e);
                match te.code {
                    Code::Const(Value::Str(s)) => {
                        groups.push(format!("a:{}", String::from_utf8_lossy(&s)).into())
                    }
                    _ => self.err(a.span, "&group takes a string constant"),
                }
            }
        }
        groups.push(format!("m:{}", self.module).into());
        if flavor == Flavor::Function && attrs.iter().any(|a| a.kind == AttrKind::Priority) {
            self.err(name_span, "&priority only applies to events and hooks");
        }
        // Results of a prototype with names for them count.
        let ret = if flavor == Flavor::Function { proto.ret } else { this.ret };
        let outer = self.vm.uses.enter(Some(g));
        let compiled = self.body(flavor, &this.params, ret, l, None);
        self.vm.uses.enter(outer);
        let Some(c) = compiled else { return };
        let text = self.body_text(&l.body);
        let body = Body {
            code: c.code,
            frame_size: c.frame_size.max(this.params.len() as u32),
            n_params: this.params.len() as u32,
            args: map,
            priority,
            span: l.span,
            groups,
            module: self.module.clone(),
            text,
            error_handler: attrs.iter().any(|a| a.kind == AttrKind::ErrorHandler),
            source: Some(source(l, &this.params)),
            named: c.named,
        };
        self.vm.add_body(id, body);
    }

    fn priority(&mut self, attrs: &[Attr]) -> i64 {
        let Some(e) = attrs.iter().find(|a| a.kind == AttrKind::Priority).and_then(|a| a.expr.as_ref())
        else {
            return 0;
        };
        let te = self.expr(e);
        match self.run_now(&te) {
            Some(v) => v.as_int(),
            None => 0,
        }
    }

    fn body_text(&mut self, s: &StmtRef) -> Rc<dyn Fn() -> String> {
        let text: Rc<str> = crate::describe::body(s, &self.vm).into();
        Rc::new(move || text.to_string())
    }

    /// The function global a definition belongs to, made if it is new.
    fn func_global(&mut self, name: &Name, span: Span, flavor: Flavor, ty: TypeId) -> Option<(FuncId, u32)> {
        if let Some(g) = self.find_global(name) {
            // A definition in a module makes its own function rather than replace a built-in's.
            let foreign = !name.contains("::")
                && &*self.module != "GLOBAL"
                && flavor == Flavor::Function
                && !self.vm.globals[g as usize].name.contains("::");
            if !foreign {
                return self.existing_func(g, name, span, flavor);
            }
        }
        // An event that nobody declared belongs to no module, so that handlers in several are of one event.
        let bare = flavor == Flavor::Event && !name.contains("::");
        let full = if bare { name.clone() } else { self.qualified(name) };
        let id = self.new_function(&full, flavor, ty, span);
        let g = self.add_global(&full, ty, GlobalKind::Func, span);
        self.vm.values[g as usize] = Self::func_value(id);
        Some((id, g))
    }

    fn existing_func(&mut self, g: u32, name: &Name, span: Span, flavor: Flavor) -> Option<(FuncId, u32)> {
        let ty = self.vm.globals[g as usize].ty;
        let Some(ft) = self.vm.types.as_func(ty) else {
            self.err(span, format!("{name} already declared as something else than a function"));
            return None;
        };
        if ft.flavor != flavor {
            let full = self.vm.globals[g as usize].name.clone();
            self.err(span, format!("inconsistent function type ({full})"));
            return None;
        }
        match &self.vm.values[g as usize] {
            Value::Func(f) => Some((f.id, g)),
            _ => {
                // A variable of function type that has no value yet: this defines it.
                let full = self.vm.globals[g as usize].name.clone();
                let id = self.new_function(&full, flavor, ty, span);
                self.vm.values[g as usize] = Self::func_value(id);
                self.vm.globals[g as usize].kind = GlobalKind::Func;
                Some((id, g))
            }
        }
    }

    /// How a body's parameters map to the prototype's. Events and hooks bind by name: scripts written for older
    /// prototypes take fewer or other ones.
    fn match_params(
        &mut self,
        g: u32,
        l: &Lambda,
        flavor: Flavor,
        proto: &FuncType,
        this: &FuncType,
        ty: TypeId,
    ) -> Result<Option<Vec<u32>>, ()> {
        let same_types = proto.params.len() == this.params.len()
            && proto.params.iter().zip(&this.params).all(|(a, b)| self.vm.types.same(a.ty, b.ty));
        let same_names = proto.params.iter().zip(&this.params).all(|(a, b)| a.name == b.name);
        if same_types && (same_names || flavor == Flavor::Function || !self.has_alternates(g)) {
            if flavor == Flavor::Function && !self.vm.types.same(proto.ret, this.ret) {
                self.incompatible(g, l.span, ty, "incompatible function types");
                return Err(());
            }
            return Ok(None);
        }
        if flavor == Flavor::Function {
            self.incompatible(g, l.span, ty, "incompatible function types");
            return Err(());
        }
        let mut map = Vec::new();
        for p in &this.params {
            match proto.params.iter().position(|q| q.name == p.name) {
                Some(i) => {
                    let (have, want) = (proto.params[i].ty, p.ty);
                    if !self.vm.types.same(have, want) {
                        self.incompatible(g, l.span, ty, "incompatible function types");
                        return Err(());
                    }
                    map.push(i as u32);
                }
                None => {
                    // Renamed in later versions: same place, same type.
                    let at = map.len();
                    let by_place = proto.params.get(at).is_some_and(|q| self.vm.types.same(q.ty, p.ty));
                    if by_place && !self.has_alternates(g) {
                        map.push(at as u32);
                        continue;
                    }
                    self.incompatible(g, l.span, ty, "use of undeclared alternate prototype");
                    return Err(());
                }
            }
        }
        if let Some(why) = self.deprecated_alternate(g, this) {
            let full = self.vm.globals[g as usize].name.clone();
            let shown = self.vm.types.told(why.ty);
            let place = format!(
                "{} and {}",
                self.vm.sources.zeek_location(l.span),
                self.vm.sources.zeek_location(why.span)
            );
            self.diag(crate::diag::Diag {
                place: Some(place),
                ..crate::diag::Diag::new(
                    crate::diag::Severity::Warning,
                    l.span,
                    format!("use of deprecated '{full}' prototype ({shown})"),
                )
            });
        }
        Ok(Some(map))
    }

    /// A definition that does not go with its declaration: both places, both types.
    fn incompatible(&mut self, g: u32, span: Span, this: TypeId, text: &str) {
        let old = &self.vm.globals[g as usize];
        let (have, want) = (self.vm.types.told(this), self.vm.types.told(old.ty));
        let place = format!(
            "{} and {}",
            self.vm.sources.zeek_location(span),
            self.vm.sources.zeek_location(old.span)
        );
        self.diag(crate::diag::Diag {
            place: Some(place),
            ..crate::diag::Diag::new(
                crate::diag::Severity::Error,
                span,
                format!("{text} ({have} and {want})"),
            )
        });
    }

    /// Compiles a body in a context of its own.
    pub(super) fn body(
        &mut self,
        flavor: Flavor,
        params: &[ParamType],
        ret: TypeId,
        l: &Lambda,
        lambda: Option<FnCtx>,
    ) -> Option<Compiled> {
        let (c, _) = self.body_ctx(flavor, params, ret, l, lambda)?;
        Some(c)
    }

    fn body_ctx(
        &mut self,
        flavor: Flavor,
        params: &[ParamType],
        ret: TypeId,
        l: &Lambda,
        lambda: Option<FnCtx>,
    ) -> Option<(Compiled, FnCtx)> {
        let mut ctx = lambda.unwrap_or_else(|| FnCtx::new(flavor, ret));
        ctx.infer_ret = l.infer_ret;
        for p in params {
            ctx.declare(&p.name, p.ty, false, l.span);
        }
        self.fns.push(ctx);
        let before = self.errors;
        let code = self.stmt(&l.body);
        let ctx = self.fns.pop()?;
        if self.errors != before && self.quiet == 0 {
            // Told already; the body is never run.
            return None;
        }
        let code = code?;
        let parameters = params.iter().take(u64::BITS as usize).enumerate();
        let is_named = |name: &str| ctx.scopes[0].get(name).is_none_or(|parameter| parameter.named);
        let named = parameters.filter(|(_, p)| is_named(&p.name)).fold(0, |bits, (at, _)| bits | 1 << at);
        Some((Compiled { code, frame_size: ctx.frame_size, named }, ctx))
    }

    /// `function(…) { … }` as a value.
    pub(super) fn lambda(&mut self, e: &ExprRef, l: &Rc<Lambda>, want: TypeId) -> Te {
        let ft = FuncTypeExpr { flavor: Flavor::Function, params: l.params.clone(), ret: l.ret.clone() };
        let mut ty = self.func_type(&ft);
        let Some(mut this) = self.vm.types.as_func(ty) else { return Te::error(e) };
        // `$f(x: T) = { … }` for a hook or event field, or with the field's result type.
        let wanted = self.vm.types.as_func(want);
        let flavor = wanted.as_ref().map_or(Flavor::Function, |w| w.flavor);
        let infer = l.infer_ret;
        let mut ret = this.ret;
        if infer && let Some(w) = &wanted {
            ret = w.ret;
            this = Rc::new(FuncType { ret, flavor, ..(*this).clone() });
            ty = self.vm.types.func((*this).clone());
        }
        let mut ctx = FnCtx::new(flavor, ret);
        ctx.auto_capture = if self.fns.is_empty() { None } else { Some(false) };
        if !self.list_captures(e, l, &mut ctx) {
            return Te::error(e);
        }
        let infer = infer && wanted.is_none();
        let outside = self.vm.uses.later(true);
        let body =
            self.body_ctx(flavor, &this.params, ret, &Lambda { infer_ret: infer, ..shallow(l) }, Some(ctx));
        self.vm.uses.later(outside);
        let Some((c, ctx)) = body else { return Te::error(e) };
        if infer && ctx.ret != ret {
            ty = self.vm.types.func(FuncType { ret: ctx.ret, ..(*this).clone() });
        }
        self.lambdas += 1;
        let name: Rc<str> = format!("lambda_<{}>", lambda_number(l, self.lambdas)).into();
        let id = self.new_function(&name, flavor, ty, l.span);
        let text = self.body_text(&l.body);
        let body = Body {
            code: c.code,
            frame_size: c.frame_size.max(this.params.len() as u32),
            n_params: this.params.len() as u32,
            args: None,
            priority: 0,
            span: l.span,
            groups: Vec::new(),
            module: self.module.clone(),
            text,
            error_handler: false,
            source: ctx.captured.is_empty().then(|| source(l, &this.params)),
            named: c.named,
        };
        self.vm.add_body(id, body);
        let code = closure_code(id, ctx.capture_from);
        Te { ty, code, e: e.clone() }
    }

    /// Explicit captures; whether they were in order.
    fn list_captures(&mut self, e: &ExprRef, l: &Lambda, ctx: &mut FnCtx) -> bool {
        let Some(list) = &l.captures else { return true };
        let mut fine = true;
        for (i, c) in list.iter().enumerate() {
            if list.iter().take(i).any(|d| d.name == c.name) {
                let shown = self.lambda_text(l);
                self.err(e.span, format!("{} listed multiple times in capture ({shown})", c.name));
                return false;
            }
            let found = self.find_name(&c.name, c.span);
            match found {
                Some(f) if !matches!(f.place, Place::Global(_)) => {
                    if !uses_name(&l.body, &c.name) {
                        let shown = self.lambda_text(l);
                        self.err(
                            e.span,
                            format!("{} is captured but not used inside lambda ({shown})", c.name),
                        );
                        fine = false;
                    }
                    ctx.captured.push((c.name.clone(), f.ty));
                    ctx.capture_from.push((f.place, c.copy));
                }
                Some(f) => {
                    let is_type = match f.place {
                        Place::Global(i) => self.vm.globals[i as usize].kind == GlobalKind::Type,
                        _ => false,
                    };
                    let what = if is_type { "type" } else { "global" };
                    self.err(c.span, format!("cannot specify {what} in capture: {}", c.name));
                    fine = false;
                }
                None => {
                    self.err(c.span, format!("no such local identifier: {}", c.name));
                    fine = false;
                }
            }
        }
        fine
    }

    fn lambda_text(&self, l: &Lambda) -> String {
        let caps: Vec<String> = l.captures.iter().flatten().map(|c| c.name.to_string()).collect();
        format!("function()[{}]{}", caps.join(",  "), crate::describe::short(&l.body, &self.vm))
    }
}

/// Code that makes a function value, taking along what it captures.
pub(super) fn closure_code(id: FuncId, from: Vec<(Place, bool)>) -> Code {
    if from.is_empty() {
        return Code::Const(Compiler::func_value(id));
    }
    Code::op(move |vm, fr| {
        let mut captures = Vec::with_capacity(from.len());
        for (place, copy) in &from {
            let v = match place {
                Place::Local(i) => vm.stack[fr.base + *i as usize].clone(),
                Place::Capture(i) => match &fr.closure {
                    Some(c) => c.captures.borrow().get(*i as usize).cloned().unwrap_or_default(),
                    None => Value::Unset,
                },
                Place::Global(i) => vm.values[*i as usize].clone(),
            };
            captures.push(if *copy { crate::builtins::deep_copy(vm, &v, Span::default())? } else { v });
        }
        Ok(Value::Func(Rc::new(FuncVal { id, captures: RefCell::new(captures) })))
    })
}

fn shallow(l: &Lambda) -> Lambda {
    Lambda {
        params: Vec::new(),
        ret: l.ret.clone(),
        captures: None,
        body: l.body.clone(),
        span: l.span,
        infer_ret: l.infer_ret,
    }
}

/// A number that is the same in every run of the same script.
fn lambda_number(l: &Lambda, nth: u32) -> u64 {
    let text = format!("{:?} {nth}", l.span);
    crate::value::siphash24(crate::value::HashKeys(1, 2), text.as_bytes())
}

/// Whether a name occurs in a statement at all: enough to tell a capture that is never used.
fn uses_name(s: &Stmt, name: &str) -> bool {
    let text = format!("{s:?}");
    text.contains(&format!("Name(\"{name}\")")) || text.contains(&format!("name: \"{name}\""))
}

/// Whether a `when` uses a name in its condition, body or timeout.
pub(super) fn when_uses(w: &When, name: &str) -> bool {
    let expr =
        |e: &ExprRef| uses_name(&Stmt { kind: StmtKind::Expr(e.clone()), span: Span::default() }, name);
    expr(&w.cond)
        || uses_name(&w.body, name)
        || w.timeout.as_ref().is_some_and(|(after, body)| expr(after) || uses_name(body, name))
}

fn source(l: &Rc<Lambda>, params: &[ParamType]) -> BodySource {
    BodySource { lambda: l.clone(), params: params.iter().map(|param| param.ty).collect() }
}
