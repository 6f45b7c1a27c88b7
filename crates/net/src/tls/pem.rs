//! Parses certificates and keys in PEM format.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::client::Identity;
use super::roots::Roots;
use redkv_core::error::{Error, Result};
use redkv_core::options::Secret;
use redkv_core::options::{Given, Kind, Type, Value};

/// The certificate authorities in PEM text; `named` is what a message calls the option.
pub(super) fn roots(named: &str, pem: &str) -> Result<Arc<Roots>> {
    let roots = Roots::only(certificates("ca", named, pem)?).map_err(|error| {
        Error::argument("ca", format!("{named} holds a bad certificate")).caused_by(error)
    })?;
    Ok(Arc::new(roots))
}

/// A certificate with its key, each with what a message calls it.
pub(super) fn identity(cert: (&str, &str), key: (&str, &str)) -> Result<Identity> {
    let ((cert_named, cert), (key_named, key)) = (cert, key);
    let chain = certificates("cert", cert_named, cert)?;
    // No causes here: they may quote the key.
    let parsed = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| {
        let message = format!("{key_named} must be one private key in PEM format, without a passphrase");
        Error::argument("key", message)
    })?;
    let certified = CertifiedKey::from_der(chain, parsed, &ring::default_provider()).map_err(|_| {
        let message =
            format!("{key_named} is of a kind that cannot be used, or does not belong to {cert_named}");
        Error::argument("key", message)
    })?;
    Ok(Identity {
        resolver: Arc::new(certified.into()),
        #[cfg(feature = "mysql")]
        pem: Arc::new((cert.to_owned(), key.to_owned())),
    })
}

fn certificates(name: &'static str, named: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    let bad = || Error::argument(name, format!("{named} must hold certificates in PEM format"));
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| bad())?;
    if found.is_empty() { Err(bad()) } else { Ok(found) }
}

/// PEM text, or a list of it.
#[derive(Debug)]
pub(super) struct Pem;

impl Kind for Pem {
    type Value = String;
    const TYPE: Type = Type::Other {
        typescript: "string | Uint8Array | readonly (string | Uint8Array)[]",
        words: "PEM text or `Buffer`, or an array of them",
    };

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<String>> {
        let text = match value {
            Value::String(text) => Some(text),
            Value::Array(list) => {
                list.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(|list| list.join("\n"))
            }
            _ => None,
        };
        match text {
            Some(text) => Ok(Some(text)),
            None => Err(given.refused(format!("{} must be PEM text or a list of it", given.path()))),
        }
    }
}

/// A key in PEM text, alone or as the one of a list, where it may be an object of its own.
#[derive(Debug)]
pub(super) struct PemKey;

impl Kind for PemKey {
    type Value = Secret<String>;
    const TYPE: Type = Type::Other {
        typescript: "string | Uint8Array | readonly [string | Uint8Array | { pem: string | Uint8Array }]",
        words: "PEM text or `Buffer`",
    };

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self::Value>> {
        let text = match value {
            Value::Array(list) if list.len() == 1 => match list.into_iter().next() {
                Some(Value::Object(mut key)) if key.len() == 1 => key.remove("pem"),
                key => key,
            },
            key => Some(key),
        };
        match text {
            Some(Value::String(text)) => Ok(Some(Secret::new(text))),
            _ => {
                Err(given
                    .refused(format!("{} must be PEM text of one key, without a passphrase", given.path())))
            }
        }
    }
}
