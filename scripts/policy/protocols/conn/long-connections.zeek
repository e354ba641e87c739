# Connections that last, while they do: conn_long.log, with the row that conn.log would have by then.

@load base/protocols/conn
@load base/frameworks/notice
@load base/utils/time

module LongConnection;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	redef enum Notice::Type += {
		## A connection has lasted for one of its durations; how long in seconds is the notice's sub.
		found,
	};

	type Durations: vector of interval;

	## When connections are long; read at the start.
	option default_durations = Durations(10min, 30min, 1hr, 12hr, 24hrs, 3days);

	## The same of those with these hosts; read at the start.
	option special_cases: table[subnet] of Durations = {};

	## After the last of them again and again, each time it has passed once more.
	option repeat_last_duration = F;

	## So often, or until the longest duration of all; behind that in steps of it.
	const max_repeats = 1000 &redef;

	## Whether there are notices, too.
	option do_notice = T;

	## A connection was found to be long.
	global long_conn_found: event(c: connection);
}

redef record connection += {
	## How many of its durations a connection has lasted for.
	long_conn_offset: count &default=0;
};

event zeek_init() &priority=5
	{
	Log::create_stream(LOG, [$columns=Conn::Info, $path="conn_long", $policy=log_policy]);
	local all = vector(default_durations);
	for ( _, durations in special_cases )
		all += durations;
	local longest = 0sec;
	for ( i in all )
		for ( j in all[i] )
			{
			add ConnThreshold::durations[all[i][j]];
			longest = all[i][j] > longest ? all[i][j] : longest;
			}
	if ( ! repeat_last_duration )
		return;
	for ( i in all )
		{
		local again = |all[i]| > 0 ? all[i][|all[i]| - 1] : longest;
		local times = 1;
		while ( again * times < longest && times < max_repeats )
			{
			++times;
			add ConnThreshold::durations[again * times];
			}
		}
	}

function durations_of(c: connection): Durations
	{
	if ( c$id$orig_h in special_cases )
		return special_cases[c$id$orig_h];
	if ( c$id$resp_h in special_cases )
		return special_cases[c$id$resp_h];
	return default_durations;
	}

# When it is told of next.
function next_duration(c: connection, durations: Durations): interval
	{
	local last = |durations|;
	if ( c$long_conn_offset < last )
		return durations[c$long_conn_offset];
	if ( last == 0 || ! repeat_last_duration )
		return -1sec;
	return durations[last - 1] * ( c$long_conn_offset - last + 2 );
	}

event ConnThreshold::lasts(c: connection)
	{
	local durations = durations_of(c);
	local due = next_duration(c, durations);
	if ( due < 0sec || c$duration < due || ! c?$conn )
		return;
	# Time may have passed several where nothing was captured for a while: they are one.
	while ( due >= 0sec && c$duration >= due )
		{
		++c$long_conn_offset;
		due = next_duration(c, durations);
		}
	Log::write(LOG, c$conn);
	if ( do_notice )
		NOTICE([$note=found, $conn=c, $sub=fmt("%.2f", interval_to_double(c$duration)), $identifier=c$uid,
			$msg=fmt("%s -> %s:%s remained alive for longer than %s", c$id$orig_h, c$id$resp_h, c$id$resp_p,
				duration_to_mins_secs(c$duration)), $suppress_for=0sec]);
	event LongConnection::long_conn_found(c);
	}
