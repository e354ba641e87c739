# known_modbus.log: hosts that were seen to speak Modbus, and as what.

module Known;

export {
	redef enum Log::ID += { MODBUS_LOG };

	global log_policy_modbus: Log::PolicyHook;

	type ModbusDeviceType: enum {
		## It sends requests.
		MODBUS_MASTER,
		## It answers them.
		MODBUS_SLAVE,
	};

	type ModbusInfo: record {
		ts: time &log;
		host: addr &log;
		device_type: ModbusDeviceType &log;
	};

	## Those that were logged.
	global modbus_nodes: set[addr, ModbusDeviceType] &create_expire=1day &redef;

	global log_known_modbus: event(rec: ModbusInfo);
}

event zeek_init() &priority=5
	{
	Log::create_stream(Known::MODBUS_LOG, [$columns=ModbusInfo, $ev=log_known_modbus, $path="known_modbus", $policy=log_policy_modbus]);
	}

function modbus_node(host: addr, device_type: ModbusDeviceType)
	{
	if ( [host, device_type] in modbus_nodes )
		return;
	add modbus_nodes[host, device_type];
	Log::write(MODBUS_LOG, [$ts=network_time(), $host=host, $device_type=device_type]);
	}

event modbus_message(c: connection, headers: ModbusHeaders, is_orig: bool)
	{
	modbus_node(c$id$orig_h, MODBUS_MASTER);
	modbus_node(c$id$resp_h, MODBUS_SLAVE);
	}
