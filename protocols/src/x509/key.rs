//! Public keys.

use x509_parser::der_parser::asn1_rs::{Any, FromDer, Integer, Oid, Sequence};
use x509_parser::prelude::SubjectPublicKeyInfo;
use x509_parser::public_key::PublicKey;

use crate::x509::names::curve;

/// A public key, as far as logs tell of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// `rsa`, `dsa` or `ecdsa`; none of other kinds.
    pub kind: Option<&'static str>,
    /// In bits: of RSA's modulus, DSA's prime, a curve's order.
    pub length: Option<u64>,
    /// RSA's exponent, in decimal digits.
    pub exponent: Option<String>,
    /// The curve: `prime256v1`.
    pub curve: Option<&'static str>,
}

impl Key {
    pub(super) fn of(key: &SubjectPublicKeyInfo<'_>) -> Key {
        let params = key.algorithm.parameters.as_ref();
        match &key.algorithm.algorithm.to_id_string()[..] {
            "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => match key.parsed() {
                Ok(PublicKey::RSA(rsa)) => Key {
                    kind: Some("rsa"),
                    length: Some(bits(rsa.modulus)),
                    exponent: Some(decimal(rsa.exponent)),
                    curve: None,
                },
                _ => Key::default(),
            },
            "1.2.840.10040.4.1" => {
                Key { kind: Some("dsa"), length: params.and_then(prime_bits), ..Key::default() }
            }
            "1.2.840.10045.2.1" => match params.and_then(named_curve) {
                Some((curve, bits)) => {
                    Key { kind: Some("ecdsa"), length: Some(bits), curve: Some(curve), exponent: None }
                }
                None => Key::default(),
            },
            _ => Key::default(),
        }
    }
}

/// Bits of a number without leading zeros.
fn bits(bytes: &[u8]) -> u64 {
    let bytes = bytes.iter().skip_while(|byte| **byte == 0);
    let (len, first) = bytes.fold((0_u64, None), |(len, first), byte| (len + 1, first.or(Some(*byte))));
    first.map_or(0, |first| len * 8 - u64::from(first.leading_zeros()))
}

/// RFC 3279 §2.3.2: p is the first of the parameters.
fn prime_bits(params: &Any<'_>) -> Option<u64> {
    let sequence = Sequence::try_from(params.clone()).ok()?;
    let (_, p) = Integer::from_der(&sequence.content).ok()?;
    Some(bits(p.as_ref()))
}

fn named_curve(params: &Any<'_>) -> Option<(&'static str, u64)> {
    curve(&Oid::try_from(params.clone()).ok()?.to_id_string())
}

/// A number in decimal digits. Exponents are small; a longer one than any that is used is not written out.
fn decimal(bytes: &[u8]) -> String {
    const MAX: usize = 512;
    let mut digits: Vec<u8> = vec![0];
    for byte in bytes.iter().take(MAX) {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            let value = u32::from(*digit) * 256 + carry;
            *digit = (value % 10) as u8;
            carry = value / 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_decimal() {
        for (bytes, text) in
            [(&[1, 0, 1][..], "65537"), (&[3], "3"), (&[0], "0"), (&[0xff; 9], "4722366482869645213695")]
        {
            assert_eq!(decimal(bytes), text);
        }
        assert_eq!(bits(&[0, 1, 0]), 9);
        assert_eq!(bits(&[]), 0);
    }
}
