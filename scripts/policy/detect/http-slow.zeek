# Requests that never end: heads and bodies of which little comes, or nothing more, so that a server has to wait.

@load ./real-client
@load ./blocks

module HTTPSlow;

export {
	redef enum Notice::Type += {
		## A client has many such requests going on.
		Client_Slow_Requests,
		## The addresses of a block do together.
		Block_Slow_Requests,
		## A server has many such requests to wait for.
		Server_Slow_Requests,
	};

	## So many connections with such requests within the window, of a client, a block and at a server.
	option threshold: double = 10.0;
	option block_threshold: double = 20.0;
	option server_threshold: double = 50.0;
	const window = 5min &redef;
	## While it goes on, a notice is raised again after this much time.
	const remind = 10min &redef;

	## A request is slow that comes with fewer bytes a second than this. It is looked at after 10 seconds, and after
	## each doubling of that, until it is complete or answered.
	option min_rate = 250.0;

	## Clients by the address that connected or that a proxy named.
	option ignore_clients: set[subnet] = {};
	option ignore_servers: set[subnet] = {};
}

event HTTP::request_lasts(c: connection, since: time, bytes: count)
	{
	local client = RealClient::of_conn(c);
	local server = c$id$resp_h;
	local lasted = ( network_time() - since ) / 1sec;
	if ( bytes >= lasted * min_rate || client in ignore_clients || c$id$orig_h in ignore_clients
	     || server in ignore_servers )
		return;
	SumStats::observe("http.slow.client", [$host=client], [$str=c$uid]);
	local block = mask_addr(client, is_v4_addr(client) ? Blocks::v4 : Blocks::v6);
	SumStats::observe("http.slow.block", [$host=subnet_to_addr(block)], [$str=c$uid]);
	SumStats::observe("http.slow.server", [$host=server], [$str=c$uid]);
	}

function count_slow(stream: string, note: Notice::Type, what: string, least: function(): double)
	{
	local r = SumStats::Reducer($stream=stream, $apply=set(SumStats::UNIQUE));
	local again = Notice::reminder(remind);
	SumStats::create([$name=stream, $epoch=window, $window=window, $remind=again, $reducers=set(r),
		$threshold_for=function[least](key: SumStats::Key): double { return least(); },
		$threshold_crossed=function[stream, note, what, again](key: SumStats::Key, result: SumStats::Result)
			{
			local last = SumStats::origin();
			local n = result[stream]$unique;
			local who = cat(key$host);
			local notice = Notice::Info($note=note, $uid=last$uid, $id=last$id, $src=key$host, $n=n, $suppress_for=again,
				$sub=fmt("%d connections in %s", n, duration_to_mins_secs(window)));
			if ( note == Block_Slow_Requests )
				{
				notice$src_net = mask_addr(key$host, is_v4_addr(key$host) ? Blocks::v4 : Blocks::v6);
				who = cat(notice$src_net);
				}
			notice$msg = fmt("%s %s with many HTTP requests that do not end", what, who);
			notice$identifier = who;
			NOTICE(notice);
			}]);
	}

event zeek_init() &priority=-3
	{
	count_slow("http.slow.client", Client_Slow_Requests, "Client",
		function(): double { return threshold; });
	count_slow("http.slow.block", Block_Slow_Requests, "Addresses of",
		function(): double { return block_threshold; });
	count_slow("http.slow.server", Server_Slow_Requests, "Server",
		function(): double { return server_threshold; });
	}
