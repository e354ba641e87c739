# What belongs to the site.

module Site;

export {
	option private_address_space: set[subnet] = {
		0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16,
		172.16.0.0/12, 192.0.0.0/24, 192.0.2.0/24, 192.168.0.0/16, 198.18.0.0/15,
		198.51.100.0/24, 203.0.113.0/24, 240.0.0.0/4, 255.255.255.255/32,
		[::]/128, [::1]/128, [fe80::]/10, [fc00::]/7, [100::]/64,
		[2001:db8::]/32, [2001:2::]/48,
	};
	const private_address_space_is_local = T &redef;
	option local_nets: set[subnet] = {};
	option neighbor_nets: set[subnet] = {};
	option local_zones: set[string] = {};
	option neighbor_zones: set[string] = {};
	option local_admins: table[subnet] of set[string] = {};

	global is_local_addr: function(a: addr): bool;
	global is_private_addr: function(a: addr): bool;
	global is_neighbor_addr: function(a: addr): bool;
	global is_local_name: function(name: string): bool;
	global is_neighbor_name: function(name: string): bool;
	global get_emails: function(a: addr): string;
}

function is_private_addr(a: addr): bool
	{
	return a in private_address_space;
	}

function is_local_addr(a: addr): bool
	{
	if ( a in local_nets )
		return T;
	return private_address_space_is_local && a in private_address_space;
	}

function is_neighbor_addr(a: addr): bool
	{
	return a in neighbor_nets;
	}

function in_zones(name: string, zones: set[string]): bool
	{
	for ( z in zones )
		if ( name == z || ends_with(name, cat(".", z)) )
			return T;
	return F;
	}

function is_local_name(name: string): bool
	{
	return in_zones(name, local_zones);
	}

function is_neighbor_name(name: string): bool
	{
	return in_zones(name, neighbor_zones);
	}

function get_emails(a: addr): string
	{
	local out: vector of string = vector();
	for ( net, mails in local_admins )
		if ( a in net )
			for ( m in mails )
				out += m;
	sort(out, strcmp);
	return join_string_vec(out, ", ");
	}
