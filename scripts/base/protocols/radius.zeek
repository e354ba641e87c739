# RADIUS. This sensor does not parse it yet: what is here lets scripts about it load.

module RADIUS;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type AttributeList: vector of string;
	type Attributes: table[count] of AttributeList;

	type Message: record {
		code: count;
		trans_id: count;
		authenticator: string;
		attributes: RADIUS::Attributes &optional;
	};

	type Info: record {
		ts: time &log;
		uid: string &log;
		id: conn_id &log;
		username: string &log &optional;
		mac: string &log &optional;
		framed_addr: addr &log &optional;
		tunnel_client: string &log &optional;
		connect_info: string &log &optional;
		reply_msg: string &log &optional;
		## "success", "failed", or unset.
		result: string &log &optional;
		ttl: interval &log &optional;
		logged: bool &default=F;
	};

	global log_radius: event(rec: Info);
}

module GLOBAL;

global radius_message: event(c: connection, result: RADIUS::Message);
global radius_attribute: event(c: connection, attr_type: count, value: string);

redef record connection += {
	radius: RADIUS::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(RADIUS::LOG, [$columns=RADIUS::Info, $ev=RADIUS::log_radius, $path="radius", $policy=RADIUS::log_policy]);
	}
