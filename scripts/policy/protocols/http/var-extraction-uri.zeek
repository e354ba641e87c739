# http.log names the variables in a URI's query.

@load base/protocols/http

module HTTP;

export {
	redef record Info += {
		uri_vars: vector of string &optional &log;
	};
}

event http_request(c: connection, method: string, original_URI: string, unescaped_URI: string, version: string) &priority=2
	{
	c$http$uri_vars = extract_keys(original_URI, /&/);
	}
