//! RADIUS: radius.log, a row for every login, and events for messages and their attributes.

pub mod events;
mod record;

use nightjar_protocols::radius::{self, PORT};

use crate::analyze::radius::events::{Attributes, Message, RadiusAttribute, RadiusMessage};
use crate::analyze::radius::record::{Login, RadiusRow};
use crate::analyze::{Analyzer, Kind, Link, LogDecl, Named, Protocol, Spec, over_udp};
use crate::config::Config;
use crate::event::{Conn, Event, Owner};
use crate::flow::{Dir, Flow};
use crate::record::{Record, Schema};

pub type Worker = ();

const SCHEMA: &Schema = RadiusRow::SCHEMA;

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(SCHEMA),
    logs: &[LogDecl {
        schema: SCHEMA,
        info: "RADIUS::Info",
        holder: Some(("connection", "radius")),
        event: Some("log_radius"),
    }],
    script: Some(include_str!("radius.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "RADIUS", service: "radius" },
    ports: &over_udp([PORT]),
    signatures: &[],
    both: false,
    new,
};

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Radius { logins: 0, login: None })
}

struct Radius {
    /// Logins that are over, which tell the rows of a connection apart.
    logins: u64,
    /// The one that is under way. As in Zeek a connection has one at a time.
    login: Option<Login>,
}

impl Analyzer for Radius {
    fn datagram(&mut self, link: &mut Link<'_, '_>, _: Dir, payload: &[u8]) {
        let message = match radius::Message::parse(payload) {
            Ok(message) => message,
            Err(broken) => return link.violation(&broken.to_string(), None),
        };
        let mut attributes = Vec::new();
        for attribute in message.attributes() {
            match attribute {
                Ok(attribute) => {
                    self.raise_attribute(link, &attribute);
                    attributes.push(attribute);
                }
                Err(broken) => return link.violation(&broken.to_string(), None),
            }
        }
        link.confirm();
        let Link { cx, flow, .. } = link;
        let mut login = self.login.take().unwrap_or_else(|| Login::new(cx.now));
        let decided = login.take(cx.now, &message.header, &attributes);
        let row = login.row(flow);
        if cx.bus.wants(RadiusMessage::ID) {
            let radius::Header { code, trans_id, authenticator } = message.header;
            let listed = Some(Attributes(&attributes)).filter(|_| !attributes.is_empty());
            let result = Message { code, trans_id, authenticator, attributes: listed };
            flow.raise_last(cx, &RadiusMessage { c: Conn, result }, self.logins, &row, decided);
        }
        if decided {
            cx.bus.log(&row, Owner { uid: row.conn.uid, nth: self.logins });
            self.logins += 1;
        } else {
            self.login = Some(login);
        }
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        if let Some(mut login) = self.login.take() {
            login.give_up();
            let row = login.row(link.flow);
            link.cx.bus.log(&row, Owner { uid: row.conn.uid, nth: self.logins });
        }
    }
}

impl Radius {
    fn raise_attribute(&self, link: &mut Link<'_, '_>, attribute: &radius::Attribute<'_>) {
        let Link { cx, flow, .. } = link;
        if !cx.bus.wants(RadiusAttribute::ID) {
            return;
        }
        let event = RadiusAttribute { c: Conn, attr_type: attribute.code, value: attribute.value };
        match &self.login {
            Some(login) => {
                let row = login.row(flow);
                flow.raise_with(cx, &event, self.logins, &row);
            }
            None => flow.raise(cx, &event),
        }
    }
}
