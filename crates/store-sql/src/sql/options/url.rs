//! What the url of a SQL server says.

use std::borrow::Cow;
use std::collections::HashSet;

use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::Url;

use super::declared::{NamedUrl, UrlOptions};
use super::security::{Security, Source};
use redkv_core::error::{Error, Result};
use redkv_core::options::{Fields, Options, nearest};

/// What urls of one kind of server look like.
pub(crate) struct UrlRules {
    /// Without their colon, the usual one first.
    pub(crate) schemes: &'static [&'static str],
    /// The port of a server that says none.
    pub(crate) port: fn() -> Result<u16>,
    /// Parameters that are options, with the names of those.
    pub(crate) options: &'static [(&'static str, &'static str)],
    /// Parameters without meaning here, which hosts print and clients of other languages know.
    pub(crate) ignored: &'static [&'static str],
}

/// A part of a url, or what is wrong with it.
type Parsed<T> = std::result::Result<T, String>;

/// The parts of a url; what it does not say is absent.
#[derive(Default)]
pub(crate) struct UrlParts {
    /// The option that it came in.
    pub(crate) named: &'static str,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: Option<String>,
    /// What it says of TLS.
    pub(crate) security: Security,
    /// Options among its parameters: the option, the parameter, and the value.
    options: Vec<(&'static str, &'static str, Value)>,
    warnings: Vec<String>,
}

impl UrlParts {
    /// Reads the url. An error names the option and does not repeat it: it may hold a password. Options among its parameters
    /// are as if they had been given beside it, and win over those that were.
    pub(crate) fn from_fields(fields: &mut Fields, rules: &UrlRules) -> Result<Self> {
        let Some(NamedUrl { name, url }) = UrlOptions::read(fields)?.url else { return Ok(Self::default()) };
        let path = fields.named(name);
        let refuse = |problem: String| Error::argument(name, format!("{path} {problem}"));
        let mut read = Self::parse(url.expose(), rules).map_err(refuse)?;
        read.security.source = Source::Url(name);
        for (option, parameter, value) in read.options.drain(..) {
            if option == "ssl" && fields.has("ssl") {
                let message = format!("{} repeats what {path} says", fields.named("ssl"));
                return Err(Error::argument("ssl", message));
            }
            fields.put(option, value, name, format!("the parameter {parameter} in {path}"));
        }
        for warning in read.warnings.drain(..) {
            fields.warn(format!("{path}: {warning}"));
        }
        Ok(Self { named: name, ..read })
    }

    /// `scheme://[user[:password]@]host[:port][/database][?parameter=value&…]`.
    fn parse(url: &str, rules: &UrlRules) -> Parsed<Self> {
        // Without a host, as libpq takes it: a parameter may say it, and the parser wants one.
        let (url, has_host) = match url.split_once("@/") {
            Some((before, after)) if !before.contains('?') => {
                (Cow::from(format!("{before}@host/{after}")), false)
            }
            _ => (Cow::from(url), true),
        };
        let parsed = Url::parse(&url).map_err(|_| "is malformed")?;
        if !rules.schemes.contains(&parsed.scheme()) || parsed.cannot_be_a_base() {
            return Err(format!("does not start with {}://", rules.schemes[0]));
        }
        if parsed.fragment().is_some() {
            return Err("has a '#'; write it as %23".to_owned());
        }
        let host = parsed.host_str().unwrap_or_default();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let database = parsed.path().strip_prefix('/').unwrap_or_default();
        // The rest of a password with a '/' or '?' in it would be taken for something else, and told in messages.
        if database.contains('@') || parsed.query().is_some_and(|query| query.contains('@')) {
            return Err(
                "has an '@' after its host; in a password, write '/' as %2F, '?' as %3F and '@' as %40"
                    .to_owned(),
            );
        }
        let mut parts = Self {
            host: decoded(bare)?.filter(|_| has_host),
            port: parsed.port(),
            user: decoded(parsed.username())?,
            password: decoded(parsed.password().unwrap_or_default())?,
            database: decoded(database)?,
            ..Self::default()
        };
        let mut seen = HashSet::new();
        for (name, value) in parsed.query_pairs() {
            if !seen.insert(name.clone().into_owned()) {
                return Err("has a parameter twice".to_owned());
            }
            parts.take(&name, &value, rules)?;
        }
        Ok(parts)
    }

