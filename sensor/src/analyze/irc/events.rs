//! IRC's events and their arguments.

use std::net::IpAddr;

use nightjar_protocols::irc::Joined;

use crate::event::{Arena, ArgType, Argument, Conn, Part, events};

events! { [crate::analyze::first::irc]
    /// A client's command that has no event of its own.
    pub struct Request<'a>: "irc_request" {
        c: Conn,
        is_orig: bool,
        prefix: &'a [u8],
        command: &'a [u8],
        arguments: &'a [u8],
    }
    /// A reply that has no event of its own.
    pub struct Reply<'a>: "irc_reply" {
        c: Conn,
        is_orig: bool,
        prefix: &'a [u8],
        code: u16,
        params: &'a [u8],
    }
    /// A server's command that has no event of its own.
    pub struct Other<'a>: "irc_message" {
        c: Conn,
        is_orig: bool,
        prefix: &'a [u8],
        command: &'a [u8],
        message: &'a [u8],
    }
    /// Somebody leaves.
    pub struct Quit<'a>: "irc_quit_message" {
        c: Conn,
        is_orig: bool,
        nick: &'a [u8],
        message: &'a [u8],
    }
    /// A text for somebody or for a channel.
    pub struct Privmsg<'a>: "irc_privmsg_message" {
        c: Conn,
        is_orig: bool,
        source: &'a [u8],
        target: &'a [u8],
        message: &'a [u8],
    }
    /// The same, which nobody is to answer by a program.
    pub struct Notice<'a>: "irc_notice_message" {
        c: Conn,
        is_orig: bool,
        source: &'a [u8],
        target: &'a [u8],
        message: &'a [u8],
    }
    /// A text for a service.
    pub struct Squery<'a>: "irc_squery_message" {
        c: Conn,
        is_orig: bool,
        source: &'a [u8],
        target: &'a [u8],
        message: &'a [u8],
    }
    /// Somebody enters channels.
    pub struct Join<'a>: "irc_join_message" {
        c: Conn,
        is_orig: bool,
        info_list: JoinList<'a>,
    }
    /// Somebody leaves channels.
    pub struct PartMessage<'a>: "irc_part_message" {
        c: Conn,
        is_orig: bool,
        nick: &'a [u8],
        chans: Texts<'a>,
        message: &'a [u8],
    }
    /// Somebody takes another name.
    pub struct Nick<'a>: "irc_nick_message" {
        c: Conn,
        is_orig: bool,
        who: &'a [u8],
        newnick: &'a [u8],
    }
    /// A server refuses a name.
    pub struct InvalidNick: "irc_invalid_nick" {
        c: Conn,
        is_orig: bool,
    }
    /// How many there are in the network.
    pub struct NetworkInfo: "irc_network_info" {
        c: Conn,
        is_orig: bool,
        users: u64,
        services: u64,
        servers: u64,
    }
    /// How many there are at the server.
    pub struct ServerInfo: "irc_server_info" {
        c: Conn,
        is_orig: bool,
        users: u64,
        services: u64,
        servers: u64,
    }
    /// How many channels there are.
    pub struct ChannelInfo: "irc_channel_info" {
        c: Conn,
        is_orig: bool,
        chans: u64,
    }
    /// Somebody, in answer to WHO.
    pub struct WhoLine<'a>: "irc_who_line" {
        c: Conn,
        is_orig: bool,
        target_nick: &'a [u8],
        channel: &'a [u8],
        user: &'a [u8],
        host: &'a [u8],
        server: &'a [u8],
        nick: &'a [u8],
        params: &'a [u8],
        hops: u64,
        real_name: &'a [u8],
    }
    /// Who is in a channel.
    pub struct Names<'a>: "irc_names_info" {
        c: Conn,
        is_orig: bool,
        c_type: &'a [u8],
        channel: &'a [u8],
        users: Texts<'a>,
    }
    /// That somebody is an operator, in answer to WHOIS.
    pub struct WhoisOperator<'a>: "irc_whois_operator_line" {
        c: Conn,
        is_orig: bool,
        nick: &'a [u8],
    }
    /// Which channels somebody is in, in answer to WHOIS.
    pub struct WhoisChannel<'a>: "irc_whois_channel_line" {
        c: Conn,
        is_orig: bool,
        nick: &'a [u8],
        chans: Texts<'a>,
    }
    /// Who somebody is, in answer to WHOIS.
    pub struct WhoisUser<'a>: "irc_whois_user_line" {
        c: Conn,
        is_orig: bool,
        nick: &'a [u8],
        user: &'a [u8],
        host: &'a [u8],
        real_name: &'a [u8],
    }
    /// Whether somebody has become an operator.
    pub struct OperResponse: "irc_oper_response" {
        c: Conn,
        is_orig: bool,
        got_oper: bool,
    }
    /// How many users there are in the network.
    pub struct GlobalUsers<'a>: "irc_global_users" {
        c: Conn,
        is_orig: bool,
        prefix: &'a [u8],
        msg: &'a [u8],
    }
    /// What a channel is about.
    pub struct Topic<'a>: "irc_channel_topic" {
        c: Conn,
        is_orig: bool,
        channel: &'a [u8],
        topic: &'a [u8],
    }
    /// Who is asked for.
    pub struct Who<'a>: "irc_who_message" {
        c: Conn,
        is_orig: bool,
        mask: &'a [u8],
        oper: bool,
    }
    /// Of whom more is asked for.
    pub struct Whois<'a>: "irc_whois_message" {
        c: Conn,
        is_orig: bool,
        server: &'a [u8],
        users: &'a [u8],
    }
    /// Somebody would be an operator.
    pub struct Oper<'a>: "irc_oper_message" {
        c: Conn,
        is_orig: bool,
        user: &'a [u8],
        password: &'a [u8],
    }
    /// Somebody is thrown out of a channel.
    pub struct Kick<'a>: "irc_kick_message" {
        c: Conn,
        is_orig: bool,
        prefix: &'a [u8],
        chans: &'a [u8],
        users: &'a [u8],
        comment: &'a [u8],
    }
    /// Something went wrong.
    pub struct ErrorMessage<'a>: "irc_error_message" {
        c: Conn,
        is_orig: bool,
        prefix: &'a [u8],
        message: &'a [u8],
    }
    /// Somebody is asked into a channel.
    pub struct Invite<'a>: "irc_invite_message" {
        c: Conn,
        is_orig: bool,
        prefix: &'a [u8],
        nickname: &'a [u8],
        channel: &'a [u8],
    }
    /// What somebody may do changes, or what a channel is.
    pub struct Mode<'a>: "irc_mode_message" {
        c: Conn,
        is_orig: bool,
        prefix: &'a [u8],
        params: &'a [u8],
    }
    /// A server leaves the network.
    pub struct Squit<'a>: "irc_squit_message" {
        c: Conn,
        is_orig: bool,
        prefix: &'a [u8],
        server: &'a [u8],
        message: &'a [u8],
    }
    /// Users agree on a connection of their own.
    pub struct Dcc<'a>: "irc_dcc_message" {
        c: Conn,
        is_orig: bool,
        prefix: &'a [u8],
        target: &'a [u8],
        dcc_type: &'a [u8],
        argument: &'a [u8],
        address: IpAddr,
        dest_port: u64,
        size: u64,
    }
    /// Who somebody is, at the beginning.
    pub struct User<'a>: "irc_user_message" {
        c: Conn,
        is_orig: bool,
        user: &'a [u8],
        host: &'a [u8],
        server: &'a [u8],
        real_name: &'a [u8],
    }
    /// A password, at the beginning.
    pub struct Password<'a>: "irc_password_message" {
        c: Conn,
        is_orig: bool,
        password: &'a [u8],
    }
    /// The connection goes on under TLS.
    pub struct StartTls: "irc_starttls" {
        c: Conn,
    }
}

/// Texts, as a set.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a>(pub &'a [&'a [u8]]);

impl Argument for Texts<'_> {
    const TYPE: ArgType = ArgType::Named("string_set");

    fn put(&self, arena: &mut Arena) -> Part {
        let texts: Vec<Part> = self.0.iter().map(|text| arena.text(text)).collect();
        arena.list(&texts)
    }
}

/// Who enters which channels, as a set.
#[derive(Clone, Copy, Debug)]
pub struct JoinList<'a>(pub &'a [Joined<'a>]);

impl Argument for JoinList<'_> {
    const TYPE: ArgType = ArgType::Named("irc_join_list");

    fn put(&self, arena: &mut Arena) -> Part {
        let joined = self.0.iter().map(|joined| {
            let fields = [joined.nick, joined.channel, joined.password, joined.mode.as_bytes()];
            let fields = fields.map(|text| arena.text(text));
            arena.record(&fields)
        });
        let joined: Vec<Part> = joined.collect();
        arena.list(&joined)
    }
}
