//! Travel documents of other states that are lost, stolen or revoked: by number and issuing state, with nobody's name.

use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::reported_document_service_server::ReportedDocumentService;
use proto::consular::v1::{
    CreateReportedDocumentRequest, GetReportedDocumentRequest, ListReportedDocumentRevisionsRequest,
    ListReportedDocumentRevisionsResponse, ListReportedDocumentsRequest, ListReportedDocumentsResponse, Reason,
    ReportedDocument, WatchReportedDocumentsRequest, WatchReportedDocumentsResponse, WithdrawReportedDocumentRequest,
};
use registry::{Answer, Call, Feed, Keep, Registry, Visible};
use tonic::Request;

/// The reports.
#[derive(Clone, Debug)]
pub struct ReportedDocuments {
    registry: Registry<Self>,
}

impl Keep for ReportedDocuments {
    type Record = ReportedDocument;

    /// Our own officers.
    fn visible(to: &Principal) -> Visible {
        Visible::ours_alone(to)
    }

    /// Our own documents are reported as what they are, so that there is one truth about each.
    fn admit(report: &mut ReportedDocument, call: &mut Call) -> Result<(), Fault> {
        let ours = report.issuer == call.home().state;
        refuse_if(ours, Reason::DocumentIsOurs, "the document is one of our own")
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the document of this number and state is reported already";
        (name == "reported_documents_once").then(|| Fault::new(Reason::DocumentAlreadyReported, words))
    }
}

impl ReportedDocuments {
    /// The reports that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl ReportedDocumentService for ReportedDocuments {
    async fn get_reported_document(&self, request: Request<GetReportedDocumentRequest>) -> Answer<ReportedDocument> {
        self.registry.get(request).await
    }

    async fn list_reported_documents(
        &self,
        request: Request<ListReportedDocumentsRequest>,
    ) -> Answer<ListReportedDocumentsResponse> {
        self.registry.list(request).await
    }

    async fn create_reported_document(
        &self,
        request: Request<CreateReportedDocumentRequest>,
    ) -> Answer<ReportedDocument> {
        self.registry.create(request).await
    }

    async fn withdraw_reported_document(
        &self,
        request: Request<WithdrawReportedDocumentRequest>,
    ) -> Answer<ReportedDocument> {
        self.registry.act(request, withdraw).await
    }

    async fn list_reported_document_revisions(
        &self,
        request: Request<ListReportedDocumentRevisionsRequest>,
    ) -> Answer<ListReportedDocumentRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchReportedDocumentsStream = Feed<WatchReportedDocumentsResponse>;

    async fn watch_reported_documents(
        &self,
        request: Request<WatchReportedDocumentsRequest>,
    ) -> Answer<Self::WatchReportedDocumentsStream> {
        self.registry.watch(request).await
    }
}

fn withdraw(
    report: &mut ReportedDocument,
    request: WithdrawReportedDocumentRequest,
    _: &mut Call,
) -> Result<(), Fault> {
    report.withdrawal_grounds = request.grounds;
    Ok(())
}
