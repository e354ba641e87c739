# A man in the middle of software updates: servers of updates whose certificates are none that stand for them. What stands for
# a server is in a file, which is read again when it changes: after `#fields name kind value` a line for each, with tabs. `kind` is
# `issuer` (a name by RFC 2253, as x509.log has it), `key` (the SHA-256 of a public key) or `fingerprint` (that of a certificate,
# both in hexadecimal digits); one of a chain is enough. A name that begins with `*.` is for all below it. From TLS 1.3 on
# certificates are encrypted, and nothing is said.

@load base/frameworks/input
@load base/frameworks/notice
@load base/files/x509
@load base/protocols/ssl/finishing

module SoftwareUpdates;

export {
	redef enum Notice::Type += {
		## None of a server's certificates stands for it.
		Unexpected_Certificate,
	};

	## The file, if there is one.
	const pins_file = "" &redef;

	## What stands for servers: name, kind and value.
	global pins: set[string, string, string] &redef;
}

type Pin: record {
	name: string;
	kind: string;
	value: string;
};

# What is expected of a server, for people.
global expected: table[string] of vector of string;

function list_expected()
	{
	expected = table();
	for ( [name, kind, value] in pins )
		{
		if ( name !in expected )
			expected[name] = vector();
		expected[name] += fmt("%s %s", kind, value);
		}
	for ( name, values in expected )
		sort(values, strcmp);
	}

event zeek_init()
	{
	list_expected();
	if ( pins_file != "" )
		Input::add_table([$source=pins_file, $name="software-updates", $idx=Pin, $destination=pins, $mode=Input::REREAD]);
	}

event Input::end_of_data(name: string, source: string)
	{
	if ( name == "software-updates" )
		list_expected();
	}

# The name under which something is expected of a server; empty where there is none.
function pinned(server: string): string
	{
	if ( server in expected )
		return server;
	local below = fmt("*.%s", split_string1(server, /\./)[-1]);
	return below in expected ? below : "";
	}

function stands_for(name: string, cert: X509::Info): bool
	{
	return [name, "issuer", cert$certificate$issuer] in pins || [name, "fingerprint", cert$fingerprint] in pins ||
	       [name, "key", bytestring_to_hexstr(x509_spki_hash(cert$handle, 4))] in pins;
	}

hook SSL::ssl_finishing(c: connection)
	{
	if ( ! c?$ssl || ! c$ssl?$server_name || ! c$ssl?$cert_chain || |c$ssl$cert_chain| == 0 )
		return;
	local name = pinned(to_lower(c$ssl$server_name));
	if ( name == "" )
		return;
	local shown: vector of string;
	for ( _, cert in c$ssl$cert_chain )
		{
		if ( ! cert?$x509 )
			next;
		if ( stands_for(name, cert$x509) )
			return;
		shown += fmt("%s (fingerprint %s, of %s)", cert$x509$certificate$subject, cert$x509$fingerprint,
		             cert$x509$certificate$issuer);
		}
	if ( |shown| == 0 )
		return;
	NOTICE([$note=Unexpected_Certificate, $conn=c,
	        $msg=fmt("%s shows no certificate that stands for it", c$ssl$server_name),
	        $sub=fmt("shown: %s; expected: %s", join_string_vec(shown, " < "), join_string_vec(expected[name], " or ")),
	        $identifier=cat(c$id$resp_h, c$ssl$server_name, shown[0])]);
	}
