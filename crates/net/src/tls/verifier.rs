//! Which certificates of servers are accepted: those that Node.js accepts, as far as webpki goes and a little further.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerIncompatible, SignatureScheme};

use super::certificate::Certificate;
use super::roots::Roots;

type Result<T> = std::result::Result<T, Error>;

/// The checks of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Nothing, but that the server has its key.
    Nobody,
    /// Its issuer, and not the name of the server.
    Authority,
    /// Its issuer, and the name of the server.
    Full,
}

/// Checks the certificates of servers.
#[derive(Debug)]
pub(super) struct Verifier {
    /// `None` where nobody is asked who issued a certificate.
    trusted: Option<Trusted>,
    check: Check,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
struct Trusted {
    webpki: Arc<WebPkiServerVerifier>,
    /// The authorities that were given, not those of the system.
    given: Arc<Roots>,
}

impl Verifier {
    pub(super) fn of_anyone(provider: &CryptoProvider) -> Self {
        Self { trusted: None, check: Check::Nobody, algorithms: provider.signature_verification_algorithms }
    }

    pub(super) fn new(
        roots: Arc<Roots>,
        check: Check,
        provider: Arc<CryptoProvider>,
    ) -> std::result::Result<Self, rustls::client::VerifierBuilderError> {
        let algorithms = provider.signature_verification_algorithms;
        let webpki = WebPkiServerVerifier::builder_with_provider(roots.store.clone(), provider).build()?;
        Ok(Self { trusted: Some(Trusted { webpki, given: roots }), check, algorithms })
    }

    /// Returns whether a certificate that webpki does not take is one of those that were given (which a server with a
    /// self-signed one has), or one without extensions that one of them issued.
    fn is_known(&self, given: &Roots, der: &CertificateDer<'_>, certificate: &Certificate<'_>) -> bool {
        let mut given = given.given.iter();
        given.any(|known| {
            known == der
                || certificate.version < 3
                    && Certificate::read(known)
                        .is_some_and(|issuer| certificate.is_signed_by(&issuer, &self.algorithms))
        })
    }

