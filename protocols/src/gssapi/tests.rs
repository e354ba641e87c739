use super::*;
use crate::tests::over_seeds;

#[derive(Default)]
struct Told(Vec<String>);

impl Handler for Told {
    fn state(&mut self, state: u64) {
        self.0.push(format!("state {state}"));
    }

    fn ntlm(&mut self, message: &[u8]) {
        self.0.push(format!("ntlm {}", message.len()));
    }

    fn kerberos(&mut self, message: &[u8]) {
        self.0.push(format!("kerberos {}", String::from_utf8_lossy(message)));
    }
}

/// A tag, a length and a content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, content.len() as u8][..], content].concat()
}

fn told(message: &[u8]) -> Vec<String> {
    let mut told = Told::default();
    if let Err(broken) = read(message, &mut told) {
        told.0.push(broken.to_string());
    }
    told.0
}

fn init(token: &[u8]) -> Vec<u8> {
    let mechanisms = der(0xa0, &der(0x30, &der(6, b"\x2b\x06")));
    let token = der(0xa2, &der(4, token));
    let fields = der(0xa0, &der(0x30, &[mechanisms, token].concat()));
    der(0x60, &[der(6, b"\x2b\x06\x01\x05\x05\x02"), fields].concat())
}

fn response(state: u8, token: &[u8]) -> Vec<u8> {
    let state = der(0xa0, &der(10, &[state]));
    der(0xa1, &der(0x30, &[state, der(0xa2, &der(4, token))].concat()))
}

#[test]
fn tokens_of_mechanisms_are_found() {
    assert_eq!(told(&init(b"NTLMSSP\0more")), ["ntlm 12"]);
    let kerberos = der(0x60, &[&der(6, b"\x2a\x86")[..], b"\x01\0AP-REQ"].concat());
    assert_eq!(told(&init(&kerberos)), ["kerberos AP-REQ"]);
    assert_eq!(told(&init(b"\x4e\x54")), Vec::<String>::new());
    assert_eq!(told(&response(1, b"NTLMSSP\0")), ["state 1", "ntlm 8"]);
}

#[test]
fn tokens_of_established_contexts_say_nothing() {
    assert_eq!(told(b"\x04\x04\x00\xffwhatever"), Vec::<String>::new());
    assert_eq!(told(b"\x05\x04\x00\xffwhatever"), Vec::<String>::new());
}

#[test]
fn what_is_broken_is_told_after_what_came_before() {
    let mut bytes = response(0, b"NTLMSSP\0");
    bytes.truncate(bytes.len() - 1);
    let broken = "Binpac exception: binpac exception: out_of_bound: GSSAPI_NEG_TOKEN_RESP_Arg:args: 12 > 11";
    assert_eq!(told(&bytes), ["state 0", broken]);
    let broken = "Binpac exception: binpac exception: invalid index for case: GSSAPI_NEG_TOKEN_RESP_Arg: 9";
    assert_eq!(told(&der(0xa1, &der(0x30, &der(0xa9, b"")))), [broken]);
}

#[test]
fn whatever_is_cut_or_changed_is_read_or_refused() {
    over_seeds("gssapi", fuzz::check);
}
