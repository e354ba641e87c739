//! The unit that ships, with the configuration that ships: its commands, run as systemd would run them.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::net::{Net, net, until};
use crate::sensor::{NIGHTJAR, Sensor, logs};

/// A user, /etc/nightjar and the folders that the unit asks for, where the rest is this machine's. Whatever is written
/// elsewhere is gone afterwards. Given the folder of the test, the program, and a command of the unit.
const AS_A_SERVICE: &str = r#"
mount --make-rprivate /
mount -t tmpfs run /run
mkdir /run/nightjar /run/over && touch /run/program && mount --bind "$2" /run/program
for folder in etc var; do
  mkdir "/run/over/$folder" "/run/over/$folder.work"
  mount -t overlay over -o "lowerdir=/$folder,upperdir=/run/over/$folder,workdir=/run/over/$folder.work" "/$folder"
done
sed -i /^nightjar:/d /etc/passwd /etc/group
echo nightjar:x:64999:64999::/var/lib/nightjar:/bin/false >> /etc/passwd
echo nightjar:x:64999: >> /etc/group
bind() { mkdir -p "$2" && mount --bind "$1" "$2" && chown 64999:64999 "$2"; }
bind "$1" /run/nightjar
bind "$1/etc" /etc/nightjar
bind "$1/logs" /var/log/nightjar
bind "$1/state" /var/lib/nightjar
cd /var/lib/nightjar
exec setpriv --reuid 64999 --regid 64999 --clear-groups --no-new-privs --inh-caps -all,+net_raw \
  --ambient-caps -all,+net_raw --bounding-set -all,+net_raw /run/program ${3#/usr/bin/nightjar}
"#;

fn command(net: &Net, kind: &str) -> Command {
    let unit = shipped("configs/nightjar.service");
    let line = unit.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix('=')).expect(kind);
    assert!(line.starts_with("/usr/bin/nightjar "), "{line}");
    let folder = net.folder.path().to_str().unwrap();
    net.on_server("unshare", &["--mount", "sh", "-ec", AS_A_SERVICE, "sh", folder, NIGHTJAR, line])
}

fn shipped(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)).unwrap()
}

/// With rows to Kafka, whose broker is down, which is no reason not to start.
#[test]
fn the_unit_starts_with_what_ships() {
    let Some(mut net) = net() else { return };
    for folder in ["etc", "logs", "state"] {
        fs::create_dir(net.path(folder)).unwrap();
    }
    let config =
        shipped("configs/sensor.toml").replacen("\"eth1\"", "\"vs\"", 1) + &shipped("configs/kafka.toml");
    fs::write(net.path("etc/sensor.toml"), config).unwrap();
    let site = shipped("scripts/site/local.zeek")
        + "\nevent zeek_init() { Reporter::info(\"this is the site's own\"); }\n";
    fs::write(net.path("etc/local.zeek"), site).unwrap();
    let checked = command(&net, "ExecStartPre").output().unwrap();
    assert!(checked.status.success(), "{checked:?}");
    net.start_servers();
    let sensor = Sensor::run(&net, command(&net, "ExecStart"));
    net.client_does("curl", &["-s", "-o", "/dev/null", "http://10.9.0.2/small.html"]);
    let row = |log: &str, text: &str| {
        fs::read_to_string(net.path("logs").join(log)).is_ok_and(|rows| rows.contains(text))
    };
    until("the page is logged", || row("http.log", "/small.html"));
    assert!(row("reporter.log", "this is the site's own"), "{:?}", logs(&net.path("logs")).keys());
    assert!(row("loaded_scripts.log", "/etc/nightjar/local.zeek"));
    until("rows are in the spool", || {
        sensor.status()["exports"].to_string().contains("\"conn\"") && net.path("state/spool").exists()
    });
    sensor.signal("TERM");
    let told = sensor.told_at_the_end(4);
    assert!(told.contains("in the spool"), "{told}");
}

/// Of one interface, and of all together, by a sensor that has no configuration.
#[test]
fn what_is_captured_can_be_written_and_any_is_all_interfaces() {
    let Some(mut net) = net() else { return };
    net.start_servers();
    let (folder, socket) = (net.path("logs"), net.path("status.sock"));
    for interface in ["vs", "any"] {
        let written = net.path(&format!("{interface}.pcap"));
        let [folder, socket, written] =
            [&folder, &socket, &written].map(|path| path.to_str().unwrap().to_owned());
        let place = ["--logdir", &folder, "--socket", &socket, "-w", &written, "--metrics", "127.0.0.1:9911"];
        let sensor = Sensor::start(&net, &[&["-C", "-i", interface][..], &place].concat());
        net.client_does("curl", &["-s", "-o", "/dev/null", "http://10.9.0.2/small.html"]);
        until("the page is logged", || {
            fs::read_to_string(net.path("logs/http.log")).is_ok_and(|rows| rows.contains("/small.html"))
        });
        let up = format!("nightjar_interface_up{{interface=\"{interface}\"}} 1");
        until("metrics are served", || {
            let asked = net.on_server("curl", &["-s", "http://127.0.0.1:9911/metrics"]).output().unwrap();
            let metrics = String::from_utf8_lossy(&asked.stdout).into_owned();
            metrics.contains(&up) && metrics.contains("nightjar_build_info{")
        });
        assert!(sensor.status()["delivered"].as_u64().unwrap() > 5);
        let told = sensor.stop();
        let packets = told.split(" packets = ").next().unwrap().rsplit(' ').next().unwrap().to_owned();
        assert!(told.contains(&format!("{packets} packets = {packets} analysed + 0 dropped")), "{told}");
        let read = Command::new("tcpdump").args(["-nr", &written]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&read.stdout).lines().count().to_string(), packets, "{interface}");
        fs::remove_dir_all(net.path("logs")).unwrap();
    }
}
