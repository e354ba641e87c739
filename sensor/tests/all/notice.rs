//! Notices through the front door: what is told, what is not told again, and what leaves the sensor.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// A run of `nightjar` in a folder of its own.
struct Run {
    folder: TempDir,
    output: Output,
}

impl Run {
    fn new(code: &str, args: &[&str]) -> Run {
        Run::with(tempfile::tempdir().expect("a folder"), code, args)
    }

    fn with(folder: TempDir, code: &str, args: &[&str]) -> Run {
        std::fs::write(folder.path().join("t.zeek"), code).expect("a script written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
        command.current_dir(folder.path()).args(args).arg("t.zeek").env("ZEEK_DNS_FAKE", "1");
        let output = command.output().expect("nightjar runs");
        Run { folder, output }
    }

    fn stdout(&self) -> &str {
        std::str::from_utf8(&self.output.stdout).expect("text")
    }

    fn stderr(&self) -> &str {
        std::str::from_utf8(&self.output.stderr).expect("text")
    }

    fn file(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join(name)).ok()
    }

    /// One column of a log.
    fn column(&self, log: &str, column: &str) -> Vec<String> {
        let text = self.file(log).unwrap_or_else(|| panic!("no {log}: {}", self.stderr()));
        let names = text.lines().find_map(|line| line.strip_prefix("#fields\t")).expect("a header");
        let at = names.split('\t').position(|name| name == column).expect("the column");
        let rows = text.lines().filter(|line| !line.starts_with('#'));
        rows.map(|row| row.split('\t').nth(at).unwrap_or_default().to_owned()).collect()
    }
}

fn capture(name: &str) -> String {
    format!("{}/../pcaps/{name}", env!("CARGO_MANIFEST_DIR"))
}

const TYPE: &str = "@load base/frameworks/notice\nredef enum Notice::Type += { Found };\n";

fn script(code: &str) -> String {
    format!("{TYPE}{code}")
}

#[test]
fn the_log_has_zeeks_columns() {
    let run = Run::new(&script("event zeek_init() { NOTICE([$note=Found, $msg=\"m\", $n=7]); }"), &["-b"]);
    let log = run.file("notice.log").expect("a log");
    let fields = "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tfuid\tfile_mime_type\tfile_desc\t\
                  proto\tnote\tmsg\tsub\tsrc\tdst\tp\tn\tpeer_descr\tactions\temail_dest\tsuppress_for\t\
                  remote_location.country_code\tremote_location.region\tremote_location.city\t\
                  remote_location.latitude\tremote_location.longitude";
    assert!(log.lines().any(|line| line == fields), "{log}");
    let row = "Found\tm\t-\t-\t-\t-\t7\t-\tNotice::ACTION_LOG\t(empty)\t3600.000000\t-\t-\t-\t-\t-";
    assert!(log.contains(row), "{log}");
}

