//! `fmt`, `cat` and their kin.

use super::{arg, bytes, check_len, complain, fail};
use crate::value::{Value, text};
use crate::vm::{CallSite, Res, Vm};

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("fmt", fmt),
    ("cat", |vm, c, a| {
        let mut out = Vec::new();
        for v in a {
            vm.write_text(v, &mut out);
            check_len(vm, c, out.len())?;
        }
        Ok(Value::str(out))
    }),
    ("cat_sep", |vm, c, a| {
        if a.len() < 2 {
            complain(vm, c, "cat_sep() takes at least two arguments");
            return Ok(Value::Unset);
        }
        if !matches!((arg(a, 0), arg(a, 1)), (Value::Str(_), Value::Str(_))) {
            complain(vm, c, "first two arguments of cat_sep() must be strings");
            return Ok(Value::Unset);
        }
        let mut out = Vec::new();
        for (i, v) in a.iter().skip(2).enumerate() {
            if i > 0 {
                out.extend_from_slice(bytes(a, 0));
            }
            let t = vm.text(v);
            out.extend_from_slice(if t.is_empty() { bytes(a, 1) } else { &t });
            check_len(vm, c, out.len())?;
        }
        Ok(Value::str(out))
    }),
];

/// Widths and precisions beyond this are cut: a format must not ask for gigabytes.
const MAX_WIDTH: usize = 4096;

/// One `%` directive.
#[derive(Default)]
struct Spec {
    left: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

fn fmt(vm: &mut Vm, c: &CallSite<'_>, a: &[Value]) -> Res {
    let Some(first) = a.first() else { return Ok(Value::str("")) };
    let Value::Str(f) = first else {
        // Without a format, one argument is shown as it is.
        if a.len() == 1 {
            return Ok(Value::str(vm.text(first)));
        }
        complain(vm, c, "fmt() requires a format string as its first argument");
        return Ok(Value::str(""));
    };
    let f = f.clone();
    let mut out = Vec::with_capacity(f.len() + 16);
    let mut rest: &[u8] = &f;
    let mut next = 1;
    while let Some((&b, more)) = rest.split_first() {
        rest = more;
        if b != b'%' {
            out.push(b);
            continue;
        }
        if rest.first() == Some(&b'%') {
            out.push(b'%');
            rest = rest.get(1..).unwrap_or(&[]);
            continue;
        }
        let (spec, verb, after) = spec(rest);
        rest = after;
        let Some(verb) = verb else {
            complain(vm, c, "bad format");
            break;
        };
        let Some(v) = a.get(next) else {
            complain(vm, c, "too few arguments for format");
            break;
        };
        next += 1;
        directive(vm, c, &spec, verb, v, &mut out)?;
        check_len(vm, c, out.len())?;
    }
    if next < a.len() {
        complain(vm, c, "too many arguments for format");
    }
    Ok(Value::str(out))
}

/// The letters of a format's directives; none for one that its end cuts off.
pub fn directives(format: &[u8]) -> impl Iterator<Item = Option<u8>> + '_ {
    let mut rest = format;
    std::iter::from_fn(move || {
        loop {
            let at = rest.iter().position(|byte| *byte == b'%')?;
            rest = rest.get(at + 1..).unwrap_or(&[]);
            if rest.first() == Some(&b'%') {
                rest = rest.get(1..).unwrap_or(&[]);
                continue;
            }
            let (_, verb, after) = spec(rest);
            rest = after;
            return Some(verb);
        }
    })
}

fn spec(mut s: &[u8]) -> (Spec, Option<u8>, &[u8]) {
    let mut spec = Spec::default();
    if let Some((b'-', r)) = s.split_first() {
        spec.left = true;
        s = r;
    }
    if let Some((b'0', r)) = s.split_first() {
        spec.zero = true;
        s = r;
    }
    let digits = |s: &mut &[u8]| {
        let n = s.iter().take_while(|b| b.is_ascii_digit()).count();
        let (d, r) = s.split_at(n);
        *s = r;
        d.iter().fold(0usize, |n, b| (n * 10 + usize::from(b - b'0')).min(MAX_WIDTH))
    };
    spec.width = digits(&mut s);
    if let Some((b'.', r)) = s.split_first() {
        s = r;
        spec.precision = Some(digits(&mut s));
    }
    match s.split_first() {
        Some((&verb, r)) => (spec, Some(verb), r),
        None => (spec, None, s),
    }
}

