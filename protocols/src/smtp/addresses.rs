//! Addresses in commands and headers, found as Zeek's scripts find them: of mailboxes, and of hosts.

use std::net::IpAddr;

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// What stands before a mail address, if it does not begin the text.
const fn begins(byte: u8) -> bool {
    matches!(byte, b'<' | b',' | b':') || is_blank(byte)
}

/// What stands behind one.
const fn ends(byte: u8) -> bool {
    matches!(byte, b'>' | b',' | b';') || is_blank(byte)
}

/// All mail addresses, in their order: `a@b`, without what is around them.
pub fn mail_addresses(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            match mail_address(text, at) {
                Some(end) => {
                    let found = text.get(at..end).unwrap_or_default();
                    at = end;
                    let around = |byte: &u8| begins(*byte) || ends(*byte);
                    return Some(found.iter().copied().filter(|byte| !around(byte)).collect());
                }
                None => at += 1,
            }
        }
        None
    })
}

/// The first of them.
pub fn first_mail_address(text: &[u8]) -> Option<Vec<u8>> {
    mail_addresses(text).next()
}

/// Where the address ends that begins here, with what stands before and behind it.
fn mail_address(text: &[u8], at: usize) -> Option<usize> {
    let first = *text.get(at)?;
    // Where it begins the text nothing need stand before it.
    let bare = (at == 0).then_some(at).filter(|_| !begins(first));
    let start = bare.or_else(|| begins(first).then_some(at + 1))?;
    let local = text.get(start..)?.iter().take_while(|byte| !begins(**byte) && **byte != b'@').count();
    let behind = start + local;
    if local == 0 || text.get(behind) != Some(&b'@') {
        return None;
    }
    let domain = text.get(behind + 1..)?.iter().take_while(|byte| !ends(**byte)).count();
    let end = behind + 1 + domain;
    (domain > 0).then_some((end + 1).min(text.len()))
}

/// The mailboxes of a header such as To, with the names that stand before the addresses, as Zeek separates them: by
/// commas, unless in quotes that a mailbox begins with.
pub fn mailboxes(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while let Some(first) = rest.first() {
            if *first == b',' {
                // Inside of a quote that is not closed, or between two.
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let quoted = quoted(rest);
            let until_comma = |from: usize| {
                let rest = rest.get(from..).unwrap_or_default();
                from + rest.iter().position(|byte| *byte == b',').unwrap_or(rest.len())
            };
            let end = quoted.map(until_comma).filter(|end| quoted.is_some_and(|quoted| *end > quoted));
            let end = end.unwrap_or_else(|| until_comma(0));
            let (mailbox, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            rest = behind;
            return Some(mailbox.trim_ascii());
        }
        None
    })
}

/// How long the quote is that a text begins with.
fn quoted(text: &[u8]) -> Option<usize> {
    let inside = text.strip_prefix(b"\"")?;
    inside.iter().position(|byte| *byte == b'"').map(|at| at + 2)
}

/// The addresses of hosts in a text, in their order. `wrapped`: only those in brackets or parentheses of any kind, or
/// between spaces.
pub fn ip_addresses(text: &[u8], wrapped: bool) -> impl Iterator<Item = IpAddr> {
    let (mut at, mut behind_last) = (0, 0);
    std::iter::from_fn(move || {
        while at < text.len() {
            let Some(len) = ip_address(text.get(at..).unwrap_or_default()) else {
                at += 1;
                continue;
            };
            let (start, end) = (at, at + len);
            // What lies between two addresses is of both.
            let before = text.get(behind_last..start).and_then(|between| between.last()).copied();
            (at, behind_last) = (end, end);
            let found = text.get(start..end).and_then(|found| std::str::from_utf8(found).ok()?.parse().ok());
            let Some(address) = found else { continue };
            let after = text.get(end).copied();
            let pairs = [(b'[', b']'), (b'(', b')'), (b'{', b'}'), (b' ', b' ')];
            let is_wrapped = match (before, after) {
                (None, None) => true,
                (Some(before), Some(after)) => pairs.contains(&(before, after)),
                _ => false,
            };
            if !wrapped || is_wrapped {
                return Some(address);
            }
        }
        None
    })
}

/// The length of the longest text that Zeek takes for an address and that this one begins with.
fn ip_address(text: &[u8]) -> Option<usize> {
    let first = *text.first()?;
    if !first.is_ascii_hexdigit() && first != b':' {
        return None;
    }
    ipv4(text).max(ipv6(text))
}

