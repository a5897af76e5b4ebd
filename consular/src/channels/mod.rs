//! Channels: ways in which a parcel gets to a person. One is embedded and writes to a mailbox; mail goes by SMTP.

mod mailbox;
mod smtp;

pub use mailbox::Mailbox;
pub use smtp::{Smtp, SmtpSettings};

pub use crate::parcels::Parcel;
use futures::future::BoxFuture;

/// A way to people.
pub trait Channel: Send + Sync + 'static {
    /// Delivers each parcel, and says for each whether it did. It may be asked again for one that it delivered already, when
    /// whoever asked died before writing that down: the same key is the same parcel.
    fn deliver<'a>(&'a self, parcels: &'a [Parcel]) -> BoxFuture<'a, Vec<Result<(), Undelivered>>>;
}

/// Why a parcel was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// It may be later: the server is away or busy.
    #[error("{0}")]
    ForNow(String),
    /// It never will be: there is no such address.
    #[error("{0}")]
    ForGood(String),
}

/// Mail by SMTP, everything else into the mailbox.
pub struct MailBySmtp {
    /// For mail.
    pub smtp: Smtp,
    /// For the rest.
    pub mailbox: Mailbox,
}

impl Channel for MailBySmtp {
    fn deliver<'a>(&'a self, parcels: &'a [Parcel]) -> BoxFuture<'a, Vec<Result<(), Undelivered>>> {
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(parcels.len());
            for parcel in parcels {
                let one = std::slice::from_ref(parcel);
                outcomes.extend(match parcel.channel {
                    proto::consular::v1::mailbox_message::Channel::Email => self.smtp.deliver(one).await,
                    _ => self.mailbox.deliver(one).await,
                });
            }
            outcomes
        })
    }
}
