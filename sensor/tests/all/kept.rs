//! What handlers put into a connection's records lasts, whoever else holds them.

use std::process::Command;

const SCRIPT: &str = r#"
redef record connection += {
    steps: vector of string &default=vector();
    names: set[string] &optional;
    first: count &default=0;
};
redef record HTTP::Info += { note: string &optional &log; hops: set[count] &default=set(); };

global held: table[string] of connection;
global held_http: vector of HTTP::Info;
global ids: set[conn_id];

function step(c: connection, what: string)
    {
    c$steps += what;
    if ( ! c?$names )
        c$names = set();
    add c$names[what];
    if ( c$first == 0 )
        c$first = |c$steps| + 41;
    add ids[c$id];
    }

event new_connection(c: connection)
    {
    step(c, "new");
    if ( hold )
        held[c$uid] = c;
    }

event http_request(c: connection, method: string, original_URI: string, unescaped_URI: string, version: string)
    {
    step(c, method);
    c$http$note = fmt("%s by %s", method, c$id$orig_h);
    add c$http$hops[1];
    if ( hold )
        held_http += c$http;
    }

event http_reply(c: connection, version: string, code: count, reason: string)
    {
    step(c, cat(code));
    add c$http$hops[2];
    c$http$note += fmt(" %d %s", |c$http$hops|, c$http$status_code);
    }

event connection_state_remove(c: connection)
    {
    step(c, "gone");
    print c$uid, c$first, |c$names|, join_string_vec(c$steps, " "), c$id$resp_p, c$history, c$conn$conn_state;
    if ( c?$http )
        print c$http$note, |c$http$hops|, c$http$host, c$http$uri, c$http$status_code, c$http$id$orig_p == c$id$orig_p;
    if ( hold )
        {
        held[c$uid]$first = 7;
        print c$first, |held[c$uid]$steps| == |c$steps|;
        }
    }

event zeek_done()
    {
    print |ids|;
    if ( ! hold )
        return;
    for ( i in held_http )
        print held_http[i]$note, held_http[i]$uri, |held_http[i]$hops|;
    }
"#;

fn run(capture: &str, hold: bool, workers: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("const hold = {};\n{SCRIPT}", if hold { "T" } else { "F" });
    std::fs::write(folder.path().join("kept.zeek"), script).unwrap();
    let capture = format!("{}/../pcaps/{capture}", env!("CARGO_MANIFEST_DIR"));
    let run = Command::new(env!("CARGO_BIN_EXE_nightjar"))
        .current_dir(folder.path())
        .args(["-C", "-r", &capture, "--workers", workers, "kept.zeek"])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && !errors.contains("error"), "{errors}");
    let log = std::fs::read_to_string(folder.path().join("http.log")).unwrap();
    let rows = log.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    (String::from_utf8(run.stdout).unwrap(), rows)
}

#[test]
fn what_scripts_keep_in_a_connection_lasts() {
    for capture in ["http.pcap", "attacks.pcap"] {
        let (out, rows) = run(capture, false, "1");
        let first: Vec<&str> = out.lines().next().unwrap().split(", ").collect();
        assert_eq!(first[1], "42", "{out}");
        let steps: Vec<&str> = first[3].split(' ').collect();
        assert_eq!((steps[0], steps[steps.len() - 1]), ("new", "gone"));
        for line in out.lines().filter(|line| line.contains(" by ")) {
            let fields: Vec<&str> = line.split(", ").collect();
            let (note, status) = (fields[0], fields[4]);
            assert!(note.ends_with(&format!(" 2 {status}")), "{line}");
            assert_eq!((fields[1], fields[5]), ("2", "T"), "{line}");
            assert!(rows.contains(note), "{note} is in no row:\n{rows}");
        }
        assert_eq!(run(capture, false, "4"), (out, rows));
    }
}

