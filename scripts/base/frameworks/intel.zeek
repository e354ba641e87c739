# The Intel framework: what is known to be bad, and where it was seen.
#
# Indicators lie in tables: addresses and strings are found by a hash, subnets by as many look-ups as there are prefix
# lengths among them. So a match costs the same with ten indicators and with a million.

module Intel;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Type: enum {
		ADDR,
		SUBNET,
		## Without the http:// before it.
		URL,
		SOFTWARE,
		EMAIL,
		DOMAIN,
		USER_NAME,
		## SHA-1 of a certificate.
		CERT_HASH,
		## MD5 of a public key.
		PUBKEY_HASH,
		## Any hash of a file.
		FILE_HASH,
		FILE_NAME,
	};

	type TypeSet: set[Type];

	type MetaData: record {
		## Who says so. An item has one of these for each source.
		source: string;
		desc: string &optional;
		url: string &optional;
	};

	type Item: record {
		indicator: string;
		indicator_type: Type;
		meta: MetaData;
	};

	## Where something was seen.
	type Where: enum {
		IN_ANYWHERE,
	};

	type Seen: record {
		indicator: string &log &optional;
		indicator_type: Type &log &optional;
		## Given instead of the two for an address.
		host: addr &optional;
		where: Where &log;
		node: string &optional &log;
		conn: connection &optional;
		uid: string &optional;
		f: fa_file &optional;
		fuid: string &optional;
	};

	type Info: record {
		ts: time &log;
		uid: string &log &optional;
		id: conn_id &log &optional;
		seen: Seen &log;
		## Types of the indicators that matched.
		matched: TypeSet &log;
		sources: set[string] &log &default=string_set();
		fuid: string &log &optional;
		file_mime_type: string &log &optional;
		file_desc: string &log &optional;
	};

	## Files of indicators. They are read again when they change; what is gone from them stays known.
	const read_files: set[string] = {} &redef;
	## Put before the names of files that do not begin with a slash.
	const path_prefix = "" &redef;

	## How long an indicator is known after it was last inserted; a negative time is for ever.
	const item_expiration = -1min &redef;

	## Indicators that are kept. Further ones are refused and counted: said once, and at the end.
	option max_items: count = 10000000;

	## Adds an indicator, or what a source says of it.
	global insert: function(item: Item);
	## Removes what a source says of an indicator, or the indicator.
	global remove: function(item: Item, purge_indicator: bool &default=F);
	## Looks something up.
	global seen: function(s: Seen);

	## Something that was seen is known.
	global match: event(s: Seen, items: set[Item]);

	## Fills the row of a match; break keeps it from being logged.
	global extend_match: hook(info: Info, s: Seen, items: set[Item]);
	## Decides whether an indicator is inserted: break refuses it.
	global filter_item: hook(item: Intel::Item);
	## Hears of all that is looked up, and whether it is known; break ends the look-up.
	global seen_policy: hook(s: Seen, found: bool);
	## An indicator has expired; break removes it, else it is known for another item_expiration.
	global item_expired: hook(indicator: string, indicator_type: Type, metas: set[MetaData]);

	## An indicator that was not known before.
	global indicator_inserted: hook(indicator: string, indicator_type: Type);
	## An indicator that is not known any more.
	global indicator_removed: hook(indicator: string, indicator_type: Type);

	global log_intel: event(rec: Info);

	global read_entry: event(desc: Input::EventDescription, tpe: Input::Event, item: Intel::Item);
}

global new_item: event(item: Item);
global remove_indicator: event(item: Item);

## What is said of an indicator, by source.
type MetaDataTable: table[string] of MetaData;

global expire_host: function(data: table[addr] of MetaDataTable, idx: addr): interval;
global expire_subnet: function(data: table[subnet] of MetaDataTable, idx: subnet): interval;
global expire_string: function(data: table[string, Type] of MetaDataTable, indicator: string, t: Type): interval;

