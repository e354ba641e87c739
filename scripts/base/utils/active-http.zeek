# Requests that scripts send, by curl.

@load base/utils/exec

module ActiveHTTP;

export {
	option default_max_time = 1min;
	option default_method = "GET";

	type Response: record {
		code: count;
		msg: string;
		body: string &optional;
		headers: table[string] of string &optional;
	};

	type Request: record {
		url: string;
		method: string &default=default_method;
		## What is sent with it.
		client_data: string &optional;
		## How long the answer is waited for.
		max_time: interval &default=default_max_time;
		## For curl, and so for the shell: texts from traffic are to be quoted (safe_shell_quote).
		addl_curl_args: string &optional;
	};

	## Sends a request; for `when`.
	global request: function(req: ActiveHTTP::Request): ActiveHTTP::Response;
}

# curl's command line, with the files that it writes.
function request2curl(r: Request, bodyfile: string, headersfile: string): string
	{
	local words = fmt("curl -s -g -o %s -D %s -X %s -m %.0f", safe_shell_quote(bodyfile),
	                  safe_shell_quote(headersfile), safe_shell_quote(r$method), r$max_time);
	if ( r?$client_data )
		words += " -d @-";
	if ( r?$addl_curl_args )
		words += " " + r$addl_curl_args;
	# There is a file to be read where there was no body, too.
	return fmt("%s %s && touch %s", words, safe_shell_quote(r$url), safe_shell_quote(bodyfile));
	}

function request(req: Request): ActiveHTTP::Response
	{
	local files = "/tmp/zeek-activehttp-" + unique_id("");
	local bodyfile = files + "-body";
	local headersfile = files + "-headers";
	local resp = Response($code=0, $msg="", $body="", $headers=table());
	local cmd = Exec::Command($cmd=request2curl(req, bodyfile, headersfile), $read_files=set(bodyfile, headersfile));
	if ( req?$client_data )
		cmd$stdin = req$client_data;
	return when [req, resp, cmd, bodyfile, headersfile] ( local result = Exec::run(cmd) )
		{
		if ( ! result?$files || headersfile !in result$files || |result$files[headersfile]| == 0 )
			{
			Reporter::error(fmt("There was a failure when requesting \"%s\" with ActiveHTTP.", req$url));
			return resp;
			}
		local head = result$files[headersfile];
		local first = split_string_n(head[0], /[[:blank:]]+/, F, 2);
		if ( |first| != 3 )
			return resp;
		resp$code = to_count(first[1]);
		resp$msg = first[2];
		resp$body = join_string_vec(result$files[bodyfile], "");
		for ( i in head )
			{
			local parts = split_string1(head[i], /:/);
			if ( i > 0 && |parts| == 2 )
				# Without the CR that ends it.
				resp$headers[parts[0]] = sub_bytes(parts[1], 0, |parts[1]| - 1);
			}
		return resp;
		}
	}
