# Clients that ask for many servers' names with one fingerprint (JA4): what tries names, as malware with made-up domains does, and
# crawlers.

@load base/frameworks/notice
@load base/frameworks/sumstats
@load policy/protocols/ssl/ja4

module SSL;

export {
	redef enum Notice::Type += {
		## A client asks for many names with the same fingerprint.
		Fingerprint_Many_Names,
	};

	## So many names within names_of_fingerprint_interval are many.
	option names_of_fingerprint_threshold = 200.0;

	const names_of_fingerprint_interval = 10min &redef;

	## Fingerprints that are expected to, as those of browsers and proxies.
	option names_of_fingerprint_ignored: set[string] = {};
}

event zeek_init()
	{
	local names = SumStats::Reducer($stream="tls.names", $apply=set(SumStats::UNIQUE));
	SumStats::create([$name="tls-names-of-fingerprints", $epoch=names_of_fingerprint_interval, $reducers=set(names),
	                  $threshold_val(key: SumStats::Key, result: SumStats::Result) = {
		return result["tls.names"]$unique + 0.0;
	}, $threshold=names_of_fingerprint_threshold,
	                  $threshold_crossed(key: SumStats::Key, result: SumStats::Result) = {
		local r = result["tls.names"];
		NOTICE([$note=Fingerprint_Many_Names, $src=key$host, $identifier=cat(key$host, key$str),
		        $msg=fmt("%s asked for %d servers with the fingerprint %s", key$host, r$unique, key$str), $sub=key$str]);
	}]);
	}

event ssl_client_hello(c: connection, version: count, record_version: count, possible_ts: time, client_random: string, session_id: string, ciphers: index_vec, comp_methods: index_vec) &priority=-3
	{
	if ( c?$ssl && c$ssl?$ja4 && c$ssl?$server_name && c$ssl$ja4 !in names_of_fingerprint_ignored )
		SumStats::observe("tls.names", [$host=c$id$orig_h, $str=c$ssl$ja4], [$str=c$ssl$server_name]);
	}
