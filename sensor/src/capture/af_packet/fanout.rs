//! The program by which the kernel deals packets out (`PACKET_FANOUT_CBPF`, packet(7)).
//!
//! It computes [`FlowHash`], in the kernel's classic machine, of every packet; the kernel takes that modulo the
//! number of sockets. It needs no privilege.

use super::socket::Instruction;
use crate::capture::deal::{
    EXTENSIONS, FlowHash, MAX_EXTENSIONS, MAX_LABELS, MAX_TAGS, SPREAD, TUNNEL_PORTS, VLAN_TAGS, WITH_PORTS,
};

/// The packet's EtherType, as the kernel has found it, and whether it comes or goes (linux/filter.h).
const PROTOCOL: u32 = -0x1000_i32 as u32;
const DIRECTION: u32 = PROTOCOL + 4;
/// `PACKET_OUTGOING` (linux/if_packet.h). Such packets begin with their link header, others behind it.
const OUTGOING: u32 = 4;

/// Where the kernel keeps words between instructions.
const HASH: u32 = 0;
/// Where the header that is being looked at begins.
const BASE: u32 = 1;
const SCRATCH: u32 = 2;
/// The transport protocol.
const NEXT: u32 = 3;

/// Classic BPF (linux/bpf_common.h), as far as it is needed. A and X are the machine's registers.
mod op {
    pub const LOAD_ABSOLUTE: u16 = 0x20;
    pub const LOAD_WORD: u16 = 0x40;
    pub const LOAD_HALF: u16 = 0x48;
    pub const LOAD_BYTE: u16 = 0x50;
    pub const LOAD_KEPT: u16 = 0x60;
    pub const SET: u16 = 0x00;
    pub const KEEP: u16 = 0x02;
    pub const X_SET: u16 = 0x01;
    pub const X_LOAD_KEPT: u16 = 0x61;
    pub const X_KEEP: u16 = 0x03;
    pub const ADD: u16 = 0x04;
    pub const ADD_X: u16 = 0x0c;
    pub const MULTIPLY: u16 = 0x24;
    pub const AND: u16 = 0x54;
    pub const SHIFT_LEFT: u16 = 0x64;
    pub const SHIFT_RIGHT: u16 = 0x74;
    pub const XOR: u16 = 0xa4;
    pub const XOR_X: u16 = 0xac;
    pub const TO_X: u16 = 0x07;
    pub const JUMP: u16 = 0x05;
    pub const JUMP_IF_EQUAL: u16 = 0x15;
    pub const JUMP_IF_ANY_BIT: u16 = 0x45;
    pub const RETURN: u16 = 0x06;
    pub const RETURN_A: u16 = 0x16;
}
use op::*;

/// Places that are jumped to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    Outgoing,
    Begin,
    Tag(usize),
    Network,
    Mpls,
    Bottom,
    Pppoe,
    V4,
    V6,
    Extension(usize),
    Transport,
    Ports,
    Done,
}

/// A program that grows; where jumps lead is known in the end.
#[derive(Default)]
struct Builder {
    code: Vec<Instruction>,
    jumps: Vec<(usize, Label)>,
    labels: Vec<(Label, usize)>,
}

impl Builder {
    fn add(&mut self, all: &[(u16, u32)]) {
        self.code.extend(all.iter().map(|&(code, k)| Instruction { code, jt: 0, jf: 0, k }));
    }

    fn go(&mut self, to: Label) {
        self.jumps.push((self.code.len(), to));
        self.add(&[(JUMP, 0)]);
    }

    /// Where the condition does not hold, the next instruction follows. A condition alone reaches no further than 255
    /// instructions; a plain jump reaches everywhere.
    fn go_if(&mut self, code: u16, value: u32, to: Label) {
        self.code.push(Instruction { code, jt: 0, jf: 1, k: value });
        self.go(to);
    }

    fn label(&mut self, label: Label) {
        self.labels.push((label, self.code.len()));
    }

    /// Loads what stands at an offset from the header at hand.
    fn load(&mut self, size: u16, at: u32) {
        self.add(&[(X_LOAD_KEPT, BASE), (size, at)]);
    }

