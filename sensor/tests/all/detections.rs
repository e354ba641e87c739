//! Detections of what hosts do to each other: captures, and the notices that they must give.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::build::{Capture, Client, Host, Rows, Server, Talk, host, ip, rows_with, set_checksum};

const SECOND: u64 = 1_000_000;

/// The notices of a run: kind, text, what else is said.
fn notices(rows: &Rows) -> Vec<[String; 3]> {
    let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
    rows.fields("notice", ["note", "msg", "sub"]).into_iter().map(|row| row.map(text)).collect()
}

fn kinds(rows: &Rows) -> Vec<String> {
    notices(rows).into_iter().map(|[kind, _, _]| kind).collect()
}

/// A connection that is refused.
fn refused(capture: &mut Capture, at: u64, client: Host, server: Host) {
    let mut talk = capture.talk_at(at, client, server);
    talk.put(Client, crate::build::SYN, &[]).reset(Server);
}

#[test]
fn scans_of_hosts_of_ports_and_of_both_are_told_apart() {
    let run = |place: &dyn Fn(u8) -> (u8, u16), times: u8, args: &[&str]| {
        let mut capture = Capture::new();
        for nth in 0..times {
            let (victim, port) = place(nth);
            let client = ("11.0.0.9".parse().expect("an address"), 30_000 + u16::from(nth));
            refused(&mut capture, u64::from(nth) * SECOND, client, host(victim, port));
        }
        notices(&rows_with(&capture, &[&["misc/simple-scan"], args].concat()))
    };
    let told = |kind: &str, msg: &str| [[format!("Scan::{kind}"), msg.to_owned(), "remote".to_owned()]];
    assert_eq!(
        run(&|nth| (nth, 22), 40, &[]),
        told("Address_Scan", "kk: 11.0.0.9 scanned at least 20 unique hosts on port 22/tcp in 0m19s")
    );
    assert_eq!(
        run(&|nth| (7, u16::from(nth) + 1), 40, &[]),
        told("Port_Scan", "11.0.0.9 scanned at least 25 unique ports on host 10.0.0.7 in 0m24s")
    );
    assert_eq!(
        run(&|nth| (nth, u16::from(nth) + 1), 40, &[]),
        told("Random_Scan", "11.0.0.9 scanned at least 25 hosts on 25 ports in 0m24s")
    );
    assert_eq!(
        run(&|nth| (nth, [22, 23, 80][usize::from(nth) % 3]), 40, &[]),
        told(
            "Address_Scan",
            "11.0.0.9 scanned at least 25 unique hosts on ports 22/tcp, 23/tcp, 80/tcp in 0m24s"
        )
    );
    let dark = ["Scan::dark_nets={10.0.0.0/24}"];
    assert_eq!(
        run(&|nth| (nth, 22), 40, &dark),
        told("Address_Scan", "kk: 11.0.0.9 scanned at least 3 unique hosts on port 22/tcp in 0m2s")
    );
    assert!(run(&|nth| (nth, 22), 19, &[]).is_empty());
    assert!(run(&|_| (1, 22), 40, &[]).is_empty(), "one place is no scan, however often");
    let both = run(&|nth| (nth, 22), 40, &["misc/scan"]);
    assert!(both.iter().all(|[kind, _, _]| kind == "Scan::Address_Scan"), "{both:?}");
}

#[test]
fn connections_that_last_are_told_of_while_they_do() {
    let mut capture = Capture::new();
    let mut talk = capture.talk_at(0, host(1, 4000), host(2, 1234));
    talk.handshake().send(Client, b"hello");
    for _ in 0..17 {
        talk.wait(240).send(Client, b"ping").send(Server, b"pong");
    }
    talk.close();
    // What makes time go by while nothing is said there.
    for second in (0..4200).step_by(50) {
        capture.udp(second * 1000, host(8, 100 + second as u16), host(9, 9), b"tick");
    }
    capture.sort();
    let long = |args: &[&str]| {
        let rows = rows_with(&capture, &[&["protocols/conn/long-connections"], args].concat());
        let ended = rows.of("conn").iter().find(|row| row["id.resp_p"] == 1234).expect("its row").clone();
        for row in rows.of("conn_long") {
            assert_eq!(
                (&row["uid"], &row["conn_state"], &row["history"]),
                (&ended["uid"], &"S1".into(), &"ShADad".into())
            );
        }
        let of = rows.fields("conn_long", ["duration", "orig_bytes", "resp_pkts"]);
        let of: Vec<[f64; 3]> =
            of.iter().map(|row| row.clone().map(|n| n.as_f64().expect("a number"))).collect();
        (of.iter().map(|[duration, bytes, _]| [duration.floor(), *bytes]).collect::<Vec<_>>(), notices(&rows))
    };
    for workers in ["1", "3"] {
        let (told, notices) = long(&["--workers", workers]);
        assert_eq!(told, [[720.0, 17.0], [1920.0, 37.0], [3600.0, 65.0]], "{workers} workers");
        let [kind, msg, sub] = &notices[0];
        assert_eq!(kind, "LongConnection::found");
        assert_eq!(msg, "10.0.0.1 -> 10.0.0.2:1234/tcp remained alive for longer than 12m0s");
        assert!(sub.starts_with("720."), "{sub}");
        assert_eq!(notices.len(), 3);
    }
    let special = "LongConnection::special_cases={[10.0.0.0/30]=LongConnection::Durations(20min)}";
    let (told, _) = long(&["LongConnection::repeat_last_duration=T", "-e", &format!("redef {special};")]);
    assert_eq!(told.iter().map(|[duration, _]| *duration).collect::<Vec<_>>(), [1200.0, 2400.0, 3600.0]);
    let (_, silent) = long(&["LongConnection::do_notice=F"]);
    assert!(silent.is_empty());
}

