# loaded_scripts.log: which scripts were loaded, and by which.

module LoadedScripts;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## The script, indented by how deep it was loaded.
		name: string &log;
	};
}

event zeek_init() &priority=5
	{
	Log::create_stream(LoadedScripts::LOG, [$columns=Info, $path="loaded_scripts", $policy=log_policy]);
	}

event zeek_script_loaded(path: string, level: count)
	{
	local indent = "";
	while ( |indent| < 2 * level )
		indent += "  ";
	Log::write(LoadedScripts::LOG, [$name=cat(indent, compress_path(path))]);
	}
