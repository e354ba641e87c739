use super::*;

/// A message of these options, which are not ended by it.
fn message(options: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef, 0, 7, 0x80, 0];
    bytes.extend([10, 0, 0, 1, 10, 0, 0, 2, 10, 0, 0, 3, 10, 0, 0, 4]);
    bytes.extend([2, 0, 0, 0, 0, 9]);
    bytes.resize(28 + 16, 0);
    bytes.extend(b"server");
    bytes.resize(28 + 16 + 64, 0);
    bytes.push(b'f');
    bytes.resize(FIXED, 0);
    bytes.extend(COOKIE.to_be_bytes());
    bytes.extend(options);
    bytes
}

fn parse(bytes: &[u8]) -> Result<Message<'_>> {
    Message::parse(bytes, &mut Carried::default())
}

#[test]
fn fixed_fields_are_read() {
    let bytes = message(&[53, 1, 3, 255]);
    let message = parse(&bytes).unwrap();
    assert_eq!((message.op, message.message_type, message.xid), (1, 3, 0xdead_beef));
    assert_eq!((message.secs, message.flags, message.cookie), (7, 0x8000, COOKIE));
    let addrs = [message.ciaddr, message.yiaddr, message.siaddr, message.giaddr];
    assert_eq!(addrs.map(|addr| addr.octets()[3]), [1, 2, 3, 4]);
    assert_eq!(message.chaddr[..6], [2, 0, 0, 0, 0, 9]);
    assert_eq!(message.server_name, b"server");
    assert_eq!(message.file_name, b"", "a name of one byte is none to Zeek");
}

#[test]
fn options_are_read_in_their_forms() {
    let mut options =
        vec![0, 53, 1, 1, 3, 8, 10, 0, 0, 1, 10, 0, 0, 2, 12, 2, b'p', b'c', 15, 4, b'l', b'a', b'n', 0];
    options.extend([2, 4, 0xff, 0xff, 0xff, 0xfe, 19, 1, 1, 51, 4, 0, 0, 14, 16, 57, 2, 2, 64]);
    options.extend([61, 7, 1, 2, 0, 0, 0, 0, 9, 81, 5, 1, 0, 0, b'p', b'c', 82, 6, 1, 1, 7, 2, 1, 8]);
    options.extend([252, 3, b'u', b'r', 10, 200, 1, 9, 255]);
    let bytes = message(&options);
    let options = parse(&bytes).unwrap().options;
    assert_eq!(options.codes, [0, 53, 3, 12, 15, 2, 19, 51, 57, 61, 81, 82, 252, 200]);
    let routers: Vec<_> = addresses(options.routers.unwrap()).collect();
    assert_eq!(routers, [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)]);
    assert_eq!((options.host_name, options.domain_name), (Some(&b"pc"[..]), Some(&b"lan"[..])));
    assert_eq!((options.time_offset, options.forwarding, options.lease), (Some(-2), Some(true), Some(3600)));
    assert_eq!(options.client_id, Some((1, &[2, 0, 0, 0, 0, 9][..])));
    assert_eq!(options.client_fqdn.map(|name| (name.flags, name.domain_name)), Some((1, &b"pc"[..])));
    let relayed: Vec<_> = relay_agent(options.relay_agent.unwrap()).collect();
    assert_eq!(relayed, [(1, &[7][..]), (2, &[8][..])]);
    assert_eq!((options.max_message_size, options.auto_proxy_config), (Some(576), Some(&b"ur"[..])));
}

#[test]
fn values_of_fixed_length_take_their_own_length() {
    let bytes = message(&[51, 2, 0, 0, 0, 9, 53, 9, 5, 255]);
    let message = parse(&bytes).unwrap();
    assert_eq!((message.options.lease, message.message_type), (Some(9), 5));
}

#[test]
fn what_is_missing_is_named() {
    for (options, wrong) in [
        (&[53, 1, 1][..], "Option:code: 1 > 0"),
        (&[53], "OptionValueWrapper:length: 1 > 0"),
        (&[12, 9, b'p'], "OptionValue:host_name: 9 > 1"),
        (&[54, 4, 1], "OptionValue:serv_addr: 4 > 1"),
        (&[61, 0, 1, 2], "Client_Identifier:hwaddr: 0 > 2"),
        (&[82, 4, 1, 0, 1], "Relay_Agent_SubOption:length: 2 > 1"),
    ] {
        let trace = parse(&message(options)).unwrap_err().to_string();
        assert_eq!(trace, format!("Binpac exception: binpac exception: out_of_bound: {wrong}"));
    }
    let trace = parse(&[1; 20]).unwrap_err().to_string();
    assert!(trace.ends_with("DHCP_Message:cookie: 240 > 20"), "{trace}");
}

#[test]
fn sub_options_end_where_zeek_finds_their_end() {
    let bytes = message(&[53, 1, 1, 82, 3, 1, 1, 7, 255]);
    let mut carried = Carried::default();
    assert!(Message::parse(&bytes, &mut carried).is_ok());
    assert!(Message::parse(&bytes, &mut carried).is_err(), "it goes on counting");
    assert!(Message::parse(&bytes, &mut Carried::default()).is_ok(), "of another direction it does not");
}

#[test]
fn the_cookie_shows_a_message() {
    let bytes = message(&[255]);
    for len in 1..FIXED + 4 {
        assert_eq!(probe(&bytes[..len]), Probe::NeedMore, "{len}");
    }
    assert_eq!(probe(&bytes), Probe::Match);
    assert_eq!(probe(&[3; 300]), Probe::NoMatch);
    assert_eq!(probe(&[1; 300]), Probe::NoMatch);
}

#[test]
fn whatever_is_cut_or_changed_is_read_or_refused() {
    let bytes = message(&[53, 1, 5, 82, 4, 1, 2, 7, 7, 12, 1, b'x', 61, 3, 1, 2, 3, 255]);
    for len in 0..=bytes.len() {
        fuzz::check(&bytes[..len]);
    }
    for at in FIXED..bytes.len() {
        for value in [0, 1, 3, 53, 61, 82, 127, 255] {
            let mut bytes = bytes.clone();
            bytes[at] = value;
            fuzz::check(&bytes);
        }
    }
}
