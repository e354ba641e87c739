# Guessing passwords over FTP: clients whose logins a server refuses again and again.

@load base/protocols/ftp
@load base/frameworks/sumstats
@load base/frameworks/notice
@load base/utils/time

module FTP;

export {
	redef enum Notice::Type += {
		## A client's logins were refused at least bruteforce_threshold times within bruteforce_measurement_interval.
		Bruteforcing,
	};

	## So many logins that are refused make a client one that guesses passwords.
	const bruteforce_threshold: double = 20 &redef;
	## Within so much time.
	const bruteforce_measurement_interval = 15 mins &redef;
}

event zeek_init()
	{
	local failures = SumStats::Reducer($stream="ftp.failed_auth", $apply=set(SumStats::UNIQUE),
	                                   $unique_max=double_to_count(bruteforce_threshold + 2));
	SumStats::create([$name="ftp-detect-bruteforcing", $epoch=bruteforce_measurement_interval, $reducers=set(failures),
		$threshold_val(key: SumStats::Key, result: SumStats::Result) =
			{
			return result["ftp.failed_auth"]$num + 0.0;
			},
		$threshold=bruteforce_threshold,
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{
			local failed = result["ftp.failed_auth"];
			NOTICE([$note=FTP::Bruteforcing, $src=key$host, $identifier=cat(key$host),
			        $msg=fmt("%s had %d failed logins on %d FTP server%s in %s", key$host, failed$num, failed$unique,
			                 failed$unique > 1 ? "s" : "", duration_to_mins_secs(failed$end - failed$begin))]);
			}]);
	}

event ftp_reply(c: connection, code: count, msg: string, cont_resp: bool)
	{
	local cmd = c$ftp$cmdarg$cmd;
	if ( (cmd == "USER" || cmd == "PASS") && FTP::parse_ftp_reply_code(code)$x == 5 )
		SumStats::observe("ftp.failed_auth", [$host=c$id$orig_h], [$str=cat(c$id$resp_h)]);
	}
