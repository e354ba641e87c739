//! Small writers for every format we read.

use std::io::Write;

use tempfile::NamedTempFile;

pub const ETHERNET: u16 = 1;
pub const RAW: u16 = 101;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Little,
    Big,
}

/// Bytes written in one of the two orders.
pub struct Out {
    pub order: Order,
    pub bytes: Vec<u8>,
}

impl Out {
    pub fn new(order: Order) -> Self {
        Out { order, bytes: Vec::new() }
    }

    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&match self.order {
            Order::Little => value.to_le_bytes(),
            Order::Big => value.to_be_bytes(),
        })
    }

    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&match self.order {
            Order::Little => value.to_le_bytes(),
            Order::Big => value.to_be_bytes(),
        })
    }

    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&match self.order {
            Order::Little => value.to_le_bytes(),
            Order::Big => value.to_be_bytes(),
        })
    }

    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub fn pad(&mut self) -> &mut Self {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }
}

/// A classic capture. `bytes` is what was written so far.
pub struct Pcap {
    out: Out,
    kuznetzov: bool,
    /// Where each record ends.
    pub ends: Vec<usize>,
}

pub const MICRO: u32 = 0xa1b2_c3d4;
pub const NANO: u32 = 0xa1b2_3c4d;
pub const KUZNETZOV: u32 = 0xa1b2_cd34;

impl Pcap {
    pub fn new(order: Order, magic: u32, link: u32) -> Self {
        Self::with(order, magic, (2, 4), 262_144, link)
    }

    pub fn with(order: Order, magic: u32, version: (u16, u16), snaplen: u32, link: u32) -> Self {
        let mut out = Out::new(order);
        out.u32(magic).u16(version.0).u16(version.1).u32(0).u32(0).u32(snaplen).u32(link);
        Pcap { out, kuznetzov: magic == KUZNETZOV, ends: Vec::new() }
    }

    /// `fraction` is in the unit of the file; the lengths are written as given.
    pub fn record(&mut self, time: (u32, u32), captured: u32, wire_len: u32, data: &[u8]) -> &mut Self {
        self.out.u32(time.0).u32(time.1).u32(captured).u32(wire_len);
        if self.kuznetzov {
            self.out.u32(7).u16(8).raw(&[0, 0]);
        }
        self.out.raw(data);
        self.ends.push(self.out.bytes.len());
        self
    }

    pub fn packet(&mut self, time: (u32, u32), data: &[u8]) -> &mut Self {
        self.record(time, data.len() as u32, data.len() as u32, data)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.out.bytes
    }
}

pub struct PcapNg {
    pub out: Out,
    /// Where each block ends.
    pub ends: Vec<usize>,
}

impl PcapNg {
    /// A file that begins with a section in this byte order.
    pub fn new(order: Order) -> Self {
        let mut file = PcapNg { out: Out::new(order), ends: Vec::new() };
        file.section(order);
        file
    }

    pub fn block(&mut self, kind: u32, body: impl FnOnce(&mut Out)) -> &mut Self {
        let mut inner = Out::new(self.out.order);
        body(&mut inner);
        inner.pad();
        let total = inner.bytes.len() as u32 + 12;
        self.out.u32(kind).u32(total).raw(&inner.bytes).u32(total);
        self.ends.push(self.out.bytes.len());
        self
    }

    pub fn section(&mut self, order: Order) -> &mut Self {
        self.out.order = order;
        self.block(0x0a0d_0d0a, |b| {
            b.u32(0x1a2b_3c4d).u16(1).u16(0).u64(u64::MAX);
        })
    }

    /// An interface with options, each a code and a value.
    pub fn interface(&mut self, link: u16, snaplen: u32, options: &[(u16, Vec<u8>)]) -> &mut Self {
        self.block(1, |b| {
            b.u16(link).u16(0).u32(snaplen);
            for (code, value) in options {
                b.u16(*code).u16(value.len() as u16).raw(value).pad();
            }
            if !options.is_empty() {
                b.u16(0).u16(0);
            }
        })
    }

    pub fn enhanced(&mut self, interface: u32, ticks: u64, wire_len: u32, data: &[u8]) -> &mut Self {
        self.block(6, |b| {
            b.u32(interface).u32((ticks >> 32) as u32).u32(ticks as u32);
            b.u32(data.len() as u32).u32(wire_len).raw(data).pad();
            // A comment, which nobody reads.
            b.u16(1).u16(5).raw(b"hello").pad().u16(0).u16(0);
        })
    }

    pub fn simple(&mut self, wire_len: u32, data: &[u8]) -> &mut Self {
        self.block(3, |b| {
            b.u32(wire_len).raw(data);
        })
    }

    /// The packet block of old, with 16 bits of interface and of drop count.
    pub fn obsolete(&mut self, interface: u16, ticks: u64, data: &[u8]) -> &mut Self {
        self.block(2, |b| {
            b.u16(interface).u16(3).u32((ticks >> 32) as u32).u32(ticks as u32);
            b.u32(data.len() as u32).u32(data.len() as u32).raw(data);
        })
    }

    pub fn bytes(&self) -> &[u8] {
        &self.out.bytes
    }
}

pub fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// An Ethernet frame with a UDP datagram between these ports.
pub fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend(raw_udp(source, destination, payload));
    frame
}

/// The same without a link layer.
pub fn raw_udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = Out::new(Order::Big);
    let len = payload.len() as u16 + 8;
    out.raw(&[0x45, 0]).u16(len + 20).raw(&[0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    out.u16(source).u16(destination).u16(len).u16(0).raw(payload);
    out.bytes
}

/// Numbers that look random and are the same in every run (xorshift64).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// A capture of several buffers: packets of all lengths, some as long as a packet may be.
pub fn large(packets: usize) -> Pcap {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut pcap = Pcap::new(Order::Little, MICRO, ETHERNET.into());
    for i in 0..packets {
        let len = match i % 400 {
            399 => 262_144,
            200 => 60_000 + numbers.below(60_000),
            _ => numbers.below(1_600),
        };
        let byte = numbers.next() as u8;
        let data: Vec<u8> = (0..len).map(|n| byte.wrapping_add((n % 251) as u8)).collect();
        pcap.packet((i as u32, 0), &data);
    }
    pcap
}
