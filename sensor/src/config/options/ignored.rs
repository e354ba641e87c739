//! Zeek's options that this sensor does not obey. They are declared so that scripts may read them. Whoever sets one is
//! told: with an error where something else would be found then, and otherwise with a warning.

use crate::config::options::OptionDef;

const OWN_GROUPS: &str = "all patterns of a kind are one automaton";
const NO_PROTOCOL: &str = "this protocol is not analysed";
const NO_KEYS: &str = "tickets are not decrypted";
const FIXED: &str = "this is fixed";
const NO_CONTENTS: &str = "contents of streams are not handed to scripts";
const OTHER_ENGINE: &str = "this engine works otherwise";
const CAPTURE: &str =
    "interfaces and their rings are set under [[interface]] in the configuration file, or with -i";
const OWN_LIMITS: &str = "what is held is bounded by the options Sensor::max_*";
const NO_UNKNOWN_LOG: &str = "unknown protocols are counted in the summary and not logged";

const OWN_CACHE: &str = "what is read of certificates is kept by the sensor itself";
const ANCHORED: &str = "content shows a protocol by what a stream begins with, and never later";
const OWN_SEED: &str = "hashes are keyed by the sensor itself";
const ONE_PROCESS: &str = "there is one process";

/// Those that scripts declare themselves: name, why, and whether it is harmless.
pub(super) const OF_SCRIPTS: &[(&str, &str, bool)] = &[
    ("allow_network_time_forward", FIXED, false),
    ("enable_syslog", "what the sensor says goes to standard error and reporter.log", false),
    ("digest_salt", OWN_SEED, true),
    ("global_hash_seed", OWN_SEED, true),
    ("table_expire_delay", OTHER_ENGINE, true),
    ("table_incremental_step", OTHER_ENGINE, true),
    ("Log::enable_remote_logging", ONE_PROCESS, true),
    ("Cluster::nodes", ONE_PROCESS, true),
    ("Cluster::node", ONE_PROCESS, true),
    ("Known::use_host_store", ONE_PROCESS, true),
    ("Known::use_service_store", ONE_PROCESS, true),
    ("Known::use_cert_store", ONE_PROCESS, true),
    ("Known::enable_certs_persistence", ONE_PROCESS, true),
];

