//! Declarations of events: one text gives an event its Rust type, its arguments, what scripts are told of it and
//! what the reference says.

use std::net::IpAddr;

use crate::event::{Arena, Part, Proto, Span};
use crate::time::{Interval, Time};

/// The place of an event among all that there are: `first` of its group, and its place in that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(u16);

impl EventId {
    pub const fn new(first: u16, nth: u16) -> EventId {
        EventId(first + nth)
    }

    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An event that traffic raises, with its arguments.
///
/// Declared with [`events!`](crate::event::events). Making one costs nothing but copies of references: what scripts
/// see is made by [`Event::args`], where some handler listens.
///
/// Arguments have types of their own, and names:
///
/// ```
/// use nightjar::analyze::file_events::FileHash;
/// use nightjar::event::{File, Name};
/// let _ = FileHash { f: File, kind: Name("md5"), hash: b"900150983cd24fb0d6963f7d28e17f72" };
/// ```
///
/// so that two which change places do not compile:
///
/// ```compile_fail,E0308
/// use nightjar::analyze::file_events::FileHash;
/// use nightjar::event::{File, Name};
/// let _ = FileHash { f: File, kind: b"900150983cd24fb0d6963f7d28e17f72", hash: Name("md5") };
/// ```
pub trait Event {
    const ID: EventId;
    const DECLARED: &'static EventDecl;

    /// The arguments in Zeek's order, copied for the handlers.
    fn args(&self, arena: &mut Arena) -> Span;
}

/// What scripts and their authors are told of an event.
#[derive(Debug)]
pub struct EventDecl {
    /// Zeek's name, with its module if it is not a global one.
    pub name: &'static str,
    pub params: &'static [FieldDecl],
    pub doc: &'static str,
}

/// A parameter of an event, or a field of a record that is one.
#[derive(Debug)]
pub struct FieldDecl {
    pub name: &'static str,
    pub ty: ArgType,
    /// Attributes, as the language has them: `&optional`, `&default=T`.
    pub attributes: &'static str,
    pub doc: &'static str,
}

/// A record that events take as an argument.
#[derive(Debug)]
pub struct RecordDecl {
    pub name: &'static str,
    pub fields: &'static [FieldDecl],
    pub doc: &'static str,
}

/// An enum that is an argument, or a field of one.
#[derive(Debug)]
pub struct EnumDecl {
    pub name: &'static str,
    /// What the names of its values begin with, its module first.
    pub prefix: &'static str,
    pub values: fn() -> Vec<(i64, &'static str)>,
    pub doc: &'static str,
}

impl EnumDecl {
    /// What stands for numbers that have no name: the one that has this, if any.
    pub const OTHER: i64 = i64::MAX;

    /// The name of a number, as scripts have it.
    pub fn name_of(&self, number: i64) -> Option<String> {
        let values = (self.values)();
        let named = |wanted: i64| values.iter().find(|(known, _)| *known == wanted);
        let (_, name) = named(number).or_else(|| named(Self::OTHER))?;
        Some(format!("{}{name}", self.prefix))
    }
}

/// The type of an argument in the Zeek language.
#[derive(Clone, Copy, Debug)]
pub enum ArgType {
    /// One that the language has, or that a script declares.
    Named(&'static str),
    Vector(&'static ArgType),
    /// `table[count] of …`, from 1.
    Numbered(&'static ArgType),
    Record(&'static RecordDecl),
    Enum(&'static EnumDecl),
    /// Another type, under a name of its own.
    Alias(&'static str, &'static ArgType),
}

impl std::fmt::Display for ArgType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ArgType::Named(name) | ArgType::Alias(name, _) => f.write_str(name),
            ArgType::Vector(of) => write!(f, "vector of {of}"),
            ArgType::Numbered(of) => write!(f, "table[count] of {of}"),
            ArgType::Record(record) => f.write_str(record.name),
            ArgType::Enum(names) => f.write_str(names.name),
        }
    }
}

/// A Rust type that can be an event's argument, or a field of one.
pub trait Argument {
    const TYPE: ArgType;
    const OPTIONAL: bool = false;

    fn put(&self, arena: &mut Arena) -> Part;
}

/// The connection that the event is about.
#[derive(Clone, Copy, Debug)]
pub struct Conn;

/// The file that the event is about.
#[derive(Clone, Copy, Debug)]
pub struct File;

/// A port, of the connection's transport protocol.
#[derive(Clone, Copy, Debug)]
pub struct Port(pub u16);

/// A port of whatever transport protocol.
#[derive(Clone, Copy, Debug)]
pub struct PortOf {
    pub number: u16,
    /// None where that is not known.
    pub proto: Option<Proto>,
}

/// A text that the program knows beforehand, which needs no copy.
#[derive(Clone, Copy, Debug)]
pub struct Name(pub &'static str);

/// A text whose letters scripts see in upper case.
#[derive(Clone, Copy, Debug)]
pub struct UpperCase<'a>(pub &'a [u8]);

/// Bytes that scripts see as lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(pub &'a [u8]);

/// Elements that scripts see as a vector.
#[derive(Clone, Copy, Debug)]
pub struct List<'a, T>(pub &'a [T]);

/// Elements that scripts see as a table that counts from 1.
#[derive(Clone, Copy, Debug)]
pub struct Numbered<'a, T>(pub &'a [T]);

macro_rules! arguments {
    ($($rust:ty as $zeek:literal: |$value:ident| $part:expr;)+) => { $(
        impl Argument for $rust {
            const TYPE: ArgType = ArgType::Named($zeek);

            #[inline]
            fn put(&self, _: &mut Arena) -> Part {
                let $value = self;
                $part
            }
        }
    )+ };
}

arguments! {
    Conn as "connection": |_c| Part::Conn;
    File as "fa_file": |_f| Part::File;
    bool as "bool": |is| Part::Bool(*is);
    u64 as "count": |n| Part::Count(*n);
    u32 as "count": |n| Part::Count(u64::from(*n));
    u16 as "count": |n| Part::Count(u64::from(*n));
    u8 as "count": |n| Part::Count(u64::from(*n));
    i64 as "int": |n| Part::Int(*n);
    f64 as "double": |n| Part::Double(*n);
    Time as "time": |at| Part::Time(*at);
    Interval as "interval": |span| Part::Interval(*span);
    IpAddr as "addr": |addr| Part::Addr(*addr);
    Port as "port": |port| Part::Port(port.0);
    Name as "string": |name| Part::Name(name.0);
}

impl Argument for PortOf {
    const TYPE: ArgType = ArgType::Named("port");

