//! Messages that a running sensor receives, by real senders: util-linux' logger, OpenSSL, and files that grow.

use std::fs;
use std::io::Write;

use crate::net::{Net, net, until};
use crate::sensor::{Sensor, configure, whole_rows};

/// What the rule's groups matched, with host and source, of all rows.
fn taken(net: &Net) -> Vec<[String; 3]> {
    let text = fs::read_to_string(net.path("logs/messages.log")).unwrap_or_default();
    let fields = text.lines().find_map(|line| line.strip_prefix("#fields\t")).unwrap_or_default();
    let at = |name: &str| fields.split('\t').position(|field| field == name);
    let row = |row: String| {
        let values: Vec<&str> = row.split('\t').collect();
        ["source", "host", "bound"].map(|name| at(name).map_or("", |at| values[at]).to_owned())
    };
    whole_rows(&text).into_iter().map(row).collect()
}

fn came(net: &Net, source: &str, host: &str, user: &str) -> bool {
    let is = |row: &[String; 3]| {
        row[0].ends_with(source) && row[1] == host && row[2] == format!("user={user},client=192.0.2.1")
    };
    taken(net).iter().any(is)
}

#[test]
fn syslog_is_received_and_files_are_followed() {
    let Some(net) = net() else { return };
    let (cert, key, file) = (net.path("cert.pem"), net.path("key.pem"), net.path("auth.log"));
    let subject = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=sensor"];
    let files = ["-out", cert.to_str().unwrap(), "-keyout", key.to_str().unwrap()];
    net.server_does("openssl", &[&subject[..], &files[..]].concat());
    fs::write(&file, "Nov 30 12:00:00 old sshd[1]: Invalid user before from 192.0.2.1 port 1\n").unwrap();
    let code = format!(
        "redef Messages::listen_udp = {{ \"10.9.0.2:514\" }}; redef Messages::listen_tcp = {{ \"10.9.0.2:514\" }};\n\
         redef Messages::listen_tls = {{ \"10.9.0.2:6514\" }}; redef Messages::tls_certificate = \"{}\";\n\
         redef Messages::tls_key = \"{}\"; redef Messages::follow = {{ \"{}\" }};",
        cert.display(),
        key.display(),
        file.display()
    );
    let script = net.path("site.zeek");
    fs::write(&script, format!("@load policy/messages/sshd\n{code}\n")).unwrap();
    let config = configure(&net, "kind = \"af_packet\"", "", "");
    let sensor = Sensor::start(&net, &["--config", config.to_str().unwrap(), script.to_str().unwrap()]);
    let invalid = |user: &str| format!("Invalid user {user} from 192.0.2.1 port 22");
    let logger = |args: &[&str], user: &str| {
        let to = ["-n", "10.9.0.2", "-P", "514", "-t", "sshd"];
        net.client_does("logger", &[&to[..], args, &[&invalid(user)]].concat());
    };
    logger(&["-d", "--rfc3164"], "udp3164");
    logger(&["-d", "--rfc5424"], "udp5424");
    logger(&["-T", "--rfc3164"], "tcp");
    logger(&["-T", "--rfc5424", "--octet-count"], "counted");
    let line = format!("<38>Nov 30 12:00:00 far sshd[7]: {}", invalid("tls"));
    let client = "openssl s_client -quiet -no_ign_eof -connect 10.9.0.2:6514";
    net.client_does("sh", &["-c", &format!("(echo '{line}'; sleep 1) | {client} || true")]);
    // What is no TLS, and what never ends, hurts nobody.
    net.client_does(
        "sh",
        &["-c", "head -c 3000000 /dev/zero | timeout 2 bash -c 'cat > /dev/tcp/10.9.0.2/6514' || true"],
    );
    net.client_does(
        "sh",
        &["-c", "head -c 3000000 /dev/zero | timeout 5 bash -c 'cat > /dev/tcp/10.9.0.2/514' || true"],
    );
    let append = |text: String| {
        let mut file = fs::OpenOptions::new().append(true).create(true).open(&file).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    append(format!("Nov 30 12:00:00 here sshd[1]: {}\n", invalid("one")));
    until("a line of the file is taken", || came(&net, "auth.log", "here", "one"));
    fs::rename(&file, net.path("auth.log.1")).unwrap();
    append(format!("Nov 30 12:00:00 here sshd[1]: {}\n", invalid("two")));
    let host = net.client_does("hostname", &[]);
    let host = host.trim();
    for user in ["udp3164", "udp5424", "tcp", "counted"] {
        until(user, || came(&net, "10.9.0.1", host, user));
    }
    until("what came by TLS is taken", || came(&net, "10.9.0.1", "far", "tls"));
    until("a line of the new file is taken", || came(&net, "auth.log", "here", "two"));
    assert!(!taken(&net).iter().any(|row| row[2].contains("before")));
    let metrics = sensor.status().to_string();
    assert!(metrics.contains("messages"), "{metrics}");
    until("the client is told of", || {
        let notices = fs::read_to_string(net.path("logs/notice.log")).unwrap_or_default();
        notices.contains("Messages::SSH_Invalid_Users")
    });
    sensor.stop();
}
