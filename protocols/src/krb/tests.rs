use super::fuzz::told;
use super::*;
use crate::tests::over_seeds;

/// A tag, a length and a content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    match content.len() {
        len @ 0..128 => [&[tag, len as u8][..], content].concat(),
        len => [&[tag, 0x82, (len >> 8) as u8, len as u8][..], content].concat(),
    }
}

fn field(index: u8, content: &[u8]) -> Vec<u8> {
    der(0xa0 + index, content)
}

fn number(index: u8, value: u8) -> Vec<u8> {
    field(index, &der(2, &[value]))
}

fn name(index: u8, parts: &[&str]) -> Vec<u8> {
    let parts: Vec<u8> = parts.iter().flat_map(|part| der(27, part.as_bytes())).collect();
    field(index, &der(0x30, &[number(0, 1), field(1, &der(0x30, &parts))].concat()))
}

fn text(index: u8, text: &str) -> Vec<u8> {
    field(index, &der(27, text.as_bytes()))
}

fn encrypted(index: u8, cipher: u8) -> Vec<u8> {
    field(index, &der(0x30, &[number(0, cipher), number(1, 2), field(2, &der(4, b"secret"))].concat()))
}

fn ticket(index: u8) -> Vec<u8> {
    let fields = [number(0, 5), text(1, "EXAMPLE"), name(2, &["http", "www"]), encrypted(3, 23)].concat();
    field(index, &der(0x61, &der(0x30, &fields)))
}

fn ap_request() -> Vec<u8> {
    let options = field(2, &der(3, &[0, 0x20, 0, 0, 0]));
    let fields = [number(0, 5), number(1, 14), options, ticket(3), encrypted(4, 18)].concat();
    der(0x6e, &der(0x30, &fields))
}

fn request(kind: u8, pa_data: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let body = [
        field(0, &der(3, &[0, 0x40, 0x80, 0, 0x10])),
        name(1, &["user"]),
        text(2, "EXAMPLE"),
        name(3, &["krbtgt", "EXAMPLE"]),
        field(5, &der(24, b"20300102030405Z")),
        number(7, 9),
        field(8, &der(0x30, &[der(2, &[18]), der(2, &[23])].concat())),
        field(9, &der(0x30, &der(0x30, &[number(0, 2), field(1, &der(4, &[10, 0, 0, 1]))].concat()))),
    ];
    let element = |(kind, value): &(u8, Vec<u8>)| der(0x30, &[number(1, *kind), field(2, value)].concat());
    let pa_data: Vec<u8> = pa_data.iter().flat_map(element).collect();
    let pa_data = if pa_data.is_empty() { Vec::new() } else { field(3, &der(0x30, &pa_data)) };
    let fields = [number(1, 5), number(2, kind), pa_data, field(4, &der(0x30, &body.concat()))].concat();
    der(0x60 + kind, &der(0x30, &fields))
}

fn response(kind: u8) -> Vec<u8> {
    let fields =
        [number(0, 5), number(1, kind), text(3, "EXAMPLE"), name(4, &["user"]), ticket(5), encrypted(6, 18)];
    der(0x60 + kind, &der(0x30, &fields.concat()))
}

fn error(code: u8, more: &[u8]) -> Vec<u8> {
    let fields = [
        &number(0, 5)[..],
        &number(1, 30),
        &field(4, &der(24, b"19700101000010Z")),
        &number(5, 3),
        &number(6, code),
        &text(9, "EXAMPLE"),
        &name(10, &["krbtgt", "EXAMPLE"]),
        more,
    ];
    der(0x7e, &der(0x30, &fields.concat()))
}

/// A message as of a stream.
fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u32).to_be_bytes()[..], message].concat()
}

/// Notes messages.
#[derive(Default)]
struct Heard(Vec<String>);

impl Handler for Heard {
    fn confirmed(&mut self) {}

    fn message(&mut self, message: &Message<'_>) {
        self.0.push(match message {
            Message::AsRequest(said) | Message::TgsRequest(said) => {
                let shown = |text: &Option<Vec<u8>>| {
                    text.as_deref().map(String::from_utf8_lossy).unwrap_or_default().into_owned()
                };
                let (till, options) = (said.till, said.options.unwrap());
                format!("{} {} {till:?} {}", shown(&said.client), shown(&said.service), options.has(8))
            }
            Message::AsResponse(said) | Message::TgsResponse(said) => {
                let service = String::from_utf8_lossy(&said.ticket.service);
                format!("{} {service} {}", String::from_utf8_lossy(&said.client), said.ticket.cipher)
            }
            Message::ApRequest(ticket, options) => format!("{} {options:?}", ticket.cipher),
            Message::Error(said) => format!("{} {:?} {:?}", said.code, said.server_time, said.text),
            other => format!("{other:?}"),
        });
    }
}

fn heard(message: &[u8]) -> Vec<String> {
    let mut heard = Heard::default();
    read(message, &mut heard).unwrap();
    heard.0
}

