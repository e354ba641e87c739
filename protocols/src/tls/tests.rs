use super::*;

/// What was heard, as text.
#[derive(Default)]
struct Heard {
    seen: Vec<String>,
    info: Info,
}

impl Handler for Heard {
    fn event(&mut self, is_client: bool, what: TlsEvent<'_>) {
        self.info.hear(is_client, &what);
        let side = if is_client { "client" } else { "server" };
        self.seen.push(format!("{side} {what:?}"));
    }

    fn confirmed(&mut self) {
        self.seen.push("confirmed".to_owned());
    }

    fn violation(&mut self, reason: &str) {
        self.seen.push(format!("violation {reason}"));
    }

    fn weird(&mut self, name: &'static str, addl: &str) {
        self.seen.push(format!("weird {name} {addl}"));
    }
}

impl Heard {
    fn history(&self) -> &str {
        std::str::from_utf8(&self.info.history).unwrap()
    }

    fn violations(&self) -> Vec<&str> {
        self.seen.iter().filter_map(|line| line.strip_prefix("violation ")).collect()
    }
}

fn counted(width: usize, bytes: &[u8]) -> Vec<u8> {
    let len = (bytes.len() as u32).to_be_bytes();
    [&len[4 - width..], bytes].concat()
}

pub(super) fn record(kind: u16, body: &[u8]) -> Vec<u8> {
    [&[kind as u8, 3, 3][..], &counted(2, body)].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &counted(3, body)].concat()
}

fn extension(code: u16, data: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], &counted(2, data)].concat()
}

fn client_hello(version: u16, extensions: &[Vec<u8>]) -> Vec<u8> {
    let cookie = if version >> 8 == 0xfe { vec![0] } else { vec![] };
    let parts = [
        &version.to_be_bytes()[..],
        &[7; 32],
        &counted(1, &[9; 32]),
        &cookie,
        &counted(2, &[0x13, 1, 0xc0, 0x2f]),
        &counted(1, &[0]),
        &counted(2, &extensions.concat()),
    ];
    message(super::message::CLIENT_HELLO, &parts.concat())
}

fn server_hello(version: u16, suite: u16, random: [u8; 32], extensions: &[Vec<u8>]) -> Vec<u8> {
    let parts = [
        &version.to_be_bytes()[..],
        &random,
        &counted(1, &[8; 32]),
        &suite.to_be_bytes(),
        &[0],
        &counted(2, &extensions.concat()),
    ];
    message(super::message::SERVER_HELLO, &parts.concat())
}

fn name(host: &[u8]) -> Vec<u8> {
    extension(0, &counted(2, &[&[0][..], &counted(2, host)].concat()))
}

/// A handshake of TLS 1.2: pieces with whether they are the originator's.
fn handshake12() -> Vec<(bool, Vec<u8>)> {
    let hello = client_hello(
        0x0303,
        &[
            name(b"example.org"),
            extension(10, &counted(2, &[0, 29, 0, 23])),
            extension(11, &counted(1, &[0])),
            extension(13, &counted(2, &[4, 3, 8, 4])),
            extension(16, &counted(2, &[counted(1, b"h2"), counted(1, b"http/1.1")].concat())),
            extension(35, &[]),
        ],
    );
    let chosen = server_hello(0x0303, 0xc02f, [1; 32], &[extension(16, &counted(2, &counted(1, b"h2")))]);
    let certificates = [counted(3, b"first"), counted(3, b"second")].concat();
    let key = [&[3, 0, 29][..], &counted(1, &[5; 32]), &[4, 3], &counted(2, &[6; 70])].concat();
    let server = [
        chosen,
        message(11, &counted(3, &certificates)),
        message(22, &[&[1][..], &counted(3, b"ocsp")].concat()),
        message(12, &key),
        message(14, &[]),
    ];
    let (ccs, finished) = (record(20, &[1]), record(22, &[0xee; 40]));
    vec![
        (true, record(22, &hello)),
        (false, record(22, &server.concat())),
        (true, [record(22, &message(16, &counted(1, &[5; 32]))), ccs.clone(), finished.clone()].concat()),
        (
            false,
            [record(22, &message(4, &[0, 0, 1, 44, 1, 2])), ccs, finished, record(23, &[1; 50])].concat(),
        ),
    ]
}

