# EtherNet/IP and CIP: their logs. Zeek has none of it; names are those of CISA's package icsnpp-enip.

@load base/logs/enip
@load base/logs/cip
@load base/logs/cip_identity

redef likely_server_ports += { 44818/tcp, 44818/udp };
