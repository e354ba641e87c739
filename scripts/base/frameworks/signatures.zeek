# The Signatures framework: what is made of signatures that match.

@load base/frameworks/logging
@load base/frameworks/notice

module Signatures;

export {
	redef enum Notice::Type += {
		## A signature has matched whose action says that it is to be noticed.
		Sensitive_Signature,
		## Many signatures have matched between two hosts (vert_scan_thresholds).
		Multiple_Signatures,
		## A signature has matched from one host to many (horiz_scan_thresholds).
		Multiple_Sig_Responders,
		## A signature with SIG_COUNT_PER_RESP has matched often (count_thresholds).
		Count_Signature,
		## How often a signature with SIG_SUMMARY has matched.
		Signature_Summary,
	};

	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	## What is done where a signature matches. If nothing else is said there is a row in signatures.log, and it counts
	## for scans.
	type Action: enum {
		## Nothing at all.
		SIG_IGNORE,
		## It only counts for scans.
		SIG_QUIET,
		SIG_LOG,
		## A row, and no counting for scans.
		SIG_FILE_BUT_NO_SCAN,
		## A notice.
		SIG_ALARM,
		## A notice, the first time of each originator.
		SIG_ALARM_PER_ORIG,
		## A notice, the first time of all.
		SIG_ALARM_ONCE,
		## Counted for each responder, with notices at count_thresholds, and no row.
		SIG_COUNT_PER_RESP,
		## A notice with the number of matches, some time after the first of an originator.
		SIG_SUMMARY,
	};

	type Info: record {
		## When it matched.
		ts: time &log;
		uid: string &log &optional;
		## Who sent what matched, …
		src_addr: addr &log &optional;
		src_port: port &log &optional;
		## … and to whom.
		dst_addr: addr &log &optional;
		dst_port: port &log &optional;
		## The notice that belongs to it.
		note: Notice::Type &log;
		sig_id: string &log &optional;
		## The signature's message.
		event_msg: string &log &optional;
		## What matched, or what was counted, in words.
		sub_msg: string &log &optional;
		sig_count: count &log &optional;
		host_count: count &log &optional;
	};

	## What is done for each signature.
	const actions: table[string] of Action = {
		["unspecified"] = SIG_IGNORE,
	} &redef &default=SIG_ALARM;

	## Signatures of which nothing is made.
	option ignored_ids = /NO_DEFAULT_MATCHES/;

	## Numbers of responders of one originator and signature at which that is noticed.
	const horiz_scan_thresholds = { 5, 10, 50, 100, 500, 1000 } &redef;

	## Numbers of signatures between an originator and a responder at which that is noticed.
	const vert_scan_thresholds = { 5, 10, 50, 100, 500, 1000 } &redef;

	## Numbers of matches on one responder at which SIG_COUNT_PER_RESP notices.
	const count_thresholds = { 5, 10, 50, 100, 500, 1000, 10000, 1000000 } &redef;

	## How long after a first match SIG_SUMMARY tells how many there were.
	option summary_interval = 1day;

	global log_signature: event(rec: Info);
}

# Bytes of what matched that rows and notices show.
const most_shown = 140;

global responders: table[addr, string] of set[addr] &read_expire=1hr;
global matched: table[addr, addr] of set[string] &read_expire=1hr;
global last_responders: table[addr] of count &default=0 &read_expire=1hr;
global last_matched: table[addr] of count &default=0 &read_expire=1hr;
global of_responder: table[addr, string] of count &default=0 &read_expire=1hr;
global of_originator: table[addr, string] of count &default=0 &read_expire=1hr;
global told_once: set[string] &read_expire=1hr;

event zeek_init() &priority=5
	{
	Log::create_stream(Signatures::LOG, [$columns=Info, $ev=log_signature, $path="signatures", $policy=log_policy]);
	}

event sig_summary(orig: addr, id: string, msg: string)
	{
	NOTICE([$note=Signature_Summary, $src=orig, $msg=fmt("%s: %s", orig, msg), $n=of_originator[orig, id]]);
	}

