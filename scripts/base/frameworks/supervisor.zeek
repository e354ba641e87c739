# There is one process, which systemd looks after: nothing is supervised.

module Supervisor;

export {
	## Whether this process looks after others, …
	global is_supervisor: function(): bool;

	## … and whether another looks after it.
	global is_supervised: function(): bool;
}

function is_supervisor(): bool
	{
	return F;
	}

function is_supervised(): bool
	{
	return F;
	}
