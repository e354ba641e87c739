# Which Zeek's language this is, taken apart.

module Version;

export {
	type VersionDescription: record {
		## As one number that grows with each release: 70000 for 7.0.0.
		version_number: count;
		major: count;
		minor: count;
		patch: count &default=0;
		## Commits since the release.
		commit: count;
		## A beta, and which.
		beta: bool &default=F;
		## Built for looking for mistakes.
		debug: bool &default=F;
		localversion: string &default="";
		version_string: string;
	};

	## Takes a version apart, as zeek_version() gives it. What is no version is reported, and gives zeros.
	global parse: function(version_string: string): VersionDescription;

	## Whether this is that version or a later one.
	global at_least: function(version_string: string): bool;
}

function parse(version_string: string): VersionDescription
	{
	# Major.minor, then what may follow: .patch, -beta or -rc with a number, -commits, words of the builder, -debug.
	if ( /[0-9]+\.[0-9]+(\.[0-9]+)?(-(beta|rc|dev)?[0-9]*)?((-|\.)[a-zA-Z0-9_\.]+)*(-debug)?/ != version_string )
		{
		Reporter::error(fmt("Version string %s cannot be parsed", version_string));
		return [$version_number=0, $major=0, $minor=0, $commit=0, $version_string=version_string];
		}
	local left = version_string;
	local debug = ends_with(left, "-debug");
	if ( debug )
		left = sub_bytes(left, 1, |left| - 6);
	local beta = /-(beta|rc|dev)/ in left;
	local numbers = sub(left, /-.*/, "");
	local rest = sub_bytes(left, |numbers| + 1, -1);
	local parts = split_string(numbers, /\./);
	local major = to_count(parts[0]);
	local minor = to_count(parts[1]);
	local patch = |parts| > 2 ? to_count(parts[2]) : 0;
	# -beta2-45, -45 and -words-45
	local commit = 0;
	local localversion = "";
	for ( _, word in split_string(rest, /-/) )
		{
		if ( word == "" || /(beta|rc|dev)[0-9]*/ == word )
			next;
		if ( /[0-9]+/ == word )
			commit = to_count(word);
		else
			localversion = localversion == "" ? word : cat(localversion, "-", word);
		}
	return [$version_number=major * 10000 + minor * 100 + patch, $major=major, $minor=minor, $patch=patch,
		$commit=commit, $beta=beta, $debug=debug, $localversion=localversion, $version_string=version_string];
	}

export {
	## This version, as one number.
	const number = Version::parse(zeek_version())$version_number;

	## This version, taken apart.
	const info = Version::parse(zeek_version());
}

function at_least(version_string: string): bool
	{
	return Version::number >= Version::parse(version_string)$version_number;
	}
