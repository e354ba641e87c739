# Who traces routes: traceroute.log.

@load ./main
