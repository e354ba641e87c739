//! Redis's events and their arguments.

use nightjar_protocols::redis::{self, COMMANDS};

use crate::event::{Arena, ArgType, Argument, Conn, Part, arg_enums, arg_records, events};

arg_enums! {
    /// Commands that have names.
    pub struct Known: "Redis::RedisCommand", "Redis::RedisCommand_", || {
        (0..).zip(COMMANDS).map(|(number, (name, _))| (number, *name)).collect()
    };
}

/// A vector of words.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a>(pub &'a [Vec<u8>]);

impl Argument for Words<'_> {
    const TYPE: ArgType = ArgType::Vector(&ArgType::Named("string"));

    fn put(&self, arena: &mut Arena) -> Part {
        let parts: Vec<Part> = self.0.iter().map(|word| arena.text(word)).collect();
        arena.list(&parts)
    }
}

arg_records! {
    /// A command that sets a key.
    pub struct SetCommand<'a>: "Redis::SetCommand" {
        key: &'a [u8] => "&log",
        value: &'a [u8] => "&log",
        /// Only where there is none.
        nx: bool,
        /// Only where there is one.
        xx: bool,
        /// What it was is to be told.
        get: bool,
        /// Seconds until it is forgotten.
        ex: Option<u64>,
        /// The same in milliseconds.
        px: Option<u64>,
        /// When it is forgotten, in seconds since 1970.
        exat: Option<u64>,
        /// The same in milliseconds.
        pxat: Option<u64>,
        /// As long as before.
        keep_ttl: bool,
    }
    /// Who a client says that it is.
    pub struct AuthCommand<'a>: "Redis::AuthCommand" {
        username: Option<&'a [u8]>,
        password: &'a [u8],
    }
    /// A client begins.
    pub struct HelloCommand<'a>: "Redis::HelloCommand" {
        /// The version of the protocol that it wants.
        requested_resp_version: Option<&'a [u8]>,
    }
    /// A command.
    pub struct Command<'a>: "Redis::Command" {
        /// All its words; of very many or long ones the beginning.
        raw: Words<'a>,
        /// The first of them.
        name: &'a [u8] => "&log",
        /// What it is about, where that is known.
        key: Option<&'a [u8]> => "&log &optional",
        /// What it sets, where that is known.
        value: Option<&'a [u8]> => "&log &optional",
        known: Option<Known>,
    }
    /// What a server said.
    pub struct ReplyData<'a>: "Redis::ReplyData" {
        /// What it says about it.
        attributes: Option<&'a [u8]>,
        /// As text; of a long one the beginning.
        value: &'a [u8] => "&log",
        /// The version of the protocol that has such values.
        min_protocol_version: u8,
    }
}

events! { [crate::analyze::first::redis]
    /// A key is set, behind which comes the event of the command.
    pub struct Set<'a>: "Redis::set_command" {
        c: Conn,
        command: SetCommand<'a>,
    }
    /// A key is asked for, likewise.
    pub struct Get<'a>: "Redis::get_command" {
        c: Conn,
        key: &'a [u8],
    }
    /// A client says who it is, likewise.
    pub struct Auth<'a>: "Redis::auth_command" {
        c: Conn,
        command: AuthCommand<'a>,
    }
    /// A client begins, likewise.
    pub struct Hello<'a>: "Redis::hello_command" {
        c: Conn,
        command: HelloCommand<'a>,
    }
    /// A command.
    pub struct CommandSent<'a>: "Redis::command" {
        c: Conn,
        cmd: Command<'a>,
    }
    /// An answer.
    pub struct Replied<'a>: "Redis::reply" {
        c: Conn,
        data: ReplyData<'a>,
    }
    /// An answer that something went wrong.
    pub struct Failed<'a>: "Redis::error" {
        c: Conn,
        data: ReplyData<'a>,
    }
    /// Something happened that the client wants to know of.
    pub struct Pushed<'a>: "Redis::server_push" {
        c: Conn,
        data: ReplyData<'a>,
    }
}

impl<'a> Command<'a> {
    pub(super) fn of(command: &'a redis::Command) -> Self {
        Command {
            raw: Words(&command.words),
            name: command.name(),
            key: command.key(),
            value: command.value(),
            known: command.number().map(|number| Known(number as i64)),
        }
    }
}

impl<'a> ReplyData<'a> {
    pub(super) fn of(reply: &'a redis::Reply) -> Self {
        ReplyData {
            attributes: reply.attributes.as_deref(),
            value: &reply.text,
            min_protocol_version: reply.version,
        }
    }
}

impl<'a> SetCommand<'a> {
    /// What follows the key and the value.
    pub(super) fn of(command: &'a redis::Command) -> Option<Self> {
        let (key, value) = (command.key()?, command.value()?);
        let mut set = SetCommand {
            key,
            value,
            nx: false,
            xx: false,
            get: false,
            ex: None,
            px: None,
            exat: None,
            pxat: None,
            keep_ttl: false,
        };
        let mut words = command.words.iter().skip(3);
        while let Some(word) = words.next() {
            let mut number = || {
                let word = words.next()?;
                std::str::from_utf8(word).ok()?.parse().ok()
            };
            match word.to_ascii_lowercase().as_slice() {
                b"nx" => set.nx = true,
                b"xx" => set.xx = true,
                b"get" => set.get = true,
                b"keepttl" => set.keep_ttl = true,
                b"ex" => set.ex = number(),
                b"px" => set.px = number(),
                b"exat" => set.exat = number(),
                b"pxat" => set.pxat = number(),
                _ => {}
            }
        }
        Some(set)
    }
}
