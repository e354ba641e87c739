# The columns of files.log that Zeek had before version 5: who sent the file, who received it, over what.

redef record Files::Info += {
	tx_hosts: set[addr] &default=addr_set() &log;
	rx_hosts: set[addr] &default=addr_set() &log;
	conn_uids: set[string] &default=string_set() &log;
};

event file_over_new_connection(f: fa_file, c: connection, is_orig: bool) &priority=9
	{
	add f$info$conn_uids[c$uid];
	add f$info$tx_hosts[is_orig ? c$id$orig_h : c$id$resp_h];
	add f$info$rx_hosts[is_orig ? c$id$resp_h : c$id$orig_h];
	}
