//! tunnel.log: tunnels, when something is first seen in them and when they end.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::event::{ConnId, Tunnel};
use crate::record::{EnumName, Uid, record};
use crate::time::{Interval, Time};

record! {
    /// A tunnel that was discovered, or that ended.
    pub struct TunnelRow in "tunnel", summary ["{id.orig_h} -> {id.resp_h}:{id.resp_p} {tunnel_type} {action}"] {
        /// When it was.
        ts: Time = "ts",
        /// The outer connection's identifier, or the tunnel's own where IP carries it.
        uid: Option<Uid> = "uid",
        orig_h: IpAddr = "id.orig_h",
        /// 0 where IP carries the tunnel.
        orig_p: u16 = "id.orig_p",
        resp_h: IpAddr = "id.resp_h",
        resp_p: u16 = "id.resp_p",
        /// What carries it.
        tunnel_type: EnumName = "tunnel_type" as "Tunnel::Type",
        /// DISCOVER, CLOSE (its connection ended) or EXPIRE (unused for `Tunnel::expiration_interval`).
        action: EnumName = "action" as "Tunnel::Action",
    }
}

/// How often that is looked at.
const LOOK_EVERY: Interval = Interval::from_secs(10);
/// Tunnels known at a time. With more, those that end are not told of; an attacker can forge outer
/// addresses at will.
const MAX_ACTIVE: usize = 100_000;

pub(super) struct Tunnels {
    /// A tunnel is forgotten after this long without new connections in it.
    expiration: Interval,
    active: HashMap<ConnId, Active>,
    looked: Time,
    found: u64,
    rows: Vec<TunnelRow>,
}

struct Active {
    tunnel: Tunnel,
    used: Time,
    /// Tells tunnels that expire at once apart in an order that no hash decides.
    nth: u64,
}

impl Tunnels {
    pub fn new(expiration: Interval) -> Self {
        Tunnels { expiration, active: HashMap::new(), looked: Time::default(), found: 0, rows: Vec::new() }
    }

    /// The rows that what happened since the last call gives.
    pub fn take_rows(&mut self) -> Vec<TunnelRow> {
        std::mem::take(&mut self.rows)
    }

    /// A new connection, or one whose tunnels have changed, is inside these.
    pub fn seen(&mut self, tunnels: &[Tunnel], now: Time) {
        self.expire(now);
        for tunnel in tunnels {
            if let Some(active) = self.active.get_mut(&tunnel.id) {
                active.used = now;
                continue;
            }
            if self.active.len() < MAX_ACTIVE {
                self.found += 1;
                self.active.insert(tunnel.id, Active { tunnel: *tunnel, used: now, nth: self.found });
            }
            self.rows.push(row(tunnel, "Tunnel::DISCOVER", now));
        }
    }

    /// The connection that carried a tunnel has ended.
    pub fn ended(&mut self, id: &ConnId, now: Time) {
        let Some(active) = self.active.remove(id) else { return };
        // Both may come due at once, after a pause in the traffic: then it was unused first.
        let expired = now - active.used >= self.expiration;
        let action = if expired { "Tunnel::EXPIRE" } else { "Tunnel::CLOSE" };
        self.rows.push(row(&active.tunnel, action, now));
    }

    fn expire(&mut self, now: Time) {
        if now - self.looked < LOOK_EVERY {
            return;
        }
        self.looked = now;
        let expiration = self.expiration;
        let over = self.active.extract_if(|_, active| now - active.used >= expiration);
        let mut old: Vec<Active> = over.map(|(_, old)| old).collect();
        old.sort_unstable_by_key(|active| (active.used, active.nth));
        self.rows.extend(old.iter().map(|active| row(&active.tunnel, "Tunnel::EXPIRE", now)));
    }
}

fn row(tunnel: &Tunnel, action: &'static str, ts: Time) -> TunnelRow {
    TunnelRow {
        ts,
        uid: tunnel.uid,
        orig_h: tunnel.id.orig_h,
        orig_p: tunnel.id.orig_p,
        resp_h: tunnel.id.resp_h,
        resp_p: tunnel.id.resp_p,
        tunnel_type: EnumName(tunnel.kind.name()),
        action: EnumName(action),
    }
}
