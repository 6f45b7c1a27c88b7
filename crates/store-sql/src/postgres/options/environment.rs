//! What the environment says of a server, in the variables of libpq.

use std::env;

use crate::sql::Security;
use redkv_core::error::{Error, Result};
use redkv_net::host::checked;

/// Returns a variable that is set and not empty.
pub(super) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

/// Returns the host that the environment names, or this machine.
pub(super) fn environment_host() -> Result<String> {
    match variable("PGHOST") {
        Some(folder) if folder.starts_with('/') => Ok(folder),
        Some(host) => checked("host", "PGHOST in the environment", host),
        None => Ok("localhost".to_owned()),
    }
}

/// Returns the port that the environment names, or the usual one.
pub(super) fn port_of(variable: Option<&str>) -> Result<u16> {
    let wrong =
        || Error::argument("port", "PGPORT in the environment must be a whole number from 1 to 65535");
    variable.map_or(Ok(5432), |port| port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong))
}

/// What the environment says of TLS and of who may log in how.
pub(super) fn environment_security() -> Result<Security> {
    let mut security = Security::default();
    for (name, parameter) in SECURITY {
        if let Some(value) = variable(name) {
            let refused = |why: String| Error::argument("ssl", format!("{name} in the environment: {why}"));
            security.take(parameter, &value).map_err(refused)?;
        }
    }
    // libpq heeds the older one where the newer is absent.
    if variable("PGSSLMODE").is_none() && variable("PGREQUIRESSL").is_some_and(|value| value.starts_with('1'))
    {
        security.take("requiressl", "1").map_err(|why| Error::argument("ssl", why))?;
    }
    Ok(security)
}

/// Variables of libpq about security, and the parameters of urls that say the same.
const SECURITY: &[(&str, &str)] = &[
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGSSLSNI", "sslsni"),
    ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
    ("PGSSLMAXPROTOCOLVERSION", "ssl_max_protocol_version"),
    ("PGSSLCERTMODE", "sslcertmode"),
    ("PGSSLCRL", "sslcrl"),
    ("PGSSLCRLDIR", "sslcrldir"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGREQUIREAUTH", "require_auth"),
    ("PGGSSENCMODE", "gssencmode"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_of_the_environment_that_is_none_is_refused_and_not_replaced() {
        assert_eq!((port_of(None).unwrap(), port_of(Some("6000")).unwrap()), (5432, 6000));
        for port in ["many", "0", "65536"] {
            assert!(port_of(Some(port)).unwrap_err().message().starts_with("PGPORT in the environment"));
        }
    }
}
