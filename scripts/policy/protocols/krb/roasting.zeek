# Tickets that are asked for so that passwords can be guessed from them elsewhere. Not one of Zeek's scripts.
#
# Kerberoasting: one client gets tickets for many services within a short time that are encrypted with the services' keys
# in RC4 (or DES), whose keys are hashes of passwords that can be tried fast. Domains whose services have AES keys give no
# such tickets to who does not ask for them.
#
# AS-REP roasting: a client asks for a ticket for tickets without proving that it knows the password, and gets it, as
# accounts may be set so. Who asks for RC4 first of all is told of at once; who asks with stronger ciphers, for many users.

@load base/protocols/krb
@load base/frameworks/notice
@load base/frameworks/sumstats

module KRBRoasting;

export {
	redef enum Notice::Type += {
		## A client gets tickets for many services in a cipher that is easily broken.
		Kerberoasting,
		## A client gets tickets of users without a password, which can be guessed from them.
		ASREP_Roasting,
	};

	## So many services, within the window, of one client.
	option services: double = 5.0;
	## So many users whose tickets one client gets without a password where it asks for a weak cipher first,
	option weak_users: double = 1.0;
	## and whatever it asks for.
	option users: double = 5.0;
	const window = 10min &redef;
	## While it goes on, a notice is raised again after this much time.
	const remind = 1hr &redef;

	## Ciphers that are weak: DES and RC4 (RFC 3961 §8, RFC 4757).
	option weak_ciphers: set[count] = { 1, 2, 3, 23, 24 };
	## What proves that a client knows the password, a key or another ticket (RFC 4120 §7.5.2, RFC 4556, RFC 6113).
	option proofs: set[count] = { 2, 16, 17, 138, 141, 142, 161 };

	## Clients that may, and services of which tickets are no news: scanners of one's own, say.
	option ignore_clients: set[subnet] = {};
	option ignore_services: pattern = /^(krbtgt|kadmin)(\/|$)/;
}

redef record connection += {
	# How the client asks for a ticket for tickets: 0 with a proof, 1 without, 2 without and for a weak cipher first.
	krb_unproven: count &default=0;
};

event krb_tgs_response(c: connection, msg: KRB::KDC_Response)
	{
	if ( msg$ticket$cipher !in weak_ciphers || c$id$orig_h in ignore_clients || ignore_services in msg$ticket$service_name )
		return;
	SumStats::observe("krb.roast.services", [$host=c$id$orig_h], [$str=msg$ticket$service_name]);
	}

event krb_as_request(c: connection, msg: KRB::KDC_Request)
	{
	c$krb_unproven = 0;
	if ( msg?$pa_data )
		for ( i in msg$pa_data )
			if ( msg$pa_data[i]$data_type in proofs )
				return;
	local asks_weak = msg?$encryption_types && |msg$encryption_types| > 0 && msg$encryption_types[0] in weak_ciphers;
	c$krb_unproven = asks_weak ? 2 : 1;
	}

event krb_as_response(c: connection, msg: KRB::KDC_Response)
	{
	if ( c$krb_unproven == 0 || c$id$orig_h in ignore_clients )
		return;
	SumStats::observe(c$krb_unproven == 2 ? "krb.roast.weak" : "krb.roast.users", [$host=c$id$orig_h], [$str=msg$client_name]);
	c$krb_unproven = 0;
	}

# Values that were sampled, without those that are the same.
function samples(result: SumStats::ResultVal): string
	{
	local some: set[string];
	for ( i in result$samples )
		if ( result$samples[i]?$str )
			add some[result$samples[i]$str];
	local texts: vector of string;
	for ( text in some )
		texts += text;
	sort(texts, strcmp);
	return join_string_vec(texts, ", ");
	}

function watch(stream: string, note: Notice::Type, what: string, threshold: function(): double)
	{
	local again = Notice::reminder(remind);
	local reducer = SumStats::Reducer($stream=stream, $apply=set(SumStats::UNIQUE, SumStats::SAMPLE), $unique_max=1000, $num_samples=5);
	SumStats::create([$name=stream, $epoch=window, $window=window, $remind=again, $reducers=set(reducer),
		$threshold=1.0,
		$threshold_val=function[stream, threshold](key: SumStats::Key, result: SumStats::Result): double
			{ return result[stream]$unique / threshold(); },
		$threshold_crossed=function[again, stream, note, what](key: SumStats::Key, result: SumStats::Result)
			{
			local last = SumStats::origin();
			local r = result[stream];
			NOTICE([$note=note, $uid=last$uid, $id=last$id, $src=key$host, $n=r$unique,
				$msg=fmt("%s gets tickets %s %d", key$host, what, r$unique), $sub=samples(r),
				$identifier=cat(note, key$host), $suppress_for=again]);
			}]);
	}

event zeek_init() &priority=-3
	{
	watch("krb.roast.services", Kerberoasting, "in a weak cipher of services:", function(): double { return services; });
	watch("krb.roast.weak", ASREP_Roasting, "without a password, asking for a weak cipher, of users:",
	      function(): double { return weak_users; });
	watch("krb.roast.users", ASREP_Roasting, "without a password of users:", function(): double { return users; });
	}
