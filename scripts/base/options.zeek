# Options of the sensor, generated from their declarations in sensor/src/config/options: change them there.

module Site;
export {
	## Networks of this site, beside private address space: they decide local_orig and local_resp.
	option local_nets: set[subnet] = {};
	## Addresses that are not routed on the Internet are this site's.
	const private_address_space_is_local: bool = T &redef;
	## The addresses that are not routed on the Internet: IANA's registries of special-purpose addresses (RFC
	## 6890), and the IPv4 networks among them once more under 6to4 (RFC 3056).
	option private_address_space: set[subnet] = {
		0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12,
		192.0.0.0/24, 192.0.2.0/24, 192.168.0.0/16, 198.18.0.0/15, 198.51.100.0/24, 203.0.113.0/24,
		240.0.0.0/4, 255.255.255.255/32, [::]/128, [::1]/128, [64:ff9b:1::]/48, [100::]/64,
		[2001::]/23, [2001:2::]/48, [2001:db8::]/32, [fc00::]/7, [fe80::]/10, [2002::]/24,
		[2002:a00::]/24, [2002:6440::]/26, [2002:7f00::]/24, [2002:a9fe::]/32, [2002:ac10::]/28,
		[2002:c000::]/40, [2002:c000:200::]/40, [2002:c0a8::]/32, [2002:c612::]/31,
		[2002:c633:6400::]/40, [2002:cb00:7100::]/40, [2002:f000::]/20, [2002:ffff:ffff::]/48
	};
	## Networks next door.
	option neighbor_nets: set[subnet] = {};
	## Mail addresses of those in charge of a network.
	option local_admins: table[subnet] of set[string] = {};
	## DNS zones that are local; all names below them belong to them.
	option local_zones: set[string] = {};
	## DNS zones next door; all names below them belong to them.
	option neighbor_zones: set[string] = {};
}

module GLOBAL;
## Accept packets with wrong checksums. They are refused because an attacker can use them to show us what
## his victim does not see.
const ignore_checksums: bool = F &redef;
## Networks whose hosts may send wrong checksums, because their packets are seen before a network card
## has filled them in.
option ignore_checksums_nets: set[subnet] = {};
## Ports that are those of servers: of a flow seen from the middle the end with such a port is the
## responder.
const likely_server_ports: set[port] = {
	21/tcp, 22/tcp, 25/tcp, 53/tcp, 79/tcp, 80/tcp, 81/tcp, 88/tcp, 135/tcp, 139/tcp, 143/tcp,
	443/tcp, 445/tcp, 502/tcp, 563/tcp, 585/tcp, 587/tcp, 614/tcp, 631/tcp, 636/tcp, 989/tcp,
	990/tcp, 992/tcp, 993/tcp, 995/tcp, 1080/tcp, 1434/tcp, 1883/tcp, 2811/tcp, 3128/tcp,
	3306/tcp, 3389/tcp, 5222/tcp, 5223/tcp, 5269/tcp, 6666/tcp, 6667/tcp, 6668/tcp, 6669/tcp,
	8000/tcp, 8080/tcp, 8888/tcp, 20000/tcp, 53/udp, 67/udp, 88/udp, 123/udp, 137/udp, 161/udp,
	162/udp, 443/udp, 514/udp, 1812/udp, 2123/udp, 2152/udp, 3544/udp, 4011/udp, 4754/udp,
	4789/udp, 5060/udp, 5072/udp, 5353/udp, 5355/udp, 6081/udp, 20000/udp
} &redef;
## A TCP connection without packets is over after this; "0" is never.
const tcp_inactivity_timeout: interval = 5 mins &redef;
## A UDP flow; "0" is never.
const udp_inactivity_timeout: interval = 1 min &redef;
## An ICMP flow; "0" is never.
const icmp_inactivity_timeout: interval = 1 min &redef;

