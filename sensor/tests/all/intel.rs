//! The Intel framework through the front door.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().expect("a folder"))
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).expect("a file written");
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
        command.current_dir(self.0.path()).args(args).output().expect("nightjar runs")
    }

    /// Runs a script with Intel and a place to see things in; what it prints.
    fn prints(&self, code: &str) -> String {
        self.write(
            "test.zeek",
            &format!(
                "@load base/frameworks/intel\n@load base/frameworks/notice\n\
                 redef enum Intel::Where += {{ SOMEWHERE }};\n{code}"
            ),
        );
        let run = self.run(&["-b", "test.zeek"]);
        assert_eq!(text(&run.stderr), "");
        text(&run.stdout)
    }

    /// Columns of a log.
    fn log(&self, name: &str, columns: &[&str]) -> Vec<Vec<String>> {
        columns_of(&self.0.path().join(name), columns)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn columns_of(log: &Path, columns: &[&str]) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(log).expect("a log");
    let names: Vec<&str> =
        text.lines().find_map(|line| line.strip_prefix("#fields\t")).expect("fields").split('\t').collect();
    let place = |column: &&str| names.iter().position(|name| name == column).expect("a column");
    let places: Vec<usize> = columns.iter().map(place).collect();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    let cells = |row: &str| -> Vec<String> { row.split('\t').map(str::to_owned).collect() };
    rows.map(cells).map(|cells| places.iter().map(|at| cells[*at].clone()).collect()).collect()
}

const HEADER: &str = "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n";

