//! The engine's options as scripts have them: what they set, the engine obeys.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use ipnet::IpNet;
use nightjar_script::Vm;
use nightjar_script::value::{self, Addr};
use nightjar_script::vm::NativeFn;

use crate::analyze::{self, Protocol, staying};
use crate::config::options::{Given, Role, Value, all};
use crate::config::{Analyzers, Config, Contents};
use crate::event::Proto;
use crate::script_host::log::rotate;
use crate::time::Interval;

/// Functions that change options.
const CHANGES: [&str; 10] = [
    "Config::set_value",
    "Option::set",
    "Analyzer::enable_analyzer",
    "Analyzer::disable_analyzer",
    "Analyzer::register_for_port",
    "Analyzer::register_for_ports",
    "Files::enable_analyzer",
    "Files::disable_analyzer",
    "Files::register_for_mime_type",
    "Files::register_for_mime_types",
];

/// Lets the engine obey what the scripts' variables hold; `only_loaded`: only protocols are analysed whose scripts
/// were loaded. Returns what it cannot obey, and why.
pub(super) fn apply(vm: &Vm, config: &mut Config, only_loaded: bool) -> Vec<String> {
    let mut refused = Vec::new();
    for option in all() {
        let Role::Engine { get, set } = option.role else { continue };
        let Some(value) = vm.global_value(option.name) else { continue };
        let value = translated(vm, value, &get(config));
        if let Err(why) = value.ok_or_else(|| "has no value".to_owned()).and_then(|value| set(config, &value))
        {
            refused.push(format!("{} {why}", option.name));
        }
    }
    let names = |table: &str| names(vm, table);
    for read in analyze::protocols().iter().filter_map(|protocol| protocol.reads) {
        read(config, &names);
    }
    config.rotate_every = Interval::from_secs_f64(rotate::default_interval(vm));
    config.rotate_from = Interval::from_secs_f64(rotate::base_time(vm));
    let analyzers = analyzers(vm, only_loaded);
    let contents = contents(vm);
    config.contents = (contents != Contents::default()).then(|| Arc::new(contents));
    let usual = Analyzers { kept: staying().map(str::to_owned).collect(), ..Analyzers::default() };
    config.analyzers = (analyzers != usual).then(|| Arc::new(analyzers));
    refused
}

/// Functions by full name.
pub(super) fn natives() -> Vec<(&'static str, NativeFn)> {
    let obey: NativeFn = Rc::new(|vm, _, _| {
        vm.option_changes += 1;
        Ok(value::Value::Bool(true))
    });
    vec![("Analyzer::obey", obey)]
}

/// Whose contents scripts want to hear of.
fn contents(vm: &Vm) -> Contents {
    let is = |name: &str| vm.global_value(name).is_some_and(value::Value::as_bool);
    let table = |name: &str| match vm.global_value(name) {
        Some(value::Value::Table(table)) => table.snapshot(),
        _ => Vec::new(),
    };
    let each = |what: &str| {
        ["tcp", "udp"].map(|proto| ["orig", "resp"].map(|side| format!("{proto}_content_{what}_{side}")))
    };
    let ports = |name: String| {
        let ports = table(&name);
        let ports = ports.iter().filter_map(|(key, is)| Some((port(key)?.1, is.as_bool())));
        ports.collect::<BTreeMap<u16, bool>>()
    };
    Contents {
        all: each("deliver_all").map(|sides| sides.map(|name| is(&name))),
        ports: each("delivery_ports").map(|sides| sides.map(ports)),
        of_either: table("udp_content_ports").iter().filter_map(|(key, _)| Some(port(key)?.1)).collect(),
        by_responder: is("udp_content_delivery_ports_use_resp"),
    }
}

