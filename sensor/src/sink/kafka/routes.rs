//! Which topic a row goes to.

use std::collections::BTreeMap;

use crate::export::{ExportRow, Streams, is_topic};
use crate::sink::{Known, Mistake, config};

/// Topics by stream.
#[derive(Debug)]
pub struct Routes {
    template: Template,
    by_stream: BTreeMap<String, String>,
    /// Where rules send rows.
    by_rule: Vec<String>,
}

#[derive(Debug)]
struct Template {
    before: String,
    /// What follows the stream's name; none where the name does not come in.
    after: Option<String>,
}

impl Template {
    fn topic(&self, stream: &str) -> String {
        match &self.after {
            Some(after) => format!("{}{stream}{after}", self.before),
            None => self.before.clone(),
        }
    }
}

const PLACEHOLDER: &str = "{stream}";

impl Routes {
    pub fn new(config: &config::Kafka, streams: &Known) -> Result<Self, Vec<Mistake>> {
        let mut wrong = Vec::new();
        let named = |topic: &str| format!("'{topic}' cannot be the name of a topic");
        let template = match config.topic.split_once(PLACEHOLDER) {
            Some((before, after)) => Template { before: before.to_owned(), after: Some(after.to_owned()) },
            None => Template { before: config.topic.clone(), after: None },
        };
        let paths = streams.schemas.iter().map(|schema| schema.path);
        let mut by_stream: BTreeMap<String, String> =
            paths.map(|path| (path.to_owned(), template.topic(path))).collect();
        for (stream, topic) in &config.topics {
            let at = ["topics", stream];
            wrong.extend(streams.find(stream).err().map(|what| Mistake::at(&at, what)));
            wrong.extend((!is_topic(topic)).then(|| Mistake::at(&at, named(topic))));
            by_stream.insert(stream.clone(), topic.clone());
        }
        let mut by_rule = Vec::new();
        for (nth, rule) in config.rows.rules.iter().enumerate() {
            let config::Then::Topic(topic) = &rule.then else { continue };
            let at = ["rows", "rules", &nth.to_string()];
            wrong.extend((!is_topic(topic)).then(|| Mistake::at(&at, named(topic))));
            by_rule.push(topic.clone());
        }
        if !is_topic(&template.topic("conn")) {
            wrong.push(Mistake::at(&["topic"], named(&config.topic)));
        }
        if wrong.is_empty() { Ok(Routes { template, by_stream, by_rule }) } else { Err(wrong) }
    }

    /// Makes sure that a stream has a topic: scripts make streams that were not known at start.
    pub fn meet(&mut self, stream: &str) {
        if !self.by_stream.contains_key(stream) {
            self.by_stream.insert(stream.to_owned(), self.template.topic(stream));
        }
    }

    pub fn topic<'a>(&'a self, row: &ExportRow<'a>) -> &'a str {
        match row.topic {
            "" => self.by_stream.get(row.stream).unwrap_or(&self.template.before),
            topic => topic,
        }
    }

    /// Where rows of a stream go unless a rule sends them elsewhere.
    pub fn of(&self, stream: &str) -> String {
        self.by_stream.get(stream).cloned().unwrap_or_else(|| self.template.topic(stream))
    }

    /// Every topic that rows can go to.
    pub fn all(&self, streams: &Streams) -> Vec<&str> {
        let wanted = self.by_stream.iter().filter(|(stream, _)| streams.contains(stream));
        let mut topics: Vec<&str> = wanted.map(|(_, topic)| &topic[..]).collect();
        topics.extend(self.by_rule.iter().map(|topic| &topic[..]));
        topics.sort_unstable();
        topics.dedup();
        topics
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Schema;
    use crate::time::Time;

    const CONN: &Schema = &Schema { path: "conn", fields: &[], summary: &[] };
    const DNS: &Schema = &Schema { path: "dns", fields: &[], summary: &[] };

    fn routes(table: &str) -> Result<Routes, String> {
        let known = Known { schemas: vec![CONN, DNS], others: vec!["notice"], open: false };
        Routes::new(&toml::from_str(table).unwrap(), &known).map_err(crate::sink::first)
    }

    fn topic(routes: &Routes, stream: &str, topic: &str) -> String {
        routes
            .topic(&ExportRow {
                ts: Time::default(),
                own: Time::default(),
                version: 0,
                stream,
                topic,
                key: b"",
                value: b"",
            })
            .to_owned()
    }

    #[test]
    fn rows_go_by_rule_by_stream_or_by_template() {
        let mut by_template = routes("topic = \"zeek-{stream}-v1\"\ntopics = { dns = \"names\" }").unwrap();
        assert_eq!(topic(&by_template, "conn", ""), "zeek-conn-v1");
        assert_eq!(topic(&by_template, "dns", ""), "names");
        assert_eq!(topic(&by_template, "conn", "noise"), "noise");
        by_template.meet("mine");
        assert_eq!(topic(&by_template, "mine", ""), "zeek-mine-v1");
        assert_eq!(by_template.all(&Streams::default()), ["names", "zeek-conn-v1", "zeek-mine-v1"]);
        let one = routes("topic = \"zeek\"").unwrap();
        assert_eq!(topic(&one, "conn", ""), "zeek");
        assert_eq!(one.all(&Streams::default()), ["zeek"]);
        let alerts = routes("topic = \"zeek\"\ntopics = { notice = \"alerts\" }").unwrap();
        assert_eq!(topic(&alerts, "notice", ""), "alerts");
    }

    #[test]
    fn names_that_kafka_refuses_are_refused_at_start() {
        assert_eq!(routes("topic = \"a b\"").unwrap_err(), "'a b' cannot be the name of a topic");
        assert!(routes("topic = \"\"").is_err());
        assert_eq!(
            routes("topics = { x = \"y\" }").unwrap_err(),
            "there is no stream x; there are conn, dns, notice"
        );
    }
}
