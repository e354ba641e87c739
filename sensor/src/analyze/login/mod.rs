//! Telnet, rlogin and rsh: their events. As in Zeek no port suggests them, and they are on where a script registers some
//! (`Analyzer::register_for_ports`, as `frameworks/auth-bruteforcing/login` does).

pub mod events;
// settings.rs is a part of `config` (tools/lists).

use nightjar_protocols::login::{self, Kind, Limits, Login, Session, Texts, Wrong};
use nightjar_script::value::Pattern;

use crate::analyze::login::events as told;
use crate::analyze::{self, Analyzer, Link, Named, Protocol, Spec};
use crate::config::Config;
use crate::config::protocols::login::{Known, Settings};
use crate::counters::{counter, counters};
use crate::event::{Conn, Event, Name};
use crate::flow::{Dir, Flow};

/// What the analyzers of one worker share.
#[derive(Default)]
pub struct Worker {
    pub counters: Counters,
    /// The texts by which dialogs are followed; `None` until the first connection.
    patterns: Option<[Option<Pattern>; 7]>,
}

impl analyze::Worker for Worker {
    type Counters = Counters;

    fn counters(&self) -> Counters {
        self.counters
    }
}

impl Worker {
    /// Compiles the patterns, which do not change while traffic is analysed.
    fn prepare(&mut self, settings: &Settings) {
        self.patterns.get_or_insert_with(|| {
            let Settings {
                skip_authentication,
                direct_login_prompts,
                login_prompts,
                login_non_failure_msgs,
                login_failure_msgs,
                login_success_msgs,
                login_timeouts,
            } = settings;
            [
                skip_authentication,
                direct_login_prompts,
                login_prompts,
                login_non_failure_msgs,
                login_failure_msgs,
                login_success_msgs,
                login_timeouts,
            ]
            .map(Known::compile)
        });
    }

    fn find(&self, texts: Texts, line: &[u8]) -> Option<usize> {
        let of = match texts {
            Texts::SkipAuthentication => 0,
            Texts::DirectLoginPrompts => 1,
            Texts::LoginPrompts => 2,
            Texts::NonFailures => 3,
            Texts::Failures => 4,
            Texts::Successes => 5,
            Texts::Timeouts => 6,
        };
        let pattern: &Option<Pattern> = self.patterns.as_ref()?.get(of)?;
        pattern.as_ref()?.find(line).map(|(_, end)| end)
    }
}

counters! {
    /// What was not read of them as it came.
    pub struct Counters {
        /// Lines that were told in pieces because they were too long.
        pub long: u64 = counter("login_long_lines_total"),
    }
}

pub const PROTOCOL: Protocol =
    Protocol { analyzers: &[&TELNET, &RLOGIN, &RSH], events: events::EVENTS, ..Protocol::NOTHING };

static TELNET: Spec = spec("TELNET", "telnet", |_, flow| new(Kind::Telnet, flow));
static RLOGIN: Spec = spec("RLOGIN", "rlogin", |_, flow| new(Kind::Rlogin, flow));
static RSH: Spec = spec("RSH", "rsh", |_, flow| new(Kind::Rsh, flow));

const fn spec(
    name: &'static str,
    service: &'static str,
    new: fn(&Config, &Flow) -> Box<dyn Analyzer>,
) -> Spec {
    let named = Named { kind: analyze::Kind::Protocol, name, service };
    Spec { named, ports: &[], signatures: &[], both: false, new }
}

fn new(kind: Kind, flow: &Flow) -> Box<dyn Analyzer> {
    Box::new(Remote { session: Session::new(kind, Limits::default(), flow.is_partial()) })
}

/// One connection.
struct Remote {
    session: Session,
}

impl Remote {
    fn with(&mut self, link: &mut Link<'_, '_>, what: impl FnOnce(&mut Session, &mut Hears<'_, '_, '_>)) {
        link.shared.of.login.prepare(&link.cx.config.protocols.login);
        what(&mut self.session, &mut Hears { link });
        link.shared.of.login.counters.long += self.session.take_long();
    }
}

impl Analyzer for Remote {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        // Where nobody hears of it nothing is read: there is no log of it.
        if link.cx.bus.wants_any(analyze::first::login, told::EVENTS.len()) {
            self.with(link, |session, hears| session.data(dir.is_orig(), bytes, hears));
        }
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, dir: Dir, _: u64) {
        self.session.gap(dir.is_orig());
    }

    fn end_of_data(&mut self, link: &mut Link<'_, '_>, _: Dir) {
        self.with(link, |session, hears| session.end(hears));
    }

    fn flipped(&mut self) {
        self.session.flip();
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
}

impl Hears<'_, '_, '_> {
    fn raise<E: Event>(&mut self, event: &E) {
        self.link.flow.raise(self.link.cx, event);
    }
}

impl login::Handler for Hears<'_, '_, '_> {
    fn find(&self, texts: Texts, line: &[u8]) -> Option<usize> {
        self.link.shared.of.login.find(texts, line)
    }

    fn input_line(&mut self, line: &[u8]) {
        self.raise(&told::Input { c: Conn, line });
    }

    fn output_line(&mut self, line: &[u8]) {
        self.raise(&told::Output { c: Conn, line });
    }

    fn login(&mut self, success: bool, login: &Login<'_>) {
        let (c, Login { user, client_user, password, line }) = (Conn, *login);
        match success {
            true => self.raise(&told::Success { c, user, client_user, password, line }),
            false => self.raise(&told::Failure { c, user, client_user, password, line }),
        }
    }

    fn confused(&mut self, why: &'static str, line: &[u8]) {
        self.raise(&told::Confused { c: Conn, msg: Name(why), line });
    }

    fn confused_text(&mut self, line: &[u8]) {
        self.raise(&told::ConfusedText { c: Conn, line });
    }

    fn terminal(&mut self, terminal: &[u8]) {
        self.raise(&told::Terminal { c: Conn, terminal });
    }

    fn display(&mut self, display: &[u8]) {
        self.raise(&told::Display { c: Conn, display });
    }

    fn prompt(&mut self, prompt: &[u8]) {
        self.raise(&told::Prompt { c: Conn, prompt });
    }

    fn authenticated(&mut self, accepted: bool, name: &[u8]) {
        let c = Conn;
        match accepted {
            true => self.raise(&told::Accepted { name, c }),
            false => self.raise(&told::Rejected { name, c }),
        }
    }

    fn skipped(&mut self) {
        self.raise(&told::Skipped { c: Conn });
    }

    fn encrypting(&mut self) {
        self.raise(&told::Encrypting { c: Conn });
    }

    fn option(&mut self, wrong: Wrong) {
        let c = Conn;
        match wrong {
            Wrong::Inconsistent => self.raise(&told::Inconsistent { c }),
            Wrong::Bad => self.raise(&told::Bad { c }),
            Wrong::Termination => self.raise(&told::BadTermination { c }),
        }
    }

    fn rsh(&mut self, is_first: Option<bool>, [client_user, server_user]: [&[u8]; 2], line: &[u8]) {
        let c = Conn;
        match is_first {
            Some(new_session) => {
                self.raise(&told::RshRequest { c, client_user, server_user, line, new_session })
            }
            None => self.raise(&told::RshReply { c, client_user, server_user, line }),
        }
    }

    fn weird(&mut self, name: &'static str) {
        self.link.weird(name, "LOGIN");
    }
}
