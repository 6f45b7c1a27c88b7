//! The TLS parameters of urls and of the environment, in the names of libpq, of MySQL's clients and of Prisma.

use std::fs;

use redkv_core::error::{Error, Result};
use redkv_net::tls::{Authority, Check, Tls, Versions};

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
pub(super) enum Need {
    Off,
    Preferred,
    On,
}

/// Where parameters come from.
#[derive(Clone, Copy, Default)]
pub(crate) enum Source {
    /// The variables of libpq.
    #[default]
    Environment,
    /// A url, in the option of this name.
    Url(&'static str),
}

impl Source {
    /// Returns the option that errors are about.
    fn field(self) -> &'static str {
        match self {
            Self::Environment => "ssl",
            Self::Url(option) => option,
        }
    }

    /// Returns what messages call a parameter.
    pub(super) fn named(self, parameter: &str) -> String {
        match self {
            Self::Environment => {
                let variable = parameter.replace('_', "").to_ascii_uppercase();
                format!("PG{variable} in the environment")
            }
            Self::Url(option) => format!("{parameter} in options.{option}"),
        }
    }
}

/// The TLS parameters of one source, a url or the environment. Errors name the parameter and repeat no value.
#[derive(Default)]
pub(crate) struct Security {
    pub(crate) source: Source,
    pub(super) need: Option<(Need, &'static str)>,
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
    #[cfg(test)]
    pub(super) fn of(source: Source) -> Self {
        Self { source, ..Self::default() }
    }

    /// Takes a parameter, if it is one of security. Names are compared without case, `-` and `_`.
    pub(crate) fn take(&mut self, name: &str, value: &str) -> Refused<bool> {
        let plain: String = name.chars().filter(|c| !matches!(c, '-' | '_')).collect();
        match plain.to_ascii_lowercase().as_str() {
            "sslmode" => self.take_mode("sslmode", value)?,
            "ssl" => self.take_switch("ssl", value)?,
            "usessl" => self.take_switch("useSSL", value)?,
            "tls" => self.take_switch("tls", value)?,
            "requiressl" => self.take_switch("requiressl", value)?,
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
            "sslrootcert" => self.files[0] = Some(("sslrootcert", value.to_owned())),
            "sslca" => self.files[0] = Some(("sslca", value.to_owned())),
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

    fn take_switch(&mut self, name: &'static str, value: &str) -> Refused<()> {
        match value {
            "true" | "1" => self.need(Need::On, name),
            "false" | "0" => self.need(Need::Off, name),
            "no-verify" | "skip-verify" => {
                self.need(Need::On, name)?;
                self.check(Check::Nobody, name)
            }
            _ => self.take_mode(name, value).map_err(|why| {
                let is_unknown = why.starts_with("sslmode must be ");
                if is_unknown { format!("{name} must be true or false") } else { why }
            }),
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
                Err(format!("{name} and {other} do not agree on whether the server's certificate is checked"))
            }
            _ => {
                self.check = Some((check, name));
                Ok(())
            }
        }
    }

    /// Returns whether there is to be TLS, with the parameter that says so. Who names an authority wants it asked.
    pub(super) fn needs(&self) -> Option<(Need, &'static str)> {
        self.need.or(self.files.iter().flatten().next().map(|(name, _)| (Need::On, *name)))
    }

    /// Whom to trust and what to show, with the files that are named.
    pub(super) fn tls(&self) -> Result<Tls> {
        self.read_tls().map_err(|error| error.about(self.source.field()))
    }

    fn read_tls(&self) -> Result<Tls> {
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
        let read = |file: &File| read(file, self.source);
        tls.know(&Authority { ca: read(ca)?, cert: read(cert)?, key: read(key)? })?;
        let bound = |bound: &Option<(&'static str, String)>| {
            bound.as_ref().map(|(name, version)| (self.source.named(name), version.clone()))
        };
        let (oldest, newest) = (bound(&self.oldest), bound(&self.newest));
        let versions = Versions::between(
            oldest.as_ref().map(|(name, version)| (name.as_str(), version.as_str())),
            newest.as_ref().map(|(name, version)| (name.as_str(), version.as_str())),
        )
        .map_err(|wrong| Error::argument(self.source.field(), wrong.message))?;
        Ok(tls.shake(versions, self.hides_name, self.is_direct.then_some("postgresql")))
    }
}

fn switch(name: &'static str, value: &str) -> Refused<bool> {
    match value {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(format!("{name} must be true or false")),
    }
}

/// Reads a switch: the certificate is checked when its value is `strict`.
fn checking(name: &'static str, value: &str, strict: bool) -> Refused<Check> {
    Ok(if switch(name, value)? == strict { Check::Full } else { Check::Nobody })
}

/// The text of a file that a parameter names.
fn read(file: &File, source: Source) -> Result<Option<(String, String)>> {
    let Some((name, path)) = file else { return Ok(None) };
    let named = source.named(name);
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some((named, text))),
        Err(error) => {
            let message = format!("the file that is named by {named} cannot be read");
            Err(Error::argument(source.field(), message).caused_by(error))
        }
    }
}
