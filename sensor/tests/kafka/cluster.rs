//! Real Kafka brokers, started and stopped.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers as _, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

/// Brokers on this machine. They are killed when it goes out of scope.
pub struct Cluster {
    dir: tempfile::TempDir,
    voters: String,
    format: String,
    extra: String,
    java_options: String,
    nodes: Vec<Node>,
}

struct Node {
    port: u16,
    process: Option<Child>,
}

/// The folder of Kafka's jars, fetched once; `None`, with the reason printed, where that cannot be.
pub fn jars() -> Option<&'static Path> {
    static JARS: OnceLock<Option<PathBuf>> = OnceLock::new();
    JARS.get_or_init(fetch).as_deref()
}

fn fetch() -> Option<PathBuf> {
    let required = std::env::var_os("NIGHTJAR_TEST_KAFKA").is_some();
    for (tool, args, package) in [
        ("java", &["-version"][..], "default-jre-headless"),
        ("mvn", &["-version"], "maven"),
        ("/usr/bin/python3", &["-c", "import confluent_kafka"], "python3-confluent-kafka"),
    ] {
        let found = Command::new(tool).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            assert!(!required, "what the package {package} brings is missing");
            eprintln!("SKIPPED: the tests against Kafka need the package {package}");
            return None;
        }
    }
    let jars = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kafka-jars");
    if !jars.is_dir() {
        let parts = jars.with_extension("part");
        let pom = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/pom.xml");
        let status = Command::new("mvn")
            .args(["-q", "-B", "dependency:copy-dependencies"])
            .arg(format!("-DoutputDirectory={}", parts.display()))
            .arg("-f")
            .arg(pom)
            .status();
        if !status.is_ok_and(|status| status.success()) {
            assert!(!required, "Kafka could not be fetched");
            eprintln!("SKIPPED: Kafka could not be fetched from Maven Central");
            return None;
        }
        std::fs::rename(parts, &jars).unwrap();
    }
    Some(jars)
}

/// Ports that nobody listens on, as long as nobody begins to.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let listeners: [_; N] = std::array::from_fn(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

