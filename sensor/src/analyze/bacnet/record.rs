//! bacnet.log, bacnet_discovery.log and bacnet_property.log.

use std::borrow::Cow;
use std::fmt::Write;

use nightjar_protocols::bacnet::{Message, Object, Said, function, pdu};

use crate::flow::Flow;
use crate::record::record;
use crate::time::Time;

record! {
    /// A datagram.
    pub struct BacnetRow<'a> in "bacnet" of conn {
        /// When it was seen.
        ts,
        /// Whether the client sent it.
        is_orig: bool = "is_orig",
        /// What it is for.
        bvlc_function: &'a str = "bvlc_function",
        /// What kind of message the application's is.
        pdu_type: Option<&'a str> = "pdu_type",
        /// What is to be done, or was.
        pdu_service: Option<&'a str> = "pdu_service",
        /// The number that a request and its answer have.
        invoke_id: Option<u64> = "invoke_id",
        /// What came of it, or went wrong.
        result_code: Option<&'a str> = "result_code",
    }
}

record! {
    /// Who or what is looked for, or is there.
    pub struct DiscoveryRow<'a> in "bacnet_discovery" of conn {
        /// When it was seen.
        ts,
        /// Whether the client sent it.
        is_orig: bool = "is_orig",
        /// who-is, i-am, who-has or i-have.
        pdu_service: &'a str = "pdu_service",
        /// What kind of object.
        object_type: Option<&'a str> = "object_type",
        /// Which of these.
        instance_number: Option<u64> = "instance_number",
        /// Who made it, by a number that ASHRAE has given.
        vendor: Option<&'a str> = "vendor",
        /// Devices that are asked, by their numbers.
        range: Option<&'a str> = "range",
        /// The object's name.
        object_name: Option<&'a [u8]> = "object_name",
    }
}

record! {
    /// A property that is read or written.
    pub struct PropertyRow<'a> in "bacnet_property" of conn {
        /// When it was seen.
        ts,
        /// Whether the client sent it.
        is_orig: bool = "is_orig",
        /// read-property-request, read-property-ack or write-property-request.
        pdu_service: &'a str = "pdu_service",
        /// What kind of object.
        object_type: &'a str = "object_type",
        /// Which of these.
        instance_number: u64 = "instance_number",
        /// The property.
        property: &'a str = "property",
        /// Of an array the place.
        array_index: Option<u64> = "array_index",
        /// The first value.
        value: Option<&'a str> = "value",
    }
}

type Names = &'static [(u32, &'static str)];

const FUNCTIONS: Names = &[
    (0x00, "BVLC_Result"),
    (0x01, "Write_Broadcast_Distribution_Table"),
    (0x02, "Read_Broadcast_Distribution_Table"),
    (0x03, "Read_Broadcast_Distribution_Table_Ack"),
    (0x04, "Forwarded_NPDU"),
    (0x05, "Register_Foreign_Device"),
    (0x06, "Read_Foreign_Device_Table"),
    (0x07, "Read_Foreign_Device_Table_Ack"),
    (0x08, "Delete_Foreign_Device_Table_Entry"),
    (0x09, "Distribute_Broadcast_To_Network"),
    (0x0a, "Original_Unicast_NPDU"),
    (0x0b, "Original_Broadcast_NPDU"),
    (0x0c, "Secure_BVLL"),
];

const RESULTS: Names = &[
    (0x00, "Successful_Completion"),
    (0x10, "Write_Broadcast_Distribution_Table_NAK"),
    (0x20, "Read_Broadcast_Distribution_Table_NAK"),
    (0x30, "Register_Foreign_Device_NAK"),
    (0x40, "Read_Foreign_Device_Table_NAK"),
    (0x50, "Delete_Foreign_Device_Table_Entry_NAK"),
    (0x60, "Distribute_Broadcast_To_Network_NAK"),
];

const KINDS: Names = &[
    (0, "CONFIRMED_REQUEST"),
    (1, "UNCONFIRMED_REQUEST"),
    (2, "SIMPLE_ACK"),
    (3, "COMPLEX_ACK"),
    (4, "SEGMENT_ACK"),
    (5, "ERROR"),
    (6, "REJECT"),
    (7, "ABORT"),
];

const UNCONFIRMED: Names = &[
    (0, "i_am"),
    (1, "i_have"),
    (2, "unconfirmed_cov_notification"),
    (3, "unconfirmed_event_notification"),
    (4, "unconfirmed_private_transfer"),
    (5, "unconfirmed_text_message"),
    (6, "time_synchronization"),
    (7, "who_has"),
    (8, "who_is"),
    (9, "utc_time_synchronization"),
    (10, "write_group"),
];

