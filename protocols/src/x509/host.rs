//! Whether a name in a certificate is that of a host (RFC 6125 §6.4), as OpenSSL's `X509_check_host` sees it.

/// A name may begin with a `*` that stands for one label, or a part of it.
pub(super) fn matches(name: &[u8], host: &[u8]) -> bool {
    if host.is_empty() || host.contains(&0) {
        return false;
    }
    match star(name) {
        Some(at) => wildcard(name, at, host),
        None => name.eq_ignore_ascii_case(host),
    }
}

/// Where the only `*` of a name that may have one is: in the first label, at its beginning or end, with two more labels
/// behind it.
fn star(name: &[u8]) -> Option<usize> {
    let at = name.iter().position(|byte| *byte == b'*')?;
    let (before, rest) = (name.get(..at)?, name.get(at + 1..)?);
    let label_end = rest.iter().position(|byte| *byte == b'.')?;
    let (in_label, after) = rest.split_at(label_end);
    let dots = after.iter().filter(|byte| **byte == b'.').count();
    let is_plain = |bytes: &[u8]| bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    let labels = after.get(1..)?;
    let good = is_plain(before)
        && is_plain(in_label)
        && (before.is_empty() || in_label.is_empty())
        && !before.to_ascii_lowercase().starts_with(b"xn--")
        && dots >= 2
        && labels.split(|byte| *byte == b'.').all(|label| !label.is_empty() && is_plain(label));
    good.then_some(at)
}

fn wildcard(name: &[u8], at: usize, host: &[u8]) -> bool {
    let (prefix, suffix) = (name.get(..at).unwrap_or_default(), name.get(at + 1..).unwrap_or_default());
    let Some(middle) = host.len().checked_sub(prefix.len() + suffix.len()) else { return false };
    let (begin, rest) = host.split_at(prefix.len());
    let (stands_for, end) = rest.split_at(middle);
    if !begin.eq_ignore_ascii_case(prefix) || !end.eq_ignore_ascii_case(suffix) || stands_for.is_empty() {
        return false;
    }
    // An internationalized label is matched as a whole or not at all.
    let is_whole = prefix.is_empty() && suffix.first() == Some(&b'.');
    let is_idna = host.to_ascii_lowercase().starts_with(b"xn--");
    (is_whole || !is_idna) && stands_for.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_openssl_does() {
        for (name, host, expected) in [
            ("example.org", "EXAMPLE.org", true),
            ("*.example.org", "www.example.org", true),
            ("*.example.org", "example.org", false),
            ("*.example.org", "a.b.example.org", false),
            ("*.org", "example.org", false),
            ("w*.example.org", "www.example.org", true),
            ("*w.example.org", "www.example.org", true),
            ("w*w.example.org", "www.example.org", false),
            ("*.*.example.org", "a.b.example.org", false),
            ("*.example.org", "xn--a.example.org", true),
            ("x*.example.org", "xn--a.example.org", false),
            ("*.example.org", "_a.example.org", false),
            ("example.org", "", false),
            ("www.example.org", "www.example.org.", false),
        ] {
            assert_eq!(matches(name.as_bytes(), host.as_bytes()), expected, "{name} {host}");
        }
    }
}
