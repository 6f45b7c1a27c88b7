//! The TLS settings of one source: an option, a url, the environment.

use rustls::SupportedProtocolVersion;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};

use super::client::Tls;
use super::pem::{self, Pem, PemKey};
use super::refused;
use super::verifier::Check;
use crate::extra_roots::extra_roots;
use redkv_core::error::{Error, Result};
use redkv_core::options::{Fields, Given, Kind, Options, Schema, Type, Value, kinds, options};

options! {
    /// How to speak TLS, in the names of `tls.connect()` of Node.js. Its other options are refused, but for those that
    /// change nothing here.
    struct TlsOptions is "TlsOptions" {
        /// The certificate authorities to trust, and no others.
        ///
        /// In PEM form. A server may show one of these itself, as one with a self-signed certificate does.
        ca as "ca": Pem = "those of the system, and those in the file that `NODE_EXTRA_CA_CERTS` names",
        /// The certificate of this client; needs `key`.
        ///
        /// In PEM form, with those that lead to its authority.
        cert as "cert": Pem = "none",
        /// The private key of this client, without a passphrase; needs `cert`.
        ///
        /// In PEM form.
        key as "key": PemKey = "none",
        /// The name that the server's certificate must be for.
        server_name as "servername": ServerNameOption = "the host",
        /// Whether the server's certificate must be valid. `false` accepts any certificate: for tests only.
        ///
        /// Anybody in between can then read along.
        reject_unauthorized as "rejectUnauthorized": kinds::Boolean = "`true`",
        /// The oldest version of TLS that is accepted; not for `mysql`. Versions before 1.2 are never accepted; naming one changes nothing.
        min_version as "minVersion": OldestVersion = "`'TLSv1.2'`",
        /// The newest version of TLS that is accepted; not for `mysql`.
        max_version as "maxVersion" or ["secureProtocol"]: NewestVersion = "`'TLSv1.3'`",
    }
    /// Options of `tls.connect()` that have no effect here. Each gives a warning.
    legacy "LegacyTlsOptions" ignores [
        "ALPNProtocols",
        "allowPartialTrustChain",
        "enableTrace",
        "highWaterMark",
        "honorCipherOrder",
        "keepAlive",
        "lookup",
        "minDHSize",
        "noDelay",
        "requestCert",
        "requestOCSP",
        "session",
        "timeout",
    ]
}

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

    /// The versions from `oldest` to `newest`, in the words of Node.js and OpenSSL, each with what a message calls it.
    pub fn between(
        oldest: Option<(&str, &str)>,
        newest: Option<(&str, &str)>,
    ) -> std::result::Result<Self, WrongVersion> {
        // Versions before 1.2 are not spoken, so they may bound from below.
        let above = match oldest {
            None | Some((_, "TLSv1" | "TLSv1.1" | "TLSv1.2")) => None,
            Some((name, "TLSv1.3")) => Some(name),
            Some((name, _)) => {
                let message = format!("{name} must be 'TLSv1', 'TLSv1.1', 'TLSv1.2' or 'TLSv1.3'");
                return Err(WrongVersion { is_newest: false, message });
            }
        };
        let message = match (newest, above) {
            (None | Some((_, "TLSv1.3")), Some(_)) => return Ok(Self::Newer),
            (None | Some((_, "TLSv1.3")), None) => return Ok(Self::Both),
            (Some((_, "TLSv1.2")), None) => return Ok(Self::Older),
            (Some((name, "TLSv1.2")), Some(above)) => {
                format!("{above} is 'TLSv1.3', which is newer than {name}, 'TLSv1.2'")
            }
            (Some((name, "TLSv1" | "TLSv1.1")), _) => {
                format!("{name} excludes all supported versions of TLS: 'TLSv1.2' and 'TLSv1.3'")
            }
            (Some((name, _)), _) => format!("{name} must be 'TLSv1.2' or 'TLSv1.3'"),
        };
        Err(WrongVersion { is_newest: true, message })
    }
}

/// Why no version of TLS can be spoken.
#[derive(Debug)]
pub struct WrongVersion {
    /// Whether it is the newest version that is wrong, and not the oldest.
    pub is_newest: bool,
    /// What is wrong, with the names of the bounds.
    pub message: String,
}

/// The expected name of the server.
#[derive(Default)]
pub struct Authority {
    /// Authorities, in PEM.
    pub ca: Option<(String, String)>,
    /// A certificate of this client, and its key, in PEM.
    pub cert: Option<(String, String)>,
    /// The key of that certificate.
    pub key: Option<(String, String)>,
}

