//! What someone may send to keep the sensor busy costs time by its length, and not by the square of it.
//!
//! Each kind of input is replayed short and eight times as long, both within the same seconds, and the processor time
//! that takes is compared: that is not disturbed much by what else the machine does.

use std::path::Path;
use std::time::Duration;

use super::nightjar;

/// Bytes of the short one.
const SHORT: usize = 200_000;
/// How much longer the long one is.
const TIMES: usize = 8;
/// Twice the time in proportion is not linear any more; so much is what measuring it may be off by.
const SLACK: Duration = Duration::from_millis(500);
/// Within this time all packets come: connections begin, and attempts are given up.
const SECONDS: u64 = 8;

pub(super) const CLIENT: u32 = 0x0a00_0001;
pub(super) const SERVER: u32 = 0xc0a8_0001;
const SYN: u8 = 2;
const ACK: u8 = 16;

/// Address and port.
pub(super) type End = (u32, u16);

/// Ethernet frames.
#[derive(Default)]
pub(super) struct Frames(Vec<Vec<u8>>);

impl Frames {
    fn ip(&mut self, [src, dst]: [u32; 2], protocol: u8, [id, fragment]: [u16; 2], payload: &[u8]) {
        let mut frame = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0\x45\0".to_vec();
        frame.extend_from_slice(&(20 + payload.len() as u16).to_be_bytes());
        frame.extend_from_slice(&[id.to_be_bytes(), fragment.to_be_bytes()].concat());
        frame.extend_from_slice(&[64, protocol, 0, 0]);
        frame.extend_from_slice(&[src.to_be_bytes(), dst.to_be_bytes()].concat());
        frame.extend_from_slice(payload);
        self.0.push(frame);
    }

    fn tcp(&mut self, [src, dst]: [End; 2], [seq, ack]: [u32; 2], flags: u8, data: &[u8]) {
        let mut segment = [src.1.to_be_bytes(), dst.1.to_be_bytes()].concat();
        segment.extend_from_slice(&[seq.to_be_bytes(), ack.to_be_bytes()].concat());
        segment.extend_from_slice(&[0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        segment.extend_from_slice(data);
        self.ip([src.0, dst.0], 6, [1, 0], &segment);
    }

    pub(super) fn udp(&mut self, [src, dst]: [End; 2], data: &[u8]) {
        let mut datagram = [src.1.to_be_bytes(), dst.1.to_be_bytes()].concat();
        datagram.extend_from_slice(&(8 + data.len() as u16).to_be_bytes());
        datagram.extend_from_slice(&[0, 0]);
        datagram.extend_from_slice(data);
        self.ip([src.0, dst.0], 17, [1, 0], &datagram);
    }

    pub(super) fn connect(&mut self, client: End, port: u16) -> Connection<'_> {
        let ends = [client, (SERVER, port)];
        self.tcp(ends, [0, 0], SYN, b"");
        self.tcp([ends[1], ends[0]], [0, 1], SYN | ACK, b"");
        self.tcp(ends, [1, 1], ACK, b"");
        Connection { frames: self, ends, next: [1, 1] }
    }

    fn write(&self, path: &Path) {
        let mut pcap = Vec::new();
        for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
            pcap.extend_from_slice(&word.to_le_bytes());
        }
        for (at, frame) in (0..).zip(&self.0) {
            let micros = SECONDS * 1_000_000 * at / self.0.len() as u64;
            let (seconds, len) = (1_700_000_000 + micros / 1_000_000, frame.len() as u32);
            for word in [seconds as u32, (micros % 1_000_000) as u32, len, len] {
                pcap.extend_from_slice(&word.to_le_bytes());
            }
            pcap.extend_from_slice(frame);
        }
        std::fs::write(path, pcap).unwrap();
    }
}

pub(super) struct Connection<'a> {
    frames: &'a mut Frames,
    ends: [End; 2],
    next: [u32; 2],
}

impl Connection<'_> {
    /// Sends from the client (0) or the server (1), in segments that are acknowledged.
    pub(super) fn send(&mut self, from: usize, data: &[u8]) {
        let (out, back) = ([self.ends[from], self.ends[1 - from]], [self.ends[1 - from], self.ends[from]]);
        for piece in data.chunks(1460) {
            self.frames.tcp(out, [self.next[from], self.next[1 - from]], ACK, piece);
            self.next[from] += piece.len() as u32;
            self.frames.tcp(back, [self.next[1 - from], self.next[from]], ACK, b"");
        }
    }
}

