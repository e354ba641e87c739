//! Guessing in every way in which one can log in.

use crate::build::Capture;
use crate::detect::each::Run;
use crate::detect::lasting::{FINE, REFUSED, base64, count, with_password};

/// Twelve tries, what is answered, and a last request with its answer.
fn tries(request: impl Fn(u32) -> String, reply: &str, last: Option<(&str, &str)>) -> Run {
    let mut capture = Capture::default();
    for i in 0..12 {
        capture.ask(f64::from(i), "192.0.2.7", &request(i), reply);
    }
    if let Some((request, reply)) = last {
        capture.ask(20.0, "192.0.2.7", request, reply);
    }
    capture.detect("detect/http-auth", &[])
}

fn is_guessing(run: &Run) -> bool {
    let told = count(run, "HTTP_AuthBruteforcing_Attacker");
    let tags = run.rows("http").iter().filter(|row| row["tags"].contains("HTTP_AUTH_ERROR")).count();
    assert!(told == 0 || tags == 12, "{:?}", run.notices());
    told == 1
}

fn with(header: &str) -> String {
    format!("GET /private/ HTTP/1.1\nHost: www.test\n{header}")
}

fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\nHost: www.test\nContent-Length: {length}\n\n{body}")
}

const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\nContent-Length: 0";

#[test]
fn digest_says_who_the_user_is() {
    let digest = |i: u32, user: &str| {
        with(&format!(
            "Authorization: Digest username=\"{user}\", realm=\"roost\", nonce=\"{i}\", uri=\"/\", response=\"{i}\""
        ))
    };
    let last = digest(99, "heron");
    let run = tries(|i| digest(i, "heron"), REFUSED, Some((&last, FINE)));
    assert!(is_guessing(&run));
    assert_eq!(
        run.notice("HTTP_AuthBruteforcing_Attacker")["sub"],
        "10 auth failed in 2.0 mins; users: heron; at: 10.0.0.2 www.test/private/"
    );
    assert_eq!(run.notice("HTTP_AuthBruteforcing_Success")["sub"], "heron at www.test/private/");
}

/// A message of NTLM's of this type, with a user.
fn ntlm(kind: u8, user: &str) -> String {
    let mut message = b"NTLMSSP\0".to_vec();
    message.extend([kind, 0, 0, 0]);
    message.resize(64, 0);
    let name: Vec<u8> = user.encode_utf16().flat_map(u16::to_le_bytes).collect();
    message[36] = name.len() as u8;
    message[40] = 64;
    message.extend(name);
    base64(&message)
}

#[test]
fn ntlm_counts_its_last_message_only() {
    let guess = |i: u32| with(&format!("Authorization: NTLM {}", ntlm(3, &format!("heron{i}"))));
    let run = tries(guess, REFUSED, None);
    assert!(is_guessing(&run));
    let sub = &run.notice("HTTP_AuthBruteforcing_Attacker")["sub"];
    assert!(sub.contains("users: heron0, heron1, heron2, heron3, heron4, …; at: "), "{sub}");
    let begins = |_| with(&format!("Authorization: NTLM {}", ntlm(1, "heron")));
    assert!(!is_guessing(&tries(begins, REFUSED, None)));
    // Whatever else stands there is no fault of ours.
    for token in ["", "!!!", "TlRMTVNTUAAD", "AAAA", "A=AA", "====", "AAA", &ntlm(3, "")] {
        tries(|_| with(&format!("Authorization: Negotiate {token}")), REFUSED, None);
    }
}

#[test]
fn tokens_and_refusals_count_where_they_change() {
    assert!(is_guessing(&tries(|i| with(&format!("Authorization: Bearer token{i}")), REFUSED, None)));
    // One that has expired is sent again and again.
    assert!(!is_guessing(&tries(|_| with("Authorization: Bearer token"), REFUSED, None)));
    let basic = |i: u32| with_password("/private/", "heron", &format!("guess{i}"));
    assert!(is_guessing(&tries(basic, FORBIDDEN, None)));
    assert!(!is_guessing(&tries(|_| with_password("/private/", "heron", "dawn"), FORBIDDEN, None)));
    // Without credentials it is asked for some, or there is nothing to see.
    assert!(!is_guessing(&tries(|_| with("Accept: */*"), REFUSED, None)));
    assert!(!is_guessing(&tries(|_| with("Accept: */*"), FORBIDDEN, None)));
}

#[test]
fn passwords_of_proxies_are_guessed_as_well() {
    let user = |i: u32| base64(format!("heron:guess{i}").as_bytes());
    let ask = |i: u32| {
        format!("GET http://www.test/ HTTP/1.1\nHost: www.test\nProxy-Authorization: Basic {}", user(i))
    };
    let reply = "HTTP/1.1 407 Proxy Authentication Required\nContent-Length: 0";
    let run = tries(ask, reply, Some((&ask(99), FINE)));
    assert!(is_guessing(&run));
    assert_eq!(count(&run, "HTTP_AuthBruteforcing_Success"), 1);
}

