//! A change of the lists and those it concerns: entries that were corrected, documents that were issued, and nothing asked twice.

use crate::emergency::asked;
use crate::lookouts::someone;
use crate::travel_bench::{CLERK, DECIDER, POST};
use crate::world::{Signed, World, officer, reason, world};
use proto::consular::v1::blank_book::Kind as Blank;
use proto::consular::v1::hit::Band;
use proto::consular::v1::name_check_review::State as Review;
use proto::consular::v1::name_check_review_service_client::NameCheckReviewServiceClient;
use proto::consular::v1::passport_application::Type;
use proto::consular::v1::screening::State;
use proto::consular::v1::{self as pb, LookoutPerson, NameCheckReview, Screening};
use std::collections::BTreeMap;

const BORN: &str = "1974-08-12";

impl World {
    fn reviews(&self, by: &str) -> NameCheckReviewServiceClient<Signed> {
        NameCheckReviewServiceClient::new(self.signed(&officer(by)))
    }

    async fn open_reviews(&self) -> Vec<NameCheckReview> {
        let list = pb::ListNameCheckReviewsRequest { filter: "state = OPEN".into(), ..Default::default() };
        self.reviews(CLERK).list_name_check_reviews(list).await.unwrap().into_inner().name_check_reviews
    }

    /// The screening that came after one.
    async fn screening_after(&self, screening: &str) -> Screening {
        let filter = format!("previous = \"{screening}\"");
        let list = pb::ListScreeningsRequest { filter, ..Default::default() };
        self.screenings(&officer(CLERK)).list_screenings(list).await.unwrap().into_inner().screenings.remove(0)
    }
}

#[tokio::test]
async fn a_corrected_entry_opens_what_two_officers_had_cleared() {
    let world = world().await;
    let entry = "EXAMPLE, Anna Maria";
    world.list_of(&[(entry, "")]).await;
    let screening = world.screened("Anna Maria EXAMPLE", BORN, "").await;
    let nameless = world.screened("Anna Maria EXAMPLE", "", "P1234567").await;
    assert_eq!(screening.hits[0].band(), Band::Possible, "{:?}", screening.hits);
    world.cleared(&screening.name).await;
    world.cleared(&nameless.name).await;
    // What makes a hit no stronger changes nothing.
    for remarks in ["POB Zenith.", "DOB 12 Aug 1960."] {
        world.list_of(&[(entry, remarks)]).await;
        assert_eq!(world.again().await, 0, "{remarks}");
    }
    // The publisher corrects the date of birth: now it is that of the applicant.
    world.list_of(&[(entry, "DOB 12 Aug 1974.")]).await;
    assert_eq!(world.again().await, 1);
    let next = world.screening_after(&screening.name).await;
    assert_eq!((next.state(), next.hits[0].band()), (State::Open, Band::Strong));
    assert!(next.hits[0].dismissal.is_empty(), "what was said of the weaker hit does not stand for the stronger");
    // And then the passport's number.
    world.list_of(&[(entry, "DOB 12 Aug 1974; Passport P1234567 (Iran).")]).await;
    assert_eq!(world.again().await, 1);
    assert_eq!(world.screening_after(&nameless.name).await.hits[0].score, 1000);
    assert_eq!(world.again().await, 0);
}

#[tokio::test]
async fn what_was_cleared_is_not_asked_again_when_someone_else_is_listed() {
    let world = world().await;
    world.list_of(&[("EXAMPLE, Anna Maria", "")]).await;
    let screening = world.screened("Anna Maria EXAMPLE", BORN, "").await;
    world.cleared(&screening.name).await;
    world.list_of(&[("EXAMPLE, Anna Maria", ""), ("EXAMPLE, Maria Anna", "DOB 12 Aug 1974.")]).await;
    assert_eq!(world.again().await, 1);
    let next = world.screening_after(&screening.name).await;
    let dismissed: Vec<_> = next.hits.iter().map(|hit| (hit.entry.as_str(), hit.dismissal.is_empty())).collect();
    assert!(dismissed.contains(&("0", false)) && dismissed.contains(&("1", true)), "{dismissed:?}");
}

