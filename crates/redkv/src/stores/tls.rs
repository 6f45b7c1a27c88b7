//! TLS as Node's `tls` module names it, for all stores that connect by themselves.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::config::Fields;
use crate::error::{Error, ErrorKind, Outcome, Result};

/// Whom to trust, and who we are.
#[derive(Clone, Default)]
pub struct Tls {
    trust: Trust,
    identity: Option<Identity>,
    server_name: Option<ServerName<'static>>,
}

/// What this client shows of itself.
#[derive(Clone)]
struct Identity {
    resolver: Arc<SingleCertAndKey>,
    /// The same as it was given, for a client that makes its handshakes itself.
    #[cfg(feature = "mysql")]
    pem: Arc<(String, String)>,
}

#[derive(Clone, Default)]
enum Trust {
    /// The certificate authorities that the system trusts.
    #[default]
    System,
    /// These certificate authorities, and no others.
    Only(Arc<Roots>),
    /// Anyone: `rejectUnauthorized: false`.
    Anyone,
}

/// Certificate authorities.
struct Roots {
    store: Arc<RootCertStore>,
    #[cfg(feature = "mysql")]
    certificates: Vec<CertificateDer<'static>>,
}

impl Tls {
    /// Reads the option called `option`: `true`, or an object with `ca`, `cert`, `key`, `servername` and
    /// `rejectUnauthorized`. Certificates and keys are PEM text; `ca` and `cert` may be lists of it.
    ///
    /// Absent and `false` are no TLS. What Node's `tls` module knows beside this is refused.
    pub(super) fn from_fields(fields: &mut Fields, option: &'static str) -> Result<Option<Self>> {
        let options = match fields.any(option) {
            None | Some(Value::Bool(false)) => return Ok(None),
            Some(Value::Bool(true)) => return Ok(Some(Self::default())),
            Some(options @ Value::Object(_)) => options,
            Some(_) => {
                return Err(Error::argument(option, format!("{option} must be true, false or an object")));
            }
        };
        let mut fields = Fields::new(option, options)?;
        let tls = Self {
            trust: trust(&mut fields, option)?,
            identity: identity(&mut fields, option)?,
            server_name: server_name(&mut fields, option)?,
        };
        fields.finish()?;
        Ok(Some(tls))
    }

    /// Whoever the server says it is.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(super) fn of_anyone() -> Self {
        Self { trust: Trust::Anyone, ..Self::default() }
    }

    /// The name that the server's certificate must have: `servername`, else the host.
    pub(super) fn name_for(&self, host: &str) -> Result<ServerName<'static>> {
        match &self.server_name {
            Some(name) => Ok(name.clone()),
            None => ServerName::try_from(host.to_owned())
                .map_err(|_| Error::argument("host", "the host is not a name that a certificate can have")),
        }
    }

    /// What a handshake goes by. Made once a store, so that its connections resume sessions.
    pub(super) async fn client_config(&self) -> Result<Arc<ClientConfig>> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable("TLS cannot be set up").caused_by(error))?;
        let builder = match &self.trust {
            Trust::System => builder.with_root_certificates(system_roots().await?.store.clone()),
            Trust::Only(roots) => builder.with_root_certificates(roots.store.clone()),
            Trust::Anyone => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate { provider }))
            }
        };
        let mut config = match &self.identity {
            Some(identity) => builder.with_client_cert_resolver(identity.resolver.clone()),
            None => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::in_memory_sessions(4);
        Ok(Arc::new(config))
    }

    /// The same for mysql_async, which makes its handshakes itself.
    #[cfg(feature = "mysql")]
    pub(super) async fn mysql_options(&self) -> Result<mysql_async::SslOpts> {
        let options = mysql_async::SslOpts::default();
        let roots = match &self.trust {
            Trust::System => Some(system_roots().await?),
            Trust::Only(roots) => Some(roots.clone()),
            Trust::Anyone => None,
        };
        let options = match roots {
            None => options.with_danger_accept_invalid_certs(true),
            Some(roots) => {
                let roots = roots.certificates.iter().map(|der| der.as_ref().to_vec().into()).collect();
                options.with_disable_built_in_roots(true).with_root_certs(roots)
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
        let trust = match &self.trust {
            Trust::System => "system",
            Trust::Only(_) => "ca",
            Trust::Anyone => "anyone",
        };
        f.debug_struct("Tls")
            .field("trust", &trust)
            .field("identity", &self.identity.is_some())
            .field("server_name", &self.server_name)
            .finish()
    }
}

fn trust(fields: &mut Fields, option: &str) -> Result<Trust> {
    let ca = pem(fields, option, "ca")?;
    if fields.boolean("rejectUnauthorized")? == Some(false) {
        return Ok(Trust::Anyone);
    }
    let Some(ca) = ca else { return Ok(Trust::System) };
    let certificates = certificates(option, "ca", &ca)?;
    let mut store = RootCertStore::empty();
    for certificate in certificates.iter().cloned() {
        store.add(certificate).map_err(|error| {
            Error::argument("ca", format!("{option}.ca holds a bad certificate")).caused_by(error)
        })?;
    }
    Ok(Trust::Only(Arc::new(Roots {
        store: Arc::new(store),
        #[cfg(feature = "mysql")]
        certificates,
    })))
}

fn identity(fields: &mut Fields, option: &str) -> Result<Option<Identity>> {
    let (cert, pem) = match (pem(fields, option, "cert")?, fields.string("key")?) {
        (None, None) => return Ok(None),
        (Some(cert), Some(key)) => (cert, key),
        (Some(_), None) => return Err(Error::argument("key", format!("{option}.cert needs {option}.key"))),
        (None, Some(_)) => return Err(Error::argument("cert", format!("{option}.key needs {option}.cert"))),
    };
    let chain = certificates(option, "cert", &cert)?;
    // No causes here: they may quote the key.
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| {
        let message = format!("{option}.key must be one private key in PEM format, without a passphrase");
        Error::argument("key", message)
    })?;
    let certified = CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|_| {
        let message =
            format!("{option}.key is of a kind that cannot be used, or does not belong to {option}.cert");
        Error::argument("key", message)
    })?;
    Ok(Some(Identity {
        resolver: Arc::new(certified.into()),
        #[cfg(feature = "mysql")]
        pem: Arc::new((cert, pem)),
    }))
}