/// A router advertisement (RFC 4861 §4.2) that lasts so many seconds, with a prefix and a name server.
fn advertisement(router: &str, lifetime: u16, server: u8) -> Vec<u8> {
    let mut message = vec![134, 0, 0, 0, 64, 0];
    message.extend(lifetime.to_be_bytes());
    message.extend([0; 8]);
    message.extend([3, 4, 64, 0xc0, 0, 0, 0x0e, 0x10, 0, 0, 0x0e, 0x10, 0, 0, 0, 0, 0x20, 1, 0x0d, 0xb8]);
    message.extend([0; 12]);
    message.extend([25, 3, 0, 0, 0, 0, 0x0e, 0x10, 0x20, 1, 0x0d, 0xb8]);
    message.extend([0; 11]);
    message.push(server);
    let all: IpAddr = "ff02::1".parse().expect("an address");
    ip(58, router.parse().expect("an address"), all, &message)
}

#[test]
fn routers_that_nobody_has_put_there_are_told_of() {
    let mut capture = Capture::new();
    capture
        .packet(0, &advertisement("fe80::1", 1800, 0x53))
        .packet(1000, &advertisement("fe80::1", 1800, 0x53))
        .packet(2000, &advertisement("fe80::bad", 9000, 0x66))
        .packet(3000, &advertisement("fe80::1", 0, 0x53));
    let told = notices(&rows_with(&capture, &["misc/rogue-routers"]));
    let row = |kind: &str, msg: &str, sub: &str| {
        [format!("UnauthorizedRouter::{kind}"), msg.to_owned(), sub.to_owned()]
    };
    let want = [
        row(
            "Router_Advertisement",
            "fe80::bad offers itself as a router, and is not known as one",
            "2001:db8::/64",
        ),
        row("Name_Servers", "fe80::bad tells hosts to ask name servers that are not known", "2001:db8::66"),
        row("Router_Withdrawn", "fe80::1 says that it is no router any more", "2001:db8::/64"),
    ];
    assert_eq!(told, want);
    let named = ["misc/rogue-routers", "UnauthorizedRouter::routers={[fe80::1],[fe80::bad]}"];
    let named = kinds(&rows_with(&capture, &named));
    assert!(!named.contains(&"UnauthorizedRouter::Router_Advertisement".to_owned()), "{named:?}");
}

#[test]
fn a_list_of_clients_is_told_by_the_size_of_its_datagrams() {
    let mut capture = Capture::new();
    // Six entries of 72 bytes, as ntpd counts them; Zeek takes the number for their length.
    let mut list = vec![0x97, 0, 3, 42, 0, 6, 0, 72];
    list.resize(8 + 6 * 72, 1);
    capture.udp(0, host(99, 3000), host(123, 123), &[0x17, 0, 3, 42, 0, 0, 0, 0]);
    for nth in 0..20 {
        capture.udp(nth, host(123, 123), host(99, 3000), &list);
    }
    let told = notices(&rows_with(&capture, &["misc/amplification"]));
    let row =
        |kind: &str, msg: &str, sub: &str| [format!("Amplification::{kind}"), msg.to_owned(), sub.to_owned()];
    let want = [
        row("NTP_Monlist", "10.0.0.123 tells 10.0.0.99 who has asked it for the time", "440 bytes"),
        row(
            "Amplifying",
            "10.0.0.123 answers 10.0.0.99 with much more than it is asked: NTP monlist",
            "20 large answers, the last of 440 to a question of 8",
        ),
    ];
    assert_eq!(told, want);
}