#[tokio::test]
async fn a_lookout_reaches_who_was_clear_before_and_nothing_is_asked_twice() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let clear = world.screened("Ivan Primerov", BORN, "").await;
    let other = world.screened("Somebody Otherwise", BORN, "").await;
    assert_eq!(world.again().await, 0);
    let compared = "select editions->>'lookouts' from screening_marks where screening = $1";
    let compared = async |name: &str| -> String {
        sqlx::query_scalar(compared).bind(name).fetch_one(&world.db.pool).await.unwrap()
    };
    let before = compared(&other.name).await;
    world.looks_out(someone()).await;
    assert_eq!(world.again().await, 1);
    assert_eq!(world.screening_after(&clear.name).await.hits[0].list, "lookouts");
    assert_ne!(compared(&other.name).await, before, "how far it was compared is kept");
    assert_eq!(world.again().await, 0);
    world.looks_out(LookoutPerson { names: vec!["Nobody Whatever".into()], ..someone() }).await;
    assert_eq!(world.again().await, 0, "it concerns nobody");
}

#[tokio::test]
async fn a_visa_in_use_is_reviewed_when_its_holder_is_newly_found() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let visa = world.visa_on("V00000001").await;
    world.again().await;
    assert!(world.open_reviews().await.is_empty());
    world
        .looks_out(LookoutPerson {
            names: vec!["Ravi Traveller".into()],
            birth_dates: vec![BORN.into()],
            ..LookoutPerson::default()
        })
        .await;
    assert_eq!(world.again().await, 1);
    let review = world.open_reviews().await.remove(0);
    assert_eq!((review.document.as_str(), review.post.as_str()), (visa.name.as_str(), "posts/example"));
    world.again().await;
    assert_eq!(world.open_reviews().await.len(), 1, "once for one screening");
    let keep = || pb::KeepReviewedDocumentRequest {
        name: review.name.clone(),
        findings: "Another person.".into(),
        ..Default::default()
    };
    assert_eq!(reason(world.reviews(DECIDER).keep_reviewed_document(keep()).await), "HIT_UNRESOLVED");
    world.cleared(&review.screening).await;
    let kept = world.reviews(DECIDER).keep_reviewed_document(keep()).await.unwrap().into_inner();
    assert_eq!(kept.state(), Review::Kept);
    world.again().await;
    assert!(world.open_reviews().await.is_empty(), "it was looked at");
}

#[tokio::test]
async fn a_passport_under_review_is_ended_before_the_review_is() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let application = world.approved(Type::First, "P-1", "").await;
    let blank = world.blank(Blank::PassportBook, "C01X00T47").await;
    let passport = world.produce(&application, &blank).await.unwrap().name;
    let person = LookoutPerson {
        names: vec!["Anna Maria Example".into()],
        birth_dates: vec![BORN.into()],
        ..LookoutPerson::default()
    };
    world.looks_out(person).await;
    assert_eq!(world.again().await, 1);
    let review = world.open_reviews().await.remove(0);
    assert_eq!(review.document, passport);
    let end = || pb::EndReviewedDocumentRequest {
        name: review.name.clone(),
        findings: "Obtained by fraud.".into(),
        ..Default::default()
    };
    assert_eq!(reason(world.reviews(DECIDER).end_reviewed_document(end()).await), "DOCUMENT_IN_OTHER_USE");
    let loss = pb::ReportLossRequest { name: passport, ..Default::default() };
    world.travel_documents(CLERK).report_loss(loss).await.unwrap();
    let ended = world.reviews(DECIDER).end_reviewed_document(end()).await.unwrap().into_inner();
    assert_eq!(ended.state(), Review::Ended);
}

