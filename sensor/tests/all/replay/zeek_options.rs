//! Every option that Zeek 7.0 has: each is obeyed, or whoever sets it is told so by name.

use nightjar::config::options::{Role, find, ignored_because};
use nightjar::script_host::Scripts;
use nightjar_script::{ScriptOptions, StdHost};

use super::{capture, logs, nightjar};

/// What `base/init-bare.zeek` and what it loads lets one set.
const BARE: &str = "
    MQTT::max_payload_size Weird::sampling_duration Weird::sampling_global_list Weird::sampling_rate
    Weird::sampling_threshold Weird::sampling_whitelist default_file_bof_buffer_size default_file_timeout_interval
    ignore_checksums_nets udp_content_delivery_ports_use_resp udp_content_ports
    BinPAC::flowbuffer_capacity_max BinPAC::flowbuffer_capacity_min BinPAC::flowbuffer_contract_threshold
    DCE_RPC::max_cmd_reassembly DCE_RPC::max_frag_data KRB::keytab MIME::max_depth NCP::max_frame_size
    NFS3::return_data NFS3::return_data_first_only NFS3::return_data_max Pcap::bufsize Pcap::non_fd_timeout
    Pcap::snaplen Reporter::errors_to_stderr Reporter::info_to_stderr Reporter::warnings_to_stderr
    SMB::max_pending_messages SMB::max_dce_rpc_analyzers SMB::pipe_filenames SSL::dtls_max_reported_version_errors
    SSL::dtls_max_version_errors SSL::max_alerts_per_record Threading::heartbeat_interval
    Tunnel::delay_gtp_confirmation Tunnel::delay_teredo_confirmation Tunnel::ip_tunnel_timeout
    Tunnel::max_changes_per_connection Tunnel::max_depth Tunnel::validate_vxlan_checksums
    UnknownProtocol::first_bytes_count UnknownProtocol::sampling_duration UnknownProtocol::sampling_rate
    UnknownProtocol::sampling_threshold allow_network_time_forward bits_per_uid check_for_unused_event_handlers
    cmd_line_bpf_filter detect_filtered_trace digest_salt dns_session_timeout dpd_buffer_size dpd_ignore_ports
    dpd_late_match_stop dpd_match_only_beginning dpd_max_packets dpd_reassemble_first_packets
    exit_only_after_terminate expensive_profiling_multiple frag_timeout global_hash_seed icmp_inactivity_timeout
    ignore_checksums ignore_keep_alive_rexmit io_poll_interval_default io_poll_interval_live
    log_rotate_base_time max_analyzer_violations max_find_all_string_length max_timer_expires mmdb_dir
    mmdb_stale_check_interval non_analyzed_lifetime packet_filter_default packet_source_inactivity_timeout
    partial_connection_ok peer_description pkt_profile_freq pkt_profile_mode profiling_interval
    record_all_packets report_gaps_for_partial rpc_timeout segment_profiling sig_max_group_size skip_http_data
    table_expire_delay table_expire_interval table_incremental_step tcp_SYN_ack_ok tcp_SYN_timeout
    tcp_attempt_delay tcp_close_delay tcp_connection_linger tcp_content_deliver_all_orig
    tcp_content_deliver_all_resp tcp_content_delivery_ports_orig tcp_content_delivery_ports_resp
    tcp_excessive_data_without_further_acks tcp_inactivity_timeout tcp_match_undelivered
    tcp_max_above_hole_without_any_acks tcp_max_initial_window tcp_max_old_segments tcp_partial_close_delay
    tcp_reassembler_ports_orig tcp_reassembler_ports_resp tcp_reset_delay tcp_session_timer
    tcp_storm_interarrival_thresh tcp_storm_thresh time_machine_profiling truncate_http_URI
    udp_content_deliver_all_orig udp_content_deliver_all_resp udp_content_delivery_ports_orig
    udp_content_delivery_ports_resp udp_inactivity_timeout use_conn_size_analyzer watchdog_interval
    likely_server_ports capture_filters restrict_filters secondary_filters discarder_maxlen dns_max_queries
    dns_skip_addl dns_skip_all_addl dns_skip_all_auth dns_skip_auth http_entity_data_delivery_size interfaces
    load_sample_freq login_failure_msgs login_non_failure_msgs login_prompts login_success_msgs login_timeouts
    mime_segment_length mime_segment_overlap_length pkt_profile_file profiling_file signature_files
    skip_authentication direct_login_prompts stp_delta stp_idle_min SMTP::bdat_max_line_length
    FTP::max_command_length POP3::max_pending_commands POP3::max_unknown_client_commands Login::max_line_length";

