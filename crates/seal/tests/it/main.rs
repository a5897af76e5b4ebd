//! Published seals read byte by byte, seals signed and verified, and what must hold for any.

mod authorities;
mod nc;
mod published;
mod signing;
mod trust;
