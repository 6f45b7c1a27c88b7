//! TLS as node_redis and Node's `tls` module name it.

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
pub struct RedisTls {
    trust: Trust,
    identity: Option<Arc<SingleCertAndKey>>,
    server_name: Option<ServerName<'static>>,
}

#[derive(Clone, Default)]
enum Trust {
    /// The certificate authorities that the system trusts.
    #[default]
    System,
    /// These certificate authorities, and no others.
    Only(Arc<RootCertStore>),
    /// Anyone: `rejectUnauthorized: false`.
    Anyone,
}

impl RedisTls {
    /// Reads the option `tls`: `true`, or an object with `ca`, `cert`, `key`, `servername` and
    /// `rejectUnauthorized`. Certificates and keys are PEM text; `ca` and `cert` may be lists of it.
    ///
    /// Absent and `false` are no TLS. What Node's `tls` module knows beside this is refused.
    pub(super) fn from_fields(fields: &mut Fields) -> Result<Option<Self>> {
        Self::from_field(fields, "tls")
    }

    /// The same, from an option of another name.
    pub(super) fn from_field(fields: &mut Fields, name: &'static str) -> Result<Option<Self>> {
        let options = match fields.any(name) {
            None | Some(Value::Bool(false)) => return Ok(None),
            Some(Value::Bool(true)) => return Ok(Some(Self::default())),
            Some(options @ Value::Object(_)) => options,
            Some(_) => return Err(Error::argument(name, format!("{name} must be true, false or an object"))),
        };
        let mut fields = Fields::new(name, options)?;
        let tls = Self {
            trust: trust(&mut fields)?,
            identity: identity(&mut fields)?,
            server_name: server_name(&mut fields)?,
        };
        fields.finish()?;
        Ok(Some(tls))
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
            Trust::System => builder.with_root_certificates(system_roots().await?),
            Trust::Only(roots) => builder.with_root_certificates(roots.clone()),
            Trust::Anyone => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate { provider }))
            }
        };
        let mut config = match &self.identity {
            Some(identity) => builder.with_client_cert_resolver(identity.clone()),
            None => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::in_memory_sessions(4);
        Ok(Arc::new(config))
    }
}

/// Says what is configured, not what it is.
impl fmt::Debug for RedisTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trust = match &self.trust {
            Trust::System => "system",
            Trust::Only(_) => "ca",
            Trust::Anyone => "anyone",
        };
        f.debug_struct("RedisTls")
            .field("trust", &trust)
            .field("identity", &self.identity.is_some())
            .field("server_name", &self.server_name)
            .finish()
    }
}

fn trust(fields: &mut Fields) -> Result<Trust> {
    let ca = pem(fields, "ca")?;
    if fields.boolean("rejectUnauthorized")? == Some(false) {
        return Ok(Trust::Anyone);
    }
    let Some(ca) = ca else { return Ok(Trust::System) };
    let mut roots = RootCertStore::empty();
    for certificate in certificates("ca", &ca)? {
        roots
            .add(certificate)
            .map_err(|error| Error::argument("ca", "tls.ca holds a bad certificate").caused_by(error))?;
    }
    Ok(Trust::Only(Arc::new(roots)))
}

fn identity(fields: &mut Fields) -> Result<Option<Arc<SingleCertAndKey>>> {
    let (cert, key) = match (pem(fields, "cert")?, fields.string("key")?) {
        (None, None) => return Ok(None),
        (Some(cert), Some(key)) => (cert, key),
        (Some(_), None) => return Err(Error::argument("key", "tls.cert needs tls.key")),
        (None, Some(_)) => return Err(Error::argument("cert", "tls.key needs tls.cert")),
    };
    let chain = certificates("cert", &cert)?;
    // No causes here: they may quote the key.
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| {
        Error::argument("key", "tls.key must be one private key in PEM format, without a passphrase")
    })?;
    let certified = CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|_| {
        Error::argument("key", "tls.key is of a kind that cannot be used, or does not belong to tls.cert")
    })?;
    Ok(Some(Arc::new(certified.into())))
}

fn server_name(fields: &mut Fields) -> Result<Option<ServerName<'static>>> {
    let Some(name) = fields.string("servername")? else { return Ok(None) };
    ServerName::try_from(name).map(Some).map_err(|error| {
        Error::argument("servername", "tls.servername must be a host name or address").caused_by(error)
    })
}

/// PEM text, or a list of it.
fn pem(fields: &mut Fields, name: &'static str) -> Result<Option<String>> {
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
        None => Err(Error::argument(name, format!("tls.{name} must be PEM text or a list of it"))),
    }
}

fn certificates(name: &'static str, pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    let bad = || Error::argument(name, format!("tls.{name} must hold certificates in PEM format"));
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| bad())?;
    if found.is_empty() { Err(bad()) } else { Ok(found) }
}

/// The system's certificate authorities, read from its files once a process.
async fn system_roots() -> Result<Arc<RootCertStore>> {
    static ROOTS: OnceCell<Arc<RootCertStore>> = OnceCell::const_new();
    let load = || async {
        let found = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs)
            .await
            .map_err(|error| unusable("the system's certificates could not be read").caused_by(error))?;
        // Some of a system's certificates are always broken; the others do.
        let mut roots = RootCertStore::empty();
        let (usable, _broken) = roots.add_parsable_certificates(found.certs);
        if usable == 0 {
            return Err(unusable("the system has no certificates to check the server's with; set tls.ca"));
        }
        Ok(Arc::new(roots))
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

    fn read(tls: Value) -> Result<Option<RedisTls>> {
        RedisTls::from_fields(&mut Fields::new("redis options", json!({ "tls": tls })).unwrap())
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
