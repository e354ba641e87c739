//! Attacks that go on, that many take part in, and that are not what they seem.

use crate::build::Capture;
use crate::detect::each::{Run, detect, expect};

pub const REFUSED: &str =
    "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=\"roost\"\nContent-Length: 0";
pub const FINE: &str = "HTTP/1.1 200 OK\nContent-Length: 0";

/// A request with a user's password in the Basic scheme.
pub fn with_password(path: &str, user: &str, password: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\nHost: www.test\nAuthorization: Basic {}",
        base64(format!("{user}:{password}").as_bytes())
    )
}

pub fn base64(text: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.chunks(3) {
        let n = chunk.iter().fold(0, |n, byte| n << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let digit = DIGITS[(n >> (18 - 6 * i)) as usize & 63];
            out.push(if i <= chunk.len() { digit as char } else { '=' });
        }
    }
    out
}

fn guess(capture: &mut Capture, at: f64, client: &str, user: &str) {
    capture.ask(at, client, &with_password("/private/", user, &format!("guess{at}")), REFUSED);
}

fn login(capture: &mut Capture, at: f64, client: &str, user: &str) {
    capture.ask(at, client, &with_password("/private/", user, "dawn"), FINE);
}

pub fn count(run: &Run, note: &str) -> usize {
    run.notices().iter().filter(|(found, ..)| found == note).count()
}

/// Seconds since the beginning at which such a notice was raised.
pub fn times(run: &Run, note: &str) -> Vec<u64> {
    let mut rows = run.rows("notice");
    rows.retain(|row| row["note"].ends_with(&format!("::{note}")));
    rows.iter().map(|row| row["ts"].parse::<f64>().expect("a time") as u64 - 1_700_000_000).collect()
}

/// Bans whoever is told of.
const BAN: [&str; 3] = [
    "-e",
    "hook Notice::policy(n: Notice::Info) { add n$actions[Notice::ACTION_DROP]; }",
    "Notice::block_list=blocked.list",
];

#[test]
fn guessing_that_goes_on_is_told_of_again_and_its_end_is_known() {
    let mut capture = Capture::default();
    for i in 0..780 {
        guess(&mut capture, f64::from(i) * 5.0, "93.184.216.7", "heron");
    }
    login(&mut capture, 3903.0, "93.184.216.7", "heron");
    let run = capture.detect("detect/http-auth", &BAN);
    assert_eq!(times(&run, "HTTP_AuthBruteforcing_Attacker"), [45, 645, 1245, 1845, 2445, 3045, 3645]);
    assert_eq!(times(&run, "HTTP_AuthBruteforcing_Success"), [3903]);
    // Each reminder bans anew.
    let bans = &run.logs["blocked"];
    assert_eq!(bans.trim().split('\t').collect::<Vec<_>>()[0], "93.184.216.7", "{bans}");
    let until: f64 = bans.trim().split('\t').nth(1).expect("a time").parse().expect("a time");
    assert!(until >= 1_700_000_000.0 + 3645.0 + 600.0, "{bans}");

    // Another interval, and none at all.
    let often = capture.detect("detect/http-auth", &["AuthBruteforcing::remind=20min"]);
    assert_eq!(times(&often, "HTTP_AuthBruteforcing_Attacker"), [45, 1245, 2445, 3645]);
    let once = capture.detect("detect/http-auth", &["AuthBruteforcing::remind=0sec"]);
    assert_eq!(times(&once, "HTTP_AuthBruteforcing_Attacker"), [45]);
    assert_eq!(count(&once, "HTTP_AuthBruteforcing_Success"), 1);
    // No ban ends before the next reminder.
    let short = capture.detect("detect/http-auth", &[&BAN[..], &["Notice::block_for=5min"]].concat());
    assert_eq!(times(&short, "HTTP_AuthBruteforcing_Attacker").len(), 13);
}

#[test]
fn errors_and_floods_that_go_on_are_told_of_again() {
    let mut capture = Capture::default();
    for i in 0..1500 {
        let reply = "HTTP/1.1 404 Not Found\nContent-Length: 0";
        capture.ask(f64::from(i), "192.0.2.7", &format!("GET /{i} HTTP/1.1\nHost: www.test"), reply);
    }
    let run = capture.detect("detect/http-errors", &["HTTPErrors::threshold=100"]);
    assert_eq!(times(&run, "Client_Errors"), [99, 699, 1299]);
    let run = capture.detect("detect/http-floods", &["HTTPFloods::threshold=20"]);
    assert_eq!(times(&run, "Client_Flood"), [19, 619, 1219]);
}

