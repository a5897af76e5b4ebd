//! Arrivals: who was aboard is counted where it arrives, who was not is written down, and the difference is explained.

use crate::crisis_persons::CrisisPersons;
use crate::document_scan;
use crate::manifest_seats::ManifestSeats;
use crate::manifests::{fit, seat};
use fault::{Fault, refuse_if};
use proto::consular::v1::manifest_seat::State as Seat;
use proto::consular::v1::{
    Manifest, ManifestSeat, Reason, ReconcileManifestRequest, RecordArrivalRequest, RecordUnlistedArrivalRequest,
    UnlistedArrival,
};
use registry::{Call, Held, Reader};

/// Who comes, by the document or, where it was waived, by the seat.
pub(crate) async fn arriving(
    reader: &mut Reader<'_>,
    manifest: &Manifest,
    ask: &RecordArrivalRequest,
) -> Result<Option<Held<ManifestSeats>>, Fault> {
    if ask.lines.is_empty() {
        return seat(reader, manifest, &ask.seat).await;
    }
    let zone = document_scan::read(&ask.lines, reader.now().date_naive())?;
    document_scan::seated(reader, manifest, &zone).await
}

/// Each is counted once.
pub(crate) fn arrive(
    manifest: &mut Manifest,
    ask: RecordArrivalRequest,
    seat: Option<Held<ManifestSeats>>,
    call: &mut Call,
) -> Result<(), Fault> {
    let both = !ask.lines.is_empty() && !ask.seat.is_empty();
    refuse_if(both, Reason::SeatUnfit, "whoever comes is known by the document or by the seat, not by both")?;
    let seat = fit(seat, &[Seat::Boarded])?;
    manifest.arrived += 1;
    call.follow(seat, "arrive", |seat: &mut ManifestSeat, call| {
        seat.arrive_time = Some(call.timestamp());
        Ok(())
    })
}

/// Who comes out and is on no seat, and whether the document is one of somebody aboard.
pub(crate) async fn unlisted(
    reader: &mut Reader<'_>,
    manifest: &Manifest,
    ask: &RecordUnlistedArrivalRequest,
) -> Result<(UnlistedArrival, bool), Fault> {
    if ask.lines.is_empty() {
        let (family_name, given_names) = (ask.family_name.clone(), ask.given_names.clone());
        return Ok((UnlistedArrival { family_name, given_names, ..UnlistedArrival::default() }, false));
    }
    let zone = document_scan::read(&ask.lines, reader.now().date_naive())?;
    let aboard = match document_scan::seated(reader, manifest, &zone).await {
        Ok(seat) => seat.is_some_and(|seat| matches!(seat.state(), Seat::Boarded | Seat::Arrived)),
        Err(fault) if fault.reason() == Reason::DocumentNotListed.as_str_name() => false,
        Err(fault) => return Err(fault),
    };
    let arrival = UnlistedArrival {
        family_name: zone.primary,
        given_names: zone.secondary,
        document_number: zone.number,
        document_issuer: zone.issuer,
        ..UnlistedArrival::default()
    };
    Ok((arrival, aboard))
}

pub(crate) fn note(
    manifest: &mut Manifest,
    ask: RecordUnlistedArrivalRequest,
    (arrival, aboard): (UnlistedArrival, bool),
    call: &mut Call,
) -> Result<(), Fault> {
    refuse_if(aboard, Reason::SeatUnfit, "the document is of somebody who was aboard: record that arrival")?;
    let unnamed = arrival.family_name.is_empty();
    refuse_if(unnamed, Reason::ArrivalUnnamed, "whoever comes without a seat is written down by document or name")?;
    let same = |one: &UnlistedArrival| {
        let known =
            (&one.document_number, &one.document_issuer) == (&arrival.document_number, &arrival.document_issuer);
        known && !arrival.document_number.is_empty()
    };
    let twice = manifest.unlisted_arrivals.iter().any(same);
    refuse_if(twice, Reason::SeatUnfit, "the document was written down already")?;
    let arrive_time = Some(call.timestamp());
    manifest.unlisted_arrivals.push(UnlistedArrival { note: ask.note, arrive_time, ..arrival });
    manifest.unlisted = i32::try_from(manifest.unlisted_arrivals.len()).unwrap_or(i32::MAX);
    Ok(())
}

/// Who went aboard and has not arrived, and their records on the list of the crisis.
pub(crate) type Missing = (Vec<Held<ManifestSeats>>, Vec<Held<CrisisPersons>>);

pub(crate) async fn missing(
    reader: &mut Reader<'_>,
    manifest: &Manifest,
    _: &ReconcileManifestRequest,
) -> Result<Missing, Fault> {
    let seats = reader.hold::<ManifestSeats>(&[("manifest", &[&manifest.name]), ("state", &["BOARDED"])]).await?;
    let humans: Vec<&str> = seats.iter().map(|seat| seat.human.as_str()).collect();
    let people = reader.hold::<CrisisPersons>(&[("name", &humans), ("state", &["DEPARTED"])]).await?;
    Ok((seats, people))
}

/// The counts are final. Whoever went and did not arrive is missing, on the list of the crisis too.
pub(crate) fn reconcile(
    manifest: &mut Manifest,
    ask: ReconcileManifestRequest,
    (seats, people): Missing,
    call: &mut Call,
) -> Result<(), Fault> {
    manifest.missing = i32::try_from(seats.len()).unwrap_or(i32::MAX);
    let differs = manifest.missing > 0 || manifest.unlisted > 0;
    let unexplained = differs && ask.explanation.trim().is_empty();
    refuse_if(unexplained, Reason::ArrivalsUnexplained, "who is missing, or came unlisted, is explained")
        .map_err(|fault| fault.with("missing", manifest.missing.to_string()))
        .map_err(|fault| fault.with("unlisted", manifest.unlisted.to_string()))?;
    manifest.explanation = ask.explanation;
    manifest.reconcile_time = Some(call.timestamp());
    seats.into_iter().try_for_each(|seat| call.follow(seat, "missArrival", |_, _| Ok(())))?;
    people.into_iter().try_for_each(|person| {
        call.follow(person, "missArrival", |person, call| {
            person.status_time = Some(call.timestamp());
            Ok(())
        })
    })
}
