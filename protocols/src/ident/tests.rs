use super::*;

/// What a session told, as texts.
#[derive(Default)]
struct Told(Vec<String>);

impl Handler for Told {
    fn request(&mut self, ports: Ports) {
        self.0.push(format!("request {ports:?}"));
    }

    fn reply(&mut self, ports: Ports, user: &[u8], system: &[u8]) {
        self.0.push(format!("reply {ports:?} {} {}", user.escape_ascii(), system.escape_ascii()));
    }

    fn error(&mut self, ports: Ports, why: &[u8]) {
        self.0.push(format!("error {ports:?} {}", why.escape_ascii()));
    }

    fn weird(&mut self, name: &'static str, about: &[u8]) {
        self.0.push(format!("{name} {}", about.escape_ascii()));
    }

    fn flaw(&mut self, flaw: crate::lines::Flaw) {
        self.0.push(flaw.weird().to_owned());
    }
}

fn told(is_orig: bool, pieces: &[&[u8]]) -> Vec<String> {
    let (mut session, mut told) = (Session::default(), Told::default());
    pieces.iter().for_each(|bytes| session.data(is_orig, bytes, &mut told));
    told.0
}

#[test]
fn requests_and_replies_are_read_however_they_are_cut() {
    let said = b"6191, 23 : USERID : UNIX, US-ASCII : heron\r\n6195,23:ERROR:NO-USER\r\n";
    let want = ["reply (6191, 23) heron UNIX", "error (6195, 23) NO-USER"];
    for at in 0..said.len() {
        let (front, back) = said.split_at(at);
        assert_eq!(told(false, &[front, back]), want, "cut at {at}");
    }
    assert_eq!(told(true, &[b" 6191 , 23\r\n"]), ["request (6191, 23)"]);
}

#[test]
fn what_is_odd_is_told_in_zeeks_words() {
    assert_eq!(told(true, &[b"1,2 x\r\n"]), ["ident_request_addendum 1,2 x", "request (1, 2)"]);
    assert_eq!(told(true, &[b"what\r\n"]), ["bad_ident_request what"]);
    assert_eq!(told(true, &[b"70000,1\r\n"]), ["bad_ident_port 70000,1", "request (0, 1)"]);
    assert_eq!(told(false, &[b"1,2:WHAT\r\n1,2\r\n"]), ["bad_ident_reply 1,2:WHAT"]);
}

#[test]
fn what_is_half_said_is_known() {
    let (mut session, mut told) = (Session::default(), Told::default());
    assert!(session.is_partial());
    session.data(true, b"1,2\r\n", &mut told);
    assert!(!session.is_partial());
    session.data(true, b"1,", &mut told);
    assert!(session.is_partial());
    session.data(true, &[b'1'; 3000], &mut told);
    assert!(told.0.contains(&"contentline_size_exceeded".to_owned()) && session.buffered() <= MAX_LINE);
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("ident", fuzz::check);
}
