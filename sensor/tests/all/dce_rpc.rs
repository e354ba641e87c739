//! DCE/RPC and NTLM over TCP, from a capture of Samba's to logs and scripts.

use crate::detect::each::{Run, detect};

const CAPTURE: &str = "dce-rpc";

fn run(args: &[&str]) -> Run {
    detect("../protocols/conn/community-id-logging", CAPTURE, args)
}

fn operations(run: &Run) -> Vec<String> {
    run.rows("dce_rpc").iter().map(|row| format!("{} {}", row["endpoint"], row["operation"])).collect()
}

#[test]
fn calls_are_found_on_whatever_port_they_are_served() {
    let run = run(&[]);
    let rows = run.rows("dce_rpc");
    let served: Vec<_> = rows.iter().filter(|row| row["id.resp_p"] != "135").collect();
    assert!(served.iter().any(|row| row["endpoint"] == "samr" && row["operation"] == "SamrConnect5"));
    assert!(rows.iter().any(|row| row["endpoint"] == "epmapper" && row["named_pipe"] == "135"));
    assert!(rows.iter().all(|row| row["rtt"] != "-"));
}

#[test]
fn operations_that_say_little_are_not_logged() {
    let all = operations(&run(&[]));
    let some =
        operations(&run(&["DCE_RPC::ignored_operations=table([\"samr\"] = set(\"SamrCloseHandle\"))"]));
    let without: Vec<_> = all.iter().filter(|name| *name != "samr SamrCloseHandle").cloned().collect();
    assert_eq!((without.len() < all.len(), some), (true, without));
    let none =
        run(&["DCE_RPC::ignored_operations=table([\"samr\"] = set(\"*\"), [\"epmapper\"] = set(\"*\"))"]);
    assert!(operations(&none).iter().all(|name| name.starts_with("srvsvc")));
}

#[test]
fn logins_say_who_and_whether() {
    let rows = run(&[]).rows("ntlm");
    assert!(rows.iter().all(|row| row["username"] == "root" && row["server_nb_computer_name"] == "ROOST"));
    let success: Vec<_> = rows.iter().map(|row| &row["success"][..]).collect();
    assert!(success.contains(&"T") && success.contains(&"-"), "a negotiation says so: {success:?}");
}

#[test]
fn scripts_see_calls_and_logins() {
    let script = "event dce_rpc_message(c: connection, is_orig: bool, fid: count, ptype_id: count, ptype: DCE_RPC::PType) {
        if ( ptype == DCE_RPC::BIND_ACK && is_orig ) print \"by the client\"; }
    event dce_rpc_bind(c: connection, fid: count, ctx_id: count, uuid: string, ver_major: count, ver_minor: count) {
        if ( c$id$resp_p == 135/tcp && ctx_id == 0 ) print \"bind\", fid, uuid_to_string(uuid), ver_major, ver_minor; }
    event dce_rpc_bind_ack(c: connection, fid: count, sec_addr: string) {
        if ( c$id$resp_p == 135/tcp ) print \"ack\", sec_addr; }
    event dce_rpc_request(c: connection, fid: count, ctx_id: count, opnum: count, stub_len: count) {
        if ( c$id$resp_p == 135/tcp ) print \"request\", ctx_id, opnum, stub_len, c$dce_rpc$endpoint; }
    event dce_rpc_request_stub(c: connection, fid: count, ctx_id: count, opnum: count, stub: string) {
        if ( c$id$resp_p == 135/tcp ) print \"stub\", |stub|; }
    event dce_rpc_response(c: connection, fid: count, ctx_id: count, opnum: count, stub_len: count) {
        if ( c$id$resp_p == 135/tcp ) print \"response\", ctx_id, opnum, stub_len, c$dce_rpc$operation; }
    event ntlm_authenticate(c: connection, request: NTLM::Authenticate) {
        print \"login\", request$user_name, request$flags$negotiate_unicode, c$ntlm$username; }
    event ntlm_challenge(c: connection, challenge: NTLM::Challenge) {
        print \"challenge\", challenge$target_name, challenge$target_info$nb_domain_name, challenge?$version; }
    event gssapi_neg_result(c: connection, state: count) { print \"state\", state, c$ntlm?$success; }";
    let printed = run(&["-e", script]).printed;
    let mut lines: Vec<_> = printed.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    let expected = [
        "ack, 135",
        "bind, 0, e1af8308-5d1f-11c9-91a4-08002b14a0fa, 3, 0",
        "challenge, ROOST, ROOST, T",
        "login, root, T, root",
        "request, 0, 3, 116, epmapper",
        "response, 0, 3, 128, ept_map",
        "state, 0, T",
        "state, 1, F",
        "stub, 116",
    ];
    assert_eq!(lines, expected);
}
