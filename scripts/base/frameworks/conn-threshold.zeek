# Events when a connection has grown to a size, or has lasted for a time.
#
# The workers that follow connections are ahead of the scripts, so they tell of sizes that might matter, and what is
# asked for is looked up here. Where a script sets thresholds connections tell of every packet; where none does, of the
# sizes in ConnThreshold::sizes and their doublings alone.

module ConnThreshold;

export {
	type Thresholds: record {
		orig_byte: set[count] &default=set();
		resp_byte: set[count] &default=set();
		orig_packet: set[count] &default=set();
		resp_packet: set[count] &default=set();
		duration: set[interval] &default=set();
	};

	## Sizes in bytes to hear of to the packet, with their doublings; read after zeek_init. Other thresholds cost an
	## event for every packet.
	global sizes: set[count] = {} &redef;

	## How long connections last when ConnThreshold::lasts tells of them, and after the longest of these at its multiples;
	## read after zeek_init.
	global durations: set[interval] = {} &redef;

	## Bytes are those of IP packets, headers included. Each threshold is told of once.
	global set_bytes_threshold: function(c: connection, threshold: count, is_orig: bool): bool;
	global set_packets_threshold: function(c: connection, threshold: count, is_orig: bool): bool;
	global set_duration_threshold: function(c: connection, threshold: interval): bool;
	global delete_bytes_threshold: function(c: connection, threshold: count, is_orig: bool): bool;
	global delete_packets_threshold: function(c: connection, threshold: count, is_orig: bool): bool;
	global delete_duration_threshold: function(c: connection, threshold: interval): bool;

	global bytes_threshold_crossed: event(c: connection, threshold: count, is_orig: bool);
	global packets_threshold_crossed: event(c: connection, threshold: count, is_orig: bool);
	global duration_threshold_crossed: event(c: connection, threshold: interval, is_orig: bool);

	## A connection may have lasted long enough; not for other scripts.
	global lasted: event(c: connection, threshold: interval);
}

redef record connection += {
	thresholds: ConnThreshold::Thresholds &optional;
	## The connection is over; scripts may still hold it.
	ended: bool &optional;
};

function thresholds_of(c: connection): Thresholds
	{
	if ( ! c?$thresholds )
		c$thresholds = Thresholds();
	return c$thresholds;
	}

function set_bytes_threshold(c: connection, threshold: count, is_orig: bool): bool
	{
	local t = thresholds_of(c);
	if ( is_orig )
		add t$orig_byte[threshold];
	else
		add t$resp_byte[threshold];
	return T;
	}

function set_packets_threshold(c: connection, threshold: count, is_orig: bool): bool
	{
	local t = thresholds_of(c);
	if ( is_orig )
		add t$orig_packet[threshold];
	else
		add t$resp_packet[threshold];
	return T;
	}

function set_duration_threshold(c: connection, threshold: interval): bool
	{
	local t = thresholds_of(c);
	add t$duration[threshold];
	local left = c$start_time + threshold - network_time();
	schedule left > 0sec ? left : 0sec { ConnThreshold::lasted(c, threshold) };
	return T;
	}

function delete_bytes_threshold(c: connection, threshold: count, is_orig: bool): bool
	{
	local t = thresholds_of(c);
	local asked = is_orig ? t$orig_byte : t$resp_byte;
	local known = threshold in asked;
	delete asked[threshold];
	return known;
	}

function delete_packets_threshold(c: connection, threshold: count, is_orig: bool): bool
	{
	local t = thresholds_of(c);
	local asked = is_orig ? t$orig_packet : t$resp_packet;
	local known = threshold in asked;
	delete asked[threshold];
	return known;
	}

function delete_duration_threshold(c: connection, threshold: interval): bool
	{
	local t = thresholds_of(c);
	local known = threshold in t$duration;
	delete t$duration[threshold];
	return known;
	}

# What was reached, which is not asked for any more then.
function crossed(asked: set[count], size: count): vector of count
	{
	local reached: vector of count;
	for ( threshold in asked )
		if ( size >= threshold )
			reached += threshold;
	for ( i in reached )
		delete asked[reached[i]];
	sort(reached);
	return reached;
	}

event ConnThreshold::grew(c: connection)
	{
	if ( ! c?$thresholds )
		return;
	local t = c$thresholds;
	local reached: vector of count;
	if ( |t$orig_byte| > 0 )
		{
		reached = crossed(t$orig_byte, c$orig$num_bytes_ip);
		for ( i in reached )
			event ConnThreshold::bytes_threshold_crossed(c, reached[i], T);
		}
	if ( |t$resp_byte| > 0 )
		{
		reached = crossed(t$resp_byte, c$resp$num_bytes_ip);
		for ( i in reached )
			event ConnThreshold::bytes_threshold_crossed(c, reached[i], F);
		}
	if ( |t$orig_packet| > 0 )
		{
		reached = crossed(t$orig_packet, c$orig$num_pkts);
		for ( i in reached )
			event ConnThreshold::packets_threshold_crossed(c, reached[i], T);
		}
	if ( |t$resp_packet| > 0 )
		{
		reached = crossed(t$resp_packet, c$resp$num_pkts);
		for ( i in reached )
			event ConnThreshold::packets_threshold_crossed(c, reached[i], F);
		}
	}

event ConnThreshold::lasted(c: connection, threshold: interval)
	{
	if ( c?$ended || ! c?$thresholds || threshold !in c$thresholds$duration )
		return;
	delete c$thresholds$duration[threshold];
	event ConnThreshold::duration_threshold_crossed(c, threshold, T);
	}
