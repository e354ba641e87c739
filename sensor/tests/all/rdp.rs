//! rdp.log and events of RDP and RDPEUDP, end to end.

use crate::build::{CLIENT, Capture, Client, SERVER, Server, Talk, printed, rows, rows_with};
use crate::replay::golden;

fn tpkt(rest: &[u8]) -> Vec<u8> {
    [&[3, 0], &(rest.len() as u16 + 4).to_be_bytes()[..], rest].concat()
}

fn request(cookie: &[u8]) -> Vec<u8> {
    let rest = [&[0xe0, 0, 0, 0, 0, 0][..], cookie, &[1, 0, 8, 0, 3, 0, 0, 0]].concat();
    tpkt(&[&[rest.len() as u8], &rest[..]].concat())
}

fn confirm(protocol: u8) -> Vec<u8> {
    tpkt(&[14, 0xd0, 0, 0, 0, 0, 0, 2, 0, 8, 0, protocol, 0, 0, 0])
}

fn block(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(content.len() as u16 + 4).to_le_bytes(), content].concat()
}

fn wide(text: &str, len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.resize(len, 0);
    bytes
}

/// A client's settings, with so many channels.
fn settings(channels: u32) -> Vec<u8> {
    let core = [
        &[4, 0, 8, 0, 0x80, 7, 0x38, 4, 1, 0xca, 3, 0xaa][..],
        &[9, 4, 0, 0],
        &9600_u32.to_le_bytes(),
        &wide("LÄPTOP", 32),
        &[4, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0],
        &wide("", 64),
        &[1, 0xca, 1, 0, 0, 0, 0, 0, 24, 0, 7, 0, 1, 0],
        &wide("a-b-c", 64),
    ]
    .concat();
    let names = (0..channels).flat_map(|nth| {
        let mut name = format!("rdpsnd{nth}").into_bytes();
        name.resize(8, 0);
        [name, vec![0, 0, 0, 0xc0]].concat()
    });
    let asked = [&channels.to_le_bytes()[..], &names.collect::<Vec<u8>>()].concat();
    let blocks = [
        block(0xc001, &core),
        block(0xc002, &[3, 0, 0, 0, 0, 0, 0, 0]),
        block(0xc003, &asked),
        block(0xc004, &[13, 0, 0, 0, 5, 0, 0, 0]),
    ];
    let head =
        b"\x02\xf0\x80\x7f\x65\x82\x01\xb2\x04\x01\x01\x04\x01\x01\x01\x01\xff\x30\x00\x30\x00\x30\x00\
        \x04\x82\x01\x33\x00\x05\x00\x14\x7c\x00\x01\x81\x2a\x00\x08\x00\x10\x00\x01\xc0\x00Duca\x81\x1c";
    tpkt(&[&head[..], &blocks.concat()].concat())
}

/// A server's answer, with a key of its own.
fn answer() -> Vec<u8> {
    let key = [&b"RSA1"[..], &[8, 0, 0, 0, 0, 2, 0, 0, 1, 0, 1, 0], b"modulus!"].concat();
    let certificate = [
        &[1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 6, 0][..],
        &(key.len() as u16).to_le_bytes(),
        &key,
        &[8, 0, 4, 0],
        b"sign",
    ]
    .concat();
    let len = (certificate.len() as u32).to_le_bytes();
    let security = [&[2, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0][..], &len, b"rand", &certificate].concat();
    let blocks = [block(0x0c01, &[4, 0, 8, 0]), block(0x0c02, &security)].concat();
    let head = b"\x02\xf0\x80\x7f\x66\x82\x01\x45\x0a\x01\x00\x02\x01\x00\x30\x02ab\x04\x82\x01\x1f\
        \x00\x05\x00\x14\x7c\x00\x01\x2a\x14\x76\x0a\x01\x01\x00\x01\xc0\x00McDn\x81\x08";
    tpkt(&[&head[..], &blocks].concat())
}

