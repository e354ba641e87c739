//! MQTT's events and their arguments.

use nightjar_protocols::mqtt;

use crate::event::{Conn, List, arg_records, events};
use crate::time::Interval;

events! { [crate::analyze::first::mqtt]
    /// A client connects.
    pub struct Connect<'a>: "mqtt_connect" {
        c: Conn,
        msg: ConnectMsg<'a>,
    }
    /// A server says whether it may.
    pub struct Connack: "mqtt_connack" {
        c: Conn,
        msg: ConnectAckMsg,
    }
    /// A message was published, by the client or to it.
    pub struct Publish<'a>: "mqtt_publish" {
        c: Conn,
        is_orig: bool,
        msg_id: u64,
        msg: PublishMsg<'a>,
    }
    /// A message was received, at least once.
    pub struct Puback: "mqtt_puback" {
        c: Conn,
        is_orig: bool,
        msg_id: u64,
    }
    /// A message that is to be received exactly once was.
    pub struct Pubrec: "mqtt_pubrec" {
        c: Conn,
        is_orig: bool,
        msg_id: u64,
    }
    /// Such a message may be forgotten.
    pub struct Pubrel: "mqtt_pubrel" {
        c: Conn,
        is_orig: bool,
        msg_id: u64,
    }
    /// Such a message is done with.
    pub struct Pubcomp: "mqtt_pubcomp" {
        c: Conn,
        is_orig: bool,
        msg_id: u64,
    }
    /// A client subscribes to topics.
    pub struct Subscribe<'a>: "mqtt_subscribe" {
        c: Conn,
        msg_id: u64,
        topics: List<'a, &'a [u8]>,
        requested_qos: List<'a, u64>,
    }
    /// A server grants that.
    pub struct Suback: "mqtt_suback" {
        c: Conn,
        msg_id: u64,
        granted_qos: u64,
    }
    /// A client does not want topics any more.
    pub struct Unsubscribe<'a>: "mqtt_unsubscribe" {
        c: Conn,
        msg_id: u64,
        topics: List<'a, &'a [u8]>,
    }
    /// A server confirms that.
    pub struct Unsuback: "mqtt_unsuback" {
        c: Conn,
        msg_id: u64,
    }
    /// A client asks whether the server is there.
    pub struct Pingreq: "mqtt_pingreq" {
        c: Conn,
    }
    /// It is.
    pub struct Pingresp: "mqtt_pingresp" {
        c: Conn,
    }
    /// A client leaves.
    pub struct Disconnect: "mqtt_disconnect" {
        c: Conn,
    }
}

arg_records! {
    /// What a client says when it connects.
    pub struct ConnectMsg<'a>: "MQTT::ConnectMsg" {
        protocol_name: &'a [u8],
        protocol_version: u64,
        client_id: &'a [u8],
        keep_alive: Interval,
        clean_session: bool,
        will_retain: bool,
        will_qos: u64,
        will_topic: Option<&'a [u8]>,
        will_msg: Option<&'a [u8]>,
        username: Option<&'a [u8]>,
        password: Option<&'a [u8]>,
    }
    /// What a server says to that.
    pub struct ConnectAckMsg: "MQTT::ConnectAckMsg" {
        return_code: u64,
        session_present: bool,
    }
    /// A message, with at most `MQTT::max_payload_size` bytes of what it says.
    pub struct PublishMsg<'a>: "MQTT::PublishMsg" {
        dup: bool,
        qos: u64,
        retain: bool,
        topic: &'a [u8],
        payload: &'a [u8],
        payload_len: u64,
    }
}

impl<'a> Connect<'a> {
    pub fn of(connect: &mqtt::Connect<'a>) -> Self {
        let msg = ConnectMsg {
            protocol_name: connect.protocol_name,
            protocol_version: u64::from(connect.protocol_version),
            client_id: connect.client_id,
            keep_alive: Interval::from_secs(i64::from(connect.keep_alive)),
            clean_session: connect.clean_session,
            will_retain: connect.will_retain,
            will_qos: u64::from(connect.will_qos),
            will_topic: connect.will.map(|(topic, _)| topic),
            will_msg: connect.will.map(|(_, message)| message),
            username: connect.username,
            password: connect.password,
        };
        Connect { c: Conn, msg }
    }
}
