//! Where a body runs changes nothing: the same conditions give the same rows and output where workers can run them, and
//! where they cannot. So do effects, and all scripts that ship.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Conditions on rows and events. `OPAQUE` stands where a condition cannot be told beforehand, or for nothing.
const SCRIPT: &str = r#"
option ports: set[port] = { 53/udp, 8080/tcp };
option quiet: set[subnet] = { 10.9.0.0/16 };
const codes: set[count] = { 401, 404 };
const nobody: table[addr, string] of count = {};
option agents = /curl|Monitor/;
global looked = 0;

function as_run(): bool { ++looked; return T; }

function wanted(rec: Conn::Info): bool
    {
    if ( rec$id$resp_p in ports OPAQUE )
        return F;
    if ( rec?$service && rec$service == "http" && rec$id$orig_h in quiet OPAQUE )
        return F;
    return ! ( rec?$conn_state && /^S0$|^RST/ in rec$conn_state ) OPAQUE;
    }

hook Conn::log_policy(rec: Conn::Info, id: Log::ID, filter: Log::Filter)
    {
    if ( filter$name == "default" && ! wanted(rec) OPAQUE )
        break;
    }

hook Files::log_policy(rec: Files::Info, id: Log::ID, filter: Log::Filter)
    {
    if ( ! rec?$mime_type || rec$mime_type != "text/html" OPAQUE )
        return;
    break;
    }

function http_path(id: Log::ID, path: string, rec: HTTP::Info): string
    {
    if ( ! rec?$user_agent || agents !in rec$user_agent OPAQUE )
        return "http";
    return "http-watch";
    }

function asked_by_v4(rec: DNS::Info): bool
    {
    return ! rec?$query || ( rec$query != "localhost" && rec$id$orig_h !in quiet ) OPAQUE;
    }

event zeek_init()
    {
    local filter = Log::get_filter(HTTP::LOG, "default");
    filter$path_func = http_path;
    Log::add_filter(HTTP::LOG, filter);
    filter = Log::get_filter(DNS::LOG, "default");
    filter$pred = asked_by_v4;
    Log::add_filter(DNS::LOG, filter);
    }

redef record HTTP::Info += { mark: string &log &optional; };

event http_request(c: connection, method: string, original_URI: string, unescaped_URI: string, version: string)
    {
    if ( c$id$orig_h in quiet || method == "GET" OPAQUE )
        return;
    print "request", c$uid, method, original_URI;
    }

event http_reply(c: connection, version: string, code: count, reason: string) &priority=5
    {
    if ( ! c?$http || code !in codes OPAQUE )
        return;
    c$http$mark = fmt("%d to %s", code, c$http?$user_agent ? c$http$user_agent : "nobody");
    }

event http_reply(c: connection, version: string, code: count, reason: string)
    {
    local h = c$http;
    if ( h?$method && h$method == "POST" && code >= 200 OPAQUE )
        print "reply", c$uid, code, reason, h?$mark;
    }

event http_message_done(c: connection, is_orig: bool, stat: http_message_stat)
    {
    if ( ! is_orig || ! c?$http || ! c$http?$host || [c$id$orig_h, c$http$host] in nobody OPAQUE )
        return;
    print "done", c$uid, c$http$host, stat$header_length > 0;
    }

event dns_request(c: connection, msg: dns_msg, query: string, qtype: count, qclass: count)
    {
    if ( qtype != 1 || query == "" OPAQUE )
        return;
    print "query", c$uid, query, msg$id;
    }

event connection_state_remove(c: connection)
    {
    if ( c$id$resp_p in ports OPAQUE )
        print "gone", c$uid, c$history;
    }
"#;

/// Handlers that do nothing but effects: observations, and elements of sets in rows. `OPAQUE` stands for what has to be
/// run, or for nothing.
const EFFECTS: &str = r#"

global looked = 0;
redef enum HTTP::Tags += { FAILED, SLOW };
redef record HTTP::Info += { client: addr &optional; };
option block = 24;

function client_of(c: connection): addr
    {
    return c?$http && c$http?$client ? c$http$client : c$id$orig_h;
    }

