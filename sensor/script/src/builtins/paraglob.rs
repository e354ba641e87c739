//! `paraglob_*`: many shell patterns asked at once.

use super::{arg, bytes, string_vec};
use crate::value::{Modifiers, Opaque, Pattern, Value};
use crate::vm::{CallSite, Res, Vm};
use std::rc::Rc;

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("paraglob_init", |vm, c, a| {
        let Value::Vector(globs) = arg(a, 0) else {
            return Err(super::fail(c, "paraglobs are made of a vector of strings"));
        };
        vm.charge_work(c.span, globs.len() as u64)?;
        let texts = globs.items().iter().map(|glob| Rc::from(glob.bytes())).collect();
        Paraglob::new(texts)
            .map(|made| Value::Opaque(Rc::new(made)))
            .map_err(|why| super::fail(c, &format!("a glob cannot be used: {why}")))
    }),
    ("paraglob_match", |vm, c, a| {
        let Some(globs) = paraglob(arg(a, 0)) else { return Ok(string_vec(vm, Vec::new())) };
        let text = bytes(a, 1);
        vm.charge_work(c.span, (globs.globs.len() * (1 + text.len() / 64)) as u64)?;
        let found = globs.globs.iter().filter(|(_, glob)| glob.matches(text));
        let found = found.map(|(shown, _)| Value::Str(shown.clone())).collect();
        Ok(string_vec(vm, found))
    }),
    ("paraglob_equals", |_, _, a| {
        let texts =
            |v| paraglob(v).map(|of| of.globs.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>());
        Ok(Value::Bool(texts(arg(a, 0)) == texts(arg(a, 1))))
    }),
];

/// The globs, sorted and each once, with what finds them.
struct Paraglob {
    globs: Vec<(Rc<[u8]>, Pattern)>,
}

impl Paraglob {
    fn new(mut texts: Vec<Rc<[u8]>>) -> Result<Paraglob, String> {
        texts.sort();
        texts.dedup();
        let made = texts.into_iter().map(|text| {
            let pattern =
                Pattern::new(&as_pattern(&text), Modifiers { single_line: true, ..Modifiers::default() })?;
            Ok((text, pattern))
        });
        Ok(Paraglob { globs: made.collect::<Result<_, String>>()? })
    }
}

impl Opaque for Paraglob {
    fn type_name(&self) -> &'static str {
        "paraglob"
    }

    fn copy(&self) -> Option<Rc<dyn Opaque>> {
        let texts = self.globs.iter().map(|(text, _)| text.clone()).collect();
        Paraglob::new(texts).ok().map(|copy| Rc::new(copy) as Rc<dyn Opaque>)
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn paraglob(v: &Value) -> Option<&Paraglob> {
    match v {
        Value::Opaque(o) => o.as_any().downcast_ref(),
        _ => None,
    }
}

/// A glob as a pattern of the language. A bracket that is never closed stands for itself.
fn as_pattern(glob: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 * glob.len());
    let mut rest = glob;
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'*' => out.extend_from_slice(b".*"),
            b'?' => out.push(b'.'),
            b'[' => match after.iter().skip(1).position(|b| *b == b']') {
                Some(end) => {
                    let (inside, behind) = after.split_at(end + 1);
                    out.push(b'[');
                    match inside {
                        [b'!', of @ ..] => {
                            out.push(b'^');
                            out.extend_from_slice(of);
                        }
                        of => out.extend_from_slice(of),
                    }
                    out.push(b']');
                    rest = behind.get(1..).unwrap_or_default();
                }
                None => out.extend_from_slice(b"\\["),
            },
            b'\\' => {
                let escaped = after.first().copied().unwrap_or(b'\\');
                rest = after.get(1..).unwrap_or_default();
                literal(&mut out, escaped);
            }
            other => literal(&mut out, *other),
        }
    }
    out
}

fn literal(out: &mut Vec<u8>, byte: u8) {
    if !byte.is_ascii_alphanumeric() && byte.is_ascii_graphic() {
        out.push(b'\\');
        out.push(byte);
    } else if byte.is_ascii_alphanumeric() || byte == b' ' {
        out.push(byte);
    } else {
        out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
    }
}
