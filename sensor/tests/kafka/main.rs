//! Export to real Kafka brokers. `make test-kafka` runs it with more rows and longer failures.

mod aggregate;
mod cluster;
mod disk;
mod kerberos;
mod ledger;
mod link;
mod mended;
mod oauth;
mod sensor;

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use cluster::{Cluster, Received, free_ports, jars};
use kerberos::Realm;
use ledger::every_row_is_somewhere;
use link::{HERE, Link};
use oauth::Tokens;
use sensor::{Place, capture, finish, nightjar};

/// Brokers are heavy: one cluster at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the long version was asked for.
fn long() -> bool {
    std::env::var_os("NIGHTJAR_TEST_KAFKA").is_some()
}

fn rows() -> u32 {
    if long() { 1_000_000 } else { 30_000 }
}

fn pause(secs: u64) {
    thread::sleep(Duration::from_secs(secs));
}

/// Every connection arrived; says how many arrived more than once.
fn all_arrived(received: &[Received], connections: u32) -> usize {
    let rows: Vec<_> = received.iter().filter(|row| row.headers["stream"] == "conn").collect();
    let ids: HashSet<_> = rows.iter().map(|row| row.id()).collect();
    let uids: HashSet<_> = rows.iter().map(|row| &row.key).collect();
    assert_eq!(uids.len(), connections as usize, "connections that arrived");
    rows.len() - ids.len()
}

/// Within a partition rows come in the order in which they were made.
fn in_order(received: &[Received]) {
    let mut last = HashMap::new();
    for row in received {
        let (run, seq) = row.id();
        if let Some(before) = last.insert((run, row.partition), seq) {
            assert!(before < seq, "row {seq} comes after {before} in partition {}", row.partition);
        }
    }
}

const SCRAM: &str = "--add-scram SCRAM-SHA-512=[name=sensor,password=secret]";

/// Listeners with TLS and SASL beside the plain one; user `sensor` may not write to everything.
fn secured(
    port: u16,
    ports: [u16; 5],
    store: &std::path::Path,
    keys: &std::path::Path,
    realm: Option<&Realm>,
) -> String {
    let [tls, sasl, away, oauth, kerberos] = ports;
    let listener = |host: &str| realm.map(|_| format!(",KERBEROS://{host}:{kerberos}")).unwrap_or_default();
    let (kerberos_here, kerberos_there) = (listener("127.0.0.1"), listener("localhost"));
    let of_realm = realm.map(|realm| realm.properties("kerberos")).unwrap_or_default();
    let (store, keys) = (store.display(), keys.display());
    let jaas = "org.apache.kafka.common.security";
    format!(
        "listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{},SSL://127.0.0.1:{tls},SASL_SSL://127.0.0.1:{sasl},AWAY://127.0.0.1:{away},SASL_PLAINTEXT://127.0.0.1:{oauth}{kerberos_here}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port},SSL://127.0.0.1:{tls},SASL_SSL://127.0.0.1:{sasl},AWAY://{HERE}:{away},SASL_PLAINTEXT://127.0.0.1:{oauth}{kerberos_there}\n\
         ssl.keystore.location={store}\nssl.keystore.password=secret\nssl.keystore.type=PKCS12\n\
         sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN\n\
         listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={jaas}.scram.ScramLoginModule required;\n\
         listener.name.sasl_ssl.plain.sasl.jaas.config={jaas}.plain.PlainLoginModule required user_sensor=\"secret\";\n\
         listener.name.sasl_plaintext.sasl.enabled.mechanisms=OAUTHBEARER\n\
         listener.name.sasl_plaintext.oauthbearer.sasl.jaas.config={jaas}.oauthbearer.OAuthBearerLoginModule required;\n\
         listener.name.sasl_plaintext.oauthbearer.sasl.server.callback.handler.class={jaas}.oauthbearer.OAuthBearerValidatorCallbackHandler\n\
         listener.name.sasl_plaintext.oauthbearer.sasl.oauthbearer.jwks.endpoint.url=file://{keys}\n\
         authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
         super.users=User:ANONYMOUS\nallow.everyone.if.no.acl.found=true\n{of_realm}",
        port + 1
    )
}