function observe_failure(c: connection, who: addr)
    {
    SumStats::observe("failures", [$host=who, $str=c$http$method], [$num=1]);
    }

event http_reply(c: connection, version: string, code: count, reason: string) &priority=-2
    {
    OPAQUE
    if ( code < 400 || ! c?$http || ! c$http?$method )
        return;
    add c$http$tags[FAILED];
    local who = client_of(c);
    observe_failure(c, who);
    SumStats::observe("words", [], [$str=cat(who)]);
    if ( code < 500 )
        return;
    add c$http$tags[SLOW];
    SumStats::observe("faults", [$host=c$id$resp_h], [$dbl=0.5]);
    }

event http_message_done(c: connection, is_orig: bool, stat: http_message_stat) &priority=-2
    {
    OPAQUE
    if ( ! is_orig || ! c?$http || ! c$http?$method || ! c$http?$uri )
        return;
    local who = client_of(c);
    local near = mask_addr(who, is_v4_addr(who) ? block : 48);
    SumStats::observe("requests", [$host=subnet_to_addr(near), $str=c$http$method], [$str=c$http$uri]);
    }

# What is true of all connections that scripts know nothing of is not of others.
event http_message_done(c: connection, is_orig: bool, stat: http_message_stat) &priority=-6
    {
    OPAQUE
    if ( ! is_orig && c?$http && c$http?$client )
        print "known client", c$uid, c$http$client;
    }

event http_entity_data(c: connection, is_orig: bool, length: count, data: string)
    {
    OPAQUE
    if ( c$http?$client )
        print "data for a known client", c$uid, length;
    }

# What one handler sets the next one sees.
redef record HTTP::Info += { attack: string &optional; };

event http_request(c: connection, method: string, original_URI: string, unescaped_URI: string, version: string)
    &priority=5
    {
    OPAQUE
    if ( /missing|nothing|wrong/ in unescaped_URI )
        c$http$attack = unescaped_URI;
    }

event http_request(c: connection, method: string, original_URI: string, unescaped_URI: string, version: string)
    &priority=-5
    {
    OPAQUE
    if ( c?$http && c$http?$attack )
        print "attack", c$uid, c$http$attack;
    }

# Handlers that do not run to the end: of a group that is disabled, and where something fails.
event http_reply(c: connection, version: string, code: count, reason: string) &group="some" &priority=-3
    {
    OPAQUE
    SumStats::observe("grouped", [$host=c$id$resp_h], [$num=code]);
    }

event http_reply(c: connection, version: string, code: count, reason: string) &priority=-4
    {
    OPAQUE
    SumStats::observe("broken", [$host=c$id$resp_h], [$num=code]);
    SumStats::observe("grouped", [$str="not reached"], [$num=code]);
    }

global ended = 0;

event connection_state_remove(c: connection)
    {
    if ( ++ended == 3 )
        disable_event_group("some");
    }

# Connections of which scripts know more than the sensor.
event http_header(c: connection, is_orig: bool, original_name: string, name: string, value: string)
    {
    OPAQUE
    if ( is_orig && name == "X-FORWARDED-FOR" && is_valid_ip(value) )
        c$http$client = to_addr(value);
    }

event http_message_done(c: connection, is_orig: bool, stat: http_message_stat) &priority=-5
    {
    OPAQUE
    if ( ! is_orig && c?$http && c$http?$status_code && c$http$status_code == 404 )
        print "tagged", c$uid, c$http$status_code, |c$http$tags|, FAILED in c$http$tags;
    }

# Connections that lead to nothing, by their history and the states of their ends.
global nobody_minds: hook(who: addr, what: port);

function knocked(c: connection, who: addr, what: port)
    {
    if ( hook nobody_minds(who, what) )
        SumStats::observe("knocks", [$host=who, $str=cat(what)], [$str=cat(mask_addr(who, 24))]);
    }

function ended_early(c: connection)
    {
    OPAQUE
    if ( /[Dd]/ in c$history )
        return;
    local resp = c$resp$state;
    if ( c$orig$state == TCP_SYN_SENT && resp == TCP_RESET )
        knocked(c, c$id$orig_h, c$id$resp_p);
    else if ( resp != TCP_ESTABLISHED || "S" !in c$history )
        knocked(c, c$id$resp_h, c$id$orig_p);
    }

