//! Validates and parses host names.

use std::net::Ipv6Addr;

use redkv_core::error::{Error, Result};
use redkv_core::options::{Given, Kind, Type, Value, kinds};

/// The name or address of a server, as an option.
#[derive(Debug)]
pub struct Host;

impl Kind for Host {
    type Value = String;
    const TYPE: Type = Type::Text;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<String>> {
        let host = <kinds::Text as Kind>::read(value, given)?;
        host.map(|host| checked(given.name(), &given.path(), host)).transpose()
    }
}

/// Returns the name or address of a server, which the option `field` says; `named` is what a message calls it. An error does not repeat what is neither: it may be a url with a password in it.
pub fn checked(field: &'static str, named: &str, host: String) -> Result<String> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if let Some(address) = bare.filter(|address| is_address(address)) {
        return Ok(address.to_owned());
    }
    let is_name = host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if is_name || is_address(&host) {
        return Ok(host);
    }
    Err(Error::argument(
        field,
        format!("{named} must be the name or address of one server, without scheme, user and port"),
    ))
}

/// Returns whether it is an address of IPv6, which may say to which interface it belongs.
fn is_address(text: &str) -> bool {
    let (address, zone) = text.split_once('%').unwrap_or((text, "0"));
    address.parse::<Ipv6Addr>().is_ok() && zone.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_taken() {
        for host in ["db", "db.example.com", "my_db", "127.0.0.1", "::1", "fe80::1%eth0", "bücher.example"] {
            assert_eq!(checked("host", "options.host", host.to_owned()).unwrap(), host);
        }
        assert_eq!(checked("host", "options.host", "[::1]".to_owned()).unwrap(), "::1");
    }

    #[test]
    fn what_may_hold_a_password_is_not_repeated() {
        for host in [
            "redis://:s3cret@h",
            "redis%3A%2F%2F%3As3cret%40h",
            "user:s3cret@h",
            "s3cret@h",
            "h:6379",
            "h/s3cret",
            "h?password=s3cret",
            "h s3cret",
        ] {
            let error = checked("host", "options.host", host.to_owned()).unwrap_err();
            assert_eq!(error.field(), Some("host"));
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
    }
}
