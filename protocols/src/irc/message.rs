//! What lines say.

use std::net::Ipv4Addr;

/// Somebody in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined<'a> {
    /// Who.
    pub nick: &'a [u8],
    /// Where.
    pub channel: &'a [u8],
    /// The channel's key.
    pub password: &'a [u8],
    /// Of what servers tell each other: `none`, `voice`, `operator` or `creator`.
    pub mode: &'static str,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are those of Zeek's event of the same name")]
pub enum Message<'a> {
    /// A command of the originator's that has no other form here.
    Request {
        prefix: &'a [u8],
        command: &'a [u8],
        arguments: &'a [u8],
    },
    /// One of the responder's.
    Other {
        prefix: &'a [u8],
        command: &'a [u8],
        message: &'a [u8],
    },
    /// A reply with a number that has no other form here.
    Reply {
        prefix: &'a [u8],
        code: u16,
        params: &'a [u8],
    },
    NetworkInfo {
        users: u64,
        services: u64,
        servers: u64,
    },
    ServerInfo {
        users: u64,
        services: u64,
        servers: u64,
    },
    ChannelInfo {
        channels: u64,
    },
    Names {
        kind: &'a [u8],
        channel: &'a [u8],
        users: Vec<&'a [u8]>,
    },
    GlobalUsers {
        prefix: &'a [u8],
        message: &'a [u8],
    },
    WhoisUser {
        nick: &'a [u8],
        user: &'a [u8],
        host: &'a [u8],
        real_name: &'a [u8],
    },
    WhoisOperator {
        nick: &'a [u8],
    },
    WhoisChannel {
        nick: &'a [u8],
        channels: Vec<&'a [u8]>,
    },
    Topic {
        channel: &'a [u8],
        topic: &'a [u8],
    },
    WhoLine {
        parts: [&'a [u8]; 7],
        hops: u64,
        real_name: &'a [u8],
    },
    InvalidNick,
    OperResponse {
        got_oper: bool,
    },
    /// The server agrees to TLS: what follows is its.
    StartTls,
    Dcc {
        prefix: &'a [u8],
        target: &'a [u8],
        kind: &'a [u8],
        argument: &'a [u8],
        address: Ipv4Addr,
        port: u64,
        size: u64,
    },
    Privmsg {
        source: &'a [u8],
        target: &'a [u8],
        message: &'a [u8],
    },
    Notice {
        source: &'a [u8],
        target: &'a [u8],
        message: &'a [u8],
    },
    Squery {
        source: &'a [u8],
        target: &'a [u8],
        message: &'a [u8],
    },
    User {
        user: &'a [u8],
        host: &'a [u8],
        server: &'a [u8],
        real_name: Vec<u8>,
    },
    Oper {
        user: &'a [u8],
        password: &'a [u8],
    },
    Kick {
        prefix: &'a [u8],
        channels: &'a [u8],
        users: &'a [u8],
        comment: &'a [u8],
    },
    Join {
        list: Vec<Joined<'a>>,
    },
    Part {
        nick: &'a [u8],
        channels: Vec<&'a [u8]>,
        message: &'a [u8],
    },
    Quit {
        nick: &'a [u8],
        message: &'a [u8],
    },
    Nick {
        who: &'a [u8],
        nick: &'a [u8],
    },
    Who {
        mask: &'a [u8],
        oper: bool,
    },
    Whois {
        server: &'a [u8],
        users: &'a [u8],
    },
    Error {
        prefix: &'a [u8],
        message: &'a [u8],
    },
    Invite {
        prefix: &'a [u8],
        nick: &'a [u8],
        channel: &'a [u8],
    },
    Mode {
        prefix: &'a [u8],
        params: &'a [u8],
    },
    Password {
        password: &'a [u8],
    },
    Squit {
        prefix: &'a [u8],
        server: &'a [u8],
        message: &'a [u8],
    },
}

/// What came of a line: a message, nothing that is told, or an oddity in Zeek's words.
pub(super) type Read<'a> = Result<Option<Message<'a>>, &'static str>;

/// The words of a text.
fn words(text: &[u8], separator: u8) -> Vec<&[u8]> {
    text.split(|byte| *byte == separator).filter(|word| !word.is_empty()).collect()
}

/// Without the colon that begins the last parameter.
fn trailing(text: &[u8]) -> &[u8] {
    text.strip_prefix(b":").unwrap_or(text)
}

/// What follows the first space, without the space that it begins with.
fn behind_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == b' ')?;
    let (word, rest) = text.split_at_checked(at)?;
    Some((word, without_spaces(rest)))
}

pub(super) fn without_spaces(text: &[u8]) -> &[u8] {
    text.get(text.iter().take_while(|byte| **byte == b' ').count()..).unwrap_or_default()
}

/// The number that a text begins with.
fn number(text: &[u8]) -> u64 {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).take(18);
    digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

