//! Identity cards: issued to accredited members, one active card a person, and what an officer learns from one.

use crate::card_number;
use crate::dossier::{Dossier, Dossiers};
use crate::grace;
use crate::immunity::{Circumstances, Question, Rules, determine, standing};
use crate::papers::{Papers, card};
use crate::terms::Terms;
use calendar::{Clock, Length};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::accreditation::v1::identity_card::{RevocationCause, State};
use proto::accreditation::v1::identity_card_service_server::IdentityCardService;
use proto::accreditation::v1::verify_identity_card_response::Finding;
use proto::accreditation::v1::{
    CreateIdentityCardRequest, GetIdentityCardRequest, IdentityCard, ImmunitySummary, ListIdentityCardRevisionsRequest,
    ListIdentityCardRevisionsResponse, ListIdentityCardsRequest, ListIdentityCardsResponse, Matter,
    PrintIdentityCardRequest, Reason, ReturnIdentityCardRequest, RevokeIdentityCardRequest, Status as Standing,
    VerifyIdentityCardRequest, VerifyIdentityCardResponse, WatchIdentityCardsRequest, WatchIdentityCardsResponse,
    member,
};
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant};
use std::sync::Arc;
use tonic::{Request, Response};

/// What an officer meets on the road.
const ON_THE_ROAD: [Matter; 5] = [
    Matter::ArrestOrDetention,
    Matter::SearchOfResidence,
    Matter::CriminalProsecution,
    Matter::TrafficCitation,
    Matter::Testimony,
];

/// The cards.
#[derive(Clone, Debug)]
pub struct IdentityCards {
    registry: Registry<Self>,
    dossiers: Dossiers,
    rules: Arc<Rules>,
    papers: Papers,
}

impl Keep for IdentityCards {
    type Record = IdentityCard;

    /// Whoever may read cards may read all; a mission's own staff have no business with them here.
    fn visible(to: &Principal) -> Visible {
        if to.mission.is_some() { Visible::None } else { Visible::All }
    }

    /// The card's last day is over; the contract says what that does.
    fn fire(_: &mut IdentityCard, _: &str, _: &mut Call) -> Result<(), Fault> {
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "this person has an active card already";
        (name == "identity_cards_one_active").then(|| Fault::new(Reason::CardAlreadyActive, words))
    }
}

impl IdentityCards {
    /// The cards that a registry keeps.
    pub fn new(registry: Registry<Self>, dossiers: Dossiers, rules: Arc<Rules>, papers: Papers) -> Self {
        Self { registry, dossiers, rules, papers }
    }

    /// What the card with this number is worth now.
    async fn verify(&self, name: &str) -> Result<VerifyIdentityCardResponse, Fault> {
        let now = self.registry.store().now();
        let mut answer =
            VerifyIdentityCardResponse { verify_time: Some(registry::timestamp(now)), ..Default::default() };
        // Numbers have capitals alone; at night they are typed as they come.
        let number = name.strip_prefix("identityCards/").unwrap_or_default().to_ascii_uppercase();
        if !card_number::is_well_read(&number) {
            return Ok(found(answer, Finding::MisreadNumber));
        }
        let Some(card) = self.registry.load(&format!("identityCards/{number}")).await? else {
            return Ok(found(answer, Finding::UnknownNumber));
        };
        let dossier = self.dossiers.of(&card.member).await?;
        let dossier = dossier
            .ok_or_else(|| Fault::new(proto::policy::v1::Reason::Internal, "a card is kept without its member"))?;
        let waived = dossier.waived("");
        let subject = dossier.subject_with(&waived);
        let held = standing(&self.rules, &subject, now);
        let expired = card.expire_time.as_ref().and_then(instant).is_none_or(|expiry| expiry <= now);
        let ended = !matches!(held.status, Standing::Active | Standing::GracePeriod);
        let finding = match card.state() {
            // The card ended because its holder's privileges did: that is what an officer should know.
            State::Revoked if ended && card.revocation_cause() == RevocationCause::FunctionsEnded => {
                Finding::HolderEnded
            }
            State::Revoked | State::Returned => Finding::CardRevoked,
            State::Expired => Finding::CardExpired,
            _ if expired => Finding::CardExpired,
            _ if ended => Finding::HolderEnded,
            _ if card.tier() != held.tier => Finding::CardOutdated,
            _ => Finding::Valid,
        };
        answer.holder_name = format!("{} {}", dossier.member.given_names, dossier.member.family_name);
        answer.photo.clone_from(&dossier.member.photo);
        answer.mission.clone_from(&dossier.mission.title);
        // Not what is printed: an officer is told one level, the one that the immunities are told by.
        answer.level_text = self.rules.level_text(held.tier).to_owned();
        answer.member = card.member;
        answer.expire_time = card.expire_time;
        // A holder may be immune whatever the card is worth: the status counts, not the plastic.
        answer.immunity = ON_THE_ROAD
            .into_iter()
            .map(|matter| {
                let question = Question { matter, instant: now, circumstances: Circumstances::default() };
                let found = determine(&self.rules, &subject, &question);
                ImmunitySummary {
                    matter: matter.into(),
                    immune: found.immune.into(),
                    advice: found.advice.to_owned(),
                    citations: found.citations.iter().map(|c| format!("{} {}", c.instrument, c.provision)).collect(),
                }
            })
            .collect();
        Ok(found(answer, finding))
    }
}

