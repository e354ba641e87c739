//! Strings.

use super::{arg, bytes, check_len, complain, find_bytes, set_of, string_vec};
use crate::types::TypeId;
use crate::value::{Value, VectorVal};
use crate::vm::{CallSite, Res, Vm};

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("levenshtein_distance", levenshtein),
    ("string_cat", |vm, c, a| {
        let n = a.iter().map(|v| v.bytes().len()).sum();
        check_len(vm, c, n)?;
        let mut out = Vec::with_capacity(n);
        a.iter().for_each(|v| out.extend_from_slice(v.bytes()));
        Ok(Value::str(out))
    }),
    ("join_string_vec", |vm, c, a| {
        let Value::Vector(v) = arg(a, 0) else { return Ok(Value::str("")) };
        let items = v.items().clone();
        join(vm, c, &items, bytes(a, 1))
    }),
    ("join_string_set", |vm, c, a| {
        let Value::Table(t) = arg(a, 0) else { return Ok(Value::str("")) };
        let items: Vec<Value> = t.snapshot().into_iter().map(|(k, _)| k).collect();
        join(vm, c, &items, bytes(a, 1))
    }),
    ("join_string_array", |vm, c, a| {
        let items = array(arg(a, 1));
        join(vm, c, &items, bytes(a, 0))
    }),
    ("cat_string_array", |vm, c, a| {
        let items = array(arg(a, 0));
        join(vm, c, &items, b"")
    }),
    ("cat_string_array_n", |vm, c, a| {
        let (from, to) = (arg(a, 1).as_count(), arg(a, 2).as_count());
        let items: Vec<Value> = array(arg(a, 0))
            .into_iter()
            .enumerate()
            .filter(|(i, _)| (*i as u64 + 1) >= from && (*i as u64 + 1) <= to)
            .map(|(_, v)| v)
            .collect();
        join(vm, c, &items, b"")
    }),
    ("sort_string_array", |vm, _, a| {
        let mut items = array(arg(a, 0));
        items.sort_by(|x, y| x.bytes().cmp(y.bytes()));
        Ok(string_array(vm, items))
    }),
    ("edit", |vm, c, a| {
        let Some(&del) = bytes(a, 1).first() else {
            complain(vm, c, "not exactly one edit character");
            return Ok(arg(a, 0).clone());
        };
        if bytes(a, 1).len() != 1 {
            complain(vm, c, "not exactly one edit character");
        }
        let mut out = Vec::new();
        for &b in bytes(a, 0) {
            if b == del {
                out.pop();
            } else {
                out.push(b);
            }
        }
        Ok(Value::str(out))
    }),
    ("sub_bytes", |_, _, a| {
        let s = bytes(a, 0);
        let start = arg(a, 1).as_count().saturating_sub(1);
        let n = arg(a, 2).as_int();
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(s.len());
        let n = if n < 0 { s.len() } else { n as usize };
        let end = start.saturating_add(n).min(s.len());
        Ok(Value::str(s.get(start..end).unwrap_or(&[])))
    }),
    ("strcmp", |_, _, a| {
        Ok(Value::Int(match bytes(a, 0).cmp(bytes(a, 1)) {
            std::cmp::Ordering::Less => -1,
            std::cmp::Ordering::Equal => 0,
            std::cmp::Ordering::Greater => 1,
        }))
    }),
    ("strstr", |_, _, a| {
        Ok(Value::Count(find_bytes(bytes(a, 0), bytes(a, 1), 0).map_or(0, |i| i as u64 + 1)))
    }),
    ("subst_string", subst),
    ("to_lower", |_, _, a| Ok(Value::str(bytes(a, 0).to_ascii_lowercase()))),
    ("to_upper", |_, _, a| Ok(Value::str(bytes(a, 0).to_ascii_uppercase()))),
    ("clean", |_, _, a| Ok(Value::str(render(bytes(a, 0), false)))),
    ("escape_string", |_, _, a| Ok(Value::str(render(bytes(a, 0), true)))),
    ("to_string_literal", |_, _, a| Ok(Value::str(literal(bytes(a, 0))))),
    ("is_ascii", |_, _, a| Ok(Value::Bool(bytes(a, 0).is_ascii()))),
    ("is_num", |_, _, a| Ok(Value::Bool(all(bytes(a, 0), u8::is_ascii_digit)))),
    ("is_alpha", |_, _, a| Ok(Value::Bool(all(bytes(a, 0), u8::is_ascii_alphabetic)))),
    ("is_alnum", |_, _, a| Ok(Value::Bool(all(bytes(a, 0), u8::is_ascii_alphanumeric)))),
    ("string_to_ascii_hex", |_, _, a| {
        Ok(Value::str(bytes(a, 0).iter().map(|b| format!("{b:02x}")).collect::<String>()))
    }),
    ("str_split", |vm, c, a| str_split(vm, c, a, true)),
    ("str_split_indices", |vm, c, a| str_split(vm, c, a, false)),
    ("strip", |_, _, a| Ok(Value::str(trim(bytes(a, 0), space, true, true)))),
    ("lstrip", |_, _, a| Ok(Value::str(trim_set(a, true, false)))),
    ("rstrip", |_, _, a| Ok(Value::str(trim_set(a, false, true)))),
    ("string_fill", |vm, c, a| {
        let n = usize::try_from(arg(a, 0).as_int()).unwrap_or(0);
        check_len(vm, c, n)?;
        let mut out: Vec<u8> = bytes(a, 1).iter().copied().cycle().take(n).collect();
        // The last byte is a NUL, as in Zeek.
        if let Some(last) = out.last_mut() {
            *last = 0;
        }
        Ok(Value::str(out))
    }),
    ("str_shell_escape", |_, _, a| {
        let mut out = Vec::new();
        for &b in bytes(a, 0) {
            if matches!(b, b'`' | b'"' | b'\\' | b'$') {
                out.push(b'\\');
            }
            out.push(b);
        }
        Ok(Value::str(out))
    }),
    ("safe_shell_quote", |_, _, a| {
        let mut out = vec![b'"'];
        for &b in bytes(a, 0) {
            if matches!(b, b'`' | b'"' | b'\\' | b'$') {
                out.push(b'\\');
            }
            out.push(b);
        }
        out.push(b'"');
        Ok(Value::str(out))
    }),
    ("hexdump", |_, _, a| Ok(Value::str(hexdump(bytes(a, 0))))),
    ("reverse", |_, _, a| Ok(Value::str(bytes(a, 0).iter().rev().copied().collect::<Vec<u8>>()))),
    ("count_substr", |_, _, a| {
        let (s, sub) = (bytes(a, 0), bytes(a, 1));
        let mut n = 0;
        let mut at = 0;
        while !sub.is_empty() {
            let Some(i) = find_bytes(s, sub, at) else { break };
            n += 1;
            at = i + sub.len();
        }
        Ok(Value::Count(n))
    }),
    ("find_str", |vm, c, a| find_str(vm, c, a, false)),
    ("rfind_str", |vm, c, a| find_str(vm, c, a, true)),
    ("starts_with", |_, _, a| Ok(Value::Bool(bytes(a, 0).starts_with(bytes(a, 1))))),
    ("ends_with", |_, _, a| Ok(Value::Bool(bytes(a, 0).ends_with(bytes(a, 1))))),
    ("ljust", |vm, c, a| just(vm, c, a, true)),
    ("rjust", |vm, c, a| just(vm, c, a, false)),
    ("zfill", |vm, c, a| {
        let s = bytes(a, 0);
        let width = arg(a, 1).as_count() as usize;
        check_len(vm, c, width)?;
        let fill = width.saturating_sub(s.len());
        let (sign, digits) = match s.split_first() {
            Some((b, d)) if matches!(b, b'-' | b'+') && fill > 0 => (s.get(..1).unwrap_or(&[]), d),
            _ => (&s[..0], s),
        };
        let mut out = sign.to_vec();
        out.extend(std::iter::repeat_n(b'0', fill));
        out.extend_from_slice(digits);
        Ok(Value::str(out))
    }),
    ("remove_prefix", |_, _, a| Ok(Value::str(bytes(a, 0).strip_prefix(bytes(a, 1)).unwrap_or(bytes(a, 0))))),
    ("remove_suffix", |_, _, a| Ok(Value::str(bytes(a, 0).strip_suffix(bytes(a, 1)).unwrap_or(bytes(a, 0))))),
    ("swap_case", |_, _, a| {
        let swap =
            |b: &u8| if b.is_ascii_lowercase() { b.to_ascii_uppercase() } else { b.to_ascii_lowercase() };
        Ok(Value::str(bytes(a, 0).iter().map(swap).collect::<Vec<u8>>()))
    }),
    ("to_title", |_, _, a| {
        let mut start = true;
        let title = |b: &u8| {
            let out = if start { b.to_ascii_uppercase() } else { *b };
            start = b.is_ascii_whitespace();
            out
        };
        Ok(Value::str(bytes(a, 0).iter().map(title).collect::<Vec<u8>>()))
    }),
    ("str_smith_waterman", |vm, _, _| {
        let ty = vm.named_type("sw_substring_vec").unwrap_or(TypeId::Any);
        Ok(Value::Vector(VectorVal::new(ty, Vec::new())))
    }),
    ("str_grammer", |vm, c, a| {
        let (s, n) = (bytes(a, 0), arg(a, 1).as_count() as usize);
        if n == 0 || n > s.len() {
            return Ok(set_of(vm, TypeId::String, Vec::new()));
        }
        vm.charge_work(c.span, s.len() as u64)?;
        let items = s.windows(n).map(Value::str).collect();
        Ok(set_of(vm, TypeId::String, items))
    }),
];

