//! A Kerberos realm on this machine: its key distribution centre, and the keys of broker and sensor.

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::cluster::free_ports;

const REALM: &str = "NIGHTJAR.TEST";

pub struct Realm {
    dir: tempfile::TempDir,
    centre: Child,
}

impl Drop for Realm {
    fn drop(&mut self) {
        assert!(self.centre.kill().is_ok() && self.centre.wait().is_ok());
    }
}

impl Realm {
    /// `None`, with the reason printed, where its programs are not installed.
    pub fn start() -> Option<Realm> {
        let programs =
            ["/usr/sbin/krb5kdc", "/usr/sbin/kdb5_util", "/usr/sbin/kadmin.local", "/usr/bin/kinit"];
        if !programs.iter().all(|program| Path::new(program).exists()) {
            assert!(std::env::var_os("NIGHTJAR_TEST_KAFKA").is_none(), "Kerberos is missing");
            eprintln!(
                "SKIPPED: the test of Kerberos needs packages krb5-kdc, krb5-admin-server and krb5-user"
            );
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let here = dir.path().display();
        let [port] = free_ports();
        std::fs::write(
            dir.path().join("krb5.conf"),
            format!(
                "[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n \
                 rdns = false\n dns_canonicalize_hostname = false\n udp_preference_limit = 1\n\
                 [realms]\n {REALM} = {{\n  kdc = 127.0.0.1:{port}\n }}\n"
            ),
        )
        .unwrap();
        std::fs::write(
            dir.path().join("kdc.conf"),
            format!(
                "[kdcdefaults]\n kdc_listen = 127.0.0.1:{port}\n kdc_tcp_listen = 127.0.0.1:{port}\n\
                 [realms]\n {REALM} = {{\n  database_name = {here}/principal\n  key_stash_file = {here}/stash\n }}\n\
                 [logging]\n kdc = FILE:{here}/kdc.log\n"
            ),
        )
        .unwrap();
        let with = |program: &str, args: &[&str]| {
            let output = command(dir.path(), program).args(args).output().unwrap();
            assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        };
        with("/usr/sbin/kdb5_util", &["create", "-s", "-P", "master", "-r", REALM]);
        for (name, file) in [("kafka/localhost", "kafka"), ("sensor", "sensor")] {
            let keys = format!("{here}/{file}.keytab");
            with("/usr/sbin/kadmin.local", &["addprinc", "-randkey", name]);
            with("/usr/sbin/kadmin.local", &["ktadd", "-k", &keys, name]);
        }
        let centre = command(dir.path(), "/usr/sbin/krb5kdc").arg("-n").spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < until, "krb5kdc does not start");
            thread::sleep(Duration::from_millis(20));
        }
        Some(Realm { dir, centre })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What a broker's Java needs.
    pub fn java_options(&self) -> String {
        format!("-Djava.security.krb5.conf={}", self.file("krb5.conf").display())
    }

    /// What a broker's listener needs.
    pub fn properties(&self, listener: &str) -> String {
        format!(
            "sasl.kerberos.service.name=kafka\nlistener.name.{listener}.sasl.enabled.mechanisms=GSSAPI\n\
             listener.name.{listener}.gssapi.sasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule required \
             useKeyTab=true storeKey=true keyTab=\"{}\" principal=\"kafka/localhost@{REALM}\";\n",
            self.file("kafka.keytab").display()
        )
    }

    /// What `[kafka.client]` needs.
    pub fn client(&self) -> String {
        format!(
            "\"security.protocol\" = \"SASL_PLAINTEXT\"\n\"sasl.mechanism\" = \"GSSAPI\"\n\
             \"sasl.kerberos.principal\" = \"sensor@{REALM}\"\n\"sasl.kerberos.keytab\" = {:?}\n\
             \"broker.address.family\" = \"v4\"\n",
            self.file("sensor.keytab")
        )
    }

    /// What the sensor's environment needs.
    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        vec![("KRB5_CONFIG", self.file("krb5.conf")), ("KRB5CCNAME", self.file("tickets"))]
    }
}

fn command(dir: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("KRB5_CONFIG", dir.join("krb5.conf")).env("KRB5_KDC_PROFILE", dir.join("kdc.conf"));
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}
