use super::*;

/// What a session told, as texts.
#[derive(Default)]
struct Told(Vec<String>);

impl Handler for Told {
    fn request(&mut self, request: &Request<'_>) {
        let Request { command, key, keys, len, is_quiet, tag, is_binary } = request;
        let key = key.unwrap_or(b"-").escape_ascii();
        let (len, tag) = (len.map_or(-1, u64::cast_signed), tag.map_or(-1, i64::from));
        let marks = [(*is_quiet, " quiet"), (*is_binary, " binary")];
        let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
        self.0.push(format!("{} {key} {keys} {len} {tag}{marks}", command.escape_ascii()));
    }

    fn response(&mut self, response: &Response<'_>) {
        let Response { status, success, values, bytes, tag } = response;
        let tag = tag.map_or(-1, i64::from);
        self.0.push(format!("{} {success} {values} {bytes} {tag}", status.escape_ascii()));
    }

    fn violation(&mut self, reason: &'static str) {
        self.0.push(reason.to_owned());
    }
}

/// What is told of a stream, at once and cut at each byte.
fn all(is_orig: bool, stream: &[u8], want: &[&str]) {
    for at in 0..stream.len() {
        let (mut session, mut told) = (Session::new(Limits::default()), Told::default());
        let (front, back) = stream.split_at(at);
        session.data(is_orig, front, &mut told);
        session.data(is_orig, back, &mut told);
        assert_eq!(told.0, want, "cut at {at}");
    }
}

#[test]
fn text_is_read_however_it_is_cut() {
    let client = b"get a\r\ngets a b  c\r\nset a 0 60 5\r\nab\r\nc\r\nadd b 1 0 0 noreply\r\n\r\nincr n 1\r\ngat 10 a b\r\n\
        delete a noreply\r\nstats items\r\nmg k v q\r\nms k 2\r\nhi\r\nflush_all\r\nquit\r\n";
    let want = [
        "get a 1 -1 -1",
        "gets a 3 -1 -1",
        "set a 1 5 -1",
        "add b 1 0 -1 quiet",
        "incr n 1 -1 -1",
        "gat a 2 -1 -1",
        "delete a 1 -1 -1 quiet",
        "stats items 1 -1 -1",
        "mg k 1 -1 -1 quiet",
        "ms k 1 2 -1",
        "flush_all - 0 -1 -1",
        "quit - 0 -1 -1 quiet",
    ];
    all(true, client, &want);
    let server =
        b"VALUE a 0 5\r\nab\r\nc\r\nVALUE b 0 0 99\r\n\r\nEND\r\nEND\r\nSTORED\r\nNOT_FOUND\r\n7\r\n\
        STAT pid 1\r\nSTAT up 2\r\nEND\r\nVA 2 t1\r\nhi\r\nEN\r\nCLIENT_ERROR bad\r\n";
    let want = [
        "END true 2 5 -1",
        "END true 0 0 -1",
        "STORED true 0 0 -1",
        "NOT_FOUND false 0 0 -1",
        "7 true 0 0 -1",
        "END true 0 0 -1",
        "VA true 1 2 -1",
        "EN false 0 0 -1",
        "CLIENT_ERROR false 0 0 -1",
    ];
    all(false, server, &want);
}

/// A header, and what follows it.
fn packet(magic: u8, opcode: u8, status: u16, [extras, key, value]: [&[u8]; 3]) -> Vec<u8> {
    let body = (extras.len() + key.len() + value.len()) as u32;
    let head = [&[magic, opcode][..], &(key.len() as u16).to_be_bytes(), &[extras.len() as u8, 0]].concat();
    [&head[..], &status.to_be_bytes(), &body.to_be_bytes(), &7_u32.to_be_bytes(), &[0; 8], extras, key, value]
        .concat()
}

#[test]
fn binary_is_read_however_it_is_cut() {
    let client = [
        packet(0x80, 1, 0, [&[0; 8], b"k", b"value"]),
        packet(0x80, 9, 0, [b"", b"k", b""]),
        packet(0x80, 10, 0, [b"", b"", b""]),
    ];
    let want = ["set k 1 5 7 binary", "get k 1 -1 7 quiet binary", "noop - 0 -1 7 binary"];
    all(true, &client.concat(), &want);
    let server = [
        packet(0x81, 0, 0, [&[0; 4], b"", b"value"]),
        packet(0x81, 16, 0, [b"", b"pid", b"1"]),
        packet(0x81, 16, 0, [b"", b"", b""]),
        packet(0x81, 1, 2, [b"", b"", b"exists"]),
    ];
    all(false, &server.concat(), &["OK true 1 5 7", "OK true 0 0 7", "EXISTS false 0 0 7"]);
}

#[test]
fn datagrams_are_read_behind_their_frame() {
    let (mut session, mut told) = (Session::new(Limits::default()), Told::default());
    session.datagram(true, b"\0\x05\0\0\0\x01\0\0get a\r\n", &mut told);
    session.datagram(false, b"\0\x05\0\0\0\x02\0\0VALUE a 0 9999\r\nxxx", &mut told);
    session.datagram(false, b"\0\x05\0\x01\0\x02\0\0xxx\r\nEND\r\n", &mut told);
    session.datagram(false, b"\0\x06\0\0\0\x02\0\0STAT pid 1\r\nSTAT up", &mut told);
    assert_eq!(told.0, ["get a 1 -1 5", "VALUE true 1 9999 5", "STAT true 0 0 6"]);
}

#[test]
fn what_is_not_memcached_is_told_once() {
    for wrong in
        [&b"GET / HTTP/1.1\r\n"[..], b"set a b\r\n", &[b'x'; 20_000], b"\x81aaaaaaaaaaaaaaaaaaaaaaaaaaa"]
    {
        let (mut session, mut told) = (Session::new(Limits::default()), Told::default());
        session.data(true, wrong, &mut told);
        session.data(true, b"get a\r\n", &mut told);
        assert_eq!(told.0, ["not a request of memcached"], "{}", wrong.escape_ascii());
    }
    let (mut session, mut told) = (Session::new(Limits::default()), Told::default());
    session.data(false, b"VALUE a 0 9\r\nab", &mut told);
    session.gap(false);
    session.data(false, b"END\r\n", &mut told);
    assert!(told.0.is_empty() && session.buffered() == 0);
}

#[test]
fn a_beginning_decides() {
    for (bytes, probe) in [
        (&b"get a\r\n"[..], Probe::Match),
        (b"version\r\n", Probe::Match),
        (b"ge", Probe::NeedMore),
        (b"set a 0", Probe::NeedMore),
        (b"get a\n", Probe::NoMatch),
        (b"GET /", Probe::NoMatch),
        (b"\x80\x01\0\x01\x08\0", Probe::Match),
        (b"\x80\xff\0\x01\x08\0", Probe::NoMatch),
    ] {
        assert_eq!(super::probe(bytes), probe, "{}", bytes.escape_ascii());
    }
    assert_eq!(probe_answer(b"END\r\n"), Probe::Match);
    assert_eq!(probe_answer(b"HTTP/1.1 200 OK\r\n"), Probe::NoMatch);
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("memcached", fuzz::check);
}