/// A text again and again, of about so many bytes.
pub(super) fn again(text: &[u8], bytes: usize) -> Vec<u8> {
    text.repeat(bytes / text.len() + 1)
}

/// Processor time of a replay.
#[expect(clippy::zombie_processes, reason = "it is waited for in a way that tells its processor time")]
fn time(folder: &Path, frames: &Frames, args: &[&str]) -> Duration {
    let capture = folder.join("capture.pcap");
    frames.write(&capture);
    let mut command = nightjar(folder);
    let child = command.args(["--quiet", "-C", "-r"]).arg(&capture).args(args).spawn().unwrap();
    let pid = libc::pid_t::try_from(child.id()).unwrap();
    let mut status = 0;
    // SAFETY: an all-zero value is one; the call fills it in.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both are there to be written; nobody else waits for the child.
    assert_eq!(unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) }, pid);
    assert_eq!(status, 0, "{args:?}");
    let of = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
    of(usage.ru_utime) + of(usage.ru_stime)
}

/// Replays what `make` makes of a number of bytes.
pub(super) fn is_linear(make: impl Fn(&mut Frames, usize), args: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let of = |bytes: usize| {
        let mut frames = Frames::default();
        make(&mut frames, bytes);
        time(folder.path(), &frames, args)
    };
    let none = time(folder.path(), &Frames::default(), args);
    let (short, long) = (of(SHORT), of(TIMES * SHORT));
    let most = none + short.saturating_sub(none) * 2 * TIMES as u32 + SLACK;
    assert!(long < most, "{long:?} for {TIMES} times of what takes {short:?}; to begin takes {none:?}");
}

/// A reply with this head and body to a request.
fn replied(frames: &mut Frames, head: &[u8], body: &[u8]) {
    let mut connection = frames.connect((CLIENT, 4000), 80);
    connection.send(0, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let length = format!("Content-Length: {}\r\n\r\n", body.len());
    connection.send(1, &[b"HTTP/1.1 200 OK\r\n", head, length.as_bytes(), body].concat());
}

const DETECT: &[&str] = &["policy/detect", "policy/misc/scan"];

#[test]
fn requests_and_their_parts() {
    let request = |text: &'static [u8]| {
        move |frames: &mut Frames, bytes| frames.connect((CLIENT, 4000), 80).send(0, &again(text, bytes))
    };
    is_linear(request(b"GET / HTTP/1.1\r\n\r\n"), DETECT);
    is_linear(request(b"GET / HTTP/1.1\r\r"), &[]);
    let parts: [(&[u8], &[u8], &[u8]); 5] = [
        (b"GET /", b"%41%%zz%u0041/../login?", b" HTTP/1.1\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nA: b\r\n", b" c\r\n", b"\r\n"),
        (b"GET / HTTP/1.1\r\n", b"(a)\\(A: b\r\n", b"\r\n"),
        (b"GET / HTTP/1.1\r\nX-Forwarded-For: ", b"192.0.2.7, ", b"\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nAuthorization: Basic ", b"QUJD", b"\r\n\r\n"),
    ];
    for (begin, part, end) in parts {
        let make = |frames: &mut Frames, bytes| {
            let mut connection = frames.connect((CLIENT, 4000), 80);
            connection.send(0, &[begin, &again(part, bytes), end].concat());
            connection.send(1, b"HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n");
        };
        is_linear(make, DETECT);
    }
}

#[test]
fn replies_and_their_bodies() {
    is_linear(
        |frames, bytes| {
            let parts = again(b"--B\r\nContent-Disposition: x; filename=a\r\n\r\nx\r\n", bytes);
            replied(frames, b"Content-Type: multipart/mixed; boundary=B\r\n", &parts);
        },
        &[],
    );
    is_linear(
        |frames, bytes| {
            let nested = |at| format!("--{at}\r\nContent-Type: multipart/mixed; boundary={}\r\n\r\n", at + 1);
            let nested: String = (0..99).map(nested).collect();
            let body = [nested.as_bytes(), &again(b"\r\n", bytes / 8)].concat();
            replied(frames, b"Content-Type: multipart/mixed; boundary=0\r\n", &body);
        },
        &[],
    );
    is_linear(
        |frames, bytes| {
            let mut connection = frames.connect((CLIENT, 4000), 80);
            let page = [b"<!--", &again(b"--><manifest ", 4096)[..4092]].concat();
            let reply = [&b"HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n"[..], &page].concat();
            for _ in 0..bytes / reply.len() {
                connection.send(0, b"GET / HTTP/1.1\r\n\r\n");
                connection.send(1, &reply);
            }
        },
        &[],
    );
}

