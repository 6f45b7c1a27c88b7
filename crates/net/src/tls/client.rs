//! The configuration of TLS handshakes.

use std::fmt;
use std::sync::Arc;

use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;

use super::options::Versions;
use super::roots::{Roots, system, unusable};
use super::verifier::{Check, Verifier};
use redkv_core::error::{Error, Result};

/// Whom to trust, and who we are.
#[derive(Clone, Default)]
pub struct Tls {
    /// Authorities that are trusted, and no others; those of the system when absent.
    pub(super) roots: Option<Arc<Roots>>,
    /// What is checked, if it was said.
    pub(super) check: Option<Check>,
    /// Whether an unknown issuer is taken where nothing was said of what is checked.
    pub(super) is_lenient: bool,
    pub(super) identity: Option<Identity>,
    pub(super) server_name: Option<ServerName<'static>>,
    pub(super) versions: Versions,
    /// Whether the name is kept from the server.
    pub(super) hides_name: bool,
    /// What is to be spoken, where the server asks for it in the handshake.
    pub(super) protocol: Option<&'static str>,
}

/// What this client shows of itself.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) resolver: Arc<SingleCertAndKey>,
    /// The same as it was given, for a client that makes its handshakes itself.
    #[cfg(feature = "mysql")]
    pub(super) pem: Arc<(String, String)>,
}

impl Tls {
    /// The checks of a server's certificate.
    pub fn check(&self) -> Check {
        match self.check {
            Some(check) => check,
            None if self.is_lenient && self.roots.is_some() => Check::Authority,
            None if self.is_lenient => Check::Nobody,
            None => Check::Full,
        }
    }

    /// The name that the server's certificate must have: `servername`, else the host.
    pub fn name_for(&self, host: &str) -> Result<ServerName<'static>> {
        match &self.server_name {
            Some(name) => Ok(name.clone()),
            None => ServerName::try_from(host.to_owned())
                .map_err(|_| Error::argument("host", "the host is not a name that a certificate can have")),
        }
    }

    /// Made once a store, so that its connections resume sessions.
    pub async fn client_config(&self) -> Result<Arc<ClientConfig>> {
        let provider = Arc::new(ring::default_provider());
        let failed = |error| unusable("TLS cannot be set up").caused_by(error);
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(self.versions.supported())
            .map_err(failed)?;
        let verifier = match (self.check(), &self.roots) {
            (Check::Nobody, _) => Verifier::of_anyone(&provider),
            (check, roots) => {
                let roots = match roots {
                    Some(roots) => roots.clone(),
                    None => system().await?,
                };
                Verifier::new(roots, check, provider)
                    .map_err(|error| unusable("TLS cannot be set up").caused_by(error))?
            }
        };
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.identity {
            Some(identity) => builder.with_client_cert_resolver(identity.resolver.clone()),
            None => builder.with_no_client_auth(),
        };
        config.enable_sni = !self.hides_name;
        config.alpn_protocols = self.protocol.iter().map(|name| name.as_bytes().to_vec()).collect();
        config.resumption = Resumption::in_memory_sessions(4);
        Ok(Arc::new(config))
    }

    /// The same for mysql_async, which makes its handshakes itself.
    #[cfg(feature = "mysql")]
    pub async fn mysql_options(&self) -> Result<mysql_async::SslOpts> {
        let options = mysql_async::SslOpts::default();
        let options = match (self.check(), &self.roots) {
            (Check::Nobody, _) => options.with_danger_accept_invalid_certs(true),
            (check, roots) => {
                let roots = match roots {
                    Some(roots) => roots.clone(),
                    None => system().await?,
                };
                let roots = roots.all.iter().map(|der| der.as_ref().to_vec().into()).collect();
                options
                    .with_disable_built_in_roots(true)
                    .with_danger_skip_domain_validation(check == Check::Authority)
                    .with_root_certs(roots)
            }
        };
        let name = self.server_name.as_ref().map(|name| name.to_str().into_owned());
        let identity = self.identity.as_ref().map(|Identity { pem, .. }| {
            mysql_async::ClientIdentity::new(
                pem.0.clone().into_bytes().into(),
                pem.1.clone().into_bytes().into(),
            )
        });
        Ok(options.with_danger_tls_hostname_override(name).with_client_identity(identity))
    }
}

/// Says what is configured, not what it is.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("check", &self.check())
            .field("roots", &self.roots.as_ref().map_or("system", |_| "ca"))
            .field("identity", &self.identity.is_some())
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}
