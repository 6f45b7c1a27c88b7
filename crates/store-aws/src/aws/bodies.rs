//! Bounds the size of response bodies.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;

/// A client whose answers fail where they exceed `most` bytes. The SDK takes them whole into memory, unless they are
/// read in pieces.
#[derive(Debug)]
pub(super) struct BoundedClient {
    pub(super) client: SharedHttpClient,
    pub(super) most: usize,
}

#[derive(Debug)]
struct BoundedConnector {
    connector: SharedHttpConnector,
    most: usize,
}

impl HttpClient for BoundedClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        SharedHttpConnector::new(BoundedConnector { connector, most: self.most })
    }
}

impl HttpConnector for BoundedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, most) = (self.connector.call(request), self.most);
        HttpConnectorFuture::new(async move {
            let mut answer = answer.await?;
            let body = answer.take_body();
            *answer.body_mut() = SdkBody::from_body_1_x(Limited::new(body, most));
            Ok(answer)
        })
    }
}
