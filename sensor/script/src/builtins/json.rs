//! `to_json` and `from_json`.

use super::{arg, bytes, record};
use crate::types::{Type, TypeId};
use crate::value::{Addr, Modifiers, Pattern, TableVal, Value, VectorVal, text};
use crate::vm::{Args, CallSite, Res, Vm};
use serde_json::Value as Json;
use std::rc::Rc;

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("to_json", |vm, c, a| {
        let only_log = arg(a, 1).as_bool();
        let strip = match arg(a, 2) {
            Value::Pattern(p) => Some(p.clone()),
            _ => None,
        };
        let mut out = Vec::new();
        Out { vm, only_log, strip, out: &mut out }.value(arg(a, 0), 0);
        super::check_len(vm, c, out.len())?;
        Ok(Value::str(out))
    }),
    ("from_json", from_json),
];

struct Out<'a> {
    vm: &'a mut Vm,
    only_log: bool,
    strip: Option<Rc<Pattern>>,
    out: &'a mut Vec<u8>,
}

impl Out<'_> {
    fn add(&mut self, s: &str) {
        self.out.extend_from_slice(s.as_bytes());
    }

    fn string(&mut self, s: &[u8]) {
        let legible = text::is_legible(s, text::LETTERED);
        let mut safe = Vec::new();
        for &b in s {
            if legible || (b' '..=b'~').contains(&b) || text::LETTERED.contains(&b) {
                safe.push(b);
            } else {
                text::hex_escape(b, &mut safe);
            }
        }
        let s = String::from_utf8_lossy(&safe).into_owned();
        let quoted = Json::String(s).to_string();
        self.add(&quoted);
    }

    fn text(&mut self, v: &Value) {
        let t = self.vm.text(v);
        self.string(&t);
    }

    fn number(&mut self, d: f64) {
        if d.is_finite() {
            let s = text::double_digits(d, 6);
            let s = if d == d.trunc() && !s.contains('e') { format!("{s}.0") } else { s };
            self.add(&s);
        } else {
            self.add("null");
        }
    }

    fn value(&mut self, v: &Value, depth: u32) {
        if depth > crate::value::MAX_VALUE_DEPTH || self.out.len() > self.vm.limits.string {
            return self.add("null");
        }
        match v {
            Value::Unset | Value::Lazy => self.add("null"),
            Value::Bool(b) => self.add(if *b { "true" } else { "false" }),
            Value::Int(n) => self.add(&n.to_string()),
            Value::Count(n) => self.add(&n.to_string()),
            Value::Double(d) | Value::Time(d) | Value::Interval(d) => self.number(*d),
            Value::Port(p) => {
                let s = format!("{{\"port\":{},\"proto\":\"{}\"}}", p.num, p.proto.name());
                self.add(&s);
            }
            Value::Str(s) => self.string(s),
            Value::Table(t) if t.is_set => {
                self.add("[");
                for (i, (k, _)) in t.snapshot().iter().enumerate() {
                    if i > 0 {
                        self.add(",");
                    }
                    match k {
                        Value::List(l) => self.list(l, depth),
                        k => self.value(k, depth + 1),
                    }
                }
                self.add("]");
            }
            Value::Table(t) => {
                self.add("{");
                for (i, (k, v)) in t.snapshot().iter().enumerate() {
                    if i > 0 {
                        self.add(",");
                    }
                    match k {
                        Value::Str(s) => self.string(s),
                        Value::List(l) => {
                            let mut inner = Vec::new();
                            let strip = self.strip.clone();
                            Out { vm: self.vm, only_log: self.only_log, strip, out: &mut inner }
                                .list(l, depth);
                            self.string(&inner);
                        }
                        Value::Record(_) | Value::Vector(_) | Value::Table(_) | Value::Port(_) => {
                            let mut inner = Vec::new();
                            let strip = self.strip.clone();
                            Out { vm: self.vm, only_log: self.only_log, strip, out: &mut inner }
                                .value(k, depth + 1);
                            self.string(&inner);
                        }
                        k => self.text(k),
                    }
                    self.add(":");
                    self.value(v, depth + 1);
                }
                self.add("}");
            }
            Value::Vector(items) => {
                let l = items.items().clone();
                self.list(&l, depth);
            }
            Value::List(l) => self.list(l, depth),
            Value::Record(r) => self.record(r, depth),
            Value::Func(f) => {
                let name = self.vm.funcs.get(f.id.0 as usize).map(|f| f.name.to_string()).unwrap_or_default();
                self.string(name.as_bytes());
            }
            Value::Pattern(p) => {
                let s = format!("/{}/", p.source());
                self.string(s.as_bytes());
            }
            v => self.text(v),
        }
    }

    fn list(&mut self, l: &[Value], depth: u32) {
        self.add("[");
        for (i, x) in l.iter().enumerate() {
            if self.out.len() > self.vm.limits.string {
                break;
            }
            if i > 0 {
                self.add(",");
            }
            self.value(x, depth + 1);
        }
        self.add("]");
    }

    fn record(&mut self, r: &crate::value::RecordVal, depth: u32) {
        self.add("{");
        let Some(ty) = self.vm.types.as_record(r.ty) else { return self.add("}") };
        let mut first = true;
        for (i, f) in ty.fields.iter().enumerate() {
            if self.only_log && !f.log {
                continue;
            }
            let v = r.get(i);
            if v.is_unset() {
                continue;
            }
            if !first {
                self.add(",");
            }
            first = false;
            let name = match &self.strip {
                Some(p) => strip_name(p, &f.name),
                None => f.name.to_string(),
            };
            self.string(name.as_bytes());
            self.add(":");
            self.value(&v, depth + 1);
        }
        self.add("}");
    }
}

