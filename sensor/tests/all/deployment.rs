//! What an operator has beside logs: help, pages and completions, what a configuration says of scripts, and
//! `nightjar check`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::replay::capture;

/// What is printed, what is said, and the exit code.
fn told(folder: &Path, args: &[&str]) -> (String, String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    let run = command.current_dir(folder).stdin(Stdio::null()).args(args).output().expect("nightjar runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&run.stdout), text(&run.stderr), run.status.code().expect("a code"))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn help_pages_and_completions_tell_of_all_commands() {
    let place = folder();
    let (help, _, code) = told(place.path(), &["--help"]);
    assert_eq!(code, 0);
    for part in [
        "Commands:",
        "Traffic:",
        "Results:",
        "Scripts:",
        "Examples:",
        "Environment:",
        "Exit codes:",
        "ZEEKPATH",
    ] {
        assert!(help.contains(part), "{part} is not in {help}");
    }
    let (version, _, _) = told(place.path(), &["--version"]);
    assert!(
        version.starts_with("nightjar ") && version.contains("(commit ") && version.contains("features: "),
        "{version}"
    );
    let pages = place.path().join("man");
    assert_eq!(told(place.path(), &["man", "man"]), (String::new(), String::new(), 0));
    let commands = [
        "aggregate",
        "check",
        "doctor",
        "status",
        "reload",
        "test",
        "pkg",
        "match",
        "migrate",
        "schemas",
        "completions",
    ];
    for command in commands {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is not in {help}");
        let page = fs::read_to_string(pages.join(format!("nightjar-{command}.1"))).expect(command);
        assert!(page.contains(".SH NAME") && page.contains(&format!("nightjar {command}")), "{page}");
    }
    let page = fs::read_to_string(pages.join("nightjar.1")).unwrap();
    assert!(page.contains("NIGHTJAR_PACKAGES") && page.contains(r"\-\-logdir"), "{page}");
    assert!(pages.join("zeek-cut.1").exists() && !pages.join("nightjar-services.1").exists());
    for shell in ["bash", "zsh", "fish"] {
        let (script, _, code) = told(place.path(), &["completions", shell]);
        assert!(code == 0 && script.contains("logdir") && script.contains("doctor"), "{shell}: {script}");
        fs::write(place.path().join(shell), script).unwrap();
    }
    let asked = "source ./bash; COMP_WORDS=(nightjar che); COMP_CWORD=1; _nightjar nightjar che nightjar; echo ${COMPREPLY[@]}";
    let run = Command::new("bash").current_dir(place.path()).args(["-c", asked]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stdout), "check\n", "{run:?}");
}

/// Beside the file, from wherever it is started; and options in the words of the command line.
#[test]
fn a_configuration_names_scripts_and_their_options() {
    let place = folder();
    fs::create_dir(place.path().join("etc")).unwrap();
    let config = place.path().join("etc/sensor.toml");
    let write = |load: &str, options: &str| {
        fs::write(&config, format!("[scripts]\nload = [{load}]\noptions = [{options}]\n")).unwrap();
    };
    let script = "module Own; export { option limit = 1; option names: set[string] = { \"a\" }; }\n\
                  event zeek_done() { print \"limit\", limit, |names|; }\n";
    fs::write(place.path().join("etc/own.zeek"), script).unwrap();
    write("\"own\"", "\"Own::limit=7\", \"Own::names+={ \\\"b\\\", \\\"c\\\" }\"");
    let capture = capture("http");
    let replay = ["-r", capture.to_str().unwrap(), "--quiet", "--config", config.to_str().unwrap()];
    assert_eq!(told(place.path(), &replay), ("limit, 7, 3\n".to_owned(), String::new(), 0));
    // The command line counts before it.
    let own = [&replay[..], &["Own::limit=9"]].concat();
    assert_eq!(told(place.path(), &own).0, "limit, 9, 3\n");
    let check = ["check", "--offline", "--config", config.to_str().unwrap()];
    assert_eq!(told(place.path(), &check).2, 0);
    write("\"own\"", "\"Own::limit\"");
    let (_, said, code) = told(place.path(), &check);
    assert!(
        said.contains("sensor.toml:3:") && said.contains("an option and its value") && code == 2,
        "{said}"
    );
    write("\"own\"", "\"Own::limit=many\"");
    assert_eq!(told(place.path(), &check).2, 1);
    write("\"detct\"", "");
    let (_, said, code) = told(place.path(), &check);
    assert!(said.contains("can't find detct; did you mean detect?") && code == 1, "{said}");
}