global host_data: table[addr] of MetaDataTable &write_expire=item_expiration &expire_func=expire_host;
global subnet_data: table[subnet] of MetaDataTable &write_expire=item_expiration &expire_func=expire_subnet;
global string_data: table[string, Type] of MetaDataTable &write_expire=item_expiration &expire_func=expire_string;

global refused = 0;

event zeek_init() &priority=5
	{
	Log::create_stream(LOG, [$columns=Info, $ev=log_intel, $path="intel", $policy=log_policy]);
	for ( f in read_files )
		{
		local source = f;
		if ( path_prefix != "" && sub_bytes(f, 0, 1) != "/" )
			source = cat(rstrip(path_prefix, "/"), "/", f);
		Input::add_event([$source=source, $reader=Input::READER_ASCII, $mode=Input::REREAD, $name=cat("intel-", f),
		                  $fields=Intel::Item, $ev=Intel::read_entry]);
		}
	}

event Intel::read_entry(desc: Input::EventDescription, tpe: Input::Event, item: Intel::Item)
	{
	Intel::insert(item);
	}

function expired(indicator: string, indicator_type: Type, data: MetaDataTable): interval
	{
	local metas: set[MetaData];
	for ( source, meta in data )
		add metas[meta];
	if ( hook item_expired(indicator, indicator_type, metas) )
		return item_expiration;
	remove([$indicator=indicator, $indicator_type=indicator_type, $meta=[$source=""]], T);
	return 0sec;
	}

function expire_host(data: table[addr] of MetaDataTable, idx: addr): interval
	{
	return expired(cat(idx), ADDR, data[idx]);
	}

function expire_subnet(data: table[subnet] of MetaDataTable, idx: subnet): interval
	{
	return expired(cat(idx), SUBNET, data[idx]);
	}

function expire_string(data: table[string, Type] of MetaDataTable, indicator: string, t: Type): interval
	{
	return expired(indicator, t, data[indicator, t]);
	}

## Whether one more indicator fits.
function has_room(): bool
	{
	if ( |host_data| + |subnet_data| + |string_data| < max_items )
		return T;
	if ( ++refused == 1 )
		Reporter::warning(fmt("Intel::max_items (%d) reached: further indicators are refused", max_items));
	return F;
	}

event zeek_done()
	{
	if ( refused > 1 )
		Reporter::warning(fmt("%d indicators were refused: Intel::max_items is %d", refused, max_items));
	}

function is_known(s: Seen): bool
	{
	if ( s?$host )
		return s$host in host_data || s$host in subnet_data;
	return [to_lower(s$indicator), s$indicator_type] in string_data;
	}

## What is known of something that was seen.
function items_of(s: Seen): set[Item]
	{
	local items: set[Item];
	if ( s?$host )
		{
		if ( s$host in host_data )
			for ( source, meta in host_data[s$host] )
				add items[Item($indicator=cat(s$host), $indicator_type=ADDR, $meta=meta)];
		local nets: table[subnet] of MetaDataTable = filter_subnet_table(addr_to_subnet(s$host), subnet_data);
		for ( net, metas in nets )
			for ( source, meta in metas )
				add items[Item($indicator=cat(net), $indicator_type=SUBNET, $meta=meta)];
		return items;
		}
	local indicator = to_lower(s$indicator);
	if ( [indicator, s$indicator_type] in string_data )
		for ( source, meta in string_data[indicator, s$indicator_type] )
			add items[Item($indicator=s$indicator, $indicator_type=s$indicator_type, $meta=meta)];
	return items;
	}

function seen(s: Seen)
	{
	local found = is_known(s);
	if ( ! hook seen_policy(s, found) || ! found )
		return;
	if ( s?$host )
		{
		s$indicator = cat(s$host);
		s$indicator_type = Intel::ADDR;
		}
	if ( ! s?$node )
		s$node = peer_description;
	event Intel::match(s, items_of(s));
	}

event Intel::match(s: Seen, items: set[Item]) &priority=5
	{
	local info = Info($ts=network_time(), $seen=s, $matched=TypeSet());
	if ( hook extend_match(info, s, items) )
		Log::write(Intel::LOG, info);
	}

