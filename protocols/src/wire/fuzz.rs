//! What must hold for any bytes, for `fuzz/fuzz_targets/wire.rs` and for the tests.

use super::*;

/// Runs every parser over the bytes. Panics where a payload is not a tail of the input (or a
/// prefix of one, for parsers that cut), or where a header claims more than there is.
pub fn check(data: &[u8]) {
    let inside = |part: &[u8]| {
        let (outer, part) = (data.as_ptr_range(), part.as_ptr_range());
        assert!(outer.start <= part.start && part.end <= outer.end, "a payload outside its frame");
    };
    let carried = |result: Result<Carried<'_>>| result.map(|next| inside(next.payload));

    let _ = ethernet::parse(data).map(|frame| inside(frame.payload));
    let _ = ethernet::vlan(data).map(|tag| inside(tag.payload));
    let _ = arp::check(data);
    let _ = carried(ethernet::vntag(data));
    let _ = ethernet::pbb(data).map(inside);
    let _ = ethernet::mpls(data).map(inside);
    let _ = ethernet::llc(data);
    let _ = ethernet::snap(data).map(|next| next.map(|next| inside(next.payload)));
    let _ = carried(ppp::parse(data));
    let _ = carried(ppp::serial(data));
    let _ = carried(ppp::pppoe(data));
    let _ = pseudo::linux_sll(data).map(|next| inside(next.payload));
    let _ = pseudo::linux_sll2(data).map(|next| inside(next.payload));
    let _ = pseudo::null(data).map(|(_, payload)| inside(payload));
    let _ = pseudo::fddi(data).map(inside);
    let _ = carried(pseudo::nflog(data));
    let _ = wlan::radiotap(data).map(inside);
    if let Ok(wlan::Frame::Data(frame)) = wlan::parse(data) {
        inside(frame.payload);
    }
    let _ = wlan::llc(data).map(|next| next.map(|next| inside(next.payload)));
    let mut frames = wlan::Subframes::new(data);
    while let Some(frame) = frames.next() {
        match frame {
            Ok(frame) => inside(frame),
            Err(_) => assert!(frames.next().is_none(), "an A-MSDU goes on behind an error"),
        }
    }
    let _ = gre::parse(data).map(|gre| inside(gre.payload));
    udp_tunnels(data, inside);
    ip(data);
}

fn udp_tunnels(data: &[u8], inside: impl Fn(&[u8])) {
    let _ = vxlan::parse(data).map(|packet| inside(packet.inner));
    let _ = geneve::parse(data).map(|packet| inside(packet.inner));
    if let Ok(ayiya::Ayiya::Forward { inner, .. }) = ayiya::parse(data) {
        inside(inner);
    }
    ayiya::probe(data);
    if let Ok(packet) = teredo::parse(data) {
        inside(packet.inner);
        assert!(packet.inner.len() >= ipv6::HEADER_LEN, "Teredo without an IPv6 header");
    }
    teredo::probe(data);
    if let Ok(message) = gtpv1::parse(data) {
        inside(message.body);
        let _ = message.content();
    }
}

fn ip(data: &[u8]) {
    if let Some(header) = ipv4::Header::read(data) {
        assert!((20..=60).contains(&header.header_len) && data.len() >= usize::from(header.header_len));
        assert!(header.fragment_offset.is_multiple_of(8));
    }
    let mut oddities = 0;
    if let Some(header) = ipv6::Header::read(data, &mut |_| oddities += 1) {
        assert!(header.header_len <= data.len(), "extension headers beyond the packet");
        assert!(header.next_at < header.header_len, "a next header field outside the headers");
        assert!(oddities <= data.len(), "more oddities than bytes");
    }
    // Any bytes with their own checksum put in are intact.
    let sum = checksum::Sum::default().with(data);
    if data.len().is_multiple_of(2) {
        assert!(sum.with(&sum.checksum()).is_valid(), "a checksum that does not verify");
    }
}