/// Four numbers below 256, as long as they may be.
fn ipv4(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    for nth in 0..4 {
        if nth > 0 {
            if text.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        at += decimal(text.get(at..).unwrap_or_default())?;
    }
    Some(at)
}

fn decimal(text: &[u8]) -> Option<usize> {
    let digits = text.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    let value = text.iter().take(digits).fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    match digits {
        0 => None,
        3 if value > 255 => Some(2),
        digits => Some(digits),
    }
}

/// Groups of hexadecimal digits in one of the forms that Zeek knows.
fn ipv6(text: &[u8]) -> Option<usize> {
    // Groups with a colon between them, and where each ends.
    let (lead, lead_len) = groups(text, 8);
    let behind = text.get(lead_len..).unwrap_or_default();
    let whole = (lead == 8).then_some(lead_len);
    if let Some(tail) = behind.strip_prefix(b"::").filter(|_| lead <= 7) {
        let from = lead_len + 2;
        let compressed = Some(from + groups(tail, 7 - lead).1);
        // Zeek's pattern has no colon between the groups and an IPv4 address.
        let dotted = (lead <= 5).then(|| dotted(tail, 5 - lead)).flatten().map(|len| from + len);
        return whole.max(compressed).max(dotted);
    }
    // Six groups and an IPv4 address.
    let (six, six_len) = groups(text, 6);
    let tail = text.get(six_len..).and_then(|tail| tail.strip_prefix(b":")).filter(|_| six == 6);
    whole.max(tail.and_then(ipv4).map(|len| six_len + 1 + len))
}

/// Up to `most` groups and an IPv4 address directly behind them.
fn dotted(text: &[u8], most: usize) -> Option<usize> {
    let (mut best, mut at) = (ipv4(text), 0);
    for nth in 0..most {
        if nth > 0 {
            if text.get(at) != Some(&b':') {
                break;
            }
            at += 1;
        }
        let rest = text.get(at..).unwrap_or_default();
        let digits = rest.iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
        for len in 1..=digits {
            best = best.max(rest.get(len..).and_then(ipv4).map(|dotted| at + len + dotted));
        }
        if digits == 0 {
            break;
        }
        at += digits;
    }
    best
}

/// How many groups a text begins with, at most so many, and how long they are.
fn groups(text: &[u8], most: usize) -> (usize, usize) {
    let (mut count, mut end) = (0, 0);
    while count < most {
        let from = match count {
            0 => 0,
            _ if text.get(end) == Some(&b':') => end + 1,
            _ => break,
        };
        let rest = text.get(from..).unwrap_or_default();
        let digits = rest.iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
        if digits == 0 {
            break;
        }
        (count, end) = (count + 1, from + digits);
    }
    (count, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_are_found_in_commands() {
        for (text, found) in [
            ("FROM:<a@b.c> SIZE=1", vec!["a@b.c"]),
            ("a@b", vec!["a@b"]),
            ("TO:<a@b> ORCPT=rfc822;c@d", vec!["a@b", "ORCPT=rfc822c@d"]),
            ("x <a@b>, y@z; w", vec!["a@b", "y@z"]),
            ("@b <@c> d@", vec![]),
            ("FROM:<>", vec![]),
            ("a@b@c d", vec!["a@b@c"]),
        ] {
            let got: Vec<String> =
                mail_addresses(text.as_bytes()).map(|address| String::from_utf8(address).unwrap()).collect();
            assert_eq!(got, found, "{text}");
        }
    }

    #[test]
    fn mailboxes_are_between_commas() {
        for (text, found) in [
            ("a@b, c <d@e>", vec!["a@b", "c <d@e>"]),
            ("\"x, y\" <a@b>,c@d", vec!["\"x, y\" <a@b>", "c@d"]),
            (" \"x, y\" <a@b>", vec!["\"x", "y\" <a@b>"]),
            ("\"x, y\",z", vec!["\"x", "y\"", "z"]),
            ("a,,b, ", vec!["a", "b", ""]),
            ("\"\" <a@b>", vec!["\"\" <a@b>"]),
        ] {
            let got: Vec<&str> =
                mailboxes(text.as_bytes()).map(|box_| std::str::from_utf8(box_).unwrap()).collect();
            assert_eq!(got, found, "{text}");
        }
    }

    #[test]
    fn hosts_are_found_in_headers() {
        let found = |text: &str, wrapped| -> Vec<String> {
            ip_addresses(text.as_bytes(), wrapped).map(|ip| ip.to_string()).collect()
        };
        assert_eq!(found("from x ([1.2.3.4]) by y (5.6.7.8)", true), ["1.2.3.4", "5.6.7.8"]);
        assert_eq!(found("v1.2.3.4-x", true), Vec::<String>::new());
        assert_eq!(found("v1.2.3.4-x 300.1.1.1", false), ["1.2.3.4"]);
        assert_eq!(found("[2001:db8::1] and ::1", false), ["2001:db8::1", "::1"]);
        assert_eq!(found("1:2:3:4:5:6:7:8", true), ["1:2:3:4:5:6:7:8"]);
        assert_eq!(found("[1:2:3:4:5:6:1.2.3.4]", true), ["1:2:3:4:5:6:102:304"]);
        assert_eq!(found("IPv6:::ffff1.2.3.4", false), ["6::", "1.2.3.4"]);
        assert_eq!(found("[010.1.1.1]", true), Vec::<String>::new(), "a leading zero is no address");
        assert_eq!(found("12:34 a:b", false), Vec::<String>::new());
    }
}
