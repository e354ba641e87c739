# DHCP: the messages of an exchange, which have its transaction's number in common, make one row of dhcp.log.

module DHCP;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When the exchange began.
		ts: time &log;
		## The connections that it was seen on: as much of it is broadcast, there may be several.
		uids: set[string] &log;
		## The client's address, if it has sent from one, and else the one that it was given.
		client_addr: addr &log &optional;
		## The server that gave an address.
		server_addr: addr &log &optional;
		client_port: port &optional;
		server_port: port &optional;
		## The client's hardware address.
		mac: string &log &optional;
		## What the client calls itself (option 12).
		host_name: string &log &optional;
		## The same with its domain (option 81).
		client_fqdn: string &log &optional;
		## The domain that the server says (option 15).
		domain: string &log &optional;
		## What the client asked for.
		requested_addr: addr &log &optional;
		## What it was given, and for how long.
		assigned_addr: addr &log &optional;
		lease_time: interval &log &optional;
		## What the client says of an address that it declines, or the server of one that it refuses.
		client_message: string &log &optional;
		server_message: string &log &optional;
		## The types of the messages, in their order.
		msg_types: vector of string &log &default=string_vec();
		## From the first message to the last.
		duration: interval &log &default=0secs;
		## The hardware address that stands in the client's messages.
		client_chaddr: string &optional;
		last_message_ts: time &optional;
	};

	## An exchange that takes longer is several rows.
	option max_txid_watch_time = 30secs;

	## An exchange is written once it was seen on so many connections, and what follows is another row.
	option max_uids_per_log_entry = 10;

	## The same of messages.
	option max_msg_types_per_log_entry = 50;

	## So many exchanges may be under way. What begins beyond that is written message by message: whoever floods
	## a network with transactions costs no more memory than this. Not one of Zeek's.
	option max_exchanges = 100000;

	## A message that is joined to its exchange. Handlers may look at, and add to, the row so far: log_info.
	global aggregate_msgs: event(ts: time, id: conn_id, uid: string, is_orig: bool, msg: DHCP::Msg, options: DHCP::Options);

	## The row of the message at hand, for handlers of aggregate_msgs.
	global log_info: Info;

	## A row of dhcp.log is about to be written.
	global log_dhcp: event(rec: Info);

	## RFC 2132 §9.6, RFC 3203, RFC 4388, RFC 6926, RFC 7724.
	const message_types: table[count] of string = {
		[1] = "DISCOVER", [2] = "OFFER", [3] = "REQUEST", [4] = "DECLINE", [5] = "ACK", [6] = "NAK",
		[7] = "RELEASE", [8] = "INFORM", [9] = "FORCERENEW", [10] = "LEASEQUERY", [11] = "LEASEUNASSIGNED",
		[12] = "LEASEUNKNOWN", [13] = "LEASEACTIVE", [14] = "BULKLEASEQUERY", [15] = "LEASEQUERYDONE",
		[16] = "ACTIVELEASEQUERY", [17] = "LEASEQUERYSTATUS", [18] = "TLS",
	} &default=function(n: count): string { return fmt("unknown-message-type-%d", n); };

	## Options, as IANA names them.
	const option_types: table[count] of string = {
		[0] = "Pad", [1] = "Subnet Mask", [2] = "Time Offset", [3] = "Router", [4] = "Time Server",
		[5] = "Name Server", [6] = "Domain Server", [7] = "Log Server", [8] = "Quotes Server", [9] = "LPR Server",
		[10] = "Impress Server", [11] = "RLP Server", [12] = "Hostname", [13] = "Boot File Size",
		[14] = "Merit Dump File", [15] = "Domain Name", [16] = "Swap Server", [17] = "Root Path",
		[18] = "Extension File", [19] = "Forward On/Off", [20] = "SrcRte On/Off", [21] = "Policy Filter",
		[22] = "Max DG Assembly", [23] = "Default IP TTL", [24] = "MTU Timeout", [25] = "MTU Plateau",
		[26] = "MTU Interface", [27] = "MTU Subnet", [28] = "Broadcast Address", [29] = "Mask Discovery",
		[30] = "Mask Supplier", [31] = "Router Discovery", [32] = "Router Request", [33] = "Static Route",
		[34] = "Trailers", [35] = "ARP Timeout", [36] = "Ethernet", [37] = "Default TCP TTL", [38] = "Keepalive Time",
		[39] = "Keepalive Data", [40] = "NIS Domain", [41] = "NIS Servers", [42] = "NTP Servers",
		[43] = "Vendor Specific", [44] = "NETBIOS Name Srv", [45] = "NETBIOS Dist Srv", [46] = "NETBIOS Node Type",
		[47] = "NETBIOS Scope", [48] = "X Window Font", [49] = "X Window Manager", [50] = "Address Request",
		[51] = "Address Time", [52] = "Overload", [53] = "DHCP Msg Type", [54] = "DHCP Server Id",
		[55] = "Parameter List", [56] = "DHCP Message", [57] = "DHCP Max Msg Size", [58] = "Renewal Time",
		[59] = "Rebinding Time", [60] = "Class Id", [61] = "Client Id", [62] = "NetWare/IP Domain",
		[63] = "NetWare/IP Option", [64] = "NIS-Domain-Name", [65] = "NIS-Server-Addr", [66] = "Server-Name",
		[67] = "Bootfile-Name", [68] = "Home-Agent-Addrs", [69] = "SMTP-Server", [70] = "POP3-Server",
		[71] = "NNTP-Server", [72] = "WWW-Server", [73] = "Finger-Server", [74] = "IRC-Server",
		[75] = "StreetTalk-Server", [76] = "STDA-Server", [77] = "User-Class", [78] = "Directory Agent",
		[79] = "Service Scope", [80] = "Rapid Commit", [81] = "Client FQDN", [82] = "Relay Agent Information",
		[83] = "iSNS", [85] = "NDS Servers", [86] = "NDS Tree Name", [87] = "NDS Context",
		[88] = "BCMCS Controller Domain Name list", [89] = "BCMCS Controller IPv4 address option",
		[90] = "Authentication", [91] = "client-last-transaction-time option", [92] = "associated-ip option",
		[93] = "Client System", [94] = "Client NDI", [95] = "LDAP", [97] = "UUID/GUID", [98] = "User-Auth",
		[99] = "GEOCONF_CIVIC", [100] = "PCode", [101] = "TCode", [112] = "Netinfo Address", [113] = "Netinfo Tag",
		[114] = "URL", [116] = "Auto-Config", [117] = "Name Service Search", [118] = "Subnet Selection Option",
		[119] = "Domain Search", [120] = "SIP Servers DHCP Option", [121] = "Classless Static Route Option",
		[122] = "CCC", [123] = "GeoConf Option", [124] = "V-I Vendor Class",
		[125] = "V-I Vendor-Specific Information", [128] = "PXE - undefined (vendor specific)",
		[129] = "PXE - undefined (vendor specific)", [130] = "PXE - undefined (vendor specific)",
		[131] = "PXE - undefined (vendor specific)", [132] = "IEEE 802.1Q VLAN ID",
		[133] = "IEEE 802.1D/p Layer 2 Priority",
		[134] = "Diffserv Code Point (DSCP) for VoIP signalling and media streams",
		[135] = "HTTP Proxy for phone-specific applications", [136] = "OPTION_PANA_AGENT", [137] = "OPTION_V4_LOST",
		[138] = "OPTION_CAPWAP_AC_V4", [139] = "OPTION-IPv4_Address-MoS", [140] = "OPTION-IPv4_FQDN-MoS",
		[141] = "SIP UA Configuration Service Domains", [142] = "OPTION-IPv4_Address-ANDSF", [144] = "GeoLoc",
		[145] = "FORCERENEW_NONCE_CAPABLE", [146] = "RDNSS Selection", [150] = "TFTP server address",
		[151] = "status-code", [152] = "base-time", [153] = "start-time-of-state", [154] = "query-start-time",
		[155] = "query-end-time", [156] = "dhcp-state", [157] = "data-source", [158] = "OPTION_V4_PCP_SERVER",
		[159] = "OPTION_V4_PORTPARAMS", [160] = "DHCP Captive-Portal",
		[161] = "OPTION_MUD_URL_V4 (TEMPORARY - registered 2016-11-17)",
		[175] = "Etherboot (Tentatively Assigned - 2005-06-23)",
		[176] = "IP Telephone (Tentatively Assigned - 2005-06-23)",
		[177] = "PacketCable and CableHome (replaced by 122)", [208] = "PXELINUX Magic", [209] = "Configuration File",
		[210] = "Path Prefix", [211] = "Reboot Time", [212] = "OPTION_6RD", [213] = "OPTION_V4_ACCESS_DOMAIN",
		[220] = "Subnet Allocation Option", [221] = "Virtual Subnet Selection (VSS) Option",
		[252] = "auto-proxy-config", [255] = "End",
	} &default=function(n: count): string { return fmt("unknown-option-type-%d", n); };
}