const CONFIRMED: Names = &[
    (0, "acknowledge_alarm"),
    (1, "confirmed_cov_notification"),
    (2, "confirmed_event_notification"),
    (3, "get_alarm_summary"),
    (4, "get_enrollment_summary"),
    (5, "subscribe_cov"),
    (6, "atomic_read_file"),
    (7, "atomic_write_file"),
    (8, "add_list_element"),
    (9, "remove_list_element"),
    (10, "create_object"),
    (11, "delete_object"),
    (12, "read_property"),
    (13, "read_property_conditional"),
    (14, "read_property_multiple"),
    (15, "write_property"),
    (16, "write_property_multiple"),
    (17, "device_communication_control"),
    (18, "confirmed_private_transfer"),
    (19, "confirmed_text_message"),
    (20, "reinitialize_device"),
    (21, "vt_open"),
    (22, "vt_close"),
    (23, "vt_data"),
    (24, "authenticate"),
    (25, "request_key"),
    (26, "read_range"),
    (27, "life_safety_operation"),
    (28, "subscribe_cov_property"),
    (29, "get_event_information"),
];

const REJECTS: Names = &[
    (0, "other"),
    (1, "buffer_overflow"),
    (2, "inconsistent_parameters"),
    (3, "invalid_parameter_datatype"),
    (4, "invalid_tag"),
    (5, "missing_required_parameter"),
    (6, "parameter_out_of_range"),
    (7, "too_many_arguments"),
    (8, "undefined_enumeration"),
    (9, "unrecognized_service"),
];

const ABORTS: Names = &[
    (0, "other"),
    (1, "buffer_overflow"),
    (2, "invalid_apdu_in_this_state"),
    (3, "preempted_by_higher_priority_task"),
    (4, "segmentation_not_supported"),
    (5, "security_error"),
    (6, "insufficient_security"),
    (7, "window_size_out_of_range"),
    (8, "application_exceeded_reply_time"),
    (9, "out_of_resources"),
    (10, "tsm_timeout"),
    (11, "apdu_too_long"),
];

const ERRORS: Names = &[
    (0, "other"),
    (3, "device_busy"),
    (9, "invalid_data_type"),
    (16, "missing_required_parameter"),
    (25, "operational_problem"),
    (26, "password_failure"),
    (27, "read_access_denied"),
    (29, "service_request_denied"),
    (31, "unknown_object"),
    (32, "unknown_property"),
    (37, "value_out_of_range"),
    (40, "write_access_denied"),
    (42, "invalid_array_index"),
    (50, "property_is_not_an_array"),
];

const OBJECTS: Names = &[
    (0, "analog_input"),
    (1, "analog_output"),
    (2, "analog_value"),
    (3, "binary_input"),
    (4, "binary_output"),
    (5, "binary_value"),
    (6, "calendar"),
    (7, "command"),
    (8, "device"),
    (9, "event_enrollment"),
    (10, "file"),
    (11, "group"),
    (12, "loop"),
    (13, "multi_state_input"),
    (14, "multi_state_output"),
    (15, "notification_class"),
    (16, "program"),
    (17, "schedule"),
    (18, "averaging"),
    (19, "multi_state_value"),
    (20, "trend_log"),
    (21, "life_safety_point"),
    (22, "life_safety_zone"),
    (23, "accumulator"),
    (24, "pulse_converter"),
    (25, "event_log"),
    (28, "load_control"),
    (29, "structured_view"),
];

const PROPERTIES: Names = &[
    (4, "active_text"),
    (8, "all"),
    (12, "application_software_version"),
    (28, "description"),
    (30, "device_address_binding"),
    (36, "event_state"),
    (44, "firmware_revision"),
    (46, "inactive_text"),
    (56, "local_date"),
    (57, "local_time"),
    (58, "location"),
    (62, "max_apdu_length_accepted"),
    (65, "max_pres_value"),
    (69, "min_pres_value"),
    (70, "model_name"),
    (75, "object_identifier"),
    (76, "object_list"),
    (77, "object_name"),
    (79, "object_type"),
    (81, "out_of_service"),
    (84, "polarity"),
    (85, "present_value"),
    (87, "priority_array"),
    (96, "protocol_object_types_supported"),
    (97, "protocol_services_supported"),
    (98, "protocol_version"),
    (103, "reliability"),
    (104, "relinquish_default"),
    (107, "segmentation_supported"),
    (111, "status_flags"),
    (112, "system_status"),
    (117, "units"),
    (120, "vendor_identifier"),
    (121, "vendor_name"),
    (139, "protocol_revision"),
    (155, "database_revision"),
];

/// A number's name; only those that have none need a text of their own.
fn name(names: Names, code: impl Into<u32>) -> Cow<'static, str> {
    let code = code.into();
    let known = names.iter().find(|(known, _)| *known == code);
    known.map_or_else(|| Cow::Owned(format!("unknown-{code}")), |(_, name)| Cow::Borrowed(*name))
}

