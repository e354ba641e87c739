//! Names: locals, captures, globals in modules.

use super::Compiler;
use crate::ast::*;
use crate::source::Span;
use crate::types::TypeId;
use crate::value::Value;
use crate::vm::{Global, GlobalKind};
use std::collections::HashMap;
use std::rc::Rc;

#[derive(Clone)]
pub struct LocalVar {
    pub slot: u32,
    pub span: Span,
    pub ty: TypeId,
    pub constant: bool,
    /// Some code names it.
    pub named: bool,
}

/// The function being compiled.
pub struct FnCtx {
    pub scopes: Vec<HashMap<Name, LocalVar>>,
    /// Locals of blocks that have ended: their names stay known to the end of the function, as Zeek's do.
    ended: HashMap<Name, LocalVar>,
    pub next_slot: u32,
    pub frame_size: u32,
    pub ret: TypeId,
    pub infer_ret: bool,
    pub flavor: Flavor,
    pub loops: u32,
    pub switches: u32,
    /// What a lambda or `when` takes from outside: name and type, by capture number.
    pub captured: Vec<(Name, TypeId)>,
    /// How the enclosing function reads each capture.
    pub capture_from: Vec<(Place, bool)>,
    /// `None`: an outer function; `Some(true)`: captures as needed; `Some(false)`: only those listed.
    pub auto_capture: Option<bool>,
}

/// Where a variable lives.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    Local(u32),
    Capture(u32),
    Global(u32),
}

/// What a name means.
pub struct Found {
    pub place: Place,
    pub ty: TypeId,
    pub constant: bool,
}

impl FnCtx {
    pub fn new(flavor: Flavor, ret: TypeId) -> FnCtx {
        FnCtx {
            scopes: vec![HashMap::new()],
            ended: HashMap::new(),
            next_slot: 0,
            frame_size: 0,
            ret,
            infer_ret: false,
            flavor,
            loops: 0,
            switches: 0,
            captured: Vec::new(),
            capture_from: Vec::new(),
            auto_capture: None,
        }
    }

    pub fn declare(&mut self, name: &Name, ty: TypeId, constant: bool, span: Span) -> u32 {
        let slot = self.next_slot;
        self.next_slot += 1;
        self.frame_size = self.frame_size.max(self.next_slot);
        if let Some(s) = self.scopes.last_mut() {
            s.insert(name.clone(), LocalVar { slot, span, ty, constant, named: false });
        }
        slot
    }

    /// The names of all locals.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.scopes.iter().flat_map(HashMap::keys).chain(self.ended.keys())
    }

    fn find_mut(&mut self, name: &str) -> Option<&mut LocalVar> {
        self.scopes.iter_mut().rev().find_map(|s| s.get_mut(name)).or_else(|| self.ended.get_mut(name))
    }

    pub fn find(&self, name: &str) -> Option<&LocalVar> {
        self.find_open(name).or_else(|| self.ended.get(name))
    }

    /// The same among those whose block has not ended.
    pub fn find_open(&self, name: &str) -> Option<&LocalVar> {
        self.scopes.iter().rev().find_map(|s| s.get(name))
    }
}

impl Compiler {
    /// The full name of a global declared here.
    pub fn qualified(&self, name: &str) -> Rc<str> {
        if let Some(rest) = name.strip_prefix("GLOBAL::") {
            return rest.into();
        }
        if name.contains("::") || &*self.module == "GLOBAL" {
            name.into()
        } else {
            format!("{}::{name}", self.module).into()
        }
    }

    /// The number of the global a name means here.
    pub fn find_global(&self, name: &str) -> Option<u32> {
        if let Some(rest) = name.strip_prefix("GLOBAL::") {
            return self.vm.global(rest);
        }
        if !name.contains("::") && &*self.module != "GLOBAL" {
            let full = format!("{}::{name}", self.module);
            if let Some(i) = self.vm.global(&full) {
                return Some(i);
            }
        }
        self.vm.global(name)
    }

    pub fn find_name(&mut self, name: &Name, span: Span) -> Option<Found> {
        if let Some(f) = self.find_in_function(self.fns.len(), name, span) {
            if self.in_condition {
                self.err(span, format!("referencing a local name in @if ({name})"));
                return Some(Found { ty: TypeId::Error, ..f });
            }
            return Some(f);
        }
        let i = self.find_global(name)?;
        let g = &self.vm.globals[i as usize];
        let constant = matches!(g.kind, GlobalKind::Const | GlobalKind::Option);
        Some(Found { place: Place::Global(i), ty: g.ty, constant })
    }

    /// Looks through the function at depth `depth` and, for lambdas, the ones around it.
    fn find_in_function(&mut self, depth: usize, name: &Name, span: Span) -> Option<Found> {
        let at = depth.checked_sub(1)?;
        let ctx = self.fns.get_mut(at)?;
        if let Some(v) = ctx.find_mut(name) {
            v.named = true;
            return Some(Found { place: Place::Local(v.slot), ty: v.ty, constant: v.constant });
        }
        if let Some(i) = ctx.captured.iter().position(|(n, _)| n == name) {
            return Some(Found { place: Place::Capture(i as u32), ty: ctx.captured[i].1, constant: false });
        }
        let auto = ctx.auto_capture?;
        let outer = self.find_in_function(at, name, span)?;
        if !auto {
            self.err(span, format!("{name} is used inside lambda but not captured"));
        }
        let ctx = self.fns.get_mut(at)?;
        ctx.captured.push((name.clone(), outer.ty));
        ctx.capture_from.push((outer.place, false));
        let i = ctx.captured.len() as u32 - 1;
        Some(Found { place: Place::Capture(i), ty: outer.ty, constant: false })
    }

    /// Adds or finds a global; returns its number.
    pub fn add_global(&mut self, full: &Rc<str>, ty: TypeId, kind: GlobalKind, span: Span) -> u32 {
        if let Some(i) = self.vm.names.get(full) {
            return *i;
        }
        let exported = self.exporting || &*self.module == "GLOBAL";
        self.vm.globals.push(Global {
            name: full.clone(),
            ty,
            kind,
            exported,
            redefinable: false,
            span,
            init: None,
            deprecated: None,
            used: false,
            attrs: None,
            ordered: false,
        });
        self.vm.values.push(Value::Unset);
        let i = self.vm.globals.len() as u32 - 1;
        self.vm.names.insert(full.clone(), i);
        i
    }

    pub(super) fn fn_ctx(&mut self) -> Option<&mut FnCtx> {
        self.fns.last_mut()
    }

    pub(super) fn push_scope(&mut self) {
        if let Some(f) = self.fns.last_mut() {
            f.scopes.push(HashMap::new());
        }
    }

    pub(super) fn pop_scope(&mut self) {
        if let Some(f) = self.fns.last_mut() {
            f.ended.extend(f.scopes.pop().into_iter().flatten());
        }
    }

    /// Warns once per use about something marked `&deprecated`.
    pub(super) fn check_deprecated(&mut self, i: u32, span: Span) {
        let g = &self.vm.globals[i as usize];
        if let Some(why) = &g.deprecated {
            if self.in_base || self.ignore_deprecations {
                return;
            }
            let text = match why {
                Some(w) => format!("deprecated ({}): {w}", g.name),
                None => format!("deprecated ({})", g.name),
            };
            self.warn(span, text);
        }
    }
}