/// What the scripts of `base/` let one set, beside those.
const BASE: &str = "
    Analyzer::disable_all Analyzer::disabled_analyzers Analyzer::Logging::enable
    Analyzer::Logging::failure_data_max_size Analyzer::Logging::ignore_analyzers
    Analyzer::Logging::include_confirmations Analyzer::Logging::include_disabling
    DPD::ignore_violations DPD::ignore_violations_after DPD::max_violations
    Broker::default_port Broker::disable_ssl Broker::peer_counts_as_iosource
    CaptureLoss::initial_watch_interval CaptureLoss::minimum_acks CaptureLoss::too_much_loss
    CaptureLoss::watch_interval Cluster::default_logger_pool_spec Cluster::manager_is_logger Cluster::node
    Cluster::nodes Cluster::retry_interval Config::config_files Conn::analyzer_inactivity_timeouts
    Conn::default_extract Conn::port_inactivity_timeouts Control::host
    FileExtract::default_limit FileExtract::default_limit_includes_missing FileExtract::prefix
    Files::analyze_by_mime_type_automatically Files::enable_reassembler Files::reassembly_buffer_size Files::salt
    Files::log_frequency Input::accept_unsupported_types Input::default_mode Input::default_reader
    Input::empty_field Input::separator Input::set_separator Input::unset_field InputAscii::empty_field
    InputAscii::fail_on_file_problem InputAscii::fail_on_invalid_lines InputAscii::path_prefix
    InputAscii::separator InputAscii::set_separator InputAscii::unset_field InputBinary::chunk_size
    InputBinary::path_prefix InputConfig::empty_field InputConfig::fail_on_file_problem
    InputConfig::set_separator InputRaw::record_separator InputSQLite::empty_field InputSQLite::set_separator
    InputSQLite::unset_field Intel::item_expiration Intel::path_prefix Intel::read_files
    Log::default_ext_func Log::default_ext_prefix Log::default_field_name_map Log::default_logdir
    Log::default_mail_alarms_interval Log::default_max_delay_interval Log::default_max_delay_queue_size
    Log::default_rotation_date_format Log::default_rotation_dir Log::default_rotation_interval
    Log::default_rotation_postprocessor_cmd Log::default_rotation_postprocessor_cmd_env
    Log::default_rotation_postprocessors Log::default_scope_sep Log::default_writer Log::empty_field
    Log::enable_local_logging Log::enable_remote_logging Log::print_log_path Log::print_to_log
    Log::rotation_format_func Log::separator Log::set_separator Log::unset_field Log::write_buffer_size
    LogAscii::empty_field LogAscii::enable_leftover_log_rotation LogAscii::enable_utf_8
    LogAscii::gzip_file_extension LogAscii::gzip_level LogAscii::include_meta
    LogAscii::json_include_unset_fields LogAscii::json_timestamps LogAscii::logdir LogAscii::meta_prefix
    LogAscii::output_to_stdout LogAscii::separator LogAscii::set_separator LogAscii::unset_field
    LogAscii::use_json LogNone::debug LogSQLite::empty_field LogSQLite::set_separator LogSQLite::unset_field
    NetControl::acld_add_retry Notice::alarmed_types Notice::default_suppression_interval Notice::emailed_types
    Notice::force_email_summaries Notice::ignored_types Notice::mail_dest Notice::mail_from
    Notice::mail_page_dest Notice::mail_subject_prefix Notice::max_email_delay Notice::not_suppressed_types
    Notice::pretty_print_alarms Notice::reply_to Notice::sendmail Notice::type_suppression_intervals
    PacketFilter::default_capture_filter PacketFilter::enable_auto_protocol_capture_filters
    PacketFilter::max_filter_compile_time PacketFilter::unrestricted_filter Signatures::ignored_ids
    Signatures::horiz_scan_thresholds Site::local_admins Site::local_nets Site::local_zones Site::neighbor_nets
    Site::neighbor_zones Site::private_address_space Site::private_address_space_is_local
    Software::asset_tracking Software::vulnerable_versions Stats::report_interval SumStats::cluster_request_global_view_percent
    Tunnel::expiration_interval Weird::actions Weird::ignore_hosts Weird::weird_do_not_ignore_repeats
    DHCP::max_msg_types_per_log_entry DNS::addl_truncated_names DNS::max_pending_msgs DNS::max_pending_query_ids
    FTP::default_capture_password FTP::guest_ids FTP::logged_commands FTP::max_arg_length
    HTTP::default_capture_password HTTP::http_methods HTTP::max_files_orig HTTP::max_files_resp
    HTTP::max_pending_requests HTTP::proxy_headers IRC::dcc_transfers_max KRB::ignored_errors
    MySQL::ports NTLM::max_state POP3::ports RADIUS::expiration_interval RDP::disable_analyzer_after_detection
    SIP::sip_methods SMB::logged_file_actions SMTP::mail_path_capture SNMP::version_map SOCKS::default_capture_password
    SSH::compression_algorithms SSH::disable_analyzer_after_detection SSL::disable_analyzer_after_detection
    SSL::root_certs X509::caching_required_encounters X509::certificate_cache_max_entries";

