//! Applications for identity cards: a mission asks for a card of its member, we approve and issue it; what is lost or stolen is
//! revoked when it is reported.

use crate::dossier::Dossier;
use crate::identity_cards::{self, IdentityCards};
use crate::immunity::Rules;
use crate::terms::Terms;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::card_application::Cause;
use proto::accreditation::v1::card_application_service_server::CardApplicationService;
use proto::accreditation::v1::identity_card::RevocationCause;
use proto::accreditation::v1::{
    ApproveCardApplicationRequest, CardApplication, CreateCardApplicationRequest, DeclineCardApplicationRequest,
    GetCardApplicationRequest, IdentityCard, ListCardApplicationRevisionsRequest, ListCardApplicationRevisionsResponse,
    ListCardApplicationsRequest, ListCardApplicationsResponse, Reason, WatchCardApplicationsRequest,
    WatchCardApplicationsResponse, WithdrawCardApplicationRequest,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible, timestamp};
use std::sync::Arc;
use tonic::Request;

/// The applications.
#[derive(Clone, Debug)]
pub struct CardApplications {
    registry: Registry<Self>,
    rules: Arc<Rules>,
}

/// The member, and the card the person has.
struct Surroundings {
    dossier: Option<Dossier>,
    card: Option<Held<IdentityCards>>,
}

impl Keep for CardApplications {
    type Record = CardApplication;

    /// A mission's own staff see its applications; others who may read them see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "an application for a card of this member is before us";
        (name == "card_applications_one").then(|| Fault::new(Reason::CardAlreadyAppliedFor, words))
    }
}

impl CardApplications {
    /// The applications that a registry keeps.
    pub fn new(registry: Registry<Self>, rules: Arc<Rules>) -> Self {
        Self { registry, rules }
    }

    /// Issued as any card is; the person has one, so that the one before it ends first.
    fn approve(&self, application: &mut CardApplication, around: Surroundings, call: &mut Call) -> Result<(), Fault> {
        if let Some(card) = around.card {
            application.replaced_card.clone_from(&card.name);
            revoke(card, RevocationCause::Replaced, call)?;
        }
        let longest = timestamp(call.now() + call.data::<Terms>().card_validity);
        let card = IdentityCard {
            member: application.member.clone(),
            expire_time: application.expire_time.or(Some(longest)),
            ..IdentityCard::default()
        };
        let (rules, dossier) = (&self.rules, around.dossier);
        let issue = |card: &mut IdentityCard, call: &mut Call| identity_cards::issue(rules, card, dossier, call);
        application.identity_card = call.open::<IdentityCards>(card, issue)?;
        Ok(())
    }
}

#[tonic::async_trait]
impl CardApplicationService for CardApplications {
    async fn get_card_application(&self, request: Request<GetCardApplicationRequest>) -> Answer<CardApplication> {
        self.registry.get(request).await
    }

    async fn list_card_applications(
        &self,
        request: Request<ListCardApplicationsRequest>,
    ) -> Answer<ListCardApplicationsResponse> {
        self.registry.list(request).await
    }

    async fn create_card_application(&self, request: Request<CreateCardApplicationRequest>) -> Answer<CardApplication> {
        self.registry.create_with(request, surroundings, apply).await
    }

    async fn approve_card_application(
        &self,
        request: Request<ApproveCardApplicationRequest>,
    ) -> Answer<CardApplication> {
        let around =
            async |reader: &mut Reader<'_>, application: &CardApplication, _: &ApproveCardApplicationRequest| {
                surroundings(reader, application).await
            };
        let approve = |application: &mut CardApplication, _, around: Surroundings, call: &mut Call| {
            self.approve(application, around, call)
        };
        self.registry.act_with(request, around, approve).await
    }

    async fn decline_card_application(
        &self,
        request: Request<DeclineCardApplicationRequest>,
    ) -> Answer<CardApplication> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn withdraw_card_application(
        &self,
        request: Request<WithdrawCardApplicationRequest>,
    ) -> Answer<CardApplication> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn list_card_application_revisions(
        &self,
        request: Request<ListCardApplicationRevisionsRequest>,
    ) -> Answer<ListCardApplicationRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchCardApplicationsStream = Feed<WatchCardApplicationsResponse>;

    async fn watch_card_applications(
        &self,
        request: Request<WatchCardApplicationsRequest>,
    ) -> Answer<Self::WatchCardApplicationsStream> {
        self.registry.watch(request).await
    }
}

async fn surroundings(reader: &mut Reader<'_>, application: &CardApplication) -> Result<Surroundings, Fault> {
    let dossier = Dossier::share(reader, &application.member).await?;
    let card = match &dossier {
        Some(dossier) => {
            reader.hold(&[("person", &[dossier.member.person.as_str()]), ("state", &["ISSUED"])]).await?.pop()
        }
        None => None,
    };
    Ok(Surroundings { dossier, card })
}

/// A mission's own staff apply for their own people; nobody keeps a card in force that is not in its holder's hands.
fn apply(application: &mut CardApplication, around: Surroundings, call: &mut Call) -> Result<(), Fault> {
    let own = |dossier: &Dossier| call.principal().mission.as_deref().is_none_or(|own| own == dossier.mission.name);
    let Some(dossier) = around.dossier.filter(own) else {
        let fault = Fault::new(House::BrokenReference, "there is no such member");
        return Err(fault.at("cardApplication.member", "does not exist"));
    };
    identity_cards::may_have(&dossier)?;
    let stolen = application.cause() == Cause::StolenCard;
    refuse_if(stolen && application.police_report.is_empty(), Reason::PoliceReportMissing, "a theft is reported first")
        .map_err(|fault| fault.at("cardApplication.policeReport", "is needed for a stolen card"))?;
    application.mission = dossier.mission.name;
    let gone = match application.cause() {
        Cause::LostCard => Some(RevocationCause::Lost),
        Cause::StolenCard => Some(RevocationCause::Stolen),
        _ => None,
    };
    if let Some((card, cause)) = around.card.zip(gone) {
        application.replaced_card.clone_from(&card.name);
        revoke(card, cause, call)?;
    }
    Ok(())
}

fn revoke(card: Held<IdentityCards>, cause: RevocationCause, call: &mut Call) -> Result<(), Fault> {
    call.follow(card, "giveWay", |card, call| {
        identity_cards::end(card, cause, call);
        Ok(())
    })
}
