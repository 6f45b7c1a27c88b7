//! Connection strings as hosts print them for their users, and what they ask for.

use std::sync::Arc;

use redkv::store::Store;
use serde_json::{Value, json};

use super::site::{Server, url};
use super::sql::{fresh, get, set, some, store};

fn by_url(url: &str, more: Value) -> Arc<dyn Store> {
    let mut options = json!({ "url": url, "tableName": fresh(), "keyColumn": "k", "valueColumn": "v", "createTable": true });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    store(options)
}

#[tokio::test]
async fn the_parameters_of_hosts_are_taken() {
    let server = Server::with_tls();
    let ca = json!({ "ssl": { "ca": server.file("ca.pem") } });
    for (parameters, options) in [
        // PlanetScale
        ("ssl={\"rejectUnauthorized\":false}", json!({})),
        ("sslaccept=strict&connect_timeout=10", ca.clone()),
        // DigitalOcean, Aiven
        ("ssl-mode=REQUIRED", ca.clone()),
        // Amazon, Azure, ClearDB at Heroku
        ("charset=utf8mb4&useSSL=true&serverTimezone=UTC", ca.clone()),
        ("reconnect=true&sslmode=VERIFY_IDENTITY&connectionLimit=2", ca),
        ("ssl-mode=PREFERRED", json!({})),
    ] {
        by_url(&format!("{}?{parameters}", server.url()), options).init().await.unwrap();
    }
}

#[tokio::test]
async fn a_server_without_tls_takes_what_prefers_it() {
    for parameters in ["ssl-mode=PREFERRED&charset=utf8mb4_unicode_ci", "sslMode=DISABLED&timezone=Z"] {
        let store = by_url(&format!("{}?{parameters}", url()), json!({}));
        set(&*store, "a", "b").await.unwrap();
        assert_eq!(get(&*store, "a").await.unwrap(), some("b"), "{parameters}");
    }
}
