//! What protocols have in common of which no more is read than how they become TLS: IMAP and XMPP.

/// Hears what a session reads.
pub trait Handler {
    /// What the server can do.
    fn capabilities(&mut self, _capabilities: &[&[u8]]) {}

    /// A login was answered: how it was done, empty of a plain command, what the client gave first, the user or what
    /// the mechanism makes of it, and whether it was let in.
    fn login(&mut self, _mechanism: &[u8], _response: &[u8], _success: bool) {}

    /// Behind this both directions are TLS.
    fn starttls(&mut self) {}

    /// Bytes of that.
    fn passed_on(&mut self, _is_orig: bool, _data: &[u8]) {}

    /// An oddity that Zeek has a weird for.
    fn weird(&mut self, _name: &'static str) {}

    /// It is the protocol.
    fn confirmed(&mut self) {}

    /// The rules were broken.
    fn violation(&mut self, _reason: &str) {}
}

/// The state of one connection.
pub trait Session: Default {
    /// No more bytes than this are held.
    const CEILING: usize;

    /// Bytes held.
    fn buffered(&self) -> usize;

    /// Whether all that follows is TLS.
    fn is_tls(&self) -> bool;

    /// The next bytes of a direction.
    fn data<H: Handler>(&mut self, is_orig: bool, data: &[u8], h: &mut H);

    /// Bytes are missing: what follows may be in the middle of something.
    fn gap(&mut self);

    /// Originator and responder are the other way round.
    fn flip(&mut self);
}

/// Hears that TLS begins once, and what is passed on behind that.
#[derive(Default)]
struct Recorder {
    tls: bool,
}

impl Handler for Recorder {
    fn starttls(&mut self) {
        assert!(!std::mem::replace(&mut self.tls, true), "TLS begins once");
    }

    fn passed_on(&mut self, _: bool, data: &[u8]) {
        assert!(self.tls && !data.is_empty());
    }
}

/// What must hold for any bytes: fuzz targets call it, and so do tests. They are read as both directions of a connection:
/// each piece begins with a byte that says whose it is and how long.
///
/// # Panics
/// When TLS begins twice, or more is held than there is room for.
pub fn check<S: Session>(data: &[u8]) {
    let (mut session, mut recorder, mut rest) = (S::default(), Recorder::default(), data);
    while let Some((control, after)) = rest.split_first() {
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        session.data(control & 1 == 1, piece, &mut recorder);
        rest = left;
        assert!(session.buffered() <= S::CEILING && session.is_tls() == recorder.tls);
    }
}

/// What a handler hears of a conversation, however its bytes are cut.
#[cfg(test)]
pub(crate) fn trace<S: Session>(turns: &[(bool, &str)]) -> Vec<String> {
    #[derive(Default)]
    struct Trace(Vec<String>);

    impl Handler for Trace {
        fn capabilities(&mut self, capabilities: &[&[u8]]) {
            let all: Vec<String> = capabilities.iter().map(|one| one.escape_ascii().to_string()).collect();
            self.0.push(all.join("+"));
        }

        fn login(&mut self, mechanism: &[u8], response: &[u8], success: bool) {
            let (mechanism, response) = (mechanism.escape_ascii(), response.escape_ascii());
            self.0.push(format!("login {mechanism} {response} {success}"));
        }

        fn starttls(&mut self) {
            self.0.push("TLS".to_owned());
        }

        fn passed_on(&mut self, is_orig: bool, data: &[u8]) {
            self.0.push(format!("{is_orig} {}", data.escape_ascii()));
        }

        fn weird(&mut self, name: &'static str) {
            self.0.push(format!("! {name}"));
        }

        fn confirmed(&mut self) {
            if self.0.last().is_none_or(|last| last != "yes") {
                self.0.push("yes".to_owned());
            }
        }
    }

    let in_pieces = |len: usize| {
        let (mut session, mut trace) = (S::default(), Trace::default());
        for (is_orig, bytes) in turns {
            bytes.as_bytes().chunks(len).for_each(|piece| session.data(*is_orig, piece, &mut trace));
        }
        trace.0
    };
    let whole = in_pieces(usize::MAX);
    for len in 1..30 {
        assert_eq!(in_pieces(len), whole, "in pieces of {len} bytes");
    }
    whole
}
