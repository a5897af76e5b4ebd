//! Certificates of status for courts: a member's status and immunity at an instant, with the articles, kept as given.

use crate::dossier::{Dossier, Dossiers};
use crate::immunity::{Circumstances, Question, Rules, determine, standing};
use crate::papers::{Papers, certificate};
use chrono::{DateTime, Utc};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::accreditation::v1::status_certificate_service_server::StatusCertificateService;
use proto::accreditation::v1::{
    CertifiedImmunity, CertifyStatusRequest, GetStatusCertificateRequest, ListStatusCertificatesRequest,
    ListStatusCertificatesResponse, Matter, PrintStatusCertificateRequest, Reason, StatusCertificate,
    WatchStatusCertificatesRequest, WatchStatusCertificatesResponse,
};
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use registry::{Answer, Feed, Keep, Registry, Visible, instant, timestamp};
use std::sync::Arc;
use tonic::{Request, Response};
use uuid::Uuid;

/// The certificates.
#[derive(Clone, Debug)]
pub struct StatusCertificates {
    registry: Registry<Self>,
    dossiers: Dossiers,
    rules: Arc<Rules>,
    papers: Papers,
}

impl Keep for StatusCertificates {
    type Record = StatusCertificate;

    /// A mission sees what was certified of its own people.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }
}

impl StatusCertificates {
    /// The certificates that a registry keeps.
    pub fn new(registry: Registry<Self>, dossiers: Dossiers, rules: Arc<Rules>, papers: Papers) -> Self {
        Self { registry, dossiers, rules, papers }
    }

    /// What the register and the rules say of a member's status at an instant.
    fn certify(
        &self,
        dossier: &Dossier,
        ask: &CertifyStatusRequest,
        at: DateTime<Utc>,
        by: &Principal,
    ) -> StatusCertificate {
        let member = &dossier.member;
        // A waiver counts if it was declared for these proceedings, or for all.
        let waived = dossier.waived(&ask.court_reference);
        let subject = dossier.subject_with(&waived);
        let held = standing(&self.rules, &subject, at);
        let matters = (1..).map_while(|number| Matter::try_from(number).ok());
        let immunity = |matter: Matter| {
            let question = Question { matter, instant: at, circumstances: Circumstances::default() };
            let found = determine(&self.rules, &subject, &question);
            CertifiedImmunity {
                matter: matter.into(),
                immune: found.immune.into(),
                conditions: found.conditions.iter().map(|condition| (*condition).to_owned()).collect(),
                provisions: found.citations.iter().map(|c| format!("{} {}", c.instrument, c.provision)).collect(),
            }
        };
        StatusCertificate {
            name: format!("statusCertificates/{}", Uuid::now_v7()),
            member: member.name.clone(),
            mission: member.mission.clone(),
            instant: Some(timestamp(at)),
            court: ask.court.clone(),
            court_reference: ask.court_reference.clone(),
            holder: format!("{} {}", member.given_names, member.family_name),
            birth_date: member.birth_date.clone(),
            title: title_at(dossier, at),
            mission_title: dossier.mission.title.clone(),
            category: member.category,
            tier: held.tier.into(),
            status: held.status.into(),
            immunities: matters.map(immunity).collect(),
            member_version: registry::version(&member.etag).unwrap_or_default(),
            rules: self.rules.identity().to_owned(),
            issued_by: by.subject.to_string(),
            ..StatusCertificate::default()
        }
    }
}

/// The title that the person had at an instant: that of the last fact which held by then.
fn title_at(dossier: &Dossier, at: DateTime<Utc>) -> String {
    let facts = dossier.member.facts.iter().rev();
    let held = facts.filter(|fact| fact.effective_time.as_ref().and_then(instant).is_some_and(|from| from <= at));
    held.map(|fact| fact.title.clone()).next().unwrap_or_else(|| dossier.member.title.clone())
}

#[tonic::async_trait]
impl StatusCertificateService for StatusCertificates {
    async fn certify_status(&self, request: Request<CertifyStatusRequest>) -> Answer<StatusCertificate> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let missing = || Fault::new(House::NotFound, "there is no such member");
        let own =
            |dossier: &Dossier| called.principal.mission.as_deref().is_none_or(|own| own == dossier.member.mission);
        let dossier = self.dossiers.of(&ask.name).await?.filter(own).ok_or_else(missing)?;
        let now = self.registry.store().now();
        let at = ask.instant.as_ref().and_then(instant).unwrap_or(now);
        refuse_if(at > now, Reason::DatesImplausible, "nobody can certify what status a person will have")
            .map_err(|fault| fault.at("instant", "lies in the future"))?;
        let certificate = self.certify(&dossier, &ask, at, &called.principal);
        let kept = self.registry.append(&called, &ask, certificate).await?;
        Ok(Response::new(kept.record))
    }

    async fn get_status_certificate(&self, request: Request<GetStatusCertificateRequest>) -> Answer<StatusCertificate> {
        self.registry.get(request).await
    }

    async fn list_status_certificates(
        &self,
        request: Request<ListStatusCertificatesRequest>,
    ) -> Answer<ListStatusCertificatesResponse> {
        self.registry.list(request).await
    }

    async fn print_status_certificate(&self, request: Request<PrintStatusCertificateRequest>) -> Answer<HttpBody> {
        let certificate = self.registry.get(request).await?.into_inner();
        let order = certificate::order(&self.papers, &certificate, self.registry.store().home())?;
        Ok(Response::new(self.papers.print(order).await?))
    }

    type WatchStatusCertificatesStream = Feed<WatchStatusCertificatesResponse>;

    async fn watch_status_certificates(
        &self,
        request: Request<WatchStatusCertificatesRequest>,
    ) -> Answer<Self::WatchStatusCertificatesStream> {
        self.registry.watch(request).await
    }
}
