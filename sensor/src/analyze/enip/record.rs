//! enip.log, cip.log and cip_identity.log.

use std::borrow::Cow;
use std::net::IpAddr;

use nightjar_protocols::enip::{COMMANDS, Cip, Header, Identity};

use crate::flow::Flow;
use crate::record::record;
use crate::time::Time;

record! {
    /// A message of EtherNet/IP.
    pub struct EnipRow<'a> in "enip" of conn {
        /// When it was seen.
        ts,
        /// Whether the client sent it.
        is_orig: bool = "is_orig",
        /// What is to be done.
        enip_command_code: &'a str = "enip_command_code",
        /// Its name.
        enip_command: &'a str = "enip_command",
        /// Bytes that follow its header.
        length: u64 = "length",
        /// The session's number.
        session_handle: &'a str = "session_handle",
        /// What came of it.
        enip_status: &'a str = "enip_status",
        /// What the sender knows it by.
        sender_context: &'a str = "sender_context",
        /// Options, of which there are none so far.
        options: &'a str = "options",
    }
}

record! {
    /// A message of CIP.
    pub struct CipRow<'a> in "cip" of conn {
        /// When it was seen.
        ts,
        /// Whether the client sent it.
        is_orig: bool = "is_orig",
        /// Its number, over a connection of CIP.
        cip_sequence_count: Option<u64> = "cip_sequence_count",
        /// Request or response.
        direction: &'a str = "direction",
        /// What is to be done.
        cip_service_code: &'a str = "cip_service_code",
        /// Its name.
        cip_service: &'a str = "cip_service",
        /// What came of it.
        cip_status_code: Option<&'a str> = "cip_status_code",
        /// Its name.
        cip_status: Option<&'a str> = "cip_status",
        /// More of that.
        cip_extended_status_code: Option<&'a str> = "cip_extended_status_code",
        /// The class that it is for.
        class_id: Option<&'a str> = "class_id",
        /// Its name.
        class_name: Option<&'a str> = "class_name",
        /// Which of the class.
        instance_id: Option<&'a str> = "instance_id",
        /// What of that.
        attribute_id: Option<&'a str> = "attribute_id",
    }
}

record! {
    /// What a device says of itself.
    pub struct IdentityRow<'a> in "cip_identity" of conn {
        /// When it was seen.
        ts,
        /// The version of EtherNet/IP.
        encapsulation_version: u64 = "encapsulation_version",
        /// Where it listens.
        socket_address: Option<IpAddr> = "socket_address",
        /// Likewise.
        socket_port: u64 = "socket_port",
        /// Who made it, by a number that ODVA has given.
        vendor_id: u64 = "vendor_id",
        /// What kind of device it is.
        device_type_id: u64 = "device_type_id",
        /// Its name.
        device_type_name: &'a str = "device_type_name",
        /// Which of the vendor's.
        product_code: u64 = "product_code",
        /// Its version.
        revision: &'a str = "revision",
        /// How it is.
        device_status: &'a str = "device_status",
        /// Its own number.
        serial_number: &'a str = "serial_number",
        /// Its name.
        product_name: &'a [u8] = "product_name",
        /// What it does.
        device_state: &'a str = "device_state",
    }
}

type Names = &'static [(u32, &'static str)];

const STATUSES: Names = &[
    (0x00, "Success"),
    (0x01, "Invalid or Unsupported Command"),
    (0x02, "Insufficient Memory"),
    (0x03, "Incorrect Data"),
    (0x64, "Invalid Session Handle"),
    (0x65, "Invalid Length"),
    (0x69, "Unsupported Protocol Revision"),
];

const SERVICES: Names = &[
    (0x01, "Get Attributes All"),
    (0x02, "Set Attributes All"),
    (0x03, "Get Attribute List"),
    (0x04, "Set Attribute List"),
    (0x05, "Reset"),
    (0x06, "Start"),
    (0x07, "Stop"),
    (0x08, "Create"),
    (0x09, "Delete"),
    (0x0a, "Multiple Service Packet"),
    (0x0d, "Apply Attributes"),
    (0x0e, "Get Attribute Single"),
    (0x10, "Set Attribute Single"),
    (0x11, "Find Next Object Instance"),
    (0x14, "Error Response"),
    (0x15, "Restore"),
    (0x16, "Save"),
    (0x17, "NOP"),
    (0x18, "Get Member"),
    (0x19, "Set Member"),
    (0x1a, "Insert Member"),
    (0x1b, "Remove Member"),
    (0x1c, "Group Sync"),
    (0x4b, "Execute PCCC Service"),
    (0x4c, "Read Tag"),
    (0x4d, "Write Tag"),
    (0x4e, "Read Modify Write Tag"),
    (0x52, "Read Tag Fragmented"),
    (0x53, "Write Tag Fragmented"),
    (0x54, "Forward Open"),
    (0x55, "Get Instance Attribute List"),
    (0x5b, "Large Forward Open"),
];

/// Those that the connection manager has other ones of.
const MANAGER_SERVICES: Names = &[
    (0x4e, "Forward Close"),
    (0x52, "Unconnected Send"),
    (0x56, "Get Connection Data"),
    (0x5a, "Get Connection Owner"),
];

const CLASSES: Names = &[
    (0x01, "Identity"),
    (0x02, "Message Router"),
    (0x03, "DeviceNet"),
    (0x04, "Assembly"),
    (0x05, "Connection"),
    (0x06, "Connection Manager"),
    (0x07, "Register"),
    (0x08, "Discrete Input Point"),
    (0x09, "Discrete Output Point"),
    (0x0a, "Analog Input Point"),
    (0x0b, "Analog Output Point"),
    (0x0f, "Parameter"),
    (0x23, "Position Sensor"),
    (0x28, "Motor Data"),
    (0x29, "Control Supervisor"),
    (0x2a, "AC/DC Drive"),
    (0x37, "File"),
    (0x43, "Time Sync"),
    (0x47, "Device Level Ring (DLR)"),
    (0x48, "QoS"),
    (0x67, "PCCC"),
    (0x6b, "Symbol"),
    (0x6c, "Template"),
    (0xf4, "Port"),
    (0xf5, "TCP/IP Interface"),
    (0xf6, "EtherNet Link"),
];

