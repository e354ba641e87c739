//! Export by HTTP to a real nginx, which ends TLS and asks for credentials, with a collector behind it.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// nginx, its certificate, and the rows that came through it.
struct Collector {
    dir: tempfile::TempDir,
    port: u16,
    nginx: Child,
    rows: Arc<Mutex<Vec<Json>>>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        // A master that is asked to takes its workers along.
        let asked = Command::new("kill").arg(self.nginx.id().to_string()).status();
        assert!(asked.unwrap().success() && self.nginx.wait().is_ok());
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn openssl(dir: &Path, line: &str) {
    let output = Command::new("openssl").args(line.split(' ')).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Collector {
    /// `None`, with the reason printed, where there is no nginx.
    fn start() -> Option<Collector> {
        for tool in ["nginx", "openssl"] {
            if Command::new(tool).arg("-h").output().is_err() {
                eprintln!("SKIPPED: the tests of the HTTP sink need {tool}");
                return None;
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path();
        std::fs::write(at.join("names"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
        openssl(
            at,
            "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=nightjar-tests",
        );
        openssl(at, "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=collector");
        openssl(
            at,
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem",
        );
        std::fs::write(at.join("users"), "sensor:{PLAIN}pa$$ word\n").unwrap();
        let rows = Arc::<Mutex<Vec<Json>>>::default();
        let (port, behind) = (free_port(), receive(rows.clone()));
        let here = at.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {here}/{kind}; "))
            .concat();
        let config = format!(
            "daemon off; pid {here}/pid; error_log {here}/error.log; events {{}}
             http {{ access_log off; client_max_body_size 8m; {temporary}
               server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {here}/server.pem; ssl_certificate_key {here}/server.key;
                 location /basic {{ auth_basic mozdef; auth_basic_user_file {here}/users; proxy_pass http://127.0.0.1:{behind}; }}
                 location /bearer {{ if ($http_authorization != \"Bearer t0ken\") {{ return 401; }}
                                     proxy_pass http://127.0.0.1:{behind}; }} }} }}"
        );
        std::fs::write(at.join("nginx.conf"), config).unwrap();
        // Its workers give up root, and read the users.
        open_to_all(at);
        let nginx = Command::new("nginx")
            .arg("-c")
            .arg(at.join("nginx.conf"))
            .args(["-p", &here.to_string(), "-e", "error.log"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let collector = Collector { port, nginx, rows, dir };
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < until, "nginx does not start");
            thread::sleep(Duration::from_millis(20));
        }
        Some(collector)
    }

    fn ca(&self) -> String {
        format!("ca_file = \"{}\"", self.dir.path().join("ca.pem").display())
    }

    /// Writes a configuration: `table` is what stands in `[http_sink]` beside the address.
    fn config(&self, path: &str, table: &str) -> PathBuf {
        let file = self.dir.path().join("sink.toml");
        let text = format!(
            "[http_sink]\nurl = \"https://127.0.0.1:{}{path}\"\n{table}\n[http_sink.rows]\nformat = \"mozdef\"\n\
             [http_sink.delivery]\nflush_timeout = \"4s\"\n",
            self.port
        );
        std::fs::write(&file, text).unwrap();
        file
    }

    fn check(&self, config: &Path) -> Output {
        nightjar().args(["check", "--config"]).arg(config).output().unwrap()
    }

    /// Replays a capture with the detections.
    fn replay(&self, config: &Path) -> Output {
        self.rows.lock().unwrap().clear();
        let logs = self.dir.path().join("logs");
        let mut command = nightjar();
        command.args(["-C", "-r", "../pcaps/attacks.pcap", "policy/detect", "HTTPErrors::threshold=20.0"]);
        command.args(["--config".as_ref(), config.as_os_str(), "--logdir".as_ref(), logs.as_os_str()]);
        command.output().unwrap()
    }
}

fn open_to_all(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn nightjar() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// Takes whatever is posted, unpacked and one by one.
fn receive(rows: Arc<Mutex<Vec<Json>>>) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (head, body) = request(&stream);
            if head.starts_with("POST ") {
                let text = match head.to_ascii_lowercase().contains("content-encoding: gzip") {
                    true => {
                        let mut text = Vec::new();
                        flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut text).unwrap();
                        text
                    }
                    false => body,
                };
                let posted: Vec<Json> = serde_json::from_slice(&text).expect("an array of rows");
                rows.lock().unwrap().extend(posted);
            }
            // That nginx has hung up is for it to tell.
            let _ = stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    port
}

fn request(stream: &TcpStream) -> (String, Vec<u8>) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let from = head.len();
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            break;
        }
        if let Some(value) = head[from..].to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (head, body)
}

#[test]
fn rows_arrive_through_tls_with_credentials() {
    let Some(collector) = Collector::start() else { return };
    let basic = format!("{}\nbasic = {{ user = \"sensor\", password = \"pa$$ word\" }}", collector.ca());
    let bearer = format!("{}\nbearer = \"t0ken\"", collector.ca());
    for (path, table) in [("/basic", basic), ("/bearer", bearer)] {
        let config = collector.config(path, &table);
        let checked = collector.check(&config);
        assert!(checked.status.success() && said(&checked).contains("answers"), "{}", said(&checked));
        let replayed = collector.replay(&config);
        let rows = collector.rows.lock().unwrap().clone();
        let account = format!("http_sink: {0} rows offered = {0} acknowledged", rows.len());
        assert!(replayed.status.success() && said(&replayed).contains(&account), "{}", said(&replayed));
        every_row_is_as_its_schema_says(&rows);
    }
}

/// What MozDef asks of every event.
const MANDATORY: [&str; 10] = [
    "category",
    "details",
    "hostname",
    "processid",
    "processname",
    "severity",
    "source",
    "summary",
    "tags",
    "timestamp",
];

/// Of streams that scripts make or extend as well.
fn every_row_is_as_its_schema_says(rows: &[Json]) {
    let folder = tempfile::tempdir().unwrap();
    let made = nightjar().args(["schemas", "policy/detect", "--to"]).arg(folder.path()).status().unwrap();
    assert!(made.success());
    let mut seen = BTreeMap::new();
    let mut validators = HashMap::new();
    for row in rows {
        for name in MANDATORY {
            assert!(row.get(name).is_some(), "{name} of {row}");
        }
        let stream = row["source"].as_str().unwrap();
        let validator = validators.entry(stream.to_owned()).or_insert_with(|| {
            let file = folder.path().join("mozdef").join(format!("{stream}.json"));
            let schema = std::fs::read(&file).unwrap_or_else(|_| panic!("no schema of {stream}"));
            jsonschema::validator_for(&serde_json::from_slice(&schema).unwrap()).unwrap()
        });
        let errors: Vec<_> = validator.iter_errors(row).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}\n{row}");
        *seen.entry(stream.to_owned()).or_insert(0) += 1;
    }
    for stream in ["conn", "http", "notice"] {
        assert!(seen.get(stream).is_some_and(|rows| *rows > 0), "{seen:?}");
    }
    let notices = || rows.iter().filter(|row| row["source"] == "notice");
    assert!(notices().all(|row| row["category"] == "bronotice" && row["severity"] == "NOTICE"));
    assert!(notices().any(|row| row["summary"].as_str().unwrap().contains("with many HTTP errors")));
}

/// Rows of streams that scripts make, or move rows to, in every format: they are asked for one stream at a time,
/// as not every format says whose a row is.
#[test]
fn rows_of_scripts_that_ship_are_as_their_schemas_say_in_every_format() {
    let scripts = ["policy/detect", "policy/tuning/noise"];
    let options = "HTTPErrors::threshold=20.0";
    let noise = "redef Noise::monitors += { 0.0.0.0/0 }; redef Noise::user_agents = /./;";
    let dir = tempfile::tempdir().unwrap();
    let made = nightjar().arg("schemas").args(scripts).arg("--to").arg(dir.path()).status().unwrap();
    assert!(made.success());
    let rows = Arc::<Mutex<Vec<Json>>>::default();
    let port = receive(rows.clone());
    let mut formats = vec![("mozdef".to_owned(), "format = \"mozdef\"".to_owned())];
    formats.push(("mozdef-bro".to_owned(), "format = \"mozdef-bro\"".to_owned()));
    formats.push(("ecs".to_owned(), "format = \"ecs\"".to_owned()));
    for format in ["zeek", "tagged"] {
        for time in ["epoch", "millis", "iso8601"] {
            formats.push((format!("{format}-{time}"), format!("format = \"{format}\"\ntime = \"{time}\"")));
        }
    }
    for (folder, format) in formats {
        for stream in ["notice", "noise", "http-noise"] {
            rows.lock().unwrap().clear();
            let config = dir.path().join("sink.toml");
            let text = format!(
                "[http_sink]\nurl = \"http://127.0.0.1:{port}/\"\n[http_sink.rows]\n{format}\n\
                 include = [\"{stream}\"]\n"
            );
            std::fs::write(&config, text).unwrap();
            let mut command = nightjar();
            command.args(["-C", "-r", "../pcaps/attacks.pcap", options, "-e", noise]).args(scripts);
            command.args(["--config".as_ref(), config.as_os_str()]);
            command.args(["--logdir".as_ref(), dir.path().join("logs").as_os_str()]);
            let output = command.output().unwrap();
            assert!(output.status.success(), "{}", said(&output));
            let schema: Json = serde_json::from_slice(
                &std::fs::read(dir.path().join(&folder).join(format!("{stream}.json"))).unwrap(),
            )
            .unwrap();
            let message = schema.pointer("/properties/MESSAGE/contentSchema").cloned();
            let rows = rows.lock().unwrap();
            assert!(!rows.is_empty(), "no rows of {stream}: {}", said(&output));
            let validator = jsonschema::validator_for(message.as_ref().unwrap_or(&schema)).unwrap();
            for row in &*rows {
                let inner = row["MESSAGE"].as_str().filter(|_| message.is_some());
                let row = inner.map_or_else(|| row.clone(), |inner| serde_json::from_str(inner).unwrap());
                let errors: Vec<_> = validator.iter_errors(&row).map(|error| error.to_string()).collect();
                assert!(errors.is_empty(), "{folder} {stream}: {errors:?}\n{row}");
            }
        }
    }
}

#[test]
fn who_is_not_let_in_or_not_known_is_told_and_nothing_is_lost_in_silence() {
    let Some(collector) = Collector::start() else { return };
    let wrong = format!("{}\nbasic = {{ user = \"sensor\", password = \"guess\" }}", collector.ca());
    let stranger = "bearer = \"t0ken\"".to_owned();
    for (path, table, why) in [
        ("/basic", wrong, "status 401"),
        ("/bearer", stranger, "certificate"),
        ("/bearer", collector.ca(), "status 401"),
    ] {
        let config = collector.config(path, &table);
        let checked = collector.check(&config);
        assert!(checked.status.code() == Some(4) && said(&checked).contains(why), "{}", said(&checked));
        let replayed = collector.replay(&config);
        let told = said(&replayed);
        assert!(replayed.status.code() == Some(4) && told.contains(why), "{told}");
        assert!(told.contains("dropped (shutdown)") && !told.contains("0 acknowledged +\n"), "{told}");
        assert!(collector.rows.lock().unwrap().is_empty());
    }
}

/// Nobody is asked while settings are wrong, so that all of them are told, and nothing else.
#[test]
fn all_that_is_wrong_is_told_with_its_place_and_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("wrong.toml");
    let text = "[kafka]\nkey = [\"nothing\"]\ntopics = { cnn = \"a b\" }\n[kafka.rows]\ninclude = [\"cnn\"]\n\
                [[kafka.rows.rules]]\nstream = \"conn\"\nthen = \"drop\"\n\
                [[kafka.rows.rules]]\nstream = \"conn\"\nwhen = { no = 1 }\nthen = \"drop\"\n\
                [kafka.spool]\ndirectory = \"/dev/null/spool\"\n[kafka.client]\n\"linger.mss\" = 3\n\
                \"sasl.pasword\" = \"hunter2\"\n\"ssl.ca.location\" = \"/nonexistent\"\n[http_sink]\nconnections = 0\n\
                ca_file = \"/nonexistent\"\nbearer = \"hunter2\"\nurl = \"ftp://user:hunter2@x/\"\n\
                basic = { user = \"hunter2\", password = \"hunter2\" }\n";
    std::fs::write(&config, text).unwrap();
    let checked = nightjar().args(["check", "--config"]).arg(&config).output().unwrap();
    let told = String::from_utf8(checked.stderr).unwrap();
    let line =
        |told: &str| told.strip_prefix(&format!("{}:", config.display()))?.split(':').next()?.parse().ok();
    let mut lines: Vec<u32> = told.lines().map(|told| line(told).unwrap_or_default()).collect();
    lines.sort_unstable();
    // The topic's stream and its name; no bootstrap.servers.
    assert_eq!(lines, [2, 3, 3, 5, 9, 14, 15, 16, 17, 18, 20, 21, 22, 23], "{told}");
    assert!(checked.status.code() == Some(4) && !told.contains("hunter2"), "{told}");
}
