//! Events of RPC, end to end. There is no log of it.

use crate::build::{Capture, Client, Server, host, printed, rows};

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// A call of a user of `me`.
fn call(xid: u32, program: u32, version: u32, procedure: u32, arguments: &[u8]) -> Vec<u8> {
    let head = words(&[xid, 0, 2, program, version, procedure, 1, 28, 7, 2]);
    [&head[..], b"me\0\0", &words(&[1000, 100, 1, 4, 0, 0]), arguments].concat()
}

fn reply(xid: u32, result: &[u8]) -> Vec<u8> {
    [&words(&[xid, 1, 0, 0, 0, 0])[..], result].concat()
}

/// Bytes behind their number.
fn opaque(bytes: &[u8]) -> Vec<u8> {
    let fill = vec![0; bytes.len().next_multiple_of(4) - bytes.len()];
    [&words(&[bytes.len() as u32])[..], bytes, &fill].concat()
}

/// A message of a stream.
fn record(message: Vec<u8>) -> Vec<u8> {
    [&words(&[0x8000_0000 | message.len() as u32])[..], &message].concat()
}

const PORTS: &str = "event zeek_init() {
    Analyzer::register_for_port(Analyzer::ANALYZER_PORTMAPPER, 111/udp);
    Analyzer::register_for_port(Analyzer::ANALYZER_MOUNT, 635/tcp);
    Analyzer::register_for_port(Analyzer::ANALYZER_NFS, 2049/tcp); }\n";

fn portmapper() -> Capture {
    let (client, server) = (host(1, 40_000), host(2, 111));
    let mut capture = Capture::new();
    capture
        .udp(0, client, server, &call(1, 100_000, 2, 3, &words(&[100_003, 3, 6, 0])))
        .udp(10, server, client, &reply(1, &words(&[2049])))
        .udp(20, client, server, &call(2, 100_000, 2, 4, &[]))
        .udp(30, server, client, &reply(2, &words(&[1, 100_003, 3, 17, 2049, 1, 100_005, 3, 6, 70_000, 0])))
        .udp(40, client, server, &call(3, 100_000, 2, 3, &words(&[7, 1, 17, 0])))
        .udp(50, server, client, &words(&[3, 1, 0, 0, 0, 1]))
        .udp(60, client, server, &call(4, 100_000, 2, 0, &[]));
    capture
}

fn files() -> Capture {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_001, 635);
    talk.send(Client, &record(call(1, 100_005, 3, 1, &opaque(b"/export"))));
    talk.send(Server, &record(reply(1, &[words(&[0]), opaque(b"root"), words(&[2, 1, 9])].concat())));
    talk.close();
    let mut talk = capture.talk(40_002, 2049);
    let attributes =
        words(&[1, 0o644, 1, 1000, 100, 0, 5, 0, 8, 0, 0, 0, 9, 0, 42, 10, 0, 20, 0, 30, 500_000_000]);
    let lookup = call(1, 100_003, 3, 3, &[opaque(b"root"), opaque(b"notes")].concat());
    talk.send_in(Client, 7, &record(lookup));
    let found = [words(&[0]), opaque(b"file"), words(&[1]), attributes, words(&[0])].concat();
    talk.send_in(Server, 9, &record(reply(1, &found)));
    let read = call(2, 100_003, 3, 6, &[opaque(b"file"), words(&[0, 0, 5])].concat());
    talk.send(Client, &record(read));
    talk.send(Server, &record(reply(2, &[words(&[0, 0, 5, 1]), opaque(b"night")].concat())));
    talk.send(
        Client,
        &record(call(3, 100_003, 3, 17, &[opaque(b"root"), words(&[0, 0, 0, 0, 512, 1024])].concat())),
    );
    let entry = [words(&[1, 0, 42]), opaque(b"notes"), words(&[0, 1, 0, 1]), opaque(b"file")].concat();
    talk.send(Server, &record(reply(3, &[words(&[0, 0, 0, 0]), entry, words(&[0, 1])].concat())));
    talk.send(Client, &record(call(4, 100_003, 3, 12, &[opaque(b"root"), opaque(b"notes")].concat())));
    talk.send(Server, &record(reply(4, &words(&[13, 0, 0]))));
    talk.send(Client, &record(call(5, 100_003, 3, 18, &opaque(b"root")))).close();
    capture
}

