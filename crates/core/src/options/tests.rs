//! The options of a user, read one by one.

use serde_json::{Value, json};

use super::kinds::{AnyText, Integer, OrFalse, Required, Text, Timeout, Url};
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
    fields.read::<Text>("host").unwrap();
    fields.read::<Text>("port").unwrap();
    let error = fields.finish().unwrap_err();
    assert_eq!(error.field(), Some("hots"));
    assert_eq!(error.message(), "unknown option 'hots' in options; did you mean 'host'?");
}

#[test]
fn an_option_as_other_clients_call_it_is_refused_with_the_name_here() {
    let refused = |given: &str, known: &'static str| {
        let mut fields = fields(json!({ given: "x" }));
        fields.read::<Text>(known).unwrap();
        fields.read::<Text>("path").unwrap();
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
    let error = fields(json!({ "port": "s3cret" })).read::<Integer<1, 65535>>("port").unwrap_err();
    assert_eq!(error.field(), Some("port"));
    assert_eq!(error.message(), "options.port must be a whole number from 1 to 65535, got a string");
}

#[test]
fn what_json_has_no_words_for_fits_no_type() {
    let function = json!({ "": "a function" });
    let error = fields(json!({ "path": function })).read::<Text>("path").unwrap_err();
    assert_eq!(error.message(), "options.path must be a non-empty string, got a function");
    assert_eq!(Fields::new("options", function.clone()).unwrap_err().field(), Some("options"));
    let error = fields(json!({ "http": function })).read::<kinds::Object<Http>>("http").unwrap_err();
    assert_eq!(error.message(), "options.http must be an object, got a function");
}

#[test]
fn words_of_a_user_are_not_repeated() {
    let error = fields(json!({ "port": { "": "s3cret" } })).read::<Integer<1, 65535>>("port").unwrap_err();
    assert_eq!(error.message(), "options.port must be a whole number from 1 to 65535, got an object");
}

#[test]
fn a_number_is_repeated_only_where_one_is_expected() {
    let error = fields(json!({ "password": 4_815_162_342_u64 })).read::<AnyText>("password").unwrap_err();
    assert_eq!(error.message(), "options.password must be a string, got a number");
    let error = fields(json!({ "port": 70_000 })).read::<Integer<1, 65535>>("port").unwrap_err();
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
    assert_eq!(fields.read::<Text>("host").unwrap().as_deref(), Some("h"));
    assert_eq!(fields.finish().unwrap(), Vec::<String>::new());
}

#[test]
fn an_option_of_another_object_is_refused_with_the_place_where_it_belongs() {
    let refused = |name: &str| {
        let mut fields = fields(json!({ name: 5 })).but_not([("ttl", "to the tier")]);
        fields.read::<Text>("host").unwrap();
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
        let error = fields(json!({ "host": url })).read::<Text>("host").unwrap_err();
        assert_eq!(error.message(), "options.host must not be a url with credentials");
        assert!(fields(json!({ "url": url })).read::<Url>("url").is_ok());
    }
    for broken in ["redis:/:s3cret@h", "redis:u:s3cret@h", "redis//u:s3cret@h", "u:s3cret@h", "//:s3cret@h"] {
        let error = fields(json!({ "path": broken })).read::<Text>("path").unwrap_err();
        assert_eq!(error.message(), "options.path must not be a url with credentials", "{broken}");
    }
    for path in ["C:\\a@b", "/a:b@c", "./a:b@c", ":memory:", "arn:aws:s3:b"] {
        assert!(fields(json!({ "path": path })).read::<Text>("path").is_ok(), "{path}");
    }
    assert!(fields(json!({ "path": "file:///a@b" })).read::<Text>("path").is_err());
    assert!(fields(json!({ "path": "/a@b" })).read::<Text>("path").is_ok());
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

#[test]
fn a_name_is_suggested_only_where_it_is_near_or_what_others_call_it() {
    let refused = |given: &str, known: &'static [&'static str]| {
        let mut fields = fields(json!({ given: 1 })).but_not([("ttl", "to the tier")]);
        fields.ignore(&["maxAttempts"]);
        known.iter().for_each(|known| drop(fields.read::<Text>(known)));
        fields.finish().unwrap_err().message().to_owned()
    };
    assert_eq!(refused("hash", &["path"]), "unknown option 'hash' in options");
    assert_eq!(refused("maxKeys", &["hashKeys"]), "unknown option 'maxKeys' in options");
    assert_eq!(
        refused("maxKeys", &["hashKeys", "maxEntries"]),
        "unknown option 'maxKeys' in options; did you mean 'maxEntries'?"
    );
    assert_eq!(
        refused("breakAfter", &["circuitBreaker"]),
        "unknown option 'breakAfter' in options; did you mean 'circuitBreaker'?"
    );
    assert_eq!(
        refused("maxAge", &["path"]),
        "unknown option 'maxAge' in options; did you mean 'ttl', which belongs to the tier?"
    );
    assert_eq!(refused("maxAttempt", &["path"]), "unknown option 'maxAttempt' in options");
}

#[test]
fn a_name_that_is_near_to_one_of_another_client_is_refused_with_the_documented_one() {
    let mut fields = fields(json!({ "auth_pas": "s3cret" }));
    Login::read(&mut fields).unwrap();
    let error = fields.finish().unwrap_err();
    assert_eq!(error.message(), "unknown option 'auth_pas' in options; did you mean 'password'?");
}

