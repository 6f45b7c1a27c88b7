//! The TLS settings of one source: an option, a url, the environment.

use rustls::SupportedProtocolVersion;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use serde_json::Value;

use super::client::Tls;
use super::verifier::Check;
use super::{pem, refused};
use crate::extra_roots::extra_roots;
use redkv_core::config::Fields;
use redkv_core::error::{Error, Result};

/// Whether there is to be TLS.
#[derive(Clone, Debug)]
pub enum Wish {
    /// None.
    Off,
    /// If the server supports it.
    Preferred(Tls),
    /// Always.
    On(Tls),
}

/// The versions of TLS that are spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versions {
    /// 1.2 and 1.3.
    #[default]
    Both,
    /// 1.2 and not 1.3.
    Older,
    /// 1.3 and not 1.2.
    Newer,
}

impl Versions {
    pub(super) fn supported(self) -> &'static [&'static SupportedProtocolVersion] {
        static SPOKEN: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
        match self {
            Self::Both => &SPOKEN,
            Self::Newer => &SPOKEN[..1],
            Self::Older => &SPOKEN[1..],
        }
    }

    /// The versions from `oldest` to `newest`, in the words of Node.js and OpenSSL. An error is the name of the bound
    /// that cannot be.
    pub fn between<'a>(
        oldest: Option<(&'a str, &str)>,
        newest: Option<(&'a str, &str)>,
    ) -> std::result::Result<Self, &'a str> {
        // Versions before 1.2 are not spoken, so they may bound from below.
        let is_newer = match oldest {
            None | Some((_, "TLSv1" | "TLSv1.1" | "TLSv1.2")) => false,
            Some((_, "TLSv1.3")) => true,
            Some((name, _)) => return Err(name),
        };
        match newest {
            None | Some((_, "TLSv1.3")) => Ok(if is_newer { Self::Newer } else { Self::Both }),
            Some((_, "TLSv1.2")) if !is_newer => Ok(Self::Older),
            Some((name, _)) => Err(name),
        }
    }
}

