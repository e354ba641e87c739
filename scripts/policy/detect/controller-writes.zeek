# Writes to controllers, over Modbus and DNP3, from stations that never wrote before. Which stations write is learned at
# first; after that a new one is told of, once, and known from then on. Not one of Zeek's scripts.

@load base/protocols/modbus
@load base/protocols/dnp3
@load base/frameworks/notice

module ControllerWrites;

export {
	redef enum Notice::Type += {
		## A station writes to a controller that it never wrote to.
		New_Writer,
		## A station makes a controller start anew, stop, or change what it runs.
		Controller_Stopped,
	};

	## For so long after the first message, those that write are learned, and not told of. With 0 all are told of that
	## are not in `writers`.
	const learning = 1day &redef;
	## Stations that write, and the controllers that they write to.
	option writers: set[subnet, subnet] = {};
	## A station that has not written for so long is a new one.
	const remembered = 30days &redef;
	## Stations that are remembered. Those beyond are told of each time that notices allow it.
	const max_remembered = 100000 &redef;

	## Functions of Modbus that write (coils, registers, records, FIFO) or run something (diagnostics).
	option modbus_writes: set[count] = { 5, 6, 15, 16, 21, 22, 23 };
	option modbus_stops: set[count] = { 8 };
	## Functions of DNP3 that write or operate (IEEE 1815 §5.1.3.4), and those that start, stop or change applications.
	option dnp3_writes: set[count] = { 2, 3, 4, 5, 6, 31 };
	option dnp3_stops: set[count] = { 13, 14, 15, 16, 17, 18, 19 };
}

global known: set[addr, addr] &write_expire=remembered;
global began: time = double_to_time(0.0);

function is_writer(station: addr, controller: addr): bool
	{
	for ( [from, to] in writers )
		if ( station in from && controller in to )
			return T;
	return F;
	}

function wrote(c: connection, what: string)
	{
	local station = c$id$orig_h;
	local controller = c$id$resp_h;
	local is_known = [station, controller] in known;
	if ( is_known || |known| < max_remembered )
		add known[station, controller];
	if ( is_known || network_time() - began < learning || is_writer(station, controller) )
		return;
	NOTICE([$note=New_Writer, $conn=c, $msg=fmt("%s writes to %s (%s), which it never did before", station, controller, what),
		$sub=what, $identifier=cat(station, controller)]);
	}

function stopped(c: connection, what: string)
	{
	NOTICE([$note=Controller_Stopped, $conn=c, $msg=fmt("%s has %s do %s", c$id$orig_h, c$id$resp_h, what), $sub=what,
		$identifier=cat(c$id$orig_h, c$id$resp_h, what)]);
	}

function begin()
	{
	if ( began == double_to_time(0.0) )
		began = network_time();
	}

event modbus_message(c: connection, headers: ModbusHeaders, is_orig: bool)
	{
	begin();
	if ( ! is_orig )
		return;
	local code = headers$function_code;
	if ( code in modbus_writes )
		wrote(c, Modbus::function_codes[code]);
	else if ( code in modbus_stops )
		stopped(c, Modbus::function_codes[code]);
	}

event dnp3_application_request_header(c: connection, is_orig: bool, application: count, fc: count)
	{
	begin();
	if ( fc in dnp3_writes )
		wrote(c, DNP3::function_codes[fc]);
	else if ( fc in dnp3_stops )
		stopped(c, DNP3::function_codes[fc]);
	}