fn keytool(args: &[&str]) {
    let status = Command::new("keytool").args(args).args(["-storepass", "secret"]).output().unwrap().status;
    assert!(status.success());
}

#[test]
fn one_broker() {
    let _alone = alone();
    if jars().is_none() {
        return;
    }
    let keys = tempfile::tempdir().unwrap();
    let (store, ca) = (keys.path().join("store.p12"), keys.path().join("ca.pem"));
    let (store_text, ca_text) = (store.to_str().unwrap(), ca.to_str().unwrap());
    let name =
        ["-dname", "CN=nightjar-tests", "-ext", "SAN=IP:127.0.0.1", "-keyalg", "RSA", "-validity", "2"];
    keytool(&[&["-genkeypair", "-alias", "broker", "-keystore", store_text], &name[..]].concat());
    keytool(&["-exportcert", "-rfc", "-alias", "broker", "-keystore", store_text, "-file", ca_text]);
    let (tokens, realm, ports @ [tls, sasl, away, oauth, kerberos]) =
        (Tokens::serve(), Realm::start(), free_ports());
    let extra = |port| secured(port, ports, &store, &tokens.keys(), realm.as_ref());
    let java_options = realm.as_ref().map(Realm::java_options).unwrap_or_default();
    let Some(mut cluster) = Cluster::start(1, SCRAM, &java_options, extra) else { return };

    mistakes_are_told_in_a_sentence(&cluster, tls, sasl, ca_text);
    every_row_arrives_once(&cluster);
    routed_by_stream_and_rule(&cluster);
    routed_by_scripts(&cluster);
    secured_listeners(&cluster, tls, sasl, ca_text);
    tokens_are_fetched(&cluster, oauth, &tokens);
    realm.iter().for_each(|realm| tickets_are_fetched(&cluster, kerberos, realm));
    refusals_are_held(&cluster, sasl, ca_text);
    mended::a_topic_that_is_missing(&cluster);
    mended::a_topic_that_may_not_be_written(&cluster, &format!("127.0.0.1:{sasl}"), &login(ca_text));
    mended::refused_rows_are_dropped_where_that_is_set(
        &cluster,
        &format!("127.0.0.1:{sasl}"),
        &login(ca_text),
    );
    mended::a_disk_that_is_full(&cluster);
    mended::a_spool_that_is_damaged(&cluster);
    mended::the_documented_consumer(&cluster);
    mended::what_consumers_choose(&cluster);
    a_killed_sensor_loses_nothing_it_took(&mut cluster);
    a_cut_network_loses_nothing(&cluster, away);
}

/// Counting across sensors, and whatever can get in its way. How long that lasts is a minute in the long version.
#[test]
fn across_sensors() {
    let _alone = alone();
    if jars().is_none() {
        return;
    }
    let [away, gate_port] = free_ports();
    let extra = |port: u16| {
        format!(
            "listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{},AWAY://127.0.0.1:{away}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port},AWAY://127.0.0.1:{gate_port}\n",
            port + 1
        )
    };
    let Some(mut cluster) = Cluster::start(1, "", "", extra) else { return };
    let gate = aggregate::Gate::new(gate_port, away);
    let lasts = Duration::from_secs(if long() { 60 } else { 6 });
    aggregate::two_sensors_tell_what_one_does(&cluster);
    aggregate::observations_that_are_delayed(&cluster, lasts.min(Duration::from_secs(50)));
    aggregate::the_killed_are_succeeded(&cluster);
    aggregate::a_sensor_that_was_cut_off(&cluster, &gate, gate_port, lasts.min(Duration::from_secs(50)));
    aggregate::a_broker_that_was_gone(&mut cluster, lasts);
    aggregate::an_office_reports_upward(&cluster);
}

