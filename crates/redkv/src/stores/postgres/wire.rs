//! The bytes between this store and its server, encrypted or not.

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

/// What carries bytes.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// A way to a server, however the bytes travel.
pub(super) struct Way(Box<dyn Bytes>);

impl Way {
    pub(super) fn over(bytes: impl Bytes + 'static) -> Self {
        Self(Box::new(bytes))
    }
}

/// What a handshake needs.
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
            Ok(Way::over(TlsConnector::from(tls.client).connect(tls.name, way).await?))
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
    /// Passwords are not bound to the channel: the certificate is what is trusted.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Way {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Way {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(context)
    }
}
