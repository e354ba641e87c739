//! Paths on a server, as Zeek puts them together.

/// A path within a directory, without what goes back and forth in it.
pub(super) fn within(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() || is_absolute(name) {
        return compressed(name);
    }
    let separator: &[u8] = if directory.ends_with(b"/") { b"" } else { b"/" };
    compressed(&[directory, separator, name].concat())
}

/// The directory that a reply names: what stands in quotes, or else the first that begins like a path.
pub(super) fn named_in(text: &[u8]) -> Vec<u8> {
    let quotes = text.iter().enumerate().filter(|(_, byte)| **byte == b'"').map(|(at, _)| at);
    for quote in quotes {
        let quoted = text.get(quote + 1..).unwrap_or_default();
        if begins_path(quoted)
            && let Some(end) = quoted.iter().position(|byte| *byte == b'"')
        {
            return quoted.get(..end).unwrap_or_default().to_vec();
        }
    }
    let rests = (0..text.len()).filter_map(|at| text.get(at..));
    let Some(path) = { rests }.find(|rest| begins_path(rest)) else { return Vec::new() };
    let mut end = 0;
    while let Some(byte) = path.get(end) {
        match byte {
            b'"' => break,
            b' ' if end == 0 || path.get(end - 1) != Some(&b'\\') => break,
            _ => end += 1,
        }
    }
    path.get(..end).unwrap_or_default().to_vec()
}

fn is_absolute(name: &[u8]) -> bool {
    // Where a line ends so does what Zeek compares.
    begins_path(name) && !name.contains(&b'\n')
}

/// `/`, or a drive as Windows has them.
fn begins_path(text: &[u8]) -> bool {
    match text {
        [b'/', ..] => true,
        [drive, b':', b'/' | b'\\', ..] => drive.is_ascii_alphabetic(),
        _ => false,
    }
}

/// A path without `.`, without `..` where it is known what that leaves, and with single slashes.
fn compressed(path: &[u8]) -> Vec<u8> {
    let absolute = path.starts_with(b"/");
    let mut kept: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
        match (part, kept.last()) {
            (b".", _) if absolute || !kept.is_empty() => {}
            (b"..", Some(&b".")) => {
                kept.pop();
                kept.push(part);
            }
            (b"..", Some(last)) if *last != b".." => _ = kept.pop(),
            _ => kept.push(part),
        }
    }
    let relative = kept.join(&b'/');
    if absolute { [b"/", &relative[..]].concat() } else { relative }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(directory: &str, name: &str) -> String {
        String::from_utf8(within(directory.as_bytes(), name.as_bytes())).unwrap()
    }

    #[test]
    fn paths_are_put_together() {
        assert_eq!(of(".", "robots.txt"), "./robots.txt");
        assert_eq!(of(".", "/README"), "/README");
        assert_eq!(of("/", "a//b/./c/"), "/a/b/c");
        assert_eq!(of("/a/b", "../c"), "/a/c");
        assert_eq!(of(".", "/.."), "/..");
        assert_eq!(of("/a", "/.."), "/..");
        assert_eq!(of(".", "../.."), "../..");
        assert_eq!(of("./a", ""), "./a");
        assert_eq!(of("/x", "C:\\y"), "C:\\y");
    }

    #[test]
    fn directories_are_found_in_replies() {
        for (text, path) in [
            ("\"/pub/a b\" is the current directory", "/pub/a b"),
            ("it is /pub/a now", "/pub/a"),
            ("in C:\\x\\ y z", "C:\\x\\ y"),
            ("\"pub\" or \"/x", "/x"),
            ("nowhere", ""),
        ] {
            assert_eq!(named_in(text.as_bytes()), path.as_bytes(), "{text}");
        }
    }
}
