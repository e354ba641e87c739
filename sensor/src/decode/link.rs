//! Link headers, down to an IP packet.

use nightjar_protocols::wire::{self, Carried, Mac, Reject, arp, ethernet, ppp, pseudo, wlan};

use super::weird::{Weird, Weirds};
use super::{Decoder, Next, Piece};
use crate::capture::Packet;

/// What link headers told of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts<'a> {
    pub src: Option<&'a Mac>,
    pub dst: Option<&'a Mac>,
    /// The outer VLAN. A tag with identifier 0 names none (802.1Q §9.6).
    pub vlan: Option<u16>,
    pub inner_vlan: Option<u16>,
}

/// An IP packet and how it was framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub facts: Facts<'a>,
    pub ip: Piece<'a>,
}

/// What a frame turned out to hold.
#[derive(Clone, Copy, Debug)]
pub enum LinkOutcome<'a> {
    Ip(Frame<'a>),
    /// Several frames in one: take them with [`Decoder::next_subframe`].
    Subframes(Subframes<'a>),
    /// Nothing to follow, and nothing wrong: ARP, an unknown protocol, an encrypted frame.
    Ignored,
    /// Damaged or cut short; why is among the weirds.
    Malformed,
}

/// The frames of an 802.11 A-MSDU.
#[derive(Clone, Copy, Debug)]
pub struct Subframes<'a> {
    facts: Facts<'a>,
    piece: Piece<'a>,
    frames: wlan::Subframes<'a>,
}

/// One header read, or the end of the walk.
enum Step<'a> {
    Go(Next, &'a [u8]),
    Subframes(&'a [u8]),
    Unknown,
    WithoutData,
}

impl Decoder {
    /// The link layer of a captured frame.
    #[inline(always)]
    pub fn link<'a>(&mut self, packet: &Packet<'a>, weirds: &mut Weirds) -> LinkOutcome<'a> {
        self.inner(Next::of_link_type(packet.link), Piece::of(packet), weirds)
    }

    /// The link layer of what a tunnel carries, from the header that `next` names.
    #[inline(always)]
    pub fn inner<'a>(&mut self, next: Next, piece: Piece<'a>, weirds: &mut Weirds) -> LinkOutcome<'a> {
        // The short way of nearly all packets: IP in Ethernet.
        if next == Next::Ethernet
            && let Ok(frame) = ethernet::parse(piece.bytes)
            && of_ethernet(frame.next) == Next::Ip
        {
            let facts = Facts { src: Some(frame.src), dst: Some(frame.dst), vlan: None, inner_vlan: None };
            return LinkOutcome::Ip(Frame { facts, ip: piece.behind(frame.payload) });
        }
        self.walk(next, piece, Facts::default(), weirds)
    }

    /// Every header takes bytes, so the frame's length bounds the walk.
    #[inline(never)]
    fn walk<'a>(
        &mut self,
        mut next: Next,
        mut piece: Piece<'a>,
        mut facts: Facts<'a>,
        weirds: &mut Weirds,
    ) -> LinkOutcome<'a> {
        loop {
            let step = match next {
                Next::Ip => return LinkOutcome::Ip(Frame { facts, ip: piece }),
                other => read(other, piece.bytes, &mut facts),
            };
            match step {
                Ok(Step::Go(then, rest)) => {
                    next = then;
                    piece = piece.behind(rest);
                }
                Ok(Step::Subframes(payload)) => {
                    return LinkOutcome::Subframes(Subframes {
                        facts,
                        piece,
                        frames: wlan::Subframes::new(payload),
                    });
                }
                Ok(Step::Unknown) => {
                    let counter = match next {
                        Next::Arp => &mut self.counters.arp,
                        _ => &mut self.counters.unknown_protocol,
                    };
                    *counter += 1;
                    return LinkOutcome::Ignored;
                }
                Ok(Step::WithoutData) => {
                    self.counters.wlan_without_data += 1;
                    return LinkOutcome::Ignored;
                }
                Err(reject) => {
                    let weird = Weird::of(reject, next.source()).in_tunnel(piece.tunnel.is_some());
                    self.malformed(weird, weirds);
                    return LinkOutcome::Malformed;
                }
            }
        }
    }

    /// The next frame of an A-MSDU. One that holds nothing to follow ends it.
    pub fn next_subframe<'a>(
        &mut self,
        subframes: &mut Subframes<'a>,
        weirds: &mut Weirds,
    ) -> Option<LinkOutcome<'a>> {
        let piece = subframes.piece;
        let weird = |reject| Weird::of(reject, Next::Ieee80211.source()).in_tunnel(piece.tunnel.is_some());
        let step = match subframes.frames.next()? {
            Ok(frame) => wlan::llc(frame),
            Err(reject) => {
                self.malformed(weird(reject), weirds);
                return Some(LinkOutcome::Malformed);
            }
        };
        let outcome = match step {
            Ok(Some(Carried { protocol, payload })) => {
                self.walk(Next::of_ethertype(protocol), piece.behind(payload), subframes.facts, weirds)
            }
            Ok(None) => LinkOutcome::Malformed,
            Err(reject) => {
                weirds.push(weird(reject));
                LinkOutcome::Malformed
            }
        };
        if matches!(outcome, LinkOutcome::Malformed) {
            subframes.frames = wlan::Subframes::new(&[]);
            self.malformed(weird(Reject::malformed("invalid_802_11_amsdu_inner_packet")), weirds);
        }
        Some(outcome)
    }
}

