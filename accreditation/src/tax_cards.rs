//! Tax exemption cards: who is eligible by reciprocity, category and age, and what a merchant learns from a number.

use crate::benefits::Practice;
use crate::card_number;
use crate::holder::{Holder, Holders};
use crate::immunity::Rules;
use crate::reciprocity::{bearing_on, granted, worth};
use crate::reciprocity_rules::ReciprocityRules;
use crate::tax_card_age;
use calendar::{Clock, Length, due};
use chrono::{DateTime, TimeDelta, Utc};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::accreditation::v1::reciprocity_rule::Benefit;
use proto::accreditation::v1::tax_card::{RecallCause, State, SuspensionCause};
use proto::accreditation::v1::tax_card_service_server::TaxCardService;
use proto::accreditation::v1::{
    CreateTaxCardRequest, DeclineTaxCardRequest, ExamineTaxCardRequest, GetTaxCardRequest, IssueTaxCardRequest,
    ListTaxCardRevisionsRequest, ListTaxCardRevisionsResponse, ListTaxCardsRequest, ListTaxCardsResponse, Mission,
    Reason, RecallTaxCardRequest, ReciprocityRule, ReinstateTaxCardRequest, ReportTaxCardLostRequest,
    SuspendTaxCardRequest, TaxCard, VerifyTaxCardRequest, VerifyTaxCardResponse, WatchTaxCardsRequest,
    WatchTaxCardsResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use std::sync::Arc;
use tonic::{Request, Response};

/// The states in which a card counts as held.
pub(crate) const LIVE: [&str; 2] = ["ISSUED", "SUSPENDED"];
/// The benefit, as the register writes it.
const TAX_EXEMPTION: [&str; 1] = ["TAX_EXEMPTION"];
/// The end of a card's validity.
const EXPIRY: &str = "expiry";
/// The end of the days for which no other card is issued to the holder of a lost one.
const HOLD: &str = "hold";

/// The cards.
#[derive(Clone, Debug)]
pub struct TaxCards {
    registry: Registry<Self>,
    holders: Holders,
    reciprocity: Registry<ReciprocityRules>,
    rules: Arc<Rules>,
    practice: Arc<Practice>,
}

/// What a card is held against.
#[derive(Clone, Debug)]
struct Grounds {
    holder: Option<Holder>,
    reciprocity: Vec<ReciprocityRule>,
    /// How many cards the holder has that are good or suspended.
    held: i64,
    /// Whether a lost card of the holder's was not replaced yet.
    on_hold: bool,
}

impl Keep for TaxCards {
    type Record = TaxCard;

    /// A mission's own staff see its cards; others who may read cards see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    /// The card's last day, or the hold of a lost one, is over; the contract says what that does.
    fn fire(_: &mut TaxCard, _: &str, _: &mut Call) -> Result<(), Fault> {
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the member has a card that is good or suspended";
        (name == "tax_cards_one_live").then(|| Fault::new(Reason::TaxCardAlreadyLive, words))
    }
}

impl TaxCards {
    /// The cards that a registry keeps.
    pub fn new(
        registry: Registry<Self>,
        holders: Holders,
        reciprocity: Registry<ReciprocityRules>,
        rules: Arc<Rules>,
        practice: Arc<Practice>,
    ) -> Self {
        Self { registry, holders, reciprocity, rules, practice }
    }

    fn request(&self, card: &mut TaxCard, holder: Option<Holder>, call: &mut Call) -> Result<(), Fault> {
        let holder = Holder::named(holder, &card.mission, "taxCard", call)?;
        holder.may_receive(&self.rules, call.now())?;
        let seeker = holder.seeker(&self.rules, call.now());
        card.name = format!("taxCards/{}", card_number::generate());
        card.sending_state = seeker.state.to_owned();
        card.set_category(seeker.category);
        card.family = seeker.family;
        Ok(())
    }

    /// Eligible is one in standing, of a state, category and age to whom a rule in force grants it.
    fn examine(&self, card: &mut TaxCard, grounds: &Grounds, call: &Call) -> Result<(), Fault> {
        let holder = grounds.holder.as_ref().ok_or_else(orphan)?;
        holder.may_receive(&self.rules, call.now())?;
        let seeker = holder.seeker(&self.rules, call.now());
        let rule = granted(&grounds.reciprocity, &seeker, Benefit::TaxExemption, call.now());
        let Some(rule) = rule else {
            let fault =
                Fault::new(Reason::BenefitNotReciprocated, "no rule in force grants the state and category a card");
            return Err(fault.with("state", seeker.state).with("category", seeker.category.as_str_name()));
        };
        if let Some(member) = holder.member().filter(|_| seeker.family) {
            tax_card_age::fits(member, &self.practice.tax_cards, call.now())?;
        }
        let worth = worth(rule, !card.member.is_empty(), &self.practice, &call.home().currency);
        card.rule.clone_from(&rule.name);
        card.set_level(worth.level);
        card.published_name = self.practice.tax_cards.name(worth.level).to_owned();
        card.restriction = worth.restriction;
        Ok(())
    }

    fn issue(&self, card: &mut TaxCard, grounds: &Grounds, call: &mut Call) -> Result<(), Fault> {
        self.examine(card, grounds, call)?;
        refuse_if(grounds.on_hold, Reason::TaxCardOnHold, "a lost card of the same holder is not replaced yet")?;
        let limit = i64::from(self.practice.tax_cards.mission_cards);
        let full = card.member.is_empty() && grounds.held >= limit;
        refuse_if(full, Reason::TaxCardLimitReached, format!("a mission has {limit} cards of its own at most"))?;
        let longest = call.now() + TimeDelta::days(self.practice.tax_cards.validity_days.into());
        let member = grounds.holder.as_ref().and_then(Holder::member).filter(|_| card.family);
        let of_age = member.and_then(|member| tax_card_age::end(member, &self.practice.tax_cards));
        let expiry = of_age.map_or(longest, |end| end.min(longest));
        card.issue_time = Some(call.timestamp());
        card.expire_time = Some(timestamp(expiry));
        let left = (expiry - call.now()).to_std().unwrap_or_default();
        let clock = Clock::new(call.now(), Length::Exactly(left));
        call.timers().set(EXPIRY, clock);
        Ok(())
    }

    /// The days a lost card is held begin with the report.
    fn report_lost(&self, card: &mut TaxCard, request: ReportTaxCardLostRequest, call: &mut Call) -> Result<(), Fault> {
        let hold = Clock::new(call.now(), Length::Days(self.practice.tax_cards.hold_days));
        card.loss_time = Some(call.timestamp());
        card.loss_note = request.note;
        card.hold_end_time = due(&hold, call.days()).map(timestamp);
        call.timers().clear(EXPIRY);
        call.timers().set(HOLD, hold);
        Ok(())
    }

    /// What the card is restricted to if it is good now; none if it is not. The rules in force now decide, not those it
    /// was issued by, and so does the holder's standing now: what ends for either ends the card at that instant.
    async fn good_for(&self, name: &str, now: DateTime<Utc>) -> Result<Option<String>, Fault> {
        let number = name.strip_prefix("taxCards/").unwrap_or_default().to_ascii_uppercase();
        if !card_number::is_well_read(&number) {
            return Ok(None);
        }
        let Some(card) = self.registry.load(&format!("taxCards/{number}")).await? else { return Ok(None) };
        let runs = card.expire_time.as_ref().and_then(instant).is_some_and(|expiry| now < expiry);
        if card.state() != State::Issued || !runs {
            return Ok(None);
        }
        let holder = self.holders.of(&card.mission, &card.member).await?.ok_or_else(orphan)?;
        if !holder.keeps(&self.rules, now) {
            return Ok(None);
        }
        let seeker = holder.seeker(&self.rules, now);
        let (countries, category) = ([seeker.state, ""], [seeker.category.as_str_name()]);
        let rules = self.reciprocity.all(&bearing_on(&countries, &category, &TAX_EXEMPTION)).await?;
        let rule = granted(&rules, &seeker, Benefit::TaxExemption, now);
        let currency = &self.registry.store().home().currency;
        Ok(rule.map(|rule| worth(rule, !card.member.is_empty(), &self.practice, currency).restriction))
    }
}

#[tonic::async_trait]
impl TaxCardService for TaxCards {
    async fn get_tax_card(&self, request: Request<GetTaxCardRequest>) -> Answer<TaxCard> {
        self.registry.get(request).await
    }

    async fn list_tax_cards(&self, request: Request<ListTaxCardsRequest>) -> Answer<ListTaxCardsResponse> {
        self.registry.list(request).await
    }

    async fn create_tax_card(&self, request: Request<CreateTaxCardRequest>) -> Answer<TaxCard> {
        let holder =
            async |reader: &mut Reader<'_>, card: &TaxCard| Holder::share(reader, &card.mission, &card.member).await;
        self.registry.create_with(request, holder, |card, holder, call| self.request(card, holder, call)).await
    }

    async fn examine_tax_card(&self, request: Request<ExamineTaxCardRequest>) -> Answer<TaxCard> {
        self.registry.act_with(request, grounds, |card, _, grounds, call| self.examine(card, &grounds, call)).await
    }

    async fn decline_tax_card(&self, request: Request<DeclineTaxCardRequest>) -> Answer<TaxCard> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn issue_tax_card(&self, request: Request<IssueTaxCardRequest>) -> Answer<TaxCard> {
        self.registry.act_with(request, grounds, |card, _, grounds, call| self.issue(card, &grounds, call)).await
    }

    async fn suspend_tax_card(&self, request: Request<SuspendTaxCardRequest>) -> Answer<TaxCard> {
        self.registry.act(request, suspend).await
    }

    async fn reinstate_tax_card(&self, request: Request<ReinstateTaxCardRequest>) -> Answer<TaxCard> {
        self.registry.act(request, reinstate).await
    }

    async fn report_tax_card_lost(&self, request: Request<ReportTaxCardLostRequest>) -> Answer<TaxCard> {
        self.registry.act(request, |card, request, call| self.report_lost(card, request, call)).await
    }

    async fn recall_tax_card(&self, request: Request<RecallTaxCardRequest>) -> Answer<TaxCard> {
        self.registry.act(request, recall).await
    }

    async fn verify_tax_card(&self, request: Request<VerifyTaxCardRequest>) -> Answer<VerifyTaxCardResponse> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let good_for = self.good_for(&ask.name, self.registry.store().now()).await?;
        self.registry.audit_read(&called, &ask).await?;
        let (valid, restriction) = (good_for.is_some(), good_for.unwrap_or_default());
        Ok(Response::new(VerifyTaxCardResponse { valid, restriction }))
    }

    async fn list_tax_card_revisions(
        &self,
        request: Request<ListTaxCardRevisionsRequest>,
    ) -> Answer<ListTaxCardRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchTaxCardsStream = Feed<WatchTaxCardsResponse>;

    async fn watch_tax_cards(&self, request: Request<WatchTaxCardsRequest>) -> Answer<Self::WatchTaxCardsStream> {
        self.registry.watch(request).await
    }
}

