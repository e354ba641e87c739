# PostgreSQL: postgresql.log, and the names of what is in it. It is read where policy/protocols/postgresql/log, or
# Analyzer::register_for_port, says so: Zeek 7.0 reads none.

@load base/logs/postgresql

module PostgreSQL;

export {
	## Where servers usually are.
	const ports: set[port] = { 5432/tcp } &redef;

	## Parts of errors and notices.
	global error_ids: table[string] of string = {
		["S"] = "SeverityLocalized",
		["V"] = "Severity",
		["C"] = "Code",
		["M"] = "Message",
		["D"] = "Detail",
		["H"] = "Hint",
		["P"] = "Position",
		["p"] = "InternalPosition",
		["q"] = "InternalQuery",
		["W"] = "Where",
		["s"] = "Schema",
		["t"] = "Table",
		["c"] = "Column",
		["d"] = "Data",
		["n"] = "Constraint",
		["F"] = "File",
		["L"] = "Line",
		["R"] = "Routine",
	} &default=function(c: string): string { return fmt("UnknownErrorId%s", c); } &redef;

	## Ways to authenticate.
	global auth_ids: table[count] of string = {
		[2] = "KerberosV5",
		[3] = "CleartextPassword",
		[5] = "MD5Password",
		[7] = "GSSAPI",
		[8] = "GSSAPIContinue",
		[9] = "SSPI",
		[10] = "SASL",
		[11] = "SASLContinue",
		[12] = "SASLFinal",
	} &default=function(id: count): string { return fmt("UnknownAuthId%s", id); } &redef;
}
