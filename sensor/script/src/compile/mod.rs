//! Names, types and code: turns declarations into a running [`Vm`], one after the other as they are read.
//!
//! Zeek reads scripts this way — an initialiser sees the values in force at that point, `@if` may call functions
//! defined above — so compiling cannot be put off to the end.

mod assign;
mod attrs;
mod call;
mod cast;
mod coerce;
pub(crate) mod construct;
mod decl;
mod defaults;
mod expr;
mod flat;
mod format;
mod func;
mod gone;
mod idle;
mod index;
mod load;
mod membership;
mod ops;
mod redef;
mod scope;
mod stmt;
mod stmt_loop;
mod types;

pub use assign::{clear_table, member, remove_member, store_member};
pub use cast::value_type;
pub use coerce::convert;
pub use defaults::{empty_value, new_record, new_record_from, template};
pub use index::{lookup, vector_index};
pub use load::LoadState;
pub use ops::{BYTES_PER_STEP, compare, fold};

use crate::ast::*;
use crate::diag::{Diag, Severity};
use crate::source::Span;
use crate::types::TypeId;
use crate::vm::{Code, StmtOp, Vm};
use scope::FnCtx;
use std::rc::Rc;

/// Errors shown before the rest are only counted.
const MAX_ERRORS: usize = 200;

/// A checked and compiled expression.
pub struct Te {
    pub ty: TypeId,
    pub code: Code,
    pub e: ExprRef,
}

impl Te {
    fn error(e: &ExprRef) -> Te {
        Te { ty: TypeId::Error, code: Code::Const(crate::value::Value::Unset), e: e.clone() }
    }

    fn is_err(&self) -> bool {
        self.ty == TypeId::Error
    }
}

/// What holds where a file is loaded, to go on with after it.
struct Outer {
    module: Rc<str>,
    exporting: bool,
    in_base: bool,
}

/// The compiler and the machine it builds.
pub struct Compiler {
    pub vm: Vm,
    pub module: Rc<str>,
    module_stack: Vec<Outer>,
    pub exporting: bool,
    pub errors: usize,
    fns: Vec<FnCtx>,
    /// A function that is called is named.
    calling: bool,
    /// A table that is named is only looked up in, counted or gone through.
    looking: bool,
    /// Statements outside functions, run before `zeek_init`.
    pub top: Vec<StmtOp>,
    pub load: LoadState,
    /// Natives by full name: ours, then the host's.
    natives: std::collections::HashMap<&'static str, crate::vm::NativeFn>,
    /// Those that can be called without making records.
    flat: std::collections::HashMap<&'static str, crate::host::FlatNative>,
    /// The scripts that the host ships.
    library: Vec<crate::host::Bundled>,
    /// Reading bundled text: globals without bodies are built-ins.
    pub in_base: bool,
    lambdas: u32,
    /// Further prototypes of events and hooks, by global.
    alternates: std::collections::HashMap<u32, Vec<redef::Alternate>>,
    /// Locals of statements outside functions.
    top_ctx: Option<FnCtx>,
    /// `redef`s seen for `Module::option=value` on the command line: errors there have their own wording.
    pub quiet: u32,
    /// `@pragma push ignore-deprecations` is in force.
    ignore_deprecations: bool,
    /// Inside `@if ( … )`, where only globals count.
    in_condition: bool,
}

impl Compiler {
    pub fn new(vm: Vm) -> Compiler {
        let mut natives = crate::builtins::natives();
        natives.extend(vm.host.natives());
        Compiler {
            library: vm.host.library(),
            flat: vm.host.flat().into_iter().collect(),
            vm,
            module: "GLOBAL".into(),
            module_stack: Vec::new(),
            exporting: false,
            errors: 0,
            fns: Vec::new(),
            calling: false,
            looking: false,
            top: Vec::new(),
            load: LoadState::default(),
            natives,
            in_base: false,
            lambdas: 0,
            alternates: std::collections::HashMap::new(),
            top_ctx: None,
            quiet: 0,
            ignore_deprecations: false,
            in_condition: false,
        }
    }

    // ---- messages ----

    pub fn diag(&mut self, d: Diag) {
        if d.severity.is_error() {
            self.errors += 1;
        }
        if self.quiet == 0 && self.errors <= MAX_ERRORS {
            self.vm.report(d);
        }
    }

    pub fn err(&mut self, span: Span, text: impl Into<String>) {
        self.diag(Diag::new(Severity::Error, span, text));
    }

    pub fn warn(&mut self, span: Span, text: impl Into<String>) {
        self.diag(Diag::new(Severity::Warning, span, text));
    }

    /// Zeek's `msg (expression)`.
    pub fn expr_err(&mut self, e: &ExprRef, text: &str) -> Te {
        let shown = crate::describe::expr(e, &self.vm);
        self.err(e.span, format!("{text} ({shown})"));
        Te::error(e)
    }

    /// `error in FILE, line N and TYPE: msg (expr and TYPE)`: an expression against a type.
    fn expr_type_err(&mut self, e: &ExprRef, ty: TypeId, text: &str) {
        let (shown, t) = (crate::describe::expr(e, &self.vm), self.vm.types.told(ty));
        let place = format!("{} and {t}", self.vm.sources.zeek_location(e.span));
        self.diag(Diag {
            place: Some(place),
            ..Diag::new(Severity::Error, e.span, format!("{text} ({shown} and {t})"))
        });
    }

    /// The same with the type first.
    fn type_expr_err(&mut self, ty: TypeId, e: &ExprRef, text: &str) {
        let (shown, t) = (crate::describe::expr(e, &self.vm), self.vm.types.told(ty));
        let place = format!("{t} and {}", self.vm.sources.zeek_location(e.span));
        self.diag(Diag {
            place: Some(place),
            ..Diag::new(Severity::Error, e.span, format!("{text} ({t} and {shown})"))
        });
    }

    /// Runs `f` without showing its errors; whether there were none.
    fn silently<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        let before = self.errors;
        self.quiet += 1;
        let r = f(self);
        self.quiet -= 1;
        let fine = self.errors == before;
        self.errors = before;
        (r, fine)
    }

    /// A table that is only looked up in, counted or gone through.
    fn looked_at(&mut self, e: &ExprRef) -> Te {
        self.looking = matches!(e.kind, ExprKind::Name(_));
        let te = self.expr(e);
        self.looking = false;
        te
    }

    /// Evaluates compiled code now, reporting what goes wrong.
    pub fn run_now(&mut self, te: &Te) -> Option<crate::value::Value> {
        if te.is_err() {
            return None;
        }
        self.vm.fuel = self.vm.limits.fuel;
        match self.vm.eval_top(&te.code) {
            Ok(v) => Some(v),
            Err(f) => {
                self.errors += 1;
                self.vm.report_fault(&f);
                None
            }
        }
    }
}