event connection_attempt(c: connection)
    {
    OPAQUE
    if ( "H" in c$history )
        knocked(c, c$id$resp_h, c$id$orig_p);
    else
        knocked(c, c$id$orig_h, c$id$resp_p);
    }

event connection_rejected(c: connection)
    {
    ended_early(c);
    }

event connection_reset(c: connection)
    {
    ended_early(c);
    }

event connection_pending(c: connection)
    {
    ended_early(c);
    }

function count_all(stream: string, limit: double)
    {
    local all = SumStats::Reducer($stream=stream, $apply=set(SumStats::SUM, SumStats::UNIQUE, SumStats::MAX),
        $pred(key: SumStats::Key, obs: SumStats::Observation) =
            {
            # All that follow see what is done to it.
            if ( obs?$num && obs$num == 404 )
                obs$num = 4;
            if ( key?$str && key$str == "POST" )
                key$str = "posted";
            return ! obs?$str || obs$str != "/nothing";
            });
    SumStats::create([$name=stream, $epoch=10min, $reducers=set(all), $threshold=limit,
        $threshold_val=function[stream](key: SumStats::Key, result: SumStats::Result): double { return result[stream]$num + 0.0; },
        $threshold_crossed=function[stream](key: SumStats::Key, result: SumStats::Result)
            { print "crossed", network_time(), stream, key, result[stream]$num; },
        $epoch_result=function[stream](ts: time, key: SumStats::Key, result: SumStats::Result)
            {
            local r = result[stream];
            print "counted", stream, key, r$num, r$sum, r$unique, r?$max ? r$max : -1.0;
            }]);
    }

event zeek_init()
    {
    count_all("failures", 3.0);
    count_all("words", 5.0);
    count_all("faults", 2.0);
    count_all("requests", 4.0);
    count_all("grouped", 2.0);
    count_all("knocks", 2.0);
    local broken = SumStats::Reducer($stream="broken", $apply=set(SumStats::SUM),
        $pred(key: SumStats::Key, obs: SumStats::Observation) = { return obs$str == "x"; });
    SumStats::create([$name="broken", $epoch=10min, $reducers=set(broken)]);
    }
"#;

/// Files that look at transactions after their rows are written.
const LATER: &str = r#"
global looked = 0;
redef enum HTTP::Tags += { PIECES, PARTIAL };

event http_entity_data(c: connection, is_orig: bool, length: count, data: string)
    {
    OPAQUE
    add c$http$tags[PIECES];
    }

event http_reply(c: connection, version: string, code: count, reason: string)
    {
    OPAQUE
    if ( code == 206 )
        add c$http$tags[PARTIAL];
    SumStats::observe("x", [$host=c$id$orig_h], [$num=1]);
    }

event file_new(f: fa_file)
    {
    OPAQUE
    SumStats::observe("files", [$str=f$source], [$num=1]);
    }

event file_state_remove(f: fa_file)
    {
    OPAQUE
    if ( f?$http )
        print "file", f$id, |f$http$tags|, PARTIAL in f$http$tags, f$http$uri;
    }
"#;

/// Standard output, and every log by its name.
fn run(script: &str, capture: &Path, opaque: &str, more: &[&str]) -> BTreeMap<String, String> {
    run_in(script, capture, opaque, more, false)
}

/// The same; `in_order`: workers are to run nothing.
fn run_in(
    script: &str,
    capture: &Path,
    opaque: &str,
    more: &[&str],
    in_order: bool,
) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("local.zeek"), script.replace("OPAQUE", opaque)).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_nightjar"))
        .current_dir(folder.path())
        .arg("-r")
        .arg(capture)
        .arg("local.zeek")
        .args(more)
        .arg("--quiet")
        .envs(in_order.then_some(("NIGHTJAR_ALL_IN_ORDER", "1")))
        .output()
        .unwrap();
    assert!(run.status.success(), "{}: {}", capture.display(), String::from_utf8_lossy(&run.stderr));
    let mut out = BTreeMap::from([
        ("stdout".to_owned(), String::from_utf8(run.stdout).unwrap()),
        ("stderr".to_owned(), String::from_utf8(run.stderr).unwrap()),
    ]);
    for entry in std::fs::read_dir(folder.path()).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if name.ends_with(".log") {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let rows = text.lines().filter(|line| !line.starts_with("#open") && !line.starts_with("#close"));
            out.insert(name, rows.map(|row| format!("{row}\n")).collect());
        }
    }
    out
}