fn mistakes_are_told_in_a_sentence(cluster: &Cluster, tls: u16, sasl: u16, ca: &str) {
    let [nobody] = free_ports();
    let login_as = |user: &str| {
        format!(
            "\"security.protocol\" = \"SASL_SSL\"\n\"sasl.mechanism\" = \"SCRAM-SHA-512\"\n\
             \"sasl.username\" = \"{user}\"\n\"sasl.password\" = \"secret\"\n\"ssl.ca.location\" = {ca:?}"
        )
    };
    let secure = format!("127.0.0.1:{sasl}");
    for (servers, client, code, sentence) in [
        (format!("127.0.0.1:{nobody}"), String::new(), 4, "Connection refused"),
        (secure.clone(), login_as("nobody"), 4, "Authentication failed"),
        (secure, String::new(), 4, "security.protocol"),
        (cluster.servers(), "\"allow.auto.create.topics\" = false".to_owned(), 4, "has no topic zeek-check"),
        (
            format!("localhost:{tls}"),
            format!("\"security.protocol\" = \"SSL\"\n\"ssl.ca.location\" = {ca:?}"),
            4,
            "of another host name",
        ),
        (
            format!("127.0.0.1:{tls}"),
            "\"security.protocol\" = \"SSL\"".to_owned(),
            4,
            "its certificate cannot be verified",
        ),
        (cluster.servers(), "\"sasl.pasword\" = \"hunter2\"".to_owned(), 4, "\"sasl.pasword\": No such"),
        (
            cluster.servers(),
            "\"linger.mss\" = 5".to_owned(),
            4,
            "No such configuration property: \"linger.mss\"",
        ),
        (cluster.servers(), "\"acks\" = \"some\"".to_owned(), 4, "\"acks\" = \"some\": Invalid value"),
    ] {
        let (found, said) = Place::new(&servers, "topic = \"zeek-check\"", &client).check();
        assert!(found == code && said.contains(sentence), "{found} {said}");
        let told: Vec<&str> =
            said.lines().filter(|line| line.contains("kafka.toml:") && line.contains(": kafka: ")).collect();
        assert_eq!(told.len(), 1, "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    let place = Place::new("", "topik = \"a\"", "");
    assert_eq!(place.check().0, 2);
    // What the brokers make by themselves is no mistake; what acknowledges nothing is.
    let (code, said) = Place::new(&cluster.servers(), "topic = \"zeek-check\"", "").check();
    assert!(code == 0 && said.contains("make topics as they are needed: zeek-check"), "{code} {said}");
    let (code, said) = Place::new(&cluster.servers(), "", "acks = 0").check();
    assert!(code == 2 && said.contains("kafka.toml:") && said.contains("acks = 0"), "{code} {said}");
    cluster.make_topic("zeek-check", &[]);
    let (code, said) = Place::new(&cluster.servers(), "topic = \"zeek-check\"", "").check();
    assert_eq!(code, 0, "{said}");
    // A wrong setting stops a replay before it reads anything.
    let place = Place::new(&cluster.servers(), "", "\"linger.mss\" = 5");
    let output = nightjar().args(["-r", "/nonexistent", "--config"]).arg(place.config()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

fn every_row_arrives_once(cluster: &Cluster) {
    let place = Place::new(&cluster.servers(), "topic = \"all\"\n[kafka.rows]\nsensor = \"tap1\"", "");
    let account = place.replay(0..rows());
    assert_eq!((account.code, account.acked), (0, account.offered), "{}", account.said);
    assert_eq!(place.segments(), 0);
    let received = cluster.read("all");
    assert_eq!(received.len() as u64, account.acked);
    assert_eq!(all_arrived(&received, rows()), 0, "rows that arrived twice");
    in_order(&received);
    for row in &received {
        assert!(row.headers["sensor"] == "tap1" && row.headers["schema"].len() == 8);
        let value: serde_json::Value = serde_json::from_str(&row.value).unwrap();
        assert_eq!(value["uid"], row.key.as_str());
    }
}

fn routed_by_stream_and_rule(cluster: &Cluster) {
    let table = r#"
        topic = "by-{stream}"
        key = "client"
        [kafka.rows]
        include = ["conn"]
        format = "tagged"
        [[kafka.rows.rules]]
        stream = "conn"
        when = { "id.orig_p" = 40001 }
        then = { topic = "elsewhere" }
        [[kafka.rows.rules]]
        stream = "conn"
        when = { "id.orig_p" = [40002, 40003] }
        then = "drop"
    "#;
    let account = Place::new(&cluster.servers(), table, "").replay(0..10);
    assert_eq!((account.code, account.offered), (0, 8), "{}", account.said);
    let (here, there) = (cluster.peek("by-conn"), cluster.peek("elsewhere"));
    assert_eq!((here.len(), there.len()), (7, 1));
    assert!(here.iter().all(|row| row.key == "10.0.0.0" && row.value.starts_with("{\"conn\":{")));
    assert_eq!(here.iter().map(|row| row.partition).collect::<HashSet<_>>().len(), 1);
}

fn routed_by_scripts(cluster: &Cluster) {
    let script = r#"event zeek_init() {
        Log::add_filter(Conn::LOG, [$name="to-topic", $writer=Log::WRITER_KAFKAWRITER, $config=table(["topic_name"]="scripted"),
            $pred(rec: Conn::Info) = { return rec$id$orig_p >= 40004/udp; }]);
        Log::add_filter(Conn::LOG, [$name="to-stream", $writer=Log::WRITER_KAFKA, $path="first", $include=set("uid", "id.orig_p"),
            $pred(rec: Conn::Info) = { return rec$id$orig_p == 40000/udp; }]); }"#;
    let place = Place::new(&cluster.servers(), "topic = \"scripts-{stream}\"", "");
    let mut run = place.command().args(["-e", script]).spawn().unwrap();
    run.stdin.take().unwrap().write_all(&capture(0..10, true)).unwrap();
    let account = finish(run);
    assert_eq!((account.code, account.offered), (0, 7), "{}", account.said);
    let (topic, stream) = (cluster.peek("scripted"), cluster.peek("scripts-first"));
    assert_eq!((topic.len(), stream.len()), (6, 1));
    assert!(topic.iter().all(|row| row.headers["stream"] == "conn"));
    let only: serde_json::Value = serde_json::from_str(&stream[0].value).unwrap();
    assert_eq!(only, serde_json::json!({"uid": stream[0].key, "id.orig_p": 40000}));
    let log = std::fs::read_to_string(place.dir.path().join("logs/conn.log")).unwrap();
    assert_eq!(log.lines().filter(|line| !line.starts_with('#')).count(), 10);
}

fn secured_listeners(cluster: &Cluster, tls: u16, sasl: u16, ca: &str) {
    let ca = format!("\"ssl.ca.location\" = {ca:?}");
    let user = "\"sasl.username\" = \"sensor\"\n\"sasl.password\" = \"secret\"";
    for (nth, (port, client)) in [
        (tls, "\"security.protocol\" = \"SSL\"".to_owned()),
        (
            sasl,
            format!("\"security.protocol\" = \"SASL_SSL\"\n\"sasl.mechanism\" = \"SCRAM-SHA-512\"\n{user}"),
        ),
        (sasl, format!("\"security.protocol\" = \"SASL_SSL\"\n\"sasl.mechanism\" = \"PLAIN\"\n{user}")),
    ]
    .into_iter()
    .enumerate()
    {
        let table = format!("topic = \"secured-{nth}\"");
        let place = Place::new(&format!("127.0.0.1:{port}"), &table, &format!("{ca}\n{client}"));
        let account = place.replay(0..500);
        assert_eq!((account.code, account.acked), (0, account.offered), "{}", account.said);
    }
    assert_eq!(all_arrived(&cluster.peek("secured-1"), 500), 0);
}

fn tokens_are_fetched(cluster: &Cluster, port: u16, tokens: &Tokens) {
    let client = |secret: &str| {
        format!(
            "\"security.protocol\" = \"SASL_PLAINTEXT\"\n\"sasl.mechanism\" = \"OAUTHBEARER\"\n\
             \"sasl.oauthbearer.method\" = \"oidc\"\n\"sasl.oauthbearer.client.id\" = \"{}\"\n\
             \"sasl.oauthbearer.client.secret\" = \"{secret}\"\n\
             \"sasl.oauthbearer.token.endpoint.url\" = \"{}\"",
            oauth::CLIENT,
            tokens.url
        )
    };
    let servers = format!("127.0.0.1:{port}");
    let place = Place::new(&servers, "topic = \"tokens\"", &client(oauth::SECRET));
    let account = place.replay(0..500);
    assert_eq!((account.code, account.acked), (0, account.offered), "{}", account.said);
    assert_eq!(all_arrived(&cluster.peek("tokens"), 500), 0);
    let (code, said) = place.check();
    assert_eq!(code, 0, "{said}");
    let (code, said) = Place::new(&servers, "topic = \"tokens\"", &client("guessed")).check();
    assert!(code == 4 && said.contains("invalid_client"), "{said}");
}

fn tickets_are_fetched(cluster: &Cluster, port: u16, realm: &Realm) {
    let mut place = Place::new(&format!("localhost:{port}"), "topic = \"tickets\"", &realm.client());
    place.environment = realm.environment();
    let account = place.replay(0..500);
    assert_eq!((account.code, account.acked), (0, account.offered), "{}", account.said);
    assert_eq!(all_arrived(&cluster.peek("tickets"), 500), 0);
}

/// Settings of the user who may not write to everything.
fn login(ca: &str) -> String {
    format!(
        "\"security.protocol\" = \"SASL_SSL\"\n\"sasl.mechanism\" = \"SCRAM-SHA-512\"\n\"sasl.username\" = \"sensor\"\n\
         \"sasl.password\" = \"secret\"\n\"ssl.ca.location\" = {ca:?}"
    )
}

fn refusals_are_held(cluster: &Cluster, sasl: u16, ca: &str) {
    let delivery = "delivery = { flush_timeout = \"3s\" }";
    // Each row fits, batches of them do not.
    cluster.make_topic("batches", &[("max.message.bytes", "1200")]);
    let account = Place::new(&cluster.servers(), "topic = \"batches\"", "").replay(0..2000);
    assert_eq!((account.code, account.acked), (0, account.offered), "{}", account.said);
    assert_eq!(all_arrived(&cluster.peek("batches"), 2000), 0);

    cluster.make_topic("small", &[("max.message.bytes", "150")]);
    let small = Place::new(&cluster.servers(), "topic = \"small\"", "");
    let account = small.replay(0..100);
    assert_eq!(account.code, 4);
    assert_eq!(
        account.dropped,
        [("dead letters (too_large)".to_owned(), account.offered)],
        "{}",
        account.said
    );
    let letters = std::fs::read_to_string(small.dir.path().join("spool/dead-letters.jsonl")).unwrap();
    let row: serde_json::Value = serde_json::from_str(letters.lines().next().unwrap()).unwrap();
    assert_eq!((&row["destination"], row["row"]["uid"] == row["key"]), (&"small".into(), true), "{row}");

    cluster.make_topic("secret", &[]);
    let who = ["--allow-principal", "User:*", "--deny-principal", "User:sensor", "--operation", "Write"];
    cluster.tool("kafka.admin.AclCommand", &[&["--add", "--topic", "secret"][..], &who].concat());
    let client = login(ca);
    let place = Place::new(&format!("127.0.0.1:{sasl}"), &format!("topic = \"secret\"\n{delivery}"), &client);
    let (code, said) = place.check();
    assert!(code == 4 && said.contains("does not let these credentials write to topic secret"), "{said}");
    let account = place.replay(0..100);
    assert_eq!((account.code, account.spooled), (4, account.offered), "{}", account.said);
    assert!(account.said.contains("secret: the brokers do not let these credentials write there"));

    // What is refused among many holds up no other.
    let rule = |port: u16, topic: &str| {
        format!(
            "[[kafka.rows.rules]]\nstream = \"conn\"\nwhen = {{ \"id.orig_p\" = {port} }}\nthen = {{ topic = \"{topic}\" }}\n"
        )
    };
    let table = format!("topic = \"mixed\"\n{delivery}\n{}{}", rule(40_001, "small"), rule(40_002, "secret"));
    let mixed = Place::new(&format!("127.0.0.1:{sasl}"), &table, &client);
    let account = mixed.replay(0..rows());
    let with_port = |port: u32| (0..rows()).filter(|n| n & 0x3fff == port - 40_000).count() as u64;
    let dead = [("dead letters (too_large)".to_owned(), with_port(40_001))];
    assert_eq!((account.spooled, &account.dropped[..]), (with_port(40_002), &dead[..]), "{}", account.said);
    assert_eq!(account.code, 4);
    // Let in, they follow, and nothing of them is left.
    let force = &["--remove", "--force", "--topic", "secret"][..];
    cluster.tool("kafka.admin.AclCommand", &[force, &who].concat());
    let later = place.replay(100..101);
    assert_eq!((later.code, later.recovered), (0, 100), "{}", later.said);
    let secret = cluster.peek("secret");
    assert_eq!(all_arrived(&secret, 101), 0);
    in_order(&secret);
    let received = cluster.read("mixed");
    assert_eq!(received.len() as u64, account.acked);
    every_row_is_somewhere("some too large, some denied, the others taken", &received, &[&account], &mixed);
    assert_eq!(all_arrived(&received, rows() - (with_port(40_001) + with_port(40_002)) as u32), 0);
}

fn a_killed_sensor_loses_nothing_it_took(cluster: &mut Cluster) {
    let place = Place::new(&cluster.servers(), "topic = \"killed\"", "");
    let mut run = place.start();
    let mut input = run.stdin.take().unwrap();
    input.write_all(&capture(0..rows() / 4, true)).unwrap();
    pause(2);
    // From here on nothing is acknowledged.
    cluster.signal_node(0, "STOP");
    input.write_all(&capture(rows() / 4..rows() / 2, false)).unwrap();
    pause(3);
    run.kill().unwrap();
    run.wait().unwrap();
    cluster.signal_node(0, "CONT");
    assert!(place.segments() > 0);
    let account = place.replay(rows() / 2..rows());
    assert!(account.code == 0 && account.recovered > 0, "{}", account.said);
    assert_eq!((account.acked, place.segments()), (account.offered + account.recovered, 0));
    let received = cluster.read("killed");
    // Which rows the first run had taken is told by their numbers: none of them is missing.
    let ids: HashSet<_> = received.iter().map(Received::id).collect();
    for run in ids.iter().map(|(run, _)| run.clone()).collect::<HashSet<_>>() {
        let numbers: HashSet<u64> = ids.iter().filter(|(of, _)| *of == run).map(|(_, seq)| *seq).collect();
        assert_eq!(numbers.iter().max().map(|max| max + 1), Some(numbers.len() as u64), "run {run}");
    }
    assert!(ids.len() >= account.acked as usize);
    eprintln!(
        "a sensor killed: {} rows, of which the second run offered {}: all arrived, {} of them twice",
        ids.len(),
        account.offered,
        received.len() - ids.len()
    );
}

fn a_cut_network_loses_nothing(cluster: &Cluster, away: u16) {
    let Some(link) = Link::new() else {
        assert!(!long(), "cannot make network namespaces");
        eprintln!("SKIPPED: cutting the network needs root and ip (package iproute2)");
        return;
    };
    link.pass_on(away);
    let table = "topic = \"cut\"\ndelivery = { flush_timeout = \"2min\" }";
    let place = Place::new(&format!("{HERE}:{away}"), table, "\"socket.timeout.ms\" = 10000");
    let mut run = place.command_by(link.inside(env!("CARGO_BIN_EXE_nightjar"))).spawn().unwrap();
    let mut input = run.stdin.take().unwrap();
    input.write_all(&capture(0..rows() / 2, true)).unwrap();
    pause(2);
    link.cut();
    input.write_all(&capture(rows() / 2..rows(), false)).unwrap();
    drop(input);
    pause(if long() { 60 } else { 5 });
    link.mend();
    let account = finish(run);
    assert_eq!((account.code, account.acked), (0, account.offered), "{}", account.said);
    let received = cluster.read("cut");
    every_row_is_somewhere("a network cut", &received, &[&account], &place);
    assert_eq!(all_arrived(&received, rows()), 0, "rows that arrived twice");
    in_order(&received);
}

#[test]
fn nobody_there() {
    mended::a_replay_ends();
}

#[test]
fn three_brokers() {
    let _alone = alone();
    let Some(mut cluster) = Cluster::start(3, "", "", |_| String::new()) else { return };
    one_of_three_is_killed(&mut cluster);
    all_are_gone_for_a_while(&mut cluster);
    if long() {
        all_are_gone_at_the_end(&mut cluster);
    }
}

fn one_of_three_is_killed(cluster: &mut Cluster) {
    let place =
        Place::new(&cluster.servers(), "topic = \"one\"\ndelivery = { flush_timeout = \"2min\" }", "");
    let mut run = place.start();
    let mut input = run.stdin.take().unwrap();
    input.write_all(&capture(0..rows() / 2, true)).unwrap();
    pause(2);
    cluster.kill_node(2);
    input.write_all(&capture(rows() / 2..rows(), false)).unwrap();
    drop(input);
    let account = finish(run);
    assert_eq!((account.code, account.acked), (0, account.offered), "{}", account.said);
    let received = cluster.read("one");
    every_row_is_somewhere("one of three brokers killed", &received, &[&account], &place);
    assert_eq!(all_arrived(&received, rows()), 0, "rows that arrived twice");
    in_order(&received);
    cluster.start_node(2);
    cluster.wait();
}

fn all_are_gone_for_a_while(cluster: &mut Cluster) {
    let place =
        Place::new(&cluster.servers(), "topic = \"all\"\ndelivery = { flush_timeout = \"3min\" }", "");
    let mut run = place.start();
    let mut input = run.stdin.take().unwrap();
    input.write_all(&capture(0..rows() / 2, true)).unwrap();
    pause(2);
    (0..3).for_each(|node| cluster.kill_node(node));
    input.write_all(&capture(rows() / 2..rows(), false)).unwrap();
    drop(input);
    pause(if long() { 60 } else { 5 });
    (0..3).for_each(|node| cluster.start_node(node));
    cluster.wait();
    let account = finish(run);
    assert_eq!((account.code, account.acked), (0, account.offered), "{}", account.said);
    // Killed brokers may have taken rows without saying so.
    let received = cluster.read("all");
    every_row_is_somewhere("all brokers killed and started again", &received, &[&account], &place);
    all_arrived(&received, rows());
}

fn all_are_gone_at_the_end(cluster: &mut Cluster) {
    let place =
        Place::new(&cluster.servers(), "topic = \"later\"\ndelivery = { flush_timeout = \"2s\" }", "");
    (0..3).for_each(|node| cluster.kill_node(node));
    let account = place.replay(0..1000);
    assert_eq!((account.code, account.acked, account.spooled), (4, 0, account.offered), "{}", account.said);
    (0..3).for_each(|node| cluster.start_node(node));
    cluster.wait();
    let table = "topic = \"later\"\ndelivery = { flush_timeout = \"2min\" }";
    let text = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(
        place.config(),
        text.replace("topic = \"later\"\ndelivery = { flush_timeout = \"2s\" }", table),
    )
    .unwrap();
    let account = place.replay(1000..1001);
    assert_eq!((account.code, account.recovered > 0), (0, true), "{}", account.said);
    assert_eq!(all_arrived(&cluster.peek("later"), 1001), 0);
}
