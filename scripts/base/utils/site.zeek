# What belongs to the site: its networks, zones and the people in charge of them.

module Site;

export {
	## The local networks by the addresses in them: local_nets_table[a] is the network that holds a.
	global local_nets_table: table[subnet] of subnet = {};

	global is_local_addr: function(a: addr): bool;
	global is_neighbor_addr: function(a: addr): bool;
	global is_private_addr: function(a: addr): bool;
	global is_local_name: function(name: string): bool;
	global is_neighbor_name: function(name: string): bool;

	## Mail addresses of those in charge of any network that an address is in, with commas between.
	global get_emails: function(a: addr): string;
}

# A zone and what is below it, as one pattern; these match nothing until zeek_init.
global local_dns_suffix_regex: pattern = /MATCH_NOTHING/;
global local_dns_neighbor_suffix_regex: pattern = /MATCH_NOTHING/;

# The next change of local_nets comes with private address space already worked in.
global private_space_is_in = F;

function is_private_addr(a: addr): bool
	{
	return a in private_address_space;
	}

function is_local_addr(a: addr): bool
	{
	return a in local_nets;
	}

function is_neighbor_addr(a: addr): bool
	{
	return a in neighbor_nets;
	}

function is_local_name(name: string): bool
	{
	return local_dns_suffix_regex in name;
	}

function is_neighbor_name(name: string): bool
	{
	return local_dns_neighbor_suffix_regex in name;
	}

function get_emails(a: addr): string
	{
	local found: set[string] = set();
	for ( _, net in matching_subnets(addr_to_subnet(a), local_admins) )
		for ( mail in local_admins[net] )
			if ( mail != "" )
				add found[mail];

	local mails = "";
	for ( mail in found )
		mails = mails == "" ? mail : cat(mails, ", ", mail);
	return mails;
	}

function zone_pattern(zones: set[string]): pattern
	{
	local names: vector of string = vector();
	for ( zone in zones )
		names += convert_for_pattern(zone);
	sort(names, strcmp);
	return string_to_pattern(fmt("(^\\.?|\\.)(%s)$", join_string_vec(names, "|")), F);
	}

# What local_nets becomes: with private address space in it, unless that is in already.
function on_local_nets(id: string, new_value: set[subnet]): set[subnet]
	{
	local nets = new_value;
	if ( private_address_space_is_local && ! private_space_is_in )
		nets = new_value | private_address_space;
	private_space_is_in = F;

	local_nets_table = table();
	for ( net in nets )
		local_nets_table[net] = net;
	return nets;
	}

# Networks that leave private address space leave local_nets, those that join it join.
function on_private_space(id: string, new_value: set[subnet]): set[subnet]
	{
	local nets = (local_nets | private_address_space) - (private_address_space - new_value);
	nets += new_value - private_address_space;
	private_space_is_in = T;
	Option::set("Site::local_nets", nets, "<skip-config-log>");
	return new_value;
	}

function on_local_zones(id: string, new_value: set[string]): set[string]
	{
	local_dns_suffix_regex = zone_pattern(new_value);
	return new_value;
	}

function on_neighbor_zones(id: string, new_value: set[string]): set[string]
	{
	local_dns_neighbor_suffix_regex = zone_pattern(new_value);
	return new_value;
	}

event zeek_init() &priority=10
	{
	# After handlers of the user's, which may change the value once more.
	Option::set_change_handler("Site::local_nets", on_local_nets, -5);
	Option::set_change_handler("Site::local_zones", on_local_zones, -5);
	Option::set_change_handler("Site::neighbor_zones", on_neighbor_zones, -5);
	if ( private_address_space_is_local )
		{
		Option::set_change_handler("Site::private_address_space", on_private_space, -5);
		on_private_space("Site::private_address_space", private_address_space);
		}
	on_local_nets("Site::local_nets", local_nets);
	on_local_zones("Site::local_zones", local_zones);
	on_neighbor_zones("Site::neighbor_zones", neighbor_zones);
	}
