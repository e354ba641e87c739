//! What `pcaps/memcached.pcap` does not have: events, UDP, binary, and what is held.

use crate::build::{Capture, Client, Server, host, one, printed, rows};

fn session(len: usize) -> Capture {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 4000);
    talk.send_in(Client, len, b"set a 0 60 5\r\nhello\r\n").send_in(Server, len, b"STORED\r\n");
    talk.send_in(Client, len, b"set b 0 0 1 noreply\r\nx\r\nget a b c\r\n");
    talk.send_in(Server, len, b"VALUE a 0 5\r\nhello\r\nVALUE b 0 1\r\nx\r\nEND\r\n");
    talk.send_in(Client, len, b"incr n 1\r\nstats\r\n").send_in(
        Server,
        len,
        b"NOT_FOUND\r\nSTAT pid 1\r\nEND\r\n",
    );
    talk.send_in(Client, len, b"quit\r\n").close();
    capture
}

#[test]
fn memcached_is_found_and_the_same_however_its_bytes_are_cut() {
    for len in [1400, 1, 3] {
        let rows = rows(&session(len));
        assert_eq!(rows.only("conn")["service"], "memcached", "{len}");
        let told = rows.fields("memcached", ["command", "key", "keys", "success", "status", "response_len"]);
        let want = r#"[["set","a",1,true,"STORED",0],["set","b",1,null,null,null],["get","a",3,true,"END",6],["incr","n",1,false,"NOT_FOUND",0],["stats",null,0,true,"END",0],["quit",null,0,null,null,null]]"#;
        assert_eq!(serde_json::to_string(&told).unwrap(), want, "{len}");
    }
}

#[test]
fn memcached_events_tell_requests_and_answers() {
    let script = "event memcached_request(c: connection, command: string, key: string, keys: count, value_len: count)
            { print command, key, keys, value_len; }
        event memcached_response(c: connection, status: string, success: bool, values: count, value_len: count)
            { print status, success, values, value_len; }
        event Memcached::log_memcached(rec: Memcached::Info) { if ( rec?$response_len && rec$response_len > 0 ) print rec$key; }";
    let want = "set, a, 1, 5\nSTORED, T, 0, 0\nset, b, 1, 1\nget, a, 3, 0\nEND, T, 2, 6\na\nincr, n, 1, 0\nstats, , 0, 0\n\
        NOT_FOUND, F, 0, 0\nEND, T, 0, 0\nquit, , 0, 0\n";
    assert_eq!(printed(&session(1400), &[], script)[0], want);
}

#[test]
fn memcached_is_read_over_udp() {
    let (client, server) = (host(1, 40_000), host(2, 11211));
    let mut capture = Capture::new();
    capture
        .udp(0, client, server, b"\0\x05\0\0\0\x01\0\0get a\r\n")
        .udp(10, server, client, &[&b"\0\x05\0\0\0\x02\0\0VALUE a 0 9999\r\n"[..], &[b'x'; 1300]].concat())
        .udp(20, server, client, b"\0\x05\0\x01\0\x02\0\0xxx\r\nEND\r\n");
    let rows = rows(&capture);
    assert_eq!(rows.only("conn")["service"], "memcached");
    assert_eq!(rows.only("memcached")["response_len"], 9999);
}

#[test]
fn quiet_requests_in_binary_are_logged_with_the_next_answer() {
    let packet = |magic: u8, opcode: u8, opaque: u8, key: &[u8], value: &[u8]| {
        let (key_len, body) = (key.len() as u8, (key.len() + value.len()) as u8);
        [&[magic, opcode, 0, key_len, 0, 0, 0, 0, 0, 0, 0, body, 0, 0, 0, opaque][..], &[0; 8], key, value]
            .concat()
    };
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 4000);
    talk.send(
        Client,
        &[packet(0x80, 9, 1, b"a", b""), packet(0x80, 9, 2, b"b", b""), packet(0x80, 10, 3, b"", b"")]
            .concat(),
    );
    talk.send(Server, &[packet(0x81, 9, 2, b"", b"hello"), packet(0x81, 10, 3, b"", b"")].concat()).close();
    let rows = rows(&capture);
    let told = rows.fields("memcached", ["binary", "command", "key", "status", "response_len"]);
    let want = r#"[[true,"get","a",null,null],[true,"get","b","OK",5],[true,"noop",null,"OK",0]]"#;
    assert_eq!(serde_json::to_string(&told).unwrap(), want);
}

#[test]
fn memcached_requests_that_are_never_answered_do_not_pile_up() {
    let get = format!("get {}\r\n", "x".repeat(240));
    let capture = {
        let mut capture = Capture::new();
        let mut talk = capture.talk(40_000, 11211);
        talk.send(Client, b"version\r\n").send(Server, b"VERSION 1\r\n");
        (0..2000).for_each(|_| {
            talk.send(Client, get.as_bytes());
        });
        capture
    };
    let [_, told] = printed(&capture, &[], "");
    assert!(
        told.contains("memcached requests logged before they were answered because too many waited"),
        "{told}"
    );
    assert_eq!(rows(&capture).of("memcached").len(), 2001);
}

#[test]
fn what_is_not_memcached_is_not_logged() {
    let web = one(|talk| {
        talk.send(Client, b"get /\r\n").send(Server, b"HTTP/1.0 400 no\r\n\r\n").close();
    });
    assert!(rows(&web).of("memcached").is_empty());
}