/// What stands behind so many words.
fn behind_words(text: &[u8], count: usize) -> &[u8] {
    let mut rest = without_spaces(text);
    for _ in 0..count {
        rest = behind_word(rest).map_or(&[][..], |(_, rest)| rest);
    }
    rest
}

fn nick_of(prefix: &[u8]) -> Option<&[u8]> {
    prefix.get(..prefix.iter().position(|byte| *byte == b'!')?)
}

/// Reads a reply with a number.
pub(super) fn reply<'a>(prefix: &'a [u8], code: u16, params: &'a [u8]) -> Read<'a> {
    let parts = words(params, b' ');
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let before = |names: &[&[u8]]| {
        let counted = parts.windows(2).rev().find_map(|pair| match pair {
            [count, name] if names.contains(name) => Some(number(count)),
            _ => None,
        });
        counted.unwrap_or_default()
    };
    Ok(Some(match code {
        251 => Message::NetworkInfo {
            users: before(&[b"users"]),
            services: before(&[b"services"]),
            servers: before(&[b"servers"]),
        },
        255 => Message::ServerInfo {
            users: before(&[b"users,", b"clients"]),
            services: before(&[b"services"]),
            servers: before(&[b"servers"]),
        },
        254 => Message::ChannelInfo { channels: before(&[b":channels"]) },
        353 => {
            if parts.len() < 3 {
                return Err("irc_invalid_names_line");
            }
            let users = parts.iter().skip(3).enumerate().map(|(nth, user)| {
                let user = if nth == 0 { trailing(user) } else { user };
                user.strip_prefix(b"@").unwrap_or(user)
            });
            Message::Names { kind: part(1), channel: part(2), users: users.collect() }
        }
        266 => {
            let wrong = "invalid_irc_global_users_reply";
            let space = params.iter().position(|byte| *byte == b' ').ok_or(wrong)?;
            let (front, rest) = params.split_at_checked(space + 1).ok_or(wrong)?;
            let colon = rest.iter().position(|byte| *byte == b':').ok_or(wrong)?;
            Message::GlobalUsers { prefix: front, message: rest.get(colon + 1..).unwrap_or_default() }
        }
        311 => {
            let skip = usize::from(parts.len() > 1);
            if parts.len() < 5 + skip {
                return Err("irc_invalid_whois_user_line");
            }
            let real_name = trailing(behind_words(params, skip + 4));
            Message::WhoisUser { nick: part(skip), user: part(skip + 1), host: part(skip + 2), real_name }
        }
        313 => {
            let skip = usize::from(parts.len() > 1);
            if parts.len() < 2 + skip {
                return Err("irc_invalid_whois_operator_line");
            }
            Message::WhoisOperator { nick: part(skip) }
        }
        // Zeek takes who is answered for the nick, and the nick for a channel.
        319 => {
            if parts.len() < 2 {
                return Err("irc_invalid_whois_channel_line");
            }
            let channels = parts.iter().skip(1).enumerate();
            let channels = channels.map(|(nth, name)| if nth == 0 { trailing(name) } else { name });
            Message::WhoisChannel { nick: part(0), channels: channels.collect() }
        }
        332 => {
            let wrong = "irc_invalid_topic_reply";
            if parts.len() < 4 {
                return Err(wrong);
            }
            let colon = params.iter().position(|byte| *byte == b':').ok_or(wrong)?;
            Message::Topic { channel: part(1), topic: trailing(params.get(colon + 1..).unwrap_or_default()) }
        }
        352 => {
            if parts.len() < 9 {
                return Err("irc_invalid_who_line");
            }
            let user = part(2).strip_prefix(b"~").unwrap_or(part(2));
            let parts = [part(0), part(1), user, part(3), part(4), part(5), part(6)];
            Message::WhoLine { parts, hops: number(trailing(part(7))), real_name: part(8) }
        }
        431 | 432 | 433 | 436 => Message::InvalidNick,
        381 | 491 => Message::OperResponse { got_oper: code == 381 },
        670 => Message::StartTls,
        _ => Message::Reply { prefix, code, params },
    }))
}

