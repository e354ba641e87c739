//! What options are set to, whoever sets them.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use crate::event::Proto;
use crate::time::Interval;

/// A value of an option.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bool(bool),
    Count(u64),
    Int(i64),
    Double(f64),
    Interval(Interval),
    Text(String),
    /// By its full name, such as `JSON::TS_EPOCH`.
    Enum(String),
    Nets(Vec<IpNet>),
    Ports(Vec<(Proto, u16)>),
    /// For each port a time that is not negative.
    PortTimes(Vec<PortTime>),
    Texts(BTreeSet<String>),
    /// Each by its full name.
    Enums(BTreeSet<String>),
    Table(BTreeMap<String, String>),
    Sets(BTreeMap<String, BTreeSet<String>>),
}

/// A port, and a time that holds for it.
pub type PortTime = ((Proto, u16), Interval);

/// What is said of a value of another type. Scripts cannot make one: the compiler knows the types.
const OTHER_TYPE: &str = "is of another type";

impl Value {
    pub fn bool(&self) -> Result<bool, String> {
        if let Value::Bool(value) = self { Ok(*value) } else { Err(OTHER_TYPE.to_owned()) }
    }

    pub fn count(&self) -> Result<u64, String> {
        if let Value::Count(value) = self { Ok(*value) } else { Err(OTHER_TYPE.to_owned()) }
    }

    /// A number of things that memory has room for, between these.
    pub fn size(&self, least: u64, most: u64) -> Result<usize, String> {
        let value = self.count()?;
        if !(least..=most).contains(&value) {
            return Err(format!("is from {least} to {most}"));
        }
        Ok(usize::try_from(value).unwrap_or(usize::MAX))
    }

    pub fn int(&self) -> Result<i64, String> {
        if let Value::Int(value) = self { Ok(*value) } else { Err(OTHER_TYPE.to_owned()) }
    }

    /// A number between these, both included.
    pub fn double(&self, least: f64, most: f64) -> Result<f64, String> {
        match self {
            Value::Double(value) if (least..=most).contains(value) => Ok(*value),
            Value::Double(_) => Err(format!("is from {least} to {most}")),
            _ => Err(OTHER_TYPE.to_owned()),
        }
    }

    /// A time that is not negative.
    pub fn interval(&self) -> Result<Interval, String> {
        match self {
            Value::Interval(value) if *value >= Interval::ZERO => Ok(*value),
            Value::Interval(_) => Err("is not negative".to_owned()),
            _ => Err(OTHER_TYPE.to_owned()),
        }
    }

    /// A time that passes.
    pub fn positive(&self) -> Result<Interval, String> {
        let value = self.interval()?;
        if value > Interval::ZERO { Ok(value) } else { Err("is more than 0".to_owned()) }
    }

    pub fn text(&self) -> Result<&str, String> {
        if let Value::Text(value) | Value::Enum(value) = self {
            Ok(value)
        } else {
            Err(OTHER_TYPE.to_owned())
        }
    }

    pub fn nets(&self) -> Result<&[IpNet], String> {
        if let Value::Nets(value) = self { Ok(value) } else { Err(OTHER_TYPE.to_owned()) }
    }

    pub fn ports(&self) -> Result<&[(Proto, u16)], String> {
        if let Value::Ports(value) = self { Ok(value) } else { Err(OTHER_TYPE.to_owned()) }
    }

    pub fn port_times(&self) -> Result<&[PortTime], String> {
        match self {
            Value::PortTimes(value) if value.iter().all(|(_, time)| *time >= Interval::ZERO) => Ok(value),
            Value::PortTimes(_) => Err("has no negative times".to_owned()),
            _ => Err(OTHER_TYPE.to_owned()),
        }
    }

    pub fn texts(&self) -> Result<&BTreeSet<String>, String> {
        if let Value::Texts(value) = self { Ok(value) } else { Err(OTHER_TYPE.to_owned()) }
    }

    pub fn enums(&self) -> Result<&BTreeSet<String>, String> {
        if let Value::Enums(value) = self { Ok(value) } else { Err(OTHER_TYPE.to_owned()) }
    }

