//! What a Redis url says.

use std::collections::HashSet;
use std::path::PathBuf;

use redkv_core::error::{Error, Result};
use redkv_core::options::Secret;
use redkv_core::options::{Given, Kind, Type, Value, kinds};
use redkv_net::tls::{Check, Tls, Wish};

/// A part of a url, or what is wrong with it.
type Parsed<T> = std::result::Result<T, &'static str>;

/// The parts of a url; what it does not say is absent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct UrlParts {
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) path: Option<PathBuf>,
    pub(crate) db: Option<u32>,
    pub(crate) username: Option<Secret<String>>,
    pub(crate) password: Option<Secret<String>>,
    pub(crate) tls: bool,
    /// Whether the certificate of the server is checked, if the url says so.
    pub(crate) check: Option<bool>,
    /// Parameters without meaning here.
    pub(crate) ignored: Vec<&'static str>,
}

/// What urls say of TLS.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said {
    tls: bool,
    check: Option<bool>,
}

impl Said {
    /// This and what another url says.
    pub(crate) fn and(self, other: Self) -> Self {
        let check = match (self.check, other.check) {
            (Some(one), Some(other)) => Some(one || other),
            (one, other) => one.or(other),
        };
        Self { tls: self.tls || other.tls, check }
    }
}

/// What `option` and urls come to: where either asks for TLS there is TLS, or an error. A url without TLS does not ask for
/// none, as the scheme `redis:` is that of all servers.
pub(crate) fn agreed(option: &'static str, given: Option<Wish>, urls: Said) -> Result<Option<Tls>> {
    let refuse = |message: String| Err(Error::argument(option, message));
    let tls = match given {
        Some(Wish::Off) if urls.tls => {
            return refuse(format!("options.{option} is false, and a url with 'rediss:' asks for TLS"));
        }
        None | Some(Wish::Off) if !urls.tls => return Ok(None),
        Some(Wish::On(tls)) => tls,
        _ => Tls::default(),
    };
    let check = urls.check.map(|is_checked| if is_checked { Check::Full } else { Check::Nobody });
    match tls.or(Tls::checking(check)) {
        Ok(tls) => Ok(Some(tls)),
        Err(what) => refuse(format!("options.{option} and the url do not agree on {what}")),
    }
}

impl Kind for UrlParts {
    type Value = Self;
    const TYPE: Type = Type::Url;

    /// Reads a url. An error names the option and does not repeat it: it may hold a password.
    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self>> {
        let Some(url) = <kinds::Url as Kind>::read(value, given)? else { return Ok(None) };
        let mut parts = Self::parse(url.expose())
            .map_err(|problem| given.refused(format!("{} {problem}", given.path())))?;
        for name in parts.ignored.drain(..) {
            let path = given.path();
            let warning = format!("{path}: the parameter {name} has no effect in RedKV 2 and is ignored");
            given.fields().warn(warning);
        }
        Ok(Some(parts))
    }
}

impl UrlParts {
    pub(crate) fn said(&self) -> Said {
        Said { tls: self.tls, check: self.check }
    }

    /// `redis://[[user]:password@]host[:port][/db][?db=…&user=…&password=…]`, the same with `rediss` for TLS, or
    /// `unix:/path[?…]`. Like node_redis, it takes a bare path for a Unix socket, and `//host` without scheme.
    fn parse(url: &str) -> Parsed<Self> {
        let text = match url {
            _ if url.starts_with("//") => format!("redis:{url}"),
            _ if url.starts_with('/') => return Ok(Self { path: Some(url.into()), ..Self::default() }),
            _ => url.to_owned(),
        };
        let parsed = redis::parse_redis_url(&text)
            .ok_or("is malformed, or does not start with redis:, rediss: or unix:")?;
        let check = match parsed.fragment() {
            None => None,
            // As the client of Rust has it.
            Some("insecure") => Some(false),
            Some(_) => return Err("has a '#'; write it as %23"),
        };
        let mut parts = Self {
            username: credential(parsed.username())?,
            password: credential(parsed.password().unwrap_or_default())?,
            check,
            ..Self::default()
        };
        let path = decode(parsed.path())?;
        match parsed.scheme() {
            "unix" | "redis+unix" | "valkey+unix" => {
                if parsed.host_str().is_some_and(|host| !host.is_empty()) || !path.starts_with('/') {
                    return Err("has no absolute path after unix:");
                }
                parts.path = Some(path.into());
            }
            scheme => {
                if parsed.cannot_be_a_base() {
                    return Err("has no slashes after its scheme");
                }
                parts.tls = matches!(scheme, "rediss" | "valkeys");
                parts.host = parsed.host_str().map(host).transpose()?.filter(|host| !host.is_empty());
                parts.port = parsed.port();
                let db = path.trim_matches('/');
                parts.db = if db.is_empty() { None } else { Some(database(db)?) };
            }
        }
        parts.read_query(parsed.query_pairs())?;
        Ok(parts)
    }

