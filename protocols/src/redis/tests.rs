use super::*;

/// What a session told, as texts.
#[derive(Default)]
struct Told(Vec<String>);

impl Handler for Told {
    fn command(&mut self, command: &Command) {
        let words: Vec<String> = command.words.iter().map(|word| word.escape_ascii().to_string()).collect();
        let [key, value] = [command.key(), command.value()]
            .map(|text| text.map_or("-".to_owned(), |text| text.escape_ascii().to_string()));
        self.0.push(format!("{} {} {key} {value}", command.count, words.join("|")));
    }

    fn reply(&mut self, reply: &Reply) {
        let Reply { kind, text, attributes, version } = reply;
        let about = attributes.as_ref().map_or(String::new(), |about| format!(" {}", about.escape_ascii()));
        self.0.push(format!("{kind:?} {version} {}{about}", text.escape_ascii()));
    }

    fn cut(&mut self) {
        self.0.push("cut".to_owned());
    }

    fn violation(&mut self, reason: &'static str) {
        self.0.push(reason.to_owned());
    }
}

fn told(is_orig: bool, pieces: &[&[u8]]) -> Vec<String> {
    let (mut session, mut told) = (Session::new(Limits::default()), Told::default());
    pieces.iter().for_each(|bytes| session.data(is_orig, bytes, &mut told));
    told.0
}

/// The same, at once and cut at each byte.
fn all(is_orig: bool, stream: &[u8], want: &[&str]) {
    assert_eq!(told(is_orig, &[stream]), want);
    for at in 0..stream.len() {
        let (front, back) = stream.split_at(at);
        assert_eq!(told(is_orig, &[front, back]), want, "cut at {at}");
    }
    assert_eq!(told(is_orig, &stream.chunks(1).collect::<Vec<_>>()), want);
}

#[test]
fn commands_are_read_however_they_are_cut() {
    let stream = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\nb\r\nc\r\n*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nget\r\n$0\r\n\r\n*0\r\n*-1\r\n";
    all(true, stream, &["3 SET|a|b\\r\\nc a b\\r\\nc", "1 PING - -", "2 get|  -"]);
    all(
        true,
        b"PING\r\n\r\nset \"a b\" 'c\\'d' x\r\n",
        &["1 PING - -", "4 set|\\\"a b\\\"|\\'c\\\\\\'d\\'|x \\\"a b\\\" \\'c\\\\\\'d\\'"],
    );
}

#[test]
fn values_are_text_however_they_are_cut() {
    let stream = b"+OK\r\n-ERR no\r\n:12\r\n$2\r\nhi\r\n$-1\r\n*-1\r\n*0\r\n*2\r\n*1\r\n:1\r\n$0\r\n\r\n\
        _\r\n#t\r\n,1.5\r\n(99\r\n!3\r\nbad\r\n=7\r\ntxt:abc\r\n%1\r\n+a\r\n~2\r\n:1\r\n:2\r\n>2\r\n+message\r\n+x\r\n\
        |1\r\n+ttl\r\n:3\r\n*1\r\n|1\r\n+x\r\n:4\r\n:5\r\n";
    let want = [
        "Reply 2 OK",
        "Error 2 ERR no",
        "Reply 2 12",
        "Reply 2 hi",
        "Reply 2 null",
        "Reply 2 null",
        "Reply 2 []",
        "Reply 2 [[1], ]",
        "Reply 3 null",
        "Reply 3 T",
        "Reply 3 1.5",
        "Reply 3 99",
        "Error 3 bad",
        "Reply 3 txt:abc",
        "Reply 3 {a: {1, 2}}",
        "Push 3 [message, x]",
        "Reply 3 [5] {ttl: 3}",
    ];
    all(false, stream, &want);
}

#[test]
fn of_what_is_long_the_beginning_is_told() {
    let long = [&b"*2\r\n$3\r\nGET\r\n$100000\r\n"[..], &[b'x'; 100_000], b"\r\n"].concat();
    let told_of = told(true, &[&long]);
    assert_eq!(
        (told_of.len(), told_of[0].as_str(), told_of[1].len()),
        (2, "cut", 2 + 4 + 4096 + 1 + 4096 + 2)
    );
    let value = [&b"$100000\r\n"[..], &[b'x'; 100_000], b"\r\n+OK\r\n"].concat();
    let told_of = told(false, &value.chunks(1000).collect::<Vec<_>>());
    assert_eq!((told_of.len(), told_of[1].len(), told_of[2].as_str()), (3, 8 + 4096, "Reply 2 OK"));
}

#[test]
fn what_is_not_redis_is_told_once() {
    let server = "error while parsing RESP server data";
    for wrong in
        [&b"HTTP/1.1 200 OK\r\n\r\n"[..], b"$x\r\n", b"*9999999\r\n", b"$1\r\nabc", &b"*1\r\n".repeat(40)]
    {
        assert_eq!(told(false, &[wrong, b"+OK\r\n"]), [server], "{}", wrong.escape_ascii());
    }
    for wrong in [&b"*1\r\n:1\r\n"[..], b"*x\r\n", &[b'a'; 2000]] {
        assert_eq!(told(true, &[wrong, b"PING\r\n"]), ["error while parsing RESP client data"]);
    }
    let (mut session, mut heard) = (Session::new(Limits::default()), Told::default());
    session.data(false, b"$9\r\nab", &mut heard);
    session.gap(false);
    session.data(false, b"+OK\r\n", &mut heard);
    assert!(heard.0.is_empty() && session.buffered() == 0);
}

#[test]
fn a_beginning_decides() {
    for (bytes, probe) in [
        (&b"*1\r\n$4\r\nPING\r\n"[..], Probe::Match),
        (b"*1\r\n$4", Probe::NeedMore),
        (b"*1\r\n:4\r\n", Probe::NoMatch),
        (b"GET / HTTP/1.1\r\n", Probe::NoMatch),
        (b"*a", Probe::NoMatch),
    ] {
        assert_eq!(super::probe(bytes), probe, "{}", bytes.escape_ascii());
    }
    for (bytes, probe) in [
        (&b"+OK\r\n"[..], Probe::Match),
        (b"$-1\r\n", Probe::Match),
        (b"-ERR", Probe::NeedMore),
        (b"+OK\n", Probe::NoMatch),
        (b"220 x\r\n", Probe::NoMatch),
    ] {
        assert_eq!(probe_answer(bytes), probe, "{}", bytes.escape_ascii());
    }
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("redis", fuzz::check);
}
