//! Modbus's events and their arguments.

use nightjar_protocols::modbus::{self, Body};

use crate::event::{ArgType, Argument, Conn, Event, Part, arg_records, events, lists};

events! { [crate::analyze::first::modbus]
    /// A message, whatever its function.
    pub struct ModbusMessage: "modbus_message" { c: Conn, headers: Headers, is_orig: bool, }
    /// A refusal.
    pub struct ModbusException: "modbus_exception" { c: Conn, headers: Headers, code: u8, }
    /// Coils are to be read (Modbus Application Protocol §6.1).
    pub struct ReadCoilsRequest: "modbus_read_coils_request" {
        c: Conn, headers: Headers, start_address: u16, quantity: u16,
    }
    /// Their values.
    pub struct ReadCoilsResponse<'a>: "modbus_read_coils_response" { c: Conn, headers: Headers, coils: Coils<'a>, }
    /// Inputs are to be read (§6.2).
    pub struct ReadInputsRequest: "modbus_read_discrete_inputs_request" {
        c: Conn, headers: Headers, start_address: u16, quantity: u16,
    }
    /// Their values.
    pub struct ReadInputsResponse<'a>: "modbus_read_discrete_inputs_response" {
        c: Conn, headers: Headers, coils: Coils<'a>,
    }
    /// Holding registers are to be read (§6.3).
    pub struct ReadHoldingRequest: "modbus_read_holding_registers_request" {
        c: Conn, headers: Headers, start_address: u16, quantity: u16,
    }
    /// Their values.
    pub struct ReadHoldingResponse<'a>: "modbus_read_holding_registers_response" {
        c: Conn, headers: Headers, registers: Registers<'a>,
    }
    /// Input registers are to be read (§6.4).
    pub struct ReadInputRequest: "modbus_read_input_registers_request" {
        c: Conn, headers: Headers, start_address: u16, quantity: u16,
    }
    /// Their values.
    pub struct ReadInputResponse<'a>: "modbus_read_input_registers_response" {
        c: Conn, headers: Headers, registers: Registers<'a>,
    }
    /// A coil is to be written (§6.5).
    pub struct WriteCoilRequest: "modbus_write_single_coil_request" {
        c: Conn, headers: Headers, address: u16, value: bool,
    }
    /// It was.
    pub struct WriteCoilResponse: "modbus_write_single_coil_response" {
        c: Conn, headers: Headers, address: u16, value: bool,
    }
    /// A register is to be written (§6.6).
    pub struct WriteRegisterRequest: "modbus_write_single_register_request" {
        c: Conn, headers: Headers, address: u16, value: u16,
    }
    /// It was.
    pub struct WriteRegisterResponse: "modbus_write_single_register_response" {
        c: Conn, headers: Headers, address: u16, value: u16,
    }
    /// Coils are to be written (§6.11).
    pub struct WriteCoilsRequest<'a>: "modbus_write_multiple_coils_request" {
        c: Conn, headers: Headers, start_address: u16, coils: Coils<'a>,
    }
    /// They were.
    pub struct WriteCoilsResponse: "modbus_write_multiple_coils_response" {
        c: Conn, headers: Headers, start_address: u16, quantity: u16,
    }
    /// Registers are to be written (§6.12).
    pub struct WriteRegistersRequest<'a>: "modbus_write_multiple_registers_request" {
        c: Conn, headers: Headers, start_address: u16, registers: Registers<'a>,
    }
    /// They were.
    pub struct WriteRegistersResponse: "modbus_write_multiple_registers_response" {
        c: Conn, headers: Headers, start_address: u16, quantity: u16,
    }
    /// Records of files are to be read (§6.14).
    pub struct ReadFileRequest<'a>: "modbus_read_file_record_request" {
        c: Conn, headers: Headers, byte_count: u8, refs: FileRequests<'a>,
    }
    /// What stands in them.
    pub struct ReadFileResponse<'a>: "modbus_read_file_record_response" {
        c: Conn, headers: Headers, byte_count: u8, refs: FileResponses<'a>,
    }
    /// Records of files are to be written (§6.15).
    pub struct WriteFileRequest<'a>: "modbus_write_file_record_request" {
        c: Conn, headers: Headers, byte_count: u8, refs: FileReferences<'a>,
    }
    /// They were.
    pub struct WriteFileResponse<'a>: "modbus_write_file_record_response" {
        c: Conn, headers: Headers, byte_count: u8, refs: FileReferences<'a>,
    }
    /// Bits of a register are to be cleared and set (§6.16).
    pub struct MaskWriteRequest: "modbus_mask_write_register_request" {
        c: Conn, headers: Headers, address: u16, and_mask: u16, or_mask: u16,
    }
    /// They were.
    pub struct MaskWriteResponse: "modbus_mask_write_register_response" {
        c: Conn, headers: Headers, address: u16, and_mask: u16, or_mask: u16,
    }
    /// Registers are to be written, and others to be read (§6.17).
    pub struct ReadWriteRequest<'a>: "modbus_read_write_multiple_registers_request" {
        c: Conn, headers: Headers, read_start_address: u16, read_quantity: u16, write_start_address: u16,
        write_registers: Registers<'a>,
    }
    /// The values of those that were read.
    pub struct ReadWriteResponse<'a>: "modbus_read_write_multiple_registers_response" {
        c: Conn, headers: Headers, written_registers: Registers<'a>,
    }
    /// A queue is to be read (§6.18).
    pub struct FifoRequest: "modbus_read_fifo_queue_request" { c: Conn, headers: Headers, start_address: u16, }
    /// What stands in it.
    pub struct FifoResponse<'a>: "modbus_read_fifo_queue_response" {
        c: Conn, headers: Headers, fifos: Registers<'a>,
    }
    /// The device is to be tested (§6.8).
    pub struct DiagnosticsRequest<'a>: "modbus_diagnostics_request" {
        c: Conn, headers: Headers, subfunction: u16, data: &'a [u8],
    }
    /// How that went.
    pub struct DiagnosticsResponse<'a>: "modbus_diagnostics_response" {
        c: Conn, headers: Headers, subfunction: u16, data: &'a [u8],
    }
    /// Another protocol in this one, such as the device's identification (§6.19).
    pub struct EncapsulatedRequest<'a>: "modbus_encap_interface_transport_request" {
        c: Conn, headers: Headers, mei_type: u16, data: &'a [u8],
    }
    /// Its answer.
    pub struct EncapsulatedResponse<'a>: "modbus_encap_interface_transport_response" {
        c: Conn, headers: Headers, mei_type: u16, data: &'a [u8],
    }
}

