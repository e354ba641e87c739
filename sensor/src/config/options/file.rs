//! Options as the configuration file sets them.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Config;
use crate::config::file;
use crate::config::options::{Form, Key, OptionDef, Role, Value, all};
use crate::event::Proto;

/// The options that a table of the configuration file may set.
pub fn section(name: &'static str) -> impl Iterator<Item = (&'static OptionDef, Key)> {
    all().filter_map(|option| Some((option, option.key?))).filter(move |(_, key)| key.section == name)
}

/// The table of the configuration file in which an option is set by its name.
pub const BY_NAME: &str = "options";

impl OptionDef {
    /// What the table [`BY_NAME`] says of it.
    pub fn read_by_name(&self, written: &file::Value<'_>) -> Result<Value, String> {
        let value = self.plain(written)?;
        match self.role {
            Role::Ignored { why, harmless: false, default } if value.literal() != default => {
                return Err(format!("cannot be obeyed: {why}"));
            }
            Role::Engine { set, .. } => set(&mut Config::default(), &value)?,
            Role::Scripts { .. } | Role::Ignored { .. } => {}
        }
        Ok(value)
    }

    /// What the configuration file says of it, if that is in order.
    pub fn read(&self, written: &file::Value<'_>) -> Result<Value, String> {
        let key = self.key.ok_or_else(|| "cannot be set here".to_owned())?;
        let value = match key.form {
            Form::Plain => self.plain(written)?,
            Form::Number(least, most) => Value::Count(written.number(least, most)?),
            Form::Size(most) => {
                let bytes = written.bytes()?;
                if bytes > most {
                    return Err(format!("is from 0 to {most} bytes"));
                }
                Value::Count(bytes)
            }
            Form::Share => Value::Double(written.percent()? / 100.0),
            Form::Percent => Value::Double(written.percent()?),
            Form::Words(words) => {
                let literal = written.one_of(words)?;
                match self.ty {
                    "bool" => Value::Bool(literal == "T"),
                    _ => Value::Enum(literal.to_owned()),
                }
            }
        };
        // What the engine says of it now is said of its place in the file.
        if let Role::Engine { set, .. } = self.role {
            set(&mut Config::default(), &value)?;
        }
        Ok(value)
    }

    fn plain(&self, written: &file::Value<'_>) -> Result<Value, String> {
        let text = |value: &file::Value<'_>| Ok(value.text()?.to_owned());
        Ok(match self.ty {
            "bool" => Value::Bool(written.boolean()?),
            "count" => Value::Count(written.number(0, u64::MAX >> 1)?),
            "int" => Value::Int(written.integer()?),
            "double" => Value::Double(written.float()?),
            "interval" => Value::Interval(written.interval()?),
            "JSON::TimestampFormat" | "Host" => Value::Enum(text(written)?),
            "table[port] of interval" => {
                let times = written.table(|name, time| Ok((port(name)?, time.interval()?)));
                Value::PortTimes(
                    times.unwrap_or_else(|| Err("is a table such as { \"22/tcp\" = \"1 h\" }".to_owned()))?,
                )
            }
            "string" => Value::Text(text(written)?),
            "set[subnet]" => Value::Nets(written.list(|value| {
                value.text()?.parse().map_err(|_| "is no network such as \"10.0.0.0/8\"".to_owned())
            })?),
            "set[port]" => Value::Ports(written.list(|value| port(value.text()?))?),
            "set[SMB::Action]" => Value::Enums(written.list(text)?.into_iter().collect::<BTreeSet<_>>()),
            "set[string]" => Value::Texts(written.list(text)?.into_iter().collect::<BTreeSet<_>>()),
            "table[string] of string" => {
                if let Some(named) = written.table(|name, value| Ok((name.to_owned(), text(value)?))) {
                    return Ok(Value::Table(named?.into_iter().collect()));
                }
                // They need no names: their number is as good.
                let texts = written.list(text)?.into_iter().enumerate();
                Value::Table(
                    texts
                        .map(|(nth, text)| (format!("configuration-{nth}"), text))
                        .collect::<BTreeMap<_, _>>(),
                )
            }
            "table[string] of set[string]" => {
                let sets = written.table(|name, texts| {
                    Ok((name.to_owned(), texts.list(text)?.into_iter().collect::<BTreeSet<_>>()))
                });
                let sets =
                    sets.unwrap_or_else(|| Err("is a table such as { name = [\"text\"] }".to_owned()))?;
                Value::Sets(sets.into_iter().collect())
            }
            other => return Err(format!("cannot be set here, being of type {other}")),
        })
    }
}

fn port(text: &str) -> Result<(Proto, u16), String> {
    let wrong = || "is no port such as \"80/tcp\"".to_owned();
    let (number, proto) = text.split_once('/').ok_or_else(wrong)?;
    let proto = match proto {
        "tcp" => Proto::Tcp,
        "udp" => Proto::Udp,
        _ => return Err(wrong()),
    };
    Ok((proto, number.parse().map_err(|_| wrong())?))
}
