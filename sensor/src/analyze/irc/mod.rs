//! IRC: irc.log, its events, the files that users send each other, and the TLS that it may go on with.

pub mod events;
mod record;

use std::net::IpAddr;

use nightjar_protocols::irc::{self, Message, PORTS, Session, probe_client, probe_server};

use crate::analyze::ftp::Transfer;
use crate::analyze::irc::record::{IrcRow, Known};
use crate::analyze::{
    Analyzer, Child, Expectation, Finding, Kind, Link, LogDecl, Named, Protocol, Signature, Spec, over_tcp,
};
use crate::config::Config;
use crate::event::{Conn, Event, EventId, Order, Owner, Proto};
use crate::flow::{Dir, Flow};
use crate::record::Record;
use crate::time::{Interval, Time};

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC, &DATA],
    expects: true,
    events: events::EVENTS,
    row: Some(IrcRow::SCHEMA),
    logs: &[LogDecl {
        schema: IrcRow::SCHEMA,
        info: "IRC::Info",
        holder: Some(("connection", "irc")),
        event: Some("irc_log"),
    }],
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "IRC", service: "irc" },
    ports: &over_tcp(PORTS),
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: probe_client },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: probe_server },
    ],
    both: true,
    new,
};

/// What users have agreed on.
static DATA: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "IRC_DATA", service: "irc-dcc-data" },
    ports: &[],
    signatures: &[],
    both: false,
    new: |_, _| Box::new(Transfer::of(&DATA)),
};

/// What a file has to come within.
const DATA_TIMEOUT: Interval = Interval::from_secs(300);

/// All commands of a connection are one record to scripts, as in Zeek.
const ONLY: u64 = 0;

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Irc { session: Session::default(), state: State::default() })
}

/// One connection.
struct Irc {
    session: Session,
    state: State,
}

/// What is known of it beside its lines.
#[derive(Default)]
struct State {
    known: Option<Box<Known>>,
    /// Until when a file is expected.
    expects: Option<Time>,
    tls: Option<Child>,
}

impl Analyzer for Irc {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        let mut hears = Hears { link, state: &mut self.state };
        hears.look_for_files();
        self.session.data(dir.is_orig(), bytes, &mut hears);
    }

    fn gap(&mut self, link: &mut Link<'_, '_>, dir: Dir, len: u64) {
        if self.session.is_tls() {
            link.pass_gap(dir, len);
        }
    }

    fn flipped(&mut self) {
        self.session.flip();
    }

    fn stop(&mut self, _: &mut Link<'_, '_>) -> bool {
        self.state.expects.is_some()
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        Hears { link, state: &mut self.state }.look_for_files();
        link.expect_nothing();
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    state: &'h mut State,
}

impl Hears<'_, '_, '_> {
    /// Something happens that the row is about.
    fn known(&mut self) -> &mut Known {
        let known = self.state.known.get_or_insert_default();
        known.ts = self.link.cx.now;
        known
    }

    fn log(&mut self) {
        if let Some(known) = &self.state.known {
            let row = record::of(self.link.flow, known);
            self.link.cx.bus.log(&row, Owner { uid: row.conn.uid, nth: ONLY });
        }
    }

    fn raise<E: Event>(&mut self, event: &E) {
        let Link { cx, flow, .. } = &mut *self.link;
        match &self.state.known {
            Some(known) if cx.bus.wants(E::ID) => {
                let row = record::of(flow, known);
                flow.raise_with(cx, event, ONLY, &row);
            }
            _ => flow.raise(cx, event),
        }
    }

    /// Writes the row of a file whose type was found on a connection that was expected.
    fn look_for_files(&mut self) {
        let Some(until) = self.state.expects else { return };
        for finding in self.link.findings(Order::default(), true) {
            let Some(known) = &mut self.state.known else { return };
            match finding {
                Finding::File(fuid) => known.fuid = Some(fuid),
                Finding::Type(mime_type) => {
                    known.mime_type = Some(mime_type);
                    let command = known.command.replace("DCC");
                    self.log();
                    if let Some(known) = &mut self.state.known {
                        known.command = command.or(Some("DCC"));
                        (known.file_name, known.file_size, known.mime_type) = (None, None, None);
                    }
                    self.state.expects = None;
                }
            }
        }
        // A transfer may last; that its beginning is looked for must not.
        if self.link.cx.now > until {
            self.state.expects = None;
        }
    }

    /// A user offers a file.
    fn offer(&mut self, address: IpAddr, port: u64, (name, size): (&[u8], u64)) {
        let known = self.known();
        (known.file_name, known.file_size) = (Some(name.into()), Some(size));
        let Ok(port) = u16::try_from(port) else { return };
        let taken = self.link.expect(&Expectation {
            orig: None,
            resp: address,
            resp_p: port,
            proto: Proto::Tcp,
            analyzer: DATA.named.name,
            timeout: DATA_TIMEOUT,
        });
        if taken {
            self.state.expects = Some(self.link.cx.now + DATA_TIMEOUT);
        }
    }
}

