//! Visas: printed on a sticker in stock, used, ended; and the question how many days of stay are left.

use crate::blank_books::{self, BlankBooks};
use crate::clearance;
use crate::mission_members::Posting;
use crate::screenings::Screenings;
use crate::travel::day;
use crate::travel::zone::{self, Holder};
use crate::travel_papers::copies::{self, Copied};
use crate::travel_papers::{self, TravelPapers};
use crate::visa::{Presence, Schengen, Stay};
use crate::visa_applications::VisaApplications;
use crate::visa_crossings::{enter, leave, leave_late};
use crate::visa_endings::{annul, cancel, lose, revoke, steal};
use crate::visa_reviews::{self, POSTING};
use calendar::{Clock, Length};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::blank_book::Kind as Blank;
use proto::consular::v1::visa::State;
use proto::consular::v1::visa_application::{Purpose, State as Application};
use proto::consular::v1::visa_service_server::VisaService;
use proto::consular::v1::{
    AnnulVisaRequest, CalculateStayRequest, CalculateStayResponse, CancelVisaRequest, CreateVisaRequest,
    FailVisaInspectionRequest, GetVisaRequest, KeepVisaRequest, ListVisaRevisionsRequest, ListVisaRevisionsResponse,
    ListVisasRequest, ListVisasResponse, PrintVisaRequest, Reason, RecordEntryRequest, RecordExitAfterEndRequest,
    RecordExitRequest, ReleaseVisaRequest, ReportVisaLossRequest, ReportVisaTheftRequest, RevokeVisaRequest, Screening,
    SealVisaRequest, SealedCopy, Sojourn, Visa, VisaApplication, WatchVisasRequest, WatchVisasResponse,
};
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible};
use tonic::{Request, Response};

/// The end of the last day of validity.
pub(crate) const EXPIRY: &str = "expiry";
/// What the zone of a visa begins with.
const DOCUMENT_CODE: &str = "V";
/// The most days of overstay that are named.
const MOST_NAMED: usize = 100;

/// The visas.
#[derive(Clone, Debug)]
pub struct Visas {
    registry: Registry<Self>,
    applications: Registry<VisaApplications>,
    screenings: Registry<Screenings>,
    papers: TravelPapers,
}

impl Keep for Visas {
    type Record = Visa;

    /// Our own officers.
    fn visible(to: &Principal) -> Visible {
        Visible::of_our_post(to)
    }

    /// Its last day is over, and the contract says what that leads to; or the posting that it is for has ended.
    async fn fire_with(visa: &mut Visa, timer: &str, reader: &mut Reader<'_>, call: &mut Call) -> Result<(), Fault> {
        if timer == POSTING {
            let posting = Posting::glance(reader, &visa.member).await?;
            visa_reviews::note(visa, &posting, call);
        }
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        match name {
            "visas_one_an_application" => {
                Some(Fault::new(Reason::DocumentAlreadyMade, "the application has its visa already"))
            }
            "visas_one_a_blank" | "visas_pkey" => {
                Some(Fault::new(Reason::BlankUnfit, "a visa was printed on this sticker already"))
            }
            "visas_irreversible" => {
                Some(Fault::new(House::WrongState, "a visa that is reported lost or stolen stays so"))
            }
            _ => None,
        }
    }
}

impl Visas {
    /// The visas that a registry keeps.
    pub fn new(
        registry: Registry<Self>,
        applications: Registry<VisaApplications>,
        screenings: Registry<Screenings>,
        papers: TravelPapers,
    ) -> Self {
        Self { registry, applications, screenings, papers }
    }
}

#[tonic::async_trait]
impl VisaService for Visas {
    async fn get_visa(&self, request: Request<GetVisaRequest>) -> Answer<Visa> {
        self.registry.get(request).await
    }

    async fn list_visas(&self, request: Request<ListVisasRequest>) -> Answer<ListVisasResponse> {
        self.registry.list(request).await
    }

