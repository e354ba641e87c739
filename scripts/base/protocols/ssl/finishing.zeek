# The hook SSL::ssl_finishing, once all of a handshake that can be read was, and before its row is written. It costs an event
# for each connection, so that it is loaded where a script names the hook.

@load base/protocols/ssl

event SSL::finishing(c: connection) &priority=20
	{
	hook SSL::ssl_finishing(c);
	}