fn heard(pieces: &[(bool, Vec<u8>)]) -> Heard {
    let (mut session, mut heard) = (Session::new(Limits::default()), Heard::default());
    for (is_orig, piece) in pieces {
        session.data(*is_orig, piece, &mut heard);
    }
    heard
}

#[test]
fn a_handshake_is_told() {
    let heard = heard(&handshake12());
    assert_eq!(heard.history(), "CsxuknGIti");
    let info = &heard.info;
    assert!(info.established && !info.resumed);
    assert_eq!(info.version_name().unwrap(), "TLSv12");
    assert_eq!(info.suite_name().unwrap(), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    assert_eq!(info.curve_name().unwrap(), "x25519");
    assert_eq!(info.server_name.as_deref(), Some(&b"example.org"[..]));
    assert_eq!(info.next_protocol.as_deref(), Some(&b"h2"[..]));
    let with = |what: &str| heard.seen.iter().filter(|line| line.contains(what)).count();
    assert_eq!(
        (with("Certificate {"), with("OcspResponse"), with("EcdhServer"), with("EcdhClient")),
        (2, 1, 1, 1)
    );
    assert_eq!(
        (with("ServerSignature { algorithm: Some([4, 3])"), with("confirmed"), with("violation")),
        (1, 1, 0)
    );
    assert_eq!(heard.seen.last().unwrap(), "server Encrypted { version: 771, content: 23, len: 50 }");
}

#[test]
fn a_handshake_is_read_however_it_is_cut() {
    let pieces = handshake12();
    let whole = heard(&pieces);
    for (at, (is_orig, piece)) in pieces.iter().enumerate() {
        for cut in 0..piece.len() {
            let mut cut_up = pieces.clone();
            let (before, after) = piece.split_at(cut);
            cut_up.splice(at..=at, [(*is_orig, before.to_vec()), (*is_orig, after.to_vec())]);
            assert_eq!(heard(&cut_up).seen, whole.seen, "piece {at} cut at {cut}");
        }
    }
    let bytes: Vec<_> =
        pieces.iter().flat_map(|(is_orig, piece)| piece.iter().map(|byte| (*is_orig, vec![*byte]))).collect();
    assert_eq!(heard(&bytes).seen, whole.seen);
}

#[test]
fn messages_may_lie_across_records() {
    let pieces = handshake12();
    let whole = heard(&pieces);
    let body = &pieces[1].1[5..];
    for cut in 1..body.len() {
        let mut cut_up = pieces.clone();
        let (before, after) = body.split_at(cut);
        cut_up[1].1 = [record(22, before), record(22, after)].concat();
        let cut_up = heard(&cut_up);
        assert_eq!(cut_up.history(), whole.history(), "cut at {cut}");
        assert_eq!(cut_up.info.curve, whole.info.curve);
    }
}

#[test]
fn tls_13_is_encrypted_from_the_first_application_data_on() {
    let share = [&[0, 29][..], &counted(2, &[5; 32])].concat();
    let chosen = server_hello(0x0303, 0x1301, [1; 32], &[extension(43, &[3, 4]), extension(51, &share)]);
    let retry =
        server_hello(0x0303, 0x1301, event::RETRY, &[extension(43, &[3, 4]), extension(51, &[0, 23])]);
    let hello = client_hello(
        0x0303,
        &[extension(43, &counted(1, &[3, 4, 3, 3])), extension(51, &counted(2, &share)), name(b"x")],
    );
    let (ccs, data) = (record(20, &[1]), record(23, &[0xee; 40]));
    let pieces = [
        (true, record(22, &hello)),
        (false, [record(22, &retry), ccs.clone()].concat()),
        (true, [ccs, record(22, &hello)].concat()),
        (false, [record(22, &chosen), data.clone()].concat()),
        (true, data),
    ];
    let heard = heard(&pieces);
    assert_eq!(heard.history(), "CjiICs");
    assert!(heard.info.established);
    assert_eq!(heard.info.version_name().unwrap(), "TLSv13");
    assert_eq!(heard.info.curve_name().unwrap(), "x25519");
    assert_eq!(heard.seen.iter().filter(|line| line.contains("EncryptedHandshake")).count(), 2);
}

#[test]
fn sessions_are_resumed_by_id_ticket_and_psk() {
    let ccs = record(20, &[1]);
    let by_id = heard(&[
        (true, record(22, &client_hello(0x0303, &[]))),
        (
            false,
            record(22, &{
                let mut hello = server_hello(0x0303, 0xc02f, [1; 32], &[]);
                hello[39..71].fill(9);
                hello
            }),
        ),
    ]);
    assert!(by_id.info.resumed);
    let by_psk = heard(&[
        (
            true,
            record(
                22,
                &client_hello(
                    0x0303,
                    &[extension(41, &{
                        let identity = [&counted(2, b"ticket")[..], &[0; 4]].concat();
                        [counted(2, &identity), counted(2, &counted(1, &[1; 32]))].concat()
                    })],
                ),
            ),
        ),
        (false, record(22, &server_hello(0x0303, 0x1301, [1; 32], &[extension(41, &[0, 0])]))),
    ]);
    assert!(by_psk.info.resumed, "{:?}", by_psk.seen);
    let mut hello = client_hello(0x0303, &[extension(35, b"ticket")]);
    hello[39..71].fill(0);
    let chosen = record(22, &server_hello(0x0303, 0xc02f, [1; 32], &[]));
    let by_ticket = heard(&[(true, record(22, &hello)), (false, chosen), (false, ccs.clone()), (true, ccs)]);
    assert!(by_ticket.info.resumed);
}

#[test]
fn what_is_not_tls_is_said_in_zeeks_words() {
    let hello = record(22, &client_hello(0x0303, &[]));
    for (pieces, reason) in [
        (vec![(true, b"GET / HTTP/1.1".to_vec())], "Invalid version in TLS connection. Version: 17748"),
        (
            vec![(true, hello.clone()), (false, b"HTTP/1.1 400".to_vec())],
            "Invalid version late in TLS connection. Packet reported version: 21588",
        ),
        (
            vec![(true, vec![0xb9, 0xb9, 0x35, 0x7d, 1])],
            "Invalid headers in SSL connection. Head1: 185, head2: 53, head3: 125",
        ),
        (vec![(true, vec![9, 3, 1, 0, 0])], "Invalid type in TLS connection. Version: 769, Type: 9"),
        (vec![(true, vec![0x80, 0x2e, 1, 9, 9])], "Invalid version in SSL client hello. Version: 2313"),
        (vec![(true, record(22, &client_hello(0x0909, &[])))], "unsupported client SSL version 0x0909"),
        (
            vec![(true, record(22, &message(11, &[&[0, 14, 236][..], &[0; 253]].concat())))],
            "Binpac exception: binpac exception: out_of_bound: Certificate: 3823 > 256",
        ),
        (
            vec![(true, record(22, &client_hello(0x0303, &[extension(43, &[0x7f, 3])])))],
            "Binpac exception: binpac exception: out_of_bound: SupportedVersions: 128 > 2",
        ),
        (vec![(true, record(22, &message(99, &[])))], "unknown handshake message (99) from originator"),
        (vec![(true, record(29, &[0]))], "unknown SSL record type (29) from originator"),
    ] {
        assert_eq!(heard(&pieces).violations(), [reason]);
    }
}

#[test]
fn ssl_2_is_read() {
    let hello = [&[0, 3, 0, 0, 0, 16][..], &[7, 0, 0xc0], &[1; 16]].concat();
    let hello = [&[0x80, hello.len() as u8 + 3, 1, 0, 2][..], &hello].concat();
    let chosen = [&[0, 2, 0, 4, 0, 3, 0, 16][..], b"cert", &[7, 0, 0xc0], &[2; 16]].concat();
    let chosen = [&[0x80, chosen.len() as u8 + 3, 4, 0, 1][..], &chosen].concat();
    let key = [&[0xc0, 0, 0, 0, 2, 0, 1][..], &[5; 3]].concat();
    let key = [&[0x80, key.len() as u8 + 3, 2, 7, 0][..], &key].concat();
    let pieces = [(true, hello), (false, chosen), (true, key)];
    let whole = heard(&pieces);
    let info = &whole.info;
    assert_eq!(info.version_name().unwrap(), "SSLv2");
    assert_eq!(info.suite_name().unwrap(), "SSLv20_CK_DES_192_EDE3_CBC_WITH_MD5");
    assert!(info.established && whole.violations().is_empty(), "{:?}", whole.seen);
    let bytes: Vec<_> =
        pieces.iter().flat_map(|(orig, piece)| piece.iter().map(|byte| (*orig, vec![*byte]))).collect();
    assert_eq!(heard(&bytes).seen, whole.seen);
}

#[test]
fn alerts_and_heartbeats_are_told_and_bounded() {
    let heard = heard(&[
        (true, record(21, &[1, 0])),
        (true, record(24, &[1, 0x40, 0, 9])),
        (true, record(21, &[2; 40])),
        (false, record(21, &[2, 40])),
    ]);
    assert_eq!(heard.history(), format!("LB{}l", "L".repeat(10)));
    assert_eq!(heard.info.alert_name().unwrap(), "handshake_failure");
    assert!(heard.seen.contains(&"weird SSL_excessive_alerts_in_record 20".to_owned()));
}

#[test]
fn a_message_that_never_comes_is_given_up() {
    let mut session = Session::new(Limits { message: 1000 });
    let mut heard = Heard::default();
    session.data(true, &record(22, &[1, 0, 4, 0]), &mut heard);
    assert!(session.is_over() && session.buffered() == 0);
    assert_eq!(heard.violations(), ["handshake message of 1028 bytes"]);
}

#[test]
fn the_responder_may_be_the_client() {
    let hello = record(22, &client_hello(0x0303, &[name(b"x")]));
    let chosen = record(22, &server_hello(0x0303, 0xc02f, [1; 32], &[]));
    let heard = heard(&[(false, hello), (true, chosen)]);
    assert_eq!(heard.history(), "^Cs");
    assert_eq!(heard.info.server_name.as_deref(), Some(&b"x"[..]));
}

/// A message in fragments, each in a record of DTLS.
fn fragments(kind: u8, number: u16, body: &[u8], sizes: usize) -> Vec<Vec<u8>> {
    let pieces = body.chunks(sizes).enumerate();
    pieces
        .map(|(at, piece)| {
            let offset = ((at * sizes) as u32).to_be_bytes();
            let len = (body.len() as u32).to_be_bytes();
            let fragment = [&[kind][..], &len[1..], &number.to_be_bytes(), &offset[1..], &counted(3, piece)];
            [&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, at as u8][..], &counted(2, &fragment.concat())].concat()
        })
        .collect()
}

