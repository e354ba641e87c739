//! Messages of programs as events: files in, logs and notices out.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn nightjar(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    command.current_dir(folder).env("TZ", "UTC").args(args);
    command.output().unwrap()
}

/// Runs scripts over files of messages; standard output, and the folder with the logs.
fn run(files: &[(&str, &[u8])], scripts: &[&str], code: &str) -> (String, TempDir) {
    let folder = TempDir::new().unwrap();
    let mut args = vec!["--quiet", "LogAscii::use_json=T"];
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
        args.extend(["-m", name]);
    }
    args.extend(scripts);
    args.extend(["-e", code]);
    let output = nightjar(folder.path(), &args);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(errors, "");
    (String::from_utf8_lossy(&output.stdout).into_owned(), folder)
}

/// These columns of a log's rows.
fn rows(folder: &TempDir, log: &str, columns: &[&str]) -> Vec<String> {
    let text = fs::read_to_string(folder.path().join(format!("{log}.log"))).unwrap_or_default();
    let row = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let shown = columns.iter().map(|column| match &row[*column] {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        shown.collect::<Vec<_>>().join(" | ")
    };
    text.lines().map(row).collect()
}

const RULE: &str = r#"
@load base/frameworks/messages
global refused: event(m: Messages::Info, user: string, client: addr, from_port: port);
event refused(m: Messages::Info, user: string, client: addr, from_port: port)
    { print fmt("%s %s %s %s %s %s", m$ts, m$host, m$program, user, client, from_port); }
event zeek_init()
    {
    Messages::on(/^Failed password for (?<user>.*) from (?<client>[^ ]+) port (?<from_port>[0-9]+)/, refused,
                 [$programs=set("sshd")]);
    }
"#;

#[test]
fn a_rule_binds_what_its_groups_match() {
    let file = b"2026-11-30T12:00:00Z h sshd[7]: Failed password for bob from 192.0.2.1 port 4242 ssh2\n\
        2026-11-30T12:00:01Z h sshd[7]: Failed password for eve from 2001:db8::1 port 22 ssh2\n\
        2026-11-30T12:00:02Z h sshd[7]: Failed password for eve from nowhere port 22 ssh2\n\
        2026-11-30T12:00:03Z h su[7]: Failed password for eve from 192.0.2.1 port 22 ssh2\n\
        2026-11-30T12:00:04Z h sshd[7]: something else";
    let (output, folder) = run(&[("auth.log", file)], &[], RULE);
    assert_eq!(
        output,
        "1796040000.0 h sshd bob 192.0.2.1 4242/tcp\n1796040001.0 h sshd eve 2001:db8::1 22/tcp\n"
    );
    assert_eq!(
        rows(&folder, "messages", &["ts", "source", "host", "program", "pid", "rule", "bound"]),
        [
            r#"1796040000.0 | auth.log | h | sshd | 7 | refused | ["user=bob","client=192.0.2.1","from_port=4242"]"#,
            r#"1796040001.0 | auth.log | h | sshd | 7 | refused | ["user=eve","client=2001:db8::1","from_port=22"]"#,
        ]
    );
    // What has no address in its place is taken by a rule, and no match for its event.
    assert_eq!(
        rows(&folder, "messages_unmatched", &["program", "messages", "samples"]),
        [
            r#"sshd | 1 | ["something else"]"#,
            r#"su | 1 | ["Failed password for eve from 192.0.2.1 port 22 ssh2"]"#,
        ]
    );
}

#[test]
fn files_are_merged_by_time_and_may_be_compressed() {
    let line = |second: u32, user: &str| {
        format!("2026-11-30T12:00:{second:02}Z h sshd: Failed password for {user} from 192.0.2.1 port 1\n")
    };
    let first = [line(0, "a"), line(3, "d"), line(4, "e")].concat();
    let second = zstd::encode_all([line(1, "b"), line(2, "c")].concat().as_bytes(), 0).unwrap();
    let (output, _) = run(&[("one", first.as_bytes()), ("two.zst", &second)], &[], RULE);
    let users: Vec<&str> = output.lines().filter_map(|line| line.split(' ').nth(3)).collect();
    assert_eq!(users, ["a", "b", "c", "d", "e"]);
}

#[test]
fn journald_is_read() {
    let mut export = b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1796040000250000\nPRIORITY=6\nSYSLOG_FACILITY=10\n\
        SYSLOG_IDENTIFIER=sshd\n_HOSTNAME=h\n_PID=9\nMESSAGE\n"
        .to_vec();
    let message = b"Failed password for a\nb from 192.0.2.1 port 1";
    export.extend((message.len() as u64).to_le_bytes());
    export.extend(message);
    export.extend(b"\n\n__CURSOR=s=2\n_HOSTNAME=h\nSYSLOG_IDENTIFIER=sshd\n");
    export.extend(b"MESSAGE=Failed password for c from 192.0.2.1 port 1\n\n");
    let code = RULE.replace("password for (?<user>.*)", "password for (?<user>[a-z\\n]*)");
    let (_, folder) = run(&[("journal", &export)], &[], &code);
    assert_eq!(
        rows(&folder, "messages", &["ts", "pid", "facility", "severity", "bound"]),
        [
            r#"1796040000.25 | 9 | AUTHPRIV | INFO | ["user=a\nb","client=192.0.2.1","from_port=1"]"#,
            r#"1796040000.25 | null | null | null | ["user=c","client=192.0.2.1","from_port=1"]"#,
        ]
    );
}

#[test]
fn three_users_that_there_are_not_within_three_minutes_are_a_notice() {
    let line = |minute: u32, second: u32, text: &str| {
        format!("2026-11-30T12:{minute:02}:{second:02}Z h sshd[7]: {text}\n")
    };
    let invalid = |minute, second, user: &str, client: &str| {
        line(minute, second, &format!("Invalid user {user} from {client} port 22"))
    };
    let file = [
        invalid(0, 0, "a", "192.0.2.1"),
        invalid(0, 1, "a", "192.0.2.1"),
        invalid(1, 0, "b", "192.0.2.1"),
        invalid(1, 10, "b", "192.0.2.2"),
        invalid(2, 50, "c", "192.0.2.1"),
        // The first is out of the window by now.
        invalid(2, 55, "x", "192.0.2.3"),
        invalid(4, 0, "y", "192.0.2.3"),
        invalid(6, 0, "z", "192.0.2.3"),
        line(7, 0, "Accepted password for root from 192.0.2.1 port 5 ssh2"),
        line(8, 0, "Accepted publickey for git from 192.0.2.9 port 5 ssh2: ED25519 SHA256:x"),
    ]
    .concat();
    let (_, folder) = run(&[("auth.log", file.as_bytes())], &["policy/messages/sshd"], "");
    assert_eq!(
        rows(&folder, "notice", &["ts", "note", "src", "n", "msg"]),
        [
            "1796040170.0 | Messages::SSH_Invalid_Users | 192.0.2.1 | 3 | 192.0.2.1 tried 3 users that there are not, as a, b, c",
            "1796040420.0 | Messages::SSH_Login_After_Invalid_Users | 192.0.2.1 | null | 192.0.2.1, which had tried users that \
             there are not, logged in as root by password",
        ]
    );
}

#[test]
fn lines_of_real_programs_are_taken() {
    let file = include_str!("messages/lines.txt");
    let (_, folder) = run(&[("lines", file.as_bytes())], &["policy/messages"], "");
    let taken = rows(&folder, "messages", &["rule", "bound"]).join("\n") + "\n";
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/messages/lines.expected");
    if std::env::var_os("NIGHTJAR_BLESS").is_some() {
        fs::write(&expected, &taken).unwrap();
    }
    assert_eq!(taken, fs::read_to_string(expected).unwrap());
    let left = rows(&folder, "messages_unmatched", &["messages", "samples"]);
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn what_is_not_heard_of_again_is_told_and_so_is_what_follows() {
    let code = r#"
@load base/frameworks/messages
global beat: event(m: Messages::Info, who: string);
global began: event(m: Messages::Info, job: string);
global ended: event(m: Messages::Info, job: string);
event beat(m: Messages::Info, who: string) { Messages::alive("heartbeat", who, 5min); }
event Messages::silent(what: string, key: string, since: time) { print "silent", what, key, since; }
event began(m: Messages::Info, job: string) { Messages::first("job", job, 1min); }
event ended(m: Messages::Info, job: string) { print "followed", job, Messages::followed("job", job); }
event zeek_init()
    {
    Messages::on(/^alive (?<who>.*)$/, beat);
    Messages::on(/^begin (?<job>.*)$/, began);
    Messages::on(/^end (?<job>.*)$/, ended);
    }
"#;
    let file = b"1796040000.0 alive a\n1796040000.0 alive b\n1796040010.0 begin x\n1796040010.0 begin y\n\
        1796040020.0 end x\n1796040021.0 end x\n1796040200.0 alive a\n1796040201.0 end y\n1796040400.0 alive a\n\
        1796040690.0 alive a\n";
    let (output, _) = run(&[("file", file)], &[], code);
    assert_eq!(
        output,
        "followed, x, T\nfollowed, x, F\nfollowed, y, F\nsilent, heartbeat, b, 1796040000.0\n"
    );
}

#[test]
fn a_rule_that_cannot_be_is_told_with_its_place() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "x\n").unwrap();
    for (rule, expected) in [
        ("Messages::on(/(?<a>x)/, two)", "Messages::on: the pattern has no group (?<b>…), which two takes"),
        ("Messages::on(/x/, bad)", "Messages::on: t of bad is a set[string], which no text can be"),
        (
            "Messages::on(/x/, zeek_done)",
            "Messages::on: the first parameter of zeek_done is to be a Messages::Info",
        ),
        ("Messages::on(/x/, 5)", "Messages::on: the second argument is an event"),
    ] {
        let code = format!(
            "@load base/frameworks/messages\n\
             global two: event(m: Messages::Info, a: string, b: string);\n\
             global bad: event(m: Messages::Info, t: set[string]);\n\
             event zeek_init() {{ {}; Messages::on(/(?<a>x)(?<b>y)/, two); }}",
            rule.replace("/x/, bad", "/(?<t>x)/, bad")
        );
        let output = nightjar(folder.path(), &["--quiet", "-m", "file", "-e", &code]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(errors.contains(expected), "{rule}: {errors}");
    }
}

#[test]
fn match_shows_what_rules_make_of_a_file() {
    let folder = TempDir::new().unwrap();
    let file = "Nov 30 12:00:00 h sshd[7]: Invalid user bob from 192.0.2.1 port 22\n\
                Nov 30 12:00:01 h sshd[7]: Server listening on :: port 22.\n";
    fs::write(folder.path().join("auth.log"), file).unwrap();
    let output = nightjar(folder.path(), &["match", "auth.log", "policy/messages/sshd"]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "2 messages: rules took 1, none took 1\n\n\
         Messages::sshd_invalid_user: 1\n  Invalid user bob from 192.0.2.1 port 22\n    user=bob  client=192.0.2.1\n\n\
         no rule took:\n  1 of sshd\n    Server listening on :: port 22.\n"
    );
    assert!(output.status.success());
}

#[test]
fn bad_files_cost_themselves() {
    let folder = TempDir::new().unwrap();
    let long = [vec![b'x'; 200_000], b"\nFailed password for a from 192.0.2.1 port 1\n".to_vec()].concat();
    fs::write(folder.path().join("long"), long).unwrap();
    let gone = nightjar(folder.path(), &["-m", "long", "-m", "gone", "-e", RULE]);
    let errors = String::from_utf8_lossy(&gone.stderr).into_owned();
    assert!(errors.contains("2 messages: rules took 1, none took 1"), "{errors}");
    assert!(errors.contains("1 longer than a message may be, and cut"), "{errors}");
    assert!(errors.contains("gone") && gone.status.code() == Some(1), "{errors}");
    fs::write(folder.path().join("cut.zst"), &zstd::encode_all(&[b'a'; 1 << 20][..], 0).unwrap()[..40])
        .unwrap();
    let cut = nightjar(folder.path(), &["-m", "cut.zst", "-e", RULE]);
    assert_eq!(cut.status.code(), Some(1), "{}", String::from_utf8_lossy(&cut.stderr));
    let none = nightjar(folder.path(), &["-m", "long", "-e", "print 1;"]);
    assert!(String::from_utf8_lossy(&none.stderr).contains("none calls Messages::on"));
    // Without an end of line for ever.
    let mut endless = Command::new("timeout");
    let program = env!("CARGO_BIN_EXE_nightjar");
    let shell = format!("head -c 300000000 /dev/zero | {program} --quiet -m - -e '{RULE}'");
    let status = endless.args(["60", "sh", "-c", &shell]).current_dir(folder.path()).status().unwrap();
    assert!(status.success());
}