    fn take(&mut self, name: &str, value: &str, rules: &UrlRules) -> Parsed<()> {
        let text = || plain(value);
        match name {
            "host" => self.host = text()?,
            "port" => {
                self.port = Some(value.parse().map_err(|_| "has a parameter port that is not a number")?)
            }
            "user" | "username" => self.user = text()?,
            "password" => self.password = text()?,
            "dbname" | "database" => self.database = text()?,
            // In the form of mysql2, which reads parameters as JSON.
            "ssl" if value.starts_with('{') => {
                let ssl = serde_json::from_str(value).map_err(|_| "has a parameter ssl that is not JSON")?;
                self.options.push(("ssl", "ssl", ssl));
            }
            // In seconds, unlike the option.
            "connect_timeout" => {
                let seconds: u32 =
                    value.parse().map_err(|_| "has a parameter connect_timeout that is not a number")?;
                if seconds > 0 {
                    let millis = Value::from(u64::from(seconds) * 1000);
                    self.options.push(("connectTimeout", "connect_timeout", millis));
                }
            }
            _ if self.security.take(name, value).map_err(|why| format!("cannot be used: {why}"))? => {}
            _ => {
                if let Some((parameter, option)) =
                    rules.options.iter().find(|(parameter, _)| *parameter == name)
                {
                    let number = value.parse::<u64>().ok().filter(|_| !value.is_empty());
                    self.options.push((
                        option,
                        parameter,
                        number.map_or_else(|| Value::from(value), Value::from),
                    ));
                } else if let Some(ignored) = rules.ignored.iter().find(|parameter| **parameter == name) {
                    self.warnings
                        .push(format!("the parameter {ignored} has no effect in RedKV 2 and is ignored"));
                } else {
                    return Err(unknown(name, rules));
                }
            }
        }
        Ok(())
    }
}

/// Of a parameter that nobody knows, only the nearest name is told: its own may be a part of a password.
fn unknown(name: &str, rules: &UrlRules) -> String {
    let known: Vec<_> =
        rules.options.iter().map(|(name, _)| *name).chain(PARAMETERS.iter().copied()).collect();
    match nearest(name, &known) {
        Some(near) => format!("has an unknown parameter; did you mean '{near}'?"),
        None => "has an unknown parameter".to_owned(),
    }
}

/// Parameters of every url.
const PARAMETERS: &[&str] =
    &["sslmode", "ssl", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "host", "port"];

fn decoded(text: &str) -> Parsed<Option<String>> {
    let text =
        percent_decode_str(text).decode_utf8().map_err(|_| "has percent escapes that are not UTF-8 text")?;
    plain(&text)
}

