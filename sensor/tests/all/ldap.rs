//! What `pcaps/ldap.pcap` does not have: events, options, CLDAP, weirds, and what is held.

use crate::build::{Capture, Client, Server, Talk, host, printed, rows, rows_with};

/// A value with its tag and length.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
}

fn message(id: u8, operation: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &[tlv(2, &[id]), tlv(operation, &parts.concat())].concat())
}

fn bind(id: u8, name: &[u8], auth: u8, content: &[u8]) -> Vec<u8> {
    message(id, 0x60, &[tlv(2, &[3]), tlv(4, name), tlv(auth, content)])
}

fn search(id: u8, attribute: &[u8], value: &[u8]) -> Vec<u8> {
    let (scope, never, none) = (tlv(10, &[2]), tlv(10, &[0]), tlv(2, &[0]));
    let filter = tlv(0xa3, &[tlv(4, attribute), tlv(4, value)].concat());
    let wanted = tlv(0x30, &[tlv(4, b"cn"), tlv(4, b"mail")].concat());
    message(id, 0x63, &[tlv(4, b"dc=x"), scope, never, none.clone(), none, tlv(1, &[0xff]), filter, wanted])
}

fn done(id: u8, operation: u8, code: u8) -> Vec<u8> {
    message(id, operation, &[tlv(10, &[code]), tlv(4, b"dc=x"), tlv(4, b"")])
}

fn entry(id: u8, name: &[u8]) -> Vec<u8> {
    message(id, 0x64, &[tlv(4, name), tlv(0x30, b"")])
}

fn session(talk: &mut Talk<'_>, len: usize) {
    talk.send_in(Client, len, &bind(1, b"cn=a", 0x80, b"pw")).send_in(Server, len, &done(1, 0x61, 0));
    talk.send_in(Client, len, &search(2, b"uid", b"x"));
    talk.send_in(Server, len, &[entry(2, b"cn=b"), entry(2, b"cn=c"), done(2, 0x65, 0)].concat());
    talk.send_in(Client, len, &message(3, 0x77, &[tlv(0x80, b"1.3.6.1.4.1.4203.1.11.3"), tlv(0x81, b"v")]));
    let answer = [tlv(10, &[0]), tlv(4, b""), tlv(4, b""), tlv(0x8b, b"dn:cn=a")];
    talk.send_in(Server, len, &message(3, 0x78, &answer));
    talk.send_in(Client, len, &message(4, 0x42, &[])).close();
}

/// A connection to the port of directories.
fn one(tell: impl FnOnce(&mut Talk<'_>)) -> Capture {
    let mut capture = Capture::new();
    tell(&mut capture.talk(40_000, 389));
    capture
}

/// A session on a port that is nobody's.
fn capture(len: usize) -> Capture {
    let mut capture = Capture::new();
    session(&mut capture.talk(40_000, 4000), len);
    capture
}

#[test]
fn ldap_is_found_and_the_same_however_its_bytes_are_cut() {
    for len in [1400, 1, 3] {
        let rows = rows(&capture(len));
        assert_eq!(rows.only("conn")["service"], "ldap_tcp", "{len}");
        let requests = rows.fields("ldap", ["message_id", "opcode", "result", "object", "argument"]);
        let text = serde_json::to_string(&requests).unwrap();
        assert_eq!(
            text,
            r#"[[1,"bind simple","success","cn=a","REDACTED"],[3,"extended","success","1.3.6.1.4.1.4203.1.11.3 (whoami)",null],[4,"unbind",null,null,null]]"#
        );
        let search = rows.only("ldap_search");
        assert_eq!((&search["filter"], &search["result_count"]), (&"(uid=x)".into(), &2.into()));
    }
}

#[test]
fn ldap_events_tell_every_message() {
    let script = "event LDAP::message(c: connection, message_id: int, opcode: LDAP::ProtocolOpcode, result: LDAP::ResultCode,
                matched_dn: string, diagnostic_message: string, object: string, argument: string)
            { print message_id, opcode, LDAP::PROTOCOL_OPCODES[opcode], result, matched_dn, object, argument; }
        event LDAP::bind_request(c: connection, message_id: int, version: int, name: string, auth_type: LDAP::BindAuthType,
                auth_info: string)
            { print version, name, auth_type, auth_info; }
        event LDAP::search_request(c: connection, message_id: int, base_object: string, scope: LDAP::SearchScope,
                deref: LDAP::SearchDerefAlias, size_limit: int, time_limit: int, types_only: bool, filter: string,
                attributes: vector of string)
            { print base_object, scope, deref, types_only, filter, attributes; }
        event LDAP::search_result_entry(c: connection, message_id: int, object_name: string) { print object_name; }
        event LDAP::extended_request(c: connection, message_id: int, request_name: string, request_value: string)
            { print LDAP::EXTENDED_REQUESTS[request_name], request_value; }
        event LDAP::extended_response(c: connection, message_id: int, result: LDAP::ResultCode, response_name: string,
                response_value: string)
            { print LDAP::RESULT_CODES[result], response_name, response_value; }
        event LDAP::log_ldap(rec: LDAP::MessageInfo) { print rec$opcode; }
        event LDAP::log_ldap_search(rec: LDAP::SearchInfo) { print rec$filter; }";
    let want = "3, cn=a, LDAP::BindAuthType_BIND_AUTH_SIMPLE, pw\n\
        1, LDAP::ProtocolOpcode_BIND_REQUEST, bind, LDAP::ResultCode_Undef, , cn=a, pw\n\
        1, LDAP::ProtocolOpcode_BIND_RESPONSE, bind, LDAP::ResultCode_SUCCESS, dc=x, , \nbind simple\n\
        dc=x, LDAP::SearchScope_SEARCH_TREE, LDAP::SearchDerefAlias_DEREF_NEVER, T, (uid=x), [cn, mail]\n\
        2, LDAP::ProtocolOpcode_SEARCH_REQUEST, search, LDAP::ResultCode_Undef, , dc=x, SearchScope::SEARCH_TREE\n\
        cn=b\n2, LDAP::ProtocolOpcode_SEARCH_RESULT_ENTRY, search, LDAP::ResultCode_Undef, , cn=b, \n\
        cn=c\n2, LDAP::ProtocolOpcode_SEARCH_RESULT_ENTRY, search, LDAP::ResultCode_Undef, , cn=c, \n\
        2, LDAP::ProtocolOpcode_SEARCH_RESULT_DONE, search, LDAP::ResultCode_SUCCESS, dc=x, , \n(uid=x)\n\
        whoami, v\n\
        3, LDAP::ProtocolOpcode_EXTENDED_REQUEST, extended, LDAP::ResultCode_Undef, , 1.3.6.1.4.1.4203.1.11.3, \n\
        success, , dn:cn=a\n3, LDAP::ProtocolOpcode_EXTENDED_RESPONSE, extended, LDAP::ResultCode_SUCCESS, , , \nextended\n\
        4, LDAP::ProtocolOpcode_UNBIND_REQUEST, unbind, LDAP::ResultCode_Undef, , , \nunbind\n";
    assert_eq!(printed(&capture(1400), &[], script)[0], want);
}

