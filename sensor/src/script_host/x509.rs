//! What scripts ask of certificates: what is in them, and whether they are good, as OpenSSL sees it.
//!
//! A script holds a certificate as its DER.

use std::cell::RefCell;
use std::rc::Rc;

use nightjar_protocols::x509::{self, Certificate, OcspResponse, without_timestamps};
use nightjar_script::Vm;
use nightjar_script::value::{Value, VectorVal};
use nightjar_script::vm::{CallSite, NativeFn, Res, fault};
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::ocsp::{OcspCertId, OcspFlag, OcspResponse as Signed};
use openssl::pkey::PKey;
use openssl::sign::Verifier;
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{X509, X509StoreContext, X509VerifyResult};

/// Where Debian and others keep the authorities' certificates: used where a script names none.
const SYSTEM_ROOTS: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Authorities, read once for a table of them.
#[derive(Default)]
struct Roots {
    read: RefCell<Option<Read>>,
}

/// What a table of authorities held, and what that is.
struct Read {
    ders: Vec<Value>,
    certificates: Rc<Vec<X509>>,
}

/// Functions by full name.
pub(super) fn natives() -> Vec<(&'static str, NativeFn)> {
    let roots = Rc::new(Roots::default());
    let roots_of_ocsp = roots.clone();
    let verify: NativeFn = Rc::new(move |vm, site, args| {
        let result = verify(vm, &roots, args);
        reported(vm, site, result)
    });
    let verify_ocsp: NativeFn = Rc::new(move |vm, site, args| {
        let result = verify_ocsp(vm, &roots_of_ocsp, args);
        reported(vm, site, result)
    });
    vec![
        ("x509_parse", Rc::new(parse)),
        ("x509_from_der", Rc::new(|_, _, args| Ok(args.first().cloned().unwrap_or_default()))),
        ("x509_get_certificate_string", Rc::new(string)),
        ("x509_verify", verify),
        ("x509_ocsp_verify", verify_ocsp),
        ("sct_verify", Rc::new(sct_verify)),
        ("x509_subject_name_hash", Rc::new(|vm, site, args| digest(vm, site, args, Of::Subject))),
        ("x509_issuer_name_hash", Rc::new(|vm, site, args| digest(vm, site, args, Of::Issuer))),
        ("x509_spki_hash", Rc::new(|vm, site, args| digest(vm, site, args, Of::Key))),
        ("x509_kinds", Rc::new(kinds)),
        ("parse_distinguished_name", Rc::new(|_, _, args| Ok(Value::str(distinguished_name(args))))),
        ("x509_set_certificate_cache", Rc::new(|_, _, _| Ok(Value::Bool(true)))),
        ("x509_set_certificate_cache_hit_callback", Rc::new(|_, _, _| Ok(Value::Bool(true)))),
        ("x509_check_hostname", Rc::new(|_, _, args| Ok(Value::Bool(host_of(args).is_some())))),
        ("x509_check_cert_hostname", Rc::new(|_, _, args| Ok(Value::str(host_of(args).unwrap_or_default())))),
    ]
}

/// What came of a check: OpenSSL's number and words, and the chain where it was good.
struct Outcome {
    code: i64,
    words: String,
    chain: Option<Vec<Vec<u8>>>,
}

impl Outcome {
    fn new(code: i64, words: impl Into<String>) -> Self {
        Outcome { code, words: words.into(), chain: None }
    }
}

/// An `X509::Result`.
fn reported(vm: &mut Vm, site: &CallSite<'_>, outcome: Outcome) -> Res {
    let Some(record) = vm.new_record("X509::Result") else {
        return Err(fault(site.span, "X509::Result is not declared"));
    };
    vm.set_field(&record, "result", Value::Int(outcome.code));
    vm.set_field(&record, "result_string", Value::str(outcome.words));
    if let (Some(chain), Some(ty)) = (outcome.chain, vm.named_type("x509_opaque_vector")) {
        let chain = chain.iter().map(Value::str).collect();
        vm.set_field(&record, "chain_certs", Value::Vector(VectorVal::new(ty, chain)));
    }
    Ok(Value::Record(record))
}

impl Roots {
    /// A store of these authorities, in which it is `now`, in seconds since 1970.
    fn store(&self, roots: &Value, now: f64) -> Result<X509Store, ErrorStack> {
        let mut store = X509StoreBuilder::new()?;
        for root in self.certificates(roots)?.iter() {
            store.add_cert(root.clone())?;
        }
        let mut param = X509VerifyParam::new()?;
        param.set_time(now as i64);
        store.set_param(&param)?;
        Ok(store.build())
    }

