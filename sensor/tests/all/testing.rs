//! `nightjar test` through the front door.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A folder of tests.
struct Tests(tempfile::TempDir);

struct Ran {
    code: Option<i32>,
    text: String,
    errors: String,
}

impl Tests {
    fn new() -> Self {
        Tests(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn capture(&self, from: &str, to: &str) {
        let path = self.path(to);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../pcaps").join(from), path).unwrap();
    }

    /// Runs in the folder, so that tests have the names they have here.
    fn run(&self, args: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
        let output = command.current_dir(self.0.path()).arg("test").args(args).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), text: text(output.stdout), errors: text(output.stderr) }
    }

    fn passes(&self, args: &[&str]) -> String {
        let told = self.run(args);
        assert_eq!(told.code, Some(0), "{}{}", told.text, told.errors);
        told.text
    }

    fn fails(&self, args: &[&str], with: &[&str]) -> String {
        let told = self.run(args);
        assert_eq!(told.code, Some(1), "{}{}", told.text, told.errors);
        for part in with {
            assert!(told.text.contains(part), "{part:?} is not in:\n{}", told.text);
        }
        told.text
    }
}

/// Prints every request, and has a notice of it.
const REQUESTS: &str = r##"
redef enum Notice::Type += { Seen };
global n = 0;
event http_request(c: connection, method: string, original_URI: string, unescaped_URI: string, version: string)
	{
	print method, original_URI;
	NOTICE([$note=Seen, $conn=c, $n=++n, $msg=original_URI]);
	}
"##;

#[test]
fn a_script_beside_its_capture_is_a_test_and_update_writes_what_it_expects() {
    let tests = Tests::new();
    tests.write("requests.zeek", REQUESTS);
    tests.capture("http.pcap", "requests.pcap");
    // Scripts without captures are parts of others, and other captures belong to nobody.
    tests.write("part.zeek", "event zeek_init() { }");
    tests.capture("dns.pcap", "other.pcap");
    tests.fails(
        &["."],
        &["FAILED  ./requests", "nothing is expected", "--update", "1 test: 0 passed, 1 failed"],
    );
    let told = tests.passes(&[".", "--update"]);
    assert!(told.contains("updated ./requests") && told.contains("notice.log, stdout"), "{told}");
    let told = tests.passes(&["."]);
    assert!(told.contains("ok      ./requests") && told.contains("1 test: 1 passed in "), "{told}");
    assert!(tests.passes(&[".", "--update"]).contains("ok      ./requests"));
    // Nothing but what the script wrote is expected, and nothing is left over.
    let mut left: Vec<_> = fs::read_dir(tests.path("requests.expect")).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
    left = fs::read_dir(tests.0.path()).unwrap().collect();
    assert_eq!(left.len(), 5, "{left:?}");
    for one in ["requests.zeek", "requests.pcap", "requests"] {
        let Ran { code, text, .. } = tests.run(&[one]);
        assert!(if one == "requests" { code == Some(2) } else { code == Some(0) }, "{one}: {text}");
    }
}

#[test]
fn rows_that_differ_are_shown_by_field() {
    let tests = Tests::new();
    tests.write("t.zeek", REQUESTS);
    tests.capture("http.pcap", "t.pcap");
    tests.passes(&[".", "--update"]);
    let log = tests.read("t.expect/notice.log");
    let mut lines: Vec<String> = log.lines().map(str::to_owned).collect();
    let first = lines.iter().position(|line| !line.starts_with('#')).unwrap();
    let rows = lines.len() - first;
    assert!(rows >= 3, "{log}");
    // One changed, and one that never came in place of one that did.
    let names: Vec<&str> =
        log.lines().find_map(|line| line.strip_prefix("#fields\t")).unwrap().split('\t').collect();
    let edit = |line: &str, all: Option<&str>, edits: &[(&str, &str)]| {
        let value = |(name, value): (&&str, &str)| {
            let edit = edits.iter().find(|(of, _)| of == name).map(|(_, value)| *value);
            edit.or(all).map_or_else(|| value.to_owned(), str::to_owned)
        };
        names.iter().zip(line.split('\t')).map(value).collect::<Vec<_>>().join("\t")
    };
    lines[first] = edit(&lines[first], None, &[("n", "7")]);
    lines[first + 1] = edit(&lines[first + 1], Some("-"), &[("note", "Other"), ("msg", "nothing like it")]);
    tests.write("t.expect/notice.log", &format!("{}\n", lines.join("\n")));
    let told = tests.fails(
        &["."],
        &[
            "notice.log: 1 row changed, 1 row missing, 1 row not expected",
            "row 1 differs (ts ",
            "n  expected 7",
            "came     1",
            "row 2 is missing",
            "note  Other",
            "msg   nothing like it",
            "row 2 is not expected",
        ],
    );
    assert!(!told.contains('\t') && !told.contains("stdout"), "{told}");
    // Lines of text, too.
    tests.write("t.expect/notice.log", &log);
    let printed = tests.read("t.expect/stdout");
    let (first, rest) = printed.split_once('\n').unwrap();
    tests.write("t.expect/stdout", &format!("{rest}more\n"));
    let last = printed.lines().count();
    let first = format!("line 1: + {first}");
    let told = ["stdout: 1 line missing, 1 line not expected", &first, &format!("line {last}: - more")];
    tests.fails(&["."], &told);
    // An empty file says that there are no rows.
    tests.write("t.expect/notice.log", "");
    tests.write("t.expect/stdout", &printed);
    tests.fails(&["."], &[&format!("notice.log: {} rows not expected", rows), "and "]);
}