#[test]
fn tickets_are_asked_for_and_given() {
    assert_eq!(heard(&request(10, &[])), ["user krbtgt/EXAMPLE Some(1893553445) true"]);
    assert_eq!(heard(&response(11)), ["user http/www 23"]);
    let shown = der(4, &ap_request());
    let told = heard(&request(12, &[(1, shown), (128, der(4, b"x"))]));
    let options = "23 ApOptions { use_session_key: false, mutual_required: true }";
    assert_eq!(told, [options, "user krbtgt/EXAMPLE Some(1893553445) true"]);
}

#[test]
fn errors_say_what_and_when() {
    assert_eq!(heard(&error(24, &text(11, "no"))), ["24 Some((10, 3)) Some([110, 111])"]);
    let methods = field(12, &der(4, &der(0x30, &der(0x30, &number(1, 2)))));
    assert_eq!(heard(&error(25, &methods)), ["25 Some((10, 3)) None"]);
}

#[test]
fn what_goes_before_is_told_where_it_says_something() {
    let info = der(4, &der(0x30, &der(0x30, &[number(0, 18), field(1, &der(27, b"EXAMPLEuser"))].concat())));
    struct Pa(Vec<(u64, Vec<u8>)>);
    impl Handler for Pa {
        fn confirmed(&mut self) {}

        fn message(&mut self, message: &Message<'_>) {
            let Message::AsRequest(said) = message else { return };
            let values = &said.pa_data.as_ref().unwrap().values;
            self.0 = values.iter().map(|(kind, value)| (*kind, value.to_vec())).collect();
        }
    }
    let mut pa = Pa(Vec::new());
    let elements = [(19, info), (2, der(4, b"stamp")), (149, der(4, b"")), (3, der(4, b"salt"))];
    read(&request(10, &elements), &mut pa).unwrap();
    assert_eq!(pa.0, [(19, b"EXAMPLEuser".to_vec()), (3, b"salt".to_vec())]);
}

#[test]
fn certificates_are_found_in_what_signs() {
    let signed = [der(2, &[3]), der(0x31, b""), der(0x30, b""), field(0, b"CERT"), der(0x31, b"")].concat();
    let content = der(0x30, &[der(6, b"\x2a"), field(0, &der(0x30, &signed))].concat());
    let value = der(4, &der(0x30, &der(0x80, &content)));
    struct Certs(Vec<Vec<u8>>);
    impl Handler for Certs {
        fn confirmed(&mut self) {}

        fn message(&mut self, message: &Message<'_>) {
            let Message::AsRequest(said) = message else { return };
            self.0 = said.pa_data.as_ref().unwrap().certificates.iter().map(|der| der.to_vec()).collect();
        }
    }
    let mut certs = Certs(Vec::new());
    read(&request(10, &[(16, value)]), &mut certs).unwrap();
    assert_eq!(certs.0, [b"CERT"]);
}

#[test]
fn a_stream_is_the_same_however_it_is_cut() {
    let stream = [framed(&request(10, &[])), framed(&[0; 700]), framed(&error(6, &[]))].concat();
    let whole = told(true, &[&stream]);
    assert_eq!((whole.len(), whole[2].as_str()), (5, "too long"));
    for at in 0..stream.len() {
        assert_eq!(told(true, &[&stream[..at], &stream[at..]]), whole, "cut at {at}");
    }
}

#[test]
fn after_what_is_missing_nothing_is_read() {
    let (mut session, mut told) = (Session::new(Limits::default()), fuzz::Told::default());
    session.data(true, &framed(&request(10, &[]))[..20], &mut told);
    session.gap();
    session.data(false, &framed(&response(11)), &mut told);
    assert_eq!((told.0.len(), session.held()), (0, 0));
}

#[test]
fn what_is_broken_is_told_in_zeeks_words() {
    let unknown = "!Binpac exception: binpac exception: invalid index for case: KRB_PDU: -48";
    assert_eq!(told(true, &[&framed(&der(0x30, b""))]), [unknown]);
    let mut bytes = request(10, &[]);
    bytes.truncate(bytes.len() - 3);
    let told = told(true, &[&framed(&bytes)]);
    assert!(
        told[0].starts_with("!Binpac exception: binpac exception: out_of_bound: KRB_REQ_Arg:data"),
        "{told:?}"
    );
}

#[test]
fn messages_are_known_by_how_they_begin() {
    assert_eq!((probe(&request(10, &[])), probe(&error(6, &[]))), (Probe::Match, Probe::Match));
    assert_eq!(probe_stream(&framed(&response(13))), Probe::Match);
    assert_eq!(
        (probe(b"\x6a"), probe(b"\x30"), probe_stream(b"\0\0")),
        (Probe::NeedMore, Probe::NoMatch, Probe::NeedMore)
    );
    assert_eq!((probe(&ap_request()), probe_stream(b"\0\0\n")), (Probe::NoMatch, Probe::NoMatch));
    let message = request(12, &[]);
    for at in 0..message.len().min(16) {
        assert_ne!(probe(&message[..at]), Probe::NoMatch, "of {at}");
    }
}

#[test]
fn whatever_is_cut_or_changed_is_read_or_refused() {
    over_seeds("krb", fuzz::check);
}
