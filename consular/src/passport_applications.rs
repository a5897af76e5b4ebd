//! Applications for passports: two persons to each, both parents for a child, no approval against a name check.

use crate::application_corrections::by_another;
use crate::booking_returns::give_seats_back;
use crate::clearance::{self, Applicant};
use crate::hold_decisions::{self, decide, the_hold};
use crate::loan_terms::Terms;
use crate::own_applications::{PASSPORT_OFFICE, drafts_of, few_enough, hold, of_office, own_or_of_our_post};
use crate::passport_corrections::{correct, payment};
use crate::passport_lodging::{parents_consent, replaces_rightly};
use crate::passport_production::{deliver, fail, passports, product, ship};
use crate::service_fees::{Bill, Services};
use crate::travel::{Passports, day};
use calendar::{Clock, Length};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::consular::v1::passport_application::Type;
use proto::consular::v1::passport_application_service_server::PassportApplicationService;
use proto::consular::v1::{
    AdjudicatePassportApplicationRequest, ApprovePassportApplicationRequest, CorrectPassportApplicationRequest,
    CreatePassportApplicationRequest, DecidePassportHoldRequest, DeliverPassportRequest,
    DenyPassportApplicationRequest, FailPassportInspectionRequest, GetPassportApplicationRequest,
    InspectPassportRequest, ListPassportApplicationRevisionsRequest, ListPassportApplicationRevisionsResponse,
    ListPassportApplicationsRequest, ListPassportApplicationsResponse, PassportApplication, PassportHold,
    ProvidePassportInformationRequest, Reason, Receipt, ReceivePassportRequest, RepatriationLoan,
    RequestPassportInformationRequest, Screening, ShipPassportRequest, SubmitPassportApplicationRequest,
    TakeInPassportApplicationRequest, TravelDocument, UpdatePassportApplicationRequest,
    WatchPassportApplicationsRequest, WatchPassportApplicationsResponse, WithdrawPassportApplicationRequest,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use tonic::Request;

/// The end of the time that the house waits for the applicant.
const ABANDONMENT: &str = "abandonment";

/// The applications.
#[derive(Clone, Debug)]
pub struct PassportApplications {
    registry: Registry<Self>,
}

impl Keep for PassportApplications {
    type Record = PassportApplication;

    /// Our own officers; and an account what it applies for itself.
    fn visible(to: &Principal) -> Visible {
        own_or_of_our_post(to, &PASSPORT_OFFICE)
    }

    /// What holds somebody up, and whom we screen somebody against, is not the applicant's to know.
    fn of_office(to: &Principal) -> bool {
        of_office(to, &PASSPORT_OFFICE)
    }

    /// The time that the house waits is over; the contract says what that leads to.
    fn fire(_: &mut PassportApplication, _: &str, _: &mut Call) -> Result<(), Fault> {
        Ok(())
    }

    /// Nobody comes for it: a seat that is held or waited for is not needed either.
    async fn fire_with(
        application: &mut PassportApplication,
        timer: &str,
        reader: &mut Reader<'_>,
        call: &mut Call,
    ) -> Result<(), Fault> {
        give_seats_back(reader, application, &()).await?;
        Self::fire(application, timer, call)
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the receipt was used for another application";
        (name == "passport_applications_one_receipt").then(|| Fault::new(Reason::ReceiptAlreadyUsed, words))
    }
}

impl PassportApplications {
    /// The applications that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }

    /// Whoever is not of the office applies for the own account.
    async fn begin(&self, mut request: Request<CreatePassportApplicationRequest>) -> Answer<PassportApplication> {
        let by = Called::of(&request)?.principal.clone();
        let brought = request.get_mut().passport_application.iter_mut();
        brought.for_each(|application| hold(&mut application.holder, &by, &PASSPORT_OFFICE));
        let drafts = async |reader: &mut Reader<'_>, application: &PassportApplication| {
            drafts_of::<PassportApplication>(reader, &application.holder).await
        };
        let begin = |_: &mut _, drafts, call: &mut Call| few_enough(drafts, call.principal(), &PASSPORT_OFFICE);
        self.registry.create_with(request, drafts, begin).await
    }
}

#[tonic::async_trait]
impl PassportApplicationService for PassportApplications {
    async fn get_passport_application(
        &self,
        request: Request<GetPassportApplicationRequest>,
    ) -> Answer<PassportApplication> {
        self.registry.get(request).await
    }

    async fn list_passport_applications(
        &self,
        request: Request<ListPassportApplicationsRequest>,
    ) -> Answer<ListPassportApplicationsResponse> {
        self.registry.list(request).await
    }

