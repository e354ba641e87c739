# Hooks that run when a connection is over: what one protocol has to end costs the others nothing. The sensor runs them,
# after the handlers of connection_state_remove.

module Conn;

export {
	## What is run with a connection that is about to be removed.
	type RemovalHook: hook(c: connection);

	## Has a hook run at the end of a connection. F where it is to be run already.
	global register_removal_hook: function(c: connection, hk: RemovalHook): bool;

	## Has it not. F where it was not to be run.
	global unregister_removal_hook: function(c: connection, hk: RemovalHook): bool;
}

redef record connection += {
	removal_hooks: set[RemovalHook] &optional;
};

function register_removal_hook(c: connection, hk: RemovalHook): bool
	{
	if ( ! c?$removal_hooks )
		c$removal_hooks = set();
	if ( hk in c$removal_hooks )
		return F;
	add c$removal_hooks[hk];
	return T;
	}

function unregister_removal_hook(c: connection, hk: RemovalHook): bool
	{
	if ( ! c?$removal_hooks || hk !in c$removal_hooks )
		return F;
	delete c$removal_hooks[hk];
	return T;
	}
