//! Dealing packets out so that what is inside a tunnel over UDP stays together.
//!
//! VXLAN and Geneve choose their outer source port by the flow inside and its direction, so the kernel's own
//! hash parts the two directions. This program hashes packets of such tunnels by their outer addresses alone,
//! and all others by addresses and ports; each the same way for both directions. The kernel runs it for every
//! packet, which needs no privilege (`PACKET_FANOUT_CBPF`, packet(7)).

use super::socket::Instruction;

/// What takes UDP tunnels apart looks at these ports: GTP, Teredo, GRE, VXLAN, AYIYA, Geneve.
const TUNNEL_PORTS: [u32; 7] = [2123, 2152, 3544, 4754, 4789, 5072, 6081];
const VLAN_TAGS: [u32; 3] = [0x8100, 0x88a8, 0x9100];
/// Tags that are looked behind; the outermost is beside the packet already.
const MAX_TAGS: usize = 2;

/// Loads at this and above are relative to the network header (linux/filter.h).
const NET: u32 = -0x10_0000_i32 as u32;
/// The packet's EtherType, as the kernel has found it.
const PROTOCOL: u32 = -0x1000_i32 as u32;

/// Where the kernel keeps words between instructions.
const HASH: u32 = 0;
/// Where the header that is being looked at begins, from the network header.
const BASE: u32 = 1;
const SCRATCH: u32 = 2;

/// Neighbouring addresses and ports differ in few bits; multiplied by this they differ in many.
const SPREAD: u32 = 0x9e37_79b1;

/// Classic BPF (linux/bpf_common.h), as far as it is needed. A and X are the machine's registers.
const LOAD_ABSOLUTE: u16 = 0x20;
const LOAD_WORD: u16 = 0x40;
const LOAD_HALF: u16 = 0x48;
const LOAD_BYTE: u16 = 0x50;
const LOAD_KEPT: u16 = 0x60;
const KEEP: u16 = 0x02;
const X_SET: u16 = 0x01;
const X_LOAD_KEPT: u16 = 0x61;
const X_KEEP: u16 = 0x03;
const ADD: u16 = 0x04;
const ADD_X: u16 = 0x0c;
const MULTIPLY: u16 = 0x24;
const AND: u16 = 0x54;
const SHIFT_LEFT: u16 = 0x64;
const SHIFT_RIGHT: u16 = 0x74;
const XOR_X: u16 = 0xac;
const TO_A: u16 = 0x87;
const JUMP: u16 = 0x05;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
const RETURN_A: u16 = 0x16;

/// Places that are jumped to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    Tag(usize),
    Ip,
    V4,
    V6,
    Transport,
    Udp,
    Ports,
    Done,
}

/// A program that grows; where jumps lead is known in the end.
#[derive(Default)]
struct Builder {
    code: Vec<(u16, u32)>,
    jumps: Vec<(usize, Label)>,
    labels: Vec<(Label, usize)>,
}

impl Builder {
    fn add(&mut self, all: &[(u16, u32)]) {
        self.code.extend(all);
    }

    /// Where the condition does not hold, the next instruction follows.
    fn jump(&mut self, code: u16, value: u32, to: Label) {
        self.jumps.push((self.code.len(), to));
        self.add(&[(code, value)]);
    }

    fn label(&mut self, label: Label) {
        self.labels.push((label, self.code.len()));
    }

    fn finish(self) -> Vec<Instruction> {
        let plain = |&(code, k): &(u16, u32)| Instruction { code, jt: 0, jf: 0, k };
        let mut program: Vec<Instruction> = self.code.iter().map(plain).collect();
        for (at, to) in self.jumps {
            let Some((_, place)) = self.labels.iter().find(|(label, _)| *label == to) else { continue };
            let distance = place - at - 1;
            match program[at].code {
                JUMP => program[at].k = distance as u32,
                // The program is shorter than these can reach.
                _ => program[at].jt = distance as u8,
            }
        }
        program
    }
}