    fn put(&self, arena: &mut Arena) -> Part {
        let proto = self.proto.map_or(Part::Unset, |proto| Part::Name(proto.name()));
        arena.record(&[Part::Count(u64::from(self.number)), proto])
    }
}

impl Argument for &[u8] {
    const TYPE: ArgType = ArgType::Named("string");

    fn put(&self, arena: &mut Arena) -> Part {
        arena.text(self)
    }
}

impl Argument for &str {
    const TYPE: ArgType = ArgType::Named("string");

    fn put(&self, arena: &mut Arena) -> Part {
        arena.text(self.as_bytes())
    }
}

impl Argument for UpperCase<'_> {
    const TYPE: ArgType = ArgType::Named("string");

    fn put(&self, arena: &mut Arena) -> Part {
        arena.upper_case(self.0)
    }
}

impl Argument for Hex<'_> {
    const TYPE: ArgType = ArgType::Named("string");

    fn put(&self, arena: &mut Arena) -> Part {
        let digits: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        arena.text(digits.as_bytes())
    }
}

impl<T: Argument> Argument for Option<T> {
    const TYPE: ArgType = T::TYPE;
    const OPTIONAL: bool = true;

    fn put(&self, arena: &mut Arena) -> Part {
        self.as_ref().map_or(Part::Unset, |value| value.put(arena))
    }
}

impl<T: Argument> Argument for &T {
    const TYPE: ArgType = T::TYPE;
    const OPTIONAL: bool = T::OPTIONAL;

    fn put(&self, arena: &mut Arena) -> Part {
        T::put(self, arena)
    }
}

impl<T: Argument> Argument for List<'_, T> {
    const TYPE: ArgType = ArgType::Vector(&T::TYPE);

    fn put(&self, arena: &mut Arena) -> Part {
        list(self.0, arena)
    }
}

impl<T: Argument> Argument for Numbered<'_, T> {
    const TYPE: ArgType = ArgType::Numbered(&T::TYPE);

    fn put(&self, arena: &mut Arena) -> Part {
        list(self.0, arena)
    }
}

fn list<T: Argument>(items: &[T], arena: &mut Arena) -> Part {
    let parts: Vec<Part> = items.iter().map(|item| item.put(arena)).collect();
    arena.list(&parts)
}

