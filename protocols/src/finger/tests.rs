use super::*;

/// What a session told, as texts.
#[derive(Default)]
struct Told(Vec<String>);

impl Handler for Told {
    fn request(&mut self, request: &Request<'_>) {
        let Request { full, user, host } = request;
        self.0.push(format!("{full} {} {}", user.escape_ascii(), host.escape_ascii()));
    }

    fn reply(&mut self, line: &[u8]) {
        self.0.push(line.escape_ascii().to_string());
    }

    fn confirmed(&mut self) {
        self.0.push("confirmed".to_owned());
    }

    fn violation(&mut self, reason: &'static str) {
        self.0.push(reason.to_owned());
    }
}

fn told(pieces: &[(bool, &[u8])]) -> Vec<String> {
    let (mut session, mut told) = (Session::default(), Told::default());
    pieces.iter().for_each(|(is_orig, bytes)| session.data(*is_orig, bytes, &mut told));
    told.0
}

#[test]
fn requests_and_replies_are_read_however_they_are_cut() {
    let (asked, said) = (&b"/W heron@nest.test\r\nmore\r\n"[..], &b"Login: heron\r\nNo plan\r\n"[..]);
    let want = ["confirmed", "true heron nest.test", "confirmed", "Login: heron", "No plan"];
    for at in 0..asked.len() {
        let (front, back) = asked.split_at(at);
        assert_eq!(told(&[(true, front), (true, back), (false, said)]), want, "cut at {at}");
    }
    for at in 0..said.len() {
        let (front, back) = said.split_at(at);
        assert_eq!(told(&[(true, asked), (false, front), (false, back)]), want, "cut at {at}");
    }
    assert_eq!(told(&[(true, b"\r\n")]), ["false  "]);
    assert_eq!(told(&[(true, b"  owl \r\n")]), ["confirmed", "false owl "]);
}

#[test]
fn a_request_may_end_with_its_direction_and_empty_lines_say_nothing() {
    let (mut session, mut told) = (Session::default(), Told::default());
    session.data(true, b"owl", &mut told);
    session.end(true, &mut told);
    session.end(true, &mut told);
    session.data(false, b"\r\n\r\nyes\r\n", &mut told);
    assert_eq!(told.0, ["confirmed", "false owl ", "yes"]);
}

#[test]
fn what_is_not_text_is_told_once() {
    assert_eq!(told(&[(true, b"\xff\xfe\r\n"), (false, b"x\r\n")]), ["not text"]);
}

#[test]
fn a_line_without_end_is_told_in_parts() {
    let long = vec![b'x'; 10_000];
    assert_eq!(told(&[(false, &long)]).iter().filter(|line| line.len() == MAX_LINE).count(), 2);
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("finger", fuzz::check);
}