/// The program. Its result is taken modulo the number of workers.
pub(super) fn by_tunnel() -> Vec<Instruction> {
    let mut it = Builder::default();
    it.add(&[(X_SET, 0), (X_KEEP, BASE), (LOAD_ABSOLUTE, PROTOCOL)]);
    for nth in 0..MAX_TAGS {
        VLAN_TAGS.iter().for_each(|tag| it.jump(JUMP_IF_EQUAL, *tag, Label::Tag(nth)));
        it.jump(JUMP, 0, Label::Ip);
        it.label(Label::Tag(nth));
        it.add(&[(X_LOAD_KEPT, BASE), (LOAD_HALF, NET.wrapping_add(2)), (KEEP, SCRATCH)]);
        it.add(&[(LOAD_KEPT, BASE), (ADD, 4), (KEEP, BASE), (LOAD_KEPT, SCRATCH)]);
    }
    it.label(Label::Ip);
    it.jump(JUMP_IF_EQUAL, 0x0800, Label::V4);
    it.jump(JUMP_IF_EQUAL, 0x86dd, Label::V6);
    it.add(&[(RETURN, 0)]);

    it.label(Label::V4);
    add_words(&mut it, 12, 2);
    it.add(&[(X_LOAD_KEPT, BASE), (LOAD_BYTE, NET.wrapping_add(9)), (KEEP, SCRATCH)]);
    // Of a fragment, the first too, there are no ports: all reach the same worker.
    it.add(&[(LOAD_HALF, NET.wrapping_add(6))]);
    it.jump(JUMP_IF_ANY_BIT, 0x3fff, Label::Done);
    it.add(&[(LOAD_BYTE, NET), (AND, 0x0f), (SHIFT_LEFT, 2), (ADD_X, 0), (KEEP, BASE)]);
    it.jump(JUMP, 0, Label::Transport);

    it.label(Label::V6);
    add_words(&mut it, 8, 8);
    it.add(&[(X_LOAD_KEPT, BASE), (LOAD_BYTE, NET.wrapping_add(6)), (KEEP, SCRATCH)]);
    it.add(&[(TO_A, 0), (ADD, 40), (KEEP, BASE)]);

    it.label(Label::Transport);
    it.add(&[(LOAD_KEPT, SCRATCH)]);
    for (protocol, label) in [(6, Label::Ports), (132, Label::Ports), (17, Label::Udp)] {
        it.jump(JUMP_IF_EQUAL, protocol, label);
    }
    it.jump(JUMP, 0, Label::Done);
    it.label(Label::Udp);
    it.add(&[(X_LOAD_KEPT, BASE)]);
    for end in [0, 2] {
        it.add(&[(LOAD_HALF, NET.wrapping_add(end))]);
        TUNNEL_PORTS.iter().for_each(|port| it.jump(JUMP_IF_EQUAL, *port, Label::Done));
    }
    it.label(Label::Ports);
    it.add(&[(X_LOAD_KEPT, BASE), (LOAD_HALF, NET), (KEEP, SCRATCH), (LOAD_HALF, NET.wrapping_add(2))]);
    it.add(&[(X_LOAD_KEPT, SCRATCH), (ADD_X, 0), (KEEP, SCRATCH), (LOAD_KEPT, HASH), (MULTIPLY, SPREAD)]);
    it.add(&[(X_LOAD_KEPT, SCRATCH), (ADD_X, 0), (KEEP, HASH)]);

    it.label(Label::Done);
    it.add(&[(LOAD_KEPT, HASH), (MULTIPLY, SPREAD), (KEEP, HASH), (SHIFT_RIGHT, 16)]);
    it.add(&[(X_LOAD_KEPT, HASH), (XOR_X, 0), (RETURN_A, 0)]);
    it.finish()
}

/// The sum of so many words, which is the same for both directions where they are both addresses. Their exclusive
/// or would be, too, but it does not tell one network from another.
fn add_words(it: &mut Builder, at: u32, words: u32) {
    it.add(&[(X_LOAD_KEPT, BASE), (LOAD_WORD, NET.wrapping_add(at)), (KEEP, HASH)]);
    for word in 1..words {
        it.add(&[(X_LOAD_KEPT, BASE), (LOAD_WORD, NET.wrapping_add(at + 4 * word))]);
        it.add(&[(X_LOAD_KEPT, HASH), (ADD_X, 0), (KEEP, HASH)]);
    }
}
