# SSH: what scripts may set, and ssh.log.

@load base/logs/ssh

module SSH;

export {
	## Compression under which the sizes of packets do not tell whether a login succeeded.
	option compression_algorithms = set("zlib", "zlib@openssh.com");
	## Stop looking at a connection once a login has succeeded.
	option disable_analyzer_after_detection = T;
}