redef record connection += {
	dhcp: DHCP::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(DHCP::LOG, [$columns=Info, $ev=log_dhcp, $path="dhcp", $policy=log_policy]);
	}

# Whether an exchange is over: nothing came for a while, it has taken too long, or nothing more comes at all.
function end_of_exchange(t: table[count] of Info, xid: count): interval
	{
	local info = t[xid];
	local now = network_time();
	if ( now - info$last_message_ts <= 5secs && now - info$ts <= max_txid_watch_time && ! zeek_is_terminating() )
		return 5secs;
	# Neither an option nor a server has said it.
	if ( ! info?$mac && info?$client_chaddr )
		info$mac = info$client_chaddr;
	Log::write(LOG, info);
	return 0secs;
	}

# Exchanges that are not over, by their transaction's number.
global join_data: table[count] of Info = table() &create_expire=10secs &expire_func=end_of_exchange;

function from_client(info: Info, id: conn_id, msg: DHCP::Msg, options: DHCP::Options)
	{
	if ( id$orig_h != 0.0.0.0 && id$orig_h != 255.255.255.255 )
		info$client_addr = id$orig_h;
	if ( options?$host_name )
		info$host_name = options$host_name;
	if ( options?$client_fqdn )
		info$client_fqdn = options$client_fqdn$domain_name;
	# Of other types of hardware it may be anything.
	if ( options?$client_id && options$client_id$hwtype == 1 )
		info$mac = options$client_id$hwaddr;
	else
		info$client_chaddr = msg$chaddr;
	if ( options?$addr_request )
		info$requested_addr = options$addr_request;
	}