function count_scans(orig: addr, resp: addr, sig_id: string, msg: string)
	{
	if ( [orig, sig_id] !in responders )
		responders[orig, sig_id] = set();
	add responders[orig, sig_id][resp];
	if ( [orig, resp] !in matched )
		matched[orig, resp] = set();
	add matched[orig, resp][sig_id];

	local hosts = |responders[orig, sig_id]|;
	if ( hosts in horiz_scan_thresholds && hosts != last_responders[orig] )
		{
		last_responders[orig] = hosts;
		local on_hosts = fmt("%s has triggered signature %s on %d hosts", orig, sig_id, hosts);
		Log::write(Signatures::LOG, [$ts=network_time(), $note=Multiple_Sig_Responders, $src_addr=orig,
		                             $sig_id=sig_id, $event_msg=msg, $host_count=hosts, $sub_msg=on_hosts]);
		NOTICE([$note=Multiple_Sig_Responders, $src=orig, $msg=msg, $n=hosts, $sub=on_hosts]);
		}

	local sigs = |matched[orig, resp]|;
	if ( sigs in vert_scan_thresholds && sigs != last_matched[orig] )
		{
		last_matched[orig] = sigs;
		local many = fmt("%s different signatures triggered", sigs);
		local on_host = fmt("%s has triggered %d different signatures on host %s", orig, sigs, resp);
		Log::write(Signatures::LOG, [$ts=network_time(), $note=Multiple_Signatures, $src_addr=orig, $dst_addr=resp,
		                             $sig_id=sig_id, $sig_count=sigs, $event_msg=many, $sub_msg=on_host]);
		NOTICE([$note=Multiple_Signatures, $src=orig, $dst=resp, $msg=many, $n=sigs, $sub=on_host]);
		}
	}

event signature_match(state: signature_state, msg: string, data: string)
	{
	local sig_id = state$sig_id;
	local action = actions[sig_id];
	if ( action == SIG_IGNORE || ignored_ids in sig_id )
		return;

	local shown = |data| > most_shown ? fmt("%s...", sub_bytes(data, 0, most_shown)) : data;
	local id = state$conn$id;
	local src = state$is_orig ? id$orig_h : id$resp_h;
	local dst = state$is_orig ? id$resp_h : id$orig_h;
	local said = fmt("%s: %s", src, msg);

	if ( action != SIG_QUIET && action != SIG_COUNT_PER_RESP )
		Log::write(Signatures::LOG, [$ts=network_time(), $note=Sensitive_Signature, $uid=state$conn$uid,
		                             $src_addr=src, $src_port=state$is_orig ? id$orig_p : id$resp_p,
		                             $dst_addr=dst, $dst_port=state$is_orig ? id$resp_p : id$orig_p,
		                             $event_msg=said, $sig_id=sig_id, $sub_msg=shown]);

	local notice = action == SIG_ALARM;
	if ( action == SIG_COUNT_PER_RESP )
		{
		local n = ++of_responder[id$resp_h, sig_id];
		if ( n in count_thresholds )
			NOTICE([$note=Count_Signature, $conn=state$conn, $msg=msg, $n=n,
			        $sub=fmt("%d matches of signature %s on host %s", n, sig_id, id$resp_h)]);
		}
	else if ( action == SIG_ALARM_PER_ORIG || action == SIG_SUMMARY )
		{
		if ( ++of_originator[id$orig_h, sig_id] == 1 )
			{
			if ( action == SIG_ALARM_PER_ORIG )
				notice = T;
			else
				schedule summary_interval { sig_summary(id$orig_h, sig_id, msg) };
			}
		}
	else if ( action == SIG_ALARM_ONCE && sig_id !in told_once )
		{
		add told_once[sig_id];
		notice = T;
		}

	if ( notice )
		NOTICE([$note=Sensitive_Signature, $conn=state$conn, $src=src, $dst=dst, $msg=said, $sub=shown]);

	if ( action != SIG_FILE_BUT_NO_SCAN && action != SIG_SUMMARY )
		count_scans(id$orig_h, id$resp_h, sig_id, msg);
	}
