//! The way to the server: name lookup, socket, TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select_ok;
use rustls::client::ClientConfig;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

use super::config::RedisAddress;
use super::error::{Failure, error_of};
use super::socket::Socket;
use super::tls::RedisTls;
use crate::error::Result;

/// Bytes to and from a server, however they travel.
pub(super) type Stream = Box<dyn Bytes>;

pub(super) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// Opens a stream to the server at `address`; `tls` keeps what all handshakes of a store have in common.
pub(super) async fn dial(
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
        RedisAddress::Unix(_) => return Err(failed(io::ErrorKind::Unsupported.into())),
    };
    let stream = tcp(host, port).await.map_err(failed)?;
    let Some(options) = options else { return Ok(Box::new(Socket::new(stream))) };
    let connector = TlsConnector::from(tls.get_or_try_init(|| options.client_config()).await?.clone());
    Ok(Box::new(connector.connect(options.name_for(host)?, stream).await.map_err(failed)?))
}

/// Looks the name up anew each time, and takes the first of its addresses that answers.
async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let attempts: Vec<_> =
        lookup_host((host, port)).await?.map(|address| Box::pin(TcpStream::connect(address))).collect();
    if attempts.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the host name has no addresses"));
    }
    let (stream, _) = select_ok(attempts).await?;
    stream.set_nodelay(true)?;
    // A connection that was given up must not deliver later what it still holds: a write that arrives after
    // newer ones, made on the next connection, would undo them.
    stream.set_zero_linger()?;
    let keepalive =
        TcpKeepalive::new().with_time(Duration::from_secs(15)).with_interval(Duration::from_secs(5));
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    Ok(stream)
}
