//! What the sensor knows of a protocol, and all protocols that there are.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::analyze::{CONN, FileSpec, LogDecl, Spec, confirm, conn};
use crate::config::Config;
use crate::counters::{CounterSet, counters};
use crate::decode::UdpTunnelKind;
use crate::event::{ArgType, Event, EventDecl, EventId, EventSet, Proto};
use crate::flow;
use crate::record::Schema;

/// A protocol, or another part of the sensor that tells of traffic. Its folder declares one as `PROTOCOL`.
pub struct Protocol {
    /// As its folder.
    pub name: &'static str,
    /// What is set on flows.
    pub analyzers: &'static [&'static Spec],
    /// What is set on files, whatever carries them.
    pub file_analyzers: &'static [&'static FileSpec],
    /// Its analyzers expect connections ([`Link::expect`](crate::analyze::Link::expect)): in a replay workers wait for
    /// each other from when it may have begun.
    pub expects: bool,
    /// Its analyzers stay on connections whose data break their rules, unless scripts say otherwise
    /// (`DPD::ignore_violations`, which a script adds them to).
    pub stays: bool,
    /// The place of its first event.
    pub first: u16,
    pub events: &'static [&'static EventDecl],
    /// The log whose row the connection shows in handlers of these events (`c$http`).
    pub row: Option<&'static Schema>,
    /// Events that come when that row is not there.
    pub apart: &'static [EventId],
    /// What tells of a transaction from its beginning to its end: raised where scripts look for its row in events of
    /// others.
    pub course: &'static [EventId],
    /// Events of which the script makes rows: it is begun for them, where it was not before.
    pub joined: &'static [EventId],
    pub logs: &'static [LogDecl],
    /// Logs that have other names for scripts than their module's `LOG` and `log_policy`: the log, its stream and its
    /// hook.
    pub streams: &'static [(&'static str, &'static str, &'static str)],
    /// What is behaviour, in the Zeek language; loaded as `base/protocols/NAME`. It loads `base/logs/LOG` where its
    /// logs are to be declared.
    pub script: Option<&'static str>,
    /// A script of constants that are declared elsewhere, which the former may load.
    pub constants: Option<Constants>,
    /// Reads tables of names that scripts may have changed.
    pub reads: Option<fn(&mut Config, Tables<'_>)>,
}

impl Protocol {
    /// It is loaded as `base/protocols/NAME`.
    pub fn is_scripted(&self) -> bool {
        !self.logs.is_empty() || self.script.is_some()
    }
}

/// A script's table by its name: keys and what they stand for. Where keys are several values these have blanks between.
pub type Tables<'t> = &'t dyn Fn(&str) -> Vec<(String, String)>;

