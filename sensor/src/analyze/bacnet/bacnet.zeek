# BACnet/IP: its logs. Zeek has none of it; names are those of CISA's package icsnpp-bacnet.

@load base/logs/bacnet
@load base/logs/bacnet_discovery
@load base/logs/bacnet_property

redef likely_server_ports += { 47808/udp };
