//! The detections that ship, over a capture of attacks.

mod crossing;
pub mod each;
mod lasting;
mod logins;
mod slow;
mod traffic;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Thresholds that the capture's few requests reach.
const LOWERED: &[&str] = &[
    "HTTPErrors::threshold=20.0",
    "HTTPErrors::fault_threshold=5.0",
    "HTTPErrors::report_clients_above=20",
    "HTTPErrors::report_servers_above=20",
    "HTTPFloods::threshold=35.0",
    "HTTPFloods::block_threshold=90.0",
    "ConnAnomaly::size=50000",
    "RealClient::proxies={10.98.0.1/32}",
];

type Row = BTreeMap<String, String>;

/// Replays the capture of attacks with all detections.
fn replay(folder: &Path, workers: usize, words: &[&str]) -> String {
    let capture = format!("{}/../pcaps/attacks.pcap", env!("CARGO_MANIFEST_DIR"));
    let workers = workers.to_string();
    let run = Command::new(env!("CARGO_BIN_EXE_nightjar"))
        .current_dir(folder)
        .args(["-r", &capture, "--quiet", "--workers", &workers, "policy/detect"])
        .args(words)
        .output()
        .expect("nightjar runs");
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && errors.is_empty(), "{errors}");
    String::from_utf8(run.stdout).expect("text")
}

fn rows(folder: &Path, log: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(folder.join(format!("{log}.log"))).unwrap_or_default();
    let names = text.lines().find_map(|line| line.strip_prefix("#fields\t"));
    let names: Vec<&str> = names.map_or(Vec::new(), |names| names.split('\t').collect());
    let row = |line: &str| {
        let named = names.iter().zip(line.split('\t'));
        named.map(|(name, value)| ((*name).to_owned(), value.to_owned())).collect()
    };
    text.lines().filter(|line| !line.starts_with('#')).map(row).collect()
}

/// The time of the `nth` row of http.log that fits: when its request came.
fn nth(rows: &[Row], nth: usize, fits: impl Fn(&Row) -> bool) -> f64 {
    let row = rows.iter().filter(|row| fits(row)).nth(nth - 1).expect("so many rows");
    row["ts"].parse().expect("a time")
}

#[test]
fn attacks_are_found_at_the_packet_that_makes_them_one() {
    let folder = tempfile::tempdir().unwrap();
    replay(folder.path(), 1, LOWERED);
    let (notices, http) = (rows(folder.path(), "notice"), rows(folder.path(), "http"));
    let found: Vec<(&str, &str, &str)> =
        notices.iter().map(|row| (&row["note"][..], &row["src"][..], &row["n"][..])).collect();
    let expected = [
        ("HTTPErrors::Client_Errors", "10.98.0.1", "20"),
        ("HTTPErrors::Server_Errors", "10.98.0.2", "20"),
        ("HTTPFloods::Client_Flood", "10.98.0.1", "35"),
        ("HTTPErrors::Client_Server_Faults", "10.98.0.1", "5"),
        ("HTTPErrors::Server_Faults", "10.98.0.2", "5"),
        ("AuthBruteforcing::HTTP_AuthBruteforcing_Attacker", "10.98.0.11", "10"),
        ("AuthBruteforcing::HTTP_AuthBruteforcing_Victim", "10.98.0.2", "10"),
        ("AuthBruteforcing::HTTP_AuthBruteforcing_Success", "10.98.0.11", "-"),
        ("AuthBruteforcing::HTTP_AuthBruteforcing_Block", "10.98.0.0", "13"),
        ("AuthBruteforcing::HTTP_AuthBruteforcing_User", "10.98.0.21", "10"),
        ("HTTPMethods::Privileged_Basic_Auth", "10.98.0.1", "-"),
        ("HTTPFloods::Block_Flood", "10.98.0.0", "90"),
        ("HTTPMethods::Interesting_HTTP_Method_Success", "10.98.0.1", "-"),
        ("ConnAnomaly::ConnBig", "10.98.0.1", "-"),
        ("HTTPErrors::Excessive_HTTP_Errors_Attacker", "10.98.0.1", "39"),
        ("HTTPErrors::Excessive_HTTP_Errors_Victim", "10.98.0.2", "64"),
    ];
    assert_eq!(found, expected);

    // Behind the request that counts as the last one needed, and before the next.
    let at = |note: &str| -> f64 {
        let row = notices.iter().find(|row| row["note"].ends_with(note)).expect("a notice");
        row["ts"].parse().expect("a time")
    };
    let error = |row: &Row| row["tags"].contains("HTTP_ERROR") && row["id.orig_h"] == "10.98.0.1";
    let crossed = at("Client_Errors");
    assert!(nth(&http, 20, error) < crossed && crossed < nth(&http, 21, error));
    let failed = |row: &Row| row["tags"].contains("HTTP_AUTH_ERROR") && row["id.orig_h"] == "10.98.0.11";
    let crossed = at("Bruteforcing_Attacker");
    assert!(nth(&http, 10, failed) < crossed && crossed < nth(&http, 11, failed));
}

