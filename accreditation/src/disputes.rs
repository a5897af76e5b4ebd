//! Disputes of missions and their members: screened, mediated with sessions and offers, settled, referred, or escalated.

use crate::filing;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::dispute_service_server::DisputeService;
use proto::accreditation::v1::{
    AddDisputeNoteRequest, AnswerOfferRequest, BeginMediationRequest, CloseDisputeRequest, ContactPartiesRequest,
    CreateDisputeRequest, DeclareUnresolvedRequest, Dispute, DisputeEscalation, DisputeNote, DisputeOffer,
    DisputeReferral, DisputeScreening, DisputeSettlement, EscalateDisputeRequest, GetDisputeRequest,
    ListDisputeRevisionsRequest, ListDisputeRevisionsResponse, ListDisputesRequest, ListDisputesResponse,
    MakeOfferRequest, Member, Mission, Reason, RecordSessionRequest, ReferDisputeRequest, ScreenDisputeRequest,
    SettleDisputeRequest, WatchDisputesRequest, WatchDisputesResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant};
use tonic::Request;

/// The disputes.
#[derive(Clone, Debug)]
pub struct Disputes {
    registry: Registry<Self>,
}

impl Keep for Disputes {
    type Record = Dispute;

    /// A mission's own staff see their mission's disputes; others who may read disputes see all. What the mediator
    /// notes is classified, and shown to neither side.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }
}

impl Disputes {
    /// The disputes that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl DisputeService for Disputes {
    async fn get_dispute(&self, request: Request<GetDisputeRequest>) -> Answer<Dispute> {
        self.registry.get(request).await
    }

    async fn list_disputes(&self, request: Request<ListDisputesRequest>) -> Answer<ListDisputesResponse> {
        self.registry.list(request).await
    }

    async fn create_dispute(&self, request: Request<CreateDisputeRequest>) -> Answer<Dispute> {
        self.registry.create_with(request, surroundings, file).await
    }

    async fn screen_dispute(&self, request: Request<ScreenDisputeRequest>) -> Answer<Dispute> {
        self.registry.act(request, screen).await
    }

    async fn contact_parties(&self, request: Request<ContactPartiesRequest>) -> Answer<Dispute> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn begin_mediation(&self, request: Request<BeginMediationRequest>) -> Answer<Dispute> {
        self.registry.act(request, begin_mediation).await
    }

    async fn record_session(&self, request: Request<RecordSessionRequest>) -> Answer<Dispute> {
        self.registry.act(request, record_session).await
    }

    async fn make_offer(&self, request: Request<MakeOfferRequest>) -> Answer<Dispute> {
        self.registry.act(request, make_offer).await
    }

    async fn answer_offer(&self, request: Request<AnswerOfferRequest>) -> Answer<Dispute> {
        self.registry.act(request, answer_offer).await
    }

    async fn settle_dispute(&self, request: Request<SettleDisputeRequest>) -> Answer<Dispute> {
        self.registry.act(request, settle).await
    }

    async fn refer_dispute(&self, request: Request<ReferDisputeRequest>) -> Answer<Dispute> {
        self.registry.act(request, refer).await
    }

    async fn declare_unresolved(&self, request: Request<DeclareUnresolvedRequest>) -> Answer<Dispute> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn escalate_dispute(&self, request: Request<EscalateDisputeRequest>) -> Answer<Dispute> {
        self.registry.act(request, escalate).await
    }

    async fn add_dispute_note(&self, request: Request<AddDisputeNoteRequest>) -> Answer<Dispute> {
        self.registry.act(request, add_note).await
    }

    async fn close_dispute(&self, request: Request<CloseDisputeRequest>) -> Answer<Dispute> {
        self.registry.act(request, close).await
    }

    async fn list_dispute_revisions(
        &self,
        request: Request<ListDisputeRevisionsRequest>,
    ) -> Answer<ListDisputeRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchDisputesStream = Feed<WatchDisputesResponse>;

    async fn watch_disputes(&self, request: Request<WatchDisputesRequest>) -> Answer<Self::WatchDisputesStream> {
        self.registry.watch(request).await
    }
}

/// The mission, and its member if the dispute is about one.
async fn surroundings(reader: &mut Reader<'_>, dispute: &Dispute) -> Result<(Option<Mission>, Option<Member>), Fault> {
    let member = match dispute.member.as_str() {
        "" => None,
        name => reader.share(name).await?,
    };
    Ok((reader.share(&dispute.mission).await?, member))
}

fn file(
    dispute: &mut Dispute,
    (mission, member): (Option<Mission>, Option<Member>),
    call: &mut Call,
) -> Result<(), Fault> {
    let mission = filing::own(mission, "dispute.mission", call)?;
    filing::of_mission(&dispute.member, member.as_ref(), &mission, "dispute.member")
}

