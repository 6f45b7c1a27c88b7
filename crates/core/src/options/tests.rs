//! The options of a user, read one by one.

use serde_json::{Value, json};

use super::kinds::{AnyText, Integer, Required, Text, Url};
use super::*;
use crate::options::kinds;

options! {
    /// Who logs in, and how.
    struct Login is "Login" extends ["Base"] {
        /// With what.
        ///
        /// It appears in no error.
        password as "password" or ["auth_pass", "authPass"]: kinds::Credential = "none",
        connect_timeout as "connectTimeout" or ["connect_timeout"]: kinds::Duration,
        http as "http": kinds::Object<Http>,
    }
    /// As it was.
    legacy "LegacyLogin" ignores ["parser"]
}

options! {
    struct Http is "Http" {
        max as "max" or ["limit"]: Required<Integer<1, 9>>,
    }
}

fn fields(options: Value) -> Fields {
    Fields::new("options", options).unwrap()
}

#[test]
fn an_unknown_option_is_refused_with_the_nearest_name() {
    let mut fields = fields(json!({ "hots": "127.0.0.1" }));
    fields.read::<Text>("host", &[]).unwrap();
    fields.read::<Text>("port", &[]).unwrap();
    let error = fields.finish().unwrap_err();
    assert_eq!(error.field(), Some("hots"));
    assert_eq!(error.message(), "unknown option 'hots' in options; did you mean 'host'?");
}

#[test]
fn an_option_as_other_clients_call_it_is_refused_with_the_name_here() {
    let refused = |given: &str, known: &'static str| {
        let mut fields = fields(json!({ given: "x" }));
        fields.read::<Text>(known, &[]).unwrap();
        fields.read::<Text>("path", &[]).unwrap();
        fields.finish().unwrap_err().message().to_owned()
    };
    for (given, known) in
        [("pass", "password"), ("hostname", "host"), ("Table", "tableName"), ("db", "database")]
    {
        let message = format!("unknown option '{given}' in options; did you mean '{known}'?");
        assert_eq!(refused(given, known), message);
    }
}

#[test]
fn a_field_of_a_wrong_type_is_named_and_its_text_is_not_repeated() {
    let error = fields(json!({ "port": "s3cret" })).read::<Integer<1, 65535>>("port", &[]).unwrap_err();
    assert_eq!(error.field(), Some("port"));
    assert_eq!(error.message(), "options.port must be a whole number from 1 to 65535, got a string");
}

#[test]
fn what_json_has_no_words_for_fits_no_type() {
    let function = json!({ "": "a function" });
    let error = fields(json!({ "path": function })).read::<Text>("path", &[]).unwrap_err();
    assert_eq!(error.message(), "options.path must be a non-empty string, got a function");
    assert_eq!(Fields::new("options", function.clone()).unwrap_err().field(), Some("options"));
    let error = fields(json!({ "http": function })).read::<kinds::Object<Http>>("http", &[]).unwrap_err();
    assert_eq!(error.message(), "options.http must be an object, got a function");
}

#[test]
fn words_of_a_user_are_not_repeated() {
    let error =
        fields(json!({ "port": { "": "s3cret" } })).read::<Integer<1, 65535>>("port", &[]).unwrap_err();
    assert_eq!(error.message(), "options.port must be a whole number from 1 to 65535, got an object");
}

#[test]
fn a_number_is_repeated_only_where_one_is_expected() {
    let error =
        fields(json!({ "password": 4_815_162_342_u64 })).read::<AnyText>("password", &[]).unwrap_err();
    assert_eq!(error.message(), "options.password must be a string, got a number");
    let error = fields(json!({ "port": 70_000 })).read::<Integer<1, 65535>>("port", &[]).unwrap_err();
    assert_eq!(error.message(), "options.port must be a whole number from 1 to 65535, got 70000");
}

#[test]
fn a_number_in_the_place_of_a_name_is_not_repeated() {
    let error = fields(json!({ "4815162342": 1 })).finish().unwrap_err();
    assert_eq!(error.message(), "an option in options has a name that is no word");
    let error = Fields::new("options.tls", json!({ "4815162342": 1 })).unwrap().finish().unwrap_err();
    assert_eq!(error.message(), "an option in options.tls has a name that is no word");
    assert_eq!(error.field(), Some("tls"));
}

#[test]
fn a_hidden_field_counts_where_it_is_known_and_is_no_mistake_where_it_is_not() {
    let mut fields = fields(json!({ "\0host": "h", "\0get": { "": "a function" } }));
    assert_eq!(fields.read::<Text>("host", &[]).unwrap().as_deref(), Some("h"));
    assert_eq!(fields.finish().unwrap(), Vec::<String>::new());
}

#[test]
fn an_option_of_another_object_is_refused_with_the_place_where_it_belongs() {
    let refused = |name: &str| {
        let mut fields = fields(json!({ name: 5 })).but_not([("ttl", "to the tier")]);
        fields.read::<Text>("host", &[]).unwrap();
        fields.finish().unwrap_err().message().to_owned()
    };
    assert_eq!(refused("ttl"), "unknown option 'ttl' in options: it belongs to the tier");
    assert_eq!(
        refused("tll"),
        "unknown option 'tll' in options; did you mean 'ttl', which belongs to the tier?"
    );
}

