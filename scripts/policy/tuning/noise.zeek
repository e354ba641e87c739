# Rows that nobody reads: kept out of the logs, or in logs of their own. What each rule dropped is counted and logged,
# so that cutting logs is not cutting sight. Detections count what is cut all the same.

module Noise;

export {
	redef enum Log::ID += { LOG };

	type Info: record {
		ts: time &log;
		## The log that rows were kept out of.
		log: string &log;
		rule: string &log;
		## What became of them: dropped, or the log that they went to.
		action: string &log;
		## How many since the last row of this rule.
		rows: count &log;
	};

	## Connections that are not logged: by the responder's port, how they went, and the service.
	option ports: set[port] = {
		53/udp, 53/tcp, 123/udp, 137/udp, 161/udp, 514/udp, 514/tcp, 5355/udp, 5666/tcp,
	};
	option states: pattern = /^RSTO|^S0$|^SH$|^SHR$/;
	option services: set[string] = { "dns" };
	## A file with an address or subnet in each line (and comments behind #), read again when it changes: connections
	## of these are not logged.
	const address_file = "" &redef;

	## Names whose queries go to dns-noise.log.
	option domains: pattern = /^\xff$/;
	## Where our monitoring asks from, and how it calls itself: requests go to http-noise.log that are both. The name
	## alone says nothing, because anybody can take it.
	option monitors: set[subnet] = {};
	option user_agents: pattern = /HTTP-Monitor|Nagios|check_http|ELB-HealthChecker|kube-probe/;
	## Files that are not logged.
	option mime_types: set[string] = {
		"application/x-x509-user-cert", "application/x-x509-ca-cert", "application/x-x509-next-cert",
	};

	## How often counts are logged.
	const every = 5min &redef;
}

global dropped: table[string, string, string] of count = {};
global addresses: set[subnet] = {};
# What was read of the file since it changed.
global addresses_read: set[subnet] = {};

function drop(log: string, rule: string, action: string)
	{
	if ( [log, rule, action] in dropped )
		++dropped[log, rule, action];
	else
		dropped[log, rule, action] = 1;
	}

function is_wanted_conn(rec: Conn::Info): bool
	{
	if ( rec$id$resp_p in ports )
		drop("conn", "port", "dropped");
	else if ( rec?$conn_state && states in rec$conn_state )
		drop("conn", "state", "dropped");
	else if ( rec?$service && rec$service in services )
		drop("conn", "service", "dropped");
	else if ( address_file != "" && ( rec$id$orig_h in addresses || rec$id$resp_h in addresses ) )
		drop("conn", "address", "dropped");
	else
		return T;
	return F;
	}

hook Conn::log_policy(rec: Conn::Info, id: Log::ID, filter: Log::Filter)
	{
	if ( filter$name == "default" && ! is_wanted_conn(rec) )
		break;
	}

hook Files::log_policy(rec: Files::Info, id: Log::ID, filter: Log::Filter)
	{
	if ( filter$name != "default" || ! rec?$mime_type || rec$mime_type !in mime_types )
		return;
	drop("files", "mime_type", "dropped");
	break;
	}

function dns_path(id: Log::ID, path: string, rec: DNS::Info): string
	{
	if ( ! rec?$query || domains !in rec$query )
		return "dns";
	drop("dns", "domain", "dns-noise");
	return "dns-noise";
	}

function http_path(id: Log::ID, path: string, rec: HTTP::Info): string
	{
	if ( rec$id$orig_h !in monitors || ! rec?$user_agent || user_agents !in rec$user_agent )
		return "http";
	drop("http", "user_agent", "http-noise");
	return "http-noise";
	}

function tell()
	{
	for ( [log, rule, action], n in dropped )
		Log::write(Noise::LOG, [$ts=network_time(), $log=log, $rule=rule, $action=action, $rows=n]);
	clear_table(dropped);
	}

event Noise::look()
	{
	tell();
	schedule every { Noise::look() };
	}

type Line: record {
	text: string;
};

event Noise::line(description: Input::EventDescription, tpe: Input::Event, text: string)
	{
	local word = strip(sub(text, /#.*/, ""));
	if ( word == "" )
		return;
	if ( is_valid_subnet(word) )
		add addresses_read[to_subnet(word)];
	else if ( is_valid_ip(word) )
		add addresses_read[addr_to_subnet(to_addr(word))];
	else
		Reporter::warning(fmt("%s: neither an address nor a subnet: %s", address_file, word));
	}

event Input::end_of_data(name: string, source: string)
	{
	if ( name != "noise addresses" )
		return;
	addresses = addresses_read;
	addresses_read = set();
	}

# What was made of the filter before stays.
function divide(id: Log::ID, path_func: function(id: Log::ID, path: string, rec: any): any)
	{
	local filter = Log::get_filter(id, "default");
	if ( filter$name != "default" )
		return;
	filter$path_func = path_func;
	Log::add_filter(id, filter);
	}

event zeek_init() &priority=-3
	{
	Log::create_stream(Noise::LOG, [$columns=Info, $path="noise"]);
	divide(DNS::LOG, dns_path);
	divide(HTTP::LOG, http_path);
	if ( address_file != "" )
		Input::add_event([$source=address_file, $name="noise addresses", $fields=Line, $ev=Noise::line,
			$reader=Input::READER_RAW, $mode=Input::REREAD, $want_record=F]);
	schedule every { Noise::look() };
	}

event zeek_done()
	{
	tell();
	}
