# S7comm: its logs. Zeek has none of it; names are those of CISA's package icsnpp-s7comm.

@load base/logs/s7comm
@load base/logs/s7comm_plus

redef likely_server_ports += { 102/tcp };