hook extend_match(info: Info, s: Seen, items: set[Item]) &priority=6
	{
	if ( s?$f )
		{
		s$fuid = s$f$id;
		if ( s$f?$conns && |s$f$conns| == 1 )
			for ( cid, c in s$f$conns )
				s$conn = c;
@ifdef ( Files::describe )
		if ( ! info?$file_mime_type && s$f?$info && s$f$info?$mime_type )
			info$file_mime_type = s$f$info$mime_type;
		if ( ! info?$file_desc )
			info$file_desc = Files::describe(s$f);
@endif
		}
	if ( s?$fuid )
		info$fuid = s$fuid;
	}

hook extend_match(info: Info, s: Seen, items: set[Item]) &priority=5
	{
	if ( s?$conn )
		{
		s$uid = s$conn$uid;
		info$id = s$conn$id;
		}
	if ( s?$uid )
		info$uid = s$uid;
	for ( item in items )
		{
		add info$sources[item$meta$source];
		add info$matched[item$indicator_type];
		}
	}

function insert(item: Item)
	{
	if ( ! hook filter_item(item) )
		return;
	local is_new = F;
	local metas: MetaDataTable;
	# Storing what is there already starts its expiration anew.
	switch ( item$indicator_type )
		{
		case ADDR:
			if ( ! is_valid_ip(item$indicator) )
				{
				Reporter::warning(fmt("Intel: '%s' is not an address", item$indicator));
				return;
				}
			local host = to_addr(item$indicator);
			is_new = host !in host_data;
			if ( is_new && ! has_room() )
				return;
			if ( ! is_new )
				metas = host_data[host];
			host_data[host] = metas;
			break;
		case SUBNET:
			if ( ! is_valid_subnet(item$indicator) )
				{
				Reporter::warning(fmt("Intel: '%s' is not a subnet", item$indicator));
				return;
				}
			local net = to_subnet(item$indicator);
			is_new = ! check_subnet(net, subnet_data);
			if ( is_new && ! has_room() )
				return;
			if ( ! is_new )
				metas = subnet_data[net];
			subnet_data[net] = metas;
			break;
		default:
			local indicator = to_lower(item$indicator);
			is_new = [indicator, item$indicator_type] !in string_data;
			if ( is_new && ! has_room() )
				return;
			if ( ! is_new )
				metas = string_data[indicator, item$indicator_type];
			string_data[indicator, item$indicator_type] = metas;
			break;
		}
	metas[item$meta$source] = item$meta;
	if ( is_new )
		{
		hook indicator_inserted(item$indicator, item$indicator_type);
		event Intel::new_item(item);
		}
	}

function remove(item: Item, purge_indicator: bool &default=F)
	{
	local host: addr;
	local net: subnet;
	local indicator = to_lower(item$indicator);
	local known = F;
	local metas: MetaDataTable;
	switch ( item$indicator_type )
		{
		case ADDR:
			host = to_addr(item$indicator);
			known = host in host_data;
			if ( known )
				metas = host_data[host];
			break;
		case SUBNET:
			net = to_subnet(item$indicator);
			known = check_subnet(net, subnet_data);
			if ( known )
				metas = subnet_data[net];
			break;
		default:
			known = [indicator, item$indicator_type] in string_data;
			if ( known )
				metas = string_data[indicator, item$indicator_type];
			break;
		}
	if ( ! known )
		{
		Reporter::info(fmt("Tried to remove non-existing item '%s' (%s).", item$indicator, item$indicator_type));
		return;
		}
	delete metas[item$meta$source];
	if ( |metas| > 0 && ! purge_indicator )
		return;
	switch ( item$indicator_type )
		{
		case ADDR:
			delete host_data[host];
			break;
		case SUBNET:
			delete subnet_data[net];
			break;
		default:
			delete string_data[indicator, item$indicator_type];
			break;
		}
	hook indicator_removed(item$indicator, item$indicator_type);
	event Intel::remove_indicator(item);
	}