/// A `table[count] of string` from 1 on, in order.
pub fn array(v: &Value) -> Vec<Value> {
    let Value::Table(t) = v else { return Vec::new() };
    (1..=t.len() as u64)
        .map_while(|i| {
            let v = crate::compile::member(t, &Value::Count(i));
            v.is_set().then_some(v)
        })
        .collect()
}

pub fn string_array(vm: &mut Vm, items: Vec<Value>) -> Value {
    let ty = vm.types.table(vec![TypeId::Count], TypeId::String);
    let t = crate::value::TableVal::new(ty, false, false);
    for (i, v) in items.into_iter().enumerate() {
        t.dict.borrow_mut().insert(Value::Count(i as u64 + 1), v, 0.0);
    }
    Value::Table(std::rc::Rc::new(t))
}

fn join(vm: &mut Vm, c: &CallSite<'_>, items: &[Value], sep: &[u8]) -> Res {
    let mut out = Vec::new();
    for (i, v) in items.iter().enumerate() {
        if i > 0 {
            out.extend_from_slice(sep);
        }
        if v.is_set() {
            out.extend_from_slice(&vm.text(v));
        }
        check_len(vm, c, out.len())?;
    }
    Ok(Value::str(out))
}

fn levenshtein(vm: &mut Vm, c: &CallSite<'_>, a: &[Value]) -> Res {
    let (s, t) = (bytes(a, 0), bytes(a, 1));
    vm.charge_work(c.span, (s.len() as u64).saturating_mul(t.len() as u64) / 64)?;
    let mut row: Vec<u64> = (0..=t.len() as u64).collect();
    for (i, x) in s.iter().enumerate() {
        let mut left = i as u64 + 1;
        let mut diagonal = row[0];
        row[0] = left;
        for (y, slot) in t.iter().zip(row.iter_mut().skip(1)) {
            let cost = diagonal + u64::from(x != y);
            diagonal = *slot;
            left = (left + 1).min(*slot + 1).min(cost);
            *slot = left;
        }
    }
    Ok(Value::Count(row.last().copied().unwrap_or(0)))
}