module Conn;
export {
	## TCP connections, once they are established, whose server has one of these ports are over after this
	## instead.
	option port_inactivity_timeouts: table[port] of interval = {
		[21/tcp] = 1 hr, [22/tcp] = 1 hr, [23/tcp] = 1 hr, [513/tcp] = 1 hr
	};
}

module GLOBAL;
## After the first SYN: when to look for the first time whether there is anything to wait for.
const tcp_SYN_timeout: interval = 5 secs &redef;
## How often to look again.
const tcp_session_timer: interval = 6 secs &redef;
## Packets of a closed connection may still come for so long.
const tcp_connection_linger: interval = 5 secs &redef;
## A SYN has so long to be answered.
const tcp_attempt_delay: interval = 5 secs &redef;
## After one side has closed, the other has so long.
const tcp_close_delay: interval = 5 secs &redef;
## A DNS answer has so long to come.
const dns_session_timeout: interval = 10 secs &redef;
## A file of which nothing more comes is over after this.
const default_file_timeout_interval: interval = 2 mins &redef;
## A datagram in fragments has so long to be complete; "0" is as long as there is room.
const frag_timeout: interval = 5 mins &redef;
## With more bytes than this sent before any acknowledgement the other direction is taken to be
## invisible; 0 is never.
const tcp_max_initial_window: count = 16384 &redef;
## While no acknowledgement is seen a stream with more bytes than this behind a hole is given up; 0 is
## never.
const tcp_max_above_hole_without_any_acks: count = 16384 &redef;
## A stream with more bytes than this that nobody acknowledges is given up; 0 is never.
const tcp_excessive_data_without_further_acks: count = 10485760 &redef;
## TCP connections are followed whose beginning was not seen.
const partial_connection_ok: bool = T &redef;
## So are those of which a SYN-ACK is seen first, where partial_connection_ok is.
const tcp_SYN_ack_ok: bool = T &redef;
## So many FINs or RSTs of one side are a weird, where they come close together.
const tcp_storm_thresh: count = 1000 &redef;
## How close.
const tcp_storm_interarrival_thresh: interval = 1 sec &redef;

module Tunnel;
export {
	## So many tunnels in each other are followed; 0 is none.
	const max_depth: count = 4 &redef;
	## Teredo is believed once both sides have sent it: anything can look like it in one direction.
	const delay_teredo_confirmation: bool = T &redef;
	## GTPv1 is believed once both sides have sent it.
	const delay_gtp_confirmation: bool = F &redef;
	## A tunnel in IP or GRE that was unused for so long is a new one when it comes back.
	const ip_tunnel_timeout: interval = 24 hrs &redef;
	## tunnel.log takes a tunnel for over in which nothing new was seen for so long.
	const expiration_interval: interval = 1 hr &redef;
	## A checksum of the UDP datagram around VXLAN has to be right where there is one.
	const validate_vxlan_checksums: bool = T &redef;
}

module GLOBAL;
## Packets that one of these BPF expressions selects are analysed, or all where there is none; under
## names. Like those that follow it is read once, at the start.
global capture_filters: table[string] of string = {} &redef;
## BPF expressions, under names, that all have to select a packet.
global restrict_filters: table[string] of string = {} &redef;

module PacketFilter;
export {
	## What stands for capture_filters where there are none.
	const default_capture_filter: string = "ip or not ip" &redef;
	## Packets that this BPF expression selects are analysed whatever the others say; "" is none.
	const unrestricted_filter: string = "" &redef;
}

module HTTP;
export {
	## Log passwords of HTTP logins. Whoever reads the logs would know them.
	option default_capture_password: bool = F;
}

module DPD;
export {
	## Bytes of a connection beyond which a protocol is not given up any more for what breaks its rules; 0 is
	## no bound.
	option ignore_violations_after: count = 10240;
}

module Analyzer::Logging;
export {
	## Write analyzer.log.
	option enable: bool = T;
	## Log to analyzer.log which analyzers were taken off connections, too.
	option include_disabling: bool = F;
	## Bytes that analyzer.log shows of what broke a protocol's rules; 0 is all.
	option failure_data_max_size: count = 40;
	## Log to analyzer.log which protocols were found for sure, too.
	option include_confirmations: bool = F;
}

