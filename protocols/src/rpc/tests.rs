use super::*;

/// What a session told, as texts.
#[derive(Default)]
struct Told(Vec<String>);

impl Handler for Told {
    fn call(&mut self, call: &Call) {
        let Call { xid, program, version, procedure, len, uid, .. } = call;
        let machine = call.machine.escape_ascii();
        self.0.push(format!(
            "call {xid} {program} {version} {procedure} {len} {machine} {uid} {:?}",
            call.groups
        ));
    }

    fn reply(&mut self, xid: u32, status: Status, len: u64) {
        self.0.push(format!("reply {xid} {status:?} {len}"));
    }

    fn done(&mut self, call: &Call, status: Status, result: &mut Xdr<'_>, len: u64) -> bool {
        let number = result.u32();
        self.0.push(format!("done {} {status:?} {number} {len}", call.xid));
        status != Status::Success || !result.is_broken()
    }

    fn dialogue(&mut self, call: &Call, status: Status, len: u64) {
        self.0.push(format!("dialogue {} {status:?} {len}", call.xid));
    }

    fn weird(&mut self, name: &'static str, about: Option<String>) {
        self.0.push(about.map_or(name.to_owned(), |about| format!("{name} {about}")));
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// A call of the port mapper: where does NFS listen?
fn getport(xid: u32) -> Vec<u8> {
    let head = words(&[xid, 0, 2, portmap::PROGRAM, 2, 3, 1, 28, 7, 2]);
    [&head[..], b"me\0\0", &words(&[1000, 100, 1, 4, 0, 0, nfs::PROGRAM, 3, 6, 0])].concat()
}

fn port(xid: u32, port: u32) -> Vec<u8> {
    words(&[xid, 1, 0, 0, 0, 0, port])
}

/// A message of a stream, in fragments of so many bytes.
fn record(message: &[u8], len: usize) -> Vec<u8> {
    let mut fragments: Vec<Vec<u8>> = message
        .chunks(len)
        .map(|fragment| [&words(&[fragment.len() as u32])[..], fragment].concat())
        .collect();
    fragments.last_mut().unwrap()[0] |= 0x80;
    fragments.concat()
}

fn told(program: Program, messages: &[(bool, Vec<u8>)]) -> Vec<String> {
    let (mut session, mut told) = (Session::new(program, Limits::default()), Told::default());
    messages.iter().for_each(|(is_orig, bytes)| session.message(*is_orig, bytes, 0, &mut told));
    session.end(&mut told);
    told.0
}

const WANT: [&str; 4] = [
    "call 5 100000 2 3 76 me 1000 [4]",
    "reply 5 Success 4",
    "done 5 Success 2049 20",
    "dialogue 5 Success 0",
];

#[test]
fn calls_are_joined_with_replies_however_they_are_cut() {
    assert_eq!(told(Program::Portmap, &[(true, getport(5)), (false, port(5, 2049))]), WANT);
    for len in [4, 30, 1000] {
        let stream = record(&getport(5), len);
        for at in 0..stream.len() {
            let (mut session, mut told) =
                (Session::new(Program::Portmap, Limits::default()), Told::default());
            let (front, back) = stream.split_at(at);
            session.data(true, front, 0, &mut told);
            session.data(true, back, 0, &mut told);
            session.data(false, &record(&port(5, 2049), len), 0, &mut told);
            assert_eq!(told.0, WANT, "cut at {at}");
        }
    }
}

#[test]
fn what_is_odd_is_told_in_zeeks_words() {
    let portmap = |messages: &[(bool, Vec<u8>)]| told(Program::Portmap, messages);
    assert_eq!(portmap(&[(false, port(5, 1))]), ["reply 5 Success 4", "unpaired_RPC_response"]);
    let call = "call 5 100000 2 3 76 me 1000 [4]";
    let timeout = ["dialogue 5 Timeout 0", "done 5 Timeout 0 0"];
    assert_eq!(portmap(&[(true, getport(5))]), [&[call][..], &timeout].concat());
    assert_eq!(portmap(&[(false, getport(5))]), [&["responder_RPC_call", call][..], &timeout].concat());
    let more = [getport(5), b"more".to_vec()].concat();
    assert_eq!(portmap(&[(true, more)])[1], "excess_RPC");
    let other = [getport(5)[..76].to_vec(), b"\0\0\0\x11\0\0\0\0".to_vec()].concat();
    assert_eq!(portmap(&[(true, getport(5)), (true, other)])[1], "RPC_rexmit_inconsistency");
    assert_eq!(portmap(&[(true, words(&[5, 0, 2, 100_000, 2, 3, 0, 99]))]), ["bad_RPC"]);
    assert_eq!(portmap(&[(true, words(&[5, 2]))]), ["bad_RPC"]);
    let unknown = words(&[5, 0, 2, nfs::PROGRAM, 3, 22, 0, 0, 0, 0]);
    assert_eq!(told(Program::Nfs, &[(true, unknown)])[1], "unknown_NFS_request 22");
    let wrong = words(&[5, 0, 2, 7, 3, 0, 0, 0, 0, 0]);
    assert_eq!(told(Program::Mount, &[(true, wrong)])[1], "bad_RPC_program 7");
    let denied = words(&[5, 1, 1, 1, 5]);
    assert_eq!(
        portmap(&[(true, getport(5)), (false, denied)])[1..],
        ["reply 5 AuthError 0", "done 5 AuthError 0 12", "dialogue 5 AuthError 0"]
    );
}

#[test]
fn behind_a_gap_what_looks_like_a_message_is_read() {
    let (mut session, mut told) = (Session::new(Program::Portmap, Limits::default()), Told::default());
    let stream = record(&getport(5), 1000);
    session.data(true, &stream[..20], 0, &mut told);
    session.gap(true);
    session.data(true, &stream[30..], 0, &mut told);
    assert!(told.0.is_empty());
    session.data(true, &stream, 0, &mut told);
    assert_eq!(told.0, WANT[..1]);
}

#[test]
fn of_a_long_message_the_beginning_is_read() {
    let head = words(&[
        5,
        0,
        2,
        nfs::PROGRAM,
        3,
        nfs::procedure::WRITE,
        0,
        0,
        0,
        0,
        4,
        9,
        0,
        0,
        200_000,
        0,
        200_000,
    ]);
    let message = [head, vec![b'x'; 200_000]].concat();
    let (mut session, mut told) = (Session::new(Program::Nfs, Limits::default()), Told::default());
    for piece in record(&message, 1 << 20).chunks(1000) {
        session.data(true, piece, 0, &mut told);
        assert!(session.buffered() < 80 << 10);
    }
    session.data(true, &record(&words(&[6, 0, 2, nfs::PROGRAM, 3, 0, 0, 0, 0, 0]), 1000), 0, &mut told);
    assert_eq!(told.0, ["call 5 100003 3 7 65528  0 []", "call 6 100003 3 0 32  0 []"]);
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("rpc", fuzz::check);
}