impl Kind for Tls {
    type Value = Wish;
    const TYPE: Type = Type::Other { typescript: "boolean | TlsOptions", words: "boolean or object" };

    /// Reads `true`, `false`, or an object. What Node's `tls` module knows beside the options that are declared is refused
    /// where it would change whom we trust, and else ignored with a warning.
    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Wish>> {
        const EXPECTED: &str = "true, false or an object";
        let options = match value {
            Value::Bool(false) => return Ok(Some(Wish::Off)),
            Value::Bool(true) => Value::Null,
            options @ Value::Object(_) => options,
            _ => return Err(given.refused(format!("{} must be {EXPECTED}", given.path()))),
        };
        let mut own = given.nested(options, EXPECTED)?;
        let options = TlsOptions::read(&mut own)?;
        let tls = Self::new(options, &given.path())?;
        refused::refuse(&own, &given.path())?;
        given.fields().absorb(own)?;
        tls.warn(given.fields());
        Ok(Some(Wish::On(tls)))
    }
}

impl Tls {
    /// The options, as they are declared.
    pub const SCHEMA: Schema = TlsOptions::SCHEMA;

    fn new(options: TlsOptions, named: &str) -> Result<Self> {
        let mut tls = Self {
            roots: match options.ca {
                Some(ca) => Some(pem::roots(&format!("{named}.ca"), &ca)?),
                None => None,
            },
            check: options.reject_unauthorized.map(|yes| if yes { Check::Full } else { Check::Nobody }),
            server_name: options.server_name,
            versions: versions(options.min_version.as_deref(), options.max_version.as_ref(), named)?,
            ..Self::default()
        };
        tls.identify(
            options.cert.map(|cert| (format!("{named}.cert"), cert)),
            options.key.map(|key| (format!("{named}.key"), key.into_exposed())),
        )?;
        Ok(tls)
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
            self.roots = Some(pem::roots(name, ca)?);
        }
        self.identify(authority.cert.clone(), authority.key.clone())
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

/// The name that a certificate must be for.
#[derive(Debug)]
struct ServerNameOption;

impl Kind for ServerNameOption {
    type Value = ServerName<'static>;
    const TYPE: Type = Type::Text;

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self::Value>> {
        // Node.js takes an empty one for none.
        let name = <kinds::AnyText as Kind>::read(value, given)?.filter(|name| !name.is_empty());
        name.map(ServerName::try_from).transpose().map_err(|error| {
            given.refused(format!("{} must be a host name or address", given.path())).caused_by(error)
        })
    }
}

/// The oldest version of TLS, in the words of Node.js.
#[derive(Debug)]
struct OldestVersion;

impl Kind for OldestVersion {
    type Value = String;
    const TYPE: Type = Type::Words(&["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]);

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<String>> {
        <kinds::Text as Kind>::read(value, given)
    }
}

/// The newest version of TLS, in the words of Node.js, or the method of OpenSSL that speaks no newer one; with the name of
/// the option that says it.
#[derive(Debug)]
struct NewestVersion {
    name: &'static str,
    version: String,
}

impl PartialEq for NewestVersion {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version
    }
}

impl Kind for NewestVersion {
    type Value = Self;
    const TYPE: Type = Type::Words(&["TLSv1.2", "TLSv1.3"]);

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self>> {
        let text = <kinds::Text as Kind>::read(value, given)?;
        let named = |version| Self { name: given.name(), version };
        if !given.is_older() {
            return Ok(text.map(named));
        }
        match text.as_deref() {
            Some("TLSv1_2_method" | "TLSv1_2_client_method") => Ok(Some(named("TLSv1.2".to_owned()))),
            None | Some("TLS_method" | "TLS_client_method" | "SSLv23_method" | "SSLv23_client_method") => {
                Ok(None)
            }
            Some(_) => Err(given.refused(format!("{} must be TLS_method or TLSv1_2_method", given.path()))),
        }
    }
}

fn versions(oldest: Option<&str>, newest: Option<&NewestVersion>, named: &str) -> Result<Versions> {
    let (oldest_name, name) = ("minVersion", newest.map_or("maxVersion", |newest| newest.name));
    let (oldest_named, newest_named) = (format!("{named}.{oldest_name}"), format!("{named}.{name}"));
    let oldest = oldest.map(|version| (oldest_named.as_str(), version));
    let newest = newest.map(|newest| (newest_named.as_str(), newest.version.as_str()));
    Versions::between(oldest, newest)
        .map_err(|wrong| Error::argument(if wrong.is_newest { name } else { oldest_name }, wrong.message))
}
