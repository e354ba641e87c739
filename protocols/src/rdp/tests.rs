use super::*;

/// What a session told, as texts.
#[derive(Default)]
struct Told(Vec<String>);

impl Told {
    fn add(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }
}

impl Handler for Told {
    fn connect_request(&mut self, cookie: &[u8]) {
        self.add(format!("request {}", cookie.escape_ascii()));
    }

    fn negotiation_response(&mut self, protocol: u32) {
        self.add(format!("response {protocol}"));
    }

    fn negotiation_failure(&mut self, code: u32) {
        self.add(format!("failure {code}"));
    }

    fn client_core(&mut self, core: &ClientCore<'_>) {
        self.add(format!("core {}x{} {}", core.desktop_width, core.desktop_height, core.client_build));
    }

    fn client_security(&mut self, security: ClientSecurity) {
        self.add(format!("methods {}", security.methods));
    }

    fn client_network(&mut self, channels: &[Channel<'_>]) {
        self.add(format!("{} channels", channels.len()));
    }

    fn client_cluster(&mut self, cluster: ClientCluster) {
        self.add(format!("cluster {}", cluster.session));
    }

    fn server_response(&mut self, result: u8) {
        self.add(format!("result {result}"));
    }

    fn certificate(&mut self, der: &[u8]) {
        self.add(format!("certificate {}", der.escape_ascii()));
    }

    fn server_certificate(&mut self, kind: u32, permanent: bool) {
        self.add(format!("certificates {kind} {permanent}"));
    }

    fn encrypted(&mut self, protocol: u32) {
        self.add(format!("encrypted {protocol}"));
    }

    fn server_security(&mut self, method: u32, level: u32) {
        self.add(format!("security {method} {level}"));
    }

    fn native(&mut self, is_orig: bool, _: usize) {
        if self.0.last().is_none_or(|last| !last.starts_with("native")) {
            self.add(format!("native {is_orig}"));
        }
    }

    fn inside(&mut self, is_orig: bool, bytes: &[u8]) {
        let prefix = format!("inside {is_orig} ");
        match self.0.last_mut().filter(|last| last.starts_with(&prefix)) {
            Some(last) => last.push_str(&bytes.escape_ascii().to_string()),
            None => self.add(format!("{prefix}{}", bytes.escape_ascii())),
        }
    }

    fn violation(&mut self, reason: &str) {
        self.add(reason);
    }
}

fn tpkt(rest: &[u8]) -> Vec<u8> {
    [&[3, 0], &(rest.len() as u16 + 4).to_be_bytes()[..], rest].concat()
}

fn block(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(content.len() as u16 + 4).to_le_bytes(), content].concat()
}

fn request(cookie: &[u8]) -> Vec<u8> {
    let rest = [&[0xe0, 0, 0, 0, 0, 0][..], cookie, &[1, 0, 8, 0, 3, 0, 0, 0]].concat();
    tpkt(&[&[rest.len() as u8], &rest[..]].concat())
}

fn confirm(protocol: u8) -> Vec<u8> {
    tpkt(&[14, 0xd0, 0, 0, 0, 0, 0, 2, 0, 8, 0, protocol, 0, 0, 0])
}

fn client() -> Vec<u8> {
    let mut core = vec![0; 206];
    core[4..8].copy_from_slice(&[0x20, 3, 0x58, 2]);
    core[16..20].copy_from_slice(&2600_u32.to_le_bytes());
    let channels = [&2_u32.to_le_bytes()[..], b"rdpdr\0\0\0\0\0\0\0", b"rdpsnd\0\0\0\0\0\0"].concat();
    let blocks = [
        block(0xc001, &core),
        block(0xc002, &[3, 0, 0, 0, 0, 0, 0, 0]),
        block(0xc003, &channels),
        block(0xc004, &[1, 0, 0, 0, 7, 0, 0, 0]),
        block(0xc00a, b"more"),
    ];
    let head =
        b"\x02\xf0\x80\x7f\x65\x82\x01\xb2\x04\x01\x01\x04\x01\x01\x01\x01\xff\x30\x00\x30\x01x\x30\x00\
        \x04\x82\x01\x33\x00\x05\x00\x14\x7c\x00\x01\x81\x2a\x00\x08\x00\x10\x00\x01\xc0\x00Duca\x81\x1c";
    tpkt(&[&head[..], &blocks.concat()].concat())
}

