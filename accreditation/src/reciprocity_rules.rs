//! Rules of reciprocity: drafted, cleared by the legal adviser, in force from a date until another takes their place
//! (VCDR art. 47.2; VCCR art. 72.2); and whom one would affect before it is in force.

use crate::benefits::Practice;
use crate::members::Members;
use crate::missions::Missions;
use crate::reciprocity::{self, IN_FORCE, Worth};
use crate::tax_cards::{LIVE, TaxCards};
use calendar::{Clock, Length};
use chrono::{DateTime, Utc};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::accreditation::v1::quota::Period;
use proto::accreditation::v1::reciprocity_rule::{Benefit, Level, State};
use proto::accreditation::v1::reciprocity_rule_service_server::ReciprocityRuleService;
use proto::accreditation::v1::{
    ActivateReciprocityRuleRequest, AffectedCard, Category, ClearReciprocityRuleRequest, CreateReciprocityRuleRequest,
    GetReciprocityRuleRequest, ListReciprocityRuleRevisionsRequest, ListReciprocityRuleRevisionsResponse,
    ListReciprocityRulesRequest, ListReciprocityRulesResponse, PreviewReciprocityRuleRequest,
    PreviewReciprocityRuleResponse, Quota, Reason, ReciprocityRule, ReturnReciprocityRuleRequest,
    SupersedeReciprocityRuleRequest, TaxCard, UpdateReciprocityRuleRequest, WatchReciprocityRulesRequest,
    WatchReciprocityRulesResponse,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use std::collections::HashSet;
use std::sync::Arc;
use tonic::{Request, Response};

/// The end of a rule that was said to end.
const END_TIMER: &str = "end";
/// How many cards a preview names.
const NAMED: usize = 1_000;
/// The states in which a mission's people and the mission itself enjoy benefits.
const AT_WORK: [&str; 4] = ["ESTABLISHING", "OPEN", "RESTRICTED", "CLOSING"];

/// The rules.
#[derive(Clone, Debug)]
pub struct ReciprocityRules {
    registry: Registry<Self>,
    members: Registry<Members>,
    missions: Registry<Missions>,
    cards: Registry<TaxCards>,
    practice: Arc<Practice>,
}

impl Keep for ReciprocityRules {
    type Record = ReciprocityRule;

    /// What we grant to which state is ours to know, until we tell it.
    fn visible(to: &Principal) -> Visible {
        if to.mission.is_some() { Visible::None } else { Visible::All }
    }

    fn admit(rule: &mut ReciprocityRule, call: &mut Call) -> Result<(), Fault> {
        consistent(rule, call)
    }

    fn amend(rule: &mut ReciprocityRule, _: &ReciprocityRule, call: &mut Call) -> Result<(), Fault> {
        consistent(rule, call)
    }

    /// The end was said beforehand; the contract says what it does.
    fn fire(_: &mut ReciprocityRule, _: &str, _: &mut Call) -> Result<(), Fault> {
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "another rule is in force for this state, category and benefit in that time";
        (name == "reciprocity_rules_one_in_force").then(|| Fault::new(Reason::RuleAlreadyInForce, words))
    }
}

/// The level and the restriction fit together, and the rule is about another state.
fn consistent(rule: &ReciprocityRule, call: &Call) -> Result<(), Fault> {
    let ours = rule.country == call.home().state;
    refuse_if(ours, Reason::SendingStateIsOurs, "reciprocity is with another state")?;
    let fits = match (rule.benefit(), rule.quota.as_ref().map(Quota::period)) {
        (_, None) => true,
        (Benefit::VehicleRegistration, Some(period)) => period == Period::AtOnce,
        (Benefit::CustomsClearance, Some(period)) => period != Period::AtOnce,
        (_, Some(_)) => false,
    };
    refuse_if(!fits, Reason::RestrictionContradicts, "vehicles are counted at one time, imports over a period")
        .map_err(|fault| fault.at("reciprocityRule.quota", "does not fit the benefit"))?;
    let contradicts = rule.restriction.is_some() != (rule.level() == Level::Restricted);
    let words = "a restriction goes with the level RESTRICTED, and with no other";
    refuse_if(contradicts, Reason::RestrictionContradicts, words)
        .map_err(|fault| fault.at("reciprocityRule.restriction", "does not fit the level"))?;
    let Some(restriction) = &rule.restriction else { return Ok(()) };
    let both = restriction.included().any(|included| restriction.excluded().any(|excluded| excluded == included));
    refuse_if(both, Reason::RestrictionContradicts, "what is included is excluded too")
        .map_err(|fault| fault.at("reciprocityRule.restriction.included", "is excluded too"))
}

impl ReciprocityRules {
    /// The rules that a registry keeps; what they would affect is looked for in the others.
    pub fn new(
        registry: Registry<Self>,
        members: Registry<Members>,
        missions: Registry<Missions>,
        cards: Registry<TaxCards>,
        practice: Arc<Practice>,
    ) -> Self {
        Self { registry, members, missions, cards, practice }
    }

    /// Whom the rule would affect from an instant on.
    async fn preview(&self, rule: ReciprocityRule, at: DateTime<Utc>) -> Result<PreviewReciprocityRuleResponse, Fault> {
        let category = rule.category().as_str_name();
        let benefit = rule.benefit().as_str_name();
        let others =
            self.registry.all(&[("category", &[category]), ("benefit", &[benefit]), ("state", &IN_FORCE)]).await?;
        let replaced = others.iter().find(|other| other.country == rule.country && reciprocity::holds(other, at));
        // A rule for every state does not reach those that have one of their own.
        let own: HashSet<&str> = others
            .iter()
            .filter(|other| !other.country.is_empty() && reciprocity::holds(other, at))
            .map(|other| other.country.as_str())
            .collect();
        let reaches = |state: &str| {
            if rule.country.is_empty() { !own.contains(state) } else { rule.country == state }
        };
        let mut answer = PreviewReciprocityRuleResponse {
            effective_time: Some(timestamp(at)),
            replaced_rule: replaced.map(|other| other.name.clone()).unwrap_or_default(),
            ..Default::default()
        };
        let missions = self.missions_reached(&rule, reaches).await?;
        answer.mission_count = count(missions.len());
        if rule.category() != Category::Unspecified {
            let live = crate::members::LIVE;
            for some in missions.chunks(NAMED) {
                let some: Vec<&str> = some.iter().map(String::as_str).collect();
                let fields = [("mission", some.as_slice()), ("category", &[category]), ("state", &live)];
                answer.member_count += count(usize::try_from(self.members.count(&fields).await?).unwrap_or_default());
            }
        }
        if rule.benefit() == Benefit::TaxExemption {
            self.cards_affected(&rule, reaches, &mut answer).await?;
        }
        Ok(answer)
    }

    async fn missions_reached(
        &self,
        rule: &ReciprocityRule,
        reaches: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, Fault> {
        let country = [rule.country.as_str()];
        let mut fields = vec![("state", AT_WORK.as_slice())];
        if !rule.country.is_empty() {
            fields.push(("sending_state", &country));
        }
        let mut names = Vec::new();
        let note = |mission: proto::accreditation::v1::Mission| {
            if reaches(&mission.sending_state) {
                names.push(mission.name);
            }
        };
        self.missions.each(&fields, note).await?;
        Ok(names)
    }

    /// The cards that are good or suspended and would be worth something else.
    async fn cards_affected(
        &self,
        rule: &ReciprocityRule,
        reaches: impl Fn(&str) -> bool,
        answer: &mut PreviewReciprocityRuleResponse,
    ) -> Result<(), Fault> {
        let (category, country) = ([rule.category().as_str_name()], [rule.country.as_str()]);
        let mut fields = vec![("category", category.as_slice()), ("state", &LIVE)];
        if !rule.country.is_empty() {
            fields.push(("sending_state", &country));
        }
        let currency = &self.registry.store().home().currency;
        let note = |card: TaxCard| {
            let Some(affected) = affected(&card, rule, &self.practice, currency) else { return };
            if !reaches(&card.sending_state) {
                return;
            }
            answer.card_count += 1;
            if answer.cards.len() < NAMED {
                answer.cards.push(affected);
            }
        };
        self.cards.each(&fields, note).await
    }
}

/// What a rule would make of a card; none if it stays as it is.
fn affected(card: &TaxCard, rule: &ReciprocityRule, practice: &Practice, currency: &str) -> Option<AffectedCard> {
    let personal = !card.member.is_empty();
    let grants = rule.level() != Level::Denied && (!card.family || rule.family);
    let new = grants.then(|| reciprocity::worth(rule, personal, practice, currency));
    let same = |new: &Worth| new.level == card.level() && new.restriction == card.restriction;
    if new.as_ref().is_some_and(same) {
        return None;
    }
    let holder = if personal { &card.member } else { &card.mission };
    Some(AffectedCard {
        card: card.name.clone(),
        holder: holder.clone(),
        level: card.level,
        new_level: new.as_ref().map(|new| new.level).unwrap_or_default().into(),
        new_restriction: new.map(|new| new.restriction).unwrap_or_default(),
    })
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[tonic::async_trait]
impl ReciprocityRuleService for ReciprocityRules {
    async fn get_reciprocity_rule(&self, request: Request<GetReciprocityRuleRequest>) -> Answer<ReciprocityRule> {
        self.registry.get(request).await
    }

    async fn list_reciprocity_rules(
        &self,
        request: Request<ListReciprocityRulesRequest>,
    ) -> Answer<ListReciprocityRulesResponse> {
        self.registry.list(request).await
    }

    async fn create_reciprocity_rule(&self, request: Request<CreateReciprocityRuleRequest>) -> Answer<ReciprocityRule> {
        self.registry.create(request).await
    }

    async fn update_reciprocity_rule(&self, request: Request<UpdateReciprocityRuleRequest>) -> Answer<ReciprocityRule> {
        self.registry.update(request).await
    }

    async fn clear_reciprocity_rule(&self, request: Request<ClearReciprocityRuleRequest>) -> Answer<ReciprocityRule> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn return_reciprocity_rule(&self, request: Request<ReturnReciprocityRuleRequest>) -> Answer<ReciprocityRule> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn activate_reciprocity_rule(
        &self,
        request: Request<ActivateReciprocityRuleRequest>,
    ) -> Answer<ReciprocityRule> {
        // Several that exclude one another, written at once, would each wait for the others: they come one by one.
        let alone = async |reader: &mut Reader<'_>, rule: &ReciprocityRule, _: &ActivateReciprocityRuleRequest| {
            let ReciprocityRule { country, category, benefit, .. } = rule;
            reader.alone(&format!("reciprocity of {country}, {category}, {benefit}")).await
        };
        self.registry.act_with(request, alone, |rule, ask, (), call| activate(rule, ask, call)).await
    }

    async fn supersede_reciprocity_rule(
        &self,
        request: Request<SupersedeReciprocityRuleRequest>,
    ) -> Answer<ReciprocityRule> {
        self.registry.act(request, supersede).await
    }

    async fn preview_reciprocity_rule(
        &self,
        request: Request<PreviewReciprocityRuleRequest>,
    ) -> Answer<PreviewReciprocityRuleResponse> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let rule = self.registry.load_for(&called.principal, &ask.name).await?;
        let rule = rule.ok_or_else(|| Fault::new(House::NotFound, "there is no such rule"))?;
        let at = ask.effective_time.as_ref().and_then(instant).unwrap_or_else(|| self.registry.store().now());
        Ok(Response::new(self.preview(rule, at).await?))
    }

    async fn list_reciprocity_rule_revisions(
        &self,
        request: Request<ListReciprocityRuleRevisionsRequest>,
    ) -> Answer<ListReciprocityRuleRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchReciprocityRulesStream = Feed<WatchReciprocityRulesResponse>;

    async fn watch_reciprocity_rules(
        &self,
        request: Request<WatchReciprocityRulesRequest>,
    ) -> Answer<Self::WatchReciprocityRulesStream> {
        self.registry.watch(request).await
    }
}

/// Nothing takes effect in the past: what was answered then was answered by what held then.
fn activate(rule: &mut ReciprocityRule, request: ActivateReciprocityRuleRequest, call: &mut Call) -> Result<(), Fault> {
    let from = request.effective_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    refuse_if(from < call.now(), Reason::EffectiveTimeUnfit, "a rule takes effect now or later")
        .map_err(|fault| fault.at("effectiveTime", "is past"))?;
    rule.effective_time = Some(timestamp(from));
    Ok(())
}

fn supersede(
    rule: &mut ReciprocityRule,
    request: SupersedeReciprocityRuleRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    let end = request.end_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    let from = rule.effective_time.as_ref().and_then(instant);
    let unfit = end < call.now() || from.is_none_or(|from| end <= from);
    refuse_if(unfit, Reason::EffectiveTimeUnfit, "a rule ends now or later, and after it took effect")
        .map_err(|fault| fault.at("endTime", "is past, or not after the rule took effect"))?;
    rule.end_time = Some(timestamp(end));
    if end <= call.now() {
        rule.set_state(State::Superseded);
        call.timers().clear(END_TIMER);
        return Ok(());
    }
    let left = (end - call.now()).to_std().unwrap_or_default();
    let clock = Clock::new(call.now(), Length::Exactly(left));
    call.timers().set(END_TIMER, clock);
    Ok(())
}
