//! Which rows come out, when, and with what in them.

use super::*;
use crate::dns::session::{MAX_PENDING_BYTES, Pending};

const DNS: Flow = Flow { orig_port: 40_000, resp_port: 53, transport: Transport::Udp, resp_multicast: false };
const MS: i64 = 1_000_000;

#[derive(Default)]
struct Log {
    rows: Vec<Row>,
    weirds: Vec<&'static str>,
    flips: usize,
}

impl Sink for Log {
    fn row(&mut self, row: &Row) {
        self.rows.push(row.clone());
    }

    fn weird(&mut self, weird: Weird) {
        self.weirds.push(weird.name());
    }

    fn flip_roles(&mut self) {
        self.flips += 1;
    }
}

/// A session with what it needs, fed one message a millisecond.
struct Run {
    session: Session,
    space: Workspace,
    log: Log,
    flow: Flow,
    now: i64,
}

impl Run {
    fn new(flow: Flow) -> Self {
        Run { session: Session::default(), space: Workspace::default(), log: Log::default(), flow, now: 0 }
    }

    fn send(&mut self, from_orig: bool, message: &Message) -> Outcome {
        self.now += MS;
        self.session.message(&mut self.space, &self.flow, from_orig, self.now, &message.0, &mut self.log)
    }

    fn orig(&mut self, message: Message) -> Outcome {
        self.send(true, &message)
    }

    fn resp(&mut self, message: Message) -> Outcome {
        self.send(false, &message)
    }

    fn finish(mut self) -> Log {
        self.session.finish(&mut self.space, &mut self.log);
        self.log
    }

    /// Ids of the rows logged so far.
    fn ids(&self) -> Vec<u16> {
        self.log.rows.iter().map(|row| row.trans_id).collect()
    }
}

fn query(id: u16) -> Message {
    Message::new(id, QUERY).question("Host.Example", rr::A)
}

fn reply(id: u16) -> Message {
    Message::new(id, REPLY).question("Host.Example", rr::A).answer(rr::A, &[192, 0, 2, 1])
}

fn answers(row: &Row) -> Vec<(String, u32)> {
    row.answers().map(|(text, ttl)| (text.escape_ascii().to_string(), ttl)).collect()
}

#[test]
fn a_query_and_its_reply_are_one_row() {
    let mut run = Run::new(DNS);
    assert_eq!(run.orig(query(7)), Outcome::Dns);
    assert!(run.log.rows.is_empty());
    assert_eq!(run.resp(reply(7)), Outcome::Dns);
    let [row] = &run.log.rows[..] else { panic!("{:?}", run.log.rows) };
    assert_eq!((row.ts, row.trans_id, row.rtt), (MS, 7, Some(MS)));
    assert_eq!(row.query(), Some(&b"host.example"[..]));
    assert_eq!((row.qclass, row.qtype, row.rcode), (Some(1), Some(1), Some(0)));
    assert_eq!(row.qclass_name().unwrap().to_string(), "C_INTERNET");
    assert_eq!(row.qtype_name().unwrap().to_string(), "A");
    assert_eq!(row.rcode_name().unwrap().to_string(), "NOERROR");
    assert!(row.recursion_desired && row.recursion_available && !row.authoritative && !row.rejected);
    assert_eq!(answers(row), [("192.0.2.1".to_owned(), 300)]);
    assert_eq!((row.total_answers, row.total_replies), (Some(1), Some(1)));
    assert!(run.finish().rows.len() == 1, "nothing is left");
}

/// AA and RA come with an answer, TC, RD and Z with the query; without one they stay off.
#[test]
fn flags_come_from_where_zeek_takes_them() {
    let mut run = Run::new(DNS);
    run.orig(Message::new(1, 0x0370).question("a", rr::A));
    run.resp(Message::new(1, 0x8780).question("a", rr::A).answer(rr::A, &[1; 4]));
    run.orig(Message::new(2, 0x0000).question("a", rr::A));
    run.resp(Message::new(2, 0x87f3).question("a", rr::A).record(2, &[0], rr::NS, &[0]));
    let [one, two] = &run.log.rows[..] else { panic!() };
    assert!(one.truncated && one.recursion_desired && one.authoritative && one.recursion_available);
    assert_eq!(one.z, 7);
    assert!(!two.truncated && !two.recursion_desired && !two.authoritative && !two.recursion_available);
    assert_eq!((two.z, two.rcode, two.rtt, two.rejected), (0, Some(3), None, false));
}

