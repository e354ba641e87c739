# What looks for indicators runs only while there are some of its kind.

@load frameworks/intel/seen

module Intel;

export {
	## Whether that is so. Where Intel::seen_policy is to see what matches no indicator, it must not be.
	const manage_seen_event_groups = T &redef;
}

## How many indicators of each type there are.
global intel_type_counts: table[Intel::Type] of count &default=0;

function run_for(t: string, runs: bool)
	{
	if ( ! manage_seen_event_groups || ! has_event_group(t) )
		return;
	if ( runs )
		enable_event_group(t);
	else
		disable_event_group(t);
	}

event zeek_init()
	{
	for ( t in enum_names(Intel::Type) )
		run_for(t, F);
	}

hook Intel::indicator_inserted(v: string, t: Intel::Type)
	{
	if ( ++intel_type_counts[t] == 1 )
		run_for(cat(t), T);
	}

hook Intel::indicator_removed(v: string, t: Intel::Type)
	{
	if ( --intel_type_counts[t] == 0 )
		run_for(cat(t), F);
	}