/// Shows the first line that differs.
#[track_caller]
fn same(some: &BTreeMap<String, String>, others: &BTreeMap<String, String>, what: &str) {
    assert!(some.keys().eq(others.keys()), "{what}: {:?} and {:?}", some.keys(), others.keys());
    for (name, text) in some {
        let (mut lines, mut other_lines) = (text.lines(), others[name].lines());
        loop {
            let (line, other) = (lines.next(), other_lines.next());
            assert_eq!(line, other, "{what}, {name}");
            if line.is_none() {
                break;
            }
        }
    }
}

#[test]
fn what_can_be_told_beforehand_is_what_happens() {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pcaps");
    let mut seen = String::new();
    for name in [
        "attacks",
        "balancer",
        "detect-errors",
        "http",
        "http-odd",
        "http-files",
        "dns",
        "tcp",
        "detect-auth",
        "detect-proxy",
        "detect-methods",
    ] {
        let capture = captures.join(format!("{name}.pcap"));
        for more in [&[][..], &["--workers", "4"], &["LogAscii::use_json=T"]] {
            for (script, opaque) in [(SCRIPT, "&& as_run()"), (EFFECTS, "++looked;"), (LATER, "++looked;")] {
                let (told, run_through) =
                    (run(script, &capture, "", more), run(script, &capture, opaque, more));
                same(&told, &run_through, &format!("{name} {more:?}"));
                told.keys().for_each(|log| seen.push_str(log));
                seen.push_str(&told["stdout"]);
            }
        }
    }
    for what in [
        "conn.log",
        "files.log",
        "http.log",
        "http-watch.log",
        "dns.log",
        "request",
        "reply",
        "done",
        "query",
        "tagged",
        "crossed",
        "counted, failures",
        "counted, words",
        "counted, faults",
        "counted, requests",
        "counted, grouped",
        "counted, knocks",
        "known client",
        "data for a known client",
        "attack, ",
        "file, ",
        "reporter.log",
    ] {
        assert!(seen.contains(what), "nothing of {what}");
    }
}

/// Folders of scripts that ship, below `scripts/policy`, with captures that have something for them.
const SHIPPED: &[(&str, &[&str])] = &[
    (
        "detect",
        &[
            "attacks",
            "detect-auth",
            "detect-errors",
            "detect-floods",
            "detect-forged",
            "detect-methods",
            "balancer",
        ],
    ),
    ("detect", &["detect-proxy", "detect-size", "knocks", "http-odd", "ssh-guesses"]),
    ("misc", &["knocks", "dns", "http-proxy"]),
    ("tuning", &["http", "tcp"]),
    ("frameworks", &["http-files", "tls", "ftp"]),
    ("protocols", &["http", "tls-stapled", "ssh", "ftp", "dns", "mdns"]),
];

/// What makes detections speak up in small captures.
const EAGER: &str = "
redef RealClient::proxies += { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 };
redef HTTPErrors::threshold = 2.0;
redef HTTPFloods::threshold = 2.0;
redef AuthBruteforcing::threshold = 2.0;
";

/// The scripts in a folder and those below it, as they are loaded.
fn scripts_in(folder: &Path, name: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let file = entry.file_name().into_string().unwrap();
        let name = format!("{name}/{}", file.trim_end_matches(".zeek"));
        match entry.path() {
            path if path.is_dir() => scripts_in(&path, &name, found),
            // It warns that it is somewhere else now.
            _ if file == "__load__.zeek" || name == "policy/detect/noise" => {}
            // Signatures come with the script that loads them.
            _ if !file.ends_with(".zeek") => {}
            _ => found.push(name),
        }
    }
}