#[test]
fn a_client_cannot_name_itself_through_a_proxy() {
    let forged = |ours: &str, args: &[&str]| {
        let run = detect(
            "http-errors",
            "detect-forged",
            &[&["HTTPErrors::threshold=6", ours], &BAN[..], args].concat(),
        );
        let named: Vec<String> =
            run.rows("http").iter().map(|row| row["cluster_client_ip"].clone()).collect();
        assert!(!run.logs.get("blocked").is_some_and(|list| list.contains("8.8.8.8")), "{named:?}");
        (run, named)
    };
    // Plain nginx appends to X-Forwarded-For and hands on the rest.
    let (run, named) = forged("RealClient::proxies={10.98.0.1/32}", &[]);
    assert_eq!(named, ["93.184.216.7"; 8]);
    expect(&run, &[("Client_Errors", "93.184.216.7", "6"), ("Server_Errors", "10.98.0.2", "6")]);
    assert!(run.logs["blocked"].starts_with("93.184.216.7\t"));
    let weirds: Vec<String> = run.rows("weird").iter().map(|row| row["name"].clone()).collect();
    assert!(weirds.len() >= 4 && weirds.iter().all(|name| name == "client_headers_disagree"), "{weirds:?}");

    // Where it is said what the proxy sets nothing else is looked at.
    let (run, named) = forged("RealClient::proxy_headers={[10.98.0.0/24]=\"x-forwarded-for\"}", &[]);
    assert_eq!(named, ["93.184.216.7"; 8]);
    assert!(run.rows("weird").is_empty());
    // A proxy that sets none is the client itself, and is not banned.
    let (run, named) = forged("RealClient::proxy_headers={[10.98.0.0/24]=\"\"}", &[]);
    assert_eq!(named, ["-"; 8]);
    assert_eq!(run.notice("Client_Errors")["src"], "10.98.0.1");
    assert!(!run.logs.get("blocked").is_some_and(|list| list.contains("10.98.0.1\t")));
}

#[test]
fn the_header_that_a_proxy_always_sets_is_its_own() {
    let named = |own: &str, forged: &str| {
        let mut capture = Capture::default();
        let mut ask = |at: f64, headers: &str| {
            let request = format!("GET /missing HTTP/1.1\nHost: www.test{headers}");
            capture.ask(at, "192.0.2.1", &request, "HTTP/1.1 404 Not Found\nContent-Length: 0");
        };
        ask(0.0, &format!("\n{own}: 93.184.216.5"));
        // The proxy looks whether the server lives.
        ask(0.5, "");
        for i in 0..8 {
            let (first, second) = if i % 2 == 0 { (own, forged) } else { (forged, own) };
            let ip = |of: &str| if of == own { "93.184.216.7" } else { "8.8.8.8" };
            ask(f64::from(i) + 1.0, &format!("\n{first}: {}\n{second}: {}", ip(first), ip(second)));
        }
        ask(20.0, &format!("\n{forged}: 8.8.8.8, junk\n{own}: 93.184.216.7\n{forged}: 8.8.4.4"));
        let args = ["RealClient::proxies={192.0.2.1/32}", "HTTPErrors::threshold=6"];
        let run = capture.detect("detect/http-errors", &args);
        assert!(run.rows("weird").iter().any(|row| row["name"] == "client_headers_disagree"));
        assert_eq!(run.notice("Client_Errors")["src"], "93.184.216.7");
        run.rows("http").iter().map(|row| row["cluster_client_ip"].clone()).collect::<Vec<_>>()
    };
    let expected = [&["93.184.216.5", "-"][..], &["93.184.216.7"; 9]].concat();
    for (own, forged) in [
        ("X-Cluster-Client-IP", "X-Forwarded-For"),
        ("X-Forwarded-For", "X-Cluster-Client-IP"),
        ("X-Real-IP", "X-Forwarded-For"),
    ] {
        assert_eq!(named(own, forged), expected, "{own} {forged}");
    }
}

