//! Disputes: sessions and offers, settlement, referral, escalation, and what stays between the mediator and us.

use crate::matters::{lease, offer, party_of};
use crate::world::{World, fields, reason, registrar, secretary, stamp, world};
use identity::{Clearance, Principal};
use proto::accreditation::v1::dispute::{Forum, State, Step};
use proto::accreditation::v1::{self as pb, Dispute, Member};

async fn unresolved(world: &World, mission: &str) -> String {
    let name = world.mediated(lease(mission)).await.name;
    let request = pb::DeclareUnresolvedRequest { name: name.clone(), ..Default::default() };
    world.disputes(&registrar()).declare_unresolved(request).await.unwrap();
    name
}

#[tokio::test]
async fn parties_settle_on_the_offer_that_was_accepted() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.mediated(lease(&mission)).await.name;
    assert_eq!(reason(world.settle(&name, 1, "").await), "OFFER_NOT_ACCEPTED");
    world.answer_offer(&name, 1, false).await.unwrap();
    let request =
        pb::MakeOfferRequest { name: name.clone(), offer: Some(offer("Two thirds", 600_000)), ..Default::default() };
    let offered = world.disputes(&registrar()).make_offer(request).await.unwrap().into_inner();
    assert_eq!(
        offered.offers.iter().map(|one| (one.number, one.answered)).collect::<Vec<_>>(),
        [(1, true), (2, false)]
    );
    let session = Some(pb::DisputeSession {
        session_time: stamp("2026-05-04T12:00:00Z"),
        attendees: vec!["both".into()],
        outcome: "The second offer is considered".into(),
    });
    let request = pb::RecordSessionRequest { name: name.clone(), session, ..Default::default() };
    world.disputes(&registrar()).record_session(request).await.unwrap();
    world.answer_offer(&name, 2, true).await.unwrap();
    assert_eq!(reason(world.answer_offer(&name, 2, false).await), "OFFER_NOT_OPEN", "answered once");
    let settled = world.settle(&name, 2, "").await.unwrap();
    let settlement = settled.settlement.clone().unwrap();
    assert_eq!((settled.state(), settlement.terms.as_str()), (State::Settled, "Two thirds"));
    assert_eq!(settlement.amount.unwrap().minor_units, 600_000);
}

#[tokio::test]
async fn parties_settle_on_terms_of_their_own_but_not_on_both() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.mediated(lease(&mission)).await.name;
    for (number, terms) in [(0, ""), (1, "and flowers")] {
        assert_eq!(reason(world.settle(&name, number, terms).await), "SETTLEMENT_UNCLEAR");
    }
    let settled = world.settle(&name, 0, "The lease ends in June").await.unwrap().settlement.unwrap();
    assert_eq!((settled.offer, settled.terms.as_str()), (0, "The lease ends in June"));
}

#[tokio::test]
async fn the_milder_step_comes_before_the_harder() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = unresolved(&world, &mission).await;
    for step in [Step::Summon, Step::BenefitWithheld] {
        assert_eq!(reason(world.escalate(&name, step).await), "ESCALATION_OUT_OF_ORDER");
    }
    for step in [Step::Note, Step::Note, Step::Summon] {
        world.escalate(&name, step).await.unwrap();
    }
    let last = world.escalate(&name, Step::BenefitWithheld).await.unwrap();
    assert_eq!((last.state(), last.escalations.len()), (State::Unresolved, 4));
    let (forum, body) = (Forum::Court.into(), "Example Court".into());
    let request = pb::ReferDisputeRequest { name: name.clone(), forum, body, ..Default::default() };
    let referred = world.disputes(&registrar()).refer_dispute(request).await.unwrap().into_inner();
    assert_eq!(referred.referral.clone().unwrap().body, "Example Court");
    let request = pb::CloseDisputeRequest { name, ..Default::default() };
    let closed = world.disputes(&registrar()).close_dispute(request).await.unwrap().into_inner();
    assert_eq!((closed.state(), closed.close_time), (State::Closed, closed.update_time));
}

#[tokio::test]
async fn what_the_mediator_notes_is_shown_to_neither_side() {
    let world = world().await;
    let (ours, theirs) = (world.embassy("FR").await, world.embassy("BE").await);
    let name = world.mediated(lease(&ours)).await.name;
    let request =
        pb::AddDisputeNoteRequest { name: name.clone(), text: "They would pay all of it".into(), ..Default::default() };
    let noted = world.disputes(&registrar()).add_dispute_note(request).await.unwrap().into_inner();
    assert_eq!(noted.notes[0].author, "people/registrar");
    let get = || pb::GetDisputeRequest { name: name.clone(), as_of: None };
    let seen = world.disputes(&party_of("fr")).get_dispute(get()).await.unwrap().into_inner();
    assert_eq!((seen.notes.len(), seen.screening), (0, None));
    assert_eq!(seen.offers.len(), 1, "an offer is between the parties");
    let uncleared = Principal { clearance: Clearance::Confidential, ..registrar() };
    assert_eq!(world.disputes(&uncleared).get_dispute(get()).await.unwrap().into_inner().notes.len(), 0);
    assert_eq!(reason(world.disputes(&party_of("be")).get_dispute(get()).await), "NOT_FOUND");
    for secret in ["pay all of it", "Example Landlord", "immune"] {
        let leaked = format!("outbox where kind = 'disputes' and doc::text like '%{secret}%'");
        assert_eq!(world.count(&leaked).await, 0, "{secret}");
    }
    assert_eq!(fields(world.dispute(&party_of("fr"), lease(&theirs)).await), ["dispute.mission"]);
    let belgian = world.notify("janssens", Member { nationality: "BE".into(), ..secretary(&theirs) }).await.unwrap();
    let strange = Dispute { member: belgian.name, ..lease(&ours) };
    assert_eq!(fields(world.dispute(&party_of("fr"), strange).await), ["dispute.member"]);
}
