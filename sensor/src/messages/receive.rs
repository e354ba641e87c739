//! Messages as they come: syslog over UDP, TCP and TLS (RFC 5426, RFC 6587, RFC 5425), and files that grow.
//!
//! Threads read, and whoever counts takes what they have read. What comes too fast over UDP is counted as lost; senders
//! by TCP and TLS, and files, wait.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use openssl::ssl::{SslAcceptor, SslFiletype, SslMethod};

use crate::messages::read::MAX_LINE;

/// Where messages come from while a sensor runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    pub udp: Vec<SocketAddr>,
    pub tcp: Vec<SocketAddr>,
    pub tls: Vec<SocketAddr>,
    /// The server's certificate with those between it and its authority, and its key, in PEM.
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub files: Vec<PathBuf>,
}

/// What came, as it came.
#[derive(Debug)]
pub struct Arrived {
    pub source: Arc<[u8]>,
    /// Who sent it, where it did not stand in a file.
    pub sender: Option<IpAddr>,
    pub lines: Vec<u8>,
}

/// Pieces that wait to be taken, each of up to [`PIECE`] bytes of whole lines.
const QUEUE: usize = 1024;
const PIECE: usize = 64 << 10;
/// Senders that are connected at a time; of more the connections are closed. Stops a flood of them.
const MAX_CONNECTIONS: usize = 1024;
/// A sender that says nothing for so long is forgotten.
const IDLE: Duration = Duration::from_secs(3600);
/// A handshake takes no longer. Stops those that do nothing.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often it is looked whether a file has grown, or reading is to end.
const LOOK: Duration = Duration::from_millis(200);
/// The largest datagram.
const DATAGRAM: usize = 65_535;

/// What became of what came; they only go up.
#[derive(Debug, Default)]
pub struct Received {
    /// Datagrams that nobody took in time.
    pub lost: AtomicU64,
    /// Connections that were refused, because there are too many or because their TLS went wrong.
    pub refused: AtomicU64,
    pub cut: AtomicU64,
    connections: AtomicUsize,
}

/// Sockets that are open, and files that are there, before anything is read.
pub struct Listening {
    sources: Sources,
    udp: Vec<UdpSocket>,
    tcp: Vec<(TcpListener, Option<Arc<SslAcceptor>>)>,
}

impl Listening {
    /// Opens what messages come by: what needs privileges is done after this.
    pub fn open(sources: Sources) -> Result<Listening, String> {
        let failed = |at: &SocketAddr, error: io::Error| format!("cannot receive messages on {at}: {error}");
        let mut udp = Vec::new();
        for at in &sources.udp {
            udp.push(UdpSocket::bind(at).map_err(|error| failed(at, error))?);
        }
        let acceptor = match sources.tls.is_empty() {
            true => None,
            false => Some(Arc::new(acceptor(&sources.certificate, &sources.key)?)),
        };
        let plain = sources.tcp.iter().map(|at| (at, None));
        let tls = sources.tls.iter().map(|at| (at, acceptor.clone()));
        let mut tcp = Vec::new();
        for (at, acceptor) in plain.chain(tls) {
            let listener = TcpListener::bind(at).map_err(|error| failed(at, error))?;
            listener.set_nonblocking(true).map_err(|error| failed(at, error))?;
            tcp.push((listener, acceptor));
        }
        Ok(Listening { sources, udp, tcp })
    }

    /// Begins to read.
    pub fn start(self) -> io::Result<Arrivals> {
        let (sender, arrived) = bounded(QUEUE);
        let (stop, received) = (Arc::new(AtomicBool::new(false)), Arc::new(Received::default()));
        let spawn = |what: Box<dyn FnOnce(Feed) + Send>| {
            let feed = Feed { sender: sender.clone(), stop: stop.clone(), received: received.clone() };
            thread::Builder::new().name("messages".to_owned()).spawn(move || what(feed)).map(drop)
        };
        for socket in self.udp {
            spawn(Box::new(move |feed| feed.datagrams(&socket)))?;
        }
        for (listener, acceptor) in self.tcp {
            spawn(Box::new(move |feed| feed.accept(&listener, acceptor.as_ref())))?;
        }
        for path in self.sources.files {
            spawn(Box::new(move |feed| Follower::new(path).run(&feed)))?;
        }
        Ok(Arrivals { arrived, received, stop })
    }
}