impl irc::Handler for Hears<'_, '_, '_> {
    fn confirmed(&mut self) {
        self.link.confirm();
    }

    fn message(&mut self, is_orig: bool, message: &Message<'_>) {
        let c = Conn;
        match *message {
            Message::Nick { who, nick } => {
                let known = self.known();
                if is_orig {
                    (known.command, known.value) = (Some("NICK"), Some(nick.into()));
                }
                self.raise(&events::Nick { c, is_orig, who, newnick: nick });
                if is_orig {
                    self.log();
                    self.known().nick = Some(nick.into());
                }
            }
            Message::User { user, host, server, ref real_name } => {
                let known = self.known();
                if is_orig {
                    (known.command, known.value) = (Some("USER"), Some(user.into()));
                    known.addl = Some([host, b" ", server, b" ", real_name].concat().into());
                }
                self.raise(&events::User { c, is_orig, user, host, server, real_name });
                if is_orig {
                    self.log();
                    self.known().user = Some(user.into());
                }
            }
            Message::Join { ref list } => {
                let known = self.known();
                if is_orig {
                    known.command = Some("JOIN");
                }
                self.raise(&events::Join { c, is_orig, info_list: events::JoinList(list) });
                for joined in list.iter().filter(|_| is_orig) {
                    let known = self.known();
                    known.value = Some(joined.channel.into());
                    known.addl = Some(match joined.password {
                        b"" => Box::default(),
                        key => [b" with channel key: '", key, b"'"].concat().into(),
                    });
                    self.log();
                }
            }
            Message::Dcc { prefix, target, kind, argument, address, port, size } => {
                self.known();
                let address = IpAddr::V4(address);
                if kind == b"SEND" {
                    self.offer(address, port, (argument, size));
                }
                self.raise(&events::Dcc {
                    c,
                    is_orig,
                    prefix,
                    target,
                    dcc_type: kind,
                    argument,
                    address,
                    dest_port: port,
                    size,
                });
            }
            Message::StartTls => {
                self.raise(&events::StartTls { c });
                self.state.tls = self.link.start("SSL");
            }
            ref other => self.raise_other(is_orig, other),
        }
    }

    fn secured(&mut self, is_orig: bool, bytes: &[u8]) {
        if let Some(child) = self.state.tls {
            self.link.pass_on_to(child, if is_orig { Dir::Orig } else { Dir::Resp }, bytes);
        }
    }

    fn weird(&mut self, name: &'static str, source: &'static str) {
        if event_behind(name).is_none_or(|event| self.link.cx.bus.wants(event)) {
            self.link.weird(name, source);
        }
    }

    fn violation(&mut self, reason: &'static str) {
        self.link.violation(reason, None);
    }
}