fn server_name(fields: &mut Fields, option: &str) -> Result<Option<ServerName<'static>>> {
    let Some(name) = fields.string("servername")? else { return Ok(None) };
    ServerName::try_from(name).map(Some).map_err(|error| {
        let message = format!("{option}.servername must be a host name or address");
        Error::argument("servername", message).caused_by(error)
    })
}

/// PEM text, or a list of it.
fn pem(fields: &mut Fields, option: &str, name: &'static str) -> Result<Option<String>> {
    let text = match fields.any(name) {
        None => return Ok(None),
        Some(Value::String(text)) => Some(text),
        Some(Value::Array(list)) => {
            list.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(|list| list.join("\n"))
        }
        Some(_) => None,
    };
    match text {
        Some(text) => Ok(Some(text)),
        None => Err(Error::argument(name, format!("{option}.{name} must be PEM text or a list of it"))),
    }
}

fn certificates(option: &str, name: &'static str, pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    let bad = || Error::argument(name, format!("{option}.{name} must hold certificates in PEM format"));
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| bad())?;
    if found.is_empty() { Err(bad()) } else { Ok(found) }
}

/// The system's certificate authorities, read from its files once a process.
async fn system_roots() -> Result<Arc<Roots>> {
    static ROOTS: OnceCell<Arc<Roots>> = OnceCell::const_new();
    let load = || async {
        let found = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs)
            .await
            .map_err(|error| unusable("the system's certificates could not be read").caused_by(error))?;
        // Some of a system's certificates are always broken; the others do.
        let mut store = RootCertStore::empty();
        let certificates: Vec<_> =
            found.certs.into_iter().filter(|certificate| store.add(certificate.clone()).is_ok()).collect();
        if certificates.is_empty() {
            return Err(unusable(
                "the system has no certificates to check the server's with; set the option ca",
            ));
        }
        Ok(Arc::new(Roots {
            store: Arc::new(store),
            #[cfg(feature = "mysql")]
            certificates,
        }))
    };
    ROOTS.get_or_try_init(load).await.cloned()
}

fn unusable(message: &str) -> Error {
    Error::new(ErrorKind::Connection, message).retryable(false).outcome(Outcome::NotApplied)
}

/// Accepts every certificate, and still checks that the server holds its key.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(tls: Value) -> Result<Option<Tls>> {
        Tls::from_fields(&mut Fields::new("redis options", json!({ "tls": tls })).unwrap(), "tls")
    }

    #[test]
    fn true_and_an_empty_object_mean_tls_and_false_means_none() {
        assert!(read(json!(true)).unwrap().is_some());
        assert!(read(json!({})).unwrap().is_some());
        assert!(read(json!(false)).unwrap().is_none());
        assert!(read(Value::Null).unwrap().is_none());
    }

    #[test]
    fn what_is_not_pem_is_refused_without_repeating_it() {
        for (field, tls) in [
            ("ca", json!({ "ca": "s3cret" })),
            ("ca", json!({ "ca": [1] })),
            ("cert", json!({ "cert": "s3cret", "key": "s3cret" })),
            ("key", json!({ "cert": "s3cret" })),
            ("cert", json!({ "key": "s3cret" })),
            ("servername", json!({ "servername": "s3cret s3cret" })),
            ("tls", json!("s3cret")),
        ] {
            let error = read(tls).unwrap_err();
            assert_eq!(error.field(), Some(field));
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
    }

    #[test]
    fn an_option_that_cannot_be_honoured_is_refused() {
        let error = read(json!({ "passphrase": "s3cret" })).unwrap_err();
        assert_eq!(error.field(), Some("passphrase"));
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}
