//! A path template of `google.api.http`, taken apart: `/v1/accreditation/{name=missions/*}:open`.

/// One segment of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// This word.
    Literal(String),
    /// Any one segment that is not empty.
    One,
    /// Any number of segments; the last of a template.
    Rest,
}

/// A template.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Template {
    pub(super) segments: Vec<Segment>,
    pub(super) captures: Vec<Captured>,
    /// What follows the last segment's colon.
    pub(super) verb: Option<String>,
}

/// The segments a variable captures.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Captured {
    /// The field, with dots: `mission.name`.
    pub(super) field: String,
    /// The first segment.
    pub(super) from: usize,
    /// The segment after the last one; none if it goes to the end.
    pub(super) to: Option<usize>,
}

impl Template {
    pub(super) fn parse(template: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("{template}: {what}");
        let mut parsed = Self { segments: Vec::new(), captures: Vec::new(), verb: None };
        let mut rest = template.strip_prefix('/').ok_or_else(|| wrong("does not begin with /"))?;
        loop {
            rest = match rest.strip_prefix('{') {
                Some(inside) => {
                    let (variable, after) = inside.split_once('}').ok_or_else(|| wrong("has an open {"))?;
                    let (field, pattern) = variable.split_once('=').unwrap_or((variable, "*"));
                    let from = parsed.segments.len();
                    parsed.segments.extend(pattern.split('/').map(Segment::of));
                    let to = parsed.segments.len();
                    let to = (parsed.segments.last() != Some(&Segment::Rest)).then_some(to);
                    parsed.captures.push(Captured { field: field.to_owned(), from, to });
                    after
                }
                None => {
                    let end = rest.find(['/', ':']).unwrap_or(rest.len());
                    parsed.segments.push(Segment::of(&rest[..end]));
                    &rest[end..]
                }
            };
            if let Some(verb) = rest.strip_prefix(':') {
                parsed.verb = Some(verb.to_owned());
                rest = "";
            }
            if rest.is_empty() {
                break;
            }
            rest = rest.strip_prefix('/').ok_or_else(|| wrong("has something after a }"))?;
        }
        let odd = |c: char| "{}*=:/%".contains(c) || c.is_whitespace();
        let is_odd =
            |segment: &Segment| matches!(segment, Segment::Literal(word) if word.is_empty() || word.contains(odd));
        if parsed.segments.iter().any(is_odd) || parsed.verb.as_deref().is_some_and(|v| v.is_empty() || v.contains(odd))
        {
            return Err(wrong("has a literal that is empty or has signs of the template language in it"));
        }
        if parsed.segments.iter().rev().skip(1).any(|segment| *segment == Segment::Rest) {
            return Err(wrong("has a ** that is not its last segment"));
        }
        Ok(parsed)
    }
}

impl Segment {
    fn of(text: &str) -> Self {
        match text {
            "*" => Self::One,
            "**" => Self::Rest,
            word => Self::Literal(word.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_taken_apart() {
        let literal = |word: &str| Segment::Literal(word.to_owned());
        let parsed = Template::parse("/v1/{mission.name=missions/*}:open").unwrap();
        assert_eq!(parsed.segments, [literal("v1"), literal("missions"), Segment::One]);
        assert_eq!(parsed.captures, [Captured { field: "mission.name".into(), from: 1, to: Some(3) }]);
        assert_eq!(parsed.verb.as_deref(), Some("open"));

        let parsed = Template::parse("/v1/{id}/x/{path=**}").unwrap();
        assert_eq!(parsed.segments, [literal("v1"), Segment::One, literal("x"), Segment::Rest]);
        assert_eq!(parsed.captures[0], Captured { field: "id".into(), from: 1, to: Some(2) });
        assert_eq!(parsed.captures[1], Captured { field: "path".into(), from: 3, to: None });

        assert_eq!(Template::parse("/v1/missions:watch").unwrap().verb.as_deref(), Some("watch"));
        for wrong in ["v1", "/v1/{id", "/v1/{id}x", "/v1/{a=**}/b", "/v1//x", "/", "/v1/x:", "/v1/a*", "/v1/x:a:b"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
    }
}
