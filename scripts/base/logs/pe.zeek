# pe.log. Generated from the declaration of its rows (record!); a test compares it.

module PE;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When the file began.
		ts: time &log;
		## The file's identifier.
		id: string &log;
		## What it was compiled for.
		machine: string &log &optional;
		## When.
		compile_ts: time &log &optional;
		## The system that it needs.
		os: string &log &optional;
		## What it runs in.
		subsystem: string &log &optional;
		## Whether it can be run, and is not an object.
		is_exe: bool &log &default=T;
		## Whether it has 64 bits.
		is_64bit: bool &log &default=T;
		## Whether it can be loaded anywhere.
		uses_aslr: bool &log &default=F;
		## Whether its data cannot be run.
		uses_dep: bool &log &default=F;
		## Whether its integrity is checked.
		uses_code_integrity: bool &log &default=F;
		## Whether it handles exceptions.
		uses_seh: bool &log &default=T;
		## Whether it imports.
		has_import_table: bool &log &optional;
		## Whether it exports.
		has_export_table: bool &log &optional;
		## Whether it is signed.
		has_cert_table: bool &log &optional;
		## Whether it can be debugged.
		has_debug_data: bool &log &optional;
		## Its sections, in order.
		section_names: vector of string &log &optional;
	};

	## A row of pe.log is about to be written.
	global log_pe: event(rec: Info);
}

redef record fa_file += {
	pe: PE::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(PE::LOG, [$columns=Info, $ev=log_pe, $path="pe", $policy=log_policy]);
	}
