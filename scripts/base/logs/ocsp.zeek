# ocsp.log. Generated from the declaration of its rows (record!); a test compares it.

module OCSP;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When the response was seen.
		ts: time &log;
		## The response's identifier in files.log.
		id: string &log;
		## The digest by which the issuer is named.
		hashAlgorithm: string &log;
		## That of the issuer's name.
		issuerNameHash: string &log;
		## That of the issuer's key.
		issuerKeyHash: string &log;
		## The certificate's serial number.
		serialNumber: string &log;
		## `good`, `revoked` or `unknown`.
		certStatus: string &log;
		## Since when it is revoked.
		revoketime: time &log &optional;
		## Why it is revoked.
		revokereason: string &log &optional;
		## When this was so.
		thisUpdate: time &log &optional;
		## When there will be news of it.
		nextUpdate: time &log &optional;
	};

	## A row of ocsp.log is about to be written.
	global log_ocsp: event(rec: Info);
}

event zeek_init() &priority=5
	{
	Log::create_stream(OCSP::LOG, [$columns=Info, $ev=log_ocsp, $path="ocsp", $policy=log_policy]);
	}