fn subst(vm: &mut Vm, c: &CallSite<'_>, a: &[Value]) -> Res {
    let (s, from, to) = (bytes(a, 0), bytes(a, 1), bytes(a, 2));
    if from.is_empty() {
        return Ok(arg(a, 0).clone());
    }
    let mut out = Vec::with_capacity(s.len());
    let mut at = 0;
    while let Some(i) = find_bytes(s, from, at) {
        out.extend_from_slice(s.get(at..i).unwrap_or(&[]));
        out.extend_from_slice(to);
        at = i + from.len();
        check_len(vm, c, out.len())?;
    }
    out.extend_from_slice(s.get(at..).unwrap_or(&[]));
    Ok(Value::str(out))
}

/// `\xNN` for what is not printable ASCII, backslashes doubled.
fn render(s: &[u8], backslash: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.len());
    for &b in s {
        match b {
            b'\\' if backslash => out.extend_from_slice(b"\\\\"),
            0x20..=0x7e => out.push(b),
            b => crate::value::text::hex_escape(b, &mut out),
        }
    }
    out
}

fn literal(s: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.len());
    for &b in s {
        match b {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'"' => out.extend_from_slice(b"\\\""),
            b'\'' => out.extend_from_slice(b"\\'"),
            0x20..=0x7e => out.push(b),
            b => crate::value::text::hex_escape(b, &mut out),
        }
    }
    out
}

fn all(s: &[u8], f: fn(&u8) -> bool) -> bool {
    !s.is_empty() && s.iter().all(f)
}

