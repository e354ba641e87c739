//! The options: each is declared once, here, and from its declaration comes all that there is of it.
//!
//! An [`OptionDef`] names an option as Zeek does, and says what it is for, what it sets, and how the configuration file
//! calls it. From the tables below come Zeek's declarations (`scripts/base/options.zeek`), what the configuration file
//! may say ([`section`]), and the reference (`docs/options.md`). Scripts, the command line and the configuration file
//! all set the one value that the engine reads.

mod detection;
mod file;
mod flow;
mod ignored;
mod limits;
mod logs;
mod loss;
mod reference;
mod site;
mod traffic;
mod value;

pub use file::{BY_NAME, section};
pub use logs::ROTATION;
pub use reference::{declarations, reference, sample};
pub use value::Value;

use nightjar_script::Assignment;

use crate::config::{Config, protocols};

/// A number of things, up to some.
macro_rules! number {
    ($name:literal, $($field:ident).+, $as:ty, $most:expr, $doc:literal) => {
        $crate::config::options::OptionDef::engine(
            $name,
            "count",
            $doc,
            |config| Value::Count(config.$($field).+ as u64),
            |config, value| {
                config.$($field).+ = value.size(0, $most)? as $as;
                Ok(())
            },
        )
    };
}

macro_rules! switch {
    ($name:literal, $($field:ident).+, $doc:literal) => {
        $crate::config::options::OptionDef::engine(
            $name,
            "bool",
            $doc,
            |config| Value::Bool(config.$($field).+),
            |config, value| {
                config.$($field).+ = value.bool()?;
                Ok(())
            },
        )
    };
}

pub(crate) use {number, switch};

/// An option.
#[derive(Clone, Copy, Debug)]
pub struct OptionDef {
    /// As scripts and the command line name it.
    pub name: &'static str,
    /// The type, as Zeek writes it.
    pub ty: &'static str,
    /// What it is for.
    pub doc: &'static str,
    pub kind: Kind,
    /// How the configuration file calls it, if it may.
    pub key: Option<Key>,
    pub role: Role,
}

/// How Zeek declares an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `const … &redef`: set at the start.
    Const,
    /// `option`: it may change while traffic is analysed.
    Option,
    /// `global … &redef`: read at the start, and a variable of the script's after that.
    Global,
}

/// Who obeys an option.
#[derive(Clone, Copy, Debug)]
pub enum Role {
    /// The engine: what a value does, and what the value is now.
    Engine { get: fn(&Config) -> Value, set: fn(&mut Config, &Value) -> Result<(), String> },
    /// Frameworks, which read the script's variable. Its value at first, as Zeek writes it.
    Scripts { default: &'static str },
    /// Nobody: scripts may name it, and setting it to anything else is an error, or told of.
    Ignored {
        default: &'static str,
        /// What is so instead.
        why: &'static str,
        /// Nothing that is found depends on it: to set it is worth a warning, and otherwise an error.
        harmless: bool,
    },
}

/// A key of the configuration file.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub section: &'static str,
    pub name: &'static str,
    pub form: Form,
}

/// How the configuration file writes a value.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// As its type: `true`, `"5 min"`, `["10.0.0.0/8"]`, a whole number from 0.
    Plain,
    /// A whole number between these.
    Number(u64, u64),
    /// A number of bytes, such as `"64 MiB"`, up to this.
    Size(u64),
    /// Per cent, of which the option has the share as a fraction of 1.
    Share,
    /// Per cent.
    Percent,
    /// One of these words, each for a value as Zeek writes it.
    Words(&'static [(&'static str, &'static str)]),
}

/// What a configuration file sets, in its order.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub options: Vec<(&'static OptionDef, Value)>,
    /// Those that scripts declare, by their names: the values as on the command line.
    pub of_scripts: Vec<(String, String)>,
    /// Scripts to load.
    pub load: Vec<String>,
    /// `Name::option=value`, also with `+=` and `-=`, as on the command line.
    pub words: Vec<String>,
}

impl Given {
    /// It asks for something that only scripts do.
    pub fn needs_scripts(&self) -> bool {
        !(self.of_scripts.is_empty() && self.load.is_empty() && self.words.is_empty())
    }
}

/// All options, in the order of the reference.
pub fn all() -> impl Iterator<Item = &'static OptionDef> {
    let groups = [
        site::OPTIONS,
        flow::OPTIONS,
        traffic::OPTIONS,
        detection::OPTIONS,
        logs::OPTIONS,
        limits::OPTIONS,
        loss::OPTIONS,
        ignored::OPTIONS,
    ];
    groups.into_iter().chain(protocols::TABLES.iter().map(|(_, options)| *options)).flatten()
}

