//! IRC end to end: irc.log, its events, and files that users send.

use crate::build::{Capture, Client, Server, host, printed, rows};
use crate::replay::golden;

/// A client comes, enters a channel, and offers a file, which another fetches.
fn transfer() -> Capture {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 6667);
    talk.send(Client, b"NICK heron\r\nUSER a b c :d e\r\n").send(Server, b":s 001 heron :hi\r\n");
    talk.send(Client, b"JOIN #a key\r\nPRIVMSG owl :\x01DCC SEND f.pdf 167772161 1055 20\x01\r\n");
    let mut data = capture.talk_at(2_000_000, host(3, 40_001), host(1, 1055));
    data.handshake().send(Server, b"%PDF-1.4 and so on").close();
    let mut talk = capture.talk_at(60_000_000, host(1, 40_002), host(2, 6667));
    talk.handshake();
    talk.send(Client, b"NICK owl\r\n").close();
    capture
}

#[test]
fn irc_gives_its_golden_logs() {
    golden::check("irc", &transfer());
}

#[test]
fn files_that_users_send_are_found() {
    let rows = rows(&transfer());
    let commands: Vec<_> = rows.of("irc").iter().map(|row| row["command"].as_str().unwrap_or("")).collect();
    assert_eq!(commands.iter().filter(|command| **command == "DCC").count(), 1, "{commands:?}");
    assert_eq!(rows.only("files")["source"], "IRC_DATA");
    assert!(rows.of("conn").iter().any(|row| row["service"] == "irc-dcc-data"));
}

#[test]
fn scripts_see_messages() {
    let script = "
        event irc_join_message(c: connection, is_orig: bool, info_list: irc_join_list)
            { for ( joined in info_list ) print joined$channel, joined$password, c$irc$nick; }
        event irc_dcc_message(c: connection, is_orig: bool, prefix: string, target: string, dcc_type: string,
                              argument: string, address: addr, dest_port: count, size: count)
            { print target, dcc_type, argument, address, dest_port, size; }
        event irc_reply(c: connection, is_orig: bool, prefix: string, code: count, params: string)
            { print prefix, code, params; }";
    let want = "s, 1, heron :hi\n#a, key, heron\nowl, SEND, f.pdf, 10.0.0.1, 1055, 20\n";
    assert_eq!(printed(&transfer(), &[], script)[0], want);
}