module Files;
export {
	## Digests to make of every file: md5, sha1, sha256.
	option hash: set[string] = {};
}

module GLOBAL;
## Protocols are found by content alone, and those that have no signatures are not.
const dpd_ignore_ports: bool = F &redef;
## Bytes of a stream, of both directions, in which protocols are looked for.
const dpd_buffer_size: count = 1024 &redef;
## Segments in which they are looked for.
const dpd_max_packets: count = 100 &redef;
## Signatures look at what dpd_buffer_size and dpd_max_packets allow, and not at all of a stream.
const dpd_match_only_beginning: bool = T &redef;

module LogAscii;
export {
	## "tsv", Zeek's default, or "json".
	const use_json: bool = F &redef;
	## Times in JSON: "epoch" (seconds), "millis" or "iso8601".
	const json_timestamps: JSON::TimestampFormat = JSON::TS_EPOCH &redef;
}

module Log;
export {
	## The folder for logs; "" is where the program was started. `--logdir` and LogAscii::logdir say so too,
	## and of a sensor `logs.folder`.
	const default_logdir: string = "" &redef;
	## Logs are finished and begun anew at multiples of this time since log_rotate_base_time; "0" is never.
	## With a configuration file it is an hour unless that says otherwise; in a replay the file's does not
	## count.
	const default_rotation_interval: interval = 0secs &redef;
}

module LogAscii;
export {
	## JSON has fields that are not set, as null.
	const json_include_unset_fields: bool = F &redef;
	## TSV has lines that begin with meta_prefix.
	const include_meta: bool = T &redef;
	## What lines begin with that are no rows.
	const meta_prefix: string = "#" &redef;
}

module Log;
export {
	## Not obeyed: set that of LogAscii or LogSQLite, which has taken its value from here before.
	const separator: string = "\t" &redef;
	## Not obeyed: set that of LogAscii or LogSQLite, which has taken its value from here before.
	const set_separator: string = "," &redef;
	## Not obeyed: set that of LogAscii or LogSQLite, which has taken its value from here before.
	const empty_field: string = "(empty)" &redef;
	## Not obeyed: set that of LogAscii or LogSQLite, which has taken its value from here before.
	const unset_field: string = "-" &redef;
}

module LogAscii;
export {
	## What stands between columns in text.
	const separator: string = Log::separator &redef;
	## The same of members, in text.
	const set_separator: string = Log::set_separator &redef;
	## The same of what is empty, in text.
	const empty_field: string = Log::empty_field &redef;
	## The same of what is not set, in text.
	const unset_field: string = Log::unset_field &redef;
	## Characters beyond ASCII stand in logs as they are, and not as \xNN.
	const enable_utf_8: bool = T &redef;
	## Rows go to standard output, and no file is made.
	const output_to_stdout: bool = F &redef;
	## Logs are compressed as they are written, from 1 to 9.
	const gzip_level: count = 0 &redef;
	## What the names of such logs end in.
	const gzip_file_extension: string = "gz" &redef;
	## The folder for logs, before Log::default_logdir.
	const logdir: string = "" &redef;
	## Rotate logs that an earlier run left in the logs' folder because it did not end properly.
	const enable_leftover_log_rotation: bool = F &redef;
}

module Sensor;
export {
	## Open flows, about 0.5 KiB each; beyond it the one unused for longest ends early. Stops SYN floods.
	const max_flows: count = 4000000 &redef;
	## TCP data waiting behind holes; beyond it the stream that adds to it is given up.
	const max_reassembly_bytes: count = 536870912 &redef;
	## Files open in one connection; with more the oldest ends early.
	const max_open_files: count = 256 &redef;
	## Beginnings and pieces of files that wait for what comes before them.
	const max_file_bytes: count = 268435456 &redef;
	## Text held for HTTP: rows that wait for their reply, and lines that wait for their end. Beyond it
	## connections may hold only little.
	const max_http_bytes: count = 268435456 &redef;
	## Handshakes of TLS and QUIC that are not whole, of each worker; beyond it the one that adds to them is
	## given up. Stops hellos that never end.
	const max_handshake_bytes: count = 67108864 &redef;
	## Compressed bodies being inflated, about 40 KiB each; more are logged as they were sent.
	const max_inflating: count = 8192 &redef;
}

