# Types, options and events that scripts name without loading anything.

type string_array: table[count] of string;
type string_set: set[string];

type irc_join_info: record {
	nick: string;
	channel: string;
	password: string;
	usermode: string;
};
type irc_join_list: set[irc_join_info];
type addr_set: set[addr];
type count_set: set[count];
type index_vec: vector of count;
type subnet_vec: vector of subnet;
type any_vec: vector of any;
type string_vec: vector of string;
type addr_vec: vector of addr;
type table_string_of_string: table[string] of string;
type table_string_of_count: table[string] of count;
type x509_opaque_vector: vector of opaque of x509;
type string_any_table: table[string] of any;
type string_any_file_hook: hook(f: any, e: any, str: string): bool;
type string_mapper: function(s: string): string;
type files_tag_set: set[string];
type interval_set: set[interval];
type double_vec: vector of double;
type mime_match: record {
	strength: int;
	mime: string;
};
type mime_matches: vector of mime_match;

type transport_proto: enum {
	unknown_transport = 0,
	tcp = 1,
	udp = 2,
	icmp = 3,
};

type link_encap: enum {
	LINK_UNKNOWN,
	LINK_ETHERNET,
};

type conn_id: record {
	orig_h: addr &log;
	orig_p: port &log;
	resp_h: addr &log;
	resp_p: port &log;
};

type flow_id: record {
	src_h: addr &log;
	src_p: port &log;
	dst_h: addr &log;
	dst_p: port &log;
};

type icmp_conn: record {
	orig_h: addr;
	resp_h: addr;
	itype: count;
	icode: count;
	len: count;
	hlim: count;
	v6: bool;
};

module Tunnel;
export {
	type Type: enum {
		NONE, IP, AYIYA, TEREDO, SOCKS, GTPv1, HTTP, GRE, VXLAN, GENEVE,
	};

	type EncapsulatingConn: record {
		cid: conn_id &log;
		tunnel_type: Tunnel::Type &log;
		uid: string &optional &log;
	};
}
module JSON;
export {
	type TimestampFormat: enum {
		TS_EPOCH,
		TS_MILLIS,
		TS_ISO8601,
	};
}
module SMB;
export {
	## What is done to files, pipes and printers.
	type Action: enum {
		FILE_READ, FILE_WRITE, FILE_OPEN, FILE_CLOSE, FILE_DELETE, FILE_RENAME, FILE_SET_ATTRIBUTE,
		PIPE_READ, PIPE_WRITE, PIPE_OPEN, PIPE_CLOSE,
		PRINT_READ, PRINT_WRITE, PRINT_OPEN, PRINT_CLOSE,
	};
}
module DCE_RPC;
export {
	type PType: enum {
		REQUEST, PING, RESPONSE, FAULT, WORKING, NOCALL, REJECT, ACK, CL_CANCEL, FACK, CANCEL_ACK, BIND, BIND_ACK,
		BIND_NAK, ALTER_CONTEXT, ALTER_CONTEXT_RESP, AUTH3, SHUTDOWN, CO_CANCEL, ORPHANED, RTS,
	};
	type IfID: enum {
		unknown_if, epmapper, lsarpc, lsa_ds, mgmt, netlogon, samr, srvsvc, spoolss, drs, winspipe, wkssvc, oxid,
		ISCMActivator,
	};
}
module GLOBAL;

type EncapsulatingConnVector: vector of Tunnel::EncapsulatingConn;

type endpoint: record {
	size: count;
	state: count;
	num_pkts: count &optional;
	num_bytes_ip: count &optional;
	flow_label: count;
	l2_addr: string &optional;
};

type connection: record {
	id: conn_id;
	orig: endpoint;
	resp: endpoint;
	start_time: time;
	duration: interval;
	service: string_set;
	history: string;
	uid: string;
	tunnel: EncapsulatingConnVector &optional;
	vlan: int &optional;
	inner_vlan: int &optional;
	successful: bool &default=F;
};

type fa_file: record {
	id: string;
	parent_id: string &optional;
	source: string;
	is_orig: bool &optional;
	conns: table[conn_id] of connection &optional;
	last_active: time;
	seen_bytes: count &default=0;
	total_bytes: count &optional;
	missing_bytes: count &default=0;
	overflow_bytes: count &default=0;
	timeout_interval: interval &default=2min;
	bof_buffer_size: count &default=4096;
	bof_buffer: string &optional;
};

