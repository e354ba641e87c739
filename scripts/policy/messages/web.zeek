# nginx and Apache: their access logs, and what their error logs tell of clients.

@load base/frameworks/messages
@load base/frameworks/notice
@load base/frameworks/sumstats
@load messages/logins

module Messages;

export {
	redef enum Notice::Type += {
		## A client got many errors of a web server that logs them.
		Web_Errors,
		## A client was slowed down or refused by a web server again and again.
		Web_Refused,
	};

	## So many replies of 400 and above to a client …
	option web_errors: double = 1000.0;
	## … or so many times that it was refused …
	option web_refused: double = 100.0;
	## … within so much time are a notice.
	const web_window = 15min &redef;

	## A request in an access log.
	global web_request: event(m: Info, client: addr, user: string, method: string, uri: string, status: count);
	global web_password: event(m: Info, user: string, client: addr);
	## Refused by a rule, or by a limit.
	global web_refusal: event(m: Info, client: addr);
}

event web_request(m: Info, client: addr, user: string, method: string, uri: string, status: count)
	{
	if ( status >= 400 )
		SumStats::observe("web.errors", [$host=client], [$str=uri]);
	# A browser asks without a password before it asks the user.
	if ( user != "-" )
		login(m, "HTTP", client, user, status != 401);
	}

event web_password(m: Info, user: string, client: addr)
	{
	login(m, "HTTP", client, user, F);
	}

event web_refusal(m: Info, client: addr)
	{
	SumStats::observe("web.refused", [$host=client], [$str=m$text]);
	}

event zeek_init()
	{
	local access = Filter($log=F);
	on(/^(?<client>[0-9a-fA-F.:]+) [^ ]+ (?<user>[^\[]+) \[[^\]]+\] \x22(?<method>[A-Z]+) (?<uri>[^ ]+)[^\x22]*\x22 (?<status>[0-9]{3}) /,
	   web_request, access);
	on(/user \x22(?<user>[^\x22]*)\x22(: password mismatch| was not found in \x22[^\x22]*\x22), client: (?<client>[0-9a-fA-F.:]+)/, web_password);
	on(/\[client (?<client>[0-9a-fA-F:.]+):[0-9]+\] (AH0161[78]: )?user (?<user>.*)(: authentication failure for| not found: )/,
	   web_password);
	on(/(limiting (requests|connections).*|access forbidden by rule), client: (?<client>[0-9a-fA-F.:]+)/, web_refusal);
	on(/\[client (?<client>[0-9a-fA-F:.]+):[0-9]+\] AH01(797|630): client denied by server configuration/, web_refusal);

	local errors = SumStats::Reducer($stream="web.errors", $apply=set(SumStats::SUM, SumStats::SAMPLE), $num_samples=3);
	local refused = SumStats::Reducer($stream="web.refused", $apply=set(SumStats::SUM));
	SumStats::create([$name="web.errors", $epoch=web_window, $window=web_window, $remind=web_window, $reducers=set(errors),
		$threshold_val(key: SumStats::Key, result: SumStats::Result) = { return result["web.errors"]$sum / web_errors; },
		$threshold=1.0,
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{
			local uris: vector of string = vector();
			for ( _, sample in result["web.errors"]$samples )
				uris += sample$str;
			NOTICE([$note=Web_Errors, $src=key$host, $n=double_to_count(result["web.errors"]$sum),
			        $msg=fmt("%s got %.0f errors, of %s", key$host, result["web.errors"]$sum, join_string_vec(uris, ", ")),
			        $identifier=cat(key$host)]);
			}]);
	SumStats::create([$name="web.refused", $epoch=web_window, $window=web_window, $remind=web_window, $reducers=set(refused),
		$threshold_val(key: SumStats::Key, result: SumStats::Result) = { return result["web.refused"]$sum / web_refused; },
		$threshold=1.0,
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{
			NOTICE([$note=Web_Refused, $src=key$host, $n=double_to_count(result["web.refused"]$sum),
			        $msg=fmt("%s was refused %.0f times", key$host, result["web.refused"]$sum), $identifier=cat(key$host)]);
			}]);
	}
