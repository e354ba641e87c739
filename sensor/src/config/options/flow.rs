//! Packets and flows: what is accepted, what is waited for, what is given up.

use crate::config::options::{OptionDef, Value};
use crate::config::{Nets, PortSet};

macro_rules! timeout {
    ($name:literal, $key:literal, $field:ident, $read:ident, $doc:literal) => {
        OptionDef::engine(
            $name,
            "interval",
            $doc,
            |config| Value::Interval(config.timeouts.$field),
            |config, value| {
                config.timeouts.$field = value.$read()?;
                Ok(())
            },
        )
        .key("timeouts", $key)
    };
}

macro_rules! bytes {
    ($name:literal, $field:ident, $doc:literal) => {
        OptionDef::engine(
            $name,
            "count",
            $doc,
            |config| Value::Count(config.streams.$field),
            |config, value| {
                config.streams.$field = value.count()?;
                Ok(())
            },
        )
    };
}

pub(super) const OPTIONS: &[OptionDef] = &[
    OptionDef::engine(
        "ignore_checksums",
        "bool",
        "Accept packets with wrong checksums. They are refused because an attacker can use them to show us \
         what his victim does not see.",
        |config| Value::Bool(config.ignore_checksums),
        |config, value| {
            config.ignore_checksums = value.bool()?;
            Ok(())
        },
    )
    .key("analysis", "ignore_checksums"),
    OptionDef::engine(
        "ignore_checksums_nets",
        "set[subnet]",
        "Networks whose hosts may send wrong checksums, because their packets are seen before a network card \
         has filled them in.",
        |config| Value::Nets(config.ignore_checksums_nets.networks().to_vec()),
        |config, value| {
            config.ignore_checksums_nets = Nets::new(value.nets()?.iter().copied());
            Ok(())
        },
    )
    .runtime()
    .key("analysis", "ignore_checksums_nets"),
    OptionDef::engine(
        "likely_server_ports",
        "set[port]",
        "Ports that are those of servers: of a flow seen from the middle the end with such a port is the responder.",
        |config| Value::Ports(config.likely_servers.ports().collect()),
        |config, value| {
            config.likely_servers = PortSet::default();
            value.ports()?.iter().for_each(|(proto, port)| config.likely_servers.insert(*proto, *port));
            Ok(())
        },
    ),
    timeout!(
        "tcp_inactivity_timeout",
        "tcp_inactivity",
        tcp_inactivity,
        interval,
        "A TCP connection without packets is over after this; \"0\" is never."
    ),
    timeout!(
        "udp_inactivity_timeout",
        "udp_inactivity",
        udp_inactivity,
        interval,
        "A UDP flow; \"0\" is never."
    ),
    timeout!(
        "icmp_inactivity_timeout",
        "icmp_inactivity",
        icmp_inactivity,
        interval,
        "An ICMP flow; \"0\" is never."
    ),
    OptionDef::engine(
        "Conn::port_inactivity_timeouts",
        "table[port] of interval",
        "TCP connections, once they are established, whose server has one of these ports are over after this instead.",
        |config| Value::PortTimes(config.timeouts.by_port.clone()),
        |config, value| {
            config.timeouts.by_port = value.port_times()?.to_vec();
            Ok(())
        },
    )
    .runtime(),
    timeout!(
        "tcp_SYN_timeout",
        "tcp_syn_timeout",
        tcp_syn_timeout,
        positive,
        "After the first SYN: when to look for the first time whether there is anything to wait for."
    ),
    timeout!(
        "tcp_session_timer",
        "tcp_session_timer",
        tcp_session_timer,
        positive,
        "How often to look again."
    ),
    timeout!(
        "tcp_connection_linger",
        "tcp_connection_linger",
        tcp_connection_linger,
        positive,
        "Packets of a closed connection may still come for so long."
    ),
    timeout!(
        "tcp_attempt_delay",
        "tcp_attempt_delay",
        tcp_attempt_delay,
        positive,
        "A SYN has so long to be answered."
    ),
    timeout!(
        "tcp_close_delay",
        "tcp_close_delay",
        tcp_close_delay,
        positive,
        "After one side has closed, the other has so long."
    ),
    timeout!(
        "dns_session_timeout",
        "dns_session",
        dns_session,
        positive,
        "A DNS answer has so long to come."
    ),
    timeout!(
        "default_file_timeout_interval",
        "file",
        file,
        positive,
        "A file of which nothing more comes is over after this."
    ),
    timeout!(
        "frag_timeout",
        "fragments",
        fragments,
        interval,
        "A datagram in fragments has so long to be complete; \"0\" is as long as there is room."
    ),
    bytes!(
        "tcp_max_initial_window",
        max_initial_window,
        "With more bytes than this sent before any acknowledgement the other direction is taken to be invisible; \
         0 is never."
    ),
    bytes!(
        "tcp_max_above_hole_without_any_acks",
        max_above_hole,
        "While no acknowledgement is seen a stream with more bytes than this behind a hole is given up; 0 is never."
    ),
    bytes!(
        "tcp_excessive_data_without_further_acks",
        max_unacknowledged,
        "A stream with more bytes than this that nobody acknowledges is given up; 0 is never."
    ),
    OptionDef::engine(
        "partial_connection_ok",
        "bool",
        "TCP connections are followed whose beginning was not seen.",
        |config| Value::Bool(config.streams.partial),
        |config, value| {
            config.streams.partial = value.bool()?;
            Ok(())
        },
    ),
    OptionDef::engine(
        "tcp_SYN_ack_ok",
        "bool",
        "So are those of which a SYN-ACK is seen first, where partial_connection_ok is.",
        |config| Value::Bool(config.streams.answers),
        |config, value| {
            config.streams.answers = value.bool()?;
            Ok(())
        },
    ),
    OptionDef::engine(
        "tcp_storm_thresh",
        "count",
        "So many FINs or RSTs of one side are a weird, where they come close together.",
        |config| Value::Count(config.streams.storm.into()),
        |config, value| {
            config.streams.storm = value.size(1, u64::from(u16::MAX))? as u16;
            Ok(())
        },
    ),
    OptionDef::engine(
        "tcp_storm_interarrival_thresh",
        "interval",
        "How close.",
        |config| Value::Interval(config.streams.storm_pause),
        |config, value| {
            config.streams.storm_pause = value.interval()?;
            Ok(())
        },
    ),
    OptionDef::engine(
        "Tunnel::max_depth",
        "count",
        "So many tunnels in each other are followed; 0 is none.",
        |config| Value::Count(config.tunnels.max_depth as u64),
        |config, value| {
            config.tunnels.max_depth = value.size(0, 64)?;
            Ok(())
        },
    ),
    OptionDef::engine(
        "Tunnel::delay_teredo_confirmation",
        "bool",
        "Teredo is believed once both sides have sent it: anything can look like it in one direction.",
        |config| Value::Bool(config.tunnels.delay_teredo_confirmation),
        |config, value| {
            config.tunnels.delay_teredo_confirmation = value.bool()?;
            Ok(())
        },
    ),
    OptionDef::engine(
        "Tunnel::delay_gtp_confirmation",
        "bool",
        "GTPv1 is believed once both sides have sent it.",
        |config| Value::Bool(config.tunnels.delay_gtp_confirmation),
        |config, value| {
            config.tunnels.delay_gtp_confirmation = value.bool()?;
            Ok(())
        },
    ),
    OptionDef::engine(
        "Tunnel::ip_tunnel_timeout",
        "interval",
        "A tunnel in IP or GRE that was unused for so long is a new one when it comes back.",
        |config| Value::Interval(config.tunnels.ip_timeout),
        |config, value| {
            config.tunnels.ip_timeout = value.positive()?;
            Ok(())
        },
    ),
    OptionDef::engine(
        "Tunnel::expiration_interval",
        "interval",
        "tunnel.log takes a tunnel for over in which nothing new was seen for so long.",
        |config| Value::Interval(config.tunnels.expiration),
        |config, value| {
            config.tunnels.expiration = value.positive()?;
            Ok(())
        },
    ),
    OptionDef::engine(
        "Tunnel::validate_vxlan_checksums",
        "bool",
        "A checksum of the UDP datagram around VXLAN has to be right where there is one.",
        |config| Value::Bool(config.tunnels.validate_vxlan_checksums),
        |config, value| {
            config.tunnels.validate_vxlan_checksums = value.bool()?;
            Ok(())
        },
    ),
];
