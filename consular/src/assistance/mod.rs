//! What assistance cases have in common: the rules of their kinds, and what may be told of a person. Pure.

pub(crate) mod disclosure;
pub(crate) mod rules;

pub(crate) use rules::Rules;