#[test]
fn dtls_messages_are_put_together_in_any_order() {
    let hello = client_hello(0xfefd, &[name(b"x")]);
    let body = &hello[4..];
    for size in [1000, 90, 50, 40] {
        let mut datagrams = fragments(1, 0, body, size);
        // Some come twice, the last first.
        datagrams.extend(datagrams.clone().into_iter().take(datagrams.len() / 2));
        datagrams.reverse();
        let (mut session, mut heard) = (DtlsSession::new(DtlsLimits::default()), Heard::default());
        for datagram in datagrams {
            session.datagram(true, &datagram, &mut heard);
        }
        assert_eq!(heard.history(), "C", "{size}");
        assert_eq!(heard.info.server_name.as_deref(), Some(&b"x"[..]));
        assert!(heard.violations().is_empty());
    }
    let (mut session, mut heard) = (DtlsSession::new(DtlsLimits::default()), Heard::default());
    let (one, other) = (fragments(1, 0, body, 40), fragments(1, 0, body, 33));
    for datagram in one.iter().zip(&other).flat_map(|(one, other)| [one, other]) {
        session.datagram(true, datagram, &mut heard);
    }
    assert_eq!(heard.history(), "C", "fragments that overlap");
    let (mut session, mut heard) = (DtlsSession::new(DtlsLimits::default()), Heard::default());
    for datagram in fragments(1, 0, &[0; 99], 1) {
        session.datagram(true, &datagram, &mut heard);
        assert!(session.buffered() <= 65);
    }
    assert_eq!(heard.violations().len(), 1);
}

