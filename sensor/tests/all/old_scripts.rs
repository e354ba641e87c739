//! Scripts as deployments of Bro and early Zeek wrote them: they load whole, fire, and are told of what will not.

use std::path::Path;
use std::process::{Command, Output};

struct Run {
    folder: tempfile::TempDir,
    stderr: String,
}

fn nightjar(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nightjar")).current_dir(folder).args(args).output().unwrap()
}

/// Runs a script over a capture, with one worker and with four, which must write the same.
fn replay(capture: &str, script: &str, files: &[(&str, &str)]) -> Run {
    let capture = format!("{}/../pcaps/{capture}.pcap", env!("CARGO_MANIFEST_DIR"));
    let run = |workers: &str| {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files.iter().chain(&[("old.bro", script)]) {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let out = nightjar(folder.path(), &["--quiet", "--workers", workers, "-r", &capture, "old.bro"]);
        let stderr = String::from_utf8(out.stderr).unwrap();
        assert!(out.status.success(), "{stderr}");
        Run { folder, stderr }
    };
    let (one, four) = (run("1"), run("4"));
    for log in ["notice.log", "http.log", "conn.log"] {
        let text = |run: &Run| std::fs::read_to_string(run.folder.path().join(log)).ok();
        assert_eq!(text(&one), text(&four), "{log}");
    }
    one
}

impl Run {
    /// These columns of a log, a line for each row; nothing where there is no such log.
    fn columns(&self, log: &str, columns: &[&str]) -> String {
        let Ok(text) = std::fs::read_to_string(self.folder.path().join(log)) else { return String::new() };
        let fields = text.lines().find_map(|line| line.strip_prefix("#fields\t")).unwrap();
        let at = |column: &&str| {
            fields
                .split('\t')
                .position(|field| field == *column)
                .unwrap_or_else(|| panic!("{column}: {fields}"))
        };
        let at: Vec<usize> = columns.iter().map(at).collect();
        let row = |line: &str| {
            let values: Vec<&str> = line.split('\t').collect();
            at.iter().map(|at| values[*at]).collect::<Vec<_>>().join(" ") + "\n"
        };
        text.lines().filter(|line| !line.starts_with('#')).map(row).collect()
    }
}

/// What `check` says of a script that loads.
fn warnings(script: &str) -> String {
    let out = nightjar(Path::new("."), &["check", "-e", script]);
    let stderr = String::from_utf8(out.stderr).unwrap();
    assert!(out.status.success() && out.stdout.is_empty(), "{stderr}");
    without_pictures(&stderr)
}

/// Messages without the lines that they are about.
fn without_pictures(said: &str) -> String {
    let message = |line: &&str| line.starts_with(|first: char| first.is_ascii_alphabetic());
    said.lines().filter(message).map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_has_gone_from_the_language_is_taken_with_a_warning() {
    for (script, warning) in [
        ("event bro_init() { }", "bro_init is now called zeek_init"),
        ("event bro_done() { }", "bro_done is now called zeek_done"),
        ("global x: set[addr] &synchronized;", "&synchronized has no effect (x)"),
        ("global x: count = 1 &persistent;", "&persistent has no effect (x)"),
        (
            "redef record HTTP::Info += { version: string &log &optional; };",
            "the record has the field \"version\" by itself",
        ),
        (
            "redef Cluster::manager2worker_events += /Mine::found/;",
            "deprecated (Cluster::manager2worker_events): no event needs a name to be sent any more",
        ),
        (
            "function f(c: connection): string { return c$ssl$subject; }",
            "deprecated (SSL::Info$subject): Zeek 5 took it away; see cert_chain",
        ),
    ] {
        assert_eq!(warnings(script), format!("warning in <command line>, line 1: {warning}\n"));
    }
    let folder = tempfile::tempdir().unwrap();
    let out = nightjar(folder.path(), &["-e", "event bro_init() { print \"began\"; }"]);
    assert_eq!(out.stdout, b"began\n");
    // A field of another type is a mistake.
    let out = nightjar(
        folder.path(),
        &["check", "-e", "redef record HTTP::Info += { version: count &log &optional; };"],
    );
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8(out.stderr).unwrap().contains("duplicate field \"version\""));
}

#[test]
fn what_zeek_took_away_is_an_error_that_says_what_to_use() {
    for (script, error) in [
        (
            "event dhcp_offer(c: connection, msg: dhcp_msg) { }",
            "unknown identifier dhcp_msg, at or near \"dhcp_msg\"; Zeek no longer has it: see DHCP::Msg, and the event \
             dhcp_message",
        ),
        (
            "event file_new(f: fa_file) { f$mime_type = \"text/plain\"; }",
            "no such field in record (f$mime_type); Zeek no longer has it: see the event file_sniff, and \
             Files::Info$mime_type",
        ),
        (
            "event file_state_remove(f: fa_file) { print f$info$tx_hosts; }",
            "no such field in record (f$info$tx_hosts); Zeek no longer has it: see \
             policy/frameworks/files/deprecated-txhosts-rxhosts-connuids, which adds it",
        ),
        (
            "event Conn::log_conn(rec: Conn::Info) { local c = [$uid=rec$uid, $hot=0]; Intel::seen([$conn=c]); }",
            "; connection has no field \"hot\"; Zeek no longer has it: see the tables that scripts keep themselves",
        ),
    ] {
        let out = nightjar(Path::new("."), &["check", "-e", script]);
        let stderr = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(1), "{stderr}");
        let line = stderr.lines().next().unwrap();
        assert!(line.starts_with("error in <command line>, line 1") && line.ends_with(error), "{stderr}");
    }
}

