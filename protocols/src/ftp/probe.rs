//! Whether a stream begins as FTP's do. Both sides have to, as in Zeek.

use crate::probe::Probe;

/// Commands that come before a login, most often.
const BEFORE_USER: [&[u8]; 24] = [
    b"USER", b"AUTH", b"FEAT", b"SYST", b"HELP", b"HOST", b"CLNT", b"OPTS", b"NOOP", b"PBSZ", b"PROT",
    b"LANG", b"ADAT", b"QUIT", b"TYPE", b"STAT", b"SITE", b"PASS", b"ACCT", b"MODE", b"STRU", b"PASV",
    b"EPSV", b"PWD",
];

/// The client's side: a USER command, and before it nothing but other commands. Zeek takes any lines before it.
pub fn probe_client(bytes: &[u8]) -> Probe {
    let mut rest = bytes;
    loop {
        let spaces = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\r' | b'\n')).count();
        rest = rest.get(spaces..).unwrap_or_default();
        let word = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let word = rest.get(..word).unwrap_or_default();
        if word.len() == rest.len() {
            let may_be = BEFORE_USER
                .iter()
                .any(|known| known.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)));
            return if may_be { Probe::NeedMore } else { Probe::NoMatch };
        }
        let after = rest.get(word.len()).copied().unwrap_or_default();
        if !BEFORE_USER.iter().any(|known| known.eq_ignore_ascii_case(word))
            || !matches!(after, b' ' | b'\r' | b'\n')
        {
            return Probe::NoMatch;
        }
        if word.eq_ignore_ascii_case(b"USER") && after == b' ' {
            return Probe::Match;
        }
        match rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
            Some(end) => rest = rest.get(end..).unwrap_or_default(),
            None => return Probe::NeedMore,
        }
    }
}

/// The server's side: a greeting, and the answer to USER.
pub fn probe_server(bytes: &[u8]) -> Probe {
    let spaces = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\r' | b'\n')).count();
    let greeting = bytes.get(spaces..).unwrap_or_default();
    match code(greeting, &[b"120", b"220"]) {
        Probe::Match => {}
        other => return other,
    }
    let mut rest = greeting;
    while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
        rest = rest.get(end + 1..).unwrap_or_default();
        let line = rest.get(rest.iter().take_while(|byte| **byte == b' ').count()..).unwrap_or_default();
        if code(line, &[b"230", b"331"]) == Probe::Match {
            return Probe::Match;
        }
    }
    Probe::NeedMore
}

/// Whether a line begins with one of these and no further digit.
fn code(line: &[u8], codes: &[&[u8; 3]]) -> Probe {
    let Some((code, rest)) = line.split_first_chunk::<3>() else {
        let may_be = codes.iter().any(|code| code.starts_with(line));
        return if may_be { Probe::NeedMore } else { Probe::NoMatch };
    };
    match rest.first() {
        _ if !codes.contains(&code) => Probe::NoMatch,
        None => Probe::NeedMore,
        Some(next) if next.is_ascii_digit() => Probe::NoMatch,
        Some(_) => Probe::Match,
    }
}
