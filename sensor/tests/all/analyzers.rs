//! What scripts do with analyzers, in captures of real programs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use crate::build::{Capture, Client, Server, rows};

/// What a script prints over a capture, and the services of conn.log.
fn run(folder: &Path, capture: &str, script: &str, more: &[&str]) -> (String, BTreeSet<String>) {
    let capture = format!("{}/../pcaps/{capture}", env!("CARGO_MANIFEST_DIR"));
    std::fs::write(folder.join("test.zeek"), script).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_nightjar"))
        .current_dir(folder)
        .args(["-r", &capture, "--quiet", "test.zeek"])
        .args(more)
        .output()
        .expect("nightjar runs");
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && errors.is_empty(), "{errors}");
    let conn = std::fs::read_to_string(folder.join("conn.log")).unwrap();
    let rows = conn.lines().filter(|line| !line.starts_with('#'));
    let services = rows.filter_map(|row| row.split('\t').nth(7)).map(str::to_owned).collect();
    (String::from_utf8(run.stdout).unwrap(), services)
}

#[test]
fn scripts_know_analyzers_and_their_ports() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
event zeek_init()
	{
	print Analyzer::name(Analyzer::ANALYZER_SSH), Analyzer::name(AllAnalyzers::ANALYZER_ANALYZER_SSH);
	print Analyzer::register_for_port(Analyzer::ANALYZER_SSH, 2200/tcp);
	print Analyzer::registered_ports(Analyzer::ANALYZER_SSH) == set(22/tcp, 2200/tcp);
	print 53/udp in Analyzer::all_registered_ports()[Analyzer::ANALYZER_DNS];
	print Analyzer::has_tag("DNS"), Analyzer::has_tag("NONE"), Analyzer::get_tag("DNS");
	print Analyzer::analyzer_to_bpf(Analyzer::ANALYZER_SSH);
	print "tcp port 22 or tcp port 2200" in Analyzer::get_bpf();
	}
"#;
    let (printed, services) = run(folder.path(), "ssh.pcap", script, &[]);
    let expected = "SSH, SSH\nT\nT\nT\nT, F, Analyzer::ANALYZER_DNS\ntcp port 22 or tcp port 2200\nT\n";
    assert_eq!(printed, expected);
    assert!(services.contains("ssh"), "{services:?}");
    assert!(!folder.path().join("config.log").exists(), "no option was set");
}

