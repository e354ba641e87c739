# http.log lists the names of headers, in their order on the wire.

@load base/protocols/http

module HTTP;

export {
	redef record Info += {
		## Those of the request.
		client_header_names: vector of string &log &optional;
		## Those of the answer.
		server_header_names: vector of string &log &optional;
	};

	option log_client_header_names = T;
	option log_server_header_names = F;
}

event http_header(c: connection, is_orig: bool, name: string, value: string) &priority=3
	{
	if ( ! c?$http )
		return;
	if ( is_orig && log_client_header_names )
		{
		if ( ! c$http?$client_header_names )
			c$http$client_header_names = vector();
		c$http$client_header_names += name;
		}
	else if ( ! is_orig && log_server_header_names )
		{
		if ( ! c$http?$server_header_names )
			c$http$server_header_names = vector();
		c$http$server_header_names += name;
		}
	}
