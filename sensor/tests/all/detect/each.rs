//! Each detection over a capture made for it: what it raises, at which packet, and what it leaves alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::build::Capture;

pub type Row = BTreeMap<String, String>;

/// What a run wrote: the logs as text, and standard output.
#[derive(PartialEq, Debug)]
pub struct Run {
    pub logs: BTreeMap<String, String>,
    pub printed: String,
}

impl Run {
    /// What a run in this folder wrote.
    pub fn of(folder: &Path, printed: Vec<u8>) -> Run {
        Run { logs: logs(folder), printed: String::from_utf8(printed).expect("text") }
    }

    /// The rows of a log by column; none where there is no such log.
    pub fn rows(&self, log: &str) -> Vec<Row> {
        let Some(text) = self.logs.get(log) else { return Vec::new() };
        let fields = text.lines().find_map(|line| line.strip_prefix("#fields\t")).expect("a line of fields");
        let row = |line: &str| {
            fields.split('\t').map(str::to_owned).zip(line.split('\t').map(str::to_owned)).collect()
        };
        text.lines().filter(|line| !line.starts_with('#')).map(row).collect()
    }

    /// Note (without its module), source and number of each notice.
    pub fn notices(&self) -> Vec<(String, String, String)> {
        let short = |note: &str| note.rsplit("::").next().expect("a name").to_owned();
        self.rows("notice")
            .iter()
            .map(|row| (short(&row["note"]), row["src"].clone(), row["n"].clone()))
            .collect()
    }

    /// The notice of this kind, which must be the only one.
    pub fn notice(&self, note: &str) -> Row {
        let mut found = self.rows("notice");
        found.retain(|row| row["note"].ends_with(&format!("::{note}")));
        assert_eq!(found.len(), 1, "{note}: {:?}", self.notices());
        found.remove(0)
    }

    /// The time of the packet with the reply to a request: its body begins there.
    fn replied(&self, request: &Row) -> String {
        let files = self.rows("files");
        let file = files.iter().find(|file| file["fuid"] == request["resp_fuids"]).expect("a body");
        file["ts"].clone()
    }
}

