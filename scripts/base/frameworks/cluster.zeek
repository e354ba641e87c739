# There is one process: the names scripts ask the cluster framework by answer so.

module Cluster;

export {
	type NodeType: enum {
		NONE,
		CONTROL,
		LOGGER,
		MANAGER,
		PROXY,
		WORKER,
	};

	type Node: record {
		node_type: NodeType;
		ip: addr;
		zone_id: string &default="";
		p: port &default=0/unknown;
		manager: string &optional;
		time_machine: string &optional;
		id: string &optional;
		metrics_port: port &optional;
	};

	const nodes: table[string] of Node = {} &redef;
	const node = "" &redef;
	const manager2worker_events = /^$/ &redef &deprecated="no event needs a name to be sent any more";
	const worker2manager_events = /^$/ &redef &deprecated="no event needs a name to be sent any more";
	global is_enabled: function(): bool;
	global local_node_type: function(): NodeType;
}

function is_enabled(): bool
	{
	return F;
	}

function local_node_type(): NodeType
	{
	return NONE;
	}