#[test]
fn an_unknown_name_that_is_no_word_is_not_repeated() {
    for name in ["47114711", "redis://:s3cret@h", "s3cret", "my word"] {
        let error = fields(json!({ name: 1 })).finish().unwrap_err();
        assert_eq!(error.field(), Some("options"));
        assert!(!format!("{error:?}").contains(name), "{error:?}");
    }
}

#[test]
fn a_url_with_credentials_is_no_name() {
    for url in ["redis://:s3cret@h", "redis%3A%2F%2F%3As3cret%40h", "redis://h?token=s3cret"] {
        let error = fields(json!({ "host": url })).read::<Text>("host", &[]).unwrap_err();
        assert_eq!(error.message(), "options.host must not be a url with credentials");
        assert!(fields(json!({ "url": url })).read::<Url>("url", &[]).is_ok());
    }
    for broken in ["redis:/:s3cret@h", "redis:u:s3cret@h", "redis//u:s3cret@h", "u:s3cret@h", "//:s3cret@h"] {
        let error = fields(json!({ "path": broken })).read::<Text>("path", &[]).unwrap_err();
        assert_eq!(error.message(), "options.path must not be a url with credentials", "{broken}");
    }
    for path in ["C:\\a@b", "/a:b@c", "./a:b@c", ":memory:", "arn:aws:s3:b"] {
        assert!(fields(json!({ "path": path })).read::<Text>("path", &[]).is_ok(), "{path}");
    }
    assert!(fields(json!({ "path": "file:///a@b" })).read::<Text>("path", &[]).is_err());
    assert!(fields(json!({ "path": "/a@b" })).read::<Text>("path", &[]).is_ok());
}

#[test]
fn durations_are_milliseconds_or_text_with_a_unit() {
    let duration = |value| duration_of(&value).map(|d| d.as_millis());
    assert_eq!(duration(json!(1500)), Some(1500));
    assert_eq!(duration(json!("250ms")), Some(250));
    assert_eq!(duration(json!("10s")), Some(10_000));
    assert_eq!(duration(json!("1.5h")), Some(5_400_000));
    assert_eq!(duration(json!("2 d")), Some(172_800_000));
}

#[test]
fn what_is_not_a_positive_duration_is_refused() {
    for value in [json!(0), json!(-1), json!("0s"), json!("soon"), json!("10"), json!(true), json!("NaNs")] {
        assert_eq!(duration_of(&value), None, "{value}");
    }
    assert_eq!(millis_of(f64::NAN), None);
    assert_eq!(millis_of(f64::INFINITY), None);
}

#[test]
fn options_under_older_names_give_one_warning_that_says_what_to_write() {
    let given = json!({ "auth_pass": "s3cret", "connect_timeout": 250, "http": { "limit": 5 } });
    let mut fields = fields(given);
    let options = Login::read(&mut fields).unwrap();
    assert_eq!(options.password.unwrap().expose(), "s3cret");
    assert_eq!(options.connect_timeout.unwrap().as_millis(), 250);
    assert_eq!(options.http.unwrap().max, 5);
    let warnings = [
        "options.http: write max instead of limit",
        "options: write password instead of auth_pass, connectTimeout instead of connect_timeout",
    ];
    assert_eq!(fields.finish().unwrap(), warnings);
}

#[test]
fn options_of_old_clients_are_accepted_with_a_warning() {
    let mut fields = fields(json!({ "retry_strategy": "[function]" }));
    fields.ignore(&["retry_strategy", "parser"]);
    assert_eq!(fields.finish().unwrap(), ["options.retry_strategy has no effect in RedKV 2 and is ignored"]);
    let mut fields = Fields::new("options", json!({ "timeout": 250 })).unwrap();
    fields = fields.but_not([("timeout", "to a tier")]);
    fields.ignore(&["timeout"]);
    let warning =
        "options.timeout has no effect in RedKV 2 and is ignored: what RedKV calls so belongs to a tier";
    assert_eq!(fields.finish().unwrap(), [warning]);
}

#[test]
fn a_declaration_describes_what_it_reads() {
    let Schema { interface, about, extends, options, legacy } = Login::SCHEMA;
    assert_eq!((interface, about, extends), ("Login", &[" Who logs in, and how."][..], &["Base"][..]));
    assert_eq!(
        options.iter().map(|option| option.name).collect::<Vec<_>>(),
        ["password", "connectTimeout", "http"]
    );
    assert_eq!(options[0].older, ["auth_pass", "authPass"]);
    assert_eq!(options[0].default, Some("none"));
    assert_eq!(options[0].about, [" With what.", "", " It appears in no error."]);
    assert_eq!((legacy.interface, legacy.ignored), ("LegacyLogin", &["parser"][..]));
    assert!(matches!(options[2].kind, Type::Object(schema) if schema.options[0].required));
}

#[test]
fn what_must_be_given_is_missed_by_name() {
    let mut fields = fields(json!({}));
    let error = Http::read(&mut fields).unwrap_err();
    assert_eq!(error.message(), "options.max is required");
    assert_eq!(fields.missing(), Some("max"));
}
