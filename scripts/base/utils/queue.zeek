# A first-in-first-out queue.

module Queue;

export {
	type Settings: record {
		max_len: count &optional;
	};

	type Queue: record {
		initialized: bool &default=F;
		vals: table[count] of any &optional;
		settings: Settings &optional;
		top: count &default=0;
		bottom: count &default=0;
		size: count &default=0;
	};

	global init: function(s: Settings &default=[]): Queue::Queue;
	global put: function(q: Queue::Queue, val: any);
	global get: function(q: Queue::Queue): any;
	global peek: function(q: Queue::Queue): any;
	global merge: function(q1: Queue::Queue, q2: Queue::Queue): Queue::Queue;
	global len: function(q: Queue::Queue): count;
	global get_vector: function(q: Queue::Queue, ret: vector of any);
}

function init(s: Settings): Queue::Queue
	{
	local q: Queue::Queue;
	q$vals = table();
	q$settings = copy(s);
	q$initialized = T;
	return q;
	}

function len(q: Queue::Queue): count
	{
	return |q$vals|;
	}

function get(q: Queue::Queue): any
	{
	local ret = q$vals[q$bottom];
	delete q$vals[q$bottom];
	++q$bottom;
	return ret;
	}

function put(q: Queue::Queue, val: any)
	{
	if ( q$settings?$max_len && len(q) >= q$settings$max_len )
		get(q);
	q$vals[q$top] = val;
	++q$top;
	}

function peek(q: Queue::Queue): any
	{
	return q$vals[q$bottom];
	}

function merge(q1: Queue::Queue, q2: Queue::Queue): Queue::Queue
	{
	local out = init(q1$settings);
	local i = q1$bottom;
	while ( i < q1$top )
		{
		put(out, q1$vals[i]);
		++i;
		}
	i = q2$bottom;
	while ( i < q2$top )
		{
		put(out, q2$vals[i]);
		++i;
		}
	return out;
	}

function get_vector(q: Queue::Queue, ret: vector of any)
	{
	local i = q$bottom;
	local j = 0;
	while ( i < q$top )
		{
		ret[j] = q$vals[i];
		++i;
		++j;
		}
	}
