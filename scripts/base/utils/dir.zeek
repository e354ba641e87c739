# Folders that scripts watch.

@load base/utils/exec
@load base/utils/paths

module Dir;

export {
	## How often folders are looked at, if nothing else is said.
	option polling_interval = 30sec;

	## Calls a function with the path of each file in a folder, and of each that is put there; of one that was gone and
	## comes back again, too.
	global monitor: function(dir: string, callback: function(fname: string),
	                         poll_interval: interval &default=polling_interval);

	## It is time to look; not for other scripts.
	global monitor_ev: event(dir: string, last_files: set[string], callback: function(fname: string),
	                         poll_interval: interval);
}

event Dir::monitor_ev(dir: string, last_files: set[string], callback: function(fname: string), poll_interval: interval)
	{
	when [dir, last_files, callback, poll_interval] ( local result = Exec::run([$cmd=fmt("ls -1 %s/", safe_shell_quote(dir))]) )
		{
		if ( result$exit_code != 0 )
			{
			Reporter::warning(fmt("Requested monitoring of nonexistent directory (%s).", dir));
			return;
			}
		local current: set[string] = set();
		if ( result?$stdout )
			for ( i in result$stdout )
				{
				local name = result$stdout[i];
				add current[name];
				if ( name !in last_files )
					callback(build_path_compressed(dir, name));
				}
		schedule poll_interval { Dir::monitor_ev(dir, current, callback, poll_interval) };
		}
	}

function monitor(dir: string, callback: function(fname: string), poll_interval: interval &default=polling_interval)
	{
	event Dir::monitor_ev(dir, set(), callback, poll_interval);
	}
