# What an intruder does to other machines with a password or a ticket: services and tasks are made there, programs put on
# administrative shares, and one client does it to many servers. Not one of Zeek's scripts.
#
# Administrators and their tools do the same: stations of theirs belong into `administrators`.

@load base/protocols/dce-rpc
@load base/protocols/smb
@load base/frameworks/notice
@load base/frameworks/sumstats

module LateralMovement;

export {
	redef enum Notice::Type += {
		## A client makes a service on a server, or changes what one runs.
		Service_Created,
		## A client makes a scheduled task on a server.
		Task_Created,
		## A client puts a program on an administrative share of a server.
		Program_Copied,
		## A client makes services or tasks, or puts programs, on many servers.
		Spreads,
	};

	## Operations that make a service or change it, and those that make a task, by interface and name.
	option makes_services: set[string] = {
		"svcctl::CreateServiceW", "svcctl::CreateServiceA", "svcctl::CreateServiceWOW64W", "svcctl::CreateServiceWOW64A",
		"svcctl::ChangeServiceConfigW", "svcctl::ChangeServiceConfigA",
	};
	option makes_tasks: set[string] = {
		"atsvc::NetrJobAdd", "ITaskSchedulerService::SchRpcRegisterTask", "sasec::SASetAccountInformation",
	};

	## Shares that administrators have, and what names of programs end with.
	option admin_shares: pattern = /\\(admin|[a-z])\$$/i;
	option programs: pattern = /\.(exe|dll|sys|bat|cmd|ps1|vbs|js|hta|scr|com|msi)$/i;

	## So many servers, within the window, of one client.
	option servers: double = 3.0;
	const window = 1hr &redef;
	## While it goes on, a notice is raised again after this much time.
	const remind = 1hr &redef;

	## Stations from which all this is done.
	option administrators: set[subnet] = {};
}

function found(c: connection, note: Notice::Type, what: string)
	{
	NOTICE([$note=note, $conn=c, $msg=fmt("%s %s %s", c$id$orig_h, what, c$id$resp_h),
		$identifier=cat(note, c$id$orig_h, c$id$resp_h)]);
	SumStats::observe("lateral.servers", [$host=c$id$orig_h], [$str=cat(c$id$resp_h)]);
	}

# The request is enough: where it is refused somebody has tried.
event dce_rpc_request(c: connection, fid: count, ctx_id: count, opnum: count, stub_len: count)
	{
	if ( c$id$orig_h in administrators || ! c?$dce_rpc_state || ! c$dce_rpc_state?$uuid )
		return;
	local uuid = c$dce_rpc_state$uuid;
	local called = fmt("%s::%s", DCE_RPC::uuid_endpoint_map[uuid], DCE_RPC::operations[uuid, opnum]);
	if ( called in makes_services )
		found(c, Service_Created, fmt("makes or changes a service (%s) on", called));
	else if ( called in makes_tasks )
		found(c, Task_Created, fmt("makes a task (%s) on", called));
	}

event smb2_write_request(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, offset: count, length: count)
	{
	if ( offset > 0 || c$id$orig_h in administrators )
		return;
	local s = c$smb_state;
	if ( s?$current_file && s$current_file?$name && s?$current_tree && s$current_tree?$path
	     && admin_shares in s$current_tree$path && programs in s$current_file$name )
		found(c, Program_Copied, fmt("puts %s on %s of", s$current_file$name, s$current_tree$path));
	}

event zeek_init() &priority=-3
	{
	local again = Notice::reminder(remind);
	local reducer = SumStats::Reducer($stream="lateral.servers", $apply=set(SumStats::UNIQUE), $unique_max=1000);
	SumStats::create([$name="lateral.servers", $epoch=window, $window=window, $remind=again, $reducers=set(reducer),
		$threshold_for=function(key: SumStats::Key): double { return servers; },
		$threshold_crossed=function[again](key: SumStats::Key, result: SumStats::Result)
			{
			local last = SumStats::origin();
			local n = result["lateral.servers"]$unique;
			NOTICE([$note=Spreads, $uid=last$uid, $id=last$id, $src=key$host, $n=n,
				$msg=fmt("%s makes services or tasks, or puts programs, on %d servers", key$host, n),
				$identifier=cat(key$host), $suppress_for=again]);
			}]);
	}
