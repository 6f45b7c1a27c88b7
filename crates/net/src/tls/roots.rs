//! Certificate authorities: those of the options, or those of the system.

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use tokio::sync::OnceCell;

use crate::extra_roots::extra_roots;
use redkv_core::error::{Error, ErrorKind, Outcome, Result};

/// Certificate authorities.
pub(super) struct Roots {
    pub(super) store: Arc<RootCertStore>,
    /// Those of them that a user chose. A server may show such a one itself.
    pub(super) given: Vec<CertificateDer<'static>>,
    /// All of them.
    #[cfg(feature = "mysql")]
    pub(super) all: Vec<CertificateDer<'static>>,
}

impl Roots {
    /// These, and no others. A bad one among them is an error.
    pub(super) fn only(
        certificates: Vec<CertificateDer<'static>>,
    ) -> std::result::Result<Self, rustls::Error> {
        let mut store = RootCertStore::empty();
        for certificate in &certificates {
            store.add(certificate.clone())?;
        }
        Ok(Self {
            store: Arc::new(store),
            #[cfg(feature = "mysql")]
            all: certificates.clone(),
            given: certificates,
        })
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roots").field("count", &self.store.len()).finish()
    }
}

/// The system's certificate authorities and those of `NODE_EXTRA_CA_CERTS`, read once a process.
pub(super) async fn system() -> Result<Arc<Roots>> {
    static ROOTS: OnceCell<Arc<Roots>> = OnceCell::const_new();
    let load = || async {
        let found = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs)
            .await
            .map_err(|error| unusable("the system's certificates could not be read").caused_by(error))?;
        let given: Vec<_> =
            extra_roots().certificates.iter().map(|(_, certificate)| certificate.clone()).collect();
        // Some of a system's certificates are always broken; the others do.
        let mut store = RootCertStore::empty();
        let all = found.certs.into_iter().chain(given.iter().cloned());
        let all: Vec<_> = all.filter(|certificate| store.add(certificate.clone()).is_ok()).collect();
        if all.is_empty() {
            return Err(unusable(
                "the system has no certificates to check the server's with: install them (ca-certificates), name \
                 their file in SSL_CERT_FILE or NODE_EXTRA_CA_CERTS, or set the option ca",
            ));
        }
        Ok(Arc::new(Roots {
            store: Arc::new(store),
            given,
            #[cfg(feature = "mysql")]
            all,
        }))
    };
    ROOTS.get_or_try_init(load).await.cloned()
}

pub(super) fn unusable(message: &str) -> Error {
    Error::new(ErrorKind::Connection, message).retryable(false).outcome(Outcome::NotApplied)
}