#[test]
fn beginnings_are_recognised() {
    let (hello, chosen) =
        (record(22, &client_hello(0x0303, &[])), record(22, &server_hello(0x0303, 0xc02f, [1; 32], &[])));
    let alert = record(21, &[2, 112]);
    for (probe, bytes, expected) in [
        (probe_client as fn(&[u8]) -> Probe, &hello[..], Probe::Match),
        (probe_client, &hello[..10], Probe::NeedMore),
        (probe_client, &chosen, Probe::NoMatch),
        (probe_server, &chosen, Probe::Match),
        (probe_server, &chosen[..10], Probe::NeedMore),
        (probe_server, &[alert.clone(), chosen.clone()].concat(), Probe::Match),
        (probe_server, &alert, Probe::NeedMore),
        (probe_server, &hello, Probe::NoMatch),
        (probe_dtls_client, &fragments(1, 0, &client_hello(0xfefd, &[])[4..], 1000)[0], Probe::Match),
        (probe_dtls_client, &hello, Probe::NoMatch),
    ] {
        assert_eq!(probe(bytes), expected, "{bytes:?}");
    }
}

#[test]
fn anything_at_all_is_read_within_bounds() {
    let streams = [
        handshake12().into_iter().filter(|(is_orig, _)| *is_orig).flat_map(|(_, piece)| piece).collect(),
        handshake12().into_iter().filter(|(is_orig, _)| !*is_orig).flat_map(|(_, piece)| piece).collect(),
        fragments(1, 0, &client_hello(0xfefd, &[])[4..], 40).concat(),
    ];
    let streams: [Vec<u8>; 3] = streams;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for round in 0..3_000 {
        let mut data = Vec::new();
        let mut rests = match round % 3 {
            0 => [&streams[2][..], &streams[2]],
            _ => [&streams[1][..], &streams[0]],
        };
        for _ in 0..40 {
            let is_orig = random() & 1 == 1;
            let from = &mut rests[usize::from(is_orig)];
            let len = (random() % 127) as usize;
            let mut piece = from.split_off(..len.min(from.len())).unwrap_or_default().to_vec();
            if random() % 5 == 0 {
                piece.resize(len, random() as u8);
            }
            if random() % 4 == 0 && !piece.is_empty() {
                let at = random() as usize % piece.len();
                piece[at] ^= 1 << (random() % 8);
            }
            data.push((piece.len() as u8) << 1 | u8::from(is_orig));
            data.extend_from_slice(&piece);
        }
        fuzz::check(&data);
    }
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("tls", fuzz::check);
}

