# Asks Team Cymru's registry of malware about files by their SHA1. It is asked by DNS, and names are not looked up here:
# a notice comes only where lookup_hostname_txt is answered.

@load base/frameworks/files
@load base/frameworks/notice
@load frameworks/files/hash-all-files

module TeamCymruMalwareHashRegistry;

export {
	redef enum Notice::Type += {
		## The registry knows the file.
		Match,
	};

	## Types of files that are asked about.
	option match_file_types = /application\/x-dosexec/ | /application\/vnd\.ms-cab-compressed/ | /application\/pdf/
		| /application\/x-shockwave-flash/ | /application\/x-java-applet/ | /application\/jar/ | /video\/mp4/;

	## Where more is to be read of a file; %s is its SHA1.
	option match_sub_url = "https://www.virustotal.com/gui/search/%s";

	## How many of a hundred scanners have to know the file.
	option notice_threshold = 10;
}

function ask(hash: string, fi: Notice::FileInfo)
	{
	local name = cat(hash, ".malware.hash.cymru.com");
	when [hash, fi, name] ( local answer = lookup_hostname_txt(name) )
		{
		# When it was first seen, and by how many of a hundred.
		local words = split_string1(answer, / /);
		if ( |words| == 2 && to_count(words[1]) >= notice_threshold )
			{
			local seen = strftime("%Y-%m-%d %H:%M:%S", double_to_time(to_double(words[0])));
			local n = Notice::Info($note=Match, $sub=fmt(match_sub_url, hash),
				$msg=fmt("Malware Hash Registry Detection rate: %d%%  Last seen: %s", to_count(words[1]), seen));
			Notice::populate_file_info2(fi, n);
			NOTICE(n);
			}
		}
	}

event file_hash(f: fa_file, kind: string, hash: string)
	{
	if ( kind == "sha1" && f?$info && f$info?$mime_type && match_file_types in f$info$mime_type )
		ask(hash, Notice::create_file_info(f));
	}