    fn accept(
        &self,
        refused: Error,
        given: &Roots,
        der: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified> {
        let Error::InvalidCertificate(why) = &refused else { return Err(refused) };
        let Some(certificate) = Certificate::read(der) else { return Err(refused) };
        let is_for = self.check == Check::Authority || certificate.is_for(name);
        let accepted = Ok(ServerCertVerified::assertion());
        if matches!(why, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
        {
            // Names come last: all else is as it should be.
            let is_other = self.check == Check::Full && !certificate.has_common_name_only();
            return if is_for && !is_other { accepted } else { Err(refused) };
        }
        if !self.is_known(given, der, &certificate) {
            return Err(refused);
        }
        if certificate.begins_after(now) {
            return Err(CertificateError::NotValidYet.into());
        }
        if certificate.ended_before(now) {
            return Err(CertificateError::Expired.into());
        }
        if !certificate.is_for_servers() {
            return Err(CertificateError::InvalidPurpose.into());
        }
        if is_for { accepted } else { Err(CertificateError::NotValidForName.into()) }
    }
}

/// Returns whether a certificate could not be read, or has something that nobody knows.
fn is_unread(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(
            CertificateError::BadEncoding
                | CertificateError::UnhandledCriticalExtension
                | CertificateError::Other(_)
        )
    )
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        der: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified> {
        let Some(Trusted { webpki, given }) = &self.trusted else {
            return Ok(ServerCertVerified::assertion());
        };
        match webpki.verify_server_cert(der, intermediates, name, ocsp, now) {
            Ok(accepted) => Ok(accepted),
            Err(refused) => self.accept(refused, given, der, name, now),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        der: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid> {
        match verify_tls12_signature(message, der, signature, &self.algorithms) {
            Err(error) if is_unread(&error) => {
                let certificate = Certificate::read(der).ok_or(error)?;
                let mapping = self.algorithms.mapping.iter().find(|(scheme, _)| *scheme == signature.scheme);
                let (_, algorithms) = mapping.ok_or(PeerIncompatible::NoSignatureSchemesInCommon)?;
                let is_valid =
                    |algorithm: &&_| certificate.verifies(*algorithm, message, signature.signature());
                match algorithms.iter().any(is_valid) {
                    true => Ok(HandshakeSignatureValid::assertion()),
                    false => Err(CertificateError::BadSignature.into()),
                }
            }
            verified => verified,
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        der: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid> {
        match verify_tls13_signature(message, der, signature, &self.algorithms) {
            Err(error) if is_unread(&error) => {
                let certificate = Certificate::read(der).ok_or(error)?;
                let key = SubjectPublicKeyInfoDer::from(certificate.key);
                verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms)
            }
            verified => verified,
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::crypto::ring;
    use rustls::pki_types::pem::PemObject;

    use super::*;

    /// A time at which all certificates here are valid: 2030.
    const THEN: u64 = 1_893_456_000;

    /// One of the certificates of the file beside this one.
    fn certificate(name: &str) -> CertificateDer<'static> {
        let all = include_str!("certificates.pem");
        let (_, from) = all.split_once(&format!("\n{name}\n")).unwrap();
        CertificateDer::from_pem_slice(from.as_bytes()).unwrap()
    }

    fn at(seconds: u64, shown: &str, ca: &str, check: Check, host: &str) -> std::result::Result<(), String> {
        let provider = Arc::new(ring::default_provider());
        let roots = Arc::new(Roots::only(vec![certificate(ca)]).unwrap());
        let verifier = Verifier::new(roots, check, provider).unwrap();
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        match verifier.verify_server_cert(&certificate(shown), &[], &name, &[], now) {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("{error:?}")),
        }
    }

    fn verify(shown: &str, ca: &str, host: &str) -> std::result::Result<(), String> {
        at(THEN, shown, ca, Check::Full, host)
    }

    fn refused(shown: &str, ca: &str, host: &str) -> String {
        verify(shown, ca, host).unwrap_err()
    }

    #[test]
    fn a_certificate_that_was_given_is_accepted_for_its_names() {
        for host in ["db.example", "a.sub.example", "127.0.0.1"] {
            assert_eq!(verify("self", "self", host), Ok(()), "{host}");
        }
        for host in ["other.example", "sub.example", "a.b.sub.example", "127.0.0.2", "self.example"] {
            assert!(refused("self", "self", host).contains("NotValidForName"), "{host}");
        }
        assert_eq!(verify("leaf", "leaf", "db.example"), Ok(()));
    }

    #[test]
    fn a_certificate_that_was_given_is_refused_out_of_its_time() {
        let at = |seconds| at(seconds, "self", "self", Check::Full, "db.example").unwrap_err();
        assert!(at(THEN + 315_360_000).contains("Expired"));
        assert!(at(1_600_000_000).contains("NotValidYet"));
    }

    #[test]
    fn a_certificate_that_is_not_for_servers_is_refused() {
        assert!(refused("self-client", "self-client", "self.example").contains("InvalidPurpose"));
    }

    #[test]
    fn a_certificate_that_was_not_given_is_refused() {
        assert!(refused("self", "self-cn", "db.example").contains("CaUsedAsEndEntity"));
        assert!(refused("leaf", "other", "db.example").contains("UnknownIssuer"));
    }

    #[test]
    fn a_common_name_counts_where_there_is_no_other_name_of_a_host() {
        assert_eq!(verify("self-cn", "self-cn", "self.example"), Ok(()));
        assert_eq!(verify("leaf-cn", "ca", "leaf.example"), Ok(()));
        assert!(refused("leaf-cn", "ca", "other.example").contains("NotValidForName"));
        assert!(refused("leaf", "ca", "leaf.example").contains("NotValidForName"));
    }

    #[test]
    fn a_certificate_of_version_1_is_accepted_from_an_authority_that_was_given() {
        assert_eq!(verify("old", "ca", "old.example"), Ok(()));
        assert_eq!(verify("old", "old", "old.example"), Ok(()));
        assert!(refused("old", "ca", "other.example").contains("NotValidForName"));
        assert!(verify("old-of-other", "ca", "old.example").is_err());
        assert!(verify("old-of-leaf", "leaf", "old.example").is_err());
        assert!(
            at(THEN + 315_360_000, "old", "ca", Check::Full, "old.example").unwrap_err().contains("Expired")
        );
    }

    #[test]
    fn where_only_the_authority_is_checked_the_name_is_not() {
        let verify = |shown, ca| at(THEN, shown, ca, Check::Authority, "other.example");
        assert_eq!(verify("leaf", "ca"), Ok(()));
        assert_eq!(verify("self", "self"), Ok(()));
        assert!(verify("leaf", "other").is_err());
    }

    #[test]
    fn a_changed_certificate_is_refused() {
        let provider = Arc::new(ring::default_provider());
        let roots = Arc::new(Roots::only(vec![certificate("ca")]).unwrap());
        let verifier = Verifier::new(roots, Check::Authority, provider).unwrap();
        let name = ServerName::try_from("old.example").unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(THEN));
        let whole = certificate("old").as_ref().to_vec();
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            let changed = CertificateDer::from(changed);
            assert!(verifier.verify_server_cert(&changed, &[], &name, &[], now).is_err(), "byte {place}");
        }
    }
}