/// Takes what the pattern matches at the start off a field name.
fn strip_name(p: &Pattern, name: &str) -> String {
    match p.find(name.as_bytes()) {
        Some((at, n)) => {
            let b = name.as_bytes();
            let mut out = b.get(..at).unwrap_or(&[]).to_vec();
            out.extend_from_slice(b.get(at + n..).unwrap_or(&[]));
            String::from_utf8_lossy(&out).into_owned()
        }
        None => name.to_string(),
    }
}

fn from_json(vm: &mut Vm, c: &CallSite<'_>, a: &[Value]) -> Res {
    let ty = match arg(a, 1) {
        Value::Type(t) => *t,
        _ => {
            super::complain(vm, c, "from_json() requires a type argument");
            return record(vm, "from_json_result", &[("valid", Value::Bool(false))]);
        }
    };
    let key_func = match arg(a, 2) {
        Value::Func(f) => Some(f.clone()),
        _ => None,
    };
    let parsed: Result<Json, String> = serde_json::from_slice(bytes(a, 0)).map_err(|e| {
        let at = bytes(a, 0)
            .split(|b| *b == b'\n')
            .take(e.line().saturating_sub(1))
            .map(|l| l.len() + 1)
            .sum::<usize>()
            + e.column().saturating_sub(1);
        format!("JSON parse error: {} Offset: {at}", rapid_wording(&e, bytes(a, 0)))
    });
    let result = match parsed {
        Ok(j) => read(vm, c, &j, ty, key_func.as_ref(), "", 0)?,
        Err(e) => Err(e),
    };
    match result {
        Ok(v) => record(vm, "from_json_result", &[("valid", Value::Bool(true)), ("v", v)]),
        Err(why) => {
            record(vm, "from_json_result", &[("valid", Value::Bool(false)), ("err", Value::str(why))])
        }
    }
}

/// Zeek's JSON library has its own words.
fn rapid_wording(e: &serde_json::Error, s: &[u8]) -> &'static str {
    if s.iter().all(u8::is_ascii_whitespace) {
        return "The document is empty.";
    }
    let text = e.to_string();
    if text.contains("trailing characters") {
        "The document root must not be followed by other values."
    } else if text.contains("key must be a string") {
        "Missing a name for object member."
    } else if text.contains("expected `,` or `]`") {
        "Missing a comma or ] after an array element."
    } else if text.contains("expected `,` or `}`") {
        "Missing a comma or } after an object member."
    } else if text.contains("expected `:`") {
        "Missing a colon after a name of object member."
    } else {
        "Invalid value."
    }
}

type Read = Result<Value, String>;