/// A script's name, and what makes it.
pub type Constants = (&'static str, fn() -> String);

impl Protocol {
    /// One that has nothing: what a declaration leaves out.
    pub const NOTHING: Protocol = Protocol {
        name: "",
        analyzers: &[],
        file_analyzers: &[],
        expects: false,
        stays: false,
        first: 0,
        events: &[],
        row: None,
        apart: &[],
        course: &[],
        joined: &[],
        logs: &[],
        streams: &[],
        script: None,
        constants: None,
        reads: None,
    };

    /// Its events with their places.
    pub fn events(&self) -> impl Iterator<Item = (EventId, &'static EventDecl)> + use<> {
        let first = self.first;
        (0..).zip(self.events).map(move |(nth, event)| (EventId::new(first, nth), *event))
    }
}

/// What a protocol's analyzers share on one worker.
pub trait Worker: Default {
    /// What they count; it shows wherever counters do.
    type Counters: CounterSet + Copy;

    fn counters(&self) -> Self::Counters;
}

/// Nothing is shared, and nothing counted.
/// Of a protocol whose analyzers share nothing but what they count.
#[derive(Default)]
pub struct Counted<C> {
    pub counters: C,
}

impl<C: CounterSet + Copy + Default> Worker for Counted<C> {
    type Counters = C;

    fn counters(&self) -> C {
        self.counters
    }
}

impl Worker for () {
    type Counters = ();

    fn counters(&self) {}
}

/// Names all protocols, by their folders.
///
/// Each folder has `events::EVENTS`, `PROTOCOL`, and as `Worker` what its analyzers share on one worker. The expansion
/// gives the events their places (`first::NAME`), and makes [`Shared`](crate::analyze::Shared)'s part and what is counted
/// in it.
macro_rules! protocols {
    ($($name:ident)+) => {
        /// The place of each protocol's first event.
        #[allow(non_upper_case_globals, reason = "they are named as the folders")]
        pub mod first {
            protocols!(@place (crate::flow::events::EVENTS.len() as u16) $($name)+);
        }

        static PROTOCOLS: &[Protocol] = &[
            Protocol { name: "flow", events: flow::events::EVENTS, ..Protocol::NOTHING },
            $(Protocol { name: stringify!($name), first: first::$name, ..crate::analyze::$name::PROTOCOL },)+
            #[cfg(test)]
            crate::analyze::testing::PROTOCOL,
        ];

        /// What the analyzers of one worker share, by protocol.
        #[derive(Default)]
        pub struct Workers {
            $(pub $name: crate::analyze::$name::Worker,)+
        }

        impl Workers {
            pub fn counters(&self) -> ProtocolStats {
                ProtocolStats { $($name: Worker::counters(&self.$name),)+ }
            }
        }

        counters! {
            /// Counters of the analyzers of one worker, by protocol.
            pub struct ProtocolStats {
                $(pub $name: <crate::analyze::$name::Worker as Worker>::Counters,)+
            }
        }
    };
    (@place ($place:expr) $name:ident $($rest:ident)*) => {
        pub const $name: u16 = $place;
        protocols!(@place ($name + crate::analyze::$name::events::EVENTS.len() as u16) $($rest)*);
    };
    (@place ($place:expr)) => {
        const _: () = assert!($place as usize <= crate::event::EventSet::CAPACITY);
    };
}

protocols! { conn signatures icmp files http dns ssh syslog ssl x509 ocsp mysql websocket quic dhcp mime smtp ftp ntp snmp radius modbus dnp3 socks mqtt sip rfb pe pop3 imap xmpp irc finger ident ldap rdp smb rpc redis memcached gssapi ntlm krb dce_rpc postgresql login s7comm enip bacnet }

pub fn protocols() -> &'static [Protocol] {
    PROTOCOLS
}

/// Everything that can be set on flows.
pub(super) fn specs() -> impl Iterator<Item = &'static Spec> {
    PROTOCOLS.iter().flat_map(|protocol| protocol.analyzers.iter().copied())
}

/// What `service` in conn.log may name, in order of the alphabet.
pub fn services() -> BTreeSet<&'static str> {
    let tunnels = UdpTunnelKind::ALL.iter().map(|kind| kind.service());
    specs().map(|spec| spec.named.service).chain(tunnels).collect()
}

/// Whether an analyzer's protocol expects connections.
pub(super) fn expects(spec: &'static Spec) -> bool {
    static EXPECTING: LazyLock<BTreeSet<usize>> = LazyLock::new(|| {
        let expecting = PROTOCOLS.iter().filter(|protocol| protocol.expects);
        expecting.flat_map(|protocol| protocol.analyzers).map(|spec| spec.address()).collect()
    });
    EXPECTING.contains(&spec.address())
}

/// The names of the analyzers that stay on connections whose data break their rules.
pub fn staying() -> impl Iterator<Item = &'static str> {
    let staying = PROTOCOLS.iter().filter(|protocol| protocol.stays);
    staying.flat_map(|protocol| protocol.analyzers).map(|spec| spec.named.name)
}

/// Whether an analyzer is one of them.
pub(super) fn stays(name: &str) -> bool {
    staying().any(|staying| staying == name)
}

/// The analyzer of a name, in upper case.
pub(super) fn named(name: &str) -> Option<&'static Spec> {
    static BY_NAME: LazyLock<Vec<&'static Spec>> = LazyLock::new(|| {
        let mut by_name: Vec<&'static Spec> = specs().collect();
        by_name.sort_by_key(|spec| spec.named.name);
        by_name
    });
    let at = BY_NAME.binary_search_by_key(&name, |spec| spec.named.name).ok()?;
    BY_NAME.get(at).copied()
}

