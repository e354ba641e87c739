//! Functions of patterns: splitting, replacing, finding.

use super::{arg, bytes, check_len, complain, record, set_of, string_vec};
use crate::types::TypeId;
use crate::value::{Modifiers, Pattern, Value};
use crate::vm::{CallSite, Res, Vm};
use std::rc::Rc;

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("split_string", |vm, c, a| {
        let v = split(bytes(a, 0), arg(a, 1), false, 0);
        vm.settle_patterns(c.span)?;
        Ok(string_vec(vm, v))
    }),
    ("split_string1", |vm, c, a| {
        let v = split(bytes(a, 0), arg(a, 1), false, 1);
        vm.settle_patterns(c.span)?;
        Ok(string_vec(vm, v))
    }),
    ("split_string_all", |vm, c, a| {
        let v = split(bytes(a, 0), arg(a, 1), true, 0);
        vm.settle_patterns(c.span)?;
        Ok(string_vec(vm, v))
    }),
    ("split_string_n", |vm, c, a| {
        let v = split(bytes(a, 0), arg(a, 1), arg(a, 2).as_bool(), arg(a, 3).as_count());
        vm.settle_patterns(c.span)?;
        Ok(string_vec(vm, v))
    }),
    ("split", |vm, c, a| {
        let v = split(bytes(a, 0), arg(a, 1), false, 0);
        vm.settle_patterns(c.span)?;
        Ok(super::strings::string_array(vm, v))
    }),
    ("split1", |vm, c, a| {
        let v = split(bytes(a, 0), arg(a, 1), false, 1);
        vm.settle_patterns(c.span)?;
        Ok(super::strings::string_array(vm, v))
    }),
    ("split_all", |vm, c, a| {
        let v = split(bytes(a, 0), arg(a, 1), true, 0);
        vm.settle_patterns(c.span)?;
        Ok(super::strings::string_array(vm, v))
    }),
    ("split_n", |vm, c, a| {
        let v = split(bytes(a, 0), arg(a, 1), arg(a, 2).as_bool(), arg(a, 3).as_count());
        vm.settle_patterns(c.span)?;
        Ok(super::strings::string_array(vm, v))
    }),
    ("sub", |vm, c, a| substitute(vm, c, a, false)),
    ("gsub", |vm, c, a| substitute(vm, c, a, true)),
    ("find_all", |vm, c, a| {
        let v = matches(vm, a);
        vm.settle_patterns(c.span)?;
        Ok(set_of(vm, TypeId::String, v))
    }),
    ("find_all_ordered", |vm, c, a| {
        let v = matches(vm, a);
        vm.settle_patterns(c.span)?;
        Ok(string_vec(vm, v))
    }),
    ("find_last", |vm, c, a| {
        let (s, Value::Pattern(p)) = (bytes(a, 0), arg(a, 1)) else { return Ok(Value::str("")) };
        let last = (0..s.len()).rev().find_map(|i| p.longest_at(s, i).map(|n| (i, n)));
        vm.settle_patterns(c.span)?;
        Ok(Value::str(last.and_then(|(i, n)| s.get(i..i + n)).unwrap_or(&[])))
    }),
    ("match_pattern", |vm, _, a| {
        let (s, Value::Pattern(p)) = (bytes(a, 0), arg(a, 1)) else { return Ok(Value::Unset) };
        match p.find(s) {
            Some((at, n)) => {
                let text = Value::str(s.get(at..at + n).unwrap_or(&[]));
                record(
                    vm,
                    "PatternMatchResult",
                    &[("matched", Value::Bool(true)), ("str", text), ("off", Value::Count(at as u64 + 1))],
                )
            }
            None => record(
                vm,
                "PatternMatchResult",
                &[("matched", Value::Bool(false)), ("str", Value::str("")), ("off", Value::Count(0))],
            ),
        }
    }),
    ("convert_for_pattern", |_, _, a| Ok(Value::str(quote(bytes(a, 0))))),
    ("string_to_pattern", |vm, c, a| {
        let text = if arg(a, 1).as_bool() { quote(bytes(a, 0)) } else { bytes(a, 0).to_vec() };
        match Pattern::new(&text, Modifiers::default()) {
            Ok(p) => Ok(Value::Pattern(Rc::new(p))),
            Err(_) => {
                complain(vm, c, "failed to compile pattern");
                Ok(Value::Pattern(Rc::new(
                    Pattern::new(b"", Modifiers::default()).map_err(|e| super::fail(c, &e))?,
                )))
            }
        }
    }),
];

/// Everything with a meaning in a pattern, quoted.
fn quote(s: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for &b in s {
        if matches!(
            b,
            b'^' | b'$'
                | b'.'
                | b'*'
                | b'+'
                | b'?'
                | b'('
                | b')'
                | b'['
                | b']'
                | b'{'
                | b'}'
                | b'|'
                | b'\\'
                | b'/'
                | b'"'
        ) {
            out.push(b'\\');
        }
        out.push(b);
    }
    out
}

fn next_match(p: &Pattern, s: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    while at < s.len() {
        // Matches are sought place by place, as Zeek does: an anchor counts at each of them.
        let rest = s.get(at..)?;
        let (skip, n) = p.find(rest)?;
        if n > 0 {
            return Some((at + skip, n));
        }
        at += skip + 1;
    }
    None
}

fn split(s: &[u8], p: &Value, keep: bool, max: u64) -> Vec<Value> {
    let Value::Pattern(p) = p else { return vec![Value::str(s)] };
    let mut out = Vec::new();
    let mut at = 0;
    let mut seps = 0;
    while max == 0 || seps < max {
        let Some((i, n)) = next_match(p, s, at) else { break };
        out.push(Value::str(s.get(at..i).unwrap_or(&[])));
        if keep {
            out.push(Value::str(s.get(i..i + n).unwrap_or(&[])));
        }
        at = i + n;
        seps += 1;
    }
    out.push(Value::str(s.get(at..).unwrap_or(&[])));
    out
}

fn substitute(vm: &mut Vm, c: &CallSite<'_>, a: &[Value], all: bool) -> Res {
    let (s, Value::Pattern(p), to) = (bytes(a, 0), arg(a, 1), bytes(a, 2)) else { return Ok(Value::Unset) };
    let mut out = Vec::with_capacity(s.len());
    let mut at = 0;
    while let Some((i, n)) = next_match(p, s, at) {
        out.extend_from_slice(s.get(at..i).unwrap_or(&[]));
        out.extend_from_slice(to);
        at = i + n;
        check_len(vm, c, out.len())?;
        if !all {
            break;
        }
    }
    vm.settle_patterns(c.span)?;
    out.extend_from_slice(s.get(at..).unwrap_or(&[]));
    Ok(Value::str(out))
}

/// Matches one behind the other; `max` bounds how much of the text is looked at.
/// What a pattern matches in a text that is no longer than the third argument allows, or `max_find_all_string_length`
/// where that is negative.
fn matches(vm: &Vm, a: &[Value]) -> Vec<Value> {
    let (s, Value::Pattern(p)) = (bytes(a, 0), arg(a, 1)) else { return Vec::new() };
    let given = Some(arg(a, 2)).filter(|most| most.is_set()).map_or(-1, Value::as_int);
    let most = match given {
        0.. => given,
        _ => vm.global_value("max_find_all_string_length").map_or(i64::MAX, Value::as_int),
    };
    if usize::try_from(most).is_ok_and(|most| s.len() > most) {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut at = 0;
    while let Some((i, n)) = next_match(p, s, at) {
        out.push(Value::str(s.get(i..i + n).unwrap_or(&[])));
        at = i + n;
    }
    out
}
