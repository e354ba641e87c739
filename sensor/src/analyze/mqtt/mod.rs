//! MQTT: logs of clients that connect, of messages and of subscriptions, and events of every packet.

pub mod events;
mod record;

use std::collections::BTreeMap;

use nightjar_protocols::mqtt::{self, Ack, Connect, Limits, PORT, Publish, Session, Topics};

use crate::analyze::mqtt::record::{ConnectRow, Connection, Message, PublishRow, SubscribeRow, Subscription};
use crate::analyze::{Analyzer, Counted, Kind, Link, LogDecl, Named, Protocol, Signature, Spec, over_tcp};
use crate::config::Config;
use crate::counters::{counter, counters};
use crate::event::{Conn, Event, List, Owner, Proto};
use crate::flow::{Dir, Flow};
use crate::record::Record;
use crate::time::{Interval, Time};

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(ConnectRow::SCHEMA),
    logs: &[
        LogDecl {
            schema: ConnectRow::SCHEMA,
            info: "MQTT::ConnectInfo",
            holder: Some(("connection", "mqtt")),
            event: Some("log_mqtt"),
        },
        LogDecl { schema: PublishRow::SCHEMA, info: "MQTT::PublishInfo", holder: None, event: None },
        LogDecl { schema: SubscribeRow::SCHEMA, info: "MQTT::SubscribeInfo", holder: None, event: None },
    ],
    streams: &[
        ("mqtt_connect", "CONNECT_LOG", "log_policy_connect"),
        ("mqtt_publish", "PUBLISH_LOG", "log_policy_publish"),
        ("mqtt_subscribe", "SUBSCRIBE_LOG", "log_policy_subscribe"),
    ],
    script: Some(include_str!("mqtt.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "MQTT", service: "mqtt" },
    ports: &over_tcp([PORT]),
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: mqtt::probe },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: mqtt::probe },
    ],
    both: false,
    new,
};

/// What the analyzers of one worker share.
pub type Worker = Counted<Counters>;

counters! {
    /// What was not read of MQTT.
    pub struct Counters {
        /// Packets of which only the beginning was read, because they were too long; of messages that is enough.
        pub cut: u64 = counter("mqtt_packets_cut_total").lost("MQTT packets too long to be read whole"),
        /// Messages and subscriptions logged before they were confirmed, because too many waited.
        pub pressed: u64 = counter("mqtt_logged_early_total")
            .lost("MQTT messages logged before they were confirmed because too many waited"),
    }
}

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Mqtt { session: Session::new(Limits::default()), known: Known::default() })
}

/// One connection.
struct Mqtt {
    session: Session,
    known: Known,
}

#[derive(Default)]
struct Known {
    connection: Option<Box<Connection>>,
    /// What is not done with, by its identifier.
    messages: BTreeMap<u16, Message>,
    subscriptions: BTreeMap<u16, Subscription>,
    /// Bytes of both.
    bytes: usize,
    /// Rows so far, which are told apart by it.
    rows: u64,
}

/// Bytes of messages and subscriptions that wait: beyond that all are logged as they are. Stops a client that confirms
/// nothing.
const MAX_WAITING: usize = 256 << 10;

/// What is not confirmed after this is logged as it is, as in Zeek.
const PATIENCE: Interval = Interval::from_secs(5);

/// A connection is one to scripts, whatever is told of it.
const ONLY: u64 = 0;

impl Analyzer for Mqtt {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        self.session.data(dir.is_orig(), bytes, &mut Hears { link, known: &mut self.known });
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, dir: Dir, _: u64) {
        self.session.gap(dir.is_orig());
    }

    fn timer(&mut self, link: &mut Link<'_, '_>) -> bool {
        Hears { link, known: &mut self.known }.give_up();
        false
    }

    fn stop(&mut self, _: &mut Link<'_, '_>) -> bool {
        self.session = Session::new(Limits::default());
        self.known.bytes > 0
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        Hears { link, known: &mut self.known }.log_all();
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    known: &'h mut Known,
}

