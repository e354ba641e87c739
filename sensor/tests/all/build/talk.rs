//! A TCP connection, told message by message.

use super::{ACK, CLIENT, Capture, FIN, Host, RST, SERVER, SYN, TCP, Tcp, ip, segment};

/// Payload bytes of a segment.
const SEGMENT: usize = 1400;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}
pub use Side::{Client, Server};

impl Side {
    fn other(self) -> Side {
        if self == Client { Server } else { Client }
    }
}

/// One connection in a capture.
pub struct Talk<'a> {
    capture: &'a mut Capture,
    ends: [Host; 2],
    /// What each side sends next.
    next: [u32; 2],
    /// Microseconds from one packet to the next.
    step: u64,
}

/// A connection to port 80, told by `tell`, alone in its capture.
pub fn one(tell: impl FnOnce(&mut Talk<'_>)) -> Capture {
    let mut capture = Capture::new();
    tell(&mut capture.talk(40_000, 80));
    capture
}

impl Capture {
    /// A connection between [`CLIENT`]'s and [`SERVER`]'s addresses, from its handshake on, with a millisecond from
    /// packet to packet.
    pub fn talk(&mut self, client_port: u16, server_port: u16) -> Talk<'_> {
        let mut talk = self.middle(client_port, server_port);
        talk.next = [0, 0];
        talk.handshake();
        talk
    }

    /// A connection of which the first packet, the client's SYN, is missing.
    pub fn talk_without_syn(&mut self, client_port: u16, server_port: u16) -> Talk<'_> {
        let mut talk = self.middle(client_port, server_port);
        talk.packet(Server, SYN | ACK, 0, 1, &[]);
        talk.next = [1, 1];
        talk.ack(Client);
        talk
    }

    /// A connection whose beginning is missing.
    pub fn middle(&mut self, client_port: u16, server_port: u16) -> Talk<'_> {
        let ends = [(CLIENT.0, client_port), (SERVER.0, server_port)];
        Talk { capture: self, ends, next: [1000, 2000], step: 1000 }
    }

    /// A connection that is about to begin so many microseconds after the capture, with 100 of them from packet to
    /// packet.
    pub fn talk_at(&mut self, at: u64, client: Host, server: Host) -> Talk<'_> {
        self.now = at;
        Talk { capture: self, ends: [client, server], next: [1000, 2000], step: 100 }
    }
}

impl Talk<'_> {
    fn packet(&mut self, from: Side, flags: u8, seq: u32, ack: u32, payload: &[u8]) {
        let (source, destination) = (self.ends[from as usize], self.ends[from.other() as usize]);
        let segment = segment(source, destination, Tcp { seq, ack, flags }, 8192, payload);
        let packet = ip(TCP, source.0, destination.0, &segment);
        self.capture.packets.push((self.capture.now, packet));
        self.capture.now += self.step;
    }

    fn numbers(&self, from: Side) -> (u32, u32) {
        (self.next[from as usize], self.next[from.other() as usize])
    }

    /// A segment as it is next. SYN and FIN count as a byte.
    pub fn put(&mut self, from: Side, flags: u8, payload: &[u8]) -> &mut Self {
        let (seq, ack) = self.numbers(from);
        self.packet(from, flags, seq, if flags & ACK == 0 { 0 } else { ack }, payload);
        let taken = payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.next[from as usize] = seq.wrapping_add(taken);
        self
    }

    pub fn handshake(&mut self) -> &mut Self {
        self.put(Client, SYN, &[]).put(Server, SYN | ACK, &[]).ack(Client)
    }

    pub fn ack(&mut self, from: Side) -> &mut Self {
        self.put(from, ACK, &[])
    }

    /// Bytes that arrive, in segments, and are acknowledged.
    pub fn send(&mut self, from: Side, bytes: &[u8]) -> &mut Self {
        self.send_in(from, SEGMENT, bytes)
    }

    /// Bytes that arrive in segments of this length.
    pub fn send_in(&mut self, from: Side, len: usize, bytes: &[u8]) -> &mut Self {
        for piece in bytes.chunks(len) {
            self.put(from, ACK, piece);
        }
        self.ack(from.other())
    }

    /// Bytes that arrive, but not at the sensor.
    pub fn lose(&mut self, from: Side, len: u32) -> &mut Self {
        self.next[from as usize] += len;
        self.ack(from.other())
    }

    pub fn wait(&mut self, seconds: u32) -> &mut Self {
        self.capture.now += u64::from(seconds) * 1_000_000;
        self
    }

    /// Microseconds that pass.
    pub fn pause(&mut self, micros: u64) -> &mut Self {
        self.capture.now += micros;
        self
    }

    /// Both sides close.
    pub fn close(&mut self) -> &mut Self {
        self.put(Client, FIN | ACK, &[]).put(Server, FIN | ACK, &[]).ack(Client)
    }

    /// Somebody else closes for both, and neither notices.
    pub fn forge_end(&mut self) -> &mut Self {
        for from in [Client, Server] {
            let (seq, ack) = self.numbers(from);
            self.packet(from, FIN | ACK, seq, ack, &[]);
        }
        self
    }

    pub fn reset(&mut self, from: Side) -> &mut Self {
        self.put(from, RST | ACK, &[])
    }
}
