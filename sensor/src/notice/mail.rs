//! Mail through a relay (RFC 5321): a thread of its own, so that a slow relay holds up nothing.
//!
//! The relay is one of the site's, so neither TLS nor authentication is spoken; the dialogue is short enough that a
//! library would be more to look after.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

/// A mail on its way.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The relay, as `host:port`.
    pub server: String,
    pub from: String,
    /// One address, or several with commas between them.
    pub to: String,
    /// Headers, an empty line, and the message.
    pub text: String,
}

/// Sends mail in the background. What waits when it is dropped is sent first, as far as the relay answers.
pub struct Mailer {
    queue: Option<Sender<Mail>>,
    thread: Option<JoinHandle<()>>,
    dropped: u64,
}

/// Mails that may wait; more are dropped and counted. A detection that fires too often is no reason to fill memory.
const QUEUE: usize = 100;
/// How long the relay may take for each answer.
const TIMEOUT: Duration = Duration::from_secs(10);
const TRIES: u32 = 3;

impl Mailer {
    pub fn start() -> io::Result<Self> {
        let (queue, waiting) = bounded(QUEUE);
        let thread = thread::Builder::new().name("mail".to_owned()).spawn(move || run(&waiting))?;
        Ok(Mailer { queue: Some(queue), thread: Some(thread), dropped: 0 })
    }

    /// Queues a mail; false where too many wait.
    pub fn send(&mut self, mail: Mail) -> bool {
        let queued = self.queue.as_ref().is_some_and(|queue| queue.try_send(mail).is_ok());
        if !queued {
            self.dropped += 1;
            if self.dropped == 1 {
                eprintln!("nightjar: more than {QUEUE} mails wait for the relay; others are dropped");
            }
        }
        queued
    }
}

impl Drop for Mailer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // It has a deadline for every answer.
            let _ = thread.join();
        }
    }
}

fn run(waiting: &Receiver<Mail>) {
    // After a relay failed for all tries, one is enough until it works again.
    let mut tries = TRIES;
    for mail in waiting {
        let sent = (0..tries).any(|nth| {
            if nth > 0 {
                thread::sleep(Duration::from_secs(1 << nth));
            }
            deliver(&mail).map_err(|error| (nth + 1 == tries).then(|| complain(&mail, &error))).is_ok()
        });
        tries = if sent { TRIES } else { 1 };
    }
}

fn complain(mail: &Mail, error: &io::Error) {
    eprintln!("nightjar: mail to {} through {} failed: {error}", mail.to, mail.server);
}

fn deliver(mail: &Mail) -> io::Result<()> {
    let address = mail.server.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let mut relay = Dialogue { answers: BufReader::new(stream.try_clone()?), stream };
    relay.expect(b'2')?;
    relay.say("EHLO nightjar", b'2')?;
    relay.say(&format!("MAIL FROM:<{}>", one_line(&mail.from)), b'2')?;
    for to in mail.to.split(',').map(str::trim).filter(|to| !to.is_empty()) {
        relay.say(&format!("RCPT TO:<{}>", one_line(to)), b'2')?;
    }
    relay.say("DATA", b'3')?;
    let mut text = String::new();
    for line in mail.text.lines() {
        // A line that begins with a dot would end the mail (RFC 5321 §4.5.2).
        text.push_str(if line.starts_with('.') { "." } else { "" });
        text.push_str(line);
        text.push_str("\r\n");
    }
    relay.say(&format!("{text}."), b'2')?;
    // It was taken; how the relay ends the dialogue does not matter.
    let _ = relay.say("QUIT", b'2');
    Ok(())
}

/// Commands are lines: what scripts give must not become two.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

struct Dialogue {
    answers: BufReader<TcpStream>,
    stream: TcpStream,
}

impl Dialogue {
    fn say(&mut self, line: &str, expected: u8) -> io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes())?;
        self.expect(expected)
    }

    /// Reads an answer of any number of lines, and wants a code that begins so.
    fn expect(&mut self, first: u8) -> io::Result<()> {
        loop {
            let mut line = Vec::new();
            let read = io::Read::take(&mut self.answers, 4096).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line.get(3) == Some(&b'-') {
                continue;
            }
            if line.first() == Some(&first) {
                return Ok(());
            }
            return Err(io::Error::other(String::from_utf8_lossy(&line).trim().to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_mail_reaches_the_relay_whole() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap().to_string();
        let relay = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut answers = stream.try_clone().unwrap();
            answers.write_all(b"220 ready\r\n").unwrap();
            let (mut said, mut in_data) = (Vec::new(), false);
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let answer: &[u8] = match &line[..] {
                    "DATA" => {
                        in_data = true;
                        b"354 go on\r\n"
                    }
                    "." => {
                        in_data = false;
                        b"250 taken\r\n"
                    }
                    _ if in_data => b"",
                    _ => b"250-more\r\n250 ok\r\n",
                };
                answers.write_all(answer).unwrap();
                said.push(line);
            }
            said
        });
        let mut mailer = Mailer::start().unwrap();
        let text = "Subject: x\n\nfirst\n.dot\n".to_owned();
        assert!(mailer.send(Mail { server, from: "a@b".into(), to: "c@d, e@f".into(), text }));
        drop(mailer);
        let said = relay.join().unwrap();
        let expected = [
            "EHLO nightjar",
            "MAIL FROM:<a@b>",
            "RCPT TO:<c@d>",
            "RCPT TO:<e@f>",
            "DATA",
            "Subject: x",
            "",
            "first",
            "..dot",
            ".",
            "QUIT",
        ];
        assert_eq!(said, expected);
    }
}