#[test]
fn who_holds_a_record_sees_what_becomes_of_it() {
    let (out, rows) = run("http.pcap", true, "1");
    let (alone, alone_rows) = run("http.pcap", false, "1");
    assert_eq!(rows, alone_rows);
    let told: Vec<&str> = out.lines().filter(|line| *line != "7, T").collect();
    assert!(told.len() < out.lines().count());
    let (told, held) = told.split_at(alone.lines().count());
    assert_eq!(told, alone.lines().collect::<Vec<_>>());
    assert_eq!(held.len(), rows.lines().count());
    for (line, row) in held.iter().zip(rows.lines()) {
        let fields: Vec<&str> = line.split(", ").collect();
        assert!(row.contains(fields[0]) && row.contains(fields[1]), "{line}\n{row}");
    }
}

/// What a script prints over a capture, and the rows of a log.
fn replay(capture: &str, script: &str, log: &str, args: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("kept.zeek"), script).unwrap();
    let capture = format!("{}/../pcaps/{capture}.pcap", env!("CARGO_MANIFEST_DIR"));
    let run = Command::new(env!("CARGO_BIN_EXE_nightjar"))
        .current_dir(folder.path())
        .args(["--quiet", "-r", &capture, "kept.zeek"])
        .args(args)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && errors.is_empty(), "{errors}");
    let log = std::fs::read_to_string(folder.path().join(log)).unwrap();
    (String::from_utf8(run.stdout).unwrap(), log)
}

#[test]
fn the_transaction_is_known_when_other_things_happen() {
    let script = r#"
        function asked(c: connection): string
            { return c?$http && c$http?$uri ? fmt("%s %s", c$http$uri, c$http?$status_code) : "nothing"; }
        event connection_established(c: connection) { print "new", c$id$orig_p, asked(c); }
        event connection_finished(c: connection) { print "end", c$id$orig_p, asked(c); }
        event conn_weird(name: string, c: connection, addl: string) { print "weird", name, asked(c); }"#;
    let (out, _) = replay("http", script, "http.log", &[]);
    assert!(out.starts_with("new, 40101/tcp, nothing\nend, 40101/tcp, /data.json T\n"), "{out}");
    assert_eq!(replay("http", script, "http.log", &["--workers", "4"]).0, out);
    // A handler that only looks at some of HTTP's events does not keep others from being followed.
    let more = "event http_message_done(c: connection, is_orig: bool, stat: http_message_stat)
        { if ( ! is_orig ) return; print \"\"; }";
    let (with, _) = replay("http", &format!("{script}\n{more}"), "http.log", &[]);
    assert_eq!(
        with.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>(),
        out.lines().collect::<Vec<_>>()
    );
}

#[test]
fn a_column_that_a_script_deletes_is_not_written() {
    let script = "event http_message_done(c: connection, is_orig: bool, stat: http_message_stat)
            { delete c$http$user_agent; }
        event connection_state_remove(c: connection) { delete c$conn$duration; }";
    for (log, column) in [("http.log", "user_agent"), ("conn.log", "duration")] {
        for force in ["", "hook Log::log_stream_policy(rec: any, id: Log::ID) { }"] {
            let (_, text) = replay("http", &format!("{script}\n{force}"), log, &["LogAscii::use_json=T"]);
            assert!(text.lines().count() > 20 && !text.contains(column), "{text}");
        }
    }
}

#[test]
fn a_weird_is_told_of_with_its_connection() {
    let script = r#"
        redef Weird::actions += { ["unknown_HTTP_method"] = Weird::ACTION_NOTICE };
        event new_connection(c: connection) { }
        hook Notice::policy(n: Notice::Info) { print n$conn$uid == n$uid, n$conn$id$orig_p, n$src; }"#;
    let told = "T, 40305/tcp, 10.98.0.1\nT, 40308/tcp, 10.98.0.1\n";
    assert_eq!(replay("http-odd", script, "weird.log", &[]).0, told);
    // Also where no event was about it, and where something is kept in it.
    assert_eq!(
        replay("http-odd", &script.replace("event new_connection(c: connection) { }", ""), "weird.log", &[])
            .0,
        told
    );
    let kept = "redef record connection += { mine: count &default=0; };\nevent new_connection(c: connection) { c$mine = 1; }";
    assert_eq!(
        replay(
            "http-odd",
            &script.replace("event new_connection(c: connection) { }", kept),
            "weird.log",
            &[]
        )
        .0,
        told
    );
}
