//! The stream to a server, encrypted or not.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use rustls::client::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

use redkv_net::tls::fingerprint;

/// A stream of bytes.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// A way to a server, however the bytes travel.
pub(super) struct Way {
    bytes: Box<dyn Bytes>,
    /// What the certificate of the server comes to, for passwords that are bound to it.
    fingerprint: Option<Vec<u8>>,
}

impl Way {
    pub(super) fn over(bytes: impl Bytes + 'static) -> Self {
        Self { bytes: Box::new(bytes), fingerprint: None }
    }
}

/// The parameters of a handshake.
pub(super) struct Tls {
    pub(super) client: Arc<ClientConfig>,
    pub(super) name: ServerName<'static>,
}

/// Makes a way secure, if it is to be.
pub(super) struct Secured(pub(super) Option<Tls>);

impl TlsConnect<Way> for Secured {
    type Stream = Way;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Way>>;

    fn connect(self, way: Way) -> Self::Future {
        Box::pin(async {
            let Some(tls) = self.0 else { return Err(io::ErrorKind::Unsupported.into()) };
            let stream = TlsConnector::from(tls.client).connect(tls.name, way).await?;
            let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
            let fingerprint = certificate.and_then(|certificate| fingerprint(certificate));
            Ok(Way { fingerprint, ..Way::over(stream) })
        })
    }
}

/// Leaves a way as it is, whatever was agreed on: for bytes that go nowhere.
pub(super) struct Bare;

impl TlsConnect<Way> for Bare {
    type Stream = Way;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Way>>;

    fn connect(self, way: Way) -> Self::Future {
        std::future::ready(Ok(way))
    }
}

impl TlsStream for Way {
    fn channel_binding(&self) -> ChannelBinding {
        match &self.fingerprint {
            Some(fingerprint) => ChannelBinding::tls_server_end_point(fingerprint.clone()),
            None => ChannelBinding::none(),
        }
    }
}

impl AsyncRead for Way {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.bytes).poll_read(context, buffer)
    }
}

impl AsyncWrite for Way {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.bytes).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.bytes).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.bytes).poll_shutdown(context)
    }
}