#[test]
fn forms_and_json_are_judged_by_their_answers() {
    let form = |i: u32| post("/login", &format!("user=heron&password=guess{i}"));
    let json = |i: u32| post("/api/login", &format!("{{\"user\": \"heron\", \"password\": \"guess{i}\"}}"));
    let to = |place: &str| format!("HTTP/1.1 302 Found\nLocation: {place}\nContent-Length: 0");
    let home = to("/home");
    let ok = |body: &str| format!("HTTP/1.1 200 OK\nContent-Length: {}\n\n{body}", body.len());
    let token = ok("{\"token\": \"a1b2c3d4e5f6\", \"expires\": 3600}");
    for (what, reply) in [
        ("form", &ok("<html><form action=/login></form></html>")[..]),
        ("form", &ok("try again")),
        ("form", REFUSED),
        ("form", FORBIDDEN),
        ("form", &to("/login?failed=1")),
        ("form", &to("http://www.test/login")),
        ("json", REFUSED),
        ("json", "HTTP/1.1 422 Unprocessable Entity\nContent-Length: 0"),
    ] {
        let request = |i: u32| if what == "form" { form(i) } else { json(i) };
        let fits = if what == "form" { &home } else { FINE };
        let run = tries(request, reply, Some((&request(99), fits)));
        assert!(is_guessing(&run), "{what}: {reply}");
        let success = run.notice("HTTP_AuthBruteforcing_Success");
        assert!(success["sub"].starts_with("heron at www.test/"), "{success:?}");
        let sub = &run.notice("HTTP_AuthBruteforcing_Attacker")["sub"];
        assert!(sub.contains("; users: heron; at: "), "{sub}");
    }
    // Logging in, and other things that are POSTed.
    for reply in [&home, &token, &ok("")] {
        assert!(!is_guessing(&tries(form, reply, None)), "{reply}");
    }
    // An API that takes forms: it says who got in with JSON.
    let run = tries(form, REFUSED, Some((&form(99), &token)));
    assert_eq!(count(&run, "HTTP_AuthBruteforcing_Success"), 1);
    assert!(!is_guessing(&tries(json, FINE, None)));
    assert!(!is_guessing(&tries(|_| post("/comments", "text=hello"), FORBIDDEN, None)));
    assert!(!is_guessing(&tries(form, "HTTP/1.1 503 Service Unavailable\nContent-Length: 0", None)));
}

#[test]
fn users_are_read_from_forms_and_json() {
    let long = "x".repeat(5000);
    for (body, user) in [
        ("log=heron&pwd=a", "heron"),
        ("csrf=1&session%5Busername_or_email%5D=&user%5Bemail%5D=heron%40roost.test&p=a", "heron@roost.test"),
        ("j_username=a+heron&j_password=a", "a heron"),
        ("{\"a\": {\"userName\" :\n\"her\\\"on\"}, \"password\": \"a\"}", "her\"on"),
        ("[{\"email\":\"heron@roost.test\"}]", "heron@roost.test"),
        (&format!("user=heron&text={long}"), "heron"),
        (&format!("text={long}&user=heron"), "-"),
        ("password=heron", "-"),
        ("{\"user\": 7, \"user\": ", "-"),
        ("user=&&==&user", "-"),
        ("", "-"),
    ] {
        let mut capture = Capture::default();
        for i in 0..12 {
            // Clients take turns: no one of them guesses often.
            let client = format!("192.0.{i}.7");
            capture.ask(f64::from(i), &client, &post("/login", body), REFUSED);
        }
        capture.ask(20.0, "198.51.100.1", &post("/login", body), "HTTP/1.1 302 Found\nLocation: /home");
        let run = capture.detect("detect/http-auth", &[]);
        let known = user != "-";
        assert_eq!(count(&run, "HTTP_AuthBruteforcing_User"), usize::from(known), "{body}");
        assert_eq!(count(&run, "HTTP_AuthBruteforcing_Success"), usize::from(known), "{body}");
        if known {
            let said = &run.notice("HTTP_AuthBruteforcing_Success")["msg"];
            assert_eq!(*said, format!("198.51.100.1 logged in as {user} after guessing passwords"));
        }
    }
}

#[test]
fn users_are_read_from_forms_in_parts() {
    let part = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = [part("csrf", "1"), part("username", "heron"), part("password", "a"), "--b--\r\n".to_owned()]
        .concat();
    let request = post("/login", &body).replacen(
        "\nContent-Length",
        "\nContent-Type: multipart/form-data; boundary=b\nContent-Length",
        1,
    );
    let run = tries(|_| request.clone(), REFUSED, None);
    assert!(is_guessing(&run));
    let sub = &run.notice("HTTP_AuthBruteforcing_Attacker")["sub"];
    assert!(sub.contains("; users: heron; at: "), "{sub}");
}

#[test]
fn paths_and_answers_of_logins_are_options() {
    let mut capture = Capture::default();
    for i in 0..12 {
        let reply = "HTTP/1.1 418 No\nContent-Length: 0";
        capture.ask(f64::from(i), "192.0.2.7", &post("/nest/enter", &format!("k={i}")), reply);
    }
    let args = ["AuthBruteforcing::login_paths=/\\/enter$/", "AuthBruteforcing::login_refused={418}"];
    assert_eq!(count(&capture.detect("detect/http-auth", &args), "HTTP_AuthBruteforcing_Attacker"), 1);
    assert_eq!(count(&capture.detect("detect/http-auth", &args[..1]), "HTTP_AuthBruteforcing_Attacker"), 0);
}