#[test]
fn folders_are_loaded_by_their_bro_file_and_constants_may_be_declared_twice() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("own")).unwrap();
    let one = "module Own;\nconst ports: set[port] = { 53/udp } &redef;\n";
    let two = "module Own;\nconst ports: set[port] = { 53/udp, 123/udp } &redef;\n";
    let files = [("__load__.bro", "@load ./one\n@load ./two\n"), ("one.bro", one), ("two.bro", two)];
    for (name, text) in files {
        std::fs::write(folder.path().join("own").join(name), text).unwrap();
    }
    let out = nightjar(folder.path(), &["./own", "-e", "print |Own::ports|;"]);
    assert_eq!(String::from_utf8(out.stdout).unwrap(), "2\n");
    assert_eq!(
        String::from_utf8(out.stderr).unwrap(),
        "warning in ./own/one.bro, line 2 and ./own/two.bro, line 2: redefinition requires \"redef\" (Own::ports)\n"
    );
}

#[test]
fn handlers_that_nothing_calls_are_told_of() {
    for event in ["udp_session_done(u: connection)", "connection_partial_close(c: connection)"] {
        let name = event.split('(').next().unwrap();
        let line = format!(
            "warning in <command line>, line 1: this sensor never raises {name}: the handler will not run\n"
        );
        assert_eq!(warnings(&format!("event {event} {{ }}")), line);
    }
    let hook = "WebSocket::configure_analyzer(c: connection, aid: count, config: WebSocket::AnalyzerConfig)";
    assert_eq!(
        warnings(&format!("hook {hook} {{ }}")),
        "warning in <command line>, line 1: this sensor never calls WebSocket::configure_analyzer: the handler will \
         not run\n"
    );
    let nothing = "warning in <command line>, line 1: handler for non-existing";
    assert_eq!(
        warnings("event http_replay(c: connection) { }"),
        format!("{nothing} event cannot be invoked (http_replay)\n")
    );
    assert_eq!(
        warnings("module Mine; hook nobody_calls(a: addr) { }"),
        format!("{nothing} hook cannot be invoked (Mine::nobody_calls)\n")
    );
    let missing = nightjar(Path::new("."), &["check", "-e", "@load policy/frameworks/management/agent"]);
    assert_eq!(
        (without_pictures(&String::from_utf8(missing.stderr).unwrap()).as_str(), missing.status.code()),
        (
            "error in <command line>, line 1: policy/frameworks/management/agent is no script that is here\n",
            Some(1)
        )
    );
    // What the sensor raises, and what scripts raise or hand on, is not.
    for script in [
        "event connection_state_remove(c: connection) { } event HTTP::log_http(rec: HTTP::Info) { }",
        "event mine() { } event zeek_init() { event mine(); }",
        "event mine() { } event zeek_init() { schedule 1min { mine() }; }",
        "event mine() { } global whom = mine;",
        "event Intel::match(s: Intel::Seen, items: set[Intel::Item]) { }",
        "event Input::end_of_data(name: string, source: string) { } event Notice::log_notice(rec: Notice::Info) { }",
        "hook Notice::policy(n: Notice::Info) { } hook HTTP::log_policy(rec: HTTP::Info, id: Log::ID, filter: Log::Filter) { }",
        "@load base/protocols/ssl\n@load base/protocols/ssh/main\n@load base/frameworks/intel",
    ] {
        assert_eq!(warnings(script), "", "{script}");
    }
}

