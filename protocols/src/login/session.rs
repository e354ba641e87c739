//! Both directions of a connection.

use crate::login::dialog::Dialog;
use crate::login::nvt::{self, Side};
use crate::login::remote::{At, Found};
use crate::login::{Handler, Wrong};

/// What a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the protocols' names")]
pub enum Kind {
    Telnet,
    Rlogin,
    Rsh,
}

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a line, or of a name. What is longer is told in pieces. Stops lines that never end.
    pub line: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { line: 16 << 10 }
    }
}

/// A direction.
#[derive(Debug)]
struct Half {
    line: Vec<u8>,
    last: u8,
    telnet: Side,
    at: At,
    /// No line of rsh was read yet behind the names.
    is_first: bool,
}

/// A connection.
#[derive(Debug)]
pub struct Session {
    kind: Kind,
    limits: Limits,
    halves: [Half; 2],
    dialog: Dialog,
    is_partial: bool,
    /// Times a line was longer than it may be.
    long: u64,
}

impl Session {
    /// A connection of which nothing was seen yet; `is_partial`: which will not be seen from its beginning.
    pub fn new(kind: Kind, limits: Limits, is_partial: bool) -> Self {
        let half = |at| Half {
            line: Vec::new(),
            last: 0,
            telnet: Side::default(),
            at: if is_partial { At::Unknown } else { at },
            is_first: false,
        };
        let server = if kind == Kind::Rlogin { At::Accept } else { At::Lines };
        let halves = [half(At::Begin), half(server)];
        Session { kind, limits, halves, dialog: Dialog::default(), is_partial, long: 0 }
    }

    /// Bytes that are held.
    pub fn buffered(&self) -> usize {
        self.halves.iter().map(|half| half.line.len() + half.telnet.held()).sum()
    }

    /// Times a line was told in pieces because it was too long, since this was last asked.
    pub fn take_long(&mut self) -> u64 {
        std::mem::take(&mut self.long)
    }

    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        for byte in bytes {
            match self.kind {
                Kind::Telnet => self.telnet(is_orig, *byte, handler),
                Kind::Rlogin | Kind::Rsh => self.remote(is_orig, *byte, handler),
            }
        }
    }

    /// Bytes of a direction are missing.
    pub fn gap(&mut self, is_orig: bool) {
        let half = self.half(is_orig);
        half.line.clear();
        half.telnet.lose();
        half.at = At::Unknown;
        self.is_partial = true;
    }

    /// A direction has ended.
    pub fn end(&mut self, handler: &mut impl Handler) {
        self.dialog.end(handler);
    }

    /// Originator and responder were found to be the other way round.
    pub fn flip(&mut self) {
        self.halves.swap(0, 1);
    }

    fn half(&mut self, is_orig: bool) -> &mut Half {
        let [orig, resp] = &mut self.halves;
        if is_orig { orig } else { resp }
    }

    fn telnet(&mut self, is_orig: bool, byte: u8, handler: &mut impl Handler) {
        let Session { halves: [orig, resp], dialog, limits, .. } = self;
        let (half, peer) = if is_orig { (orig, resp) } else { (resp, orig) };
        if half.telnet.encrypts() {
            return;
        }
        let mut told = Told { is_orig, dialog, handler };
        let Some(byte) = half.telnet.next(byte, &mut peer.telnet, &mut told) else { return };
        let last = std::mem::replace(&mut half.last, byte);
        match byte {
            b'\n' if last == b'\r' => return,
            b'\r' | b'\n' => {}
            // Solaris' servers send one behind each CR.
            0 if last == b'\r' => return,
            byte => {
                half.line.push(byte);
                if half.line.len() < limits.line {
                    return;
                }
                self.long += 1;
            }
        }
        let line = std::mem::take(&mut self.half(is_orig).line);
        self.dialog.line(is_orig, &line, self.is_partial, handler);
        self.keep(is_orig, line);
    }

    /// Takes the memory of a line for the next one.
    fn keep(&mut self, is_orig: bool, mut line: Vec<u8>) {
        line.clear();
        self.half(is_orig).line = line;
    }

    fn remote(&mut self, is_orig: bool, byte: u8, handler: &mut impl Handler) {
        let (is_rsh, limit) = (self.kind == Kind::Rsh, self.limits.line);
        let was_rejected = self.half(!is_orig).at == At::Rejected;
        let half = self.half(is_orig);
        if half.at == At::Lines && was_rejected {
            handler.weird("rlogin_text_after_rejected");
            half.at = At::Unknown;
        }
        let mut found = half.at.next(byte, is_orig, is_rsh);
        if let Found::Again(text) = found {
            half.line.extend_from_slice(text);
            found = half.at.next(byte, is_orig, is_rsh);
        }
        match found {
            Found::Nothing => {}
            Found::Again(text) => half.line.extend_from_slice(text),
            Found::Text(before, byte) => {
                half.line.extend_from_slice(before);
                half.line.push(byte);
            }
            Found::BadBeginning => {
                handler.weird(if is_rsh { "bad_rsh_prolog" } else { "bad_rlogin_prolog" });
            }
            Found::Whole(at) => {
                let line = std::mem::take(&mut half.line);
                self.whole(is_orig, at, &line, handler);
                return self.keep(is_orig, line);
            }
        }
        let half = self.half(is_orig);
        if half.line.len() >= limit {
            let (line, at) = (std::mem::take(&mut half.line), half.at);
            self.long += 1;
            self.whole(is_orig, at, &line, handler);
        }
    }

    /// A name or a line is whole.
    fn whole(&mut self, is_orig: bool, at: At, text: &[u8], handler: &mut impl Handler) {
        let is_rsh = self.kind == Kind::Rsh;
        match at {
            At::ClientUser => {
                self.dialog.client_user = Some(text.to_vec());
                self.half(is_orig).at = At::ServerUser;
            }
            At::ServerUser if is_rsh => {
                // Without a name another is waited for.
                if !text.is_empty() {
                    self.dialog.user = Some(text.to_vec());
                    let half = self.half(is_orig);
                    (half.at, half.is_first) = (At::Lines, true);
                }
            }
            At::ServerUser => {
                self.dialog.says_user(text, handler);
                self.half(is_orig).at = At::Terminal;
            }
            At::Terminal => {
                handler.terminal(text);
                self.half(is_orig).at = At::Lines;
            }
            _ => {
                self.dialog.line(is_orig, text, self.is_partial, handler);
                if is_rsh {
                    let is_first = std::mem::take(&mut self.half(is_orig).is_first);
                    let name = |name: &Option<Vec<u8>>| name.clone().unwrap_or_else(|| b"<none>".to_vec());
                    let (client, server) = (name(&self.dialog.client_user), name(&self.dialog.user));
                    handler.rsh(is_orig.then_some(is_first), [&client, &server], text.trim_ascii_start());
                }
            }
        }
    }
}

/// Takes what Telnet's options tell.
struct Told<'d, H> {
    is_orig: bool,
    dialog: &'d mut Dialog,
    handler: &'d mut H,
}

impl<H: Handler> nvt::Hears for Told<'_, H> {
    fn wrong(&mut self, wrong: Wrong) {
        self.handler.option(wrong);
    }

    fn terminal(&mut self, name: &[u8]) {
        self.handler.terminal(name);
    }

    fn env(&mut self, name: &[u8], value: &[u8]) {
        self.dialog.set_env(self.is_orig, name, value, self.handler);
    }

    fn authenticated(&mut self, accepted: bool, name: &[u8]) {
        self.handler.authenticated(accepted, name);
    }

    fn encrypting(&mut self) {
        self.handler.encrypting();
    }
}
