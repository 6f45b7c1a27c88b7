#![cfg(test)]

use serde_json::{Value, json};

use super::{Tls, Wish};
use redkv_core::error::Result;
use redkv_core::options::Fields;

fn read(tls: Value) -> Result<Option<Wish>> {
    read_with_warnings(tls).map(|(wish, _)| wish)
}

fn read_with_warnings(tls: Value) -> Result<(Option<Wish>, Vec<String>)> {
    let mut fields = Fields::new("options", json!({ "tls": tls })).unwrap();
    let wish = fields.read::<Tls>("tls")?;
    Ok((wish, fields.finish()?))
}

#[test]
fn true_and_an_empty_object_mean_tls_and_false_means_none() {
    assert!(matches!(read(json!(true)), Ok(Some(Wish::On(_)))));
    assert!(matches!(read(json!({})), Ok(Some(Wish::On(_)))));
    assert!(matches!(read(json!(false)), Ok(Some(Wish::Off))));
    assert!(matches!(read(Value::Null), Ok(None)));
}

#[test]
fn what_is_not_pem_is_refused_without_repeating_it() {
    for (field, tls) in [
        ("ca", json!({ "ca": "s3cret" })),
        ("ca", json!({ "ca": [1] })),
        ("cert", json!({ "cert": "s3cret", "key": "s3cret" })),
        ("key", json!({ "cert": "s3cret" })),
        ("key", json!({ "cert": "s3cret", "key": ["s3cret", "s3cret"] })),
        ("key", json!({ "cert": "s3cret", "key": [{ "pem": "s3cret", "passphrase": "s3cret" }] })),
        ("cert", json!({ "key": "s3cret" })),
        ("cert", json!({ "key": [{ "pem": "s3cret" }] })),
        ("servername", json!({ "servername": "s3cret s3cret" })),
        ("minVersion", json!({ "minVersion": "s3cret" })),
        ("secureProtocol", json!({ "secureProtocol": "s3cret" })),
        ("tls", json!("s3cret")),
    ] {
        let error = read(tls).unwrap_err();
        assert_eq!(error.field(), Some(field));
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

#[test]
fn versions_that_exclude_each_other_are_both_named() {
    let refused = |newest: &str, version: &str| {
        let error = read(json!({ "minVersion": "TLSv1.3", newest: version })).unwrap_err();
        (error.field().unwrap().to_owned(), error.message().to_owned())
    };
    for (newest, version) in [("maxVersion", "TLSv1.2"), ("secureProtocol", "TLSv1_2_method")] {
        let message = format!(
            "options.tls.minVersion is 'TLSv1.3', which is newer than options.tls.{newest}, 'TLSv1.2'"
        );
        assert_eq!(refused(newest, version), (newest.to_owned(), message));
    }
    let error = read(json!({ "maxVersion": "TLSv1.1" })).unwrap_err();
    assert_eq!(
        error.message(),
        "options.tls.maxVersion excludes all supported versions of TLS: 'TLSv1.2' and 'TLSv1.3'"
    );
}

#[test]
fn an_option_that_would_change_whom_we_trust_is_refused_in_clear_words() {
    for name in ["passphrase", "pfx", "ciphers", "crl", "secureContext", "checkServerIdentity"] {
        let error = read(json!({ name: "s3cret" })).unwrap_err();
        assert_eq!(error.field(), Some(name));
        assert!(
            error.message().starts_with(&format!("unknown option '{name}' in options.tls: it ")),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
    let error = read(json!({ "checkServerIdentity": { "": "a function" } })).unwrap_err();
    assert!(error.message().contains("servername"), "{error}");
}

#[test]
fn an_option_that_changes_nothing_is_ignored_with_a_warning() {
    let (_, warnings) = read_with_warnings(json!({ "ALPNProtocols": ["x"], "servername": "" })).unwrap();
    assert_eq!(warnings, ["options.tls.ALPNProtocols has no effect in RedKV 2 and is ignored"]);
}

#[test]
fn versions_that_are_not_spoken_are_refused_as_the_newest_and_fine_as_the_oldest() {
    for tls in [
        json!({ "minVersion": "TLSv1" }),
        json!({ "minVersion": "TLSv1.2", "maxVersion": "TLSv1.2" }),
        json!({ "minVersion": "TLSv1.3" }),
        json!({ "secureProtocol": "TLSv1_2_method" }),
    ] {
        read(tls).unwrap();
    }
    for tls in
        [json!({ "maxVersion": "TLSv1.1" }), json!({ "minVersion": "TLSv1.3", "maxVersion": "TLSv1.2" })]
    {
        assert_eq!(read(tls).unwrap_err().field(), Some("maxVersion"));
    }
}
