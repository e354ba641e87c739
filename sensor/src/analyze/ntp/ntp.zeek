# NTP: what scripts find of it beside what ntp.log has.

@load base/logs/ntp

module NTP;

export {
	## RFC 5905 §7.3.
	const modes: table[count] of string = {
		[1] = "symmetric active", [2] = "symmetric passive", [3] = "client", [4] = "server",
		[5] = "broadcast server", [6] = "broadcast client", [7] = "reserved",
	} &default=function(i: count): string { return fmt("unknown-%d", i); } &redef;
}
