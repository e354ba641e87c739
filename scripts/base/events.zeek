# Events of the capture, beyond those of connections that the language's own declarations have.

module AllAnalyzers;

export {
	type Tag: enum {
		ANALYZER_ANALYZER_DNS,
		ANALYZER_ANALYZER_HTTP,
	};
}

module GLOBAL;

type AnalyzerConfirmationInfo: record {
	c: connection &optional;
	f: fa_file &optional;
	aid: count &optional;
};

type AnalyzerViolationInfo: record {
	reason: string;
	c: connection &optional;
	f: fa_file &optional;
	aid: count &optional;
	data: string &optional;
};

## A protocol was found for sure.
global analyzer_confirmation_info: event(atype: AllAnalyzers::Tag, info: AnalyzerConfirmationInfo);
## What was taken for a protocol breaks its rules.
global analyzer_violation_info: event(atype: AllAnalyzers::Tag, info: AnalyzerViolationInfo);

global connection_pending: event(c: connection);

global connection_reset: event(c: connection);
global connection_half_finished: event(c: connection);
global partial_connection: event(c: connection);

type http_message_stat: record {
	## When the message began.
	start: time;
	## Whether it did not come to its own end.
	interrupted: bool;
	## Why it ended.
	finish_msg: string;
	## Bytes of body, decoded.
	body_length: count;
	## Bytes of body that were missing.
	content_gap_length: count;
	## Bytes of the first line and the headers.
	header_length: count;
};

global http_request: event(c: connection, method: string, original_URI: string, unescaped_URI: string, version: string);
global http_reply: event(c: connection, version: string, code: count, reason: string);
global http_header: event(c: connection, is_orig: bool, original_name: string, name: string, value: string);
global http_begin_entity: event(c: connection, is_orig: bool);
global http_entity_data: event(c: connection, is_orig: bool, length: count, data: string);
global http_end_entity: event(c: connection, is_orig: bool);
global http_message_done: event(c: connection, is_orig: bool, stat: http_message_stat);

global conn_weird: event(name: string, c: connection, addl: string, source: string);
global flow_weird: event(name: string, src: addr, dst: addr, addl: string, source: string);
global net_weird: event(name: string, addl: string, source: string);

type http_stats_rec: record {
	num_requests: count;
	num_replies: count;
	request_version: double;
	reply_version: double;
};

type mime_header_rec: record {
	## As it was on the wire.
	original_name: string;
	## In upper case.
	name: string;
	value: string;
};
type mime_header_list: table[count] of mime_header_rec;

global http_all_headers: event(c: connection, is_orig: bool, hlist: mime_header_list);
global http_content_type: event(c: connection, is_orig: bool, ty: string, subty: string);
global http_stats: event(c: connection, stats: http_stats_rec);

type dns_msg: record {
	id: count;
	opcode: count;
	rcode: count;
	QR: bool;
	AA: bool;
	TC: bool;
	RD: bool;
	RA: bool;
	Z: count;
	AD: bool;
	CD: bool;
	num_queries: count;
	num_answers: count;
	num_auth: count;
	num_addl: count;
	is_netbios: bool;
};

type dns_answer: record {
	## The section it stood in: 1 answers, 2 authorities, 3 additional records.
	answer_type: count;
	query: string;
	qtype: count;
	qclass: count;
	TTL: interval;
};

type dns_soa: record {
	mname: string;
	rname: string;
	serial: count;
	refresh: interval;
	retry: interval;
	expire: interval;
	minimum: interval;
};

type dns_edns_additional: record {
	query: string;
	qtype: count;
	t: count;
	payload_size: count;
	extended_rcode: count;
	version: count;
	z_field: count;
	TTL: interval;
	is_query: count;
};

type dns_loc_rr: record {
	query: string;
	answer_type: count;
	version: count;
	size: count;
	horiz_pre: count;
	vert_pre: count;
	latitude: count;
	longitude: count;
	altitude: count;
	is_query: count;
};

type dns_rrsig_rr: record {
	query: string;
	answer_type: count;
	type_covered: count;
	algorithm: count;
	labels: count;
	orig_ttl: interval;
	sig_exp: time;
	sig_incep: time;
	key_tag: count;
	signer_name: string;
	signature: string;
	is_query: count;
};

type dns_dnskey_rr: record {
	query: string;
	answer_type: count;
	flags: count;
	protocol: count;
	algorithm: count;
	public_key: string;
	is_query: count;
};

type dns_nsec3_rr: record {
	query: string;
	answer_type: count;
	nsec_flags: count;
	nsec_hash_algo: count;
	nsec_iter: count;
	nsec_salt_len: count;
	nsec_salt: string;
	nsec_hlen: count;
	nsec_hash: string;
	bitmaps: string_vec;
	is_query: count;
};

