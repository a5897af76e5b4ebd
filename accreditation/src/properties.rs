//! Properties of missions: each purchase, lease, sale, alteration and change of use is notified, and may proceed unless we
//! disapprove within the period of decision (22 U.S.C. 4305; VCDR art. 12, 21, 45; VCCR art. 30, 31).

use crate::filing;
use crate::property_note::{complete as is_complete, consulted, missing, record, unopposed, zoned};
use crate::usage::usage;
use calendar::{Clock, Length, due};
use chrono::{DateTime, Utc};
use fault::{Fault, refuse_if};
use identity::Principal;
use prost_types::Timestamp;
use proto::accreditation::v1::property::State;
use proto::accreditation::v1::property_service_server::PropertyService;
use proto::accreditation::v1::{
    ApprovePropertyRequest, ApprovePropertyWithConditionsRequest, CompletePropertyRequest, CreatePropertyRequest,
    DeclareUseRequest, DisapprovePropertyRequest, EndCustodyRequest, FindIncompleteRequest, FulfilConditionRequest,
    GetPropertyRequest, ListPropertiesRequest, ListPropertiesResponse, ListPropertyRevisionsRequest,
    ListPropertyRevisionsResponse, Mission, OrderDivestitureRequest, Property, PropertyCondition, PropertyCustody,
    PropertyDivestiture, PropertyOpinion, Reason, RecordDivestitureRequest, RecordLocalLawRequest,
    RecordOpinionRequest, ReviewPropertyRequest, SupplementPropertyRequest, TakeIntoCustodyRequest,
    UpdatePropertyRequest, WatchPropertiesRequest, WatchPropertiesResponse, WithdrawPropertyRequest, mission,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use tonic::Request;

/// The end of the period of decision.
const DECISION: &str = "decision";

/// The properties.
#[derive(Clone, Debug)]
pub struct Properties {
    registry: Registry<Self>,
}

impl Keep for Properties {
    type Record = Property;

    /// A mission's own staff see what their mission notified; others who may read properties see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    /// The period is over and nobody has objected.
    fn fire(property: &mut Property, _: &str, _: &mut Call) -> Result<(), Fault> {
        property.decide_time = property.decision_due_time.take();
        Ok(())
    }
}

impl Properties {
    /// The properties that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl PropertyService for Properties {
    async fn get_property(&self, request: Request<GetPropertyRequest>) -> Answer<Property> {
        self.registry.get(request).await
    }

    async fn list_properties(&self, request: Request<ListPropertiesRequest>) -> Answer<ListPropertiesResponse> {
        self.registry.list(request).await
    }

    async fn create_property(&self, request: Request<CreatePropertyRequest>) -> Answer<Property> {
        self.registry.create_with(request, surroundings, notify).await
    }

    async fn update_property(&self, request: Request<UpdatePropertyRequest>) -> Answer<Property> {
        self.registry.update(request).await
    }

    async fn find_incomplete(&self, request: Request<FindIncompleteRequest>) -> Answer<Property> {
        self.registry.act(request, find_incomplete).await
    }

    async fn supplement_property(&self, request: Request<SupplementPropertyRequest>) -> Answer<Property> {
        self.registry.act(request, supplement).await
    }

    async fn review_property(&self, request: Request<ReviewPropertyRequest>) -> Answer<Property> {
        self.registry.act(request, review).await
    }

    async fn record_opinion(&self, request: Request<RecordOpinionRequest>) -> Answer<Property> {
        self.registry.act(request, record_opinion).await
    }

    async fn approve_property(&self, request: Request<ApprovePropertyRequest>) -> Answer<Property> {
        self.registry.act(request, approve).await
    }

    async fn approve_property_with_conditions(
        &self,
        request: Request<ApprovePropertyWithConditionsRequest>,
    ) -> Answer<Property> {
        self.registry.act(request, approve_with_conditions).await
    }

    async fn disapprove_property(&self, request: Request<DisapprovePropertyRequest>) -> Answer<Property> {
        self.registry.act(request, disapprove).await
    }

    async fn fulfil_condition(&self, request: Request<FulfilConditionRequest>) -> Answer<Property> {
        self.registry.act(request, fulfil_condition).await
    }

    async fn complete_property(&self, request: Request<CompletePropertyRequest>) -> Answer<Property> {
        self.registry.act(request, complete).await
    }

    async fn withdraw_property(&self, request: Request<WithdrawPropertyRequest>) -> Answer<Property> {
        self.registry.act(request, withdraw).await
    }

    async fn declare_use(&self, request: Request<DeclareUseRequest>) -> Answer<Property> {
        self.registry.act(request, declare_use).await
    }

    async fn record_local_law(&self, request: Request<RecordLocalLawRequest>) -> Answer<Property> {
        self.registry.act(request, record_local_law).await
    }

    async fn order_divestiture(&self, request: Request<OrderDivestitureRequest>) -> Answer<Property> {
        self.registry.act(request, order_divestiture).await
    }

    async fn record_divestiture(&self, request: Request<RecordDivestitureRequest>) -> Answer<Property> {
        self.registry.act(request, record_divestiture).await
    }

    async fn take_into_custody(&self, request: Request<TakeIntoCustodyRequest>) -> Answer<Property> {
        self.registry.act_with(request, unprotected, take_into_custody).await
    }

    async fn end_custody(&self, request: Request<EndCustodyRequest>) -> Answer<Property> {
        self.registry.act(request, end_custody).await
    }

    async fn list_property_revisions(
        &self,
        request: Request<ListPropertyRevisionsRequest>,
    ) -> Answer<ListPropertyRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchPropertiesStream = Feed<WatchPropertiesResponse>;

    async fn watch_properties(&self, request: Request<WatchPropertiesRequest>) -> Answer<Self::WatchPropertiesStream> {
        self.registry.watch(request).await
    }
}

/// The mission that notifies, and the action by which it holds the property.
async fn surroundings(
    reader: &mut Reader<'_>,
    property: &Property,
) -> Result<(Option<Mission>, Option<Property>), Fault> {
    let previous = match property.previous.as_str() {
        "" => None,
        name => reader.share(name).await?,
    };
    Ok((reader.share(&property.mission).await?, previous))
}

fn notify(
    property: &mut Property,
    (mission, previous): (Option<Mission>, Option<Property>),
    call: &mut Call,
) -> Result<(), Fault> {
    let mission = filing::own_at_work(mission, "property.mission", call)?;
    let held = previous.is_some_and(|held| held.mission == mission.name && held.state() == State::Completed);
    let words = "what the mission acts upon is no completed property of its own";
    refuse_if(!property.previous.is_empty() && !held, Reason::PropertyUnrelated, words)
        .map_err(|fault| fault.at("property.previous", "is no completed property of this mission"))?;
    property.notify_time = Some(call.timestamp());
    let clock = Clock::new(call.now(), Length::Days(usage().property.decision_days));
    call.timers().set(DECISION, clock);
    show_due(property, call);
    Ok(())
}

/// Tells when the period ends; nothing while it stands still.
fn show_due(property: &mut Property, call: &mut Call) {
    property.decision_due_time = period_end(call).map(timestamp);
}

fn period_end(call: &mut Call) -> Option<DateTime<Utc>> {
    let clock = call.timers().get(DECISION).cloned();
    clock.and_then(|clock| due(&clock, call.days()))
}

/// What was not decided within the period is approved by its end, even before the timer has said so.
fn in_time(call: &mut Call) -> Result<(), Fault> {
    let over = period_end(call).is_some_and(|end| end <= call.now());
    refuse_if(over, Reason::DecisionOverdue, "the period of decision is over, and the action may proceed")
}

fn decide(property: &mut Property, call: &mut Call) -> Result<(), Fault> {
    in_time(call)?;
    call.timers().clear(DECISION);
    property.decide_time = Some(call.timestamp());
    property.decision_due_time = None;
    Ok(())
}

/// The period stands still for what is lacking, and for nothing else.
fn find_incomplete(property: &mut Property, request: FindIncompleteRequest, call: &mut Call) -> Result<(), Fault> {
    in_time(call)?;
    let missing = missing(property);
    let nothing = missing.is_empty() && request.wanted.is_empty();
    refuse_if(nothing, Reason::NothingMissing, "the note has what it must have, and nothing more is asked for")?;
    property.missing = missing.into_iter().map(Into::into).collect();
    property.wanted = request.wanted;
    call.timers().pause(DECISION)?;
    show_due(property, call);
    Ok(())
}

fn supplement(property: &mut Property, request: SupplementPropertyRequest, call: &mut Call) -> Result<(), Fault> {
    property.documents.extend(request.documents);
    is_complete(property)?;
    property.missing.clear();
    property.wanted.clear();
    call.timers().resume(DECISION)?;
    show_due(property, call);
    Ok(())
}

fn review(property: &mut Property, _: ReviewPropertyRequest, _: &mut Call) -> Result<(), Fault> {
    is_complete(property)
}

fn record_opinion(property: &mut Property, request: RecordOpinionRequest, call: &mut Call) -> Result<(), Fault> {
    record_all(property, request.opinion, call)
}

fn record_all(
    property: &mut Property,
    opinions: impl IntoIterator<Item = PropertyOpinion>,
    call: &Call,
) -> Result<(), Fault> {
    let stamped = |opinion| PropertyOpinion { time: Some(call.timestamp()), ..opinion };
    opinions.into_iter().map(stamped).try_for_each(|opinion| record(&mut property.opinions, opinion))
}

fn approve(property: &mut Property, request: ApprovePropertyRequest, call: &mut Call) -> Result<(), Fault> {
    record_all(property, request.opinions, call)?;
    consulted(&property.opinions)?;
    unopposed(&property.opinions)?;
    decide(property, call)
}

fn approve_with_conditions(
    property: &mut Property,
    request: ApprovePropertyWithConditionsRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    record_all(property, request.opinions, call)?;
    consulted(&property.opinions)?;
    let numbered = |(number, condition)| PropertyCondition { number, fulfil_time: None, ..condition };
    property.conditions = (1..).zip(request.conditions).map(numbered).collect();
    decide(property, call)
}

fn disapprove(property: &mut Property, request: DisapprovePropertyRequest, call: &mut Call) -> Result<(), Fault> {
    property.grounds = request.grounds;
    decide(property, call)
}

fn fulfil_condition(property: &mut Property, request: FulfilConditionRequest, call: &mut Call) -> Result<(), Fault> {
    let found = property.conditions.iter_mut().find(|condition| condition.number == request.number);
    let unknown = || Fault::new(Reason::ConditionUnknown, "there is no condition of this number");
    found.ok_or_else(unknown)?.fulfil_time = Some(call.timestamp());
    Ok(())
}

fn complete(property: &mut Property, request: CompletePropertyRequest, call: &mut Call) -> Result<(), Fault> {
    let done = past(request.completion_time.as_ref(), call)?;
    let early = property.decide_time.as_ref().and_then(instant).is_some_and(|decided| done < decided);
    refuse_if(early, Reason::TimesImplausible, "the action was done before it could proceed")?;
    let open =
        property.conditions.iter().find(|condition| condition.before_completion && condition.fulfil_time.is_none());
    refuse_if(open.is_some(), Reason::ConditionOpen, "a condition is to be fulfilled first")
        .map_err(|fault| fault.with("condition", open.map_or(0, |condition| condition.number).to_string()))?;
    zoned(property)?;
    property.completion_time = Some(timestamp(done));
    Ok(())
}

fn withdraw(property: &mut Property, _: WithdrawPropertyRequest, call: &mut Call) -> Result<(), Fault> {
    call.timers().clear(DECISION);
    property.decision_due_time = None;
    Ok(())
}

fn declare_use(property: &mut Property, request: DeclareUseRequest, call: &mut Call) -> Result<(), Fault> {
    let Some(mut declared) = request.declaration else { return Ok(()) };
    let approved = property.declaration.as_ref().and_then(|declaration| declaration.commercial_use).unwrap_or_default();
    property.use_deviates = declared.r#use != property.proposed_use || (declared.commercial_use && !approved);
    declared.time = Some(call.timestamp());
    property.use_declarations.push(declared);
    Ok(())
}

fn record_local_law(property: &mut Property, request: RecordLocalLawRequest, _: &mut Call) -> Result<(), Fault> {
    property.local_law = request.local_law;
    Ok(())
}

fn order_divestiture(property: &mut Property, request: OrderDivestitureRequest, call: &mut Call) -> Result<(), Fault> {
    let ahead = request.deadline_time.as_ref().and_then(instant).is_some_and(|deadline| deadline > call.now());
    refuse_if(!ahead, Reason::TimesImplausible, "the deadline lies ahead")?;
    property.divestiture = Some(PropertyDivestiture {
        ground: request.ground,
        deadline_time: request.deadline_time,
        order_time: Some(call.timestamp()),
        done_time: None,
    });
    Ok(())
}

fn record_divestiture(property: &mut Property, _: RecordDivestitureRequest, call: &mut Call) -> Result<(), Fault> {
    if let Some(order) = &mut property.divestiture {
        order.done_time = Some(call.timestamp());
    }
    Ok(())
}

/// Whether nobody looks after the mission's property: it was recalled for good or for a time, or relations are broken, also
/// while our consent is asked for anew, and no third state protects it (art. 45).
async fn unprotected(reader: &mut Reader<'_>, property: &Property, _: &TakeIntoCustodyRequest) -> Result<bool, Fault> {
    let mission: Option<Mission> = reader.share(&property.mission).await?;
    let away = |mission: &Mission| {
        use mission::State as M;
        let asks = matches!(mission.state(), M::ConsentReview | M::Consented | M::Refused);
        asks || matches!(mission.state(), M::Suspended | M::Closing | M::Closed | M::Severed)
    };
    Ok(mission.is_none_or(|mission| away(&mission) && mission.protecting_power.is_empty()))
}

fn take_into_custody(
    property: &mut Property,
    request: TakeIntoCustodyRequest,
    unprotected: bool,
    call: &mut Call,
) -> Result<(), Fault> {
    let words = "the mission is at work, or another state protects its property";
    refuse_if(!unprotected, Reason::CustodyNotNeeded, words)?;
    let custodian = request.custodian;
    property.custody = Some(PropertyCustody { custodian, start_time: Some(call.timestamp()), end_time: None });
    Ok(())
}

fn end_custody(property: &mut Property, _: EndCustodyRequest, call: &mut Call) -> Result<(), Fault> {
    if let Some(custody) = &mut property.custody {
        custody.end_time = Some(call.timestamp());
    }
    Ok(())
}

/// The instant at which something was done: now, or a past one.
fn past(time: Option<&Timestamp>, call: &Call) -> Result<DateTime<Utc>, Fault> {
    let done = time.and_then(instant).unwrap_or_else(|| call.now());
    refuse_if(done > call.now(), Reason::TimesImplausible, "what was done lies in the past")?;
    Ok(done)
}
