//! Commands, in Zeek's names.

/// What a client asks for, in the order of Zeek's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Says who the client is, and asks what the server can do.
    Ehlo,
    /// Says who the client is.
    Helo,
    /// A message begins, and who sends it.
    Mail,
    /// Who is to have it.
    Rcpt,
    /// It comes now, in lines.
    Data,
    /// The session ends.
    Quit,
    /// What was begun is forgotten.
    Rset,
    /// Whether there is such a user.
    Vrfy,
    /// Who is on a list.
    Expn,
    /// What there is to say.
    Help,
    /// Nothing.
    Noop,
    /// To go on under TLS (RFC 3207).
    StartTls,
    /// Microsoft's STARTTLS without a certificate that is checked.
    AnonymousTls,
    /// The connection itself, which the server greets.
    Connect,
    /// The line that ends a mail.
    EndOfData,
    /// MAIL to a terminal (RFC 821 §3.4).
    Send,
    /// To a terminal or a mailbox.
    Soml,
    /// To a terminal and a mailbox.
    Saml,
    /// Client and server change places (RFC 821 §3.8).
    Turn,
    /// A message, or a piece of one, of a length that is said (RFC 3030).
    Bdat,
    /// What waits for the client is to be sent (RFC 1985).
    Etrn,
    /// Who the client is (RFC 4954).
    Auth,
    /// A line in answer to a server's challenge.
    AuthAnswer,
}

/// With Zeek's words for them. All of these are commands to Zeek, when a client sends them.
const WORDS: &[(Command, &str)] = &[
    (Command::Ehlo, "EHLO"),
    (Command::Helo, "HELO"),
    (Command::Mail, "MAIL"),
    (Command::Rcpt, "RCPT"),
    (Command::Data, "DATA"),
    (Command::Quit, "QUIT"),
    (Command::Rset, "RSET"),
    (Command::Vrfy, "VRFY"),
    (Command::Expn, "EXPN"),
    (Command::Help, "HELP"),
    (Command::Noop, "NOOP"),
    (Command::StartTls, "STARTTLS"),
    (Command::AnonymousTls, "X_ANONYMOUSTLS"),
    (Command::Connect, "CONN_ESTABLISHMENT"),
    (Command::EndOfData, "END_OF_DATA"),
    (Command::Send, "SEND"),
    (Command::Soml, "SOML"),
    (Command::Saml, "SAML"),
    (Command::Turn, "TURN"),
    (Command::Bdat, "BDAT"),
    (Command::Etrn, "ETRN"),
    (Command::Auth, "AUTH"),
    (Command::AuthAnswer, "AUTH_ANSWER"),
];

/// What Zeek calls a command that it does not know.
pub(super) const UNKNOWN: &str = "(UNKNOWN)";

impl Command {
    /// The command that a line begins with.
    pub fn parse(word: &[u8]) -> Option<Command> {
        if word.eq_ignore_ascii_case(b"X-ANONYMOUSTLS") {
            return Some(Command::AnonymousTls);
        }
        let found = WORDS.iter().find(|(_, known)| known.as_bytes().eq_ignore_ascii_case(word));
        found.map(|(command, _)| *command)
    }

    /// Zeek's word for it.
    pub fn word(self) -> &'static str {
        WORDS.iter().find(|(command, _)| *command == self).map_or(UNKNOWN, |(_, word)| word)
    }

    /// The word in `smtp_reply`.
    pub fn word_in_reply(command: Option<Command>) -> &'static str {
        match command {
            None => UNKNOWN,
            Some(Command::Connect) => ">",
            Some(Command::EndOfData) => ".",
            Some(other) => other.word(),
        }
    }
}
