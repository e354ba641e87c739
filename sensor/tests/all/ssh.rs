//! Logins over SSH: who guesses passwords, and what scripts and options add to ssh.log. Made by OpenSSH.

use std::process::Command;

use crate::detect::each::{Run, detect};

/// 12 failed logins of one client, one of another in between, and then both log in.
const GUESSES: &str = "ssh-guesses";
const LIMIT: &str = "SSH::password_guesses_limit=10.0";

fn brute_force(args: &[&str]) -> Run {
    detect("../protocols/ssh/detect-bruteforcing", GUESSES, args)
}

fn notes(run: &Run) -> Vec<(String, String)> {
    run.rows("notice").iter().map(|row| (row["note"].clone(), row["src"].clone())).collect()
}

#[test]
fn a_client_guesses_and_then_knows_the_password() {
    let run = brute_force(&[LIMIT]);
    let guesser = "10.98.0.1".to_owned();
    let want = ["SSH::Password_Guessing", "SSH::Login_By_Password_Guesser"];
    assert_eq!(notes(&run), want.map(|note| (note.to_owned(), guesser.clone())));

    let guessing = run.notice("Password_Guessing");
    let msg = "10.98.0.1 appears to be guessing SSH passwords (seen in 10 connections).";
    assert_eq!((guessing["msg"].as_str(), guessing["uid"].as_str()), (msg, "-"));
    assert!(guessing["sub"].starts_with("Sampled servers:  10.98.0.2, 10.98.0.2"), "{}", guessing["sub"]);

    let login = run.notice("Login_By_Password_Guesser");
    let logged_in = run.rows("ssh").into_iter().find(|row| row["auth_success"] == "T").expect("a login");
    assert_eq!((&login["uid"], &login["id.orig_p"]), (&logged_in["uid"], &logged_in["id.orig_p"]));
}

#[test]
fn few_failures_and_those_that_are_ignored_are_no_guesses() {
    assert_eq!(brute_force(&[]).notices(), [], "30 are wanted, and there are 12");
    let ignored = "SSH::ignore_guessers={ [10.98.0.0/24] = 10.98.0.2/32 }";
    assert_eq!(brute_force(&[LIMIT, ignored]).notices(), []);
    let elsewhere = "SSH::ignore_guessers={ [10.98.0.0/24] = 10.98.0.3/32 }";
    assert_eq!(brute_force(&[LIMIT, elsewhere]).notices().len(), 2);
}

/// Indicators that were seen, and where.
fn intel(script: &str, indicator: &str, kind: &str) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    let indicators = folder.path().join("indicators");
    let text = format!("#fields\tindicator\tindicator_type\tmeta.source\n{indicator}\t{kind}\tnest\n");
    std::fs::write(&indicators, text).expect("indicators");
    let read = format!("Intel::read_files={{ \"{}\" }}", indicators.display());
    let seen = detect(script, GUESSES, &[&read]).rows("intel");
    seen.iter().map(|row| (row["seen.indicator"].clone(), row["seen.where"].clone())).collect()
}

#[test]
fn the_address_of_who_logs_in_is_looked_for() {
    let seen = intel("../protocols/ssh/detect-bruteforcing", "10.98.0.61", "Intel::ADDR");
    let login = ("10.98.0.61".to_owned(), "SSH::SUCCESSFUL_LOGIN".to_owned());
    assert_eq!(seen, [login], "failed logins are none");
}

#[test]
fn the_keys_of_servers_are_looked_for() {
    let key = detect("../protocols/ssh/geo-data", GUESSES, &[]).rows("ssh")[0]["host_key"].clone();
    let seen = intel("../frameworks/intel/seen", &key, "Intel::PUBKEY_HASH");
    assert_eq!(seen.len(), 15, "each connection");
    assert!(
        seen.iter().all(|(what, place)| (&what[..], &place[..]) == (&key[..], "SSH::IN_SERVER_HOST_KEY"))
    );
}

