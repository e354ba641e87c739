# Floods of requests: from one client, or from a block of addresses that take turns.

@load ./real-client
@load ./blocks

module HTTPFloods;

export {
	redef enum Notice::Type += {
		Client_Flood,
		## No address of the block need send many.
		Block_Flood,
	};

	## So many requests with one method within the window.
	option threshold: double = 600.0;
	option block_threshold: double = 600.0;
	const window = 30sec &redef;
	## While it goes on, a notice is raised again after this much time.
	const remind = 10min &redef;

	## The methods that are counted, each apart.
	option methods: set[string] = { "GET", "POST" };

	## Clients by the address that connected or that a proxy named.
	option ignore_clients: set[subnet] = {};

	## How long the prefixes of blocks and sites are, as in Blocks.
	option block_v4 = 24;
	option block_v6 = 64;
	option block_v6_site = 48;
}

# Headers are complete, the body need not be: a flood may be one of requests that never end.
event HTTP::request_head(c: connection)
	{
	if ( ! c?$http || ! c$http?$method || c$http$method !in methods )
		return;
	local client = RealClient::of_conn(c);
	if ( |ignore_clients| > 0 && ( client in ignore_clients || c$id$orig_h in ignore_clients ) )
		return;
	local method = c$http$method;
	SumStats::observe("http.flood.client", [$host=client, $str=method], [$str=c$http?$uri ? c$http$uri : ""]);
	local block = mask_addr(client, is_v4_addr(client) ? block_v4 : block_v6);
	SumStats::observe("http.flood.block", [$host=subnet_to_addr(block), $str=method], [$str=cat(client)]);
	if ( ! is_v4_addr(client) )
		SumStats::observe("http.flood.site", [$host=subnet_to_addr(mask_addr(client, block_v6_site)), $str=method],
			[$str=cat(block)]);
	}

# A single member is the other detection's.
function count_blocks(stream: string, site: bool)
	{
	local again = Notice::reminder(remind);
	local r = SumStats::Reducer($stream=stream, $apply=set(SumStats::SUM, SumStats::UNIQUE), $unique_max=2);
	SumStats::create([$name=stream, $epoch=window, $window=window, $remind=again, $reducers=set(r),
		$threshold_unique=2, $threshold_for(key: SumStats::Key) = { return block_threshold; },
		$threshold_crossed=function[stream, site, again](key: SumStats::Key, result: SumStats::Result)
			{
			local block = mask_addr(key$host, is_v4_addr(key$host) ? block_v4 : site ? block_v6_site : block_v6);
			local last = SumStats::origin();
			local n = result[stream]$sum;
			NOTICE([$note=Block_Flood, $uid=last$uid, $id=last$id, $src=key$host, $src_net=block, $n=double_to_count(n),
				$msg=fmt("Addresses of %s flood with %s requests", block, key$str),
				$sub=fmt("%.0f in %.0f secs, the last of %s", n, window / 1sec, last$str),
				$identifier=cat(block, key$str), $suppress_for=again]);
			}]);
	}

event zeek_init() &priority=-3
	{
	local again = Notice::reminder(remind);
	if ( Blocks::limit("HTTPFloods::block_v4", block_v4, 32) )
		Option::set("HTTPFloods::block_v4", block_v4);
	if ( Blocks::limit("HTTPFloods::block_v6", block_v6, 128) )
		Option::set("HTTPFloods::block_v6", block_v6);
	if ( Blocks::limit("HTTPFloods::block_v6_site", block_v6_site, 128) )
		Option::set("HTTPFloods::block_v6_site", block_v6_site);
	local one = SumStats::Reducer($stream="http.flood.client", $apply=set(SumStats::SUM));
	SumStats::create([$name="http.flood.client", $epoch=window, $window=window, $remind=again,
		$reducers=set(one),
		$threshold_for(key: SumStats::Key) = { return threshold; },
		$threshold_crossed=function[again](key: SumStats::Key, result: SumStats::Result)
			{
			local last = SumStats::origin();
			NOTICE([$note=Client_Flood, $uid=last$uid, $id=last$id, $src=key$host, $n=double_to_count(result["http.flood.client"]$sum),
				$msg=fmt("%s floods with %s requests", key$host, key$str),
				$sub=fmt("%.0f in %.0f secs, the last for %s", result["http.flood.client"]$sum, window / 1sec, last$str),
				$identifier=cat(key$host, key$str), $suppress_for=again]);
			}]);

	count_blocks("http.flood.block", F);
	count_blocks("http.flood.site", T);
	}
