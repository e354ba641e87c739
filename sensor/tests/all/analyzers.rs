//! What scripts do with analyzers, in captures of real programs.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

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
	}
"#;
    let (printed, services) = run(folder.path(), "ssh.pcap", script, &[]);
    let expected = "SSH, SSH\nT\nT\nT\nT, F, Analyzer::ANALYZER_DNS\ntcp port 22 or tcp port 2200\n";
    assert_eq!(printed, expected);
    assert!(services.contains("ssh"), "{services:?}");
    assert!(!folder.path().join("config.log").exists(), "no option was set");
}

#[test]
fn what_is_disabled_is_set_on_nothing_by_port_or_by_content() {
    let init = |what: &str| format!("event zeek_init() {{ {what} }}\n");
    let off = init("Analyzer::disable_analyzer(Analyzer::ANALYZER_SSH);");
    let redefined = "redef Analyzer::disabled_analyzers += { Analyzer::ANALYZER_SSH };\n".to_owned();
    let all = "redef Analyzer::disable_all = T;\n".to_owned();
    let again = all.clone() + &init("Analyzer::enable_analyzer(Analyzer::ANALYZER_SSH);");
    for (script, found) in [(off, false), (redefined, false), (all, false), (again, true)] {
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