/// What a card is held against. The mission of a card of its own is locked, so that of two cards at once the second sees
/// the first; that a member has one card the table holds itself.
async fn grounds<R>(reader: &mut Reader<'_>, card: &TaxCard, _: &R) -> Result<Grounds, Fault> {
    if card.member.is_empty() {
        reader.lock::<Mission>(&card.mission).await?;
    }
    let holder = Holder::share(reader, &card.mission, &card.member).await?;
    let (countries, category) = ([card.sending_state.as_str(), ""], [card.category().as_str_name()]);
    let reciprocity = reader.all(&bearing_on(&countries, &category, &TAX_EXEMPTION)).await?;
    let own = [("mission", [card.mission.as_str()]), ("member", [card.member.as_str()])];
    let own =
        |states: &'static [&'static str]| [("mission", own[0].1.as_slice()), ("member", &own[1].1), ("state", states)];
    let held = reader.count::<TaxCard>(&own(&LIVE)).await?;
    let on_hold = !card.member.is_empty() && reader.exists::<TaxCard>(&own(&["LOST"])).await?;
    Ok(Grounds { holder, reciprocity, held, on_hold })
}

fn suspend(card: &mut TaxCard, request: SuspendTaxCardRequest, _: &mut Call) -> Result<(), Fault> {
    card.set_suspension_cause(request.cause());
    Ok(())
}

