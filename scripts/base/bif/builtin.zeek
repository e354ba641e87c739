# Functions every script may call; each is native.

# Text
global fmt: function(va_args: any): string;
global cat: function(va_args: any): string;
global cat_sep: function(va_args: any): string;
global to_json: function(val: any, only_loggable: bool &default=F, field_escape_pattern: pattern &default=/^_/): string;
global from_json: function(s: string, t: any, key_func: any &default=from_json_default_key_mapper): from_json_result;

# Conversions
global to_int: function(str: string, base: count &default=10): int;
global to_count: function(str: string, base: count &default=10): count;
global to_double: function(str: string): double;
global to_addr: function(ip: string): addr;
global is_valid_ip: function(ip: string): bool;
global to_subnet: function(sn: string): subnet;
global is_valid_subnet: function(cidr: string): bool;
global to_port: function(s: string): port;
global int_to_count: function(n: int): count;
global count_to_int: function(n: count): int;
global double_to_count: function(d: double): count;
global double_to_int: function(d: double): int;
global int_to_double: function(i: int): double;
global count_to_double: function(c: count): double;
global time_to_double: function(t: time): double;
global double_to_time: function(d: double): time;
global interval_to_double: function(i: interval): double;
global double_to_interval: function(d: double): interval;
global port_to_count: function(p: port): count;
global count_to_port: function(num: count, proto: transport_proto): port;
global enum_to_int: function(e: any): int;
global enum_names: function(et: any): string_set;
global type_name: function(t: any): string;
global type_aliases: function(x: any): string_set;
global global_options: function(): string_set;
global paraglob_init: function(v: any): opaque of paraglob;
global paraglob_match: function(handle: opaque of paraglob, match: string): string_vec;
global paraglob_equals: function(p_one: opaque of paraglob, p_two: opaque of paraglob): bool;
global bytestring_to_hexstr: function(bytestring: string): string;
global hexstr_to_bytestring: function(hexstr: string): string;
global bytestring_to_count: function(s: string, is_le: bool &default=F): count;
global bytestring_to_double: function(s: string): double;
global bytestring_to_float: function(s: string): double;
global encode_base64: function(s: string, a: string &default=""): string;
global decode_base64: function(s: string, a: string &default=""): string;
global decode_base64_conn: function(cid: conn_id, s: string, a: string &default=""): string;
global unescape_URI: function(URI: string): string;

# Addresses and ports
global is_v4_addr: function(a: addr): bool;
global is_v6_addr: function(a: addr): bool;
global is_v4_subnet: function(s: subnet): bool;
global is_v6_subnet: function(s: subnet): bool;
global mask_addr: function(a: addr, top_bits_to_keep: count): subnet;
global remask_addr: function(a1: addr, a2: addr, top_bits_from_a1: count): addr;
global addr_to_subnet: function(a: addr): subnet;
global subnet_to_addr: function(sn: subnet): addr;
global subnet_width: function(sn: subnet): count;
global get_port_transport_proto: function(p: port): transport_proto;
global is_tcp_port: function(p: port): bool;
global is_udp_port: function(p: port): bool;
global is_icmp_port: function(p: port): bool;
global addr_to_ptr_name: function(a: addr): string;
global ptr_name_to_addr: function(s: string): addr;
global fmt_ftp_port: function(a: addr, p: port): string;
global parse_ftp_port: function(s: string): ftp_port;
global parse_ftp_pasv: function(str: string): ftp_port;
global parse_eftp_port: function(s: string): ftp_port;
global parse_ftp_epsv: function(str: string): ftp_port;
global addr_to_counts: function(a: addr): index_vec;
global counts_to_addr: function(v: index_vec): addr;
global count_to_v4_addr: function(ip: count): addr;
global raw_bytes_to_v4_addr: function(b: string): addr;
global raw_bytes_to_v6_addr: function(x: string): addr;
global raw_bytes_from_v4_addr: function(a: addr): string;
global community_id_v1: function(cid: conn_id, seed: count &default=0, do_base64: bool &default=T): string;
global is_local_interface: function(ip: addr): bool;
global lookup_addr: function(host: addr): string;
global blocking_lookup_hostname: function(host: string): addr_set;
global decode_netbios_name: function(name: string): string;
global decode_netbios_name_type: function(name: string): count;
global lookup_hostname: function(host: string): addr_set;
global lookup_hostname_txt: function(host: string): string;
global anonymize_addr: function(a: addr, cl: IPAddrAnonymizationClass): addr;
global preserve_prefix: function(a: addr, width: count);
global preserve_subnet: function(a: subnet);
global haversine_distance: function(lat1: double, long1: double, lat2: double, long2: double): double;

# Containers
global sort: function(va_args: any): any;
global order: function(va_args: any): index_vec;
global resize: function(aggr: any, newsize: count): count;
global clear_table: function(v: any);
global all_set: function(v: any): bool;
global any_set: function(v: any): bool;
global table_keys: function(t: any): any;
global table_values: function(t: any): any;
global table_pattern_matcher_stats: function(tbl: any): MatcherStats;
global check_subnet: function(search: subnet, t: any): bool;
global matching_subnets: function(search: subnet, t: any): subnet_vec;
global filter_subnet_table: function(search: subnet, t: any): any;
global same_object: function(o1: any, o2: any): bool;
global val_footprint: function(v: any): count;
global value_footprint: function(v: any, count_entries: bool &default=F): count;
global lookup_ID: function(id: string): any;
global record_fields: function(rec: any): record_field_table;
global record_type_to_vector: function(rt: string): string_vec;
global global_ids: function(): id_table;
global global_sizes: function(): var_sizes;
global global_container_footprints: function(): var_sizes;

