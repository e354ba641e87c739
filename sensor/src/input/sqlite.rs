//! What a query of a SQLite database gives.

use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Statement};

use super::cell::{self, Cell, CellType, Field, Transport, Unreadable};
use super::{Follow, Item, Out, Sqlite, Stop};
use crate::log::sqlite_message;

pub struct Reader {
    options: Sqlite,
    fields: Vec<Field>,
    max_size: u64,
    connection: Option<Connection>,
}

/// Where the statement's columns have a field, and a port's protocol.
#[derive(Clone, Copy)]
struct Column {
    at: usize,
    protocol: Option<usize>,
}

impl Reader {
    pub fn new(options: Sqlite, fields: Vec<Field>, max_size: u64) -> Self {
        Reader { options, fields, max_size, connection: None }
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        // Who only reads leaves other people's databases alone.
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.options.path, flags)?;
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, i32::try_from(self.max_size).unwrap_or(i32::MAX))?;
        Ok(connection)
    }

    /// The columns of the fields; `None` where some are missing, which has been said.
    fn columns(&self, statement: &Statement<'_>, out: &mut Out) -> Result<Option<Vec<Column>>, Stop> {
        let names = statement.column_names();
        let mut columns = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let mut wanted = [Some(&field.name), field.protocol.as_ref()].map(|wanted| (wanted, None));
            for (wanted, found) in &mut wanted {
                for (at, name) in names.iter().enumerate() {
                    if wanted.is_some_and(|wanted| wanted == name) && found.replace(at).is_some() {
                        out.error(format!(
                            "SQLite statement returns several columns with name {name}! Cannot decide which to \
                             choose, aborting"
                        ))?;
                        return Ok(None);
                    }
                }
            }
            let [(_, at), (_, protocol)] = wanted;
            let Some(at) = at else {
                out.error(format!("Required field {} not found after SQLite statement", field.name))?;
                return Ok(None);
            };
            columns.push(Column { at, protocol });
        }
        Ok(Some(columns))
    }
}

impl Reader {
    fn read(&self, connection: &Connection, out: &mut Out) -> Result<(), Stop> {
        let failed = |error: rusqlite::Error| format!("SQLite call failed: {}", sqlite_message(&error));
        let mut statement = match connection.prepare(&self.options.query) {
            Ok(statement) => statement,
            Err(error) => return out.fail(failed(error)),
        };
        let Some(columns) = self.columns(&statement, out)? else { return Ok(()) };
        let mut rows = match statement.query([]) {
            Ok(rows) => rows,
            Err(error) => return out.fail(failed(error)),
        };
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => break,
                Err(error) => return out.fail(failed(error)),
            };
            let (mut cells, mut bytes) = (Vec::with_capacity(columns.len()), 0);
            for (field, column) in self.fields.iter().zip(&columns) {
                let value = |at: usize| row.get_ref(at).unwrap_or(ValueRef::Null);
                let mut complaints = Vec::new();
                let cell =
                    self.cell(field, value(column.at), column.protocol.map(value), &mut bytes, &mut |text| {
                        complaints.push(text);
                    });
                match cell {
                    Ok(cell) => {
                        for text in complaints {
                            out.warn(text)?;
                        }
                        cells.push(cell);
                    }
                    // One value that does not fit ends the reading, as in Zeek.
                    Err(Unreadable) => {
                        for text in complaints {
                            out.error(text)?;
                        }
                        return Ok(());
                    }
                }
            }
            out.put(Item::Row { line: 0, cells }, bytes)?;
        }
        out.put(Item::End, 0)
    }

    fn cell(
        &self,
        field: &Field,
        value: ValueRef<'_>,
        protocol: Option<ValueRef<'_>>,
        bytes: &mut usize,
        warn: &mut dyn FnMut(String),
    ) -> Result<Cell, Unreadable> {
        let number = match value {
            ValueRef::Integer(number) => number,
            ValueRef::Real(number) => number as i64,
            ValueRef::Text(text) | ValueRef::Blob(text) => {
                std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
            }
            ValueRef::Null => return Ok(Cell::Unset),
        };
        let text = match value {
            ValueRef::Text(text) | ValueRef::Blob(text) => text.to_vec(),
            ValueRef::Integer(number) => number.to_string().into_bytes(),
            ValueRef::Real(number) => number.to_string().into_bytes(),
            ValueRef::Null => Vec::new(),
        };
        *bytes += text.len();
        Ok(match field.ty {
            CellType::Bool => match value {
                ValueRef::Integer(number @ (0 | 1)) => Cell::Bool(number == 1),
                ValueRef::Integer(number) => {
                    warn(format!("Invalid value for boolean: {number}"));
                    return Err(Unreadable);
                }
                _ => {
                    warn("Invalid data type for boolean - expected Integer".to_owned());
                    return Err(Unreadable);
                }
            },
            CellType::Int => Cell::Int(number),
            CellType::Count => Cell::Count(number.cast_unsigned()),
            CellType::Double | CellType::Time | CellType::Interval => Cell::Double(match value {
                ValueRef::Real(number) => number,
                _ => std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok()).unwrap_or(0.0),
            }),
            CellType::String | CellType::Enum => Cell::Text(text),
            CellType::Port => {
                let Ok(port) = u16::try_from(number) else {
                    warn(format!("Number '{number}' out of supported range."));
                    return Err(Unreadable);
                };
                let transport = match protocol {
                    None => Transport::Unknown,
                    Some(ValueRef::Text(name)) => cell::transport(name, warn),
                    Some(_) => {
                        warn("Port protocol definition did not contain text".to_owned());
                        Transport::Unknown
                    }
                };
                Cell::Port(port, transport)
            }
            CellType::Addr | CellType::Subnet | CellType::Pattern | CellType::Set | CellType::Vector => {
                self.options.notation.read(&text, field, warn)?
            }
        })
    }
}

impl Follow for Reader {
    fn update(&mut self, out: &mut Out) -> Result<(), Stop> {
        if self.connection.is_none() {
            match self.connect() {
                Ok(connection) => self.connection = Some(connection),
                Err(error) => return out.fail(format!("SQLite call failed: {}", sqlite_message(&error))),
            }
        }
        let Some(connection) = &self.connection else { return Ok(()) };
        self.read(connection, out)
    }
}
