//! Connections that one worker expects and another has.

use std::collections::BTreeSet;
use std::fs;

use crate::net::{net, until};
use crate::sensor::Sensor;

/// Answers each control connection with a passive port, and sends a file there.
const SERVER: &str = r#"
import socket, threading
def serve(control):
    data = None
    control.sendall(b"220 here\r\n")
    for line in control.makefile("rb"):
        word = line.split()[0]
        if word == b"PASV":
            data = socket.create_server(("10.9.0.2", 0))
            port = data.getsockname()[1]
            control.sendall(b"227 Entering (10,9,0,2,%d,%d)\r\n" % (port >> 8, port & 255))
        elif word == b"RETR":
            control.sendall(b"150 now\r\n")
            to, _ = data.accept()
            to.sendall(b"all that is in %s\n" % line.split()[1] * 200)
            to.close()
            control.sendall(b"226 done\r\n")
        else:
            control.sendall({b"USER": b"331 who\r\n", b"PASS": b"230 in\r\n", b"QUIT": b"221 bye\r\n"}[word])
            if word == b"QUIT":
                break
    control.close()
server = socket.create_server(("10.9.0.2", 21))
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"#;

/// Fetches files one after the other. Between a port's name and the connection lies the time that a packet takes on
/// its way through a network.
const CLIENT: &str = r#"
import re, socket, time
for n in range(24):
    control = socket.create_connection(("10.9.0.2", 21))
    lines = control.makefile("rb")
    def ask(line):
        control.sendall(line + b"\r\n")
        return lines.readline()
    lines.readline()
    ask(b"USER ftp"); ask(b"PASS me@")
    place = re.search(rb"\((.*)\)", ask(b"PASV")).group(1).split(b",")
    time.sleep(0.1)
    data = socket.create_connection(("10.9.0.2", int(place[4]) * 256 + int(place[5])))
    ask(b"RETR file%d" % n)
    while data.recv(65536):
        pass
    lines.readline()
    ask(b"QUIT")
    control.close()
    data.close()
"#;

#[test]
fn what_one_worker_expects_another_finds() {
    let Some(mut net) = net() else { return };
    let (server, client) = (net.path("server.py"), net.path("client.py"));
    fs::write(&server, SERVER).unwrap();
    fs::write(&client, CLIENT).unwrap();
    let sensor = Sensor::configured(&net, "workers = 2", "format = \"json\"\nrotate_every = \"0\"", "");
    net.serve("python3", &[server.to_str().unwrap()]);
    until("the server listens", || {
        net.on_client("bash", &["-c", "exec 3<>/dev/tcp/10.9.0.2/21"]).output().unwrap().status.success()
    });
    net.client_does("python3", &[client.to_str().unwrap()]);
    sensor.stop();

    let column = |log: &str, key: &str, of: &dyn Fn(&serde_json::Value) -> bool| -> Vec<String> {
        let rows = fs::read_to_string(net.path(&format!("logs/{log}.log"))).unwrap();
        let rows = rows.lines().map(|row| serde_json::from_str::<serde_json::Value>(row).unwrap());
        rows.filter(|row| of(row)).map(|row| row[key].as_str().unwrap_or("-").to_owned()).collect()
    };
    let data: BTreeSet<String> =
        column("conn", "uid", &|row| row["id.resp_p"] != 21 && row["proto"] == "tcp").into_iter().collect();
    let named = column("conn", "uid", &|row| row["service"] == "ftp-data");
    assert_eq!((data.len(), named.len()), (24, 24), "all are FTP's data");
    let files: BTreeSet<String> =
        column("files", "uid", &|row| row["source"] == "FTP_DATA" && row["mime_type"] == "text/plain")
            .into_iter()
            .collect();
    assert_eq!(files, data, "each with its file");
}
