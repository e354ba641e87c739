# dns.log: one row for every query with its answers.

module DNS;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		ts: time &log;
		uid: string &log;
		id: conn_id &log;
		proto: transport_proto &log;
		trans_id: count &log &optional;
		rtt: interval &log &optional;
		query: string &log &optional;
		qclass: count &log &optional;
		qclass_name: string &log &optional;
		qtype: count &log &optional;
		qtype_name: string &log &optional;
		rcode: count &log &optional;
		rcode_name: string &log &optional;
		AA: bool &log &default=F;
		TC: bool &log &default=F;
		RD: bool &log &default=F;
		RA: bool &log &default=F;
		Z: count &log &default=0;
		answers: vector of string &log &optional;
		TTLs: vector of interval &log &optional;
		rejected: bool &log &default=F;
	};

	## A row of dns.log is about to be written.
	global log_dns: event(rec: Info);
}

redef record connection += {
	dns: DNS::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(DNS::LOG, [$columns=Info, $ev=log_dns, $path="dns", $policy=log_policy]);
	}
