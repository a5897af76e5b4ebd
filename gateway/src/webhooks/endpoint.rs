//! One message to one endpoint: signed, to a checked address, without redirects, within bounds of time and size.

use super::guard::{Guard, NO_ADDRESS};
use super::secret::{Secret, signature};
use crate::network::Network;
use chrono::Utc;
use reqwest::header::{CONTENT_TYPE, HeaderName};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use std::error::Error as _;
use std::time::Duration;
use tokio::time::timeout;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
/// The most bytes of an answer that are read.
const MOST_ANSWER: usize = 16 << 10;

/// Sends messages to endpoints.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    http: Client,
    guard: Guard,
    attempt: Duration,
}

/// What an endpoint made of a message.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// The status of the answer; 0 if there was none.
    pub(crate) status: u16,
    /// What was wrong, if the message was not accepted.
    pub(crate) error: Option<String>,
    /// The beginning of the answer's body.
    pub(crate) body: Vec<u8>,
}

impl Attempt {
    fn failed(status: u16, error: impl Into<String>) -> Self {
        Self { status, error: Some(error.into()), body: Vec::new() }
    }

    /// Whether the endpoint says that it is no more (Standard Webhooks: 410 asks for no further message).
    pub(crate) fn is_gone(&self) -> bool {
        self.status == 410
    }
}

impl Sender {
    /// A sender whose attempts last so long at most, and never go to these networks.
    ///
    /// # Errors
    /// The system's certificates cannot be read.
    pub(crate) fn new(loopback: bool, refused: &[Network], attempt: Duration) -> reqwest::Result<Self> {
        Self::guarded(Guard::new(loopback, refused), attempt)
    }

    fn guarded(guard: Guard, attempt: Duration) -> reqwest::Result<Self> {
        let http = Client::builder()
            .user_agent("legation-webhooks/1")
            .dns_resolver(guard.clone())
            .redirect(Policy::none())
            // A proxy would resolve the name by itself.
            .no_proxy()
            .connect_timeout(Duration::from_secs(5))
            .pool_max_idle_per_host(4)
            .build()?;
        Ok(Self { http, guard, attempt })
    }

    /// Why nothing is sent to this address, whatever it resolves to.
    pub(crate) fn refuses(&self, address: &str) -> Option<String> {
        match Url::parse(address) {
            Ok(url) => self.guard.refuses(&url),
            Err(error) => Some(format!("it is no address: {error}")),
        }
    }

    /// Sends a message, and tells what became of it. It is accepted by any status from 200 to 299.
    pub(crate) async fn send(&self, address: &str, secrets: &[Secret], id: &str, body: String) -> Attempt {
        if let Some(why) = self.refuses(address) {
            return Attempt::failed(0, why);
        }
        let timestamp = Utc::now().timestamp();
        let signature = signature(secrets, id, timestamp, &body);
        let request = self.http.post(address).header(CONTENT_TYPE, "application/json");
        let request = request.header(ID, id).header(TIMESTAMP, timestamp).header(SIGNATURE, signature).body(body);
        let exchange = async {
            let answer = request.send().await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, beginning(answer).await))
        };
        match timeout(self.attempt, exchange).await {
            Ok(Ok((status, body))) if status.is_success() => Attempt { status: status.as_u16(), error: None, body },
            Ok(Ok((status, _))) if status.is_redirection() => {
                Attempt::failed(status.as_u16(), "the endpoint redirects, and redirects are not followed")
            }
            Ok(Ok((status, _))) => Attempt::failed(status.as_u16(), format!("the endpoint answered {status}")),
            Ok(Err(error)) => Attempt::failed(0, words(&error.without_url())),
            Err(_) => Attempt::failed(0, format!("the endpoint did not answer within {:?}", self.attempt)),
        }
    }
}

/// The beginning of the body; an answer counts by its status, however it ends.
async fn beginning(mut answer: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < MOST_ANSWER {
        match answer.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk[..chunk.len().min(MOST_ANSWER - body.len())]),
            _ => break,
        }
    }
    body
}

/// What broke, in words for the endpoint's owner: nothing of where its name led, nor of the address, which may hold a
/// token. The rest is for our log.
fn words(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut words =
        if error.is_connect() { "no connection to the endpoint can be made" } else { "the exchange broke off" };
    let mut certificate = None;
    while let Some(inner) = cause {
        tracing::debug!(error = %inner, "a message could not be sent to an endpoint");
        let within = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = inner.downcast_ref().or_else(|| within.and_then(|within| within.downcast_ref::<rustls::Error>()));
        certificate = certificate.or_else(|| tls.map(ToString::to_string));
        if inner.to_string().starts_with("dns error") {
            words = NO_ADDRESS;
        }
        cause = inner.source();
    }
    certificate.map_or_else(|| words.to_owned(), |what| format!("TLS with the endpoint failed: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    fn sender(times: &[&[&str]]) -> Sender {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Sender::guarded(Guard::answering(true, times.iter().copied()), Duration::from_secs(5)).unwrap()
    }

    /// An endpoint that says this to whoever connects, and how often someone did.
    async fn endpoint(answer: &'static str) -> (u16, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = std::sync::Arc::<std::sync::atomic::AtomicUsize>::default();
        let counted = std::sync::Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                let _ = socket.read(&mut [0; 4096]).await;
                let _ = socket.write_all(answer.as_bytes()).await;
            }
        });
        (port, heard)
    }

    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

    /// DNS rebinding: what was checked is what is connected to, and what the name says the next time is checked again.
    #[tokio::test]
    async fn the_address_that_was_checked_is_the_one_connected_to() {
        let (port, heard) = endpoint(OK).await;
        let sender = sender(&[&["127.0.0.1"], &["10.0.0.1"], &["127.0.0.1", "10.0.0.1"]]);
        let address = format!("http://rebinds.example:{port}/hook");
        let told = async || sender.send(&address, &[], "one", "{}".to_owned()).await;
        assert_eq!(told().await.status, 200, "one look-up, and the connection goes to what it found");
        for what in ["now private", "mixed"] {
            let refused = told().await;
            assert_eq!((refused.status, refused.error.as_deref()), (0, Some(NO_ADDRESS)), "{what}");
        }
        assert_eq!(heard.load(std::sync::atomic::Ordering::SeqCst), 1);
        // A name that is not known sounds the same.
        assert_eq!(told().await.error.as_deref(), Some(NO_ADDRESS));
    }

    #[tokio::test]
    async fn a_redirect_leads_nowhere() {
        let (inner, heard) = endpoint(OK).await;
        let answer = format!(
            "HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:{inner}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        let (port, _) = endpoint(Box::leak(answer.into_boxed_str())).await;
        let refused = sender(&[]).send(&format!("http://127.0.0.1:{port}/"), &[], "one", "{}".to_owned()).await;
        assert_eq!((refused.status, heard.load(std::sync::atomic::Ordering::SeqCst)), (307, 0), "{refused:?}");
    }

    #[tokio::test]
    async fn why_no_connection_is_made_names_no_address() {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let refused =
            sender(&[&["127.0.0.1"]]).send(&format!("http://gone.example:{port}/"), &[], "one", "{}".to_owned()).await;
        assert_eq!(refused.error.as_deref(), Some("no connection to the endpoint can be made"));
    }
}