fn server(certificate: &[u8]) -> Vec<u8> {
    let len = (certificate.len() as u32).to_le_bytes();
    let security = [&[2, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0][..], &len, b"rand", certificate].concat();
    let blocks = [block(0x0c01, &[4, 0, 8, 0]), block(0x0c03, &[0; 4]), block(0x0c02, &security)];
    let head = b"\x02\xf0\x80\x7f\x66\x82\x01\x45\x0a\x01\x00\x02\x01\x00\x30\x02ab\x04\x82\x01\x1f\
        \x00\x05\x00\x14\x7c\x00\x01\x2a\x14\x76\x0a\x01\x01\x00\x01\xc0\x00McDn\x81\x08";
    tpkt(&[&head[..], &blocks.concat()].concat())
}

const CHAIN: &[u8] = b"\x02\0\0\x80\x02\0\0\0\x03\0\0\0one\x03\0\0\0two";

/// What is told of these pieces, each in pieces of this length.
fn told(len: usize, said: &[(bool, Vec<u8>)]) -> Vec<String> {
    let (mut session, mut told) = (Session::default(), Told::default());
    for (is_orig, bytes) in said {
        bytes.chunks(len).for_each(|piece| session.data(*is_orig, piece, &mut told));
        assert!(session.buffered() <= 2 * MOST);
    }
    told.0
}

const COOKIE_LINE: &[u8] = b"Cookie: mstshash=eve\r\n";

#[test]
fn what_follows_on_a_choice_is_inside() {
    let said = [
        (true, request(COOKIE_LINE)),
        (false, confirm(2)),
        (true, b"\x16\x03\x01".to_vec()),
        (false, b"\x15".to_vec()),
    ];
    let want =
        ["request eve", "encrypted 2", "response 2", "inside true \\x16\\x03\\x01", "inside false \\x15"];
    for len in 1..40 {
        assert_eq!(told(len, &said), want, "{len}");
    }
}

#[test]
fn settings_and_certificates_are_read_until_all_is_encrypted() {
    let said = [
        (true, request(b"")),
        (false, confirm(0)),
        (true, client()),
        (false, server(CHAIN)),
        (true, b"secret".to_vec()),
    ];
    let want = [
        "request ",
        "response 0",
        "core 800x600 2600",
        "methods 3",
        "2 channels",
        "cluster 7",
        "result 0",
        "certificate one",
        "certificate two",
        "certificates 2 false",
        "encrypted 0",
        "security 2 2",
        "native true",
    ];
    for len in [1, 2, 3, 7, 64, 1460] {
        assert_eq!(told(len, &said), want, "{len}");
    }
}

#[test]
fn what_is_broken_is_told_in_the_words_of_zeeks_parser() {
    let cut = |packet: Vec<u8>, len: usize| tpkt(packet.get(4..len).unwrap_or_default());
    let failure = tpkt(&[14, 0xd0, 0, 0, 0, 0, 0, 3, 0, 8, 0, 5, 0, 0, 0]);
    let words = "Binpac exception: binpac exception: ";
    for (packet, want) in [
        (failure, "failure 5".to_owned()),
        (tpkt(&[2]), format!("{words}out_of_bound: COTP:pdu: 2 > 1")),
        (
            cut(confirm(1), 14),
            format!("{words}out_of_bound: RDP_Negotiation_Response:selected_protocol: 7 > 2"),
        ),
        (
            tpkt(&[14, 0xd0, 0, 0, 0, 0, 0, 9]),
            format!("{words}invalid index for case: Connect_Confirm_Record: 9"),
        ),
        (tpkt(b"\x02\xf0\x80\x28"), format!("{words}out_of_bound: DT_Data:application_type: 3 > 2")),
        (
            request(b"Cookie: mstshash=x\r"),
            format!(
                "{words}string mismatch at Connect_Request:cookie_terminator: \nexpected pattern: \"\\r\\n\"\n\
                 actual data: \"\r\\x01\""
            ),
        ),
    ] {
        assert_eq!(told(1460, &[(true, packet)]), [want]);
    }
    assert_eq!(told(1460, &[(true, b"\x03\0\0\0".to_vec())]).len(), 1, "a packet has its header at least");
}

#[test]
fn every_cut_of_a_packet_is_refused_and_nothing_else_happens() {
    for packet in [client(), server(CHAIN), server(b"\x01\0\0\0")] {
        for len in 4..packet.len() {
            let said = [(true, tpkt(packet.get(4..len).unwrap_or_default())), (false, confirm(0))];
            assert_eq!(told(1460, &said).last().map(String::as_str), Some("response 0"), "{len}");
        }
    }
}

