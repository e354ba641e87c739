//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Reads `der`, and its beginnings.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(der: &[u8]) {
    if let Some(response) = OcspResponse::parse(der) {
        assert!(response.answers.len() * 2 <= der.len());
        for extension in response.basic.iter().flat_map(|basic| &basic.extensions) {
            check_printed(extension);
        }
    }
    if let Some(request) = OcspRequest::parse(der) {
        assert!(request.certificates.len() * 2 <= der.len());
    }
    let Some(certificate) = Certificate::parse(der) else { return };
    assert!(certificate.subject.len() < MAX_NAME && certificate.issuer.len() < MAX_NAME);
    assert!(!certificate.serial.is_empty());
    let extensions: usize = certificate.extensions.iter().map(|extension| extension.value.len()).sum();
    assert!(extensions <= der.len());
    certificate.extensions.iter().for_each(check_printed);
    for timestamp in certificate.timestamps() {
        assert_eq!(timestamp.log_id.len(), 32);
    }
    if let Some(names) = &certificate.alt_names {
        for name in names.dns.iter().filter(|name| !name.is_empty() && !name.contains(&b'*')) {
            assert!(certificate.is_for(name), "a name without a star matches itself");
        }
    }
    // What follows does not count.
    assert_eq!(Certificate::parse(&[der, b"more"].concat()).as_ref(), Some(&certificate));
}

/// What is written of a value is not many times as long, and the same each time.
fn check_printed(extension: &Extension) {
    let text = printed(extension);
    assert!(text.len() <= (64 << 10).max(extension.value.len() + 8));
    assert_eq!(text, printed(extension));
}