    fn certificates(&self, roots: &Value) -> Result<Rc<Vec<X509>>, ErrorStack> {
        let ders: Vec<Value> = match roots {
            Value::Table(roots) => roots.snapshot().into_iter().map(|(_, der)| der).collect(),
            _ => Vec::new(),
        };
        let same = |known: &[Value]| {
            known.len() == ders.len()
                && known.iter().zip(&ders).all(|(a, b)| match (a, b) {
                    (Value::Str(a), Value::Str(b)) => Rc::ptr_eq(a, b),
                    _ => false,
                })
        };
        if let Some(read) = self.read.borrow().as_ref().filter(|read| same(&read.ders)) {
            return Ok(read.certificates.clone());
        }
        let certificates = if ders.is_empty() {
            let text = SYSTEM_ROOTS.iter().find_map(|path| std::fs::read(path).ok()).unwrap_or_default();
            X509::stack_from_pem(&text)?
        } else {
            ders.iter().map(|der| X509::from_der(der.bytes())).collect::<Result<_, _>>()?
        };
        let certificates = Rc::new(certificates);
        *self.read.borrow_mut() = Some(Read { ders, certificates: certificates.clone() });
        Ok(certificates)
    }
}

/// A chain: the first, and those behind it that can be read.
fn chain(certs: &Value) -> Result<(X509, Stack<X509>), Outcome> {
    let Value::Vector(certs) = certs else { return Err(Outcome::new(-1, "no certificates")) };
    let certs = certs.items();
    let first = match certs.first() {
        None => return Err(Outcome::new(-1, "no certificates")),
        Some(Value::Str(der)) => {
            X509::from_der(der).map_err(|_| Outcome::new(-1, "No certificate in opaque"))?
        }
        Some(_) => return Err(Outcome::new(-1, "undefined value in certificate vector")),
    };
    let problem = |_| Outcome::new(-1, "Problem initializing list of untrusted certificates");
    let mut others = Stack::new().map_err(problem)?;
    for der in certs.iter().skip(1).filter(|der| der.is_set()) {
        others.push(X509::from_der(der.bytes()).map_err(problem)?).map_err(problem)?;
    }
    Ok((first, others))
}

/// The time that is asked for, or that of the packet at hand.
fn time(vm: &Vm, time: Option<&Value>) -> f64 {
    match time {
        Some(Value::Time(time)) => *time,
        _ => vm.network_time,
    }
}

fn verify(vm: &Vm, roots: &Roots, args: &[Value]) -> Outcome {
    let [certs, root_certs, rest @ ..] = args else { return Outcome::new(-1, "no certificates") };
    let Ok(store) = roots.store(root_certs, time(vm, rest.first())) else {
        return Outcome::new(-1, "Problem initializing root store");
    };
    let (first, others) = match chain(certs) {
        Ok(chain) => chain,
        Err(outcome) => return outcome,
    };
    verified(&store, &first, &others).unwrap_or_else(|error| Outcome::new(-1, error.to_string()))
}

fn verified(store: &X509Store, first: &X509, others: &Stack<X509>) -> Result<Outcome, ErrorStack> {
    let mut context = X509StoreContext::new()?;
    context.init(store, first, others, |context| {
        let good = context.verify_cert()?;
        let error: X509VerifyResult = context.error();
        let mut outcome = Outcome::new(i64::from(error.as_raw()), error.error_string());
        if let Some(chain) = context.chain().filter(|_| good) {
            outcome.chain = Some(chain.iter().map(|one| one.to_der()).collect::<Result<_, _>>()?);
        }
        Ok(outcome)
    })
}

/// Whether a stapled OCSP response is a responder's, for the first certificate, fresh, and good.
fn verify_ocsp(vm: &Vm, roots: &Roots, args: &[Value]) -> Outcome {
    let [certs, reply, root_certs, rest @ ..] = args else { return Outcome::new(-1, "no certificates") };
    let now = time(vm, rest.first());
    let Ok(store) = roots.store(root_certs, now) else {
        return Outcome::new(-1, "Problem initializing root store");
    };
    let (first, others) = match chain(certs) {
        Ok(chain) => chain,
        Err(outcome) => return outcome,
    };
    let unread = || Outcome::new(-1, "Could not parse OCSP response");
    let (Ok(signed), Some(read)) = (Signed::from_der(reply.bytes()), OcspResponse::parse(reply.bytes()))
    else {
        return unread();
    };
    if read.status != "successful" {
        return Outcome::new(-2, read.status);
    }
    let Ok(basic) = signed.basic() else { return unread() };
    // With its chain, which is looked for in what came with it and in what the server sent.
    if let Err(error) = basic.verify(&others, &store, OcspFlag::empty()) {
        return Outcome::new(-1, refusal(&error));
    }
    let is_issuer = |one: &&openssl::x509::X509Ref| {
        first.issuer_name().try_cmp(one.subject_name()).is_ok_and(|order| order.is_eq())
    };
    let trusted = roots.certificates(root_certs).unwrap_or_default();
    let mut all = others.iter().chain(trusted.iter().map(AsRef::as_ref));
    let Some(issuer) = all.find(is_issuer) else {
        return Outcome::new(-1, "Could not find issuer of host certificate");
    };
    let Ok(id) = OcspCertId::from_cert(MessageDigest::sha1(), &first, issuer) else {
        return Outcome::new(-1, "Certificate ID construction failed");
    };
    if basic.find_status(&id).is_none() {
        return Outcome::new(-1, "OCSP reply is not for host certificate");
    }
    let Some(answer) = read.answers.first() else {
        return Outcome::new(-1, "Could not lookup OCSP response information");
    };
    match (answer.this_update, answer.next_update) {
        (None, _) => Outcome::new(-1, "OCSP reply missing thisUpdate field"),
        (_, None) => Outcome::new(-1, "OCSP reply missing nextUpdate field"),
        (Some(since), _) if since as f64 > now => Outcome::new(-1, "OCSP reply specifies time in future"),
        (_, Some(until)) if (until as f64) < now => Outcome::new(-1, "OCSP reply expired"),
        _ => Outcome::new(if answer.status == "good" { 1 } else { -1 }, answer.status),
    }
}