#[test]
fn what_is_known_is_found_whatever_its_case_and_however_wide_its_net() {
    let place = Place::new();
    let rows = "192.168.2.0/24\tIntel::SUBNET\ts1\tnet\n192.168.0.0/16\tIntel::SUBNET\ts2\twide\n\
        192.168.2.7\tIntel::ADDR\ts1\thost\nEvil.Example\tIntel::DOMAIN\ts1\t-\n\
        ABCDEF\tIntel::FILE_HASH\ts1\t-\nevil.example/x\tIntel::URL\ts1\t-\nnot-an-address\tIntel::ADDR\ts1\t-\n";
    place.write("intel.dat", &(HEADER.to_owned() + rows));
    place.write(
        "test.zeek",
        "@load base/frameworks/intel
         redef Intel::read_files += { \"intel.dat\" };
         redef enum Intel::Where += { SOMEWHERE };
         event Intel::match(s: Intel::Seen, items: set[Intel::Item]) { print s$indicator, |items|; }
         function look(indicator: string, t: Intel::Type)
             { Intel::seen([$indicator=indicator, $indicator_type=t, $where=SOMEWHERE]); }
         event Input::end_of_data(name: string, source: string) {
             Intel::seen([$host=192.168.2.7, $where=SOMEWHERE]);
             Intel::seen([$host=192.168.9.9, $where=SOMEWHERE]);
             Intel::seen([$host=10.0.0.1, $where=SOMEWHERE]);
             look(\"EVIL.example\", Intel::DOMAIN); look(\"evil.example\", Intel::EMAIL);
             look(\"abcdef\", Intel::FILE_HASH); look(\"EVIL.EXAMPLE/X\", Intel::URL); }",
    );
    let run = place.run(&["-b", "test.zeek"]);
    let expected = "192.168.2.7, 3\n192.168.9.9, 1\nEVIL.example, 1\nabcdef, 1\nEVIL.EXAMPLE/X, 1\n";
    assert_eq!(text(&run.stdout), expected, "{}", text(&run.stderr));
    assert!(text(&run.stderr).contains("'not-an-address' is not an address"));
    let columns = ["seen.indicator", "seen.indicator_type", "seen.where", "seen.node"];
    let log = place.log("intel.log", &columns);
    assert_eq!(log.len(), 5);
    assert_eq!(log[0], ["192.168.2.7", "Intel::ADDR", "SOMEWHERE", "zeek"]);
    let matched = place.log("intel.log", &["matched", "sources"]);
    let parts = |cell: &str| {
        let mut parts: Vec<String> = cell.split(',').map(str::to_owned).collect();
        parts.sort();
        parts.join(",")
    };
    assert_eq!(parts(&matched[0][0]), "Intel::ADDR,Intel::SUBNET");
    assert_eq!(parts(&matched[0][1]), "s1,s2");
}

#[test]
fn items_are_removed_filtered_and_withheld() {
    let place = Place::new();
    let printed = place.prints(
        "function item(i: string, source: string): Intel::Item
             { return Intel::Item($indicator=i, $indicator_type=Intel::DOMAIN, $meta=[$source=source]); }
         hook Intel::filter_item(item: Intel::Item) { if ( item$indicator == \"filtered\" ) break; }
         hook Intel::seen_policy(s: Intel::Seen, found: bool)
             { print s$indicator, found; if ( s$indicator == \"withheld\" ) break; }
         hook Intel::extend_match(info: Intel::Info, s: Intel::Seen, items: set[Intel::Item])
             { if ( s$indicator == \"unlogged\" ) break; }
         event Intel::match(s: Intel::Seen, items: set[Intel::Item]) { print \"match\", s$indicator, |items|; }
         event look() {
             for ( _, i in vector(\"filtered\", \"withheld\", \"unlogged\", \"two\", \"gone\", \"purged\") )
                 Intel::seen([$indicator=i, $indicator_type=Intel::DOMAIN, $where=SOMEWHERE]); }
         event zeek_init() {
             for ( _, i in vector(\"filtered\", \"withheld\", \"unlogged\", \"two\", \"gone\", \"purged\") )
                 { Intel::insert(item(i, \"s1\")); Intel::insert(item(i, \"s2\")); }
             Intel::remove(item(\"two\", \"s1\"));
             Intel::remove(item(\"gone\", \"s1\")); Intel::remove(item(\"gone\", \"s2\"));
             Intel::remove(item(\"purged\", \"s1\"), T);
             event look(); }",
    );
    let expected = "filtered, F\nwithheld, T\nunlogged, T\ntwo, T\ngone, F\npurged, F\n\
                    match, unlogged, 2\nmatch, two, 1\n";
    assert_eq!(printed, expected);
    assert_eq!(place.log("intel.log", &["seen.indicator"]), [["two"]]);
}

#[test]
fn indicators_expire_unless_they_come_again() {
    let place = Place::new();
    place.write(
        "test.zeek",
        "@load base/frameworks/intel
         redef enum Intel::Where += { SOMEWHERE };
         redef exit_only_after_terminate = T; redef table_expire_interval = 0.1sec;
         redef Intel::item_expiration = 1sec;
         global expired = 0;
         hook Intel::item_expired(i: string, t: Intel::Type, metas: set[Intel::MetaData])
             { print i, t, |metas|; if ( ++expired == 2 ) break; }
         event Intel::match(s: Intel::Seen, items: set[Intel::Item]) { print \"match\", s$host; }
         event look() { Intel::seen([$host=1.2.3.4, $where=SOMEWHERE]); }
         event stop() { terminate(); }
         event zeek_init() {
             Intel::insert([$indicator=\"1.2.3.4\", $indicator_type=Intel::ADDR, $meta=[$source=\"s\"]]);
             schedule 1.6sec { look() }; schedule 3.5sec { look() }; schedule 3.6sec { stop() }; }",
    );
    let run = place.run(&["-b", "test.zeek"]);
    let expected = "1.2.3.4, Intel::ADDR, 1\nmatch, 1.2.3.4\n1.2.3.4, Intel::ADDR, 1\n";
    assert_eq!(text(&run.stdout), expected, "{}", text(&run.stderr));
}

#[test]
fn a_hundred_thousand_indicators_load_and_match_at_once() {
    let place = Place::new();
    let mut rows = HEADER.to_owned();
    for n in 0..50_000 {
        rows.push_str(&format!("host{n}.example\tIntel::DOMAIN\ts\t-\n"));
        rows.push_str(&format!("10.{}.{}.{}\tIntel::ADDR\ts\t-\n", n >> 16, n >> 8 & 255, n & 255));
    }
    place.write("intel.dat", &rows);
    let start = Instant::now();
    let printed = place.prints(
        "redef Intel::read_files += { \"intel.dat\" };
         global matches = 0;
         event Intel::match(s: Intel::Seen, items: set[Intel::Item]) { ++matches; }
         hook Intel::extend_match(info: Intel::Info, s: Intel::Seen, items: set[Intel::Item]) { break; }
         event Input::end_of_data(name: string, source: string) {
             local i = 0;
             while ( i < 20000 ) {
                 Intel::seen([$indicator=fmt(\"host%d.example\", i * 5), $indicator_type=Intel::DOMAIN, $where=SOMEWHERE]);
                 Intel::seen([$host=count_to_v4_addr(167772160 + i * 5), $where=SOMEWHERE]);
                 ++i; } }
         event zeek_done() { print matches; }",
    );
    assert_eq!(printed, "20000\n");
    // Seconds would do for a million.
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[test]
fn more_than_the_ceiling_is_refused_and_said() {
    let place = Place::new();
    let rows: String = (0..100).map(|n| format!("host{n}\tIntel::DOMAIN\ts\t-\n")).collect();
    place.write("intel.dat", &(HEADER.to_owned() + &rows));
    place.write(
        "test.zeek",
        "@load base/frameworks/intel
         redef Intel::read_files += { \"intel.dat\" }; redef Intel::max_items = 60;
         event zeek_done() { print |Intel::string_data|; }",
    );
    let run = place.run(&["-b", "test.zeek"]);
    assert_eq!(text(&run.stdout), "60\n");
    assert!(
        text(&run.stderr).contains("40 indicators were refused: Intel::max_items is 60"),
        "{}",
        text(&run.stderr)
    );
}

#[test]
fn connections_names_and_headers_of_a_capture_are_looked_up() {
    let place = Place::new();
    let capture = format!("{}/../pcaps/http.pcap", env!("CARGO_MANIFEST_DIR"));
    place.run(&["-r", &capture, "--quiet"]);
    let http = place.log("http.log", &["id.orig_h", "host", "uri", "user_agent", "uid"]);
    let row = http.iter().find(|row| row[1] != "-" && row[3] != "-").expect("a request");
    let [orig, host, uri, agent, uid] = &row[..] else { panic!("columns") };
    place.write(
        "intel.dat",
        &format!(
            "{HEADER}{orig}\tIntel::ADDR\ts\t-\n{host}\tIntel::DOMAIN\ts\t-\n{host}{uri}\tIntel::URL\ts\t-\n\
             {agent}\tIntel::SOFTWARE\ts\t-\n"
        ),
    );
    place.write(
        "test.zeek",
        "@load frameworks/intel/seen\n@load frameworks/intel/do_notice\nredef Intel::read_files += { \"intel.dat\" };",
    );
    let run = |workers: &str| {
        let run = place.run(&["-r", &capture, "--quiet", "--workers", workers, "test.zeek"]);
        assert_eq!(text(&run.stderr), "");
        std::fs::read_to_string(place.0.path().join("intel.log")).expect("intel.log")
    };
    let one = run("1");
    let places = place.log("intel.log", &["seen.where", "uid"]);
    for expected in ["Conn::IN_ORIG", "HTTP::IN_URL", "HTTP::IN_USER_AGENT_HEADER"] {
        assert!(places.iter().any(|row| row[0] == expected && row[1] == *uid), "{expected}: {places:?}");
    }
    let rows =
        |log: &str| log.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&one), rows(&run("4")));
}