#[test]
fn a_reply_without_records_is_a_rejection() {
    let mut run = Run::new(DNS);
    run.orig(query(1));
    run.resp(Message::new(1, 0x8185).question("host.example", rr::A));
    run.orig(query(2));
    run.resp(Message::new(2, 0x8182));
    run.orig(query(3));
    run.resp(Message::new(3, 0x8180));
    run.orig(query(4));
    run.resp(Message::new(4, 0x8180).question("host.example", rr::A));
    let rejected: Vec<bool> = run.log.rows.iter().map(|row| row.rejected).collect();
    // The third has no error and no question: nothing says that it was rejected.
    assert_eq!(rejected, [true, true, false, true]);
}

#[test]
fn replies_are_matched_by_id_and_in_order() {
    let mut run = Run::new(DNS);
    for id in [1, 2, 3, 2] {
        run.orig(query(id));
    }
    for id in [2, 3, 2, 1] {
        run.resp(reply(id));
    }
    let rows: Vec<_> = run.log.rows.iter().map(|row| (row.trans_id, row.ts / MS)).collect();
    assert_eq!(rows, [(2, 2), (3, 3), (2, 4), (1, 1)]);
}

/// A new query must not overtake one of the same id that waits.
#[test]
fn the_oldest_query_of_an_id_is_answered_first() {
    let mut run = Run::new(DNS);
    run.orig(query(9));
    run.orig(query(1));
    run.orig(query(1));
    run.resp(reply(9));
    run.orig(query(1));
    for _ in 0..3 {
        run.resp(reply(1));
    }
    let times: Vec<_> = run.log.rows.iter().map(|row| row.ts / MS).collect();
    assert_eq!(times, [1, 2, 3, 5]);
}

#[test]
fn what_is_never_answered_is_logged_at_the_end() {
    let mut run = Run::new(DNS);
    run.orig(query(1));
    run.orig(query(2));
    run.resp(reply(3));
    assert!(run.log.rows.is_empty());
    let log = run.finish();
    let [one, two, three] = &log.rows[..] else { panic!() };
    assert_eq!([one.trans_id, two.trans_id, three.trans_id], [1, 2, 3]);
    assert_eq!((one.rcode, one.answers().len()), (None, 0));
    // A reply alone: no question, but the owner of its first answer.
    assert_eq!((three.query(), three.qtype, three.rtt), (Some(&b"host.example"[..]), None, None));
    assert_eq!(answers(three).len(), 1);
}

#[test]
fn a_query_finds_the_reply_that_came_before_it() {
    let mut run = Run::new(DNS);
    run.resp(reply(1));
    run.orig(query(1));
    let [row] = &run.log.rows[..] else { panic!() };
    assert_eq!((row.ts, row.rtt, row.qtype), (MS, None, Some(1)));
    assert_eq!(answers(row).len(), 1);
}

#[test]
fn a_first_message_that_is_a_response_turns_the_connection() {
    let from_53 = Flow { orig_port: 53, resp_port: 40_000, ..DNS };
    let mut run = Run::new(from_53);
    run.orig(reply(1));
    run.orig(reply(2));
    assert_eq!(run.log.flips, 1, "once, and only at the first message");
    for (flow, from_orig, what) in [
        (Flow { resp_multicast: true, resp_port: 5353, ..DNS }, true, "multicast"),
        (DNS, false, "from the responder"),
    ] {
        let mut run = Run::new(flow);
        run.send(from_orig, &reply(1));
        assert_eq!(run.log.flips, 0, "{what}");
    }
    // What is too short for a header does not count as a message.
    let mut run = Run::new(from_53);
    run.orig(Message(vec![0x80; 11]));
    run.orig(reply(1));
    assert_eq!(run.log.flips, 1);
}