#[test]
fn a_client_has_one_spelling() {
    let mut capture = Capture::default();
    for spelled in ["2001:0DB8:0:0::0007", "2001:db8::7", "::ffff:192.0.2.9"] {
        let request = format!("GET /missing HTTP/1.1\nHost: www.test\nX-Real-IP: {spelled}");
        capture.ask(1.0, "192.0.2.1", &request, "HTTP/1.1 404 Not Found\nContent-Length: 0");
    }
    let args = ["RealClient::proxies={192.0.2.1/32}", "HTTPErrors::threshold=2"];
    let run = capture.detect("detect/http-errors", &args);
    let named: Vec<String> = run.rows("http").iter().map(|row| row["cluster_client_ip"].clone()).collect();
    assert_eq!(named, ["2001:db8::7", "2001:db8::7", "192.0.2.9"]);
    assert_eq!(run.notice("Client_Errors")["src"], "2001:db8::7");
}

#[test]
fn what_a_client_sends_is_not_kept_however_long_it_is() {
    let mut capture = Capture::default();
    let long = format!("/{}/{}", "a".repeat(5000), "b".repeat(5000));
    let user = "heron".repeat(500);
    for i in 0..12 {
        let request = with_password(&long, &user, &format!("{i}"));
        let hops = "8.8.8.8, ".repeat(1000);
        capture.ask(
            f64::from(i),
            "192.0.2.1",
            &format!("{request}\nX-Forwarded-For: {hops}93.184.216.7"),
            REFUSED,
        );
    }
    let last = format!("{}\nX-Forwarded-For: 93.184.216.7", with_password(&long, &user, "dawn"));
    capture.ask(20.0, "192.0.2.1", &last, FINE);
    let run = capture.detect("detect/http-auth", &["RealClient::proxies={192.0.2.1/32}"]);
    let notice = run.notice("HTTP_AuthBruteforcing_Attacker");
    assert_eq!((&notice["src"][..], notice["sub"].len() < 1000), ("93.184.216.7", true));
    assert_eq!(count(&run, "HTTP_AuthBruteforcing_Success"), 1);
}

#[test]
fn many_addresses_of_one_block_are_one_attacker() {
    for subnet in ["93.184.216.", "2a00:db8:0:7::"] {
        let mut capture = Capture::default();
        for i in 1..=20 {
            guess(&mut capture, f64::from(i), &format!("{subnet}{i}"), &format!("user{i}"));
            let missing = "GET /missing HTTP/1.1\nHost: www.test";
            capture.ask(
                f64::from(i) + 0.5,
                &format!("{subnet}{i}"),
                missing,
                "HTTP/1.1 404 Not Found\nContent-Length: 0",
            );
        }
        let (first, block) = match subnet.contains(':') {
            true => ("2a00:db8:0:7::", "2a00:db8:0:7::/64"),
            false => ("93.184.216.0", "93.184.216.0/24"),
        };
        let once = ["AuthBruteforcing::threshold=30"];
        let run = capture.detect("detect/http-auth", &[&once[..], &BAN].concat());
        expect(&run, &[("HTTP_AuthBruteforcing_Block", first, "10")]);
        assert!(run.logs["blocked"].starts_with(&format!("{block}\t")), "{}", run.logs["blocked"]);
        let low = ["HTTPErrors::threshold=60", "HTTPErrors::block_threshold=30"];
        let run = capture.detect("detect/http-errors", &low);
        expect(&run, &[("Block_Errors", first, "30")]);
        // One client is no block.
        let mut capture = Capture::default();
        (1..=20).for_each(|i| guess(&mut capture, f64::from(i), &format!("{subnet}7"), "heron"));
        let run = capture.detect("detect/http-auth", &[]);
        assert_eq!(
            (count(&run, "HTTP_AuthBruteforcing_Attacker"), count(&run, "HTTP_AuthBruteforcing_Block")),
            (1, 0)
        );
    }
}