#[test]
fn scripts_that_ship_do_the_same_wherever_their_bodies_run() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut notices = 0;
    for (folder, captures) in SHIPPED {
        let mut scripts = Vec::new();
        scripts_in(&top.join("scripts/policy").join(folder), &format!("policy/{folder}"), &mut scripts);
        scripts.sort();
        assert!(!scripts.is_empty());
        let loads: String = scripts.iter().map(|script| format!("@load {script}\n")).collect();
        let script = if *folder == "detect" { loads + EAGER } else { loads };
        for name in *captures {
            let capture = top.join(format!("pcaps/{name}.pcap"));
            let in_order = run_in(&script, &capture, "", &[], true);
            for workers in ["1", "4"] {
                let local = run_in(&script, &capture, "", &["--workers", workers], false);
                same(&local, &in_order, &format!("{folder}, {name}, {workers} workers"));
            }
            notices += in_order.get("notice.log").map_or(0, |log| log.lines().count());
        }
    }
    assert!(notices > 20, "{notices} lines of notice.log");
}

/// Bodies of all kinds, and what `nightjar check --where` is to say of each: where it runs, and what is in the way.
const PLACES: &[(&str, &str)] = &[
    ("global seen = 0;", ""),
    ("option most = 400;", ""),
    ("redef record connection += { knocks: count &default=0; };", ""),
    (
        "event http_reply(c: connection, version: string, code: count, reason: string) { if ( code > most ) \
         SumStats::observe(\"x\", [$host=c$id$orig_h], [$str=reason]); }",
        "event http_reply: local",
    ),
    (
        "event http_reply(c: connection, version: string, code: count, reason: string) { if ( code > most ) ++seen; }",
        "event http_reply: local up to p.zeek:5: it assigns seen",
    ),
    (
        "event http_request(c: connection, method: string, original_URI: string, unescaped_URI: string, version: \
         string) { print method; }",
        "event http_request: ordered, p.zeek:6: it prints",
    ),
    ("function count_it(c: connection) { ++c$knocks; }", ""),
    (
        "event connection_rejected(c: connection) { if ( c$id$resp_p == 80/tcp ) return; count_it(c); }",
        "event connection_rejected: local up to p.zeek:7: it assigns c$knocks",
    ),
    ("event file_new(f: fa_file) { }", "event file_new: ordered, what a file belongs to is known in order"),
    (
        "hook Conn::log_policy(rec: Conn::Info, id: Log::ID, filter: Log::Filter) { if ( rec$id$resp_p == 53/udp ) \
         break; }",
        "hook Conn::log_policy: local",
    ),
    (
        "function to_where(id: Log::ID, path: string, rec: DNS::Info): string { return seen > 3 ? \"a\" : \"b\"; }",
        "function to_where: ordered, p.zeek:11: seen: it is no plain constant",
    ),
    (
        "event zeek_init() { system(\"touch ran\"); local f = Log::get_filter(DNS::LOG, \"default\"); f$path_func = \
         to_where; Log::add_filter(DNS::LOG, f); }",
        "event zeek_init: ordered, it is run by what runs in order",
    ),
];

#[test]
fn where_each_body_runs_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let script: String = PLACES.iter().map(|(line, _)| format!("{line}\n")).collect();
    std::fs::write(folder.path().join("p.zeek"), script).unwrap();
    let check = Command::new(env!("CARGO_BIN_EXE_nightjar"))
        .current_dir(folder.path())
        .args(["check", "--where", "p.zeek"])
        .output()
        .unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    let said = |(nth, (_, told)): (usize, &(&str, &str))| format!("./p.zeek:{}: {told}\n", nth + 1);
    let expected: String =
        PLACES.iter().enumerate().filter(|(_, (_, told))| !told.is_empty()).map(said).collect();
    assert_eq!(String::from_utf8(check.stdout).unwrap(), expected.replace(" p.zeek", " ./p.zeek"));
    assert!(!folder.path().join("ran").exists(), "a script has had an effect");
}
