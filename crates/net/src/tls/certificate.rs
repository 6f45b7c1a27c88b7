//! What a certificate says of itself: for those that webpki does not read (X.509 version 1), and for what it does not
//! look at (a common name).

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{ServerName, UnixTime};

use super::der::{
    BIT_STRING, BOOLEAN, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, SET, Value,
};

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const PURPOSES: &[u8] = &[0x55, 0x1d, 0x25];
const ANY_PURPOSE: &[u8] = &[0x55, 0x1d, 0x25, 0x00];
const SERVER: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const DNS_NAME: u8 = 0x82;
const ADDRESS: u8 = 0x87;

/// The parts of a certificate.
pub(super) struct Certificate<'a> {
    pub(super) version: u8,
    /// What its issuer signed.
    signed: &'a [u8],
    signature: Signature<'a>,
    issuer: &'a [u8],
    subject: &'a [u8],
    common_names: Vec<&'a str>,
    not_before: u64,
    not_after: u64,
    /// The public key with what kind it is, as DER.
    pub(super) key: &'a [u8],
    dns_names: Vec<&'a str>,
    addresses: Vec<&'a [u8]>,
    is_authority: bool,
    purposes: Option<Vec<&'a [u8]>>,
}

/// A signature, and how it was made.
struct Signature<'a> {
    algorithm: &'a [u8],
    bytes: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads a certificate in DER. `None` where it is malformed.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = Reader::new(der).inside(SEQUENCE)?;
        let signed = outer.expect(SEQUENCE)?;
        let algorithm = outer.expect(SEQUENCE)?.content;
        let signature = Signature { algorithm, bytes: bits(&outer.expect(BIT_STRING)?)? };

        let mut inner = Reader::new(signed.content);
        let version = match inner.optional(0xa0) {
            None => 1,
            Some(version) => Reader::new(version.content).expect(INTEGER)?.content.last()? + 1,
        };
        inner.expect(INTEGER)?;
        inner.expect(SEQUENCE)?;
        let issuer = inner.expect(SEQUENCE)?.content;
        let mut validity = inner.inside(SEQUENCE)?;
        let (not_before, not_after) = (seconds(&validity.next()?)?, seconds(&validity.next()?)?);
        let subject = inner.expect(SEQUENCE)?.content;
        let key = inner.expect(SEQUENCE)?.whole;
        let mut certificate = Self {
            version,
            signed: signed.whole,
            signature,
            issuer,
            subject,
            common_names: common_names(subject),
            not_before,
            not_after,
            key,
            dns_names: Vec::new(),
            addresses: Vec::new(),
            is_authority: false,
            purposes: None,
        };
        if let Some(extensions) = inner.find(|value| value.tag == 0xa3) {
            for extension in Reader::new(extensions.content).inside(SEQUENCE)? {
                certificate.extend(Reader::new(extension.content))?;
            }
        }
        Some(certificate)
    }

    fn extend(&mut self, mut extension: Reader<'a>) -> Option<()> {
        let kind = extension.expect(OBJECT_IDENTIFIER)?.content;
        extension.optional(BOOLEAN);
        let value = Reader::new(extension.expect(OCTET_STRING)?.content).inside(SEQUENCE);
        match kind {
            ALTERNATIVE_NAMES => {
                for name in value? {
                    match name.tag {
                        DNS_NAME => self.dns_names.push(std::str::from_utf8(name.content).ok()?),
                        ADDRESS => self.addresses.push(name.content),
                        _ => {}
                    }
                }
            }
            BASIC_CONSTRAINTS => {
                self.is_authority = value?.expect(BOOLEAN).is_some_and(|authority| authority.content != [0]);
            }
            PURPOSES => self.purposes = Some(value?.map(|purpose| purpose.content).collect()),
            _ => {}
        }
        Some(())
    }

    /// Returns whether it is for the server called `name`, as `tls.checkServerIdentity()` of Node.js decides it: its
    /// common name counts where it has no other names of hosts.
    pub(super) fn is_for(&self, name: &ServerName<'_>) -> bool {
        match name {
            ServerName::DnsName(host) if self.dns_names.is_empty() => {
                self.common_names.iter().any(|pattern| matches(pattern, host.as_ref()))
            }
            ServerName::DnsName(host) => self.dns_names.iter().any(|pattern| matches(pattern, host.as_ref())),
            ServerName::IpAddress(address) => {
                let address = std::net::IpAddr::from(*address);
                self.addresses.iter().any(|bytes| match address {
                    std::net::IpAddr::V4(address) => *bytes == address.octets(),
                    std::net::IpAddr::V6(address) => *bytes == address.octets(),
                })
            }
            _ => false,
        }
    }

    /// Returns whether nothing but its common name says which host it is for.
    pub(super) fn has_common_name_only(&self) -> bool {
        self.dns_names.is_empty()
    }

    pub(super) fn begins_after(&self, now: UnixTime) -> bool {
        now.as_secs() < self.not_before
    }

    pub(super) fn ended_before(&self, now: UnixTime) -> bool {
        now.as_secs() > self.not_after
    }

    /// Returns whether a server may show it.
    pub(super) fn is_for_servers(&self) -> bool {
        let is_any = |purpose: &&[u8]| matches!(*purpose, SERVER | ANY_PURPOSE);
        self.purposes.as_ref().is_none_or(|purposes| purposes.iter().any(is_any))
    }

    /// Returns whether `issuer` may sign certificates, and signed this one.
    pub(super) fn is_signed_by(&self, issuer: &Certificate<'_>, known: &WebPkiSupportedAlgorithms) -> bool {
        let is_authority = issuer.is_authority || (issuer.version < 3 && issuer.issuer == issuer.subject);
        is_authority && issuer.subject == self.issuer && {
            let fits = |id: &[u8]| id == self.signature.algorithm;
            let mut algorithms =
                known.all.iter().filter(|algorithm| fits(algorithm.signature_alg_id().as_ref()));
            algorithms.any(|algorithm| issuer.verifies(*algorithm, self.signed, self.signature.bytes))
        }
    }

    /// Returns whether `signature` of `message` was made with the key of this certificate.
    pub(super) fn verifies(
        &self,
        algorithm: &dyn rustls::pki_types::SignatureVerificationAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let read = || {
            let mut key = Reader::new(self.key).inside(SEQUENCE)?;
            Some((key.expect(SEQUENCE)?.content, bits(&key.expect(BIT_STRING)?)?))
        };
        read().is_some_and(|(kind, key)| {
            kind == algorithm.public_key_alg_id().as_ref()
                && algorithm.verify_signature(key, message, signature).is_ok()
        })
    }
}

