//! Events of Telnet, rlogin and rsh, and their arguments.

use crate::event::{Conn, Name, events};

events! { [crate::analyze::first::login]
    /// A line of rsh's client: what it has done, and as whom.
    pub struct RshRequest<'a>: "rsh_request" {
        c: Conn,
        client_user: &'a [u8],
        server_user: &'a [u8],
        line: &'a [u8],
        new_session: bool,
    }
    /// A line that comes of it.
    pub struct RshReply<'a>: "rsh_reply" {
        c: Conn,
        client_user: &'a [u8],
        server_user: &'a [u8],
        line: &'a [u8],
    }
    /// A login failed, as it seems.
    pub struct Failure<'a>: "login_failure" {
        c: Conn,
        user: &'a [u8],
        client_user: &'a [u8],
        password: &'a [u8],
        line: &'a [u8],
    }
    /// A login succeeded, as it seems.
    pub struct Success<'a>: "login_success" {
        c: Conn,
        user: &'a [u8],
        client_user: &'a [u8],
        password: &'a [u8],
        line: &'a [u8],
    }
    /// A line of the client.
    pub struct Input<'a>: "login_input_line" { c: Conn, line: &'a [u8], }
    /// A line of the server.
    pub struct Output<'a>: "login_output_line" { c: Conn, line: &'a [u8], }
    /// Who logs in cannot be told any longer, for this reason.
    pub struct Confused<'a>: "login_confused" { c: Conn, msg: Name, line: &'a [u8], }
    /// What a client types after that.
    pub struct ConfusedText<'a>: "login_confused_text" { c: Conn, line: &'a [u8], }
    /// What a client says of its terminal.
    pub struct Terminal<'a>: "login_terminal" { c: Conn, terminal: &'a [u8], }
    /// What it says of its display.
    pub struct Display<'a>: "login_display" { c: Conn, display: &'a [u8], }
    /// Telnet's own authentication succeeded (RFC 2941).
    pub struct Accepted<'a>: "authentication_accepted" { name: &'a [u8], c: Conn, }
    /// It failed.
    pub struct Rejected<'a>: "authentication_rejected" { name: &'a [u8], c: Conn, }
    /// Nobody has to log in.
    pub struct Skipped: "authentication_skipped" { c: Conn, }
    /// What a client says of its prompt.
    pub struct Prompt<'a>: "login_prompt" { c: Conn, prompt: &'a [u8], }
    /// What a side of Telnet says from now on is encrypted (RFC 2946).
    pub struct Encrypting: "activating_encryption" { c: Conn, }
    /// An option of Telnet does not fit what was said of it before.
    pub struct Inconsistent: "inconsistent_option" { c: Conn, }
    /// What an option of Telnet says is none of what it may say.
    pub struct Bad: "bad_option" { c: Conn, }
    /// What an option of Telnet says does not end as it should.
    pub struct BadTermination: "bad_option_termination" { c: Conn, }
}
