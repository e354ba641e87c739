//! The columns that rows of connections begin with.

use std::net::IpAddr;

use crate::record::{Field, FieldDef, Type, Uid, Value, Visitor};
use crate::time::Time;

/// What a row of a connection begins with: when, and which connection.
#[derive(Clone, Copy, Debug)]
pub struct ConnColumns {
    pub ts: Time,
    pub uid: Uid,
    pub orig_h: IpAddr,
    pub orig_p: u16,
    pub resp_h: IpAddr,
    pub resp_p: u16,
}

impl ConnColumns {
    /// How many columns they are.
    pub const WIDTH: usize = 6;

    pub const UID: FieldDef = column("uid", Type::String, "The connection's identifier.");
    pub const ORIG_H: FieldDef = column("id.orig_h", Type::Addr, "The originator's address.");
    pub const ORIG_P: FieldDef =
        column("id.orig_p", Type::Port, "The originator's port; of ICMP the message type.");
    pub const RESP_H: FieldDef = column("id.resp_h", Type::Addr, "The responder's address.");
    pub const RESP_P: FieldDef =
        column("id.resp_p", Type::Port, "The responder's port; of ICMP the code, or the type of the answer.");

    /// The first of them: each log says of what its time is.
    pub const fn ts(doc: &'static str) -> FieldDef {
        column("ts", Type::Time, doc)
    }

    /// Shows them; the place of the column behind them.
    #[inline]
    pub fn visit<V: Visitor>(&self, visitor: &mut V) -> usize {
        visitor.field(0, self.ts.value());
        visitor.field(1, self.uid.value());
        visitor.field(2, self.orig_h.value());
        visitor.field(3, self.orig_p.value());
        visitor.field(4, self.resp_h.value());
        visitor.field(5, self.resp_p.value());
        Self::WIDTH
    }

    pub fn get(&self, index: usize) -> Value<'_> {
        match index {
            0 => self.ts.value(),
            1 => self.uid.value(),
            2 => self.orig_h.value(),
            3 => self.orig_p.value(),
            4 => self.resp_h.value(),
            5 => self.resp_p.value(),
            _ => Value::Unset,
        }
    }
}

const fn column(name: &'static str, ty: Type, doc: &'static str) -> FieldDef {
    FieldDef { name, ty, optional: false, zeek: None, doc }
}
