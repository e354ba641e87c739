# Clients and servers with many HTTP errors.

@load ./real-client
@load ./blocks

module HTTPErrors;

export {
	redef enum Notice::Type += {
		## A client was answered with many errors (400 and above).
		Client_Errors,
		## Addresses of a block were, and take turns: none of them need have many.
		Block_Errors,
		## A server answered with many errors.
		Server_Errors,
		## The same of errors that are the server's fault (500 and above).
		Client_Server_Faults,
		Server_Faults,
		## The clients with most errors, at the end of an epoch.
		Excessive_HTTP_Errors_Attacker,
		## The servers with most errors, at the end of an epoch.
		Excessive_HTTP_Errors_Victim,
	};

	redef enum HTTP::Tags += { HTTP_ERROR };

	## So many errors within the window are a notice, and so many faults.
	option threshold: double = 1000.0;
	option fault_threshold: double = 1000.0;
	## So many errors of the addresses of a block together, of which there are at least two.
	option block_threshold: double = 1000.0;
	const window = 15min &redef;
	## While it goes on, a notice is raised again after this much time.
	const remind = 10min &redef;
	## Addresses or subnets, of clients or servers, with thresholds of their own for both.
	option thresholds: table[subnet] of double = {};

	## What is not counted, though it is tagged: clients by the address that connected or that a proxy named.
	option ignore_clients: set[subnet] = {};
	option ignore_servers: set[subnet] = {};
	option ignore_user_agents: pattern = /^\xff$/;
	option ignore_referrers: pattern = /^\xff$/;
	option ignore_hosts: pattern = /^\xff$/;

	## The report at the end of each epoch.
	const report_epoch = 15min &redef;
	const report_size = 1000 &redef;
	option report_top = 30;
	## Who has no more errors than this is left out.
	option report_clients_above = 50;
	option report_servers_above = 100;
}

function threshold_of(a: addr, usual: double): double
	{
	return a in thresholds ? thresholds[a] : usual;
	}

function is_ignored(c: connection, client: addr): bool
	{
	if ( |ignore_clients| > 0 && ( client in ignore_clients || c$id$orig_h in ignore_clients ) )
		return T;
	if ( |ignore_servers| > 0 && c$id$resp_h in ignore_servers )
		return T;
	local h = c$http;
	return ( h?$user_agent && ignore_user_agents in h$user_agent )
		|| ( h?$referrer && ignore_referrers in h$referrer )
		|| ( h?$host && ignore_hosts in h$host );
	}

event http_reply(c: connection, version: string, code: count, reason: string)
	{
	if ( code < 400 || ! c?$http )
		return;
	add c$http$tags[HTTP_ERROR];
	local client = RealClient::of_conn(c);
	if ( is_ignored(c, client) )
		return;
	local server = c$id$resp_h;
	local uri = c$http?$uri ? c$http$uri : "";
	SumStats::observe("http.errors.client", [$host=client], [$str=uri]);
	SumStats::observe("http.errors.server", [$host=server], [$str=uri]);
	local block = mask_addr(client, is_v4_addr(client) ? Blocks::v4 : Blocks::v6);
	SumStats::observe("http.errors.block", [$host=subnet_to_addr(block)], [$str=cat(client)]);
	if ( ! is_v4_addr(client) )
		SumStats::observe("http.errors.site", [$host=subnet_to_addr(mask_addr(client, Blocks::v6_site))], [$str=cat(block)]);
	SumStats::observe("http.errors.top_clients", [], [$str=cat(client)]);
	SumStats::observe("http.errors.top_servers", [], [$str=cat(server)]);
	if ( code < 500 )
		return;
	SumStats::observe("http.faults.client", [$host=client], [$str=uri]);
	SumStats::observe("http.faults.server", [$host=server], [$str=uri]);
	}

