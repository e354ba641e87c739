use super::*;

/// What a session told, as texts.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Handler for Recorder {
    fn version(&mut self, is_orig: bool, line: &[u8]) {
        self.0.push(format!("{} {}", side(is_orig), line.escape_ascii()));
    }

    fn capabilities(&mut self, is_orig: bool, can: &KexInit<'_>) {
        self.0.push(format!("{} can {}", side(is_orig), can.kex.0.escape_ascii()));
    }

    fn host_key(&mut self, key: &HostKey<'_>) {
        self.0.push(format!("key {}", fingerprint(key)));
    }

    fn dh_group(&mut self, p: &[u8], g: &[u8]) {
        self.0.push(format!("group {} {}", p.len(), g.len()));
    }

    fn ecc_key(&mut self, is_orig: bool, q: &[u8]) {
        self.0.push(format!("{} q {}", side(is_orig), q.escape_ascii()));
    }

    fn gss_error(&mut self, major: u32, minor: u32, message: &[u8]) {
        self.0.push(format!("gss {major} {minor} {}", message.escape_ascii()));
    }

    fn confirmed(&mut self) {
        self.0.push("confirmed".to_owned());
    }

    fn encrypted(&mut self, is_orig: bool, len: usize) {
        self.0.push(format!("{} encrypted {len}", side(is_orig)));
    }

    fn attempt(&mut self, attempt: Attempt) {
        self.0.push(format!("{attempt:?}"));
    }

    fn weird(&mut self, name: &'static str, addl: &[u8]) {
        self.0.push(format!("{name} {}", addl.escape_ascii()));
    }

    fn violation(&mut self, reason: &str) {
        self.0.push(format!("violation {reason}"));
    }
}

fn side(is_orig: bool) -> &'static str {
    if is_orig { "client" } else { "server" }
}

fn string(text: &[u8]) -> Vec<u8> {
    [&(text.len() as u32).to_be_bytes()[..], text].concat()
}

/// A packet of version 2 with four bytes of padding.
fn packet(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() + 6) as u32;
    [&length.to_be_bytes()[..], &[4, kind], payload, &[0; 4]].concat()
}

fn kexinit(kex: &str, cipher: [&str; 2]) -> Vec<u8> {
    let lists = [kex, "ssh-ed25519", cipher[0], cipher[1], "hmac-sha1", "hmac-sha1", "none", "none", "", ""];
    let lists: Vec<u8> = lists.iter().flat_map(|list| string(list.as_bytes())).collect();
    packet(20, &[&[7; 16][..], &lists, &[0; 5]].concat())
}

/// Both sides of a handshake with elliptic curves.
fn handshake() -> [Vec<u8>; 2] {
    let client = [
        &b"SSH-2.0-client 1\r\n"[..],
        &kexinit("curve25519-sha256,ecdh-sha2-nistp256", ["a", "b"]),
        &packet(30, &string(b"Q1")),
        &packet(21, b""),
    ];
    let reply = [string(b"hostkey"), string(b"Q2"), string(b"signature")].concat();
    let server = [
        &b"SSH-1.99-server\n"[..],
        &kexinit("ecdh-sha2-nistp256,curve25519-sha256", ["a", "c,b"]),
        &packet(31, &reply),
        &packet(21, b""),
    ];
    [client.concat(), server.concat()]
}

fn trace(pieces: &[(bool, &[u8])]) -> Vec<String> {
    let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
    for (is_orig, piece) in pieces {
        session.data(*is_orig, piece, &mut trace);
    }
    trace.0
}

#[test]
fn a_handshake_is_read_however_it_is_cut() {
    let [client, server] = handshake();
    let (client, server) = (in_parts(&client), in_parts(&server));
    let begin = [(true, client[0]), (false, server[0]), (true, client[1])];
    let with = |of_server: &[&[u8]], of_client: &[&[u8]]| {
        let server = of_server.iter().map(|piece| (false, *piece));
        let client = of_client.iter().map(|piece| (true, *piece));
        trace(&begin.into_iter().chain(server).chain(client).collect::<Vec<_>>())
    };
    let (server, client) = (server[1], client[2]);
    let whole = with(&[server], &[client]);
    assert_eq!(whole[..2], ["client SSH-2.0-client 1", "server SSH-1.99-server"]);
    assert!(
        whole.contains(&"server q Q2".to_owned()) && whole.contains(&"client q Q1".to_owned()),
        "{whole:?}"
    );
    assert_eq!(whole.iter().filter(|what| *what == "confirmed").count(), 2);
    for cut in 0..server.len() {
        let (before, after) = server.split_at(cut);
        assert_eq!(with(&[before, after], &[client]), whole, "cut at {cut}");
    }
    let (server, client): (Vec<_>, Vec<_>) = (server.chunks(1).collect(), client.chunks(1).collect());
    assert_eq!(with(&server, &client), whole);
}

/// Identification string, capabilities with what a server sends behind them, and what a client sends after that.
fn in_parts(side: &[u8]) -> Vec<&[u8]> {
    let line = side.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let (line, rest) = side.split_at(line);
    if line.starts_with(b"SSH-1.99") {
        return vec![line, rest];
    }
    let can = u32::from_be_bytes(*rest.first_chunk().unwrap()) as usize + 4;
    let (can, rest) = rest.split_at(can);
    vec![line, can, rest]
}

