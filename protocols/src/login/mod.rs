//! Telnet (RFC 854), rlogin (RFC 1282) and rsh: lines of both sides, and who logs in.
//!
//! [`Session`] follows both directions of a connection and tells a [`Handler`] what it reads. That somebody logs in is
//! not said on the wire but shown, as text; [`dialog`] finds it out as Zeek does, by texts that the handler knows.

mod dialog;
pub mod fuzz;
mod nvt;
mod remote;
mod session;
#[cfg(test)]
mod tests;

pub use session::{Kind, Limits, Session};

/// Texts by which a dialog is followed, each a set that Zeek has an option for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texts {
    /// Nobody has to log in.
    SkipAuthentication,
    /// Who says a name is logged in.
    DirectLoginPrompts,
    /// A name is asked for.
    LoginPrompts,
    /// Look like failures, and are none.
    NonFailures,
    /// A login failed.
    Failures,
    /// A login succeeded.
    Successes,
    /// A login took too long.
    Timeouts,
}

/// A login, or what was one but for its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Login<'a> {
    /// As whom.
    pub user: &'a [u8],
    /// The client's own name for who it is, where it says one.
    pub client_user: &'a [u8],
    /// What was typed behind it.
    pub password: &'a [u8],
    /// The line that told.
    pub line: &'a [u8],
}

/// Hears what a session reads.
pub trait Handler {
    /// Where in a line the first of these texts ends, if one is there.
    fn find(&self, texts: Texts, line: &[u8]) -> Option<usize>;

    /// A line of the client.
    fn input_line(&mut self, line: &[u8]);

    /// A line of the server.
    fn output_line(&mut self, line: &[u8]);

    /// A login succeeded, or failed.
    fn login(&mut self, success: bool, login: &Login<'_>);

    /// The dialog cannot be followed any longer.
    fn confused(&mut self, why: &'static str, line: &[u8]);

    /// What the client types from then on.
    fn confused_text(&mut self, line: &[u8]);

    /// What the client says of its terminal.
    fn terminal(&mut self, terminal: &[u8]);

    /// What it says of its display.
    fn display(&mut self, display: &[u8]);

    /// What it says of its prompt.
    fn prompt(&mut self, prompt: &[u8]);

    /// Telnet's own authentication came to an end (RFC 2941).
    fn authenticated(&mut self, accepted: bool, name: &[u8]);

    /// Nobody has to log in.
    fn skipped(&mut self);

    /// What a side says from now on is encrypted (RFC 2946).
    fn encrypting(&mut self);

    /// Something is wrong with Telnet's options.
    fn option(&mut self, wrong: Wrong);

    /// A line of rsh: of the client, and whether it is the first, or of the server.
    fn rsh(&mut self, is_first: Option<bool>, users: [&[u8]; 2], line: &[u8]);

    /// Something is odd, in Zeek's words.
    fn weird(&mut self, name: &'static str);
}

/// What may be wrong with an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It does not fit what was said before.
    Inconsistent,
    /// It is none.
    Bad,
    /// It does not end as it should.
    Termination,
}