#[test]
fn columns_times_and_formats_are_compared_as_asked() {
    let tests = Tests::new();
    tests.capture("http.pcap", "web/http.pcap");
    let log = "[[log]]\nname = \"http\"\ncolumns = [\"method\", \"uri\", \"status_code\"]\n";
    for options in ["", "[test]\noptions = [\"LogAscii::use_json=T\"]\n"] {
        tests.write("web/test.toml", &format!("{options}{log}"));
        tests.fails(&["web"], &["http.log: what is expected is not there"]);
        tests.passes(&["web", "--update"]);
        let expected = tests.read("web/expect/http.log");
        assert!(expected.contains("/index.html") && !expected.contains("curl"), "{expected}");
        assert!(expected.starts_with(if options.is_empty() {
            "#fields\tmethod\turi"
        } else {
            "{\"method\":"
        }));
        tests.passes(&["web"]);
        let wrong = expected.replacen("200", "503", 1);
        assert_ne!(wrong, expected);
        tests.write("web/expect/http.log", &wrong);
        tests.fails(&["web"], &["1 row changed", "status_code  expected 503", "came     200"]);
        fs::remove_dir_all(tests.path("web/expect")).unwrap();
    }
    tests.write("web/test.toml", &log.replace("uri", "url"));
    tests.fails(&["web", "--update"], &["there is no column url; there are ts, uid"]);
    // Whole logs, whenever they were made.
    tests.write("web/test.toml", "[[log]]\nname = \"conn.log\"\n");
    tests.passes(&["web", "--update"]);
    let expected = tests.read("web/expect/conn.log");
    assert!(!expected.contains("#open") && expected.contains("#types"), "{expected}");
    tests.write("web/expect/conn.log", &format!("#open\t2001-01-01-00-00-00\n{expected}#close\tlater\n"));
    tests.passes(&["web", "--workers", "4"]);
    tests.write("web/expect/conn.log", &expected.replacen("\tservice", "\tsurface", 1));
    tests.fails(
        &["web"],
        &["conn.log: column surface is missing", "conn.log: column service is not expected"],
    );
}

#[test]
fn a_description_gives_options_files_and_the_exit_code() {
    let tests = Tests::new();
    tests.write("scripts/limit.zeek", "@load ./more\nmodule L; export { option limit = 1; }");
    tests.write("scripts/more.zeek", "event zeek_init() { print read(); exit(3); }");
    tests.write(
        "scripts/read.zeek",
        "function read(): string { return cat(L::limit, file_size(\"names.txt\")); }",
    );
    tests.write("case/names.txt", "12345");
    tests.write(
        "case/test.toml",
        "[test]\nscripts = [\"../scripts/read.zeek\", \"../scripts/limit.zeek\"]\noptions = [\"L::limit=42\"]\n\
         files = [\"names.txt\"]\nexit_code = 3\n",
    );
    // Scripts are read in order.
    tests.fails(&["case"], &["exit code 1 and not 3", "unknown identifier", "../scripts/read.zeek, line 1"]);
    tests.write(
        "scripts/read.zeek",
        "module L; export { global limit_is: function(): string; }\n\
         module GLOBAL; function read(): string { return cat(L::limit_is(), file_size(\"names.txt\")); }",
    );
    tests.write(
        "scripts/limit.zeek",
        "module L; export { option limit = 1; }\nfunction limit_is(): string { return cat(limit); }\n@load ./more",
    );
    tests.write("case/expect/stdout", "425.0\n");
    tests.passes(&["case"]);
    // A capture that is named, and one that is not needed.
    tests.write("case/test.toml", "[test]\ncapture = \"no.pcap\"\nscripts = []\n");
    tests.fails(&["case"], &["exit code 1", "no.pcap"]);
}