arg_records! {
    /// What a message begins with.
    pub struct Headers: "ModbusHeaders" {
        tid: u16,
        pid: u16,
        uid: u8,
        function_code: u8,
        len: u16,
    }
    /// A record of a file that is to be read.
    pub struct FileRequest: "ModbusFileRecordRequest" {
        ref_type: u8,
        file_num: u16,
        record_num: u16,
        record_len: u16,
    }
    /// A record of a file that was read.
    pub struct FileResponse<'a>: "ModbusFileRecordResponse" {
        file_len: u16,
        ref_type: u8,
        record_data: &'a [u8],
    }
    /// A record of a file that is written.
    pub struct FileReference<'a>: "ModbusFileReference" {
        ref_type: u8,
        file_num: u16,
        record_num: u16,
        record_len: u16,
        record_data: &'a [u8],
    }
}

lists! {
    /// Coils or inputs, and how many of the bits they are.
    Coils((&'a [u8], usize)) as ArgType::Alias("ModbusCoils", &ArgType::Vector(&<bool as Argument>::TYPE)),
        |coils, _arena| {
            let bits = coils.0.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
            bits.take(coils.1).map(Part::Bool).collect()
        };
    /// Registers.
    Registers(modbus::Registers<'a>) as
        ArgType::Alias("ModbusRegisters", &ArgType::Vector(&<u16 as Argument>::TYPE)),
        |registers, _arena| registers.iter().map(|value| Part::Count(value.into())).collect();
    /// Records to be read.
    FileRequests(modbus::FileRecords<'a>) as
        ArgType::Alias("ModbusFileRecordRequests", &ArgType::Vector(&<FileRequest as Argument>::TYPE)),
        |records, arena| records.iter().map(|record| FileRequest {
            ref_type: record.ref_type,
            file_num: record.file,
            record_num: record.record,
            record_len: record.len,
        }.put(arena)).collect();
    /// Records that were read.
    FileResponses(modbus::FileRecords<'a>) as
        ArgType::Alias("ModbusFileRecordResponses", &ArgType::Vector(&<FileResponse<'_> as Argument>::TYPE)),
        |records, arena| records.iter().map(|record| FileResponse {
            file_len: record.len,
            ref_type: record.ref_type,
            record_data: record.data,
        }.put(arena)).collect();
    /// Records that are written.
    FileReferences(modbus::FileRecords<'a>) as
        ArgType::Alias("ModbusFileReferences", &ArgType::Vector(&<FileReference<'_> as Argument>::TYPE)),
        |records, arena| records.iter().map(|record| FileReference {
            ref_type: record.ref_type,
            file_num: record.file,
            record_num: record.record,
            record_len: record.len,
            record_data: record.data,
        }.put(arena)).collect();
}

impl Headers {
    pub(super) fn of(header: &modbus::Header) -> Self {
        Headers {
            tid: header.tid,
            pid: header.pid,
            uid: header.uid,
            function_code: header.function,
            len: header.len,
        }
    }
}

/// Takes events, whatever their types are.
pub(super) trait Raise {
    fn raise<E: Event>(&mut self, event: &E);
}

/// Raises the event of a function. Of a coil whose value is neither on nor off there is none: Zeek's words for it are
/// given back.
pub(super) fn raise(
    to: &mut impl Raise,
    is_orig: bool,
    header: &modbus::Header,
    body: &Body<'_>,
) -> Result<(), String> {
    let (c, headers, function) = (Conn, Headers::of(header), header.function);
    match (*body, function, is_orig) {
        (Body::Exception(code), _, _) => to.raise(&ModbusException { c, headers, code }),
        (Body::Range { start: start_address, quantity }, _, _) => match function {
            1 => to.raise(&ReadCoilsRequest { c, headers, start_address, quantity }),
            2 => to.raise(&ReadInputsRequest { c, headers, start_address, quantity }),
            3 => to.raise(&ReadHoldingRequest { c, headers, start_address, quantity }),
            4 => to.raise(&ReadInputRequest { c, headers, start_address, quantity }),
            15 => to.raise(&WriteCoilsResponse { c, headers, start_address, quantity }),
            _ => to.raise(&WriteRegistersResponse { c, headers, start_address, quantity }),
        },
        (Body::Coils(bits), _, _) => {
            let coils = Coils((bits, bits.len() * 8));
            match function {
                1 => to.raise(&ReadCoilsResponse { c, headers, coils }),
                _ => to.raise(&ReadInputsResponse { c, headers, coils }),
            }
        }
        (Body::Registers(_, registers), _, _) => {
            let registers = Registers(registers);
            match function {
                3 => to.raise(&ReadHoldingResponse { c, headers, registers }),
                4 => to.raise(&ReadInputResponse { c, headers, registers }),
                23 => to.raise(&ReadWriteResponse { c, headers, written_registers: registers }),
                _ => to.raise(&FifoResponse { c, headers, fifos: registers }),
            }
        }
        (Body::Single { address, value }, 5, _) => {
            let (value, side) = match value {
                0 => (false, is_orig),
                0xff00 => (true, is_orig),
                other => {
                    let what = if is_orig { "request" } else { "response" };
                    return Err(format!("invalid value for modbus write single coil {what} {other}"));
                }
            };
            match side {
                true => to.raise(&WriteCoilRequest { c, headers, address, value }),
                false => to.raise(&WriteCoilResponse { c, headers, address, value }),
            }
        }
        (Body::Single { address, value }, _, true) => {
            to.raise(&WriteRegisterRequest { c, headers, address, value });
        }
        (Body::Single { address, value }, _, false) => {
            to.raise(&WriteRegisterResponse { c, headers, address, value });
        }
        (Body::WriteCoils { start: start_address, quantity, coils }, _, _) => {
            let coils = Coils((coils, quantity.into()));
            to.raise(&WriteCoilsRequest { c, headers, start_address, coils });
        }
        (Body::WriteRegisters { start: start_address, registers, .. }, _, _) => {
            let registers = Registers(registers);
            to.raise(&WriteRegistersRequest { c, headers, start_address, registers });
        }
        (Body::Files(byte_count, refs), 20, true) => {
            to.raise(&ReadFileRequest { c, headers, byte_count, refs: FileRequests(refs) });
        }
        (Body::Files(byte_count, refs), 20, false) => {
            to.raise(&ReadFileResponse { c, headers, byte_count, refs: FileResponses(refs) });
        }
        (Body::Files(byte_count, refs), _, true) => {
            to.raise(&WriteFileRequest { c, headers, byte_count, refs: FileReferences(refs) });
        }
        (Body::Files(byte_count, refs), _, false) => {
            to.raise(&WriteFileResponse { c, headers, byte_count, refs: FileReferences(refs) });
        }
        (Body::Mask { address, and_mask, or_mask }, _, true) => {
            to.raise(&MaskWriteRequest { c, headers, address, and_mask, or_mask });
        }
        (Body::Mask { address, and_mask, or_mask }, _, false) => {
            to.raise(&MaskWriteResponse { c, headers, address, and_mask, or_mask });
        }
        (Body::ReadWrite { read_start, read_quantity, write_start, registers, .. }, _, _) => {
            to.raise(&ReadWriteRequest {
                c,
                headers,
                read_start_address: read_start,
                read_quantity,
                write_start_address: write_start,
                write_registers: Registers(registers),
            });
        }
        (Body::Fifo(start_address), _, _) => to.raise(&FifoRequest { c, headers, start_address }),
        (Body::Within(subfunction, data), 8, true) => {
            to.raise(&DiagnosticsRequest { c, headers, subfunction, data });
        }
        (Body::Within(subfunction, data), 8, false) => {
            to.raise(&DiagnosticsResponse { c, headers, subfunction, data });
        }
        (Body::Within(mei_type, data), _, true) => {
            to.raise(&EncapsulatedRequest { c, headers, mei_type, data });
        }
        (Body::Within(mei_type, data), _, false) => {
            to.raise(&EncapsulatedResponse { c, headers, mei_type, data });
        }
        (Body::Other, _, _) => {}
    }
    Ok(())
}
