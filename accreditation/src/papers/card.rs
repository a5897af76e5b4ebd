//! An identity card on paper: what stands on its front and back (ICAO Doc 9303-5, size TD1).

use super::Papers;
use super::letterhead::{Letterhead, zone_code};
use super::photograph::photograph;
use crate::dossier::Dossier;
use anyhow::{Context as _, ensure};
use chrono::{DateTime, NaiveDate, Utc};
use documents::{Order, Template};
use fault::Fault;
use mrz::{Format, Sex, Zone};
use proto::accreditation::v1::{Category, IdentityCard, Member, Reason, Seal};
use registry::instant;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// How cards are set.
pub(crate) static TEMPLATE: Template =
    Template { name: "identity-card", main: include_str!("../../templates/identity-card.typ"), parts: &[] };

/// The first letters of the zone: an identity document, of no kind that Doc 9303-5 reserves.
const DOCUMENT_CODE: &str = "I";

/// The kinds of card, by the holder's category.
#[derive(Clone, Debug)]
pub(crate) struct Faces(HashMap<Category, Face>);

/// What a kind of card looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Face {
    /// `Diplomatic Identity Card`.
    title: String,
    /// The border's colour: `#1f3f8f`.
    colour: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    kind: Vec<Kind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    title: String,
    colour: String,
    categories: Vec<String>,
}

impl Faces {
    /// The kinds of the shipped data.
    pub(crate) fn shipped() -> anyhow::Result<Self> {
        Self::read(include_str!("../../data/papers/cards.toml"))
    }

    fn read(text: &str) -> anyhow::Result<Self> {
        let file: File = toml::from_str(text)?;
        let mut faces = HashMap::new();
        for kind in file.kind {
            let face = Face { title: kind.title, colour: kind.colour };
            for name in kind.categories {
                let category = Category::from_str_name(&name).with_context(|| format!("{name} is no category"))?;
                ensure!(faces.insert(category, face.clone()).is_none(), "{name} has two kinds of card");
            }
        }
        let own = |category: &Category| !matches!(category, Category::Unspecified | Category::FamilyMember);
        let all = (0..).map_while(|number| Category::try_from(number).ok()).filter(own);
        for category in all {
            ensure!(faces.contains_key(&category), "{} has no kind of card", category.as_str_name());
        }
        Ok(Self(faces))
    }

    /// A holder's kind of card: a family member's is the principal's.
    fn of(&self, member: &Member, principal: Option<&Member>) -> Option<&Face> {
        let holder = match member.category() {
            Category::FamilyMember => principal?,
            _ => member,
        };
        self.0.get(&holder.category())
    }
}

/// What stands on a card.
#[derive(Serialize)]
struct Card<'c> {
    letterhead: &'c Letterhead,
    face: &'c Face,
    number: &'c str,
    family_name: &'c str,
    given_names: &'c str,
    title: &'c str,
    mission: &'c str,
    seat: &'c str,
    nationality: String,
    born: String,
    issued: String,
    expires: String,
    level: &'c str,
    zone: Vec<String>,
    /// The file with the holder's photograph; nothing for an empty frame.
    photograph: Option<&'static str>,
    specimen: bool,
}

/// A card to be printed, as the register shows its holder.
pub(crate) fn order(papers: &Papers, card: &IdentityCard, dossier: &Dossier) -> Result<Order, Fault> {
    let (member, mission) = (&dossier.member, &dossier.mission);
    let number = card.name.trim_start_matches("identityCards/");
    let (issued, expires) = (day(card.issue_time.as_ref()), day(card.expire_time.as_ref()));
    let broken = || Fault::new(proto::policy::v1::Reason::Internal, "a card is kept that cannot be shown");
    let face = papers.faces().of(member, dossier.principal()).ok_or_else(broken)?;
    let written = |date: NaiveDate| date.format("%d %b %Y").to_string();
    let photograph = photograph(papers.photos(), &member.photo);
    let born: NaiveDate = member.birth_date.parse().map_err(|_| broken())?;
    let shown = Card {
        letterhead: papers.letterhead(),
        face,
        number,
        family_name: &member.family_name,
        given_names: &member.given_names,
        title: &member.title,
        mission: &mission.title,
        seat: &mission.seat,
        nationality: zone_code(&member.nationality).unwrap_or_else(|| member.nationality.clone()),
        born: written(born),
        issued: written(issued),
        expires: written(expires),
        level: &card.level_text,
        zone: zone(papers.letterhead(), member, number, born, expires)?,
        photograph: photograph.as_ref().map(|(name, _)| *name),
        specimen: papers.specimen(),
    };
    let seal = Seal {
        document: card.name.clone(),
        issuer: papers.letterhead().code.clone(),
        holder: format!("{} {}", member.given_names, member.family_name),
        mission: mission.title.clone(),
        tier: card.tier,
        issue_time: card.issue_time,
        expire_time: card.expire_time,
        instant: None,
    };
    let order = Order::new(&TEMPLATE, &shown, &card.name, issued);
    let order = photograph.into_iter().fold(order, |order, (name, bytes)| order.with_file(name, bytes));
    papers.sealed(order, &seal)
}

/// The machine-readable zone: three lines of thirty (Doc 9303-5, 4.2). The register does not know a holder's sex.
fn zone(
    letterhead: &Letterhead,
    member: &Member,
    number: &str,
    born: NaiveDate,
    expires: NaiveDate,
) -> Result<Vec<String>, Fault> {
    let unfit = |words: String| Fault::new(Reason::ZoneUnfit, words);
    let letters = |name: &str| {
        let language = "";
        mrz::transliterate(name, language).map_err(|error| unfit(format!("a name cannot be transliterated: {error}")))
    };
    let zone = Zone {
        format: Format::Td1,
        document_code: DOCUMENT_CODE.to_owned(),
        issuer: letterhead.zone_code.clone(),
        primary: letters(&member.family_name)?,
        secondary: letters(&member.given_names)?,
        number: number.to_owned(),
        nationality: zone_code(&member.nationality).unwrap_or_else(|| "XXX".to_owned()),
        birth: born.into(),
        sex: Sex::Unspecified,
        expiry: expires.into(),
        optional: String::new(),
        more_optional: String::new(),
    };
    let lines = mrz::generate(&zone).map_err(|failures| {
        let words: Vec<_> = failures.iter().map(ToString::to_string).collect();
        unfit(words.join("; "))
    })?;
    Ok(lines.lines().map(str::to_owned).collect())
}

/// The day of an instant, in universal time as passports count.
fn day(time: Option<&prost_types::Timestamp>) -> NaiveDate {
    let at: Option<DateTime<Utc>> = time.and_then(instant);
    at.unwrap_or_default().date_naive()
}