fn read(
    vm: &mut Vm,
    c: &CallSite<'_>,
    j: &Json,
    ty: TypeId,
    keys: Option<&Rc<crate::value::FuncVal>>,
    key: &str,
    depth: u32,
) -> Res<Read> {
    vm.tick(c.span)?;
    if depth > crate::value::MAX_VALUE_DEPTH {
        return Ok(Err("nested too deeply".into()));
    }
    if ty == TypeId::Any {
        return Ok(Err(mismatch(vm, j, ty, key)));
    }
    let d = depth + 1;
    match (vm.types.get(ty).clone(), j) {
        (Type::Vector(e), Json::Array(l)) => {
            let mut items = Vec::new();
            for x in l {
                match read(vm, c, x, e, keys, key, d)? {
                    Ok(v) => items.push(v),
                    Err(why) => return Ok(Err(why)),
                }
            }
            Ok(Ok(Value::Vector(VectorVal::new(ty, items))))
        }
        (Type::Set(index), Json::Array(l)) => {
            let t = TableVal::new(ty, true, false);
            for x in l {
                let r = read_index(vm, c, x, &index, keys, key, d)?;
                match r {
                    Ok(v) => {
                        t.dict.borrow_mut().insert(v, Value::Unset, 0.0);
                    }
                    Err(why) => return Ok(Err(why)),
                }
            }
            Ok(Ok(Value::Table(Rc::new(t))))
        }
        (Type::Table(index, of), Json::Object(m)) => {
            let t = TableVal::new(ty, false, false);
            for (k, x) in m {
                let inner: Json = match index.as_slice() {
                    [TypeId::String] => Json::String(k.clone()),
                    _ => serde_json::from_str(k).unwrap_or_else(|_| Json::String(k.clone())),
                };
                let k = match read_index(vm, c, &inner, &index, keys, key, d)? {
                    Ok(v) => v,
                    Err(why) => return Ok(Err(why)),
                };
                match read(vm, c, x, of, keys, key, d)? {
                    Ok(v) => {
                        t.dict.borrow_mut().insert(k, v, 0.0);
                    }
                    Err(why) => return Ok(Err(why)),
                }
            }
            Ok(Ok(Value::Table(Rc::new(t))))
        }
        (Type::Record(r), Json::Object(m)) if r.name != "port" => read_record(vm, c, m, ty, keys, d),
        (Type::Enum(e), Json::String(s)) => Ok(match e.values.iter().find(|(n, _)| n == s) {
            Some((_, n)) => Ok(Value::Enum(ty, *n)),
            None => Err(format!("'{s}' is not a valid enum for '{}'.", e.name)),
        }),
        _ => Ok(scalar(vm, j, ty, key)),
    }
}

fn read_index(
    vm: &mut Vm,
    c: &CallSite<'_>,
    j: &Json,
    index: &[TypeId],
    keys: Option<&Rc<crate::value::FuncVal>>,
    key: &str,
    depth: u32,
) -> Res<Read> {
    match (index, j) {
        ([one], j) => read(vm, c, j, *one, keys, key, depth),
        (many, Json::Array(l)) if many.len() == l.len() => {
            let mut parts = Vec::new();
            for (x, ty) in l.iter().zip(many) {
                match read(vm, c, x, *ty, keys, key, depth)? {
                    Ok(v) => parts.push(v),
                    Err(why) => return Ok(Err(why)),
                }
            }
            Ok(Ok(Value::List(parts.into())))
        }
        (_, Json::Array(_)) => Ok(Err("table key/set index has the wrong number of elements".into())),
        (many, j) => {
            let shown: Vec<String> = many.iter().map(|t| vm.types.name(*t)).collect();
            Ok(Err(format!(
                "cannot convert JSON type '{}' to Zeek type 'list of {}'",
                json_word(j),
                shown.join(",")
            )))
        }
    }
}

fn read_record(
    vm: &mut Vm,
    c: &CallSite<'_>,
    m: &serde_json::Map<String, Json>,
    ty: TypeId,
    keys: Option<&Rc<crate::value::FuncVal>>,
    depth: u32,
) -> Res<Read> {
    let Some(rt) = vm.types.as_record(ty) else { return Ok(Err("not a record".into())) };
    let r = crate::compile::new_record(vm, ty)?;
    let mut given: Vec<(String, &Json)> = Vec::new();
    for (k, v) in m {
        let name = match keys {
            Some(f) => {
                let mut args = Args::new();
                args.push(Value::str(k));
                let v = vm.call_value(f, args, c.span)?;
                String::from_utf8_lossy(v.bytes()).into_owned()
            }
            None => k.clone(),
        };
        given.push((name, v));
    }
    for (i, f) in rt.fields.iter().enumerate() {
        let j = given.iter().find(|(n, _)| **n == *f.name).map(|(_, j)| *j);
        match j {
            None | Some(Json::Null) => {
                if !f.optional && f.default.is_none() {
                    let owner = &rt.name;
                    return Ok(Err(format!("required field {owner}${} is missing in JSON", f.name)));
                }
            }
            Some(j) => match read(vm, c, j, f.ty, keys, &f.name, depth)? {
                Ok(v) => r.set(i, v),
                Err(why) => return Ok(Err(why)),
            },
        }
    }
    Ok(Ok(Value::Record(r)))
}

