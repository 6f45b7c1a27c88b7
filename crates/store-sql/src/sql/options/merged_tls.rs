//! Merges what the option `ssl`, the url and the environment say about TLS.

use super::security::{Need, Security};
use redkv_core::error::{Error, Result};
use redkv_net::tls::{Tls, Wish};

/// What the options of a store say about TLS.
pub(crate) struct Asked {
    /// The option `ssl`.
    pub(crate) option: Option<Wish>,
    /// The url, and the name of the option that it is in.
    pub(crate) url: Security,
    pub(crate) url_named: &'static str,
}

impl Asked {
    /// Returns the option that says something of TLS: `ssl`, or that of the url.
    pub(crate) fn field(&self) -> &'static str {
        if self.option.is_none() && self.url.needs().is_some() { self.url_named } else { "ssl" }
    }

    /// Merges the options with the environment. If any of them asks for TLS the result is TLS, or an error that names
    /// those that contradict each other.
    pub(crate) fn agreed(self, environment: &Security) -> Result<Wish> {
        let field = self.field();
        let Self { option, url, url_named } = self;
        let refuse = |message: String| Err(Error::argument(field, message));
        let tls = || -> Result<Tls> { Ok(url.tls()?.filled_by(environment.tls()?)) };
        match (option, url.needs()) {
            (Some(Wish::Off), Some((Need::On | Need::Preferred, name))) => {
                refuse(format!("options.ssl is false, and {name} in options.{url_named} asks for TLS"))
            }
            (Some(Wish::On(_) | Wish::Preferred(_)), Some((Need::Off, name))) => {
                refuse(format!("options.ssl asks for TLS, and {name} in options.{url_named} for none"))
            }
            (Some(Wish::Off) | None, Some((Need::Off, _))) | (Some(Wish::Off), None) => {
                match environment.need {
                    Some((Need::On, name)) => refuse(format!(
                        "{} asks for TLS, and options.{field} for none",
                        environment.source.named(name)
                    )),
                    _ => Ok(Wish::Off),
                }
            }
            (Some(Wish::On(option)), _) => match option.or(url.tls()?) {
                Ok(tls) => Ok(Wish::On(tls.filled_by(environment.tls()?))),
                Err(what) => refuse(format!("options.ssl and options.{url_named} do not agree on {what}")),
            },
            (_, Some((Need::On, _))) => Ok(Wish::On(tls()?)),
            (Some(Wish::Preferred(_)), _) | (_, Some((Need::Preferred, _))) => Ok(Wish::Preferred(tls()?)),
            (None, None) => match environment.need {
                None | Some((Need::Off, _)) => Ok(Wish::Off),
                Some((Need::On, _)) => Ok(Wish::On(environment.tls()?)),
                Some((Need::Preferred, _)) => Ok(Wish::Preferred(environment.tls()?)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::security::Source;
    use super::*;
    use redkv_core::options::Fields;

    fn said(source: Source, parameters: &[(&str, &str)]) -> Security {
        let mut security = Security::of(source);
        for (name, value) in parameters {
            assert_eq!(security.take(name, value), Ok(true), "{name}");
        }
        security
    }

    /// What an option `ssl`, a url and the environment come to: the words of [`Wish`], and what is checked.
    fn agreed(ssl: &Value, url: &[(&str, &str)], environment: &[(&str, &str)]) -> String {
        let mut fields = Fields::new("options", json!({ "ssl": ssl })).unwrap();
        let option = fields.read::<Tls>("ssl").unwrap();
        let url = said(Source::Url("url"), url);
        match (Asked { option, url, url_named: "url" }).agreed(&said(Source::Environment, environment)) {
            Ok(Wish::Off) => "off".to_owned(),
            Ok(Wish::Preferred(tls)) => format!("preferred {:?}", tls.check()),
            Ok(Wish::On(tls)) => format!("on {:?}", tls.check()),
            Err(error) => {
                let field = if ssl.is_null() { "url" } else { "ssl" };
                assert_eq!(error.field(), Some(field));
                error.message().to_owned()
            }
        }
    }

    #[test]
    fn without_a_word_there_is_no_tls() {
        assert_eq!(agreed(&Value::Null, &[], &[]), "off");
    }

    #[test]
    fn the_modes_of_urls_mean_what_they_mean_to_node_postgres() {
        for (mode, meaning) in [
            ("disable", "off"),
            ("allow", "preferred Nobody"),
            ("prefer", "preferred Nobody"),
            ("require", "on Full"),
            ("verify-ca", "on Full"),
            ("verify-full", "on Full"),
            ("no-verify", "on Nobody"),
        ] {
            assert_eq!(agreed(&Value::Null, &[("sslmode", mode)], &[]), meaning, "{mode}");
            assert_eq!(agreed(&Value::Null, &[], &[("sslmode", mode)]), meaning, "PGSSLMODE={mode}");
        }
    }

    #[test]
    fn what_the_code_says_of_certificates_wins_over_the_environment_as_in_node_postgres() {
        let environment = [("sslmode", "verify-full")];
        assert_eq!(agreed(&json!({ "rejectUnauthorized": false }), &[], &environment), "on Nobody");
        assert_eq!(agreed(&json!(true), &[], &environment), "on Full");
        assert_eq!(agreed(&json!(true), &[], &[("sslmode", "no-verify")]), "on Full");
        assert_eq!(agreed(&json!({}), &[], &[("sslmode", "no-verify")]), "on Full");
    }

    #[test]
    fn the_modes_of_urls_mean_what_they_mean_to_libpq_where_that_is_asked_for() {
        let compatible = ("uselibpqcompat", "true");
        for (mode, meaning) in
            [("require", "on Nobody"), ("verify-ca", "on Authority"), ("verify-full", "on Full")]
        {
            assert_eq!(agreed(&Value::Null, &[("sslmode", mode), compatible], &[]), meaning, "{mode}");
        }
    }

    #[test]
    fn the_words_of_mysql_and_prisma_are_understood() {
        for (name, value, meaning) in [
            ("ssl-mode", "REQUIRED", "on Full"),
            ("ssl_mode", "PREFERRED", "preferred Nobody"),
            ("sslMode", "VERIFY_IDENTITY", "on Full"),
            ("ssl-mode", "DISABLED", "off"),
            ("sslaccept", "strict", "on Full"),
            ("sslaccept", "accept_invalid_certs", "on Nobody"),
            ("useSSL", "true", "on Full"),
            ("tls", "skip-verify", "on Nobody"),
            ("ssl", "true", "on Full"),
            ("ssl", "0", "off"),
            ("requiressl", "1", "on Full"),
        ] {
            assert_eq!(agreed(&Value::Null, &[(name, value)], &[]), meaning, "{name}={value}");
        }
    }

    #[test]
    fn options_that_contradict_each_other_are_refused_and_named() {
        for (ssl, url, message) in [
            (json!(true), ("ssl", "false"), "options.ssl asks for TLS, and ssl in options.url for none"),
            (
                json!({}),
                ("sslmode", "disable"),
                "options.ssl asks for TLS, and sslmode in options.url for none",
            ),
            (
                json!(false),
                ("sslmode", "require"),
                "options.ssl is false, and sslmode in options.url asks for TLS",
            ),
            (
                json!({ "rejectUnauthorized": false }),
                ("sslmode", "verify-full"),
                "options.ssl and options.url do not agree on whether the server's certificate is checked",
            ),
            (
                json!({ "rejectUnauthorized": true }),
                ("sslmode", "no-verify"),
                "options.ssl and options.url do not agree on whether the server's certificate is checked",
            ),
        ] {
            assert_eq!(agreed(&ssl, &[url], &[]), message);
        }
    }

    #[test]
    fn options_that_add_to_each_other_are_taken_together() {
        assert_eq!(
            agreed(&json!({ "rejectUnauthorized": false }), &[("sslmode", "require")], &[]),
            "on Nobody"
        );
        assert_eq!(agreed(&json!(true), &[("sslmode", "no-verify")], &[]), "on Nobody");
        assert_eq!(agreed(&json!(true), &[("sslmode", "prefer")], &[]), "on Nobody");
        assert_eq!(agreed(&json!(false), &[("sslmode", "disable")], &[]), "off");
    }

    #[test]
    fn tls_that_the_environment_asks_for_is_never_left_out() {
        assert_eq!(
            agreed(&json!(false), &[], &[("sslmode", "require")]),
            "PGSSLMODE in the environment asks for TLS, and options.ssl for none"
        );
        assert_eq!(
            agreed(&Value::Null, &[("sslmode", "disable")], &[("sslmode", "verify-full")]),
            "PGSSLMODE in the environment asks for TLS, and options.url for none"
        );
        assert_eq!(agreed(&json!(false), &[], &[("sslmode", "prefer")]), "off");
        assert_eq!(agreed(&json!(true), &[], &[("sslmode", "disable")]), "on Full");
        assert_eq!(agreed(&json!(true), &[], &[("sslmode", "no-verify")]), "on Full");
    }

    #[test]
    fn versions_that_exclude_each_other_are_both_named() {
        let between = |oldest, newest| {
            let bounds = [("ssl_min_protocol_version", oldest), ("ssl_max_protocol_version", newest)];
            agreed(&Value::Null, &[("sslmode", "require"), bounds[0], bounds[1]], &[])
        };
        assert_eq!(
            between("TLSv1.3", "TLSv1.2"),
            "ssl_min_protocol_version in options.url is 'TLSv1.3', which is newer than ssl_max_protocol_version in \
             options.url, 'TLSv1.2'"
        );
        assert_eq!(
            between("SSLv3", "TLSv1.2"),
            "ssl_min_protocol_version in options.url must be 'TLSv1', 'TLSv1.1', 'TLSv1.2' or 'TLSv1.3'"
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named_by_its_parameter() {
        assert_eq!(
            agreed(&Value::Null, &[("sslrootcert", "/nowhere/s3cret")], &[]),
            "the file that is named by sslrootcert in options.url cannot be read"
        );
        assert_eq!(
            agreed(&json!(true), &[("sslmode", "require")], &[("sslrootcert", "/nowhere")]),
            "the file that is named by PGSSLROOTCERT in the environment cannot be read"
        );
        assert_eq!(agreed(&Value::Null, &[], &[("sslrootcert", "/nowhere")]), "off");
    }
}
