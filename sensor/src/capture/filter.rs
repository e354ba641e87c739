//! Filters for the kernel: libpcap's language compiled to classic BPF.

use pcap::{BpfProgram, Capture, Linktype};

/// Compiles an expression for frames of this link type. The error is libpcap's.
pub(super) fn compile(link: u16, expression: &str) -> Result<Vec<libc::sock_filter>, String> {
    // The kernel keeps the tag beside the frame, where an expression compiled for a file does not look.
    if expression.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "vlan") {
        return Err("the kernel takes VLAN tags out of frames, so 'vlan' would match nothing; \
                    use kind = \"pcap\" for this interface"
            .to_owned());
    }
    program(link, expression)?
        .get_instructions()
        .iter()
        .map(|instruction| parse(&instruction.to_string()))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| "the compiled filter cannot be read".to_owned())
}

/// The same for libpcap itself, which knows where tags are.
pub(super) fn program(link: u16, expression: &str) -> Result<BpfProgram, String> {
    let words = |error: pcap::Error| match error {
        pcap::Error::PcapError(words) => words,
        other => other.to_string(),
    };
    let dead = Capture::dead(Linktype(i32::from(link))).map_err(words)?;
    dead.compile(expression, true).map_err(words)
}

/// The crate shows an instruction's fields only in print: `code jt jf k`.
fn parse(text: &str) -> Option<libc::sock_filter> {
    let mut words = text.split(' ');
    let code = words.next()?.parse().ok()?;
    let jt = words.next()?.parse().ok()?;
    let jf = words.next()?.parse().ok()?;
    let k = words.next()?.parse().ok()?;
    Some(libc::sock_filter { code, jt, jf, k })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_become_programs() {
        let program = compile(1, "udp port 53").unwrap();
        // Loads the ethertype first.
        assert_eq!((program[0].code, program[0].k), (0x28, 12));
        assert!(program.len() > 4);
        assert!(compile(1, "udp prt 53").is_err());
        assert!(compile(1, "vlan 5 and udp").unwrap_err().contains("VLAN"));
    }
}
