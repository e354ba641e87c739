use super::*;
use crate::smb::v1::About;
use crate::smb::v2::{Change, ContextData};

/// What a session told, as texts.
#[derive(Default)]
struct Told(Vec<String>);

impl Told {
    fn say(&mut self, is_orig: bool, what: String) {
        self.0.push(format!("{} {what}", if is_orig { ">" } else { "<" }));
    }
}

impl Handler for Told {
    fn v1_header(&mut self, _: bool, _: &v1::Header) {}

    fn v1(&mut self, is_orig: bool, _: &v1::Header, body: &v1::Body<'_>, at: Place) {
        use v1::Body;
        let told = match body {
            Body::Nothing => "nothing".to_owned(),
            Body::NegotiateRequest(dialects) => {
                dialects.iter().map(|text| text.escape_ascii().to_string()).collect::<Vec<_>>().join("|")
            }
            Body::TreeConnectRequest { path, service } => {
                format!("tree {} {}", path.escape_ascii(), service.escape_ascii())
            }
            Body::SessionSetupRequest(setup) => format!("setup {}", setup.native_os.escape_ascii()),
            Body::ReadRequest { file, offset, len } => format!("read {file} {offset} {len}"),
            Body::ReadResponse { data } => format!("reading {} at {}", data.escape_ascii(), at.offset),
            Body::Transaction2 { about: About::FindFirst { name, .. }, .. } => {
                format!("find {}", name.escape_ascii())
            }
            Body::Transaction(of) => format!("transaction {} {:?}", of.command, of.kind),
            other => format!("{other:?}"),
        };
        self.say(is_orig, told);
    }

    fn v2_header(&mut self, _: bool, _: &v2::Header<'_>) {}

    fn v2(&mut self, is_orig: bool, header: &v2::Header<'_>, body: &v2::Body<'_>, at: Place) {
        use v2::Body;
        let told = match body {
            Body::TreeConnectRequest { path } => format!("tree {}", path.escape_ascii()),
            Body::CreateRequest { name, options, .. } => format!("create {} {options}", name.escape_ascii()),
            Body::ReadRequest { file, offset, len } => format!("read {} {offset} {len}", file.sum()),
            Body::ReadResponse { data } => format!("reading {} at {}", data.escape_ascii(), at.offset),
            Body::SetInfo { change: Change::Rename(name), .. } => format!("rename {}", name.escape_ascii()),
            Body::NegotiateResponse(response) => {
                format!("dialect {:#x} {}", response.dialect, response.contexts.len())
            }
            _ => format!("command {}", header.command),
        };
        self.say(is_orig, told);
    }

    fn encrypted(&mut self, transform: &Transform<'_>) {
        self.0.push(format!("encrypted {}", transform.original_size));
    }

    fn pipe(&mut self, is_orig: bool, Pipe(file): Pipe, data: &[u8]) {
        self.say(is_orig, format!("pipe {file} {}", data.escape_ascii()));
    }

    fn security(&mut self, is_orig: bool, blob: &[u8]) {
        self.say(is_orig, format!("security {}", blob.escape_ascii()));
    }

    fn pipe_found(&mut self) {
        self.0.push("pipe found".to_owned());
    }

    fn is_name_of_pipe(&self, name: &[u8]) -> bool {
        name == b"srvsvc"
    }

    fn discarded(&mut self, what: Discarded) {
        self.0.push(format!("discarded {}", what.name()));
    }

    fn confirmed(&mut self) {}

    fn violation(&mut self, reason: &str) {
        self.0.push(reason.strip_prefix("Binpac exception: binpac exception: ").unwrap_or(reason).to_owned());
    }
}

/// What is told of these bytes of one direction and then the other.
fn told(pieces: &[(bool, &[u8])]) -> Vec<String> {
    let (mut session, mut told) = (Session::new(Limits::default()), Told::default());
    pieces.iter().for_each(|(is_orig, bytes)| session.data(*is_orig, bytes, &mut told));
    told.0
}

fn frame(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u32).to_be_bytes()[..], message].concat()
}

/// A frame with a message of SMB 2: its command, its number, its share, and what follows the header.
fn v2(command: u16, id: u64, tree: u32, body: &[u8]) -> Vec<u8> {
    v2_with(command, id, tree, 0, body)
}