fn run(capture: &str, workers: &str, args: &[&str]) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    let capture = format!("{}/../pcaps/{capture}.pcap", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    command.current_dir(folder.path()).args(["--quiet", "--workers", workers, "-r", &capture]).args(args);
    let output = command.output().expect("nightjar runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    Run::of(folder.path(), output.stdout)
}

fn logs(folder: &Path) -> BTreeMap<String, String> {
    let log = |path: std::path::PathBuf| {
        let name = path.file_stem()?.to_str()?.to_owned();
        matches!(path.extension()?.to_str()?, "log" | "list")
            .then(|| (name, std::fs::read_to_string(&path).expect("a log")))
    };
    std::fs::read_dir(folder)
        .expect("a folder")
        .filter_map(|entry| log(entry.expect("an entry").path()))
        .collect()
}

/// Runs one detection over a capture, with one worker and with four, which must write the same.
pub fn detect(detection: &str, capture: &str, args: &[&str]) -> Run {
    let script = match detection.strip_prefix("../") {
        Some(other) => format!("policy/{other}"),
        None => format!("policy/detect/{detection}"),
    };
    let script = script.trim_end_matches('/');
    let args = [&[script], args].concat();
    let one = run(capture, "1", &args);
    assert_eq!(one, run(capture, "4", &args), "{detection}, {capture}: 1 and 4 workers differ");
    one
}

/// Runs what cuts logs, which no detection does.
fn tune(capture: &str, args: &[&str]) -> Run {
    detect("../tuning/noise", capture, args)
}

pub fn expect(run: &Run, want: &[(&str, &str, &str)]) {
    let got = run.notices();
    let got: Vec<_> = got.iter().map(|(note, src, n)| (note.as_str(), src.as_str(), n.as_str())).collect();
    assert_eq!(got, want);
}

/// The requests of a client that were answered with one of these codes.
fn answered(run: &Run, client: &str, codes: &[&str]) -> Vec<Row> {
    let mut rows = run.rows("http");
    rows.retain(|row| row["id.orig_h"] == client && codes.contains(&row["status_code"].as_str()));
    rows
}

const CAPTURES: [&str; 6] =
    ["detect-errors", "detect-auth", "detect-proxy", "detect-floods", "detect-methods", "detect-size"];

#[test]
fn errors_are_counted_by_client_and_server() {
    let low = ["HTTPErrors::threshold=20", "HTTPErrors::fault_threshold=5"];
    let got = detect("http-errors", "detect-errors", &low);
    expect(
        &got,
        &[
            ("Client_Errors", "10.98.0.1", "20"),
            ("Server_Errors", "10.98.0.2", "20"),
            ("Client_Server_Faults", "10.98.0.1", "5"),
            ("Server_Faults", "10.98.0.2", "5"),
        ],
    );
    // The packets that cross are the twentieth error and the fifth fault.
    let errors = answered(&got, "10.98.0.1", &["404", "500"]);
    assert_eq!(errors.len(), 30);
    let faults = answered(&got, "10.98.0.1", &["500"]);
    for (note, reply) in [
        ("Client_Errors", &errors[19]),
        ("Server_Errors", &errors[19]),
        ("Client_Server_Faults", &faults[4]),
        ("Server_Faults", &faults[4]),
    ] {
        assert_eq!(got.notice(note)["ts"], got.replied(reply), "{note}");
    }
    let notice = got.notice("Client_Errors");
    assert_eq!(notice["msg"], "Client 10.98.0.1 with many HTTP errors");
    assert_eq!(notice["sub"], format!("20 errors in 15m0s, the last for {}", errors[19]["uri"]));
    let ends = ["uid", "id.orig_p", "dst", "p"].map(|name| &notice[name]);
    assert_eq!(ends, ["uid", "id.orig_p", "id.resp_h", "id.resp_p"].map(|name| &errors[19][name]));
    assert_eq!(got.notice("Server_Faults")["msg"], "Server 10.98.0.2 with many server errors");
    for row in got.rows("http") {
        let tags = if row["status_code"] == "200" { "(empty)" } else { "HTTPErrors::HTTP_ERROR" };
        assert_eq!(row["tags"], tags, "{}", row["uri"]);
    }
}

#[test]
fn errors_below_the_threshold_or_ignored_are_no_notice() {
    let quiet = |args: &[&str]| expect(&detect("http-errors", "detect-errors", args), &[]);
    quiet(&["HTTPErrors::threshold=35", "HTTPErrors::fault_threshold=7"]);
    quiet(&[
        "HTTPErrors::threshold=2",
        "HTTPErrors::fault_threshold=2",
        "HTTPErrors::ignore_servers={10.98.0.0/24}",
    ]);
    quiet(&["HTTPErrors::threshold=2", "-e", "redef HTTPErrors::ignore_hosts = /10\\.98\\.0\\.2/;"]);
    // Without the client all that is left is monitoring and one mistake, and without monitoring only that.
    let others = ["HTTPErrors::threshold=3", "HTTPErrors::ignore_clients={10.98.0.1/32}"];
    expect(
        &detect("http-errors", "detect-errors", &others),
        &[("Server_Errors", "10.98.0.2", "3"), ("Client_Errors", "10.98.0.12", "3")],
    );
    quiet(&[&others[..], &["-e", "redef HTTPErrors::ignore_user_agents = /check_http/;"]].concat());
    // An address with a threshold of its own.
    let own =
        ["HTTPErrors::threshold=20", "-e", "redef HTTPErrors::thresholds += { [10.98.0.2/32] = 32.0 };"];
    expect(
        &detect("http-errors", "detect-errors", &own),
        &[("Client_Errors", "10.98.0.1", "20"), ("Server_Errors", "10.98.0.2", "32")],
    );
}

#[test]
fn the_end_of_an_epoch_names_who_had_most_errors() {
    let top = ["HTTPErrors::report_clients_above=2", "HTTPErrors::report_servers_above=33"];
    let got = detect("http-errors", "detect-errors", &top);
    expect(
        &got,
        &[
            ("Excessive_HTTP_Errors_Attacker", "10.98.0.1", "30"),
            ("Excessive_HTTP_Errors_Attacker", "10.98.0.12", "3"),
            ("Excessive_HTTP_Errors_Victim", "10.98.0.2", "34"),
        ],
    );
    assert_eq!(got.notice("Excessive_HTTP_Errors_Victim")["sub"], "34 in 15m0s, eps: 0");
    expect(&detect("http-errors", "detect-errors", &["HTTPErrors::report_clients_above=30"]), &[]);
}

#[test]
fn guessing_a_password_is_seen_and_so_is_the_guess_that_fits() {
    let got = detect("http-auth", "detect-auth", &[]);
    expect(
        &got,
        &[
            ("HTTP_AuthBruteforcing_Attacker", "10.98.0.1", "10"),
            ("HTTP_AuthBruteforcing_Victim", "10.98.0.2", "10"),
            ("HTTP_AuthBruteforcing_Success", "10.98.0.1", "-"),
            // One more address of the block, once.
            ("HTTP_AuthBruteforcing_Block", "10.98.0.0", "13"),
            ("HTTP_AuthBruteforcing_User", "10.98.0.29", "10"),
            ("HTTP_AuthBruteforcing_Success", "10.98.0.31", "-"),
        ],
    );
    let failed = answered(&got, "10.98.0.1", &["401"]);
    assert_eq!(failed.len(), 12);
    for note in ["HTTP_AuthBruteforcing_Attacker", "HTTP_AuthBruteforcing_Victim"] {
        assert_eq!(got.notice(note)["ts"], got.replied(&failed[9]), "{note}");
        let notice = got.notice(note);
        assert_eq!(
            notice["sub"],
            "10 auth failed in 2.0 mins; users: heron; at: 10.98.0.2 10.98.0.2/private/"
        );
        let ends = ["uid", "id.orig_p", "dst", "p"].map(|name| &notice[name]);
        let crossed = ["uid", "id.orig_p", "id.resp_h", "id.resp_p"].map(|name| &failed[9][name]);
        assert_eq!(ends, crossed);
    }
    let fits = &answered(&got, "10.98.0.1", &["200"])[0];
    let mut all = got.rows("notice");
    all.retain(|row| row["note"].ends_with("::HTTP_AuthBruteforcing_Success"));
    let success = &all[0];
    assert_eq!((&success["ts"], &success["uid"]), (&got.replied(fits), &fits["uid"]));
    assert_eq!(success["msg"], "10.98.0.1 logged in as heron after guessing passwords");
    // The first client is one of the ten, so the ninth of the others crosses.
    let user = got.notice("HTTP_AuthBruteforcing_User");
    assert_eq!(user["ts"], got.replied(&answered(&got, "10.98.0.29", &["401"])[0]));
    assert_eq!(user["msg"], "10 clients guess the password of user heron at 10.98.0.2");
    assert_eq!(user["dst"], "10.98.0.2");
    for row in got.rows("http") {
        let tag = if row["status_code"] == "401" { "HTTP_AUTH_ERROR" } else { "HTTP_AUTH_SUCCESS" };
        assert_eq!(row["tags"], format!("AuthBruteforcing::{tag}"));
    }
}

#[test]
fn few_wrong_passwords_are_no_guessing() {
    let few = [
        "AuthBruteforcing::threshold=24",
        "AuthBruteforcing::block_threshold=24",
        "AuthBruteforcing::user_threshold=13",
    ];
    expect(&detect("http-auth", "detect-auth", &few), &[]);
    let own = ["AuthBruteforcing::ignore_clients={10.98.0.0/24}"];
    expect(&detect("http-auth", "detect-auth", &own), &[]);
    let server = ["AuthBruteforcing::ignore_servers={10.98.0.2/32}"];
    expect(&detect("http-auth", "detect-auth", &server), &[]);
}

#[test]
fn a_proxy_of_ours_is_believed_and_nobody_else() {
    let ours = ["-e", "redef RealClient::proxies += { 10.98.0.1 };"];
    let got = detect("real-client", "detect-proxy", &ours);
    let column = |run: &Run, name: &str| -> Vec<String> {
        run.rows("http").iter().map(|row| row[name].clone()).collect()
    };
    // The value that is no address, and the forged one from who is no proxy, are the last two. Whose proxy sets
    // X-Cluster-Client-IP has to say so: else the header that proxies append to is believed.
    let (real, forged) = ("192.0.2.7", "198.51.100.66");
    assert_eq!(column(&got, "cluster_client_ip"), [real, real, forged, real, real, "-", "-"]);
    let cluster = "RealClient::proxy_headers={[10.98.0.1/32]=\"X-Cluster-Client-IP\"}";
    let told = detect("real-client", "detect-proxy", &[cluster]);
    assert_eq!(column(&told, "cluster_client_ip"), ["-", "-", real, real, "-", "-", "-"]);
    assert!(told.rows("weird").is_empty());
    let nests = ["nest-1", "nest-1", "nest-1", "nest-2", "-", "nest-1", "nest-1"];
    assert_eq!(column(&got, "backend_server"), nests);
    let redirects = ["-", "-", "-", "http://10.98.0.2/nest", "-", "-", "-"];
    assert_eq!(column(&got, "redirect_dst"), redirects);
    let weirds = got.rows("weird");
    let rows = got.rows("http");
    let (dispute, junk) = (&weirds[0], &weirds[1]);
    assert_eq!((&dispute["name"][..], &dispute["uid"]), ("client_headers_disagree", &rows[2]["uid"]));
    assert_eq!(dispute["addl"], "X-CLUSTER-CLIENT-IP: 192.0.2.7, X-FORWARDED-FOR: 198.51.100.66");
    assert_eq!((&junk["ts"], &junk["uid"]), (&rows[5]["ts"], &rows[5]["uid"]));
    assert_eq!(junk["name"], "client_header_without_address");
    assert_eq!(junk["addl"], "X-FORWARDED-FOR: no-address");
    assert_eq!(weirds.len(), 2);

    let none = detect("real-client", "detect-proxy", &[]);
    assert!(column(&none, "cluster_client_ip").iter().all(|client| client == "-"));
    assert_eq!(column(&none, "backend_server"), nests);
    assert!(none.rows("weird").is_empty());

    // A PUT that made a file is answered with where it is.
    let made = detect("real-client", "http", &[]);
    let redirects: Vec<Row> =
        made.rows("http").into_iter().filter(|row| row["redirect_dst"] != "-").collect();
    assert!(!redirects.is_empty() && redirects.iter().all(|row| row["status_code"] == "301"));

    // The other detections go by the real client.
    let first =
        |args: &[&str]| detect("http-errors", "detect-proxy", args).notice("Client_Errors")["src"].clone();
    assert_eq!(first(&["HTTPErrors::threshold=1"]), "10.98.0.1");
    assert_eq!(first(&["HTTPErrors::threshold=1", ours[0], ours[1]]), real);
}

/// With the capture's client as a proxy of ours.
const FORWARDED: [&str; 2] = ["detect-forwarded", "RealClient::proxies={10.98.0.1/32}"];

#[test]
fn headers_that_name_the_client_are_read_in_their_order() {
    let [capture, ours] = FORWARDED;
    let clients = |args: &[&str]| -> Vec<String> {
        let got = detect("real-client", capture, &[&[ours], args].concat());
        got.rows("http").iter().take(11).map(|row| row["cluster_client_ip"].clone()).collect()
    };
    let usual = [
        // Quoted, in brackets, with a port; the last of a list; no address; and none at all, so the next header.
        "2001:db8:1::17",
        "198.51.100.17",
        "-",
        "192.0.2.14",
        // Of two lines the one that the proxy added, of a list what is behind the proxy, and of lines, too.
        "192.0.2.8",
        "192.0.2.9",
        "192.0.2.9",
        // Of headers that contradict each other that which proxies append to, also where another comes later.
        "192.0.2.10",
        "2001:db8:1::12",
        "-",
        "192.0.2.13",
    ];
    assert_eq!(clients(&[]), usual);
    let own = "redef RealClient::headers = vector(\"cf-connecting-ip\", \"X-Real-IP\");";
    let none = "-";
    assert_eq!(
        clients(&["-e", own]),
        [none, none, none, "192.0.2.14", none, none, none, none, "192.0.2.11", "192.0.2.15", "192.0.2.13"]
    );
    let weirds = detect("real-client", capture, &[ours]).rows("weird");
    let addl: Vec<&str> = weirds.iter().map(|row| row["addl"].as_str()).collect();
    let disputes = [
        "X-FORWARDED-FOR: 192.0.2.10, X-CLUSTER-CLIENT-IP: unknown",
        "X-REAL-IP: 192.0.2.11, X-FORWARDED-FOR: 2001:db8:1::12",
    ];
    assert_eq!(addl, [&["FORWARDED: _hidden"], &disputes[..]].concat());
    let ours = "RealClient::proxy_headers={[10.98.0.0/16]=\"\",[10.98.0.0/24]=\"X-Real-IP\"}";
    let told = detect("real-client", capture, &[ours]).rows("http");
    let told: Vec<&str> = told.iter().take(11).map(|row| row["cluster_client_ip"].as_str()).collect();
    assert_eq!(
        told,
        [none, none, none, "192.0.2.14", none, none, none, none, "192.0.2.11", none, "192.0.2.13"]
    );
}

#[test]
fn floods_of_clients_behind_a_proxy() {
    let [capture, ours] = FORWARDED;
    let low = [ours, "HTTPFloods::threshold=8", "HTTPFloods::block_threshold=6"];
    let got = detect("http-floods", capture, &low);
    let want = [
        ("Block_Flood", "192.0.2.0", "6"),
        ("Block_Flood", "2001:db8:2::", "6"),
        ("Client_Flood", "192.0.2.16", "8"),
    ];
    expect(&got, &want);
    let messages: Vec<String> = got.rows("notice").iter().map(|row| row["msg"].clone()).collect();
    assert_eq!(messages[1], "Addresses of 2001:db8:2::/48 flood with GET requests");
    assert_eq!(messages[2], "192.0.2.16 floods with POST requests");
    let ignored = "redef HTTPFloods::ignore_clients += { 192.0.2.0/24, [2001:db8::]/32 };";
    expect(&detect("http-floods", capture, &[&low[..], &["-e", ignored]].concat()), &[]);
    expect(
        &detect("http-floods", capture, &[&low[..], &["HTTPFloods::ignore_clients={10.98.0.1/32}"]].concat()),
        &[],
    );
}

#[test]
fn errors_of_a_referrer_are_ignored() {
    let [capture, ours] = FORWARDED;
    let low = [ours, "HTTPErrors::threshold=3", "HTTPErrors::thresholds={[10.98.0.0/24]=9}"];
    expect(&detect("http-errors", capture, &low), &[("Client_Errors", "192.0.2.13", "3")]);
    let ignored = ["HTTPErrors::ignore_referrers=/nightjar\\.test\\/old/"];
    expect(&detect("http-errors", capture, &[&low[..], &ignored].concat()), &[]);
}

#[test]
fn floods_come_of_one_client_or_of_a_block() {
    let low = ["HTTPFloods::threshold=40", "HTTPFloods::block_threshold=45"];
    let got = detect("http-floods", "detect-floods", &low);
    expect(&got, &[("Client_Flood", "10.98.0.1", "40"), ("Block_Flood", "10.98.0.0", "45")]);
    let rows = got.rows("http");
    assert_eq!(got.notice("Client_Flood")["ts"], rows[39]["ts"]);
    assert_eq!(got.notice("Block_Flood")["ts"], rows[44]["ts"]);
    assert_eq!(got.notice("Client_Flood")["msg"], "10.98.0.1 floods with GET requests");
    assert_eq!(got.notice("Block_Flood")["msg"], "Addresses of 10.98.0.0/24 flood with GET requests");
    // A block takes two.
    let early = detect("http-floods", "detect-floods", &["HTTPFloods::block_threshold=30"]);
    expect(&early, &[("Block_Flood", "10.98.0.0", "41")]);

    let high = ["HTTPFloods::threshold=41", "HTTPFloods::block_threshold=51"];
    expect(&detect("http-floods", "detect-floods", &high), &[]);
    let others = ["HTTPFloods::threshold=2", "-e", "redef HTTPFloods::methods = set(\"POST\");"];
    expect(&detect("http-floods", "detect-floods", &others), &[]);
}

#[test]
fn unusual_methods_and_privileged_users() {
    let got = detect("http-methods", "detect-methods", &["HTTPMethods::notice_failures=T"]);
    let client = "10.98.0.1";
    expect(
        &got,
        &[
            ("Interesting_HTTP_Method_Success", client, "-"),
            ("Interesting_HTTP_Method_Fail", client, "-"),
            ("Privileged_Basic_Auth", client, "-"),
        ],
    );
    let rows = got.rows("http");
    let tags: Vec<&str> = rows.iter().map(|row| row["tags"].as_str()).collect();
    let (ok, fail) = ("HTTPMethods::HTTP_BAD_METHOD_OK", "HTTPMethods::HTTP_BAD_METHOD_FAIL");
    assert_eq!(tags, [ok, fail, fail, "(empty)", "(empty)", "(empty)"]);
    let success = got.notice("Interesting_HTTP_Method_Success");
    assert_eq!(success["msg"], "10.98.0.1 successfully used method DELETE on 10.98.0.2 host 10.98.0.2");
    assert_eq!((&success["uid"], &success["sub"][..]), (&rows[0]["uid"], "/upload/nestling.txt"));
    let failure = got.notice("Interesting_HTTP_Method_Fail");
    assert_eq!((&failure["uid"], &failure["ts"]), (&rows[1]["uid"], &got.replied(&rows[1])));
    let privileged = got.notice("Privileged_Basic_Auth");
    // The password is in the request.
    assert_eq!((&privileged["uid"], &privileged["ts"]), (&rows[3]["uid"], &rows[3]["ts"]));
    assert_eq!(privileged["msg"], "Basic authentication of admin in clear text");

    let usual = detect("http-methods", "detect-methods", &[]);
    expect(
        &usual,
        &[("Interesting_HTTP_Method_Success", client, "-"), ("Privileged_Basic_Auth", client, "-")],
    );
    let allowed = "redef HTTPMethods::allowed += { [10.98.0.2, \"DELETE\"] = set(10.98.0.0/24) };
        redef HTTPMethods::privileged_users = /^root$/;";
    expect(&detect("http-methods", "detect-methods", &["-e", allowed]), &[]);
}

#[test]
fn a_big_connection_is_told_of_at_every_doubling() {
    let got = detect("conn-size", "detect-size", &["-e", "redef ConnAnomaly::size = 50000;"]);
    let notices = got.rows("notice");
    assert_eq!(notices.len(), 3, "{:?}", got.notices());
    let conn = &got.rows("conn")[1];
    let number = |text: &str| -> f64 { text.parse().expect("a number") };
    let start = number(&conn["ts"]);
    let mut before = start;
    for (notice, limit) in notices.iter().zip([50_000.0, 100_000.0, 200_000.0]) {
        assert_eq!((&notice["uid"], &notice["note"][..]), (&conn["uid"], "ConnAnomaly::ConnBig"));
        // A packet of 1500 bytes at most took it over the limit.
        let received = notice["sub"].split(' ').nth(3).expect("a number");
        assert!((limit..limit + 1500.0).contains(&number(received)), "{received}");
        let at = number(&notice["ts"]);
        assert!(at > before && at <= start + number(&conn["duration"]) + 1e-6, "{at}");
        before = at;
    }
    expect(&detect("conn-size", "detect-size", &["-e", "redef ConnAnomaly::size = 210000;"]), &[]);
    let allowed = "redef ConnAnomaly::size = 50000; redef ConnAnomaly::allowed += { 10.98.0.2/32 };";
    expect(&detect("conn-size", "detect-size", &["-e", allowed]), &[]);
}

/// Where monitoring asks from.
const MONITORS: &str = "Noise::monitors={10.98.0.12/32}";

/// Log, rule, action and number of what noise.log tells.
fn noise(run: &Run) -> Vec<String> {
    let tell = |row: &Row| format!("{} {} {} {}", row["log"], row["rule"], row["action"], row["rows"]);
    let mut told: Vec<String> = run.rows("noise").iter().map(tell).collect();
    told.sort();
    told
}

#[test]
fn noise_goes_elsewhere_and_is_counted() {
    let got = tune("detect-errors", &[MONITORS]);
    assert_eq!((got.rows("http").len(), got.rows("http-noise").len()), (35, 4));
    assert!(got.rows("http-noise").iter().all(|row| row["user_agent"].starts_with("check_http")));
    assert_eq!(noise(&got), ["http user_agent http-noise 4"]);
    assert_eq!(got.rows("conn").len(), 39);

    // Whoever calls itself like monitoring, but is none of ours, is not hidden.
    let got = tune("detect-errors", &["Noise::monitors={10.98.0.13/32}"]);
    assert_eq!((got.rows("http").len(), got.rows("http-noise").len()), (39, 0));

    let plain = run("dns", "1", &[]);
    let domains = ["-e", "redef Noise::domains = /nightjar\\.test$/;"];
    let got = tune("dns", &domains);
    let (all, aside) = (plain.rows("dns").len(), got.rows("dns-noise").len());
    assert!(aside > 0 && got.rows("dns").len() + aside == all);
    assert!(got.rows("dns-noise").iter().all(|row| row["query"].ends_with("nightjar.test")));
    let dropped = plain.rows("conn").len() - got.rows("conn").len();
    let told: usize = got
        .rows("noise")
        .iter()
        .filter(|row| row["log"] == "conn")
        .map(|row| row["rows"].parse::<usize>().unwrap())
        .sum();
    assert_eq!(told, dropped);
    assert!(noise(&got).contains(&format!("dns domain dns-noise {aside}")));
}

#[test]
fn connections_of_listed_addresses_are_not_logged() {
    let list = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(list.path(), "# Our monitoring.\n\n10.98.0.11 # the old one\n198.51.100.0/24\n")
        .expect("a list");
    let file = format!("redef Noise::address_file = \"{}\";", list.path().display());
    let got = tune("detect-errors", &[MONITORS, "-e", &file]);
    assert_eq!(noise(&got), ["conn address dropped 5", "http user_agent http-noise 4"]);
    assert!(
        got.rows("conn").len() == 34 && got.rows("conn").iter().all(|row| row["id.orig_h"] != "10.98.0.11")
    );
}

#[test]
fn filters_that_others_changed_are_kept() {
    let changed = "event zeek_init()
        {
        local filter = Log::get_filter(HTTP::LOG, \"default\");
        filter$exclude = set(\"user_agent\");
        Log::add_filter(HTTP::LOG, filter);
        Log::remove_default_filter(DNS::LOG);
        }";
    let got = tune("detect-errors", &[MONITORS, "-e", changed]);
    assert_eq!((got.rows("http").len(), got.rows("http-noise").len()), (35, 4));
    assert!(got.rows("http").iter().all(|row| !row.contains_key("user_agent")));
    assert!(tune("dns", &["-e", changed]).rows("dns").is_empty());
}

#[test]
fn the_sensor_says_that_it_lives() {
    // The clock of scripts goes on with their events, of which the other detections have some.
    let args = ["policy/detect/http-errors", "-e", "redef Alive::every = 100msec;"];
    let got = detect("liveness", "detect-errors", &args);
    let told = got.rows("notice");
    assert!(told.len() >= 2, "{:?}", got.notices());
    for notice in &told {
        assert_eq!(
            (&notice["note"][..], &notice["msg"][..]),
            ("Alive::Sensor_Is_Watching", "The sensor is watching")
        );
    }
}

#[test]
fn mistakes_in_options_are_told_of_plainly() {
    for (words, told) in [
        (
            "HTTPErrors::treshold=5",
            "error in <params>, line 1: \"redef\" used but not previously defined (HTTPErrors::treshold); \
             did you mean HTTPErrors::threshold?",
        ),
        (
            "HTTPErrors::ignore_clients=10.98.0.1",
            "error in <params>, line 1: type clash in assignment (HTTPErrors::ignore_clients = 10.98.0.1); \
             its type is set[subnet]",
        ),
        (
            "policy/detect/http-error",
            "fatal error: can't find policy/detect/http-error; did you mean detect/http-errors?",
        ),
        ("policy/detct", "fatal error: can't find policy/detct; did you mean detect?"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_nightjar"))
            .args(["check", "policy/detect", words])
            .output()
            .expect("nightjar runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        // Where it is follows, if it has a place.
        assert_eq!((errors.lines().next(), output.status.code()), (Some(told), Some(1)));
    }
}

#[test]
fn all_together_are_silent_over_ordinary_traffic() {
    for capture in
        ["http", "http-files", "http-odd", "http-proxy", "dns", "tcp", "ipv6"].iter().chain(&CAPTURES)
    {
        let got = detect("", capture, &[]);
        let mut notes: Vec<String> = got.notices().into_iter().map(|(note, ..)| note).collect();
        notes.sort();
        notes.dedup();
        let want: &[&str] = match *capture {
            "detect-auth" => &[
                "HTTP_AuthBruteforcing_Attacker",
                "HTTP_AuthBruteforcing_Block",
                "HTTP_AuthBruteforcing_Success",
                "HTTP_AuthBruteforcing_User",
                "HTTP_AuthBruteforcing_Victim",
            ],
            "detect-methods" => &["Interesting_HTTP_Method_Success", "Privileged_Basic_Auth"],
            // A DELETE and a CONNECT that succeed are there.
            "http" | "http-proxy" => &["Interesting_HTTP_Method_Success"],
            _ => &[],
        };
        assert_eq!(notes, want, "{capture}");
    }
}

#[test]
fn a_crossing_is_explained() {
    let args = ["HTTPErrors::threshold=20", "--explain", "10.98.0.1"];
    let got = detect("http-errors", "detect-errors", &args);
    let crossed = format!("crossed: 20 at {}", got.notice("Client_Errors")["ts"]);
    let (_, client) = got.printed.split_once("http.errors.client\n").expect("the client's counts");
    assert!(client.contains("observed: 30 times") && client.contains(&crossed), "{}", got.printed);
    let (_, faults) = got.printed.split_once("http.faults.client\n").expect("the client's faults");
    assert!(faults.contains("observed: 6 times") && faults.contains("crossed: never"), "{}", got.printed);
}

#[test]
fn a_crossing_whose_notice_was_suppressed_is_explained() {
    let mut capture = Capture::default();
    for at in [1.0, 1.1, 1.2, 60.0, 60.1, 60.2] {
        capture.ask(
            at,
            "192.0.2.7",
            "GET /missing HTTP/1.1\nHost: www.test",
            "HTTP/1.1 404 No\nContent-Length: 0",
        );
    }
    let args = ["HTTPErrors::threshold=3", "HTTPErrors::window=10sec", "--explain", "192.0.2.7"];
    let run = capture.detect("detect/http-errors", &args);
    expect(&run, &[("Client_Errors", "192.0.2.7", "3"), ("Server_Errors", "10.0.0.2", "3")]);
    let (_, client) = run.printed.split_once("http.errors.client\n").expect("the client's counts");
    let crossings: Vec<&str> = client.lines().filter(|line| line.contains("crossed: ")).take(2).collect();
    assert!(!crossings[0].contains("suppressed"), "{client}");
    assert!(
        crossings[1].ends_with("with 3; its notice was suppressed, as it had been told before"),
        "{client}"
    );
}

#[test]
fn each_key_is_explained_by_itself_and_blocks_by_their_names() {
    // GET, POST and others of one client are keys of their own.
    let told = detect("http-floods", "attacks", &["--explain", "10.98.0.1"]).printed;
    let get = told.split_once("http.flood.client, key 10.98.0.1 GET\n").expect("the GETs").1;
    let times: u64 = get
        .split_once("observed: ")
        .and_then(|(_, rest)| rest.split(' ').next()?.parse().ok())
        .expect("a number");
    assert!(get.contains(&format!("last value: {times} at ")), "{told}");
    let alone = detect("http-floods", "attacks", &["--explain", "10.98.0.1 GET"]).printed;
    assert!(alone.contains("http.flood.client, key 10.98.0.1 GET\n"), "{alone}");
    assert_eq!(alone.matches("observed: ").count(), 1, "{alone}");
    let block = detect("http-floods", "detect-floods", &["--explain", "10.98.0.0/24"]).printed;
    assert!(block.contains("http.flood.block, key 10.98.0.0 GET\n"), "{block}");
}

#[test]
fn a_prefix_that_is_too_long_is_one_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let capture = format!("{}/../pcaps/detect-floods.pcap", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    command.current_dir(folder.path()).args(["--quiet", "-r", &capture, "policy/detect/http-floods"]);
    let output = command.arg("HTTPFloods::block_v4=40").output().expect("nightjar runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.lines().count() == 1, "{errors}");
    assert!(errors.contains("HTTPFloods::block_v4: 40 bits are too many, 32 are taken"), "{errors}");
}
