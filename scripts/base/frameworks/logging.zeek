# The Log framework: streams of records, and filters that say what becomes of them.

module Log;

export {
	type ID: enum { UNKNOWN };
	type Filter: record { name: string; };
	type PolicyHook: hook(rec: any, id: ID, filter: Filter);
	type Stream: record { columns: any; ev: any &optional; path: string &optional; policy: PolicyHook &optional; };
	global create_stream: function(id: ID, stream: Stream): bool;
}

function create_stream(id: ID, stream: Stream): bool { return T; }
