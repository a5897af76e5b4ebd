//! Mail by SMTP, always over TLS but on the machine itself. A parcel's key is in the message's id, so that a mail that had to
//! be sent twice is known as the same one where it arrives.

use super::{Channel, Parcel, Undelivered};
use anyhow::Context as _;
use config::{ExposeSecret as _, SecretString};
use futures::future::BoxFuture;
use futures::{StreamExt as _, stream};
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use proto::consular::v1::delivery_receipt::Carrier;
use proto::consular::v1::mailbox_message::Channel as By;
use ring::digest::{SHA256, digest};
use std::time::Duration;

/// How long the server may take for a letter. All that are handed over together take no longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many letters are handed over at a time, each in a conversation of its own.
const AT_ONCE: usize = 16;

config::settings! {
    /// Mail to people by SMTP. Without a host everything goes into the mailbox. The prefix is `CONSULAR_SMTP`.
    pub struct SmtpSettings {
        /// The mail server's name: `mail.example.gov`. On the machine itself (`localhost`, `127.0.0.1`) it is spoken to
        /// without TLS, elsewhere with it from the first byte or after STARTTLS.
        pub host: Option<String>,
        /// Its port: 465 begins with TLS, any other with STARTTLS.
        pub port: u16 = 465,
        /// Who we are to it.
        pub user: Option<String>,
        /// And our password.
        pub password: Option<SecretString>,
        /// Whom mail is from: `Consular service <noreply@example.gov>`.
        pub from: Option<String>,
    }
}

/// A mail server.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// The server that the settings name; none if they name none.
    ///
    /// # Errors
    /// The settings are half given, or a name or address in them is none.
    pub fn new(settings: &SmtpSettings) -> anyhow::Result<Option<Self>> {
        let Some(host) = &settings.host else { return Ok(None) };
        let from = settings.from.as_ref().context("CONSULAR_SMTP_FROM must be set where CONSULAR_SMTP_HOST is")?;
        let from = from.parse().context("CONSULAR_SMTP_FROM is no mail address")?;
        let builder = match (host.as_str(), settings.port) {
            ("localhost" | "127.0.0.1", _) => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host),
            (_, 465) => AsyncSmtpTransport::<Tokio1Executor>::relay(host).context("prepare TLS to the mail server")?,
            _ => {
                AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host).context("prepare TLS to the mail server")?
            }
        };
        let builder = builder.port(settings.port).timeout(Some(PATIENCE));
        let builder = match (&settings.user, &settings.password) {
            (None, None) => builder,
            (Some(user), Some(password)) => {
                builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()))
            }
            _ => anyhow::bail!("CONSULAR_SMTP_USER and CONSULAR_SMTP_PASSWORD are set together or not at all"),
        };
        Ok(Some(Self { transport: builder.build(), from }))
    }

    fn letter(&self, parcel: &Parcel) -> Result<Message, Undelivered> {
        let unfit = |error: &dyn std::fmt::Display| Undelivered::ForGood(error.to_string());
        let to = parcel.address.parse().map_err(|error| unfit(&error))?;
        let id = hex::encode(&digest(&SHA256, parcel.key.as_bytes()).as_ref()[..16]);
        let letter = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .subject(&parcel.subject)
            .header(ContentType::TEXT_PLAIN);
        letter.body(parcel.body.clone()).map_err(|error| unfit(&error))
    }

    async fn send(&self, parcel: &Parcel) -> Result<(), Undelivered> {
        let sent = tokio::time::timeout(PATIENCE, self.transport.send(self.letter(parcel)?)).await;
        let late = |_| Undelivered::ForNow("the mail server took too long".to_owned());
        sent.map_err(late)?.map(drop).map_err(|error| {
            let words = error.to_string();
            if error.is_permanent() { Undelivered::ForGood(words) } else { Undelivered::ForNow(words) }
        })
    }
}

impl Channel for Smtp {
    fn carrier(&self, by: By) -> Option<Carrier> {
        (by == By::Email).then_some(Carrier::Smtp)
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    fn deliver<'a>(&'a self, parcels: &'a [Parcel]) -> BoxFuture<'a, Vec<Result<(), Undelivered>>> {
        Box::pin(stream::iter(parcels).map(|parcel| self.send(parcel)).buffered(AT_ONCE).collect())
    }
}