    pub fn table(&self) -> Result<&BTreeMap<String, String>, String> {
        if let Value::Table(value) = self { Ok(value) } else { Err(OTHER_TYPE.to_owned()) }
    }

    pub fn sets(&self) -> Result<&BTreeMap<String, BTreeSet<String>>, String> {
        if let Value::Sets(value) = self { Ok(value) } else { Err(OTHER_TYPE.to_owned()) }
    }

    /// As Zeek writes it in a script.
    pub fn literal(&self) -> String {
        let set = |members: Vec<String>| format!("{{{}}}", members.join(", "));
        match self {
            Value::Bool(value) => (if *value { "T" } else { "F" }).to_owned(),
            Value::Count(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Double(value) => format!("{value:?}"),
            Value::Interval(value) => interval(*value),
            Value::Text(value) => quoted(value),
            Value::Enum(value) => value.clone(),
            Value::Nets(nets) => set(nets.iter().map(net).collect()),
            Value::Ports(ports) => set(ports.iter().map(port).collect()),
            Value::PortTimes(times) => {
                set(times.iter().map(|(of, time)| format!("[{}] = {}", port(of), interval(*time))).collect())
            }
            Value::Texts(texts) => set(texts.iter().map(|text| quoted(text)).collect()),
            Value::Enums(names) => set(names.iter().cloned().collect()),
            Value::Table(table) => set(table
                .iter()
                .map(|(key, value)| format!("[{}] = {}", quoted(key), quoted(value)))
                .collect()),
            Value::Sets(table) => {
                let of = |texts: &BTreeSet<String>| {
                    texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")
                };
                set(table
                    .iter()
                    .map(|(key, texts)| format!("[{}] = set({})", quoted(key), of(texts)))
                    .collect())
            }
        }
    }
}

/// The largest unit that leaves a whole number.
fn interval(value: Interval) -> String {
    const UNITS: [(&str, i64); 5] = [
        ("hr", 3_600_000_000_000),
        ("min", 60_000_000_000),
        ("sec", 1_000_000_000),
        ("msec", 1_000_000),
        ("usec", 1_000),
    ];
    let nanos = value.nanos();
    match UNITS.iter().find(|(_, unit)| nanos != 0 && nanos % unit == 0) {
        Some((name, unit)) => {
            let number = nanos / unit;
            format!("{number} {name}{}", if number == 1 { "" } else { "s" })
        }
        None => format!("{:?} secs", value.as_secs_f64()),
    }
}

fn port((proto, port): &(Proto, u16)) -> String {
    format!("{port}/{}", proto.name())
}

fn net(net: &IpNet) -> String {
    match net {
        IpNet::V4(net) => net.to_string(),
        IpNet::V6(net) => format!("[{}]/{}", net.addr(), net.prefix_len()),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            character => out.push(character),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_scripts_write_them() {
        let texts = |texts: &[&str]| Value::Texts(texts.iter().map(|text| (*text).to_owned()).collect());
        for (value, literal) in [
            (Value::Bool(true), "T"),
            (Value::Double(10.0), "10.0"),
            (Value::Interval(Interval::from_secs(300)), "5 mins"),
            (Value::Interval(Interval::from_secs(60)), "1 min"),
            (Value::Interval(Interval::from_millis(1500)), "1500 msecs"),
            (Value::Interval(Interval::ZERO), "0.0 secs"),
            (Value::Text("a\"\t\\".to_owned()), "\"a\\\"\\t\\\\\""),
            (
                Value::Nets(vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()]),
                "{10.0.0.0/8, [2001:db8::]/32}",
            ),
            (Value::Ports(vec![(Proto::Tcp, 80), (Proto::Udp, 53)]), "{80/tcp, 53/udp}"),
            (texts(&["a", "b"]), "{\"a\", \"b\"}"),
            (texts(&[]), "{}"),
            (Value::Enums(["A::B".to_owned(), "A::C".to_owned()].into()), "{A::B, A::C}"),
            (Value::Table([("a".to_owned(), "tcp".to_owned())].into()), "{[\"a\"] = \"tcp\"}"),
        ] {
            assert_eq!(value.literal(), literal);
        }
    }
}
