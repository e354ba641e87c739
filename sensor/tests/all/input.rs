//! The Input and Config frameworks through the front door: files that are read, and that change.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A folder to run in, and nightjar in it.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file written");
    }

    /// Puts a file in the place of another at once.
    fn replace(&self, name: &str, text: &str) {
        self.write("new", text);
        std::fs::rename(self.path("new"), self.path(name)).expect("a file moved");
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
        command.current_dir(self.0.path()).args(args);
        command
    }

    fn run(&self, code: &str) -> Output {
        self.write("test.zeek", code);
        self.command(&["-b", "test.zeek"]).output().expect("nightjar runs")
    }

    /// Runs a script that says nothing to standard error; what it prints.
    fn prints(&self, code: &str) -> String {
        let run = self.run(code);
        assert_eq!(text(&run.stderr), "");
        text(&run.stdout)
    }

    /// Starts a script that waits.
    fn start(&self, code: &str) -> Waiting<'_> {
        self.write("test.zeek", code);
        let mut command = self.command(&["-b", "test.zeek"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("nightjar starts");
        Waiting { child, place: self }
    }
}

struct Waiting<'a> {
    child: Child,
    place: &'a Place,
}

impl Waiting<'_> {
    /// Waits for a file that the script makes.
    fn until(&mut self, name: &str) {
        let start = Instant::now();
        while !self.place.path(name).exists() {
            let ended = self.child.try_wait().expect("a child");
            assert!(ended.is_none(), "it has ended before {name}");
            assert!(start.elapsed() < Duration::from_secs(20), "{name} does not come");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn finish(self) -> (String, String) {
        let output = self.child.wait_with_output().expect("it ends");
        (text(&output.stdout), text(&output.stderr))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

const TYPES: &str = "
    type Idx: record { i: int; };
    type Color: enum { Red, Blue };
    type Inner: record { n: count; p: port; };
    type Val: record { b: bool; c: Color; sub: Inner; a: addr; sn: subnet; iv: interval; s: string;
                       ss: set[count]; v: vector of string; p: port &type_column=\"pp\"; o: string &optional;
                       pat: pattern; };
    global rows: table[int] of Val = table();
";

#[test]
fn every_type_is_read_and_bad_lines_cost_themselves_only() {
    let place = Place::new();
    let row = |index: &str| {
        format!(
            "{index}\tT\tRed\t7\t80/tcp\t1.2.3.4\t10.0.0.0/8\t90\ta\\x09b\t3,1\tx,-,(empty)\t53\tudp\t-\t/fo+/\n"
        )
    };
    let header = "#separator \\x09\n#fields\ti\tb\tc\tsub.n\tsub.p\ta\tsn\tiv\ts\tss\tv\tp\tpp\to\tpat\n";
    let bad = row("2").replace("Red", "Green")
        + "3\tT\n"
        + &row("x")
        + &row("4").replace("\tT\t", "\tmaybe\t")
        + &row("6").replace("1.2.3.4", "1.2.3.400")
        + &row("7").replace("10.0.0.0/8", "10.0.0/8");
    let good = row("5").replace("\t-\t/fo+/", "\tset\t/x/").replace("3,1", "(empty)");
    place.write("in.txt", &(header.to_owned() + &row("1") + &bad + &good));
    let run = place.run(&format!(
        "{TYPES} event zeek_init() {{ Input::add_table([$source=\"in.txt\", $name=\"x\", $idx=Idx, $val=Val,
         $destination=rows]); }}
         event Input::end_of_data(name: string, source: string) {{
             print name, source, |rows|; local r = rows[1];
             print r$b, r$c, r$sub, r$a, r$sn, r$iv, r$s == \"a\\tb\", |r$ss|, 3 in r$ss, r$p, r?$o, r$pat in \"afoob\";
             print |r$v|, r$v[0], rows[5]$o, |rows[5]$ss|; }}"
    ));
    let expected = "x, in.txt, 2\nT, Red, [n=7, p=80/tcp], 1.2.3.4, 10.0.0.0/8, 1.0 min 30.0 secs, T, 2, T, 53/udp, F, T\n3, x, set, 0\n";
    assert_eq!(text(&run.stdout), expected, "{}", text(&run.stderr));
    let errors = text(&run.stderr);
    let said = |what: &str| errors.lines().filter(|line| line.contains(what)).count();
    assert_eq!(said("warning: Value 'Green' for stream 'x' is not a valid enum."), 1, "{errors}");
    assert_eq!(
        said("line 5: Not enough fields in line '3\tT' of in.txt. Found 1 fields, want positions 2 and -1"),
        1
    );
    assert_eq!(said("line 6: String 'x' contained no parseable number"), 1, "{errors}");
    assert_eq!(said("line 7: Field: b Invalid value for boolean: maybe"), 1, "{errors}");
    assert_eq!(said("line 8: Bad address: 1.2.3.400"), 1, "{errors}");
    assert_eq!(said("line 9: Bad address: 10.0.0"), 1, "{errors}");
    assert_eq!(said("Could not convert line"), 4, "{errors}");
}