#[test]
fn the_port_mapper_tells_where_programs_listen() {
    let script = "event rpc_call(c: connection, xid: count, prog: count, ver: count, proc: count, call_len: count)
            { print \"call\", xid, prog, ver, proc, call_len; }
        event rpc_reply(c: connection, xid: count, status: rpc_status, reply_len: count)
            { print \"reply\", xid, RPC_status[status], reply_len; }
        event rpc_dialogue(c: connection, prog: count, ver: count, proc: count, status: rpc_status, start_time: time,
                call_len: count, reply_len: count) { print prog, proc, status, call_len, reply_len; }
        event pm_request_getport(r: connection, pr: pm_port_request, p: port) { print pr, p; }
        event pm_request_dump(r: connection, m: pm_mappings) { print m[1], m[2]; }
        event pm_bad_port(r: connection, bad_p: count) { print \"bad\", bad_p; }
        event pm_attempt_getport(r: connection, status: rpc_status, pr: pm_port_request) { print status, pr$program; }
        event pm_attempt_null(r: connection, status: rpc_status) { print \"null\", status; }";
    let want = "call, 1, 100000, 2, 3, 76\nreply, 1, ok, 4\n[program=100003, version=3, is_tcp=T], 2049/tcp\n\
        100000, 3, RPC_SUCCESS, 76, 0\ncall, 2, 100000, 2, 4, 60\nreply, 2, ok, 44\nbad, 70000\n\
        [program=100003, version=3, p=2049/udp], [program=100005, version=3, p=0/tcp]\n\
        100000, 4, RPC_SUCCESS, 60, 0\ncall, 3, 100000, 2, 3, 76\nreply, 3, prog unavail, 0\nRPC_PROG_UNAVAIL, 7\n\
        100000, 3, RPC_PROG_UNAVAIL, 76, 0\ncall, 4, 100000, 2, 0, 60\n100000, 0, RPC_TIMEOUT, 60, 0\nnull, RPC_TIMEOUT\n";
    assert_eq!(printed(&portmapper(), &[], &format!("{PORTS}{script}"))[0], want);
}

#[test]
fn what_clients_do_with_files_is_told() {
    let script = "event mount_proc_mnt(c: connection, info: MOUNT3::info_t, req: MOUNT3::dirmntargs_t, rep: MOUNT3::mnt_reply_t)
            { print req$dirname, rep$dirfh, rep$auth_flavors[0], info$mnt_stat, info$rpc_machine_name; }
        event nfs_proc_lookup(c: connection, info: NFS3::info_t, req: NFS3::diropargs_t, rep: NFS3::lookup_reply_t)
            { print req, rep$fh, rep$obj_attr, rep?$dir_attr, info$rpc_uid, info$rpc_auxgids; }
        event nfs_proc_read(c: connection, info: NFS3::info_t, req: NFS3::readargs_t, rep: NFS3::read_reply_t)
            { print req, rep; }
        event nfs_proc_readdir(c: connection, info: NFS3::info_t, req: NFS3::readdirargs_t, rep: NFS3::readdir_reply_t)
            { print req$isplus, req$maxcount, |rep$entries|, rep$entries[0]$fname, rep$entries[0]$fh, rep$eof; }
        event nfs_proc_remove(c: connection, info: NFS3::info_t, req: NFS3::diropargs_t, rep: NFS3::delobj_reply_t)
            { print req$fname, info$nfs_stat; }
        event nfs_proc_not_implemented(c: connection, info: NFS3::info_t, proc: NFS3::proc_t) { print proc, info$rpc_stat; }";
    let want = "/export, root, MOUNT3::AUTH_UNIX, MOUNT3::MNT3_OK, me\n\
        [dirfh=root, fname=notes], file, [ftype=NFS3::FTYPE_REG, mode=420, nlink=1, uid=1000, gid=100, size=5, used=8, \
        rdev1=0, rdev2=0, fsid=9, fileid=42, atime=10.0, mtime=20.0, ctime=30.5], F, 1000, [4]\n\
        [fh=file, offset=0, size=5], [attr=<uninitialized>, size=5, eof=T, data=<uninitialized>]\n\
        T, 1024, 1, notes, file, T\nnotes, NFS3::NFS3ERR_ACCES\nNFS3::PROC_FSSTAT, RPC_TIMEOUT\n";
    assert_eq!(printed(&files(), &[], &format!("{PORTS}{script}"))[0], want);
    let data = "event nfs_proc_read(c: connection, info: NFS3::info_t, req: NFS3::readargs_t, rep: NFS3::read_reply_t)
        { print rep$data; }";
    let args = ["NFS3::return_data=T", "NFS3::return_data_max=3"];
    assert_eq!(printed(&files(), &args, &format!("{PORTS}{data}"))[0], "nig\n");
}

#[test]
fn rpc_is_found_where_a_script_registers_a_port() {
    assert!(rows(&portmapper()).only("conn")["service"].is_null());
    let script = "event connection_state_remove(c: connection) { print c$service; }";
    assert_eq!(printed(&portmapper(), &[], &format!("{PORTS}{script}"))[0], "{\nPORTMAPPER\n}\n");
}
