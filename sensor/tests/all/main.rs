//! The binary from outside, and what is generated. One program, as each links all that the sensor links.
//!
//! Written by tools/lists from what is in this folder; a test compares it.

mod abuse;
mod analyzers;
mod build;
mod capture;
mod conn;
mod detect;
mod dhcp;
mod dnp3;
mod dns;
mod files;
mod ftp;
mod geo;
mod http;
mod http_sink;
mod input;
mod intel;
mod kept;
mod layering;
mod logging;
mod modbus;
mod mysql;
mod new_protocol;
mod notice;
mod ntp;
mod odd_syslog;
mod old_scripts;
mod pushdown;
mod quic_odd;
mod radius;
mod replay;
mod schemas;
mod script;
mod site;
mod smtp;
mod snmp;
mod socks;
mod software;
mod ssh;
mod sumstats;
mod testing;
mod tls;
mod tls_policy;
mod websocket;