#[test]
fn netbios_is_known_by_the_responders_port() {
    let encoded = "EFFCFDFAEBEOCACACACACACACACACAAA";
    let status = || Message::new(1, 0x0010).question(encoded, rr::SRV);
    let netbios = Flow { orig_port: 137, resp_port: 137, ..DNS };
    let mut run = Run::new(netbios);
    run.orig(status());
    run.orig(Message::new(2, 0x0010).question("not-netbios", rr::NB));
    let log = run.finish();
    let [one, two] = &log.rows[..] else { panic!() };
    assert_eq!(one.query(), Some(&b"ERSPAN"[..]));
    assert_eq!((one.qtype, one.qtype_name().unwrap().to_string().as_str()), (Some(33), "NBSTAT"));
    assert_eq!(two.query(), Some(&b"not-netbios"[..]), "kept where it does not decode");

    let mut run = Run::new(DNS);
    run.orig(status());
    let row = &run.finish().rows[0];
    assert_eq!(row.query(), Some(encoded.to_ascii_lowercase().as_bytes()));
    assert_eq!(row.qtype_name().unwrap().to_string(), "SRV");
    // After a turn the responder is the other one.
    let mut run = Run::new(Flow { orig_port: 137, resp_port: 40_000, ..DNS });
    let long = [&[64][..], &[b'a'; 64], &[0]].concat();
    run.orig(Message::new(1, 0x8500).record(1, &long, rr::A, &[1; 4]));
    assert_eq!((run.log.flips, run.log.weirds.len()), (1, 0));
}

/// A registration of a NetBIOS name, a dynamic update: not logged, but Zeek lets their end count
/// for the row that is current.
#[test]
fn other_opcodes_start_no_row() {
    let mut run = Run::new(DNS);
    assert_eq!(run.orig(Message::new(1, 0x2800).question("a", rr::A)), Outcome::Dns);
    run.resp(Message::new(1, 0xa800).question("a", rr::A).answer(rr::A, &[1; 4]));
    assert!(run.log.rows.is_empty());

    run.orig(query(2));
    run.resp(Message::new(1, 0xa805).question("a", rr::A));
    let [row] = &run.log.rows[..] else { panic!() };
    assert_eq!((row.trans_id, row.rcode, row.rejected), (2, None, true));
    // It still waits for its reply.
    run.resp(reply(2));
    assert_eq!(run.log.rows[1].rcode, Some(0));
    assert_eq!(run.finish().rows.len(), 2);
}

#[test]
fn answers_in_a_query_are_not_answers() {
    let mut run = Run::new(DNS);
    run.orig(query(1).answer(rr::A, &[1; 4]));
    let row = &run.finish().rows[0];
    assert_eq!((row.answers().len(), row.rtt), (0, None));
}

#[test]
fn only_the_answer_section_answers() {
    let mut run = Run::new(DNS);
    run.space.options.skip_additional = false;
    run.orig(query(1));
    run.resp(reply(1).record(3, &[0], rr::A, &[5; 4]));
    assert_eq!(answers(&run.log.rows[0]).len(), 1);
    assert_eq!(run.log.rows[0].total_replies, Some(2));
}

/// Types without a handler in Zeek's script leave no trace, not even of the answer's flags.
#[test]
fn unlogged_types_do_not_count_as_answered() {
    let mut run = Run::new(DNS);
    run.orig(Message::new(1, QUERY).question("a", rr::HTTPS));
    run.resp(Message::new(1, 0x8580).question("a", rr::HTTPS).answer(rr::HTTPS, &[0, 1, 0]));
    let row = &run.log.rows[0];
    assert_eq!((row.rtt, row.authoritative, row.answers().len()), (None, false, 0));
    run.orig(Message::new(2, QUERY).question("a", rr::WKS));
    run.resp(Message::new(2, 0x8580).question("a", rr::WKS).answer(rr::WKS, &[1; 5]));
    let row = &run.log.rows[1];
    assert_eq!((row.rtt, row.authoritative, row.answers().len()), (Some(MS), true, 0));
}

