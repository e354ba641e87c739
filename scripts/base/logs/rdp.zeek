# rdp.log. Generated from the declaration of its rows (record!); a test compares it.

module RDP;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When the first of it was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## What the client says who it is: often a user, of which only nine characters may be there.
		cookie: string &log &optional;
		## What came of it: why the server refused, or what it answered to the client's settings.
		result: string &log &optional;
		## How the server wants it to be protected.
		security_protocol: string &log &optional;
		## The channels that the client asked for.
		client_channels: vector of string &log &optional;
		## The client's keyboard.
		keyboard_layout: string &log &optional;
		## The client's version.
		client_build: string &log &optional;
		## The client's name.
		client_name: string &log &optional;
		## Which product the client is.
		client_dig_product_id: string &log &optional;
		## Of the client's desktop, in pixels.
		desktop_width: count &log &optional;
		## The same.
		desktop_height: count &log &optional;
		## Colors that the client asked for.
		requested_color_depth: string &log &optional;
		## What the server's certificate is, where RDP itself encrypts.
		cert_type: string &log &optional;
		## How many certificates it has shown.
		cert_count: count &log &default=0;
		## Whether they stay.
		cert_permanent: bool &log &optional;
		## What is encrypted.
		encryption_level: string &log &optional;
		## And how.
		encryption_method: string &log &optional;
	};

	## A row of rdp.log is about to be written.
	global log_rdp: event(rec: Info);
}

redef record connection += {
	rdp: RDP::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(RDP::LOG, [$columns=Info, $ev=log_rdp, $path="rdp", $policy=log_policy]);
	}
