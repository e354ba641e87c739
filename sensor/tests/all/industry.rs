//! S7comm, EtherNet/IP and BACnet, end to end: what controllers and what runs buildings are told.

use crate::build::{Capture, Client, Server, host, printed, rows};

fn tpkt(cotp: &[u8], carried: &[u8]) -> Vec<u8> {
    let len = (4 + cotp.len() + carried.len()) as u16;
    [&[3, 0][..], &len.to_be_bytes(), cotp, carried].concat()
}

/// A message of S7comm: its kind, its number, what went wrong, parameters and data.
fn s7(rosctr: u8, reference: u16, error: &[u8], parameters: &[u8], carried: &[u8]) -> Vec<u8> {
    let lens = [(parameters.len() as u16).to_be_bytes(), (carried.len() as u16).to_be_bytes()].concat();
    let message =
        [&[0x32, rosctr, 0, 0][..], &reference.to_le_bytes(), &lens, error, parameters, carried].concat();
    tpkt(&[2, 0xf0, 0x80], &message)
}

/// A controller is asked what it is, a variable is written, and it is stopped.
fn controller(port: u16) -> Capture {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, port);
    let list = [0xff, 9, 0, 4, 0, 0x1c, 0, 1];
    let control = [&[0x28, 0, 0, 0, 0, 0, 0, 0xfd, 0, 0, 9][..], b"P_PROGRAM"].concat();
    talk.send(Client, &tpkt(&[17, 0xe0, 0, 0, 0, 1, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2], &[]))
        .send(Server, &tpkt(&[17, 0xd0, 0, 1, 0, 2, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2], &[]))
        .send(Client, &s7(7, 1, &[], &[0, 1, 0x12, 4, 0x11, 0x44, 1, 0], &list))
        .send_in(Server, 7, &s7(7, 1, &[], &[0, 1, 0x12, 8, 0x12, 0x84, 1, 0, 0, 0, 0xd2, 9], &list))
        .send(Client, &s7(1, 2, &[], &[5, 1], &[0, 4, 0, 1, 1]))
        .send(Server, &s7(3, 2, &[0, 0], &[5, 1], &[0xff]))
        .send(Client, &s7(1, 3, &[], &control, &[]))
        .send(Client, &tpkt(&[2, 0xf0, 0x80], &[0x72, 1, 0, 7, 0x31, 0, 0, 4, 0xca, 0, 0]))
        .close();
    capture
}

#[test]
fn what_controllers_are_told_in_s7comm_is_logged_on_whatever_port() {
    for port in [102, 4102] {
        let rows = rows(&controller(port));
        let fields = ["rosctr_name", "function_name", "subfunction_name", "error_class"];
        let null = serde_json::Value::Null;
        let told = rows.fields("s7comm", fields);
        assert_eq!(told[0][..3], ["User-Data", "Request: CPU Functions", "Read SZL"], "{port}");
        assert_eq!(told[1], ["User-Data", "Response: CPU Functions", "Read SZL", "Parameter Error"]);
        assert_eq!(told[2], ["Job-Request".into(), "Write Variable".into(), null.clone(), null.clone()]);
        assert_eq!(told[3], ["ACK-Data".into(), "Write Variable".into(), null.clone(), "No error".into()]);
        assert_eq!(told[4][..3], ["Job-Request", "PLC Control", "PLC Start / Stop"]);
        assert_eq!(rows.of("s7comm")[1]["error_code"], "0xd209");
        assert_eq!(rows.only("s7comm_plus")["function_name"], "CreateObject");
        assert_eq!(rows.only("conn")["service"], "s7comm");
    }
}

