# Notices of clients that try SQL injections in URIs, and of the servers that they try.

@load base/frameworks/notice
@load base/frameworks/sumstats
@load base/protocols/http

module HTTP;

export {
	redef enum Notice::Type += {
		## A client that tries many.
		SQL_Injection_Attacker,
		## A server at which many are tried, by its address.
		SQL_Injection_Victim,
	};

	redef enum Tags += {
		## The URI looks like one.
		URI_SQLI,
		## Zeek's names for what is not looked at.
		POST_SQLI,
		COOKIE_SQLI,
	};

	## So many within sqli_requests_interval are told.
	const sqli_requests_threshold: double = 50.0 &redef;

	const sqli_requests_interval = 5min &redef;

	## How many are shown in mail.
	const collect_SQLi_samples = 5 &redef;

	## What looks like an injection. In each, "b" is a blank or a comment: words of SQL behind a value, a condition that
	## always holds, a quote that is closed and joined to something, words behind a quote, functions of strings, and
	## comments that a certain version of MySQL executes.
	const match_sql_injection_uri =
		  /[?&][^[:blank:]\x00-\x1f|+]+=[\-[:alnum:]%]+([[:blank:]\x00-\x1f+]|\/\*.*\*\/)*['"]?([[:blank:]\x00-\x1f+]|\/\*.*\*\/|\)?;)+.*([hH][aA][vV][iI][nN][gG]|[uU][nN][iI][oO][nN]|[eE][xX][eE][cC]|[sS][eE][lL][eE][cC][tT]|[dD][eE][lL][eE][tT][eE]|[dD][rR][oO][pP]|[dD][eE][cC][lL][aA][rR][eE]|[cC][rR][eE][aA][tT][eE]|[iI][nN][sS][eE][rR][tT])([[:blank:]\x00-\x1f+]|\/\*.*\*\/)+/
		| /[?&][^[:blank:]\x00-\x1f|+]+=[\-0-9%]+([[:blank:]\x00-\x1f+]|\/\*.*\*\/)*['"]?([[:blank:]\x00-\x1f+]|\/\*.*\*\/|\)?;)+([xX]?[oO][rR]|[nN]?[aA][nN][dD])([[:blank:]\x00-\x1f+]|\/\*.*\*\/)+['"]?(([^a-zA-Z&]+)?=|[eE][xX][iI][sS][tT][sS])/
		| /[?&][^[:blank:]\x00-\x1f+]+=[\-0-9%]*([[:blank:]\x00-\x1f+]|\/\*.*\*\/)*['"]([[:blank:]\x00-\x1f]|\/\*.*\*\/)*(-|=|\+|\|\|)([[:blank:]\x00-\x1f+]|\/\*.*\*\/)*([0-9]|\(?[cC][oO][nN][vV][eE][rR][tT]|[cC][aA][sS][tT])/
		| /[?&][^[:blank:]\x00-\x1f|+]+=([[:blank:]\x00-\x1f+]|\/\*.*\*\/)*['"]([[:blank:]\x00-\x1f+]|\/\*.*\*\/|;)*([xX]?[oO][rR]|[nN]?[aA][nN][dD]|[hH][aA][vV][iI][nN][gG]|[uU][nN][iI][oO][nN]|[eE][xX][eE][cC]|[sS][eE][lL][eE][cC][tT]|[dD][eE][lL][eE][tT][eE]|[dD][rR][oO][pP]|[dD][eE][cC][lL][aA][rR][eE]|[cC][rR][eE][aA][tT][eE]|[rR][eE][gG][eE][xX][pP]|[iI][nN][sS][eE][rR][tT])([[:blank:]\x00-\x1f+]|\/\*.*\*\/|[\[(])+[a-zA-Z&]{2,}/
		| /[?&][^[:blank:]\x00-\x1f+]+=[^.]*([cC][hH][aA][rR]|[aA][sS][cC][iI][iI]|[sS][uU][bB][sS][tT][rR][iI][nN][gG]|[tT][rR][uU][nN][cC][aA][tT][eE]|[vV][eE][rR][sS][iI][oO][nN]|[lL][eE][nN][gG][tT][hH])\(/
		| /\/\*![[:digit:]]{5}.*\*\// &redef;

	## Keeps a request from being counted, where a handler breaks.
	global sqli_policy: hook(c: connection, method: string, unescaped_URI: string);
}

function format_sqli_samples(samples: vector of SumStats::Observation): string
	{
	local text = "SQL Injection samples\n---------------------";
	for ( _, sample in samples )
		text += "\n" + sample$str;
	return text;
	}

# Counts URIs of a stream by address, and tells of one that has many.
function watch_sqli(name: string, stream: string, note: Notice::Type, who: string)
	{
	SumStats::create([$name=name, $epoch=sqli_requests_interval, $threshold=sqli_requests_threshold,
		$reducers=set(SumStats::Reducer($stream=stream, $apply=set(SumStats::SUM, SumStats::SAMPLE),
		                                $num_samples=collect_SQLi_samples)),
		$threshold_val=function[stream](key: SumStats::Key, result: SumStats::Result): double
			{
			return result[stream]$sum;
			},
		$threshold_crossed=function[stream, note, who](key: SumStats::Key, result: SumStats::Result)
			{
			NOTICE([$note=note, $msg=fmt("An SQL injection %s was discovered!", who), $src=key$host,
			        $email_body_sections=vector(format_sqli_samples(result[stream]$samples)),
			        $identifier=cat(key$host)]);
			}]);
	}

event zeek_init() &priority=3
	{
	watch_sqli("detect-sqli-attackers", "http.sqli.attacker", SQL_Injection_Attacker, "attacker");
	watch_sqli("detect-sqli-victims", "http.sqli.victim", SQL_Injection_Victim, "victim");
	}

event http_request(c: connection, method: string, original_URI: string, unescaped_URI: string, version: string) &priority=3
	{
	if ( ! hook sqli_policy(c, method, unescaped_URI) || match_sql_injection_uri !in unescaped_URI )
		return;
	add c$http$tags[URI_SQLI];
	SumStats::observe("http.sqli.attacker", [$host=c$id$orig_h], [$str=original_URI]);
	SumStats::observe("http.sqli.victim", [$host=c$id$resp_h], [$str=original_URI]);
	}
