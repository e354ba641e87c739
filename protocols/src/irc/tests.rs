use super::*;
use crate::probe::Probe;

/// What a session told, as texts.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Handler for Recorder {
    fn confirmed(&mut self) {
        self.0.push("confirmed".to_owned());
    }

    fn message(&mut self, _: bool, message: &Message<'_>) {
        self.0.push(match message {
            Message::Nick { who, nick } => format!("nick {} {}", who.escape_ascii(), nick.escape_ascii()),
            Message::User { user, host, server, real_name } => {
                let [user, host, server] = [user, host, server].map(|text| text.escape_ascii());
                format!("user {user} {host} {server} {}", real_name.escape_ascii())
            }
            Message::Join { list } => {
                let one = |joined: &Joined<'_>| {
                    let [nick, channel, key] =
                        [joined.nick, joined.channel, joined.password].map(|text| text.escape_ascii());
                    format!("{nick}/{channel}/{key}/{}", joined.mode)
                };
                format!("join {}", list.iter().map(one).collect::<Vec<_>>().join(" "))
            }
            Message::Dcc { kind, argument, address, port, size, .. } => {
                format!("dcc {} {} {address} {port} {size}", kind.escape_ascii(), argument.escape_ascii())
            }
            Message::Privmsg { target, message, .. } => {
                format!("privmsg {} {}", target.escape_ascii(), message.escape_ascii())
            }
            Message::WhoisUser { nick, real_name, .. } => {
                format!("whois {} {}", nick.escape_ascii(), real_name.escape_ascii())
            }
            Message::WhoisChannel { nick, channels } => {
                let channels: Vec<String> =
                    channels.iter().map(|name| name.escape_ascii().to_string()).collect();
                format!("on {} {}", nick.escape_ascii(), channels.join(","))
            }
            Message::NetworkInfo { users, services, servers } => {
                format!("network {users} {services} {servers}")
            }
            Message::Names { kind, channel, users } => {
                let users: Vec<String> = users.iter().map(|user| user.escape_ascii().to_string()).collect();
                format!("names {} {} {}", kind.escape_ascii(), channel.escape_ascii(), users.join(","))
            }
            Message::Reply { code, params, .. } => format!("{code} {}", params.escape_ascii()),
            Message::StartTls => "TLS".to_owned(),
            other => format!("{other:?}").split(' ').next().unwrap_or_default().to_owned(),
        });
    }

    fn secured(&mut self, is_orig: bool, bytes: &[u8]) {
        let side = format!("{} ", if is_orig { '>' } else { '<' });
        match self.0.last_mut().filter(|last| last.starts_with(&side)) {
            Some(last) => last.push_str(&bytes.escape_ascii().to_string()),
            None => self.0.push(format!("{side}{}", bytes.escape_ascii())),
        }
    }

    fn weird(&mut self, name: &'static str, _: &'static str) {
        self.0.push(name.to_owned());
    }

    fn violation(&mut self, reason: &'static str) {
        self.0.push(reason.to_owned());
    }
}

fn trace(pieces: &[(bool, &[u8])]) -> Vec<String> {
    let (mut session, mut trace) = (Session::default(), Recorder::default());
    pieces.iter().for_each(|(is_orig, bytes)| session.data(*is_orig, bytes, &mut trace));
    trace.0
}

const TALK: &[(bool, &[u8])] = &[
    (true, b"  NICK heron\r\nUSER a b c :d e f\r\n"),
    (false, b":s 001 heron :hi\r\n:s 251 heron :There are 3 users and 2 services on 1 servers\r\n"),
    (
        true,
        b"JOIN #a,#b key\r\nPRIVMSG owl :\x01DCC SEND f.zip 3232235876 1026 41709\x01\r\nprivmsg owl :hi\r\n",
    ),
    (false, b":s 353 heron = #a :@heron owl\r\n:s NJOIN #a :@@x,@y,+z,w\r\n"),
    (true, b"STARTTLS\r\n"),
    (false, b":s 670 heron :go\r\n\x16\x03"),
    (true, b"\x16\n"),
];

