//! What a worker hangs at, in words.

use std::fmt;

use crate::analyze;
use crate::event::{HeartbeatSeen, Order, Step};
use crate::flow::Tuple;
use crate::record::Uid;

/// Where a worker was seen; `seed` is that of its identifiers.
pub(super) struct Whereabouts<'a> {
    pub seen: &'a HeartbeatSeen,
    pub seed: u64,
}

impl fmt::Display for Whereabouts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HeartbeatSeen { packet, now, step, flow, ordinal, analyzer, .. } = self.seen;
        match (analyze::service_of(*analyzer), step) {
            (Some(service), _) => write!(f, "in the analyzer of {service}, ")?,
            (None, Step::Between) => f.write_str("between packets, ")?,
            (None, Step::Decoding) => f.write_str("in decoding, ")?,
            (None, Step::Flow) => f.write_str("in following the connection, ")?,
            (None, Step::Timer) => f.write_str("at a connection's timer or end, ")?,
        }
        match *packet {
            Order::END => f.write_str("at the end of the capture")?,
            packet => write!(f, "at packet {packet} of {:.6}", now.nanos() as f64 / 1e9)?,
        }
        let Some(tuple) = Tuple::unpack(*flow) else { return Ok(()) };
        let id = tuple.id();
        let (orig, resp) = (End(id.orig_h, id.orig_p), End(id.resp_h, id.resp_p));
        write!(f, " ({orig} > {resp}/{}", tuple.proto.name())?;
        if *ordinal != 0 {
            write!(f, ", {}", Uid::of_connection(self.seed, &tuple.key().bytes(), *ordinal))?;
        }
        f.write_str(")")
    }
}

/// Address and port.
struct End(std::net::IpAddr, u16);

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        std::net::SocketAddr::new(self.0, self.1).fmt(f)
    }
}