fn acceptor(certificate: &Path, key: &Path) -> Result<SslAcceptor, String> {
    let failed = |path: &Path, error: openssl::error::ErrorStack| format!("{}: {error}", path.display());
    let mut builder =
        SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).map_err(|error| format!("TLS: {error}"))?;
    builder.set_certificate_chain_file(certificate).map_err(|error| failed(certificate, error))?;
    builder.set_private_key_file(key, SslFiletype::PEM).map_err(|error| failed(key, error))?;
    builder.check_private_key().map_err(|error| failed(key, error))?;
    Ok(builder.build())
}

/// What has come and is to be taken.
pub struct Arrivals {
    arrived: Receiver<Arrived>,
    pub received: Arc<Received>,
    stop: Arc<AtomicBool>,
}

impl Arrivals {
    /// The next piece that is there.
    pub fn next(&self) -> Option<Arrived> {
        self.arrived.try_recv().ok()
    }
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// What a thread hands on to.
#[derive(Clone)]
struct Feed {
    sender: Sender<Arrived>,
    stop: Arc<AtomicBool>,
    received: Arc<Received>,
}

impl Feed {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Hands on, waiting until there is room; false where nobody takes it any more.
    fn send(&self, arrived: Arrived) -> bool {
        self.sender.send(arrived).is_ok()
    }

