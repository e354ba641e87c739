//! Numbers as text. A row has a dozen of them.

/// Appends a number in decimal.
#[inline]
pub(super) fn integer(number: u64, out: &mut Vec<u8>) {
    // Most columns count to nine.
    if number < 10 {
        out.push(b'0' + number as u8);
    } else {
        several_digits(number, out);
    }
}

fn several_digits(number: u64, out: &mut Vec<u8>) {
    if number < FOUR {
        let number = number as u32;
        // Zeros in front are left out: none, one or two.
        let zeros = usize::from(number < 1000) + usize::from(number < 100);
        return keep(&(four_digits(number) >> (8 * zeros)).to_le_bytes(), 4 - zeros, out);
    }
    if number < EIGHT {
        integer(number / FOUR, out);
        out.extend_from_slice(&four_digits((number % FOUR) as u32).to_le_bytes());
        return;
    }
    integer(number / EIGHT, out);
    out.extend_from_slice(&eight_digits((number % EIGHT) as u32).to_le_bytes());
}

pub(super) fn signed(number: i64, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    integer(number.unsigned_abs(), out);
}

/// Appends a number of nanoseconds as seconds with six decimals, the rest cut off.
pub(crate) fn seconds(nanos: i64, out: &mut Vec<u8>) {
    let micros = nanos / 1_000;
    if micros < 0 {
        out.push(b'-');
    }
    let micros = micros.unsigned_abs();
    integer(micros / 1_000_000, out);
    // Of eight digits the first two are zeros: a dot takes the place of one.
    let fraction = eight_digits((micros % 1_000_000) as u32) >> 8;
    let text = ((fraction & !0xff) | u64::from(b'.')).to_le_bytes();
    keep(&text, 7, out);
}

const FOUR: u64 = 10_000;
const EIGHT: u64 = 100_000_000;

/// Appends the first `len` bytes: all are written, which takes one store, and the rest is taken back.
#[inline]
fn keep<const N: usize>(text: &[u8; N], len: usize, out: &mut Vec<u8>) {
    let end = out.len() + len;
    out.extend_from_slice(text);
    out.truncate(end);
}

/// A number below 10^4 as four digits, the first in the lowest byte.
#[inline]
fn four_digits(number: u32) -> u32 {
    let pairs = (number / 100) | ((number % 100) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f;
    (tens | ((pairs - 10 * tens) << 8)) + ZEROS as u32
}

/// `0` eight times.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// A number below 10^8 as eight digits, the first in the lowest byte: halves of four digits, quarters of two and single
/// digits are found side by side in one word.
#[inline]
fn eight_digits(number: u32) -> u64 {
    let number = u64::from(number);
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    // n / 100 for n below 10,000, and n / 10 for n below 100.
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let quarters = hundreds | ((halves - 100 * hundreds) << 16);
    let tens = ((quarters * 103) >> 10) & 0x000f_000f_000f_000f;
    (tens | ((quarters - 10 * tens) << 8)) + ZEROS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = b"x".to_vec();
        write(&mut out);
        String::from_utf8(out.split_off(1)).unwrap()
    }

    #[test]
    fn numbers_are_those_of_the_standard_library() {
        let mut numbers: Vec<u64> = (0..20_000).chain([u64::MAX, u64::MAX - 1, u64::MAX / 10]).collect();
        for power in 1..20 {
            let ten = 10u64.pow(power);
            numbers.extend([ten - 1, ten, ten + 1, ten + ten / 2, ten / 7]);
        }
        for number in numbers {
            assert_eq!(written(|out| integer(number, out)), number.to_string());
            let signs = [number as i64, (number as i64).wrapping_neg()];
            for number in signs {
                assert_eq!(written(|out| signed(number, out)), number.to_string());
            }
        }
        for number in (0..10_000).step_by(7) {
            assert_eq!(four_digits(number).to_le_bytes().as_slice(), format!("{number:04}").as_bytes());
        }
        for number in (0..100_000_000).step_by(4_799) {
            assert_eq!(eight_digits(number).to_le_bytes().as_slice(), format!("{number:08}").as_bytes());
        }
    }

    #[test]
    fn seconds_have_six_decimals_and_no_more() {
        for (nanos, expected) in [
            (0, "0.000000"),
            (999, "0.000000"),
            (1_000, "0.000001"),
            (-1_500, "-0.000001"),
            (1_300_475_167_096_535_999, "1300475167.096535"),
            (59_999_999_999, "59.999999"),
            (i64::MAX, "9223372036.854775"),
            (i64::MIN, "-9223372036.854775"),
        ] {
            assert_eq!(written(|out| seconds(nanos, out)), expected);
        }
    }
}
