//! What an enquirer may be told of a person, and on what ground. Pure: consents and who asks in, the ground out.
//!
//! Consent is the person's own and given beforehand. Nobody else gives it: not a legislator, not the press, not an employer
//! (5 U.S.C. 552a(b); Regulation (EU) 2016/679, art. 6(1)(a)). Without it the answer is the same as for one who is on no list.

use proto::consular::v1::enquiry::{Ground, Relation};
use proto::consular::v1::registration::{Consent, ContactPerson};

/// What is said when nothing is told: the same words whoever asks and whoever is asked for.
pub const NOTHING: &str =
    "We can neither confirm nor deny that we know of this person. Whoever is found is told that you ask.";

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Enquirer<'a> {
    /// What the enquirer is to the person.
    pub relation: Relation,
    /// E-mail address, or empty.
    pub email: &'a str,
    /// Telephone, or empty.
    pub phone: &'a str,
    /// Whether the enquirer has proven who it is that asks.
    pub proven: bool,
}

/// On what ground the enquirer may be told how and where the person is.
pub fn ground(enquirer: Enquirer<'_>, consents: &[Consent], contacts: &[ContactPerson]) -> Ground {
    let same = |one: &str, other: &str| !one.is_empty() && one.eq_ignore_ascii_case(other);
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let named = contacts
        .iter()
        .any(|contact| same(&contact.email, enquirer.email) || same(&digits(&contact.phone), &digits(enquirer.phone)));
    if enquirer.proven && named && consents.contains(&Consent::TellContactPersons) {
        return Ground::ConsentToContactPerson;
    }
    use Relation::{Child, OtherFamily, Parent, Sibling, Spouse};
    let family = matches!(enquirer.relation, Spouse | Parent | Child | Sibling | OtherFamily);
    if enquirer.proven && family && consents.contains(&Consent::TellFamily) {
        return Ground::ConsentToFamily;
    }
    Ground::NoConsent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(relation: Relation, proven: bool) -> Enquirer<'static> {
        Enquirer { relation, email: "Mother@example.org", phone: "", proven }
    }

    fn mother() -> [ContactPerson; 1] {
        [ContactPerson { email: "mother@example.org".into(), phone: "+1 202 555 0100".into(), ..Default::default() }]
    }

    #[test]
    fn a_contact_person_is_told_what_the_person_agreed_to_and_no_one_unproven() {
        let consents = [Consent::KeepData, Consent::TellContactPersons];
        let contact = asks(Relation::Friend, true);
        assert_eq!(ground(contact, &consents, &mother()), Ground::ConsentToContactPerson);
        assert_eq!(ground(asks(Relation::Friend, false), &consents, &mother()), Ground::NoConsent);
        assert_eq!(ground(contact, &[Consent::KeepData], &mother()), Ground::NoConsent);
        assert_eq!(ground(contact, &consents, &[]), Ground::NoConsent);
        let by_phone = Enquirer { email: "", phone: "+12025550100", ..contact };
        assert_eq!(ground(by_phone, &consents, &mother()), Ground::ConsentToContactPerson);
        let by_nothing = Enquirer { email: "", phone: "", ..contact };
        assert_eq!(ground(by_nothing, &consents, &[ContactPerson::default()]), Ground::NoConsent);
    }

    #[test]
    fn of_all_relations_only_family_is_told_by_the_consent_to_family() {
        let consents = [Consent::TellFamily];
        let told = |relation| ground(asks(relation, true), &consents, &[]) == Ground::ConsentToFamily;
        use Relation::{Child, Employer, Friend, Legislator, Other, OtherFamily, Parent, Press, Sibling, Spouse};
        assert!([Spouse, Parent, Child, Sibling, OtherFamily].into_iter().all(told));
        assert!(![Friend, Employer, Legislator, Press, Other, Relation::Unspecified].into_iter().any(told));
    }
}