const TALK_TOLD: [&str; 13] = [
    "confirmed",
    "nick  heron",
    "user a b c de f ",
    "001 heron :hi",
    "network 3 2 1",
    "join /#a/key/ /#b//",
    "dcc SEND f.zip 192.168.1.100 1026 41709",
    "privmsg owl hi",
    "names = #a heron,owl",
    "join x/#a//creator y/#a//operator z/#a//voice w/#a//none",
    "TLS",
    "< \\x16\\x03",
    "> \\x16\\n",
];

#[test]
fn messages_are_told() {
    let mut want = TALK_TOLD.map(str::to_owned);
    want[3] = "1 heron :hi".to_owned();
    assert_eq!(trace(TALK), want);
}

#[test]
fn pieces_are_the_same_as_the_whole() {
    let whole = trace(TALK);
    for (nth, (is_orig, bytes)) in TALK.iter().enumerate() {
        for at in 0..bytes.len() {
            let (front, back) = bytes.split_at(at);
            let mut cut = TALK.to_vec();
            cut.splice(nth..=nth, [(*is_orig, front), (*is_orig, back)]);
            assert_eq!(trace(&cut), whole, "piece {nth} cut at {at}");
        }
    }
}

#[test]
fn channels_of_a_nick_are_told_as_zeek_reads_them() {
    let line: &[u8] = b":s 319 owl heron :@#nest #tree\r\n";
    assert_eq!(trace(&[(false, line)]).last().map(String::as_str), Some("on owl heron,:@#nest,#tree"));
}

#[test]
fn what_is_wrong_is_told_in_zeeks_words() {
    let long = [&b"x".repeat(600)[..], b"\n"].concat();
    for (line, want) in [
        (&b"ab\n"[..], &["irc_line_too_short"][..]),
        (b":abc\n", &["irc_invalid_line"]),
        (b":abc  d\n", &["irc_invalid_line", "line too short"]),
        (b"12x abc\n", &["irc_invalid_reply_number", "invalid reply number"]),
        (&long, &["irc_line_size_exceeded"]),
        (b"AAAAAAAAAAAAAAAAAAAAA b\n", &["irc_invalid_command"]),
        (b"PRIVMSG\n", &["irc_invalid_privmsg_message_format"]),
        (b"PRIVMSG a :\x01DCC SEND x\x01\n", &["irc_invalid_dcc_message_format"]),
        (b"OPER x\n", &["irc_invalid_oper_message_format"]),
        (b"353 a\n", &["irc_invalid_names_line"]),
        (b"311 a b\n", &["irc_invalid_whois_user_line"]),
        (b"JOIN\n", &["irc_invalid_join_line"]),
    ] {
        assert_eq!(trace(&[(false, line)]), want, "{}", line.escape_ascii());
    }
}

#[test]
fn both_sides_show_what_it_is() {
    for (bytes, probe) in [
        (&b"NICK a\r\nUSER b c d :e\r\n"[..], Probe::Match),
        (b"CAP LS\r\nuser b\r\nnick a\n", Probe::Match),
        (b"NICK a\r\nUSER b", Probe::NeedMore),
        (b"USER ftp\r\nPASS x\r\nLIST", Probe::NoMatch),
        (b"GET /", Probe::NoMatch),
    ] {
        assert_eq!(probe_client(bytes), probe, "{}", bytes.escape_ascii());
    }
    for (bytes, probe) in [
        (&b":s NOTICE a\r\n:s 001 b :c"[..], Probe::Match),
        (b":s NOTICE", Probe::NeedMore),
        (b"220 hello", Probe::Match),
        (b"HTTP/1.1 200 OK", Probe::NoMatch),
    ] {
        assert_eq!(probe_server(bytes), probe, "{}", bytes.escape_ascii());
    }
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("irc", fuzz::check);
}