type ftp_port: record {
	h: addr;
	p: port;
	valid: bool;
};

type geo_location: record {
	country_code: string &optional &log;
	region: string &optional &log;
	city: string &optional &log;
	latitude: double &optional &log;
	longitude: double &optional &log;
};

type geo_autonomous_system: record {
	number: count &optional;
	organization: string &optional;
};

type entropy_test_result: record {
	entropy: double;
	chi_square: double;
	mean: double;
	monte_carlo_pi: double;
	serial_correlation: double;
};

type PatternMatchResult: record {
	matched: bool;
	str: string;
	off: count;
};

type sw_params: record {
	min_strlen: count &default=3;
	sw_variant: count &default=0;
};

type sw_align: record {
	str: string;
	index: count;
};
type sw_align_vec: vector of sw_align;

type sw_substring: record {
	str: string;
	aligns: sw_align_vec;
	new: bool;
};
type sw_substring_vec: vector of sw_substring;

type from_json_result: record {
	v: any &optional;
	valid: bool;
	err: string &optional;
};

function from_json_default_key_mapper(s: string): string
	{
	return s;
	}

function add_interface(iold: string, inew: string): string
	{
	return iold == "" ? inew : iold + " " + inew;
	}

function add_signature_file(sold: string, snew: string): string
	{
	return sold == "" ? snew : sold + " " + snew;
	}

## Files of signatures, beside those of -s and @load-sigs; blanks are between them.
global signature_files = "" &redef &add_func=add_signature_file;

## Of which connections tcp_contents and udp_contents tell.
const tcp_content_delivery_ports_orig: table[port] of bool = {} &redef;
const tcp_content_delivery_ports_resp: table[port] of bool = {} &redef;
const tcp_content_deliver_all_orig = F &redef;
const tcp_content_deliver_all_resp = F &redef;
option udp_content_ports: set[port] = {};
option udp_content_delivery_ports_use_resp = F;
const udp_content_delivery_ports_orig: table[port] of bool = {} &redef;
const udp_content_delivery_ports_resp: table[port] of bool = {} &redef;
const udp_content_deliver_all_orig = F &redef;
const udp_content_deliver_all_resp = F &redef;

type call_argument: record {
	name: string;
	type: string;
	default_val: any &optional;
	value: any &optional;
};
type call_argument_vector: vector of call_argument;

type BacktraceElement: record {
	function_name: string;
	function_args: call_argument_vector;
	file_location: string &optional;
	line_location: count &optional;
};
type Backtrace: vector of BacktraceElement;

type script_id: record {
	type_name: string;
	exported: bool;
	constant: bool;
	enum_constant: bool;
	option_value: bool;
	redefinable: bool;
	broker_backend: bool;
	value: any &optional;
};
type id_table: table[string] of script_id;

type record_field: record {
	type_name: string;
	log: bool;
	value: any &optional;
	default_val: any &optional;
	optional: bool;
};
type record_field_table: table[string] of record_field;
type var_sizes: table[string] of count;

## A file that was put aside.
type rotate_info: record {
	old_name: string;
	new_name: string;
	open: time;
	close: time;
};

## Where in an answer of DNS a resource record stands.
const DNS_QUERY = 0;
const DNS_ANS = 1;
const DNS_AUTH = 2;
const DNS_ADDL = 3;

type EventStats: record {
	queued: count;
	dispatched: count;
};

type EventNameCounter: record {
	name: string &log;
	times_called: count &log;
};
type EventNameStats: set[EventNameCounter];

type NetStats: record {
	pkts_recvd: count &default=0;
	pkts_dropped: count &default=0;
	pkts_link: count &default=0;
	bytes_recvd: count &default=0;
	pkts_filtered: count &optional;
};

type MatcherStats: record {
	matchers: count;
	nfa_states: count;
	dfa_states: count;
	computed: count;
	mem: count;
	hits: count;
	misses: count;
};

type PacketSource: record {
	live: bool;
	path: string;
	link_type: int &default=1;
	netmask: count;
};