#[test]
fn key_logs_are_read_in_both_forms() {
    let (random, master) = ("ab".repeat(32), "0C".repeat(48));
    let escaped = |hex: &str| {
        hex.as_bytes().chunks(2).map(|byte| format!("\\x{}", byte.escape_ascii())).collect::<String>()
    };
    for line in
        [format!("CLIENT_RANDOM {random} {master}"), format!("{}\t{}", escaped(&random), escaped(&master))]
    {
        let log = KeyLog::parse(format!("# comment\r\n\n{line}\r\n").as_bytes());
        assert_eq!((log.len(), log.ignored()), (1, 0), "{line}");
        assert_eq!(log.get(&[0xab; 32]).unwrap().master, Some([0x0c; 48]), "{line}");
    }
    let secrets = format!(
        "SERVER_TRAFFIC_SECRET_0 {random} {}\nCLIENT_HANDSHAKE_TRAFFIC_SECRET {random} {}\n",
        "01".repeat(32),
        "02".repeat(48)
    );
    let log = KeyLog::parse(secrets.as_bytes());
    let secrets = log.get(&[0xab; 32]).unwrap();
    assert_eq!(
        (&secrets.traffic, &secrets.handshake),
        (&[Some(vec![1; 32]), None], &[None, Some(vec![2; 48])])
    );
}

#[test]
fn lines_that_are_no_secrets_are_counted() {
    let (random, master) = ("ab".repeat(32), "0c".repeat(48));
    for line in [
        "CLIENT_RANDOM".to_owned(),
        format!("CLIENT_RANDOM {random}"),
        format!("CLIENT_RANDOM {random} {master}00"),
        format!("CLIENT_RANDOM {random}ff {master}"),
        format!("CLIENT_RANDOM {random} {}", "0g".repeat(48)),
        format!("EXPORTER_SECRET {random} {master}"),
        format!("SERVER_TRAFFIC_SECRET_0 {random} {master}00"),
        format!("SERVER_TRAFFIC_SECRET_0 {random} "),
        "\\xab\t\\x0c".to_owned(),
        "\u{fffd} x y z".to_owned(),
    ] {
        let log = KeyLog::parse(line.as_bytes());
        assert!(log.is_empty() && log.ignored() == 1, "{line}");
    }
}