#[test]
fn names_that_nobody_should_log_in_to_are_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let capture = format!("{}/../pcaps/{GUESSES}.pcap", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    // Nobody is asked; a name stands in for the answer.
    command.current_dir(folder.path()).env("ZEEK_DNS_FAKE", "1").args(["--quiet", "-r", &capture]);
    command.args([
        "policy/protocols/ssh/interesting-hostnames",
        "SSH::interesting_hostnames=/result_10.98.0.2$/",
    ]);
    let output = command.output().expect("nightjar runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let found = Run::of(folder.path(), output.stdout).rows("notice");
    let said: Vec<_> = found.iter().map(|row| (&row["note"][..], &row["msg"][..])).collect();
    let notice = (
        "SSH::Interesting_Hostname_Login",
        "Possible SSH login involving a local server with an interesting hostname.",
    );
    assert_eq!(said, [notice, notice], "each login");
}

#[test]
fn places_have_columns_though_nobody_knows_them() {
    let run = detect("../protocols/ssh/geo-data", GUESSES, &["Site::local_nets={}"]);
    let rows = run.rows("ssh");
    assert_eq!(rows.len(), 15);
    for part in ["country_code", "region", "city", "latitude", "longitude"] {
        assert!(rows.iter().all(|row| row[&format!("remote_location.{part}")] == "-"));
    }
}

#[test]
fn fingerprints_are_those_of_the_package() {
    let run = detect("../protocols/ssh/hassh", GUESSES, &[]);
    let kex = "curve25519-sha256,ext-info-c,kex-strict-c-v00@openssh.com";
    for row in run.rows("ssh") {
        let want = [
            ("hasshVersion", "1.1"),
            ("hassh", "d6bd53d769cfde0c90a5e41cb9ff93df"),
            ("hasshServer", "62aa3bf7f016e3b715ea581e3eae02cf"),
            ("cshka", "ssh-ed25519"),
            ("sshka", "ssh-ed25519"),
            ("hasshAlgorithms", &format!("{kex};aes128-ctr;hmac-sha2-256;none,zlib@openssh.com,zlib")),
        ];
        for (column, want) in want {
            assert_eq!(row[column], want, "{column}");
        }
        assert!(row["hasshServerAlgorithms"].starts_with("curve25519-sha256,kex-strict-s-v00@openssh.com;"));
    }
    let plain = detect("../protocols/ssh/geo-data", GUESSES, &[]);
    assert!(!plain.rows("ssh")[0].contains_key("hassh"), "only who asks for them has them");
}

/// Encrypted packets told of, by a script.
fn encrypted(args: &[&str]) -> usize {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("count.zeek");
    std::fs::write(
        &script,
        "event ssh_encrypted_packet(c: connection, orig: bool, len: count) { print len; }",
    )
    .expect("a script");
    let script = script.to_str().expect("a path").to_owned();
    let run = detect("../protocols/ssh/hassh", "ssh", &[&[script.as_str()], args].concat());
    run.printed.lines().count()
}

#[test]
fn options_say_what_is_looked_at_and_what_sizes_tell() {
    let (stops, goes_on) = (encrypted(&[]), encrypted(&["SSH::disable_analyzer_after_detection=F"]));
    assert!(stops > 50 && goes_on > stops + 50, "{stops} and {goes_on}");

    let rows = |args: &[&str]| detect("../protocols/ssh/hassh", "ssh", args).rows("ssh");
    let known = |args: &[&str]| {
        let compressed = rows(args).into_iter().find(|row| row["compression_alg"] == "zlib@openssh.com");
        compressed.expect("a connection that is compressed")["auth_success"].clone()
    };
    assert_eq!((known(&[]), known(&["SSH::compression_algorithms={}"])), ("-".to_owned(), "T".to_owned()));
    let hidden = rows(&["SSH::compression_algorithms={\"none\"}"]);
    assert_eq!(hidden.iter().filter(|row| row["auth_success"] != "-").count(), 1, "the compressed one");
}
