//! modbus.log, its events and policies, end to end.

use crate::build::{Capture, Client, Server, printed, rows_with};
use crate::replay::golden;

fn message(function: u8, body: &[u8]) -> Vec<u8> {
    [&[0, 7, 0, 0, 0, body.len() as u8 + 2, 1, function][..], body].concat()
}

/// Registers are read, and read again after one has changed; a coil is written, and something refused.
fn session() -> Capture {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 502);
    talk.send(Client, &message(3, &[0, 9, 0, 2]))
        .send(Server, &message(3, &[4, 0, 1, 0, 2]))
        .send(Client, &message(3, &[0, 9, 0, 2]))
        .send(Server, &message(3, &[4, 0, 1, 0, 5]))
        .send(Client, &message(5, &[0, 1, 0xff, 0]))
        .send(Server, &message(5, &[0, 1, 0xff, 0]))
        .send(Client, &message(0x10, &[0, 1, 0, 1, 2, 0, 9]))
        .send(Server, &message(0x90, &[2]))
        .close();
    capture
}

#[test]
fn modbus_gives_its_golden_logs() {
    let mut capture = session();
    let mut talk = capture.talk(40_001, 502);
    talk.send(Client, b"GET / HTTP/1.1\r\n\r\n").close();
    golden::check("modbus", &capture);
}

#[test]
fn scripts_see_functions() {
    let script = "event modbus_read_holding_registers_response(c: connection, headers: ModbusHeaders, registers: ModbusRegisters)
        { print headers$tid, headers$function_code, registers, c$modbus$pdu_type; }
    event modbus_write_single_coil_request(c: connection, headers: ModbusHeaders, address: count, value: bool)
        { print address, value; }
    event modbus_exception(c: connection, headers: ModbusHeaders, code: count)
        { print Modbus::exception_codes[code], c$modbus$exception; }";
    let expected =
        "7, 3, [1, 2], RESP\n7, 3, [1, 5], RESP\n1, T\nILLEGAL_DATA_ADDRESS, ILLEGAL_DATA_ADDRESS\n";
    assert_eq!(printed(&session(), &[], script)[0], expected);
}

#[test]
fn policies_know_who_speaks_it_and_which_registers_change() {
    let scripts = ["protocols/modbus/known-masters-slaves", "protocols/modbus/track-memmap"];
    let rows = rows_with(&session(), &scripts);
    assert_eq!(
        rows.fields("known_modbus", ["host", "device_type"]),
        [["10.0.0.1", "Known::MODBUS_MASTER"], ["10.0.0.2", "Known::MODBUS_SLAVE"]]
    );
    let changed = rows.only("modbus_register_change");
    let numbers = ["register", "old_val", "new_val"].map(|field| changed[field].as_u64());
    assert_eq!(numbers, [Some(11), Some(2), Some(5)]);
}
