# Looks at connections again and again.

module ConnPolling;

export {
	## Calls a function with a connection, after a time, and again after what it returns, until that is negative or the
	## connection is over. It is given a number that grows by one with each call.
	global watch: function(c: connection, callback: function(c: connection, cnt: count): interval, cnt: count,
	                       i: interval);

	## It is time to look; not for other scripts.
	global check: event(c: connection, callback: function(c: connection, cnt: count): interval, cnt: count);
}

function watch(c: connection, callback: function(c: connection, cnt: count): interval, cnt: count, i: interval)
	{
	schedule i { ConnPolling::check(c, callback, cnt) };
	}

event ConnPolling::check(c: connection, callback: function(c: connection, cnt: count): interval, cnt: count)
	{
	if ( c?$ended )
		return;
	local next_time = callback(c, cnt);
	if ( next_time >= 0secs )
		watch(c, callback, cnt + 1, next_time);
	}
