//! The command line: what each option does, what each mistake says, and which code each end has.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::{capture, complaint, logs, nightjar};

const PCAP_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Runs with these arguments, and gives the exit code and what was said.
fn run(folder: &Path, args: &[&str]) -> (i32, String) {
    ended(&nightjar(folder).args(args).output().unwrap())
}

fn ended(output: &Output) -> (i32, String) {
    let said = complaint(output);
    (output.status.code().unwrap(), said)
}

fn shipped(name: &str) -> String {
    capture(name).to_str().unwrap().to_owned()
}

fn with_stdin(command: &mut Command, input: &[u8]) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || pipe.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // A child that has seen enough closes the pipe.
    let _ = writer.join().unwrap();
    output
}

/// Where each record of a pcap file ends.
fn record_ends(pcap: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut at = PCAP_HEADER;
    while at < pcap.len() {
        let len = u32::from_le_bytes(pcap[at + 8..at + 12].try_into().unwrap()) as usize;
        at += RECORD_HEADER + len;
        ends.push(at);
    }
    ends
}

/// The logs that a replay with these arguments leaves; it must go well.
fn logs_of(args: &[&str]) -> std::collections::BTreeMap<String, String> {
    let folder = folder();
    let (code, said) = run(folder.path(), args);
    assert_eq!(code, 0, "{args:?}: {said}");
    logs(folder.path())
}

/// The values of a column of a TSV log.
fn column<'a>(log: &'a str, name: &str) -> Vec<&'a str> {
    let fields = log.lines().find_map(|line| line.strip_prefix("#fields\t")).unwrap();
    let at = fields.split('\t').position(|field| field == name).unwrap();
    log.lines().filter(|line| !line.starts_with('#')).map(|row| row.split('\t').nth(at).unwrap()).collect()
}

#[test]
fn a_capture_read_to_its_end_is_0_with_a_summary() {
    let folder = folder();
    let (code, said) = run(folder.path(), &["-r", &shipped("http")]);
    assert_eq!(code, 0);
    assert!(said.starts_with("274 packets, ") && said.contains("Gbit/s"), "{said}");
    assert!(said.contains("rows: conn "), "{said}");
    assert!(!said.contains(['\r', '\u{1b}']), "a progress bar in a pipe: {said:?}");
    assert_eq!(column(&logs(folder.path())["conn"], "proto").len(), 23);
}

#[test]
fn quiet_says_nothing() {
    let folder = folder();
    assert_eq!(run(folder.path(), &["--quiet", "-r", &shipped("http")]), (0, String::new()));
}

#[test]
fn a_truncated_capture_is_1_and_its_logs_are_complete_up_to_there() {
    let whole = std::fs::read(capture("http")).unwrap();
    let end = record_ends(&whole)[100];
    let folder = folder();
    let (sound, broken) = (folder.path().join("sound.pcap"), folder.path().join("broken.pcap"));
    std::fs::write(&sound, &whole[..end]).unwrap();
    for cut in [end + 1, end + RECORD_HEADER, end + RECORD_HEADER + 20] {
        std::fs::write(&broken, &whole[..cut]).unwrap();
        let folder = self::folder();
        let (code, said) = run(folder.path(), &["-r", broken.to_str().unwrap()]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(&format!("truncated at byte {end}")), "{said}");
        assert!(said.contains("101 packets"), "no summary: {said}");
        assert_eq!(logs(folder.path()), logs_of(&["-r", sound.to_str().unwrap()]));
    }
}

#[test]
fn what_is_no_capture_is_1() {
    let folder = folder();
    std::fs::write(folder.path().join("empty"), "").unwrap();
    std::fs::write(folder.path().join("text"), "these are no packets\n").unwrap();
    for (name, says) in [
        ("not-there.pcap", "cannot read not-there.pcap: No such file"),
        ("empty", "empty is empty"),
        ("text", "neither pcap nor pcapng"),
        (".", "is a directory"),
    ] {
        let (code, said) = run(folder.path(), &["-r", name]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(says), "{said}");
    }
    assert!(logs(folder.path()).is_empty());
}

