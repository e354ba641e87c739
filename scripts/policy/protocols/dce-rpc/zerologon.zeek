# Zerologon (CVE-2020-1472): a client guesses that zeros encrypt to zeros, one time in 256, and is then taken for a domain
# controller's own machine. It is seen by its challenge of zeros and by how often it tries. Not one of Zeek's scripts.

@load base/protocols/dce-rpc
@load base/frameworks/notice
@load base/frameworks/sumstats

module NetlogonGuessing;

export {
	redef enum Notice::Type += {
		## A client challenges a domain controller with zeros.
		Zero_Challenge,
		## A client proves again and again, in vain, that it is a machine of the domain.
		Zerologon,
		## A client that did so sets a machine's password.
		Password_Set_After_Zerologon,
	};

	## So many proofs, within the window, of one client at one server. Machines prove it once when they start.
	option attempts: double = 20.0;
	const window = 5min &redef;
	## While it goes on, a notice is raised again after this much time.
	const remind = 1hr &redef;
	## For so long a password that is set is told of.
	const remembered = 1hr &redef;
	## Clients and servers that are remembered.
	const max_remembered = 10000 &redef;
}

# Clients, and the servers at which they tried.
global tried: set[addr, addr] &write_expire=remembered;

const netlogon = "12345678-1234-abcd-ef00-01234567cffb";
# NetrServerReqChallenge, NetrServerAuthenticate, 2 and 3, NetrServerPasswordSet and 2 (MS-NRPC §3.5.4).
const challenges: set[count] = { 4 };
const proofs: set[count] = { 5, 15, 26 };
const passwords: set[count] = { 6, 30 };

event dce_rpc_request_stub(c: connection, fid: count, ctx_id: count, opnum: count, stub: string)
	{
	if ( ! c?$dce_rpc_state || ! c$dce_rpc_state?$uuid || c$dce_rpc_state$uuid != netlogon )
		return;
	local id = c$id;
	if ( opnum in challenges )
		{
		# The challenge is what stands last.
		if ( |stub| >= 8 && sub_bytes(stub, |stub| - 7, 8) == "\x00\x00\x00\x00\x00\x00\x00\x00" )
			{
			NOTICE([$note=Zero_Challenge, $conn=c, $identifier=cat(id$orig_h, id$resp_h),
				$msg=fmt("%s challenges %s with zeros", id$orig_h, id$resp_h)]);
			if ( |tried| < max_remembered )
				add tried[id$orig_h, id$resp_h];
			}
		}
	else if ( opnum in proofs )
		SumStats::observe("netlogon.proofs", [$host=id$orig_h, $str=cat(id$resp_h)], [$num=1]);
	else if ( opnum in passwords && [id$orig_h, id$resp_h] in tried )
		NOTICE([$note=Password_Set_After_Zerologon, $conn=c, $identifier=cat(id$orig_h, id$resp_h),
			$msg=fmt("%s, which tried Zerologon, sets a machine's password at %s", id$orig_h, id$resp_h)]);
	}

event zeek_init() &priority=-3
	{
	local again = Notice::reminder(remind);
	local reducer = SumStats::Reducer($stream="netlogon.proofs", $apply=set(SumStats::SUM));
	SumStats::create([$name="netlogon.proofs", $epoch=window, $window=window, $remind=again, $reducers=set(reducer),
		$threshold_for=function(key: SumStats::Key): double { return attempts; },
		$threshold_crossed=function[again](key: SumStats::Key, result: SumStats::Result)
			{
			local last = SumStats::origin();
			local r = result["netlogon.proofs"];
			if ( |tried| < max_remembered )
				add tried[key$host, to_addr(key$str)];
			NOTICE([$note=Zerologon, $uid=last$uid, $id=last$id, $src=key$host, $dst=to_addr(key$str), $n=r$num,
				$msg=fmt("%s proves %d times to %s that it is a machine of the domain", key$host, r$num, key$str),
				$identifier=cat(key$host, key$str), $suppress_for=again]);
			}]);
	}
