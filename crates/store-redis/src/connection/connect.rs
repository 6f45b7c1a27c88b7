//! Opens a stream to a server: name lookup, socket, TLS.

use std::sync::Arc;

use rustls::client::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

use super::socket::Socket;
use crate::error::{Failure, error_of};
use crate::options::config::RedisAddress;
use redkv_core::error::Result;
use redkv_net::tcp::tcp;
use redkv_net::tls::Tls as RedisTls;

/// Bytes to and from a server, however they travel.
pub(crate) type Stream = Box<dyn Bytes>;

pub(crate) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// Opens a stream to the server at `address`; `tls` keeps what all handshakes of a store have in common.
pub(crate) async fn connect(
    address: &RedisAddress,
    options: Option<&RedisTls>,
    tls: &OnceCell<Arc<ClientConfig>>,
) -> Result<Stream> {
    let failed = |error| error_of(Failure::Connect(address, error));
    let (host, port) = match address {
        RedisAddress::Tcp(host, port) => (host.as_str(), *port),
        #[cfg(unix)]
        RedisAddress::Unix(path) => {
            return Ok(Box::new(tokio::net::UnixStream::connect(path).await.map_err(failed)?));
        }
        #[cfg(not(unix))]
        RedisAddress::Unix(_) => return Err(failed(std::io::ErrorKind::Unsupported.into())),
    };
    let stream = tcp(host, port).await.map_err(failed)?;
    let Some(options) = options else { return Ok(Box::new(Socket::new(stream))) };
    let connector = TlsConnector::from(tls.get_or_try_init(|| options.client_config()).await?.clone());
    Ok(Box::new(connector.connect(options.name_for(host)?, stream).await.map_err(failed)?))
}