/// A probe with this TTL.
fn probe(ttl: u8) -> Vec<u8> {
    let mut packet = crate::build::udp(host(1, 40_000), host(2, 33_434 + u16::from(ttl)), b"probe");
    packet[8] = ttl;
    set_checksum(&mut packet);
    packet
}

#[test]
fn who_traces_routes_is_told_of() {
    let trace = |ttl: &dyn Fn(u8) -> u8, routers: u8| {
        let mut capture = Capture::new();
        for hop in 1..=routers {
            let sent = probe(ttl(hop));
            capture.packet(u32::from(hop) * 1000, &sent);
            let router = IpAddr::from([198, 51, 100, hop]);
            capture.icmp(u32::from(hop) * 1000 + 5, router, host(1, 0).0, 11, 0, &sent[..28]);
        }
        capture
    };
    let run =
        |capture: &Capture, args: &[&str]| rows_with(capture, &[&["misc/detect-traceroute"], args].concat());
    let low = trace(&|hop| hop, 4);
    for workers in ["1", "3"] {
        let rows = run(&low, &["--workers", workers]);
        let of = rows.fields("traceroute", ["src", "dst", "proto"]);
        assert_eq!(of, [[json!("10.0.0.1"), json!("10.0.0.2"), json!("udp")]], "{workers} workers");
        let want = ["Traceroute::Detected", "10.0.0.1 seems to be running traceroute using udp", ""];
        assert_eq!(notices(&rows), [want.map(str::to_owned)]);
        assert!(rows.of("signatures").is_empty());
    }
    let high = trace(&|hop| 60 + hop, 4);
    assert!(run(&high, &[]).of("traceroute").is_empty());
    assert_eq!(run(&high, &["Traceroute::require_low_ttl_packets=F"]).of("traceroute").len(), 1);
    assert!(run(&trace(&|hop| hop, 2), &[]).of("traceroute").is_empty());
}

/// A request, and an answer to it.
fn exchange(talk: &mut Talk<'_>, request: &str, reply: &str) {
    talk.send(
        Client,
        format!("{request} HTTP/1.1\r\nHost: www.test\r\nContent-Length: 0\r\n\r\n").as_bytes(),
    );
    talk.send(Server, reply.as_bytes());
}

const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const NONE: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

#[test]
fn web_shells_that_answer_are_told_of_and_so_is_who_looks_for_them() {
    let mut capture = Capture::new();
    let mut talk = capture.talk_at(0, host(1, 4000), host(2, 80));
    talk.handshake();
    for (request, reply) in [
        ("GET /index.php?page=id", FINE),
        ("GET /shop/cat.php?c=cats+and+dogs", FINE),
        ("GET /x/pic.php?cmd=cat%20/etc/passwd", FINE),
        ("GET /c99.php", FINE),
        ("POST /uploads/2026/a.php", FINE),
        ("POST /api/upload", FINE),
        ("GET /images/cat.png", FINE),
    ] {
        exchange(&mut talk, request, reply);
    }
    talk.close();
    let mut talk = capture.talk_at(60 * SECOND, host(9, 4000), host(2, 80));
    talk.handshake();
    for name in ["wso", "r57", "b374k", "c99", "alfa"] {
        exchange(&mut talk, &format!("GET /{name}.php"), NONE);
    }
    talk.close();
    let rows = rows_with(&capture, &["protocols/http/detect-webshells"]);
    let uses = |why: &str, sub: &str| {
        let msg = format!("10.0.0.1 uses what seems to be a web shell of 10.0.0.2: {why}");
        ["HTTP::Web_Shell".to_owned(), msg, sub.to_owned()]
    };
    let want = [
        uses("a command in its query", "www.test/x/pic.php?cmd=cat /etc/passwd"),
        uses("the name of a known one", "www.test/c99.php"),
        uses("a script where uploads are", "www.test/uploads/2026/a.php"),
        [
            "HTTP::Web_Shell_Probe".to_owned(),
            "10.0.0.9 looks for web shells".to_owned(),
            "/alfa.php, /b374k.php, /c99.php, /r57.php, /wso.php".to_owned(),
        ],
    ];
    assert_eq!(notices(&rows), want);
    for row in rows.of("notice") {
        assert_eq!((&row["id.resp_h"], &row["id.resp_p"]), (&"10.0.0.2".into(), &80.into()));
    }
}

