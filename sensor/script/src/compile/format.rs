//! Formats of `fmt` that are written out: what would fail each time is told when it is compiled.

use super::Compiler;
use crate::ast::{ExprKind, ExprRef};
use crate::builtins::directives;
use crate::types::{Base, Type, TypeId};

impl Compiler {
    /// Looks at a call's format, where it stands there, and at what it is given.
    pub(super) fn check_format(&mut self, e: &ExprRef, args: &[ExprRef], types: &[TypeId]) {
        let Some((format, given)) = args.split_first() else { return };
        let ExprKind::Str(text) = &format.kind else { return };
        let wanted: Vec<Option<u8>> = directives(text).collect();
        let wrong = if wanted.len() != given.len() {
            let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
            let (has, is_given) = (plural(wanted.len(), "directive"), plural(given.len(), "value"));
            Some(format!("the format has {has} and is given {is_given}"))
        } else {
            // The first type is the format's own.
            let pairs = wanted.iter().zip(types.iter().skip(1));
            let mut wrong = pairs.filter_map(|(verb, ty)| self.misfit(*verb, *ty));
            wrong.next()
        };
        if let Some(wrong) = wrong {
            let shown = crate::describe::expr(e, &self.vm);
            self.warn(e.span, format!("{wrong} ({shown})"));
        }
    }

    /// Why a value of this type does not go with a directive.
    fn misfit(&self, verb: Option<u8>, ty: TypeId) -> Option<String> {
        let Some(verb) = verb else { return Some("the format ends within a directive".to_owned()) };
        let fits = match (verb, self.vm.types.get(ty)) {
            (_, Type::Base(Base::Any | Base::Error)) => true,
            (b'd' | b'x', Type::Base(Base::Bool | Base::Int | Base::Count | Base::Port) | Type::Enum(_)) => {
                true
            }
            (b'x', Type::Base(Base::Addr)) => true,
            (b'd' | b'x', _) => false,
            (b'e' | b'f' | b'g', Type::Base(base)) => {
                matches!(base, Base::Double | Base::Time | Base::Interval | Base::Int | Base::Count)
            }
            (b'T' | b'D', Type::Base(base)) => *base == Base::Time,
            (b'e' | b'f' | b'g' | b'T' | b'D', _) => false,
            (b's' | b'S' | b'A', _) => true,
            _ => return Some(format!("there is no directive %{}", char::from(verb))),
        };
        let told =
            || format!("%{} does not show a value of type {}", char::from(verb), self.vm.types.told(ty));
        (!fits).then(told)
    }
}
