# known_certs.log: a row a day for each certificate that a server shows.

@load base/files/x509

module Known;

export {
	redef enum Log::ID += { CERTS_LOG };

	global log_policy_certs: Log::PolicyHook;

	type CertsInfo: record {
		ts: time &log;
		host: addr &log;
		port_num: port &log &optional;
		subject: string &log &optional;
		issuer_subject: string &log &optional;
		serial: string &log &optional;
	};

	## Servers whose certificates are logged.
	option cert_tracking = LOCAL_HOSTS;

	## Not obeyed: there is one process, which keeps what it knows itself.
	const use_cert_store = F &redef;
	## Not obeyed: what is known is not kept beyond the end.
	const enable_certs_persistence = F &redef;

	## Those that were logged.
	global certs: set[addr, string] &create_expire=1day;

	global log_known_certs: event(rec: CertsInfo);
}

event zeek_init() &priority=5
	{
	Log::create_stream(Known::CERTS_LOG, [$columns=CertsInfo, $ev=log_known_certs, $path="known_certs", $policy=log_policy_certs]);
	}

event ssl_established(c: connection) &priority=3
	{
	if ( ! c$ssl?$cert_chain || |c$ssl$cert_chain| == 0 || ! c$ssl$cert_chain[0]?$x509 )
		return;
	local host = c$id$resp_h;
	local first = c$ssl$cert_chain[0]$x509;
	if ( ! addr_matches_host(host, cert_tracking) || [host, first$fingerprint] in certs )
		return;
	add certs[host, first$fingerprint];
	Log::write(Known::CERTS_LOG, [$ts=network_time(), $host=host, $port_num=c$id$resp_p, $subject=first$certificate$subject,
	                              $issuer_subject=first$certificate$issuer, $serial=first$certificate$serial]);
	}
