//! RADIUS's events and their arguments.

use nightjar_protocols::radius;

use crate::event::{Arena, ArgType, Argument, Conn, Part, arg_records, events};

events! { [crate::analyze::first::radius]
    /// A message.
    pub struct RadiusMessage<'a>: "radius_message" {
        c: Conn,
        result: Message<'a>,
    }
    /// An attribute of a message, before the message.
    pub struct RadiusAttribute<'a>: "radius_attribute" {
        c: Conn,
        attr_type: u8,
        value: &'a [u8],
    }
}

arg_records! {
    /// A message (RFC 2865 §3).
    pub struct Message<'a>: "RADIUS::Message" {
        code: u8,
        trans_id: u8,
        authenticator: &'a [u8],
        attributes: Option<Attributes<'a>>,
    }
}

/// Attributes by their types; of each type a list.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a>(pub &'a [radius::Attribute<'a>]);

/// The values of one type.
const LIST: ArgType = ArgType::Alias("RADIUS::AttributeList", &ArgType::Vector(&ArgType::Named("string")));

impl Argument for Attributes<'_> {
    const TYPE: ArgType = ArgType::Alias("RADIUS::Attributes", &ArgType::Numbered(&LIST));

    fn put(&self, arena: &mut Arena) -> Part {
        let last = self.0.iter().map(|attribute| attribute.code).max().unwrap_or(0);
        let of_type = |code: u8, arena: &mut Arena| {
            let attributes = self.0.iter().filter(|attribute| attribute.code == code);
            let values: Vec<Part> = attributes.map(|attribute| arena.text(attribute.value)).collect();
            if values.is_empty() { Part::Unset } else { arena.list(&values) }
        };
        // Type 0 is none (RFC 2865 §5).
        let by_type: Vec<Part> = (1..=last).map(|code| of_type(code, arena)).collect();
        arena.list(&by_type)
    }
}