#[test]
fn mistakes_in_the_command_line_are_2() {
    let dns = shipped("dns");
    for (args, says) in [
        (&[][..], "-r FILE"),
        (&["--frobnicate"], "--frobnicate"),
        (&["-r", &dns, "--worker", "2"], "--workers"),
        (&["-r", &dns, "--workers", "0"], "--workers"),
        (&["-r", &dns, "--workers", "many"], "many"),
        (&["-r", &dns, "--logdir", "a", "--stdout", "conn"], "cannot be used with"),
        (&["-r", &dns, "-f", "tcp port http or not"], "tcp port http or not"),
        (&["-r", &dns, "LogAscii::use_jsn=T"], "did you mean LogAscii::use_json?"),
        (&["-r", &dns, "LogAscii::use_json=yes"], "is T or F"),
        (&["-r", &dns, "tcp_inactivity_timout=5min"], "did you mean tcp_inactivity_timeout?"),
        (&["-r", &dns, "tcp_inactivity_timeout=5parsecs"], "5parsecs"),
        (&["-r", &dns, "Site::local_nets={10.0.0.0/99}"], "10.0.0.0/99"),
        (&["-r", &dns, "--stdout", "htp"], "'http'"),
    ] {
        let folder = folder();
        let (code, said) = run(folder.path(), args);
        assert_eq!(code, 2, "{args:?}: {said}");
        assert!(said.contains(says), "{args:?}: {said}");
        assert!(logs(folder.path()).is_empty(), "{args:?} left logs");
    }
}

#[test]
fn a_log_folder_that_cannot_be_made_is_3() {
    let folder = folder();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let (code, said) = run(folder.path(), &["-r", &shipped("dns"), "--logdir", "file/logs"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("cannot write file/logs"), "{said}");
}

#[test]
fn a_full_disk_is_3() {
    let folder = folder();
    std::os::unix::fs::symlink("/dev/full", folder.path().join("conn.log")).unwrap();
    for workers in ["1", "4"] {
        let (code, said) = run(folder.path(), &["-r", &shipped("dns"), "--workers", workers]);
        assert_eq!(code, 3, "{said}");
        assert!(said.contains("conn.log: No space left"), "{said}");
    }
    let (code, said) = run(folder.path(), &["-r", &shipped("tcp"), "-w", "/dev/full", "--logdir", "logs"]);
    assert_eq!(code, 3, "{said}");
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut to_stdout = nightjar(folder.path());
    to_stdout.args(["-r", &shipped("dns"), "--stdout", "conn"]).stdout(full);
    assert_eq!(ended(&to_stdout.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap()).0, 3);
}

#[test]
fn standard_input_and_compressed_captures_are_read_like_files() {
    let plain = std::fs::read(capture("dns")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&plain).unwrap();
    let (gzip, zstd) = (gzip.finish().unwrap(), zstd::encode_all(&plain[..], 3).unwrap());
    let want = logs_of(&["-r", &shipped("dns")]);
    for bytes in [&plain, &gzip, &zstd] {
        let folder = folder();
        let output = with_stdin(nightjar(folder.path()).args(["-r", "-"]), bytes);
        assert_eq!(ended(&output).0, 0);
        assert!(logs(folder.path()) == want, "standard input gives other logs");
        std::fs::write(folder.path().join("capture"), bytes).unwrap();
        assert_eq!(logs_of(&["-r", folder.path().join("capture").to_str().unwrap()]), want);
    }
    let folder = folder();
    let output = with_stdin(nightjar(folder.path()).args(["-r", "-"]), &gzip[..gzip.len() / 2]);
    let (code, said) = ended(&output);
    assert_eq!(code, 1, "{said}");
    assert!(logs(folder.path())["conn"].trim_end().lines().last().unwrap().starts_with("#close"));
}

#[test]
fn a_filter_chooses_packets_and_the_rest_is_counted() {
    let folder = folder();
    let (code, said) = run(folder.path(), &["-r", &shipped("dns"), "-f", "tcp"]);
    assert_eq!(code, 0);
    assert!(said.contains("packets left out by the filter"), "{said}");
    let protos = column(&logs(folder.path())["conn"], "proto").join(" ");
    assert_eq!(protos, "tcp tcp tcp");
}

#[test]
fn packets_written_are_the_packets_read() {
    let folder = folder();
    let copy = folder.path().join("copy.pcap");
    // Of nanoseconds too.
    for name in ["http", "icmp", "cooked"] {
        let (code, said) = run(folder.path(), &["-r", &shipped(name), "-w", "copy.pcap"]);
        assert_eq!(code, 0, "{said}");
        assert_eq!(logs_of(&["-r", copy.to_str().unwrap()]), logs_of(&["-r", &shipped(name)]));
    }
    let (code, said) = run(folder.path(), &["-r", "copy.pcap", "-w", "copy.pcap"]);
    assert_ne!(code, 0, "a capture was overwritten by itself: {said}");
}

#[test]
fn wrong_checksums_count_unless_told_otherwise() {
    let mut bytes = std::fs::read(capture("tcp")).unwrap();
    let ends = record_ends(&bytes);
    // The TCP checksum of every frame: behind Ethernet and IPv4 without options, 16 bytes in.
    for start in std::iter::once(PCAP_HEADER).chain(ends.iter().copied()).take(ends.len()) {
        bytes[start + RECORD_HEADER + 14 + 20 + 16] ^= 0x55;
    }
    let folder = folder();
    let path = folder.path().join("bad.pcap");
    std::fs::write(&path, &bytes).unwrap();
    let path = path.to_str().unwrap();
    let (code, said) = run(folder.path(), &["-r", path]);
    assert_eq!(code, 0);
    assert!(said.contains("46 packets with a wrong transport checksum (see -C)"), "{said}");
    assert_ne!(logs(folder.path()), logs_of(&["-r", &shipped("tcp")]));
    assert_eq!(logs_of(&["-C", "-r", path]), logs_of(&["-r", &shipped("tcp")]));
    assert_eq!(logs_of(&["-r", path, "ignore_checksums=T"]), logs_of(&["-C", "-r", path]));
}

#[test]
fn one_log_to_standard_output_leaves_no_files() {
    let folder = folder();
    let output = nightjar(folder.path()).args(["-r", &shipped("http"), "--stdout", "conn"]).output().unwrap();
    assert_eq!(ended(&output).0, 0);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), logs_of(&["-r", &shipped("http")])["conn"]);
    assert!(logs(folder.path()).is_empty());
}

