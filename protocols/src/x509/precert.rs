//! A certificate without its timestamps: what a log of certificate transparency has signed (RFC 6962 §3.2).

/// The extension's type in DER.
const OID: [u8; 12] = [0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];
const SEQUENCE: u8 = 0x30;
/// Where a certificate's extensions are.
const EXTENSIONS: u8 = 0xa3;

/// The next element: its tag, what is in it, all of it, and what follows.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
    rest: &'a [u8],
}

fn element(der: &[u8]) -> Option<Element<'_>> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |len, byte| len << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some(Element { tag: *tag, content, whole: der.get(..der.len() - rest.len())?, rest })
}

/// An element with this content, of less than 16 MiB.
fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = (content.len() as u32).to_be_bytes();
    let mut out = vec![tag];
    match content.len() {
        0..=0x7f => out.push(c),
        0x80..=0xff => out.extend([0x81, c]),
        0x100..=0xffff => out.extend([0x82, b, c]),
        _ => out.extend([0x83, a, b, c]),
    }
    out.extend(content);
    out
}

/// The part of a certificate that is signed, without the extension that has timestamps. None where there is none, or it
/// cannot be read.
pub fn without_timestamps(der: &[u8]) -> Option<Vec<u8>> {
    let certificate = element(der).filter(|certificate| certificate.tag == SEQUENCE)?;
    let signed = element(certificate.content).filter(|signed| signed.tag == SEQUENCE)?;
    let (mut fields, mut rest, mut found) = (Vec::new(), signed.content, false);
    while !rest.is_empty() {
        let field = element(rest)?;
        rest = field.rest;
        if field.tag != EXTENSIONS {
            fields.extend(field.whole);
            continue;
        }
        let (mut kept, mut list) = (Vec::new(), element(field.content)?.content);
        while !list.is_empty() {
            let extension = element(list)?;
            list = extension.rest;
            if extension.content.starts_with(&OID) {
                found = true;
            } else {
                kept.extend(extension.whole);
            }
        }
        fields.extend(wrapped(EXTENSIONS, &wrapped(SEQUENCE, &kept)));
    }
    found.then(|| wrapped(SEQUENCE, &fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_timestamps_are_left_out() {
        let timestamps = wrapped(SEQUENCE, &[&OID[..], &wrapped(4, &[7; 300])].concat());
        let other = wrapped(SEQUENCE, &[6, 3, 0x55, 0x1d, 0x13, 4, 0]);
        let certificate = |extensions: &[u8]| {
            let fields = [&[2, 1, 9][..], &wrapped(EXTENSIONS, &wrapped(SEQUENCE, extensions))].concat();
            let signed = wrapped(SEQUENCE, &fields);
            (wrapped(SEQUENCE, &[&signed[..], &[3, 1, 0]].concat()), signed)
        };
        let (with, _) = certificate(&[&other[..], &timestamps, &other].concat());
        let (without, expected) = certificate(&[&other[..], &other].concat());
        assert_eq!(without_timestamps(&with), Some(expected));
        assert_eq!(without_timestamps(&without), None);
        assert!((0..with.len()).all(|len| without_timestamps(&with[..len]).is_none()));
    }
}
