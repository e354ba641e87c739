//! All events that traffic raises, by what raises them.

use crate::analyze::{CONN, DNS, HTTP, conn, dns, files, http};
use crate::event::{ArgType, Event, EventDecl, EventId, EventSet};
use crate::flow;
use crate::record::Schema;

/// Events of one protocol, or of one part of the sensor.
pub struct EventGroup {
    /// As the folder that declares them.
    pub name: &'static str,
    pub first: u16,
    pub events: &'static [&'static EventDecl],
    /// The log whose row the connection shows in handlers of these events (`c$http`).
    pub row: Option<&'static Schema>,
    /// Events of the group that come when that row is not there.
    pub apart: &'static [EventId],
    /// What tells of a transaction from its beginning to its end: raised where scripts look for its row in events of
    /// other groups.
    pub course: &'static [EventId],
}

/// Gives every group's first event its place.
macro_rules! groups {
    ($($name:ident $(($($field:ident: $value:expr),+))?,)+) => {
        /// The place of each group's first event.
        #[allow(non_upper_case_globals)]
        pub mod first {
            groups!(@place (crate::flow::events::EVENTS.len() as u16) $($name)+);
        }

        #[allow(clippy::needless_update, reason = "some groups give all fields")]
        static GROUPS: &[EventGroup] = &[
            EventGroup { name: "flow", first: 0, events: flow::events::EVENTS, ..NO_ROWS },
            $(EventGroup {
                name: stringify!($name),
                first: first::$name,
                events: $name::events::EVENTS,
                $($($field: $value,)+)?
                ..NO_ROWS
            },)+
        ];
    };
    (@place ($place:expr) $name:ident $($rest:ident)*) => {
        pub const $name: u16 = $place;
        groups!(@place ($name + crate::analyze::$name::events::EVENTS.len() as u16) $($rest)*);
    };
    (@place ($place:expr)) => {
        const _: () = assert!($place as usize <= crate::event::EventSet::CAPACITY);
    };
}

const NO_ROWS: EventGroup =
    EventGroup { name: "", first: 0, events: &[], row: None, apart: &[], course: &[] };

groups! {
    conn,
    // Files come with the transaction that carries them.
    files(row: Some(HTTP)),
    http(
        row: Some(HTTP),
        apart: &[http::events::Stats::ID],
        course: &[
            http::events::Request::ID,
            http::events::ContentType::ID,
            http::events::Reply::ID,
            http::events::MessageDone::ID,
        ]
    ),
    dns(
        row: Some(DNS),
        course: &[dns::events::Message::ID, dns::events::Request::ID, dns::events::End::ID]
    ),
}

/// All events with their places, in their order.
pub fn events() -> impl Iterator<Item = (EventId, &'static EventDecl)> {
    GROUPS.iter().flat_map(EventGroup::events)
}

pub fn event_groups() -> &'static [EventGroup] {
    GROUPS
}

/// The log whose row the connection of an event shows, if it shows one.
pub fn row_of(id: EventId) -> Option<&'static Schema> {
    if id == conn::events::ConnectionStateRemove::ID {
        return Some(CONN);
    }
    let group = GROUPS.iter().rev().find(|group| group.first as usize <= id.index())?;
    group.row.filter(|_| !group.apart.contains(&id))
}

impl EventGroup {
    pub fn events(&self) -> impl Iterator<Item = (EventId, &'static EventDecl)> + use<> {
        let first = self.first;
        (0..).zip(self.events).map(move |(nth, event)| (EventId::new(first, nth), *event))
    }
}

impl EventDecl {
    /// Whether it tells of a file.
    pub fn is_of_file(&self) -> bool {
        self.params.iter().any(|param| matches!(param.ty, ArgType::Named("fa_file")))
    }
}

/// The events that have a property.
pub fn events_where(is: impl Fn(EventId, &EventDecl) -> bool) -> EventSet {
    let mut set = EventSet::default();
    events().filter(|(id, event)| is(*id, event)).for_each(|(id, _)| set.insert(id));
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_place_and_a_name_of_its_own() {
        let all: Vec<(EventId, &EventDecl)> = events().collect();
        assert!(all.iter().enumerate().all(|(at, (id, _))| id.index() == at));
        let mut names: Vec<&str> = all.iter().map(|(_, event)| event.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all.len());
        let id = http::events::Reply::ID;
        assert_eq!(all.get(id.index()).map(|(_, event)| event.name), Some("http_reply"));
    }

    #[test]
    fn rows_come_with_the_events_of_their_protocol() {
        assert_eq!(row_of(http::events::Reply::ID), Some(HTTP));
        assert_eq!(row_of(http::events::Stats::ID), None);
        assert_eq!(row_of(files::events::FileNew::ID), Some(HTTP));
        assert_eq!(row_of(dns::events::End::ID), Some(DNS));
        assert_eq!(row_of(conn::events::NewConnection::ID), None);
        assert_eq!(row_of(conn::events::ConnectionStateRemove::ID), Some(CONN));
    }
}
