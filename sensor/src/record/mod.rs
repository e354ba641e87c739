//! Log records: one declaration gives a record its fields, types and documentation.
//!
//! Everything that writes or reads a record goes through [`Record`]: the TSV and JSON writers, the
//! exporters, and scripts that read `c$http$status_code`. None of them knows a protocol.

mod format;
mod macros;
mod of_conn;
mod uid;
mod value;

pub use format::{Format, JsonTime};
pub use of_conn::ConnColumns;
pub use uid::Uid;
pub use value::{EnumName, Field, Items, Set, Type, Value, Vector};

pub(crate) use format::{hex, json, piece, seconds, stamp};
pub(crate) use macros::record;

/// What a log's columns are.
#[derive(Debug)]
pub struct Schema {
    /// Zeek's name of the log: `conn` for `conn.log`.
    pub path: &'static str,
    pub fields: &'static [FieldDef],
    /// Sentences that sum up a row, tried in order; empty: its ends do.
    pub summary: &'static [&'static str],
}

impl PartialEq for Schema {
    /// There is one of each name.
    fn eq(&self, other: &Schema) -> bool {
        std::ptr::eq(self, other) || self.path == other.path
    }
}

impl Schema {
    /// The place of a field, by its name.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }
}

/// One column.
#[derive(Debug)]
pub struct FieldDef {
    /// Zeek's name of the field, nested ones with a dot: `id.orig_h`.
    pub name: &'static str,
    pub ty: Type,
    /// Whether a row may leave it unset.
    pub optional: bool,
    /// Its type in the Zeek language, with attributes, where that does not follow from the others.
    pub zeek: Option<&'static str>,
    pub doc: &'static str,
}

/// Receives a record's values, in the order of its schema.
pub trait Visitor {
    fn field(&mut self, index: usize, value: Value<'_>);
}

/// A row of a log.
pub trait Record {
    const SCHEMA: &'static Schema;

    /// Shows every field to `visitor`, in order.
    fn visit<V: Visitor>(&self, visitor: &mut V);

    /// How many fields it has.
    fn width(&self) -> usize {
        Self::SCHEMA.fields.len()
    }

    /// One field, by its place in the schema; [`Value::Unset`] past the end.
    fn get(&self, index: usize) -> Value<'_>;
}

#[cfg(test)]
mod tests;
