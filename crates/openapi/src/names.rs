//! Names as OpenAPI shows them: schemas, tags, operations, parameters, and the first sentence of a comment.

use proto::contract::Method;

/// The name of a message's or an enum's schema: `accreditation.Mission.State` for
/// `legation.accreditation.v1.Mission.State`. The package stays in it, so that a new service renames nothing.
pub(crate) fn schema(full_name: &str) -> String {
    full_name.strip_prefix("legation.").unwrap_or(full_name).replacen(".v1.", ".", 1)
}

/// The operation's id, unique in the contract: `MissionService_Open`.
pub(crate) fn operation(method: &Method) -> String {
    format!("{}_{}", tag(method), method.name())
}

/// The tag of a method: its gRPC service's own name, `MissionService`; with the package's where two packages have one of
/// that name, `AccreditationAuditService`.
pub(crate) fn tag(method: &Method) -> String {
    let service = method.descriptor().parent_service().clone();
    let name = service.name();
    if service.parent_pool().services().filter(|other| other.name() == name).count() == 1 {
        return name.to_owned();
    }
    let package = service.package_name().split('.').nth(1).unwrap_or_default();
    let (first, rest) = package.split_at(package.len().min(1));
    format!("{}{rest}{name}", first.to_uppercase())
}

/// What a tag is called on a page: `Identity cards` for `IdentityCardService`.
pub(crate) fn heading(service: &str) -> String {
    let noun = service.strip_suffix("Service").unwrap_or(service);
    let mut text = String::new();
    for letter in noun.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
            text.push(letter.to_ascii_lowercase());
        } else {
            text.push(letter);
        }
    }
    match text.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => text + "s",
    }
}

/// `identity_card` as JSON and OpenAPI write it: `identityCard`.
pub(crate) fn camel(snake: &str) -> String {
    let mut text = String::new();
    let mut raise = false;
    for letter in snake.chars() {
        match letter {
            '_' => raise = true,
            letter if raise => {
                text.push(letter.to_ascii_uppercase());
                raise = false;
            }
            letter => text.push(letter),
        }
    }
    text
}

/// The first sentence of a comment, without its full stop. `VCDR art. 41` does not end one.
pub(crate) fn summary(comment: &str) -> String {
    let first = comment.split("\n\n").next().unwrap_or_default();
    let ends = first.match_indices(". ").map(|(at, _)| at);
    let end = ends.into_iter().find(|at| first[at + 2..].starts_with(|next: char| next.is_ascii_uppercase()));
    first[..end.unwrap_or(first.len())].trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_ends_at_a_full_stop_before_a_capital() {
        assert_eq!(summary("Breaks relations (VCDR art. 45). Then we wait."), "Breaks relations (VCDR art. 45)");
        assert_eq!(summary("One sentence.\n\nAnother."), "One sentence");
    }

    #[test]
    fn names_are_as_people_read_them() {
        assert_eq!(heading("IdentityCardService"), "Identity cards");
        assert_eq!(heading("ImmunityService"), "Immunities");
        assert_eq!(camel("page_size"), "pageSize");
        assert_eq!(schema("legation.accreditation.v1.Mission.State"), "accreditation.Mission.State");
        assert_eq!(schema("google.type.LatLng"), "google.type.LatLng");
    }
}
