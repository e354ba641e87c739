# Packets that will not get far.

signature traceroute-detector-ipv4 {
	header ip[8] < 10
	event "a low TTL"
}

signature traceroute-detector-ipv6 {
	header ip6[7] < 10
	event "a low hop limit"
}
