# SNMP: what scripts find of it beside what snmp.log has.

@load base/logs/snmp

module SNMP;

export {
	const version_map: table[count] of string = { [0] = "1", [1] = "2c", [3] = "3" } &redef &default="unknown";

	## Tags of values (RFC 3416 §3).
	const OBJ_INTEGER_TAG: count = 0x02;
	const OBJ_OCTETSTRING_TAG: count = 0x04;
	const OBJ_UNSPECIFIED_TAG: count = 0x05;
	const OBJ_OID_TAG: count = 0x06;
	const OBJ_IPADDRESS_TAG: count = 0x40;
	const OBJ_COUNTER32_TAG: count = 0x41;
	const OBJ_UNSIGNED32_TAG: count = 0x42;
	const OBJ_TIMETICKS_TAG: count = 0x43;
	const OBJ_OPAQUE_TAG: count = 0x44;
	const OBJ_COUNTER64_TAG: count = 0x46;
	const OBJ_NOSUCHOBJECT_TAG: count = 0x80;
	const OBJ_NOSUCHINSTANCE_TAG: count = 0x81;
	const OBJ_ENDOFMIBVIEW_TAG: count = 0x82;
}