type IPAddrAnonymization: enum {
	KEEP_ORIG_ADDR,
	SEQUENTIALLY_NUMBERED,
	RANDOM_MD5,
	PREFIX_PRESERVING_A50,
	PREFIX_PRESERVING_MD5,
};

type IPAddrAnonymizationClass: enum {
	ORIG_ADDR,
	RESP_ADDR,
	OTHER_ADDR,
};

type TableChange: enum {
	TABLE_ELEMENT_NEW,
	TABLE_ELEMENT_CHANGED,
	TABLE_ELEMENT_REMOVED,
	TABLE_ELEMENT_EXPIRED,
};

type Direction: enum { INBOUND, OUTBOUND, BIDIRECTIONAL, NO_DIRECTION };
type Host: enum { LOCAL_HOSTS, REMOTE_HOSTS, ALL_HOSTS, NO_HOSTS };

type URI: record {
	scheme: string &optional;
	netlocation: string;
	portnum: count &optional;
	path: string;
	file_name: string &optional;
	file_base: string &optional;
	file_ext: string &optional;
	params: table[string] of string &optional;
};

# Connection states.
const TCP_INACTIVE = 0;
const TCP_SYN_SENT = 1;
const TCP_SYN_ACK_SENT = 2;
const TCP_PARTIAL = 3;
const TCP_ESTABLISHED = 4;
const TCP_CLOSED = 5;
const TCP_RESET = 6;
const UDP_INACTIVE = 0;
const UDP_ACTIVE = 1;
const LOGIN_STATE_AUTHENTICATE = 0;
const TH_FIN = 1;
const TH_SYN = 2;
const TH_RST = 4;
const TH_PUSH = 8;
const TH_ACK = 16;
const TH_URG = 32;

# Options of the language; those of the sensor are in options.zeek.
const table_expire_interval = 10secs &redef;
const table_expire_delay = 0.01secs &redef;
const table_incremental_step = 5000 &redef;
const exit_only_after_terminate = F &redef;
const allow_network_time_forward = T &redef;
const peer_description = "zeek" &redef;
const log_rotate_base_time = "0:00" &redef;
const global_hash_seed: string = "" &redef;
const digest_salt = "Please change this value." &redef;
const max_find_all_string_length: int = 10000 &redef;
global done_with_network = F;
const enable_syslog = F &redef;

# Events of the run itself.
global zeek_init: event();
global zeek_done: event();
global zeek_script_loaded: event(path: string, level: count);
global network_time_init: event();
global reporter_info: event(t: time, msg: string, location: string);
global reporter_warning: event(t: time, msg: string, location: string);
global reporter_error: event(t: time, msg: string, location: string);
global assertion_failure: hook(cond: string, msg: string, bt: Backtrace);
global assertion_result: hook(result: bool, cond: string, msg: string, bt: Backtrace);
global net_done: event(t: time);
global event_queue_flush_point: event();
global Pcap::file_done: event(path: string);

## Headers of a packet. Lengths are of bytes.
type ip4_hdr: record {
	hl: count;
	tos: count;
	len: count;
	id: count;
	DF: bool;
	MF: bool;
	offset: count;
	ttl: count;
	p: count;
	sum: count;
	src: addr;
	dst: addr;
};

type ip6_ext_hdr: record {
	## Its protocol number.
	id: count;
};

type ip6_hdr: record {
	class: count;
	flow: count;
	len: count;
	hlim: count;
	nxt: count;
	src: addr;
	dst: addr;
	exts: vector of ip6_ext_hdr;
};

type tcp_hdr: record {
	sport: port;
	dport: port;
	seq: count;
	ack: count;
	hl: count;
	## Of the data.
	dl: count;
	reserved: count;
	flags: count;
	win: count;
};

type udp_hdr: record {
	sport: port;
	dport: port;
	ulen: count;
};

type icmp_hdr: record {
	icmp_type: count;
};

type pkt_hdr: record {
	ip: ip4_hdr &optional;
	ip6: ip6_hdr &optional;
	tcp: tcp_hdr &optional;
	udp: udp_hdr &optional;
	icmp: icmp_hdr &optional;
};
