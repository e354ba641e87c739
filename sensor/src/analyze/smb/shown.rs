//! Shows scripts what is known of a connection (`c$smb_state`), where they hear of it.

use crate::analyze::smb::args::{ActionName, MacTimes, Shown, ShownCommand, ShownFile, ShownTree};
use crate::analyze::smb::events::Shows;
use crate::analyze::smb::names;
use crate::analyze::smb::state::{State, Sub};
use crate::event::{Conn, Event};
use crate::flow::{Cx, Flow};

/// Raises an event, before which scripts are shown what it is about.
pub(super) fn raise<E: Event>(state: &State, cx: &mut Cx<'_>, flow: &mut Flow, event: &E) {
    if cx.bus.wants(E::ID) {
        show(state, cx, flow);
        flow.raise(cx, event);
    }
}

/// Shows them what is at hand.
pub(super) fn show(state: &State, cx: &mut Cx<'_>, flow: &mut Flow) {
    if !cx.bus.wants(Shows::ID) {
        return;
    }
    let [command_number, file_number, tree_number] = state.numbers();
    let known = state.current_command();
    let name = known.map(|known| names::command(known.is_v1, known.code));
    let sub = known.and_then(|known| known.sub_command).map(|sub| match sub {
        Sub::Transaction(code) => names::transaction(code),
        Sub::Transaction2(code) => names::transaction2(code),
    });
    let command = known.zip(command_number).map(|(known, number)| ShownCommand {
        number,
        ts: known.ts,
        version: if known.is_v1 { "SMB1" } else { "SMB2" },
        command: name.as_deref().unwrap_or_default(),
        sub_command: sub.as_deref(),
        argument: known.argument.as_deref(),
        status: known.status,
        rtt: known.rtt,
        tree: known.tree.as_deref(),
        tree_service: known.tree_service.as_deref(),
        mid: known.message,
    });
    let file = state.current_file().zip(file_number).map(|(file, number)| ShownFile {
        number,
        ts: file.ts,
        fuid: file.fuid.as_ref().map(|fuid| fuid.as_bytes()),
        action: file.action.map(|action| ActionName(action.name())),
        path: file.path.as_deref(),
        name: file.name.as_deref(),
        size: file.size,
        prev_name: file.prev_name.as_deref(),
        times: file.times.as_ref().map(MacTimes::of),
        fid: file.fid,
    });
    let tree = state.current_tree().zip(tree_number).map(|(tree, number)| ShownTree {
        number,
        ts: tree.ts,
        path: tree.path.as_deref(),
        service: tree.service.as_deref(),
        native_file_system: tree.file_system.as_deref(),
        share_type: &tree.share_type,
        tid: tree.tid,
    });
    flow.raise(cx, &Shows { c: Conn, state: Shown { command, file, tree } });
}
