//! The capture filter: an expression in libpcap's language, compiled once for each link type.

use pcap::{BpfProgram, Capture, Linktype};

pub(super) struct Filter {
    expression: String,
    /// A capture has one link type, rarely two or three, so a search from the front is the fastest.
    programs: Vec<(u16, Program)>,
    scratch: Vec<u8>,
}

struct Program {
    bpf: BpfProgram,
    /// It asks how long the packet was (`len`, `greater`, `less`).
    uses_length: bool,
}

impl Filter {
    pub fn new(expression: String) -> Self {
        Filter { expression, programs: Vec::new(), scratch: Vec::new() }
    }

    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// Compiles the expression for a link type, unless that was done. The error is libpcap's.
    pub fn compile(&mut self, link: u16) -> Result<(), String> {
        if self.programs.iter().any(|(known, _)| *known == link) {
            return Ok(());
        }
        let words = |error: pcap::Error| match error {
            pcap::Error::PcapError(words) => words,
            other => other.to_string(),
        };
        let dead = Capture::dead(Linktype(data_link_type(link))).map_err(words)?;
        let bpf = dead.compile(&self.expression, true).map_err(words)?;
        let uses_length = bpf.get_instructions().iter().any(|instruction| {
            // The crate shows an instruction's fields only in print: `code jt jf k`.
            let text = instruction.to_string();
            matches!(text.split(' ').next(), Some(LOAD_LENGTH | LOAD_LENGTH_INTO_X))
        });
        self.programs.push((link, Program { bpf, uses_length }));
        Ok(())
    }

    pub fn accepts(&mut self, link: u16, wire_len: u32, data: &[u8]) -> bool {
        let Some((_, program)) = self.programs.iter().find(|(known, _)| *known == link) else {
            return false;
        };
        let wire_len = wire_len as usize;
        if program.uses_length && wire_len > data.len() && wire_len <= MAX_PADDED {
            // The crate tells libpcap that the packet was as long as what we have of it, so `greater 1000`
            // would refuse every packet of a capture cut to 96 bytes. Zeros stand in for what was cut.
            self.scratch.clear();
            self.scratch.extend_from_slice(data);
            self.scratch.resize(wire_len, 0);
            return program.bpf.filter(&self.scratch);
        }
        program.bpf.filter(data)
    }
}

/// `BPF_LD | BPF_W | BPF_LEN` and `BPF_LDX | BPF_W | BPF_LEN`.
const LOAD_LENGTH: &str = "128";
const LOAD_LENGTH_INTO_X: &str = "129";

/// No IP packet is longer than this, so what a record says beyond it is not worth copying for.
const MAX_PADDED: usize = 128 * 1024;

/// libpcap compiles for a platform's data link types, which for a few differ from what files say
/// (pcap-common.c, `LINKTYPE_` and `DLT_`; the values of Linux).
fn data_link_type(link: u16) -> i32 {
    match link {
        100 => 11, // ATM with RFC 1483 headers
        101 => 12, // raw IP
        102 => 15, // SLIP of BSD/OS
        103 => 16, // PPP of BSD/OS
        106 => 19, // classical IP over ATM
        other => other.into(),
    }
}