/// The expected name of the server.
#[derive(Default)]
pub struct Authority {
    /// Authorities, in PEM.
    pub ca: Option<(&'static str, String)>,
    /// A certificate of this client, and its key, in PEM.
    pub cert: Option<(&'static str, String)>,
    /// The key of that certificate.
    pub key: Option<(&'static str, String)>,
}

impl Tls {
    /// Reads the option called `option`: `true`, `false`, or an object with `ca`, `cert`, `key`, `servername`,
    /// `rejectUnauthorized`, `minVersion` and `maxVersion`. Certificates and keys are PEM text; `ca` and `cert` may be
    /// lists of it. What Node's `tls` module knows beside this is refused where it would change whom we trust, and else
    /// ignored with a warning.
    pub fn from_fields(fields: &mut Fields, option: &'static str) -> Result<Option<Wish>> {
        let options = match fields.any(option) {
            None => return Ok(None),
            Some(Value::Bool(false)) => return Ok(Some(Wish::Off)),
            Some(Value::Bool(true)) => Value::Null,
            Some(options @ Value::Object(_)) => options,
            Some(_) => {
                return Err(Error::argument(option, format!("{option} must be true, false or an object")));
            }
        };
        let mut own = fields.nested(option, options, "true, false or an object")?;
        let option = &format!("options.{option}");
        let mut tls = Self {
            roots: match pem::text(&mut own, option, "ca")? {
                Some(ca) => Some(pem::roots("ca", &format!("{option}.ca"), &ca)?),
                None => None,
            },
            check: own
                .boolean("rejectUnauthorized")?
                .map(|yes| if yes { Check::Full } else { Check::Nobody }),
            server_name: server_name(&mut own, option)?,
            versions: versions(&mut own, option)?,
            ..Self::default()
        };
        let cert = pem::text(&mut own, option, "cert")?;
        let key = pem::key(&mut own, option)?;
        tls.identify(
            cert.map(|cert| (format!("{option}.cert"), cert)),
            key.map(|key| (format!("{option}.key"), key)),
        )?;
        refused::refuse(&mut own, option)?;
        fields.absorb(own)?;
        tls.warn(fields);
        Ok(Some(Wish::On(tls)))
    }

    /// Takes a certificate and its key, each with what a message calls it.
    fn identify(&mut self, cert: Option<(String, String)>, key: Option<(String, String)>) -> Result<()> {
        self.identity = match (&cert, &key) {
            (None, None) => return Ok(()),
            (Some(cert), Some(key)) => Some(pem::identity((&cert.0, &cert.1), (&key.0, &key.1))?),
            (Some((name, _)), None) => {
                return Err(Error::argument("key", format!("{name} needs its key")));
            }
            (None, Some((name, _))) => {
                return Err(Error::argument("cert", format!("{name} needs its certificate")));
            }
        };
        Ok(())
    }

    /// Says what of the environment a user might expect to be heeded.
    pub fn warn(&self, fields: &mut Fields) {
        if self.roots.is_none() && self.check != Some(Check::Nobody) {
            if let Some(warning) = &extra_roots().warning {
                fields.warn(warning.clone());
            }
            if std::env::var("NODE_TLS_REJECT_UNAUTHORIZED").is_ok_and(|value| value == "0") {
                let warning = "NODE_TLS_REJECT_UNAUTHORIZED has no effect: certificates are checked unless \
                               rejectUnauthorized is false";
                fields.warn(warning.to_owned());
            }
        }
    }

    /// Fills what is not said here with what `other` says. An error is what both say.
    pub fn or(self, other: Self) -> std::result::Result<Self, &'static str> {
        let check = match (self.check, other.check) {
            (Some(Check::Nobody), Some(Check::Full | Check::Authority))
            | (Some(Check::Full | Check::Authority), Some(Check::Nobody)) => {
                return Err("whether the server's certificate is checked");
            }
            (Some(Check::Full), _) | (_, Some(Check::Full)) => Some(Check::Full),
            (one, other) => one.or(other),
        };
        let is_checked = check != Some(Check::Nobody);
        let roots = match (self.roots, other.roots) {
            (Some(_), Some(_)) if is_checked => return Err("which certificate authorities are trusted"),
            (Some(_), None) if other.check == Some(Check::Nobody) => {
                return Err("whether the server's certificate is checked");
            }
            (one, other) => one.or(other),
        };
        let identity = match (self.identity, other.identity) {
            (Some(_), Some(_)) => return Err("which certificate this client has"),
            (one, other) => one.or(other),
        };
        let versions = match (self.versions, other.versions) {
            (Versions::Both, one) | (one, Versions::Both) => one,
            (one, other) if one == other => one,
            _ => return Err("which versions of TLS are used"),
        };
        Ok(Self {
            roots,
            check,
            is_lenient: self.is_lenient || other.is_lenient,
            identity,
            server_name: self.server_name.or(other.server_name),
            versions,
            hides_name: self.hides_name || other.hides_name,
            protocol: self.protocol.or(other.protocol),
        })
    }

    /// Fills what is not said here with what the environment says, but for what is checked.
    pub fn filled_by(self, environment: Self) -> Self {
        Self {
            check: self.check,
            is_lenient: self.is_lenient,
            roots: self.roots.or(environment.roots),
            identity: self.identity.or(environment.identity),
            server_name: self.server_name,
            versions: if self.versions == Versions::Both { environment.versions } else { self.versions },
            hides_name: self.hides_name || environment.hides_name,
            protocol: self.protocol.or(environment.protocol),
        }
    }

    /// Says what is checked.
    pub fn checking(check: Option<Check>) -> Self {
        Self { check, ..Self::default() }
    }

    /// As `require` of libpq: an unknown issuer is taken where no authority is named, and any name where one is.
    pub fn lenient() -> Self {
        Self { is_lenient: true, ..Self::default() }
    }

    /// Takes what a url or the environment names.
    pub fn know(&mut self, authority: &Authority) -> Result<()> {
        if let Some((name, ca)) = &authority.ca {
            self.roots = Some(pem::roots(name, name, ca)?);
        }
        let named = |given: &Option<(&'static str, String)>| {
            given.as_ref().map(|(name, pem)| ((*name).to_owned(), pem.clone()))
        };
        self.identify(named(&authority.cert), named(&authority.key))
    }

    /// Bounds the versions of TLS, keeps the name of the server from it, and says what is to be spoken.
    pub fn shake(mut self, versions: Versions, hides_name: bool, protocol: Option<&'static str>) -> Self {
        self.versions = versions;
        self.hides_name = hides_name;
        self.protocol = protocol;
        self
    }

    /// Returns whether it is said which versions are spoken.
    #[cfg(feature = "mysql")]
    pub fn chooses_versions(&self) -> bool {
        self.versions != Versions::Both
    }
}

fn server_name(fields: &mut Fields, option: &str) -> Result<Option<ServerName<'static>>> {
    // Node.js takes an empty one for none.
    let Some(name) = fields.text("servername")?.filter(|name| !name.is_empty()) else { return Ok(None) };
    ServerName::try_from(name).map(Some).map_err(|error| {
        let message = format!("{option}.servername must be a host name or address");
        Error::argument("servername", message).caused_by(error)
    })
}

fn versions(fields: &mut Fields, option: &str) -> Result<Versions> {
    let oldest = fields.string("minVersion")?;
    let newest = fields.string("maxVersion")?;
    fields.prefer(&[("secureProtocol", "maxVersion")]);
    let (oldest, newest) = match fields.string("secureProtocol")?.as_deref() {
        None => (oldest, newest),
        Some("TLS_method" | "TLS_client_method" | "SSLv23_method" | "SSLv23_client_method") => {
            (oldest, newest)
        }
        Some("TLSv1_2_method" | "TLSv1_2_client_method") => (oldest, newest.or(Some("TLSv1.2".to_owned()))),
        Some(_) => {
            let message = format!("{option}.secureProtocol must be TLS_method or TLSv1_2_method");
            return Err(Error::argument("secureProtocol", message));
        }
    };
    let oldest = oldest.as_deref().map(|version| ("minVersion", version));
    let newest = newest.as_deref().map(|version| ("maxVersion", version));
    Versions::between(oldest, newest).map_err(|name| {
        let message =
            format!("{option}.{name} excludes all supported versions of TLS: 'TLSv1.2' and 'TLSv1.3'");
        Error::argument(name, message)
    })
}
