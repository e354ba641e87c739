# kerberos.log. Generated from the declaration of its rows (record!); a test compares it.

module KRB;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When the first message was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## AS where a ticket for tickets is asked for, TGS where one for a service is.
		request_type: string &log &optional;
		## Who asks.
		client: string &log &optional;
		## What for.
		service: string &log &optional;
		## Whether it was given.
		success: bool &log &optional;
		## Why not.
		error_msg: string &log &optional;
		## From when on the ticket is to be valid.
		from: time &log &optional;
		## Until when.
		till: time &log &optional;
		## How the ticket is encrypted.
		cipher: string &log &optional;
		## Whether it is to be one that may be handed on.
		forwardable: bool &log &optional;
		## Whether it is to be one that may be renewed.
		renewable: bool &log &optional;
		## Whose the client's certificate is.
		client_cert_subject: string &log &optional;
		## The file that it is.
		client_cert_fuid: string &log &optional;
		## Whose the server's certificate is.
		server_cert_subject: string &log &optional;
		## The file that it is.
		server_cert_fuid: string &log &optional;
	};

	## A row of kerberos.log is about to be written.
	global log_krb: event(rec: Info);
}

redef record connection += {
	krb: KRB::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(KRB::LOG, [$columns=Info, $ev=log_krb, $path="kerberos", $policy=log_policy]);
	}
