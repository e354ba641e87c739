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

type x509_opaque_vector: vector of opaque of x509;

redef record Files::Info += {
	x509: X509::Info &optional;
};

# There are no certificates here that these could be called with.

function x509_parse(cert: opaque of x509): X509::Certificate
	{
	Reporter::error("certificates are not parsed for scripts by this sensor");
	local none: X509::Certificate;
	return none;
	}

function x509_get_certificate_string(cert: opaque of x509, pem: bool &default=F): string
	{
	Reporter::error("certificates are not handed to scripts by this sensor");
	return "";
	}

function x509_verify(certs: x509_opaque_vector, root_certs: table_string_of_string, verify_time: time &default=network_time()): X509::Result
	{
	return X509::Result($result=-1, $result_string="certificates are not checked by this sensor");
	}
