//! Mail by a relay that wants TLS and a login: aiosmtpd's, which shares no code with the sensor.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::build::nightjar;

/// A relay on a port that it tells, whose mails become files. Its arguments: the folder, and "starttls" or "tls".
const RELAY: &str = r#"
import asyncio, pathlib, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult
folder, kind = pathlib.Path(sys.argv[1]), sys.argv[2]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / "relay.pem", folder / "relay.key")
class Mails:
    async def handle_DATA(self, server, session, envelope):
        told = f"as {session.auth_data} {envelope.mail_from} {' '.join(envelope.rcpt_tos)}\n"
        (folder / "mail").write_bytes(told.encode() + envelope.content)
        return "250 taken"
def login(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (b"sensor", b"secret") if hasattr(data, "login") else False
    return AuthResult(success=right, handled=False, auth_data=data.login.decode() if right else None)
options = dict(authenticator=login, auth_required=True)
if kind == "starttls":
    options |= dict(tls_context=context, require_starttls=True)
else:
    options |= dict(auth_require_tls=False)
async def serve():
    loop = asyncio.get_running_loop()
    make = lambda: SMTP(Mails(), loop=loop, **options)
    server = await loop.create_server(make, "127.0.0.1", 0, ssl=context if kind == "tls" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(serve())
"#;

struct Relay {
    child: Child,
    port: String,
    folder: tempfile::TempDir,
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// With a certificate for `localhost` of an authority of its own.
fn relay(kind: &str) -> Relay {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |words: &str| {
        let run = Command::new("openssl").current_dir(folder.path()).args(words.split(' ')).output().unwrap();
        assert!(run.status.success(), "{run:?}");
    };
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout relay.key -out relay.pem -days 2 \
         -subj /CN=localhost -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:TRUE",
    );
    fs::write(folder.path().join("relay.py"), RELAY).unwrap();
    // Debian's python, for which Debian packages aiosmtpd.
    let mut command = Command::new("/usr/bin/python3");
    command
        .arg(folder.path().join("relay.py"))
        .arg(folder.path())
        .arg(kind)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().expect("/usr/bin/python3");
    let mut port = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
    assert!(!port.is_empty(), "the relay starts: package python3-aiosmtpd");
    Relay { child, port: port.trim().to_owned(), folder }
}

/// What the relay got, and what was said, of one notice that is mailed.
fn mailed(relay: &Relay, kind: &str, more: &[&str]) -> (Option<String>, String) {
    let mail = relay.folder.path().join("mail");
    let _ = fs::remove_file(&mail);
    let code = "@load base/frameworks/notice\nredef enum Notice::Type += { Found };\n\
                redef Notice::mail_dest = \"soc@example.net\";\nredef Notice::emailed_types += { Found };\n\
                event zeek_init() { NOTICE([$note=Found, $msg=\"m\"]); }";
    let server = format!("Notice::smtp_server=localhost:{}", relay.port);
    let kind = format!("Notice::smtp_tls={kind}");
    let place = tempfile::tempdir().unwrap();
    let run = nightjar(place.path()).args(["-b", "-e", code, &server, &kind]).args(more).output().unwrap();
    (fs::read_to_string(mail).ok(), String::from_utf8_lossy(&run.stderr).into_owned())
}

fn ca(folder: &Path) -> String {
    format!("Notice::smtp_ca_file={}", folder.join("relay.pem").display())
}

#[test]
fn mail_is_encrypted_and_logs_in() {
    for kind in ["starttls", "tls"] {
        let relay = relay(kind);
        let secret = relay.folder.path().join("secret");
        fs::write(&secret, "secret\n").unwrap();
        let file = format!("Notice::smtp_password_file={}", secret.display());
        let ca = ca(relay.folder.path());
        let (mail, said) = mailed(&relay, kind, &[&ca, "Notice::smtp_user=sensor", &file]);
        let mail = mail.unwrap_or_else(|| panic!("{kind}: {said}"));
        assert!(mail.contains(" sensor zeek@localhost soc@example.net\n"), "{mail}");
        assert!(mail.contains("Subject: [Zeek] Found\r\n") && said.is_empty(), "{mail}{said}");
        // Another password, and a certificate of nobody that is known.
        let wrong = ["Notice::smtp_user=sensor", "Notice::smtp_password=guess"];
        let (mail, said) = mailed(&relay, kind, &[&[&ca[..]], &wrong[..]].concat());
        assert!(mail.is_none() && said.contains("failed: ") && said.contains("535"), "{kind}: {said}");
        assert!(!said.contains("guess"), "{said}");
        let (mail, said) = mailed(&relay, kind, &["Notice::smtp_user=sensor", &file]);
        assert!(mail.is_none() && said.contains("certificate"), "{kind}: {said}");
    }
}

#[test]
fn a_password_is_not_sent_in_the_clear() {
    let relay = relay("starttls");
    for kind in ["none", "may"] {
        let (mail, said) =
            mailed(&relay, kind, &["Notice::smtp_user=sensor", "Notice::smtp_password=secret"]);
        assert!(mail.is_none() && said.contains("a password is sent only with"), "{kind}: {said}");
    }
    let (_, said) = mailed(&relay, "sometimes", &[]);
    assert!(said.contains("\"sometimes\" is none of none, may, starttls, tls"), "{said}");
}