#[test]
fn applications_are_known_by_their_pages() {
    let page = "<html><head><meta name=\"generator\" content=\"WordPress 6.4\"></head></html>";
    let mut capture = Capture::new();
    let mut talk = capture.talk_at(0, host(1, 4000), host(2, 8080));
    talk.handshake();
    let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{page}", page.len());
    exchange(&mut talk, "GET /blog/post", &reply);
    talk.close();
    let mut talk = capture.talk_at(SECOND, host(1, 4001), host(2, 8080));
    talk.handshake();
    exchange(&mut talk, "GET /blog/", &reply);
    talk.close();
    let args = ["protocols/http/detect-webapps", "Software::asset_tracking=ALL_HOSTS"];
    let rows = rows_with(&capture, &args);
    let of = rows.fields("software", ["host", "host_p", "software_type", "name", "url"]);
    let row = |url: &str| {
        [json!("10.0.0.2"), json!(8080), json!("HTTP::WEB_APPLICATION"), json!("WordPress"), json!(url)]
    };
    assert_eq!(of, [row("http://www.test:8080/blog/post"), row("http://www.test:8080/blog/")]);
    assert!(rows.of("signatures").is_empty());
}

/// A mail over SMTP, and what the server says of it.
fn mail(capture: &mut Capture, at: u64, headers: &str, answer: &str) {
    let mut talk = capture.talk_at(at, host(5, 4000), host(2, 25));
    talk.handshake().send(Server, b"220 x ESMTP\r\n").send(Client, b"EHLO a\r\n").send(Server, b"250 x\r\n");
    talk.send(Client, b"MAIL FROM:<a@nest.test>\r\n").send(Server, b"250 x\r\n");
    talk.send(Client, b"RCPT TO:<b@nest.test>\r\n").send(Server, b"250 x\r\n");
    talk.send(Client, b"DATA\r\n").send(Server, b"354 x\r\n");
    talk.send(Client, format!("{headers}Subject: x\r\n\r\nhello\r\n.\r\n").as_bytes());
    talk.send(Server, format!("{answer}\r\n").as_bytes()).send(Client, b"QUIT\r\n").close();
}

#[test]
fn mail_that_is_refused_by_a_list_or_comes_from_elsewhere_is_told_of() {
    let mut capture = Capture::new();
    mail(&mut capture, 0, "", "554 10.0.0.5 is listed, see https://www.spamhaus.org/query/");
    mail(&mut capture, 200 * SECOND, "", "554 rejected, see https://www.spamhaus.org/query/");
    let from = "Received: from [203.0.113.9] by x; Mon, 1 Jan 2024 00:00:00 +0000\r\nX-Originating-IP: [198.51.100.7]\r\n";
    mail(&mut capture, 400 * SECOND, from, "250 ok");
    let policies = ["protocols/smtp/blocklists", "protocols/smtp/detect-suspicious-orig"];
    let networks = "SMTP::suspicious_origination_networks={198.51.100.0/24,203.0.113.0/24}";
    let told = notices(&rows_with(&capture, &[&policies[..], &[networks]].concat()));
    let kind = |nth: usize| (told[nth][0].trim_start_matches("SMTP::"), told[nth][1].as_str());
    assert_eq!(kind(0), ("Blocklist_Blocked_Host", "10.0.0.5 is on an SMTP block list"));
    let named = "10.0.0.5 received an error message mentioning an SMTP block list";
    assert_eq!(kind(1), ("Blocklist_Error_Message", named));
    assert_eq!(kind(2), ("Suspicious_Origination", "An email originated from  (198.51.100.7)."));
    let path = "Based up Received headers, email originated from  (203.0.113.9).";
    assert_eq!(kind(3), ("Suspicious_Origination", path));
    assert_eq!(told.len(), 4);
}

#[test]
fn what_mail_is_written_with_is_software() {
    let mut capture = Capture::new();
    mail(&mut capture, 0, "User-Agent: Thunderbird 1.0\r\n", "250 ok");
    let web = "User-Agent: SquirrelMail/1.4\r\nReceived: from [203.0.113.9] by x via HTTP; Mon, 1 Jan 2024 00:00:00 +0000\r\n";
    mail(&mut capture, 200 * SECOND, web, "250 ok");
    let args = ["protocols/smtp/software", "SMTP::detect_clients_in_messages_from=ALL_HOSTS"];
    let rows = rows_with(&capture, &[&args[..], &["Software::asset_tracking=ALL_HOSTS"]].concat());
    let of = rows.fields("software", ["host", "software_type", "name"]);
    assert_eq!(
        of[0].clone().map(|v| v.as_str().unwrap_or_default().to_owned())[1..],
        ["SMTP::MAIL_CLIENT", "Thunderbird"]
    );
    assert_eq!(of[1][1], "SMTP::WEBMAIL_SERVER");
    let webmail: Vec<&Value> = rows.of("smtp").iter().map(|row| &row["is_webmail"]).collect();
    assert_eq!(webmail, [&json!(false), &json!(true)]);
}