/// Does something with the row of a datagram.
pub(super) fn with(
    ts: Time,
    flow: &mut Flow,
    is_orig: bool,
    message: &Message<'_>,
    what: impl FnOnce(&BacnetRow<'_>),
) {
    let apdu = message.apdu.as_ref();
    let kind = apdu.map(|apdu| name(KINDS, apdu.kind));
    let service = apdu.and_then(|apdu| {
        let names = if apdu.kind == pdu::UNCONFIRMED { UNCONFIRMED } else { CONFIRMED };
        Some(name(names, apdu.service?))
    });
    let reason = apdu.and_then(|apdu| {
        let names = match apdu.kind {
            pdu::REJECT => REJECTS,
            pdu::ABORT => ABORTS,
            _ => ERRORS,
        };
        Some(name(names, apdu.reason?))
    });
    let result = message.result.filter(|_| message.function == function::RESULT);
    let result = result.map(|code| name(RESULTS, code)).or(reason);
    what(&BacnetRow {
        conn: flow.columns(ts),
        is_orig,
        bvlc_function: &name(FUNCTIONS, message.function),
        pdu_type: kind.as_deref(),
        pdu_service: service.as_deref(),
        invoke_id: apdu.and_then(|apdu| apdu.invoke).map(u64::from),
        result_code: result.as_deref(),
    });
}

/// The same of who is looked for or there; nothing where nobody is.
pub(super) fn with_discovery(
    ts: Time,
    flow: &mut Flow,
    is_orig: bool,
    said: &Said<'_>,
    what: impl FnOnce(&DiscoveryRow<'_>),
) {
    let span = |range: Option<(u32, u32)>| {
        range.map_or_else(|| "All".to_owned(), |(low, high)| format!("{low}-{high}"))
    };
    let known = |name: &'static str| (name, None, None, None, None);
    let (service, object, vendor, range, text): (_, Option<Object>, Option<u32>, _, Option<&[u8]>) =
        match *said {
            Said::WhoIs(range) => ("who-is", None, None, Some(span(range)), None),
            Said::IAm { device, vendor } => ("i-am", Some(device), Some(vendor), None, None),
            Said::WhoHas { range, object, name } => ("who-has", object, None, Some(span(range)), Some(name)),
            Said::IHave { object, name } => ("i-have", Some(object), None, None, Some(name)),
            Said::Nothing | Said::Property { .. } => known(""),
        };
    if service.is_empty() {
        return;
    }
    let kind = object.map(|object| name(OBJECTS, object.kind));
    let vendor = vendor.map(|vendor| vendor.to_string());
    what(&DiscoveryRow {
        conn: flow.columns(ts),
        is_orig,
        pdu_service: service,
        object_type: kind.as_deref(),
        instance_number: object.map(|object| object.instance.into()),
        vendor: vendor.as_deref(),
        range: range.as_deref(),
        object_name: text.filter(|text| !text.is_empty()),
    });
}

/// Bytes of a value that are shown.
const MAX_VALUE: usize = 128;

/// A value as text (§20.2).
fn shown(tag: u8, bytes: &[u8]) -> String {
    let bytes = bytes.get(..MAX_VALUE).unwrap_or(bytes);
    let number = || bytes.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    match tag {
        0 => "null".to_owned(),
        1 => if bytes == [1] { "true" } else { "false" }.to_owned(),
        2 | 9 => number().to_string(),
        3 => {
            let unused = 64_u32.saturating_sub(8 * u32::try_from(bytes.len().min(8)).unwrap_or(8));
            (number().checked_shl(unused).unwrap_or_default().cast_signed() >> unused.min(63)).to_string()
        }
        4 => bytes.first_chunk().map_or_else(String::new, |bytes| f32::from_be_bytes(*bytes).to_string()),
        5 => bytes.first_chunk().map_or_else(String::new, |bytes| f64::from_be_bytes(*bytes).to_string()),
        // What says how it is written stands first.
        7 => String::from_utf8_lossy(bytes.get(1..).unwrap_or_default()).into_owned(),
        12 => {
            let number = number();
            format!(
                "{}:{}",
                name(OBJECTS, u32::try_from(number >> 22 & 0x3ff).unwrap_or_default()),
                number & 0x3f_ffff
            )
        }
        _ => bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }),
    }
}

/// The same of a property; nothing where there is none.
pub(super) fn with_property(
    ts: Time,
    flow: &mut Flow,
    is_orig: bool,
    message: &Message<'_>,
    what: impl FnOnce(&PropertyRow<'_>),
) {
    let Some(apdu) = &message.apdu else { return };
    let Said::Property { object, property, index, value } = apdu.said else { return };
    let of = if apdu.service == Some(15) { "write-property" } else { "read-property" };
    let way = if apdu.kind == pdu::COMPLEX_ACK { "ack" } else { "request" };
    let value = value.map(|(tag, bytes)| shown(tag, bytes));
    what(&PropertyRow {
        conn: flow.columns(ts),
        is_orig,
        pdu_service: &format!("{of}-{way}"),
        object_type: &name(OBJECTS, object.kind),
        instance_number: object.instance.into(),
        property: &name(PROPERTIES, property),
        array_index: index.map(u64::from),
        value: value.as_deref(),
    });
}
