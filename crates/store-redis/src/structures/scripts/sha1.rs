//! SHA-1 while compiling: what Redis names scripts by.

/// Returns the hash of `text` in hexadecimal digits.
pub(super) const fn sha1_hex(text: &[u8]) -> [u8; 40] {
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    // The text, a bit that ends it, and its length.
    let blocks = (text.len() + 9).div_ceil(64);
    let mut block = 0;
    while block < blocks {
        state = digested(state, &words(text, block, blocks));
        block += 1;
    }
    hex(state)
}

const fn words(text: &[u8], block: usize, blocks: usize) -> [u32; 80] {
    let mut words = [0_u32; 80];
    let mut n = 0;
    while n < 64 {
        let at = block * 64 + n;
        let byte = if at < text.len() {
            text[at]
        } else if at == text.len() {
            0x80
        } else if at >= blocks * 64 - 8 {
            ((text.len() as u64 * 8) >> (8 * (blocks * 64 - 1 - at))) as u8
        } else {
            0
        };
        words[n / 4] = (words[n / 4] << 8) | byte as u32;
        n += 1;
    }
    let mut n = 16;
    while n < 80 {
        words[n] = (words[n - 3] ^ words[n - 8] ^ words[n - 14] ^ words[n - 16]).rotate_left(1);
        n += 1;
    }
    words
}

const fn digested(state: [u32; 5], words: &[u32; 80]) -> [u32; 5] {
    let [mut a, mut b, mut c, mut d, mut e] = state;
    let mut n = 0;
    while n < 80 {
        let (mixed, constant) = match n {
            0..20 => ((b & c) | (!b & d), 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let next = a
            .rotate_left(5)
            .wrapping_add(mixed)
            .wrapping_add(e)
            .wrapping_add(constant)
            .wrapping_add(words[n]);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        n += 1;
    }
    [
        state[0].wrapping_add(a),
        state[1].wrapping_add(b),
        state[2].wrapping_add(c),
        state[3].wrapping_add(d),
        state[4].wrapping_add(e),
    ]
}

const fn hex(state: [u32; 5]) -> [u8; 40] {
    let mut hex = [0; 40];
    let mut n = 0;
    while n < 40 {
        let digit = (state[n / 8] >> (28 - 4 * (n % 8))) & 15;
        hex[n] = b"0123456789abcdef"[digit as usize];
        n += 1;
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha1(text: &str) -> String {
        String::from_utf8(sha1_hex(text.as_bytes()).to_vec()).unwrap()
    }

    #[test]
    fn hashes_are_those_of_others() {
        assert_eq!(sha1(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(sha1("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(sha1(&"a".repeat(55)), "c1c8bbdc22796e28c0e15163d20899b65621d65a");
        assert_eq!(sha1(&"a".repeat(56)), "c2db330f6083854c99d4b5bfb6e8f29f201be699");
        assert_eq!(sha1(&"a".repeat(1000)), "291e9a6c66994949b57ba5e650361e98fc36b1ba");
    }
}
