# x509.log. Generated from the declaration of its rows (record!); a test compares it.

module X509;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it was seen.
		ts: time &log;
		## Its SHA-256.
		fingerprint: string &log;
		certificate: X509::Certificate &log;
		san: X509::SubjectAlternativeName &log &optional;
		basic_constraints: X509::BasicConstraints &log &optional;
		## Whether it came first in its chain.
		host_cert: bool &log &default=F;
		## Whether a client sent it.
		client_cert: bool &log &default=F;
	};

	## A row of x509.log is about to be written.
	global log_x509: event(rec: Info);
}

event zeek_init() &priority=5
	{
	Log::create_stream(X509::LOG, [$columns=Info, $ev=log_x509, $path="x509", $policy=log_policy]);
	}