fn v2_with(command: u16, id: u64, tree: u32, status: u32, body: &[u8]) -> Vec<u8> {
    let mut message = b"\xfeSMB\x40\0\x01\0".to_vec();
    message.extend(status.to_le_bytes());
    message.extend(command.to_le_bytes());
    message.extend([0; 10]);
    message.extend(id.to_le_bytes());
    message.extend([0; 4]);
    message.extend(tree.to_le_bytes());
    message.extend([0; 24]);
    frame(&[&message[..], body].concat())
}

/// A frame with a message of SMB 1, in ASCII.
fn v1(command: u8, body: &[u8]) -> Vec<u8> {
    let mut message = b"\xffSMB".to_vec();
    message.push(command);
    message.extend([0; 27]);
    frame(&[&message[..], body].concat())
}

fn read_request(file: u64, offset: u64, len: u32) -> Vec<u8> {
    let mut body = vec![49, 0, 0, 0];
    body.extend(len.to_le_bytes());
    body.extend(offset.to_le_bytes());
    body.extend(file.to_le_bytes());
    body.extend([0; 24]);
    body
}

fn read_response(data: &[u8]) -> Vec<u8> {
    [&[17, 0, 80, 0][..], &(data.len() as u32).to_le_bytes(), &[0; 8], data].concat()
}

fn tree_connect(path: &[u8]) -> Vec<u8> {
    [&[9, 0, 0, 0, 72, 0, path.len() as u8, 0][..], path].concat()
}