/// Reads a command, which is in upper case.
pub(super) fn command<'a>(is_orig: bool, prefix: &'a [u8], command: &'a [u8], params: &'a [u8]) -> Read<'a> {
    let parts = words(params, b' ');
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    Ok(Some(match command {
        b"PRIVMSG" => {
            let (target, text) = behind_word(params).ok_or("irc_invalid_privmsg_message_format")?;
            let message = trailing(text);
            let message = message.strip_prefix(b"\x01").unwrap_or(message);
            if message.len() > 3 && message.starts_with(b"DCC") {
                return dcc(prefix, target, message.strip_suffix(b"\x01").unwrap_or(message));
            }
            Message::Privmsg { source: prefix, target, message }
        }
        b"NOTICE" => {
            let (target, text) = behind_word(params).ok_or("irc_invalid_notice_message_format")?;
            Message::Notice { source: prefix, target, message: trailing(text) }
        }
        b"SQUERY" => {
            let (target, text) = behind_word(params).ok_or("irc_invalid_squery_message_format")?;
            Message::Squery { source: prefix, target, message: trailing(text) }
        }
        b"USER" => {
            // As Zeek puts it together: the space behind a word comes with the second only.
            let mut real_name = Vec::new();
            for (nth, word) in parts.iter().skip(3).enumerate() {
                real_name.extend_from_slice(if nth == 0 { trailing(word) } else { word });
                if nth > 0 {
                    real_name.push(b' ');
                }
            }
            Message::User { user: part(0), host: part(1), server: part(2), real_name }
        }
        b"OPER" if parts.len() == 2 => Message::Oper { user: part(0), password: part(1) },
        b"OPER" => return Err("irc_invalid_oper_message_format"),
        b"KICK" => {
            if parts.len() < 2 {
                return Err("irc_invalid_kick_message_format");
            }
            let comment = trailing(behind_words(params, 2));
            Message::Kick { prefix, channels: part(0), users: part(1), comment }
        }
        b"JOIN" => return join(prefix, params),
        b"NJOIN" => return njoin(&parts),
        b"PART" => {
            let (channels, message) = behind_word(params).unwrap_or((params, &[]));
            let nick = nick_of(prefix).unwrap_or(prefix);
            Message::Part { nick, channels: words(channels, b','), message: trailing(message) }
        }
        b"QUIT" => Message::Quit { nick: nick_of(prefix).unwrap_or_default(), message: trailing(params) },
        b"NICK" => Message::Nick { who: prefix, nick: trailing(params) },
        b"WHO" => {
            if parts.len() > 2 {
                return Err("irc_invalid_who_message_format");
            }
            Message::Who { mask: trailing(part(0)), oper: part(1) == b"o" }
        }
        b"WHOIS" => match parts[..] {
            [users] => Message::Whois { server: b"", users },
            [server, users] => Message::Whois { server, users },
            _ => return Err("irc_invalid_whois_message_format"),
        },
        b"ERROR" => Message::Error { prefix, message: trailing(params) },
        b"INVITE" if parts.len() == 2 => {
            Message::Invite { prefix, nick: part(0), channel: trailing(part(1)) }
        }
        b"INVITE" => return Err("irc_invalid_invite_message_format"),
        b"MODE" if params.is_empty() => return Err("irc_invalid_mode_message_format"),
        b"MODE" => Message::Mode { prefix, params },
        b"PASS" => Message::Password { password: params },
        b"SQUIT" => {
            let (server, message) = behind_word(params).unwrap_or((params, &[]));
            Message::Squit { prefix, server, message: trailing(message) }
        }
        _ if is_orig => Message::Request { prefix, command, arguments: params },
        _ => Message::Other { prefix, command, message: params },
    }))
}

fn join<'a>(prefix: &'a [u8], params: &'a [u8]) -> Read<'a> {
    let parts = words(trailing(params), b' ');
    let channels = parts.first().ok_or("irc_invalid_join_line")?;
    let passwords = parts.get(1).map_or(Vec::new(), |keys| words(keys, b','));
    let nick = nick_of(prefix).unwrap_or_default();
    let joined = words(channels, b',').into_iter().enumerate().map(|(nth, channel)| Joined {
        nick,
        channel,
        password: passwords.get(nth).copied().unwrap_or_default(),
        mode: "",
    });
    Ok(Some(Message::Join { list: joined.collect() }))
}

fn njoin<'a>(parts: &[&'a [u8]]) -> Read<'a> {
    let [channel, users] = parts else { return Err("irc_invalid_njoin_line") };
    let joined = words(trailing(users), b',').into_iter().map(|user| {
        let (nick, mode) = match user {
            [b'@', b'@', nick @ ..] => (nick, "creator"),
            [b'@', nick @ ..] => (nick, "operator"),
            [b'+', nick @ ..] => (nick, "voice"),
            nick => (nick, "none"),
        };
        Joined { nick, channel, password: b"", mode }
    });
    Ok(Some(Message::Join { list: joined.collect() }))
}

/// A transfer between users: `DCC SEND file address port [size [T]]`.
fn dcc<'a>(prefix: &'a [u8], target: &'a [u8], message: &'a [u8]) -> Read<'a> {
    let parts = words(message, b' ');
    let (kind, argument, address, port, size) = match parts[..] {
        [_, kind, argument, address, port] => (kind, argument, address, port, &[][..]),
        [_, kind, argument, address, port, size] | [_, kind, argument, address, port, size, b"T"] => {
            (kind, argument, address, port, size)
        }
        _ => return Err("irc_invalid_dcc_message_format"),
    };
    let digit = |byte: &u8| if byte.is_ascii_digit() { u32::from(byte - b'0') } else { 0 };
    let address = address.iter().fold(0_u32, |sum, byte| sum.wrapping_mul(10).wrapping_add(digit(byte)));
    let (port, size, address) = (number(port), number(size), Ipv4Addr::from(address));
    Ok(Some(Message::Dcc { prefix, target, kind, argument, address, port, size }))
}