/// Declares events.
///
/// ```text
/// events! { [crate::analyze::first::ssh]
///     /// The client's identification string (RFC 4253 §4.2).
///     pub struct ClientVersion<'a>: "ssh_client_version" {
///         c: Conn = "c",
///         version: &'a [u8] = "version",
///     }
/// }
/// ```
///
/// expands to a struct for each, with its fields as written, an implementation of [`Event`] that lists them with
/// their Zeek types, and `EVENTS`, the declarations of all. A parameter whose name in Zeek is another one than its
/// field's has that behind it: `uri: &'a [u8] = "original_URI"`. The expression in brackets is the place of the group's
/// first event among all events.
macro_rules! events {
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
    ([$first:expr] $(
        $(#[doc = $doc:literal])+
        pub struct $name:ident $(<$life:lifetime>)?: $zeek:literal {
            $( $field:ident : $ty:ty $(= $param:literal)?, )*
        }
    )+) => {
        /// The group's events, in the order of their places.
        pub const EVENTS: &[&$crate::event::EventDecl] =
            &[$(<$name as $crate::event::Event>::DECLARED,)+];

        #[allow(clippy::enum_variant_names, reason = "a group of events has names of its own")]
        enum Nth { $($name,)+ }

        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug)]
            pub struct $name $(<$life>)? { $(pub $field: $ty,)* }

            impl $(<$life>)? $crate::event::Event for $name $(<$life>)? {
                const ID: $crate::event::EventId = $crate::event::EventId::new($first, Nth::$name as u16);
                const DECLARED: &'static $crate::event::EventDecl = &$crate::event::EventDecl {
                    name: $zeek,
                    params: &[$($crate::event::FieldDecl {
                        name: $crate::event::events!(@name $field $($param)?),
                        ty: <$ty as $crate::event::Argument>::TYPE,
                        attributes: "",
                        doc: "",
                    },)*],
                    doc: concat!($($doc, "\n"),+),
                };

                fn args(&self, arena: &mut $crate::event::Arena) -> $crate::event::Span {
                    let parts = [$($crate::event::Argument::put(&self.$field, arena),)*];
                    arena.parts(&parts)
                }
            }
        )+
    };
}

