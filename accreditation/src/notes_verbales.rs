//! Notes verbales and the other papers of correspondence with foreign missions: drafted, numbered, sent, received.

use crate::missions::Missions;
use crate::papers::note::{self, Letter};
use crate::papers::{Papers, speaks};
use chrono::Datelike as _;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::note_verbale::{Direction, State};
use proto::accreditation::v1::note_verbale_service_server::NoteVerbaleService;
use proto::accreditation::v1::{
    AcknowledgeNoteVerbaleRequest, CreateNoteVerbaleRequest, DeleteNoteVerbaleRequest, GetNoteVerbaleRequest,
    ListNoteVerbaleRevisionsRequest, ListNoteVerbaleRevisionsResponse, ListNotesVerbalesRequest,
    ListNotesVerbalesResponse, Mission, NoteVerbale, PrintNoteVerbaleRequest, Reason, SendNoteVerbaleRequest,
    UpdateNoteVerbaleRequest, WatchNotesVerbalesRequest, WatchNotesVerbalesResponse,
};
use proto::google::api::HttpBody;
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use tonic::{Request, Response};

/// The notes.
#[derive(Clone, Debug)]
pub struct NotesVerbales {
    registry: Registry<Self>,
    missions: Registry<Missions>,
    papers: Papers,
}

impl Keep for NotesVerbales {
    type Record = NoteVerbale;

    /// A mission's own staff see their mission's notes and those we sent it, never a draft of ours.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("shown_to", mission))
    }

    fn admit(note: &mut NoteVerbale, call: &mut Call) -> Result<(), Fault> {
        let of_mission = call.principal().mission.is_some();
        let words = "a mission lodges its own notes, and drafts none of ours";
        refuse_if(of_mission && note.direction() == Direction::Outgoing, Reason::NoteNotOurs, words)?;
        well_formed(note)
    }

    fn amend(note: &mut NoteVerbale, _: &NoteVerbale, _: &mut Call) -> Result<(), Fault> {
        well_formed(note)
    }
}

impl NotesVerbales {
    /// The notes that a registry keeps.
    pub fn new(registry: Registry<Self>, missions: Registry<Missions>, papers: Papers) -> Self {
        Self { registry, missions, papers }
    }
}

/// What a new note is held against.
struct Surroundings {
    mission: Option<Mission>,
    answered: Option<NoteVerbale>,
    series: Series,
}

/// The series that a note sent now belongs to, and how many numbers of it are taken.
struct Series {
    name: String,
    year: i32,
    taken: i64,
}

/// Numbers of one series are given one after another, so that none is given twice and none is left out.
async fn series(reader: &mut Reader<'_>, note: &NoteVerbale) -> Result<Series, Fault> {
    let year = reader.now().with_timezone(&reader.home().timezone).year();
    let name = format!("{}/{}/{year}", note.mission, note.direction().as_str_name());
    reader.alone(&name).await?;
    let taken = reader.count::<NoteVerbale>(&[("series", &[name.as_str()])]).await?;
    Ok(Series { name, year, taken })
}

async fn surroundings(reader: &mut Reader<'_>, note: &NoteVerbale) -> Result<Surroundings, Fault> {
    let mission = reader.share(&note.mission).await?;
    let answered = match note.in_reply_to.as_str() {
        "" => None,
        name => reader.share(name).await?,
    };
    Ok(Surroundings { mission, answered, series: series(reader, note).await? })
}

fn open(note: &mut NoteVerbale, around: Surroundings, call: &mut Call) -> Result<(), Fault> {
    let own = |mission: &Mission| call.principal().mission.as_deref().is_none_or(|own| own == mission.name);
    if !around.mission.as_ref().is_some_and(own) {
        let fault = Fault::new(House::BrokenReference, "there is no such mission");
        return Err(fault.at("noteVerbale.mission", "does not exist"));
    }
    let fits =
        around.answered.as_ref().map(|answered| answered.mission == note.mission && answered.state() != State::Draft);
    let words = "a note answers one that was sent between us and the same mission";
    refuse_if(!note.in_reply_to.is_empty() && fits != Some(true), Reason::NoteReplyUnfit, words)
        .map_err(|fault| fault.at("noteVerbale.inReplyTo", "is no such note"))?;
    match note.direction() {
        Direction::Incoming => dispatch(note, around.series, call),
        Direction::Outgoing | Direction::Unspecified => {
            note.set_state(State::Draft);
            Ok(())
        }
    }
}

