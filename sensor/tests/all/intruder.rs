//! What an intruder does in a domain: captures of real programs, and built ones where there are none.

use crate::build::{Capture, Client, Server, host, rows_with};
use crate::detect::each::{Run, detect};

/// Notes and their sources.
fn notes(run: &Run) -> Vec<(String, String)> {
    let mut notes: Vec<_> = run.notices().into_iter().map(|(note, from, _)| (note, from)).collect();
    notes.sort();
    notes
}

fn of_intruder(script: &str, args: &[&str]) -> Vec<(String, String)> {
    notes(&detect(script, "intruder", args))
}

fn by_client(names: &[&str]) -> Vec<(String, String)> {
    names.iter().map(|name| ((*name).to_owned(), "10.98.0.1".to_owned())).collect()
}

#[test]
fn tickets_that_passwords_are_guessed_from_are_told_of() {
    let script = "../protocols/krb/roasting";
    assert_eq!(of_intruder(script, &[]), by_client(&["ASREP_Roasting", "Kerberoasting"]));
    let run = detect(script, "intruder", &[]);
    assert_eq!(run.notice("Kerberoasting")["n"], "5");
    assert_eq!(run.notice("ASREP_Roasting")["sub"], "heron");
    let lax = ["KRBRoasting::services=7.0", "KRBRoasting::weak_users=3.0"];
    assert!(of_intruder(script, &lax).is_empty());
    assert!(of_intruder(script, &["KRBRoasting::ignore_clients={ 10.98.0.0/24 }"]).is_empty());
}

#[test]
fn a_client_that_tries_zerologon_is_told_of() {
    let script = "../protocols/dce-rpc/zerologon";
    assert_eq!(of_intruder(script, &[]), by_client(&["Zero_Challenge", "Zerologon"]));
    assert_eq!(of_intruder(script, &["NetlogonGuessing::attempts=30.0"]), by_client(&["Zero_Challenge"]));
}

#[test]
fn a_hash_in_place_of_a_password_leaves_signs() {
    let script = "../protocols/ntlm/pass-the-hash";
    assert_eq!(of_intruder(script, &[]), by_client(&["Admin_Share_By_NTLM", "Login_Without_Name"]));
    assert!(of_intruder(script, &["PassTheHash::ignore_users={ \"wren\" }"]).is_empty());
}

#[test]
fn services_and_programs_that_a_client_puts_on_servers_are_told_of() {
    let script = "../protocols/dce-rpc/lateral-movement";
    assert_eq!(of_intruder(script, &[]), by_client(&["Program_Copied", "Service_Created"]));
    assert!(of_intruder(script, &["LateralMovement::administrators={ 10.98.0.1/32 }"]).is_empty());
    let one = ["LateralMovement::servers=1.0"];
    assert!(of_intruder(script, &one).contains(&("Spreads".to_owned(), "10.98.0.1".to_owned())));
}

#[test]
fn passwords_that_are_tried_with_many_users_are_told_of() {
    let run = detect("../frameworks/auth-bruteforcing", "intruder", &[]);
    let rows = run.rows("notice");
    let spraying = |protocol: &str| {
        let told = format!("tries {protocol} passwords");
        rows.iter()
            .filter(|row| row["note"].ends_with("::Password_Spraying") && row["msg"].contains(&told))
            .count()
    };
    assert_eq!(["Kerberos", "NTLM", "LDAP"].map(spraying), [1, 1, 1], "{rows:#?}");
    let got_in = rows.iter().filter(|row| row["note"].ends_with("::Login_After_Guessing"));
    assert!(got_in.into_iter().any(|row| row["msg"].contains("as wren")), "{rows:#?}");
}

#[test]
fn guesses_over_telnet_are_told_of_and_so_is_the_one_that_is_right() {
    let run = detect("../frameworks/auth-bruteforcing", "telnet", &["AuthBruteforcing::guesses=3.0"]);
    let told: Vec<_> = notes(&run).into_iter().map(|(note, _)| note).collect();
    assert_eq!(told, ["Login_After_Guessing", "Password_Guessing"]);
    assert_eq!(run.notice("Login_After_Guessing")["sub"], "heron");
    assert!(
        detect("../frameworks/auth-bruteforcing", "telnet", &[]).rows("notice").is_empty(),
        "they are few"
    );
}

