//! That documents are really paid for: by a receipt of ours, for this record, with a line of its service, not given back, and
//! once; or for no fee, for a reason that fits. And what visas cost whom.

use crate::fees::row;
use crate::passports::application;
use crate::travel_bench::{CLERK, DECIDER, POST};
use crate::visa_applications::{BORN, single, tourist};
use crate::world::{World, reason, world};
use proto::consular::v1::passport_application::{State, Type};
use proto::consular::v1::receipt::NoFee;
use proto::consular::v1::visa_application::{Purpose, VisaClass};
use proto::consular::v1::{self as pb, Fee, FeeSchedule, VisaApplication};

#[tokio::test]
async fn a_receipt_of_ours_pays_for_one_application() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    world.costs("PASSPORT_ADULT", 13_000).await;
    world.costs("PASSPORT_CHILD", 10_000).await;
    let name = world.drafted_passport(application(Type::First, "P-1")).await.unwrap();
    let receipt = async |code: &str, subject: &str, post: &str| world.receipt_of(code, subject, "", post).await;
    assert_eq!(reason(world.submitted(&name, "receipts/invented").await), "RECEIPT_UNFIT");
    let anothers = receipt("PASSPORT_ADULT", "passportApplications/another", POST).await;
    assert_eq!(reason(world.submitted(&name, &anothers.name).await), "RECEIPT_UNFIT", "another's");
    let elsewhere = receipt("PASSPORT_ADULT", &name, "posts/lyon").await;
    assert_eq!(reason(world.submitted(&name, &elsewhere.name).await), "RECEIPT_UNFIT", "of another post");
    let childs = receipt("PASSPORT_CHILD", &name, POST).await;
    assert_eq!(reason(world.submitted(&name, &childs.name).await), "FEE_NOT_COVERED", "a child's");
    let back = receipt("PASSPORT_ADULT", &name, POST).await;
    world.given_back(&back).await;
    assert_eq!(reason(world.submitted(&name, &back.name).await), "RECEIPT_UNFIT", "given back");
    let paid = receipt("PASSPORT_ADULT", &name, POST).await;
    assert_eq!(world.submitted(&name, &paid.name).await.unwrap().fee_receipt, paid.name);
    // What is given back after the application was submitted is not paid when it is decided.
    world.taken_in(&name).await;
    world.adjudicated(&name).await;
    world.given_back(&paid).await;
    assert_eq!(reason(world.try_approve(&name).await), "RECEIPT_UNFIT");
    // Another program that writes to the table can use no receipt twice, and none that there is not.
    let other = world.drafted_passport(application(Type::First, "P-2")).await.unwrap();
    for (receipt, rule) in [
        (paid.name.as_str(), "passport_applications_one_receipt"),
        ("receipts/invented", "passport_applications_receipt_fkey"),
    ] {
        let text =
            "update passport_applications set doc = doc || jsonb_build_object('feeReceipt', $1::text) where name = $2";
        let refused = sqlx::query(text).bind(receipt).bind(&other).execute(&world.db.pool).await.unwrap_err();
        assert_eq!(pg::constraint(&refused), Some(rule));
    }
}

#[tokio::test]
async fn nothing_is_charged_for_a_reason_that_fits_the_passport() {
    let world = world().await;
    for code in ["PASSPORT_ADULT", "PASSPORT_OFFICIAL"] {
        world.costs(code, 13_000).await;
    }
    for (kind, code, no_fee, expected) in [
        (Type::Diplomatic, "PASSPORT_OFFICIAL", NoFee::Diplomatic, None),
        (Type::Service, "PASSPORT_OFFICIAL", NoFee::Official, None),
        (Type::Diplomatic, "PASSPORT_OFFICIAL", NoFee::Destitute, Some("WAIVER_UNFIT")),
        (Type::First, "PASSPORT_ADULT", NoFee::Destitute, None),
        (Type::First, "PASSPORT_ADULT", NoFee::Diplomatic, Some("WAIVER_UNFIT")),
        (Type::First, "PASSPORT_OFFICIAL", NoFee::Official, Some("FEE_NOT_COVERED")),
    ] {
        let name = world.drafted_passport(application(kind, "P-1")).await.unwrap();
        let receipt = world.waived(code, &name, POST, no_fee).await;
        let submitted = world.submitted(&name, &receipt.name).await;
        match expected {
            Some(why) => assert_eq!(reason(submitted), why, "{kind:?} {no_fee:?}"),
            None => assert_eq!(submitted.unwrap().state(), State::Submitted, "{kind:?} {no_fee:?}"),
        }
    }
}

