//! Zeek's command line: what people type who know it.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::replay::capture;

fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    command.current_dir(folder).stdin(Stdio::null()).args(args).output().expect("nightjar runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What is printed, what is said, and the exit code.
fn told(folder: &Path, args: &[&str]) -> (String, String, i32) {
    let run = run(folder, args);
    (text(&run.stdout), text(&run.stderr), run.status.code().expect("a code"))
}

fn http() -> String {
    capture("http").to_string_lossy().into_owned()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn logs(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut logs: Vec<String> = names.filter(|name| name.ends_with(".log")).collect();
    logs.sort();
    logs
}

#[test]
fn scripts_are_compiled_and_not_run() {
    let place = folder();
    for flag in ["-a", "--parse-only", "-u"] {
        assert_eq!(
            told(place.path(), &[flag, "-e", "event zeek_init() { print 1; }"]),
            (String::new(), String::new(), 0)
        );
        let (out, said, code) = told(place.path(), &[flag, "-e", "event zeek_init() { print nope; }"]);
        assert!(out.is_empty() && said.contains("unknown identifier nope") && code == 1, "{said}");
    }
}

#[test]
fn variables_and_analyzers_are_shown() {
    let place = folder();
    let (out, _, code) = told(
        place.path(),
        &["-I", "Site::private_address_space", "Site::private_address_space={ 10.0.0.0/8 }"],
    );
    assert!(out.starts_with("Site::private_address_space : set[subnet] = {") && code == 0, "{out}");
    assert_eq!(told(place.path(), &["-I", "nope"]).2, 1);
    let (short, long) = (told(place.path(), &["-N"]).0, told(place.path(), &["-NN"]).0);
    assert!(short.contains("Zeek::HTTP - http (built-in)\n") && !short.contains("[Event]"), "{short}");
    assert!(
        long.contains("[Analyzer] HTTP (ANALYZER_HTTP, enabled)") && long.contains("[Event] http_request")
    );
    let short = told(place.path(), &["-v"]).0;
    assert!(told(place.path(), &["--version"]).0.starts_with(short.trim_end()), "{short}");
}

#[test]
fn seeds_give_the_order_of_tables() {
    let place = folder();
    assert_eq!(told(place.path(), &["-H", "seeds"]).2, 0);
    let order = || {
        told(
            place.path(),
            &["-G", "seeds", "-e", "event zeek_init() { print set(1, 2, 3, 4, 5, 6, 7, 8, 9); }"],
        )
        .0
    };
    let first = order();
    assert_eq!(first, order());
    let all: Vec<String> = (0..8)
        .map(|_| {
            told(place.path(), &["-H", "seeds"]);
            order()
        })
        .collect();
    assert!(all.iter().any(|other| *other != first), "{all:?}");
    assert_eq!(told(place.path(), &["-G", "none", "-e", "print 1;"]).2, 2);
}

#[test]
fn flags_without_a_counterpart_say_what_does_it_here() {
    let place = folder();
    for (flag, code, said) in [
        (&["-P"][..], 0, "-P has no effect: names are not looked up"),
        (&["-O", "ZAM"], 0, "-O has no effect: scripts are always compiled"),
        (&["-d"], 2, "-d is not here: there is no debugger"),
        (&["-t", "x"], 2, "-t is not here"),
        (&["-j"], 2, "-j is not here: one process does it all"),
        (&["--pseudo-realtime"], 2, "--pseudo-realtime is not here: play the capture onto an interface"),
        (&["-i", "netmap::eth0"], 2, "no packet source is called netmap"),
    ] {
        let (_, stderr, ended) = told(place.path(), &[flag, &["-e", "print 1;"]].concat());
        assert!(ended == code && stderr.contains(said), "{flag:?}: {ended} {stderr}");
    }
    let (out, said, _) = told(place.path(), &["-Q", "-U", "status", "-e", "print 1;"]);
    assert!(out == "1\n" && said.contains("# initialization ") && said.contains("# total time "), "{said}");
    assert_eq!(
        std::fs::read_to_string(place.path().join("status")).expect("a status"),
        "TERMINATED [atexit]\n"
    );
}

#[test]
fn a_capture_needs_no_flag() {
    let place = folder();
    let http = http();
    assert_eq!(told(place.path(), &["--quiet", &http, "-e", "event http_request(c: connection, m: string, o: string, u: string, v: string) &priority=9 { exit(7); }"]).2, 7);
    let (_, said, code) = told(place.path(), &["-r", &http, &http]);
    assert!(code == 2 && said.contains("one is read at a time"), "{said}");
}

#[test]
fn bare_runs_write_what_scripts_load() {
    for (scripts, written) in [
        (&[][..], &[][..]),
        (&["base/protocols/conn"], &["conn.log"]),
        (&["base/protocols/dns"], &[]),
        (
            &["base/protocols/conn", "base/protocols/http"],
            &["conn.log", "files.log", "http.log", "weird.log"],
        ),
    ] {
        let place = folder();
        let http = http();
        let args = [&["-b", "--quiet", "-r", &http], scripts].concat();
        assert_eq!(told(place.path(), &args).2, 0);
        assert_eq!(logs(place.path()), written, "{scripts:?}");
    }
    let place = folder();
    told(place.path(), &["-b", "--quiet", "-r", &http(), "base/protocols/conn"]);
    let conn = std::fs::read_to_string(place.path().join("conn.log")).expect("conn.log");
    // Nobody loaded what knows HTTP.
    assert!(!conn.contains("\thttp\t"), "{conn}");
}

#[test]
fn prefixes_add_to_what_is_loaded() {
    let place = folder();
    std::fs::write(place.path().join("lcl.base.utils.site.zeek"), "print \"site\";").expect("written");
    std::fs::write(place.path().join("lcl.mine.zeek"), "print \"more\";").expect("written");
    std::fs::write(place.path().join("mine.zeek"), "print \"mine\";").expect("written");
    assert_eq!(told(place.path(), &["-p", "lcl", "mine.zeek"]).0, "site\nmine\nmore\n");
}

#[test]
fn an_installation_of_zeek_does_not_replace_what_is_here() {
    let place = folder();
    for (script, text) in [
        ("zeek/base/frameworks/logging/__load__.zeek", "print \"theirs\";"),
        ("zeek/policy/misc/loaded-scripts.zeek", "print \"theirs\";"),
        ("zeek/policy/misc/only-there.zeek", "print \"only there\";"),
        ("zeek/site/local.zeek", "@load misc/only-there\n@load misc/loaded-scripts"),
    ] {
        let path = place.path().join(script);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    command.current_dir(place.path()).env("ZEEKPATH", "zeek:zeek/policy:zeek/site").arg("local");
    assert_eq!(text(&command.output().expect("nightjar runs").stdout), "only there\n");
}

#[test]
fn unknown_words_get_a_suggestion() {
    let place = folder();
    let (_, said, code) = told(place.path(), &["misc/sacn"]);
    assert!(code == 1 && said.contains("did you mean misc/scan?"), "{said}");
    let (_, said, code) = told(place.path(), &["chekc"]);
    assert!(code == 1 && said.contains("did you mean nightjar check?"), "{said}");
}

/// A log of two rows.
const LOG: &str = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tx\n#open\t2026-01-01-00-00-00\n\
                   #fields\tts\ta\tb\n#types\ttime\tstring\ttime\n1.500000\tx\t-\n2.000000\ty\t86400.250000\n#close\t2026-01-01-00-00-00\n";

#[test]
fn columns_are_cut_as_zeek_cut_does() {
    let place = folder();
    std::fs::write(place.path().join("x.log"), LOG).expect("written");
    let head: Vec<&str> = LOG.lines().take(6).collect();
    let headed = |fields: &str, types: &str| format!("{}\n{fields}\n{types}\n", head.join("\n"));
    let twice = format!("{LOG}{}", LOG.replace("\tx\t", "\tz\t"));
    std::fs::write(place.path().join("two.log"), twice).expect("written");
    for (log, args, out) in [
        ("x", &["a", "ts"][..], "x\t1.500000\ny\t2.000000\n".to_owned()),
        ("x", &["nope", "a"], "\tx\n\ty\n".to_owned()),
        ("x", &[], "1.500000\tx\t-\n2.000000\ty\t86400.250000\n".to_owned()),
        ("x", &["-n", "a"], "1.500000\t-\n2.000000\t86400.250000\n".to_owned()),
        ("x", &["-F", ",", "a", "b"], "x,-\ny,86400.250000\n".to_owned()),
        ("x", &["-m", "a", "b"], "a\tb\nx\t-\ny\t86400.250000\n".to_owned()),
        ("x", &["-u", "b"], "-\n1970-01-02T00:00:00+0000\n".to_owned()),
        ("x", &["-U", "%d %S", "ts", "b"], "01 01\t-\n01 02\t02 00\n".to_owned()),
        ("x", &["-c", "a"], format!("{}x\ny\n", headed("#fields\ta", "#types\tstring"))),
        (
            "x",
            &["-c", "-u", "b"],
            format!("{}-\n1970-01-02T00:00:00+0000\n", headed("#fields\tb", "#types\tstring")),
        ),
        ("two", &["a"], "x\ny\nz\ny\n".to_owned()),
        (
            "two",
            &["-C", "a"],
            format!(
                "{0}x\ny\n#close\t2026-01-01-00-00-00\n{0}z\ny\n#close\t2026-01-01-00-00-00\n",
                headed("#fields\ta", "#types\tstring")
            ),
        ),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
        let log = std::fs::File::open(place.path().join(format!("{log}.log"))).expect("a log");
        command.arg("zeek-cut").args(args).stdin(log).env("TZ", "UTC");
        assert_eq!(text(&command.output().expect("it runs").stdout), out, "{args:?}");
    }
    // By its own name, as an installation has it.
    let link = place.path().join("zeek-cut");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_nightjar"), &link).expect("a link");
    let log = std::fs::File::open(place.path().join("x.log")).expect("a log");
    assert_eq!(text(&Command::new(link).arg("a").stdin(log).output().expect("it runs").stdout), "x\ny\n");
}