#[test]
fn logs_go_where_they_are_sent() {
    let want = logs_of(&["-r", &shipped("gre")]);
    for args in [&["--logdir", "a/b"][..], &["Log::default_logdir=a/b"], &["Log::default_logdir=\"a/b\""]] {
        let folder = folder();
        let (code, said) = run(folder.path(), &[&["-r", &shipped("gre")], args].concat());
        assert_eq!(code, 0, "{said}");
        assert_eq!(logs(&folder.path().join("a/b")), want, "{args:?}");
        assert!(logs(folder.path()).is_empty());
    }
}

#[test]
fn tsv_has_zeeks_headers_and_the_captures_time() {
    let conn = &logs_of(&["-r", &shipped("icmp")])["conn"];
    let lines: Vec<&str> = conn.lines().collect();
    assert_eq!(
        lines[..5],
        ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tconn"]
    );
    assert!(
        lines[6]
            .starts_with("#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\t")
    );
    assert!(lines[7].starts_with("#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\t"));
    let stamp = |line: &str, name: &str| {
        let time = line.strip_prefix(name).unwrap_or_else(|| panic!("{line} is no {name}"));
        jiff::civil::DateTime::strptime("%Y-%m-%d-%H-%M-%S", time)
            .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC))
            .unwrap()
            .timestamp()
            .as_second()
    };
    let first: f64 = column(conn, "ts").iter().map(|ts| ts.parse().unwrap()).fold(f64::MAX, f64::min);
    let (open, close) = (stamp(lines[5], "#open\t"), stamp(lines[lines.len() - 1], "#close\t"));
    assert!(open >= first as i64 && open <= close && close < first as i64 + 5, "{first} {open} {close}");
    assert_eq!(column(conn, "service"), ["-"; 4]);
}