    fn datagrams(&self, socket: &UdpSocket) {
        // Otherwise it is never seen that it is to end; nothing else comes of it where it cannot be set.
        let _ = socket.set_read_timeout(Some(LOOK));
        let mut buffer = vec![0; DATAGRAM];
        while !self.stopped() {
            let Ok((len, from)) = socket.recv_from(&mut buffer) else { continue };
            let datagram = buffer.get(..len).unwrap_or_default();
            // A message has no lines (RFC 5426 §3.1): what stands behind a line end belongs to it.
            let mut line: Vec<u8> = datagram.trim_ascii_end().to_vec();
            line.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
            line.push(b'\n');
            let sender = from.ip().to_canonical();
            let arrived = Arrived { source: name_of(sender), sender: Some(sender), lines: line };
            if self.sender.try_send(arrived).is_err() {
                self.received.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn accept(&self, listener: &TcpListener, acceptor: Option<&Arc<SslAcceptor>>) {
        while !self.stopped() {
            let Ok((stream, from)) = listener.accept() else {
                thread::sleep(LOOK);
                continue;
            };
            let connections = &self.received.connections;
            if connections.fetch_add(1, Ordering::Relaxed) >= MAX_CONNECTIONS {
                connections.fetch_sub(1, Ordering::Relaxed);
                self.received.refused.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let (feed, acceptor) = (self.clone(), acceptor.cloned());
            let from = from.ip().to_canonical();
            let connection = move || {
                feed.connection(stream, from, acceptor.as_deref());
                feed.received.connections.fetch_sub(1, Ordering::Relaxed);
            };
            if thread::Builder::new().name("messages".to_owned()).spawn(connection).is_err() {
                connections.fetch_sub(1, Ordering::Relaxed);
                self.received.refused.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn connection(&self, stream: TcpStream, from: IpAddr, acceptor: Option<&SslAcceptor>) {
        let refused = || {
            self.received.refused.fetch_add(1, Ordering::Relaxed);
        };
        if stream.set_nonblocking(false).is_err() || stream.set_read_timeout(Some(HANDSHAKE)).is_err() {
            return refused();
        }
        match acceptor {
            None => {
                let _ = stream.set_read_timeout(Some(IDLE));
                self.stream(stream, from);
            }
            Some(acceptor) => match acceptor.accept(stream) {
                Ok(stream) => {
                    let _ = stream.get_ref().set_read_timeout(Some(IDLE));
                    self.stream(stream, from);
                }
                Err(_) => refused(),
            },
        }
    }

    /// Frames of RFC 6587: `length message`, or a line each.
    fn stream(&self, mut stream: impl Read, from: IpAddr) {
        let source = name_of(from);
        let mut frames = Frames::default();
        let mut buffer = vec![0; PIECE];
        while !self.stopped() {
            match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(len) => {
                    frames.feed(buffer.get(..len).unwrap_or_default());
                    let lines = std::mem::take(&mut frames.lines);
                    if !lines.is_empty()
                        && !self.send(Arrived { source: source.clone(), sender: Some(from), lines })
                    {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        frames.end();
        self.received.cut.fetch_add(frames.cut, Ordering::Relaxed);
        if !frames.lines.is_empty() {
            self.send(Arrived { source, sender: Some(from), lines: frames.lines });
        }
    }
}

fn name_of(sender: IpAddr) -> Arc<[u8]> {
    sender.to_string().into_bytes().into()
}

/// Puts frames together to lines.
#[derive(Default)]
struct Frames {
    /// Whole messages, each with a line end.
    lines: Vec<u8>,
    /// The beginning of the one that is not whole.
    part: Vec<u8>,
    state: Frame,
    /// Something of it was left out.
    is_cut: bool,
    cut: u64,
}

#[derive(Clone, Copy, Default)]
enum Frame {
    /// What comes tells which it is.
    #[default]
    Begin,
    /// The digits of a length.
    Length(u64),
    /// So many bytes are missing of a message with a length.
    Counted(u64),
    Line,
}

impl Frames {
    fn feed(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            match self.state {
                Frame::Begin => match first {
                    b'1'..=b'9' => self.state = Frame::Length(0),
                    b'\n' | b'\r' | b' ' => bytes = rest,
                    _ => self.state = Frame::Line,
                },
                Frame::Length(length) => match first {
                    b'0'..=b'9' if length < MAX_LINE as u64 * 1000 => {
                        self.state = Frame::Length(length * 10 + u64::from(first - b'0'));
                        bytes = rest;
                    }
                    b' ' => {
                        self.state = Frame::Counted(length);
                        bytes = rest;
                    }
                    // A line that begins with digits.
                    _ => {
                        self.part.extend(length.to_string().into_bytes());
                        self.state = Frame::Line;
                    }
                },
                Frame::Counted(0) => self.whole(),
                Frame::Counted(missing) => {
                    let len = usize::try_from(missing).unwrap_or(usize::MAX).min(bytes.len());
                    let (taken, rest) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
                    self.keep(taken);
                    self.state = Frame::Counted(missing - len as u64);
                    bytes = rest;
                }
                Frame::Line => {
                    let len = memchr::memchr(b'\n', bytes);
                    let taken = bytes.get(..len.unwrap_or(bytes.len())).unwrap_or_default();
                    self.keep(taken);
                    bytes = bytes.get(taken.len() + usize::from(len.is_some())..).unwrap_or_default();
                    if len.is_some() {
                        self.whole();
                    }
                }
            }
        }
        if matches!(self.state, Frame::Counted(0)) {
            self.whole();
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = MAX_LINE.saturating_sub(self.part.len());
        if bytes.len() > room && !std::mem::replace(&mut self.is_cut, true) {
            self.cut += 1;
        }
        self.part.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
    }

    fn whole(&mut self) {
        self.part.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
        if !self.part.is_empty() {
            self.lines.append(&mut self.part);
            self.lines.push(b'\n');
        }
        (self.state, self.is_cut) = (Frame::Begin, false);
    }

    fn end(&mut self) {
        self.whole();
    }
}

/// A file that grows, from where it ends when the sensor starts. Where another takes its place, by renaming or by being
/// made anew, the rest of the old one is read first; where it becomes shorter, it is read from its beginning.
struct Follower {
    path: PathBuf,
    open: Option<(File, u64)>,
    /// It is read to its end already.
    position: u64,
    frames: Frames,
    /// The first time only what is new is wanted.
    begun: bool,
}

impl Follower {
    fn new(path: PathBuf) -> Follower {
        Follower { path, open: None, position: 0, frames: Frames::default(), begun: false }
    }

    fn run(mut self, feed: &Feed) {
        let source: Arc<[u8]> = self.path.display().to_string().into_bytes().into();
        let mut buffer = vec![0; PIECE];
        while !feed.stopped() {
            let mut grew = self.read(&mut buffer);
            if !grew && self.look() {
                grew = self.read(&mut buffer);
            }
            let lines = std::mem::take(&mut self.frames.lines);
            feed.received.cut.fetch_add(std::mem::take(&mut self.frames.cut), Ordering::Relaxed);
            let arrived = Arrived { source: source.clone(), sender: None, lines };
            if !arrived.lines.is_empty() && !feed.send(arrived) {
                return;
            }
            if !grew {
                thread::sleep(LOOK);
            }
        }
    }

    /// Reads what is new, once; whether there was anything.
    fn read(&mut self, buffer: &mut [u8]) -> bool {
        let Some((file, _)) = &mut self.open else { return false };
        let Ok(len) = file.read(buffer) else { return false };
        self.position += len as u64;
        // Lines of a file are lines, whatever they begin with.
        for line in buffer.get(..len).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
            self.frames.state = Frame::Line;
            self.frames.feed(line);
        }
        len > 0
    }

    /// Whether there is something else to read: another file, or the beginning of this.
    fn look(&mut self) -> bool {
        let Ok(found) = fs::metadata(&self.path) else {
            // It is being rotated, or is not there yet: what is made then is new.
            self.begun = true;
            return false;
        };
        match &mut self.open {
            Some((file, inode)) if *inode == found.ino() => {
                let shrank = found.len() < self.position;
                if shrank && file.seek(SeekFrom::Start(0)).is_ok() {
                    self.position = 0;
                }
                shrank
            }
            _ => {
                let Ok(mut file) = File::open(&self.path) else { return false };
                let begun = std::mem::replace(&mut self.begun, true);
                // Half a line of the old one is none of the new.
                self.frames.end();
                self.position = match begun {
                    true => 0,
                    false => file.seek(SeekFrom::End(0)).unwrap_or(0),
                };
                self.open = Some((file, found.ino()));
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> String {
        let mut frames = Frames::default();
        pieces.iter().for_each(|piece| frames.feed(piece));
        frames.end();
        String::from_utf8(frames.lines).unwrap()
    }

    #[test]
    fn frames_of_both_kinds_are_told_apart_wherever_they_are_cut() {
        let bytes = b"5 <1>ab<2>line\n6 <3>a\nb2026-11-30 x\n<4>end";
        let expected = "<1>ab\n<2>line\n<3>a b\n2026-11-30 x\n<4>end\n";
        assert_eq!(lines(&[bytes]), expected);
        for at in 0..bytes.len() {
            assert_eq!(lines(&[&bytes[..at], &bytes[at..]]), expected, "cut at {at}");
        }
        let each: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(lines(&each), expected);
    }

    #[test]
    fn what_is_too_long_is_cut_and_counted() {
        let mut frames = Frames::default();
        for _ in 0..100 {
            frames.feed(&[b'x'; 4096]);
        }
        frames.feed(b"\n<1>next\n");
        assert_eq!((frames.cut, frames.lines.len()), (1, MAX_LINE + 1 + 8));
        let mut frames = Frames::default();
        frames.feed(b"99999999999999999999999 x\n<1>y\n");
        assert!(frames.lines.ends_with(b"<1>y\n"));
    }

    #[test]
    fn a_file_is_followed_over_rotation_and_truncation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "old\n").unwrap();
        let mut follower = Follower::new(path.clone());
        let mut buffer = vec![0; 8];
        let mut read = |follower: &mut Follower| {
            for _ in 0..10 {
                if !follower.read(&mut buffer) {
                    follower.look();
                }
            }
            String::from_utf8(std::mem::take(&mut follower.frames.lines)).unwrap()
        };
        let append = |path: &Path, text: &str| {
            use std::io::Write;
            fs::OpenOptions::new()
                .append(true)
                .create(true)
                .open(path)
                .unwrap()
                .write_all(text.as_bytes())
                .unwrap();
        };
        assert_eq!(read(&mut follower), "");
        append(&path, "1 one\n2 tw");
        assert_eq!(read(&mut follower), "1 one\n");
        append(&path, "o\n");
        assert_eq!(read(&mut follower), "2 two\n");
        // Rotated by renaming, with more written to the old one.
        fs::rename(&path, folder.path().join("log.1")).unwrap();
        append(&folder.path().join("log.1"), "3 last\n");
        append(&path, "4 first\n");
        assert_eq!(read(&mut follower), "3 last\n4 first\n");
        // Rotated by copying and cutting.
        fs::write(&path, "5\n").unwrap();
        assert_eq!(read(&mut follower), "5\n");
        fs::remove_file(&path).unwrap();
        assert_eq!(read(&mut follower), "");
        fs::write(&path, "6 again\n").unwrap();
        assert_eq!(read(&mut follower), "6 again\n");
    }
}