#[test]
fn scripts_hear_of_s7comm() {
    let script = "event s7comm_header(c: connection, is_orig: bool, rosctr: count, pdu_reference: count, function_code: count,
            subfunction: count, plc_control: string, error_class: count, error_code: count)
        { if ( plc_control != \"\" ) print plc_control, pdu_reference; }
    event s7comm_read_szl(c: connection, pdu_reference: count, method: count, return_code: count, szl_id: count, szl_index: count)
        { print fmt(\"%04x\", szl_id), method; }";
    assert_eq!(printed(&controller(102), &[], script)[0], "001c, 4\n001c, 8\nP_PROGRAM, 3\n");
}

fn enip(command: u16, data: &[u8]) -> Vec<u8> {
    let (command, len) = (command.to_le_bytes(), (data.len() as u16).to_le_bytes());
    [&command[..], &len, &[1, 0, 2, 0x11, 0, 0, 0, 0], b"a sender", &[0; 4], data].concat()
}

fn connected(cip: &[u8]) -> Vec<u8> {
    let len = (cip.len() as u16 + 2).to_le_bytes();
    let items = [&[0, 0, 0, 0, 0, 0, 2, 0, 0xa1, 0, 4, 0, 9, 9, 9, 9, 0xb1, 0][..], &len, &[0x89, 7], cip];
    enip(0x70, &items.concat())
}

#[test]
fn what_devices_are_told_in_cip_is_logged() {
    let (get, set) = ([0x0e, 3, 0x20, 1, 0x24, 1, 0x30, 7], [0x10, 3, 0x20, 0x0f, 0x25, 0, 1, 2]);
    let several = [&[0x0a, 2, 0x20, 2, 0x24, 1, 2, 0, 6, 0, 14, 0][..], &get, &set].concat();
    let answers = [0x8a, 0, 0, 0, 2, 0, 6, 0, 10, 0, 0x8e, 0, 0, 0, 0x90, 0, 5, 1, 2, 1];
    let mut identity = [&[1, 0, 0x0c, 0, 39, 0, 1, 0, 0, 2, 0xaf, 0x12, 10, 0, 0, 2][..], &[0; 8]].concat();
    identity.extend([
        1, 0, 0x0e, 0, 54, 0, 20, 11, 0x60, 0x31, 0x6c, 6, 0x1c, 0, 5, b'o', b'w', b'l', b'-', b'1', 3,
    ]);
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 44_818);
    talk.send(Client, &enip(0x65, &[1, 0, 0, 0]))
        .send_in(Client, 5, &connected(&several))
        .send(Server, &connected(&answers))
        .close();
    capture.udp(9_000, host(1, 40_000), host(2, 44_818), &enip(0x63, &[]));
    capture.udp(9_100, host(2, 44_818), host(1, 40_000), &enip(0x63, &identity));
    let rows = rows(&capture);
    assert_eq!(
        rows.fields("enip", ["enip_command", "session_handle"])
            .iter()
            .map(|row| row[0].clone())
            .collect::<Vec<_>>(),
        ["Register Session", "Send Unit Data", "Send Unit Data", "List Identity", "List Identity"]
    );
    let cip = rows.fields("cip", ["direction", "cip_service"]);
    let (asks, answers) = (&cip[..3], &cip[3..]);
    assert!(asks.iter().all(|row| row[0] == "request") && answers.iter().all(|row| row[0] == "response"));
    let services: Vec<_> = asks.iter().map(|row| row[1].clone()).collect();
    assert_eq!(services, ["Multiple Service Packet", "Get Attribute Single", "Set Attribute Single"]);
    assert_eq!(
        (&rows.of("cip")[2]["class_name"], &rows.of("cip")[2]["instance_id"]),
        (&"Parameter".into(), &"0x201".into())
    );
    assert_eq!(rows.of("cip")[5]["cip_status"], "Path Destination Unknown");
    let device = rows.only("cip_identity");
    assert_eq!((&device["product_name"], &device["revision"]), (&"owl-1".into(), &"20.11".into()));
    assert_eq!(device["device_type_name"], "Programmable Logic Controller");
    assert!(rows.fields("conn", ["service"]).iter().all(|row| row[0] == "enip"));
}

#[test]
fn what_runs_buildings_is_logged() {
    let unicast =
        |apdu: &[u8]| [&[0x81, 0x0a][..], &(apdu.len() as u16 + 6).to_be_bytes(), &[1, 4], apdu].concat();
    let (station, device) = (host(1, 47_808), host(2, 47_808));
    let mut capture = Capture::new();
    let set = [0, 4, 8, 15, 0x0c, 0, 0x80, 0, 1, 0x19, 85, 0x3e, 0x44, 0x42, 0x20, 0, 0, 0x3f, 0x49, 8];
    capture
        .udp(100, station, device, &unicast(&[0x10, 8, 0x09, 5, 0x1a, 1, 0]))
        .udp(200, device, station, &unicast(&[0x10, 0, 0xc4, 2, 0, 0, 2, 0x22, 4, 0, 0x91, 3, 0x21, 15]))
        .udp(300, station, device, &unicast(&set))
        .udp(400, device, station, &unicast(&[0x50, 8, 15, 0x91, 2, 0x91, 40]));
    let rows = rows(&capture);
    let null = serde_json::Value::Null;
    assert_eq!(
        rows.fields("bacnet", ["pdu_type", "pdu_service", "result_code"]),
        [
            ["UNCONFIRMED_REQUEST".into(), "who_is".into(), null.clone()],
            ["UNCONFIRMED_REQUEST".into(), "i_am".into(), null.clone()],
            ["CONFIRMED_REQUEST".into(), "write_property".into(), null.clone()],
            ["ERROR".into(), "write_property".into(), "write_access_denied".into()],
        ]
    );
    assert_eq!(rows.of("bacnet_discovery")[0]["range"], "5-256");
    assert_eq!(rows.of("bacnet_discovery")[1]["object_type"], "device");
    let written = rows.only("bacnet_property");
    assert_eq!(
        ["object_type", "property", "value"].map(|field| &written[field]),
        ["analog_value", "present_value", "40"]
    );
    assert_eq!(rows.only("conn")["service"], "bacnet");
}
