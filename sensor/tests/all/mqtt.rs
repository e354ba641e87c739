//! The logs and events of MQTT, end to end.

use crate::build::{Capture, Client, Server, Talk, printed, rows};
use crate::replay::golden;

const CONNECT: &[u8] = b"\x10\x16\x00\x06MQIsdp\x03\x06\x00\x3c\x00\x01c\x00\x01w\x00\x02by";
const SUBSCRIBE: &[u8] = b"\x82\x0a\x00\x01\x00\x01a\x00\x00\x01b\x02";

/// A session, in segments of this length.
fn talk(talk: &mut Talk<'_>, len: usize) {
    talk.send_in(Client, len, CONNECT).send_in(Server, len, b"\x20\x02\x00\x00");
    talk.send_in(Client, len, SUBSCRIBE).send_in(Server, len, b"\x90\x04\x00\x01\x00\x02");
    // At most once, at least once, exactly once.
    talk.send_in(Client, len, b"\x31\x05\x00\x01ahi").send_in(Server, len, b"\x32\x07\x00\x01b\x00\x07yo");
    talk.send_in(Client, len, b"\x40\x02\x00\x07").send_in(Client, len, b"\x34\x06\x00\x01a\x00\x08!");
    talk.send_in(Server, len, b"\x50\x02\x00\x08").send_in(Client, len, b"\x62\x02\x00\x08");
    talk.send_in(Server, len, b"\x70\x02\x00\x08").send_in(Client, len, b"\xc0\x00").send_in(
        Server,
        len,
        b"\xd0\x00",
    );
    talk.send_in(Client, len, b"\xa2\x05\x00\x02\x00\x01a").send_in(Server, len, b"\xb0\x02\x00\x02");
    // Nobody confirms.
    talk.send_in(Client, len, b"\x32\x06\x00\x01a\x00\x09?").send_in(Client, len, b"\xe0\x00").close();
}

/// A session on a port that is nobody's.
fn capture(len: usize) -> Capture {
    let mut capture = Capture::new();
    talk(&mut capture.talk(40_000, 4000), len);
    capture
}

#[test]
fn mqtt_gives_its_golden_logs() {
    golden::check("mqtt", &capture(1400));
}

#[test]
fn mqtt_is_the_same_however_its_bytes_are_cut() {
    let all = |len| {
        let rows = rows(&capture(len));
        let connect =
            rows.fields("mqtt_connect", ["proto_name", "proto_version", "client_id", "connect_status"]);
        let publish = rows.fields("mqtt_publish", ["qos", "status", "topic", "payload"]);
        (connect, publish, rows.of("mqtt_subscribe").len(), rows.only("conn")["service"].clone())
    };
    let whole = all(1400);
    assert_eq!((whole.1.len(), whole.2, &whole.3), (4, 2, &"mqtt".into()));
    for len in [1, 2, 3, 7] {
        assert_eq!(all(len), whole, "{len}");
    }
}

#[test]
fn mqtt_events_tell_every_packet() {
    let script = "event mqtt_connect(c: connection, msg: MQTT::ConnectMsg)
            { print msg$client_id, msg$keep_alive, msg$clean_session, msg$will_topic, msg$will_msg, c$mqtt$proto_version; }
        event mqtt_connack(c: connection, msg: MQTT::ConnectAckMsg) { print msg, c$mqtt$connect_status; }
        event mqtt_publish(c: connection, is_orig: bool, msg_id: count, msg: MQTT::PublishMsg)
            { print is_orig, msg_id, MQTT::qos_levels[msg$qos], msg$retain, msg$topic, msg$payload, msg$payload_len; }
        event mqtt_puback(c: connection, is_orig: bool, msg_id: count) { print \"ack\", is_orig, msg_id; }
        event mqtt_pubrec(c: connection, is_orig: bool, msg_id: count) { print \"rec\", is_orig, msg_id; }
        event mqtt_pubrel(c: connection, is_orig: bool, msg_id: count) { print \"rel\", is_orig, msg_id; }
        event mqtt_pubcomp(c: connection, is_orig: bool, msg_id: count) { print \"comp\", is_orig, msg_id; }
        event mqtt_subscribe(c: connection, msg_id: count, topics: string_vec, requested_qos: index_vec)
            { print msg_id, topics, requested_qos; }
        event mqtt_suback(c: connection, msg_id: count, granted_qos: count) { print msg_id, granted_qos; }
        event mqtt_unsubscribe(c: connection, msg_id: count, topics: string_vec) { print msg_id, topics; }
        event mqtt_unsuback(c: connection, msg_id: count) { print msg_id; }
        event mqtt_pingreq(c: connection) { print \"ping\"; }
        event mqtt_pingresp(c: connection) { print \"pong\"; }
        event mqtt_disconnect(c: connection) { print \"bye\"; }
        hook MQTT::log_policy_publish(rec: MQTT::PublishInfo, id: Log::ID, filter: Log::Filter)
            { if ( rec$status != \"ok\" ) print rec$topic, rec$status; }";
    let want = "c, 1.0 min, T, w, by, 3.1\n[return_code=0, session_present=F], Connection Accepted\n\
        1, [a, b], [0, 2]\n1, 0\nT, 0, at most once, T, a, hi, 2\nF, 7, at least once, F, b, yo, 2\nack, T, 7\n\
        T, 8, exactly once, F, a, !, 1\nrec, F, 8\nrel, T, 8\ncomp, F, 8\nping\npong\n2, [a]\n2\n\
        T, 9, at least once, F, a, ?, 1\nbye\na, incomplete_qos\n";
    assert_eq!(printed(&capture(1400), &[], script)[0], want);
    let short = printed(&capture(1400), &["MQTT::max_payload_size=1"], script);
    assert!(short[0].contains("T, a, h, 2\n"), "{}", short[0]);
}

#[test]
fn what_nobody_confirms_is_logged_while_the_connection_lasts() {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 1883);
    talk.send(Client, CONNECT).send(Client, b"\x32\x06\x00\x01a\x00\x09?").wait(20).send(Client, b"\xc0\x00");
    talk.send(Server, b"\x40\x02\x00\x09").close();
    assert_eq!(rows(&capture).fields("mqtt_publish", ["status", "payload"]), [["incomplete_qos", "?"]]);
}

#[test]
fn what_is_broken_is_a_violation() {
    let mut capture = Capture::new();
    capture.talk(40_000, 1883).send(Client, CONNECT).send(Client, b"\x20\x01\x00").close();
    let rows = rows(&capture);
    let reason = "Binpac exception: binpac exception: out_of_bound: MQTT_connack:return_code: 2 > 1";
    assert_eq!(rows.only("analyzer")["failure_reason"], reason);
    assert_eq!(rows.only("dpd")["analyzer"], "MQTT");
}
