//! Messages of DNS, made byte by byte.

/// A question for addresses, with recursion desired.
pub fn query(id: u16, name: &str) -> Vec<u8> {
    message(id, 0x0100, name, &[])
}

/// Its answer: these addresses, each for five minutes.
pub fn reply(id: u16, name: &str, addresses: &[[u8; 4]]) -> Vec<u8> {
    message(id, 0x8180, name, addresses)
}

fn message(id: u16, flags: u16, name: &str, addresses: &[[u8; 4]]) -> Vec<u8> {
    let mut out = Vec::new();
    for word in [id, flags, 1, addresses.len() as u16, 0, 0] {
        out.extend(word.to_be_bytes());
    }
    for label in name.split('.') {
        out.push(label.len() as u8);
        out.extend(label.bytes());
    }
    out.extend([0, 0, 1, 0, 1]);
    for address in addresses {
        out.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4]);
        out.extend(address);
    }
    out
}

/// As on TCP, behind its length.
pub fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes()[..], message].concat()
}
