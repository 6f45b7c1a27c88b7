//! Lists of servers, as they are given for a cluster and for sentinels.

use super::config::RedisAddress;
use super::url::{Said, UrlParts};
use redkv_core::error::{Error, Result};
use redkv_core::options::{Fields, Given, Kind, Options, Secret, Type, Value, href, kinds, options};
use redkv_net::host::{Host, checked};

/// Servers that were listed, with what their urls say beside their addresses.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) addresses: Vec<RedisAddress>,
    pub(crate) username: Option<Secret<String>>,
    pub(crate) password: Option<Secret<String>>,
    pub(crate) said: Said,
}

/// A list of servers, each `{ host, port }`, `{ url }`, or a url alone; their port is `PORT` unless they say otherwise.
#[derive(Debug)]
pub(crate) struct Servers<const PORT: u16>;

impl<const PORT: u16> Kind for Servers<PORT> {
    type Value = Listed;
    const TYPE: Type = Type::Other { typescript: "readonly RedisServer[]", words: "a list of servers" };

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Listed>> {
        let name = given.name();
        let entries = match value {
            Value::Array(entries) if !entries.is_empty() => entries,
            _ => {
                let message =
                    format!("{} must be a list of servers, such as [{{ host, port }}]", given.path());
                return Err(given.refused(message));
            }
        };
        let mut listed = Listed::default();
        for (n, entry) in entries.into_iter().enumerate() {
            let path = format!("{}[{n}]", given.path());
            let (mut fields, hint) = server_fields(name, &path, entry)?;
            let server = Server::read(&mut fields).map_err(|error| error.noting(hint))?;
            given.fields().absorb(fields)?;
            listed.add(name, &path, server, PORT)?;
        }
        Ok(Some(listed))
    }
}

/// Returns the fields of a server of the list `name`, and what an error about them adds.
fn server_fields(name: &'static str, path: &str, entry: Value) -> Result<(Fields, &'static str)> {
    let Some(url) = href(&entry) else {
        return Ok((Fields::new(path, entry).map_err(|error| error.about(name))?, ""));
    };
    let hint = if url.contains("//") { "" } else { "; a host without a scheme is given as { host, port }" };
    let mut fields = Fields::new(path, Value::Null)?;
    fields.put("url", Value::from(url), name, path);
    Ok((fields, hint))
}

options! {
    /// Where a server of a list is.
    struct Server is "RedisServer" {
        url as "url": UrlParts,
        host as "host": Host,
        port as "port": kinds::Port,
    }
}

type Credential = Option<Secret<String>>;

impl Listed {
    fn add(&mut self, name: &'static str, path: &str, server: Server, default_port: u16) -> Result<()> {
        let refuse = |message: String| Err(Error::argument(name, message));
        let url = server.url.unwrap_or_default();
        self.said = self.said.and(url.said());
        if url.path.is_some() || url.db.is_some_and(|db| db != 0) {
            return refuse(format!("{path} must be a host and a port, without a path or a database"));
        }
        let named = format!("the host of {path}");
        let host = url.host.map(|host| checked(name, &named, host)).transpose()?.or(server.host);
        let Some(host) = host else { return refuse(format!("{path} needs a host")) };
        let port = url.port.or(server.port).unwrap_or(default_port);
        self.addresses.push(RedisAddress::Tcp(host, port));
        for (what, known, said) in
            [("user", &mut self.username, url.username), ("password", &mut self.password, url.password)]
        {
            if known.is_some() && said.is_some() && *known != said {
                return refuse(format!(
                    "{path} has another {what} than a server before it: all have the same"
                ));
            }
            *known = known.take().or(said);
        }
        Ok(())
    }

    /// Returns the user and the password of the servers: those of the options, each with its name, or those of their urls.
    pub(crate) fn login(
        &self,
        name: &str,
        username: (&'static str, Credential),
        password: (&'static str, Credential),
    ) -> Result<(Credential, Credential)> {
        let one = |(option, given): (&'static str, Credential), listed: &Credential| {
            if given.is_some() && listed.is_some() && given != *listed {
                let message = format!("options.{option} and a url in options.{name} contradict each other");
                return Err(Error::argument(option, message));
            }
            Ok(given.or_else(|| listed.clone()))
        };
        Ok((one(username, &self.username)?, one(password, &self.password)?))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::options::config::RedisConfig;

    fn refused(options: Value) -> (String, String) {
        let mut fields = Fields::new("options", options).unwrap();
        let error = RedisConfig::from_fields(&mut fields).unwrap_err();
        (error.field().unwrap().to_owned(), error.message().to_owned())
    }

    fn named(field: &str, message: &str) -> (String, String) {
        (field.to_owned(), message.to_owned())
    }

    #[test]
    fn a_server_that_is_wrong_is_named_by_its_place_in_the_list() {
        assert_eq!(
            refused(json!({ "cluster": ["redis://a", "h"] })),
            named(
                "cluster",
                "options.cluster[1] is malformed, or does not start with redis:, rediss: or unix:; a host without a \
                 scheme is given as { host, port }"
            )
        );
        assert_eq!(
            refused(json!({ "sentinels": [{ "port": 0 }], "name": "main" })),
            named("port", "options.sentinels[0].port must be a whole number from 1 to 65535, got 0")
        );
        assert_eq!(refused(json!({ "cluster": [7] })).0, "cluster");
        assert_eq!(
            refused(json!({ "cluster": [{ "url": "redis://a/one" }] })),
            named("url", "options.cluster[0].url has a database that is not a number")
        );
    }

    #[test]
    fn users_and_passwords_that_contradict_each_other_are_refused() {
        assert_eq!(
            refused(json!({ "cluster": ["redis://:s3cret@a", "redis://b", "redis://:another@c"] })),
            named(
                "cluster",
                "options.cluster[2] has another password than a server before it: all have the same"
            )
        );
        assert_eq!(
            refused(json!({ "cluster": ["redis://u:p@a", "redis://v:p@b"] })),
            named(
                "cluster",
                "options.cluster[1] has another user than a server before it: all have the same"
            )
        );
        assert_eq!(
            refused(json!({ "cluster": ["redis://:s3cret@a"], "password": "another" })),
            named("password", "options.password and a url in options.cluster contradict each other")
        );
        let sentinels =
            json!({ "sentinels": ["redis://:p@a"], "name": "main", "sentinelPassword": "another" });
        assert_eq!(refused(sentinels).0, "sentinelPassword");
    }
}
