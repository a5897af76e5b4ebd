//! Controls on travel and contacts: drafted by one, enacted by another, in force between two instants (22 U.S.C. 4302, 4304).

use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::control_rule::Trigger;
use proto::accreditation::v1::control_rule_service_server::ControlRuleService;
use proto::accreditation::v1::{
    ControlRule, CreateControlRuleRequest, DropControlRuleRequest, EnactControlRuleRequest, GetControlRuleRequest,
    ListControlRuleRevisionsRequest, ListControlRuleRevisionsResponse, ListControlRulesRequest,
    ListControlRulesResponse, Reason, RepealControlRuleRequest, UpdateControlRuleRequest, WatchControlRulesRequest,
    WatchControlRulesResponse,
};
use registry::{Answer, Call, Feed, Keep, Registry, Visible, instant, timestamp};
use tonic::Request;

/// The rules.
#[derive(Clone, Debug)]
pub struct ControlRules {
    registry: Registry<Self>,
}

impl Keep for ControlRules {
    type Record = ControlRule;

    /// What binds a member is explained in the answer to a notice; the rules themselves are ours.
    fn visible(to: &Principal) -> Visible {
        if to.mission.is_some() { Visible::None } else { Visible::All }
    }

    fn admit(rule: &mut ControlRule, _: &mut Call) -> Result<(), Fault> {
        is_whole(rule)
    }

    fn amend(rule: &mut ControlRule, _: &ControlRule, _: &mut Call) -> Result<(), Fault> {
        is_whole(rule)
    }
}

impl ControlRules {
    /// The rules that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl ControlRuleService for ControlRules {
    async fn get_control_rule(&self, request: Request<GetControlRuleRequest>) -> Answer<ControlRule> {
        self.registry.get(request).await
    }

    async fn list_control_rules(&self, request: Request<ListControlRulesRequest>) -> Answer<ListControlRulesResponse> {
        self.registry.list(request).await
    }

    async fn create_control_rule(&self, request: Request<CreateControlRuleRequest>) -> Answer<ControlRule> {
        self.registry.create(request).await
    }

    async fn update_control_rule(&self, request: Request<UpdateControlRuleRequest>) -> Answer<ControlRule> {
        self.registry.update(request).await
    }

    async fn enact_control_rule(&self, request: Request<EnactControlRuleRequest>) -> Answer<ControlRule> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn repeal_control_rule(&self, request: Request<RepealControlRuleRequest>) -> Answer<ControlRule> {
        self.registry.act(request, repeal).await
    }

    async fn drop_control_rule(&self, request: Request<DropControlRuleRequest>) -> Answer<ControlRule> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn list_control_rule_revisions(
        &self,
        request: Request<ListControlRuleRevisionsRequest>,
    ) -> Answer<ListControlRuleRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchControlRulesStream = Feed<WatchControlRulesResponse>;

    async fn watch_control_rules(
        &self,
        request: Request<WatchControlRulesRequest>,
    ) -> Answer<Self::WatchControlRulesStream> {
        self.registry.watch(request).await
    }
}

/// A rule can be held against a notice: a control on travel has its circle, and its dates are in order.
fn is_whole(rule: &ControlRule) -> Result<(), Fault> {
    let circle = rule.centre.is_some() && rule.radius_metres > 0;
    let words = "a control on travel says which circle members may move in freely";
    refuse_if(rule.trigger() == Trigger::TravelRadius && !circle, Reason::ControlIncomplete, words)
        .map_err(|fault| fault.at("controlRule.centre", "is needed, with radiusMetres"))?;
    let from = rule.effective_time.as_ref().and_then(instant);
    let until = rule.end_time.as_ref().and_then(instant);
    refuse_if(until.is_some() && until <= from, Reason::TimesImplausible, "the rule ends before it binds")
}

/// The end lies ahead: what was owed stays owed. A rule that does not bind yet ends where it begins.
fn repeal(rule: &mut ControlRule, request: RepealControlRuleRequest, call: &mut Call) -> Result<(), Fault> {
    let end = request.end_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    refuse_if(end < call.now(), Reason::TimesImplausible, "a rule is not repealed for the past")?;
    let from = rule.effective_time.as_ref().and_then(instant).unwrap_or(end);
    let last = end.max(from);
    let end = rule.end_time.as_ref().and_then(instant).map_or(last, |earlier| earlier.min(last));
    rule.end_time = Some(timestamp(end));
    Ok(())
}