#[test]
fn two_names_of_one_option_are_taken_where_they_agree_and_refused_where_they_do_not() {
    let read = |options| Login::read(&mut fields(options));
    let agreed = read(json!({ "connectTimeout": "1s", "connect_timeout": 1000 })).unwrap();
    assert_eq!(agreed.connect_timeout.unwrap().as_millis(), 1000);
    let error = read(json!({ "password": "s3cret", "authPass": "another s3cret" })).unwrap_err();
    assert_eq!(error.field(), Some("authPass"));
    assert_eq!(
        error.message(),
        "options.password and options.authPass are one option, and have different values"
    );
    let error = read(json!({ "auth_pass": "s3cret", "authPass": "another s3cret" })).unwrap_err();
    assert_eq!(
        error.message(),
        "options.auth_pass and options.authPass are one option, and have different values"
    );
}

#[test]
fn zero_and_digits_as_text_are_taken_for_a_timeout_as_other_clients_take_them() {
    let read = |options| {
        let mut fields = fields(options);
        let read = fields.read_any::<Timeout<5000>>("connectTimeout", &["connect_timeout"])?;
        Ok((read.map(|duration| duration.as_millis()), fields.finish()?))
    };
    let refused = |options| read(options).map_err(|error: crate::error::Error| error.message().to_owned());
    let older = vec!["options: write connectTimeout instead of connect_timeout".to_owned()];
    assert_eq!(read(json!({ "connect_timeout": "5000" })).unwrap(), (Some(5000), older));
    let zero = "is 0, which is no limit in other clients: the default applies, 5000 ms";
    let warning = vec![format!("options.connectTimeout {zero}")];
    assert_eq!(read(json!({ "connectTimeout": 0 })).unwrap(), (None, warning));
    assert!(read(json!({ "connect_timeout": "0" })).unwrap().1[0].ends_with(zero));
    assert_eq!(
        refused(json!({ "connectTimeout": "5000" })).unwrap_err(),
        "options.connectTimeout must be a positive number of milliseconds or a string such as '10s', got a string \
         without a unit"
    );
    let mut fields = fields(json!({ "timeout": 0 }));
    assert_eq!(fields.read::<Timeout<0>>("timeout").unwrap(), None);
    assert_eq!(fields.finish().unwrap(), Vec::<String>::new());
}

#[test]
fn a_password_of_digits_may_be_a_number_that_has_all_of_them() {
    let read =
        |password: Value| fields(json!({ "password": password })).read::<kinds::Credential>("password");
    assert_eq!(read(json!(12345)).unwrap().unwrap().expose(), "12345");
    for password in [json!(12345.5), json!(9_007_199_254_740_993_u64), json!(-1), json!(true)] {
        assert_eq!(read(password).unwrap_err().field(), Some("password"));
    }
}

#[test]
fn text_of_digits_is_a_number_only_where_the_environment_gives_it() {
    let error = fields(json!({ "maxEntries": "10" })).read::<Integer<1, 99>>("maxEntries").unwrap_err();
    assert_eq!(error.message(), "options.maxEntries must be a whole number from 1 to 99, got a string");
    assert_eq!(fields(json!({ "max": "10" })).read::<kinds::Digits<1, 99>>("max").unwrap(), Some(10));
    assert_eq!(fields(json!({ "port": "6379" })).read::<kinds::Port>("port").unwrap(), Some(6379));
}

#[test]
fn what_may_be_turned_off_says_so_in_its_error() {
    let read = |value: Value| fields(json!({ "limit": value })).read::<OrFalse<Integer<1, 9>>>("limit");
    assert_eq!(read(json!(false)).unwrap(), Some(None));
    let error = read(json!(true)).unwrap_err();
    assert_eq!(error.message(), "options.limit must be a whole number from 1 to 9, or false, got true");
}

#[test]
fn an_error_about_a_part_of_a_url_names_the_url_and_the_part() {
    let mut fields = fields(json!({ "uri": "…" }));
    fields.put("max", json!("many"), "uri", "the parameter connection_limit in options.uri");
    let error = fields.read::<kinds::Digits<1, 9>>("max").unwrap_err();
    assert_eq!(error.field(), Some("uri"));
    assert_eq!(
        error.message(),
        "the parameter connection_limit in options.uri must be a whole number from 1 to 9, got a string"
    );
}

#[test]
fn a_url_object_is_a_url_or_the_path_of_a_file_and_no_text() {
    let redis = json!({ "": "a URL", "href": "redis://h" });
    let file = json!({ "": "a URL", "href": "file:///tmp/kv", "path": "/tmp/kv" });
    let read = |value: &Value| fields(json!({ "path": value })).read::<kinds::Path>("path");
    assert_eq!(fields(json!({ "url": redis })).read::<Url>("url").unwrap().unwrap().expose(), "redis://h");
    assert_eq!(read(&file).unwrap().as_deref(), Some("/tmp/kv"));
    assert_eq!(read(&json!("file:///tmp/kv")).unwrap().as_deref(), Some("file:///tmp/kv"));
    assert_eq!(
        read(&redis).unwrap_err().message(),
        "options.path must be a path or a file: URL of this machine, got a URL"
    );
    let error = fields(json!({ "prefix": redis })).read::<Text>("prefix").unwrap_err();
    assert_eq!(error.message(), "options.prefix must be a non-empty string, got a URL");
}