impl Hears<'_, '_, '_> {
    /// Tells scripts of a message that no row is about.
    fn raise_other(&mut self, is_orig: bool, message: &Message<'_>) {
        let c = Conn;
        match *message {
            Message::Request { prefix, command, arguments } => {
                self.raise(&events::Request { c, is_orig, prefix, command, arguments });
            }
            Message::Other { prefix, command, message } => {
                self.raise(&events::Other { c, is_orig, prefix, command, message });
            }
            Message::Reply { prefix, code, params } => {
                self.raise(&events::Reply { c, is_orig, prefix, code, params });
            }
            Message::NetworkInfo { users, services, servers } => {
                self.raise(&events::NetworkInfo { c, is_orig, users, services, servers });
            }
            Message::ServerInfo { users, services, servers } => {
                self.raise(&events::ServerInfo { c, is_orig, users, services, servers });
            }
            Message::ChannelInfo { channels } => {
                self.raise(&events::ChannelInfo { c, is_orig, chans: channels });
            }
            Message::Names { kind, channel, ref users } => {
                let users = events::Texts(users);
                self.raise(&events::Names { c, is_orig, c_type: kind, channel, users });
            }
            Message::GlobalUsers { prefix, message } => {
                self.raise(&events::GlobalUsers { c, is_orig, prefix, msg: message });
            }
            Message::WhoisUser { nick, user, host, real_name } => {
                self.raise(&events::WhoisUser { c, is_orig, nick, user, host, real_name });
            }
            Message::WhoisOperator { nick } => self.raise(&events::WhoisOperator { c, is_orig, nick }),
            Message::WhoisChannel { nick, ref channels } => {
                self.raise(&events::WhoisChannel { c, is_orig, nick, chans: events::Texts(channels) });
            }
            Message::Topic { channel, topic } => self.raise(&events::Topic { c, is_orig, channel, topic }),
            Message::WhoLine { parts, hops, real_name } => {
                let [target_nick, channel, user, host, server, nick, params] = parts;
                self.raise(&events::WhoLine {
                    c,
                    is_orig,
                    target_nick,
                    channel,
                    user,
                    host,
                    server,
                    nick,
                    params,
                    hops,
                    real_name,
                });
            }
            Message::InvalidNick => self.raise(&events::InvalidNick { c, is_orig }),
            Message::OperResponse { got_oper } => {
                self.raise(&events::OperResponse { c, is_orig, got_oper });
            }
            Message::Privmsg { source, target, message } => {
                self.raise(&events::Privmsg { c, is_orig, source, target, message });
            }
            Message::Notice { source, target, message } => {
                self.raise(&events::Notice { c, is_orig, source, target, message });
            }
            Message::Squery { source, target, message } => {
                self.raise(&events::Squery { c, is_orig, source, target, message });
            }
            Message::Oper { user, password } => self.raise(&events::Oper { c, is_orig, user, password }),
            Message::Kick { prefix, channels, users, comment } => {
                self.raise(&events::Kick { c, is_orig, prefix, chans: channels, users, comment });
            }
            Message::Part { nick, ref channels, message } => {
                let chans = events::Texts(channels);
                self.raise(&events::PartMessage { c, is_orig, nick, chans, message });
            }
            Message::Quit { nick, message } => self.raise(&events::Quit { c, is_orig, nick, message }),
            Message::Who { mask, oper } => self.raise(&events::Who { c, is_orig, mask, oper }),
            Message::Whois { server, users } => self.raise(&events::Whois { c, is_orig, server, users }),
            Message::Error { prefix, message } => {
                self.raise(&events::ErrorMessage { c, is_orig, prefix, message });
            }
            Message::Invite { prefix, nick, channel } => {
                self.raise(&events::Invite { c, is_orig, prefix, nickname: nick, channel });
            }
            Message::Mode { prefix, params } => self.raise(&events::Mode { c, is_orig, prefix, params }),
            Message::Password { password } => self.raise(&events::Password { c, is_orig, password }),
            Message::Squit { prefix, server, message } => {
                self.raise(&events::Squit { c, is_orig, prefix, server, message });
            }
            // They are told with their rows.
            Message::Nick { .. }
            | Message::User { .. }
            | Message::Join { .. }
            | Message::Dcc { .. }
            | Message::StartTls => {}
        }
    }
}

/// The event that Zeek reads a message for only where a script handles it; without one what is wrong with the message
/// is not told either.
fn event_behind(weird: &str) -> Option<EventId> {
    Some(match weird {
        "irc_invalid_names_line" => events::Names::ID,
        "invalid_irc_global_users_reply" => events::GlobalUsers::ID,
        "irc_invalid_whois_user_line" => events::WhoisUser::ID,
        "irc_invalid_whois_operator_line" => events::WhoisOperator::ID,
        "irc_invalid_whois_channel_line" => events::WhoisChannel::ID,
        "irc_invalid_topic_reply" => events::Topic::ID,
        "irc_invalid_who_line" => events::WhoLine::ID,
        "irc_invalid_notice_message_format" => events::Notice::ID,
        "irc_invalid_squery_message_format" => events::Squery::ID,
        "irc_invalid_oper_message_format" => events::Oper::ID,
        "irc_invalid_kick_message_format" => events::Kick::ID,
        "irc_invalid_who_message_format" => events::Who::ID,
        "irc_invalid_whois_message_format" => events::Whois::ID,
        "irc_invalid_invite_message_format" => events::Invite::ID,
        "irc_invalid_mode_message_format" => events::Mode::ID,
        _ => return None,
    })
}