impl Hears<'_, '_, '_> {
    fn connection(&mut self) -> &mut Connection {
        let since = self.link.cx.now;
        self.known.connection.get_or_insert_with(|| {
            Box::new(Connection {
                since,
                proto_name: None,
                proto_version: None,
                client_id: None,
                connect_status: None,
                will_topic: None,
                will_payload: None,
            })
        })
    }

    /// Raises an event with what is known of the connection as `c$mqtt`, where a script handles it.
    fn raise<E: Event>(&mut self, event: &E) {
        if !self.link.cx.bus.wants(E::ID) {
            return;
        }
        self.connection();
        let Link { cx, flow, .. } = &mut *self.link;
        if let Some(connection) = &self.known.connection {
            let row = connection.row(flow);
            flow.raise_with(cx, event, ONLY, &row);
        }
    }

    /// The owner of the next row.
    fn owner(&mut self) -> Owner {
        Owner::next(self.link.flow.uid(), &mut self.known.rows)
    }

    fn log_message(&mut self, message: &Message) {
        let owner = self.owner();
        let Link { cx, flow, .. } = &mut *self.link;
        cx.bus.log(&message.row(flow, &mqtt::qos(message.qos)), owner);
    }

    fn log_subscription(&mut self, subscription: &Subscription) {
        let owner = self.owner();
        let Link { cx, flow, .. } = &mut *self.link;
        subscription.with_row(flow, |row| cx.bus.log(row, owner));
    }

    /// Takes what has that identifier, which is done with.
    fn take_message(&mut self, id: u16) -> Option<Message> {
        let message = self.known.messages.remove(&id)?;
        self.known.bytes = self.known.bytes.saturating_sub(message.bytes());
        Some(message)
    }

    fn take_subscription(&mut self, id: u16) -> Option<Subscription> {
        let subscription = self.known.subscriptions.remove(&id)?;
        self.known.bytes = self.known.bytes.saturating_sub(subscription.bytes());
        Some(subscription)
    }

    /// Logs what waits.
    fn log_all(&mut self) {
        self.log_those(|_| true);
    }

    /// Logs what has waited for too long.
    fn give_up(&mut self) {
        let now = self.link.cx.now;
        self.log_those(|since| since + PATIENCE <= now);
        self.wake();
    }

    fn log_those(&mut self, are: impl Fn(Time) -> bool) {
        let messages = self.known.messages.iter().filter(|(_, message)| are(message.ts));
        for id in messages.map(|(id, _)| *id).collect::<Vec<u16>>() {
            if let Some(message) = self.take_message(id) {
                self.log_message(&message);
            }
        }
        let subscriptions = self.known.subscriptions.iter().filter(|(_, subscription)| are(subscription.ts));
        for id in subscriptions.map(|(id, _)| *id).collect::<Vec<u16>>() {
            if let Some(subscription) = self.take_subscription(id) {
                self.log_subscription(&subscription);
            }
        }
    }

    /// Sees to it that what waits is looked at again.
    fn wake(&mut self) {
        let messages = self.known.messages.values().map(|message| message.ts);
        let all = messages.chain(self.known.subscriptions.values().map(|subscription| subscription.ts));
        if let Some(first) = all.min() {
            self.link.flow.wake_by(first + PATIENCE);
        }
    }

    /// Something more waits.
    fn waits(&mut self, bytes: usize) {
        self.known.bytes += bytes;
        if self.known.bytes > MAX_WAITING {
            let waiting = self.known.messages.len() + self.known.subscriptions.len();
            self.link.shared.of.mqtt.counters.pressed += waiting as u64;
            self.log_all();
        } else {
            self.link.flow.wake_by(self.link.cx.now + PATIENCE);
        }
    }

    fn subscription(&mut self, id: u16, topics: &Topics<'_>, begins: bool) {
        self.connection();
        let levels = begins.then(|| topics.iter().map(|(_, qos)| qos.map_or(0, u64::from)).collect());
        let topics = topics.iter().map(|(name, _)| name.into()).collect();
        let ts = self.link.cx.now;
        let subscription = Subscription { ts, topics, levels, granted: None, is_acked: false };
        // Zeek forgets one with the same identifier as well.
        self.take_subscription(id);
        let bytes = subscription.bytes();
        self.known.subscriptions.insert(id, subscription);
        self.waits(bytes);
    }

    fn confirmed(&mut self, id: u16, granted: Option<u64>) {
        if let Some(mut subscription) = self.take_subscription(id) {
            (subscription.granted, subscription.is_acked) = (granted, true);
            self.log_subscription(&subscription);
        }
    }

    /// A message that is done with is logged.
    fn settle(&mut self, id: u16) {
        if self.known.messages.get(&id).is_some_and(|message| message.is_ok)
            && let Some(message) = self.take_message(id)
        {
            self.log_message(&message);
        }
    }
}

