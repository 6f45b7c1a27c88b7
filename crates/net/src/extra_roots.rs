//! The certificate authorities of `NODE_EXTRA_CA_CERTS`.

use std::env;
use std::sync::OnceLock;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The certificates in the file of `NODE_EXTRA_CA_CERTS`.
pub struct ExtraRoots {
    /// Those that can be used: each as it was written, and as bytes.
    pub certificates: Vec<(String, CertificateDer<'static>)>,
    /// Why it could not be used.
    pub warning: Option<String>,
}

/// The authorities that the environment adds, read once a process, as Node.js does.
pub fn extra_roots() -> &'static ExtraRoots {
    static EXTRA: OnceLock<ExtraRoots> = OnceLock::new();
    EXTRA.get_or_init(|| match env::var_os("NODE_EXTRA_CA_CERTS").filter(|path| !path.is_empty()) {
        None => ExtraRoots { certificates: Vec::new(), warning: None },
        Some(path) => match std::fs::read(&path) {
            Ok(bytes) => ExtraRoots::from_pem(&String::from_utf8_lossy(&bytes)),
            Err(error) => ExtraRoots::none(format!("could not be read: {error}")),
        },
    })
}

impl ExtraRoots {
    fn none(why: String) -> Self {
        let warning = format!("the file of NODE_EXTRA_CA_CERTS adds no certificate authorities: it {why}");
        Self { certificates: Vec::new(), warning: Some(warning) }
    }

    fn from_pem(text: &str) -> Self {
        const END: &str = "-----END CERTIFICATE-----";
        let mut store = RootCertStore::empty();
        let certificates: Vec<_> = text
            .split_inclusive(END)
            .filter_map(|text| {
                let certificate = CertificateDer::from_pem_slice(text.as_bytes()).ok()?;
                store.add(certificate.clone()).ok()?;
                Some((text.to_owned(), certificate))
            })
            .collect();
        if certificates.is_empty() {
            return Self::none("has no certificates in PEM format".to_owned());
        }
        Self { certificates, warning: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_warned_about() {
        let extra = ExtraRoots::from_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        assert!(extra.certificates.is_empty());
        assert!(extra.warning.unwrap().contains("NODE_EXTRA_CA_CERTS"));
    }
}
