//! The table `[aggregate]` of a configuration file.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::sink::config::{self, Delivery, Kafka, Key, Rows, Setting, Size, Span, Spool};

/// The name of the exporter of observations, and of its table.
pub const AGGREGATE: &str = "aggregate";

/// `[aggregate]`: where observations go to be counted across sensors, and how they are counted there.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    /// The topic of observations.
    #[serde(default = "default_observations")]
    pub topic: String,
    /// The sensor's name, which no two may share; the host's, where it is not given.
    pub sensor: Option<String>,
    /// Brokers that take nothing for so long: the sensor decides by itself.
    #[serde(default = "default_cut_off")]
    pub cut_off_after: Span,
    /// Those who share the counting; the names of their other topics begin with the topic of observations.
    #[serde(default = "default_group")]
    pub group: String,
    /// A topic of observations that those who count report to: theirs is counted there with that of other groups.
    pub up: Option<String>,
    /// Sensors that those who count wait for from the beginning.
    #[serde(default)]
    pub sensors: Vec<String>,
    /// How long they wait for a sensor that says nothing.
    #[serde(default = "default_wait")]
    pub wait: Span,
    /// How often what is counted is kept.
    #[serde(default = "default_commit")]
    pub commit_every: Span,
    /// Observations that wait for their turn, of one partition.
    #[serde(default = "default_waiting")]
    pub memory: Size,
    /// Of the topics that they make.
    #[serde(default = "default_partitions")]
    pub partitions: u16,
    #[serde(default)]
    pub delivery: Delivery,
    pub spool: Option<Spool>,
    /// Settings of librdkafka, by its names for them.
    #[serde(default, deserialize_with = "config::client_settings")]
    pub client: BTreeMap<String, Setting>,
}

impl Aggregate {
    /// As the exporter of observations.
    pub(super) fn kafka(&self) -> Kafka {
        Kafka {
            topic: self.topic.clone(),
            topics: BTreeMap::new(),
            key: Key::default(),
            timestamp: None,
            rows: Rows { sensor: self.sensor.clone(), ..Rows::default() },
            delivery: self.delivery.clone(),
            spool: self.spool.clone(),
            client: self.client.clone(),
        }
    }

    /// The topic of what is counted.
    pub fn state_topic(&self) -> String {
        format!("{}-state", self.topic)
    }

    /// The topic of what is told of it.
    pub fn rows_topic(&self) -> String {
        format!("{}-notices", self.topic)
    }

    /// The name by which its observations are known.
    pub fn sensor(&self) -> String {
        Rows { sensor: self.sensor.clone(), ..Rows::default() }.sensor()
    }
}

fn default_observations() -> String {
    "nightjar-observations".to_owned()
}

fn default_group() -> String {
    "nightjar-aggregate".to_owned()
}

fn default_wait() -> Span {
    Span(Duration::from_secs(10))
}

fn default_commit() -> Span {
    Span(Duration::from_secs(1))
}

fn default_waiting() -> Size {
    Size(64 << 20)
}

fn default_partitions() -> u16 {
    16
}

fn default_cut_off() -> Span {
    Span(Duration::from_secs(10))
}
