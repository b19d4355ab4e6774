//! The connection to a mail server, covered as its address says, with the trust of every other TLS connection here. It
//! speaks only as much SMTP as STARTTLS needs.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::action::trust::{Trust, provider};
use crate::model::{Cover, MailServer};

/// The longest reply that is read before the connection is covered.
const LONGEST: usize = 8 * 1024;

/// Connects, and covers the connection.
///
/// # Errors
/// Why there is no connection, in words.
pub(super) async fn connect(server: &MailServer, trust: Trust, hello: &str) -> Result<Wire, String> {
    let stream = TcpStream::connect((server.host.as_str(), server.port)).await.map_err(|e| e.to_string())?;
    match server.cover {
        Cover::Plain => Ok(Wire { greeting: Vec::new(), stream: Stream::Plain(stream) }),
        Cover::Tls => covered(stream, server, trust, Vec::new()).await,
        Cover::StartTls => {
            let mut stream = BufReader::new(stream);
            let greeting = ask_for_tls(&mut stream, hello).await?;
            // Whatever came in the clear behind the answer could be anybody's.
            if !stream.buffer().is_empty() {
                return Err(crate::t!(
                    "the server said more than it was asked before the connection was encrypted",
                    "暗号化の前にサーバーから余分なデータが届きました"
                ));
            }
            covered(stream.into_inner(), server, trust, greeting).await
        }
    }
}

async fn covered(
    stream: TcpStream,
    server: &MailServer,
    trust: Trust,
    greeting: Vec<u8>,
) -> Result<Wire, String> {
    let host = &server.host;
    let name = ServerName::try_from(host.clone()).map_err(|_| {
        crate::t!("`{host}` is not the name of a server", "`{host}` はサーバー名として使えません")
    })?;
    let trust = Arc::new(trust);
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&trust) as Arc<_>)
        .with_no_client_auth();
    let shaken = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let stream = shaken.map_err(|e| {
        trust.seen().and_then(|seen| seen.refused).unwrap_or_else(|| {
            crate::t!("the server does not speak TLS here: {e}", "サーバーが TLS で応答しません: {e}")
        })
    })?;
    Ok(Wire { greeting, stream: Stream::Tls(Box::new(stream)) })
}

/// Brings a server to where TLS begins; gives its greeting.
async fn ask_for_tls<S>(stream: &mut S, hello: &str) -> Result<Vec<u8>, String>
where
    S: AsyncBufRead + AsyncWrite + Unpin,
{
    let greeting = reply(stream, "220").await?;
    say(stream, &format!("EHLO {hello}\r\n")).await?;
    let offers = reply(stream, "250").await?;
    let offered = String::from_utf8_lossy(&offers).to_ascii_uppercase();
    if !offered.lines().any(|line| line.get(4..).is_some_and(|word| word.trim() == "STARTTLS")) {
        return Err(crate::t!(
            "the server does not offer STARTTLS; a relay that takes mail in the clear needs `tls: none`",
            "サーバーが STARTTLS に対応していません。平文で受け付ける中継サーバーには `tls: none` と書いてください"
        ));
    }
    say(stream, "STARTTLS\r\n").await?;
    reply(stream, "220").await?;
    Ok(greeting)
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, line: &str) -> Result<(), String> {
    stream.write_all(line.as_bytes()).await.map_err(|e| e.to_string())
}

/// One whole reply, which has to begin with this code.
async fn reply<S: AsyncBufRead + Unpin>(stream: &mut S, code: &str) -> Result<Vec<u8>, String> {
    let mut whole = Vec::new();
    loop {
        let begin = whole.len();
        let mut limited = tokio::io::AsyncReadExt::take(&mut *stream, (LONGEST - begin) as u64);
        let length = limited.read_until(b'\n', &mut whole).await.map_err(|e| e.to_string())?;
        let line = &whole[begin..];
        if length == 0 || !line.ends_with(b"\n") {
            return Err(crate::t!("the server broke off", "サーバーが途中で切断しました"));
        }
        let text = String::from_utf8_lossy(line);
        if !text.starts_with(code) {
            return Err(text.trim().to_string());
        }
        // All lines of a reply but the last have a hyphen behind the code.
        if text.get(3..4) != Some("-") {
            return Ok(whole);
        }
    }
}

/// A connection that begins with a greeting, also where that came before it was covered.
#[derive(Debug)]
pub(super) struct Wire {
    /// What of the greeting is still to be read.
    greeting: Vec<u8>,
    stream: Stream,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    fn inner(&mut self) -> Pin<&mut dyn Both> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream),
            Stream::Tls(stream) => Pin::new(&mut **stream),
        }
    }
}

trait Both: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Both for T {}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.greeting.is_empty() {
            let length = self.greeting.len().min(to.remaining());
            to.put_slice(&self.greeting[..length]);
            self.greeting.drain(..length);
            return Poll::Ready(Ok(()));
        }
        self.inner().poll_read(cx, to)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.inner().poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.stream {
            Stream::Plain(stream) => stream.peer_addr(),
            Stream::Tls(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}
