//! The bank of specimen signatures: who may sign for which authority, from when to when, as that authority has told us.

use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::specimen_signature::State;
use proto::consular::v1::specimen_signature_service_server::SpecimenSignatureService;
use proto::consular::v1::{
    CreateSpecimenSignatureRequest, GetSpecimenSignatureRequest, ListSpecimenSignatureRevisionsRequest,
    ListSpecimenSignatureRevisionsResponse, ListSpecimenSignaturesRequest, ListSpecimenSignaturesResponse, Reason,
    RevokeSpecimenSignatureRequest, SpecimenSignature, UpdateSpecimenSignatureRequest, VerifySpecimenSignatureRequest,
    WatchSpecimenSignaturesRequest, WatchSpecimenSignaturesResponse,
};
use registry::{Answer, Call, Feed, Keep, Registry, Visible};
use tonic::Request;

/// The specimens.
#[derive(Clone, Debug)]
pub struct SpecimenSignatures {
    registry: Registry<Self>,
}

impl Keep for SpecimenSignatures {
    type Record = SpecimenSignature;

    /// Our own officers; a bank of signatures is what a forger would like to see.
    fn visible(to: &Principal) -> Visible {
        Visible::ours_alone(to)
    }

    fn admit(specimen: &mut SpecimenSignature, _: &mut Call) -> Result<(), Fault> {
        in_order(specimen)
    }

    fn amend(specimen: &mut SpecimenSignature, _: &SpecimenSignature, _: &mut Call) -> Result<(), Fault> {
        in_order(specimen)
    }
}

fn in_order(specimen: &SpecimenSignature) -> Result<(), Fault> {
    let backwards = !specimen.to_date.is_empty() && specimen.to_date < specimen.from_date;
    refuse_if(backwards, Reason::SpecimenUnfit, "an official leaves after having come")
}

/// A signature on a document, as it is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signature<'d> {
    pub(crate) country: &'d str,
    pub(crate) authority: &'d str,
    pub(crate) official: &'d str,
    /// The day it was made.
    pub(crate) date: &'d str,
}

/// That a signature can be the specimen's: the same official of the same authority, on a day that the official signed.
///
/// # Errors
/// `SPECIMEN_UNFIT` if it cannot.
pub(crate) fn compare(specimen: Option<&SpecimenSignature>, signature: Signature<'_>) -> Result<(), Fault> {
    let unfit = |words: &str| Err(Fault::new(Reason::SpecimenUnfit, words).at("specimen", "is none of this signature"));
    let Some(specimen) = specimen.filter(|specimen| specimen.state() == State::Verified) else {
        return unfit("there is no such specimen that was verified");
    };
    let same = |one: &str, other: &str| one.trim().to_lowercase() == other.trim().to_lowercase();
    let theirs = specimen.country == signature.country
        && same(&specimen.authority, signature.authority)
        && same(&specimen.official, signature.official);
    if !theirs {
        return unfit("the specimen is of another official or authority");
    }
    let day = signature.date.parse::<NaiveDate>().ok();
    let (from, to) = (specimen.from_date.parse().ok(), specimen.to_date.parse().ok());
    let in_office = day >= from && (to.is_none() || day <= to);
    if in_office { Ok(()) } else { unfit("the official did not sign for the authority on that day") }
}

impl SpecimenSignatures {
    /// The specimens that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl SpecimenSignatureService for SpecimenSignatures {
    async fn get_specimen_signature(&self, request: Request<GetSpecimenSignatureRequest>) -> Answer<SpecimenSignature> {
        self.registry.get(request).await
    }

    async fn list_specimen_signatures(
        &self,
        request: Request<ListSpecimenSignaturesRequest>,
    ) -> Answer<ListSpecimenSignaturesResponse> {
        self.registry.list(request).await
    }

    async fn create_specimen_signature(
        &self,
        request: Request<CreateSpecimenSignatureRequest>,
    ) -> Answer<SpecimenSignature> {
        self.registry.create(request).await
    }

    async fn update_specimen_signature(
        &self,
        request: Request<UpdateSpecimenSignatureRequest>,
    ) -> Answer<SpecimenSignature> {
        self.registry.update(request).await
    }

    async fn verify_specimen_signature(
        &self,
        request: Request<VerifySpecimenSignatureRequest>,
    ) -> Answer<SpecimenSignature> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn revoke_specimen_signature(
        &self,
        request: Request<RevokeSpecimenSignatureRequest>,
    ) -> Answer<SpecimenSignature> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn list_specimen_signature_revisions(
        &self,
        request: Request<ListSpecimenSignatureRevisionsRequest>,
    ) -> Answer<ListSpecimenSignatureRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchSpecimenSignaturesStream = Feed<WatchSpecimenSignaturesResponse>;

    async fn watch_specimen_signatures(
        &self,
        request: Request<WatchSpecimenSignaturesRequest>,
    ) -> Answer<Self::WatchSpecimenSignaturesStream> {
        self.registry.watch(request).await
    }
}