impl mqtt::Handler for Hears<'_, '_, '_> {
    fn connect(&mut self, connect: &Connect<'_>) {
        let connection = self.connection();
        connection.proto_name = Some(connect.protocol_name.into());
        connection.proto_version = Some(mqtt::version(u64::from(connect.protocol_version)).into());
        connection.client_id = Some(connect.client_id.into());
        if let Some((topic, message)) = connect.will {
            (connection.will_topic, connection.will_payload) = (Some(topic.into()), Some(message.into()));
        }
        self.raise(&events::Connect::of(connect));
        self.link.confirm();
    }

    fn connack(&mut self, return_code: u8, session_present: bool) {
        self.connection().connect_status = Some(mqtt::return_code(return_code).into());
        let msg = events::ConnectAckMsg { return_code: u64::from(return_code), session_present };
        self.raise(&events::Connack { c: Conn, msg });
        let owner = self.owner();
        let Link { cx, flow, .. } = &mut *self.link;
        if let Some(connection) = &self.known.connection {
            cx.bus.log(&connection.row(flow), owner);
        }
    }

    fn publish(&mut self, is_orig: bool, publish: &Publish<'_>) {
        self.connection();
        let &Publish { dup, qos, retain, topic, id, payload, payload_len } = publish;
        let payload = payload.get(..self.link.cx.config.protocols.mqtt.max_payload).unwrap_or(payload);
        let message = Message {
            ts: self.link.cx.now,
            from_client: is_orig,
            retain,
            qos,
            is_ok: qos == 0,
            topic: topic.into(),
            payload: payload.into(),
            payload_len,
            received: false,
            released: false,
        };
        let msg = events::PublishMsg { dup, qos: u64::from(qos), retain, topic, payload, payload_len };
        self.raise(&events::Publish { c: Conn, is_orig, msg_id: u64::from(id), msg });
        if message.is_ok {
            self.log_message(&message);
        } else {
            // Zeek forgets one with the same identifier as well: it is the same message once more.
            self.take_message(id);
            let bytes = message.bytes();
            self.known.messages.insert(id, message);
            self.waits(bytes);
        }
        self.link.confirm();
    }

    fn ack(&mut self, is_orig: bool, ack: Ack, id: u16) {
        let msg_id = u64::from(id);
        if ack == Ack::Unsub {
            self.raise(&events::Unsuback { c: Conn, msg_id });
            return self.confirmed(id, None);
        }
        if let Some(message) = self.known.messages.get_mut(&id) {
            match ack {
                Ack::Pub => message.is_ok |= message.qos == 1,
                Ack::Rec => message.received = true,
                Ack::Rel => message.released = true,
                Ack::Comp => message.is_ok |= message.qos == 2 && message.received && message.released,
                Ack::Unsub => {}
            }
        }
        match ack {
            Ack::Pub => self.raise(&events::Puback { c: Conn, is_orig, msg_id }),
            Ack::Rec => self.raise(&events::Pubrec { c: Conn, is_orig, msg_id }),
            Ack::Rel => self.raise(&events::Pubrel { c: Conn, is_orig, msg_id }),
            Ack::Comp => self.raise(&events::Pubcomp { c: Conn, is_orig, msg_id }),
            Ack::Unsub => {}
        }
        self.settle(id);
    }

    fn subscribe(&mut self, id: u16, topics: &Topics<'_>) {
        self.subscription(id, topics, true);
        if self.link.cx.bus.wants(events::Subscribe::ID) {
            let (names, levels): (Vec<&[u8]>, Vec<u64>) =
                topics.iter().map(|(name, qos)| (name, qos.map_or(0, u64::from))).unzip();
            let (topics, requested_qos) = (List(&names), List(&levels));
            self.raise(&events::Subscribe { c: Conn, msg_id: u64::from(id), topics, requested_qos });
        }
    }

    fn suback(&mut self, id: u16, granted_qos: u8) {
        let granted_qos = u64::from(granted_qos);
        self.raise(&events::Suback { c: Conn, msg_id: u64::from(id), granted_qos });
        self.confirmed(id, Some(granted_qos));
    }

    fn unsubscribe(&mut self, id: u16, topics: &Topics<'_>) {
        self.subscription(id, topics, false);
        if self.link.cx.bus.wants(events::Unsubscribe::ID) {
            let names: Vec<&[u8]> = topics.iter().map(|(name, _)| name).collect();
            self.raise(&events::Unsubscribe { c: Conn, msg_id: u64::from(id), topics: List(&names) });
        }
    }

    fn pingreq(&mut self) {
        self.raise(&events::Pingreq { c: Conn });
    }

    fn pingresp(&mut self) {
        self.raise(&events::Pingresp { c: Conn });
    }

    fn disconnect(&mut self) {
        self.raise(&events::Disconnect { c: Conn });
    }

    fn cut(&mut self) {
        self.link.shared.of.mqtt.counters.cut += 1;
    }

    fn violation(&mut self, reason: &str) {
        self.link.violation(reason, None);
    }
}
