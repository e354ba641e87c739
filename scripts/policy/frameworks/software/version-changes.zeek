# A notice where a program of interest changes its version.

@load base/frameworks/notice
@load base/frameworks/software

module Software;

export {
	redef enum Notice::Type += {
		## The version of one of interesting_version_changes changed.
		Software_Version_Change,
	};

	## Programs, by their names, whose changes are told.
	option interesting_version_changes: set[string] = {};
}

event Software::version_change(old: Software::Info, new: Software::Info)
	{
	if ( old$name !in interesting_version_changes )
		return;
	NOTICE([$note=Software_Version_Change, $src=new$host,
	        $msg=fmt("%.6f: %s '%s' version changed from %s to %s", network_time(), new$software_type, new$name,
	                 software_fmt_version(old$version), software_fmt_version(new$version)),
	        $sub=software_fmt(new)]);
	}
