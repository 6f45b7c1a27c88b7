//! Options of Node's `tls` that have no counterpart here.

use redkv_core::error::{Error, Result};
use redkv_core::options::Fields;

/// Options that would change whom we trust or how. They are refused, with advice.
const REFUSED: &[(&str, &str)] = &[
    (
        "checkServerIdentity",
        "is not supported: servername sets the name that the certificate must have, rejectUnauthorized: false accepts any",
    ),
    ("ciphers", "cannot be chosen: TLS 1.2 and 1.3 are used, with ciphers that are secure today"),
    ("clientCertEngine", "is not supported: give cert and key in PEM format"),
    ("crl", "is not supported: revoked certificates are not recognised"),
    ("ecdhCurve", "cannot be chosen"),
    ("host", "belongs among the options of the store"),
    (
        "passphrase",
        "is not supported: give a key without one, such as createPrivateKey() of node:crypto exports",
    ),
    ("path", "belongs among the options of the store"),
    ("pfx", "is not supported: give ca, cert and key in PEM format"),
    ("port", "belongs among the options of the store"),
    ("privateKeyEngine", "is not supported: give cert and key in PEM format"),
    ("privateKeyIdentifier", "is not supported: give cert and key in PEM format"),
    ("pskCallback", "is not supported: give cert and key in PEM format"),
    ("secureContext", "is not supported: give ca, cert and key in PEM format"),
    ("secureOptions", "is not supported: minVersion and maxVersion choose the version of TLS"),
    ("sigalgs", "cannot be chosen"),
    ("socket", "is not supported"),
];

/// Refuses what Node's `tls` knows and what would weaken or change a connection here.
pub(super) fn refuse(fields: &Fields, option: &str) -> Result<()> {
    for (name, why) in REFUSED {
        if fields.has(name) {
            return Err(Error::argument(*name, format!("unknown option '{name}' in {option}: it {why}")));
        }
    }
    Ok(())
}
