# Which analyzer reads a connection, as c$ssl$analyzer_id. It costs a handler of hellos, so that it is loaded where a script names
# the field.

@load base/protocols/ssl

module SSL;

event ssl_client_hello(c: connection, version: count, record_version: count, possible_ts: time, client_random: string, session_id: string, ciphers: index_vec, comp_methods: index_vec) &priority=10
	{
	c$ssl$analyzer_id = current_analyzer();
	}

event ssl_server_hello(c: connection, version: count, record_version: count, possible_ts: time, server_random: string, session_id: string, cipher: count, comp_method: count) &priority=10
	{
	if ( ! c$ssl?$analyzer_id )
		c$ssl$analyzer_id = current_analyzer();
	}
