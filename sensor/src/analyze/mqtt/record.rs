//! mqtt_connect.log, mqtt_publish.log and mqtt_subscribe.log.

use crate::flow::Flow;
use crate::record::{EnumName, Vector, record};
use crate::time::Time;

record! {
    /// A client connected, and this is what the server said.
    pub struct ConnectRow<'a> in "mqtt_connect" of conn {
        /// When the connection was seen to be MQTT.
        ts,
        /// The protocol's name.
        proto_name: Option<&'a [u8]> = "proto_name",
        /// Its version.
        proto_version: Option<&'a str> = "proto_version",
        /// Who the client says that it is.
        client_id: Option<&'a [u8]> = "client_id",
        /// What the server said.
        connect_status: Option<&'a str> = "connect_status",
        /// Where the client's will is published.
        will_topic: Option<&'a [u8]> = "will_topic",
        /// Its will.
        will_payload: Option<&'a [u8]> = "will_payload",
    }
}

record! {
    /// A message, when it is done with.
    pub struct PublishRow<'a> in "mqtt_publish" of conn {
        /// When it was published.
        ts,
        /// Whether the client published it; if not, it was published to the client.
        from_client: bool = "from_client",
        /// Whether the server is to keep it.
        retain: bool = "retain",
        /// How often it is delivered.
        qos: &'a str = "qos",
        /// `ok`, or `incomplete_qos` where not all was seen that its delivery needs.
        status: &'a str = "status" as "string &default=\"incomplete_qos\"",
        /// Where it was published.
        topic: &'a [u8] = "topic",
        /// Its beginning, up to `MQTT::max_payload_size` bytes.
        payload: &'a [u8] = "payload",
        /// How long all of it is.
        payload_len: u64 = "payload_len",
    }
}

record! {
    /// A subscription or the end of one.
    pub struct SubscribeRow<'a> in "mqtt_subscribe" of conn {
        /// When the client asked for it.
        ts,
        /// `MQTT::SUBSCRIBE` or `MQTT::UNSUBSCRIBE`.
        action: EnumName = "action" as "SubUnsub",
        /// To what, as patterns.
        topics: Vector<'a, &'a [u8]> = "topics" as "string_vec",
        /// How often each topic's messages are to be delivered.
        qos_levels: Option<Vector<'a, u64>> = "qos_levels" as "index_vec &optional",
        /// What the server granted.
        granted_qos_level: Option<u64> = "granted_qos_level",
        /// Whether the server confirmed.
        ack: bool = "ack",
    }
}

/// What is known of a connection.
pub(super) struct Connection {
    pub since: Time,
    pub proto_name: Option<Box<[u8]>>,
    pub proto_version: Option<Box<str>>,
    pub client_id: Option<Box<[u8]>>,
    pub connect_status: Option<Box<str>>,
    pub will_topic: Option<Box<[u8]>>,
    pub will_payload: Option<Box<[u8]>>,
}

impl Connection {
    pub fn row(&self, flow: &mut Flow) -> ConnectRow<'_> {
        ConnectRow {
            conn: flow.columns(self.since),
            proto_name: self.proto_name.as_deref(),
            proto_version: self.proto_version.as_deref(),
            client_id: self.client_id.as_deref(),
            connect_status: self.connect_status.as_deref(),
            will_topic: self.will_topic.as_deref(),
            will_payload: self.will_payload.as_deref(),
        }
    }
}

/// A message that is not done with.
pub(super) struct Message {
    pub ts: Time,
    pub from_client: bool,
    pub retain: bool,
    pub qos: u8,
    pub is_ok: bool,
    pub topic: Box<[u8]>,
    pub payload: Box<[u8]>,
    pub payload_len: u64,
    /// It was received, and released.
    pub received: bool,
    pub released: bool,
}

impl Message {
    pub fn row<'a>(&'a self, flow: &mut Flow, qos: &'a str) -> PublishRow<'a> {
        PublishRow {
            conn: flow.columns(self.ts),
            from_client: self.from_client,
            retain: self.retain,
            qos,
            status: if self.is_ok { "ok" } else { "incomplete_qos" },
            topic: &self.topic,
            payload: &self.payload,
            payload_len: self.payload_len,
        }
    }

    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.topic.len() + self.payload.len()
    }
}

/// A subscription that is not confirmed.
pub(super) struct Subscription {
    pub ts: Time,
    pub topics: Vec<Box<[u8]>>,
    /// Of those that begin, none of those that end.
    pub levels: Option<Vec<u64>>,
    pub granted: Option<u64>,
    pub is_acked: bool,
}

impl Subscription {
    /// Calls `with` with the row.
    pub fn with_row(&self, flow: &mut Flow, with: impl FnOnce(&SubscribeRow<'_>)) {
        let topics: Vec<&[u8]> = self.topics.iter().map(|topic| &topic[..]).collect();
        with(&SubscribeRow {
            conn: flow.columns(self.ts),
            action: EnumName(if self.levels.is_some() { "MQTT::SUBSCRIBE" } else { "MQTT::UNSUBSCRIBE" }),
            topics: Vector(&topics),
            qos_levels: self.levels.as_deref().map(Vector),
            granted_qos_level: self.granted,
            ack: self.is_acked,
        });
    }

    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.topics.iter().map(|topic| topic.len() + 24).sum::<usize>()
    }
}
