//! Base58 in Bitcoin's alphabet.
//!
//! It is our own because tokens come from strangers and are read on the main thread: what crates do is quadratic by the byte,
//! and takes a quarter of a second for the longest token. Here many digits go into whole words at a time.

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// The digit of a byte that is zero at the beginning: it stands for the byte.
const ZERO: u8 = ALPHABET[0];

/// The value of each byte as a digit; [`NO_DIGIT`] of what is none.
const VALUES: [u8; 256] = values();
const NO_DIGIT: u8 = u8::MAX;

/// So many digits are read at a time: the most whose value has 64 bits.
const READ: usize = 10;
/// So many digits are written at a time: division by a constant is fast in 64 bits only, and leaves a remainder of 32.
const WRITTEN: usize = 5;
const BASE: u64 = 58_u64.pow(5);

#[expect(clippy::cast_possible_truncation, reason = "there are 58 digits")]
const fn values() -> [u8; 256] {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        values[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    values
}

/// Returns the text of `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    // To the base of `BASE`, the least first.
    let mut number: Vec<u64> = Vec::with_capacity(bytes.len() / 3);
    let (first, words) = bytes[zeros..].split_at((bytes.len() - zeros) % 4);
    for word in std::iter::once(first).chain(words.chunks_exact(4)) {
        let mut carry = word.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte));
        for place in &mut number {
            carry += *place << 32;
            *place = carry % BASE;
            carry /= BASE;
        }
        while carry > 0 {
            number.push(carry % BASE);
            carry /= BASE;
        }
    }
    let mut text = vec![ZERO; zeros];
    let digits = number.iter().rev().flat_map(|place| digits_of(*place));
    text.extend(digits.skip_while(|digit| *digit == ZERO));
    text.into_iter().map(char::from).collect()
}

fn digits_of(mut place: u64) -> [u8; WRITTEN] {
    let mut digits = [ZERO; WRITTEN];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[usize::try_from(place % 58).unwrap_or_default()];
        place /= 58;
    }
    digits
}

/// Returns the bytes of `text`; `None` if it has what is no digit.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let zeros = text.bytes().take_while(|digit| *digit == ZERO).count();
    // In words of 64 bits, the least first.
    let mut number: Vec<u64> = Vec::with_capacity(text.len() / READ + 1);
    for digits in text.as_bytes()[zeros..].chunks(READ) {
        let (mut base, mut carry) = (1_u64, 0_u64);
        for digit in digits {
            let value = VALUES[usize::from(*digit)];
            if value == NO_DIGIT {
                return None;
            }
            (base, carry) = (base * 58, carry * 58 + u64::from(value));
        }
        for word in &mut number {
            (*word, carry) = word.carrying_mul(base, carry);
        }
        if carry > 0 {
            number.push(carry);
        }
    }
    let mut bytes = vec![0; zeros];
    let words = number.iter().rev().flat_map(|word| word.to_be_bytes());
    bytes.extend(words.skip_while(|byte| *byte == 0));
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_texts_are_read_and_written() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"\0", "1"),
            (b"\0\0\x01", "112"),
            (b"\x39", "z"),
            (b"\x3a", "21"),
            (b"Hello World!", "2NEpo7TZRRrLZSi2U"),
            (b"\0\0\x28\x7f\xb4\xcd", "11233QC4"),
            (
                b"The quick brown fox jumps over the lazy dog.",
                "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
            ),
        ] {
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn bytes_of_any_length_read_as_they_were_written() {
        let mut random = fastrand::Rng::with_seed(58);
        for length in (0..300).chain([2_000, 6_001]) {
            for zeros in [0, 1, length / 2, length] {
                let mut bytes = vec![0; length];
                random.fill(&mut bytes[zeros.min(length)..]);
                assert_eq!(decode(&encode(&bytes)), Some(bytes));
            }
        }
    }

    #[test]
    fn texts_of_any_length_write_as_they_were_read() {
        let mut random = fastrand::Rng::with_seed(58);
        for length in (0..300).chain([16 << 10]) {
            let text: String = (0..length).map(|_| char::from(ALPHABET[random.usize(..58)])).collect();
            assert_eq!(encode(&decode(&text).unwrap()), text);
        }
    }

    #[test]
    fn what_is_no_digit_is_refused_wherever_it_is() {
        for wrong in ["0", "O", "I", "l", "2 ", "zzzzzzzzzzzz0", "1é", "\0"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