/// A share is used, and a file of it read.
fn conversation() -> Vec<(bool, Vec<u8>)> {
    vec![
        (true, v2(3, 1, 0, &tree_connect(b"\\\0a\0"))),
        (false, v2(3, 1, 5, &[16, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
        (true, v2(8, 2, 5, &read_request(7, 100, 5))),
        (false, v2(8, 2, 5, &read_response(b"hello"))),
    ]
}

const TOLD: [&str; 4] = ["> tree \\\\a", "< command 3", "> read 7 100 5", "< reading hello at 100"];

fn borrowed(pieces: &[(bool, Vec<u8>)]) -> Vec<(bool, &[u8])> {
    pieces.iter().map(|(is_orig, bytes)| (*is_orig, &bytes[..])).collect()
}

#[test]
fn messages_are_told_however_they_are_cut() {
    let pieces = conversation();
    assert_eq!(told(&borrowed(&pieces)), TOLD);
    for len in 1..80 {
        let mut cut: Vec<(bool, &[u8])> = Vec::new();
        for (nth, (is_orig, bytes)) in pieces.iter().enumerate() {
            // The first piece has to show that it is SMB.
            let (front, back) = bytes.split_at(if nth == 0 { 8 } else { 0 });
            cut.push((*is_orig, front));
            cut.extend(back.chunks(len).map(|piece| (*is_orig, piece)));
        }
        assert_eq!(told(&cut), TOLD, "in pieces of {len}");
    }
    let all: Vec<u8> = [&pieces[0].1[..], &pieces[2].1].concat();
    assert_eq!(told(&[(true, &all)]), [TOLD[0], TOLD[2]], "several in one piece");
}

#[test]
fn what_is_no_message_is_passed_over_until_one_begins() {
    let pieces = conversation();
    assert_eq!(told(&[(true, b"\x81\0\0\x44 a NetBIOS session"), (true, &pieces[0].1)]), [TOLD[0]]);
    let (mut session, mut told) = (Session::new(Limits::default()), Told::default());
    session.data(true, &pieces[0].1, &mut told);
    session.data(true, &pieces[2].1[..20], &mut told);
    session.gap();
    session.data(true, b"the end of another", &mut told);
    session.data(true, &pieces[2].1, &mut told);
    assert_eq!((told.0, session.buffered()), (vec![TOLD[0].to_owned(), TOLD[2].to_owned()], 0));
}

#[test]
fn pipes_are_told_with_their_files() {
    let pipe = [16, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut write = vec![49, 0, 112, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
    write.resize(48, 0);
    write.extend(b"rpc");
    let mut ioctl = vec![
        57, 0, 0, 0, 0x17, 0xc0, 0x11, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 120, 0, 0, 0, 2,
    ];
    ioctl.resize(56, 0);
    ioctl.extend(b"in");
    let mut answer = vec![49, 0, 0, 0, 0x17, 0xc0, 0x11, 0];
    answer.resize(32, 0);
    answer.extend([112, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    answer.extend(b"out");
    let told = told(&[
        (true, &v2(3, 1, 0, &tree_connect(b"I\0"))),
        (false, &v2(3, 1, 4, &pipe)),
        (true, &v2(9, 2, 4, &write)),
        (true, &v2(8, 3, 4, &read_request(9, 0, 10))),
        // The server does not say the share again.
        (false, &v2(8, 3, 0, &read_response(b"answer"))),
        (true, &v2(11, 4, 4, &ioctl)),
        (false, &v2(11, 4, 4, &answer)),
    ]);
    let pipes: Vec<&String> = told.iter().filter(|told| told.contains("pipe")).collect();
    assert_eq!(pipes, ["> pipe 9 rpc", "< pipe 9 answer", "> pipe 9 in", "< pipe 9 out"]);
}

#[test]
fn errors_have_no_body_but_for_those_that_do() {
    let request = v2(8, 2, 5, &read_request(7, 0, 5));
    let error = v2_with(8, 2, 5, 0xc000_0022, &[9, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(told(&[(true, &request), (false, &error)]), ["> read 7 0 5"]);
    let more = v2_with(8, 2, 5, 0x8000_0005, &read_response(b"part"));
    assert_eq!(told(&[(true, &request), (false, &more)]), ["> read 7 0 5", "< reading part at 0"]);
}

#[test]
fn what_is_broken_is_told_in_zeeks_words() {
    assert_eq!(told(&[(true, b"\0\0\0\x04\xfeSMB")]), ["out_of_bound: SMB2_PDU:header: 60 > 0"]);
    assert_eq!(told(&[(true, b"\0\0\0\x04\xffSMB")]), ["out_of_bound: SMB_PDU:header: 28 > 0"]);
    let short = v2(8, 2, 5, &[49, 0]);
    assert_eq!(told(&[(true, &short)]), ["out_of_bound: SMB2_read_request:channel_info_len: 48 > 2"]);
    let long = v2(8, 2, 5, &[&[17, 0, 80, 0, 0xff, 0, 0, 0][..], &[0; 8], b"x"].concat());
    assert_eq!(told(&[(false, &long)]), ["out_of_bound: SMB2_read_response:data: 271 > 17"]);
    let setup = v1(0x73, &[9, 0xff, 0, 0, 0]);
    assert_eq!(
        told(&[(true, &setup)]),
        ["invalid index for case: SMB1_session_setup_andx_request:lanman_or_ntlm: 9"]
    );
    let large = [&b"\0\xff\xff\xff\xfeSMB"[..], &[0; 100]].concat();
    assert_eq!(told(&[(true, &large)]), ["flowbuffer allocation failed: expand past max capacity"]);
}

#[test]
fn commands_of_one_message_are_told_from_the_last_on() {
    // Somebody logs in and uses a share in one message.
    let mut setup = vec![13, 0x75, 0, 66, 0];
    setup.extend([0; 24]);
    setup.extend(b"me\0ROOST\0OS\0LM\0");
    let place = HEADER_LEN + setup.len();
    setup[3] = place as u8;
    setup.extend(b"\x04\xff\0\0\0\0\0\x01\0\x10\0\0\\\\NEST\\IPC$\0IPC\0");
    assert_eq!(told(&[(true, &v1(0x73, &setup))]), ["> tree \\\\\\\\NEST\\\\IPC$ IPC", "> setup OS"]);
}

const HEADER_LEN: usize = v1::HEADER;

#[test]
fn a_chain_ends_where_its_places_do_not_go_on() {
    // Each logs off and says that the next begins where it does itself.
    let mut body = Vec::new();
    for _ in 0..40 {
        body.extend([2, 0x74, 0, 0xff, 0xff, 0, 0]);
    }
    assert_eq!(told(&[(true, &v1(0x74, &body))]).len(), v1::MAX_CHAIN);
    let back = [2, 0x74, 0, 3, 0, 0, 0, 2, 0xff, 0, 0, 0, 0, 0];
    assert_eq!(told(&[(true, &v1(0x74, &back))]).len(), 1, "it is an error");
}

#[test]
fn transactions_are_of_pipes_by_their_names() {
    let transaction = |name: &[u8]| {
        let mut body = vec![16];
        body.extend([0; 18]);
        let parameters = HEADER_LEN + 35 + name.len();
        body.extend([0, 0]);
        body.extend([(parameters as u8), 0, 2, 0, (parameters as u8), 0, 2, 0, 0x26, 0, 9, 0, 0, 0]);
        body.extend(name);
        body.extend(b"xy");
        told(&[(true, &v1(0x25, &body))])
    };
    assert_eq!(transaction(b"\\PIPE\\\0")[..1], ["> pipe 0 xy"]);
    assert_eq!(transaction(b"\\PIPE\\LANMAN\0").len(), 1);
    assert_eq!(transaction(b"\\MAILSLOT\0").len(), 1);
}

#[test]
fn what_a_server_can_is_read() {
    let mut body = vec![65, 0, 1, 0, 0x11, 3, 2, 0];
    body.resize(56, 0);
    body.extend([128, 0, 2, 0, 136, 0, 0, 0]);
    body.extend(b"ab");
    body.resize(72, 0);
    body.extend([2, 0, 4, 0, 0, 0, 0, 0, 1, 0, 2, 0]);
    body.resize(88, 0);
    body.extend([1, 0, 6, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0]);
    assert_eq!(told(&[(false, &v2(0, 0, 0, &body))]), ["< dialect 0x311 2", "< security ab"]);
    let mut r = crate::bounds::Cursor::new(&body);
    let header = v2::Header { len: 64, command: 0, ..v2::Header::default() };
    let Ok(v2::Body::NegotiateResponse(response)) = v2::response(&header, &mut r) else {
        panic!("no answer")
    };
    let ContextData::Encryption(ciphers) = response.contexts[0].data else { panic!("no ciphers") };
    assert_eq!(ciphers.iter().collect::<Vec<_>>(), [2]);
}

#[test]
fn what_nobody_answers_is_forgotten() {
    let limits = Limits { pending: 3, ..Limits::default() };
    let (mut session, mut told) = (Session::new(limits), Told::default());
    for id in 0..7 {
        session.data(true, &v2(8, id, 5, &read_request(1, 0, 1)), &mut told);
    }
    assert_eq!(told.0.iter().filter(|told| told.starts_with("discarded")).count(), 4);
}

#[test]
fn what_is_encrypted_is_noted() {
    let mut message = b"\xfdSMB".to_vec();
    message.extend([0; 32]);
    message.extend([99, 0, 0, 0, 0, 0, 1, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
    message.extend(b"cannot be read");
    let first = conversation().swap_remove(0).1;
    assert_eq!(told(&[(true, &first), (true, &frame(&message))]), [TOLD[0], "encrypted 99"]);
}

#[test]
fn a_beginning_decides() {
    for (bytes, probe) in [
        (&b"\0\0\0\x40\xfeSMB\x40"[..], Probe::Match),
        (b"\0\0\0\x40\xffSMB", Probe::Match),
        (b"\0\0\0\x40\xffS", Probe::NeedMore),
        (b"\0\0\0", Probe::NeedMore),
        (b"\0\0\0\x40\xfdSMB", Probe::NoMatch),
        (b"GET / HTTP/1.1", Probe::NoMatch),
        (b"\0\0\0\x40\xffSMX", Probe::NoMatch),
    ] {
        assert_eq!(super::probe(bytes), probe, "{}", bytes.escape_ascii());
    }
}

#[test]
fn damage_is_told_or_read_and_nothing_else() {
    let pieces = conversation();
    for nth in 0..pieces.len() {
        for at in 0..pieces[nth].1.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = pieces.clone();
                damaged[nth].1[at] = value;
                assert!(told(&borrowed(&damaged)).len() <= pieces.len() + 1);
            }
        }
    }
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("smb", fuzz::check);
}
