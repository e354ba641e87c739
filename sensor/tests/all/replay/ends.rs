//! Replays that end before their capture does, that somebody else's logs are in the way of, and whose logs cannot be
//! written: what is left behind, what is said, and which code it ends with.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use super::{capture, complaint, logs, nightjar};

/// Waits for something to come true.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < give_up, "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Bytes in a pipe that nobody has read yet.
fn unread(pipe: &impl AsRawFd) -> usize {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the descriptor is open, and the number is there to be written.
    let asked = unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &raw mut bytes) };
    assert_eq!(asked, 0);
    usize::try_from(bytes).unwrap()
}

fn signal(child: &Child, name: &str) {
    assert!(
        Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap().success()
    );
}

/// The first packets of a capture that ships.
fn first_packets(name: &str, count: usize) -> Vec<u8> {
    let pcap = std::fs::read(capture(name)).unwrap();
    let mut end = 24;
    for _ in 0..count {
        let len = u32::from_le_bytes(pcap[end + 8..end + 12].try_into().unwrap()) as usize;
        end += 16 + len;
    }
    pcap[..end].to_vec()
}

/// A replay of standard input in `folder`, that has read `bytes` and waits for more.
fn waiting(folder: &Path, bytes: &[u8], args: &[&str]) -> (Child, ChildStdin) {
    let mut command = nightjar(folder);
    command.args(["-r", "-"]).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(bytes).unwrap();
    until("the packets are read", || unread(&pipe) == 0);
    (child, pipe)
}

const DONE: &str = "event zeek_done() { print \"done\"; }";