module Stats;
export {
	## How often stats.log is written; "0" is never.
	const report_interval: interval = 5 mins &redef;
}

module CaptureLoss;
export {
	## How often capture_loss.log is written; "0" is never.
	const watch_interval: interval = 15 mins &redef;
	## When it is written first: soon, so that a wrong setup shows.
	const initial_watch_interval: interval = 1 min &redef;
	## From such a share of acknowledged data never seen on: CaptureLoss::Too_Much_Loss, looked at with each
	## row of capture_loss.log. The file has it in per cent.
	const too_much_loss: double = 0.1 &redef;
	## With fewer acknowledgements than this between two such rows: CaptureLoss::Too_Little_Traffic; 0 is
	## never. A tap that shows nothing is found by it.
	const minimum_acks: count = 1 &redef;
}

module Sensor;
export {
	## With more than so many per cent of a worker's packets dropped by the kernel:
	## PacketFilter::Dropped_Packets, looked at with each row of stats.log. Zeek tells of every one.
	const dropped_percent: double = 0.0 &redef;
	## With more than so many per cent of flows, stream data or rows given up at a ceiling or for want of
	## disk: Sensor::Analysis_Loss. A few are nothing that an operator could mend.
	const given_up_percent: double = 1.0 &redef;
	## With more than so many per cent of TCP connections (1,000 or more) of which only one side is seen:
	## Sensor::One_Sided_Flows. Scans and broken peers make some everywhere.
	const one_sided_percent: double = 50.0 &redef;
	## With a worker that gets more than so many times the average of its interface (of 100,000 packets or
	## more): Sensor::Worker_Skew. Its core is full first.
	const skew: count = 4 &redef;
}

module GLOBAL;
## Not obeyed: this is fixed.
const tcp_reset_delay: interval = 5secs &redef;
## Not obeyed: this is fixed.
const tcp_partial_close_delay: interval = 3secs &redef;
## Not obeyed: this is fixed.
const non_analyzed_lifetime: interval = 0secs &redef;
## Not obeyed: this is fixed.
const detect_filtered_trace: bool = F &redef;
## Not obeyed: this is fixed.
const report_gaps_for_partial: bool = F &redef;
## Not obeyed: this is fixed.
const use_conn_size_analyzer: bool = T &redef;
## Not obeyed: this is fixed.
const ignore_keep_alive_rexmit: bool = F &redef;
## Not obeyed: this is fixed.
const max_analyzer_violations: count = 1000 &redef;
## Not obeyed: this is fixed.
option unknown_ip_inactivity_timeout: interval = 1min;
## Not obeyed: this is fixed.
const default_file_bof_buffer_size: count = 4096 &redef;
## Not obeyed: this is fixed.
const bits_per_uid: count = 96 &redef;
## Not obeyed: this is fixed.
const skip_http_data: bool = F &redef;
## Not obeyed: content shows a protocol by what a stream begins with, and never later.
const tcp_match_undelivered: bool = T &redef;
## Not obeyed: this is fixed.
const dpd_reassemble_first_packets: bool = T &redef;
## Not obeyed: content shows a protocol by what a stream begins with, and never later.
const dpd_late_match_stop: bool = F &redef;
## Not obeyed: all patterns of a kind are one automaton.
const sig_max_group_size: count = 50 &redef;
## Not obeyed: contents of streams are not handed to scripts.
const tcp_reassembler_ports_orig: set[port] = {} &redef;
## Not obeyed: contents of streams are not handed to scripts.
const tcp_reassembler_ports_resp: set[port] = {} &redef;
## Not obeyed: this engine works otherwise.
const tcp_max_old_segments: count = 0 &redef;
## Not obeyed: this engine works otherwise.
const watchdog_interval: interval = 10secs &redef;
## Not obeyed: this engine works otherwise.
const max_timer_expires: count = 300 &redef;
## Not obeyed: this engine works otherwise.
const packet_filter_default: bool = F &redef;
## Not obeyed: this engine works otherwise.
const discarder_maxlen: count = 128 &redef;
## Not obeyed: this engine works otherwise.
const load_sample_freq: count = 20 &redef;
## Not obeyed: this engine works otherwise.
const check_for_unused_event_handlers: bool = F &redef;
## Not obeyed: this engine works otherwise.
const time_machine_profiling: bool = F &redef;
## Not obeyed: this engine works otherwise.
const io_poll_interval_default: count = 100 &redef;
## Not obeyed: this engine works otherwise.
const io_poll_interval_live: count = 10 &redef;
## Not obeyed: this engine works otherwise.
const record_all_packets: bool = F &redef;
## Not obeyed: this engine works otherwise.
const segment_profiling: bool = F &redef;
## Not obeyed: this engine works otherwise.
const profiling_interval: interval = 0secs &redef;
## Not obeyed: this engine works otherwise.
const expensive_profiling_multiple: count = 0 &redef;
## Not obeyed: interfaces and their rings are set under [[interface]] in the configuration file, or with
## -i.
global interfaces: string = "" &redef;

