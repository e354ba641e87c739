# modbus_register_change.log: registers whose values have changed since they were last read.

@load base/protocols/modbus

module Modbus;

export {
	redef enum Log::ID += { Modbus::REGISTER_CHANGE_LOG };

	global log_policy_register_change: Log::PolicyHook;

	## Devices whose registers are followed.
	option track_memmap: Host = ALL_HOSTS;

	type MemmapInfo: record {
		ts: time &log;
		uid: string &log;
		id: conn_id &log;
		## Counted from 1.
		register: count &log;
		old_val: count &log;
		new_val: count &log;
		## Since the old value was seen.
		delta: interval &log;
	};

	type RegisterValue: record {
		last_set: time;
		value: count;
	};

	type Registers: table[count] of RegisterValue;

	## The registers of devices as they were last seen.
	global device_registers: table[addr] of Registers = table();

	## A register has another value than before.
	global changed_register: event(c: connection, register: count, old_val: count, new_val: count, delta: interval);
}

redef record Modbus::Info += {
	track_address: count &default=0;
};

event zeek_init() &priority=5
	{
	Log::create_stream(Modbus::REGISTER_CHANGE_LOG, [$columns=MemmapInfo, $path="modbus_register_change", $policy=log_policy_register_change]);
	}

event modbus_read_holding_registers_request(c: connection, headers: ModbusHeaders, start_address: count, quantity: count)
	{
	c$modbus$track_address = start_address + 1;
	}

event modbus_read_holding_registers_response(c: connection, headers: ModbusHeaders, registers: ModbusRegisters)
	{
	if ( ! addr_matches_host(c$id$resp_h, track_memmap) )
		return;
	if ( c$id$resp_h !in device_registers )
		device_registers[c$id$resp_h] = table();
	local known = device_registers[c$id$resp_h];
	for ( i in registers )
		{
		local register = c$modbus$track_address;
		if ( register !in known )
			known[register] = [$last_set=network_time(), $value=registers[i]];
		else if ( known[register]$value != registers[i] )
			{
			local delta = network_time() - known[register]$last_set;
			event Modbus::changed_register(c, register, known[register]$value, registers[i], delta);
			known[register] = [$last_set=network_time(), $value=registers[i]];
			}
		++c$modbus$track_address;
		}
	}

event Modbus::changed_register(c: connection, register: count, old_val: count, new_val: count, delta: interval)
	{
	Log::write(REGISTER_CHANGE_LOG, [$ts=network_time(), $uid=c$uid, $id=c$id, $register=register, $old_val=old_val,
	                                 $new_val=new_val, $delta=delta]);
	}
