# Certificates. This sensor does not look into them yet: what is here lets scripts that do so load.

module X509;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Certificate: record {
		version: count &log;
		serial: string &log;
		subject: string &log;
		## The last common name of the subject.
		cn: string &optional;
		issuer: string &log;
		not_valid_before: time &log;
		not_valid_after: time &log;
		key_alg: string &log;
		sig_alg: string &log;
		tbs_sig_alg: string;
		## rsa, dsa or ecdsa.
		key_type: string &optional &log;
		## In bits.
		key_length: count &optional &log;
		exponent: string &optional &log;
		curve: string &optional &log;
	};

	type Extension: record {
		name: string;
		short_name: string &optional;
		oid: string;
		critical: bool;
		value: string;
	};

	type BasicConstraints: record {
		ca: bool &log;
		path_len: count &optional &log;
	};

	type SubjectAlternativeName: record {
		dns: string_vec &optional &log;
		uris: string_vec &optional &log;
		emails: string_vec &optional &log;
		ips: addr_vec &optional &log;
		## Names of other kinds are not kept.
		other_fields: bool;
	};

	## What came of checking a chain: 0 is good.
	type Result: record {
		result: int;
		result_string: string;
		chain_certs: vector of opaque of x509 &optional;
	};

	type Info: record {
		ts: time &log;
		fingerprint: string &log;
		certificate: X509::Certificate &log;
		handle: opaque of x509;
		extensions: vector of X509::Extension &default=vector();
		san: X509::SubjectAlternativeName &optional &log;
		basic_constraints: X509::BasicConstraints &optional &log;
		host_cert: bool &log &default=F;
		client_cert: bool &log &default=F;
	};

	global log_x509: event(rec: Info);
}

module GLOBAL;

type x509_opaque_vector: vector of opaque of x509;

global x509_certificate: event(f: fa_file, cert_ref: opaque of x509, cert: X509::Certificate);
global x509_extension: event(f: fa_file, ext: X509::Extension);
global x509_ext_basic_constraints: event(f: fa_file, ext: X509::BasicConstraints);
global x509_ext_subject_alternative_name: event(f: fa_file, ext: X509::SubjectAlternativeName);

# There are no certificates here that these could be called with.

function x509_parse(cert: opaque of x509): X509::Certificate
	{
	Reporter::error("certificates are not parsed by this sensor");
	local none: X509::Certificate;
	return none;
	}

function x509_get_certificate_string(cert: opaque of x509, pem: bool &default=F): string
	{
	Reporter::error("certificates are not parsed by this sensor");
	return "";
	}

function x509_verify(certs: x509_opaque_vector, root_certs: table_string_of_string, verify_time: time &default=network_time()): X509::Result
	{
	return X509::Result($result=-1, $result_string="certificates are not checked by this sensor");
	}

redef record Files::Info += {
	x509: X509::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(X509::LOG, [$columns=X509::Info, $ev=X509::log_x509, $path="x509", $policy=X509::log_policy]);
	}