module Pcap;
export {
	## Not obeyed: interfaces and their rings are set under [[interface]] in the configuration file, or with
	## -i.
	const snaplen: count = 9216 &redef;
	## Not obeyed: interfaces and their rings are set under [[interface]] in the configuration file, or with
	## -i.
	const bufsize: count = 128 &redef;
	## Not obeyed: interfaces and their rings are set under [[interface]] in the configuration file, or with
	## -i.
	const bufsize_offline_bytes: count = 131072 &redef;
	## Not obeyed: interfaces and their rings are set under [[interface]] in the configuration file, or with
	## -i.
	const non_fd_timeout: interval = 20usecs &redef;
}

module GLOBAL;
## Not obeyed: this protocol is not analysed.
const rpc_timeout: interval = 24secs &redef;
## Not obeyed: this protocol is not analysed.
const stp_delta: interval = 0secs &redef;
## Not obeyed: this protocol is not analysed.
const stp_idle_min: interval = 0secs &redef;

module NCP;
export {
	## Not obeyed: this protocol is not analysed.
	const max_frame_size: count = 65536 &redef;
}

module POP3;
export {
	## Not obeyed: this is fixed.
	const max_unknown_client_commands: count = 10 &redef;
}

module X509;
export {
	## Not obeyed: what is read of certificates is kept by the sensor itself.
	const caching_required_encounters: count = 10 &redef;
	## Not obeyed: what is read of certificates is kept by the sensor itself.
	const caching_required_encounters_interval: interval = 62secs &redef;
	## Not obeyed: what is read of certificates is kept by the sensor itself.
	const certificate_cache_minimum_eviction_interval: interval = 62secs &redef;
	## Not obeyed: what is read of certificates is kept by the sensor itself.
	const certificate_cache_max_entries: count = 10000 &redef;
}

module SSL;
export {
	## Not obeyed: this is fixed.
	const dtls_max_version_errors: count = 10 &redef;
	## Not obeyed: this is fixed.
	const dtls_max_reported_version_errors: count = 1 &redef;
}

module KRB;
export {
	## Not obeyed: tickets are not decrypted.
	const keytab: string = "" &redef;
}

module Login;
export {
	## Not obeyed: this protocol is not analysed.
	const max_line_length: count = 4096 &redef;
}

