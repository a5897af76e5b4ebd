//! What papers, notes, circulars, guidance and functions are refused for, produced by what it is for.

use crate::circulars::{circular, reader_at};
use crate::guidance_articles::article;
use crate::notes_verbales::{lodged, note, writer_at};
use crate::official_functions::dinner;
use crate::printed_cards::card_of;
use crate::world::{World, registrar, secretary, world_without_seal};
use proto::accreditation::v1::guest::Reply;
use proto::accreditation::v1::{Circular, Member, NoteVerbale, OfficialFunction, Reason, Table, mission};
use tonic::Status;

/// Does what is refused for this reason; `mission` is an embassy at work, of France.
pub(crate) async fn provoke(reason: Reason, world: &World, mission: &str) -> Result<(), Status> {
    match reason {
        Reason::SealKeyMissing => {
            let bare = world_without_seal().await;
            let embassy = bare.embassy("FR").await;
            let card = card_of(&bare, secretary(&embassy)).await;
            bare.print_card(&registrar(), &card).await.map(drop)
        }
        Reason::PaperUnprintable => {
            let card = card_of(world, Member { title: "Secretary ☃".into(), ..secretary(mission) }).await;
            world.print_card(&registrar(), &card).await.map(drop)
        }
        Reason::ZoneUnfit => {
            let card = card_of(world, Member { family_name: "R2D2".into(), ..secretary(mission) }).await;
            world.print_card(&registrar(), &card).await.map(drop)
        }
        Reason::NoteNotOurs => world.write(&writer_at("fr"), note(mission)).await.map(drop),
        Reason::NoteReplyUnfit => {
            let answer = NoteVerbale { in_reply_to: "notesVerbales/none".into(), ..note(mission) };
            world.write(&registrar(), answer).await.map(drop)
        }
        Reason::NoteTranslationUnfit => {
            let flagged = NoteVerbale { courtesy_translation: true, ..note(mission) };
            world.write(&registrar(), flagged).await.map(drop)
        }
        Reason::NoteNotAddressed => {
            let theirs = world.write(&writer_at("fr"), lodged(mission)).await?;
            world.acknowledge(&writer_at("fr"), &theirs.name, None).await.map(drop)
        }
        Reason::NoteLanguageUnknown => {
            world.write(&registrar(), NoteVerbale { language: "tlh".into(), ..note(mission) }).await.map(drop)
        }
        Reason::CircularAlreadyConfirmed => {
            let name = world.issued(circular()).await.name;
            world.confirm(&reader_at("fr"), &name, mission).await?;
            world.confirm(&reader_at("fr"), &name, mission).await.map(drop)
        }
        Reason::CircularNotForMission => {
            let posts = Circular { audience: vec![mission::Type::Consulate.into()], ..circular() };
            let name = world.issued(posts).await.name;
            world.confirm(&reader_at("fr"), &name, mission).await.map(drop)
        }
        Reason::EditionNotLater => {
            let name = world.published(article()).await;
            world.revise(&name, "2026-05-01", "Again.").await.map(drop)
        }
        Reason::GuidanceNotInForce => {
            let name = world.published(article()).await;
            world.consult(&registrar(), &name, "2020-01-01").await.map(drop)
        }
        Reason::GuestsUnfit => {
            let mut unfit = dinner();
            unfit.guests[0].accompanies = "nobody".into();
            world.plan(unfit).await.map(drop)
        }
        Reason::TableUnfit => {
            let table = dinner().table.map(|table| Table { size: 8, ..table });
            world.plan(OfficialFunction { table, ..dinner() }).await.map(drop)
        }
        Reason::GuestUnknown => {
            let name = world.invited(dinner()).await;
            world.answered(&name, "nobody", Reply::Accepted).await.map(drop)
        }
        Reason::NobodyAccepted => world.seated(&world.invited(dinner()).await).await.map(drop),
        Reason::FunctionAhead => world.held(&world.invited(dinner()).await).await.map(drop),
        other => panic!("{} is not a reason of these", other.as_str_name()),
    }
}