#[test]
fn scripts_may_name_protocols_that_the_sensor_does_not_parse() {
    warnings(
        r#"
        redef record SSL::Info += { forward_secrecy: bool &log &optional; };
        redef record X509::Info += { ours: bool &default=F; };
        redef SSL::root_certs += { ["a.der"] = "\x30\x82" };
        redef enum Intel::Where += { FTP::IN_USER_NAME, RADIUS::IN_FAILED_AUTH };
        redef enum Intel::Type += { PHY_ADDR };
        event zeek_init()
            {
            Log::remove_default_filter(SSL::LOG);
            Log::add_filter(SSL::LOG, [$name="own", $pred(rec: SSL::Info) = { return ! rec?$server_name; }]);
            Log::add_filter(mysql::LOG, [$name="far", $pred(rec: MySQL::Info) =
                { return ! Site::is_local_addr(rec$id$orig_h); }]);
            local f = Log::get_filter(X509::LOG, "default");
            f$pred = function(rec: X509::Info): bool { return ! rec$ours; };
            Log::remove_filter(X509::LOG, "default");
            Log::add_filter(X509::LOG, f);
            }
        function all(c: connection, f: fa_file): string
            {
            local cert = c$ssl$cert_chain[0]$x509$certificate;
            if ( cert?$key_length && cert$key_length < 1024 && SSL::cipher_desc[5] != "" )
                f$info$x509$ours = T;
            return cat(c$ssh$auth_attempts, c$ftp$user, c$smtp$subject, c$radius$username, c$mysql$cmd,
                c$dhcp$assigned_addr, addr_matches_host(c$id$resp_h, LOCAL_HOSTS));
            }"#,
    );
}

/// Counts what a load balancer says of its clients, as old scripts did.
const BALANCED: &str = r#"
module Old;

export {
	redef enum Notice::Type += { Guesser, Guessed, Most_Errors, Big, Odd_Proxy };
	redef enum HTTP::Tags += { WRONG, RIGHT };
	redef record HTTP::Info += {
		cluster_client_ip: string &log &optional;
		backend_server: string &log &optional;
	};
	const threshold: double = 10.0 &redef;
	const window = 2min &redef;
	const monitored: set[subnet] &redef;
	const unmonitored: set[subnet] &redef;
	const robots: pattern &redef;
}

redef monitored += { 10.0.0.0/8 };
redef robots = /Monitor/;

event bro_init() &priority=3
	{
	local r: SumStats::Reducer = [$stream="old.wrong", $apply=set(SumStats::SUM)];
	SumStats::create([$name="old-wrong", $epoch=window, $reducers=set(r),
		$threshold_val(key: SumStats::Key, result: SumStats::Result) = { return result["old.wrong"]$sum; },
		$threshold=threshold,
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) = {
			NOTICE([$note=Guesser, $msg=fmt("guesses by %s", key$host), $src=key$host,
				$sub=fmt("%.0f in %s", result["old.wrong"]$sum, window),
				$n=to_count(fmt("%.0f", result["old.wrong"]$sum))]);
		}]);
	local t: SumStats::Reducer = [$stream="old.errors", $apply=set(SumStats::TOPK), $topk_size=1000];
	SumStats::create([$name="old-errors", $epoch=15mins, $reducers=set(t),
		$epoch_result(ts: time, key: SumStats::Key, result: SumStats::Result) = {
			if ( "old.errors" !in result )
				return;
			local r = result["old.errors"];
			local s: vector of SumStats::Observation;
			s = topk_get_top(r$topk, 30);
			for ( i in s ) {
				local errors = topk_count(r$topk, s[i]);
				if ( errors > 50 )
					NOTICE([$note=Most_Errors, $msg=fmt("errors of %s", s[i]$str), $src=to_addr(s[i]$str),
						$sub=fmt("%d in %s, eps: %d", errors, 15mins, topk_epsilon(r$topk, s[i])),
						$identifier=s[i]$str, $suppress_for=15mins]);
			}
		}]);
	}

