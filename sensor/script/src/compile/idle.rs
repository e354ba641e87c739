//! Handlers that nothing will ever call: a misspelt name, or an event that the host does not raise.

use super::Compiler;
use crate::ast::Flavor;
use crate::diag::{Diag, Severity};
use crate::source::Span;
use crate::value::Value;
use crate::vm::GlobalKind;

/// Why a handler waits in vain.
enum Idle {
    /// Nothing declares the event, and no script raises it.
    Unknown,
    /// The host declares the event without ever raising it.
    Unraised,
}

impl Compiler {
    /// That what is only declared hands its events to its own logs does not raise them. To be called before scripts
    /// that do not ship are compiled.
    pub fn forget_own_uses(&mut self) {
        for global in &mut self.vm.globals {
            global.used &= !self.load.is_declaring(global.span.file);
        }
    }

    /// To be called when all scripts are compiled.
    pub fn tell_of_idle_handlers(&mut self) {
        let handlers = 0..self.vm.globals.len();
        let idle: Vec<Diag> = handlers.filter_map(|g| self.idle_handler(g)).collect();
        idle.into_iter().for_each(|told| self.diag(told));
    }

    fn idle_handler(&self, g: usize) -> Option<Diag> {
        let global = &self.vm.globals[g];
        let Value::Func(func) = &self.vm.values[g] else { return None };
        let function = self.vm.funcs.get(func.id.0 as usize)?;
        if global.used || global.kind != GlobalKind::Func || function.flavor == Flavor::Function {
            return None;
        }
        let own = |span: Span| span.file != 0 && !self.load.is_bundled(span.file);
        let handler = function.bodies.iter().map(|body| body.span).find(|span| own(*span))?;
        let (name, flavor) = (&global.name, function.flavor);
        // Signatures may name events of their own.
        if self.vm.signature_files.iter().any(|(_, text)| text.contains(&**name)) {
            return None;
        }
        let idle = match flavor {
            _ if self.load.is_declaring(global.span.file) => Idle::Unraised,
            Flavor::Event if own(global.span) => Idle::Unknown,
            Flavor::Hook if own(global.span) && !global.exported => Idle::Unknown,
            _ => return None,
        };
        Some(match idle {
            // As Zeek words it.
            Idle::Unknown => {
                let flavor = if flavor == Flavor::Hook { "hook" } else { "event" };
                let text = format!("handler for non-existing {flavor} cannot be invoked ({name})");
                Diag::new(Severity::Warning, global.span, text)
            }
            Idle::Unraised => {
                let verb = if flavor == Flavor::Hook { "calls" } else { "raises" };
                let text = format!("this sensor never {verb} {name}: the handler will not run");
                Diag { ours: true, ..Diag::new(Severity::Warning, handler, text) }
            }
        })
    }
}
