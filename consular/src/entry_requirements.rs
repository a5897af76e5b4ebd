//! Who needs a visa where: one rule for each nationality and destination, each version of it kept.

use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::entry_requirement::Requirement;
use proto::consular::v1::entry_requirement_service_server::EntryRequirementService;
use proto::consular::v1::{
    CreateEntryRequirementRequest, DeleteEntryRequirementRequest, EntryRequirement, ExportEntryRequirementsRequest,
    ExportEntryRequirementsResponse, GetEntryRequirementRequest, ImportEntryRequirementsRequest,
    ImportEntryRequirementsResponse, ListEntryRequirementRevisionsRequest, ListEntryRequirementRevisionsResponse,
    ListEntryRequirementsRequest, ListEntryRequirementsResponse, Reason, UpdateEntryRequirementRequest,
    WatchEntryRequirementsRequest, WatchEntryRequirementsResponse,
};
use registry::{Answer, Call, Feed, Keep, Registry, Visible};
use tonic::{Request, Streaming};

/// The rules.
#[derive(Clone, Debug)]
pub struct EntryRequirements {
    registry: Registry<Self>,
}

impl Keep for EntryRequirements {
    type Record = EntryRequirement;

    /// What travellers need is no secret.
    fn visible(_: &Principal) -> Visible {
        Visible::All
    }

    fn admit(rule: &mut EntryRequirement, _: &mut Call) -> Result<(), Fault> {
        let own = rule.nationality == rule.destination;
        refuse_if(own, Reason::NationalityIsDestination, "nationals enter their own country by right")?;
        stay_is_said_where_it_may_be(rule)
    }

    fn amend(rule: &mut EntryRequirement, _: &EntryRequirement, _: &mut Call) -> Result<(), Fault> {
        stay_is_said_where_it_may_be(rule)
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "there is a rule for this nationality and destination";
        (name == "entry_requirements_one_rule").then(|| Fault::new(Reason::RequirementAlreadyKept, words))
    }
}

/// How long one may stay with a visa of the usual kind, the visa says.
fn stay_is_said_where_it_may_be(rule: &EntryRequirement) -> Result<(), Fault> {
    let without_visa =
        matches!(rule.requirement(), Requirement::VisaFree | Requirement::VisaOnArrival | Requirement::EVisa);
    let words = "a number of days belongs to a stay without a visa, or with one on arrival or by computer";
    refuse_if(rule.stay_days != 0 && !without_visa, Reason::StayMisplaced, words)
}

impl EntryRequirements {
    /// The rules that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl EntryRequirementService for EntryRequirements {
    async fn get_entry_requirement(&self, request: Request<GetEntryRequirementRequest>) -> Answer<EntryRequirement> {
        self.registry.get(request).await
    }

    async fn list_entry_requirements(
        &self,
        request: Request<ListEntryRequirementsRequest>,
    ) -> Answer<ListEntryRequirementsResponse> {
        self.registry.list(request).await
    }

    async fn create_entry_requirement(
        &self,
        request: Request<CreateEntryRequirementRequest>,
    ) -> Answer<EntryRequirement> {
        self.registry.create(request).await
    }

    async fn update_entry_requirement(
        &self,
        request: Request<UpdateEntryRequirementRequest>,
    ) -> Answer<EntryRequirement> {
        self.registry.update(request).await
    }

    async fn delete_entry_requirement(
        &self,
        request: Request<DeleteEntryRequirementRequest>,
    ) -> Answer<EntryRequirement> {
        self.registry.delete(request).await
    }

    async fn list_entry_requirement_revisions(
        &self,
        request: Request<ListEntryRequirementRevisionsRequest>,
    ) -> Answer<ListEntryRequirementRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchEntryRequirementsStream = Feed<WatchEntryRequirementsResponse>;

    async fn watch_entry_requirements(
        &self,
        request: Request<WatchEntryRequirementsRequest>,
    ) -> Answer<Self::WatchEntryRequirementsStream> {
        self.registry.watch(request).await
    }

    type ImportEntryRequirementsStream = Feed<ImportEntryRequirementsResponse>;

    async fn import_entry_requirements(
        &self,
        request: Request<Streaming<ImportEntryRequirementsRequest>>,
    ) -> Answer<Self::ImportEntryRequirementsStream> {
        self.registry.import(request, |_, _| Ok(())).await
    }

    type ExportEntryRequirementsStream = Feed<ExportEntryRequirementsResponse>;

    async fn export_entry_requirements(
        &self,
        request: Request<ExportEntryRequirementsRequest>,
    ) -> Answer<Self::ExportEntryRequirementsStream> {
        self.registry.export(request).await
    }
}