#[test]
fn an_identifier_is_told_once_in_its_time() {
    let code = script(
        "event again(what: string, id: string) { NOTICE([$note=Found, $msg=what, $identifier=id, $suppress_for=1hr]); }
         event zeek_init() {
             NOTICE([$note=Found, $msg=\"a\", $identifier=\"x\"]);
             NOTICE([$note=Found, $msg=\"same handler\", $identifier=\"x\"]);
             event again(\"b\", \"x\");
             event again(\"c\", \"y\");
             NOTICE([$note=Found, $msg=\"d\"]);
             NOTICE([$note=Found, $msg=\"e\"]);
         }
         event Notice::begin_suppression(ts: time, i: interval, note: Notice::Type, id: string) { print \"begin\", i, id; }
         event Notice::suppressed(n: Notice::Info) { print \"suppressed\", n$msg; }",
    );
    let run = Run::new(&code, &["-b"]);
    assert_eq!(run.column("notice.log", "msg"), ["a", "d", "e", "c"]);
    let said = "begin, 1.0 hr, x\nsuppressed, same handler\nsuppressed, b\nbegin, 1.0 hr, y\n";
    assert_eq!(run.stdout(), said, "{}", run.stderr());
    let all = format!("{code}\nredef Notice::not_suppressed_types += {{ Found }};");
    let run = Run::new(&all, &["-b"]);
    assert_eq!(run.column("notice.log", "msg").len(), 6);
}

#[test]
fn suppression_ends_by_packet_time_and_for_want_of_room() {
    // 22 connections in 285 ms.
    let code = |more: &str| {
        script(&format!(
            "{more}
             event new_connection(c: connection)
                 {{ NOTICE([$note=Found, $conn=c, $identifier=\"x\", $suppress_for=100msec]); }}"
        ))
    };
    let http = capture("http.pcap");
    let run = |code: &str, workers: &str| Run::new(code, &["-r", &http, "--quiet", "--workers", workers]);
    let one = run(&code(""), "1");
    let times: Vec<f64> =
        one.column("notice.log", "ts").iter().map(|ts| ts.parse().expect("a time")).collect();
    assert!((2..=4).contains(&times.len()), "{times:?}");
    assert!(times.windows(2).all(|two| two[1] - two[0] >= 0.1), "{times:?}");
    assert_eq!(run(&code(""), "4").file("notice.log"), one.file("notice.log"));
    let interval = "redef Notice::type_suppression_intervals += { [Found] = 1hr };";
    assert_eq!(run(&code(interval), "1").column("notice.log", "ts").len(), 1);
    let crowded = "redef Notice::max_suppressed = 1;
        event new_connection(c: connection) &priority=5
            { NOTICE([$note=Found, $identifier=\"other\", $actions=set(Notice::ACTION_NONE)]); }
        hook Notice::policy(n: Notice::Info) { if ( n$identifier == \"x\" ) n$suppress_for = 1sec; }";
    // The one that would end first gives way to the other, so nothing is suppressed for long.
    assert!(run(&code(crowded), "1").column("notice.log", "ts").len() > 4);
}

#[test]
fn the_connection_gives_what_is_not_given() {
    let code = script(
        "event connection_state_remove(c: connection) { NOTICE([$note=Found, $conn=c, $identifier=\"x\"]); }
         redef Notice::alarmed_types += { Found };
         redef Notice::force_email_summaries = T;",
    );
    let run = Run::new(&code, &["-r", &capture("http.pcap"), "--quiet"]);
    for (column, value) in [
        ("id.resp_p", "80"),
        ("proto", "tcp"),
        ("src", "10.98.0.1"),
        ("dst", "10.98.0.2"),
        ("p", "80"),
        ("note", "Found"),
    ] {
        assert_eq!(run.column("notice.log", column), [value], "{column}");
        assert_eq!(run.column("notice_alarm.log", column), [value], "{column}");
    }
    let uid = &run.column("notice.log", "uid")[0];
    assert!(run.column("conn.log", "uid").contains(uid));
    let alarm = run.file("alarm-mail.txt").expect("a summary");
    let from = &run.column("notice.log", "id.orig_p")[0];
    let line = format!(" Found 10.98.0.1:{from}/tcp -> 10.98.0.2:80/tcp (uid {uid})\n");
    assert!(alarm.contains(&line), "{alarm}");
    assert!(alarm.contains("   # 10.98.0.1 = <skipped>  10.98.0.2 = <skipped>\n\n"), "{alarm}");
}

#[test]
fn the_policy_decides() {
    let code = script(
        "redef enum Notice::Type += { Ignored };
         redef Notice::ignored_types += { Ignored };
         hook Notice::policy(n: Notice::Info) { if ( n$msg == \"quiet\" ) delete n$actions[Notice::ACTION_LOG]; }
         hook Notice::notice(n: Notice::Info) { print n$msg, |n$actions|; }
         event zeek_init() {
             NOTICE([$note=Ignored, $msg=\"ignored\"]);
             NOTICE([$note=Found, $msg=\"quiet\"]);
             NOTICE([$note=Found, $msg=\"told\"]);
         }",
    );
    let run = Run::new(&code, &["-b"]);
    assert_eq!(run.column("notice.log", "msg"), ["told"]);
    assert_eq!(run.stdout(), "ignored, 0\nquiet, 0\ntold, 1\n");
}

// ---- mail ----

/// A mail that the relay took.
#[derive(Debug, Default)]
struct Mail {
    from: String,
    to: Vec<String>,
    text: String,
}

/// A small relay: what it says to the first MAIL commands, then it takes everything.
fn relay(refusals: Vec<&'static str>) -> (String, Receiver<Mail>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let (sender, mails) = channel();
    thread::spawn(move || {
        let mut refusals = refusals.into_iter();
        for stream in listener.incoming() {
            let _ = serve(stream.expect("a connection"), &mut refusals, &sender);
        }
    });
    (address, mails)
}

fn serve(
    stream: TcpStream,
    refusals: &mut dyn Iterator<Item = &'static str>,
    mails: &std::sync::mpsc::Sender<Mail>,
) -> std::io::Result<()> {
    let mut answer = stream.try_clone()?;
    let mut mail = Mail::default();
    answer.write_all(b"220-relay\r\n220 ready\r\n")?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next() {
        let line = line?;
        let reply: &str = match line.split([' ', ':']).next() {
            Some("EHLO") => "250-relay\r\n250 8BITMIME",
            Some("MAIL") => {
                mail.from = line;
                refusals.next().unwrap_or("250 ok")
            }
            Some("RCPT") => {
                mail.to.push(line);
                "250 ok"
            }
            Some("DATA") => {
                answer.write_all(b"354 go on\r\n")?;
                loop {
                    let Some(line) = lines.next() else { return Ok(()) };
                    match line?.as_str() {
                        "." => break,
                        line => mail.text.push_str(&format!("{line}\n")),
                    }
                }
                mails.send(std::mem::take(&mut mail)).expect("somebody waits");
                "250 taken"
            }
            Some("QUIT") => {
                answer.write_all(b"221 bye\r\n")?;
                return Ok(());
            }
            _ => "500 what",
        };
        answer.write_all(format!("{reply}\r\n").as_bytes())?;
    }
    Ok(())
}

const MAILED: &str = "
redef Notice::mail_dest = \"soc@example.net, Boss <boss@example.net>\";
redef Notice::emailed_types += { Found };
";

#[test]
fn mail_goes_over_a_relay() {
    let (address, mails) = relay(Vec::new());
    let code = script(&format!(
        "{MAILED}
         event connection_state_remove(c: connection)
             {{ NOTICE([$note=Found, $conn=c, $identifier=\"x\", $msg=\"first\\n.\\nRCPT TO:<evil@example.net>\", $sub=\"more\"]); }}"
    ));
    // A replay sends none unless it is asked to.
    let server = format!("Notice::smtp_server={address}");
    let capture = capture("http.pcap");
    let replay = ["-r", &capture, "--quiet", &server];
    let run = Run::new(&code, &replay);
    assert!(run.output.status.success() && run.stderr().is_empty(), "{}", run.stderr());
    assert!(mails.try_recv().is_err(), "a mail about what is past");
    let run = Run::new(&code, &[&replay[..], &["Notice::mail_in_replay=T"]].concat());
    assert!(run.output.status.success() && run.stderr().is_empty(), "{}", run.stderr());
    let mail = mails.try_recv().expect("it went out before the run ended");
    assert_eq!(mail.from, "MAIL FROM:<zeek@localhost>");
    assert_eq!(mail.to, ["RCPT TO:<soc@example.net>", "RCPT TO:<boss@example.net>"]);
    let (head, body) = mail.text.split_once("\n\n").expect("an empty line");
    for line in ["From: Zeek <zeek@localhost>", "Subject: [Zeek] Found", "MIME-Version: 1.0"] {
        assert!(head.lines().any(|found| found == line), "{line} is not in {head}");
    }
    assert!(head.contains("Date: ") && head.contains("Message-ID: <"), "{head}");
    // The dot of a line of its own got another one, so it did not end the mail.
    let start = "Message: first\n..\nRCPT TO:<evil@example.net>\nSub-message: more\n\nConnection: 10.98.0.1:";
    assert!(body.starts_with(start), "{body}");
    assert!(mails.try_recv().is_err(), "one notice, one mail");
}

#[test]
fn alarms_are_summed_up_in_a_mail() {
    let (address, mails) = relay(Vec::new());
    let code = script(
        "redef Notice::mail_dest = \"soc@example.net\";
         redef Notice::alarmed_types += { Found };
         event zeek_init() { NOTICE([$note=Found, $msg=\"first\\nsecond\", $src=1.2.3.4]); }",
    );
    let run = Run::new(&code, &["-b", &format!("Notice::smtp_server={address}")]);
    let mail = mails.recv_timeout(Duration::from_secs(5)).expect("a mail");
    assert!(mail.text.contains("Subject: [Zeek] Alarm summary from "), "{}", mail.text);
    // What the message holds makes no lines of its own.
    assert!(mail.text.contains(" Found 1.2.3.4\n   first\\x0asecond\n   # 1.2.3.4 = "), "{}", mail.text);
    assert!(mail.text.ends_with("\n\n--\n[Automatically generated]\n\n"), "{}", mail.text);
    assert_eq!(run.file("alarm-mail.txt"), None);
}

#[test]
fn a_relay_is_tried_again_unless_it_says_never() {
    let code = script(&format!("{MAILED} event zeek_init() {{ NOTICE([$note=Found, $msg=\"m\"]); }}"));
    let (address, mails) = relay(vec!["451 later"]);
    let run = Run::new(&code, &["-b", &format!("Notice::smtp_server={address}")]);
    assert!(run.stderr().is_empty(), "{}", run.stderr());
    assert!(mails.try_recv().is_ok());

    let (address, mails) = relay(vec!["550 not you"; 3]);
    let run = Run::new(&code, &["-b", &format!("Notice::smtp_server={address}")]);
    let warning = format!("warning: mail over {address} failed: ");
    assert!(run.stderr().contains(&warning) && run.stderr().contains("(550): not you"), "{}", run.stderr());
    assert!(mails.try_recv().is_err());
    assert_eq!(run.column("notice.log", "msg"), ["m"], "the row is there all the same");
}

#[test]
fn without_a_relay_a_program_takes_mail_but_not_in_a_replay() {
    let program = "#!/bin/sh\n{ echo \"$*\"; cat; } >> \"$(dirname \"$0\")/mail.out\"\n";
    let code = script(&format!(
        "{MAILED}
         redef Notice::sendmail = \"./program\";
         event zeek_init() {{ NOTICE([$note=Found, $msg=\"m\", $src=1.2.3.4]); }}"
    ));
    let folder = || {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("program");
        std::fs::write(&path, program).expect("a program written");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&path, mode).expect("a program made");
        folder
    };
    let run = Run::with(folder(), &code, &["-b"]);
    let mail = run.file("mail.out").unwrap_or_else(|| panic!("no mail: {}", run.stderr()));
    assert!(mail.starts_with("-t -oi\nFrom: Zeek <zeek@localhost>\nSubject: [Zeek] Found\n"), "{mail}");
    assert!(
        mail.contains("\n\nMessage: m\n\nAddress: 1.2.3.4\n\nEmail Extensions\n----------------\n\n\n--\n"),
        "{mail}"
    );
    let run = Run::with(folder(), &code, &["-r", &capture("tcp.pcap"), "--quiet"]);
    assert_eq!(run.file("mail.out"), None);
    assert_eq!(run.column("notice.log", "msg"), ["m"]);
}

#[test]
fn mail_waits_for_what_is_still_to_be_found_out() {
    let (address, mails) = relay(Vec::new());
    let code = script(&format!(
        "@load frameworks/notice/extend-email/hostnames
         {MAILED}
         event zeek_init() {{ NOTICE([$note=Found, $msg=\"m\", $src=1.2.3.4]); }}"
    ));
    let run = Run::new(&code, &["-b", &format!("Notice::smtp_server={address}")]);
    let mail = mails.recv_timeout(Duration::from_secs(5)).expect("a mail");
    let end = "----------------\norig/src hostname: fake_addr_lookup_result_1.2.3.4\n";
    assert!(mail.text.contains(end), "{}\n{}", mail.text, run.stderr());
}

// ---- the block list ----

#[test]
fn a_firewall_is_told_whom_to_block() {
    let code = script(
        "@load frameworks/notice/actions/drop
         redef Notice::block_list = \"blocked\";
         redef Notice::block_for = 1min;
         redef Notice::never_block += { 8.8.0.0/16 };
         hook Notice::policy(n: Notice::Info) { add n$actions[Notice::ACTION_DROP]; }
         global done = F;
         event new_connection(c: connection) {
             if ( done ) return;
             done = T;
             for ( _, a in vector(8.8.8.8, 192.168.1.1, 9.9.9.9, [2600::1]) )
                 NOTICE([$note=Found, $src=a]);
         }",
    );
    let run = Run::new(&code, &["-r", &capture("http.pcap"), "--quiet"]);
    let start: f64 =
        run.column("conn.log", "ts").iter().map(|ts| ts.parse().expect("a time")).fold(f64::MAX, f64::min);
    let list = run.file("blocked").unwrap_or_else(|| panic!("no list: {}", run.stderr()));
    let end = format!("{:.6}", start + 60.0);
    assert_eq!(list, format!("9.9.9.9\t{end}\n2600::1\t{end}\n"));
    // Neither local networks nor those that are never blocked.
    assert_eq!(run.column("notice.log", "dropped"), ["F", "F", "T", "T"]);
    let names = std::fs::read_dir(run.folder.path()).expect("the folder");
    assert!(names.flatten().all(|entry| entry.file_name() != "blocked.new"));

    let run = Run::new(
        &code,
        &["-r", &capture("http.pcap"), "--quiet", "Notice::block_list=no/such/folder/blocked"],
    );
    assert!(
        run.stderr().contains("the block list no/such/folder/blocked was not written"),
        "{}",
        run.stderr()
    );
    assert!(run.output.status.success());
}

// ---- weirds ----

#[test]
fn handlers_hear_of_some_of_many_weirds() {
    let run = |more: &str| {
        let code = script(&format!(
            "{more}
             global heard: table[string] of count &default=0;
             event net_weird(name: string, addl: string, source: string) {{ ++heard[name]; }}
             event flow_weird(name: string, src: addr, dst: addr, addl: string, source: string) {{ ++heard[cat(name, src)]; }}
             event zeek_init()
                 {{
                 local n = 0;
                 while ( ++n <= 100 )
                     {{
                     Reporter::net_weird(\"a\");
                     Reporter::flow_weird(\"b\", 1.1.1.1, 2.2.2.2);
                     Reporter::flow_weird(\"b\", 3.3.3.3, 2.2.2.2);
                     }}
                 }}
             event zeek_done() {{ print heard[\"a\"], heard[\"b1.1.1.1\"], heard[\"b3.3.3.3\"]; }}"
        ));
        Run::new(&code, &["-b"]).stdout().to_owned()
    };
    assert_eq!(run(""), "25, 25, 25\n");
    let rate = "redef Weird::sampling_threshold = 10; redef Weird::sampling_rate = 9;";
    assert_eq!(run(rate), "20, 20, 20\n");
    assert_eq!(run(&format!("{rate} redef Weird::sampling_whitelist += {{ \"a\" }};")), "100, 20, 20\n");
    // Both pairs of hosts together: the 10, and each ninth of the 190 that follow, which are those of both in turn.
    let together = run(&format!("{rate} redef Weird::sampling_global_list += {{ \"b\" }};"));
    assert_eq!(together, "20, 16, 15\n");
    let set = "event zeek_init() &priority=9 { Reporter::set_weird_sampling_threshold(2); Reporter::set_weird_sampling_rate(49);
        print Reporter::get_weird_sampling_threshold(), Reporter::get_weird_sampling_duration(); }";
    assert_eq!(run(set), "2, 10.0 mins\n4, 4, 4\n");
    assert_eq!(run("redef Weird::sampling_threshold = 3; redef Weird::sampling_rate = 0;"), "3, 3, 3\n");
}

#[test]
fn what_the_sensor_notices_again_and_again_is_sampled_too() {
    // Each packet has a wrong checksum.
    let heard = |more: &str| {
        let code = script(&format!(
            "{more}
             global heard = 0;
             event conn_weird(name: string, c: connection, addl: string, source: string) {{ ++heard; }}
             event net_weird(name: string, addl: string, source: string) {{ ++heard; }}
             event flow_weird(name: string, src: addr, dst: addr, addl: string, source: string) {{ ++heard; }}
             event zeek_done() {{ print heard; }}"
        ));
        Run::new(&code, &["-r", &capture("http-odd.pcap"), "--quiet"])
            .stdout()
            .trim()
            .parse::<u64>()
            .expect("a number")
    };
    let all = heard("");
    let none = heard("redef Weird::sampling_threshold = 0; redef Weird::sampling_rate = 0;");
    assert!(all > 1 && none == 0, "{all}, {none}");
    assert_eq!(heard("redef Weird::sampling_threshold = 0; redef Weird::sampling_rate = 1;"), all);
}

#[test]
fn scripts_say_what_is_done_about_weirds() {
    let http = capture("http.pcap");
    let name = "premature_connection_reuse";
    let run = |code: &str| Run::new(code, &["-r", &http, "--quiet"]);
    let plain = run("");
    assert_eq!(
        (plain.column("weird.log", "name"), plain.column("weird.log", "notice")),
        (vec![name.into()], vec!["F".into()])
    );
    assert!(plain.file("notice.log").is_none());

    let noticed = run(&format!(
        "redef Weird::actions += {{ [\"{name}\"] = Weird::ACTION_NOTICE_PER_ORIG }};
         event Weird::log_weird(rec: Weird::Info) {{ print rec$name, rec$notice; }}"
    ));
    assert_eq!(noticed.column("weird.log", "notice"), ["T"]);
    assert_eq!(noticed.stdout(), format!("{name}, T\n"));
    for (column, value) in [("note", "Weird::Activity"), ("msg", name), ("proto", "tcp"), ("p", "80")] {
        assert_eq!(noticed.column("notice.log", column), [value]);
    }
    assert_eq!(noticed.column("notice.log", "uid"), noticed.column("weird.log", "uid"));

    for quiet in [
        format!("redef Weird::actions += {{ [\"{name}\"] = Weird::ACTION_IGNORE }};"),
        format!("redef Weird::ignore_hosts += {{ [10.98.0.2, \"{name}\"] }};"),
        format!(
            "event zeek_init() {{ Option::set(\"Weird::ignore_hosts\", set([10.98.0.1, \"{name}\"])); }}"
        ),
    ] {
        assert!(run(&quiet).file("weird.log").is_none(), "{quiet}");
    }
}

#[test]
fn scripts_report_weirds() {
    let run = Run::new(
        "redef Weird::actions += { [\"b\"] = Weird::ACTION_LOG_ONCE, [\"c\"] = Weird::ACTION_NOTICE_ONCE };
         event new_connection(c: connection) {
             Reporter::conn_weird(\"a\", c, \"more\", \"me\");
             Reporter::conn_weird(\"b\", c);
             Reporter::net_weird(\"c\");
             Reporter::flow_weird(\"d\", 1.2.3.4, 5.6.7.8);
         }
         event flow_weird(name: string, src: addr, dst: addr, addl: string, source: string) { print name, src, dst; }",
        &["-r", &capture("tcp.pcap"), "--quiet"],
    );
    let names = run.column("weird.log", "name");
    let of = |name: &str| names.iter().filter(|found| *found == name).count();
    let connections = run.column("conn.log", "uid").len();
    assert!(connections > 1);
    assert_eq!((of("a"), of("b"), of("c"), of("d")), (connections, 1, 1, 1), "{names:?}");
    assert_eq!(run.column("notice.log", "msg"), ["c"]);
    assert_eq!(run.stdout(), "d, 1.2.3.4, 5.6.7.8\n".repeat(connections));
    let first = run.file("weird.log").expect("a log");
    assert!(first.contains("\ta\tmore\tF\tzeek\tme\n"), "{first}");
}

// ---- the reporter ----

const REPORTS: &str = "
event zeek_init() { Reporter::info(\"an info\"); Reporter::warning(\"a warning\"); }
event zeek_done() { local t: table[count] of count; Reporter::error(\"an error\"); print t[3]; }
event reporter_error(t: time, msg: string, location: string) { local t2: table[count] of count; print msg, t2[4]; }
";

#[test]
fn what_scripts_get_wrong_is_in_a_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = Run::with(folder, REPORTS, &[]);
    assert_eq!(
        run.column("reporter.log", "level"),
        ["INFO", "WARNING", "ERROR", "ERROR"].map(|level| format!("Reporter::{level}"))
    );
    assert_eq!(
        run.column("reporter.log", "message"),
        ["an info", "a warning", "an error", "no such index (t[3])"]
    );
    assert_eq!(run.column("reporter.log", "location")[3], "./t.zeek, line 3");
    let lines: Vec<&str> = run.stderr().lines().collect();
    assert_eq!(
        lines[..4],
        [
            "./t.zeek, line 2: an info",
            "warning in ./t.zeek, line 2: a warning",
            "error in ./t.zeek, line 3: an error",
            "expression error in ./t.zeek, line 3: no such index (t[3])",
        ]
    );
    // A fault in a handler of the reporter's own events raises none of them.
    assert!(lines[4].contains("t2[4]") && lines.len() == 6, "{lines:?}");
}

#[test]
fn standard_error_is_quiet_where_scripts_ask_for_it() {
    let quiet =
        format!("{REPORTS}redef Reporter::errors_to_stderr = F;\nredef Reporter::info_to_stderr = F;\n");
    let run = Run::new(&quiet, &[]);
    assert_eq!(run.column("reporter.log", "message").len(), 4);
    // Before zeek_init is done everything is said; and what no log would have is said always.
    assert!(run.stderr().contains("an info") && !run.stderr().contains("an error"), "{}", run.stderr());
    assert!(run.stderr().contains("t2[4]") && !run.stderr().contains("t[3]"), "{}", run.stderr());
    // With no handler there is no log, so it is said as well.
    let bare = Run::new(
        "redef Reporter::errors_to_stderr = F; event zeek_done() { Reporter::error(\"e\"); }",
        &["-b"],
    );
    assert!(bare.stderr().contains("error in ./t.zeek, line 1: e") && bare.file("reporter.log").is_none());
}

// ---- the site ----

#[test]
fn the_site_knows_its_own() {
    let run = Run::new(
        "redef Site::local_nets += { 1.0.0.0/8 };
         redef Site::neighbor_nets += { 2.0.0.0/8 };
         redef Site::local_zones += { \"example.com\" };
         redef Site::local_admins += { [1.0.0.0/8] = set(\"a@x\"), [1.2.0.0/16] = set(\"b@x\") };
         function show(a: addr) { print a, Site::is_private_addr(a), Site::is_local_addr(a), Site::is_neighbor_addr(a); }
         event zeek_init() {
             show(10.0.0.1); show(1.2.3.4); show(2.2.3.4); show([2002:a00::1]);
             print Site::local_nets_table[1.2.3.4];
             print Site::is_local_name(\"www.example.com\"), Site::is_local_name(\"example.com\"), Site::is_local_name(\"notexample.com\");
             print |Site::get_emails(1.2.3.4)|, Site::get_emails(1.3.3.4), Site::get_emails(10.0.0.1);
             Option::set(\"Site::private_address_space\", set(3.0.0.0/8));
             show(10.0.0.1); show(3.0.0.1); show(1.2.3.4);
             Option::set(\"Site::local_nets\", set(4.0.0.0/8));
             show(1.2.3.4); show(3.0.0.1); show(4.0.0.1);
         }",
        &[],
    );
    let expected = "10.0.0.1, T, T, F\n1.2.3.4, F, T, F\n2.2.3.4, F, F, T\n2002:a00::1, T, T, F\n1.0.0.0/8\nT, T, F\n\
                    8, a@x, \n10.0.0.1, F, F, F\n3.0.0.1, T, T, F\n1.2.3.4, F, T, F\n\
                    1.2.3.4, F, F, F\n3.0.0.1, T, T, F\n4.0.0.1, F, T, F\n";
    assert_eq!(run.stdout(), expected, "{}", run.stderr());
}

#[test]
fn paths_of_parts_name_their_framework() {
    for part in ["main", "weird", "actions/drop", "actions/pp-alarms"] {
        let code = format!(
            "@load base/frameworks/notice/{part}\nevent zeek_init() {{ print Notice::ACTION_PAGE, Weird::LOG; }}"
        );
        let run = Run::new(&code, &["-b"]);
        assert_eq!(run.stdout(), "Notice::ACTION_PAGE, Weird::LOG\n", "{part}: {}", run.stderr());
    }
    assert!(Path::new(&capture("http.pcap")).exists());
}