/// A connection to a port that no protocol has, alone in its capture.
fn one(tell: impl FnOnce(&mut Talk<'_>)) -> Capture {
    let mut capture = Capture::new();
    tell(&mut capture.talk(40_000, 4000));
    capture
}

const COOKIE: &[u8] = b"Cookie: mstshash=eve\r\n";

/// A connection that RDP itself encrypts, in segments of this length.
fn native(talk: &mut Talk<'_>, len: usize) {
    talk.send_in(Client, len, &request(COOKIE)).send_in(Server, len, &confirm(0));
    talk.send_in(Client, len, &settings(2)).send_in(Server, len, &answer());
    talk.send_in(Client, 1400, b"secret").close();
}

/// One that is refused, one that goes on in TLS, and one that RDP itself encrypts.
fn capture(len: usize) -> Capture {
    let mut capture = Capture::new();
    native(&mut capture.talk(40_000, 3389), len);
    let refusal = tpkt(&[14, 0xd0, 0, 0, 0, 0, 0, 3, 0, 8, 0, 5, 0, 0, 0]);
    let mut refused = capture.talk(40_001, 3389);
    refused.send_in(Client, len, &request(b"")).send_in(Server, len, &refusal).close();
    let mut tls = capture.talk(40_002, 3389);
    tls.send_in(Client, len, &request(COOKIE)).send_in(Server, len, &confirm(2)).close();
    capture
}

#[test]
fn rdp_gives_its_golden_logs() {
    golden::check("rdp", &capture(1400));
}

#[test]
fn rdp_is_the_same_however_its_bytes_are_cut_and_wherever_it_is() {
    let columns = ["cookie", "result", "client_channels", "keyboard_layout", "client_name", "cert_type"];
    let whole = rows(&capture(1400)).fields("rdp", columns);
    assert_eq!(whole.len(), 3);
    for len in [1, 2, 3, 5, 11] {
        assert_eq!(rows(&capture(len)).fields("rdp", columns), whole, "{len}");
        let elsewhere = rows(&one(|talk| native(talk, len)));
        assert_eq!(elsewhere.fields("rdp", columns), [whole[0].clone()], "{len}");
        assert_eq!(elsewhere.only("conn")["service"], "rdp");
    }
}

#[test]
fn scripts_see_how_both_sides_agree() {
    let script = "event rdp_connect_request(c: connection, cookie: string) { print cookie, c$rdp$cookie; }
        event rdp_negotiation_response(c: connection, security_protocol: count)
            { print RDP::security_protocols[security_protocol]; }
        event rdp_client_core_data(c: connection, data: RDP::ClientCoreData)
            { print data$client_name, data$desktop_width, data$ec_flags$support_err_info_pdu, RDP::builds[data$client_build]; }
        event rdp_client_security_data(c: connection, data: RDP::ClientSecurityData) { print data; }
        event rdp_client_network_data(c: connection, channels: RDP::ClientChannelList)
            { print |channels|, channels[1]$name, channels[1]$initialized, channels[1]$persistent; }
        event rdp_client_cluster_data(c: connection, data: RDP::ClientClusterData) { print data; }
        event rdp_gcc_server_create_response(c: connection, result: count) { print RDP::results[result]; }
        event rdp_server_certificate(c: connection, cert_type: count, permanently_issued: bool)
            { print RDP::cert_types[cert_type], permanently_issued, c$rdp$cert_count; }
        event rdp_begin_encryption(c: connection, security_protocol: count) { print \"encrypted\", security_protocol; }
        event rdp_server_security(c: connection, encryption_method: count, encryption_level: count)
            { print encryption_method, encryption_level, c$rdp$encryption_level; }
        event rdp_native_encrypted_data(c: connection, orig: bool, len: count) { print orig, len; }
        event RDP::log_rdp(rec: RDP::Info) { print rec$client_channels; }";
    let mut capture = Capture::new();
    native(&mut capture.talk(40_000, 3389), 1400);
    let want = "eve, eve\nRDP\nLÄPTOP, 1920, T, RDP 8.1\n\
        [encryption_methods=3, ext_encryption_methods=0]\n2, rdpsnd1\\x00, T, F\n\
        [flags=13, redir_session_id=5, redir_supported=T, svr_session_redir_version_mask=4, \
        redir_sessionid_field_valid=F, redir_smartcard=F]\n\
        Success\nRSA, T, 1\nencrypted, 0\n2, 2, Client compatible\nT, 6\n[rdpsnd0, rdpsnd1]\n";
    assert_eq!(printed(&capture, &[], script)[0], want);
}

#[test]
fn a_connection_is_logged_ten_seconds_after_it_began() {
    let capture = || {
        one(|talk| {
            talk.send(Client, &request(COOKIE)).send(Server, &confirm(0)).wait(11);
            talk.send(Client, &settings(1)).send(Server, &answer()).close();
        })
    };
    let early = rows(&capture());
    assert_eq!(early.fields("rdp", ["cookie", "client_name"]), [["eve".into(), serde_json::Value::Null]]);
    assert_eq!(early.only("conn")["service"], "rdp");
    let late = rows_with(&capture(), &["RDP::rdp_check_interval=1 min"]);
    assert_eq!(late.only("rdp")["client_name"], "LÄPTOP");
    let left = rows_with(&capture(), &["RDP::disable_analyzer_after_detection=T"]);
    assert_eq!(left.only("conn")["service"], serde_json::Value::Null);
}

/// A handshake of TLS 1.2, as far as it is in the clear, by turns of client and server.
fn handshake() -> [Vec<u8>; 4] {
    let record = |kind: u8, content: &[u8]| [&[kind, 3, 3, 0, content.len() as u8][..], content].concat();
    let message = |kind: u8, content: &[u8]| [&[kind, 0, 0, content.len() as u8][..], content].concat();
    let hello = |rest: &[u8]| [&[3, 3][..], &[7; 32], rest].concat();
    let finished = [record(20, &[1]), record(22, &[9; 40])].concat();
    [
        record(22, &message(1, &hello(&[0, 0, 2, 0, 0x2f, 1, 0]))),
        record(22, &[message(2, &hello(&[0, 0, 0x2f, 0])), message(14, &[])].concat()),
        [record(22, &message(16, &[0, 2, 1, 1])), finished.clone()].concat(),
        finished,
    ]
}

#[test]
fn the_tls_that_follows_is_read_and_a_column_where_a_script_adds_it() {
    let capture = one(|talk| {
        talk.send(Client, &request(COOKIE)).send(Server, &confirm(1));
        let [hello, reply, key, end] = handshake();
        talk.send(Client, &hello).send(Server, &reply).send(Client, &key).send(Server, &end).close();
    });
    let rows = rows_with(&capture, &["protocols/rdp/indicate_ssl"]);
    assert_eq!((&rows.only("rdp")["ssl"], &rows.only("ssl")["established"]), (&true.into(), &true.into()));
    assert_eq!(rows.only("conn")["service"], "ssl");
    let native = rows_with(&one(|talk| native(talk, 1400)), &["protocols/rdp/indicate_ssl"]);
    assert_eq!(native.only("rdp")["ssl"], false);
}

#[test]
fn more_channels_than_there_may_be_are_weird() {
    let capture = one(|talk| {
        talk.send(Client, &request(COOKIE)).send(Server, &confirm(0)).send(Client, &settings(32)).close();
    });
    let rows = rows(&capture);
    let weird = rows.only("weird");
    assert_eq!(weird["name"], "RDP_channels_requested_exceeds_max");
    assert_eq!(weird["addl"], "32");
}

#[test]
fn nothing_is_read_behind_a_gap_and_of_the_middle_of_a_connection() {
    let mut capture = Capture::new();
    let mut lost = capture.talk(40_000, 3389);
    lost.lose(Client, 10).send(Client, &request(COOKIE)).close();
    let mut middle = capture.middle(40_001, 3389);
    middle.send(Client, &request(COOKIE)).send(Server, &confirm(1)).close();
    let rows = rows(&capture);
    assert!(rows.of("rdp").is_empty() && rows.of("analyzer").is_empty());
}

/// The first datagram of a side.
fn begin(flags: u16) -> Vec<u8> {
    let mut datagram = [&[0xff; 4][..], &[0, 64], &flags.to_be_bytes(), &[0; 8], &[0, 1, 0, 2]].concat();
    datagram.resize(1232, 0);
    datagram
}

#[test]
fn what_goes_over_udp_is_found_at_any_port() {
    let script = "event rdpeudp_syn(c: connection) { print \"syn\"; }
        event rdpeudp_synack(c: connection) { print \"synack\"; }
        event rdpeudp_established(c: connection, version: count) { print \"established\", version; }
        event rdpeudp_data(c: connection, is_orig: bool, version: count, data: string) { print is_orig, version, data; }";
    for port in [3389, 4000] {
        let (client, server) = ((CLIENT.0, 40_000), (SERVER.0, port));
        let mut capture = Capture::new();
        capture.udp(1, client, server, &begin(0x1001)).udp(2, server, client, &begin(0x1005));
        capture.udp(3, client, server, b"\0\0\0\x01\0\x40\0\x0c\0\x01\x02\0\0\0\0\x01\0\0\0\x01hi");
        assert_eq!(printed(&capture, &[], script)[0], "syn\nsynack\nestablished, 1\nT, 1, hi\n");
        assert_eq!(rows(&capture).only("conn")["service"], "rdpeudp");
    }
}