function from_server(info: Info, id: conn_id, is_orig: bool, msg: DHCP::Msg, options: DHCP::Options)
	{
	local gives = msg$yiaddr != 0.0.0.0;
	if ( gives )
		{
		# What a server broadcasts is a connection of its own.
		info$server_addr = is_orig ? id$orig_h : id$resp_h;
		info$server_port = is_orig ? id$orig_p : id$resp_p;
		info$client_port = is_orig ? id$resp_p : id$orig_p;
		}
	if ( msg$chaddr != "" && ! info?$mac )
		info$mac = msg$chaddr;
	if ( gives )
		info$assigned_addr = msg$yiaddr;
	if ( ! info?$client_addr && info?$assigned_addr )
		info$client_addr = info$assigned_addr;
	if ( options?$domain_name )
		info$domain = options$domain_name;
	if ( options?$lease )
		info$lease_time = options$lease;
	}

event DHCP::aggregate_msgs(ts: time, id: conn_id, uid: string, is_orig: bool, msg: DHCP::Msg, options: DHCP::Options) &priority=1000
	{
	if ( msg$xid in join_data )
		{
		log_info = join_data[msg$xid];
		return;
		}
	log_info = Info($ts=ts, $uids=set(uid));
	if ( |join_data| < max_exchanges )
		join_data[msg$xid] = log_info;
	}

event DHCP::aggregate_msgs(ts: time, id: conn_id, uid: string, is_orig: bool, msg: DHCP::Msg, options: DHCP::Options) &priority=5
	{
	local info = log_info;
	info$duration = ts - info$ts;
	add info$uids[uid];
	info$msg_types += message_types[msg$m_type];
	info$last_message_ts = ts;
	if ( is_orig && (id$orig_h == 0.0.0.0 || id$orig_p == 68/udp || id$resp_p == 67/udp) )
		{
		if ( options?$message )
			info$client_message = options$message;
		from_client(info, id, msg, options);
		}
	else
		{
		if ( options?$message )
			info$server_message = options$message;
		from_server(info, id, is_orig, msg, options);
		}
	if ( msg$xid !in join_data || |info$uids| >= max_uids_per_log_entry || |info$msg_types| >= max_msg_types_per_log_entry )
		{
		Log::write(LOG, info);
		delete join_data[msg$xid];
		}
	}

event dhcp_message(c: connection, is_orig: bool, msg: DHCP::Msg, options: DHCP::Options) &priority=-5
	{
	event DHCP::aggregate_msgs(network_time(), c$id, c$uid, is_orig, msg, options);
	}

event zeek_done() &priority=-5
	{
	for ( xid in join_data )
		end_of_exchange(join_data, xid);
	}
