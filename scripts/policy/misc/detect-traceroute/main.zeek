# Who traces routes: packets that are sent with a low TTL, and several routers that tell the sender so.

@load base/frameworks/notice
@load base/frameworks/signatures
@load base/frameworks/sumstats
@load-sigs ./detect-low-ttls.sig

redef Signatures::ignored_ids += /traceroute-detector.*/;

module Traceroute;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	redef enum Notice::Type += {
		## A host traces routes; which ones traceroute.log tells.
		Detected,
	};

	## Whether a packet with a low TTL must have been seen, or answers of routers suffice.
	const require_low_ttl_packets = T &redef;

	## So many routers tell that time was exceeded, between the same hosts, …
	const icmp_time_exceeded_threshold: double = 3.0 &redef;

	## … within so much time.
	const icmp_time_exceeded_interval = 3min &redef;

	type Info: record {
		## When it was found.
		ts: time &log;
		## Who traces.
		src: addr &log;
		## To where.
		dst: addr &log;
		## The transport protocol of what is sent.
		proto: string &log;
	};

	global log_traceroute: event(rec: Traceroute::Info);
}

function ends_of(from: addr, to: addr, p: port): SumStats::Key
	{
	return SumStats::Key($str=fmt("%s-%s-%s", from, to, get_port_transport_proto(p)));
	}

event zeek_init() &priority=5
	{
	Log::create_stream(LOG, [$columns=Info, $ev=log_traceroute, $path="traceroute", $policy=log_policy]);
	local routers = SumStats::Reducer($stream="traceroute.time_exceeded", $apply=set(SumStats::UNIQUE));
	local low = SumStats::Reducer($stream="traceroute.low_ttl_packet", $apply=set(SumStats::SUM));
	SumStats::create([$name="traceroute-detection", $epoch=icmp_time_exceeded_interval, $reducers=set(routers, low),
		$threshold_val(key: SumStats::Key, result: SumStats::Result) =
			{
			if ( require_low_ttl_packets
			     && ( "traceroute.low_ttl_packet" !in result || result["traceroute.low_ttl_packet"]$sum == 0 ) )
				return 0.0;
			return "traceroute.time_exceeded" in result ? result["traceroute.time_exceeded"]$unique + 0.0 : 0.0;
			},
		$threshold=icmp_time_exceeded_threshold,
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{
			local parts = split_string(key$str, /-/);
			local src = to_addr(parts[0]);
			Log::write(LOG, [$ts=network_time(), $src=src, $dst=to_addr(parts[1]), $proto=parts[2]]);
			NOTICE([$note=Detected, $src=src, $identifier=cat(src, parts[2]),
				$msg=fmt("%s seems to be running traceroute using %s", src, parts[2])]);
			}]);
	}

event signature_match(state: signature_state, msg: string, data: string)
	{
	if ( /traceroute-detector/ !in state$sig_id )
		return;
	local id = state$conn$id;
	SumStats::observe("traceroute.low_ttl_packet", ends_of(id$orig_h, id$resp_h, id$resp_p), [$num=1]);
	}

event icmp_time_exceeded(c: connection, info: icmp_info, code: count, context: icmp_context)
	{
	local id = context$id;
	SumStats::observe("traceroute.time_exceeded", ends_of(id$orig_h, id$resp_h, id$resp_p), [$str=cat(c$id$orig_h)]);
	}