/// Those that scripts obey which declare them.
const BY_SCRIPTS: &str = "
    udp_content_delivery_ports_use_resp udp_content_ports tcp_content_deliver_all_orig tcp_content_deliver_all_resp
    tcp_content_delivery_ports_orig tcp_content_delivery_ports_resp udp_content_deliver_all_orig
    udp_content_deliver_all_resp udp_content_delivery_ports_orig udp_content_delivery_ports_resp signature_files
    Signatures::ignored_ids Signatures::horiz_scan_thresholds Signatures::vert_scan_thresholds Signatures::count_thresholds
    Signatures::actions Signatures::summary_interval ActiveHTTP::default_max_time ActiveHTTP::default_method
    Dir::polling_interval
    mmdb_dir mmdb_stale_check_interval Software::asset_tracking SNMP::version_map
    Analyzer::disable_all Analyzer::disabled_analyzers Analyzer::Logging::ignore_analyzers DPD::ignore_violations
    DPD::max_violations Weird::sampling_duration Weird::sampling_global_list
    Weird::sampling_rate Weird::sampling_threshold
    Weird::sampling_whitelist Weird::actions Weird::ignore_hosts Weird::weird_do_not_ignore_repeats
    SSL::root_certs Reporter::errors_to_stderr Reporter::info_to_stderr Reporter::warnings_to_stderr Threading::heartbeat_interval
    exit_only_after_terminate log_rotate_base_time max_find_all_string_length peer_description
    table_expire_interval Config::config_files DHCP::max_msg_types_per_log_entry FileExtract::default_limit
    FileExtract::default_limit_includes_missing FileExtract::prefix Input::accept_unsupported_types
    Input::default_mode Input::default_reader Input::empty_field Input::separator Input::set_separator
    Input::unset_field InputAscii::empty_field InputAscii::fail_on_file_problem InputAscii::fail_on_invalid_lines
    InputAscii::path_prefix InputAscii::separator InputAscii::set_separator InputAscii::unset_field
    InputBinary::chunk_size InputBinary::path_prefix InputConfig::empty_field InputConfig::fail_on_file_problem
    InputConfig::set_separator InputRaw::record_separator InputSQLite::empty_field InputSQLite::set_separator
    InputSQLite::unset_field Intel::item_expiration Intel::path_prefix Intel::read_files
    Log::default_ext_func Log::default_ext_prefix Log::default_field_name_map
    Log::default_mail_alarms_interval Log::default_max_delay_interval Log::default_max_delay_queue_size
    Log::default_rotation_date_format Log::default_rotation_dir Log::default_rotation_interval
    Log::default_rotation_postprocessor_cmd Log::default_rotation_postprocessor_cmd_env
    Log::default_rotation_postprocessors Log::default_scope_sep Log::default_writer Log::enable_local_logging
    Log::print_log_path Log::print_to_log Log::rotation_format_func LogNone::debug LogSQLite::empty_field
    LogSQLite::set_separator LogSQLite::unset_field Notice::alarmed_types Notice::default_suppression_interval
    Notice::emailed_types Notice::force_email_summaries Notice::ignored_types Notice::mail_dest Notice::mail_from
    Notice::mail_page_dest Notice::mail_subject_prefix Notice::max_email_delay Notice::not_suppressed_types
    Notice::pretty_print_alarms Notice::reply_to Notice::sendmail Notice::type_suppression_intervals";

fn compile(code: String) -> Result<Scripts, String> {
    let host = StdHost::default();
    let said = host.gathered.clone();
    *said.borrow_mut() = Some(String::new());
    let options = ScriptOptions { code: vec![code], ..ScriptOptions::default() };
    Scripts::compile(host, &options).map_err(|_| said.borrow().clone().unwrap_or_default())
}