/// Issues a card to a member as the register shows them in this very transaction.
pub(crate) fn issue(
    rules: &Rules,
    card: &mut IdentityCard,
    dossier: Option<Dossier>,
    call: &mut Call,
) -> Result<(), Fault> {
    let Some(dossier) = dossier else {
        let fault = Fault::new(proto::policy::v1::Reason::BrokenReference, "there is no such member");
        return Err(fault.at("identityCard.member", "does not exist"));
    };
    may_have(&dossier)?;
    // A card from before the register is entered with its own dates; one that is over expires at once.
    let issued = card.issue_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    refuse_if(issued > call.now(), Reason::DatesImplausible, "a card is issued now, or was before")
        .map_err(|fault| fault.at("identityCard.issueTime", "lies in the future"))?;
    let (expiry, validity) = (card.expire_time.as_ref().and_then(instant), call.data::<Terms>().card_validity);
    let Some(expiry) = expiry.filter(|expiry| issued < *expiry && *expiry <= issued + validity) else {
        let words = format!("a card is valid for {} days at most from its issue", validity.num_days());
        return Err(Fault::new(Reason::ValidityUnfit, words).at("identityCard.expireTime", "does not fit the issue"));
    };
    let tier = standing(rules, &dossier.subject(), call.now()).tier;
    card.name = format!("identityCards/{}", card_number::generate());
    card.person.clone_from(&dossier.member.person);
    card.set_tier(tier);
    card.level_text = rules.level_text(tier).to_owned();
    card.issue_time = Some(registry::timestamp(issued));
    let left = (expiry - call.now()).to_std().unwrap_or_default();
    let clock = Clock::new(call.now(), Length::Exactly(left));
    call.timers().set("expiry", clock);
    Ok(())
}

/// Cards are for members who are accepted, and nothing is issued to one who is told to leave.
pub(crate) fn may_have(dossier: &Dossier) -> Result<(), Fault> {
    let accredited = matches!(dossier.member.state(), member::State::Accredited | member::State::ChangeReview);
    refuse_if(!accredited, Reason::MemberNotAccredited, "cards are issued to accredited members")?;
    let words = "a card speaks for one who is here: privileges begin with the arrival";
    refuse_if(!grace::is_here(&dossier.member), Reason::ArrivalNotNotified, words)?;
    let unwanted = dossier.member.unwanted_time.is_some();
    refuse_if(unwanted, Reason::HolderUnwanted, "nothing is issued to someone declared persona non grata")
}

/// The finding, and what it means for the officer.
fn found(mut answer: VerifyIdentityCardResponse, finding: Finding) -> VerifyIdentityCardResponse {
    answer.set_finding(finding);
    answer.valid = finding == Finding::Valid;
    answer.advice = match finding {
        Finding::Valid => "The card is valid. Compare the photograph, and follow the advice for the matter at hand.",
        Finding::UnknownNumber => "No card with this number was ever issued. It proves no status; ask the protocol duty officer before you rely on anything else.",
        Finding::MisreadNumber => "The number is not well read: its check digit does not fit. Read it again, and compare letter by letter.",
        Finding::CardExpired => "The card has expired. The holder may still be immune: follow the advice for the matter at hand, and report the card to the protocol duty officer.",
        Finding::CardRevoked => "The card was revoked, lost or stolen. Make sure who holds it; follow the advice only for the person in the photograph, and keep the card for the protocol duty officer.",
        Finding::CardOutdated => "The card states a level of protection that its holder no longer has. Go by the level and the advice given here, not by the words on the card, and report the card to the protocol duty officer.",
        Finding::HolderEnded => "The holder's privileges have ended. Immunity remains for official acts alone, which a court decides; report to the protocol duty officer.",
        Finding::Unspecified => "",
    }
    .to_owned();
    answer
}

