//! SumStats through the front door: scripts alone, and over captures made here.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
        command.current_dir(self.0.path()).args(args).output().expect("nightjar runs")
    }

    /// Runs a script alone, bare but for SumStats; what it prints.
    fn script(&self, code: &str) -> String {
        std::fs::write(self.path("test.zeek"), format!("@load base/frameworks/sumstats\n{code}")).unwrap();
        fine(&self.run(&["-b", "test.zeek"]))
    }

    /// Runs a script over a capture.
    fn over(&self, capture: &Path, code: &str, more: &[&str]) -> String {
        std::fs::write(self.path("test.zeek"), code).unwrap();
        let capture = capture.to_str().expect("a path");
        let args = [&["-r", capture, "--quiet", "test.zeek"], more].concat();
        fine(&self.run(&args))
    }
}

fn fine(run: &Output) -> String {
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && errors.is_empty(), "{errors}");
    String::from_utf8(run.stdout.clone()).expect("text")
}

const START: u64 = 1_700_000_000;

/// A capture of datagrams, each of a connection of its own: (milliseconds from the start, last octet of the
/// originator).
fn capture(place: &Place, packets: &[(u64, u8)]) -> PathBuf {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
        file.extend(word.to_le_bytes());
    }
    for (i, (millis, host)) in packets.iter().enumerate() {
        let port = 10_000 + i as u16;
        let mut packet = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
        packet.extend([0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, *host, 10, 0, 1, 1]);
        let sum: u32 = packet[14..].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
        let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
        packet[24..26].copy_from_slice(&sum.to_be_bytes());
        packet.extend(port.to_be_bytes());
        packet.extend([0x27, 0x0f, 0, 9, 0, 0, b'x']);
        let at = START * 1_000 + millis;
        for word in [at / 1_000, at % 1_000 * 1_000, packet.len() as u64, packet.len() as u64] {
            file.extend((word as u32).to_le_bytes());
        }
        file.extend(packet);
    }
    let path = place.path("test.pcap");
    std::fs::write(&path, file).unwrap();
    path
}

