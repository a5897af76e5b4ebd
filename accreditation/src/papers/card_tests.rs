//! Cards: what stands on them, by whom they are for.

use super::card::order;
use super::{Papers, Settings};
use crate::dossier::Dossier;
use config::{Env, Home};
use documents::seal::verify;
use documents::{Most, reading};
use proto::accreditation::v1::{Category, IdentityCard, Member, Mission, Relation, Tier};

const SEED: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

fn papers(more: &[(&str, &str)]) -> Papers {
    let env = more.iter().fold(Env::default().with("P_SEAL_KEY", SEED), |env, (name, value)| env.with(*name, *value));
    let settings: Settings = config::read(&env, "P").unwrap();
    Papers::new(&settings, &Home::default()).unwrap()
}

fn stamp(text: &str) -> Option<prost_types::Timestamp> {
    Some(registry::timestamp(text.parse().unwrap()))
}

fn card() -> IdentityCard {
    IdentityCard {
        name: "identityCards/BCD346796".into(),
        member: "members/a".into(),
        tier: Tier::Diplomatic.into(),
        level_text: "Full immunity: no arrest, detention or prosecution.".into(),
        issue_time: stamp("2026-05-04T13:00:00Z"),
        expire_time: stamp("2030-05-03T00:00:00Z"),
        ..IdentityCard::default()
    }
}

fn member(category: Category) -> Member {
    Member {
        category: category.into(),
        family_name: "Lefèvre-Üstün".into(),
        given_names: "Élise Marie".into(),
        birth_date: "1988-04-12".into(),
        nationality: "FR".into(),
        title: "Second Secretary".into(),
        ..Member::default()
    }
}

fn dossier(member: Member, principal: Option<Member>) -> Dossier {
    let mission = Mission { title: "Embassy of France".into(), seat: "Washington".into(), ..Mission::default() };
    Dossier::new(member, principal, mission)
}

fn read(papers: &Papers, dossier: &Dossier) -> Vec<String> {
    reading(&order(papers, &card(), dossier).unwrap(), &Most::default()).unwrap()
}

#[test]
fn a_card_has_two_sides_and_a_zone_that_reads_back() {
    let sides = read(&papers(&[("P_PHONE", "+1 202 555 0100")]), &dossier(member(Category::DiplomaticStaff), None));
    assert_eq!(sides.len(), 2);
    for wanted in ["Lefèvre-Üstün", "Élise Marie", "Second Secretary", "Embassy of France", "BCD346796", "12 Apr 1988"]
    {
        assert!(sides[0].contains(wanted), "{wanted}: {}", sides[0]);
    }
    assert!(sides[0].contains("DIPLOMATIC IDENTITY CARD"));
    assert!(sides[1].contains("Full immunity") && sides[1].contains("+1 202 555 0100"), "{}", sides[1]);
    // Each letter of the zone is set by itself.
    let letters: String = sides[1].lines().filter(|line| line.len() == 1).collect();
    let zone = [&letters[..30], &letters[30..60], &letters[60..90]].join("\n");
    let window = mrz::Window::on("2026-05-04".parse().unwrap());
    let read = mrz::parse(&zone, &window).unwrap();
    assert_eq!((read.number.as_str(), read.issuer.as_str(), read.nationality.as_str()), ("BCD346796", "USA", "FRA"));
    assert_eq!((read.expiry.to_string().as_str(), read.secondary.as_str()), ("2030-05-03", "ELISE MARIE"));
}

#[test]
fn the_kind_of_card_is_by_category_and_a_familys_is_the_principals() {
    let papers = papers(&[]);
    let title = |member, principal| read(&papers, &dossier(member, principal)).remove(0);
    assert!(title(member(Category::ServiceStaff), None).contains("OFFICIAL IDENTITY CARD"));
    assert!(title(member(Category::ConsularEmployee), None).contains("CONSULAR IDENTITY CARD"));
    let spouse = Member { relation: Relation::Spouse.into(), ..member(Category::FamilyMember) };
    let card = title(spouse.clone(), Some(member(Category::ConsularOfficer)));
    assert!(card.contains("CONSULAR IDENTITY CARD"), "{card}");
    let refused = order(&papers, &self::card(), &dossier(spouse, None)).unwrap_err();
    assert_eq!(refused.reason(), "INTERNAL", "a family member without a principal has no card");
}

#[test]
fn a_specimen_says_so_on_both_sides() {
    let dossier = dossier(member(Category::DiplomaticStaff), None);
    assert!(read(&papers(&[("P_SPECIMEN", "true")]), &dossier).iter().all(|side| side.contains("SPECIMEN")));
    assert!(!read(&papers(&[]), &dossier).iter().any(|side| side.contains("SPECIMEN")));
}

#[test]
fn names_that_no_zone_can_have_are_refused() {
    let papers = papers(&[]);
    let named = |family_name: &str| Member { family_name: family_name.into(), ..member(Category::DiplomaticStaff) };
    let refused = |name| order(&papers, &card(), &dossier(named(name), None)).unwrap_err().reason().to_owned();
    assert_eq!(refused("李"), "ZONE_UNFIT");
    assert_eq!(refused("R2D2"), "ZONE_UNFIT");
    assert!(order(&papers, &card(), &dossier(named("Шевченко"), None)).is_ok());
}

#[test]
fn a_card_is_not_printed_without_a_key_and_its_seal_needs_no_more_than_the_public_one() {
    let settings: Settings = config::read(&Env::default(), "P").unwrap();
    let without = Papers::new(&settings, &Home::default()).unwrap();
    let dossier = dossier(member(Category::DiplomaticStaff), None);
    assert_eq!(order(&without, &card(), &dossier).unwrap_err().reason(), "SEAL_KEY_MISSING");
    let with = papers(&[]);
    let (key, _) = with.keys();
    assert_eq!(verify("LGS1:", &[key.unwrap()]), Err(documents::seal::Unsealed::Unreadable));
}

/// A picture of one dot.
const DOT: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\x0dIDATx\xdacd\xf8\xcfP\x0f\x00\x03\x86\x01\x80Z4}k\x00\x00\x00\x00IEND\xaeB`\x82";

#[test]
fn a_card_shows_its_holders_photograph_if_it_is_there() {
    let folder = std::env::temp_dir().join(format!("legation-cards-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir_all(folder.join("photos")).unwrap();
    std::fs::write(folder.join("photos/lefevre"), DOT).unwrap();
    let papers = papers(&[("P_PHOTOS", folder.to_str().unwrap())]);
    let front = |photo: &str| {
        let holder = Member { photo: photo.into(), ..member(Category::DiplomaticStaff) };
        read(&papers, &dossier(holder, None)).remove(0)
    };
    assert!(!front("photos/lefevre").contains("Photograph"), "the word stands in the empty frame alone");
    assert!(front("photos/nobody").contains("Photograph") && front("").contains("Photograph"));
    std::fs::remove_dir_all(&folder).unwrap();
}
