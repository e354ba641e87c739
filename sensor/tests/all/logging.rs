//! The Log framework through the front door.

use std::path::Path;
use std::process::Command;

fn run(folder: &Path, words: &[&str]) -> (String, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_nightjar")).current_dir(folder).args(words).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    (String::from_utf8(run.stdout).unwrap(), String::from_utf8(run.stderr).unwrap())
}

fn capture(name: &str) -> String {
    format!("{}/../pcaps/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A log without the lines that carry times of the run.
fn log(folder: &Path, name: &str) -> String {
    let text = std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let lines = text.lines().filter(|line| !line.starts_with("#open") && !line.starts_with("#close"));
    lines.map(|line| format!("{line}\n")).collect()
}

const STREAM: &str = "
    module Test;
    export {
        redef enum Log::ID += { LOG };
        type Info: record {
            n: count &log;
            id: conn_id &log &optional;
            s: set[string] &log &optional;
            v: vector of double &log &optional;
            net: subnet &log &optional;
            secret: string &optional;
        };
        global log_test: event(rec: Info);
    }
    event zeek_init() &priority=5 { Log::create_stream(Test::LOG, [$columns=Info, $ev=log_test]); }
    function row(n: count): Info
        {
        return Info($n=n, $id=[$orig_h=192.0.2.1, $orig_p=1/tcp, $resp_h=192.0.2.2, $resp_p=80/tcp],
            $s=set(\"a,b\"), $v=vector(1.0, 2.5), $net=10.0.0.0/8, $secret=\"x\");
        }";

#[test]
fn scripts_write_logs_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "{STREAM}
        event zeek_init() {{ Log::write(Test::LOG, row(1)); Log::write(Test::LOG, [$n=2]); }}
        event Test::log_test(rec: Info) {{ print rec$n; }}"
    );
    let (out, _) = run(folder.path(), &["-b", "-e", &script]);
    assert_eq!(out, "1\n2\n");
    assert_eq!(
        log(folder.path(), "test.log"),
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\ttest\n\
         #fields\tn\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\ts\tv\tnet\n\
         #types\tcount\taddr\tport\taddr\tport\tset[string]\tvector[double]\tsubnet\n\
         1\t192.0.2.1\t1\t192.0.2.2\t80\ta\\x2cb\t1.0,2.5\t10.0.0.0/8\n\
         2\t-\t-\t-\t-\t-\t-\t-\n"
    );
}

#[test]
fn filters_decide_on_rows_columns_and_paths() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "{STREAM}
        function by_number(id: Log::ID, path: string, rec: Info): string {{ return fmt(\"%s-%d\", path, rec$n % 2); }}
        hook veto(rec: Info, id: Log::ID, filter: Log::Filter) {{ if ( rec$n == 4 ) break; }}
        event zeek_init()
            {{
            Log::add_filter(Test::LOG, [$name=\"some\", $path=\"some\", $include=set(\"n\", \"id.resp_h\"),
                $pred(rec: Info) = {{ return rec$n > 2; }}, $policy=veto]);
            Log::add_filter(Test::LOG, [$name=\"each\", $path=\"each\", $path_func=by_number, $exclude=set(\"id.orig_p\"),
                $field_name_map=table([\"id.orig_h\"] = \"client\"), $config=table([\"use_json\"] = \"T\")]);
            Log::remove_default_filter(Test::LOG);
            local i = 0;
            while ( ++i <= 5 )
                Log::write(Test::LOG, row(i));
            print |Log::get_filter_names(Test::LOG)|;
            }}"
    );
    let (out, errors) = run(folder.path(), &["-b", "-e", &script]);
    assert_eq!((&out[..], &errors[..]), ("2\n", ""));
    let some = log(folder.path(), "some.log");
    assert!(
        some.ends_with("#fields\tn\tid.resp_h\n#types\tcount\taddr\n3\t192.0.2.2\n5\t192.0.2.2\n"),
        "{some}"
    );
    let odd = log(folder.path(), "each-1.log");
    assert_eq!(odd.lines().count(), 3);
    let row: serde_json::Value = serde_json::from_str(odd.lines().next().unwrap()).unwrap();
    assert_eq!((&row["n"], &row["client"]), (&1.into(), &"192.0.2.1".into()));
    assert!(row.get("id.orig_p").is_none() && log(folder.path(), "each-0.log").lines().count() == 2);
    assert!(!folder.path().join("test.log").exists());
}

#[test]
fn native_rows_are_the_same_whether_scripts_look_at_them_or_not() {
    for name in
        ["http.pcap", "http-odd.pcap", "http-proxy.pcap", "dns.pcap", "loss.pcap", "icmp.pcap", "vxlan.pcap"]
    {
        let (plain, watched) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        run(plain.path(), &["--quiet", "-r", &capture(name)]);
        let hook = "hook Log::log_stream_policy(rec: any, id: Log::ID) { }";
        run(watched.path(), &["--quiet", "-r", &capture(name), "-e", hook, "--workers", "2"]);
        for entry in std::fs::read_dir(plain.path()).unwrap() {
            let log = entry.unwrap().file_name();
            let read = |folder: &Path| std::fs::read_to_string(folder.join(&log)).unwrap_or_default();
            assert!(read(plain.path()) == read(watched.path()), "{name}: {log:?} differs");
        }
    }
}

#[test]
fn scripts_change_native_rows() {
    let folder = tempfile::tempdir().unwrap();
    let script = "
        redef enum HTTP::Tags += { FAILED };
        redef record HTTP::Info += { reason_len: count &log &optional; };
        event http_reply(c: connection, version: string, code: count, reason: string)
            {
            if ( code < 400 )
                return;
            add c$http$tags[FAILED];
            c$http$reason_len = |reason|;
            c$http$host = \"changed\";
            }
        hook Conn::log_policy(rec: Conn::Info, id: Log::ID, filter: Log::Filter)
            {
            if ( rec$id$orig_p != 40117/tcp )
                break;
            }
        event file_new(f: fa_file) { if ( f$source == \"HTTP\" && ! f$is_orig ) Files::add_analyzer(f, Files::ANALYZER_MD5); }
        event file_hash(f: fa_file, kind: string, hash: string) { print kind, |hash|; }";
    let (out, _) = run(folder.path(), &["--quiet", "-r", &capture("http.pcap"), "-e", script]);
    let http = log(folder.path(), "http.log");
    let failed: Vec<&str> = http.lines().filter(|line| line.contains("\tFAILED\t")).collect();
    assert_eq!(failed.len(), 7);
    assert!(failed.iter().all(|line| line.contains("\tchanged\t") && !line.ends_with("\t-")), "{failed:?}");
    assert!(
        http.contains("\treason_len\n")
            && http.lines().filter(|line| line.contains("\tchanged\t")).count() == 7
    );
    assert_eq!(log(folder.path(), "conn.log").lines().filter(|line| !line.starts_with('#')).count(), 1);
    let files = log(folder.path(), "files.log");
    let hashed = files.lines().filter(|line| line.contains("\tMD5\t")).count();
    assert!(
        hashed > 10 && out.lines().count() <= hashed && out.lines().all(|line| line == "md5, 32"),
        "{out}"
    );
}

#[test]
fn events_of_dns_and_sizes_reach_scripts() {
    let folder = tempfile::tempdir().unwrap();
    let script = "
        event dns_request(c: connection, msg: dns_msg, query: string, qtype: count, qclass: count, original_query: string)
            { if ( query == \"www.nightjar.test\" && qtype == 1 && ! msg$QR ) print \"asked\", c$dns?$query; }
        event dns_A_reply(c: connection, msg: dns_msg, ans: dns_answer, a: addr)
            { if ( ans$query == \"www.nightjar.test\" ) print \"answered\", a, ans$TTL; }
        event dns_MX_reply(c: connection, msg: dns_msg, ans: dns_answer, name: string, preference: count)
            { print \"mail\", name, preference; }";
    let (out, _) = run(folder.path(), &["--quiet", "-r", &capture("dns.pcap"), "-e", script]);
    assert!(out.contains("asked, T\nanswered, 10.98.0.2, 5.0 mins\n"), "{out}");
    assert!(out.contains("mail, mail.nightjar.test, 10\nmail, backup.nightjar.test, 20\n"), "{out}");
    let script = "
        event new_connection(c: connection) { ConnThreshold::set_bytes_threshold(c, 10000, F); }
        event ConnThreshold::bytes_threshold_crossed(c: connection, threshold: count, is_orig: bool)
            { print threshold, is_orig, c$resp$num_bytes_ip >= 10000, c$resp$num_bytes_ip < 11501; }";
    let (out, _) = run(folder.path(), &["--quiet", "-r", &capture("attacks.pcap"), "-e", script]);
    assert!(out.lines().count() > 1 && out.lines().all(|line| line == "10000, F, T, T"), "{out}");
}

#[test]
fn rows_that_pass_scripts_are_written_like_all_others() {
    let folder = tempfile::tempdir().unwrap();
    let script = "
        redef record HTTP::Info += { mark: string &log &optional; };
        event http_reply(c: connection, version: string, code: count, reason: string)
            { if ( c?$http ) c$http$mark = \"seen\"; }";
    let words = ["--quiet", "-r", &capture("http.pcap"), "-e", script, "LogAscii::use_json=T"];
    run(folder.path(), &words);
    let rows = log(folder.path(), "http.log");
    let marked = rows.lines().filter(|line| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        row["mark"] == "seen" && row["ts"].is_number()
    });
    assert!(marked.count() > 20, "{rows}");
}

#[test]
fn filters_change_while_the_capture_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let script = "
        global replies = 0;
        function more()
            {
            Log::add_filter(HTTP::LOG, [$name=\"hosts\", $path=\"hosts\", $include=set(\"ts\", \"host\")]);
            Log::disable_stream(DNS::LOG);
            Log::remove_default_filter(Files::LOG);
            }
        event http_reply(c: connection, version: string, code: count, reason: string)
            { if ( ++replies == 5 ) more(); }
        event zeek_done() { print replies; }";
    let (out, _) = run(folder.path(), &["-C", "-r", &capture("http.pcap"), "-e", script]);
    let (http, hosts) = (log(folder.path(), "http.log"), log(folder.path(), "hosts.log"));
    let rows = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
    assert!(out.trim().parse::<usize>().unwrap() > 8 && hosts.contains("#fields\tts\thost\n"), "{hosts}");
    assert!((1..=5).contains(&(rows(&http) - rows(&hosts))), "{http}\n{hosts}");
    let quiet = tempfile::tempdir().unwrap();
    run(quiet.path(), &["-C", "-r", &capture("http.pcap")]);
    assert_eq!(log(quiet.path(), "http.log"), http);
    let (files, all) = (log(folder.path(), "files.log"), log(quiet.path(), "files.log"));
    assert!(rows(&files) > 0 && rows(&files) < rows(&all) && all.starts_with(&files), "{files}");
}

#[test]
fn rows_go_to_tables_of_databases() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "{STREAM}
        redef enum Log::ID += {{ OTHER }};
        event zeek_init()
            {{
            Log::create_stream(OTHER, [$columns=Test::Info, $path=\"other\"]);
            for ( id in set(Test::LOG, OTHER) )
                Log::add_filter(id, [$name=\"default\", $path=\"all\", $writer=Log::WRITER_SQLITE,
                    $config=table([\"tablename\"] = id == OTHER ? \"second\" : \"first\")]);
            Log::write(Test::LOG, Test::row(1));
            Log::write(OTHER, [$n=2, $s=set(\"\")]);
            }}"
    );
    let (_, told) = run(folder.path(), &["-b", "-e", &script]);
    assert_eq!(told, "");
    // What was written is read again, as the types of another record.
    let read = format!(
        "{script}
        module Read;
        type Row: record {{ n: count; p: port; s: set[string]; v: vector of double; net: subnet &optional; }};
        event row(d: Input::EventDescription, what: Input::Event, row: Row) {{ print row; }}
        redef exit_only_after_terminate = T;
        event Input::end_of_data(name: string, source: string) {{ terminate(); }}
        event zeek_init() &priority=-10
            {{
            Input::add_event([$source=\"all\", $name=\"all\", $reader=Input::READER_SQLITE, $fields=Row, $ev=row,
                $config=table([\"query\"] =
                    \"select n, \\\"id.orig_p\\\" as p, s, v, net from first where n = 1\")]);
            }}"
    );
    let (out, _) = run(folder.path(), &["-b", "-e", &read]);
    assert_eq!(out, "[n=1, p=1/unknown, s={\na,b\n}, v=[1.0, 2.5], net=10.0.0.0/8]\n");
    assert!(!folder.path().join("test.log").exists());
}

#[test]
fn a_table_that_does_not_fit_costs_its_rows_and_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("test.sqlite"), "this is no database, and longer than a header of one")
        .unwrap();
    let script = format!(
        "{STREAM}
        event zeek_init()
            {{
            Log::add_filter(Test::LOG, [$name=\"default\", $writer=Log::WRITER_SQLITE]);
            Log::write(Test::LOG, row(1));
            Log::write(Test::LOG, row(2));
            Log::add_filter(Test::LOG, [$name=\"more\"]);
            Log::write(Test::LOG, row(3));
            }}"
    );
    let (_, told) = run(folder.path(), &["-b", "-e", &script]);
    assert_eq!(
        told,
        "test/Log::WRITER_SQLITE: tablename configuration option not found. Defaulting to path test\n\
         error: test/Log::WRITER_SQLITE: SQLite call failed: file is not a database\n\
         error: test/Log::WRITER_SQLITE: terminating thread\n"
    );
    assert!(log(folder.path(), "test.log").contains("\n3\t"));
}

#[test]
fn logs_that_a_run_left_behind_are_rotated_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    std::fs::write(logs.join("old.log"), "rows\n").unwrap();
    std::fs::write(logs.join(".shadow.old.log"), ".log\nfinish\n").unwrap();
    std::fs::write(logs.join(".shadow.gone.log"), ".log\n\n").unwrap();
    std::fs::write(logs.join(".shadow.odd.log"), "no ending\n").unwrap();
    std::fs::write(logs.join("odd.log"), "rows\n").unwrap();
    let script = format!(
        "{STREAM}
        module GLOBAL;
        redef LogAscii::enable_leftover_log_rotation = T;
        redef Log::default_rotation_interval = 1hr;
        redef Log::default_rotation_date_format = \"then\";
        function finish(info: Log::RotationInfo): bool
            {{ print info$path, info$fname[:9], info$terminating; return T; }}
        event zeek_init()
            {{
            Log::write(Test::LOG, Test::row(1));
            print |find_all(read_shadow, /x/)|;
            }}"
    );
    let script = script.replace("print |find_all(read_shadow, /x/)|;", "system(\"ls -a logs > listed\");");
    let (out, told) = run(folder.path(), &["-b", "--logdir", "logs", "-e", &script]);
    assert_eq!(out, "old, logs/old-, F\n");
    assert!(told.contains("failed to process leftover log 'odd.log'"), "{told}");
    let listed = std::fs::read_to_string(folder.path().join("listed")).unwrap();
    assert!(listed.contains(".shadow.test.log"), "{listed}");
    let mut names: Vec<String> = std::fs::read_dir(&logs)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    let [shadow, odd, old, test] = &names[..] else { panic!("{names:?}") };
    assert_eq!([shadow.as_str(), odd], [".shadow.odd.log", "odd.log"]);
    assert!(old.starts_with("old-") && old.ends_with(".log"), "{old}");
    assert_eq!(test, "test.then.log");
}

#[test]
fn delayed_rows_go_on_when_they_are_let_go_or_scripts_end() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "{STREAM}
        global waiting: table[count] of opaque of LogDelayToken; global again = T;
        function over(rec: Info, id: Log::ID): bool {{
            print fmt(\"over %d\", rec$n);
            if ( rec$n == 4 && again ) {{ again = F; Log::delay(id, rec, over); }}
            return rec$n != 2; }}
        hook Log::log_stream_policy(rec: Info, id: Log::ID) {{
            if ( rec$n > 0 ) waiting[rec$n] = Log::delay(id, rec, over); }}
        event zeek_init() {{
            local first = row(1); Log::write(Test::LOG, first);
            local i = 2; while ( i < 5 ) {{ Log::write(Test::LOG, row(i)); ++i; }}
            Log::write(Test::LOG, row(0));
            print Log::get_delay_queue_size(Test::LOG);
            Log::delay_finish(Test::LOG, first, waiting[1]);
            print Log::get_delay_queue_size(Test::LOG); }}
        event zeek_done() {{ print \"done\"; }}"
    );
    let (out, _) = run(folder.path(), &["-b", "-e", &script]);
    assert_eq!(out, "4\nover 1\n3\ndone\nover 2\nover 3\nover 4\nover 4\n");
    let written = log(folder.path(), "test.log");
    let rows: Vec<&str> = written.lines().filter(|line| !line.starts_with('#')).collect();
    let numbers: Vec<&str> = rows.iter().filter_map(|row| row.split('\t').next()).collect();
    assert_eq!(numbers, ["0", "1", "3", "4"]);
}

#[test]
fn rows_that_scripts_change_are_exported_like_all_others() {
    let offered = |script: &str| {
        let folder = tempfile::tempdir().unwrap();
        // Nobody is there: what was offered stays in the spool.
        let config = "[http_sink]\nurl = \"http://127.0.0.1:9/\"\n[http_sink.spool]\ndirectory = \"spool\"\n\
            [http_sink.delivery]\nflush_timeout = \"200ms\"\n";
        std::fs::write(folder.path().join("export.toml"), config).unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_nightjar"))
            .current_dir(folder.path())
            .args(["-C", "-r", &capture("http.pcap"), "--config", "export.toml", "-e", script])
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(4));
        let told = String::from_utf8(run.stderr).unwrap();
        let of = |stream: &str| {
            let line = told.lines().find(|line| line.starts_with(&format!("http_sink: {stream}: ")));
            line.and_then(|line| line.split(' ').nth(2)?.parse::<u64>().ok()).unwrap_or(0)
        };
        ["conn", "http", "files", "weird"].map(of)
    };
    for script in [
        "event zeek_init() { }",
        "event http_reply(c: connection, version: string, code: count, reason: string) { c$http$uri = \"/\"; }",
        "event file_new(f: fa_file) { Files::add_analyzer(f, Files::ANALYZER_EXTRACT); }",
        "hook HTTP::log_policy(rec: HTTP::Info, id: Log::ID, filter: Log::Filter) { rec$host = \"x\"; }",
        "@load policy/detect",
    ] {
        assert_eq!(offered(script), [23, 28, 29, 1], "{script}");
    }
}