    async fn create_visa(&self, request: Request<CreateVisaRequest>) -> Answer<Visa> {
        let print = |visa: &mut _, materials, call: &mut _| print(visa, materials, &self.papers, call);
        self.registry.create_with(request, materials, print).await
    }

    async fn release_visa(&self, request: Request<ReleaseVisaRequest>) -> Answer<Visa> {
        self.registry.act_with(request, name_check, release).await
    }

    async fn fail_visa_inspection(&self, request: Request<FailVisaInspectionRequest>) -> Answer<Visa> {
        self.registry.act_with(request, origins, fail).await
    }

    async fn record_entry(&self, request: Request<RecordEntryRequest>) -> Answer<Visa> {
        self.registry.act(request, enter).await
    }

    async fn record_exit(&self, request: Request<RecordExitRequest>) -> Answer<Visa> {
        self.registry.act(request, leave).await
    }

    async fn record_exit_after_end(&self, request: Request<RecordExitAfterEndRequest>) -> Answer<Visa> {
        self.registry.act(request, leave_late).await
    }

    async fn revoke_visa(&self, request: Request<RevokeVisaRequest>) -> Answer<Visa> {
        self.registry.act(request, revoke).await
    }

    async fn annul_visa(&self, request: Request<AnnulVisaRequest>) -> Answer<Visa> {
        self.registry.act(request, annul).await
    }

    async fn cancel_visa(&self, request: Request<CancelVisaRequest>) -> Answer<Visa> {
        self.registry.act(request, cancel).await
    }

    async fn report_visa_loss(&self, request: Request<ReportVisaLossRequest>) -> Answer<Visa> {
        self.registry.act(request, lose).await
    }

    async fn report_visa_theft(&self, request: Request<ReportVisaTheftRequest>) -> Answer<Visa> {
        self.registry.act(request, steal).await
    }

    async fn calculate_stay(&self, request: Request<CalculateStayRequest>) -> Answer<CalculateStayResponse> {
        stay(&request.into_inner())
    }

    async fn print_visa(&self, request: Request<PrintVisaRequest>) -> Answer<HttpBody> {
        self.sticker(request).await
    }

    async fn list_visa_revisions(
        &self,
        request: Request<ListVisaRevisionsRequest>,
    ) -> Answer<ListVisaRevisionsResponse> {
        self.registry.revisions(request).await
    }

    async fn keep_visa(&self, request: Request<KeepVisaRequest>) -> Answer<Visa> {
        self.registry.act(request, visa_reviews::keep).await
    }

    async fn seal_visa(&self, request: Request<SealVisaRequest>) -> Answer<SealedCopy> {
        self.copy(request).await
    }

    type WatchVisasStream = Feed<WatchVisasResponse>;

    async fn watch_visas(&self, request: Request<WatchVisasRequest>) -> Answer<Self::WatchVisasStream> {
        self.registry.watch(request).await
    }
}

impl Visas {
    /// The sticker. The lists may have changed since it was made, so that the newest name check is asked about again.
    async fn sticker(&self, request: Request<PrintVisaRequest>) -> Answer<HttpBody> {
        let visa = self.registry.get(request).await?.into_inner();
        let out = !matches!(visa.state(), State::Printed | State::Valid);
        refuse_if(out, House::WrongState, "the sticker of a visa that is out of use is not printed")
            .map_err(|fault| fault.with("state", visa.state().as_str_name()).with("allowed", "PRINTED, VALID"))?;
        self.still_clear(&visa).await?;
        Ok(Response::new(self.papers.print(travel_papers::visa(&self.papers, &visa)?).await?))
    }

    async fn still_clear(&self, visa: &Visa) -> Result<(), Fault> {
        let application = self.applications.load(&visa.application).await?.unwrap_or_default();
        let screening = clearance::newest_of(&self.screenings, &application.screening).await?;
        clearance::settled(screening.as_ref())
    }