#[tonic::async_trait]
impl IdentityCardService for IdentityCards {
    async fn get_identity_card(&self, request: Request<GetIdentityCardRequest>) -> Answer<IdentityCard> {
        self.registry.get(request).await
    }

    async fn list_identity_cards(
        &self,
        request: Request<ListIdentityCardsRequest>,
    ) -> Answer<ListIdentityCardsResponse> {
        self.registry.list(request).await
    }

    type WatchIdentityCardsStream = Feed<WatchIdentityCardsResponse>;

    async fn watch_identity_cards(
        &self,
        request: Request<WatchIdentityCardsRequest>,
    ) -> Answer<Self::WatchIdentityCardsStream> {
        self.registry.watch(request).await
    }

    async fn create_identity_card(&self, request: Request<CreateIdentityCardRequest>) -> Answer<IdentityCard> {
        let dossier = async |reader: &mut Reader<'_>, card: &IdentityCard| Dossier::share(reader, &card.member).await;
        let issue = |card: &mut IdentityCard, dossier, call: &mut Call| issue(&self.rules, card, dossier, call);
        self.registry.create_with(request, dossier, issue).await
    }

    async fn revoke_identity_card(&self, request: Request<RevokeIdentityCardRequest>) -> Answer<IdentityCard> {
        self.registry.act(request, revoke).await
    }

    async fn return_identity_card(&self, request: Request<ReturnIdentityCardRequest>) -> Answer<IdentityCard> {
        self.registry.act(request, take_back).await
    }

    async fn verify_identity_card(
        &self,
        request: Request<VerifyIdentityCardRequest>,
    ) -> Answer<VerifyIdentityCardResponse> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let answer = self.verify(&ask.name).await?;
        self.registry.audit_read(&called, &ask).await?;
        Ok(Response::new(answer))
    }

    async fn print_identity_card(&self, request: Request<PrintIdentityCardRequest>) -> Answer<HttpBody> {
        let card = self.registry.get(request).await?.into_inner();
        let state = card.state().as_str_name();
        let words = "only a card in its holder's hands is printed";
        refuse_if(card.state() != State::Issued, House::WrongState, words)
            .map_err(|fault| fault.with("state", state).with("allowed", "ISSUED"))?;
        let orphan = || Fault::new(House::Internal, "a card is kept without its member");
        let dossier = self.dossiers.of(&card.member).await?.ok_or_else(orphan)?;
        let held = standing(&self.rules, &dossier.subject(), self.registry.store().now());
        let words = "the card states a level of protection that its holder no longer has";
        refuse_if(card.tier() != held.tier, Reason::CardOutdated, words)?;
        let order = card::order(&self.papers, &card, &dossier)?;
        Ok(Response::new(self.papers.print(order).await?))
    }

    async fn list_identity_card_revisions(
        &self,
        request: Request<ListIdentityCardRevisionsRequest>,
    ) -> Answer<ListIdentityCardRevisionsResponse> {
        self.registry.revisions(request).await
    }
}

fn revoke(card: &mut IdentityCard, request: RevokeIdentityCardRequest, call: &mut Call) -> Result<(), Fault> {
    end(card, request.cause(), call);
    Ok(())
}

/// A card that comes back is worth nothing from then on, also where it would have been.
fn take_back(card: &mut IdentityCard, _: ReturnIdentityCardRequest, call: &mut Call) -> Result<(), Fault> {
    card.return_time = Some(call.timestamp());
    call.timers().clear("expiry");
    Ok(())
}

/// Ends a card's validity before its time.
pub(crate) fn end(card: &mut IdentityCard, cause: RevocationCause, call: &mut Call) {
    card.revoke_time = Some(call.timestamp());
    card.set_revocation_cause(cause);
    call.timers().clear("expiry");
}