fn json_word(j: &Json) -> &'static str {
    match j {
        Json::Null => "null",
        Json::Bool(true) => "true",
        Json::Bool(false) => "false",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

fn mismatch(vm: &Vm, j: &Json, ty: TypeId, key: &str) -> String {
    let t = vm.types.name(ty);
    let at = if key.is_empty() { String::new() } else { format!(" for field '{key}'") };
    format!("cannot convert JSON type '{}' to Zeek type '{t}'{at}", json_word(j))
}

fn scalar(vm: &Vm, j: &Json, ty: TypeId, key: &str) -> Read {
    let bad = || mismatch(vm, j, ty, key);
    let number = |n: &serde_json::Number| n.as_f64().unwrap_or(0.0);
    Ok(match (ty, j) {
        (TypeId::Bool, Json::Bool(b)) => Value::Bool(*b),
        (TypeId::Int, Json::Number(n)) => n.as_i64().map(Value::Int).ok_or_else(bad)?,
        (TypeId::Count, Json::Number(n)) => n.as_u64().map(Value::Count).ok_or_else(bad)?,
        (TypeId::Double, Json::Number(n)) => Value::Double(number(n)),
        (TypeId::Time, Json::Number(n)) => Value::Time(number(n)),
        (TypeId::Interval, Json::Number(n)) => Value::Interval(number(n)),
        (TypeId::Interval, Json::String(s)) => parse_interval(s).map(Value::Interval).ok_or_else(|| {
            "wrong interval format, valid format is double followed by day|hr|min|sec|msec|usec".to_string()
        })?,
        (TypeId::String, Json::String(s)) => Value::str(s),
        (TypeId::Pattern, Json::String(s)) => {
            let s = s.strip_prefix('/').and_then(|s| s.strip_suffix('/')).unwrap_or(s);
            let s = s.strip_prefix("^?(").and_then(|s| s.strip_suffix(")$?")).unwrap_or(s);
            Value::Pattern(Rc::new(
                Pattern::new(s.as_bytes(), Modifiers::default())
                    .map_err(|_| format!("error compiling pattern: {s}"))?,
            ))
        }
        (TypeId::Addr, Json::String(s)) => {
            let s = s.strip_prefix('[').and_then(|s| s.strip_suffix(']')).unwrap_or(s);
            Value::Addr(Addr::parse(s).ok_or_else(bad)?)
        }
        (TypeId::Subnet, Json::String(s)) => {
            let (a, n) = super::convert::parse_subnet(s.as_bytes())
                .ok_or_else(|| format!("invalid value for subnet: '{s}'"))?;
            Value::Subnet(a, n)
        }
        (TypeId::Port, Json::String(s)) => parse_port(s).map(Value::Port).ok_or_else(|| {
            "wrong port format, string must be of the form /[0-9]{1,5}\\/(tcp|udp|icmp|unknown)/".to_string()
        })?,
        (TypeId::Port, Json::Object(m)) => {
            let num = m.get("port").and_then(Json::as_u64);
            let proto = m.get("proto").and_then(Json::as_str);
            match (num, proto) {
                (Some(n), Some(p)) => parse_port(&format!("{n}/{p}"))
                    .map(Value::Port)
                    .ok_or_else(|| "wrong port format, invalid protocol string".to_string())?,
                _ => {
                    return Err(
                        "wrong port format, object must have 'port' (number) and 'proto' (string) members"
                            .into(),
                    );
                }
            }
        }
        _ => return Err(bad()),
    })
}

fn parse_port(s: &str) -> Option<crate::value::Port> {
    use crate::value::{Port, Proto};
    let (n, p) = s.split_once('/')?;
    let proto = [Proto::Tcp, Proto::Udp, Proto::Icmp, Proto::Unknown].into_iter().find(|x| x.name() == p)?;
    Some(Port { num: n.parse().ok()?, proto })
}

fn parse_interval(s: &str) -> Option<f64> {
    let words: Vec<&str> = s.split_whitespace().collect();
    if words.is_empty() {
        return None;
    }
    let mut sum = 0.0;
    let mut rest = words.as_slice();
    while let [n, u, more @ ..] = rest {
        let unit = match u.trim_end_matches('s') {
            "day" => 86400.0,
            "hr" => 3600.0,
            "min" => 60.0,
            "sec" => 1.0,
            "msec" => 1e-3,
            "usec" => 1e-6,
            _ => return None,
        };
        sum += n.parse::<f64>().ok()? * unit;
        rest = more;
    }
    rest.is_empty().then_some(sum)
}