    /// A sealed copy, of a visa in force whose time is not over, should its timer be late; a copy goes where the sticker
    /// does, so that the newest name check is asked about too.
    async fn copy(&self, request: Request<SealVisaRequest>) -> Answer<SealedCopy> {
        let visa = self.registry.get(request).await?.into_inner();
        refuse_if(visa.state() != State::Valid, House::WrongState, "no copy is given of a visa not in force")
            .map_err(|fault| fault.with("state", visa.state().as_str_name()).with("allowed", "VALID"))?;
        let store = self.registry.store();
        let today = store.days().date(store.now());
        let over = day(&visa.valid_until)? < today;
        refuse_if(over, Reason::DocumentNotInForce, "the last day of the visa is over")?;
        self.still_clear(&visa).await?;
        Ok(Response::new(self.papers.sealed_copy(Copied::Visa, &copies::visa(&visa, today))?))
    }
}

/// How many days of stay are used and left; nothing of it is kept.
fn stay(ask: &CalculateStayRequest) -> Answer<CalculateStayResponse> {
    registry::check(ask)?;
    let limit = Schengen::shipped().stay();
    let on = day(&ask.date)?;
    let stays = ask.sojourns.iter().map(of_days).collect::<Result<Vec<_>, _>>()?;
    let presence = Presence::of(&stays, on);
    let left = presence.left(limit, on);
    let until = left.checked_sub(1).and_then(|more| on.checked_add_days(chrono::Days::new(more.into())));
    let overstayed = presence.overstayed(limit).take(MOST_NAMED).map(|day| day.to_string()).collect();
    let small = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    Ok(Response::new(CalculateStayResponse {
        allowed: small(limit.days),
        period: small(limit.period),
        used: small(presence.used(limit, on)),
        left: small(left),
        until: until.map(|day| day.to_string()).unwrap_or_default(),
        earliest_entry: presence.earliest(limit, on).map(|day| day.to_string()).unwrap_or_default(),
        overstayed,
    }))
}

fn of_days(sojourn: &Sojourn) -> Result<Stay, Fault> {
    let exit = if sojourn.exit_date.is_empty() { None } else { Some(day(&sojourn.exit_date)?) };
    let entry = day(&sojourn.entry_date)?;
    let backwards = exit.is_some_and(|exit| exit < entry);
    refuse_if(backwards, Reason::SojournImplausible, "a stay ends before it begins")
        .map_err(|fault| fault.at("sojourns", format!("{entry} is after its exit")))?;
    Ok(Stay { entry, exit })
}

/// What a visa is printed from.
struct Materials {
    application: Vec<Held<VisaApplications>>,
    blank: Vec<Held<BlankBooks>>,
    screening: Option<Screening>,
    posting: Posting,
}

async fn materials(reader: &mut Reader<'_>, visa: &Visa) -> Result<Materials, Fault> {
    let application = reader.hold::<VisaApplications>(&[("name", &[visa.application.as_str()])]).await?;
    let check = application.first().map(|application| application.screening.clone()).unwrap_or_default();
    let blank = reader.hold(&[("name", &[visa.blank.as_str()])]).await?;
    let screening = clearance::newest(reader, &check).await?;
    // Last: an event about the member waits for who prints, and finds what was printed.
    let posting = match application.first() {
        Some(application) => Posting::of(reader, application).await?,
        None => Posting::OtherPurpose,
    };
    Ok(Materials { application, blank, screening, posting })
}

/// Not while a hit is unresolved, nor for a posting that ended: both may have come since the visa was granted.
fn print(visa: &mut Visa, materials: Materials, papers: &TravelPapers, call: &mut Call) -> Result<(), Fault> {
    let Some(application) = materials.application.into_iter().next() else {
        let fault = Fault::new(House::BrokenReference, "there is no such application");
        return Err(fault.at("visa.application", "does not exist"));
    };
    let ready = application.state() == Application::Granted;
    refuse_if(!ready, Reason::DocumentAlreadyMade, "a visa is printed that is granted, once")?;
    clearance::settled(materials.screening.as_ref())?;
    materials.posting.stands()?;
    let blank = blank_books::usable(materials.blank, Blank::VisaSticker, &application.post)?;
    visa.name = format!("visas/{}", blank.number);
    visa.number.clone_from(&blank.number);
    describe(visa, &application, call)?;
    visa.seal = papers.seal_visa(visa, call.days().date(call.now()))?;
    blank_books::issue(blank, &visa.name, call)?;
    let name = visa.name.clone();
    call.follow(application, "issue", |application, _| {
        application.visa = name;
        Ok(())
    })
}

