//! The values a record can hold, as Zeek types them.

use std::net::IpAddr;

use crate::record::Uid;
use crate::time::{Interval, Time};

/// Zeek's name for the type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Bool,
    Count,
    Int,
    Double,
    Time,
    Interval,
    String,
    Enum,
    Addr,
    Port,
    Set(&'static Type),
    Vector(&'static Type),
}

/// One value, borrowed from its record.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    Unset,
    Bool(bool),
    Count(u64),
    Int(i64),
    Double(f64),
    Time(Time),
    Interval(Interval),
    /// Bytes as they were on the wire, mostly text.
    Bytes(&'a [u8]),
    Enum(&'a str),
    Addr(IpAddr),
    Port(u16),
    Uid(Uid),
    /// Set or vector, told apart by the column's type.
    List(&'a dyn Items),
}

/// The elements of a set or vector.
pub trait Items {
    fn count(&self) -> usize;
    fn item(&self, index: usize) -> Value<'_>;
}

/// A Rust type that can stand in a record.
pub trait Field {
    const TYPE: Type;
    const OPTIONAL: bool = false;
    fn value(&self) -> Value<'_>;
}

macro_rules! field {
    ($($rust:ty => $zeek:ident, $variant:ident;)+) => { $(
        impl Field for $rust {
            const TYPE: Type = Type::$zeek;
            #[inline]
            fn value(&self) -> Value<'_> {
                Value::$variant(*self)
            }
        }
    )+ };
}

field! {
    bool => Bool, Bool;
    u64 => Count, Count;
    i64 => Int, Int;
    f64 => Double, Double;
    Time => Time, Time;
    Interval => Interval, Interval;
    IpAddr => Addr, Addr;
    u16 => Port, Port;
    Uid => String, Uid;
}

impl Field for &[u8] {
    const TYPE: Type = Type::String;

    #[inline]
    fn value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl Field for &str {
    const TYPE: Type = Type::String;

    #[inline]
    fn value(&self) -> Value<'_> {
        Value::Bytes(self.as_bytes())
    }
}

/// The name of an enum's value, such as `Tunnel::GRE` or `tcp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnumName(pub &'static str);

impl Field for EnumName {
    const TYPE: Type = Type::Enum;

    #[inline]
    fn value(&self) -> Value<'_> {
        Value::Enum(self.0)
    }
}

impl<T: Field> Field for Option<T> {
    const TYPE: Type = T::TYPE;
    const OPTIONAL: bool = true;

    #[inline]
    fn value(&self) -> Value<'_> {
        match self {
            Some(inner) => inner.value(),
            None => Value::Unset,
        }
    }
}

/// A column of type `set[T]`; its order is the order in which elements were added.
#[derive(Clone, Copy, Debug)]
pub struct Set<'a, T>(pub &'a [T]);

/// A column of type `vector[T]`.
#[derive(Clone, Copy, Debug)]
pub struct Vector<'a, T>(pub &'a [T]);

impl<T: Field> Field for Set<'_, T> {
    const TYPE: Type = Type::Set(&T::TYPE);

    fn value(&self) -> Value<'_> {
        Value::List(self)
    }
}

impl<T: Field> Field for Vector<'_, T> {
    const TYPE: Type = Type::Vector(&T::TYPE);

    fn value(&self) -> Value<'_> {
        Value::List(self)
    }
}

impl<T: Field> Items for Set<'_, T> {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn item(&self, index: usize) -> Value<'_> {
        self.0.get(index).map_or(Value::Unset, Field::value)
    }
}

impl<T: Field> Items for Vector<'_, T> {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn item(&self, index: usize) -> Value<'_> {
        self.0.get(index).map_or(Value::Unset, Field::value)
    }
}