fn space(b: u8) -> bool {
    matches!(b, b' ' | 9..=13)
}

fn trim(s: &[u8], cut: impl Fn(u8) -> bool, left: bool, right: bool) -> &[u8] {
    let from = if left { s.iter().position(|b| !cut(*b)).unwrap_or(s.len()) } else { 0 };
    let to = if right { s.iter().rposition(|b| !cut(*b)).map_or(0, |i| i + 1) } else { s.len() };
    s.get(from..to.max(from)).unwrap_or(&[])
}

fn trim_set(a: &[Value], left: bool, right: bool) -> Vec<u8> {
    let chars: Vec<u8> = match arg(a, 1) {
        Value::Str(s) => s.to_vec(),
        _ => b" \t\n\r\x0b\x0c".to_vec(),
    };
    trim(bytes(a, 0), |b| chars.contains(&b), left, right).to_vec()
}

fn str_split(vm: &mut Vm, _c: &CallSite<'_>, a: &[Value], one_based: bool) -> Res {
    let s = bytes(a, 0);
    let Value::Vector(idx) = arg(a, 1) else { return Ok(string_vec(vm, Vec::new())) };
    let mut cuts: Vec<usize> =
        idx.items().iter().map(|v| v.as_count() as usize).filter(|i| *i < s.len()).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut out = Vec::new();
    if one_based {
        // The old function leaves member 0 out.
        out.push(Value::Unset);
    }
    let mut at = 0;
    for cut in cuts {
        if cut > at {
            out.push(Value::str(s.get(at..cut).unwrap_or(&[])));
            at = cut;
        }
    }
    out.push(Value::str(s.get(at..).unwrap_or(&[])));
    Ok(string_vec(vm, out))
}

fn hexdump(s: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for (n, line) in s.chunks(16).enumerate() {
        let _ = write!(out, "{:04x}  ", n * 16);
        let mut hex = String::new();
        let mut ascii = String::new();
        for (i, b) in line.iter().enumerate() {
            let _ = write!(hex, "{b:02x} ");
            ascii.push(if (0x20..0x7f).contains(b) { *b as char } else { '.' });
            if i == 7 {
                hex.push(' ');
                ascii.push(' ');
            }
        }
        let _ = writeln!(out, "{hex:<50}{ascii}");
    }
    out
}

/// `find_str(s, sub, start, end, case_sensitive)`.
fn find_str(vm: &mut Vm, c: &CallSite<'_>, a: &[Value], last: bool) -> Res {
    let fold = !matches!(arg(a, 4), Value::Bool(true) | Value::Unset);
    let lower = |b: &[u8]| if fold { b.to_ascii_lowercase() } else { b.to_vec() };
    let (s, sub) = (lower(bytes(a, 0)), lower(bytes(a, 1)));
    let start = arg(a, 2).as_count() as usize;
    let end = arg(a, 3).as_int();
    if end >= 0 && (end as usize) < start {
        complain(
            vm,
            c,
            &format!(
                "{}: end position must be greater than start position",
                if last { "rfind_str" } else { "find_str" }
            ),
        );
        return Ok(Value::Int(-1));
    }
    let end = if end < 0 { s.len() } else { (end as usize).min(s.len()) };
    let Some(part) = s.get(start..end) else { return Ok(Value::Int(-1)) };
    let found = if last {
        (0..=part.len().saturating_sub(sub.len()))
            .rev()
            .find(|i| part.get(*i..).is_some_and(|p| p.starts_with(&sub)))
    } else {
        find_bytes(part, &sub, 0)
    };
    Ok(Value::Int(found.map_or(-1, |i| (i + start) as i64)))
}

fn just(vm: &mut Vm, c: &CallSite<'_>, a: &[Value], left: bool) -> Res {
    let s = bytes(a, 0);
    let width = arg(a, 1).as_count() as usize;
    check_len(vm, c, width)?;
    let fill = match arg(a, 2) {
        Value::Str(f) if f.len() == 1 => f[0],
        Value::Str(_) => {
            complain(
                vm,
                c,
                &format!("{}: fill string must be a single character", if left { "ljust" } else { "rjust" }),
            );
            return Ok(Value::str(""));
        }
        _ => b' ',
    };
    let pad = std::iter::repeat_n(fill, width.saturating_sub(s.len()));
    let out: Vec<u8> =
        if left { s.iter().copied().chain(pad).collect() } else { pad.chain(s.iter().copied()).collect() };
    Ok(Value::str(out))
}