type dns_nsec3param_rr: record {
	query: string;
	answer_type: count;
	nsec_flags: count;
	nsec_hash_algo: count;
	nsec_iter: count;
	nsec_salt_len: count;
	nsec_salt: string;
	is_query: count;
};

type dns_ds_rr: record {
	query: string;
	answer_type: count;
	key_tag: count;
	algorithm: count;
	digest_type: count;
	digest_val: string;
	is_query: count;
};

type dns_binds_rr: record {
	query: string;
	answer_type: count;
	algorithm: count;
	key_id: count;
	removal_flag: count;
	complete_flag: count;
	is_query: count;
};

type dns_svcb_rr: record {
	svc_priority: count;
	target_name: string;
};

global dns_message: event(c: connection, is_orig: bool, msg: dns_msg, len: count);
global dns_request: event(c: connection, msg: dns_msg, query: string, qtype: count, qclass: count, original_query: string);
global dns_query_reply: event(c: connection, msg: dns_msg, query: string, qtype: count, qclass: count, original_query: string);
global dns_rejected: event(c: connection, msg: dns_msg, query: string, qtype: count, qclass: count, original_query: string);
global dns_A_reply: event(c: connection, msg: dns_msg, ans: dns_answer, a: addr);
global dns_AAAA_reply: event(c: connection, msg: dns_msg, ans: dns_answer, a: addr);
global dns_A6_reply: event(c: connection, msg: dns_msg, ans: dns_answer, a: addr);
global dns_NS_reply: event(c: connection, msg: dns_msg, ans: dns_answer, name: string);
global dns_CNAME_reply: event(c: connection, msg: dns_msg, ans: dns_answer, name: string);
global dns_PTR_reply: event(c: connection, msg: dns_msg, ans: dns_answer, name: string);
global dns_SOA_reply: event(c: connection, msg: dns_msg, ans: dns_answer, soa: dns_soa);
global dns_WKS_reply: event(c: connection, msg: dns_msg, ans: dns_answer);
global dns_HINFO_reply: event(c: connection, msg: dns_msg, ans: dns_answer, cpu: string, os: string);
global dns_MX_reply: event(c: connection, msg: dns_msg, ans: dns_answer, name: string, preference: count);
global dns_TXT_reply: event(c: connection, msg: dns_msg, ans: dns_answer, strs: string_vec);
global dns_SPF_reply: event(c: connection, msg: dns_msg, ans: dns_answer, strs: string_vec);
global dns_CAA_reply: event(c: connection, msg: dns_msg, ans: dns_answer, flags: count, tag: string, value: string);
global dns_SRV_reply: event(c: connection, msg: dns_msg, ans: dns_answer, target: string, priority: count, weight: count, p: count);
global dns_LOC: event(c: connection, msg: dns_msg, ans: dns_answer, loc: dns_loc_rr);
global dns_SSHFP: event(c: connection, msg: dns_msg, ans: dns_answer, algo: count, fptype: count, fingerprint: string);
global dns_SVCB: event(c: connection, msg: dns_msg, ans: dns_answer, svcb: dns_svcb_rr);
global dns_HTTPS: event(c: connection, msg: dns_msg, ans: dns_answer, https: dns_svcb_rr);
global dns_RRSIG: event(c: connection, msg: dns_msg, ans: dns_answer, rrsig: dns_rrsig_rr);
global dns_DNSKEY: event(c: connection, msg: dns_msg, ans: dns_answer, dnskey: dns_dnskey_rr);
global dns_NSEC: event(c: connection, msg: dns_msg, ans: dns_answer, next_name: string, bitmaps: string_vec);
global dns_NSEC3: event(c: connection, msg: dns_msg, ans: dns_answer, nsec3: dns_nsec3_rr);
global dns_NSEC3PARAM: event(c: connection, msg: dns_msg, ans: dns_answer, nsec3param: dns_nsec3param_rr);
global dns_DS: event(c: connection, msg: dns_msg, ans: dns_answer, ds: dns_ds_rr);
global dns_BINDS: event(c: connection, msg: dns_msg, ans: dns_answer, binds: dns_binds_rr);
global dns_unknown_reply: event(c: connection, msg: dns_msg, ans: dns_answer);
global dns_EDNS_addl: event(c: connection, msg: dns_msg, ans: dns_edns_additional);
global dns_end: event(c: connection, msg: dns_msg);

global file_new: event(f: fa_file);
global file_over_new_connection: event(f: fa_file, c: connection, is_orig: bool);
global file_sniff: event(f: fa_file, meta: fa_metadata);
global file_hash: event(f: fa_file, kind: string, hash: string);
global file_gap: event(f: fa_file, offset: count, len: count);
global file_timeout: event(f: fa_file);
global file_state_remove: event(f: fa_file);