fn read_ethernet<'a>(data: &'a [u8], facts: &mut Facts<'a>) -> wire::Result<Step<'a>> {
    let ethernet = ethernet::parse(data)?;
    facts.src = Some(ethernet.src);
    facts.dst = Some(ethernet.dst);
    Ok(Step::Go(of_ethernet(ethernet.next), ethernet.payload))
}

/// Reads one header.
fn read<'a>(next: Next, data: &'a [u8], facts: &mut Facts<'a>) -> wire::Result<Step<'a>> {
    Ok(match next {
        Next::Ethernet => return read_ethernet(data, facts),
        Next::Ip => Step::Go(Next::Ip, data),
        Next::Vlan => {
            let tag = ethernet::vlan(data)?;
            note_vlan(tag.id, facts);
            Step::Go(of_ethernet(tag.next), tag.payload)
        }
        Next::Arp => {
            arp::check(data)?;
            Step::Unknown
        }
        Next::Fddi => Step::Go(Next::Ip, pseudo::fddi(data)?),
        Next::Ieee80211 => read_wlan(data, facts)?,
        Next::Ieee80211Radiotap => Step::Go(Next::Ieee80211, wlan::radiotap(data)?),
        Next::LinuxSll => read_sll(pseudo::linux_sll(data)?, facts),
        Next::LinuxSll2 => read_sll(pseudo::linux_sll2(data)?, facts),
        Next::Llc => {
            // No protocol that a service access point names is followed.
            ethernet::llc(data)?;
            Step::Unknown
        }
        Next::Mpls => Step::Go(Next::Ip, ethernet::mpls(data)?),
        Next::Nflog => {
            let packet = pseudo::nflog(data)?;
            Step::Go(Next::of_linux_family(packet.protocol), packet.payload)
        }
        Next::Novell => return Err(Reject::unsupported("no_suitable_analyzer_found")),
        Next::Null => {
            let (family, payload) = pseudo::null(data)?;
            Step::Go(Next::of_bsd_family(family), payload)
        }
        Next::Pbb => Step::Go(Next::Ethernet, ethernet::pbb(data)?),
        Next::Ppp => of_ppp(ppp::parse(data)?),
        Next::PppSerial => of_ppp(ppp::serial(data)?),
        Next::Pppoe => of_ppp(ppp::pppoe(data)?),
        Next::Snap => ethernet::snap(data)?.map_or(Step::Unknown, of_ethertype),
        Next::Vntag => of_ethertype(ethernet::vntag(data)?),
        Next::Unknown => Step::Unknown,
    })
}

#[inline]
const fn of_ethernet(next: ethernet::Next) -> Next {
    match next {
        ethernet::Next::EtherType(ethertype) => Next::of_ethertype(ethertype),
        ethernet::Next::Snap => Next::Snap,
        ethernet::Next::Llc => Next::Llc,
        ethernet::Next::Novell => Next::Novell,
    }
}

const fn of_ethertype(next: Carried<'_>) -> Step<'_> {
    Step::Go(Next::of_ethertype(next.protocol), next.payload)
}

const fn of_ppp(next: Carried<'_>) -> Step<'_> {
    Step::Go(Next::of_ppp(next.protocol), next.payload)
}

fn read_sll<'a>(sll: pseudo::LinuxSll<'a>, facts: &mut Facts<'a>) -> Step<'a> {
    facts.src = Some(sll.src);
    Step::Go(Next::of_ethertype(sll.protocol), sll.payload)
}

fn read_wlan<'a>(data: &'a [u8], facts: &mut Facts<'a>) -> wire::Result<Step<'a>> {
    let frame = match wlan::parse(data)? {
        wlan::Frame::NoData | wlan::Frame::Protected => return Ok(Step::WithoutData),
        wlan::Frame::Data(frame) => frame,
    };
    facts.src = Some(frame.src);
    facts.dst = Some(frame.dst);
    if frame.aggregated {
        return Ok(Step::Subframes(frame.payload));
    }
    Ok(wlan::llc(frame.payload)?.map_or(Step::Unknown, of_ethertype))
}

/// Keeps the first and the last of a stack of tags, as Zeek does.
fn note_vlan(id: u16, facts: &mut Facts<'_>) {
    let slot = if facts.vlan.is_none() { &mut facts.vlan } else { &mut facts.inner_vlan };
    *slot = (id != 0).then_some(id);
}
