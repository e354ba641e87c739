# rfb.log. Generated from the declaration of its rows (record!); a test compares it.

module RFB;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it was seen to be RFB.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The client's version.
		client_major_version: string &log &optional;
		## Its minor part.
		client_minor_version: string &log &optional;
		## The server's version.
		server_major_version: string &log &optional;
		## Its minor part.
		server_minor_version: string &log &optional;
		## How the client authenticates.
		authentication_method: string &log &optional;
		## Whether that succeeded.
		auth: bool &log &optional;
		## Whether the client shares the desktop with others.
		share_flag: bool &log &optional;
		## The desktop's name.
		desktop_name: string &log &optional;
		## Its width, in pixels.
		width: count &log &optional;
		## Its height, in pixels.
		height: count &log &optional;
	};

	## A row of rfb.log is about to be written.
	global log_rfb: event(rec: Info);
}

redef record connection += {
	rfb: RFB::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(RFB::LOG, [$columns=Info, $ev=log_rfb, $path="rfb", $policy=log_policy]);
	}