/// What ports suggest.
struct ByPort {
    /// By [`Proto`] and port the place among `found`: a replay's workers ask with the packets of others, too.
    places: [Box<[u8]>; 3],
    /// Analyzers that share a port, and whether one of them expects connections. The first is what nothing is known of.
    found: Vec<(Vec<&'static Spec>, bool)>,
}

static BY_PORT: LazyLock<ByPort> = LazyLock::new(|| {
    let places = std::array::from_fn(|_| vec![0; 1 << 16].into_boxed_slice());
    let mut all = ByPort { places, found: vec![Default::default()] };
    for (spec, (proto, port)) in specs().flat_map(|spec| spec.ports.iter().map(move |place| (spec, *place))) {
        let place = &mut all.places[proto as usize][usize::from(port)];
        if *place == 0 {
            *place = u8::try_from(all.found.len()).unwrap_or(0);
            all.found.push(Default::default());
        }
        let (specs, expecting) = &mut all.found[usize::from(*place)];
        specs.push(spec);
        *expecting |= expects(spec);
    }
    debug_assert!(all.found.len() <= 256, "a byte tells the ports with analyzers apart");
    all
});

impl ByPort {
    #[inline]
    fn at(&self, proto: Proto, port: u16) -> (&[&'static Spec], bool) {
        let place = self.places[proto as usize].get(usize::from(port)).copied().unwrap_or(0);
        self.found.get(usize::from(place)).map_or((&[], false), |(specs, expects)| (&specs[..], *expects))
    }
}

/// The analyzers that a port suggests.
pub(super) fn suggested(proto: Proto, port: u16) -> &'static [&'static Spec] {
    BY_PORT.at(proto, port).0
}

/// Whether one of them expects connections.
#[inline]
pub(super) fn suggests_expecting(proto: Proto, port: u16) -> bool {
    BY_PORT.at(proto, port).1
}

/// The logs that analyzers write.
pub fn declared_logs() -> impl Iterator<Item = &'static LogDecl> {
    confirm::LOGS.iter().chain(PROTOCOLS.iter().flat_map(|protocol| protocol.logs))
}

/// All events with their places, in their order.
pub fn events() -> impl Iterator<Item = (EventId, &'static EventDecl)> {
    PROTOCOLS.iter().flat_map(Protocol::events)
}

/// The log whose row the connection of an event shows, if it shows one.
pub fn row_of(id: EventId) -> Option<&'static Schema> {
    static ROWS: LazyLock<Vec<Option<&'static Schema>>> = LazyLock::new(|| {
        let of = |protocol: &'static Protocol| {
            protocol.events().map(|(id, _)| protocol.row.filter(|_| !protocol.apart.contains(&id)))
        };
        PROTOCOLS.iter().flat_map(of).collect()
    });
    if id == conn::events::ConnectionStateRemove::ID {
        return Some(CONN);
    }
    ROWS.get(id.index()).copied().flatten()
}

/// The name of the one analyzer of an event's protocol, if it has but one.
pub fn analyzer_of(id: EventId) -> Option<&'static str> {
    static NAMES: LazyLock<Vec<Option<&'static str>>> = LazyLock::new(|| {
        let of = |protocol: &'static Protocol| {
            let only = match protocol.analyzers {
                [spec] => Some(spec.named.name),
                _ => None,
            };
            protocol.events.iter().map(move |_| only)
        };
        PROTOCOLS.iter().flat_map(of).collect()
    });
    NAMES.get(id.index()).copied().flatten()
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
    use crate::analyze::{DNS, HTTP, dns, files, http};

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

    #[test]
    fn ports_suggest_analyzers() {
        let names =
            |proto, port| suggested(proto, port).iter().map(|spec| spec.named.name).collect::<Vec<_>>();
        assert_eq!(names(Proto::Tcp, 80), ["HTTP"]);
        assert_eq!(names(Proto::Tcp, 22), ["SSH"]);
        assert_eq!(names(Proto::Udp, 514), ["SYSLOG"]);
        assert!(names(Proto::Udp, 80).is_empty());
    }
}