#[test]
fn rows_tell_what_was_noticed_and_who_the_client_is() {
    let folder = tempfile::tempdir().unwrap();
    replay(folder.path(), 1, LOWERED);
    let http = rows(folder.path(), "http");
    let with = |column: &str, value: &str| -> Vec<&Row> {
        http.iter().filter(|row| row[column].contains(value)).collect()
    };
    assert_eq!(with("tags", "HTTPErrors::HTTP_ERROR").len(), 64);
    assert_eq!(with("tags", "HTTP_AUTH_SUCCESS").len(), 1);
    assert_eq!(with("tags", "HTTP_BAD_METHOD_OK").len(), 1);
    assert_eq!(with("tags", "HTTP_BAD_METHOD_FAIL").len(), 1);
    // The last address that is no proxy's, of one header and of the other.
    assert_eq!(with("cluster_client_ip", "198.51.100.7").len(), 1);
    assert_eq!(with("cluster_client_ip", "2001:db8::7").len(), 1);
    assert_eq!(with("backend_server", "web7").len(), 1);
    assert_eq!(with("redirect_dst", "/index.html").len(), 1);
    let weirds = rows(folder.path(), "weird");
    let bad: Vec<&Row> = weirds.iter().filter(|row| row["name"] == "client_header_without_address").collect();
    assert!(bad.len() == 1 && bad[0]["addl"] == "X-CLUSTER-CLIENT-IP: unknown");

    // Whoever is no proxy of ours is not believed.
    let folder = tempfile::tempdir().unwrap();
    replay(folder.path(), 1, &[]);
    assert!(rows(folder.path(), "http").iter().all(|row| row["cluster_client_ip"] == "-"));
}

#[test]
fn usual_thresholds_are_not_reached_and_workers_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    replay(folder.path(), 1, &[]);
    let notices = rows(folder.path(), "notice");
    let counting = notices.iter().filter(|row| {
        ["HTTPErrors::Client", "HTTPFloods::", "ConnAnomaly::"]
            .iter()
            .any(|note| row["note"].starts_with(note))
    });
    assert_eq!(counting.count(), 0);

    let (one, four) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    replay(one.path(), 1, LOWERED);
    replay(four.path(), 4, LOWERED);
    let names = |folder: &Path| -> Vec<std::ffi::OsString> {
        let mut names: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(one.path()), names(four.path()));
    for name in names(one.path()) {
        let read = |folder: &Path| std::fs::read(folder.join(&name)).unwrap();
        assert!(read(one.path()) == read(four.path()), "{name:?} differs");
    }
}

#[test]
fn a_key_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let told = replay(folder.path(), 1, &[LOWERED, &["--explain", "10.98.0.11"]].concat());
    let attacker = told.split("http.auth_errors.attacker").nth(1).expect("the SumStat is told of");
    assert!(attacker.contains("observed: 12 times") && attacker.contains("crossed: 1"), "{told}");
    let errors = told.split("http.errors.client").nth(1).expect("the SumStat is told of");
    assert!(errors.contains("threshold: 20") && errors.contains("nearest miss: 12 of 20"), "{told}");
}
