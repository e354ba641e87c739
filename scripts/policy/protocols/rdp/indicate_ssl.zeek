# A column of rdp.log for whether TLS followed.

@load base/protocols/rdp
@load base/protocols/ssl

module RDP;

export {
	redef record Info += {
		## Whether the connection went on in TLS before it was logged.
		ssl: bool &log &default=F;
	};

	## Connections that are remembered for their TLS until they are logged. Of those beyond the column says nothing.
	const max_ssl = 100000 &redef;
}

redef record connection += {
	# It goes on in what the server chose.
	rdp_goes_on: bool &default=F;
};

# Connections whose TLS is established.
global with_ssl: set[string] &create_expire=10min;

event rdp_begin_encryption(c: connection, security_protocol: count)
	{
	c$rdp_goes_on = security_protocol > 0;
	}

event ssl_established(c: connection)
	{
	if ( c$rdp_goes_on && |with_ssl| < max_ssl )
		add with_ssl[c$uid];
	}

hook RDP::log_policy(rec: RDP::Info, id: Log::ID, filter: Log::Filter)
	{
	rec$ssl = rec$uid in with_ssl;
	}