/// A table of names.
fn names(vm: &Vm, name: &str) -> Vec<(String, String)> {
    let Some(value::Value::Table(table)) = vm.global_value(name) else { return Vec::new() };
    let text = |value: &value::Value| match value {
        value::Value::Count(count) => count.to_string(),
        value => vm.text_string(value),
    };
    let key = |key: &value::Value| match key {
        value::Value::List(parts) => parts.iter().map(text).collect::<Vec<_>>().join(" "),
        key => text(key),
    };
    table.snapshot().iter().map(|(of, named)| (key(of), text(named))).collect()
}

/// What scripts say of analyzers.
fn analyzers(vm: &Vm, only_loaded: bool) -> Analyzers {
    let table = |name| match vm.global_value(name) {
        Some(value::Value::Table(table)) => table.snapshot(),
        _ => Vec::new(),
    };
    let mut disabled: BTreeSet<String> =
        table("Analyzer::disabled_names").iter().map(|(name, _)| vm.text_string(name)).collect();
    let mut ports: BTreeMap<(Proto, u16), Vec<String>> = BTreeMap::new();
    for (name, of) in table("Analyzer::port_names") {
        let value::Value::Table(of) = of else { continue };
        for port in of.snapshot().iter().filter_map(|(key, _)| port(key)) {
            ports.entry(port).or_default().push(vm.text_string(&name));
        }
    }
    ports.values_mut().for_each(|names| names.sort());
    if only_loaded {
        let registered = |name: &str| ports.values().flatten().any(|known| known == name);
        disabled.extend(not_loaded(vm).filter(|name| !registered(name)).map(str::to_owned));
    }
    let mut file_types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (of, names) in table("Files::type_names") {
        let value::Value::Table(names) = names else { continue };
        let mut names: Vec<String> = names.snapshot().iter().map(|(name, _)| vm.text_string(name)).collect();
        names.sort();
        file_types.insert(vm.text_string(&of), names);
    }
    // An element of an enum of tags, whose end is the name.
    let name = |tag: &value::Value| {
        let tag = vm.text_string(tag);
        tag.rsplit_once("ANALYZER_").map_or_else(|| tag.clone(), |(_, name)| name.to_owned())
    };
    let names = |set| table(set).iter().map(|(tag, _)| name(tag)).collect();
    let most = table("DPD::max_violations");
    Analyzers {
        disabled,
        ports,
        file_types,
        kept: names("DPD::ignore_violations"),
        unlogged: names("Analyzer::Logging::ignore_analyzers"),
        max_violations: most.iter().map(|(tag, most)| (name(tag), most.as_count())).collect(),
    }
}

/// With `-b` only protocols whose scripts were loaded are analysed, as in Zeek: the others' analyzers.
fn not_loaded(vm: &Vm) -> impl Iterator<Item = &'static str> {
    let is_absent = |protocol: &Protocol| {
        let folder = format!("base/protocols/{}.zeek", protocol.name);
        // What has no script cannot be loaded.
        protocol.is_scripted() && !vm.loaded.iter().any(|(name, _)| *name == folder)
    };
    analyze::protocols()
        .iter()
        .filter(|protocol| is_absent(protocol))
        .flat_map(|protocol| protocol.analyzers)
        .map(|spec| spec.named.name)
        .collect::<Vec<_>>()
        .into_iter()
}

/// Whether scripts of users may change options after `zeek_init`.
pub(super) fn may_change(vm: &Vm) -> bool {
    let beginning: Vec<u32> = vm.global("zeek_init").into_iter().collect();
    CHANGES.iter().filter_map(|name| vm.global(name)).any(|global| vm.uses.users_name(global, &beginning))
}

/// The folder for logs that scripts name, if they do.
pub(super) fn log_folder(vm: &Vm) -> Option<String> {
    ["LogAscii::logdir", "Log::default_logdir"].into_iter().find_map(|name| {
        let folder = String::from_utf8_lossy(vm.global_value(name)?.bytes()).into_owned();
        Some(folder).filter(|folder| !folder.is_empty())
    })
}

