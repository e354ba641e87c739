# Floods of connections that are begun and left: who sends them is mostly forged, so it is told of who gets them.

module SYNFloods;

export {
	redef enum Notice::Type += {
		## A port of a server gets many SYNs that lead to nothing.
		SYN_Flood,
	};

	## So many SYNs, of several clients, that were not answered, or whose answer was not, within the window.
	option threshold: double = 500.0;
	const window = 1min &redef;
	## While it goes on, a notice is raised again after this much time.
	const remind = 10min &redef;

	option ignore_servers: set[subnet] = {};
}

function count_syn(c: connection)
	{
	if ( |ignore_servers| > 0 && c$id$resp_h in ignore_servers )
		return;
	SumStats::observe("conn.syns", [$host=c$id$resp_h, $str=cat(c$id$resp_p)], [$str=cat(c$id$orig_h)]);
	}

event connection_attempt(c: connection)
	{
	count_syn(c);
	}

event Conn::half_open(c: connection)
	{
	count_syn(c);
	}

event zeek_init() &priority=-3
	{
	local again = Notice::reminder(remind);
	local syns = SumStats::Reducer($stream="conn.syns", $apply=set(SumStats::SUM, SumStats::UNIQUE), $unique_max=100);
	SumStats::create([$name="conn.syns", $epoch=window, $window=window, $remind=again, $reducers=set(syns),
		$threshold_unique=2, $threshold_for(key: SumStats::Key) = { return threshold; },
		$threshold_crossed=function[again](key: SumStats::Key, result: SumStats::Result)
			{
			local last = SumStats::origin();
			local n = result["conn.syns"]$sum;
			# One of many clients, and perhaps forged, is not the source.
			NOTICE([$note=SYN_Flood, $uid=last$uid, $id=last$id, $src=key$host, $dst=key$host, $p=to_port(key$str),
				$n=double_to_count(n), $msg=fmt("SYN flood to port %s of %s", key$str, key$host),
				$sub=fmt("%.0f connections that were not completed in %.0f secs, the last of %s", n, window / 1sec,
					last$str),
				$identifier=cat(key$host, key$str), $suppress_for=again]);
			}]);
	}
