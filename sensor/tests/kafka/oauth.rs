//! A server that gives OAuth tokens to those who know its secret, and the key that brokers check them with.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

pub const CLIENT: &str = "sensor";
pub const SECRET: &str = "oauth-secret";

pub struct Tokens {
    dir: tempfile::TempDir,
    pub url: String,
}

impl Tokens {
    pub fn serve() -> Tokens {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("key.pem");
        let made = Command::new("openssl").args(["genrsa", "-out"]).arg(&key).stderr(Stdio::null()).status();
        assert!(made.unwrap().success());
        let said =
            Command::new("openssl").args(["rsa", "-noout", "-modulus", "-in"]).arg(&key).output().unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        let digits = said.trim().strip_prefix("Modulus=").unwrap().as_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        let modulus = base64url(&digits.chunks(2).map(byte).collect::<Vec<_>>());
        let keys = format!(
            r#"{{"keys":[{{"kty":"RSA","kid":"k1","use":"sig","alg":"RS256","n":"{modulus}","e":"AQAB"}}]}}"#
        );
        std::fs::write(dir.path().join("keys.json"), keys).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}/token", listener.local_addr().unwrap());
        thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(&stream, &key)));
        Tokens { dir, url }
    }

    /// The public key, as JWKS.
    pub fn keys(&self) -> PathBuf {
        self.dir.path().join("keys.json")
    }
}

fn answer(mut stream: &TcpStream, key: &Path) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or(0) > 0 {
        let line = head.trim_end().rsplit("\r\n").next().unwrap_or_default().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    // None of its letters differ between the two alphabets.
    let known = head.contains(&format!("Basic {}", base64url(format!("{CLIENT}:{SECRET}").as_bytes())));
    let granted = String::from_utf8_lossy(&body).contains("grant_type=client_credentials");
    let (status, body) = if known && granted {
        ("200 OK", format!(r#"{{"access_token":"{}","token_type":"Bearer","expires_in":300}}"#, token(key)))
    } else {
        ("401 Unauthorized", r#"{"error":"invalid_client"}"#.to_owned())
    };
    // Whoever hung up needs no answer.
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
}

/// A JSON Web Token for five minutes, signed with RS256.
fn token(key: &Path) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let head = base64url(br#"{"alg":"RS256","typ":"JWT","kid":"k1"}"#);
    let claims =
        format!(r#"{{"sub":"{CLIENT}","iss":"tests","iat":{now},"exp":{},"scope":"kafka"}}"#, now + 300);
    let signed = format!("{head}.{}", base64url(claims.as_bytes()));
    let mut sign = Command::new("openssl");
    sign.args(["dgst", "-sha256", "-sign"]).arg(key).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut sign = sign.spawn().unwrap();
    sign.stdin.take().unwrap().write_all(signed.as_bytes()).unwrap();
    format!("{signed}.{}", base64url(&sign.wait_with_output().unwrap().stdout))
}

/// RFC 4648 §5, without padding.
fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        (0..=chunk.len()).for_each(|place| out.push(DIGITS[(bits >> (18 - 6 * place) & 63) as usize].into()));
    }
    out
}