#[test]
fn json_lines_parse_and_time_is_spelled_as_asked() {
    let args = |time: &str| {
        vec!["-r".to_owned(), shipped("tcp"), "LogAscii::use_json=T".to_owned(), time.to_owned()]
    };
    let rows = |time: &str| -> Vec<serde_json::Value> {
        let args = args(time);
        let logs = logs_of(&args.iter().map(String::as_str).collect::<Vec<_>>());
        logs["conn"].lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let epoch = rows("LogAscii::json_timestamps=JSON::TS_EPOCH");
    let tsv = logs_of(&["-r", &shipped("tcp")]);
    assert_eq!(epoch.len(), 7);
    for (row, (ts, state)) in
        epoch.iter().zip(column(&tsv["conn"], "ts").iter().zip(column(&tsv["conn"], "conn_state")))
    {
        assert_eq!(row["ts"].as_f64().unwrap(), ts.parse::<f64>().unwrap());
        assert_eq!(row["conn_state"], state);
        assert!(row.get("service").is_none(), "an unset field is left out");
        assert!(row["id.orig_p"].is_u64() && row["local_orig"].is_boolean());
    }
    for (millis, epoch) in rows("LogAscii::json_timestamps=JSON::TS_MILLIS").iter().zip(&epoch) {
        assert_eq!(millis["ts"].as_i64().unwrap(), (epoch["ts"].as_f64().unwrap() * 1000.0) as i64);
    }
    for (iso, epoch) in rows("LogAscii::json_timestamps=JSON::TS_ISO8601").iter().zip(&epoch) {
        let time: jiff::Timestamp = iso["ts"].as_str().unwrap().parse().unwrap();
        assert_eq!(time.as_microsecond(), (epoch["ts"].as_f64().unwrap() * 1e6).round() as i64);
    }
}

#[test]
fn local_nets_are_the_users() {
    let conn = &logs_of(&["-r", &shipped("tcp"), "Site::private_address_space_is_local=F"])["conn"];
    assert!(column(conn, "local_orig").iter().all(|local| *local == "-"), "there is no local network");
    let conn = &logs_of(&[
        "-r",
        &shipped("tcp"),
        "Site::private_address_space_is_local=F",
        "Site::local_nets={10.98.0.2/32}",
    ])["conn"];
    assert!(column(conn, "local_orig").iter().all(|local| *local == "F"));
    assert_eq!(column(conn, "local_resp"), ["T", "T", "T", "T", "T", "T", "F"]);
}

#[test]
fn two_runs_give_the_same_bytes() {
    let args = ["-r", &shipped("loss"), "LogAscii::use_json=T"];
    assert_eq!(logs_of(&args), logs_of(&args));
}

#[test]
fn help_names_every_option_and_exit_code() {
    let output = nightjar(Path::new(".")).arg("--help").output().unwrap();
    assert_eq!(ended(&output), (0, String::new()));
    let help = String::from_utf8(output.stdout).unwrap();
    for option in
        ["-r", "-C", "-f", "-w", "--workers", "--logdir", "--stdout", "--quiet", "NAME=VALUE", "Exit codes"]
    {
        assert!(help.contains(option), "{option} is missing:\n{help}");
    }
    let output = nightjar(Path::new(".")).arg("--version").output().unwrap();
    assert!(output.stdout.starts_with(b"nightjar ") && output.status.success());
}

/// Logs written to a file system that fills up in the middle, where this machine lets us make one.
#[test]
fn a_disk_that_fills_up_is_3() {
    struct Mounted(PathBuf);
    impl Drop for Mounted {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg(&self.0).output();
        }
    }
    let folder = folder();
    let mount =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=4k", "none"]).arg(folder.path()).output();
    if !mount.is_ok_and(|output| output.status.success()) {
        eprintln!("not tested: this user may not mount a small disk");
        return;
    }
    let mounted = Mounted(folder.path().to_owned());
    let (code, said) =
        run(Path::new("."), &["-r", &shipped("http"), "--logdir", mounted.0.to_str().unwrap()]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("No space left"), "{said}");
}
