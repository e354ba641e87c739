use super::{Handler, Kind, Limits, Mail};

/// What a mail told, as texts; content that follows content is joined.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Handler for Recorder {
    fn begin_entity(&mut self) {
        self.0.push("{".to_owned());
    }

    fn header(&mut self, name: &[u8], value: &[u8]) {
        self.0.push(format!("{}={}", name.escape_ascii(), value.escape_ascii()));
    }

    fn headers_done(&mut self) {
        self.0.push("|".to_owned());
    }

    fn content(&mut self, data: &[u8]) {
        let text = data.escape_ascii().to_string();
        match self.0.last_mut().filter(|last| last.starts_with('\'')) {
            Some(last) => last.push_str(&text),
            None => self.0.push(format!("'{text}")),
        }
    }

    fn end_entity(&mut self) {
        self.0.push("}".to_owned());
    }

    fn flaw(&mut self, _: Kind, detail: &str) {
        self.0.push(format!("! {detail}"));
    }

    fn mime_weird(&mut self, name: &'static str, addl: &str) {
        self.0.push(format!("!! {name} {addl}"));
    }
}

fn trace_with(limits: Limits, lines: &[&str]) -> Vec<String> {
    let mut trace = Recorder::default();
    let mut mail = Mail::begin(limits, &mut trace);
    lines.iter().for_each(|line| mail.line(line.as_bytes(), true, &mut trace));
    mail.end(&mut trace);
    trace.0
}

fn trace(lines: &[&str]) -> String {
    trace_with(Limits::default(), lines).join(" ")
}

#[test]
fn a_mail_has_headers_and_a_body() {
    assert_eq!(
        trace(&["From: a@b", "Subject: x", "\ty", "", "Hello", "."]),
        "{ From=a@b Subject=x\\ty | 'Hello\\r\\n.\\r\\n }"
    );
    assert_eq!(trace(&["From: a"]), "{ From=a | ! entity body missing }");
    assert_eq!(trace(&[" From: a", ""]), "{ ! first header line starts with linear whitespace From=a | }");
    assert_eq!(trace(&["no header", ""]), "{ | }");
}

#[test]
fn parts_are_entities_and_the_line_end_before_a_boundary_is_none_of_their_content() {
    let lines = [
        "Content-Type: multipart/mixed; boundary=\"x\"",
        "",
        "preamble",
        "--x",
        "",
        "one",
        "",
        "two",
        "--x",
        "Content-Type: text/html",
        "",
        "<b>",
        "--x--",
        "epilogue",
    ];
    let head = r#"{ Content-Type=multipart/mixed; boundary=\"x\" |"#;
    assert_eq!(
        trace(&lines),
        format!("{head} {{ | 'one\\r\\n\\r\\ntwo }} {{ Content-Type=text/html | '<b> }} }}")
    );
}

#[test]
fn parts_have_parts_and_mails_are_parts() {
    let lines = [
        "Content-Type: multipart/mixed; boundary=x",
        "",
        "--x",
        "Content-Type: multipart/alternative; boundary=y",
        "",
        "--y",
        "",
        "a",
        "--y--",
        "between",
        "--x",
        "Content-Type: message/rfc822",
        "",
        "Subject: in",
        "",
        "b",
        "--x--",
    ];
    let want = "{ Content-Type=multipart/mixed; boundary=x | { Content-Type=multipart/alternative; boundary=y | \
                { | 'a } } { Content-Type=message/rfc822 | { Subject=in | 'b\\r\\n } } }";
    assert_eq!(trace(&lines), want);
    let open = trace(&lines[..8]);
    assert!(
        open.ends_with(
            "{ | 'a } ! multipart closing boundary delimiter missing } ! multipart closing boundary \
                            delimiter missing }"
        ),
        "{open}"
    );
}

#[test]
fn content_is_decoded() {
    let quoted = ["Content-Transfer-Encoding: quoted-printable", "", "a=3D=", "b =zz\x01 "];
    let want = "'a= ! = is not followed by two hexadecimal digits in quoted-printable encoding ! control characters in \
                quoted-printable encoding: 1 'b =zz\\x01\\r\\n }";
    assert!(trace(&quoted).ends_with(want), "{}", trace(&quoted));
    let base64 = ["Content-Transfer-Encoding: base64", "", "SGVs", "bG8", "hIQ"];
    let want = "'Hello! !! base64_illegal_encoding incomplete base64 group, padding with 12 bits of 0 '! }";
    assert!(trace(&base64).ends_with(want), "{}", trace(&base64));
}

#[test]
fn parts_in_parts_have_an_end() {
    let limits = Limits { max_depth: 1, ..Limits::default() };
    let lines = [
        "Content-Type: multipart/mixed; boundary=x",
        "",
        "--x",
        "Content-Type: multipart/mixed; boundary=y",
        "",
        "--y",
        "",
        "lost",
        "--x--",
    ];
    let trace = trace_with(limits, &lines);
    assert!(trace.contains(&"!! exceeded_mime_max_depth 1".to_owned()), "{trace:?}");
    assert!(!trace.iter().any(|line| line.contains("lost")));
}

#[test]
fn headers_have_an_end() {
    let limits = Limits { max_header: 10, ..Limits::default() };
    let trace = trace_with(limits, &["A: 12345678", " 9", " 0", ""]);
    assert_eq!(
        trace,
        [
            "{",
            "!! exceeded_mime_max_header_bytes 11",
            "!! exceeded_mime_max_header_bytes 11",
            "A=12345678",
            "|",
            "}"
        ]
    );
}
