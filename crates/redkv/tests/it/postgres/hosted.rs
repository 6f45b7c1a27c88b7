//! Connection strings as hosts and poolers print them for their users, and what they ask for.

use std::sync::Arc;

use redkv::error::ErrorKind;
use redkv::store::Store;
use serde_json::{Value, json};

use super::site::{Server, url};
use super::sql::{fresh, get, set, some, store};

fn by_url(url: &str, more: Value) -> Arc<dyn Store> {
    let mut options = json!({ "connectionString": url, "tableName": fresh(), "keyColumn": "k", "valueColumn": "v", "createTable": true });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    store(options)
}

#[tokio::test]
async fn the_parameters_of_hosts_are_taken() {
    let server = Server::with_tls();
    let of_server = server.url();
    let ca = json!({ "ssl": { "ca": server.file("ca.pem") } });
    for parameters in [
        // Neon
        "sslmode=require&channel_binding=require",
        "sslmode=require&options=-c%20search_path%3Dpublic",
        // Supabase and Prisma behind a pooler
        "pgbouncer=true&connection_limit=1&sslmode=require&schema=public&pool_timeout=0",
        "sslmode=verify-full&supa=base-pooler.x&workaround=supabase-pooler.vercel",
        // Heroku, Render, Railway, DigitalOcean
        "ssl=true&sslmode=no-verify",
        "sslmode=require&connect_timeout=15&application_name=web.1",
        "sslmode=require&target_session_attrs=read-write&keepalives=1",
        // Azure and Amazon
        "sslmode=require&statement_timeout=5000&uselibpqcompat=true",
        "sslaccept=strict",
        "ssl=1",
    ] {
        let options = if parameters.contains("no-verify") { json!({}) } else { ca.clone() };
        by_url(&format!("{of_server}?{parameters}"), options).init().await.unwrap();
    }
}

#[tokio::test]
async fn the_options_of_a_session_are_sent_to_the_server() {
    // As Neon takes them; this server knows no endpoints, and says so.
    let store = by_url(&format!("{}?options=endpoint%3Dep-cool-rain-123456", url()), json!({}));
    let error = store.init().await.unwrap_err();
    assert!(error.message().contains("invalid command-line argument"), "{error:?}");
}

#[tokio::test]
async fn a_server_without_tls_takes_what_prefers_it() {
    for parameters in [
        "sslmode=prefer&channel_binding=prefer",
        "sslmode=allow&application_name=a",
        "options=-c%20statement_timeout%3D7s&sslmode=disable",
    ] {
        let store = by_url(&format!("{}?{parameters}", url()), json!({}));
        set(&*store, "a", "b").await.unwrap();
        assert_eq!(get(&*store, "a").await.unwrap(), some("b"), "{parameters}");
    }
}

#[tokio::test]
async fn a_password_is_bound_to_the_certificate_where_that_is_asked_for() {
    let server = Server::with_tls();
    let ssl = json!({ "ssl": { "ca": server.file("ca.pem") } });
    by_url(&format!("{}?channel_binding=require", server.url()), ssl).init().await.unwrap();
    let error = by_url(&format!("{}?channel_binding=require", url()), json!({})).init().await.unwrap_err();
    assert!(error.message().contains("did not use channel binding"), "{error:?}");
}

#[tokio::test]
async fn verify_ca_of_libpq_leaves_the_name_unchecked() {
    let server = Server::with_tls();
    let with = |parameters: &str| {
        let ca = server.path("ca.pem");
        let url = format!("{}?sslrootcert={ca}&{parameters}", server.url());
        // A name that the certificate does not have.
        by_url(&url, json!({ "ssl": { "servername": "other.example" } }))
    };
    with("sslmode=verify-ca&uselibpqcompat=true").init().await.unwrap();
    with("sslmode=require&uselibpqcompat=true").init().await.unwrap();
    let error = with("sslmode=verify-ca").init().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, false), "{error:?}");
    with("sslmode=verify-full&uselibpqcompat=true").init().await.unwrap_err();
}