module BinPAC;
export {
	## Not obeyed: what is held is bounded by the options Sensor::max_*.
	const flowbuffer_capacity_max: count = 10485760 &redef;
	## Not obeyed: what is held is bounded by the options Sensor::max_*.
	const flowbuffer_capacity_min: count = 512 &redef;
	## Not obeyed: what is held is bounded by the options Sensor::max_*.
	const flowbuffer_contract_threshold: count = 2097152 &redef;
}

module Files;
export {
	## Not obeyed: what is held is bounded by the options Sensor::max_*.
	const reassembly_buffer_size: count = 524288 &redef;
	## Not obeyed: what is held is bounded by the options Sensor::max_*.
	option enable_reassembler: bool = T;
}

module UnknownProtocol;
export {
	## Not obeyed: unknown protocols are counted in the summary and not logged.
	const sampling_threshold: count = 3 &redef;
	## Not obeyed: unknown protocols are counted in the summary and not logged.
	const sampling_rate: count = 100000 &redef;
	## Not obeyed: unknown protocols are counted in the summary and not logged.
	const sampling_duration: interval = 1hr &redef;
	## Not obeyed: unknown protocols are counted in the summary and not logged.
	const first_bytes_count: count = 10 &redef;
}

module Files;
export {
	## Not obeyed: this is fixed.
	const analyze_by_mime_type_automatically: bool = T &redef;
	## Not obeyed: this is fixed.
	const salt: string = "I recommend changing this." &redef;
}

module PacketFilter;
export {
	## Not obeyed: this is fixed.
	const enable_auto_protocol_capture_filters: bool = F &redef;
	## Not obeyed: this is fixed.
	const max_filter_compile_time: interval = 100msecs &redef;
}

module DCE_RPC;
export {
	## So many messages of a direction may have begun and not ended; with more it is given up.
	const max_cmd_reassembly: count = 20 &redef;
	## Bytes of a message in fragments; with more its connection is given up.
	const max_frag_data: count = 30000 &redef;
	## Of interfaces, operations that are not logged; "*" is all.
	option ignored_operations: table[string] of set[string] = {
		["spoolss"] = set("RpcClosePrinter", "RpcSplOpenPrinter"), ["winreg"] = set("BaseRegCloseKey",
		"BaseRegDeleteKeyEx", "BaseRegEnumKey", "BaseRegGetVersion", "BaseRegOpenKey",
		"BaseRegQueryValue", "OpenClassesRoot", "OpenLocalMachine"), ["wkssvc"] =
		set("NetrWkstaGetInfo")
	};
}

module DNS;
export {
	## With more messages of one id than this that wait for their other half, those before are logged as they
	## are.
	option max_pending_msgs: count = 50;
	## With more ids than this of such messages, in one connection, all are logged as they are.
	option max_pending_query_ids: count = 50;
}

module GLOBAL;
## A message with more questions than this is no DNS; 0 is no bound.
global dns_max_queries: count = 25 &redef;
## Events do not tell of the authority section.
global dns_skip_all_auth: bool = T &redef;
## Events do not tell of the additional section, EDNS among it.
global dns_skip_all_addl: bool = T &redef;

module FTP;
export {
	## Commands, in upper case, that are logged with their replies.
	option logged_commands: set[string] = {
		"ACCT", "APPE", "DELE", "EPRT", "EPSV", "PASV", "PORT", "RETR", "STOR", "STOU"
	};
	## Users, in small letters, whose passwords are no secret.
	option guest_ids: set[string] = {"anonymous", "ftp", "ftpuser", "guest"};
	## Whether ftp.log has the passwords of others, too.
	option default_capture_password: bool = F;
	## So many commands may wait for a reply; more are a weird, and not followed.
	option max_pending_commands: count = 20;
	## Bytes of a user's name that are logged.
	option max_user_length: count = 128;
	## Bytes of a password that are logged.
	option max_password_length: count = 128;
	## Bytes of an argument that are logged.
	option max_arg_length: count = 4096;
	## Bytes of a reply that are logged.
	option max_reply_msg_length: count = 4096;
	## A word with more letters than this is no command but a weird; 0 is no bound.
	const max_command_length: count = 100 &redef;
}