event http_header(c: connection, is_orig: bool, name: string, value: string)
	{
	if ( name == "X-CLUSTER-CLIENT-IP" )
		c$http$cluster_client_ip = value;
	if ( name == "X-BACKEND-SERVER" )
		c$http$backend_server = value;
	if ( name == "X-FORWARDED-FOR" )
		NOTICE([$note=Odd_Proxy, $msg=fmt("%s forwards", c$id$orig_h), $uid=c$uid, $id=c$id,
			$identifier=cat(c$uid)]);
	}

event http_reply(c: connection, version: string, code: count, reason: string) &priority=3
	{
	if ( c$id$resp_h !in monitored || c$id$orig_h in unmonitored )
		return;
	if ( c$http?$user_agent && robots in c$http$user_agent )
		return;
	if ( code >= 400 && c$http?$cluster_client_ip )
		SumStats::observe("old.errors", [], [$str=fmt("%s", c$http$cluster_client_ip)]);
	}

event http_message_done(c: connection, is_orig: bool, stat: http_message_stat)
	{
	local ports: set[port] = { 80/tcp, 443/tcp };
	if ( c$id$resp_p !in ports || ! c$http?$username || ! c$http?$status_code )
		return;
	if ( c$http$status_code == 401 ) {
		add c$http$tags[WRONG];
		SumStats::observe("old.wrong", [$host=to_addr(c$http$cluster_client_ip)], []);
	}
	else
		add c$http$tags[RIGHT];
	}

global allowed: hook(id: conn_id);

event connection_established(c: connection) &priority=-3
	{
	ConnThreshold::set_bytes_threshold(c, 30000, F);
	}

event ConnThreshold::bytes_threshold_crossed(c: connection, threshold: count, is_orig: bool)
	{
	if ( c$resp$num_bytes_ip >= 30000 && hook allowed(c$id) ) {
		NOTICE([$note=Big, $msg=fmt("more than %d bytes", threshold), $conn=c, $suppress_for=0sec,
			$identifier=c$uid + cat(c$orig$num_bytes_ip)]);
		ConnThreshold::set_bytes_threshold(c, threshold*2, F);
	}
	}

event bro_init()
	{
	Log::remove_default_filter(HTTP::LOG);
	Log::add_filter(HTTP::LOG, [$name="noise", $path_func(id: Log::ID, path: string, rec: HTTP::Info) = {
		return (rec?$user_agent && /HTTP-Monitor/ in rec$user_agent) ? "http-noise" : "http";
	}]);
	}
"#;