#[test]
fn nothing_is_read_behind_a_gap() {
    let (mut session, mut told) = (Session::default(), Told::default());
    session.data(true, b"\x03\0\0", &mut told);
    session.gap();
    session.data(true, &request(b""), &mut told);
    assert!(told.0.is_empty() && session.buffered() == 0);
}

#[test]
fn a_beginning_decides() {
    for (bytes, want) in [
        (request(COOKIE_LINE), Probe::Match),
        (client(), Probe::Match),
        (request(b""), Probe::NeedMore),
        (b"\x03".to_vec(), Probe::NeedMore),
        (b"GET /".to_vec(), Probe::NoMatch),
    ] {
        assert_eq!(probe_client(&bytes), want, "{}", bytes.escape_ascii());
    }
    assert_eq!(probe_server(&confirm(0)), Probe::Match);
    assert_eq!(probe_server(&server(CHAIN)), Probe::Match);
    assert_eq!(probe_server(b"\x03\0\0\x0b\x06"), Probe::NeedMore);
}

impl eudp::Handler for Told {
    fn syn(&mut self) {
        self.add("syn");
    }

    fn synack(&mut self) {
        self.add("synack");
    }

    fn established(&mut self, version: u64) {
        self.add(format!("established {version}"));
    }

    fn data(&mut self, is_orig: bool, _: u64, data: &[u8]) {
        self.add(format!("{is_orig} {}", data.escape_ascii()));
    }
}

/// The first datagram of a side, with these flags and this version, if any.
fn begin(flags: u16, version: Option<u16>) -> Vec<u8> {
    let mut datagram = [&[0xff; 4][..], &[0, 64], &flags.to_be_bytes(), &[0; 8]].concat();
    if let Some(version) = version {
        datagram.extend_from_slice(&[0, 1]);
        datagram.extend_from_slice(&version.to_be_bytes());
        datagram.extend_from_slice(&[0; 32]);
    }
    datagram
}

fn datagrams(said: &[(bool, Vec<u8>)]) -> Vec<String> {
    let (mut session, mut told) = (eudp::Session::default(), Told::default());
    for (is_orig, datagram) in said {
        if let Err(broken) = session.datagram(*is_orig, datagram, &mut told) {
            told.add(broken.to_string());
        }
    }
    told.0
}

#[test]
fn datagrams_are_read_as_the_version_that_both_have() {
    let first = b"\0\0\0\x01\0\x40\0\x0c\0\x01\x02\0\0\0\0\x01\0\0\0\x01hi".to_vec();
    let old = [(true, begin(0x1001, Some(2))), (false, begin(0x1005, Some(2))), (true, first.clone())];
    assert_eq!(datagrams(&old), ["syn", "synack", "established 1", "true hi"]);
    let new = [
        (true, begin(0x1001, Some(0x101))),
        (false, begin(0x1005, Some(0x101))),
        (false, b"\x08\0\0dummy".to_vec()),
        (false, b"\0\0\x04ho".to_vec()),
    ];
    assert_eq!(datagrams(&new), ["syn", "synack", "established 2", "false ho"]);
}

#[test]
fn datagrams_that_are_broken_or_out_of_turn_begin_nothing() {
    let words = "Binpac exception: binpac exception: ";
    let pac = "src/analyzer/protocol/rdp/rdpeudp-protocol.pac";
    for (said, want) in [
        ((false, begin(0x1001, Some(2))), vec![]),
        ((true, begin(0x1004, Some(2))), vec![]),
        (
            (true, begin(0x1, None)),
            vec![format!("{words}invalid case: {pac}:34:has_synex_payload: 0 (true)")],
        ),
        ((true, vec![0xff; 9]), vec![format!("{words}out_of_bound: RDPEUDP_SYN:syndata_payload: 16 > 9")]),
    ] {
        assert_eq!(datagrams(&[said]), want);
    }
}

#[test]
fn a_datagram_that_a_client_begins_with_is_as_long_as_the_path_allows() {
    let mut syn = begin(0x1001, Some(2));
    assert_eq!(eudp::probe(&syn), Probe::NoMatch);
    syn.resize(1232, 0);
    assert_eq!(eudp::probe(&syn), Probe::Match);
    assert_eq!((eudp::probe(b"\xff"), eudp::probe(b"GET")), (Probe::NeedMore, Probe::NoMatch));
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("rdp", fuzz::check);
}