#[test]
fn every_option_of_zeek_is_obeyed_or_refused_by_name() {
    let all = compile(String::new()).unwrap_or_else(|said| panic!("{said}"));
    let by_scripts: Vec<&str> = BY_SCRIPTS.split_whitespace().collect();
    let mut unsaid = Vec::new();
    for name in BARE.split_whitespace().chain(BASE.split_whitespace()) {
        let role = find(name).map(|option| option.role);
        let obeyed = matches!(role, Some(Role::Engine { .. } | Role::Scripts { .. }));
        if obeyed || by_scripts.contains(&name) {
            assert!(all.declare(name) && ignored_because(name).is_none(), "{name}");
        } else if all.declare(name) {
            unsaid.extend(ignored_because(name).is_none().then_some(name));
        } else {
            let said = compile(format!("redef {name} = T;")).err().unwrap_or_default();
            assert!(said.contains(name), "{name}: {said}");
        }
    }
    assert!(unsaid.is_empty(), "taken and not obeyed: {}", unsaid.join(" "));
}

/// Another value than the default, as a script writes it.
fn other(ty: &str, default: &str) -> Option<String> {
    Some(match ty {
        "bool" => (if default == "T" { "F" } else { "T" }).to_owned(),
        "count" | "int" => "77".to_owned(),
        "interval" => "77 secs".to_owned(),
        "string" => "\"other\"".to_owned(),
        "set[port]" => "{7/tcp}".to_owned(),
        "table[port] of bool" => "{[7/tcp] = T}".to_owned(),
        _ => return None,
    })
}

#[test]
fn what_is_not_obeyed_is_an_error_unless_it_is_harmless() {
    for option in nightjar::config::options::all() {
        let Some((_, harmless)) = option.ignored_because() else { continue };
        let value = other(option.ty, &option.default_literal())
            .unwrap_or_else(|| panic!("{} is of type {}", option.name, option.ty));
        let result = compile(format!("redef {} = {value};", option.name));
        assert_eq!(result.is_ok(), harmless, "{}", option.name);
        if let Err(said) = result {
            assert!(said.contains(&format!("{} cannot be obeyed: ", option.name)), "{said}");
        }
        // To say what is so anyway is no fault.
        let same = compile(format!("redef {} = {};", option.name, option.default_literal()));
        assert!(same.is_ok(), "{}", option.name);
    }
}

/// What was printed and logged of a capture.
fn replay(name: &str, args: &[&str]) -> (String, std::collections::BTreeMap<String, String>) {
    let folder = tempfile::tempdir().unwrap();
    let output =
        nightjar(folder.path()).arg("-r").arg(capture(name)).arg("--quiet").args(args).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{name} {args:?}: {output:?}");
    (String::from_utf8(output.stdout).unwrap(), logs(folder.path()))
}

/// How often a text stands in a log.
fn times(name: &str, log: &str, text: &str, args: &[&str]) -> usize {
    replay(name, args).1.get(log).map_or(0, |log| log.matches(text).count())
}

#[test]
fn what_is_obeyed_does_something() {
    let method = "unknown_HTTP_method";
    assert_eq!(times("http", "weird", method, &[]), 0);
    assert!(times("http", "weird", method, &["HTTP::http_methods={GET}"]) > 0);
    assert!(times("http", "http", "/...\t", &["truncate_http_URI=1"]) > 0);
    let (told, _) = replay(
        "http-files",
        &["-e", "event http_entity_data(c: connection, o: bool, n: count, d: string) { print n, |d|; }"],
    );
    let most = |told: &str| {
        let sizes = told.lines().map(|line| line.split(", ").next().unwrap().parse::<u64>().unwrap());
        sizes.max().unwrap()
    };
    assert_eq!(most(&told), 1500);
    let (pieces, _) = replay(
        "http-files",
        &[
            "-e",
            "event http_entity_data(c: connection, o: bool, n: count, d: string) { print n, |d|; }",
            "http_entity_data_delivery_size=100",
        ],
    );
    let sum = |told: &str| {
        told.lines().map(|line| line.split(", ").next().unwrap().parse::<u64>().unwrap()).sum::<u64>()
    };
    assert_eq!((most(&pieces), sum(&pieces)), (100, sum(&told)));
    assert_eq!(times("midstream", "conn", "tcp", &[]), 1);
    assert_eq!(times("midstream", "conn", "tcp", &["partial_connection_ok=F"]), 0);
    let dns = times("dns", "dns", "10.", &[]);
    assert!(dns > 0 && times("dns", "dns", "10.", &["dpd_ignore_ports=T"]) < dns);
    // Content shows HTTP wherever it is.
    assert_eq!(
        times("http", "conn", "\thttp\t", &["dpd_ignore_ports=T"]),
        times("http", "conn", "\thttp\t", &[])
    );
    let code = "event dns_SOA_reply(c: connection, msg: dns_msg, ans: dns_answer, soa: dns_soa) { print ans$answer_type; }";
    assert!(!replay("dns", &["-e", code]).0.contains('2'));
    assert!(replay("dns", &["-e", code, "dns_skip_all_auth=F"]).0.contains('2'));
}