/// Declares records that events take as arguments, as [`events!`](crate::event::events) declares events. Fields
/// that are an `Option` may be unset; attributes that the language has beside that, or instead, follow an arrow:
/// `inferred: bool => "&default=T"`.
macro_rules! arg_records {
    ($(
        $(#[doc = $doc:literal])+
        pub struct $name:ident $(<$life:lifetime>)?: $zeek:literal {
            $( $(#[doc = $about:literal])* $field:ident : $ty:ty $(= $column:literal)? $(=> $attributes:literal)?, )+
        }
    )+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug)]
        pub struct $name $(<$life>)? { $( $(#[doc = $about])* pub $field: $ty,)+ }

        impl $(<$life>)? $crate::event::Argument for $name $(<$life>)? {
            const TYPE: $crate::event::ArgType = $crate::event::ArgType::Record(&$crate::event::RecordDecl {
                name: $zeek,
                fields: &[$($crate::event::FieldDecl {
                    name: $crate::event::events!(@name $field $($column)?),
                    ty: <$ty as $crate::event::Argument>::TYPE,
                    attributes: if <$ty as $crate::event::Argument>::OPTIONAL
                        && concat!($($attributes)?).is_empty()
                    {
                        "&optional"
                    } else {
                        concat!($($attributes)?)
                    },
                    doc: concat!($($about, "\n"),*),
                },)+],
                doc: concat!($($doc, "\n"),+),
            });

            fn put(&self, arena: &mut $crate::event::Arena) -> $crate::event::Part {
                let parts = [$($crate::event::Argument::put(&self.$field, arena),)+];
                arena.record(&parts)
            }
        }
    )+ };
}

/// Declares enums that events take as arguments, by the number of a value: the type, what the names of its values begin
/// with, and what lists them.
macro_rules! arg_enums {
    ($( $(#[doc = $doc:literal])+ pub struct $name:ident: $zeek:literal, $prefix:literal, $values:expr; )+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug)]
        pub struct $name(pub i64);

        impl $name {
            const DECLARED: &'static $crate::event::EnumDecl = &$crate::event::EnumDecl {
                name: $zeek,
                prefix: $prefix,
                values: $values,
                doc: concat!($($doc, "\n"),+),
            };
        }

        impl $crate::event::Argument for $name {
            const TYPE: $crate::event::ArgType = $crate::event::ArgType::Enum(Self::DECLARED);

            fn put(&self, arena: &mut $crate::event::Arena) -> $crate::event::Part {
                match Self::DECLARED.name_of(self.0) {
                    Some(name) => arena.text(name.as_bytes()),
                    None => $crate::event::Part::Unset,
                }
            }
        }
    )+ };
}

/// Declares arguments that are lists, by the type that scripts know them as, with what makes their parts.
///
/// ```text
/// lists! {
///     /// Numbers of one byte.
///     Bytes(&'a [u8]) as NUMBERS, |bytes, _arena| bytes.iter().map(|n| Part::Count(u64::from(*n))).collect();
/// }
/// ```
macro_rules! lists {
    ($( $(#[doc = $doc:literal])+ $name:ident($of:ty) as $ty:expr, |$value:ident, $arena:ident| $parts:expr; )+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'a>(pub $of);

        impl $crate::event::Argument for $name<'_> {
            const TYPE: $crate::event::ArgType = $ty;

            fn put(&self, $arena: &mut $crate::event::Arena) -> $crate::event::Part {
                let $value = &self.0;
                let parts: Vec<$crate::event::Part> = $parts;
                $arena.list(&parts)
            }
        }
    )+ };
}

pub(crate) use {arg_enums, arg_records, events, lists};

/// A set of events: a bit for each.
#[derive(Clone, Copy, Debug)]
pub struct EventSet([u64; EventSet::WORDS]);

impl EventSet {
    const WORDS: usize = 16;
    /// How many events there can be. Zeek has some 550.
    pub const CAPACITY: usize = EventSet::WORDS * u64::BITS as usize;

    pub fn insert(&mut self, id: EventId) {
        if let Some(word) = self.0.get_mut(id.index() / 64) {
            *word |= 1 << (id.index() % 64);
        }
    }

    pub fn remove(&mut self, id: EventId) {
        if let Some(word) = self.0.get_mut(id.index() / 64) {
            *word &= !(1 << (id.index() % 64));
        }
    }

    #[inline]
    pub fn contains(&self, id: EventId) -> bool {
        self.0.get(id.index() / 64).is_some_and(|word| word >> (id.index() % 64) & 1 == 1)
    }

    /// Whether one of `count` events from a place on is in it.
    #[inline]
    pub fn contains_any(&self, first: u16, count: usize) -> bool {
        let (from, to) = (usize::from(first), usize::from(first) + count);
        let words = self.0.iter().enumerate().take(to.div_ceil(64)).skip(from / 64);
        words.fold(0, |found, (at, word)| {
            let low = from.saturating_sub(at * 64);
            let high = (to - at * 64).min(64);
            found | word & (u64::MAX << low) & (u64::MAX >> (64 - high))
        }) != 0
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

impl Default for EventSet {
    fn default() -> Self {
        EventSet([0; EventSet::WORDS])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_run_of_events_some_may_be_in_a_set() {
        for first in [0_u16, 1, 63, 64, 100, 200] {
            for count in [1_usize, 2, 63, 64, 65, 130] {
                let run = usize::from(first)..usize::from(first) + count;
                for at in 0..400 {
                    let mut set = EventSet::default();
                    set.insert(EventId::new(at, 0));
                    assert_eq!(
                        set.contains_any(first, count),
                        run.contains(&usize::from(at)),
                        "{first} {count} {at}"
                    );
                }
            }
        }
    }

    arg_records! {
        /// A record.
        pub struct Stat<'a>: "a_stat" {
            /// How many.
            n: u64,
            why: Option<&'a str>,
        }
    }

    events! { [100]
        /// Something.
        pub struct Something<'a>: "something" {
            c: Conn,
            names: List<'a, &'a str>,
            stat: Stat<'a>,
        }
        /// Something else.
        pub struct Else: "something_else" {
            c: Conn,
        }
    }

    #[test]
    fn events_have_their_places_and_declare_their_arguments() {
        assert_eq!((Something::ID.index(), Else::ID.index()), (100, 101));
        assert_eq!(
            EVENTS.iter().map(|event| event.name).collect::<Vec<_>>(),
            ["something", "something_else"]
        );
        let params: Vec<String> =
            Something::DECLARED.params.iter().map(|param| format!("{}: {}", param.name, param.ty)).collect();
        assert_eq!(params, ["c: connection", "names: vector of string", "stat: a_stat"]);
    }

    #[test]
    fn arguments_are_put_in_order_after_what_they_hold() {
        let mut arena = Arena::default();
        let stat = Stat { n: 7, why: None };
        let args = Something { c: Conn, names: List(&["a", "bc"]), stat }.args(&mut arena);
        let [Part::Conn, Part::List(names), Part::Record(stat)] = *arena.parts_of(args) else {
            panic!("{:?}", arena.parts_of(args))
        };
        let names: Vec<_> = arena.parts_of(names).iter().filter_map(|name| arena.text_of(*name)).collect();
        assert_eq!(names, [&b"a"[..], b"bc"]);
        assert!(matches!(arena.parts_of(stat), [Part::Count(7), Part::Unset]));
    }

    #[test]
    fn sets_hold_every_event() {
        let mut set = EventSet::default();
        assert!(set.is_empty());
        for id in [0, 63, 64, EventSet::CAPACITY as u16 - 1] {
            let id = EventId::new(0, id);
            set.insert(id);
            assert!(set.contains(id) && !set.contains(EventId::new(1, 64)));
            set.remove(id);
            assert!(set.is_empty());
        }
    }
}