#[test]
fn logins_follow_the_keys_even_in_one_segment() {
    let [client, server] = handshake();
    let (client, server) = (in_parts(&client), in_parts(&server));
    let last = [client[2], &[1; 44]].concat();
    let order =
        [(true, client[0]), (false, server[0]), (true, client[1]), (false, server[1]), (true, &last[..])];
    let mut pieces: Vec<(bool, Vec<u8>)> = order.map(|(is_orig, piece)| (is_orig, piece.to_vec())).to_vec();
    pieces.extend(
        [(false, 44), (true, 60), (false, 60), (true, 140), (false, 60), (true, 140), (false, 28)]
            .map(|(is_orig, len)| (is_orig, vec![9; len])),
    );
    let pieces: Vec<(bool, &[u8])> = pieces.iter().map(|(is_orig, piece)| (*is_orig, &piece[..])).collect();
    let trace = trace(&pieces);
    let after: Vec<&String> = trace.iter().skip_while(|what| !what.contains("encrypted 44")).collect();
    assert_eq!(after[0], "client encrypted 44", "{trace:?}");
    let attempts: Vec<&&String> = after.iter().filter(|what| what.contains("ed")).collect();
    assert!(attempts.iter().any(|what| **what == "Failed"));
    assert_eq!(trace.last().unwrap(), "Succeeded { by_none: false }");
}

#[test]
fn what_is_not_ssh_is_said() {
    let told_of =
        trace(&[(true, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), (false, b"SSH-2.0-x\r\n"), (false, b"abcd")]);
    let violation =
        "violation Binpac exception: binpac exception: invalid index for case: SSH_Key_Exchange: 3"
            .to_owned();
    assert_eq!(told_of, ["client GET / HTTP/1.1", &violation, "server SSH-2.0-x", &violation]);
    let both = [(true, &b"SSH-2.0-x\n"[..]), (false, b"SSH-2.0-x\n"), (true, &[0x7f, 0xff, 0xff, 0xff])];
    assert!(trace(&both)[2].contains("message of 2147483647 bytes"));
    assert!(trace(&[(true, &[b'x'; 5000])])[0].contains("no end of the identification string"));
}

#[test]
fn version_1_has_a_key_of_its_own() {
    let key = [
        &[0; 8][..], // cookie
        &[0, 0, 2, 0],
        &[0, 9, 1, 1],
        &[0, 8, 5],
        &[0, 0, 4, 0],
        &[0, 6, 0x23],
        &[0, 16, 0xab, 0xcd],
        &[0; 12],
    ]
    .concat();
    let length = key.len() + 1 + 4;
    let message =
        [&(length as u32).to_be_bytes()[..], &vec![0; 8 - length % 8], &[2], &key, &[0; 4]].concat();
    let trace = trace(&[(true, b"SSH-1.5-a\n"), (false, b"SSH-1.99-b\n"), (false, &message)]);
    let expected = fingerprint(&HostKey::V1 { exponent: &[0x23], modulus: &[0xab, 0xcd] });
    assert_eq!(trace[2], format!("key {expected}"));
}

#[test]
fn both_sides_agree_on_the_clients_first_choice() {
    let (mut info, can) = (Info::default(), |message: &[u8], info: &mut Info, is_orig| {
        info.can(is_orig, &KexInit::parse(&message[6..message.len() - 4]).unwrap());
    });
    can(&kexinit("x,y", ["a,b", "b,a"]), &mut info, false);
    can(&kexinit("y,x", ["b", "a"]), &mut info, true);
    let agreed = info.negotiated.as_ref().unwrap();
    assert_eq!((&agreed.kex[..], &agreed.cipher[..]), ("y", "To server: b, to client: a"));
    for (client, server, version) in [
        ("SSH-2.0-x", "SSH-2.0-y", Some(2)),
        ("SSH-1.99-x", "SSH-2.0-y", Some(2)),
        ("SSH-1.5-x", "SSH-2.0-y", Some(0)),
        ("SSH-1.5-x", "SSH-1.99-y", Some(1)),
        ("SSH-1.99-x", "SSH-1.99-y", Some(2)),
        ("SSH-2.0-x", "GET /", None),
        ("SSH-", "SSH-2.0-y", None),
    ] {
        let mut info = Info::default();
        info.identified(true, client.as_bytes());
        info.identified(false, server.as_bytes());
        assert_eq!(info.version, version, "{client} and {server}");
    }
}

#[test]
fn beginnings_are_recognised() {
    for (bytes, expected) in [
        (&b""[..], Probe::NeedMore),
        (b"ss", Probe::NeedMore),
        (b"SSH-", Probe::Match),
        (b"ssh-2.0", Probe::Match),
        (b"SSL", Probe::NoMatch),
        (b"GET /", Probe::NoMatch),
    ] {
        assert_eq!(probe(bytes), expected, "{bytes:?}");
    }
}

#[test]
fn anything_at_all_is_read_within_bounds() {
    let [client, server] = handshake();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..3_000 {
        let mut data = Vec::new();
        let (mut client, mut server) = (&client[..], &server[..]);
        for _ in 0..40 {
            let is_orig = random() & 1 == 1;
            let from = if is_orig { &mut client } else { &mut server };
            let len = (random() % 64) as usize;
            let piece = from.split_off(..len.min(from.len())).unwrap_or_default();
            let mut piece = piece.to_vec();
            if random() % 5 == 0 {
                piece.resize(len, random() as u8);
            }
            if random() % 4 == 0 && !piece.is_empty() {
                let at = random() as usize % piece.len();
                piece[at] ^= 1 << (random() % 8);
            }
            data.push((piece.len() as u8) << 2 | u8::from(is_orig) | u8::from(random() % 97 == 0) << 1);
            data.extend_from_slice(&piece);
        }
        fuzz::check(&data);
    }
}