#[test]
fn tags_of_all_kinds_are_those_of_each_kind() {
    let script = r#"
redef Analyzer::requested_analyzers += { Analyzer::ANALYZER_SSH };
redef Analyzer::disabled_analyzers += { Files::ANALYZER_PE, AllAnalyzers::ANALYZER_ANALYZER_DNS };
redef Analyzer::Logging::ignore_analyzers += { Analyzer::ANALYZER_SSH };
event zeek_init()
	{
	print Analyzer::ANALYZER_SSH == AllAnalyzers::ANALYZER_ANALYZER_SSH, Files::ANALYZER_MD5 in set(AllAnalyzers::FILES_ANALYZER_MD5);
	for ( name in set("SSH", "VXLAN", "MD5", "NONE") )
		if ( Analyzer::has_tag(name) )
			{
			local tag = Analyzer::get_tag(name);
			print name, tag, Analyzer::kind(tag), Analyzer::name(tag), is_protocol_analyzer(tag);
			}
	print Analyzer::register_for_ports(Analyzer::ANALYZER_SSH, set(2200/tcp), set(2201/tcp)), |Analyzer::registered_ports(Analyzer::ANALYZER_SSH)|;
	print Analyzer::disable_analyzer(PacketAnalyzer::ANALYZER_VXLAN), Files::analyzer_enabled(Files::ANALYZER_PE);
	}
event analyzer_confirmation_info(atype: AllAnalyzers::Tag, info: AnalyzerConfirmationInfo)
	{ print atype == Analyzer::ANALYZER_SSH, atype == Analyzer::ANALYZER_DNS; }
"#;
    let folder = tempfile::tempdir().unwrap();
    let (printed, _) = run(folder.path(), "ssh.pcap", script, &[]);
    let mut lines: Vec<&str> = printed.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    let expected = [
        "F, F",
        "MD5, Files::ANALYZER_MD5, file, MD5, F",
        "SSH, Analyzer::ANALYZER_SSH, protocol, SSH, T",
        "T, 3",
        "T, F",
        "T, T",
        "VXLAN, PacketAnalyzer::ANALYZER_VXLAN, packet, VXLAN, F",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_connections_analyzer_is_found_by_its_tag_and_may_be_kept() {
    let script = |kept: &str| {
        format!(
            r#"
event http_reply(c: connection, version: string, code: count, reason: string)
	{{
	local aid = lookup_connection_analyzer_id(c$id, Analyzer::ANALYZER_HTTP);
	print aid == current_analyzer(), lookup_connection_analyzer_id(c$id, Analyzer::ANALYZER_SSH), disable_analyzer(c$id, aid);
	}}
hook Analyzer::disabling_analyzer(c: connection, atype: AllAnalyzers::Tag, aid: count)
	{{
	if ( atype == Analyzer::ANALYZER_HTTP && aid == current_analyzer() && c?$http && {kept} )
		break;
	}}
"#
        )
    };
    let (_, whole) = run_with("1", "http-files.pcap", "", &[]);
    for (kept, answer) in [("T", "T, 0, F"), ("F", "T, 0, T")] {
        let (printed, logs) = run_with("1", "http-files.pcap", &script(kept), &[]);
        assert!(printed.lines().count() > 1 && printed.lines().all(|line| line == answer), "{printed}");
        assert_eq!(logs["http"].lines().count() == whole["http"].lines().count(), kept == "T");
    }
}

#[test]
fn what_is_disabled_is_set_on_nothing_by_port_or_by_content() {
    let init = |what: &str| format!("event zeek_init() {{ {what} }}\n");
    let off = init("Analyzer::disable_analyzer(Analyzer::ANALYZER_SSH);");
    let redefined = "redef Analyzer::disabled_analyzers += { Analyzer::ANALYZER_SSH };\n".to_owned();
    let all = "redef Analyzer::disable_all = T;\n".to_owned();
    let requested =
        all.clone() + "redef Analyzer::requested_analyzers += { AllAnalyzers::ANALYZER_ANALYZER_SSH };\n";
    let again = all.clone() + &init("Analyzer::enable_analyzer(Analyzer::ANALYZER_SSH);");
    for (script, found) in [(off, false), (redefined, false), (all, false), (again, true), (requested, true)]
    {
        let folder = tempfile::tempdir().unwrap();
        let (_, services) = run(folder.path(), "ssh.pcap", &script, &[]);
        assert_eq!(services.contains("ssh"), found, "{script}: {services:?}");
    }
}

#[test]
fn an_analyzer_is_set_on_the_ports_that_scripts_register() {
    let folder = tempfile::tempdir().unwrap();
    let script = "event zeek_init() { Analyzer::register_for_port(Analyzer::ANALYZER_SSH, 80/tcp); }\n";
    let analyzers = "event analyzer_violation_info(tag: AllAnalyzers::Tag, info: AnalyzerViolationInfo)\n\
                     \t{ print Analyzer::name(tag); }\n";
    let (printed, services) = run(folder.path(), "http.pcap", &format!("{script}{analyzers}"), &[]);
    assert!(services.contains("http"), "{services:?}");
    assert!(printed.lines().any(|name| name == "SSH"), "HTTP is no SSH: {printed}");
}

/// What a script prints over a capture with so many workers, and the rows of its logs.
fn run_with(workers: &str, capture: &str, script: &str, more: &[&str]) -> (String, BTreeMap<String, String>) {
    let folder = tempfile::tempdir().unwrap();
    let more: Vec<&str> = more.iter().copied().chain(["--workers", workers]).collect();
    let (printed, _) = run(folder.path(), capture, script, &more);
    let logs = ["http", "dns", "analyzer"].map(|name| {
        let text = std::fs::read_to_string(folder.path().join(format!("{name}.log"))).unwrap_or_default();
        let rows = text.lines().filter(|line| !line.starts_with('#'));
        (name.to_owned(), rows.map(|row| format!("{row}\n")).collect())
    });
    (printed, logs.into())
}

/// Takes HTTP off each connection with its first request, by the identifier that `aid` gives.
fn off_at_first_request(aid: &str, prevent: &str) -> String {
    format!(
        "event http_request(c: connection, method: string, o: string, u: string, v: string)
            {{ print c$uid, u, current_analyzer() != 0, disable_analyzer(c$id, {aid}, T, {prevent}); }}"
    )
}

#[test]
fn an_analyzer_is_taken_off_a_connection_before_its_next_packet_whatever_the_number_of_workers() {
    let script = off_at_first_request("current_analyzer()", "T");
    let (printed, logs) = run_with("1", "http-files.pcap", &script, &[]);
    let mut connections: Vec<&str> = printed.lines().filter_map(|line| line.split(',').next()).collect();
    assert!(connections.len() > 1 && printed.lines().all(|line| line.ends_with("T, T")), "{printed}");
    let requests = connections.len();
    connections.dedup();
    assert_eq!(connections.len(), requests, "one of each connection: {printed}");
    // What was asked for until then has a row, and no reply.
    let (_, whole) = run_with("1", "http-files.pcap", "", &[]);
    assert_eq!(logs["http"].lines().count(), requests);
    assert!(
        whole["http"].lines().count() >= requests && !logs["http"].contains("\t200\t"),
        "{}",
        logs["http"]
    );
    for workers in ["2", "4"] {
        assert_eq!(run_with(workers, "http-files.pcap", &script, &[]), (printed.clone(), logs.clone()));
    }
}

#[test]
fn an_analyzer_that_is_not_the_connections_is_left_alone() {
    let (_, whole) = run_with("1", "http.pcap", "", &[]);
    for other in ["0", "1", "current_analyzer() + 1"] {
        let (_, logs) = run_with("1", "http.pcap", &off_at_first_request(other, "T"), &[]);
        assert_eq!(logs["http"], whole["http"], "{other}");
    }
}

#[test]
fn the_analyzer_that_is_confirmed_is_the_one_that_is_named() {
    let script = "event analyzer_confirmation_info(atype: AllAnalyzers::Tag, info: AnalyzerConfirmationInfo)
        { print Analyzer::name(atype), info$aid == current_analyzer(), disable_analyzer(info$c$id, info$aid, T, T); }
    event connection_state_remove(c: connection) { print current_analyzer(); }";
    let option = "Analyzer::Logging::include_disabling=T";
    let (printed, logs) = run_with("1", "http.pcap", script, &[option]);
    let confirmed = printed.lines().filter(|line| *line == "HTTP, T, T").count();
    assert!(confirmed > 0 && printed.lines().all(|line| ["HTTP, T, T", "0"].contains(&line)), "{printed}");
    let disabled = logs["analyzer"].lines().filter(|row| row.contains("\tdisabled\tprotocol\tHTTP\t"));
    assert_eq!(disabled.count(), confirmed, "{}", logs["analyzer"]);
}

#[test]
fn a_script_expects_connections_from_the_next_packet_on() {
    // Each connection is expected to be SSH by the one before it.
    let script = "event new_connection(c: connection)
        { print Analyzer::schedule_analyzer(0.0.0.0, c$id$resp_h, c$id$resp_p, Analyzer::ANALYZER_SSH, 5 min); }
    event scheduled_analyzer_applied(c: connection, a: Analyzer::Tag) { print a; }";
    let (printed, _) = run_with("1", "http.pcap", script, &[]);
    let applied = printed.lines().filter(|line| *line == "Analyzer::ANALYZER_SSH").count();
    let opened = printed.lines().filter(|line| *line == "T").count();
    assert!(applied > 0 && opened > applied, "{printed}");
    assert_eq!(run_with("4", "http.pcap", script, &[]).0, printed);
    let late = script.replace("5 min", "0 sec");
    assert!(!run_with("1", "http.pcap", &late, &[]).0.contains("SSH"), "it is too late for all");
}

#[test]
fn what_is_done_about_violations_is_as_options_say() {
    let script = "event zeek_init() { Analyzer::register_for_port(Analyzer::ANALYZER_SSH, 80/tcp); }";
    let rows = |options: &[&str]| {
        let with: Vec<&str> =
            options.iter().copied().chain(["Analyzer::Logging::include_disabling=T"]).collect();
        let (_, logs) = run_with("1", "http-files.pcap", script, &with);
        let count = |cause: &str| {
            let of_ssh = |row: &&str| row.contains("\tSSH\t") && row.contains(cause);
            logs["analyzer"].lines().filter(of_ssh).count()
        };
        (count("violation\t"), count("disabled\t"))
    };
    let (violations, given_up) = rows(&[]);
    assert!(given_up > 0 && violations > 5 * given_up, "{violations} {given_up}: one in five is not enough");
    let (first, disabled) = rows(&["DPD::max_violations={ [Analyzer::ANALYZER_SSH] = 0 }"]);
    assert!(first > 0 && disabled == first, "{first} {disabled}: the first is one too many");
    let kept = [
        "DPD::max_violations={ [Analyzer::ANALYZER_SSH] = 0 }",
        "DPD::ignore_violations={ Analyzer::ANALYZER_SSH }",
    ];
    let (all, disabled) = rows(&kept);
    assert!(all >= violations && disabled == 0, "{all} {disabled}");
    assert_eq!(
        rows(&["Analyzer::Logging::ignore_analyzers={ AllAnalyzers::ANALYZER_ANALYZER_SSH }"]),
        (0, 0)
    );
    assert_eq!(rows(&["Analyzer::Logging::enable=F"]), (0, 0));
}

#[test]
fn nothing_is_said_of_streams_of_which_something_is_missing() {
    const NO_REQUEST: &[u8] = b"\x01\x02 is no request\r\n";
    const NO_MODBUS: &[u8] = b"\0\x01\0\x07\0\x02\x01\x05";
    let mut capture = Capture::new();
    capture.talk(40_000, 80).send(Client, NO_REQUEST).close();
    capture.talk(40_001, 80).lose(Server, 10).send(Client, NO_REQUEST).close();
    capture.talk(40_002, 502).send(Client, NO_MODBUS).close();
    capture.middle(40_003, 502).send(Client, NO_MODBUS).close();
    let told = rows(&capture).fields("analyzer", ["id.orig_p", "analyzer_name"]);
    let told = told.iter().map(|[port, name]| format!("{port} {name}")).collect::<Vec<_>>();
    assert_eq!(told, ["40000 \"HTTP\"", "40002 \"MODBUS\""]);
}