    async fn create_passport_application(
        &self,
        request: Request<CreatePassportApplicationRequest>,
    ) -> Answer<PassportApplication> {
        self.begin(request).await
    }

    async fn update_passport_application(
        &self,
        request: Request<UpdatePassportApplicationRequest>,
    ) -> Answer<PassportApplication> {
        self.registry.update(request).await
    }

    async fn submit_passport_application(
        &self,
        request: Request<SubmitPassportApplicationRequest>,
    ) -> Answer<PassportApplication> {
        self.registry.act_with(request, before, submit).await
    }

    async fn take_in_passport_application(
        &self,
        request: Request<TakeInPassportApplicationRequest>,
    ) -> Answer<PassportApplication> {
        self.registry.act(request, take_in).await
    }

    async fn correct_passport_application(
        &self,
        request: Request<CorrectPassportApplicationRequest>,
    ) -> Answer<PassportApplication> {
        self.registry.act_with(request, payment, correct).await
    }

    async fn request_passport_information(
        &self,
        request: Request<RequestPassportInformationRequest>,
    ) -> Answer<PassportApplication> {
        self.registry.act(request, ask).await
    }

    async fn provide_passport_information(
        &self,
        request: Request<ProvidePassportInformationRequest>,
    ) -> Answer<PassportApplication> {
        self.registry.act(request, answered).await
    }

    async fn adjudicate_passport_application(
        &self,
        request: Request<AdjudicatePassportApplicationRequest>,
    ) -> Answer<PassportApplication> {
        self.registry.act_with(request, name_check, adjudicate).await
    }

    async fn approve_passport_application(
        &self,
        request: Request<ApprovePassportApplicationRequest>,
    ) -> Answer<PassportApplication> {
        self.registry.act_with(request, last_check, approve).await
    }

    async fn deny_passport_application(
        &self,
        request: Request<DenyPassportApplicationRequest>,
    ) -> Answer<PassportApplication> {
        self.registry.act(request, deny).await
    }

    async fn decide_passport_hold(&self, request: Request<DecidePassportHoldRequest>) -> Answer<PassportApplication> {
        self.registry.act_with(request, the_hold, decide).await
    }

    async fn inspect_passport(&self, request: Request<InspectPassportRequest>) -> Answer<PassportApplication> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn fail_passport_inspection(
        &self,
        request: Request<FailPassportInspectionRequest>,
    ) -> Answer<PassportApplication> {
        self.registry.act_with(request, product, fail).await
    }

    async fn ship_passport(&self, request: Request<ShipPassportRequest>) -> Answer<PassportApplication> {
        self.registry.act(request, ship).await
    }

    async fn receive_passport(&self, request: Request<ReceivePassportRequest>) -> Answer<PassportApplication> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn deliver_passport(&self, request: Request<DeliverPassportRequest>) -> Answer<PassportApplication> {
        self.registry.act_with(request, passports, deliver).await
    }

    async fn withdraw_passport_application(
        &self,
        request: Request<WithdrawPassportApplicationRequest>,
    ) -> Answer<PassportApplication> {
        self.registry.act_with(request, give_seats_back, withdraw).await
    }

    async fn list_passport_application_revisions(
        &self,
        request: Request<ListPassportApplicationRevisionsRequest>,
    ) -> Answer<ListPassportApplicationRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchPassportApplicationsStream = Feed<WatchPassportApplicationsResponse>;

    async fn watch_passport_applications(
        &self,
        request: Request<WatchPassportApplicationsRequest>,
    ) -> Answer<Self::WatchPassportApplicationsStream> {
        self.registry.watch(request).await
    }
}

/// The passport that the new one replaces, and the receipt.
async fn before(
    reader: &mut Reader<'_>,
    application: &PassportApplication,
    request: &SubmitPassportApplicationRequest,
) -> Result<(Option<TravelDocument>, Option<Receipt>), Fault> {
    Ok((reader.share(&application.previous_document).await?, reader.share(&request.fee_receipt).await?))
}

fn submit(
    application: &mut PassportApplication,
    request: SubmitPassportApplicationRequest,
    (previous, receipt): (Option<TravelDocument>, Option<Receipt>),
    call: &mut Call,
) -> Result<(), Fault> {
    parents_consent(application, call)?;
    replaces_rightly(application, previous.as_ref())?;
    paid(application, receipt.as_ref())?;
    application.fee_receipt = request.fee_receipt;
    wait(call);
    Ok(())
}