pub(super) const OPTIONS: &[OptionDef] = &[
    OptionDef::refused("tcp_reset_delay", "interval", "5secs", FIXED),
    OptionDef::ignored("tcp_partial_close_delay", "interval", "3secs", FIXED),
    OptionDef::refused("non_analyzed_lifetime", "interval", "0secs", FIXED),
    OptionDef::ignored("detect_filtered_trace", "bool", "F", FIXED),
    OptionDef::refused("report_gaps_for_partial", "bool", "F", FIXED),
    OptionDef::refused("use_conn_size_analyzer", "bool", "T", FIXED),
    OptionDef::ignored("ignore_keep_alive_rexmit", "bool", "F", FIXED),
    OptionDef::refused("max_analyzer_violations", "count", "1000", FIXED),
    OptionDef::refused("unknown_ip_inactivity_timeout", "interval", "1min", FIXED).runtime(),
    OptionDef::refused("default_file_bof_buffer_size", "count", "4096", FIXED),
    OptionDef::refused("bits_per_uid", "count", "96", FIXED),
    OptionDef::refused("skip_http_data", "bool", "F", FIXED),
    OptionDef::ignored("tcp_match_undelivered", "bool", "T", ANCHORED),
    OptionDef::refused("dpd_reassemble_first_packets", "bool", "T", FIXED),
    OptionDef::ignored("dpd_late_match_stop", "bool", "F", ANCHORED),
    OptionDef::ignored("sig_max_group_size", "count", "50", OWN_GROUPS),
    OptionDef::ignored("tcp_reassembler_ports_orig", "set[port]", "{}", NO_CONTENTS),
    OptionDef::ignored("tcp_reassembler_ports_resp", "set[port]", "{}", NO_CONTENTS),
    OptionDef::refused("tcp_max_old_segments", "count", "0", OTHER_ENGINE),
    OptionDef::ignored("watchdog_interval", "interval", "10secs", OTHER_ENGINE),
    OptionDef::ignored("max_timer_expires", "count", "300", OTHER_ENGINE),
    OptionDef::refused("packet_filter_default", "bool", "F", OTHER_ENGINE),
    OptionDef::ignored("discarder_maxlen", "count", "128", OTHER_ENGINE),
    OptionDef::ignored("load_sample_freq", "count", "20", OTHER_ENGINE),
    OptionDef::ignored("check_for_unused_event_handlers", "bool", "F", OTHER_ENGINE),
    OptionDef::ignored("time_machine_profiling", "bool", "F", OTHER_ENGINE),
    OptionDef::ignored("io_poll_interval_default", "count", "100", OTHER_ENGINE),
    OptionDef::ignored("io_poll_interval_live", "count", "10", OTHER_ENGINE),
    OptionDef::refused("record_all_packets", "bool", "F", OTHER_ENGINE),
    OptionDef::ignored("segment_profiling", "bool", "F", OTHER_ENGINE),
    OptionDef::ignored("profiling_interval", "interval", "0secs", OTHER_ENGINE),
    OptionDef::ignored("expensive_profiling_multiple", "count", "0", OTHER_ENGINE),
    OptionDef::refused("interfaces", "string", "\"\"", CAPTURE).global(),
    OptionDef::refused("Pcap::snaplen", "count", "9216", CAPTURE),
    OptionDef::ignored("Pcap::bufsize", "count", "128", CAPTURE),
    OptionDef::ignored("Pcap::bufsize_offline_bytes", "count", "131072", CAPTURE),
    OptionDef::ignored("Pcap::non_fd_timeout", "interval", "20usecs", CAPTURE),
    OptionDef::ignored("rpc_timeout", "interval", "24secs", NO_PROTOCOL),
    OptionDef::ignored("stp_delta", "interval", "0secs", NO_PROTOCOL),
    OptionDef::ignored("stp_idle_min", "interval", "0secs", NO_PROTOCOL),
    OptionDef::ignored("NCP::max_frame_size", "count", "65536", NO_PROTOCOL),
    OptionDef::ignored("POP3::max_unknown_client_commands", "count", "10", FIXED),
    OptionDef::ignored("X509::caching_required_encounters", "count", "10", OWN_CACHE),
    OptionDef::ignored("X509::caching_required_encounters_interval", "interval", "62secs", OWN_CACHE),
    OptionDef::ignored("X509::certificate_cache_minimum_eviction_interval", "interval", "62secs", OWN_CACHE),
    OptionDef::ignored("X509::certificate_cache_max_entries", "count", "10000", OWN_CACHE),
    OptionDef::ignored("SSL::dtls_max_version_errors", "count", "10", FIXED),
    OptionDef::ignored("SSL::dtls_max_reported_version_errors", "count", "1", FIXED),
    OptionDef::ignored("KRB::keytab", "string", "\"\"", NO_KEYS),
    OptionDef::ignored("Login::max_line_length", "count", "4096", NO_PROTOCOL),
    OptionDef::ignored("BinPAC::flowbuffer_capacity_max", "count", "10485760", OWN_LIMITS),
    OptionDef::ignored("BinPAC::flowbuffer_capacity_min", "count", "512", OWN_LIMITS),
    OptionDef::ignored("BinPAC::flowbuffer_contract_threshold", "count", "2097152", OWN_LIMITS),
    OptionDef::refused("Files::reassembly_buffer_size", "count", "524288", OWN_LIMITS),
    OptionDef::refused("Files::enable_reassembler", "bool", "T", OWN_LIMITS).runtime(),
    OptionDef::refused("UnknownProtocol::sampling_threshold", "count", "3", NO_UNKNOWN_LOG),
    OptionDef::refused("UnknownProtocol::sampling_rate", "count", "100000", NO_UNKNOWN_LOG),
    OptionDef::refused("UnknownProtocol::sampling_duration", "interval", "1hr", NO_UNKNOWN_LOG),
    OptionDef::refused("UnknownProtocol::first_bytes_count", "count", "10", NO_UNKNOWN_LOG),
    OptionDef::refused("Files::analyze_by_mime_type_automatically", "bool", "T", FIXED),
    OptionDef::ignored("Files::salt", "string", "\"I recommend changing this.\"", FIXED),
    OptionDef::refused("PacketFilter::enable_auto_protocol_capture_filters", "bool", "F", FIXED),
    OptionDef::ignored("PacketFilter::max_filter_compile_time", "interval", "100msecs", FIXED),
];