module HTTP;
export {
	## Headers, in upper case, that `proxied` of http.log shows.
	option proxy_headers: set[string] = {
		"CLIENT-IP", "FORWARDED", "PROXY-CONNECTION", "VIA", "X-FORWARDED-FOR", "X-FORWARDED-FROM",
		"XROXY-CONNECTION"
	};
	## Methods that are no weird.
	option http_methods: set[string] = {
		"BMOVE", "CONNECT", "COPY", "DELETE", "GET", "HEAD", "LOCK", "MKCOL", "MOVE", "OPTIONS",
		"POLL", "POST", "PROPFIND", "PROPPATCH", "PUT", "REPORT", "SEARCH", "SUBSCRIBE", "TRACE",
		"UNLOCK"
	};
	## With more requests than this that wait for their reply, in one connection, all are logged as they are;
	## 0 is no bound.
	option max_pending_requests: count = 100;
	## So many files of a request http.log names.
	option max_files_orig: count = 15;
	## So many files of a reply http.log names.
	option max_files_resp: count = 15;
}

module MIME;
export {
	## So many parts in each other a body may have.
	const max_depth: count = 100 &redef;
}

module GLOBAL;
## Bytes of an URI that is told, with "..." behind them; -1 is all.
const truncate_http_URI: int = -1 &redef;
## Bytes of a body that one http_entity_data tells.
global http_entity_data_delivery_size: count = 1500 &redef;

module KRB;
export {
	## Texts of errors that are not logged: that a login has to be preceded by something is said to nearly
	## all.
	option ignored_errors: set[string] = {"NEEDED_PREAUTH", "Need to use PA-ENC-TIMESTAMP/PA-PK-AS-REQ"};
}

module LDAP;
export {
	## Whether ldap.log has passwords.
	option default_capture_password: bool = F;
	## Whether ldap_search.log has the attributes that are asked for.
	option default_log_search_attributes: bool = F;
}

module GLOBAL;
## Lines of servers on which nobody has to log in.
global skip_authentication: set[string] = {} &redef;
## Prompts behind which nobody is asked for a password.
global direct_login_prompts: set[string] = {} &redef;
## What asks for a user's name.
global login_prompts: set[string] = {} &redef;
## What looks as if a login had failed, and is something else.
global login_non_failure_msgs: set[string] = {} &redef;
## What tells that a login failed.
global login_failure_msgs: set[string] = {} &redef;
## What tells that a login succeeded.
global login_success_msgs: set[string] = {} &redef;
## What tells that a login took too long.
global login_timeouts: set[string] = {} &redef;
## Bytes of a mail's content that one mime_segment_data tells at most.
global mime_segment_length: count = 1024 &redef;
## Bytes of the content before it that each mime_segment_data tells again.
global mime_segment_overlap_length: count = 0 &redef;

module MQTT;
export {
	## Bytes of what a message says that are told and logged.
	option max_payload_size: count = 100;
}

module POP3;
export {
	## With more commands than this that wait for those before them, the oldest is taken to have its reply.
	const max_pending_commands: count = 10 &redef;
}

module QUIC;
export {
	## So many letters has `history` of a connection at most.
	option max_history_length: count = 100;
}

module RDP;
export {
	## A connection is logged after this long, if it is not over before.
	option rdp_check_interval: interval = 10 secs;
	## Nothing more is read of a connection once it was logged after that time.
	option disable_analyzer_after_detection: bool = F;
}

module Redis;
export {
	## Commands that may wait for their answers; beyond that they are logged without.
	option max_pending_commands: count = 10000;
}

module NFS3;
export {
	## Whether events tell what files hold.
	const return_data: bool = F &redef;
	## Bytes of what files hold that an event tells.
	const return_data_max: count = 512 &redef;
	## Whether only the beginnings of files are told.
	const return_data_first_only: bool = T &redef;
}