/// Whether a word on the command line sets an option; a script's path may hold a `=` as well.
pub fn is_assignment(word: &str) -> bool {
    let name = Assignment::of(word).name;
    word.contains('=')
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}

/// Why nobody obeys an option, be it one that scripts declare, and whether that is harmless.
pub fn ignored_because(name: &str) -> Option<(&'static str, bool)> {
    let of_scripts = || ignored::OF_SCRIPTS.iter().find(|(of, ..)| *of == name);
    match find(name) {
        Some(option) => option.ignored_because(),
        None => of_scripts().map(|(_, why, harmless)| (*why, *harmless)),
    }
}

/// The option of this name.
pub fn find(name: &str) -> Option<&'static OptionDef> {
    all().find(|option| option.name == name)
}

impl OptionDef {
    /// One that the engine obeys.
    pub(crate) const fn engine(
        name: &'static str,
        ty: &'static str,
        doc: &'static str,
        get: fn(&Config) -> Value,
        set: fn(&mut Config, &Value) -> Result<(), String>,
    ) -> Self {
        OptionDef { name, ty, doc, kind: Kind::Const, key: None, role: Role::Engine { get, set } }
    }

    /// One that frameworks obey.
    const fn scripts(name: &'static str, ty: &'static str, default: &'static str, doc: &'static str) -> Self {
        OptionDef { name, ty, doc, kind: Kind::Const, key: None, role: Role::Scripts { default } }
    }

    /// One of Zeek's that nobody obeys here: who sets it wants something else than there is.
    const fn refused(name: &'static str, ty: &'static str, default: &'static str, why: &'static str) -> Self {
        let role = Role::Ignored { default, why, harmless: false };
        OptionDef { name, ty, doc: "", kind: Kind::Const, key: None, role }
    }

    /// The same, where nothing that is found depends on it.
    const fn ignored(name: &'static str, ty: &'static str, default: &'static str, why: &'static str) -> Self {
        let role = Role::Ignored { default, why, harmless: true };
        OptionDef { name, ty, doc: "", kind: Kind::Const, key: None, role }
    }

    pub(crate) const fn runtime(mut self) -> Self {
        self.kind = Kind::Option;
        self
    }

    pub(crate) const fn global(mut self) -> Self {
        self.kind = Kind::Global;
        self
    }

    pub(crate) const fn key(self, section: &'static str, name: &'static str) -> Self {
        self.key_as(section, name, Form::Plain)
    }

    pub(crate) const fn key_as(mut self, section: &'static str, name: &'static str, form: Form) -> Self {
        self.key = Some(Key { section, name, form });
        self
    }

    /// The engine's value at first; scripts' own options have none here.
    fn value_at_first(&self) -> Value {
        match self.role {
            Role::Engine { get, .. } => get(&Config::default()),
            Role::Scripts { default } | Role::Ignored { default, .. } => Value::Text(default.to_owned()),
        }
    }

    /// The value at first, as Zeek writes it.
    pub fn default_literal(&self) -> String {
        match self.role {
            Role::Engine { get, .. } => get(&Config::default()).literal(),
            Role::Scripts { default } | Role::Ignored { default, .. } => default.to_owned(),
        }
    }

    /// Why nobody obeys it, and whether that is harmless, if so.
    pub fn ignored_because(&self) -> Option<(&'static str, bool)> {
        match self.role {
            Role::Ignored { why, harmless, .. } => Some((why, harmless)),
            Role::Engine { .. } | Role::Scripts { .. } => None,
        }
    }

    /// What a value of it looks like, for who wrote none.
    pub fn expected(&self) -> String {
        match self.ty {
            "bool" => "is T or F".to_owned(),
            "interval" => "is a time such as 90secs, 5 min or 1.5hrs".to_owned(),
            "count" | "int" => "is a whole number".to_owned(),
            "double" => "is a number".to_owned(),
            "set[subnet]" => "is a set of networks such as {10.0.0.0/8, [2001:db8::]/32}".to_owned(),
            "set[port]" => "is a set of ports such as {80/tcp, 53/udp}".to_owned(),
            "set[string]" => "is a set of texts such as {\"a\", \"b\"}".to_owned(),
            ty => format!("is of type {ty}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_told_from_scripts() {
        for word in ["a=1", "M::a=1", "M::a+={ 1 }", "M::a += { 1 }", " M::a -= 1 ", "LogAscii::use_json = T"]
        {
            assert!(is_assignment(word), "{word}");
            assert!(["a", "M::a", "LogAscii::use_json"].contains(&Assignment::of(word).name), "{word}");
        }
        for word in ["a.zeek", "dir/x=y.zeek", "x y=1", "=1", "policy/detect", "./a=b"] {
            assert!(!is_assignment(word), "{word}");
        }
    }
}