    fn read_query<'a>(
        &mut self,
        pairs: impl Iterator<Item = (std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>)>,
    ) -> Parsed<()> {
        let mut seen = HashSet::new();
        for (name, value) in pairs {
            let name = match name.as_ref() {
                "db" => "db",
                "user" | "username" => "user",
                "password" | "pass" | "auth_pass" => "password",
                // Any family, which is so here.
                "family" if value == "0" => continue,
                // As redis-py and go-redis have it.
                "ssl_cert_reqs" => {
                    self.check = Some(match value.to_ascii_lowercase().trim_start_matches("cert_") {
                        "none" | "optional" => false,
                        "required" => true,
                        _ => return Err("has an ssl_cert_reqs that is neither none nor required"),
                    });
                    continue;
                }
                "skip_verify" if value == "true" => {
                    self.check = Some(false);
                    continue;
                }
                other => match IGNORED.iter().find(|name| **name == other) {
                    Some(name) => {
                        self.ignored.push(name);
                        continue;
                    }
                    None => return Err("has a parameter that is unknown; db, user and password are known"),
                },
            };
            let twice = match name {
                "db" => self.db.replace(database(&value)?).is_some(),
                "user" => self.username.replace(value.into_owned().into()).is_some(),
                _ => self.password.replace(value.into_owned().into()).is_some(),
            };
            if !seen.insert(name) || twice {
                return Err("gives the database, the user or the password twice");
            }
        }
        Ok(())
    }
}

/// Parameters that hosts print and other clients know.
const IGNORED: &[&str] = &[
    "allowUsernameInURI",
    "client_name",
    "connectTimeout",
    "connect_timeout",
    "connection_limit",
    "dial_timeout",
    "enableReadyCheck",
    "family",
    "lazyConnect",
    "maxRetriesPerRequest",
    "max_connections",
    "max_retries",
    "pool_size",
    "protocol",
    "read_timeout",
    "skip_verify",
    "socket_connect_timeout",
    "socket_keepalive",
    "socket_timeout",
    "timeout",
    "write_timeout",
];

fn credential(text: &str) -> Parsed<Option<Secret<String>>> {
    decode(text).map(|text| Some(text).filter(|text| !text.is_empty()).map(Secret::new))
}

fn host(text: &str) -> Parsed<String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    decode(bare.unwrap_or(text))
}

fn database(text: &str) -> Parsed<u32> {
    text.parse().map_err(|_| "has a database that is not a number")
}

fn decode(text: &str) -> Parsed<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        // A lone '%' stands for itself, as it does in browsers.
        let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match after {
            [high, low, after @ ..] if first == b'%' => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                    continue;
                }
                _ => bytes.push(first),
            },
            _ => bytes.push(first),
        }
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_| "has percent escapes that are not UTF-8 text")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use redkv_core::options::Fields;

    fn parse(url: &str) -> UrlParts {
        UrlParts::parse(url).unwrap()
    }

    fn secret(text: &str) -> Option<Secret<String>> {
        Some(text.into())
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_full_url_says_everything() {
        assert_eq!(
            parse("rediss://user:pass@cache.example:7000/4"),
            UrlParts {
                host: some("cache.example"),
                port: Some(7000),
                path: None,
                db: Some(4),
                username: secret("user"),
                password: secret("pass"),
                tls: true,
                ..UrlParts::default()
            }
        );
    }

    #[test]
    fn what_a_url_does_not_say_is_absent() {
        assert_eq!(parse("redis://h"), UrlParts { host: some("h"), ..UrlParts::default() });
        assert_eq!(parse("redis://h/"), UrlParts { host: some("h"), ..UrlParts::default() });
        assert_eq!(parse("//h"), UrlParts { host: some("h"), ..UrlParts::default() });
        assert_eq!(
            parse("redis://:p@h"),
            UrlParts { host: some("h"), password: secret("p"), ..UrlParts::default() }
        );
    }

    #[test]
    fn an_ipv6_host_loses_its_brackets() {
        let parts = parse("redis://[2001:db8::1]:7000");
        assert_eq!((parts.host, parts.port), (some("2001:db8::1"), Some(7000)));
    }

    #[test]
    fn credentials_are_percent_decoded() {
        let parts = parse("redis://us%40er:p%3Aa%2Fs%23s%25@h");
        assert_eq!((parts.username, parts.password), (secret("us@er"), secret("p:a/s#s%")));
    }

    #[test]
    fn the_database_and_credentials_may_be_parameters() {
        let parts = parse("redis://h?db=5&user=u&password=p%26w");
        assert_eq!((parts.db, parts.username, parts.password), (Some(5), secret("u"), secret("p&w")));
    }

    #[test]
    fn a_unix_socket_has_a_path_and_parameters() {
        let socket = |path: &str| UrlParts { path: Some(path.into()), ..UrlParts::default() };
        assert_eq!(parse("unix:/tmp/redis.sock"), socket("/tmp/redis.sock"));
        assert_eq!(parse("unix:///tmp/redis.sock"), socket("/tmp/redis.sock"));
        assert_eq!(parse("/tmp/redis.sock"), socket("/tmp/redis.sock"));
        assert_eq!(
            parse("redis+unix:///tmp/a%20b.sock?db=2"),
            UrlParts { db: Some(2), ..socket("/tmp/a b.sock") }
        );
    }

    #[test]
    fn a_malformed_url_is_refused_without_repeating_it() {
        for url in [
            "s3cret",
            "http://:s3cret@h",
            "redis:s3cret",
            "redis://:s3cret@h:port",
            "redis://:s3cret@h/one",
            "redis://:s3cret@h?db=s3cret",
            "redis://:s3cret@h?s3cret=1",
            "redis://:s3cret@h?password=s3cret2",
            "redis://:s3cret%FF@h",
            "redis://:s3cret@h#s3cret",
            "unix:s3cret",
        ] {
            let mut fields = Fields::new("redis options", json!({ "url": url })).unwrap();
            let Err(error) = fields.read::<UrlParts>("url") else { panic!("{url} was accepted") };
            assert_eq!(error.field(), Some("url"));
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
    }
}