module SIP;
export {
	## Methods of requests that are no weird.
	option sip_methods: set[string] = {
		"ACK", "BYE", "CANCEL", "INVITE", "NOTIFY", "OPTIONS", "REGISTER", "SUBSCRIBE"
	};
}

module SMB;
export {
	## What is done to files, pipes and printers that smb_files.log has.
	option logged_file_actions: set[SMB::Action] = {
		SMB::FILE_DELETE, SMB::FILE_OPEN, SMB::FILE_RENAME, SMB::PRINT_CLOSE, SMB::PRINT_OPEN
	};
	## Names that only pipes have: a share in which one is opened has pipes, where nothing else said so.
	const pipe_filenames: set[string] = {
		"MsFteWds", "lsarpc", "netdfs", "samr", "spoolss", "srvsvc", "winreg", "wkssvc"
	} &redef;
	## So many requests of SMB 2 may wait for answers; beyond that what is known of them is forgotten, which
	## is a weird. 0 is no bound but that of the sensor.
	const max_pending_messages: count = 1000 &redef;
	## So many pipes of a connection are read at a time, of which the sensor itself has room for 60; with one
	## more all that is known of them is forgotten, which is a weird.
	const max_dce_rpc_analyzers: count = 1000 &redef;
	## Forget all that is known of a connection's files and shares when too many requests wait for answers.
	option enable_clear_script_state: bool = T;
}

module SMTP;
export {
	## The way of a mail is followed along its Received headers up to the first host that is none of these:
	## "local", "remote", "all" or "none". Private addresses do not end it.
	option mail_path_capture: Host = ALL_HOSTS;
	## Recipients without a sender, and mails without a recipient, are weirds.
	option mail_transaction_validation: bool = T;
	## With more of those than this nothing more is read of a connection; 0 is no bound.
	option max_invalid_mail_transactions: count = 25;
	## So many recipients of a message smtp.log names; 0 is no bound but that of its texts.
	const max_rcptto_addresses: count = 1000 &redef;
	## The same, of mailboxes in To headers.
	const max_to_addresses: count = 1000 &redef;
	## The same, of mailboxes in Cc headers.
	const max_cc_addresses: count = 1000 &redef;
	## The same, of hosts in its path.
	const max_path_length: count = 1000 &redef;
	## A line of a mail in chunks is cut where it is longer than this, and that is a weird.
	const bdat_max_line_length: count = 4096 &redef;
}

module SOCKS;
export {
	## Whether socks.log has passwords.
	option default_capture_password: bool = F;
}

module SSH;
export {
	## Compression under which the sizes of packets do not tell whether a login succeeded.
	option compression_algorithms: set[string] = {"zlib", "zlib@openssh.com"};
	## Nothing more is read of a connection once a login has succeeded.
	option disable_analyzer_after_detection: bool = T;
}

module SSL;
export {
	## Look no more at a TLS connection once both sides encrypt. Otherwise the sizes of records are told of.
	option disable_analyzer_after_detection: bool = T;
	## So many letters has `ssl_history` of a connection at most.
	option max_ssl_history_length: count = 100;
	## A file with secrets of connections, as browsers, curl and OpenSSL write it (SSLKEYLOGFILE) or as Zeek
	## reads it: what these connections carry is analysed like what is not encrypted, where their ciphers are
	## AES-GCM or ChaCha20-Poly1305. It is read at the start, and when the configuration or scripts are read
	## again.
	const keylog_file: string = "" &redef;
}

module WebSocket;
export {
	## Bytes of a frame that one websocket_frame_data tells, and that are held.
	const payload_chunk_size: count = 8192 &redef;
	## What messages carry is analysed as the content of a connection.
	const use_dpd_default: bool = T &redef;
}

module X509;
export {
	## Log certificates to files.log, too.
	option log_x509_in_files_log: bool = F;
	## A certificate has another row in x509.log after this long; 0 is every time.
	option relog_known_certificates_after: interval = 24 hrs;
	## So many certificates are remembered not to be logged again.
	option known_log_certs_maximum_size: count = 1000000;
}

module GLOBAL;