/// What stands on the sticker, from the application.
fn describe(visa: &mut Visa, application: &VisaApplication, call: &Call) -> Result<(), Fault> {
    visa.visa_class = application.visa_class;
    visa.post.clone_from(&application.post);
    visa.person.clone_from(&application.person);
    visa.family_name.clone_from(&application.family_name);
    visa.given_names.clone_from(&application.given_names);
    visa.birth_date.clone_from(&application.birth_date);
    visa.sex = application.sex;
    visa.nationality.clone_from(&application.nationality);
    visa.passport_number.clone_from(&application.passport_number);
    visa.photo.clone_from(&application.photo);
    visa.diplomatic = application.purpose() == Purpose::MissionPosting;
    if visa.diplomatic {
        visa.member.clone_from(&application.member);
    }
    visa.entries = application.entries;
    visa.stay_days = application.stay_days;
    visa.valid_from.clone_from(&application.valid_from);
    visa.valid_until.clone_from(&application.valid_until);
    visa.issue_date = call.days().date(call.now()).to_string();
    let holder = Holder {
        family_name: &application.family_name,
        given_names: &application.given_names,
        birth_date: &application.birth_date,
        sex: application.sex,
        nationality: &application.nationality,
    };
    let home = &call.home().state;
    // The visa's own number; the seal has that of the passport (Doc 9303-7, 4.2.2).
    visa.zone = zone::lines(mrz::Format::MrvB, DOCUMENT_CODE, home, holder, &visa.number, &visa.valid_until)?;
    Ok(())
}

/// The newest name check of who the visa is for.
async fn name_check(reader: &mut Reader<'_>, visa: &Visa, _: &ReleaseVisaRequest) -> Result<Option<Screening>, Fault> {
    let application = reader.glance::<VisaApplication>(&visa.application).await?.unwrap_or_default();
    clearance::newest(reader, &application.screening).await
}

/// The lists may have changed since it was printed: it is not given out either while a hit is unresolved.
fn release(visa: &mut Visa, _: ReleaseVisaRequest, screening: Option<Screening>, call: &mut Call) -> Result<(), Fault> {
    clearance::settled(screening.as_ref())?;
    visa_reviews::none_is_due(visa)?;
    let left = call.days().end_of(day(&visa.valid_until)?) - call.now();
    let clock = Clock::new(call.now(), Length::Exactly(left.to_std().unwrap_or_default()));
    call.timers().set(EXPIRY, clock);
    Ok(())
}

/// Where a visa comes from: its application, and its sticker.
type Origins = (Vec<Held<VisaApplications>>, Vec<Held<BlankBooks>>);

/// What makes a visa holds the application and the sticker first; this one holds the visa, which nobody else holds
/// before it is there.
async fn origins(reader: &mut Reader<'_>, visa: &Visa, _: &FailVisaInspectionRequest) -> Result<Origins, Fault> {
    let application = reader.hold(&[("name", &[visa.application.as_str()])]).await?;
    Ok((application, reader.hold(&[("name", &[visa.blank.as_str()])]).await?))
}

/// Another is printed on the same decision.
fn fail(
    _: &mut Visa,
    _: FailVisaInspectionRequest,
    (applications, blanks): Origins,
    call: &mut Call,
) -> Result<(), Fault> {
    blank_books::fail(blanks, call)?;
    applications.into_iter().try_for_each(|application| {
        call.follow(application, "reprint", |application, _| {
            application.visa.clear();
            Ok(())
        })
    })
}
