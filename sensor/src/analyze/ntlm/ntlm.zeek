# NTLM: what scripts may set and find, and ntlm.log.

@load base/frameworks/analyzer
@load base/logs/ntlm

module NTLM;

export {
	redef record NTLM::Info += {
		## Whether its row was written. The sensor keeps this itself; it is here so that scripts that name it load.
		done: bool &default=F;
	};
}

# Inside other protocols they stay in Zeek, too, where nothing takes them off.
redef DPD::ignore_violations += { Analyzer::ANALYZER_NTLM, Analyzer::ANALYZER_GSSAPI };
