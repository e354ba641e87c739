use super::*;
use crate::probe::Probe;

/// What a session told, as texts.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Handler for Recorder {
    fn connect(&mut self, connect: &Connect<'_>) {
        let Connect {
            protocol_name, protocol_version, client_id, keep_alive, will, username, password, ..
        } = connect;
        let texts =
            [Some(*protocol_name), Some(*client_id), will.map(|(topic, _)| topic), *username, *password];
        let texts: Vec<String> = texts
            .iter()
            .map(|text| text.map_or("-".to_owned(), |text| text.escape_ascii().to_string()))
            .collect();
        self.0.push(format!("connect {protocol_version} {keep_alive} {}", texts.join(" ")));
    }

    fn connack(&mut self, return_code: u8, session_present: bool) {
        self.0.push(format!("connack {return_code} {session_present}"));
    }

    fn publish(&mut self, is_orig: bool, publish: &Publish<'_>) {
        let Publish { dup, qos, retain, topic, id, payload, payload_len } = publish;
        let (topic, payload) = (topic.escape_ascii(), payload.escape_ascii());
        self.0.push(format!("publish {is_orig} {dup} {qos} {retain} {topic} {id} {payload} {payload_len}"));
    }

    fn ack(&mut self, is_orig: bool, ack: Ack, id: u16) {
        self.0.push(format!("{ack:?} {is_orig} {id}"));
    }

    fn subscribe(&mut self, id: u16, topics: &Topics<'_>) {
        let topics: Vec<String> =
            topics.iter().map(|(name, qos)| format!("{} {qos:?}", name.escape_ascii())).collect();
        self.0.push(format!("subscribe {id} {}", topics.join(",")));
    }

    fn suback(&mut self, id: u16, granted_qos: u8) {
        self.0.push(format!("suback {id} {granted_qos}"));
    }

    fn unsubscribe(&mut self, id: u16, topics: &Topics<'_>) {
        self.0.push(format!("unsubscribe {id} {}", topics.iter().count()));
    }

    fn pingreq(&mut self) {
        self.0.push("pingreq".to_owned());
    }

    fn pingresp(&mut self) {
        self.0.push("pingresp".to_owned());
    }

    fn disconnect(&mut self) {
        self.0.push("disconnect".to_owned());
    }

    fn cut(&mut self) {
        self.0.push("cut".to_owned());
    }

    fn violation(&mut self, reason: &str) {
        self.0.push(reason.to_owned());
    }
}

fn trace(limits: Limits, pieces: &[(bool, &[u8])]) -> Vec<String> {
    let (mut session, mut trace) = (Session::new(limits), Recorder::default());
    pieces.iter().for_each(|(is_orig, bytes)| session.data(*is_orig, bytes, &mut trace));
    trace.0
}

/// A client connects, publishes twice, subscribes and leaves.
const CLIENT: &[u8] = b"\x10\x1c\x00\x04MQTT\x04\xc6\x00\x3c\x00\x01c\x00\x01t\x00\x01w\x00\x02me\x00\x03pwd\
    \x30\x06\x00\x01thi!\x3d\x07\x00\x01t\x00\x05hi\x82\x06\x00\x09\x00\x01t\x01\xa2\x05\x00\x0a\x00\x01t\x62\x02\x00\x05\
    \xc0\x00\xe0\x00";

const WANT: [&str; 8] = [
    "connect 4 60 MQTT c t me pwd",
    "publish true false 0 false t 0 hi! 3",
    "publish true true 2 true t 5 hi 2",
    "subscribe 9 t Some(1)",
    "unsubscribe 10 1",
    "Rel true 5",
    "pingreq",
    "disconnect",
];

#[test]
fn packets_are_read_however_they_are_cut() {
    assert_eq!(trace(Limits::default(), &[(true, CLIENT)]), WANT);
    for at in 0..CLIENT.len() {
        let (front, back) = CLIENT.split_at(at);
        assert_eq!(trace(Limits::default(), &[(true, front), (true, back)]), WANT, "cut at {at}");
    }
    let server = b"\x20\x02\x01\x00\x40\x02\x00\x05\x50\x02\x00\x05\x70\x02\x00\x05\x90\x03\x00\x09\x01\xb0\x02\x00\x0a\xd0\x00";
    let want = [
        "connack 0 true",
        "Pub false 5",
        "Rec false 5",
        "Comp false 5",
        "suback 9 1",
        "Unsub false 10",
        "pingresp",
    ];
    assert_eq!(trace(Limits::default(), &[(false, server)]), want);
}

#[test]
fn what_is_broken_is_told_in_zeeks_words() {
    for (bytes, reason) in [
        (&b"\x30\x80\x80\x80\x01"[..], "malformed MQTT 'remaining length': too large"),
        (b"\x30\x80\x80\x80\x80\x01", "malformed MQTT 'remaining length': too many bytes"),
        (
            b"\x20\x01\x00",
            "Binpac exception: binpac exception: out_of_bound: MQTT_connack:return_code: 2 > 1",
        ),
        (b"\x30\x03\x00\x09a", "Binpac exception: binpac exception: out_of_bound: MQTT_string:str: 11 > 3"),
    ] {
        assert_eq!(trace(Limits::default(), &[(true, bytes)]), [reason]);
    }
}

#[test]
fn of_a_long_message_the_beginning_is_told_and_other_long_packets_are_skipped() {
    let message = [&b"\x30\xe8\x07\x00\x01t"[..], &[b'x'; 997], b"\xc0\x00"].concat();
    let mut pieces: Vec<(bool, &[u8])> = message.chunks(7).map(|piece| (true, piece)).collect();
    let payload = "x".repeat(61);
    let publish = format!("publish true false 0 false t 0 {payload} 997");
    assert_eq!(trace(Limits { packet: 64 }, &pieces), ["cut", &publish, "pingreq"]);
    let subscribe = [b"\x82\xe8\x07", &[0; 1000][..], b"\xc0\x00"].concat();
    pieces = subscribe.chunks(7).map(|piece| (true, piece)).collect();
    assert_eq!(trace(Limits { packet: 64 }, &pieces), ["cut", "pingreq"]);
}

#[test]
fn behind_a_gap_what_comes_is_read_as_a_packet() {
    let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
    session.data(true, &CLIENT[..9], &mut trace);
    session.gap(true);
    assert_eq!(session.buffered(), 0);
    session.data(true, b"\xc0\x00", &mut trace);
    assert_eq!(trace.0, ["pingreq"]);
}

#[test]
fn a_connect_decides() {
    for (bytes, probe) in [
        (CLIENT, Probe::Match),
        (b"\x10\x80\x01\x00\x06MQIsdp", Probe::Match),
        (b"\x10\x1c\x00\x04M", Probe::NeedMore),
        (b"\x10\x1c\x00\x04HTTPS", Probe::NoMatch),
        (b"GET / MQTT", Probe::NoMatch),
    ] {
        assert_eq!(super::probe(bytes), probe, "{}", bytes.escape_ascii());
    }
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("mqtt", fuzz::check);
}
