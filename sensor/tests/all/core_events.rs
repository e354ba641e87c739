//! Events of packets, of TCP and UDP, and of ICMP messages.

use std::net::IpAddr;

use crate::build::{self, ACK, CLIENT, Capture, Client, SERVER, SYN, Server, Tcp, host, one};

fn printed(capture: &Capture, script: &str) -> Vec<String> {
    let [out, _] = build::printed(capture, &["-b"], script);
    out.lines().map(str::to_owned).collect()
}

#[test]
fn segments_are_told_with_their_numbers_and_what_they_carry() {
    let capture = one(|talk| {
        talk.send(Client, b"hello");
        talk.send(Server, b"hi");
        talk.close();
    });
    let script = "
        event tcp_packet(c: connection, is_orig: bool, flags: string, seq: count, ack: count, len: count, payload: string)
            { print is_orig, flags, seq, ack, len, payload; }";
    let found = printed(&capture, script);
    assert_eq!(
        found.iter().take(5).collect::<Vec<_>>(),
        ["T, S, 0, 0, 0, ", "F, SA, 0, 1, 0, ", "T, A, 1, 1, 0, ", "T, A, 1, 1, 5, hello", "F, A, 1, 6, 0, "]
    );
}

#[test]
fn what_connections_carry_is_told_where_options_say_so() {
    let capture = one(|talk| {
        talk.send(Client, b"hello");
        talk.send(Server, b"hi");
        talk.close();
    });
    let script = "
        redef tcp_content_delivery_ports_orig += { [80/tcp] = T };
        event tcp_contents(c: connection, is_orig: bool, seq: count, contents: string) { print is_orig, seq, contents; }
        event connection_EOF(c: connection, is_orig: bool) { print \"over\", is_orig; }
        event connection_first_ACK(c: connection) { print \"acknowledged\"; }";
    assert_eq!(printed(&capture, script), ["acknowledged", "T, 1, hello", "over, T", "over, F"]);
    let mut datagrams = Capture::new();
    let (client, server) = (host(1, 5000), host(2, 7777));
    datagrams.udp(0, client, server, b"ask").udp(1, server, client, b"told");
    let script = "
        redef udp_content_deliver_all_resp = T;
        event udp_contents(u: connection, is_orig: bool, contents: string) { print is_orig, contents; }
        event udp_request(u: connection) { print \"request\", u$id$resp_p; }
        event udp_reply(u: connection) { print \"reply\"; }
        event packet_contents(c: connection, contents: string) { print \"packet\", contents; }";
    assert_eq!(
        printed(&datagrams, script),
        ["packet, ask", "request, 7777/udp", "packet, told", "F, told", "reply"]
    );
}

#[test]
fn gaps_and_options_and_ends_that_are_used_again_are_told() {
    let mut capture = Capture::new();
    capture
        .handshake(0, CLIENT, SERVER)
        .tcp(1, CLIENT, SERVER, Tcp { seq: 101, ack: 1, flags: ACK }, b"late")
        .tcp(2, SERVER, CLIENT, Tcp { seq: 1, ack: 105, flags: ACK }, b"")
        .tcp(3, CLIENT, SERVER, Tcp { seq: 9000, ack: 0, flags: SYN }, b"");
    let script = "
        event content_gap(c: connection, is_orig: bool, seq: count, length: count) { print \"gap\", is_orig, seq, length; }
        event connection_reused(c: connection) { print \"reused\"; }
        event connection_SYN_packet(c: connection, pkt: SYN_packet) { print pkt$is_orig, pkt$win_size, pkt$win_scale, pkt$MSS; }";
    assert_eq!(
        printed(&capture, script),
        ["T, 8192, -1, 0", "F, 8192, -1, 0", "gap, T, 1, 100", "reused", "T, 8192, -1, 0"]
    );
}

#[test]
fn messages_of_icmp_are_told() {
    let (a, b) = (CLIENT.0, SERVER.0);
    let mut capture = Capture::new();
    capture.icmp(0, a, b, 8, 0, b"ping").icmp(1, b, a, 0, 0, b"ping");
    let about = build::udp(CLIENT, SERVER, b"x");
    capture.icmp(2, b, a, 3, 3, &about).icmp(3, b, a, 11, 0, &about[..22]).icmp(4, a, b, 13, 0, &[0; 12]);
    let script = "
        event icmp_echo_request(c: connection, info: icmp_info, id: count, seq: count, payload: string)
            { print \"request\", payload, info; }
        event icmp_echo_reply(c: connection, info: icmp_info, id: count, seq: count, payload: string)
            { print \"reply\", payload, info$ttl; }
        event icmp_unreachable(c: connection, info: icmp_info, code: count, context: icmp_context)
            { print \"unreachable\", code, context$id, context$proto, context$bad_hdr_len; }
        event icmp_time_exceeded(c: connection, info: icmp_info, code: count, context: icmp_context)
            { print \"exceeded\", context$id$orig_p, context$bad_hdr_len; }
        event icmp_sent(c: connection, info: icmp_info) { print \"sent\", info$itype; }";
    assert_eq!(
        printed(&capture, script),
        [
            "request, ping, [v6=F, itype=8, icode=0, len=4, ttl=64]",
            "reply, ping, 64",
            "unreachable, 3, [orig_h=10.0.0.1, orig_p=40000/udp, resp_h=10.0.0.2, resp_p=80/udp], 2, F",
            "exceeded, 0/unknown, T",
            "sent, 13"
        ]
    );
}

#[test]
fn neighbours_are_told_of_with_their_options() {
    let (a, b): (IpAddr, IpAddr) = ("fe80::1".parse().unwrap(), "fe80::2".parse().unwrap());
    let mut capture = Capture::new();
    let target: IpAddr = "fe80::3".parse().unwrap();
    let IpAddr::V6(octets) = target else { unreachable!() };
    let solicitation =
        [&[135, 0, 0, 0, 0, 0, 0, 0][..], &octets.octets(), &[1, 1, 2, 0, 0, 0, 0, 9]].concat();
    let advertisement = [&[134, 0, 0, 0, 64, 0x80, 7, 8][..], &[0; 8], &[5, 1, 0, 0, 0, 0, 5, 220]].concat();
    let redirect = [&[137, 0, 0, 0, 0, 0, 0, 0][..], &octets.octets(), &octets.octets(), &[9, 0]].concat();
    for (at, message) in [(0, solicitation), (1, advertisement), (2, redirect)] {
        capture.ip(at, 58, a, b, &message);
    }
    let script = "
        event icmp_neighbor_solicitation(c: connection, info: icmp_info, tgt: addr, options: icmp6_nd_options)
            { print tgt, |options|, bytestring_to_hexstr(options[0]$link_address); }
        event icmp_router_advertisement(c: connection, info: icmp_info, cur_hop_limit: count, managed: bool, other: bool, home_agent: bool, pref: count, proxy: bool, rsv: count, router_lifetime: interval, reachable_time: interval, retrans_timer: interval, options: icmp6_nd_options)
            { print cur_hop_limit, managed, other, router_lifetime, options[0]$mtu; }
        event icmp_redirect(c: connection, info: icmp_info, tgt: addr, dest: addr, options: icmp6_nd_options)
            { print \"redirect\", dest, |options|; }
        event conn_weird(name: string, c: connection, addl: string) { print name; }";
    assert_eq!(
        printed(&capture, script),
        [
            "fe80::3, 1, 020000000009",
            "64, T, F, 30.0 mins",
            "zero_length_ICMPv6_ND_option",
            "redirect, fe80::3, 0"
        ]
        .map(|line| if line.starts_with("64") { format!("{line}, 1500") } else { line.to_owned() })
    );
}

#[test]
fn hooks_run_when_a_connection_is_over_and_polling_ends_then() {
    let capture = one(|talk| {
        talk.send(Client, b"hello");
        talk.wait(1);
        talk.send(Server, b"hi");
        talk.close();
    });
    let script = "
        hook mine(c: connection) { print \"over\", c$orig$size, c$conn$conn_state; }
        hook not_mine(c: connection) { print \"no\"; }
        function look(c: connection, cnt: count): interval { print \"look\", cnt; return cnt < 2 ? 0.3sec : -1sec; }
        event new_connection(c: connection)
            {
            print Conn::register_removal_hook(c, mine), Conn::register_removal_hook(c, mine);
            print Conn::register_removal_hook(c, not_mine), Conn::unregister_removal_hook(c, not_mine),
                  Conn::unregister_removal_hook(c, not_mine);
            ConnPolling::watch(c, look, 0, 0sec);
            }";
    let [out, _] = build::printed(&capture, &[], script);
    assert_eq!(out.lines().collect::<Vec<_>>(), ["T, F", "T, T, F", "look, 0", "look, 1", "over, 5, SF"]);
}

#[test]
fn thresholds_of_any_size_are_met_at_their_packets() {
    let capture = one(|talk| {
        (0..200).for_each(|_| _ = talk.send(Client, &[b'x'; 1000]));
        talk.close();
    });
    let script = "
        event new_connection(c: connection) { ConnThreshold::set_bytes_threshold(c, 150007, T); }
        event ConnThreshold::bytes_threshold_crossed(c: connection, threshold: count, is_orig: bool)
            { print threshold, c$orig$num_bytes_ip, c$orig$num_pkts; }";
    let [out, _] = build::printed(&capture, &[], script);
    let numbers: Vec<u64> = out.trim().split(", ").map(|number| number.parse().unwrap()).collect();
    let [threshold, bytes, _] = numbers[..] else { panic!("{out}") };
    assert!(threshold == 150_007 && (150_007..151_100).contains(&bytes), "{out}");
}

#[test]
fn programs_run_and_tell_what_they_print_and_write() {
    let folder = tempfile::tempdir().unwrap();
    let script = "
        redef exit_only_after_terminate = T;
        event zeek_init()
            {
            local cmd = Exec::Command($cmd=\"sh -c 'read l; echo $l; echo bad 1>&2; echo a > one; touch two; exit 3'\",
                                      $stdin=\"said\\n\", $read_files=set(\"one\", \"two\"));
            when [cmd] ( local result = Exec::run(cmd) )
                {
                print result$exit_code, result$stdout, result$stderr, result$files[\"one\"], |result$files[\"two\"]|;
                terminate();
                }
            }";
    let output = build::nightjar(folder.path()).args(["-e", script]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "3, [said], [bad], [a], 0\n", "{output:?}");
    assert!(!folder.path().join("one").exists(), "what was read is removed");
}

#[test]
fn metrics_of_scripts_are_counted_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let script = "
        global things = Telemetry::register_counter_family([$prefix=\"zeek\", $name=\"things\", $label_names=vector(\"kind\")]);
        global sizes = Telemetry::register_histogram_family([$prefix=\"zeek\", $name=\"sizes\", $bounds=vector(1.0, 10.0)]);
        event zeek_init()
            {
            Telemetry::counter_family_inc(things, vector(\"a\"));
            Telemetry::counter_family_inc(things, vector(\"a\"), 2.0);
            local c = Telemetry::counter_with(things, vector(\"b\"));
            print Telemetry::counter_inc(c), Telemetry::counter_inc(c, -1.0), Telemetry::counter_value(c);
            Telemetry::histogram_family_observe(sizes, vector(), 5.0);
            Telemetry::histogram_family_observe(sizes, vector(), 50.0);
            for ( _, m in Telemetry::collect_metrics(\"zeek\", \"*\") )
                print m$opts$name, m$label_values, m$value;
            for ( _, h in Telemetry::collect_histogram_metrics() )
                print h$values, h$observations, h$sum;
            print Supervisor::is_supervisor(), Supervisor::is_supervised();
            }";
    let output = build::nightjar(folder.path()).args(["-e", script]).output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "T, F, 1.0\nthings, [a], 3.0\nthings, [b], 1.0\n[0.0, 1.0, 1.0], 2.0, 55.0\nF, F\n",
        "{output:?}"
    );
}