fn plain(text: &str) -> Parsed<Option<String>> {
    if text.contains('\0') {
        return Err("has a NUL character".to_owned());
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use redkv_core::options::kinds;

    const RULES: UrlRules = UrlRules {
        schemes: &["postgres", "postgresql"],
        port: || Ok(5432),
        options: &[("application_name", "application_name"), ("connection_limit", "max")],
        ignored: &["pgbouncer"],
    };

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn parse(url: &str) -> UrlParts {
        UrlParts::parse(url, &RULES).unwrap_or_else(|problem| panic!("{url} {problem}"))
    }

    #[test]
    fn a_full_url_says_everything() {
        let parts = parse("postgresql://us%40er:p%3Aa%2Fs%23s@db.example:6000/my%20db?sslmode=require");
        assert_eq!((parts.host, parts.port), (some("db.example"), Some(6000)));
        assert_eq!((parts.user, parts.password), (some("us@er"), some("p:a/s#s")));
        assert_eq!(parts.database, some("my db"));
    }

    #[test]
    fn what_a_url_does_not_say_is_absent() {
        let parts = parse("postgres://h");
        assert_eq!((parts.host, parts.port, parts.user, parts.database), (some("h"), None, None, None));
    }

    #[test]
    fn an_ipv6_host_loses_its_brackets() {
        let parts = parse("postgres://[2001:db8::1]:7000/d");
        assert_eq!((parts.host, parts.port), (some("2001:db8::1"), Some(7000)));
    }

    #[test]
    fn the_address_may_stand_among_the_parameters() {
        let parts = parse("postgres://u:p@/d?host=/cloudsql/a:b&port=6000&user=v&password=p%26w&dbname=e");
        assert_eq!((parts.host, parts.port), (some("/cloudsql/a:b"), Some(6000)));
        assert_eq!((parts.user, parts.password, parts.database), (some("v"), some("p&w"), some("e")));
    }

    #[test]
    fn parameters_are_options_or_are_ignored_with_a_warning() {
        let url = "postgres://h?application_name=a%20b&connection_limit=3&connect_timeout=10&pgbouncer=true";
        let mut fields = Fields::new("options", json!({ "url": url, "max": 9 })).unwrap();
        UrlParts::from_fields(&mut fields, &RULES).unwrap();
        assert_eq!(fields.read::<kinds::AnyText>("application_name").unwrap(), some("a b"));
        assert_eq!(fields.read::<kinds::Integer<1, 9>>("max").unwrap(), Some(3));
        assert_eq!(fields.read::<kinds::Duration>("connectTimeout").unwrap().unwrap().as_secs(), 10);
        let warnings = fields.finish().unwrap();
        assert_eq!(
            warnings,
            ["options.url: the parameter pgbouncer has no effect in RedKV 2 and is ignored"]
        );
    }

    #[test]
    fn a_parameter_that_is_wrong_is_named_with_the_url() {
        let mut fields =
            Fields::new("options", json!({ "uri": "postgres://h?connection_limit=many" })).unwrap();
        UrlParts::from_fields(&mut fields, &RULES).unwrap();
        let error = fields.read::<kinds::Digits<1, 9>>("max").unwrap_err();
        assert_eq!(error.field(), Some("uri"));
        assert_eq!(
            error.message(),
            "the parameter connection_limit in options.uri must be a whole number from 1 to 9, got a string"
        );
        let refused = |url| {
            let mut fields = Fields::new("options", json!({ "url": url })).unwrap();
            UrlParts::from_fields(&mut fields, &RULES).err().unwrap().message().to_owned()
        };
        assert_eq!(
            refused("postgres://h?tls=s3cret"),
            "options.url cannot be used: tls must be true or false"
        );
        assert_eq!(
            refused("postgres://h?port=s3cret"),
            "options.url has a parameter port that is not a number"
        );
        assert_eq!(refused("redis://h"), "options.url does not start with postgres://");
    }

    #[test]
    fn a_misspelt_parameter_is_refused_with_the_nearest_name() {
        let problem = UrlParts::parse("postgres://h?ssl_mod=require", &RULES).err().unwrap();
        assert_eq!(problem, "has an unknown parameter; did you mean 'sslmode'?");
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
            "postgres://:s3cret@h?ssl=s3cret",
            "postgres://:s3cret@h?sslaccept=s3cret",
            "postgres://:s3cret@h?channel_binding=s3cret",
            "postgres://:s3cret@h?connect_timeout=s3cret",
            "postgres://:s3cret@h?port=s3cret",
            "postgres://:s3cret@h?sslcrl=s3cret",
            "postgres://:s3cret@h?ssl=false&sslmode=require",
            "postgres://:s3cret@h?sslmode=disable&sslaccept=strict",
            "postgres://:s3cret@h?sslmode=require&sslmode=require",
            "postgres://:s3cret%FF@h",
            "postgres://:s3cret%00@h",
            "postgres://:s3cret@h#s3cret",
            "postgres://user:123/s3cret@h/d",
            "postgres://user:123?s3cret@h/d",
        ] {
            let mut fields = Fields::new("options", json!({ "connectionString": url })).unwrap();
            let Err(error) = UrlParts::from_fields(&mut fields, &RULES) else { panic!("{url}") };
            assert_eq!(error.field(), Some("connectionString"));
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
    }
}
