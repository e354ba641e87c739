# Of each chain only the first certificate is logged.

@load base/protocols/x509

module X509;

hook X509::log_policy(rec: X509::Info, id: Log::ID, filter: Log::Filter)
	{
	if ( ! rec$host_cert )
		break;
	}
