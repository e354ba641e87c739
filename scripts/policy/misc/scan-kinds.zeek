# The notices of scans, whichever script finds them.

@load base/frameworks/notice

module Scan;

export {
	redef enum Notice::Type += {
		## A client that fails to connect to many hosts on one port, or a few.
		Address_Scan,
		## A client that fails to connect to many ports of one host, or a few.
		Port_Scan,
		## A client that fails to connect to many ports of many hosts.
		Random_Scan,
	};
}