/// The hash that a password is bound to, `tls-server-end-point` of RFC 5929: with the function of the certificate's own
/// signature, or SHA-256 where that is weaker. `None` where the signature has no such function of its own.
pub fn fingerprint(der: &[u8]) -> Option<Vec<u8>> {
    use sha2::{Digest, Sha256, Sha384, Sha512};

    let certificate = Certificate::read(der)?;
    let kind = Reader::new(certificate.signature.algorithm).expect(OBJECT_IDENTIFIER)?.content;
    Some(match kind {
        // RSA with MD5, SHA-1 and SHA-256; ECDSA with SHA-1 and SHA-256.
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04 | 0x05 | 0x0b]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02] => Sha256::digest(der).to_vec(),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03] => Sha384::digest(der).to_vec(),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04] => Sha512::digest(der).to_vec(),
        _ => return None,
    })
}

/// What a string of whole bytes holds.
fn bits<'a>(value: &Value<'a>) -> Option<&'a [u8]> {
    value.content.split_first().filter(|(unused, _)| **unused == 0).map(|(_, bytes)| bytes)
}

/// The common names of a distinguished name.
fn common_names(name: &[u8]) -> Vec<&str> {
    let attributes =
        Reader::new(name).filter(|value| value.tag == SET).flat_map(|set| Reader::new(set.content));
    let common = attributes.filter_map(|attribute| {
        let mut attribute = Reader::new(attribute.content);
        let is_common = attribute.expect(OBJECT_IDENTIFIER)?.content == COMMON_NAME;
        is_common.then(|| attribute.next()).flatten()
    });
    common.filter_map(|value| std::str::from_utf8(value.content).ok()).collect()
}

