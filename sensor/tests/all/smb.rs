//! smb_files.log, smb_mapping.log, smb_cmd.log and SMB's events, end to end.

use crate::build::{Capture, Client, Server, Talk, printed, rows, rows_with};

/// A frame over NetBIOS or TCP.
fn frame(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u32).to_be_bytes()[..], message].concat()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A message of SMB 2: its command, its number, its status, the share, and what follows the header.
fn v2(command: u16, id: u64, (status, tree): (u32, u32), body: &[u8]) -> Vec<u8> {
    let mut header = b"\xfeSMB\x40\0\x01\0".to_vec();
    header.extend(status.to_le_bytes());
    header.extend(command.to_le_bytes());
    header.extend([1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    header.extend(id.to_le_bytes());
    header.extend([0xff, 0xfe, 0, 0]);
    header.extend(tree.to_le_bytes());
    header.extend(7u64.to_le_bytes());
    header.extend([0; 16]);
    [header, body.to_vec()].concat()
}

fn le(numbers: &[(u64, usize)]) -> Vec<u8> {
    numbers.iter().flat_map(|(number, len)| number.to_le_bytes()[..*len].to_vec()).collect()
}

fn tree_connect(path: &str) -> Vec<u8> {
    let path = utf16(path);
    [le(&[(9, 2), (0, 2), (72, 2), (path.len() as u64, 2)]), path].concat()
}

const DISK: &[u8] = &[16, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const PIPE: &[u8] = &[16, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

fn create(name: &str, options: u64) -> Vec<u8> {
    let name = utf16(name);
    let fixed = le(&[(57, 2), (0, 2), (2, 4), (0, 8), (0, 8), (0, 4), (0, 4), (7, 4), (1, 4), (options, 4)]);
    let names = le(&[(120, 2), (name.len() as u64, 2), (0, 4), (0, 4)]);
    [fixed, names, name].concat()
}

/// 2024-01-01 00:00:00 UTC.
const CHANGED: u64 = 133_485_408_000_000_000;

fn created(file: u64, size: u64) -> Vec<u8> {
    let times = [(CHANGED, 8); 4];
    let fixed = [le(&[(89, 2), (0, 2), (1, 4)]), le(&times), le(&[(4096, 8), (size, 8), (0x20, 4), (0, 4)])];
    [fixed.concat(), le(&[(file, 8), (0, 8), (0, 4), (0, 4)])].concat()
}

fn read(file: u64, offset: u64, len: u64) -> Vec<u8> {
    le(&[(49, 2), (0, 2), (len, 4), (offset, 8), (file, 8), (0, 8), (0, 4), (0, 8), (0, 4)])
}

fn reading(data: &[u8]) -> Vec<u8> {
    [le(&[(17, 2), (80, 2), (data.len() as u64, 4), (0, 8)]), data.to_vec()].concat()
}

fn write(file: u64, offset: u64, data: &[u8]) -> Vec<u8> {
    let fixed =
        le(&[(49, 2), (112, 2), (data.len() as u64, 4), (offset, 8), (file, 8), (0, 8), (0, 8), (0, 8)]);
    [fixed, data.to_vec()].concat()
}

fn set_info(file: u64, level: u64, what: &[u8]) -> Vec<u8> {
    let fixed =
        le(&[(33, 2), (1, 1), (level, 1), (what.len() as u64, 4), (96, 4), (0, 4), (file, 8), (0, 8)]);
    [fixed, what.to_vec()].concat()
}

fn rename(file: u64, name: &str) -> Vec<u8> {
    let name = utf16(name);
    set_info(file, 10, &[le(&[(0, 8), (0, 8), (name.len() as u64, 4)]), name].concat())
}

fn close(file: u64) -> Vec<u8> {
    le(&[(24, 2), (0, 6), (file, 8), (0, 8)])
}

/// Requests with their answers.
struct Asks<'t, 'c> {
    talk: &'t mut Talk<'c>,
    id: u64,
    tree: u32,
}

impl Asks<'_, '_> {
    fn ask(&mut self, command: u16, request: &[u8], answer: &[u8]) -> &mut Self {
        self.refuse(command, request, 0, answer)
    }

    fn refuse(&mut self, command: u16, request: &[u8], status: u32, answer: &[u8]) -> &mut Self {
        self.id += 1;
        self.talk.send(Client, &frame(&v2(command, self.id, (0, self.tree), request)));
        self.talk.send(Server, &frame(&v2(command, self.id, (status, self.tree), answer)));
        self
    }

    fn share(&mut self, path: &str, kind: &[u8], tree: u32) -> &mut Self {
        self.id += 1;
        self.talk.send(Client, &frame(&v2(3, self.id, (0, 0), &tree_connect(path))));
        self.talk.send(Server, &frame(&v2(3, self.id, (0, tree), kind)));
        self.tree = tree;
        self
    }
}

fn session(tell: impl FnOnce(&mut Asks<'_, '_>)) -> Capture {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 445);
    tell(&mut Asks { talk: &mut talk, id: 0, tree: 0 });
    talk.close();
    capture
}

/// A file is read in two pieces, out of order, changed, renamed and deleted.
fn files() -> Capture {
    session(|asks| {
        asks.share("\\\\nest\\eggs", DISK, 5)
            .ask(5, &create("dir\\owl.txt", 0), &created(77, 12))
            .ask(8, &read(77, 6, 6), &reading(b" world"))
            .ask(8, &read(77, 0, 6), &reading(b"hello,"))
            .ask(6, &close(77), &[0; 60])
            .ask(5, &create("dir\\new", 0), &created(78, 0))
            .ask(9, &write(78, 0, b"some text of a file"), &[0; 16])
            .ask(17, &rename(78, "dir\\newer"), &[2, 0])
            .ask(17, &set_info(78, 13, &[1]), &[2, 0])
            .ask(6, &close(78), &[0; 60])
            .refuse(5, &create("secret", 0), 0xc000_0022, &[9, 0, 0, 0, 0, 0, 0, 0, 0]);
    })
}

#[test]
fn what_is_done_to_files_is_logged() {
    let rows = rows(&files());
    assert_eq!(rows.only("smb_mapping")["path"], "\\\\nest\\eggs");
    let done = rows.fields("smb_files", ["action", "path", "name"]);
    let share = "\\\\nest\\eggs";
    assert_eq!(
        done[..4],
        [
            ["SMB::FILE_OPEN", share, "dir\\owl.txt"],
            ["SMB::FILE_OPEN", share, "dir\\new"],
            ["SMB::FILE_RENAME", share, "dir\\newer"],
            ["SMB::FILE_DELETE", share, "dir\\newer"],
        ]
    );
    // The file that was renamed ends with the connection, and with it, as in Zeek, the file at hand has a row.
    assert_eq!((done.len(), &done[4][2]), (5, &"secret".into()));
    let renamed = &rows.of("smb_files")[2];
    assert_eq!((&renamed["prev_name"], &renamed["size"]), (&"dir\\new".into(), &0.into()));
    assert_eq!(renamed["times.modified"].as_f64(), Some(1_704_067_200.0));
    let carried = rows.fields("files", ["source", "filename", "mime_type"]);
    assert_eq!(carried, [["SMB", "dir\\owl.txt", "text/plain"], ["SMB", "dir\\new", "text/plain"]]);
    let read = &rows.of("files")[0];
    assert_eq!((read["seen_bytes"].as_u64(), read["total_bytes"].as_u64()), (Some(12), Some(12)));
    assert_eq!(rows.only("conn")["service"], "smb");
}

#[test]
fn files_are_the_same_however_their_bytes_are_cut() {
    let whole = rows(&files());
    for len in [1, 2, 3, 7, 61, 68, 69] {
        let mut capture = Capture::new();
        let mut talk = capture.talk(40_000, 445);
        // The first piece has to show that it is SMB, as in Zeek.
        let request = frame(&v2(3, 1, (0, 0), &tree_connect("\\\\nest\\eggs")));
        let (front, back) = request.split_at(8);
        talk.send(Client, front).send_in(Client, len, back);
        talk.send_in(Server, len.max(8), &frame(&v2(3, 1, (0, 5), DISK)));
        talk.send_in(Client, len, &frame(&v2(5, 2, (0, 5), &create("dir\\owl.txt", 0))));
        talk.send_in(Server, len, &frame(&v2(5, 2, (0, 5), &created(77, 12))));
        talk.send_in(Client, len, &frame(&v2(8, 3, (0, 5), &read(77, 0, 12))));
        talk.send_in(Server, len, &frame(&v2(8, 3, (0, 5), &reading(b"hello, world")))).close();
        let rows = rows(&capture);
        let of = |rows: &crate::build::Rows| rows.fields("smb_files", ["action", "path", "name"])[0].clone();
        assert_eq!(of(&rows), of(&whole), "{len}");
        assert_eq!(rows.only("files")["seen_bytes"].as_u64(), Some(12), "{len}");
    }
}

#[test]
fn actions_that_are_logged_are_an_option() {
    let capture = files();
    let with = |option: &str| {
        let logs = crate::build::logs(&capture, &["-C", option]);
        logs.get("smb_files").map_or(0, |log| log.lines().filter(|line| !line.starts_with('#')).count())
    };
    // What is read has one more row once it has a file's identifier.
    assert_eq!(with("SMB::logged_file_actions={ SMB::FILE_CLOSE, SMB::FILE_READ }"), 4);
    assert_eq!(with("SMB::logged_file_actions -= { SMB::FILE_OPEN }"), 2);
}

#[test]
fn a_file_that_is_deleted_when_it_is_closed_is_one_that_is_deleted() {
    let capture = session(|asks| {
        asks.share("\\\\nest\\eggs", DISK, 5).ask(5, &create("gone", 0x1000), &created(9, 3));
    });
    let rows = rows(&capture);
    assert_eq!(rows.fields("smb_files", ["action"]), [["SMB::FILE_OPEN"], ["SMB::FILE_DELETE"]]);
}

#[test]
fn pipes_are_no_files_even_where_nothing_said_so() {
    let told = |path, kind, name| {
        let capture = session(|asks| {
            asks.share(path, kind, 5).ask(5, &create(name, 0), &created(3, 0)).ask(
                9,
                &write(3, 0, b"not RPC at all"),
                &[0; 16],
            );
        });
        let rows = rows(&capture);
        (rows.of("smb_files").len(), rows.of("files").len())
    };
    assert_eq!(told("\\\\nest\\IPC$", PIPE, "anything"), (0, 0));
    assert_eq!(told("\\\\nest\\odd", DISK, "srvsvc"), (0, 0), "by its name");
    assert_eq!(told("\\\\nest\\odd", DISK, "anything"), (1, 1));
}

#[test]
fn scripts_see_the_request_the_file_and_the_share() {
    let script = r#"
    redef record SMB::FileInfo += { told: count &default=0; };
    event smb2_create_response(c: connection, hdr: SMB2::Header, response: SMB2::CreateResponse)
        {
        local s = c$smb_state;
        ++s$current_file$told;
        print "open", s$current_file$name, s$current_tree$path, s$current_cmd$command, response$size, response$attrs$archive;
        }
    event smb2_write_request(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, offset: count, length: count)
        {
        print "write", file_id$persistent, length, c$smb_state$current_file$told, c$smb_state$fid_map[78]$name;
        }
    event smb2_file_rename(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, dst_filename: string)
        { print "rename", dst_filename, c$smb_state$current_file$prev_name, c$smb_state$current_file$action; }
    event smb2_message(c: connection, hdr: SMB2::Header, is_orig: bool)
        {
        if ( ! is_orig && c$smb_state$current_cmd$status != "SUCCESS" )
            print "refused", c$smb_state$current_cmd$status;
        }
    event file_over_new_connection(f: fa_file, c: connection, is_orig: bool)
        { print "file", c$smb_state$current_file$name, f$info$filename, c$smb_state$current_file$fuid == f$id; }"#;
    let expected = "open, dir\\owl.txt, \\\\nest\\eggs, CREATE, 12, T\nfile, dir\\owl.txt, dir\\owl.txt, T\n\
        open, dir\\new, \\\\nest\\eggs, CREATE, 0, T\nwrite, 78, 19, 1, dir\\new\nfile, dir\\new, dir\\new, T\n\
        rename, dir\\newer, dir\\new, SMB::FILE_RENAME\nrefused, ACCESS_DENIED\n";
    assert_eq!(printed(&files(), &[], script)[0], expected);
}

#[test]
fn every_request_is_a_row_of_smb_cmd_log_where_it_is_wanted() {
    let rows = rows_with(&files(), &["protocols/smb/log-cmds"]);
    let commands = rows.fields("smb_cmd", ["command", "status", "version"]);
    assert_eq!(commands.len(), 11);
    assert_eq!(commands[10], ["CREATE", "ACCESS_DENIED", "SMB2"]);
    assert_eq!(rows.of("smb_cmd")[1]["referenced_file.name"], "dir\\owl.txt");
    assert!(rows.of("smb_cmd")[1]["rtt"].as_f64().is_some_and(|rtt| rtt > 0.0));
}

/// Messages of one frame, each but the first related to the one before it.
fn compound(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut whole = Vec::new();
    for (nth, message) in messages.iter().enumerate() {
        let mut message = message.clone();
        if nth > 0 {
            message[16] |= 4;
        }
        if nth + 1 < messages.len() {
            message.resize(message.len().next_multiple_of(8), 0);
            let next = (message.len() as u32).to_le_bytes();
            message[20..24].copy_from_slice(&next);
        }
        whole.extend(message);
    }
    frame(&whole)
}

/// The file that the message before opens.
fn of_before(mut request: Vec<u8>, at: usize) -> Vec<u8> {
    request[at..at + 16].fill(0xff);
    request
}

#[test]
fn all_messages_of_a_frame_are_read_and_are_about_the_file_that_one_before_them_opens() {
    let told = |status: u32| {
        let capture = session(|asks| {
            asks.share("\\\\nest\\eggs", DISK, 5);
            let asked = [
                v2(5, 2, (0, 5), &create("owl.txt", 0)),
                v2(17, 3, (0, u32::MAX), &of_before(rename(0, "owl.enc"), 16)),
                v2(9, 4, (0, u32::MAX), &of_before(write(0, 0, b"some text of a file"), 16)),
                v2(6, 5, (0, u32::MAX), &of_before(close(0), 8)),
            ];
            let error = [9, 0, 0, 0, 0, 0, 0, 0, 0].to_vec();
            let answer = |well: Vec<u8>| if status == 0 { well } else { error.clone() };
            let answered = [
                v2(5, 2, (status, 5), &answer(created(77, 12))),
                v2(17, 3, (status, u32::MAX), &answer(vec![2, 0])),
                v2(9, 4, (status, u32::MAX), &answer(vec![0; 16])),
                v2(6, 5, (status, u32::MAX), &answer(vec![0; 60])),
            ];
            asks.talk.send(Client, &compound(&asked)).send(Server, &compound(&answered));
        });
        let options = "SMB::logged_file_actions += { SMB::FILE_WRITE, SMB::FILE_CLOSE }";
        let rows = rows_with(&capture, &[options]);
        let done = rows.fields("smb_files", ["action", "path", "name", "prev_name"]);
        (done, rows.of("files").len(), rows.fields("weird", ["name"]).len())
    };
    let (share, before) = ("\\\\nest\\eggs", "owl.txt");
    let (done, files, weirds) = told(0);
    assert_eq!(done[0][..3], ["SMB::FILE_OPEN", share, "owl.txt"]);
    assert_eq!(done[1], ["SMB::FILE_RENAME", share, "owl.enc", before]);
    assert_eq!(done[2], ["SMB::FILE_WRITE", share, "owl.enc", before]);
    assert_eq!(done[3], ["SMB::FILE_CLOSE", share, "owl.enc", before]);
    assert_eq!((done.len(), files, weirds), (4, 1, 0));
    // What is asked for of a file that is not opened is not done.
    assert!(told(0xc000_0022).0.iter().all(|row| row[0] == "SMB::FILE_OPEN"));
}

#[test]
fn what_cannot_be_read_behind_other_messages_is_counted() {
    let capture = session(|asks| {
        let mut request = v2(5, 1, (0, 5), &create("a", 0));
        request[20..24].copy_from_slice(&8u32.to_le_bytes());
        asks.talk.send(Client, &frame(&request));
    });
    let [_, summary] = printed(&capture, &[], "");
    assert!(summary.contains("1 times SMB messages compounded behind others could not be read"), "{summary}");
}

#[test]
fn requests_that_nobody_answers_are_forgotten() {
    let capture = session(|asks| {
        for id in 0..30 {
            asks.talk.send(Client, &frame(&v2(8, 100 + id, (0, 5), &read(1, 0, 10))));
        }
    });
    let script = "redef SMB::max_pending_messages = 10;
        event smb2_discarded_messages_state(c: connection, request: string) { print request; }";
    let [told, _] = printed(&capture, &[], script);
    assert_eq!(told.lines().filter(|line| *line == "read").count(), 2, "{told}");
    assert_eq!(told.lines().filter(|line| *line == "tree").count(), 2, "{told}");
}

/// A message of SMB 1.
fn v1(command: u8, mid: u16, (status, tid): (u32, u16), body: &[u8]) -> Vec<u8> {
    let mut header = b"\xffSMB".to_vec();
    header.push(command);
    header.extend(status.to_le_bytes());
    header.extend([0x18, 0x07, 0xc8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    header.extend(tid.to_le_bytes());
    header.extend([0xff, 0xfe]);
    header.extend(100u16.to_le_bytes());
    header.extend(mid.to_le_bytes());
    [header, body.to_vec()].concat()
}

/// A share is used and a file opened in one message each, and read.
fn old() -> Capture {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 139);
    let mut path = vec![4, 0xff, 0, 0, 0, 8, 0, 1, 0, 32, 0, 0];
    path.extend([&utf16("\\\\NEST\\EGGS\0")[..], b"?????\0"].concat());
    let mut name = vec![24, 0xff, 0, 0, 0, 0];
    name.extend([0; 45]);
    name.extend([&[0][..], &utf16("\\owl.txt\0")].concat());
    let mut opened = vec![34, 0xff, 0, 0, 0, 0, 0x17, 0, 1, 0, 0, 0];
    opened.extend(le(&[(CHANGED, 8); 4]));
    opened.extend(le(&[(0x20, 4), (4096, 8), (5, 8), (0, 2), (7, 2), (0, 1), (0, 2)]));
    let read = le(&[
        (12, 1),
        (0xff, 1),
        (0, 3),
        (0x17, 2),
        (0, 4),
        (5, 2),
        (5, 2),
        (0xffff_ffff, 4),
        (0, 2),
        (0, 4),
        (0, 2),
    ]);
    let mut reading =
        le(&[(12, 1), (0xff, 1), (0, 3), (0, 6), (5, 2), (60, 2), (0, 2), (0, 8), (0, 2), (6, 2)]);
    reading.extend(b"\0hello");
    for (mid, (command, request, answer)) in [
        (0x75, &path[..], &b"\x03\xff\0\0\0\x01\0\x0a\0A:\0N\0T\0\0\0"[..]),
        (0xa2, &name, &opened),
        (0x2e, &read, &reading),
        (0x04, &le(&[(3, 1), (0x17, 2), (0, 4), (0, 2)]), &[0, 0, 0]),
    ]
    .into_iter()
    .enumerate()
    {
        let mid = mid as u16 + 1;
        let tid = if command == 0x75 { 0 } else { 9 };
        talk.send(Client, &frame(&v1(command, mid, (0, tid), request)));
        talk.send(Server, &frame(&v1(command, mid, (0, 9), answer)));
    }
    talk.close();
    capture
}

#[test]
fn files_over_smb_1_are_read_too() {
    let all = rows(&old());
    let mapped = all.only("smb_mapping");
    assert_eq!((&mapped["path"], &mapped["service"]), (&"\\\\NEST\\EGGS".into(), &"A:".into()));
    let opened = all.only("smb_files");
    assert_eq!((&opened["name"], &opened["size"]), (&"\\owl.txt".into(), &5.into()));
    assert_eq!(all.only("files")["seen_bytes"].as_u64(), Some(5));
    let script = "event smb1_read_andx_request(c: connection, hdr: SMB1::Header, file_id: count, offset: count, length: count)
            { print file_id, offset, length, c$smb_state$current_file$name; }
        event smb1_close_request(c: connection, hdr: SMB1::Header, file_id: count)
            { print hdr$command, c$smb_state$current_file$path; }
        event smb1_empty_response(c: connection, hdr: SMB1::Header) { print \"empty\", hdr$mid; }";
    assert_eq!(printed(&old(), &[], script)[0], "23, 0, 5, \\owl.txt\n4, \\\\NEST\\EGGS\nempty, 4\n");
}

#[test]
fn a_hole_is_taken_up_where_a_message_begins() {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 445);
    talk.send(Client, &frame(&v2(3, 1, (0, 0), &tree_connect("\\\\nest\\eggs"))));
    talk.send(Server, &frame(&v2(3, 1, (0, 5), DISK)));
    talk.lose(Client, 150).send(Client, b"the end of another");
    talk.send(Client, &frame(&v2(5, 3, (0, 5), &create("owl", 0))));
    talk.send(Server, &frame(&v2(5, 3, (0, 5), &created(1, 1)))).close();
    let rows = rows(&capture);
    assert_eq!(rows.only("smb_files")["path"], "\\\\nest\\eggs");
}

#[test]
fn another_version_is_agreed_on_in_the_same_connection() {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 445);
    let dialects = b"\x02NT LM 0.12\0\x02SMB 2.???\0";
    let ask = [&[0, dialects.len() as u8, 0][..], dialects].concat();
    talk.send(Client, &frame(&v1(0x72, 0, (0, 0), &ask)));
    let mut answer = le(&[(65, 2), (1, 2), (0x2ff, 2), (0, 2), (1, 8), (2, 8), (7, 4)]);
    answer.extend(le(&[
        (1 << 16, 4),
        (1 << 16, 4),
        (1 << 16, 4),
        (CHANGED, 8),
        (0, 8),
        (128, 2),
        (0, 2),
        (0, 4),
    ]));
    talk.send(Server, &frame(&v2(0, 0, (0, 0), &answer))).close();
    let script = "event smb1_negotiate_request(c: connection, hdr: SMB1::Header, dialects: string_vec) { print dialects; }
        event smb2_negotiate_response(c: connection, hdr: SMB2::Header, response: SMB2::NegotiateResponse)
            { print SMB2::dialects[response$dialect_revision], response$server_guid$volatile, response$system_time; }";
    let expected = "[NT LM 0.12, SMB 2.???]\n2.1+, 2, 1704067200.0\n";
    assert_eq!(printed(&capture, &[], script)[0], expected);
}

#[test]
fn many_files_that_get_other_ends_of_names_are_told_of() {
    let capture = session(|asks| {
        asks.share("\\\\nest\\eggs", DISK, 5);
        for nth in 0..60 {
            asks.ask(5, &create(&format!("egg{nth}.txt"), 0), &created(100 + nth, 9))
                .ask(17, &rename(100 + nth, &format!("egg{nth}.txt.locked")), &[2, 0])
                .ask(6, &close(100 + nth), &[0; 60]);
        }
    });
    let rows = rows_with(&capture, &["protocols/smb/ransomware"]);
    let notes = rows.fields("notice", ["note", "src"]);
    assert_eq!(
        notes,
        [["SMBRansomware::Suspicious_Name", "10.0.0.1"], ["SMBRansomware::Mass_Rename", "10.0.0.1"]]
    );
    let few = session(|asks| {
        asks.share("\\\\nest\\eggs", DISK, 5);
        for nth in 0..49 {
            asks.ask(5, &create(&format!("egg{nth}.txt"), 0), &created(100 + nth, 9)).ask(
                17,
                &rename(100 + nth, &format!("egg{nth}.old")),
                &[2, 0],
            );
        }
    });
    assert!(rows_with(&few, &["protocols/smb/ransomware"]).of("notice").is_empty(), "they are few");
    let moved = session(|asks| {
        asks.share("\\\\nest\\eggs", DISK, 5);
        for nth in 0..60 {
            asks.ask(5, &create(&format!("egg{nth}.txt"), 0), &created(100 + nth, 9)).ask(
                17,
                &rename(100 + nth, &format!("nest\\egg{nth}.txt")),
                &[2, 0],
            );
        }
    });
    assert!(rows_with(&moved, &["protocols/smb/ransomware"]).of("notice").is_empty(), "they were moved");
}

/// A transaction of the second kind, as it begins or goes on.
fn transaction2(goes_on: bool, command: u16) -> Vec<u8> {
    let mut body = vec![if goes_on { 9 } else { 15 }];
    body.extend([0u8; 8].into_iter().take(if goes_on { 18 } else { 8 }));
    body.resize(if goes_on { 19 } else { 29 }, 0);
    if !goes_on {
        body.extend(command.to_le_bytes());
    }
    body.extend([0; 4]);
    body
}

#[test]
fn transactions_that_no_client_makes_are_told_of() {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 445);
    talk.send(Client, &frame(&v1(0xa0, 64, (0, 9), &[19, 0, 0, 0])));
    talk.send(Server, &frame(&v1(0xa0, 64, (0, 9), &[0, 0, 0])));
    talk.send(Client, &frame(&v1(0x33, 64, (0, 9), &transaction2(true, 0))));
    talk.send(Client, &frame(&v1(0x32, 65, (0, 9), &transaction2(false, 0x0e))));
    talk.send(Server, &frame(&v1(0x32, 81, (0xc000_0002, 9), &[0, 0, 0]))).close();
    let rows = rows_with(&capture, &["protocols/smb/exploits"]);
    let notes: Vec<_> = rows.of("notice").iter().map(|row| row["note"].as_str().unwrap()).collect();
    let expected = [
        "SMBExploits::Transaction_Confusion",
        "SMBExploits::Reserved_Transaction",
        "SMBExploits::DoublePulsar_Answer",
    ];
    assert_eq!(notes, expected);
    // What a client asks for is nothing of the kind.
    assert!(rows_with(&old(), &["protocols/smb/exploits"]).of("notice").is_empty());
}
