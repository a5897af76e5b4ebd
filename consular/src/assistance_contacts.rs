//! The log of contacts of assistance cases: what is logged stands, and completes the tasks that waited for it.

use crate::assistance_cases::running;
use crate::assistance_tasks::{self, AssistanceTasks};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::assistance_contact_service_server::AssistanceContactService;
use proto::consular::v1::{
    AssistanceCase, AssistanceContact, CreateAssistanceContactRequest, GetAssistanceContactRequest,
    ListAssistanceContactsRequest, ListAssistanceContactsResponse, Reason, WatchAssistanceContactsRequest,
    WatchAssistanceContactsResponse,
};
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible, instant, timestamp};
use tonic::Request;

/// The log.
#[derive(Clone, Debug)]
pub struct AssistanceContacts {
    registry: Registry<Self>,
}

impl Keep for AssistanceContacts {
    type Record = AssistanceContact;

    /// Our own officers.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }
}

impl AssistanceContacts {
    /// The log that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl AssistanceContactService for AssistanceContacts {
    async fn get_assistance_contact(&self, request: Request<GetAssistanceContactRequest>) -> Answer<AssistanceContact> {
        self.registry.get(request).await
    }

    async fn list_assistance_contacts(
        &self,
        request: Request<ListAssistanceContactsRequest>,
    ) -> Answer<ListAssistanceContactsResponse> {
        self.registry.list(request).await
    }

    async fn create_assistance_contact(
        &self,
        request: Request<CreateAssistanceContactRequest>,
    ) -> Answer<AssistanceContact> {
        self.registry.create_with(request, surroundings, log).await
    }

    type WatchAssistanceContactsStream = Feed<WatchAssistanceContactsResponse>;

    async fn watch_assistance_contacts(
        &self,
        request: Request<WatchAssistanceContactsRequest>,
    ) -> Answer<Self::WatchAssistanceContactsStream> {
        self.registry.watch(request).await
    }
}

/// The case, which is not closed meanwhile, and its open tasks.
async fn surroundings(
    reader: &mut Reader<'_>,
    contact: &AssistanceContact,
) -> Result<(Option<AssistanceCase>, Vec<Held<AssistanceTasks>>), Fault> {
    let case = reader.share::<AssistanceCase>(&contact.case).await?;
    let tasks = reader.hold(&[("case", &[&contact.case]), ("state", &["OPEN"])]).await?;
    Ok((case, tasks))
}

fn log(
    contact: &mut AssistanceContact,
    (case, tasks): (Option<AssistanceCase>, Vec<Held<AssistanceTasks>>),
    call: &mut Call,
) -> Result<(), Fault> {
    let case = running(case, "assistanceContact.case")?;
    let at = contact.contact_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    refuse_if(at > call.now(), Reason::CaseTimesUnfit, "what is logged has happened")?;
    contact.contact_time = Some(timestamp(at));
    contact.post.clone_from(&case.post);
    contact.officer = call.principal().subject.as_ref().to_owned();
    for task in tasks {
        let asked_for = assistance_tasks::rule(&task, &case).is_some_and(|rule| rule.is_done_by(contact));
        if !asked_for {
            continue;
        }
        contact.tasks.push(task.name.clone());
        call.follow(task, "completeByContact", |task, call| {
            task.contact.clone_from(&contact.name);
            assistance_tasks::finish(task, &case, at, call)
        })?;
    }
    Ok(())
}
