//! What is wrong with a configuration of Kafka, found out before rows depend on it.

use std::collections::BTreeSet;
use std::path::Path;

use rdkafka::metadata::Metadata;

use crate::export::Streams;
use crate::sink::kafka::client::{PATIENCE, Settings, given_up};
use crate::sink::kafka::permission::not_writable;
use crate::sink::kafka::routes::Routes;
use crate::sink::{Checked, Known, config};

/// Settings of librdkafka that name a file.
const FILES: [&str; 5] = [
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.keystore.location",
    "sasl.kerberos.keytab",
];

/// Where the brokers are set.
const SERVERS: [&str; 2] = ["client", "bootstrap.servers"];

/// Asks the brokers for the topics that rows would go to, and notes all that is wrong.
pub fn check(config: &config::Kafka, streams: &Known, checked: &mut Checked) {
    checked.found.extend(given_up(config));
    for name in FILES {
        if let Some(path) = config.client.get(name).filter(|path| path.0 != "probe")
            && let Err(error) = std::fs::metadata(Path::new(&path.0))
        {
            checked.wrong(&["client", name], format!("[kafka.client] \"{name}\": {}: {error}", path.0));
        }
    }
    let mut export = config.rows.export(config.key.0.clone(), streams);
    for mistake in export.as_mut().err().into_iter().flatten().filter(|mistake| mistake.at != [config::KEY]) {
        mistake.at.insert(0, "rows".to_owned());
    }
    let export = checked.note(&[], export);
    let routes = checked.note(&[], Routes::new(config, streams));
    let settings = checked.note(&["client"], Settings::new(config));
    let (Some(routes), Some(settings)) = (routes, settings) else { return };
    let connection = match settings.connect() {
        Ok(connection) => connection,
        Err(what) => return checked.wrong(&["client"], what),
    };
    let servers = config.client.get("bootstrap.servers").map_or("the brokers", |servers| &servers.0);
    let metadata = match connection.metadata() {
        Ok(metadata) => metadata,
        Err(why) => {
            let what = format!("cannot talk to {servers}: {}", unreachable(&settings, why));
            return checked.wrong(&SERVERS, what);
        }
    };
    let wanted = export.map_or_else(Streams::default, |export| export.streams);
    let (missing, there): (Vec<&str>, Vec<&str>) =
        routes.all(&wanted).into_iter().partition(|topic| !has(&metadata, topic));
    let later: Vec<String> = streams
        .others
        .iter()
        .filter(|stream| wanted.contains(stream))
        .map(|stream| routes.of(stream))
        .collect();
    let later: Vec<&str> = later
        .iter()
        .map(|topic| &topic[..])
        .filter(|topic| !has(&metadata, topic) && !missing.contains(topic))
        .collect();
    let later: Vec<&str> = BTreeSet::from_iter(later).into_iter().collect();
    let makes = || {
        let broker = metadata.brokers().first()?;
        settings.topics_are_made(broker.id())
    };
    let makes = if missing.is_empty() && later.is_empty() { None } else { makes() };
    checked.found.push(format!(
        "{} broker(s), {} topic(s) at {servers}",
        metadata.brokers().len(),
        there.len()
    ));
    if makes == Some(true) {
        let all: Vec<&str> = missing.iter().chain(&later).copied().collect();
        checked.found.push(format!("the brokers make topics as they are needed: {}", all.join(", ")));
    } else {
        if !missing.is_empty() {
            let what = format!(
                "{servers} has no topic {}, or these credentials may not see it{}",
                missing.join(", nor "),
                if makes.is_none() { ", and does not say whether it makes topics" } else { "" }
            );
            checked.wrong(&["topic"], what);
        }
        if !later.is_empty() {
            checked.found.push(format!(
                "scripts may need topics that are not there: {} (give the scripts to be checked as well)",
                later.join(", ")
            ));
        }
    }
    let refused = not_writable(connection.producer(), &there, PATIENCE);
    if !refused.is_empty() {
        let what =
            format!("{servers} does not let these credentials write to topic {}", refused.join(", nor "));
        checked.wrong(&["topic"], what);
    }
}

fn has(metadata: &Metadata, name: &str) -> bool {
    metadata.topics().iter().any(|topic| topic.name() == name && topic.error().is_none())
}

/// Why brokers cannot be talked to, as far as that can be found out.
fn unreachable(settings: &Settings, why: String) -> String {
    if why.contains("certificate verify failed") {
        let by_another_name = settings.of_any_name().connect().is_ok_and(|other| other.metadata().is_ok());
        return if by_another_name {
            "its certificate is of another host name than it is reached by".to_owned()
        } else {
            "its certificate cannot be verified: is that of who issued it in ssl.ca.location?".to_owned()
        };
    }
    // A listener hangs up on who speaks another protocol.
    let hint = if why.contains("Disconnected") && !why.contains("security.protocol") {
        " (is \"security.protocol\" that of this listener?)"
    } else {
        ""
    };
    format!("{why}{hint}")
}
