# The version of Windows, by what its CryptoAPI says when it fetches revocation lists of Microsoft's.

@load base/frameworks/software
@load base/protocols/http

module OS;

export {
	redef enum Software::Type += {
		WINDOWS,
	};

	type Software::name_and_version: record {
		name: string;
		version: Software::Version;
	};

	const crypto_api_mapping: table[string] of Software::name_and_version = {} &redef;
}

# What each version of the library came with. Four numbers; from Windows Vista on two.
const five: table[count, count] of string = {
	[2195, 6661] = "2000 SP4",
	[2195, 6824] = "2000 with MS04-11",
	[2195, 6926] = "2000 with Hotfix 98830",
	[2600, 0] = "XP SP0",
	[2600, 1106] = "XP SP1",
	[2600, 2180] = "XP SP2",
	[2600, 3180] = "XP SP3 Beta 1",
	[2600, 3205] = "XP SP3 Beta 2",
	[2600, 3249] = "XP SP3 RC Beta",
	[2600, 3264] = "XP SP3 RC1",
	[2600, 3282] = "XP SP3 RC1 Update",
	[2600, 3300] = "XP SP3 RC2",
	[2600, 3311] = "XP SP3 RC2 Update",
	[2600, 5508] = "XP SP3 RC2 Update 2",
	[2600, 5512] = "XP SP3",
	[3790, 0] = "XP x64 or Server 2003 SP0",
	[3790, 1830] = "XP x64 or Server 2003 SP1",
	[3790, 3959] = "XP x64 or Server 2003 SP2",
	[3790, 5235] = "XP x64 or Server 2003 with MS13-095",
};
const six: table[count] of string = {
	[0] = "Vista or Server 2008",
	[1] = "7 or Server 2008 R2",
	[2] = "8 or Server 2012",
	[3] = "8.1 or Server 2012 R2",
	[4] = "10 Technical Preview",
};

event zeek_init() &priority=10
	{
	for ( [build, revision], what in five )
		crypto_api_mapping[fmt("Microsoft-CryptoAPI/5.131.%d.%d", build, revision)] =
			[$name="Windows", $version=[$major=5, $minor=131, $minor2=build, $minor3=revision, $addl=what]];
	for ( minor, what in six )
		crypto_api_mapping[fmt("Microsoft-CryptoAPI/6.%d", minor)] =
			[$name="Windows", $version=[$major=6, $minor=minor, $addl=what]];
	crypto_api_mapping["Microsoft-CryptoAPI/10.0"] = [$name="Windows", $version=[$major=10, $minor=0]];
	}

event HTTP::log_http(rec: HTTP::Info) &priority=5
	{
	if ( ! rec?$host || ! rec?$user_agent || /crl\.microsoft\.com/ !in rec$host
	     || /Microsoft-CryptoAPI\// !in rec$user_agent )
		return;
	local found = Software::Info($host=rec$id$orig_h, $software_type=WINDOWS);
	if ( rec$user_agent in crypto_api_mapping )
		{
		found$name = crypto_api_mapping[rec$user_agent]$name;
		found$version = crypto_api_mapping[rec$user_agent]$version;
		}
	else
		found$unparsed_version = sub(rec$user_agent, /Microsoft-CryptoAPI/, "Unknown CryptoAPI Version");
	Software::found(rec$id, found);
	}
