//! Notices of what the sensor finds wrong with itself (`scripts/base/frameworks/loss.zeek`).

use nightjar_script::value::Value;
use nightjar_script::{Args, Vm};

use crate::policy::{Trouble, TroubleKind};

/// Raises it as a notice, where that framework is loaded.
pub(super) fn notice(vm: &mut Vm, trouble: &Trouble) {
    let Some(Value::Func(raise)) = vm.global_value("NOTICE").cloned() else { return };
    let Some(info) = vm.new_record("Notice::Info") else { return };
    let note = match trouble.kind {
        TroubleKind::CaptureLoss => "CaptureLoss::Too_Much_Loss",
        TroubleKind::LittleTraffic => "CaptureLoss::Too_Little_Traffic",
        TroubleKind::Dropped => "PacketFilter::Dropped_Packets",
        TroubleKind::AnalysisLoss => "Sensor::Analysis_Loss",
        TroubleKind::OneSided => "Sensor::One_Sided_Flows",
        TroubleKind::Skew => "Sensor::Worker_Skew",
        TroubleKind::Hang => "Sensor::Worker_Hangs",
        TroubleKind::ExportStalled => "Sensor::Export_Stalled",
        TroubleKind::ExportLoss => "Sensor::Export_Loss",
    };
    vm.set_field(&info, "note", vm.enum_value(note).unwrap_or_default());
    vm.set_field(&info, "msg", Value::str(&trouble.text));
    vm.set_field(&info, "peer_descr", Value::str(&trouble.peer));
    let args: Args = [Value::Record(info)].into_iter().collect();
    vm.invoke(&raise, args);
}
