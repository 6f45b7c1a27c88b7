//! What the url of a SQL server says.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::config::Fields;
use crate::error::{Error, Result};
use crate::stores::tls::Tls;

/// What urls of one kind of server look like.
pub(in crate::stores) struct UrlRules {
    /// For messages.
    pub(in crate::stores) store: &'static str,
    /// Without their colon.
    pub(in crate::stores) schemes: &'static [&'static str],
    /// The port of a server that says none.
    pub(in crate::stores) port: u16,
}

/// A part of a url, or what is wrong with it.
type Parsed<T> = std::result::Result<T, &'static str>;

/// The parts of a url; what it does not say is absent.
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct UrlParts {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: Option<String>,
    /// Whether the url says something of TLS, and what.
    pub(super) tls: Option<Option<Tls>>,
}

impl UrlParts {
    /// Reads `url`, `connectionString` or `uri`. An error names it and does not repeat it: it may hold a password.
    pub(super) fn from_fields(fields: &mut Fields, rules: &UrlRules) -> Result<Self> {
        let mut parts = None;
        for name in ["url", "connectionString", "uri"] {
            let Some(url) = fields.string(name)? else { continue };
            if parts.is_some() {
                return Err(Error::argument(name, format!("{name} says again what another option says")));
            }
            let refuse =
                |problem| Error::argument(name, format!("the {name} of the {} store {problem}", rules.store));
            parts = Some(Self::parse(&url, rules).map_err(refuse)?);
        }
        Ok(parts.unwrap_or_default())
    }

    /// `scheme://[user[:password]@]host[:port][/database][?sslmode=…&ssl=…]`.
    fn parse(url: &str, rules: &UrlRules) -> Parsed<Self> {
        let parsed = Url::parse(url).map_err(|_| "is malformed")?;
        if !rules.schemes.contains(&parsed.scheme()) || parsed.cannot_be_a_base() {
            return Err("does not start with the name of the store and ://");
        }
        if parsed.fragment().is_some() {
            return Err("has a '#'; write it as %23");
        }
        let host = parsed.host_str().unwrap_or_default();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let database = parsed.path().strip_prefix('/').unwrap_or_default();
        let mut parts = Self {
            host: decoded(bare)?,
            port: parsed.port(),
            user: decoded(parsed.username())?,
            password: decoded(parsed.password().unwrap_or_default())?,
            database: decoded(database)?,
            tls: None,
        };
        for (name, value) in parsed.query_pairs() {
            let tls = match (name.as_ref(), value.as_ref()) {
                ("sslmode", "disable") | ("ssl", "false" | "0") => None,
                ("sslmode", "require" | "verify-ca" | "verify-full") | ("ssl", "true" | "1") => {
                    Some(Tls::default())
                }
                ("sslmode", "no-verify") => Some(Tls::of_anyone()),
                _ => {
                    return Err(
                        "may have the parameters ssl (true or false) and sslmode (disable, require, \
                                verify-ca, verify-full or no-verify), and no others",
                    );
                }
            };
            if parts.tls.replace(tls).is_some() {
                return Err("speaks of TLS twice");
            }
        }
        Ok(parts)
    }
}

fn decoded(text: &str) -> Parsed<Option<String>> {
    let text =
        percent_decode_str(text).decode_utf8().map_err(|_| "has percent escapes that are not UTF-8 text")?;
    if text.contains('\0') {
        return Err("has a NUL character");
    }
    Ok(Some(text.into_owned()).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RULES: UrlRules = UrlRules { store: "postgres", schemes: &["postgres", "postgresql"], port: 5432 };

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_full_url_says_everything() {
        let url = "postgresql://us%40er:p%3Aa%2Fs%23s@db.example:6000/my%20db?sslmode=require";
        let parts = UrlParts::parse(url, &RULES).unwrap();
        assert_eq!((parts.host, parts.port), (some("db.example"), Some(6000)));
        assert_eq!((parts.user, parts.password), (some("us@er"), some("p:a/s#s")));
        assert_eq!(parts.database, some("my db"));
        assert!(matches!(parts.tls, Some(Some(_))));
    }

    #[test]
    fn what_a_url_does_not_say_is_absent() {
        let parts = UrlParts::parse("postgres://h", &RULES).unwrap();
        assert_eq!((parts.host, parts.port, parts.user, parts.database), (some("h"), None, None, None));
        assert!(parts.tls.is_none());
    }

    #[test]
    fn an_ipv6_host_loses_its_brackets() {
        let parts = UrlParts::parse("postgres://[2001:db8::1]:7000/d", &RULES).unwrap();
        assert_eq!((parts.host, parts.port), (some("2001:db8::1"), Some(7000)));
    }

    #[test]
    fn a_malformed_url_is_refused_without_repeating_it() {
        for url in [
            "s3cret",
            "http://:s3cret@h",
            "postgres:s3cret",
            "postgres://:s3cret@h:port",
            "postgres://:s3cret@h?s3cret=1",
            "postgres://:s3cret@h?sslmode=s3cret",
            "postgres://:s3cret@h?ssl=true&sslmode=require",
            "postgres://:s3cret%FF@h",
            "postgres://:s3cret%00@h",
            "postgres://:s3cret@h#s3cret",
        ] {
            let mut fields = Fields::new("options", json!({ "connectionString": url })).unwrap();
            let error = UrlParts::from_fields(&mut fields, &RULES).unwrap_err();
            assert_eq!(error.field(), Some("connectionString"));
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
    }
}
