//! What urls and the environment say of TLS, in the words of libpq, of MySQL's clients and of Prisma.

use std::fs;

use redkv_core::error::{Error, Result};
use redkv_net::tls::{Authority, Check, Tls, Versions, Wish};

/// Whether a password is bound to the certificate that the server showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Binding {
    /// Never.
    #[default]
    Off,
    /// Where the server can.
    Preferred,
    /// Always: a server that cannot is refused.
    Required,
}

/// Whether there is to be TLS.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Off,
    Preferred,
    On,
}

/// What one place says. Its errors name the parameter, and repeat no value.
#[derive(Default)]
pub(crate) struct Security {
    need: Option<(Need, &'static str)>,
    check: Option<(Check, &'static str)>,
    /// The mode is `require` or `verify-ca`, which mean less to libpq than to node-postgres.
    mode: Option<Mode>,
    is_compatible: bool,
    trusts_system: bool,
    /// Where authorities, a certificate and its key are.
    files: [File; 3],
    oldest: Option<(&'static str, String)>,
    newest: Option<(&'static str, String)>,
    is_direct: bool,
    hides_name: bool,
    pub(crate) binding: Option<Binding>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Require,
    VerifyCa,
}

/// A parameter that names a file, and the path.
type File = Option<(&'static str, String)>;

/// Why a parameter is refused.
type Refused<T> = std::result::Result<T, String>;

impl Security {
    /// Takes a parameter, if it is one of security. Names are compared without case, `-` and `_`.
    pub(crate) fn take(&mut self, name: &str, value: &str) -> Refused<bool> {
        let plain: String = name.chars().filter(|c| !matches!(c, '-' | '_')).collect();
        match plain.to_ascii_lowercase().as_str() {
            "sslmode" => self.take_mode("sslmode", value)?,
            "ssl" | "usessl" | "tls" | "requiressl" => self.take_switch(value)?,
            "sslaccept" => match value {
                "strict" => {
                    self.need(Need::On, "sslaccept")?;
                    self.check(Check::Full, "sslaccept")?;
                }
                "accept_invalid_certs" => {
                    self.need(Need::On, "sslaccept")?;
                    self.check(Check::Nobody, "sslaccept")?;
                }
                _ => return Err("sslaccept must be strict or accept_invalid_certs".to_owned()),
            },
            "verifyservercertificate" => {
                let name = "verifyServerCertificate";
                self.check(checking(name, value, true)?, name)?;
            }
            "trustservercertificate" => {
                let name = "trustServerCertificate";
                self.check(checking(name, value, false)?, name)?;
            }
            "uselibpqcompat" => self.is_compatible = switch("uselibpqcompat", value)?,
            "sslrootcert" | "sslca" if value == "system" => self.trusts_system = true,
            "sslrootcert" | "sslca" => self.files[0] = Some(("sslrootcert", value.to_owned())),
            "sslcert" => self.files[1] = Some(("sslcert", value.to_owned())),
            "sslkey" => self.files[2] = Some(("sslkey", value.to_owned())),
            "sslminprotocolversion" => self.oldest = Some(("ssl_min_protocol_version", value.to_owned())),
            "sslmaxprotocolversion" => self.newest = Some(("ssl_max_protocol_version", value.to_owned())),
            "sslnegotiation" => match value {
                "postgres" => {}
                "direct" => self.is_direct = true,
                _ => return Err("sslnegotiation must be postgres or direct".to_owned()),
            },
            "sslsni" => self.hides_name = !switch("sslsni", value)?,
            "channelbinding" => {
                self.binding = Some(match value {
                    "disable" => Binding::Off,
                    "prefer" => Binding::Preferred,
                    "require" => Binding::Required,
                    _ => return Err("channel_binding must be disable, prefer or require".to_owned()),
                });
            }
            "gssencmode" if value == "require" => {
                return Err("gssencmode=require is not supported".to_owned());
            }
            "sslcertmode" if value != "allow" => return Err("sslcertmode must be allow".to_owned()),
            "gssencmode" | "sslcertmode" => {}
            "sslpassword" | "sslidentity" | "sslcrl" | "sslcrldir" | "requireauth" | "requirepeer" => {
                return Err(format!("{} is not supported", plain.to_ascii_lowercase()));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_mode(&mut self, name: &'static str, value: &str) -> Refused<()> {
        match value.to_ascii_lowercase().replace('_', "-").as_str() {
            "disable" | "disabled" => self.need(Need::Off, name),
            "allow" | "prefer" | "preferred" => self.need(Need::Preferred, name),
            "require" | "required" => {
                self.mode = Some(Mode::Require);
                self.need(Need::On, name)
            }
            "verify-ca" => {
                self.mode = Some(Mode::VerifyCa);
                self.need(Need::On, name)
            }
            "verify-full" | "verify-identity" => {
                self.need(Need::On, name)?;
                self.check(Check::Full, name)
            }
            "no-verify" => {
                self.need(Need::On, name)?;
                self.check(Check::Nobody, name)
            }
            _ => Err("sslmode must be disable, allow, prefer, require, verify-ca, verify-full or no-verify"
                .to_owned()),
        }
    }

    fn take_switch(&mut self, value: &str) -> Refused<()> {
        match value {
            "true" | "1" => self.need(Need::On, "ssl"),
            "false" | "0" => self.need(Need::Off, "ssl"),
            "no-verify" | "skip-verify" => {
                self.need(Need::On, "ssl")?;
                self.check(Check::Nobody, "ssl")
            }
            _ => self.take_mode("ssl", value).map_err(|_| "ssl must be true or false".to_owned()),
        }
    }

    fn need(&mut self, need: Need, name: &'static str) -> Refused<()> {
        self.need = match self.need {
            None => Some((need, name)),
            Some(said) if said.0 == need => Some(said),
            Some((Need::Off, other)) => return Err(format!("{name} asks for TLS, and {other} for none")),
            Some((_, other)) if need == Need::Off => {
                return Err(format!("{other} asks for TLS, and {name} for none"));
            }
            Some((_, other)) => Some((Need::On, other)),
        };
        Ok(())
    }

    fn check(&mut self, check: Check, name: &'static str) -> Refused<()> {
        match self.check {
            Some((said, other)) if said != check => {
                Err(format!("{name} and {other} do not agree whether the server's certificate is checked"))
            }
            _ => {
                self.check = Some((check, name));
                Ok(())
            }
        }
    }

    /// Whether there is to be TLS, with the parameter that says so. Who names an authority wants it asked.
    fn needs(&self) -> Option<(Need, &'static str)> {
        self.need.or(self.files.iter().flatten().next().map(|(name, _)| (Need::On, *name)))
    }

    /// Whom to trust and what to show, with the files that are named.
    fn tls(&self) -> Result<Tls> {
        let check = self.check.map(|(check, _)| check).or(self.trusts_system.then_some(Check::Full));
        let is_preferred = matches!(self.need, Some((Need::Preferred, _)));
        let mut tls = match self.mode {
            Some(Mode::VerifyCa) if self.is_compatible && check.is_none() => {
                Tls::checking(Some(Check::Authority))
            }
            Some(Mode::Require) if self.is_compatible && check.is_none() => Tls::lenient(),
            _ if is_preferred && check.is_none() => Tls::lenient(),
            _ => Tls::checking(check),
        };
        let [ca, cert, key] = &self.files;
        tls.know(&Authority { ca: read(ca)?, cert: read(cert)?, key: read(key)? })?;
        let bound = |bound: &Option<(&'static str, String)>| bound.clone();
        let (oldest, newest) = (bound(&self.oldest), bound(&self.newest));
        let versions = Versions::between(
            oldest.as_ref().map(|(name, version)| (*name, version.as_str())),
            newest.as_ref().map(|(name, version)| (*name, version.as_str())),
        )
        .map_err(|name| {
            let message = format!("{name} leaves no version of TLS that is spoken here: TLSv1.2 and TLSv1.3");
            Error::argument("ssl", message)
        })?;
        Ok(tls.shake(versions, self.hides_name, self.is_direct.then_some("postgresql")))
    }
}

/// What the options of a store say of TLS.
pub(crate) struct Asked {
    /// The option `ssl`.
    pub(crate) option: Option<Wish>,
    /// The url, and the name of the option that it is in.
    pub(crate) url: Security,
    pub(crate) url_named: &'static str,
}

impl Asked {
    /// What they and the environment come to. Where any of them asks for TLS there is TLS, or an error that names those
    /// that contradict each other.
    pub(crate) fn agreed(self, environment: &Security) -> Result<Wish> {
        let Self { option, url, url_named } = self;
        let refuse = |message: String| Err(Error::argument("ssl", message));
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
                    Some((Need::On, _)) => refuse(
                        "PGSSLMODE in the environment asks for TLS, and the options for none".to_owned(),
                    ),
                    _ => Ok(Wish::Off),
                }
            }
            (Some(Wish::On(option)), _) => match option.or(url.tls()?) {
                Ok(tls) => Ok(Wish::On(tls.filled_by(environment.tls()?))),
                Err(what) => refuse(format!("options.ssl and options.{url_named} do not agree {what}")),
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

fn switch(name: &'static str, value: &str) -> Refused<bool> {
    match value {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(format!("{name} must be true or false")),
    }
}

/// A switch that has the certificate checked when it is `strict`.
fn checking(name: &'static str, value: &str, strict: bool) -> Refused<Check> {
    Ok(if switch(name, value)? == strict { Check::Full } else { Check::Nobody })
}

/// The text of a file that a parameter names.
fn read(file: &File) -> Result<Option<(&'static str, String)>> {
    let Some((name, path)) = file else { return Ok(None) };
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some((name, text))),
        Err(error) => {
            Err(Error::argument("ssl", format!("the file that {name} names cannot be read")).caused_by(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use redkv_core::config::Fields;

    fn said(parameters: &[(&str, &str)]) -> Security {
        let mut security = Security::default();
        for (name, value) in parameters {
            assert_eq!(security.take(name, value), Ok(true), "{name}");
        }
        security
    }

    /// What an option `ssl`, a url and the environment come to: the words of [`Wish`], and what is checked.
    fn agreed(ssl: &Value, url: &[(&str, &str)], environment: &[(&str, &str)]) -> String {
        let mut fields = Fields::new("options", json!({ "ssl": ssl })).unwrap();
        let option = Tls::from_fields(&mut fields, "ssl").unwrap();
        match (Asked { option, url: said(url), url_named: "url" }).agreed(&said(environment)) {
            Ok(Wish::Off) => "off".to_owned(),
            Ok(Wish::Preferred(tls)) => format!("preferred {:?}", tls.check()),
            Ok(Wish::On(tls)) => format!("on {:?}", tls.check()),
            Err(error) => {
                assert_eq!(error.field(), Some("ssl"));
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
                "options.ssl and options.url do not agree whether the server's certificate is checked",
            ),
            (
                json!({ "rejectUnauthorized": true }),
                ("sslmode", "no-verify"),
                "options.ssl and options.url do not agree whether the server's certificate is checked",
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
        let refused = "PGSSLMODE in the environment asks for TLS, and the options for none";
        assert_eq!(agreed(&json!(false), &[], &[("sslmode", "require")]), refused);
        assert_eq!(agreed(&Value::Null, &[("sslmode", "disable")], &[("sslmode", "verify-full")]), refused);
        assert_eq!(agreed(&json!(false), &[], &[("sslmode", "prefer")]), "off");
        assert_eq!(agreed(&json!(true), &[], &[("sslmode", "disable")]), "on Full");
        assert_eq!(agreed(&json!(true), &[], &[("sslmode", "no-verify")]), "on Full");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named_by_its_parameter() {
        let message = agreed(&Value::Null, &[("sslrootcert", "/nowhere/s3cret")], &[]);
        assert_eq!(message, "the file that sslrootcert names cannot be read");
        assert_eq!(agreed(&Value::Null, &[("sslmode", "require")], &[("sslrootcert", "/nowhere")]), message);
        assert_eq!(agreed(&Value::Null, &[], &[("sslrootcert", "/nowhere")]), "off");
    }
}