/// A script's value of the type that `like` has.
fn translated(vm: &Vm, value: &value::Value, like: &Value) -> Option<Value> {
    let text = |value: &value::Value| String::from_utf8_lossy(value.bytes()).into_owned();
    let table = |value: &value::Value| match value {
        value::Value::Table(table) => Some(table.snapshot()),
        _ => None,
    };
    Some(match like {
        Value::Bool(_) => Value::Bool(value.as_bool()),
        Value::Count(_) => Value::Count(value.as_count()),
        Value::Int(_) => Value::Int(value.as_int()),
        Value::Double(_) => Value::Double(value.as_double()),
        Value::Interval(_) => Value::Interval(Interval::from_secs_f64(value.as_double())),
        Value::Text(_) => Value::Text(text(value)),
        Value::Enum(_) => Value::Enum(vm.text_string(value)),
        Value::Nets(_) => {
            let mut nets: Vec<IpNet> = table(value)?.iter().filter_map(|(key, _)| net(key)).collect();
            nets.sort();
            Value::Nets(nets)
        }
        Value::Ports(_) => Value::Ports(table(value)?.iter().filter_map(|(key, _)| port(key)).collect()),
        Value::PortTimes(_) => {
            let times = table(value)?;
            let time = |(key, time): &(value::Value, value::Value)| {
                Some((port(key)?, Interval::from_secs_f64(time.as_double())))
            };
            Value::PortTimes(times.iter().filter_map(time).collect())
        }
        Value::Texts(_) => Value::Texts(table(value)?.iter().map(|(key, _)| text(key)).collect()),
        Value::Enums(_) => Value::Enums(table(value)?.iter().map(|(key, _)| vm.text_string(key)).collect()),
        Value::Table(_) => {
            Value::Table(table(value)?.iter().map(|(key, value)| (text(key), text(value))).collect())
        }
        Value::Sets(_) => {
            let set = |value| Some(table(value)?.iter().map(|(text_of, _)| text(text_of)).collect());
            let sets = table(value)?;
            Value::Sets(sets.iter().filter_map(|(key, value)| Some((text(key), set(value)?))).collect())
        }
    })
}

/// Lengths of prefixes are counted in 128 bits.
pub(super) fn net(value: &value::Value) -> Option<IpNet> {
    let value::Value::Subnet(addr, bits) = value else { return None };
    let of: IpAddr = Addr::to_ip(*addr);
    let bits = if of.is_ipv4() && *bits >= 96 { *bits - 96 } else { *bits };
    IpNet::new(of, bits).ok()
}

/// ICMP has none.
fn port(value: &value::Value) -> Option<(Proto, u16)> {
    let value::Value::Port(port) = value else { return None };
    let proto = match port.proto {
        value::Proto::Tcp => Proto::Tcp,
        value::Proto::Udp => Proto::Udp,
        value::Proto::Icmp | value::Proto::Unknown => return None,
    };
    Some((proto, port.num))
}

/// What a configuration file says, as it is set in scripts.
pub(super) fn assignments(given: &Given) -> Vec<String> {
    let of_engine =
        given.options.iter().map(|(option, value)| format!("{} = {}", option.name, value.literal()));
    let of_scripts = given.of_scripts.iter().map(|(name, value)| format!("{name} = {value}"));
    of_engine.chain(of_scripts).chain(given.words.iter().cloned()).collect()
}

/// Gives scripts the form of logs that others had.
pub(super) fn keep_format(vm: &mut Vm, of: &Vm) {
    for name in ["LogAscii::use_json", "LogAscii::json_timestamps"] {
        let Some(value) = of.global_value(name) else { continue };
        // Names of enums are the same in both, their types are not.
        let value = match value {
            value::Value::Enum(..) => vm.enum_value(&of.text_string(value)),
            value => Some(value.clone()),
        };
        if let (Some(at), Some(value)) = (vm.global(name), value) {
            vm.values[at as usize] = value;
        }
    }
}