/// Returns whether a host is meant by a name that may begin with the label `*`, which stands for one label.
fn matches(pattern: &str, host: &str) -> bool {
    let pattern = pattern.strip_suffix('.').unwrap_or(pattern);
    let host = host.strip_suffix('.').unwrap_or(host);
    match pattern.strip_prefix("*.") {
        // Not all hosts of a whole `.com`.
        Some(domain) => {
            domain.contains('.')
                && host
                    .split_once('.')
                    .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(domain))
        }
        None => !pattern.is_empty() && pattern.eq_ignore_ascii_case(host),
    }
}

/// Seconds since the Unix epoch of a time as certificates write it: always UTC, with seconds. A time before 1970 is 0.
fn seconds(value: &Value<'_>) -> Option<u64> {
    let text = std::str::from_utf8(value.content).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match (value.tag, text.len()) {
        (0x17, 12) => {
            let year: u64 = text[..2].parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, &text[2..])
        }
        (0x18, 14) => (text[..4].parse().ok()?, &text[4..]),
        _ => return None,
    };
    let pair = |at: usize| rest[at..at + 2].parse::<u64>().ok();
    let (month, day) = (pair(0)?, pair(2)?);
    if year < 1970 {
        return Some(0);
    }
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = (year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day)
        .checked_sub(719_469)?;
    Some(days * 86_400 + pair(4)? * 3600 + pair(6)? * 60 + pair(8)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(tag: u8, text: &str) -> Option<u64> {
        seconds(&Value { tag, content: text.as_bytes(), whole: &[] })
    }

    #[test]
    fn times_are_seconds_since_the_epoch() {
        assert_eq!(time(0x17, "700101000000Z"), Some(0));
        assert_eq!(time(0x17, "240229235959Z"), Some(1_709_251_199));
        assert_eq!(time(0x18, "20500301000000Z"), Some(2_529_705_600));
        assert_eq!(time(0x17, "491231000000Z"), time(0x18, "20491231000000Z"));
        assert_eq!(time(0x17, "500101000000Z"), Some(0));
        for malformed in ["", "Z", "7001010000Z", "70010100000aZ", "700101000000", "7001010000000Z"] {
            assert_eq!(time(0x17, malformed), None, "{malformed}");
        }
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        for (pattern, host) in
            [("a.example", "A.EXAMPLE"), ("*.a.example", "b.a.example"), ("a.example.", "a.example")]
        {
            assert!(matches(pattern, host), "{pattern} {host}");
        }
        for (pattern, host) in [
            ("*.a.example", "a.example"),
            ("*.a.example", "c.b.a.example"),
            ("*.a.example", ".a.example"),
            ("*.example", "a.example"),
            ("*", "a"),
            ("", ""),
            ("b*.a.example", "bc.a.example"),
        ] {
            assert!(!matches(pattern, host), "{pattern} {host}");
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic() {
        let mut bytes = vec![0x30, 0x82, 0x01, 0x00, 0x30, 0x81, 0xff, 0xa0, 0x03, 0x02, 0x01, 0x02];
        for seed in 0_u8..=255 {
            bytes.extend([seed, seed.wrapping_mul(31), 0x30]);
            for end in 0..bytes.len() {
                assert!(Certificate::read(&bytes[..end]).is_none());
            }
        }
    }
}