#[test]
fn damage_ends_the_message_and_not_the_row() {
    let mut run = Run::new(DNS);
    run.orig(query(1));
    assert_eq!(run.resp(reply(1).answer(rr::A, &[1; 3])), Outcome::Damaged);
    assert_eq!(answers(&run.log.rows[0]).len(), 1);
    assert_eq!(run.log.weirds, ["DNS_RR_bad_length"]);
    let mut questions = query(2);
    questions.0[5] = 26;
    assert_eq!(run.orig(questions), Outcome::TooManyQuestions);
    assert_eq!(run.finish().rows[1].query(), None);
}

#[test]
fn too_many_ids_are_given_up_together() {
    let mut run = Run::new(DNS);
    // The first has a place of its own beside the others.
    for id in 0..=Pending::default().ids as u16 + 1 {
        run.orig(query(id));
    }
    assert!(run.log.rows.is_empty());
    run.orig(query(1000));
    assert_eq!(run.ids(), (1..=Pending::default().ids as u16 + 1).collect::<Vec<_>>());
    let log = run.finish();
    let ids: Vec<_> = log.rows.iter().map(|row| row.trans_id).collect();
    assert_eq!(ids[ids.len() - 2..], [0, 1000]);
}

/// A zone transfer: one query, any number of replies.
#[test]
fn too_many_messages_of_one_id_are_given_up() {
    let mut run = Run::new(DNS);
    run.orig(query(1));
    run.resp(reply(1));
    for _ in 0..=Pending::default().messages {
        run.resp(reply(1));
    }
    assert_eq!(run.log.rows.len(), 1);
    run.resp(reply(1));
    assert_eq!(run.log.rows.len(), 2 + Pending::default().messages);
    assert_eq!(run.finish().rows.len(), 3 + Pending::default().messages);
}

#[test]
fn waiting_answers_have_a_ceiling() {
    let mut run = Run::new(DNS);
    let text = [&[250][..], &[b'x'; 250]].concat();
    let mut big = Message::new(0, REPLY).question("a", rr::TXT);
    for _ in 0..200 {
        big = big.answer(rr::TXT, &text);
    }
    let each = 200 * 258;
    let held = MAX_PENDING_BYTES / each + 1;
    for id in 0..held as u16 {
        big.0[..2].copy_from_slice(&u16::to_be_bytes(id));
        run.resp(big.clone());
    }
    assert!(run.log.rows.is_empty(), "{} rows", run.log.rows.len());
    big.0[..2].copy_from_slice(&[0xff; 2]);
    run.resp(big);
    assert_eq!(run.log.rows.len(), held);
}

#[test]
fn one_rows_answers_have_a_ceiling() {
    // Records that all point at one name of 250 bytes.
    let long = [[&[49][..], &[b'x'; 49]].concat().repeat(5), vec![0]].concat();
    let mut message = Message::new(1, REPLY).count(0, 1).raw(&long).raw(&[0, 1, 0, 1]);
    let mut count = 0;
    while message.0.len() < 60_000 {
        message = message.raw(&hex("c00c 0002 0001 00000000 0002 c00c"));
        count += 1;
    }
    message.0[6..8].copy_from_slice(&u16::to_be_bytes(count));
    let mut run = Run::new(DNS);
    run.orig(query(1));
    assert_eq!(run.resp(message), Outcome::Dns);
    let row = &run.log.rows[0];
    assert!(row.answers_cut);
    assert_eq!(row.answers().len(), row::MAX_ANSWER_BYTES / 249);
    assert_eq!(run.log.weirds, ["DNS_answers_cut"], "said once");
}

#[test]
fn a_row_is_used_again_without_a_trace() {
    let mut run = Run::new(DNS);
    run.orig(query(1));
    run.resp(reply(1));
    run.orig(Message::new(2, 0));
    run.resp(Message::new(2, 0x8000));
    let row = &run.log.rows[1];
    assert_eq!((row.query(), row.qtype, row.rtt, row.answers().len()), (None, None, None, 0));
    assert!(!row.recursion_desired && !row.recursion_available && !row.rejected);
}

#[test]
fn a_session_is_small() {
    assert!(size_of::<Session>() <= 24, "{}", size_of::<Session>());
}