const SERVERS: &str = "
    redef exit_only_after_terminate = T;
    type Idx: record { i: count; };
    type Val: record { s: string; };
    global servers: table[count] of string = table();
    global rounds = 0;
    event change(d: Input::TableDescription, t: Input::Event, left: Idx, right: string) { print t, left$i, right; }
";

#[test]
fn a_table_follows_its_file() {
    let place = Place::new();
    place.write("in.txt", "#fields\ti\ts\n1\tone\n2\ttwo\n");
    let mut waiting = place.start(&format!(
        "{SERVERS} event zeek_init() {{ Input::add_table([$source=\"in.txt\", $name=\"x\", $idx=Idx, $val=Val,
             $want_record=F, $destination=servers, $mode=Input::REREAD, $ev=change,
             $pred(t: Input::Event, left: Idx, right: string) = {{ return right != \"refused\"; }}]); }}
         event Input::end_of_data(name: string, source: string) {{
             print |servers|; system(fmt(\"touch got%d\", ++rounds)); if ( rounds == 4 ) terminate(); }}"
    ));
    waiting.until("got1");
    place.replace("in.txt", "#fields\ti\ts\n2\tTWO\n3\tthree\n4\trefused\n");
    waiting.until("got2");
    // What is there stays while the file is gone, or has no header.
    std::fs::remove_file(place.path("in.txt")).unwrap();
    std::thread::sleep(Duration::from_millis(2500));
    place.replace("in.txt", "#fields\ti\ts\n3\tthree\n");
    waiting.until("got3");
    // Written in place.
    place.write("in.txt", "#fields\ti\ts\n3\tthree\n5\tfive\n");
    let (printed, errors) = waiting.finish();
    let expected = "Input::EVENT_NEW, 1, one\nInput::EVENT_NEW, 2, two\n2\n\
        Input::EVENT_CHANGED, 2, two\nInput::EVENT_NEW, 3, three\nInput::EVENT_REMOVED, 1, one\n2\n\
        Input::EVENT_REMOVED, 2, TWO\n1\nInput::EVENT_NEW, 5, five\n2\n";
    assert_eq!(printed, expected, "{errors}");
    assert_eq!(errors.matches("Could not get stat for in.txt").count(), 1, "{errors}");
}

#[test]
fn streams_give_what_is_added() {
    let place = Place::new();
    place.write("rows", "#fields\ti\ts\n1\tone\n");
    place.write("lines", "first\n");
    let mut waiting = place.start(&format!(
        "{SERVERS} type Line: record {{ s: string; }};
         function got() {{ system(fmt(\"touch got%d\", ++rounds)); if ( rounds == 6 ) terminate(); }}
         event row(d: Input::EventDescription, t: Input::Event, i: count, s: string) {{ print d$name, i, s; got(); }}
         type Row: record {{ i: count; s: string; }};
         event line(d: Input::EventDescription, t: Input::Event, r: Line) {{ print d$name, r$s; got(); }}
         event zeek_init() {{
             Input::add_event([$source=\"rows\", $name=\"r\", $fields=Row, $ev=row, $want_record=F, $mode=Input::STREAM]);
             Input::add_event([$source=\"lines\", $name=\"l\", $fields=Line, $ev=line, $mode=Input::STREAM,
                               $reader=Input::READER_RAW]); }}"
    ));
    waiting.until("got2");
    place.write("rows", "#fields\ti\ts\n1\tone\n2\ttwo\n");
    waiting.until("got3");
    place.write("lines", "first\nsecond\nthi");
    waiting.until("got4");
    place.write("lines", "first\nsecond\nthird\n");
    waiting.until("got5");
    // Another file in its place is read from its beginning.
    place.replace("rows", "#fields\ti\ts\n9\tnine\n");
    let (printed, errors) = waiting.finish();
    assert_eq!(printed, "r, 1, one\nl, first\nr, 2, two\nl, second\nl, third\nr, 9, nine\n", "{errors}");
}

#[test]
fn commands_are_read_and_their_end_is_told() {
    let place = Place::new();
    let (printed, errors) = place
        .start(
            "redef exit_only_after_terminate = T;
             type Val: record { s: string; e: bool; };
             event line(d: Input::EventDescription, t: Input::Event, s: string, e: bool) { print s, e; }
             event InputRaw::process_finished(name: string, source: string, exit_code: count, signal_exit: bool)
                 { print name, source, exit_code, signal_exit; terminate(); }
             event zeek_init() { Input::add_event([$source=\"cat; echo oops >&2; exit 3 |\", $name=\"x\", $fields=Val,
                 $reader=Input::READER_RAW, $ev=line, $want_record=F,
                 $config=table([\"stdin\"] = \"a\\nb\", [\"read_stderr\"] = \"1\")]); }",
        )
        .finish();
    assert_eq!(printed, "a, F\nb, F\noops, T\nx, cat; echo oops >&2; exit 3 |, 3, F\n", "{errors}");
    assert!(errors.contains("Child process exited with non-zero return code 3"), "{errors}");
}

#[test]
fn mistakes_are_one_clear_error_each() {
    let place = Place::new();
    place.write("in.txt", "#fields\ti\n1\n");
    let run = place.run(
        "type Idx: record { i: count; };
         type Foreign: record { f: file; };
         global t: table[count] of count; global s: set[count]; global names: set[string];
         event few() { }
         event zeek_init() {
             print Input::add_table([$source=\"in.txt\", $name=\"a\", $idx=Idx, $destination=t]);
             print Input::add_table([$source=\"in.txt\", $name=\"b\", $idx=Idx, $destination=names]);
             print Input::add_table([$source=\"in.txt\", $name=\"c\", $idx=\"text\", $destination=s]);
             print Input::add_event([$source=\"in.txt\", $name=\"d\", $fields=Idx, $ev=few]);
             print Input::add_event([$source=\"in.txt\", $name=\"e\", $fields=Idx, $ev=fmt]);
             print Input::add_table([$source=\"no.txt\", $name=\"f\", $idx=Idx, $destination=s]);
             print Input::add_table([$source=\"in.txt\", $name=\"f\", $idx=Idx, $destination=s]);
             print Input::add_table([$source=\"x\", $name=\"g\", $reader=Input::READER_SQLITE, $idx=Idx, $destination=s]);
             print Input::add_analysis([$source=\"\", $name=\"h\"]);
             print Input::remove(\"none\"), Input::force_update(\"none\"); }",
    );
    assert_eq!(text(&run.stdout), "F\nF\nF\nF\nF\nT\nF\nF\nF\nF, F\n");
    let errors = text(&run.stderr);
    for error in [
        "Input stream a: 'destination' field is a table, but 'val' field is not provided",
        "Input stream b: Table type does not match index type. Need type 'count':count, got 'string':string",
        "Input stream c: 'idx' field is not a record type",
        "Input stream d: Event does not take enough arguments",
        "Input stream e: Stream event is a function, not an event",
        "warning: no.txt/Input::READER_ASCII: Init: cannot open no.txt",
        "Trying create already existing input stream f",
        "error: x/Input::READER_SQLITE: No query specified when setting up SQLite data source x. Aborting.",
        "error: /Input::READER_BINARY: No source path provided",
        "Stream none not found",
    ] {
        assert_eq!(errors.matches(error).count(), 1, "{error}: {errors}");
    }
}

#[test]
fn errors_of_a_file_reach_the_script() {
    let place = Place::new();
    place.write("in.txt", "#fields\ti\nx\n");
    let run = place.run(
        "type Idx: record { i: count; }; global s: set[count];
         event wrong(d: Input::TableDescription, message: string, level: Reporter::Level) { print d$name, level, message; }
         event zeek_init() {
             Input::add_table([$source=\"in.txt\", $name=\"a\", $idx=Idx, $destination=s, $error_ev=wrong]);
             Input::add_table([$source=\"no.txt\", $name=\"b\", $idx=Idx, $destination=s, $error_ev=wrong,
                               $config=table([\"fail_on_file_problem\"] = \"T\")]); }",
    );
    let printed = text(&run.stdout);
    assert!(printed.contains("a, Reporter::WARNING, String 'x' contained"), "{printed}");
    assert!(printed.contains("b, Reporter::ERROR, Init: cannot open no.txt\n"), "{printed}");
}

#[test]
fn a_file_above_the_limit_is_not_read() {
    let place = Place::new();
    place.write("in.txt", &format!("#fields\ti\n{}", "1\n".repeat(1000)));
    let run = place.run(
        "redef Input::max_file_size = 1000;
         type Idx: record { i: count; }; global s: set[count];
         event zeek_init() { Input::add_table([$source=\"in.txt\", $name=\"a\", $idx=Idx, $destination=s]); }
         event zeek_done() { print |s|; }",
    );
    assert_eq!(text(&run.stdout), "0\n");
    assert!(text(&run.stderr).contains("in.txt is larger than Input::max_file_size (1000)"));
}

#[test]
fn a_replay_has_read_its_files_before_the_first_packet() {
    let place = Place::new();
    place.write(
        "in.txt",
        &format!("#fields\ti\n{}", (0..20_000).map(|n| format!("{n}\n")).collect::<String>()),
    );
    place.write(
        "test.zeek",
        "type Idx: record { i: count; }; global s: set[count]; global told = F;
         event zeek_init() { Input::add_table([$source=\"in.txt\", $name=\"a\", $idx=Idx, $destination=s,
                                               $mode=Input::REREAD]); }
         event new_connection(c: connection) { if ( ! told ) print |s|; told = T; }",
    );
    let capture = format!("{}/../pcaps/tcp.pcap", env!("CARGO_MANIFEST_DIR"));
    let run = place.command(&["-r", &capture, "--quiet", "test.zeek"]).output().expect("nightjar runs");
    assert_eq!(text(&run.stdout), "20000\n", "{}", text(&run.stderr));
}

#[test]
fn options_follow_a_file_and_changes_are_logged() {
    let place = Place::new();
    place.write("config", "# comment\nlimit 5\nnames only\nnothing 1\nkind Nope\n");
    let mut waiting = place.start(
        "@load base/frameworks/config
         redef exit_only_after_terminate = T;
         redef Config::config_files += { \"config\" };
         type Kind: enum { Some, Other };
         option limit = 1; option names: set[string] = {}; option kind = Some; global rounds = 0;
         event Input::end_of_data(name: string, source: string)
             { print limit, |names|, kind; system(fmt(\"touch got%d\", ++rounds)); if ( rounds == 2 ) terminate(); }",
    );
    waiting.until("got1");
    place.replace("config", "limit 6\nnames only\nkind Other\n");
    let (printed, errors) = waiting.finish();
    assert_eq!(printed, "5, 1, Some\n6, 1, Other\n", "{errors}");
    assert!(errors.contains("Option 'nothing' does not exist. Ignoring line."), "{errors}");
    assert!(
        errors.contains("Value 'Nope' for source 'thread config/Input::READER_CONFIG' is not a valid enum.")
    );
    let rows = rows(&place.path("config.log"));
    let rows: Vec<&[String]> = rows.iter().map(|row| &row[1..]).collect();
    let row = |values: [&str; 4]| values.map(str::to_owned).to_vec();
    let expected = [
        row(["limit", "1", "5", "config"]),
        row(["names", "(empty)", "only", "config"]),
        row(["limit", "5", "6", "config"]),
        row(["kind", "Some", "Other", "config"]),
    ];
    assert_eq!(rows, expected.iter().map(|row| &row[..]).collect::<Vec<_>>());
}

fn rows(log: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(log).expect("a log");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn a_script_that_reads_nothing_prints_nothing_more() {
    assert_eq!(Place::new().prints("event zeek_init() { print Input::default_mode; }"), "Input::MANUAL\n");
}

#[test]
fn what_is_wrong_with_line_after_line_is_said_once() {
    let place = Place::new();
    place.write("in.txt", "#fields\ta\tb\nx\nx\nx\n1\tT\nx\nx\n");
    let run = place.run(
        "redef exit_only_after_terminate = T;
         type Row: record { a: string; b: bool; };
         event row(d: Input::EventDescription, t: Input::Event, r: Row) { print r; }
         event wrong(d: Input::EventDescription, message: string, level: Reporter::Level) { print message, level; }
         event zeek_init()
             {
             Input::add_event([$source=\"in.txt\", $name=\"x\", $fields=Row, $ev=row, $error_ev=wrong]);
             }
         event Input::end_of_data(name: string, source: string) { terminate(); }",
    );
    let missing = "Not enough fields in line 'x' of in.txt. Found 0 fields, want positions 1 and -1";
    // Scripts are told what, people where as well.
    assert_eq!(
        text(&run.stdout),
        format!(
            "{missing}, Reporter::WARNING\nSuppressed 2 warning(s), Reporter::WARNING\n[a=1, b=T]\n\
             {missing}, Reporter::WARNING\nSuppressed 1 warning(s), Reporter::WARNING\n"
        )
    );
    let errors = text(&run.stderr);
    assert!(errors.contains(&format!("in.txt, line 2: {missing}\n")), "{errors}");
    assert!(errors.contains("in.txt, line 5: Suppressed 2 warning(s)\n"), "{errors}");
    assert!(errors.contains("in.txt, line 7: Suppressed 1 warning(s)\n"), "{errors}");
}

#[test]
fn a_database_that_does_not_fit_is_one_clear_error() {
    let place = Place::new();
    place.write("no.sqlite", "nothing that a database begins with");
    let read = |source: &str, more: &str| {
        let run = place.run(&format!(
            "redef exit_only_after_terminate = T;
             type Row: record {{ a: count; }};
             event row(d: Input::EventDescription, t: Input::Event, r: Row) {{ print r; }}
             event late() {{ terminate(); }}
             event zeek_init()
                 {{
                 Input::add_event([$source=\"{source}\", $name=\"x\", $reader=Input::READER_SQLITE, $fields=Row,
                     $ev=row, $config=table([\"query\"] = \"select 1 as a\"){more}]);
                 schedule 200msec {{ late() }};
                 }}"
        ));
        assert_eq!(text(&run.stdout), "");
        text(&run.stderr)
    };
    assert!(
        read("absent", "").contains("error: absent/Input::READER_SQLITE: SQLite call failed: unable to open")
    );
    assert!(read("absent", ", $mode=Input::STREAM").contains("SQLite only supports manual reading mode."));
    assert!(!place.path("absent.sqlite").exists());
}

#[test]
fn a_script_that_waits_ends_in_order_when_it_is_asked_to() {
    let place = Place::new();
    let mut waiting = place.start(
        "redef exit_only_after_terminate = T;
         event zeek_init() { open(\"ready\"); }
         event zeek_done() { print \"done\"; }",
    );
    waiting.until("ready");
    let asked = Command::new("kill").arg(waiting.child.id().to_string()).status().expect("kill runs");
    assert!(asked.success());
    let (out, errors) = waiting.finish();
    assert_eq!(out, "done\n");
    assert_eq!(errors, "received termination signal\n");
}

/// Tells all that happens to files.
const TELL: &str = "event file_new(f: fa_file)
    {
    print fmt(\"new %s %d %s %s\", f$source, f$seen_bytes, f?$is_orig, f?$conns);
    Files::add_analyzer(f, Files::ANALYZER_SHA1);
    Files::add_analyzer(f, Files::ANALYZER_EXTRACT, [$extract_filename=\"copy\"]);
    Files::add_analyzer(f, Files::ANALYZER_DATA_EVENT, [$chunk_event=chunk]);
    }
event file_over_new_connection(f: fa_file, c: connection, is_orig: bool) { print \"of a connection\"; }
event file_sniff(f: fa_file, meta: fa_metadata) { print \"sniff\", meta$mime_type, f$seen_bytes; }
event file_hash(f: fa_file, kind: string, hash: string) { print kind, hash; }
event file_timeout(f: fa_file) { print \"timeout\"; }
event file_state_remove(f: fa_file) { print \"remove\", f$seen_bytes, f$info$sha1; }
event Input::end_of_data(name: string, source: string) { print \"end\", name, source; }
";

#[test]
fn files_that_are_read_are_analysed() {
    let place = Place::new();
    place.write("in.pdf", &format!("%PDF-1.5\n{}", "x".repeat(5000)));
    let code = format!(
        "global chunk: event(f: fa_file, data: string, off: count);
         event chunk(f: fa_file, data: string, off: count) {{ print \"chunk\", off, |data|; }}
         {TELL}
         event zeek_init() {{ print Input::add_analysis([$source=\"in.pdf\", $name=\"mine\"]); }}"
    );
    let told = place.prints(&code);
    let sha1 = {
        let run = Command::new("sha1sum").arg(place.path("in.pdf")).output().expect("sha1sum runs");
        text(&run.stdout)[..40].to_owned()
    };
    // Blocks are of 1024 bytes; the type is decided with 4096, and content is handed on from then.
    let chunks: String = (0..4).map(|at| format!("chunk, {}, 1024\n", at * 1024)).collect();
    let expected = format!(
        "T\nnew mine 0 F F\nsniff, application/pdf, 4096\n{chunks}chunk, 4096, 913\nend, mine, in.pdf\n\
         sha1, {sha1}\nremove, 5009, {sha1}\n"
    );
    assert_eq!(told, expected);
    let copy = std::fs::read(place.path("extract_files/copy")).expect("a copy");
    assert_eq!(copy, std::fs::read(place.path("in.pdf")).expect("the file"));
    let log = std::fs::read_to_string(place.path("files.log")).expect("files.log");
    let row: Vec<&str> =
        log.lines().find(|line| !line.starts_with('#')).expect("a row").split('\t').collect();
    // uid and ends, source, analyzers, type; local_orig, is_orig, the sizes, timedout; digests, extracted.
    assert_eq!(row[2..7], ["-"; 5]);
    assert_eq!(row[7..11], ["mine", "0", "SHA1,EXTRACT,DATA_EVENT", "application/pdf"]);
    assert_eq!(row[13..20], ["-", "-", "5009", "-", "0", "0", "F"]);
    assert_eq!(row[21..25], ["-", &sha1[..], "-", "copy"]);
}

#[test]
fn files_that_grow_or_change_are_analysed_again() {
    let place = Place::new();
    place.write("grows", "GIF89a");
    place.write("changes", "%PDF-1.5");
    let code = format!(
        "redef exit_only_after_terminate = T;
         redef Threading::heartbeat_interval = 0.1sec;
         global chunk: event(f: fa_file, data: string, off: count);
         {TELL}
         event file_new(f: fa_file) {{ local made = open(cat(\"new-\", f$source)); close(made); }}
         event file_state_remove(f: fa_file) {{ local made = open(cat(\"gone-\", f$seen_bytes)); close(made); }}
         event zeek_init()
             {{
             Input::add_analysis([$source=\"grows\", $name=\"g\", $mode=Input::STREAM]);
             Input::add_analysis([$source=\"changes\", $name=\"c\", $mode=Input::REREAD]);
             }}
         event file_state_remove(f: fa_file) {{ if ( f$source == \"c\" && f$seen_bytes > 10 ) terminate(); }}
         event zeek_done() {{ print \"done\"; }}"
    );
    let mut waiting = place.start(&code);
    waiting.until("new-g");
    waiting.until("gone-8");
    place.write("grows", "GIF89a and more");
    place.replace("changes", "{\"now\": \"other\"}");
    let (told, errors) = waiting.finish();
    assert_eq!(errors, "received termination signal\n");
    assert!(told.contains("remove, 8, "), "{told}");
    assert!(told.contains("remove, 16, "), "{told}");
    // What still grows ends with the run.
    let last = told.rsplit_once("timeout\n").expect("a file given up").1;
    assert!(last.contains("remove, 15, ") || last.contains("remove, 6, "), "{told}");
    let log = std::fs::read_to_string(place.path("files.log")).expect("files.log");
    let rows: Vec<Vec<&str>> =
        log.lines().filter(|line| !line.starts_with('#')).map(|row| row.split('\t').collect()).collect();
    let ends: Vec<[&str; 3]> = rows.iter().map(|row| [row[7], row[10], row[19]]).collect();
    assert_eq!(ends, [["c", "application/pdf", "F"], ["c", "text/json", "F"], ["g", "image/gif", "T"]]);
    assert_eq!(rows[0][1], rows[1][1], "the same name is the same file");
}