fn screen(dispute: &mut Dispute, request: ScreenDisputeRequest, call: &mut Call) -> Result<(), Fault> {
    dispute.screening =
        request.screening.map(|screening| DisputeScreening { time: Some(call.timestamp()), ..screening });
    Ok(())
}

fn begin_mediation(dispute: &mut Dispute, request: BeginMediationRequest, call: &mut Call) -> Result<(), Fault> {
    request.offers.into_iter().for_each(|offer| put_forward(dispute, offer, call));
    Ok(())
}

fn record_session(dispute: &mut Dispute, request: RecordSessionRequest, call: &mut Call) -> Result<(), Fault> {
    let held = request.session.as_ref().and_then(|session| session.session_time.as_ref()).and_then(instant);
    refuse_if(held > Some(call.now()), Reason::TimesImplausible, "a session is recorded once it was held")?;
    dispute.sessions.extend(request.session);
    Ok(())
}

fn make_offer(dispute: &mut Dispute, request: MakeOfferRequest, call: &mut Call) -> Result<(), Fault> {
    request.offer.into_iter().for_each(|offer| put_forward(dispute, offer, call));
    Ok(())
}

fn put_forward(dispute: &mut Dispute, offer: DisputeOffer, call: &Call) {
    let number = dispute.offers.iter().map(|offer| offer.number).max().unwrap_or_default() + 1;
    let offer_time = Some(call.timestamp());
    dispute.offers.push(DisputeOffer { number, offer_time, answered: false, accepted: false, ..offer });
}

/// An offer is answered once: who thinks better of it makes another.
fn answer_offer(dispute: &mut Dispute, request: AnswerOfferRequest, _: &mut Call) -> Result<(), Fault> {
    let open = dispute.offers.iter_mut().find(|offer| offer.number == request.number && !offer.answered);
    let offer = open.ok_or_else(|| Fault::new(Reason::OfferNotOpen, "there is no offer of this number to answer"))?;
    offer.answered = true;
    offer.accepted = request.accept;
    Ok(())
}

/// The parties settle on an offer that was accepted, or on terms of their own: on one of the two.
fn settle(dispute: &mut Dispute, request: SettleDisputeRequest, call: &mut Call) -> Result<(), Fault> {
    let settle_time = Some(call.timestamp());
    let words = "name the offer that was accepted or the terms of their own, not both";
    let own = request.offer == 0;
    refuse_if(own == request.terms.is_empty(), Reason::SettlementUnclear, words)?;
    refuse_if(!own && request.amount.is_some(), Reason::SettlementUnclear, "the offer says what is owed")?;
    let settlement = if own {
        DisputeSettlement { offer: 0, terms: request.terms, amount: request.amount, settle_time }
    } else {
        let accepted = dispute.offers.iter().find(|offer| offer.number == request.offer && offer.accepted);
        let refused = || Fault::new(Reason::OfferNotAccepted, "this offer was not accepted");
        let offer = accepted.ok_or_else(refused)?;
        DisputeSettlement { offer: offer.number, terms: offer.terms.clone(), amount: offer.amount.clone(), settle_time }
    };
    dispute.settlement = Some(settlement);
    Ok(())
}

fn refer(dispute: &mut Dispute, request: ReferDisputeRequest, call: &mut Call) -> Result<(), Fault> {
    dispute.referral =
        Some(DisputeReferral { forum: request.forum, body: request.body, refer_time: Some(call.timestamp()) });
    Ok(())
}

/// The milder step comes before the harder; each may be repeated.
fn escalate(dispute: &mut Dispute, request: EscalateDisputeRequest, call: &mut Call) -> Result<(), Fault> {
    let taken = dispute.escalations.iter().map(|escalation| escalation.step).max().unwrap_or_default();
    refuse_if(request.step > taken + 1, Reason::EscalationOutOfOrder, "a milder step was not taken yet")?;
    let escalate_time = Some(call.timestamp());
    dispute.escalations.push(DisputeEscalation { step: request.step, reference: request.reference, escalate_time });
    Ok(())
}

fn add_note(dispute: &mut Dispute, request: AddDisputeNoteRequest, call: &mut Call) -> Result<(), Fault> {
    let author = call.principal().subject.to_string();
    dispute.notes.push(DisputeNote { text: request.text, author, time: Some(call.timestamp()) });
    Ok(())
}

fn close(dispute: &mut Dispute, _: CloseDisputeRequest, call: &mut Call) -> Result<(), Fault> {
    dispute.close_time = Some(call.timestamp());
    Ok(())
}
