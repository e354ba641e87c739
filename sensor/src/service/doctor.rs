//! The self-test: what stands in the way of seeing every packet, and the command that mends it.

use crate::capture::live::{Fanout, Kind};
use crate::capture::{ethtool, interface};
use crate::pipeline::{InterfaceOptions, Live};
use crate::service::sandbox;
use crate::service::settings::Service;

/// Something that should be otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Packets are lost, or analysed wrongly, as things stand.
    pub loses_data: bool,
    pub what: String,
    /// A command, or what to change.
    pub mend: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.loses_data { "loses data" } else { "note" };
        write!(f, "{kind}: {}: {}", self.what, self.mend)
    }
}

/// Looks at an interface without opening it.
pub fn examine(options: &InterfaceOptions) -> Vec<Finding> {
    let capture = &options.capture;
    let name = &capture.interface[..];
    let mut findings = Vec::new();
    let mut find = |loses_data, what: String, mend: String| {
        findings.push(Finding { loses_data, what: format!("{name}: {what}"), mend });
    };
    if name == interface::ANY {
        return findings;
    }
    if interface::index(name).is_err() {
        find(true, "there is no such interface".to_owned(), "see `ip link`".to_owned());
        return findings;
    }
    if !interface::is_up(name) {
        find(true, "it is down or has no carrier".to_owned(), format!("ip link set dev {name} up"));
    }
    if let Ok(offloads) = ethtool::offloads(name) {
        if offloads.lro {
            let what = "LRO merges segments of several packets into one";
            find(true, what.to_owned(), format!("ethtool -K {name} lro off"));
        }
        if offloads.gro {
            let what =
                "GRO merges segments before they are captured: packet counts and times are of what it made";
            find(false, what.to_owned(), format!("ethtool -K {name} gro off"));
        }
        if offloads.vlan && capture.kind == Kind::AfXdp {
            let what = "VLAN tags are taken out of frames, and AF_XDP does not tell which";
            find(false, what.to_owned(), format!("ethtool -K {name} rxvlan off"));
        }
    }
    if let Ok(ring) = ethtool::nic_ring(name)
        && ring.now < ring.max
    {
        let what = format!("the NIC's receive ring has {} of {} places", ring.now, ring.max);
        find(false, what, format!("ethtool -G {name} rx {}", ring.max));
    }
    let queues = interface::receive_queues(name);
    let by_nic = capture.workers > 1
        && (capture.kind == Kind::AfXdp || matches!(capture.fanout, Fanout::Queue | Fanout::Cpu));
    let by_flow = match capture.kind {
        Kind::AfXdp => "kind = \"af_packet\"",
        Kind::AfPacket | Kind::Pcap => "fanout = \"hash\"",
    };
    if by_nic && queues > 1 {
        match ethtool::rss_is_symmetric(name) {
            Ok(true) => {}
            Ok(false) => find(
                true,
                "the NIC puts the two directions of a flow into different queues".to_owned(),
                format!("set {by_flow}, or ethtool -X {name} hkey {}", vec!["6d:5a"; 20].join(":")),
            ),
            Err(_) => find(
                false,
                "the driver does not tell whether both directions of a flow share a queue".to_owned(),
                format!("set {by_flow} to be sure"),
            ),
        }
    }
    if capture.workers > 1
        && (capture.kind == Kind::AfXdp || capture.fanout == Fanout::Queue)
        && queues < capture.workers
    {
        let what = format!("{} workers for {queues} queues: some get nothing", capture.workers);
        find(
            false,
            what,
            format!("set workers = {queues}, or ethtool -L {name} combined {}", capture.workers),
        );
    }
    if by_nic {
        let what = "nobody knows beforehand which worker gets a flow: one that begins with a fragmented datagram may \
            be analysed in two parts";
        find(false, what.to_owned(), format!("set {by_flow} if there are many fragments"));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if let Some(core) = options.cores.iter().find(|core| **core >= cores) {
        find(false, format!("there is no core {core}"), format!("this machine has cores 0 to {}", cores - 1));
    }
    findings
}

/// What the kernel cannot do for the sensor's safety.
pub fn kernel(service: &Service) -> Option<Finding> {
    let what = sandbox::unsupported().filter(|_| service.sandbox)?;
    let mend = "boot a kernel with CONFIG_SECURITY_LANDLOCK and landlock in its list of LSMs, or set sandbox = \
        false; until then it can write wherever its user can";
    Some(Finding { loses_data: false, what, mend: mend.to_owned() })
}

/// Opens the interface as the sensor would, and tells what was refused or cut down.
pub fn try_open(options: &InterfaceOptions) -> Vec<Finding> {
    let name = &options.capture.interface;
    match Live::open(vec![options.clone()]) {
        Ok(live) => live
            .notes
            .iter()
            .map(|note| {
                let (loses_data, mend) = mend(note);
                Finding { loses_data, what: note.clone(), mend: mend.to_owned() }
            })
            .collect(),
        Err(error) => vec![Finding {
            loses_data: true,
            what: format!("{name}: {}", error.reason),
            mend: "run as root, or setcap cap_net_raw=ep the program".to_owned(),
        }],
    }
}

/// Whether what was said at opening means loss, and what is to be done about it.
fn mend(note: &str) -> (bool, &'static str) {
    if note.contains("ring of") {
        (true, "free memory or raise the limit on locked memory, or set a smaller ring")
    } else if note.contains("GRO makes") {
        (true, "so that every packet fits")
    } else if note.contains("AF_XDP was refused") {
        (false, "mend what it says, or set kind = \"af_packet\"")
    } else if note.contains("the driver has no XDP") {
        (false, "set kind = \"af_packet\", which is faster then")
    } else if note.contains("refused without -C") {
        (false, "name the interfaces one by one, or give -C")
    } else if note.contains("CAP_NET_RAW") {
        (false, "run as root, or setcap cap_net_raw=ep the program")
    } else {
        (false, "set workers = 1, or kind = \"af_packet\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::settings::interface_named;

    #[test]
    fn what_is_missing_and_what_contradicts_is_found() {
        let findings = examine(&interface_named("nosuchif"));
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].to_string(),
            "loses data: nosuchif: there is no such interface: see `ip link`"
        );
        let mut options = interface_named("lo");
        options.capture.workers = 2;
        options.capture.fanout = Fanout::Queue;
        options.cores = vec![0, 100_000];
        let found = examine(&options).iter().map(Finding::to_string).collect::<Vec<_>>().join("\n");
        assert!(
            found.contains("there is no core 100000") && found.contains("fragmented datagram"),
            "{found}"
        );
    }
}