/// Why OpenSSL takes a response for no responder's.
fn refusal(error: &ErrorStack) -> String {
    let reasons = || error.errors().iter();
    if reasons().any(|error| error.reason() == Some("signer certificate not found")) {
        return "Could not find OCSP responder certificate".to_owned();
    }
    let why = reasons().filter_map(|error| error.data()).find_map(|data| data.strip_prefix("Verify error:"));
    why.map_or_else(|| error.to_string(), |why| why.trim().to_owned())
}

fn sct_verify(vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
    let [cert, _, key, signature, timestamp, hash, rest @ ..] = args else { return Ok(Value::Bool(false)) };
    let promise = Promise {
        timestamp: timestamp.as_count(),
        hash: hash.as_count(),
        signature: signature.bytes(),
        issuer_key: rest.first().map_or(&[], Value::bytes),
    };
    match promise.is_kept_by(cert.bytes(), key.bytes()) {
        Ok(good) => Ok(Value::Bool(good)),
        Err(reason) => {
            vm.error(site.span, reason);
            Ok(Value::Bool(false))
        }
    }
}

/// A log of certificate transparency promises to have a certificate (RFC 6962 §3.2).
struct Promise<'a> {
    /// Milliseconds since 1970.
    timestamp: u64,
    /// The algorithm, as TLS numbers it.
    hash: u64,
    signature: &'a [u8],
    /// The SHA-256 of the issuer's key, where the promise is in the certificate itself; empty elsewhere.
    issuer_key: &'a [u8],
}

impl Promise<'_> {
    /// Whether the log with this key has signed it for this certificate.
    fn is_kept_by(&self, der: &[u8], log_key: &[u8]) -> Result<bool, &'static str> {
        let data = self.signed(der)?;
        let algorithm = algorithm(self.hash).ok_or("Unknown hash algorithm")?;
        let key = PKey::public_key_from_der(log_key).map_err(|_| "Could not load log key")?;
        let verified = Verifier::new(algorithm, &key)
            .and_then(|mut verifier| verifier.verify_oneshot(self.signature, &data));
        Ok(verified.unwrap_or(false))
    }

    /// What is signed.
    fn signed(&self, der: &[u8]) -> Result<Vec<u8>, &'static str> {
        // Of the first version, for a certificate.
        let mut data = vec![0, 0];
        data.extend(self.timestamp.to_be_bytes());
        let entry = match self.issuer_key.len() {
            0 => {
                data.extend([0, 0]);
                der.to_vec()
            }
            32 => {
                data.extend([0, 1]);
                data.extend(self.issuer_key);
                without_timestamps(der).ok_or("NID_ct_precert_scts not found")?
            }
            _ => return Err("Invalid issuer_key_hash length"),
        };
        let [_, len @ ..] = (entry.len() as u32).to_be_bytes();
        data.extend(len);
        data.extend(&entry);
        // No extensions.
        data.extend([0, 0]);
        Ok(data)
    }
}

/// By its number in TLS (RFC 5246 §7.4.1.4.1).
fn algorithm(number: u64) -> Option<MessageDigest> {
    Some(match number {
        1 => MessageDigest::md5(),
        2 => MessageDigest::sha1(),
        3 => MessageDigest::sha224(),
        4 => MessageDigest::sha256(),
        5 => MessageDigest::sha384(),
        6 => MessageDigest::sha512(),
        _ => return None,
    })
}

/// What of a certificate a digest is wanted of.
#[derive(Clone, Copy)]
enum Of {
    Subject,
    Issuer,
    Key,
}

