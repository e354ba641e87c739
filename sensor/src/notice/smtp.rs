//! Mail to a relay, over plain SMTP (RFC 5321).
//!
//! Five commands to a relay of the site's own need no library: the well-kept ones bring thirty others along.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::outbox::Failure;

/// A reply has lines of at most 512 bytes (RFC 5321 §4.5.3.1.5); a relay that says more than this is none.
const MAX_REPLY: u64 = 64 << 10;

/// A mail as it goes over the wire.
pub(super) struct Mail<'a> {
    /// Addresses without names.
    pub from: &'a str,
    pub to: &'a [String],
    /// Header and body, with lines that end in LF or CRLF.
    pub text: &'a [u8],
    /// What the sender calls itself.
    pub host: &'a str,
}

/// Hands a mail to the relay at `host:port`; all of it is to be over by `deadline`.
pub(super) fn send(relay: &str, mail: &Mail<'_>, deadline: Instant) -> Result<(), Failure> {
    let mut session = Session::open(relay, deadline).map_err(Failure::passing)?;
    session.expect(2)?;
    if let Err(failure) = session.command(&format!("EHLO {}", mail.host), 2) {
        // RFC 5321 §3.2: an old server knows HELO only.
        if !failure.lasts {
            return Err(failure);
        }
        session.command(&format!("HELO {}", mail.host), 2)?;
    }
    session.command(&format!("MAIL FROM:<{}>", mail.from), 2)?;
    let mut refused = None;
    let mut accepted = 0;
    for to in mail.to {
        match session.command(&format!("RCPT TO:<{to}>"), 2) {
            Ok(()) => accepted += 1,
            Err(failure) => refused = Some(failure),
        }
    }
    if accepted == 0 {
        return Err(refused.unwrap_or_else(|| Failure::lasting("it has no recipient")));
    }
    session.command("DATA", 3)?;
    session.write(&framed(mail.text))?;
    session.expect(2)?;
    // It is the relay's now, whatever it says to this.
    let _ = session.command("QUIT", 2);
    Ok(())
}

/// Lines end in CRLF, those that begin with a dot get another one, and one dot ends it all (RFC 5321 §4.5.2).
fn framed(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 32 + 5);
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b".") {
            out.push(b'.');
        }
        // A lone CR would end the line for some relays.
        out.extend(line.iter().map(|byte| if *byte == b'\r' { b' ' } else { *byte }));
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

struct Session {
    stream: BufReader<TcpStream>,
    deadline: Instant,
}

impl Session {
    fn open(relay: &str, deadline: Instant) -> io::Result<Self> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the relay's name has no address");
        for address in relay.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, left(deadline)?) {
                Ok(stream) => return Ok(Session { stream: BufReader::new(stream), deadline }),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn command(&mut self, line: &str, class: u8) -> Result<(), Failure> {
        self.write(format!("{line}\r\n").as_bytes())?;
        self.expect(class)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let stream = self.stream.get_mut();
        for chunk in bytes.chunks(64 << 10) {
            let written = left(self.deadline)
                .and_then(|left| stream.set_write_timeout(Some(left)))
                .and_then(|()| stream.write_all(chunk));
            written.map_err(Failure::passing)?;
        }
        Ok(())
    }

    /// Reads a reply, which is to begin with the digit `class`.
    fn expect(&mut self, class: u8) -> Result<(), Failure> {
        let reply = self.reply().map_err(Failure::passing)?;
        match reply.bytes().next() {
            Some(first) if first == b'0' + class => Ok(()),
            // RFC 5321 §4.2.1: 5yz will not change by trying again.
            Some(b'5') => Err(Failure::lasting(reply)),
            _ => Err(Failure::passing(reply)),
        }
    }

    /// The last line of the next reply: one with a space after its code.
    fn reply(&mut self) -> io::Result<String> {
        let mut room = MAX_REPLY;
        loop {
            let mut line = Vec::new();
            while line.last() != Some(&b'\n') {
                // A relay that sends a byte now and then does not get more time by that.
                self.stream.get_ref().set_read_timeout(Some(left(self.deadline)?))?;
                let available = self.stream.fill_buf()?.len() as u64;
                let read = (&mut self.stream).take(available.min(room)).read_until(b'\n', &mut line)?;
                if read == 0 {
                    let why = if room == 0 { "the relay's reply does not end" } else { "the relay hung up" };
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
                }
                room -= read as u64;
            }
            if line.get(3) != Some(&b'-') {
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
        }
    }
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::Error::new(io::ErrorKind::TimedOut, "the relay took too long"));
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_framed() {
        assert_eq!(framed(b"a\n.b\r\n\nc"), b"a\r\n..b\r\n\r\nc\r\n.\r\n");
        assert_eq!(framed(b"x\rRCPT\n"), b"x RCPT\r\n.\r\n");
        assert_eq!(framed(b""), b"\r\n.\r\n");
    }
}