/// Counts connections per originator: epochs of 10 s, 98 to cross. `more`: further fields of the SumStat.
fn counting(more: &str) -> String {
    format!(
        "event new_connection(c: connection) {{ SumStats::observe(\"conns\", [$host=c$id$orig_h], [$num=1]); }}
         event zeek_init() {{
             SumStats::create([$name=\"conns\", $epoch=10sec, $threshold=98.0, {more}
                 $reducers=set(SumStats::Reducer($stream=\"conns\", $apply=set(SumStats::SUM))),
                 $threshold_val(key: SumStats::Key, result: SumStats::Result) = {{ return result[\"conns\"]$sum; }},
                 $threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
                     {{ print fmt(\"%.3f %s %.0f\", network_time(), key$host, result[\"conns\"]$sum); }}]);
         }}"
    )
}

/// 49 before the edge of an epoch, which is 10 s after the first packet, and 49 after.
fn straddling() -> Vec<(u64, u8)> {
    let before = (0..49).map(|i| (9_000 + i * 10, 7));
    let after = (0..49).map(|i| (10_500 + i * 10, 7));
    [(0, 1)].into_iter().chain(before).chain(after).collect()
}

/// Were it made anew for each reading, reading it for each of its values would cost their square.
#[test]
fn topk_of_a_result_is_one_value_until_something_is_counted() {
    let out = Place::new().script(
        r#"event zeek_init()
        {
        SumStats::create([$name="all", $epoch=1hr, $threshold=2.0,
            $reducers=set(SumStats::Reducer($stream="s", $apply=set(SumStats::TOPK), $topk_size=3)),
            $threshold_val(key: SumStats::Key, result: SumStats::Result) =
                {
                local o: SumStats::Observation = [$str="b"];
                local before = topk_sum(result["s"]$topk);
                topk_add(result["s"]$topk, o);
                print key$str, before, topk_sum(result["s"]$topk);
                return 1.0;
                },
            $threshold_crossed(key: SumStats::Key, result: SumStats::Result) = { },
            $epoch_result(ts: time, key: SumStats::Key, result: SumStats::Result) =
                {
                local r = result["s"];
                local top: vector of SumStats::Observation = topk_get_top(r$topk, 9);
                for ( i in top )
                    print top[i]$str, topk_count(r$topk, top[i]), topk_epsilon(r$topk, top[i]);
                }]);
        for ( i in vector("a", "b") )
            {
            SumStats::observe("s", [$str="k"], [$str="a"]);
            SumStats::observe("s", [$str="l"], [$str="c"]);
            }
        }"#,
    );
    assert_eq!(out, "k, 1, 2\nl, 1, 2\nk, 2, 3\nl, 2, 3\na, 2, 0\nc, 2, 0\n");
}

#[test]
fn every_calculation_has_its_result() {
    let out = Place::new().script(
        r#"event zeek_init()
        {
        SumStats::create([$name="all", $epoch=1hr, $reducers=set(SumStats::Reducer($stream="s",
            $apply=set(SumStats::AVERAGE, SumStats::HLL_UNIQUE, SumStats::LAST, SumStats::MAX, SumStats::MIN,
                       SumStats::SAMPLE, SumStats::STD_DEV, SumStats::SUM, SumStats::TOPK, SumStats::UNIQUE),
            $num_last_elements=2, $num_samples=9, $unique_max=100)),
            $epoch_result(ts: time, key: SumStats::Key, result: SumStats::Result) =
                {
                local r = result["s"];
                print SumStats::key2str(key), r$num, r$average, r$hll_unique, r$max, r$min, r$sum, r$unique;
                print r$variance, fmt("%.4f", r$std_dev), r$sample_elements, |r$samples|, r$samples[1], r$num_samples;
                print SumStats::get_last(r), topk_get_top(r$topk, 1), |r$unique_vals|, r$unique_max;
                print r?$last_elements, r$end >= r$begin;
                }]);
        local k = SumStats::Key($host=1.2.3.4, $str="web");
        SumStats::observe("s", k, [$num=5]);
        SumStats::observe("s", k, [$dbl=1.5]);
        SumStats::observe("s", k, [$str="text"]);
        SumStats::observe("s", k, [$str="text"]);
        SumStats::observe("nobody listens", k, [$num=1]);
        }"#,
    );
    assert_eq!(
        out,
        "sumstats_key(host=1.2.3.4, str=web), 4, 2.125, 3, 5.0, 1.0, 8.5, 3\n\
         3.729167, 1.9311, 4, 4, [num=<uninitialized>, dbl=1.5, str=<uninitialized>], 9\n\
         [[num=<uninitialized>, dbl=<uninitialized>, str=text], [num=<uninitialized>, dbl=<uninitialized>, \
         str=text]], [[num=<uninitialized>, dbl=<uninitialized>, str=text]], 3, 100\n\
         T, T\n"
    );
}

#[test]
fn predicates_and_normalized_keys_decide_what_counts() {
    let out = Place::new().script(
        r#"event zeek_init()
        {
        SumStats::create([$name="nets", $epoch=1hr, $reducers=set(SumStats::Reducer($stream="s",
            $apply=set(SumStats::SUM),
            $normalize_key(key: SumStats::Key) =
                {
                local net = cat(mask_addr(key$host, 24));
                key$str = "changed";
                return SumStats::Key($str=net);
                },
            $pred(key: SumStats::Key, obs: SumStats::Observation) = { return obs$num < 100; })),
            $epoch_result(ts: time, key: SumStats::Key, result: SumStats::Result) =
                { print key$str, result["s"]$sum; },
            $epoch_finished(ts: time) = { print "finished"; }]);
        local k = SumStats::Key($host=10.0.0.1);
        SumStats::observe("s", k, [$num=1]);
        SumStats::observe("s", [$host=10.0.0.200], [$num=2]);
        SumStats::observe("s", [$host=10.0.1.1], [$num=3]);
        SumStats::observe("s", [$host=10.0.1.1], [$num=100]);
        print k;
        }"#
        .replace("mask_addr(key$host, 24)", "key$host/24")
        .as_str(),
    );
    assert_eq!(out, "[str=<uninitialized>, host=10.0.0.1]\n10.0.0.0/24, 3.0\n10.0.1.0/24, 3.0\nfinished\n");
}

/// Where a call has its key and observation written out, none are made: what is counted is the same.
#[test]
fn keys_and_observations_count_the_same_however_they_are_given() {
    let code = |more: &str| {
        format!(
            r#"{more}
        event zeek_init()
        {{
        SumStats::create([$name="all", $epoch=1hr, $reducers=set(SumStats::Reducer($stream="s",
            $apply=set(SumStats::SUM, SumStats::UNIQUE), $unique_max=10,
            $pred(key: SumStats::Key, obs: SumStats::Observation) = {{ print key, obs; return T; }})),
            $epoch_result(ts: time, key: SumStats::Key, result: SumStats::Result) =
                {{ print result["s"]$num, result["s"]$sum, result["s"]$unique; }}]);
        local a = 10.0.0.1;
        local p = 80/tcp;
        local of_all: SumStats::Key;
        local key = SumStats::Key($host=a, $str=cat(p));
        local obs = SumStats::Observation($num=2, $dbl=3.0, $str=cat(10.0.0.0/8));
        SumStats::observe("s", [$str=cat(p), $host=a], [$str=cat(10.0.0.0/8), $dbl=3.0, $num=2]);
        SumStats::observe("s", SumStats::Key($host=a, $str="80/tcp"), SumStats::Observation($num=2, $dbl=3, $str="10.0.0.0/8"));
        SumStats::observe("s", key, obs);
        SumStats::observe("s", [], [$str=cat(a)]);
        SumStats::observe("s", of_all, [$str="10.0.0.1"]);
        }}"#
        )
    };
    let lines = |more: &str| {
        let out = Place::new().script(&code(more));
        let mut lines: Vec<String> = out.lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 7, "{out}");
        let mut results = lines.split_off(5);
        results.sort();
        assert_eq!(results, ["2, 2.0, 1", "3, 6.0, 1"], "{out}");
        assert!(lines[0].contains("str=10.0.0.0/8") && lines[0].contains("80/tcp"), "{out}");
        assert!(lines[0] == lines[1] && lines[1] == lines[2] && lines[3] == lines[4], "{out}");
        lines
    };
    lines("");
    let wider = lines("redef record SumStats::Key += { weight: count &default=7; };");
    assert!(wider.iter().all(|line| line.contains("weight=7")), "{wider:?}");
}

#[test]
fn scripts_calculate_too() {
    let out = Place::new().script(
        r#"module SumStats;
        redef enum Calculation += { COUNTTABLE };
        redef record ResultVal += { counttable: table[string] of count &optional; note: string &default="new"; };
        hook init_resultval_hook(r: Reducer, rv: ResultVal) { rv$note = fmt("of %s", r$stream); }
        hook register_observe_plugins()
            {
            register_observe_plugin(COUNTTABLE, function(r: Reducer, val: double, obs: Observation, rv: ResultVal)
                {
                if ( ! rv?$counttable )
                    rv$counttable = table();
                if ( obs$str !in rv$counttable )
                    rv$counttable[obs$str] = 0;
                rv$counttable[obs$str] += double_to_count(val);
                });
            add_observe_plugin_dependency(COUNTTABLE, MAX);
            }
        hook compose_resultvals_hook(result: ResultVal, rv1: ResultVal, rv2: ResultVal) { }
        event zeek_init()
            {
            SumStats::create([$name="t", $epoch=1hr, $threshold=3.0,
                $reducers=set(SumStats::Reducer($stream="s", $apply=set(SumStats::COUNTTABLE))),
                $threshold_val(key: SumStats::Key, result: SumStats::Result) =
                    { return |result["s"]$counttable| + 0.0; },
                $threshold_crossed(key: SumStats::Key, result: SumStats::Result) = { print "crossed", result["s"]$num; },
                $epoch_result(ts: time, key: SumStats::Key, result: SumStats::Result) =
                    {
                    local r = result["s"];
                    print key$str, r$counttable["a"], |r$counttable|, r$num, r$max, r$note;
                    }]);
            for ( s in set("a", "b", "c") )
                SumStats::observe("s", [$str="k"], [$str=s]);
            SumStats::observe("s", [$str="k"], [$str="a"]);
            SumStats::observe("s", [$str="l"], [$str="a"]);
            }"#,
    );
    assert_eq!(out, "crossed, 3\nk, 2, 3, 4, 1.0, of s\nl, 1, 1, 1, 1.0, of s\n");
}

#[test]
fn what_a_script_keeps_stays_as_it_was() {
    let out = Place::new().script(
        r#"global kept: table[addr] of SumStats::Result;
        event zeek_init()
            {
            SumStats::create([$name="t", $epoch=1hr, $threshold=2.0,
                $reducers=set(SumStats::Reducer($stream="s", $apply=set(SumStats::SUM))),
                $threshold_val(key: SumStats::Key, result: SumStats::Result) = { return result["s"]$sum; },
                $threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
                    {
                    kept[key$host] = result;
                    # Counted for another key while this one's results are in use.
                    if ( key$host == 1.0.0.1 )
                        SumStats::observe("s", [$host=1.0.0.2], [$num=20]);
                    print key$host, result["s"]$sum;
                    }]);
            SumStats::observe("s", [$host=1.0.0.1], [$num=10]);
            SumStats::observe("s", [$host=1.0.0.3], [$num=30]);
            print kept[1.0.0.1]["s"]$sum, kept[1.0.0.2]["s"]$sum, kept[1.0.0.3]["s"]$sum;
            local r = SumStats::request_key("t", [$host=1.0.0.3]);
            print r["s"]$sum, |SumStats::request_key("t", [$host=1.0.0.9])|, |SumStats::request_key("no", [$host=1.0.0.9])|;
            print SumStats::next_epoch("t"), SumStats::next_epoch("no");
            }"#,
    );
    let (crossed, rest) = out.split_at(out.find("10.0, ").expect("what was kept"));
    let mut crossed: Vec<&str> = crossed.lines().collect();
    crossed.sort_unstable();
    assert_eq!(crossed, ["1.0.0.1, 10.0", "1.0.0.2, 20.0", "1.0.0.3, 30.0"]);
    assert_eq!(rest, "10.0, 20.0, 30.0\n30.0, 0, 0\nF, F\n");
}

#[test]
fn an_epoch_misses_what_straddles_its_edge_and_a_window_does_not() {
    let place = Place::new();
    let capture = capture(&place, &straddling());
    assert_eq!(place.over(&capture, &counting(""), &[]), "");
    let out = place.over(&capture, &counting("$window=10sec,"), &[]);
    // At the very packet: the 98th, 48 steps of 10 ms after the first behind the edge.
    assert_eq!(out, format!("{}.980 10.0.0.7 98\n", START + 10));
    assert_eq!(place.over(&capture, &counting("$window=10sec,"), &["--workers", "4"]), out);
    assert_eq!(place.over(&capture, &counting("$window=1sec,"), &[]), "");
}

#[test]
fn epochs_begin_anew_with_results_at_each_end() {
    let place = Place::new();
    let packets: Vec<(u64, u8)> = (0..25).map(|i| (i * 1_000, if i < 12 { 1 } else { 2 })).collect();
    let capture = capture(&place, &packets);
    let code = counting(
        "$epoch_result(ts: time, key: SumStats::Key, result: SumStats::Result) =
             { print fmt(\"%.0f %s %.0f\", ts, key$host, result[\"conns\"]$sum); },
         $epoch_finished(ts: time) = { print fmt(\"%.0f finished\", ts); },",
    );
    let out = place.over(&capture, &(code + "event zeek_done() { print \"done\"; }"), &[]);
    // Time steps from nothing to the first packet: the first epoch is over before it.
    let s = START;
    let wanted = format!(
        "{} finished\n{} 10.0.0.1 10\n{} finished\n{} 10.0.0.1 2\n{} 10.0.0.2 8\n{} finished\n\
         {} 10.0.0.2 5\n{} finished\ndone\n",
        s,
        s + 10,
        s + 10,
        s + 20,
        s + 20,
        s + 20,
        s + 24,
        s + 24
    );
    assert_eq!(out, wanted);
}

#[test]
fn a_flood_of_keys_is_bounded_and_the_one_that_crosses_is_caught() {
    let out = Place::new().script(
        r#"redef SumStats::max_keys = 20000;
        event zeek_init()
            {
            SumStats::create([$name="t", $epoch=1hr, $threshold=50.0,
                $reducers=set(SumStats::Reducer($stream="s", $apply=set(SumStats::SUM))),
                $threshold_val(key: SumStats::Key, result: SumStats::Result) = { return result["s"]$sum; },
                $threshold_crossed(key: SumStats::Key, result: SumStats::Result) = { print key$host, result["s"]$sum; }]);
            local i = 0;
            while ( i < 1000000 )
                {
                SumStats::observe("s", [$host=count_to_v4_addr(167772160 + i)], [$num=1]);
                if ( i % 10000 == 0 )
                    SumStats::observe("s", [$host=192.168.1.1], [$num=1]);
                ++i;
                }
            local stats = SumStats::get_stats();
            print stats$keys, stats$evicted, stats$memory < 10000000;
            }"#,
    );
    assert_eq!(out, "192.168.1.1, 50.0\n20000, 980001, T\n");
}

#[test]
fn state_outlives_the_run() {
    let place = Place::new();
    let code = counting("$window=10sec,") + "redef SumStats::state_file = \"sumstats.state\";";
    let all = straddling();
    let first = capture(&place, &all[..60]);
    std::fs::write(place.path("test.zeek"), &code).unwrap();
    let args = ["-r", first.to_str().unwrap(), "--quiet", "test.zeek"];
    let run = place.run(&args);
    let warned = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && run.stdout.is_empty());
    assert!(warned.contains("SumStats start anew, sumstats.state cannot be used"), "{warned}");
    assert_eq!(warned.lines().count(), 1, "{warned}");
    let second = capture(&place, &all[60..]);
    assert_eq!(place.over(&second, &code, &[]), format!("{}.980 10.0.0.7 98\n", START + 10));
    // Once crossed it stays so in the run after.
    assert_eq!(place.over(&second, &code, &[]), "");
    let state = std::fs::read(place.path("sumstats.state")).unwrap();
    std::fs::write(place.path("sumstats.state"), &state[..state.len() / 2]).unwrap();
    let run = place.run(&args);
    let warned = String::from_utf8_lossy(&run.stderr);
    assert!(warned.contains("cut short or changed") && warned.lines().count() == 1, "{warned}");
}

#[test]
fn explain_tells_why_a_key_crossed_or_did_not() {
    let place = Place::new();
    let capture = capture(&place, &straddling());
    let out = place.over(&capture, &counting(""), &["--explain", "10.0.0.7"]);
    let s = START;
    assert_eq!(
        out,
        format!(
            "SumStats for 10.0.0.7\nconns\n  counts over epochs of 10 s\n  observed: 98 times, from {}.000000 to \
             {}.980000\n  last epoch: from {}.500000\n  threshold: 98\n  last value: 49 at {}.980000\n  \
             nearest miss: 49 of 98 at {}.480000\n  crossed: never\n",
            s + 9,
            s + 10,
            s + 10,
            s + 10,
            s + 9
        )
    );
    let out = place.over(&capture, &counting("$window=10sec,"), &["--explain", "10.0.0.7"]);
    assert!(out.contains(&format!("  crossed: 98 at {}.980000, with 98\n", s + 10)), "{out}");
    assert!(out.contains(&format!("nearest miss: 97 of 98 at {}.970000\n", s + 10)), "{out}");
    let out = place.over(&capture, &counting(""), &["--explain", "10.0.0.99"]);
    assert!(out.ends_with("never a key of: conns\n"), "{out}");
    let run = place.run(&["-r", capture.to_str().unwrap(), "--quiet", "--explain", "10.0.0.7"]);
    assert!(!run.status.success() && String::from_utf8_lossy(&run.stderr).contains("--explain"));
}

#[test]
fn mistakes_are_one_clear_error_each() {
    let cases = [
        (
            "$epoch=1hr, $threshold=1.0, $reducers=set(SumStats::Reducer($stream=\"s\", $apply=set(SumStats::SUM, SumStats::MAX)))",
            "SumStats given a threshold with no $threshold_val function",
        ),
        (
            "$epoch=-1sec, $reducers=set(SumStats::Reducer($stream=\"s\", $apply=set(SumStats::SUM)))",
            "the epoch must be a length of time",
        ),
        (
            "$epoch=1sec, $window=0sec, $reducers=set(SumStats::Reducer($stream=\"s\", $apply=set(SumStats::SUM)))",
            "the window must be a length of time",
        ),
        (
            "$epoch=1sec, $reducers=set(SumStats::Reducer($stream=\"s\", $apply=set(SumStats::PLACEHOLDER)))",
            "nothing is registered that calculates",
        ),
        (
            "$epoch=1sec, $reducers=set(SumStats::Reducer($stream=\"s\", $apply=set(SumStats::LAST), $num_last_elements=1000000000000))",
            "keeps no more values than SumStats::max_elements",
        ),
    ];
    let place = Place::new();
    for (fields, wanted) in cases {
        let code = format!(
            "@load base/frameworks/sumstats\nevent zeek_init() {{ SumStats::create([$name=\"bad\", {fields}]);
             SumStats::observe(\"s\", [$host=1.1.1.1], [$num=1]); print \"on\"; }}"
        );
        std::fs::write(place.path("test.zeek"), code).unwrap();
        let run = place.run(&["-b", "test.zeek"]);
        let errors = String::from_utf8_lossy(&run.stderr);
        assert!(errors.contains(wanted) && errors.lines().count() == 1, "{errors}");
        assert_eq!(String::from_utf8_lossy(&run.stdout), "on\n", "{errors}");
    }
}

#[test]
fn a_new_policy_goes_on_from_what_the_old_one_has_counted() {
    use nightjar::config::Config;
    use nightjar::script_host::Scripts;
    use nightjar_script::{ScriptOptions, StdHost};
    let policy = |observations: u32| {
        let code = format!(
            "@load base/frameworks/sumstats
             event zeek_init() {{
                 SumStats::create([$name=\"t\", $epoch=1hr, $threshold=10.0,
                     $reducers=set(SumStats::Reducer($stream=\"s\", $apply=set(SumStats::SUM))),
                     $threshold_crossed(key: SumStats::Key, result: SumStats::Result) = {{ exit(7); }}]);
                 SumStats::observe(\"s\", [$host=1.1.1.1], [$num={observations}]);
             }}"
        );
        let options = ScriptOptions { code: vec![code], bare: true, ..ScriptOptions::default() };
        Scripts::compile(StdHost::default(), &options).expect("it compiles")
    };
    let (mut old, mut alone, mut new) = (policy(9), policy(1), policy(1));
    old.begin(Config::default(), false);
    alone.begin(Config::default(), false);
    assert_eq!((old.exit_code(), alone.exit_code()), (0, 0));
    new.restore_sumstats(&old.save_sumstats()).expect("it is whole");
    new.begin(Config::default(), false);
    assert_eq!(new.exit_code(), 7);
    assert!(new.restore_sumstats(b"something else").is_err());
}

#[test]
fn keys_dropped_at_a_ceiling_are_told_when_a_replay_is_over() {
    let place = Place::new();
    let capture = capture(&place, &(0..50).map(|host| (u64::from(host), host)).collect::<Vec<_>>());
    std::fs::write(
        place.path("test.zeek"),
        "redef SumStats::max_keys = 20;
        event zeek_init()
            {
            SumStats::create([$name=\"few\", $epoch=1hr,
                $reducers=set(SumStats::Reducer($stream=\"seen\", $apply=set(SumStats::SUM)))]);
            }
        event new_connection(c: connection) { SumStats::observe(\"seen\", [$host=c$id$orig_h], [$num=1]); }",
    )
    .unwrap();
    let run = place.run(&["-r", capture.to_str().expect("a path"), "test.zeek"]);
    let summary = String::from_utf8_lossy(&run.stderr);
    assert!(summary.contains("\n30 keys of SumStats dropped because there were too many\n"), "{summary}");
}