fn digest(vm: &mut Vm, site: &CallSite<'_>, args: &[Value], of: Of) -> Res {
    let [cert, number] = args else { return Ok(Value::Unset) };
    let Some(algorithm) = algorithm(number.as_count()) else {
        return Err(fault(site.span, "Unknown hash algorithm."));
    };
    let digest = X509::from_der(cert.bytes()).and_then(|cert| {
        let bytes = match of {
            Of::Subject => cert.subject_name().to_der()?,
            Of::Issuer => cert.issuer_name().to_der()?,
            Of::Key => cert.public_key()?.public_key_to_der()?,
        };
        hash(algorithm, &bytes)
    });
    match digest {
        Ok(digest) => Ok(Value::str(&digest[..])),
        Err(error) => {
            vm.error(site.span, format!("cannot get cert from opaque: {error}"));
            Ok(Value::str(""))
        }
    }
}

/// The host's name, where the certificate is for it.
fn host_of(args: &[Value]) -> Option<Vec<u8>> {
    let [cert, host] = args else { return None };
    let certificate = Certificate::parse(cert.bytes())?;
    certificate.is_for(host.bytes()).then(|| host.bytes().to_vec())
}

/// A name in DER as logs show it; empty where it is none.
fn distinguished_name(args: &[Value]) -> String {
    args.first().and_then(|der| x509::distinguished_name(der.bytes())).unwrap_or_default()
}

/// What kinds of names and extensions there are.
fn kinds(vm: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
    let found = args.first().and_then(|cert| x509::kinds(cert.bytes()));
    let texts = found.map_or(Vec::new(), |kinds| kinds.map(Value::str).into());
    let Some(ty) = vm.named_type("string_vec") else { return Ok(Value::Unset) };
    Ok(Value::Vector(VectorVal::new(ty, texts)))
}

/// The certificate in DER, or as PEM.
fn string(_: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
    let [cert, rest @ ..] = args else { return Ok(Value::str("")) };
    if !rest.first().is_some_and(Value::as_bool) {
        return Ok(cert.clone());
    }
    let pem = X509::from_der(cert.bytes()).and_then(|cert| cert.to_pem());
    Ok(Value::str(pem.unwrap_or_default()))
}

fn parse(vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
    let read = args.first().and_then(|cert| Certificate::parse(cert.bytes()));
    let (Some(read), Some(record)) = (read, vm.new_record("X509::Certificate")) else {
        return Err(fault(site.span, "no certificate"));
    };
    let text = |text: &str| Value::str(text);
    let optional = |text: Option<&str>| text.map_or(Value::Unset, Value::str);
    for (field, value) in [
        ("version", Value::Count(read.version)),
        ("serial", text(&read.serial)),
        ("subject", text(&read.subject)),
        ("cn", read.common_name.as_ref().map_or(Value::Unset, Value::str)),
        ("issuer", text(&read.issuer)),
        ("not_valid_before", Value::Time(read.not_before as f64)),
        ("not_valid_after", Value::Time(read.not_after as f64)),
        ("key_alg", text(&read.key_alg)),
        ("sig_alg", text(&read.signature_alg)),
        ("tbs_sig_alg", text(&read.signature_alg)),
        ("key_type", optional(read.key.kind)),
        ("key_length", read.key.length.map_or(Value::Unset, Value::Count)),
        ("exponent", optional(read.key.exponent.as_deref())),
        ("curve", optional(read.key.curve)),
    ] {
        vm.set_field(&record, field, value);
    }
    Ok(Value::Record(record))
}

#[cfg(test)]
mod tests {
    use openssl::ec::{EcGroup, EcKey};
    use openssl::nid::Nid;
    use openssl::sign::Signer;

    use super::*;

    #[test]
    fn a_promise_is_that_of_one_log_for_one_certificate() {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let other = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let (key_der, other_der) = (key.public_key_to_der().unwrap(), other.public_key_to_der().unwrap());
        let mut promise = Promise { timestamp: 7, hash: 4, signature: &[], issuer_key: &[] };
        let data = promise.signed(b"certificate").unwrap();
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        let signature = signer.sign_oneshot_to_vec(&data).unwrap();
        promise.signature = &signature;
        assert_eq!(promise.is_kept_by(b"certificate", &key_der), Ok(true));
        assert_eq!(promise.is_kept_by(b"another", &key_der), Ok(false));
        assert_eq!(promise.is_kept_by(b"certificate", &other_der), Ok(false));
        assert_eq!(promise.is_kept_by(b"certificate", b"none"), Err("Could not load log key"));
        promise.issuer_key = &[9; 32];
        assert_eq!(promise.is_kept_by(b"certificate", &key_der), Err("NID_ct_precert_scts not found"));
        promise.issuer_key = &[9; 3];
        assert_eq!(promise.is_kept_by(b"certificate", &key_der), Err("Invalid issuer_key_hash length"));
    }
}