#[test]
fn what_goes_wrong_fails_its_test_and_no_other() {
    let tests = Tests::new();
    let http = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../pcaps/http.pcap")).unwrap();
    for name in ["broken", "cut", "endless", "fault", "fine", "torn"] {
        tests.capture("http.pcap", &format!("{name}.pcap"));
        tests.write(&format!("{name}.zeek"), "event zeek_init() { print \"here\"; }");
        tests.write(&format!("{name}.expect/stdout"), "here\n");
    }
    tests.write("broken.zeek", "event zeek_init() { print no_such; }");
    fs::write(tests.path("cut.pcap"), &http[..3000]).unwrap();
    tests
        .write("endless.zeek", "event zeek_done() { while ( T ) print \"on and on and on and on and on\"; }");
    tests.write(
        "fault.zeek",
        "event zeek_init() { print \"here\"; }\nevent zeek_done() { local v: vector of count; print v[3]; }",
    );
    fs::remove_file(tests.path("torn.pcap")).unwrap();
    tests.write("toml/test.toml", "[test]\ncaptrue = \"x\"\n");
    tests.write("asleep/test.toml", "[test]\ntime_limit = \"500 ms\"\n");
    tests.write(
        "asleep/asleep.zeek",
        "redef exit_only_after_terminate = T;\nevent zeek_init() { print \"here\"; }",
    );
    tests.write("asleep/expect/stdout", "here\n");
    let started = Instant::now();
    let told = tests.fails(
        &["."],
        &[
            "FAILED  ./broken",
            "exit code 1\n    error in broken.zeek, line 1: unknown identifier no_such",
            "FAILED  ./cut",
            "the capture is truncated at byte",
            "FAILED  ./endless",
            "FAILED  ./fault",
            "it reported errors",
            "expression error in fault.zeek, line 2",
            "ok      ./fine",
            "FAILED  ./torn",
            "there is no capture torn.pcap beside torn.expect",
            "FAILED  ./toml",
            "./toml/test.toml:2:1: there is no setting of [test] 'captrue'; did you mean 'capture'?",
            "FAILED  ./asleep",
            "it did not end within 0.5 s",
            "8 tests: 1 passed, 7 failed",
        ],
    );
    assert!(started.elapsed() < Duration::from_secs(40), "{told}");
    // In the order of their names, however long each takes.
    let names: Vec<&str> = told.lines().filter(|line| line.contains(" ./")).collect();
    let at = |name: &str| names.iter().position(|line| line.contains(name)).unwrap();
    assert!(at("./broken") < at("./endless") && at("./endless") < at("./fine"), "{told}");
    // What failed is not taken for what is expected.
    tests.fails(&[".", "--update"], &["FAILED  ./broken", "FAILED  ./cut", "FAILED  ./fault"]);
    assert_eq!(tests.read("fault.expect/stdout"), "here\n");
    // Errors that are meant.
    tests.write("fault.expect/stderr", "");
    tests.passes(&["fault.zeek", "--update"]);
    assert!(tests.read("fault.expect/stderr").contains("expression error in fault.zeek, line 2"));
    tests.passes(&["fault.zeek"]);
}

#[test]
fn tests_run_in_folders_of_their_own_which_can_be_kept() {
    let tests = Tests::new();
    for name in ["one", "two"] {
        tests.write(
            &format!("{name}/{name}.zeek"),
            "event zeek_init() { local f = open_for_append(\"seen\"); print f, \"once\"; }",
        );
        tests.write(&format!("{name}/test.toml"), "");
        tests.write(&format!("{name}/expect/seen"), "once\n");
    }
    tests.passes(&[".", "--jobs", "1"]);
    tests.write("two/expect/seen", "twice\n");
    let told = tests.fails(&[".", "--keep"], &["ok      ./one", "line 1: - twice", "line 1: + once"]);
    let kept = told.lines().find_map(|line| line.split_once("is kept in ")).unwrap().1;
    assert_eq!(fs::read_to_string(Path::new(kept).join("seen")).unwrap(), "once\n");
    fs::remove_dir_all(kept).unwrap();
}

#[test]
fn mistakes_on_the_command_line_are_told_apart() {
    let tests = Tests::new();
    tests.write("part.zeek", "");
    for (args, with) in [
        (&["."][..], "no test in ."),
        (&["part.zeek"], "no test in part.zeek"),
        (&["nowhere"], "nowhere: No such file"),
        (&[], "required arguments"),
        (&[".", "--jobs", "0"], "--jobs"),
    ] {
        let told = tests.run(args);
        assert!(told.code == Some(2) && told.errors.contains(with), "{args:?}: {}{}", told.text, told.errors);
    }
}
