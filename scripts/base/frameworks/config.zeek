# The Config framework: options that change at run time, by script or by a file that is edited, and config.log.

module Config;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		ts: time &log;
		## The option.
		id: string &log;
		old_value: string &log;
		new_value: string &log;
		## What changed it.
		location: string &optional &log;
	};

	global log_config: event(rec: Info);

	## Files of options, a name and a value on each line. They are read again when they change.
	const config_files: set[string] = {} &redef;

	## Sets an option; F when it is none, or the value is not of its type.
	global set_value: function(ID: string, val: any, location: string &default=""): bool;

	## Reads a file of options once.
	global read_config: function(filename: string);
}

## The names of all options.
global __options: function(): string_vec;

type ConfigItem: record {
	option_nv: string;
};

type EventFields: record {
	option_name: string;
	option_val: string;
};

global current_config: table[string] of string = table();

function set_value(ID: string, val: any, location: string &default=""): bool
	{
	return Option::set(ID, val, location);
	}

## A value as it stands in config.log: members of sets and vectors with commas between them.
function format_value(value: any): string
	{
	local name = type_name(value);
	local parts: string_vec = vector();
	if ( /^set/ in name && strstr(name, ",") == 0 )
		{
		local members = Option::any_set_to_any_vec(value);
		for ( i in members )
			parts += cat(members[i]);
		return join_string_vec(parts, ",");
		}
	if ( /^vector/ in name )
		{
		local values: vector of any = value;
		for ( i in values )
			parts += cat(values[i]);
		return join_string_vec(parts, ",");
		}
	return cat(value);
	}

function config_option_changed(ID: string, new_value: any, location: string): any
	{
	if ( location == "<skip-config-log>" )
		return new_value;
	local info = Info($ts=network_time(), $id=ID, $old_value=format_value(lookup_ID(ID)),
	                  $new_value=format_value(new_value));
	if ( location != "" )
		info$location = location;
	Log::write(LOG, info);
	return new_value;
	}

event config_line(description: Input::EventDescription, tpe: Input::Event, p: EventFields)
	{
	}

event InputConfig::new_value(name: string, source: string, id: string, value: any)
	{
	if ( starts_with(name, "config-") )
		Config::set_value(id, value, source);
	}

function read_config(filename: string)
	{
	local name = cat("config-oneshot-", filename);
	Input::add_event([$reader=Input::READER_CONFIG, $mode=Input::MANUAL, $source=filename, $name=name,
	                  $fields=EventFields, $ev=config_line]);
	}

event Input::end_of_data(name: string, source: string)
	{
	if ( starts_with(name, "config-oneshot-") )
		Input::remove(name);
	}

event zeek_init() &priority=10
	{
	Log::create_stream(LOG, [$columns=Info, $ev=log_config, $path="config", $policy=log_policy]);
	# Last of all handlers, so that the value that was agreed on is the one that is logged.
	local names = __options();
	for ( i in names )
		Option::set_change_handler(names[i], config_option_changed, -100);
	}

event zeek_init() &priority=5
	{
	for ( f in config_files )
		Input::add_table([$reader=Input::READER_CONFIG, $mode=Input::REREAD, $source=f, $name=cat("config-", f),
		                  $idx=ConfigItem, $val=ConfigItem, $want_record=F, $destination=current_config]);
	}
