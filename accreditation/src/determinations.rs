//! The question whether a person is immune, and the answers given, each kept as it was given.

use crate::dossier::{Dossier, Dossiers};
use crate::immunity::{Circumstances, Question, Rules, determine};
use crate::members::Members;
use fault::Fault;
use identity::{Called, Principal};
use proto::accreditation::v1::immunity_service_server::ImmunityService;
use proto::accreditation::v1::{
    Citation, Determination, DetermineImmunityRequest, GetDeterminationRequest, ListDeterminationsRequest,
    ListDeterminationsResponse, WatchDeterminationsRequest, WatchDeterminationsResponse,
};
use proto::policy::v1::Reason;
use registry::{Answer, Feed, Keep, Registry, Visible, instant, timestamp};
use std::sync::Arc;
use tonic::{Request, Response};
use uuid::Uuid;

/// The answers given.
#[derive(Clone, Debug)]
pub struct Determinations {
    registry: Registry<Self>,
    dossiers: Dossiers,
    rules: Arc<Rules>,
}

impl Keep for Determinations {
    type Record = Determination;

    /// An agency sees what it was answered itself; those who may read members see all. A mission's staff see none:
    /// whom the police asked about is not theirs to know.
    fn visible(to: &Principal) -> Visible {
        match &to.agency {
            _ if to.mission.is_some() => Visible::None,
            Some(agency) if !to.may("accreditation.members.read") => Visible::having("agency", agency),
            None if !to.may("accreditation.members.read") => Visible::having("asked_by", &to.subject),
            _ => Visible::All,
        }
    }
}

impl Determinations {
    /// The answers that a registry keeps.
    pub fn new(registry: Registry<Self>, dossiers: Dossiers, rules: Arc<Rules>) -> Self {
        Self { registry, dossiers, rules }
    }

    /// The answer to a question about a person, from what the register and the rules say now.
    fn answer(&self, dossier: &Dossier, ask: &DetermineImmunityRequest, called: &Called) -> Determination {
        let at = ask.instant.as_ref().and_then(instant).unwrap_or_else(|| self.registry.store().now());
        let proceedings = ask.circumstances.as_ref().map_or("", |given| &given.proceedings);
        let waived = dossier.waived(proceedings);
        let circumstances = ask.circumstances.as_ref().map(circumstances).unwrap_or_default();
        let question = Question { matter: ask.matter(), instant: at, circumstances };
        let found = determine(&self.rules, &dossier.subject_with(&waived), &question);
        Determination {
            name: format!("determinations/{}", Uuid::now_v7()),
            member: dossier.member.name.clone(),
            matter: ask.matter,
            instant: Some(timestamp(at)),
            circumstances: ask.circumstances.clone(),
            immune: found.immune.into(),
            advice: found.advice.to_owned(),
            conditions: found.conditions.iter().map(|condition| (*condition).to_owned()).collect(),
            citations: found
                .citations
                .iter()
                .map(|provision| Citation {
                    instrument: provision.instrument.clone(),
                    provision: provision.provision.clone(),
                    effect: provision.effect.clone(),
                })
                .collect(),
            tier: found.tier.into(),
            status: found.status.into(),
            derived_from: found.derived_from.into(),
            member_version: version(&dossier.member.etag),
            rules: self.rules.identity().to_owned(),
            asked_by: called.principal.subject.to_string(),
            agency: called.principal.agency.as_deref().unwrap_or_default().to_owned(),
            reference: ask.reference.clone(),
            ..Determination::default()
        }
    }
}

#[tonic::async_trait]
impl ImmunityService for Determinations {
    async fn determine_immunity(&self, request: Request<DetermineImmunityRequest>) -> Answer<Determination> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let mut found = self.dossiers.recent(&ask.name).await?;
        loop {
            let dossier = found.filter(|dossier| is_visible(&called.principal, dossier));
            let dossier = dossier.ok_or_else(|| Fault::new(Reason::NotFound, "there is no such member"))?;
            let answer = self.answer(&dossier, &ask, &called);
            if let Some(kept) = self.registry.append_on(&called, &ask, answer, dossier.grounds()).await? {
                return Ok(Response::new(kept.record));
            }
            // A record that it rests on has changed since it was read: the answer is thought over.
            found = self.dossiers.anew(&ask.name).await?;
        }
    }

    async fn get_determination(&self, request: Request<GetDeterminationRequest>) -> Answer<Determination> {
        self.registry.get(request).await
    }

    async fn list_determinations(
        &self,
        request: Request<ListDeterminationsRequest>,
    ) -> Answer<ListDeterminationsResponse> {
        self.registry.list(request).await
    }

    type WatchDeterminationsStream = Feed<WatchDeterminationsResponse>;

    async fn watch_determinations(
        &self,
        request: Request<WatchDeterminationsRequest>,
    ) -> Answer<Self::WatchDeterminationsStream> {
        self.registry.watch(request).await
    }
}

/// Whether the caller may ask about the person: those who see members, by the same rule; partners about everyone.
fn is_visible(principal: &Principal, dossier: &Dossier) -> bool {
    match Members::visible(principal) {
        Visible::All => true,
        Visible::None => false,
        Visible::Where(_) => principal.mission.as_deref() == Some(dossier.member.mission.as_str()),
    }
}

/// The circumstances as the engine takes them: what is not set is not known.
fn circumstances(given: &proto::accreditation::v1::Circumstances) -> Circumstances {
    Circumstances {
        grave_crime: given.grave_crime,
        judicial_decision: given.judicial_decision,
        civil_action: Some(given.civil_action()).filter(|action| *action as i32 != 0),
        held_for_mission: given.held_for_mission,
        contract_as_agent: given.contract_as_agent,
        official_matters: given.official_matters,
        infringes_inviolability: given.infringes_inviolability,
        tax_kind: Some(given.tax_kind()).filter(|kind| *kind as i32 != 0),
        serious_grounds: given.serious_grounds,
    }
}

/// The version in an etag.
fn version(etag: &str) -> i64 {
    registry::version(etag).unwrap_or_default()
}
