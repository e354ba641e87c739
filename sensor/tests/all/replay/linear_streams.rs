//! The same for what each protocol is sent: lines and messages without end, whole and a byte at a time.

use super::linear::{CLIENT, End, SERVER, again, is_linear};

/// A conversation: how it begins, and what one side says again and again from then on.
struct Talk {
    port: u16,
    begin: &'static [(usize, &'static [u8])],
    from: usize,
    part: &'static [u8],
}

/// Sends it in large pieces, and a byte at a time.
fn talk(talk: &Talk) {
    for piece in [1460, 1] {
        is_linear(
            |frames, bytes| {
                let mut connection = frames.connect((CLIENT, 4000), talk.port);
                talk.begin.iter().for_each(|(from, said)| connection.send(*from, said));
                let all = again(talk.part, if piece == 1 { bytes / 40 } else { bytes });
                all.chunks(piece).for_each(|piece| connection.send(talk.from, piece));
            },
            &[],
        );
    }
}

fn talks(port: u16, begin: &'static [(usize, &'static [u8])], parts: &[(usize, &'static [u8])]) {
    parts.iter().for_each(|(from, part)| talk(&Talk { port, begin, from: *from, part }));
}

/// Datagrams, each of its own number.
fn datagrams(port: u16, make: impl Fn(u32) -> Vec<u8>) {
    is_linear(
        |frames, bytes| {
            let len = make(0).len().max(40);
            let ends: [End; 2] = [(CLIENT, 4000), (SERVER, port)];
            (0..bytes as u32 / len as u32).for_each(|at| frames.udp(ends, &make(at)));
        },
        &[],
    );
}

#[test]
fn mail() {
    let smtp: &[(usize, &[u8])] = &[(1, b"220 x ESMTP\r\n"), (0, b"EHLO a\r\n"), (1, b"250 x\r\n")];
    talks(25, smtp, &[(0, b"RCPT TO:<a@b>\r\n"), (0, b"a"), (0, b"\r\n"), (1, b"250-x\r\n")]);
    let data: &[(usize, &[u8])] = &[
        (1, b"220 x ESMTP\r\n"),
        (0, b"EHLO a\r\n"),
        (1, b"250 x\r\n"),
        (0, b"MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n"),
        (1, b"250 x\r\n250 x\r\n354 x\r\n"),
        (0, b"Content-Type: multipart/mixed; boundary=B\r\n"),
    ];
    let parts: [(usize, &[u8]); 4] = [
        (0, b"To: a@b, c@d,\r\n"),
        (0, b" a@b, c@d,\r\n"),
        (0, b"\r\n--B\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n"),
        (0, b"\r\n--B\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\n"),
    ];
    talks(25, data, &parts);
    let pop3: &[(usize, &[u8])] = &[(1, b"+OK\r\n"), (0, b"USER a\r\n"), (1, b"+OK\r\n")];
    talks(110, pop3, &[(0, b"RETR 1\r\n"), (0, b"a"), (1, b"+OK\r\n"), (1, b".\r\n")]);
    let imap: &[(usize, &[u8])] = &[(1, b"* OK hi\r\n")];
    talks(143, imap, &[(0, b"a capability\r\n"), (1, b"* CAPABILITY A B\r\n"), (0, b"a ")]);
    talks(143, imap, &[(0, b"a LOGIN x y\r\n"), (0, b"a LOGIN {5}\r\n"), (0, b"a AUTHENTICATE PLAIN\r\n")]);
    let xmpp: &[(usize, &[u8])] = &[(0, b"<stream:stream xmlns='jabber:client'>")];
    talks(5222, xmpp, &[(0, b"<a>"), (0, b"a"), (0, b"<a b='"), (1, b"</a>")]);
}

#[test]
fn transfers_and_chat() {
    let ftp: &[(usize, &[u8])] = &[(1, b"220 x\r\n"), (0, b"USER a\r\n"), (1, b"331 x\r\n")];
    let commands: [(usize, &[u8]); 7] = [
        (0, b"PORT 10,0,0,1,4,31\r\n"),
        (0, b"CWD a\r\n"),
        (0, b"RETR a\r\n"),
        (0, b"a"),
        (1, b"220-x\r\n"),
        (1, b"250 x\r\n"),
        (1, b"227 x (10,0,0,1,4,31)\r\n"),
    ];
    talks(21, ftp, &commands);
    talks(79, &[], &[(0, b"a"), (0, b"/W a@b\r\n"), (1, b"line of a reply\r\n"), (1, b"a")]);
    let irc: &[(usize, &[u8])] = &[(0, b"NICK a\r\nUSER a b c d\r\n"), (1, b":x 001 a :hi\r\n")];
    talks(6667, irc, &[(0, b"JOIN #a,#b\r\n"), (0, b"#a,"), (1, b":x 353 a = #a :a b c\r\n"), (0, b"\r\n")]);
    talks(1080, &[(0, b"\x05\x01\0"), (1, b"\x05\0")], &[(0, b"\x05\x01\0\x03\x01a\0\x50"), (1, b"\x05\0")]);
    talks(5900, &[(1, b"RFB 003.008\n"), (0, b"RFB 003.008\n")], &[(1, b"\x01\x02"), (0, b"\x02")]);
}

#[test]
fn messages_and_frames() {
    let connect: &[(usize, &[u8])] = &[(0, b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0"), (1, b"\x20\x02\0\0")];
    let packets: [(usize, &[u8]); 4] = [
        (0, b"\x32\x07\0\x01a\0\x01xy"),
        (0, b"\x82\x06\0\x01\0\x01a\0"),
        (0, b"\x30\xff\xff\xff\x7f"),
        (1, b"\x40\x02\0\x01"),
    ];
    talks(1883, connect, &packets);
    talks(
        502,
        &[],
        &[(0, b"\0\x01\0\0\0\x06\x01\x03\0\0\0\x0a"), (0, b"\0"), (1, b"\0\x01\0\0\0\x03\x01\x03\0")],
    );
    talks(20000, &[], &[(0, b"\x05\x64\x05\xc0\x01\0\0\x04\xe9\x21"), (0, b"\x05")]);
    let greeting: &[(usize, &[u8])] = &[
        (1, b"\x32\0\0\0\x0a5.7.1\0\x01\0\0\0saltsalt\0\xff\xf7\x08\x02\0\xff\x81\x15\0\0\0\0\0\0\0\0\0\0saltsaltsal\0"),
        (0, b"\x20\0\0\x01\x85\xa6\0\0\0\0\0\x01\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        (1, b"\x07\0\0\x02\0\0\0\x02\0\0\0"),
    ];
    let queries: [(usize, &[u8]); 4] = [
        (0, b"\x02\0\0\0\x03a"),
        (0, b"\xff\xff\xff\0"),
        (1, b"\x01\0\0\x01\x02\x01\0\0\x02a"),
        (0, b"\0\0\0\0"),
    ];
    talks(3306, greeting, &queries);
    let rdp: &[(usize, &[u8])] =
        &[(0, b"\x03\0\0\x0b\x06\xe0\0\0\0\0\0"), (1, b"\x03\0\0\x0b\x06\xd0\0\0\0\0\0")];
    talks(3389, rdp, &[(0, b"\x03\0\0\x08\x02\xf0\x80\x28"), (1, b"\x03\0\xff\xff"), (0, b"\x03")]);
    let ldap: &[(usize, &[u8])] = &[
        (0, b"\x30\x17\x02\x01\x01\x60\x12\x02\x01\x03\x04\0\xa3\x0b\x04\x09GSSAPI-xy"),
        (1, b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x0e\x04\0\x04\0"),
    ];
    let messages: [(usize, &[u8]); 5] = [
        (0, b"\x30\x0c\x02\x01\x02\x66\x07\x04\x01a\x30\x02\x30\0"),
        (0, b"\x30\x84\0\xff\xff\xff\x02\x01\x02\x66\x84\0\xff\xff\xff\x04\x01a"),
        (0, b"\x30\x84\x7f\xff\xff\xff"),
        (1, b"\x30\x0a\x02\x01\x02\x64\x05\x04\x01a\x30\0"),
        (1, b"\x30\x80"),
    ];
    talks(389, ldap, &messages);
    let deep = [&b"\x30\x82\x01\0\x02\x01\x01\x63"[..], &[0xa2; 250]].concat();
    talks(389, &[], &[(0, deep.leak())]);
    let redis: &[(usize, &[u8])] = &[(0, b"PING\r\n"), (1, b"+PONG\r\n")];
    let commands: [(usize, &[u8]); 8] = [
        (0, b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"),
        (0, b"SUBSCRIBE a\r\n"),
        (0, b"CLIENT REPLY SKIP\r\n"),
        (0, b"a"),
        (0, b"*1000000\r\n$1\r\na\r\n$1\r\na\r\n"),
        (1, b"*1\r\n*1\r\n"),
        (1, b"+a\r\n"),
        (1, b"$-1\r\n"),
    ];
    talks(6379, redis, &commands);
    let memcached: &[(usize, &[u8])] = &[(0, b"version\r\n"), (1, b"VERSION 1\r\n")];
    let requests: [(usize, &[u8]); 6] = [
        (0, b"get a\r\n"),
        (0, b"set a 0 0 1\r\na\r\n"),
        (0, b"get a "),
        (1, b"VALUE a 0 1\r\na\r\n"),
        (1, b"STAT a 1\r\n"),
        (0, b"\x80\x09\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0a"),
    ];
    talks(11211, memcached, &requests);
    let upgrade: &[(usize, &[u8])] = &[
        (0, b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: a\r\n\r\n"),
        (1, b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: a\r\n\r\n"),
    ];
    talks(
        80,
        upgrade,
        &[(0, b"\x82\x81\0\0\0\0a"), (0, b"\x02\x81\0\0\0\0a\0\x81\0\0\0\0a"), (1, b"\x82\x7e")],
    );
}

#[test]
fn calls_and_tickets() {
    // What is bound, and a login that goes with it.
    let bind = b"\x05\0\x0b\x03\x10\0\0\0\x2c\0\x08\0\x01\0\0\0\xd0\x16\xd0\x16\0\0\0\0\0\0\0\0\x0a\x06\0\0\0\0\0\0NTLMSSP\0";
    let calls: [(usize, &[u8]); 5] = [
        (0, bind),
        (0, b"\x05\0\0\x03\x10\0\0\0\x18\0\0\0\x01\0\0\0\0\0\0\0\0\0\x03\0"),
        (0, b"\x05\0\0\0\x10\0\0\0\x18\0\0\0\x01\0\0\0\0\0\0\0\0\0\x03\0"),
        (1, b"\x05\0\x02\x03\x10\0\0\0\x18\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0"),
        (0, b"\x05\0\0\x03\x10\0\0\0\xff\xff"),
    ];
    talks(135, &[], &calls);
    let first: &[(usize, &[u8])] = &[(0, b"\x05\0\0\x01\x10\0\0\0\x18\0\0\0\x01\0\0\0\0\0\0\0\0\0\x03\0")];
    talks(135, first, &[(0, b"\x05\0\0\0\x10\0\0\0\x12\0\0\0\x01\0\0\0xx")]);
    let tickets: [(usize, &[u8]); 3] = [
        (0, b"\0\0\0\x0c\x6a\x0a\x30\x08\xa1\x03\x02\x01\x05\xa2\x03\x02"),
        (0, b"\0\0\xff\xff\x6a\x82"),
        (1, b"\0\0\0\x15\x7e\x13\x30\x11\xa6\x03\x02\x01\x06\xa9\x03\x1b\x01A\xaa\x03\x1b\x01A\x30\0"),
    ];
    talks(88, &[], &tickets);
    datagrams(88, |at| {
        [&b"\x7e\x13\x30\x11\xa6\x03\x02\x01\x06\xa9\x03\x1b\x01A\xab\x06\x1b\x04"[..], &at.to_be_bytes()]
            .concat()
    });
}

#[test]
fn transactions_that_nobody_answers() {
    datagrams(67, |at| {
        let mut message = vec![0; 240];
        message[..4].copy_from_slice(&[1, 1, 6, 0]);
        message[4..8].copy_from_slice(&at.to_be_bytes());
        message[28..34].copy_from_slice(&[&[2, 0][..], &at.to_be_bytes()].concat());
        message[236..240].copy_from_slice(b"\x63\x82\x53\x63");
        [&message[..], b"\x35\x01\x01\xff"].concat()
    });
    datagrams(1812, |at| [&[1, at as u8, 0, 26][..], &[7; 16], b"\x01\x06user"].concat());
    datagrams(161, |at| {
        let id = at.to_be_bytes();
        [
            &b"\x30\x1d\x02\x01\0\x04\x06public\xa1\x10\x02\x04"[..],
            &id,
            b"\x02\x01\0\x02\x01\0\x30\x05\x30\x03\x06\x01\x2b",
        ]
        .concat()
    });
    datagrams(123, |at| [&b"\x1b\0\x04\xfa"[..], &[0; 40], &at.to_be_bytes()].concat());
    datagrams(5060, |at| {
        format!("INVITE sip:a@b SIP/2.0\r\nCall-ID: {at}\r\nCSeq: {at} INVITE\r\n\r\n").into_bytes()
    });
    datagrams(5060, |at| format!("Via: {at}").into_bytes());
    datagrams(443, |at| {
        [&b"\xc3\0\0\0\x01\x08"[..], &[0; 4], &at.to_be_bytes(), b"\0\0\x44\x9e", &[7; 1200]].concat()
    });
}

#[test]
fn shares() {
    let smb: &[(usize, &[u8])] = &[(0, SMB2_READ)];
    // Messages that never end, requests that nobody answers, and frames that say nothing.
    talks(445, smb, &[(0, SMB2_READ), (0, b"a"), (1, b"\0\0\0\0"), (0, b"\0\x80\0\0\xfeSMB")]);
    talks(
        139,
        &[(0, b"\x81\0\0\x04name")],
        &[(0, b"\0\0\0\x23\xffSMB\x71\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")],
    );
}

/// A file is to be read.
const SMB2_READ: &[u8] = b"\0\0\0\x71\xfeSMB\x40\0\x01\0\0\0\0\0\x08\0\x01\0\0\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0\
    \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x31\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