function count_errors(stream: string, note: Notice::Type, what: string, faults: bool)
	{
	local r = SumStats::Reducer($stream=stream, $apply=set(SumStats::SUM));
	local again = Notice::reminder(remind);
	SumStats::create([$name=stream, $epoch=window, $window=window, $remind=again, $reducers=set(r),
		$threshold_for=function[faults](key: SumStats::Key): double
			{
			return threshold_of(key$host, faults ? fault_threshold : threshold);
			},
		$threshold_crossed=function[stream, note, what, faults, again](key: SumStats::Key, result: SumStats::Result)
			{
			local last = SumStats::origin();
			NOTICE([$note=note, $uid=last$uid, $id=last$id, $src=key$host, $n=double_to_count(result[stream]$sum),
				$msg=fmt("%s %s %s", what, key$host, faults ? "with many server errors" : "with many HTTP errors"),
				$sub=fmt("%.0f errors in %s, the last for %s", result[stream]$sum, duration_to_mins_secs(window),
					last$str),
				$identifier=cat(key$host), $suppress_for=again]);
			}]);
	}

# A single member is the other detection's.
function count_block_errors(stream: string, site: bool)
	{
	local r = SumStats::Reducer($stream=stream, $apply=set(SumStats::SUM, SumStats::UNIQUE), $unique_max=2);
	local again = Notice::reminder(remind);
	SumStats::create([$name=stream, $epoch=window, $window=window, $remind=again, $reducers=set(r),
		$threshold_unique=2,
		$threshold_for(key: SumStats::Key) = { return threshold_of(key$host, block_threshold); },
		$threshold_crossed=function[stream, site, again](key: SumStats::Key, result: SumStats::Result)
			{
			local block = Blocks::net_of(key$host, site);
			local n = result[stream]$sum;
			local last = SumStats::origin();
			NOTICE([$note=Block_Errors, $uid=last$uid, $id=last$id, $src=key$host, $src_net=block, $n=double_to_count(n),
				$msg=fmt("Addresses of %s with many HTTP errors", block),
				$sub=fmt("%.0f errors in %s, the last of %s", n, duration_to_mins_secs(window), last$str),
				$identifier=cat(block), $suppress_for=again]);
			}]);
	}

function report(stream: string, note: Notice::Type, words: string)
	{
	local r = SumStats::Reducer($stream=stream, $apply=set(SumStats::TOPK), $topk_size=report_size);
	SumStats::create([$name=stream, $epoch=report_epoch, $reducers=set(r),
		$epoch_result=function[stream, note, words](ts: time, key: SumStats::Key, result: SumStats::Result)
			{
			local top = result[stream]$topk;
			local above = note == Excessive_HTTP_Errors_Attacker ? report_clients_above : report_servers_above;
			local items: vector of SumStats::Observation = topk_get_top(top, report_top);
			for ( i in items )
				{
				local n = topk_count(top, items[i]);
				if ( n <= above )
					next;
				local a = to_addr(items[i]$str);
				NOTICE([$note=note, $src=a, $n=n, $msg=fmt("Excessive HTTP errors for requests %s %s", words, a),
					$sub=fmt("%d in %s, eps: %d", n, duration_to_mins_secs(report_epoch), topk_epsilon(top, items[i])),
					$identifier=cat(a), $suppress_for=report_epoch]);
				}
			}]);
	}

event zeek_init() &priority=-3
	{
	count_errors("http.errors.client", Client_Errors, "Client", F);
	count_block_errors("http.errors.block", F);
	count_block_errors("http.errors.site", T);
	count_errors("http.errors.server", Server_Errors, "Server", F);
	count_errors("http.faults.client", Client_Server_Faults, "Client", T);
	count_errors("http.faults.server", Server_Faults, "Server", T);
	report("http.errors.top_clients", Excessive_HTTP_Errors_Attacker, "from");
	report("http.errors.top_servers", Excessive_HTTP_Errors_Victim, "to");
	}