/// A row in euro for a nationality, from a day on.
fn visa_row(nationality: &str, cents: i64, first: &str) -> FeeSchedule {
    FeeSchedule {
        nationality: nationality.into(),
        amount: Some(Fee { currency: "EUR".into(), minor_units: cents }),
        title: "A short stay".into(),
        source: "Reg. (EC) 810/2009, art. 16".into(),
        ..row("VISA_C", 0, first)
    }
}

impl World {
    async fn quoted(&self, nationality: &str, born: &str, date: &str) -> (i64, String, i32) {
        let ask = pb::QuoteVisaFeeRequest {
            visa_class: VisaClass::C.into(),
            nationality: nationality.into(),
            birth_date: born.into(),
            date: date.into(),
            post: POST.into(),
            ..Default::default()
        };
        let told = self.visa_applications(CLERK).quote_visa_fee(ask).await.unwrap().into_inner();
        (told.fee, told.currency, told.entries)
    }
}

#[tokio::test]
async fn a_visa_costs_what_the_schedule_says_on_the_day_for_the_nationality() {
    let world = world().await;
    let ask = pb::QuoteVisaFeeRequest {
        visa_class: VisaClass::C.into(),
        nationality: "IN".into(),
        birth_date: BORN.into(),
        ..Default::default()
    };
    let unknown = world.visa_applications(CLERK).quote_visa_fee(ask.clone()).await;
    assert_eq!(reason(unknown), "FEE_UNKNOWN", "no row is in force");
    world.fee(visa_row("", 8_000, "2024-01-01")).await;
    world.fee(visa_row("", 9_000, "2024-06-11")).await;
    world.fee(FeeSchedule { entries: 2, validity_months: 3, ..visa_row("AM", 3_500, "2024-01-01") }).await;
    let euro = |cents, entries| (cents, "EUR".to_owned(), entries);
    assert_eq!(world.quoted("IN", BORN, "").await, euro(9_000, 0));
    assert_eq!(world.quoted("IN", BORN, "2024-06-10").await, euro(8_000, 0), "before it rose");
    assert_eq!(world.quoted("AM", BORN, "").await, euro(3_500, 2), "by agreement");
    assert_eq!(world.quoted("IN", "2022-01-01", "").await, (0, String::new(), 0), "a small child");
    let posted = pb::QuoteVisaFeeRequest { purpose: Purpose::MissionPosting.into(), ..ask };
    let told = world.visa_applications(CLERK).quote_visa_fee(posted).await.unwrap().into_inner();
    assert_eq!((told.fee, told.basis.as_str()), (0, "Members of missions and their families"));
}

