//! Documents scanned at a gate: what their lines say, and whose seat it is; or why they open none.

use crate::manifest_seats::ManifestSeats;
use crate::travel::zone::code;
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use mrz::{Format, Window, Zone};
use proto::consular::v1::manifest_seat::State as Seat;
use proto::consular::v1::{CrisisPerson, Manifest, ManifestSeat, Reason};
use registry::{Held, Reader};

/// What the lines of a travel document say.
///
/// # Errors
/// `ZONE_UNREADABLE` with everything that does not read right, or if they are a visa's.
pub(crate) fn read(lines: &str, today: NaiveDate) -> Result<Zone, Fault> {
    let unreadable = |words: &str| Fault::new(Reason::ZoneUnreadable, words.to_owned());
    let zone = mrz::parse(lines, &Window::on(today)).map_err(|refusal| {
        let fault = unreadable("the lines of the document do not read right");
        refusal.failures.iter().fold(fault, |fault, failure| fault.at("lines", failure.to_string()))
    })?;
    let visa = matches!(zone.format, Format::MrvA | Format::MrvB);
    refuse_if(visa, Reason::ZoneUnreadable, "the lines are a visa's: scan the travel document")?;
    Ok(zone)
}

/// The seat of whom a document is of: the one that was boarded with it, or of the person who is known by it.
///
/// # Errors
/// `DOCUMENT_NOT_LISTED`, `DOCUMENT_OF_ANOTHER`; the database's.
pub(crate) async fn seated(
    reader: &mut Reader<'_>,
    manifest: &Manifest,
    zone: &Zone,
) -> Result<Option<Held<ManifestSeats>>, Fault> {
    let of_manifest = ("manifest", &[manifest.name.as_str()][..]);
    let number = [zone.number.as_str()];
    let mut seats: Vec<ManifestSeat> = reader.all(&[of_manifest, ("document_number", &number)]).await?;
    seats.retain(|seat| was_shown(seat, zone));
    let known = [("crisis", &[manifest.crisis.as_str()][..]), ("document_number", &number[..])];
    let people: Vec<CrisisPerson> = reader.all(&known).await?;
    let people: Vec<&str> = people.iter().filter(|one| is_known_by(one, zone)).map(|one| one.name.as_str()).collect();
    for field in ["human", "person"] {
        seats.extend(reader.all::<ManifestSeat>(&[of_manifest, (field, &people)]).await?);
    }
    let seat = the_one(seats)?;
    let person: CrisisPerson = reader.share(&seat.human).await?.unwrap_or_default();
    same_birth(&person, zone)?;
    Ok(reader.hold(&[of_manifest, ("name", &[&seat.name])]).await?.pop())
}

/// Who boarded with it: a number that was typed has no state beside it.
fn was_shown(seat: &ManifestSeat, zone: &Zone) -> bool {
    seat.document_issuer.is_empty() || seat.document_issuer == zone.issuer
}

/// Two states may give one number. Which state gave it, a list seldom says: it is taken for the person's own, or for the one
/// that the document says the holder is a national of.
fn is_known_by(person: &CrisisPerson, zone: &Zone) -> bool {
    let own = code(&person.nationality);
    person.nationality.is_empty() || own == zone.issuer || own == zone.nationality
}

/// The seat that counts: who was taken off and listed again has two.
fn the_one(mut seats: Vec<ManifestSeat>) -> Result<ManifestSeat, Fault> {
    let unlisted = |words: &str| Fault::new(Reason::DocumentNotListed, words.to_owned());
    let live = |seat: &ManifestSeat| matches!(seat.state(), Seat::Listed | Seat::Boarded);
    seats.sort_by(|one, other| live(other).cmp(&live(one)).then_with(|| one.name.cmp(&other.name)));
    seats.dedup_by(|one, other| one.name == other.name);
    let several = seats.iter().filter(|seat| live(seat)).count() > 1;
    refuse_if(several, Reason::DocumentNotListed, "several people on the manifest have a document of this number")?;
    seats.into_iter().next().ok_or_else(|| unlisted("nobody on the manifest has this document"))
}

/// A document of somebody born on another day than the list has is looked at by an officer, not boarded.
fn same_birth(person: &CrisisPerson, zone: &Zone) -> Result<(), Fault> {
    let born = zone.birth.to_string();
    let other = !person.birth_date.is_empty() && !born.contains('X') && person.birth_date != born;
    refuse_if(other, Reason::DocumentOfAnother, "the person on the manifest was born on another day")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECIMEN: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";

    fn zone() -> Zone {
        read(SPECIMEN, "2010-05-04".parse().expect("a day")).expect("it reads right")
    }

    fn seat(name: &str, state: Seat) -> ManifestSeat {
        ManifestSeat { name: name.into(), state: state.into(), ..ManifestSeat::default() }
    }

    #[test]
    fn what_does_not_read_right_is_named_and_a_visa_is_no_document() {
        let today = "2010-05-04".parse().expect("a day");
        let refused = read(&SPECIMEN.replace("7408122F", "7408123F"), today).expect_err("the digit is wrong");
        assert_eq!(refused.reason(), "ZONE_UNREADABLE");
        assert!(refused.violations().iter().all(|one| one.field == "lines") && !refused.violations().is_empty());
        assert!(refused.violations()[0].description.contains("birth"), "{:?}", refused.violations());
        let visa = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<";
        assert_eq!(read(visa, today).expect_err("a visa").reason(), "ZONE_UNREADABLE");
    }

    #[test]
    fn one_number_of_two_states_is_two_documents() {
        let national = |of: &str| CrisisPerson { nationality: of.into(), ..CrisisPerson::default() };
        let zone = Zone { issuer: "FRA".into(), nationality: "FRA".into(), ..zone() };
        assert!(is_known_by(&national("FR"), &zone) && is_known_by(&national(""), &zone));
        assert!(!is_known_by(&national("BE"), &zone));
        let refugee = Zone { issuer: "D".into(), nationality: "SYR".into(), ..zone };
        assert!(is_known_by(&national("SY"), &refugee) && is_known_by(&national("DE"), &refugee));
    }

    #[test]
    fn the_live_seat_counts_and_two_of_them_none() {
        let found = the_one(vec![seat("b", Seat::Released), seat("c", Seat::Listed), seat("a", Seat::Released)]);
        assert_eq!(found.expect("one is live").name, "c");
        assert_eq!(the_one(vec![seat("a", Seat::Boarded), seat("a", Seat::Boarded)]).expect("it is one").name, "a");
        for none in [Vec::new(), vec![seat("a", Seat::Boarded), seat("b", Seat::Listed)]] {
            assert_eq!(the_one(none).expect_err("it is nobody's").reason(), "DOCUMENT_NOT_LISTED");
        }
    }

    #[test]
    fn a_birth_that_is_known_of_both_is_the_same() {
        let born = |day: &str| CrisisPerson { birth_date: day.into(), ..CrisisPerson::default() };
        assert!(same_birth(&born("1974-08-12"), &zone()).is_ok() && same_birth(&born(""), &zone()).is_ok());
        let other = same_birth(&born("1974-12-08"), &zone()).expect_err("another day");
        assert_eq!(other.reason(), "DOCUMENT_OF_ANOTHER");
    }
}
