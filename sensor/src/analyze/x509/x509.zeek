# Certificates: what scripts find of them beside what x509.log has.

@load base/logs/x509
@load base/logs/files

module X509;

export {
	redef record Info += {
		handle: opaque of x509 &optional;
		extensions: vector of X509::Extension &default=vector();
	};

	## What came of checking a chain: 0 is good.
	type Result: record {
		result: int;
		result_string: string;
		chain_certs: vector of opaque of x509 &optional;
	};
}

module GLOBAL;

redef record Files::Info += {
	x509: X509::Info &optional;
};

global x509_parse: function(cert: opaque of x509): X509::Certificate;
global x509_from_der: function(der: string): opaque of x509;
global x509_get_certificate_string: function(cert: opaque of x509, pem: bool &default=F): string;
global x509_verify: function(certs: x509_opaque_vector, root_certs: table_string_of_string, verify_time: time &default=network_time()): X509::Result;
global x509_ocsp_verify: function(certs: x509_opaque_vector, ocsp_reply: string, root_certs: table_string_of_string, verify_time: time &default=network_time()): X509::Result;
global sct_verify: function(cert: opaque of x509, logid: string, log_key: string, signature: string, timestamp: count, hash_algorithm: count, issuer_key_hash: string &default=""): bool;
global x509_subject_name_hash: function(cert: opaque of x509, hash_alg: count): string;
global x509_issuer_name_hash: function(cert: opaque of x509, hash_alg: count): string;
global x509_spki_hash: function(cert: opaque of x509, hash_alg: count): string;
global x509_check_hostname: function(cert: opaque of x509, hostname: string): bool;
global x509_check_cert_hostname: function(cert: opaque of x509, hostname: string): string;

## The kinds of names of the issuer and of the subject, and of extensions, in their order: their types in hexadecimal digits,
## with commas between them. Empty where it is no certificate.
global x509_kinds: function(cert: opaque of x509): string_vec;

## Certificates in the table have no events: the hook is called for each instead. Nothing is in the tables that scripts hand
## over here, as a sensor keeps what it has read of certificates by itself.
global x509_set_certificate_cache: function(tbl: string_any_table): bool;
global x509_set_certificate_cache_hit_callback: function(f: string_any_file_hook): bool;
