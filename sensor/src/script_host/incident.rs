//! Notices of what the sensor finds wrong with itself (`scripts/base/frameworks/loss.zeek`).

use nightjar_script::value::Value;
use nightjar_script::{Args, Vm};

use crate::policy::{Incident, IncidentKind};

/// Raises it as a notice, where that framework is loaded.
pub(super) fn notice(vm: &mut Vm, incident: &Incident) {
    let note = match incident.kind {
        IncidentKind::CaptureLoss => "CaptureLoss::Too_Much_Loss",
        IncidentKind::LittleTraffic => "CaptureLoss::Too_Little_Traffic",
        IncidentKind::Dropped => "PacketFilter::Dropped_Packets",
        IncidentKind::AnalysisLoss => "Sensor::Analysis_Loss",
        IncidentKind::OneSided => "Sensor::One_Sided_Flows",
        IncidentKind::Skew => "Sensor::Worker_Skew",
        IncidentKind::Hang => "Sensor::Worker_Hangs",
        IncidentKind::ExportStalled => "Sensor::Export_Stalled",
        IncidentKind::ExportLoss => "Sensor::Export_Loss",
    };
    raise(vm, note, &incident.text, &incident.peer);
}

/// Raises a notice of this type, where that framework is loaded.
pub(super) fn raise(vm: &mut Vm, note: &str, text: &str, peer: &str) {
    let Some(Value::Func(raise)) = vm.global_value("NOTICE").cloned() else { return };
    let Some(info) = vm.new_record("Notice::Info") else { return };
    vm.set_field(&info, "note", vm.enum_value(note).unwrap_or_default());
    vm.set_field(&info, "msg", Value::str(text));
    vm.set_field(&info, "peer_descr", Value::str(peer));
    let args: Args = [Value::Record(info)].into_iter().collect();
    vm.invoke(&raise, args);
}
