//! What `pcaps/redis.pcap` does not have: events, odd orders, damage and what is held.

use serde_json::Value;

use crate::build::{Capture, Client, Server, Talk, printed, rows};

fn one(tell: impl FnOnce(&mut Talk<'_>)) -> Capture {
    let mut capture = Capture::new();
    tell(&mut capture.talk(40_000, 4000));
    capture
}

/// A command in RESP.
fn command(words: &[&str]) -> Vec<u8> {
    let texts: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
    format!("*{}\r\n{texts}", words.len()).into_bytes()
}

fn session(len: usize) -> Capture {
    one(|talk| {
        talk.send_in(Client, len, &command(&["HELLO", "3"])).send_in(Server, len, b"%1\r\n+proto\r\n:3\r\n");
        talk.send_in(Client, len, &command(&["AUTH", "heron", "dawn"])).send_in(
            Server,
            len,
            b"-WRONGPASS no\r\n",
        );
        talk.send_in(
            Client,
            len,
            &[command(&["SET", "k", "v", "EX", "60", "NX"]), command(&["GET", "k"])].concat(),
        );
        talk.send_in(Server, len, b"+OK\r\n$1\r\nv\r\n");
        talk.send_in(Server, len, b">2\r\n+invalidate\r\n*1\r\n+k\r\n");
        talk.send_in(Client, len, &command(&["LPOP", "list"])).close();
    })
}

fn logged(capture: &Capture) -> Vec<[Value; 5]> {
    rows(capture).fields("redis", ["cmd.name", "cmd.key", "cmd.value", "success", "reply.value"])
}

#[test]
fn redis_is_found_and_the_same_however_its_bytes_are_cut() {
    for len in [1400, 1, 5] {
        let text = serde_json::to_string(&logged(&session(len))).unwrap();
        let want = r#"[["HELLO",null,null,true,"{proto: 3}"],["AUTH",null,null,false,"WRONGPASS no"],["SET","k","v",true,"OK"],["GET","k",null,true,"v"],["LPOP",null,null,null,null]]"#;
        assert_eq!(text, want, "{len}");
        assert_eq!(rows(&session(len)).only("conn")["service"], "redis");
    }
}

#[test]
fn redis_events_tell_commands_and_answers() {
    let script = "event Redis::command(c: connection, cmd: Redis::Command)
            { print cmd$raw, cmd$name, cmd?$known, c$redis$cmd$name; }
        event Redis::set_command(c: connection, command: Redis::SetCommand)
            { print command$key, command$value, command$nx, command$ex, command?$px; }
        event Redis::get_command(c: connection, key: string) { print \"get\", key; }
        event Redis::auth_command(c: connection, command: Redis::AuthCommand) { print command; }
        event Redis::hello_command(c: connection, hello: Redis::HelloCommand) { print hello; }
        event Redis::reply(c: connection, data: Redis::ReplyData) { print data$value, data$min_protocol_version; }
        event Redis::error(c: connection, data: Redis::ReplyData) { print \"error\", data$value; }
        event Redis::server_push(c: connection, data: Redis::ReplyData) { print \"push\", data$value; }";
    let want = "[requested_resp_version=3]\n[HELLO, 3], HELLO, T, HELLO\n{proto: 3}, 3\n\
        [username=heron, password=dawn]\n[AUTH, heron, dawn], AUTH, T, AUTH\nerror, WRONGPASS no\n\
        k, v, T, 60, F\n[SET, k, v, EX, 60, NX], SET, T, SET\nget, k\n[GET, k], GET, T, GET\nOK, 2\nv, 2\n\
        push, [invalidate, [k]]\n[LPOP, list], LPOP, F, LPOP\n";
    let script = script.replace(
        "hello: Redis::HelloCommand) { print hello; }",
        "command: Redis::HelloCommand) { print command; }",
    );
    assert_eq!(printed(&session(1400), &[], &script)[0], want);
}

#[test]
fn answers_belong_to_commands_though_some_have_none() {
    let capture = one(|talk| {
        talk.send(Client, &command(&["PING"])).send(Server, b"+PONG\r\n");
        talk.send(
            Client,
            &[command(&["CLIENT", "REPLY", "SKIP"]), command(&["INCR", "a"]), command(&["INCR", "b"])]
                .concat(),
        );
        talk.send(Server, b":7\r\n");
        talk.send(Client, &[command(&["ECHO", "hi"]), command(&["SUBSCRIBE", "news"])].concat());
        talk.send(Server, b"$2\r\nhi\r\n").send(Server, b"*3\r\n+subscribe\r\n+news\r\n:1\r\n");
        talk.send(Client, &command(&["RESET"])).send(Server, b"+RESET\r\n").close();
    });
    let text: Vec<String> = logged(&capture).iter().map(|row| format!("{} {}", row[0], row[4])).collect();
    let want = [
        r#""PING" "PONG""#,
        r#""CLIENT" null"#,
        r#""INCR" null"#,
        r#""INCR" "7""#,
        r#""ECHO" "hi""#,
        r#""SUBSCRIBE" null"#,
        r#""RESET" "RESET""#,
    ];
    assert_eq!(text, want);
}

#[test]
fn what_is_not_redis_is_not_logged() {
    let mut capture = Capture::new();
    capture.talk(40_000, 6379).send(Client, b"hello\r\n").send(Server, b"220 welcome\r\n").close();
    let rows = rows(&capture);
    assert!(rows.of("redis").is_empty() && rows.only("conn")["service"].is_null());
}

#[test]
fn redis_commands_that_are_never_answered_do_not_pile_up() {
    let long = "x".repeat(2000);
    let capture = one(|talk| {
        talk.send(Client, &command(&["PING"])).send(Server, b"+PONG\r\n");
        for _ in 0..1000 {
            talk.send(Client, &command(&["SET", &long, "v"]));
        }
    });
    let [_, told] = printed(&capture, &[], "");
    assert!(
        told.contains("Redis commands logged before they were answered because too many waited"),
        "{told}"
    );
    assert_eq!(rows(&capture).of("redis").len(), 1001);
}