#[tokio::test]
async fn reciprocity_bounds_the_fee_the_entries_and_the_validity() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    world.fee(row("VISA_C", 9_000, "2024-01-01")).await;
    let reciprocal =
        FeeSchedule { nationality: "AM".into(), entries: 1, validity_months: 1, ..row("VISA_C", 3_500, "2024-01-01") };
    let reciprocal = world.fee(reciprocal).await;
    let armenian = VisaApplication { nationality: "AM".into(), ..tourist("T-1") };
    // A receipt for everyone's fee does not pay for that of a nationality, nor the other way round.
    let name = world.drafted(armenian.clone()).await.unwrap();
    let everyones = world.receipt_of("VISA_C", &name, "", POST).await;
    assert_eq!(reason(world.lodged_with(&name, &everyones.name).await), "FEE_NOT_COVERED");
    let indian = world.drafted(tourist("T-2")).await.unwrap();
    let cheap = world.receipt_of("VISA_C", &indian, "AM", POST).await;
    assert_eq!(reason(world.lodged_with(&indian, &cheap.name).await), "FEE_NOT_COVERED");
    let name = world.in_checks(armenian, &[]).await;
    let lodged = world.visa_application(&name).await;
    assert_eq!((lodged.fee, lodged.fee_schedule.as_str()), (3_500, reciprocal.as_str()));
    let two = pb::GrantVisaRequest { entries: 2, ..single(&name) };
    assert_eq!(reason(world.granted(DECIDER, two).await), "RECIPROCITY_EXCEEDED");
    let long = pb::GrantVisaRequest { valid_until: "2026-08-01".into(), ..single(&name) };
    assert_eq!(reason(world.granted(DECIDER, long).await), "RECIPROCITY_EXCEEDED", "a day more than a month");
    world.granted(DECIDER, single(&name)).await.unwrap();
}

#[tokio::test]
async fn a_visa_is_not_granted_once_its_fee_was_given_back() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.in_checks(tourist("T-1"), &[]).await;
    let lodged = world.visa_application(&name).await;
    let again = world.drafted(tourist("T-2")).await.unwrap();
    assert_eq!(reason(world.lodged_with(&again, &lodged.fee_receipt).await), "RECEIPT_UNFIT", "another's");
    world.give_all_back(&lodged.fee_receipt).await;
    assert_eq!(reason(world.granted(DECIDER, single(&name)).await), "RECEIPT_UNFIT");
}

#[tokio::test]
async fn an_emergency_document_is_paid_for_and_each_by_a_receipt_of_its_own() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let sticker = world.blank(pb::blank_book::Kind::EmergencySticker, "E00000001").await;
    let first = world.received(crate::emergency::asked()).await.unwrap().name;
    let second = world.received(crate::emergency::asked()).await.unwrap().name;
    let screening = world.emergency_checked().await;
    let urgent = |name: &str, receipt: &str| pb::IssueUrgentlyRequest {
        name: name.into(),
        blank: sticker.clone(),
        fee_receipt: receipt.into(),
        screening: screening.clone(),
        urgency: "The flight leaves tonight, for a funeral.".into(),
        ..Default::default()
    };
    let mut documents = world.emergency(DECIDER);
    assert_eq!(reason(documents.issue_urgently(urgent(&first, "receipts/invented")).await), "RECEIPT_UNFIT");
    let seconds = world.emergency_paid(&second).await;
    assert_eq!(reason(documents.issue_urgently(urgent(&first, &seconds)).await), "RECEIPT_UNFIT");
    world.costs("PASSPORT_ADULT", 13_000).await;
    let passports = world.receipt_of("PASSPORT_ADULT", &first, "", POST).await;
    assert_eq!(reason(documents.issue_urgently(urgent(&first, &passports.name)).await), "FEE_NOT_COVERED");
    let poor = world.waived("EMERGENCY_DOCUMENT", &first, POST, NoFee::Destitute).await;
    documents.issue_urgently(urgent(&first, &poor.name)).await.unwrap();
    let text = "update emergency_travel_documents set doc = doc || jsonb_build_object('feeReceipt', $1::text, \
        'screening', $2::text) where name = $3";
    let twice = sqlx::query(text).bind(&poor.name).bind(&screening).bind(&second);
    let refused = twice.execute(&world.db.pool).await.unwrap_err();
    assert_eq!(pg::constraint(&refused), Some("emergency_travel_documents_one_receipt"));
}