/// A call of an interface over TCP: the operation, and what it is given.
fn call(capture: &mut Capture, from: u8, uuid: [u8; 16], operation: u16, stub: &[u8]) {
    let pdu = |kind: u8, body: &[u8]| {
        let len = (16 + body.len() as u16).to_le_bytes();
        [&[5, 0, kind, 3, 0x10, 0, 0, 0][..], &len, &[0, 0, 1, 0, 0, 0], body].concat()
    };
    let syntax = [0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 8, 0, 0x2b, 0x10, 0x48, 0x60];
    let bind = [
        &[0xb8, 0x10, 0xb8, 0x10, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0][..],
        &uuid,
        &[1, 0, 0, 0],
        &syntax,
        &[2, 0, 0, 0],
    ];
    let ack = [
        &[0xb8, 0x10, 0xb8, 0x10, 1, 0, 0, 0, 4, 0][..],
        b"135\0",
        &[0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
        &syntax,
        &[2, 0, 0, 0],
    ];
    let request = [&(stub.len() as u32).to_le_bytes()[..], &[0, 0], &operation.to_le_bytes(), stub].concat();
    let mut talk =
        capture.talk_at(u64::from(from) * 1_000_000, host(1, 40_000 + u16::from(from)), host(from, 135));
    talk.handshake();
    talk.send(Client, &pdu(11, &bind.concat())).send(Server, &pdu(12, &ack.concat()));
    talk.send(Client, &pdu(0, &request)).send(Server, &pdu(2, &[4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    talk.close();
}

const SCHEDULER: [u8; 16] =
    [0x49, 0x59, 0xd3, 0x86, 0xc9, 0x83, 0x44, 0x40, 0xb4, 0x24, 0xdb, 0x36, 0x32, 0x31, 0xfd, 0x0c];

#[test]
fn a_client_that_makes_tasks_on_many_servers_spreads() {
    let mut capture = Capture::new();
    (2..5).for_each(|server| call(&mut capture, server, SCHEDULER, 1, b"a task"));
    let rows = rows_with(&capture, &["protocols/dce-rpc/lateral-movement"]);
    let notes: Vec<_> = rows.of("notice").iter().map(|row| row["note"].as_str().unwrap()).collect();
    let made = "LateralMovement::Task_Created";
    assert_eq!(notes, [made, made, made, "LateralMovement::Spreads"]);
}

#[test]
fn names_of_interfaces_and_operations_that_scripts_change_stand_in_the_log() {
    let mut capture = Capture::new();
    call(&mut capture, 2, SCHEDULER, 1, b"a task");
    call(&mut capture, 3, [7; 16], 99, b"something");
    let script =
        "redef DCE_RPC::uuid_endpoint_map += { [\"86d35949-83c9-4044-b424-db363231fd0c\"] = \"tasks\",
            [\"07070707-0707-0707-0707-070707070707\"] = \"own\" };
        redef DCE_RPC::operations += { [\"07070707-0707-0707-0707-070707070707\", 99] = \"Nest\" };
        event dce_rpc_request(c: connection, fid: count, ctx_id: count, opnum: count, stub_len: count)
            { print c$dce_rpc_state$uuid; }";
    let rows = rows_with(&capture, &["-e", script]);
    assert_eq!(
        rows.fields("dce_rpc", ["endpoint", "operation"]),
        [["tasks", "SchRpcRegisterTask"], ["own", "Nest"]]
    );
}

#[test]
fn a_station_that_never_wrote_to_a_controller_is_told_of() {
    let write = |function: u8| [0, 7, 0, 0, 0, 6, 1, function, 0, 1, 0, 1];
    let mut capture = Capture::new();
    for (second, from) in [(0, 1), (4_000, 1), (4_001, 9), (4_002, 9)] {
        let mut talk = capture.talk_at(second * 1_000_000, host(from, 40_000 + second as u16), host(2, 502));
        talk.handshake();
        talk.send(Client, &write(3)).send(Server, &[0, 7, 0, 0, 0, 5, 1, 3, 2, 0, 1]);
        talk.send(Client, &write(6)).send(Server, &write(6));
        talk.close();
    }
    let rows = |args: &[&str]| {
        let rows = rows_with(&capture, &[&["detect/controller-writes"], args].concat());
        rows.fields("notice", ["note", "src", "sub"])
    };
    let expected = ["ControllerWrites::New_Writer", "10.0.0.9", "WRITE_SINGLE_REGISTER"];
    assert_eq!(rows(&["ControllerWrites::learning=1hr"]), [expected]);
    assert!(rows(&[]).is_empty(), "it is still learned");
    let known = "ControllerWrites::writers={ [10.0.0.9/32, 10.0.0.0/24] }";
    assert!(rows(&["ControllerWrites::learning=1hr", known]).is_empty());
}