/// The fee is that of the day of the order: a child is one who was it then.
pub(crate) fn paid(application: &PassportApplication, receipt: Option<&Receipt>) -> Result<(), Fault> {
    let ordered = receipt.and_then(|receipt| receipt.order_date.parse().ok()).unwrap_or_default();
    let child = Passports::shipped().is_child(day(&application.birth_date)?, ordered);
    let service = Services::shipped().of_passport(application.r#type(), child);
    let bill = Bill { subject: &application.name, post: &application.post, service, code: &service.code, row: "" };
    bill.paid_by(receipt)
}

/// Someone waits for the applicant; not for ever.
fn wait(call: &mut Call) {
    let clock = Clock::new(call.now(), Length::Days(Passports::shipped().abandon_days.short()));
    call.timers().set(ABANDONMENT, clock);
}

fn take_in(
    application: &mut PassportApplication,
    request: TakeInPassportApplicationRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    application.identity_evidence = request.identity_evidence;
    application.citizenship_evidence = request.citizenship_evidence;
    application.photo = request.photo;
    application.biometrics = request.biometrics;
    call.timers().clear(ABANDONMENT);
    Ok(())
}

fn ask(
    application: &mut PassportApplication,
    request: RequestPassportInformationRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    application.information_wanted = request.wanted;
    wait(call);
    Ok(())
}

fn answered(
    application: &mut PassportApplication,
    request: ProvidePassportInformationRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    application.citizenship_evidence = format!("{}; {}", application.citizenship_evidence, request.evidence);
    application.information_wanted.clear();
    call.timers().clear(ABANDONMENT);
    Ok(())
}

fn withdraw(
    application: &mut PassportApplication,
    _: WithdrawPassportApplicationRequest,
    (): (),
    call: &mut Call,
) -> Result<(), Fault> {
    application.appointment.clear();
    call.timers().clear_all();
    Ok(())
}

/// Who was taken in need not come for it again.
async fn name_check(
    reader: &mut Reader<'_>,
    application: &PassportApplication,
    request: &AdjudicatePassportApplicationRequest,
) -> Result<Option<Screening>, Fault> {
    give_seats_back(reader, application, request).await?;
    reader.share(&request.screening).await
}

fn adjudicate(
    application: &mut PassportApplication,
    request: AdjudicatePassportApplicationRequest,
    screening: Option<Screening>,
    _: &mut Call,
) -> Result<(), Fault> {
    let applicant = Applicant {
        family_name: &application.family_name,
        given_names: &application.given_names,
        birth_date: &application.birth_date,
        document: None,
    };
    clearance::is_of(screening.as_ref(), applicant)?;
    application.screening = request.screening;
    Ok(())
}

/// The newest name check, whether a loan for the way home limits the passport, what holds it up, and the receipt.
type LastCheck = (Option<Screening>, bool, Vec<PassportHold>, Option<Receipt>);

async fn last_check(
    reader: &mut Reader<'_>,
    application: &PassportApplication,
    _: &ApprovePassportApplicationRequest,
) -> Result<LastCheck, Fault> {
    let limited_while = Terms::get().limited_while();
    let owing: [(&str, &[&str]); 2] = [("person", &[&application.person]), ("state", &limited_while)];
    let owes = reader.exists::<RepatriationLoan>(&owing).await?;
    let holds = hold_decisions::standing(reader, application).await?;
    let screening = clearance::newest(reader, &application.screening).await?;
    Ok((screening, owes, holds, reader.share(&application.fee_receipt).await?))
}

/// Who owes a loan for the way home gets a passport of limited validity alone (22 CFR 51.60(a)(1)).
fn approve(
    application: &mut PassportApplication,
    _: ApprovePassportApplicationRequest,
    (screening, owes, holds, receipt): LastCheck,
    call: &mut Call,
) -> Result<(), Fault> {
    by_another(&application.corrections, call.principal())?;
    clearance::settled(screening.as_ref())?;
    hold_decisions::none_stands(&holds)?;
    // What was given back meanwhile is not paid. Applications older than this rule name no receipt of ours.
    if receipt.is_some() {
        paid(application, receipt.as_ref())?;
    }
    let limited = owes && application.r#type() != Type::LimitedValidity;
    refuse_if(limited, Reason::PassportLimitedByLoan, "the applicant owes a loan for the way home")
}

fn deny(
    application: &mut PassportApplication,
    request: DenyPassportApplicationRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    by_another(&application.corrections, call.principal())?;
    application.denial_ground = request.ground;
    application.denial_words = request.words;
    application.remedy = request.remedy;
    Ok(())
}