    /// Moves the header at hand on.
    fn skip(&mut self, bytes: u32) {
        self.add(&[(LOAD_KEPT, BASE), (ADD, bytes), (KEEP, BASE)]);
    }

    /// `A ^ A >> 16` of `A * SPREAD`: the rest of what works a word into a hash, which is XORed in already.
    fn spread(&mut self) {
        self.add(&[(MULTIPLY, SPREAD), (KEEP, SCRATCH), (SHIFT_RIGHT, 16)]);
        self.add(&[(TO_X, 0), (LOAD_KEPT, SCRATCH), (XOR_X, 0)]);
    }

    /// Adds an address, hashed by itself, to the hash.
    fn address(&mut self, seed: u32, at: u32, words: u32) {
        for word in 0..words {
            if word == 0 {
                self.load(LOAD_WORD, at);
                self.add(&[(XOR, seed)]);
            } else {
                self.add(&[(KEEP, NEXT)]);
                self.load(LOAD_WORD, at + 4 * word);
                self.add(&[(X_LOAD_KEPT, NEXT), (XOR_X, 0)]);
            }
            self.spread();
        }
        self.add(&[(X_LOAD_KEPT, HASH), (ADD_X, 0), (KEEP, HASH)]);
    }

    fn finish(mut self) -> Vec<Instruction> {
        for (at, to) in self.jumps {
            if let Some((_, place)) = self.labels.iter().find(|(label, _)| *label == to) {
                // Jumps lead onward only: the kernel takes no others.
                self.code[at].k = (place - at - 1) as u32;
            }
        }
        self.code
    }
}