/// Gives the note the next number of its series. From now on it stands as it is, and the mission sees it.
fn dispatch(note: &mut NoteVerbale, series: Series, call: &mut Call) -> Result<(), Fault> {
    let broken = |_| Fault::new(House::Internal, "a series of notes is too long");
    note.number = i32::try_from(series.taken + 1).map_err(broken)?;
    note.reference = format!("{}/{}", note.number, series.year);
    note.series = series.name;
    note.send_time = Some(call.timestamp());
    note.shown_to.clone_from(&note.mission);
    note.set_state(State::Sent);
    Ok(())
}

async fn next(reader: &mut Reader<'_>, note: &NoteVerbale, _: &SendNoteVerbaleRequest) -> Result<Series, Fault> {
    series(reader, note).await
}

/// Who sent a note does not acknowledge it. Our officers record what a mission acknowledged on paper.
fn acknowledge(note: &mut NoteVerbale, request: AcknowledgeNoteVerbaleRequest, call: &mut Call) -> Result<(), Fault> {
    let own = note.direction() == Direction::Incoming && call.principal().mission.is_some();
    refuse_if(own, Reason::NoteNotAddressed, "a note is acknowledged by whom it is addressed to")?;
    let received = request.receive_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    let sent = note.send_time.as_ref().and_then(instant);
    let implausible = received > call.now() || sent.is_some_and(|sent| received < sent);
    refuse_if(implausible, Reason::DatesImplausible, "a note is received after it was sent, and not in the future")?;
    note.receive_time = Some(timestamp(received));
    Ok(())
}

/// A translation has its language, which is another, and a flag that says it does not bind; ours has its form.
fn well_formed(note: &NoteVerbale) -> Result<(), Fault> {
    let ours = note.direction() == Direction::Outgoing;
    let translated = !note.translation.is_empty();
    let flagged = note.courtesy_translation == translated || !ours && note.courtesy_translation;
    let other = !translated || !note.translation_language.is_empty() && note.translation_language != note.language;
    let words = "a courtesy translation is flagged as one, and is in another language, which is named";
    refuse_if(!flagged || !other, Reason::NoteTranslationUnfit, words)?;
    let words = "we have no forms of courtesy in this language";
    refuse_if(ours && !speaks(&note.language), Reason::NoteLanguageUnknown, words)
        .map_err(|fault| fault.at("noteVerbale.language", "is none of ours"))
}

#[tonic::async_trait]
impl NoteVerbaleService for NotesVerbales {
    async fn get_note_verbale(&self, request: Request<GetNoteVerbaleRequest>) -> Answer<NoteVerbale> {
        self.registry.get(request).await
    }

    async fn list_notes_verbales(
        &self,
        request: Request<ListNotesVerbalesRequest>,
    ) -> Answer<ListNotesVerbalesResponse> {
        self.registry.list(request).await
    }

    async fn create_note_verbale(&self, request: Request<CreateNoteVerbaleRequest>) -> Answer<NoteVerbale> {
        self.registry.create_with(request, surroundings, open).await
    }

    async fn update_note_verbale(&self, request: Request<UpdateNoteVerbaleRequest>) -> Answer<NoteVerbale> {
        self.registry.update(request).await
    }

    async fn delete_note_verbale(&self, request: Request<DeleteNoteVerbaleRequest>) -> Answer<NoteVerbale> {
        self.registry.delete(request).await
    }

    async fn send_note_verbale(&self, request: Request<SendNoteVerbaleRequest>) -> Answer<NoteVerbale> {
        self.registry.act_with(request, next, |note, _, series, call| dispatch(note, series, call)).await
    }

    async fn acknowledge_note_verbale(&self, request: Request<AcknowledgeNoteVerbaleRequest>) -> Answer<NoteVerbale> {
        self.registry.act(request, acknowledge).await
    }

    async fn print_note_verbale(&self, request: Request<PrintNoteVerbaleRequest>) -> Answer<HttpBody> {
        let note = self.registry.get(request).await?.into_inner();
        let orphan = || Fault::new(House::Internal, "a note is kept without its mission");
        let mission = self.missions.load(&note.mission).await?.ok_or_else(orphan)?;
        let answered = match note.in_reply_to.as_str() {
            "" => None,
            name => self.registry.load(name).await?,
        };
        let letter = Letter { note: &note, answered: answered.as_ref(), mission: Some(&mission), withdrawn: false };
        let order = note::order(&self.papers, &letter, self.registry.store().home());
        Ok(Response::new(self.papers.print(order).await?))
    }

    async fn list_note_verbale_revisions(
        &self,
        request: Request<ListNoteVerbaleRevisionsRequest>,
    ) -> Answer<ListNoteVerbaleRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchNotesVerbalesStream = Feed<WatchNotesVerbalesResponse>;

    async fn watch_notes_verbales(
        &self,
        request: Request<WatchNotesVerbalesRequest>,
    ) -> Answer<Self::WatchNotesVerbalesStream> {
        self.registry.watch(request).await
    }
}