/// Without a second look at what is new it stays clear until the lists change again.
#[tokio::test]
async fn a_screening_that_was_under_way_while_a_list_changed_is_compared_with_the_change() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let clear = world.screened("Ivan Primerov", BORN, "").await;
    world.looks_out(someone()).await;
    // Nobody sees what is not committed.
    let seen = async |text: &'static str| sqlx::query(text).execute(&world.db.pool).await.unwrap();
    seen("update screenings set deleted_at = now()").await;
    let (asked, screened) = world.again_after(&BTreeMap::new()).await;
    assert_eq!(screened, 0);
    seen("update screenings set deleted_at = null").await;
    let (again, screened) = world.again_after(&asked).await;
    assert_eq!((&again, screened), (&asked, 1), "the lists did not change meanwhile");
    assert_eq!(world.screening_after(&clear.name).await.state(), State::Open);
    assert_eq!(world.again_after(&asked).await.1, 0);
}

#[tokio::test]
async fn nothing_is_handed_over_or_printed_while_a_hit_is_unresolved() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let application = world.approved(Type::First, "P-1", "").await;
    let book = world.blank(Blank::PassportBook, "C01X00T47").await;
    let passport = world.produce(&application, &book).await.unwrap().name;
    world.on_its_way(&application).await;
    let visa = world.visa_on("V00000001").await.name;
    for name in ["Anna Maria Example", "Ravi Traveller"] {
        let (names, birth_dates) = (vec![name.to_owned()], vec![BORN.to_owned()]);
        world.looks_out(LookoutPerson { names, birth_dates, ..LookoutPerson::default() }).await;
    }
    assert_eq!(world.again().await, 2);
    let print = || pb::PrintTravelDocumentRequest { name: passport.clone() };
    let release = || pb::ReleaseVisaRequest { name: visa.clone(), ..Default::default() };
    let (mut passports, mut visas) = (world.travel_documents("people/press"), world.visas("people/press"));
    assert_eq!(reason(world.deliver(&application).await), "HIT_UNRESOLVED");
    assert_eq!(reason(passports.print_travel_document(print()).await), "HIT_UNRESOLVED");
    assert_eq!(reason(visas.release_visa(release()).await), "HIT_UNRESOLVED");
    let open = pb::ListScreeningsRequest { filter: "state = OPEN".into(), ..Default::default() };
    let open = world.screenings(&officer(CLERK)).list_screenings(open).await.unwrap().into_inner().screenings;
    assert_eq!(open.len(), 2);
    for screening in open {
        world.cleared(&screening.name).await;
    }
    passports.print_travel_document(print()).await.unwrap();
    world.deliver(&application).await.unwrap();
    visas.release_visa(release()).await.unwrap();
}

#[tokio::test]
async fn an_emergency_document_in_use_is_reviewed_too() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.received(asked()).await.unwrap().name;
    let sticker = world.blank(Blank::EmergencySticker, "E00000001").await;
    world.urgently(&name, &sticker).await.unwrap();
    let (names, birth_dates) = (vec!["Zoé Example".to_owned()], vec!["1990-01-31".to_owned()]);
    world.looks_out(LookoutPerson { names, birth_dates, ..LookoutPerson::default() }).await;
    assert_eq!(world.again().await, 1);
    let review = world.open_reviews().await.remove(0);
    assert_eq!((review.document.as_str(), review.post.as_str()), (name.as_str(), POST));
    let end = || pb::EndReviewedDocumentRequest {
        name: review.name.clone(),
        findings: "Obtained by fraud.".into(),
        ..Default::default()
    };
    assert_eq!(reason(world.reviews(DECIDER).end_reviewed_document(end()).await), "DOCUMENT_IN_OTHER_USE");
    let back = pb::TakeBackEmergencyTravelDocumentRequest { name, ..Default::default() };
    world.emergency(CLERK).take_back_emergency_travel_document(back).await.unwrap();
    world.reviews(DECIDER).end_reviewed_document(end()).await.unwrap();
}