fn reinstate(card: &mut TaxCard, _: ReinstateTaxCardRequest, _: &mut Call) -> Result<(), Fault> {
    card.set_suspension_cause(SuspensionCause::Unspecified);
    Ok(())
}

fn recall(card: &mut TaxCard, request: RecallTaxCardRequest, call: &mut Call) -> Result<(), Fault> {
    card.set_recall_cause(request.cause());
    call.timers().clear(EXPIRY);
    Ok(())
}

/// Withholds a card for a breach.
pub(crate) fn withhold(card: &mut TaxCard) {
    card.set_suspension_cause(SuspensionCause::Breach);
}

/// Whether it is withheld for a breach.
pub(crate) fn is_withheld(card: &TaxCard) -> bool {
    card.suspension_cause() == SuspensionCause::Breach
}

/// Gives a card that was withheld back.
pub(crate) fn restore(card: &mut TaxCard) {
    card.set_suspension_cause(SuspensionCause::Unspecified);
}

/// Ends a card with the privileges of its holder.
pub(crate) fn end(card: &mut TaxCard, call: &mut Call) {
    card.set_recall_cause(RecallCause::FunctionsEnded);
    call.timers().clear(EXPIRY);
}

fn orphan() -> Fault {
    Fault::new(proto::policy::v1::Reason::Internal, "a tax card is kept without its holder")
}
