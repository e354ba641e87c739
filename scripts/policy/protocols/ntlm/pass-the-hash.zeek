# Signs that a hash is used in place of a password. On the wire such a login is like any other by NTLM; what tells it apart
# is who logs in, how, and where to: one user from one client on many servers, a client that does not say its name, as
# programs made for this do not, and an administrative share or the service manager right after a login by NTLM, where
# administrators have Kerberos. Not one of Zeek's scripts.

@load base/protocols/ntlm
@load base/protocols/smb
@load base/protocols/dce-rpc
@load base/frameworks/notice
@load base/frameworks/sumstats

module PassTheHash;

export {
	redef enum Notice::Type += {
		## One user logs in by NTLM, from one client, on many servers.
		Login_On_Many_Servers,
		## A client that does not say its name logs in by NTLM.
		Login_Without_Name,
		## A client that has logged in by NTLM uses an administrative share.
		Admin_Share_By_NTLM,
	};

	## So many servers, within the window, of one user and client.
	option servers: double = 5.0;
	const window = 15min &redef;
	## While it goes on, a notice is raised again after this much time.
	const remind = 1hr &redef;

	## Shares that administrators have.
	option admin_shares: pattern = /\\(admin|[a-z])\$$/i;
	## Clients that may, and users whose logins are no news.
	option ignore_clients: set[subnet] = {};
	option ignore_users: set[string] = {};
}

hook NTLM::log_policy(rec: NTLM::Info, id: Log::ID, filter: Log::Filter)
	{
	if ( filter$name != "default" || ! rec?$success || ! rec$success || ! rec?$username || rec$username == "" )
		return;
	if ( rec$username in ignore_users || rec$id$orig_h in ignore_clients )
		return;
	SumStats::observe("ntlm.servers", [$host=rec$id$orig_h, $str=rec$username], [$str=cat(rec$id$resp_h)]);
	if ( ! rec?$hostname || rec$hostname == "" )
		NOTICE([$note=Login_Without_Name, $uid=rec$uid, $id=rec$id, $src=rec$id$orig_h, $dst=rec$id$resp_h, $sub=rec$username,
			$msg=fmt("%s logs in on %s by NTLM as %s and does not say its name", rec$id$orig_h, rec$id$resp_h, rec$username),
			$identifier=cat(rec$id$orig_h, rec$id$resp_h, rec$username)]);
	}

redef record connection += {
	# As whom the client logs in by NTLM.
	ntlm_user: string &optional;
};

event ntlm_authenticate(c: connection, request: NTLM::Authenticate)
	{
	if ( request?$user_name && request$user_name != "" )
		c$ntlm_user = request$user_name;
	}

function shares(c: connection, path: string)
	{
	if ( admin_shares !in path || ! c?$ntlm_user || c$ntlm_user in ignore_users || c$id$orig_h in ignore_clients )
		return;
	NOTICE([$note=Admin_Share_By_NTLM, $conn=c, $sub=c$ntlm_user,
		$msg=fmt("%s uses %s as %s, logged in by NTLM", c$id$orig_h, path, c$ntlm_user),
		$identifier=cat(c$id$orig_h, c$id$resp_h, c$ntlm_user)]);
	}

event smb2_tree_connect_request(c: connection, hdr: SMB2::Header, path: string)
	{
	shares(c, path);
	}

event smb1_tree_connect_andx_request(c: connection, hdr: SMB1::Header, path: string, service: string)
	{
	shares(c, path);
	}

event zeek_init() &priority=-3
	{
	local again = Notice::reminder(remind);
	local reducer = SumStats::Reducer($stream="ntlm.servers", $apply=set(SumStats::UNIQUE), $unique_max=1000);
	SumStats::create([$name="ntlm.servers", $epoch=window, $window=window, $remind=again, $reducers=set(reducer),
		$threshold_for=function(key: SumStats::Key): double { return servers; },
		$threshold_crossed=function[again](key: SumStats::Key, result: SumStats::Result)
			{
			local n = result["ntlm.servers"]$unique;
			NOTICE([$note=Login_On_Many_Servers, $src=key$host, $sub=key$str, $n=n,
				$msg=fmt("%s logs in on %d servers by NTLM as %s", key$host, n, key$str),
				$identifier=cat(key$host, key$str), $suppress_for=again]);
			}]);
	}
