//! Rules of a configuration: which rows of a stream are kept, dropped, or sent elsewhere.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::record::{FieldDef, Record, Schema, Type, Value};

/// What to do with the rows of a stream that meet all conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub stream: String,
    pub when: Vec<Condition>,
    pub then: Action,
}

/// A field that has one of these values; of a set or vector, one of its elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub field: String,
    /// As in a log; addresses may be subnets, and a text may begin or end with `*`.
    pub any_of: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Drop,
    /// A stream with such rules loses what none of its rules matches.
    Keep,
    /// Keeps them, in another topic.
    Topic(String),
}

/// A rule that cannot be: what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError(pub String);

impl Rule {
    /// Whether it can be applied to the stream with this schema.
    pub fn check(&self, schema: &Schema) -> Result<(), RuleError> {
        self.when.iter().try_for_each(|condition| Test::new(condition, schema).map(drop))
    }
}

/// The rules of one stream, ready to be applied.
pub(super) struct RowFilter {
    rules: Box<[(Box<[Test]>, Action)]>,
    keeps: bool,
}

struct Test {
    field: usize,
    any_of: Box<[Wanted]>,
}

enum Wanted {
    Text(Box<[u8]>),
    Prefix(Box<[u8]>),
    Suffix(Box<[u8]>),
    Contains(Box<[u8]>),
    Number(i128),
    Double(f64),
    Bool(bool),
    Net(IpNet),
}

impl RowFilter {
    /// Rules that cannot be applied were refused when the configuration was read.
    pub fn new(rules: &[Rule], schema: &Schema) -> RowFilter {
        let of_stream = rules.iter().filter(|rule| rule.stream == schema.path);
        let ready = |rule: &Rule| {
            let tests: Result<_, _> =
                rule.when.iter().map(|condition| Test::new(condition, schema)).collect();
            Some((tests.ok()?, rule.then.clone()))
        };
        let rules: Box<[_]> = of_stream.filter_map(ready).collect();
        let keeps = rules.iter().any(|(_, then)| *then == Action::Keep);
        RowFilter { rules, keeps }
    }

    /// Where a row goes: empty where its stream goes, `None` nowhere.
    #[inline]
    pub fn topic<R: Record>(&self, record: &R) -> Option<&str> {
        for (tests, then) in &self.rules {
            if tests.iter().all(|test| test.holds(record.get(test.field))) {
                return match then {
                    Action::Drop => None,
                    Action::Keep => Some(""),
                    Action::Topic(topic) => Some(topic),
                };
            }
        }
        (!self.keeps).then_some("")
    }
}

impl Test {
    fn new(condition: &Condition, schema: &Schema) -> Result<Test, RuleError> {
        let name = &condition.field;
        let at = schema
            .field(name)
            .ok_or_else(|| RuleError(format!("the stream {} has no field {name}", schema.path)))?;
        let any_of: Result<_, _> =
            condition.any_of.iter().map(|text| wanted(&schema.fields[at], text)).collect();
        Ok(Test { field: at, any_of: any_of? })
    }

    fn holds(&self, value: Value<'_>) -> bool {
        match value {
            Value::List(items) => (0..items.count()).any(|at| self.holds(items.item(at))),
            value => self.any_of.iter().any(|wanted| wanted.is(value)),
        }
    }
}

fn wanted(field: &FieldDef, text: &str) -> Result<Wanted, RuleError> {
    let ty = match field.ty {
        Type::Set(element) | Type::Vector(element) => *element,
        ty => ty,
    };
    let bytes = |text: &str| text.as_bytes().into();
    let parsed = match ty {
        Type::Bool => match text {
            "true" | "T" => Some(Wanted::Bool(true)),
            "false" | "F" => Some(Wanted::Bool(false)),
            _ => None,
        },
        Type::Count | Type::Int | Type::Port => text.parse().ok().map(Wanted::Number),
        Type::Double => text.parse().ok().map(Wanted::Double),
        Type::Addr => {
            let net = text.parse::<IpNet>().ok();
            net.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)).map(Wanted::Net)
        }
        Type::String | Type::Enum => {
            Some(match (text.strip_prefix('*'), text.strip_suffix('*').filter(|_| text.len() > 1)) {
                (Some(rest), Some(_)) => Wanted::Contains(bytes(&rest[..rest.len() - 1])),
                (Some(suffix), None) => Wanted::Suffix(bytes(suffix)),
                (None, Some(prefix)) => Wanted::Prefix(bytes(prefix)),
                (None, None) => Wanted::Text(bytes(text)),
            })
        }
        Type::Time | Type::Interval | Type::Set(_) | Type::Vector(_) => None,
    };
    parsed.ok_or_else(|| RuleError(format!("{} cannot be '{text}'", field.name)))
}

impl Wanted {
    fn is(&self, value: Value<'_>) -> bool {
        let text = match value {
            Value::Bytes(text) => text,
            Value::Enum(name) => name.as_bytes(),
            Value::Uid(ref uid) => uid.as_bytes(),
            _ => &[],
        };
        match (self, value) {
            (_, Value::Unset) => false,
            (Wanted::Number(n), Value::Count(v)) => *n == i128::from(v),
            (Wanted::Number(n), Value::Int(v)) => *n == i128::from(v),
            (Wanted::Number(n), Value::Port(v)) => *n == i128::from(v),
            (Wanted::Double(d), Value::Double(v)) => *d == v,
            (Wanted::Bool(b), Value::Bool(v)) => *b == v,
            (Wanted::Net(net), Value::Addr(v)) => net.contains(&v),
            (Wanted::Text(t), _) => text == &t[..],
            (Wanted::Prefix(t), _) => text.starts_with(t),
            (Wanted::Suffix(t), _) => text.ends_with(t),
            (Wanted::Contains(t), _) => t.is_empty() || text.windows(t.len()).any(|window| window == &t[..]),
            _ => false,
        }
    }
}