/// The program that computes such a hash, on links whose header has so many bytes.
pub(super) fn program(hash: &FlowHash, link_header: u32) -> Vec<Instruction> {
    let mut it = Builder::default();
    it.add(&[(X_SET, 0), (X_KEEP, HASH), (X_KEEP, BASE), (LOAD_ABSOLUTE, DIRECTION)]);
    it.go_if(JUMP_IF_EQUAL, OUTGOING, Label::Outgoing);
    it.go(Label::Begin);
    it.label(Label::Outgoing);
    it.add(&[(SET, link_header), (KEEP, BASE)]);
    it.label(Label::Begin);
    it.add(&[(LOAD_ABSOLUTE, PROTOCOL)]);
    for nth in 0..MAX_TAGS {
        VLAN_TAGS.iter().for_each(|tag| it.go_if(JUMP_IF_EQUAL, (*tag).into(), Label::Tag(nth)));
        it.go(Label::Network);
        it.label(Label::Tag(nth));
        it.load(LOAD_HALF, 2);
        it.add(&[(KEEP, SCRATCH)]);
        it.skip(4);
        it.add(&[(LOAD_KEPT, SCRATCH)]);
    }
    it.label(Label::Network);
    for (ethertype, label) in [
        (0x0800, Label::V4),
        (0x86dd, Label::V6),
        (0x8847, Label::Mpls),
        (0x8848, Label::Mpls),
        (0x8864, Label::Pppoe),
    ] {
        it.go_if(JUMP_IF_EQUAL, ethertype, label);
    }
    it.add(&[(RETURN, 0)]);

    it.label(Label::Mpls);
    for _ in 0..MAX_LABELS {
        it.load(LOAD_BYTE, 2);
        it.add(&[(KEEP, SCRATCH)]);
        it.skip(4);
        it.add(&[(LOAD_KEPT, SCRATCH)]);
        it.go_if(JUMP_IF_ANY_BIT, 1, Label::Bottom);
    }
    it.add(&[(RETURN, 0)]);
    it.label(Label::Bottom);
    it.load(LOAD_BYTE, 0);
    it.add(&[(SHIFT_RIGHT, 4)]);
    it.go_if(JUMP_IF_EQUAL, 4, Label::V4);
    it.go_if(JUMP_IF_EQUAL, 6, Label::V6);
    it.add(&[(RETURN, 0)]);

    it.label(Label::Pppoe);
    it.load(LOAD_HALF, 6);
    it.add(&[(KEEP, SCRATCH)]);
    it.skip(8);
    it.add(&[(LOAD_KEPT, SCRATCH)]);
    it.go_if(JUMP_IF_EQUAL, 0x0021, Label::V4);
    it.go_if(JUMP_IF_EQUAL, 0x0057, Label::V6);
    it.add(&[(RETURN, 0)]);

    it.label(Label::V4);
    it.address(hash.seed, 12, 1);
    it.address(hash.seed, 16, 1);
    // Of a fragment, the first too, there are no ports: all reach the same worker.
    it.load(LOAD_HALF, 6);
    it.go_if(JUMP_IF_ANY_BIT, 0x3fff, Label::Done);
    it.load(LOAD_BYTE, 9);
    it.add(&[(KEEP, NEXT)]);
    it.load(LOAD_BYTE, 0);
    it.add(&[(AND, 0x0f), (SHIFT_LEFT, 2), (X_LOAD_KEPT, BASE), (ADD_X, 0), (KEEP, BASE)]);
    it.go(Label::Transport);

    it.label(Label::V6);
    it.address(hash.seed, 8, 4);
    it.address(hash.seed, 24, 4);
    it.load(LOAD_BYTE, 6);
    it.add(&[(KEEP, NEXT)]);
    it.skip(40);
    for nth in 0..MAX_EXTENSIONS {
        it.add(&[(LOAD_KEPT, NEXT)]);
        for header in EXTENSIONS {
            it.go_if(JUMP_IF_EQUAL, header.into(), Label::Extension(nth));
        }
        it.go(Label::Transport);
        it.label(Label::Extension(nth));
        it.load(LOAD_BYTE, 0);
        it.add(&[(KEEP, NEXT)]);
        it.load(LOAD_BYTE, 1);
        it.add(&[(ADD, 1), (SHIFT_LEFT, 3), (X_LOAD_KEPT, BASE), (ADD_X, 0), (KEEP, BASE)]);
    }

    it.label(Label::Transport);
    it.add(&[(LOAD_KEPT, NEXT)]);
    WITH_PORTS.iter().for_each(|protocol| it.go_if(JUMP_IF_EQUAL, (*protocol).into(), Label::Ports));
    it.go(Label::Done);
    it.label(Label::Ports);
    if hash.tunnels_whole {
        for end in [0, 2] {
            it.load(LOAD_HALF, end);
            TUNNEL_PORTS.iter().for_each(|port| it.go_if(JUMP_IF_EQUAL, (*port).into(), Label::Done));
        }
    }
    it.load(LOAD_HALF, 0);
    it.add(&[(XOR, hash.seed)]);
    it.spread();
    it.add(&[(KEEP, NEXT)]);
    it.load(LOAD_HALF, 2);
    it.add(&[(XOR, hash.seed)]);
    it.spread();
    it.add(&[(X_LOAD_KEPT, NEXT), (ADD_X, 0), (X_LOAD_KEPT, HASH), (XOR_X, 0)]);
    it.spread();
    it.add(&[(KEEP, HASH)]);

    it.label(Label::Done);
    it.add(&[(LOAD_KEPT, HASH)]);
    it.spread();
    it.add(&[(RETURN_A, 0)]);
    it.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel's machine makes of the program, for a packet with this EtherType.
    fn run(program: &[Instruction], direction: u32, protocol: u16, packet: &[u8]) -> u32 {
        let (mut a, mut x, mut kept, mut at) = (0u32, 0u32, [0u32; 16], 0);
        loop {
            let Instruction { code, jt, jf, k } = program[at];
            at += 1;
            let load = |size: usize| {
                let from = k.wrapping_add(x) as usize;
                let bytes = packet.get(from..from + size)?;
                Some(bytes.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)))
            };
            let mut branch = |holds: bool| at += usize::from(if holds { jt } else { jf });
            match code {
                LOAD_ABSOLUTE if k == PROTOCOL => a = protocol.into(),
                LOAD_ABSOLUTE if k == DIRECTION => a = direction,
                SET => a = k,
                LOAD_WORD | LOAD_HALF | LOAD_BYTE => {
                    match load(match code {
                        LOAD_WORD => 4,
                        LOAD_HALF => 2,
                        _ => 1,
                    }) {
                        Some(value) => a = value,
                        None => return 0,
                    }
                }
                LOAD_KEPT => a = kept[k as usize],
                KEEP => kept[k as usize] = a,
                X_SET => x = k,
                X_LOAD_KEPT => x = kept[k as usize],
                X_KEEP => kept[k as usize] = x,
                ADD => a = a.wrapping_add(k),
                ADD_X => a = a.wrapping_add(x),
                MULTIPLY => a = a.wrapping_mul(k),
                AND => a &= k,
                SHIFT_LEFT => a <<= k,
                SHIFT_RIGHT => a >>= k,
                XOR => a ^= k,
                XOR_X => a ^= x,
                TO_X => x = a,
                JUMP => at += k as usize,
                JUMP_IF_EQUAL => branch(a == k),
                JUMP_IF_ANY_BIT => branch(a & k != 0),
                RETURN => return k,
                RETURN_A => return a,
                other => panic!("no instruction {other:#x}"),
            }
        }
    }

    /// Random bytes that look like headers often enough.
    fn packets() -> impl Iterator<Item = (u16, Vec<u8>)> {
        let mut state = 1u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize
        };
        let pick = |from: &[u8], at: usize| from[at % from.len()];
        (0..20_000).map(move |_| {
            let mut packet: Vec<u8> = (0..next() % 120).map(|_| next() as u8).collect();
            let mut put = |at: usize, byte: u8| {
                if let Some(place) = packet.get_mut(at) {
                    *place = byte;
                }
            };
            let protocol = [0x0800, 0x86dd, 0x8100, 0x88a8, 0x8847, 0x8864, 0x0806][next() % 7];
            let before = match protocol {
                0x8100 | 0x88a8 => {
                    put(2, pick(&[0x08, 0x86, 0x81], next()));
                    put(3, pick(&[0x00, 0xdd], next()));
                    4
                }
                0x8847 => 4 * (1 + next() % 5),
                0x8864 => {
                    put(6, 0);
                    put(7, pick(&[0x21, 0x57], next()));
                    8
                }
                _ => 0,
            };
            put(before, pick(&[0x45, 0x46, 0x60], next()));
            put(before + 6, pick(&[0, 0, 0x20, 17, 60, 44, 0x40], next()));
            put(before + 7, pick(&[0, 0, 1], next()));
            put(before + 9, pick(&[6, 17, 132, 1, 47], next()));
            for at in [20, 22, 40, 42] {
                let port = TUNNEL_PORTS[next() % 7].to_be_bytes();
                if next() % 4 == 0 {
                    put(before + at, port[0]);
                    put(before + at + 1, port[1]);
                }
            }
            if next() % 3 == 0 {
                put(before + 40, pick(&[6, 17, 60, 44], next()));
                put(before + 41, pick(&[0, 1, 2], next()));
            }
            (protocol, packet)
        })
    }

    #[test]
    fn the_program_computes_what_the_workers_do() {
        for tunnels_whole in [false, true] {
            let hash = FlowHash { seed: 0x9f3c_51e7, tunnels_whole };
            let program = program(&hash, 14);
            assert!(program.len() < 4096);
            let mut hashed = 0;
            for (protocol, packet) in packets() {
                let frame = [&[0; 12], &protocol.to_be_bytes()[..], &packet].concat();
                let expected = hash.of_frame(1, &frame);
                assert_eq!(run(&program, 0, protocol, &packet), expected, "{protocol:x} {packet:x?}");
                assert_eq!(run(&program, OUTGOING, protocol, &frame), expected, "{protocol:x} {packet:x?}");
                hashed += u32::from(expected != 0);
            }
            assert!(hashed > 5000, "{hashed}");
        }
    }
}