const CIP_STATUSES: Names = &[
    (0x00, "Success"),
    (0x01, "Connection Failure"),
    (0x02, "Resource Unavailable"),
    (0x03, "Invalid Parameter Value"),
    (0x04, "Path Segment Error"),
    (0x05, "Path Destination Unknown"),
    (0x06, "Partial Transfer"),
    (0x07, "Connection Lost"),
    (0x08, "Service Not Supported"),
    (0x09, "Invalid Attribute Value"),
    (0x0a, "Attribute List Error"),
    (0x0b, "Already In Requested Mode/State"),
    (0x0c, "Object State Conflict"),
    (0x0d, "Object Already Exists"),
    (0x0e, "Attribute Not Settable"),
    (0x0f, "Privilege Violation"),
    (0x10, "Device State Conflict"),
    (0x11, "Reply Data Too Large"),
    (0x13, "Not Enough Data"),
    (0x14, "Attribute Not Supported"),
    (0x15, "Too Much Data"),
    (0x16, "Object Does Not Exist"),
    (0x1e, "Embedded Service Error"),
    (0x1f, "Vendor Specific Error"),
    (0x20, "Invalid Parameter"),
    (0x26, "Path Size Invalid"),
];

const DEVICES: Names = &[
    (0x00, "Generic Device"),
    (0x02, "AC Drive"),
    (0x03, "Motor Overload"),
    (0x06, "Photoelectric Sensor"),
    (0x07, "General Purpose Discrete I/O"),
    (0x0c, "Communications Adapter"),
    (0x0e, "Programmable Logic Controller"),
    (0x10, "Position Controller"),
    (0x13, "DC Drive"),
    (0x18, "Human-Machine Interface"),
    (0x25, "CIP Motion Drive"),
    (0x2b, "Generic Device (keyable)"),
    (0x2c, "Managed Ethernet Switch"),
];

fn name(names: Names, code: u32) -> &'static str {
    names.iter().find(|(known, _)| *known == code).map_or("unknown", |(_, name)| name)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// Does something with the row of a message.
pub(super) fn with_header(
    ts: Time,
    flow: &mut Flow,
    is_orig: bool,
    header: &Header,
    what: impl FnOnce(&EnipRow<'_>),
) {
    let known = COMMANDS.iter().find(|(known, _)| *known == header.command);
    what(&EnipRow {
        conn: flow.columns(ts),
        is_orig,
        enip_command_code: &format!("{:#04x}", header.command),
        enip_command: known.map_or("unknown", |(_, name)| name),
        length: header.len.into(),
        session_handle: &format!("{:#010x}", header.session),
        enip_status: name(STATUSES, header.status),
        sender_context: &hex(&header.context),
        options: &format!("{:#010x}", header.options),
    });
}

/// The same of a message of CIP.
pub(super) fn with_cip(
    ts: Time,
    flow: &mut Flow,
    is_orig: bool,
    cip: &Cip<'_>,
    what: impl FnOnce(&CipRow<'_>),
) {
    let hexed = |number: Option<u32>| number.map(|number| format!("{number:#04x}"));
    let of_manager = cip.path.class == Some(6);
    let own = MANAGER_SERVICES.iter().find(|(known, _)| of_manager && *known == u32::from(cip.service));
    let service: Cow<'_, str> = own.map_or(name(SERVICES, cip.service.into()), |(_, name)| name).into();
    let (class, instance, attribute) =
        (hexed(cip.path.class), hexed(cip.path.instance), hexed(cip.path.attribute));
    let status = cip.status.map(|(status, _)| format!("{status:#04x}"));
    let more = cip.status.and_then(|(_, more)| more).map(|more| format!("{more:#06x}"));
    what(&CipRow {
        conn: flow.columns(ts),
        is_orig,
        cip_sequence_count: cip.sequence.map(u64::from),
        direction: if cip.status.is_some() { "response" } else { "request" },
        cip_service_code: &format!("{:#04x}", cip.service),
        cip_service: &service,
        cip_status_code: status.as_deref(),
        cip_status: cip.status.map(|(status, _)| name(CIP_STATUSES, status.into())),
        cip_extended_status_code: more.as_deref(),
        class_id: class.as_deref(),
        class_name: cip.path.class.map(|class| name(CLASSES, class)),
        instance_id: instance.as_deref(),
        attribute_id: attribute.as_deref(),
    });
}

/// The same of what a device says of itself.
pub(super) fn with_identity(
    ts: Time,
    flow: &mut Flow,
    identity: &Identity<'_>,
    what: impl FnOnce(&IdentityRow<'_>),
) {
    let [major, minor] = identity.revision;
    what(&IdentityRow {
        conn: flow.columns(ts),
        encapsulation_version: identity.version.into(),
        socket_address: Some(IpAddr::from(identity.address)),
        socket_port: identity.port.into(),
        vendor_id: identity.vendor.into(),
        device_type_id: identity.device.into(),
        device_type_name: name(DEVICES, identity.device.into()),
        product_code: identity.product.into(),
        revision: &format!("{major}.{minor}"),
        device_status: &format!("{:#06x}", identity.status),
        serial_number: &format!("{:#010x}", identity.serial),
        product_name: identity.name,
        device_state: &format!("{:#04x}", identity.state),
    });
}