#[test]
fn blocks_that_take_turns_are_told_of_as_their_site() {
    let mut capture = Capture::default();
    for i in 1..=20 {
        guess(&mut capture, f64::from(i), &format!("2a00:db8:0:{i}::1"), &format!("user{i}"));
    }
    let run = capture.detect("detect/http-auth", &BAN);
    assert_eq!(run.notice("HTTP_AuthBruteforcing_Block")["src"], "2a00:db8::");
    assert!(run.logs["blocked"].starts_with("2a00:db8::/48\t"), "{}", run.logs["blocked"]);
    // Floods and errors, and what is never blocked of a site.
    let mut capture = Capture::default();
    for i in 0..60 {
        let client = format!("2a00:db8:0:{}::1", i % 20);
        capture.ask(
            f64::from(i) / 10.0,
            &client,
            "GET /x HTTP/1.1",
            "HTTP/1.1 404 Not Found\nContent-Length: 0",
        );
    }
    for (script, args, note) in [
        ("detect/http-floods", &["HTTPFloods::block_threshold=40"][..], "Block_Flood"),
        ("detect/http-errors", &["HTTPErrors::block_threshold=40"], "Block_Errors"),
    ] {
        let run = capture.detect(script, &[args, &BAN, &["Notice::never_block={[2a00:db8::]/49}"]].concat());
        assert_eq!(run.notice(note)["src"], "2a00:db8::");
        assert!(run.logs["blocked"].starts_with("2a00:db8:0:8000::/49\t"), "{script}");
    }
}

#[test]
fn a_login_after_many_clients_have_guessed_is_told_of() {
    let botnet = |capture: &mut Capture| {
        for i in 0..120 {
            guess(capture, 100.0 + f64::from(i), &format!("203.0.{}.7", i % 40), "heron");
        }
    };
    // Whoever logs in: one of them, or one more.
    for client in ["203.0.3.7", "192.0.2.77"] {
        let mut capture = Capture::default();
        botnet(&mut capture);
        login(&mut capture, 230.0, client, "heron");
        let run = capture.detect("detect/http-auth", &[]);
        let success = run.notice("HTTP_AuthBruteforcing_Success");
        assert_eq!((&success["src"][..], &success["sub"][..]), (client, "heron at www.test/private/"));
        assert_eq!(count(&run, "HTTP_AuthBruteforcing_User"), 1);
        assert_eq!(count(&run, "HTTP_AuthBruteforcing_Attacker"), 0);
    }
    // The user, who goes on as before, another user, and another place.
    let mut capture = Capture::default();
    login(&mut capture, 50.0, "192.0.2.77", "heron");
    botnet(&mut capture);
    login(&mut capture, 150.0, "192.0.2.77", "heron");
    login(&mut capture, 230.0, "192.0.2.77", "heron");
    login(&mut capture, 231.0, "192.0.2.78", "owl");
    capture.ask(232.0, "203.0.3.7", &with_password("/open.html", "heron", "wrong"), FINE);
    assert_eq!(count(&capture.detect("detect/http-auth", &[]), "HTTP_AuthBruteforcing_Success"), 0);
}

#[test]
fn a_password_that_nobody_looked_at_is_no_success() {
    let success = |path: &str, at: &str| {
        let mut capture = Capture::default();
        for i in 0..12 {
            capture.ask(f64::from(i), "192.0.2.7", &with_password(path, "heron", &format!("{i}")), REFUSED);
        }
        capture.ask(20.0, "192.0.2.7", &with_password(at, "heron", "x"), FINE);
        count(&capture.detect("detect/http-auth", &[]), "HTTP_AuthBruteforcing_Success")
    };
    for (path, at, wanted) in [
        ("/private/", "/private/", 1),
        ("/private/", "/private/deep/page.html?x=1", 1),
        ("/private/a", "/private/b", 1),
        ("/private/", "/index.html", 0),
        ("/private/", "/privately", 0),
        ("/private/", "/other/private/", 0),
        ("/admin", "/index.html", 0),
        ("/admin", "/admin/users", 1),
        ("/admin?a=/", "/admin", 1),
        ("/admin", "/administration", 0),
        ("/", "/anything", 1),
    ] {
        assert_eq!(success(path, at), wanted, "{path} then {at}");
    }
    // Nor is one at another host.
    let mut capture = Capture::default();
    (0..12).for_each(|i| guess(&mut capture, f64::from(i), "192.0.2.7", "heron"));
    let elsewhere = with_password("/private/", "heron", "x").replace("www.test", "other.test");
    capture.ask(20.0, "192.0.2.7", &elsewhere, FINE);
    assert_eq!(count(&capture.detect("detect/http-auth", &[]), "HTTP_AuthBruteforcing_Success"), 0);
}
