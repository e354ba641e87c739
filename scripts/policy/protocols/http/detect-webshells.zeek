# Web shells: pages that somebody has put on a server to have it execute what he likes, by the URIs that ask for them.

@load base/frameworks/notice
@load base/protocols/http

module HTTP;

export {
	redef enum Notice::Type += {
		## A server answers a request that is one for a web shell; samples of its URIs are the notice's sub.
		Web_Shell,
		## Somebody looks for web shells, and the server has none of those.
		Web_Shell_Probe,
	};

	redef enum Tags += {
		## The URI is one of a web shell.
		URI_WEB_SHELL,
	};

	## Names that known ones have.
	option web_shell_names: pattern =
		  /\/(c99|r57|c100|b374k|wso([0-9.]*)|alfa(-?shell|v[0-9]+)?|indoxploit|weevely|antak|aspxspy|aspydrv|jspspy|jshell|phpspy|phpshell|simple[-_]?(shell|backdoor)|webshell|cmdasp|cmdjsp|php-backdoor|php-reverse-shell|nst(view)?|locus7s|predator|priv8|marijuana|behinder|godzilla|chopper|regeorg|tunnel\.nosocket|shell(ex)?|cmd|backdoor)\.(php[3-7]?|phtml|phar|aspx?|ashx|jspx?|cfm|pl|cgi)([?\/]|$)/i;

	## Commands in a query that no application is asked for.
	option web_shell_commands: pattern =
		  /[?&](cmd|exec|execute|command|c|x|ev(al)?|code|run|shell|system|passthru|ping|do|pass|z[0-9])=[^&]*(whoami|(^|[^a-z])id($|[^a-z])|uname( |\+|$)|cat( |\+)+\/|\/etc\/(passwd|shadow)|net( |\+)+user|ipconfig|ifconfig|dir( |\+)+[a-z]:|powershell|cmd(\.exe)?( |\+)*\/c|\/bin\/(ba)?sh|wget( |\+)|curl( |\+)|nc( |\+)+-|base64_decode|eval\(|system\(|passthru\(|shell_exec|phpinfo\(|chmod( |\+)|tasklist|systeminfo|netstat|ps( |\+)+-?aux|ls( |\+)+-?[a-z\/])/i;

	## Scripts where uploads and pictures lie, that something is sent to.
	option web_shell_places: pattern =
		  /\/(uploads?|images?|img|pics|avatars?|thumbs?|tmp|temp|cache|files|media|css|fonts?|userfiles|attachments?)\/([^?]*\/)?[^\/?]+\.(php[3-7]?|phtml|phar|aspx?|ashx|jspx?)([?\/]|$)/i;

	## URIs that are none, though they look like it.
	option web_shell_ignored: pattern = /^$/;

	## So many of them that servers do not have, of one client within web_shell_interval, are a notice.
	const web_shell_probes: double = 5.0 &redef;
	const web_shell_interval = 10min &redef;
}

redef record HTTP::Info += {
	## Why the URI is one of a web shell.
	web_shell: string &optional;
};

# Texts from the wire are told up to this.
const max_sample = 200;

function web_shell_sample(uri: string): string
	{
	return |uri| > max_sample ? sub_bytes(uri, 1, max_sample) : uri;
	}

event zeek_init()
	{
	local probes = SumStats::Reducer($stream="http.web_shell.probe", $apply=set(SumStats::UNIQUE, SumStats::SAMPLE),
	                                 $num_samples=5);
	SumStats::create([$name="http.web_shell.probe", $epoch=web_shell_interval, $window=web_shell_interval,
		$reducers=set(probes), $threshold=web_shell_probes,
		$threshold_val(key: SumStats::Key, result: SumStats::Result) =
			{ return result["http.web_shell.probe"]$unique + 0.0; },
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{
			local r = result["http.web_shell.probe"];
			local some: vector of string;
			for ( i in r$samples )
				some += r$samples[i]$str;
			sort(some, strcmp);
			local last = SumStats::origin();
			local n = Notice::Info($note=Web_Shell_Probe, $src=key$host, $n=r$unique, $identifier=cat(key$host),
				$msg=fmt("%s looks for web shells", key$host), $sub=join_string_vec(some, ", "));
			if ( last?$uid )
				n$uid = last$uid;
			if ( last?$id )
				n$id = last$id;
			NOTICE(n);
			}]);
	}

event http_request(c: connection, method: string, original_URI: string, unescaped_URI: string, version: string)
	{
	if ( ! c?$http || web_shell_ignored in unescaped_URI )
		return;
	if ( web_shell_commands in unescaped_URI )
		c$http$web_shell = "a command in its query";
	else if ( web_shell_names in unescaped_URI )
		c$http$web_shell = "the name of a known one";
	else if ( method == "POST" && web_shell_places in unescaped_URI )
		c$http$web_shell = "a script where uploads are";
	else
		return;
	add c$http$tags[URI_WEB_SHELL];
	}

event http_reply(c: connection, version: string, code: count, reason: string)
	{
	if ( code < 200 || ! c?$http || ! c$http?$web_shell || ! c$http?$uri )
		return;
	local sample = web_shell_sample(c$http$uri);
	if ( code < 300 )
		NOTICE([$note=Web_Shell, $conn=c, $identifier=cat(c$id$orig_h, c$id$resp_h, sub(c$http$uri, /\?.*/, "")),
			$msg=fmt("%s uses what seems to be a web shell of %s: %s", c$id$orig_h, c$id$resp_h, c$http$web_shell),
			$sub=fmt("%s%s", c$http?$host ? c$http$host : "", sample)]);
	else
		SumStats::observe("http.web_shell.probe", [$host=c$id$orig_h], [$str=sample]);
	}