#[test]
fn a_load_balancers_clients_are_counted() {
    let run = replay("balancer", BALANCED, &[]);
    assert_eq!(run.stderr.matches("bro_init is now called zeek_init").count(), 2, "{}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 2, "{}", run.stderr);
    let notices = run.columns("notice.log", &["note", "src", "n", "msg", "sub"]);
    assert_eq!(
        notices,
        "Old::Guesser 198.51.100.66 10 guesses by 198.51.100.66 10 in 2.0 mins\n\
         Old::Odd_Proxy 10.98.0.1 - 10.98.0.1 forwards -\n\
         Old::Big 10.98.0.1 - more than 30000 bytes -\n\
         Old::Big 10.98.0.1 - more than 60000 bytes -\n\
         Old::Most_Errors 203.0.113.5 - errors of 203.0.113.5 60 in 15.0 mins, eps: 0\n"
    );
    let http = run.columns("http.log", &["username", "status_code", "tags", "cluster_client_ip"]);
    let count = |row: &str| http.lines().filter(|line| *line == row).count();
    assert_eq!(count("heron 401 Old::WRONG 198.51.100.66"), 12);
    assert_eq!(count("heron 200 Old::RIGHT 198.51.100.66"), 1);
    assert_eq!(count("- 404 (empty) 203.0.113.5"), 60);
    assert_eq!(
        run.columns("http-noise.log", &["user_agent", "backend_server", "cluster_client_ip"]),
        "HTTP-Monitor/1.0 nest-1 203.0.113.9\n"
    );
    assert!(!run.columns("http.log", &["user_agent"]).contains("HTTP-Monitor"));
}

#[test]
fn files_tell_who_sent_them_and_their_digests() {
    let script = r#"
        @load policy/frameworks/files/hash-all-files
        @load policy/frameworks/files/deprecated-txhosts-rxhosts-connuids
        redef enum Notice::Type += { WPAD };
        event file_hash(f: fa_file, kind: string, hash: string)
            {
            local last: connection;
            for ( cid in f$conns )
                {
                if ( ! f$conns[cid]?$http || /^\/wpad\.dat/ !in f$conns[cid]$http$uri )
                    return;
                last = f$conns[cid];
                }
            NOTICE([$note=WPAD, $msg=kind, $sub=hash, $uid=last$uid, $id=last$id, $identifier=cat(last$uid, kind)]);
            }
        event DNS::log_dns(rec: DNS::Info)
            {
            if ( rec?$query && rec?$answers && /^wpad\./ in rec$query )
                for ( i in rec$answers )
                    NOTICE([$note=WPAD, $msg=rec$answers[i], $sub=cat(rec$id$resp_h), $uid=rec$uid, $id=rec$id]);
            }
        event zeek_init()
            {
            Log::remove_default_filter(Files::LOG);
            Log::add_filter(Files::LOG, [$name="some", $pred(rec: Files::Info) = {
                for ( tx_host in rec$tx_hosts )
                    if ( rec?$mime_type && rec$mime_type == "text/html" )
                        return F;
                return T;
            }]);
            }"#;
    let run = replay("balancer", script, &[]);
    assert_eq!(run.stderr, "");
    // As md5sum and sha1sum have it of the line that is served.
    assert_eq!(
        run.columns("notice.log", &["msg", "sub", "id.resp_h"]),
        "md5 0cfc71d69ed23f08ff50177d62db00d5 10.98.0.2\n\
         sha1 968aff9fa77ac40dc870ba213ee3f3320300da04 10.98.0.2\n\
         10.98.0.66 10.98.0.2 10.98.0.2\n"
    );
    let files = run.columns("files.log", &["mime_type", "tx_hosts", "rx_hosts"]);
    assert!(files.contains("text/plain 10.98.0.2 10.98.0.1\n") && !files.contains("text/html"), "{files}");
    let uids = run.columns("files.log", &["uid"]);
    assert_eq!(uids, run.columns("files.log", &["conn_uids"]));
}

#[test]
fn scans_are_found_and_scanners_can_be_excused() {
    let scans = |script: &str| {
        let files = [("scanners.txt", "#fields\tnet\n10.98.0.52/32\n")];
        let run = replay("knocks", &format!("@load misc/scan\n{script}"), &files);
        assert_eq!(run.stderr, "");
        run.columns("notice.log", &["note", "src", "dst", "p", "msg"])
    };
    let [first, second, hosts] = [
        "Scan::Port_Scan 10.98.0.51 10.98.0.2 - 10.98.0.51 scanned at least 15 unique ports of host 10.98.0.2 in 0m0s\n",
        "Scan::Port_Scan 10.98.0.52 10.98.0.2 - 10.98.0.52 scanned at least 15 unique ports of host 10.98.0.2 in 0m0s\n",
        "Scan::Address_Scan 10.98.0.53 - 7400 10.98.0.53 scanned at least 25 unique hosts on port 7400/tcp in 0m0s\n",
    ];
    assert_eq!(scans(""), format!("{first}{second}{hosts}"));
    assert_eq!(scans("redef Scan::port_scan_threshold = 21.0; redef Scan::addr_scan_threshold = 31.0;"), "");
    let excused = r#"
        module Scan;
        type Idx: record { net: subnet; };
        global scanners: set[subnet] = {};
        event zeek_init()
            {
            Input::add_table([$source="scanners.txt", $name="scanners", $idx=Idx, $destination=scanners,
                $mode=Input::REREAD]);
            }
        hook scan_policy(scanner: addr, victim: addr, scanned_port: port)
            {
            if ( scanner in scanners || scanned_port == 7400/tcp )
                break;
            }"#;
    assert_eq!(scans(excused), first);
    let one = "hook Scan::port_scan_policy(scanner: addr, victim: addr, scanned_port: port) { break; }";
    assert_eq!(scans(one), hosts);
}
