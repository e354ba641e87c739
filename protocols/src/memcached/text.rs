//! The text protocol: lines, some of which announce the bytes of a value.

use crate::memcached::{Request, Response};
use crate::probe::Probe;

/// What clients ask for.
pub(super) const COMMANDS: &[&str] = &[
    "get",
    "gets",
    "gat",
    "gats",
    "set",
    "add",
    "replace",
    "append",
    "prepend",
    "cas",
    "delete",
    "incr",
    "decr",
    "touch",
    "stats",
    "flush_all",
    "version",
    "verbosity",
    "quit",
    "mg",
    "ms",
    "md",
    "ma",
    "mn",
    "me",
    "lru",
    "slabs",
    "lru_crawler",
    "watch",
    "cache_memlimit",
    "shutdown",
];

/// What servers answer with.
pub(super) const ANSWERS: &[&str] = &[
    "VALUE",
    "END",
    "STORED",
    "NOT_STORED",
    "EXISTS",
    "NOT_FOUND",
    "DELETED",
    "TOUCHED",
    "OK",
    "RESET",
    "ERROR",
    "CLIENT_ERROR",
    "SERVER_ERROR",
    "VERSION",
    "STAT",
    "HD",
    "VA",
    "EN",
    "NF",
    "NS",
    "EX",
    "MN",
    "ME",
    "BUSY",
    "BADCLASS",
];

/// Whether the first line begins with one of these words and ends as lines do.
pub(super) fn probe(data: &[u8], words: &[&str]) -> Probe {
    const LONGEST: usize = 512;
    let end = data.iter().position(|byte| matches!(byte, b' ' | b'\r'));
    let Some(word) = data.get(..end.unwrap_or(data.len())) else { return Probe::NoMatch };
    match end {
        None if words.iter().any(|known| known.as_bytes().starts_with(word)) => Probe::NeedMore,
        Some(_) if words.iter().any(|known| known.as_bytes() == word) => match memchr::memchr(b'\n', data) {
            Some(at) if at < LONGEST && data.get(..at).is_some_and(|line| line.ends_with(b"\r")) => {
                Probe::Match
            }
            None if data.len() <= LONGEST => Probe::NeedMore,
            _ => Probe::NoMatch,
        },
        _ => Probe::NoMatch,
    }
}

fn number(word: Option<&[u8]>) -> Option<u64> {
    std::str::from_utf8(word?).ok()?.parse().ok()
}

/// A client's line; none where it is not one.
pub(super) fn request(line: &[u8]) -> Option<Request<'_>> {
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let command = words.next()?;
    let mut request = Request { command, ..Request::default() };
    let is = |known: &[&str]| known.iter().any(|known| known.as_bytes() == command);
    if !is(COMMANDS) {
        return None;
    }
    if is(&[
        "stats",
        "flush_all",
        "version",
        "verbosity",
        "quit",
        "lru",
        "slabs",
        "lru_crawler",
        "watch",
        "mn",
        "shutdown",
        "cache_memlimit",
    ]) {
        request.key = words.next().filter(|_| command == b"stats");
        request.keys = u64::from(request.key.is_some());
        request.is_quiet = is(&["quit", "watch"]) || line.ends_with(b" noreply");
        return Some(request);
    }
    if is(&["gat", "gats"]) {
        words.next()?;
    }
    request.key = words.next();
    request.key?;
    request.keys = 1;
    if is(&["get", "gets", "gat", "gats"]) {
        request.keys += words.count() as u64;
        return Some(request);
    }
    if is(&["set", "add", "replace", "append", "prepend", "cas"]) {
        let [_flags, _until, len] = [words.next(), words.next(), words.next()];
        request.len = Some(number(len)?);
    } else if command == b"ms" {
        request.len = Some(number(words.next())?);
    }
    request.is_quiet = match command {
        // Meta commands have it among their flags.
        b"mg" | b"ms" | b"md" | b"ma" | b"me" => words.any(|word| word == b"q"),
        _ => words.any(|word| word == b"noreply"),
    };
    Some(request)
}

/// What a server's line is.
pub(super) enum Line<'a> {
    /// A value follows, of so many bytes.
    Value(u64),
    /// The same, and the answer is over behind it.
    Last(u64),
    /// One of several.
    More,
    /// The answer is over.
    End(Response<'a>),
}

/// A server's line; none where it is not one.
pub(super) fn answer(line: &[u8]) -> Option<Line<'_>> {
    let mut words = line.split(|byte| *byte == b' ');
    let status = words.next()?;
    let end = |success: bool| Some(Line::End(Response { status, success, values: 0, bytes: 0, tag: None }));
    match status {
        b"VALUE" => Some(Line::Value(number(words.nth(2))?)),
        b"VA" => Some(Line::Last(number(words.next())?)),
        b"STAT" => Some(Line::More),
        b"END" | b"STORED" | b"DELETED" | b"TOUCHED" | b"OK" | b"RESET" | b"VERSION" | b"HD" | b"MN"
        | b"ME" => end(true),
        b"NOT_STORED" | b"EXISTS" | b"NOT_FOUND" | b"ERROR" | b"CLIENT_ERROR" | b"SERVER_ERROR" | b"EN"
        | b"NF" | b"NS" | b"EX" | b"BUSY" | b"BADCLASS" => end(false),
        // What a counter is now.
        digits if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => end(true),
        _ => None,
    }
}
