//! What becomes of an analyzer's claim on a connection: analyzer.log, dpd.log, `service` and the events.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::analyze::LogDecl;
use crate::analyze::conn::events::{
    AnalyzerConfirmation, AnalyzerViolation, ConfirmationInfo, Tag, ViolationInfo,
};
use crate::decode::UdpTunnelKind;
use crate::event::{Conn, Owner};
use crate::flow::{Cx, Flow};
use crate::record::{EnumName, Record, Uid, record};
use crate::time::Time;

/// analyzer.log and dpd.log.
pub const LOGS: &[LogDecl] = &[
    LogDecl {
        schema: <AnalyzerRow<'static> as Record>::SCHEMA,
        info: "Analyzer::Logging::Info",
        holder: None,
        event: None,
    },
    LogDecl { schema: <DpdRow<'static> as Record>::SCHEMA, info: "DPD::Info", holder: None, event: None },
];

/// Bytes of the data that dpd.log shows.
const MAX_DATA: usize = 40;

/// What kind of analyzer it is, as Zeek sorts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of what a connection carries.
    Protocol,
    /// Of a layer below connections, and of tunnels.
    Packet,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Kind::Protocol => "protocol",
            Kind::Packet => "packet",
        }
    }
}

/// An analyzer, by the names that logs and scripts have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    pub kind: Kind,
    /// Zeek's name (`Analyzer::name`), in upper case.
    pub name: &'static str,
    /// As `service` in conn.log: the same in lower case.
    pub service: &'static str,
}

impl Named {
    /// What reads tunnels in datagrams.
    pub const fn of_tunnel(kind: UdpTunnelKind) -> Named {
        Named { kind: Kind::Packet, name: kind.source(), service: kind.service() }
    }

    /// Its tag, as an element of `AllAnalyzers::Tag`.
    pub fn tag(&self) -> String {
        let kind = match self.kind {
            Kind::Protocol => "ANALYZER",
            Kind::Packet => "PACKETANALYZER",
        };
        format!("{kind}_ANALYZER_{}", self.name)
    }
}

record! {
    /// An analyzer was confirmed, or what it was given broke its protocol's rules.
    pub struct AnalyzerRow<'a> in "analyzer" {
        /// When it was.
        ts: Time = "ts",
        /// What is told of: violation, confirmation, or disabled.
        cause: &'a str = "cause",
        /// The kind of analyzer: protocol or packet.
        kind: &'a str = "analyzer_kind",
        /// The analyzer's name.
        name: &'a str = "analyzer_name",
        /// The connection's identifier.
        uid: Option<Uid> = "uid",
        /// The file's identifier, of analyzers of files.
        fuid: Option<Uid> = "fuid",
        /// The originator's address.
        orig_h: Option<IpAddr> = "id.orig_h",
        /// The originator's port.
        orig_p: Option<u16> = "id.orig_p",
        /// The responder's address.
        resp_h: Option<IpAddr> = "id.resp_h",
        /// The responder's port.
        resp_p: Option<u16> = "id.resp_p",
        /// Which rule was broken.
        reason: Option<&'a [u8]> = "failure_reason",
        /// The first 40 bytes of what broke it, where the analyzer can say.
        data: Option<&'a [u8]> = "failure_data",
    }
}

record! {
    /// A protocol that was confirmed on a connection, and then was given up.
    pub struct DpdRow<'a> in "dpd" of conn {
        /// When it was.
        ts,
        /// The transport protocol.
        proto: EnumName = "proto" as "transport_proto",
        /// The analyzer that gave up.
        analyzer: &'a str = "analyzer",
        /// Which rule was broken, and in brackets what broke it.
        reason: &'a [u8] = "failure_reason",
    }
}

/// A connection is what an analyzer takes it for.
pub fn confirmed(cx: &mut Cx<'_>, flow: &mut Flow, analyzer: &Named) {
    flow.add_service(analyzer.service);
    let info = ConfirmationInfo { c: Some(Conn), f: None, aid: flow.running_analyzer() };
    flow.raise(cx, &AnalyzerConfirmation { atype: Tag(analyzer), info });
    if cx.config.violations.log_confirmations {
        log(cx, flow, analyzer, "confirmation", None, None);
    }
}

/// A connection broke an analyzer's rules, for this `reason` and by these `data`. True where it had been
/// confirmed: then it is not counted as the protocol any more, and dpd.log says so.
pub fn violated(
    cx: &mut Cx<'_>,
    flow: &mut Flow,
    analyzer: &Named,
    reason: &str,
    data: Option<&[u8]>,
) -> bool {
    let was_confirmed = flow.remove_service(analyzer.service);
    let info = ViolationInfo { reason, c: Some(Conn), f: None, aid: flow.running_analyzer(), data };
    flow.raise(cx, &AnalyzerViolation { atype: Tag(analyzer), info });
    if was_confirmed {
        log_given_up(cx, flow, analyzer, reason, data);
    }
    let max_data =
        if cx.config.violations.max_data == 0 { usize::MAX } else { cx.config.violations.max_data };
    let shown = data.map(|data| data.get(..max_data).unwrap_or(data));
    log(cx, flow, analyzer, "violation", Some(reason.as_bytes()), shown);
    was_confirmed
}

/// An analyzer was taken off a connection, whose rules it had broken so often.
pub(super) fn disabled(cx: &mut Cx<'_>, flow: &mut Flow, analyzer: &Named, violations: u32) {
    if cx.config.violations.log_disabling {
        let reason = (violations > 0).then(|| format!("Disabled after {violations} violations"));
        log(cx, flow, analyzer, "disabled", reason.as_deref().map(str::as_bytes), None);
    }
}

/// Writes a row of dpd.log.
fn log_given_up(cx: &mut Cx<'_>, flow: &mut Flow, analyzer: &Named, reason: &str, data: Option<&[u8]>) {
    let reason = match data {
        None => Cow::Borrowed(reason.as_bytes()),
        Some(data) => {
            let (shown, more) = match data.get(..MAX_DATA) {
                Some(shown) if data.len() > MAX_DATA => (shown, "..."),
                _ => (data, ""),
            };
            Cow::Owned([reason.as_bytes(), b" [", shown, more.as_bytes(), b"]"].concat())
        }
    };
    let row = DpdRow {
        conn: flow.columns(cx.now),
        proto: EnumName(flow.proto().name()),
        analyzer: analyzer.name,
        reason: &reason,
    };
    cx.bus.log(&row, Owner { uid: row.conn.uid, nth: 0 });
}

/// Writes a row of analyzer.log.
fn log(
    cx: &mut Cx<'_>,
    flow: &mut Flow,
    analyzer: &Named,
    cause: &str,
    reason: Option<&[u8]>,
    data: Option<&[u8]>,
) {
    let own = cx.config.analyzers.as_deref();
    if !cx.config.violations.log || own.is_some_and(|own| own.unlogged.contains(analyzer.name)) {
        return;
    }
    let (uid, id) = (flow.uid(), flow.id());
    let row = AnalyzerRow {
        ts: cx.now,
        cause,
        kind: analyzer.kind.name(),
        name: analyzer.name,
        uid: Some(uid),
        fuid: None,
        orig_h: Some(id.orig_h),
        orig_p: Some(id.orig_p),
        resp_h: Some(id.resp_h),
        resp_p: Some(id.resp_p),
        reason,
        data,
    };
    cx.bus.log(&row, Owner { uid, nth: 0 });
}
