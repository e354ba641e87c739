# dns.log. Generated from the declaration of its rows (record!); a test compares it.

module DNS;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When the first message of the two was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The transport protocol.
		proto: transport_proto &log;
		## The number by which a reply finds its query (RFC 1035 §4.1.1, ID).
		trans_id: count &log &optional;
		## From the query to the beginning of the answer.
		rtt: interval &log &optional;
		## The name asked for, in lower case; of a reply without a query, the first answer's.
		query: string &log &optional;
		## The class asked for.
		qclass: count &log &optional;
		## The name of that class.
		qclass_name: string &log &optional;
		## The record type asked for.
		qtype: count &log &optional;
		## The name of that type.
		qtype_name: string &log &optional;
		## The reply's response code, without the bits that EDNS adds.
		rcode: count &log &optional;
		## The name of that code.
		rcode_name: string &log &optional;
		## The answer is authoritative.
		AA: bool &log &default=F;
		## The query was truncated.
		TC: bool &log &default=F;
		## The query asked for recursion.
		RD: bool &log &default=F;
		## The responder offers recursion.
		RA: bool &log &default=F;
		## The query's three bits behind RA; two of them are now AD and CD (RFC 4035 §3).
		Z: count &log &default=0;
		## The records of the answer section, each as a text.
		answers: vector of string &log &optional;
		## How long each of them may be kept.
		TTLs: vector of interval &log &optional;
		## The responder answered with an error, or with nothing at all.
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
