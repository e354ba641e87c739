//! Texts of a file as values of a script's types.

use std::rc::Rc;

use nightjar_script::Vm;
use nightjar_script::types::{Type, TypeId};
use nightjar_script::value::{Addr, Modifiers, Pattern, Port, Proto, TableVal, Value, VectorVal};

/// How a file spells what is special.
#[derive(Clone, Debug)]
pub(super) struct Spelling {
    pub separator: String,
    pub set_separator: String,
    pub empty: String,
    pub unset: String,
}

impl Spelling {
    /// One field; unset where it says so.
    pub fn value(&self, vm: &mut Vm, text: &str, ty: TypeId) -> Result<Value, String> {
        if text == self.unset && !self.unset.is_empty() {
            return Ok(Value::Unset);
        }
        match vm.types.get(ty).clone() {
            Type::Set(index) if index.len() == 1 => {
                let set = TableVal::new(ty, true, true);
                for item in self.items(text) {
                    let item = self.scalar(vm, &item, index[0])?;
                    set.dict.borrow_mut().insert(item, Value::Unset, vm.network_time);
                }
                Ok(Value::Table(Rc::new(set)))
            }
            Type::Vector(element) => {
                let items: Result<Vec<Value>, String> =
                    self.items(text).iter().map(|item| self.scalar(vm, item, element)).collect();
                Ok(Value::Vector(VectorVal::new(ty, items?)))
            }
            _ => self.scalar(vm, text, ty),
        }
    }

    fn items(&self, text: &str) -> Vec<String> {
        if text.is_empty() || text == self.empty || self.set_separator.is_empty() {
            return Vec::new();
        }
        text.split(&self.set_separator).map(str::to_owned).collect()
    }

    fn scalar(&self, vm: &mut Vm, text: &str, ty: TypeId) -> Result<Value, String> {
        let wrong = |what: &str| format!("'{text}' is no {what}");
        Ok(match ty {
            TypeId::String => Value::str(unescape(if text == self.empty { "" } else { text })),
            TypeId::Bool => match text {
                "T" | "True" | "1" => Value::Bool(true),
                "F" | "False" | "0" => Value::Bool(false),
                _ => return Err(wrong("bool")),
            },
            TypeId::Count => Value::Count(text.parse().map_err(|_| wrong("count"))?),
            TypeId::Int => Value::Int(text.parse().map_err(|_| wrong("int"))?),
            TypeId::Double => Value::Double(number(text).ok_or_else(|| wrong("double"))?),
            TypeId::Time => Value::Time(number(text).ok_or_else(|| wrong("time"))?),
            TypeId::Interval => Value::Interval(number(text).ok_or_else(|| wrong("interval"))?),
            TypeId::Addr => Value::Addr(addr(text).ok_or_else(|| wrong("address"))?),
            TypeId::Subnet => {
                let (net, bits) = text.split_once('/').ok_or_else(|| wrong("subnet"))?;
                let (net, bits) = (addr(net), bits.parse::<u8>().ok());
                let (net, bits) = net.zip(bits).ok_or_else(|| wrong("subnet"))?;
                let bits = if net.is_v4() { bits.checked_add(96) } else { Some(bits) };
                let bits = bits.filter(|bits| *bits <= 128).ok_or_else(|| wrong("subnet"))?;
                Value::Subnet(net.mask(bits), bits)
            }
            TypeId::Port => {
                let (num, proto) = text.split_once('/').unwrap_or((text, "unknown"));
                let proto = match proto {
                    "tcp" => Proto::Tcp,
                    "udp" => Proto::Udp,
                    "icmp" => Proto::Icmp,
                    "unknown" => Proto::Unknown,
                    _ => return Err(wrong("port")),
                };
                Value::Port(Port { num: num.parse().map_err(|_| wrong("port"))?, proto })
            }
            TypeId::Pattern => {
                let inner = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
                let inner = inner.ok_or_else(|| wrong("pattern"))?;
                let pattern = Pattern::new(inner.as_bytes(), Modifiers::default());
                Value::Pattern(Rc::new(pattern.map_err(|why| format!("'{text}' is no pattern: {why}"))?))
            }
            _ => match vm.types.get(ty) {
                Type::Enum(names) => {
                    let found = names.values.iter().find(|(name, _)| name == text);
                    let (_, number) = found.ok_or_else(|| wrong(&names.name))?;
                    Value::Enum(ty, *number)
                }
                _ => return Err(format!("a file cannot hold values of type {}", vm.types.name(ty))),
            },
        })
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Addresses of IPv6 may stand in brackets.
fn addr(text: &str) -> Option<Addr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    Addr::parse(bare.unwrap_or(text))
}

/// `\xNN` is a byte, as logs write it.
fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = rest.strip_prefix(b"\\x").and_then(|hex| hex.get(..2));
        let hex = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match hex {
            Some(value) => {
                out.push(value);
                rest = &rest[4..];
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    out
}