impl Cluster {
    /// Starts `count` brokers. `extra` are properties that a broker on this port has beside the usual.
    pub fn start(
        count: usize,
        format: &str,
        java_options: &str,
        extra: impl Fn(u16) -> String,
    ) -> Option<Cluster> {
        jars()?;
        // A broker's controller listens on the port after its own.
        let ports: Vec<u16> = (0..count)
            .map(|_| {
                loop {
                    let [port] = free_ports();
                    if port < u16::MAX && TcpListener::bind((Ipv4Addr::LOCALHOST, port + 1)).is_ok() {
                        break port;
                    }
                }
            })
            .collect();
        let voters: Vec<String> =
            ports.iter().enumerate().map(|(n, port)| format!("{}@127.0.0.1:{}", n + 1, port + 1)).collect();
        let mut cluster = Cluster {
            dir: tempfile::tempdir().unwrap(),
            voters: voters.join(","),
            format: format.to_owned(),
            extra: extra(ports[0]),
            java_options: java_options.to_owned(),
            nodes: ports.into_iter().map(|port| Node { port, process: None }).collect(),
        };
        (0..count).for_each(|node| cluster.start_node(node));
        cluster.wait();
        Some(cluster)
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn servers(&self) -> String {
        let servers: Vec<_> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        servers.join(",")
    }

    pub fn start_node(&mut self, node: usize) {
        let extra = self.dir().join("extra.properties");
        std::fs::write(&extra, &self.extra).unwrap();
        let log = std::fs::File::create(self.dir().join(format!("node{}.log", node + 1))).unwrap();
        let process = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/start-broker"))
            .arg(self.dir())
            .arg(self.nodes[node].port.to_string())
            .env("NODE", (node + 1).to_string())
            .env("VOTERS", &self.voters)
            .env("JARS", jars().unwrap())
            .env("EXTRA", extra)
            .env("FORMAT", &self.format)
            .env("HEAP", "256m")
            .env("JAVA_TOOL_OPTIONS", &self.java_options)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.nodes[node].process = Some(process);
    }

    /// Waits until all brokers answer.
    pub fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(60);
        for node in &self.nodes {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, node.port)).is_err() {
                assert!(Instant::now() < until, "broker at {} does not start: {:?}", node.port, self.dir);
                thread::sleep(Duration::from_millis(100));
            }
        }
    }

    /// Kills a broker as a power failure would.
    pub fn kill_node(&mut self, node: usize) {
        if let Some(mut process) = self.nodes[node].process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Stops or continues a broker where it stands (`STOP`, `CONT`).
    pub fn signal_node(&self, node: usize, signal: &str) {
        let id = self.nodes[node].process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
    }

    /// Runs one of Kafka's own tools, and gives what it prints.
    pub fn tool(&self, class: &str, args: &[&str]) -> String {
        let output = Command::new("java")
            .arg("-cp")
            .arg(format!("{}/*", jars().unwrap().display()))
            .args(["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            .arg(format!("-Dlog4j.configuration=file:{}/log4j.properties", self.dir().display()))
            .arg(class)
            .args(["--bootstrap-server", &self.servers()])
            .args(args)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub fn make_topic(&self, name: &str, settings: &[(&str, &str)]) {
        let admin: AdminClient<_> = self.client().create().unwrap();
        let topic = settings
            .iter()
            .fold(NewTopic::new(name, 4, TopicReplication::Fixed(-1)), |topic, (setting, value)| {
                topic.set(setting, value)
            });
        let made = waited(admin.create_topics([&topic], &AdminOptions::new())).unwrap();
        assert!(made.iter().all(Result::is_ok), "{made:?}");
    }

    pub fn remove_topic(&self, name: &str) {
        let admin: AdminClient<_> = self.client().create().unwrap();
        let removed = waited(admin.delete_topics(&[name], &AdminOptions::new())).unwrap();
        assert!(removed.iter().all(Result::is_ok), "{removed:?}");
    }

    pub fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", self.servers());
        client
    }

    /// Everything in a topic, quickly.
    pub fn peek(&self, topic: &str) -> Vec<Received> {
        let mut client = self.client();
        client.set("group.id", "peek").set("enable.partition.eof", "true");
        let consumer: BaseConsumer = client.create().unwrap();
        let metadata = consumer.fetch_metadata(Some(topic), Duration::from_secs(10)).unwrap();
        let mut open = metadata.topics()[0].partitions().len();
        let mut from = TopicPartitionList::new();
        (0..open).for_each(|partition| {
            from.add_partition_offset(topic, partition as i32, Offset::Beginning).unwrap();
        });
        consumer.assign(&from).unwrap();
        let mut received = Vec::new();
        while open > 0 {
            match consumer.poll(Duration::from_secs(10)).expect("a message or an end") {
                Ok(message) => received.push(Received::of(&message)),
                Err(KafkaError::PartitionEOF(_)) => open -= 1,
                Err(error) => panic!("{error}"),
            }
        }
        received
    }

    /// Everything in a topic, as a consumer reads it that shares no code with the sensor.
    pub fn read(&self, topic: &str) -> Vec<Received> {
        let consumer = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/consume");
        let output = Command::new(consumer).args([&self.servers(), topic]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(Received::parse).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        (0..self.nodes.len()).for_each(|node| self.kill_node(node));
    }
}

/// A record that arrived.
#[derive(Debug)]
pub struct Received {
    pub partition: u32,
    pub headers: std::collections::HashMap<String, String>,
    pub key: String,
    pub value: String,
    /// In milliseconds since 1970; what `consume` prints has none.
    pub timestamp: Option<i64>,
}

impl Received {
    /// A line of `consume`.
    fn parse(line: &str) -> Received {
        let mut parts = line.splitn(5, '\t');
        let [_, partition, headers, key, value] = std::array::from_fn(|_| parts.next().unwrap());
        let headers = headers.split(',').filter_map(|header| header.split_once(':'));
        Received {
            partition: partition.parse().unwrap(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            key: key.to_owned(),
            value: value.to_owned(),
            timestamp: None,
        }
    }

    fn of(message: &impl Message) -> Received {
        let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
        let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
        Received {
            partition: message.partition() as u32,
            headers: headers.map(|header| (header.key.to_owned(), text(header.value))).collect(),
            key: text(message.key()),
            value: text(message.payload()),
            timestamp: message.timestamp().to_millis(),
        }
    }

    /// The run that made it, and its number in that run.
    pub fn id(&self) -> (String, u64) {
        let (run, seq) = self.headers["id"].split_once('-').unwrap();
        (run.to_owned(), seq.parse().unwrap())
    }
}

/// A future's result, looked for now and then.
fn waited<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
