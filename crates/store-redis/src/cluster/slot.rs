//! The slot of a key.

/// How many slots there are in any cluster.
pub(super) const SLOTS: u16 = 16_384;

/// The slot of `key`. Keys with the same text in their first braces are together.
pub(crate) fn slot_of(key: &[u8]) -> u16 {
    crc16(tag(key)) % SLOTS
}

/// What decides about the slot: the text in the first braces, if there is any, else all of the key.
fn tag(key: &[u8]) -> &[u8] {
    let Some(open) = memchr::memchr(b'{', key) else { return key };
    let inside = &key[open + 1..];
    match memchr::memchr(b'}', inside) {
        Some(len) if len > 0 => &inside[..len],
        _ => key,
    }
}

/// The CRC16 of XMODEM, which clusters go by.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| (crc << 8) ^ TABLE[usize::from((crc >> 8) ^ u16::from(*byte)) & 0xff])
}

const TABLE: [u16; 256] = {
    let mut table = [0_u16; 256];
    let mut n = 0;
    while n < table.len() {
        #[expect(clippy::cast_possible_truncation, reason = "a table of 256")]
        let mut crc = (n as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[n] = crc;
        n += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_that_servers_count() {
        // As `CLUSTER KEYSLOT` answers.
        for (key, slot) in [("", 0), ("123456789", 12_739), ("foo", 12_182), ("bar", 5_061), ("hello", 866)] {
            assert_eq!(slot_of(key.as_bytes()), slot, "{key}");
        }
    }

    #[test]
    fn the_text_in_the_first_braces_decides() {
        assert_eq!(slot_of(b"{user}:1"), slot_of(b"user"));
        assert_eq!(slot_of(b"a{user}{other}"), slot_of(b"user"));
        assert_eq!(slot_of(b"a{{user}}"), slot_of(b"{user"));
        assert_eq!(tag(b"a{}{user}"), b"a{}{user}");
        assert_eq!(tag(b"a{user"), b"a{user");
        assert_eq!(tag(b"}a{"), b"}a{");
    }
}
