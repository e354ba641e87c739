//! What messages say, by their functions.

use crate::bounds::{Cursor, Result};

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Something that is not read.
    Other,
    /// A refusal: why.
    Exception(u8),
    /// Coils, inputs or registers from one on: requests to read them, and answers to writing them.
    Range {
        /// The first.
        start: u16,
        /// How many.
        quantity: u16,
    },
    /// The values of coils or inputs, eight a byte, the first in the lowest bit: answers to reading them.
    Coils(&'a [u8]),
    /// The values of registers: answers to reading them. With the count of bytes that was said.
    Registers(u16, Registers<'a>),
    /// A coil or a register, and its value.
    Single {
        /// Which.
        address: u16,
        /// Of a coil 0, or 0xff00.
        value: u16,
    },
    /// Coils to be written.
    WriteCoils {
        /// The first.
        start: u16,
        /// How many.
        quantity: u16,
        /// Their values.
        coils: &'a [u8],
    },
    /// Registers to be written.
    WriteRegisters {
        /// The first.
        start: u16,
        /// The count of bytes that was said.
        bytes: u8,
        /// Their values.
        registers: Registers<'a>,
    },
    /// Records of files: the count of bytes that was said, and they.
    Files(u8, FileRecords<'a>),
    /// Bits of a register to be cleared and set.
    Mask {
        /// Which.
        address: u16,
        /// What stays.
        and_mask: u16,
        /// What is set of the rest.
        or_mask: u16,
    },
    /// Registers to be written, and others to be read.
    ReadWrite {
        /// The first to be read.
        read_start: u16,
        /// How many.
        read_quantity: u16,
        /// The first to be written.
        write_start: u16,
        /// The count of bytes that was said.
        bytes: u8,
        /// Their values.
        registers: Registers<'a>,
    },
    /// A queue that is to be read.
    Fifo(u16),
    /// A function within the function, and its data: diagnostics and other protocols in this.
    Within(u16, &'a [u8]),
}

/// Registers, two bytes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registers<'a>(pub &'a [u8]);

impl<'a> Registers<'a> {
    /// Their values.
    pub fn iter(&self) -> impl Iterator<Item = u16> + use<'a> {
        self.0.as_chunks().0.iter().map(|value| u16::from_be_bytes(*value))
    }
}

/// Records of files, of one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRecords<'a> {
    /// To be read: type, file, record and length of each.
    Asked(&'a [u8]),
    /// That were read: length, type and data of each.
    Read(&'a [u8]),
    /// To be written or that were written: type, file, record, length and data of each.
    Written(&'a [u8]),
}

impl<'a> Body<'a> {
    pub(super) fn request(function: u8, cursor: &mut Cursor<'a>) -> Result<Body<'a>> {
        match function {
            1 => range(cursor, "ReadCoilsRequest:quantity"),
            2 => range(cursor, "ReadDiscreteInputsRequest:quantity"),
            3 => range(cursor, "ReadHoldingRegistersRequest:quantity"),
            4 => range(cursor, "ReadInputRegistersRequest:quantity"),
            5 => single(cursor, "WriteSingleCoilRequest:value"),
            6 => single(cursor, "WriteSingleRegisterRequest:value"),
            8 => within(cursor, "DiagnosticsRequest:subfunction"),
            15 => {
                let [a, b, c, d, bytes] = cursor.array("WriteMultipleCoilsRequest:byte_count")?;
                let coils = cursor.take(bytes.into(), "WriteMultipleCoilsRequest:coils")?;
                let (start, quantity) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
                Ok(Body::WriteCoils { start, quantity, coils })
            }
            16 => {
                let [a, b, c, d, bytes] = cursor.array("WriteMultipleRegistersRequest:byte_count")?;
                let quantity = u16::from_be_bytes([c, d]);
                let registers =
                    registers(cursor, bytes.into(), quantity, "WriteMultipleRegistersRequest:registers")?;
                Ok(Body::WriteRegisters { start: u16::from_be_bytes([a, b]), bytes, registers })
            }
            20 => files(cursor, FileRecords::Asked, "ReadFileRecordRequest:references"),
            21 => files(cursor, FileRecords::Written, "WriteFileRecordRequest:references"),
            22 => mask(cursor, "MaskWriteRegisterRequest:or_mask"),
            23 => {
                let [a, b, c, d, e, f, g, h, bytes] =
                    cursor.array("ReadWriteMultipleRegistersRequest:write_byte_count")?;
                let [read_start, read_quantity, write_start, write_quantity] =
                    [[a, b], [c, d], [e, f], [g, h]].map(u16::from_be_bytes);
                let field = "ReadWriteMultipleRegistersRequest:write_register_values";
                let registers = registers(cursor, bytes.into(), write_quantity, field)?;
                Ok(Body::ReadWrite { read_start, read_quantity, write_start, bytes, registers })
            }
            24 => Ok(Body::Fifo(cursor.u16("ReadFIFOQueueRequest:start_address")?)),
            43 => encapsulated(cursor, "EncapInterfaceTransportRequest:mei_type"),
            _ => Ok(Body::Other),
        }
    }

    pub(super) fn response(function: u8, cursor: &mut Cursor<'a>) -> Result<Body<'a>> {
        match function {
            1 => coils(cursor, "ReadCoilsResponse:bits"),
            2 => coils(cursor, "ReadDiscreteInputsResponse:bits"),
            3 => counted(cursor, "ReadHoldingRegistersResponse:registers"),
            4 => counted(cursor, "ReadInputRegistersResponse:registers"),
            5 => single(cursor, "WriteSingleCoilResponse:value"),
            6 => single(cursor, "WriteSingleRegisterResponse:value"),
            8 => within(cursor, "DiagnosticsResponse:subfunction"),
            15 => range(cursor, "WriteMultipleCoilsResponse:quantity"),
            16 => range(cursor, "WriteMultipleRegistersResponse:quantity"),
            20 => files(cursor, FileRecords::Read, "ReadFileRecordResponse:references"),
            21 => files(cursor, FileRecords::Written, "WriteFileRecordResponse:references"),
            22 => mask(cursor, "MaskWriteRegisterResponse:or_mask"),
            23 => counted(cursor, "ReadWriteMultipleRegistersResponse:registers"),
            24 => {
                let [_, _, c, d] = cursor.array("ReadFIFOQueueResponse:fifo_count")?;
                let count = u16::from_be_bytes([c, d]);
                let bytes = usize::from(count) * 2;
                let registers = cursor.take(bytes, "ReadFIFOQueueResponse:register_data")?;
                Ok(Body::Registers(0, Registers(registers)))
            }
            43 => encapsulated(cursor, "EncapInterfaceTransportResponse:mei_type"),
            0x81..=0x88 | 0x8f | 0x90 | 0x94..=0x98 | 0xab => {
                Ok(Body::Exception(cursor.u8("Exception:code")?))
            }
            _ => Ok(Body::Other),
        }
    }

    /// What is wrong with values that could be read, in Zeek's words. Zeek looks where a script handles the function.
    pub fn is_wrong(&self, function: u8) -> Option<String> {
        let (what, bytes) = match (*self, function) {
            (Body::Registers(bytes, _), 3) => ("read holding register response", bytes),
            (Body::Registers(bytes, _), 4) => ("read input register response", bytes),
            (Body::WriteRegisters { bytes, .. }, _) => ("write multiple registers request", bytes.into()),
            _ => return None,
        };
        (bytes % 2 != 0).then(|| format!("invalid value for modbus {what} byte count {bytes}"))
    }
}

fn range<'a>(cursor: &mut Cursor<'a>, field: &'static str) -> Result<Body<'a>> {
    let [a, b, c, d] = cursor.array(field)?;
    Ok(Body::Range { start: u16::from_be_bytes([a, b]), quantity: u16::from_be_bytes([c, d]) })
}

fn single<'a>(cursor: &mut Cursor<'a>, field: &'static str) -> Result<Body<'a>> {
    let [a, b, c, d] = cursor.array(field)?;
    Ok(Body::Single { address: u16::from_be_bytes([a, b]), value: u16::from_be_bytes([c, d]) })
}

fn mask<'a>(cursor: &mut Cursor<'a>, field: &'static str) -> Result<Body<'a>> {
    let [a, b, c, d, e, f] = cursor.array(field)?;
    let [address, and_mask, or_mask] = [[a, b], [c, d], [e, f]].map(u16::from_be_bytes);
    Ok(Body::Mask { address, and_mask, or_mask })
}

fn within<'a>(cursor: &mut Cursor<'a>, field: &'static str) -> Result<Body<'a>> {
    let function = cursor.u16(field)?;
    Ok(Body::Within(function, cursor.take_rest()))
}

fn encapsulated<'a>(cursor: &mut Cursor<'a>, field: &'static str) -> Result<Body<'a>> {
    let kind = cursor.u8(field)?;
    Ok(Body::Within(kind.into(), cursor.take_rest()))
}

fn coils<'a>(cursor: &mut Cursor<'a>, field: &'static str) -> Result<Body<'a>> {
    let bytes = cursor.u8(field)?;
    Ok(Body::Coils(cursor.take(bytes.into(), field)?))
}

/// Registers whose bytes are counted.
fn counted<'a>(cursor: &mut Cursor<'a>, field: &'static str) -> Result<Body<'a>> {
    let bytes = cursor.u8(field)?;
    Ok(Body::Registers(bytes.into(), Registers(cursor.take(bytes.into(), field)?)))
}

/// Registers of which both the bytes and the quantity are said. As in Zeek there are no more than both allow.
fn registers<'a>(
    cursor: &mut Cursor<'a>,
    bytes: usize,
    quantity: u16,
    field: &'static str,
) -> Result<Registers<'a>> {
    let all = cursor.take(bytes, field)?;
    Ok(Registers(all.get(..usize::from(quantity) * 2).unwrap_or(all)))
}

fn files<'a>(
    cursor: &mut Cursor<'a>,
    form: fn(&'a [u8]) -> FileRecords<'a>,
    field: &'static str,
) -> Result<Body<'a>> {
    let bytes = cursor.u8(field)?;
    let records = form(cursor.take(bytes.into(), field)?);
    let mut read = Cursor::new(records.bytes());
    while !read.is_empty() {
        records.next(&mut read)?;
    }
    Ok(Body::Files(bytes, records))
}

/// One record of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileRecord<'a> {
    /// 6.
    pub ref_type: u8,
    /// The file; not of what was read.
    pub file: u16,
    /// The record in it; likewise.
    pub record: u16,
    /// Its length: in registers, or of what was read in bytes.
    pub len: u16,
    /// What stands in it; not of what is to be read.
    pub data: &'a [u8],
}

impl<'a> FileRecords<'a> {
    fn bytes(&self) -> &'a [u8] {
        match self {
            FileRecords::Asked(bytes) | FileRecords::Read(bytes) | FileRecords::Written(bytes) => bytes,
        }
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = FileRecord<'a>> + use<'a> {
        let (records, mut cursor) = (*self, Cursor::new(self.bytes()));
        std::iter::from_fn(move || if cursor.is_empty() { None } else { records.next(&mut cursor).ok() })
    }

    fn next(&self, cursor: &mut Cursor<'a>) -> Result<FileRecord<'a>> {
        cursor.record(|cursor| match self {
            FileRecords::Asked(_) => {
                let [ref_type, a, b, c, d, e, f] = cursor.array("FileRecordRequest:record_len")?;
                let [file, record, len] = [[a, b], [c, d], [e, f]].map(u16::from_be_bytes);
                Ok(FileRecord { ref_type, file, record, len, data: &[] })
            }
            FileRecords::Read(_) => {
                let [len, ref_type] = cursor.array("FileRecordResponse:ref_type")?;
                // The length counts the type.
                let data =
                    cursor.take(usize::from(len).saturating_sub(1), "FileRecordResponse:record_data")?;
                Ok(FileRecord { ref_type, file: 0, record: 0, len: len.into(), data })
            }
            FileRecords::Written(_) => {
                let [ref_type, a, b, c, d, e, f] = cursor.array("ReferenceWithData:word_count")?;
                let [file, record, len] = [[a, b], [c, d], [e, f]].map(u16::from_be_bytes);
                let data = cursor.take(usize::from(len) * 2, "ReferenceWithData:register_value")?;
                Ok(FileRecord { ref_type, file, record, len, data })
            }
        })
    }
}
