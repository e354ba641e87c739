//! What a session is in, and what a command or its reply makes of that.

use crate::smtp::Command;

/// What a session is in, with Zeek's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Before the server's greeting.
    Connected = 0,
    /// Behind it.
    Initiated = 1,
    /// The server greeted with a refusal.
    NotAvailable = 2,
    /// Behind EHLO or HELO.
    Ready = 3,
    /// Behind MAIL.
    MailOk = 4,
    /// Behind RCPT.
    RcptOk = 5,
    /// In a mail.
    InData = 6,
    /// Behind the end of one.
    AfterData = 7,
    /// The server asks who the client is.
    InAuth = 8,
    /// All that follows is TLS.
    InTls = 9,
    /// Behind QUIT.
    Quit = 10,
    /// Bytes were missing, and no reply has come since.
    AfterGap = 11,
    /// The first reply after that has come.
    GapRecovery = 12,
    /// In a chunk of a mail.
    InBdat = 13,
}

/// What is to be done beside a change of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    None,
    BeginData,
    EndData,
    StartTls,
    /// Client and server change places.
    Turn,
}

/// What becomes of a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// The command or reply did not fit.
    pub unexpected: bool,
    pub action: Action,
    /// After the action; None leaves it.
    pub state: Option<State>,
}

/// A command was sent (`reply` 0), or replied to. It is taken to succeed before its reply has come, because clients
/// send on without waiting.
pub(super) fn step(command: Option<Command>, reply: u16, state: State) -> Step {
    let quiet = Step { unexpected: false, action: Action::None, state: None };
    let to = |state| Step { state: Some(state), ..quiet };
    let unfit = |step: Step, unless: bool| Step { unexpected: !unless, ..step };
    use Command as C;
    use State as S;
    match (command, reply) {
        (Some(C::Connect), 0) => unfit(to(S::Initiated), state == S::Connected),
        (Some(C::Connect), 220) => quiet,
        (Some(C::Connect), 421 | 554) => to(S::NotAvailable),

        (Some(C::Ehlo | C::Helo), 0) => unfit(to(S::Ready), state == S::Initiated),
        (Some(C::Ehlo | C::Helo), 250) => quiet,
        (Some(C::Ehlo | C::Helo), 421 | 500 | 501 | 504 | 550) => to(S::Initiated),

        (Some(C::Mail | C::Send | C::Soml | C::Saml), 0) => unfit(to(S::MailOk), state == S::Ready),
        (Some(C::Mail | C::Send | C::Soml | C::Saml), 250) => quiet,
        (
            Some(C::Mail | C::Send | C::Soml | C::Saml),
            421 | 451 | 452 | 500 | 501 | 503 | 550 | 552 | 553,
        ) => match state {
            S::InData => quiet,
            _ => to(S::Ready),
        },

        (Some(C::Rcpt), 0) => unfit(to(S::RcptOk), matches!(state, S::MailOk | S::RcptOk)),
        (Some(C::Rcpt), 250 | 251 | 421 | 450..=452 | 500 | 501 | 503 | 550..=554) => quiet,

        (Some(C::Data), 0) => unfit(Step { action: Action::BeginData, ..quiet }, state == S::RcptOk),
        (Some(C::Data), 354) => quiet,
        (Some(C::Data), code) => {
            let action = if state == S::InData { Action::EndData } else { Action::None };
            let known = matches!(code, 421 | 451 | 500 | 501 | 503 | 554);
            unfit(Step { action, ..to(if code == 421 { S::Quit } else { S::Ready }) }, known)
        }

        (Some(C::Bdat), 0) => unfit(to(S::InBdat), state == S::RcptOk),
        // Whatever the server says, the client goes on with its chunk.
        (Some(C::Bdat), 250 | 421 | 451 | 500 | 501 | 503 | 554) => quiet,

        (Some(C::EndOfData), 0) => {
            let fits = matches!(state, S::InData | S::InBdat);
            unfit(Step { action: Action::EndData, ..to(S::AfterData) }, fits)
        }
        (Some(C::EndOfData), code) => unfit(to(S::Ready), matches!(code, 250 | 421 | 451 | 452 | 552 | 554)),

        (Some(C::Rset), 0) => to(S::Ready),
        (Some(C::Rset), 250) => quiet,
        (Some(C::Quit), 0) => to(S::Quit),
        (Some(C::Quit), 221) => quiet,

        (Some(C::Auth | C::AuthAnswer), reply) => {
            let fits = if command == Some(C::Auth) { S::Ready } else { S::InAuth };
            let step = match reply {
                0 => quiet,
                334 => to(S::InAuth),
                _ => to(S::Initiated),
            };
            unfit(step, state == fits)
        }

        (Some(C::Turn), 250) => unfit(Step { action: Action::Turn, ..to(S::Connected) }, state == S::Ready),
        (Some(C::Turn), _) => unfit(quiet, state == S::Ready),

        (Some(C::StartTls | C::AnonymousTls), 220) => {
            unfit(Step { action: Action::StartTls, ..to(S::InTls) }, state == S::Ready)
        }
        (Some(C::StartTls | C::AnonymousTls), _) => unfit(quiet, state == S::Ready),

        (Some(C::Vrfy | C::Expn | C::Help | C::Noop | C::Etrn) | None, 354) if state == S::GapRecovery => {
            Step { action: Action::BeginData, ..quiet }
        }
        (Some(C::Vrfy | C::Expn | C::Help | C::Noop | C::Etrn) | None, _) => quiet,

        (
            Some(
                C::Connect
                | C::Ehlo
                | C::Helo
                | C::Mail
                | C::Send
                | C::Soml
                | C::Saml
                | C::Rcpt
                | C::Bdat
                | C::Rset
                | C::Quit,
            ),
            _,
        ) => Step { unexpected: true, ..quiet },
    }
}