fn directive(vm: &mut Vm, c: &CallSite<'_>, spec: &Spec, verb: u8, v: &Value, out: &mut Vec<u8>) -> Res<()> {
    let body: Vec<u8> = match verb {
        b'd' | b'x' => match v {
            Value::Bool(b) => integer(verb, i128::from(*b)),
            Value::Enum(_, n) => integer(verb, i128::from(*n)),
            Value::Int(n) if verb == b'x' => format!("{:x}", *n).into_bytes(),
            Value::Int(n) => integer(verb, i128::from(*n)),
            Value::Count(n) => integer(verb, i128::from(*n)),
            Value::Port(p) => integer(verb, i128::from(p.num)),
            Value::Addr(a) if verb == b'x' => hex_addr(a),
            _ => {
                return Err(fail(c, "type inconsistent with format"));
            }
        },
        b's' => {
            let t = vm.text(v);
            match spec.precision {
                Some(p) if matches!(v, Value::Str(_)) => t.get(..p.min(t.len())).unwrap_or(&t).to_vec(),
                _ => t,
            }
        }
        b'S' => {
            let mut t = Vec::new();
            text::escape_into(&vm.text(v), &mut t);
            t
        }
        b'e' | b'f' | b'g' => match v {
            Value::Double(d) | Value::Time(d) | Value::Interval(d) => float(verb, *d, spec.precision),
            Value::Int(_) | Value::Count(_) => float(verb, v.as_double(), spec.precision),
            _ => return Err(fail(c, "type inconsistent with format")),
        },
        b'T' => match v {
            Value::Time(t) => iso(*t),
            _ => return Err(fail(c, "type inconsistent with format")),
        },
        b'D' => match v {
            Value::Time(t) => iso(*t),
            _ => return Err(fail(c, "bad type for Date/Time format")),
        },
        b'A' => {
            // As %s; the letter is from before Zeek.
            vm.text(v)
        }
        _ => {
            complain(vm, c, "bad format");
            return Ok(());
        }
    };
    pad(spec, verb, &body, out);
    Ok(())
}

fn integer(verb: u8, n: i128) -> Vec<u8> {
    if verb == b'x' { format!("{n:x}").into_bytes() } else { n.to_string().into_bytes() }
}

fn hex_addr(a: &crate::value::Addr) -> Vec<u8> {
    if a.is_v4() {
        format!("{:08x}", u32::from_be_bytes(a.octets4())).into_bytes()
    } else {
        a.0.iter().map(|b| format!("{b:02x}")).collect::<String>().into_bytes()
    }
}

/// C's `%e`, `%f`, `%g`.
pub fn float(verb: u8, d: f64, precision: Option<usize>) -> Vec<u8> {
    if !d.is_finite() {
        return if d.is_nan() {
            "nan"
        } else if d > 0.0 {
            "inf"
        } else {
            "-inf"
        }
        .as_bytes()
        .to_vec();
    }
    let p = precision.unwrap_or(6);
    match verb {
        b'f' => format!("{d:.p$}"),
        b'e' => text::c_exp(d, p),
        _ => general(d, p),
    }
    .into_bytes()
}

fn general(d: f64, p: usize) -> String {
    let p = p.max(1);
    if d == 0.0 {
        return "0".into();
    }
    let exp = text::c_exp(d, p - 1);
    let x: i32 = exp.rsplit_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let trim = |s: &str| {
        if s.contains('.') {
            s.trim_end_matches('0').trim_end_matches('.').to_string()
        } else {
            s.to_string()
        }
    };
    if x < -4 || x >= p as i32 {
        match exp.split_once('e') {
            Some((m, e)) => format!("{}e{e}", trim(m)),
            None => exp,
        }
    } else {
        let digits = (p as i32 - 1 - x).max(0) as usize;
        trim(&format!("{d:.digits$}"))
    }
}

fn iso(t: f64) -> Vec<u8> {
    let whole = t.floor();
    let micros = ((t - whole) * 1e6).round() as i64;
    let (whole, micros) = if micros >= 1_000_000 { (whole + 1.0, 0) } else { (whole, micros) };
    match super::time::strftime("%Y-%m-%d-%H:%M:%S", whole) {
        Some(s) => format!("{s}.{micros:06}").into_bytes(),
        None => b"<bad time>".to_vec(),
    }
}

fn pad(spec: &Spec, verb: u8, body: &[u8], out: &mut Vec<u8>) {
    let fill = spec.width.saturating_sub(body.len());
    let zeros = spec.zero && !spec.left && matches!(verb, b'd' | b'x' | b'e' | b'f' | b'g');
    if spec.left {
        out.extend_from_slice(body);
        out.extend(std::iter::repeat_n(b' ', fill));
    } else if zeros {
        let (sign, digits) = match body.split_first() {
            Some((b'-', d)) => (&b"-"[..], d),
            _ => (&b""[..], body),
        };
        out.extend_from_slice(sign);
        out.extend(std::iter::repeat_n(b'0', fill));
        out.extend_from_slice(digits);
    } else {
        out.extend(std::iter::repeat_n(b' ', fill));
        out.extend_from_slice(body);
    }
}