# Numbers
global floor: function(d: double): double;
global ceil: function(d: double): double;
global round: function(d: double): double;
global sqrt: function(x: double): double;
global exp: function(d: double): double;
global ln: function(d: double): double;
global log2: function(d: double): double;
global log10: function(d: double): double;
global pow: function(x: double, y: double): double;
global rand: function(max: count): count;
global srand: function(seed: count);

# Hashes and ids
global md5_hash: function(va_args: any): string;
global sha1_hash: function(va_args: any): string;
global sha224_hash: function(va_args: any): string;
global sha256_hash: function(va_args: any): string;
global sha384_hash: function(va_args: any): string;
global sha512_hash: function(va_args: any): string;
global md5_hmac: function(va_args: any): string;
global md5_hash_init: function(): opaque of md5;
global sha1_hash_init: function(): opaque of sha1;
global sha256_hash_init: function(): opaque of sha256;
global md5_hash_update: function(handle: opaque of md5, data: string): bool;
global sha1_hash_update: function(handle: opaque of sha1, data: string): bool;
global sha256_hash_update: function(handle: opaque of sha256, data: string): bool;
global md5_hash_finish: function(handle: opaque of md5): string;
global sha1_hash_finish: function(handle: opaque of sha1): string;
global sha256_hash_finish: function(handle: opaque of sha256): string;
global fnv1a32: function(input: any): count;
global crc32: function(data: string): count;
global hrw_weight: function(key_digest: count, site_id: count): count;
global find_entropy: function(data: string): entropy_test_result;
global entropy_test_init: function(): opaque of entropy;
global entropy_test_add: function(handle: opaque of entropy, data: string): bool;
global entropy_test_finish: function(handle: opaque of entropy): entropy_test_result;
global uuid_to_string: function(uuid: string): string;
global unique_id: function(prefix: string): string;
global unique_id_from: function(pool: int, prefix: string): string;
global identify_data: function(data: string, return_mime: bool &default=T): string;
global file_magic: function(data: string): mime_matches;

# Time
global current_time: function(): time;
global network_time: function(): time;
global current_event_time: function(): time;
global set_network_time: function(nt: time): bool;
global strftime: function(fmt: string, d: time): string;
global strptime: function(fmt: string, d: string): time;

# Files
global open: function(f: string): file;
global open_for_append: function(f: string): file;
global close: function(f: file): bool;
global write_file: function(f: file, data: string): bool;
global flush_all: function(): bool;
global set_buf: function(f: file, buffered: bool);
global get_file_name: function(f: file): string;
global enable_raw_output: function(f: file);
global print_raw: function(va_args: any): bool;
global rotate_file: function(f: file): rotate_info;
global rotate_file_by_name: function(f: string): rotate_info;
global calc_next_rotate: function(i: interval): interval;
global active_file: function(f: file): bool;
global mkdir: function(f: string): bool;
global rmdir: function(d: string): bool;
global unlink: function(f: string): bool;
global rename: function(src_f: string, dst_f: string): bool;
global file_size: function(f: string): double;
global file_mode: function(mode: count): string;
global is_file: function(f: string): bool;
global is_dir: function(f: string): bool;
global find_in_zeekpath: function(p: string): string;
global compress_path: function(p: string): string;

# The run
global system: function(str: string): int;
global system_env: function(str: string, env: table_string_of_string): int;
global piped_exec: function(program: string, to_write: string): bool;
global syslog: function(s: string);
global is_packet_source: function(): bool;
global have_spicy: function(): bool;
global have_spicy_analyzers: function(): bool;
global exit: function(code: int);
global terminate: function(): bool;
global getpid: function(): count;
global gethostname: function(): string;
global getenv: function(var: string): string;
global setenv: function(var: string, val: string): bool;
global zeek_version: function(): string;
global bro_version: function(): string;
global zeek_args: function(): string_vec;
global zeek_is_terminating: function(): bool;
global bro_is_terminating: function(): bool;
global bare_mode: function(): bool;
global reading_traces: function(): bool;
global reading_live_traffic: function(): bool;
global suspend_processing: function();
global continue_processing: function();
global is_processing_suspended: function(): bool;
global packet_source: function(): PacketSource;
global backtrace: function(): Backtrace;
global is_event_handled: function(event_name: string): bool;
global is_remote_event: function(): bool;
global has_event_group: function(group: string): bool;
global enable_event_group: function(group: string): bool;
global disable_event_group: function(group: string): bool;
global has_module_events: function(group: string): bool;
global enable_module_events: function(module_name: string): bool;
global disable_module_events: function(module_name: string): bool;
global get_event_stats: function(): EventStats;
global get_event_handler_stats: function(): EventNameStats;

## The name of a log's file, and that file.
function log_file_name(tag: string): string
	{
	local suffix = getenv("ZEEK_LOG_SUFFIX");
	return fmt("%s.%s", tag, suffix == "" ? "log" : suffix);
	}
function open_log_file(tag: string): file
	{
	return open(log_file_name(tag));
	}
