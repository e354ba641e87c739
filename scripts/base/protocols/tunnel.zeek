# tunnel.log: tunnels as they are found and as they end.

module Tunnel;

export {
	type Action: enum {
		DISCOVER,
		CLOSE,
		EXPIRE,
	};
}

@load base/logs/tunnel