#[test]
fn check_tells_of_all_that_is_wrong_and_what_to_do() {
    let place = folder();
    let config = place.path().join("sensor.toml");
    fs::write(
        &config,
        "[[interface]]\nname = \"nosuch0\"\n[logs]\nfolder = \"logs\"\nfromat = \"json\"\n[scripts]\nload = [\"own\"]\n",
    )
    .unwrap();
    fs::write(place.path().join("own.zeek"), "event zeek_init() { print zeek_versoin(); }\n").unwrap();
    let (_, said, code) = told(place.path(), &["check", "--config", "sensor.toml"]);
    assert_eq!(code, 2, "{said}");
    for part in [
        "sensor.toml:5:1: there is no setting of [logs] 'fromat'; did you mean 'format'?\n",
        "unknown identifier zeek_versoin",
        "did you mean zeek_version?",
        "loses data: nosuch0: there is no such interface: see `ip link`",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    fs::write(&config, "[logs]\nfolder = \"logs\"\n").unwrap();
    let (out, said, code) = told(place.path(), &["check", "--config", "sensor.toml"]);
    assert_eq!((out.as_str(), said.as_str(), code), ("sensor.toml: read; 0 interfaces\n", "", 0));
}

/// Also where nobody sits before a terminal.
#[test]
fn words_that_are_nearly_right_get_a_suggestion_and_its_place() {
    let place = folder();
    let of = |code: &str| told(place.path(), &["check", "-e", code]).1;
    for (code, meant) in [
        ("event zeek_init() { local client = 1.2.3.4; print cleint; }", "did you mean client?"),
        ("event connection_established(c: connection) { print c$id$orgi_h; }", "did you mean $orig_h?"),
        ("event zeek_init() { print cat_spe(\" \", \"\", 1); }", "did you mean cat_sep?"),
        ("redef HTTP::defualt_capture_password = T;", "did you mean HTTP::default_capture_password?"),
    ] {
        let said = of(code);
        assert!(said.contains(meant) && said.contains('^'), "{code}: {said}");
    }
    assert!(!of("event zeek_init() { print frobnicate; }").contains("did you mean"));
    let (_, said, _) = told(place.path(), &["chekc"]);
    assert!(said.contains("did you mean nightjar check?"), "{said}");
}

#[test]
fn formats_are_checked_when_they_are_compiled() {
    let place = folder();
    let of = |call: &str| {
        let code = format!(
            "event zeek_init() {{ print {call}; }} event connection_established(c: connection) {{ }}"
        );
        told(place.path(), &["check", "-e", &code])
    };
    for (call, wrong) in [
        ("fmt(\"%d %s\", 1)", "the format has 2 directives and is given 1 value"),
        ("fmt(\"%s\", 1, 2)", "the format has 1 directive and is given 2 values"),
        ("fmt(\"%d\", \"x\")", "%d does not show a value of type string"),
        ("fmt(\"%T\", 1)", "%T does not show a value of type count"),
        ("fmt(\"%q\", 1)", "there is no directive %q"),
        ("fmt(\"100%\")", "is given 0 values"),
    ] {
        let (_, said, code) = of(call);
        assert!(said.contains(wrong) && said.contains("warning") && code == 0, "{call}: {said}");
    }
    for call in [
        "fmt(\"%d%% %x %s %5.1f %-10s|\", 1, 1.2.3.4, T, 2.0, \"a\")",
        "fmt(\"%T\", network_time())",
        "fmt(\"x\")",
    ] {
        assert_eq!(of(call).1, "", "{call}");
    }
}

/// A record with a hundred fields is called by its name.
#[test]
fn types_in_messages_are_short() {
    let place = folder();
    let code = "function f(n: count) {} event connection_established(c: connection) { f(c); }";
    let (_, said, code) = told(place.path(), &["check", "-e", code]);
    let longest = said.lines().map(str::len).max().unwrap_or(0);
    assert!(code == 1 && said.contains("connection") && longest < 300, "{said}");
}
