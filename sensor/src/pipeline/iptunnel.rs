//! Tunnels that IP itself carries: known by their pair of addresses.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::config::Config;
use crate::event::{ConnId, Proto, Tunnel, TunnelType};
use crate::flow::{End, Tuple};
use crate::record::Uid;
use crate::time::Time;

/// The tunnels between hosts. Every worker keeps them all, and alike.
#[derive(Default)]
pub(super) struct IpTunnels {
    known: HashMap<(IpAddr, IpAddr), Known>,
    /// Tunnels forgotten because there were too many.
    pub forgotten: u64,
}

struct Known {
    tunnel: Tunnel,
    used: Time,
}

/// Outer addresses are easily forged; with more tunnels than this all are forgotten and found again.
const MAX_KNOWN: usize = 65_536;

impl IpTunnels {
    pub fn forget_all(&mut self) {
        self.forgotten += self.known.len() as u64;
        self.known.clear();
    }

    /// The tunnel between two hosts, in whichever direction.
    pub fn find(
        &mut self,
        src: IpAddr,
        dst: IpAddr,
        kind: TunnelType,
        now: Time,
        config: &Config,
        ordinal: u64,
    ) -> Tunnel {
        let pair = if src < dst { (src, dst) } else { (dst, src) };
        if let Some(known) = self.known.get_mut(&pair)
            && now - known.used < config.tunnels.ip_timeout
        {
            known.used = now;
            return known.tunnel;
        }
        if self.known.len() >= MAX_KNOWN {
            self.forget_all();
        }
        let tuple = Tuple { src: End::new(src, 0), dst: End::new(dst, 0), proto: Proto::Icmp, one_way: true };
        let tunnel = Tunnel {
            uid: Some(Uid::of_connection(config.seed, &tuple.key().bytes(), ordinal)),
            id: ConnId { orig_h: src, orig_p: 0, resp_h: dst, resp_p: 0 },
            kind,
        };
        self.known.insert(pair, Known { tunnel, used: now });
        tunnel
    }
}