#[test]
fn a_replay_that_is_interrupted_finishes_what_it_has_read() {
    let packets = first_packets("http", 100);
    for (name, code, workers) in [("INT", 130, "1"), ("TERM", 143, "1"), ("INT", 130, "3")] {
        let whole = tempfile::tempdir().unwrap();
        std::fs::write(whole.path().join("first.pcap"), &packets).unwrap();
        let sound = nightjar(whole.path()).args(["-r", "first.pcap"]).output().unwrap();
        assert!(sound.status.success());

        let folder = tempfile::tempdir().unwrap();
        // In the middle of a record, too.
        let cut = first_packets("http", 101);
        let (child, pipe) =
            waiting(folder.path(), &cut[..packets.len() + 20], &["--workers", workers, "-e", DONE]);
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        drop(pipe);
        let said = complaint(&output);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(
            said.contains(&format!("interrupted by SIG{name}: the logs are those of the first 100 packets")),
            "{said}"
        );
        assert!(said.contains("100 packets, ") && said.contains("rows: conn "), "no summary: {said}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "done\n");
        let written = logs(folder.path());
        assert_eq!(written, logs(whole.path()));
        assert!(written.values().all(|log| log.contains("\n#close\t")));
    }
}

#[test]
fn a_replay_that_waits_for_its_first_packet_can_be_ended() {
    // A pipe that nobody has opened yet, and one that nothing comes from.
    let folder = tempfile::tempdir().unwrap();
    assert!(Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
    for (from, name, code) in [("pipe", "TERM", 143), ("-", "INT", 130)] {
        let mut command = nightjar(folder.path());
        let begun =
            "event zeek_init() { print \"begun\"; flush_all(); } event zeek_done() { print \"done\"; }";
        command.args(["-r", from, "-e", begun]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _pipe = child.stdin.take();
        let mut first = [0; 6];
        child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", complaint(&output));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "done\n", "{from}");
    }
    // One that somebody opens later is read.
    let child = nightjar(folder.path()).args(["--quiet", "-r", "pipe"]).spawn().unwrap();
    std::fs::write(folder.path().join("pipe"), first_packets("http", 100)).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert!(logs(folder.path()).contains_key("conn"));
}

#[test]
fn a_second_signal_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = nightjar(folder.path());
    // Held up by whoever does not read what it prints.
    let print = "event zeek_init() { local n = 0; while ( n < 100000 ) { print \"0123456789\"; ++n; } }";
    command.args(["-r", capture("http").to_str().unwrap(), "-e", print]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    until("the pipe is full", || unread(&stdout) > 60_000);
    let mut stderr = child.stderr.take().unwrap();
    signal(&child, "TERM");
    let mut said = Vec::new();
    while !String::from_utf8_lossy(&said).contains("a second signal ends at once") {
        let mut some = [0; 200];
        let len = stderr.read(&mut some).unwrap();
        assert!(len > 0, "it ended: {}", String::from_utf8_lossy(&said));
        said.extend(&some[..len]);
    }
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

#[test]
fn a_folder_that_logs_are_written_to_is_refused_and_who_writes_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (child, pipe) = waiting(folder.path(), &first_packets("http", 100), &[]);
    until("it writes", || folder.path().join("http.log").exists());
    let before = logs(folder.path());
    let http = capture("http");
    let second = nightjar(folder.path()).args(["-r", http.to_str().unwrap()]).output().unwrap();
    let said = complaint(&second);
    assert_eq!(second.status.code(), Some(3), "{said}");
    assert!(said.contains(&format!("process {} (", child.id())) && said.contains("nightjar -r -"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(logs(folder.path()), before);
    // Where nothing is written to the folder, it is nobody's business.
    let stdout =
        nightjar(folder.path()).args(["-r", http.to_str().unwrap(), "--stdout", "conn"]).output().unwrap();
    assert!(stdout.status.success());
    // The lock ends with the process, however that ends.
    signal(&child, "KILL");
    child.wait_with_output().unwrap();
    drop(pipe);
    assert!(nightjar(folder.path()).args(["-r", http.to_str().unwrap()]).status().unwrap().success());
}

#[test]
fn a_full_disk_leaves_whole_rows_under_headers_and_says_how_many() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for pages in [1, 2, 3, 5] {
        let (disk, kept) = (at("disk"), at(&format!("kept{pages}")));
        for made in [&disk, &kept] {
            std::fs::create_dir_all(made).unwrap();
        }
        // The disk is there for this process only.
        let script = "mount -t tmpfs -o size=$1 none \"$2\" || exit 99\n\"$4\" -r \"$5\" --logdir \"$2\"; code=$?\n\
                      cp \"$2\"/*.log \"$3\"; exit $code";
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", script, "sh", &format!("{}k", pages * 4)]);
        command.args([&disk, &kept]).arg(env!("CARGO_BIN_EXE_nightjar")).arg(capture("http"));
        let output = command.output().unwrap();
        let said = complaint(&output);
        if output.status.code() == Some(99) || said.contains("unshare:") {
            eprintln!("skipped: no disk can be mounted here: {said}");
            return;
        }
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(
            said.contains("No space left on device") && said.contains("rows written until then: "),
            "{said}"
        );
        let written = logs(&kept);
        assert!(!written.is_empty());
        for (name, log) in written {
            assert!(
                log.starts_with("#separator") && log.contains("\n#types\t") && log.ends_with('\n'),
                "{name}: {log:?}"
            );
            let rows = log.lines().filter(|line| !line.starts_with('#')).count();
            assert!(said.contains(&format!(" {name} {rows} of ")), "{name} has {rows} rows: {said}");
            let columns =
                log.lines().find(|line| line.starts_with("#fields")).unwrap().split('\t').count() - 1;
            let whole = |row: &str| row.split('\t').count() == columns;
            assert!(log.lines().filter(|line| !line.starts_with('#')).all(whole), "{name}: {log}");
        }
    }
}

#[test]
fn a_path_that_no_file_can_have_costs_its_rows_only() {
    let script = r#"
        global n = 0;
        function path_of(id: Log::ID, path: string, rec: HTTP::Info): string
            {
            switch ( ++n % 6 )
                {
                case 1: return path;
                case 2: return "a\x00b";
                case 3: return "/tmp/nightjar-not-there";
                case 4: return "../http";
                case 5: return "";
                default: return string_cat("long", "/", sub_bytes(md5_hash("x") + md5_hash("y"), 1, 64),
                    md5_hash("x"), md5_hash("x"), md5_hash("x"), md5_hash("x"), md5_hash("x"), md5_hash("x"));
                }
            }
        event zeek_init()
            {
            Log::remove_default_filter(HTTP::LOG);
            Log::add_filter(HTTP::LOG, Log::Filter($name="ours", $path_func=path_of));
            }
    "#;
    let folder = tempfile::tempdir().unwrap();
    let whole = tempfile::tempdir().unwrap();
    let http = capture("http");
    assert!(
        nightjar(whole.path()).args(["--quiet", "-r", http.to_str().unwrap()]).status().unwrap().success()
    );
    let output = nightjar(folder.path()).args(["-r", http.to_str().unwrap(), "-e", script]).output().unwrap();
    let said = complaint(&output);
    assert!(output.status.success(), "{said}");
    let (written, whole) = (logs(folder.path()), logs(whole.path()));
    assert_eq!((&written["conn"], &written["files"]), (&whole["conn"], &whole["files"]));
    let rows = |log: &str| log.lines().filter(|line| !line.starts_with('#')).count();
    let refused = rows(&whole["http"]) - rows(&written["http"]);
    assert!(refused > 3 && rows(&written["http"]) > 3, "{said}");
    assert!(said.contains(&format!("{refused} rows of logs that no file can be named after")), "{said}");
    let told = &written["reporter"];
    assert!(
        told.contains(r"filter 'ours': rows for the path") && told.contains("no file can have that name"),
        "{told}"
    );
    assert!(
        !Path::new("/tmp/nightjar-not-there.log").exists() && !folder.path().join("../http.log").exists()
    );
}
