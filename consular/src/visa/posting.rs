//! Postings: what it means for a visa where the accreditation of the member of a mission stands that it is for.
//!
//! The Conventions say when status and privileges end (VCDR art. 39.2, 43; VCCR art. 25, 53.3) and nothing of visas, which are a
//! matter of the receiving state's own law: what ended is told, and an officer decides.

use proto::consular::v1::visa::PostingEnd;

/// A state that the contract of accreditation does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a member of a mission is in a state that is not known here")]
pub(crate) struct UnknownState;

/// What ended, by the state of the member's record and whether the person is declared persona non grata; none while the member
/// may have a visa for the post. Functions go on after the declaration, but nothing is issued to the person from then on.
pub(crate) fn posting_end(state: &str, is_unwanted: bool) -> Result<Option<PostingEnd>, UnknownState> {
    Ok(match (state, is_unwanted) {
        ("ENDED", _) => Some(PostingEnd::StatusEnded),
        ("DECLINED", _) => Some(PostingEnd::NotAccepted),
        ("NOTIFIED" | "VALIDATION" | "RETURNED" | "UNDER_REVIEW" | "ACCREDITED" | "CHANGE_REVIEW", false) => None,
        ("NOTIFIED" | "VALIDATION" | "RETURNED" | "UNDER_REVIEW" | "ACCREDITED" | "CHANGE_REVIEW" | "GRACE", true) => {
            Some(PostingEnd::PersonaNonGrata)
        }
        ("GRACE", false) => Some(PostingEnd::FunctionsEnded),
        _ => return Err(UnknownState),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_of_the_contract_means_something_here() {
        let pool = proto::contract::contract().pool();
        let states = pool.get_enum_by_name("legation.accreditation.v1.Member.State").unwrap();
        let states: Vec<_> = states.values().filter(|state| state.number() != 0).collect();
        assert!(states.len() >= 9);
        for state in &states {
            assert!(posting_end(state.name(), false).is_ok(), "{}", state.name());
        }
        let without: Vec<_> = states.iter().filter(|state| posting_end(state.name(), true) == Ok(None)).collect();
        assert!(without.is_empty(), "nothing is issued to who is unwanted: {without:?}");
    }

    #[test]
    fn what_ended_is_told_by_its_last_step() {
        for (state, unwanted, end) in [
            ("NOTIFIED", false, None),
            ("ACCREDITED", false, None),
            ("CHANGE_REVIEW", false, None),
            ("ACCREDITED", true, Some(PostingEnd::PersonaNonGrata)),
            ("GRACE", true, Some(PostingEnd::PersonaNonGrata)),
            ("GRACE", false, Some(PostingEnd::FunctionsEnded)),
            ("ENDED", true, Some(PostingEnd::StatusEnded)),
            ("DECLINED", false, Some(PostingEnd::NotAccepted)),
        ] {
            assert_eq!(posting_end(state, unwanted), Ok(end), "{state} {unwanted}");
        }
        assert_eq!(posting_end("RETIRED", false), Err(UnknownState));
    }
}
