# postgresql.log: PostgreSQL is read at its ports. Zeek has it from 7.1 on; here it is asked for, so that without it the
# services of connections are those of Zeek 7.0.

@load base/protocols/postgresql

module PostgreSQL;

event zeek_init()
	{
	Analyzer::register_for_ports(Analyzer::ANALYZER_POSTGRESQL, ports);
	}
