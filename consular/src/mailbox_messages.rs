//! The mailbox as officers read it.

use crate::registrations::own_or_all;
use identity::Principal;
use proto::consular::v1::mailbox_message_service_server::MailboxMessageService;
use proto::consular::v1::{
    GetMailboxMessageRequest, ListMailboxMessagesRequest, ListMailboxMessagesResponse, MailboxMessage,
};
use registry::{Answer, Keep, Registry, Visible};
use tonic::Request;

/// What lies in the mailbox.
#[derive(Clone, Debug)]
pub struct MailboxMessages {
    registry: Registry<Self>,
}

impl Keep for MailboxMessages {
    type Record = MailboxMessage;

    /// Our own officers.
    fn visible(to: &Principal) -> Visible {
        match own_or_all(to, "consular.mailboxMessages.read") {
            Visible::All => Visible::All,
            _ => Visible::None,
        }
    }
}

impl MailboxMessages {
    /// The messages that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl MailboxMessageService for MailboxMessages {
    async fn get_mailbox_message(&self, request: Request<GetMailboxMessageRequest>) -> Answer<MailboxMessage> {
        self.registry.get(request).await
    }

    async fn list_mailbox_messages(
        &self,
        request: Request<ListMailboxMessagesRequest>,
    ) -> Answer<ListMailboxMessagesResponse> {
        self.registry.list(request).await
    }
}