#[test]
fn lists_of_a_key_exchange() {
    let kexinit = |names: &[u8], bytes: usize| {
        let list = again(names, bytes);
        let list = [&(list.len() as u32).to_be_bytes()[..], &list].concat();
        let payload = [&[20][..], &[7; 16], &list.repeat(8), &[0; 13]].concat();
        let length = (payload.len() + 9) as u32;
        [&length.to_be_bytes()[..], &[8], &payload, &[0; 8]].concat()
    };
    is_linear(
        |frames, bytes| {
            let mut connection = frames.connect((CLIENT, 4000), 22);
            connection.send(0, b"SSH-2.0-a\r\n");
            connection.send(1, b"SSH-2.0-b\r\n");
            connection.send(0, &kexinit(b"a,", bytes / 64));
            connection.send(1, &kexinit(b"b,", bytes / 64));
        },
        &[],
    );
}

#[test]
fn names_that_point_at_names() {
    is_linear(
        |frames, bytes| {
            // A label and a pointer to the one before, as often as pointers are followed; then answers that name the last.
            let mut message = b"\0\x01\x81\x80\0\0\x0b\xb8\0\0\0\0\0\0\x10\0\x01\0\0\0\x01\x01\xfc".to_vec();
            let mut last = message.len();
            message.extend_from_slice(b"\x01a\0\0");
            for _ in 0..126 {
                let here = message.len();
                message.extend_from_slice(&[&b"\x01a"[..], &(0xc000 | last as u16).to_be_bytes()].concat());
                last = here;
            }
            let pointer = (0xc000 | last as u16).to_be_bytes();
            message.extend_from_slice(
                &[&pointer[..], b"\0\x01\0\x01\0\0\0\x01\0\x04\x01\x02\x03\x04"].concat().repeat(2500),
            );
            (0..=bytes / message.len()).for_each(|_| frames.udp([(SERVER, 53), (CLIENT, 4000)], &message));
        },
        &[],
    );
}

#[test]
fn segments_and_fragments_out_of_order() {
    let to_server = [(CLIENT, 4000), (SERVER, 80)];
    is_linear(
        |frames, bytes| {
            frames.connect(to_server[0], 80);
            let holes = bytes as u32 / 150;
            (0..holes).for_each(|at| frames.tcp(to_server, [3 + 2 * at, 1], ACK, b"x"));
            // What covers many of them, and fills none that is next.
            (0..holes).for_each(|_| frames.tcp(to_server, [2, 1], ACK, &[b'y'; 90]));
        },
        &[],
    );
    is_linear(
        |frames, bytes| {
            for id in 0..=bytes / 400_000 {
                let count = (bytes as u16 / 50).min(1900);
                for at in 0..count {
                    frames.ip([CLIENT, SERVER], 17, [id as u16, 0x2000 | (2 * at + 1)], &[b'x'; 8]);
                }
                (0..4).for_each(|_| frames.ip([CLIENT, SERVER], 17, [id as u16, 0x2001], &[b'y'; 30_000]));
            }
        },
        &[],
    );
}

#[test]
fn floods() {
    let flood = |frames: &mut Frames, bytes: usize, ends: fn(u32) -> [End; 2]| {
        (0..bytes as u32 / 54).for_each(|at| frames.tcp(ends(at), [0, 0], SYN, b""));
    };
    is_linear(|frames, bytes| flood(frames, bytes, |at| [(CLIENT, 4000), (SERVER + at, 22)]), DETECT);
    is_linear(|frames, bytes| flood(frames, bytes, |at| [(CLIENT, 4000), (SERVER, at as u16)]), DETECT);
    is_linear(|frames, bytes| flood(frames, bytes, |at| [(CLIENT + at, at as u16), (SERVER, 80)]), DETECT);
    is_linear(
        |frames, bytes| {
            for at in 0..bytes as u32 / 60 {
                frames.ip([CLIENT + at, SERVER], 6, [1, 0], b"too short");
            }
        },
        &[],
    );
    is_linear(
        |frames, bytes| {
            for at in 0..bytes as u32 / 60 {
                frames.udp(
                    [(CLIENT, 4000), (SERVER, 53)],
                    &[&at.to_be_bytes()[2..], b"\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01"].concat(),
                );
            }
        },
        &[],
    );
}