#[test]
fn ldap_passwords_and_attributes_are_logged_where_that_is_wanted() {
    let options = ["LDAP::default_capture_password=T", "LDAP::default_log_search_attributes=T"];
    let rows = rows_with(&capture(1400), &options);
    assert_eq!(rows.of("ldap")[0]["argument"], "pw");
    assert_eq!(rows.only("ldap_search")["attributes"], serde_json::json!(["cn", "mail"]));
}

#[test]
fn ldap_is_read_over_udp() {
    let mut capture = Capture::new();
    capture.udp(0, host(1, 40_000), host(2, 389), &search(1, b"NtVer", b"\x16\0\0\0")).udp(
        20,
        host(2, 389),
        host(1, 40_000),
        &[entry(1, b""), done(1, 0x65, 0)].concat(),
    );
    let rows = rows(&capture);
    assert_eq!(rows.only("conn")["service"], "ldap_udp");
    let search = rows.only("ldap_search");
    assert_eq!((&search["filter"], &search["result_count"]), (&"(NtVer=0x00000016)".into(), &1.into()));
}

#[test]
fn what_does_not_fit_what_was_said_before_is_weird() {
    let capture = one(|talk| {
        talk.send(Client, &search(1, b"a", b"1")).send(Client, &search(1, b"a", b"2"));
        talk.send(Client, &bind(2, b"cn=a", 0x80, b"")).send(Client, &bind(2, b"cn=b", 0x85, b""));
        talk.send(Server, &done(3, 0x61, 0)).close();
    });
    let rows = rows(&capture);
    let told: Vec<String> =
        rows.of("weird").iter().map(|row| format!("{} {}", row["name"], row["addl"])).collect();
    let want = [
        r#""LDAP_search_filter_change" "1: (a=1) -> (a=2)""#,
        r#""LDAP_bind_opcode_already_set" "bind simple""#,
        r#""LDAP_unknown_auth_type" "LDAP::BindAuthType_Undef""#,
        r#""LDAP_message_object_change" "2: cn=a -> cn=b""#,
        r#""LDAP_bind_without_opcode" "3: bind""#,
    ];
    assert_eq!(told, want);
    // What is never answered is logged in the end.
    assert_eq!(rows.fields("ldap_search", ["filter", "result"]), [["(a=2)".into(), serde_json::Value::Null]]);
}

#[test]
fn ldap_requests_that_are_never_answered_do_not_pile_up() {
    let capture = one(|talk| {
        for at in 0..6000_u32 {
            let [.., high, low] = at.to_be_bytes();
            let id = tlv(2, &[1, high, low]);
            let modify = tlv(0x66, &[tlv(4, &[b'x'; 80]), tlv(0x30, b"")].concat());
            talk.send(Client, &tlv(0x30, &[id, modify].concat()));
        }
    });
    let [_, told] = printed(&capture, &[], "");
    assert!(
        told.contains("LDAP requests logged before they were answered because too many waited"),
        "{told}"
    );
    assert_eq!(rows(&capture).of("ldap").len(), 6000);
}
