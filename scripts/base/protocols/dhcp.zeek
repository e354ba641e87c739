# DHCP. This sensor does not parse it yet: what is here lets scripts about it load.

module DHCP;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		ts: time &log;
		uids: set[string] &log;
		client_addr: addr &log &optional;
		server_addr: addr &log &optional;
		client_port: port &optional;
		server_port: port &optional;
		mac: string &log &optional;
		host_name: string &log &optional;
		client_fqdn: string &log &optional;
		domain: string &log &optional;
		requested_addr: addr &log &optional;
		assigned_addr: addr &log &optional;
		lease_time: interval &log &optional;
		client_message: string &log &optional;
		server_message: string &log &optional;
		msg_types: vector of string &log &default=string_vec();
		duration: interval &log &default=0secs;
		client_chaddr: string &optional;
	};

	type Msg: record {
		op: count;
		m_type: count;
		xid: count;
		secs: interval;
		flags: count;
		ciaddr: addr;
		yiaddr: addr;
		siaddr: addr;
		giaddr: addr;
		chaddr: string;
		sname: string &default="";
		file_n: string &default="";
	};

	type Addrs: vector of addr;

	type ClientID: record {
		hwtype: count;
		hwaddr: string;
	};

	type ClientFQDN: record {
		flags: count;
		rcode1: count;
		rcode2: count;
		domain_name: string;
	};

	type SubOpt: record {
		code: count;
		value: string;
	};

	type SubOpts: vector of DHCP::SubOpt;

	type Options: record {
		options: index_vec &optional;
		subnet_mask: addr &optional;
		routers: DHCP::Addrs &optional;
		dns_servers: DHCP::Addrs &optional;
		host_name: string &optional;
		domain_name: string &optional;
		forwarding: bool &optional;
		broadcast: addr &optional;
		vendor: string &optional;
		nbns: DHCP::Addrs &optional;
		addr_request: addr &optional;
		lease: interval &optional;
		serv_addr: addr &optional;
		param_list: index_vec &optional;
		message: string &optional;
		max_msg_size: count &optional;
		renewal_time: interval &optional;
		rebinding_time: interval &optional;
		vendor_class: string &optional;
		client_id: DHCP::ClientID &optional;
		user_class: string &optional;
		client_fqdn: DHCP::ClientFQDN &optional;
		sub_opt: DHCP::SubOpts &optional;
		auto_config: bool &optional;
		auto_proxy_config: string &optional;
		time_offset: int &optional;
		time_servers: DHCP::Addrs &optional;
		name_servers: DHCP::Addrs &optional;
		ntp_servers: DHCP::Addrs &optional;
	};

	const message_types: table[count] of string = {
		[1] = "DISCOVER", [2] = "OFFER", [3] = "REQUEST", [4] = "DECLINE", [5] = "ACK", [6] = "NAK",
		[7] = "RELEASE", [8] = "INFORM",
	} &default=function(n: count): string { return fmt("unknown-message-type-%d", n); };

	global log_dhcp: event(rec: Info);
}

module GLOBAL;

global dhcp_message: event(c: connection, is_orig: bool, msg: DHCP::Msg, options: DHCP::Options);

redef record connection += {
	dhcp: DHCP::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(DHCP::LOG, [$columns=DHCP::Info, $ev=DHCP::log_dhcp, $path="dhcp", $policy=DHCP::log_policy]);
	}
