//! Published seals read byte by byte, seals signed and verified, and what must hold for any.

mod published;
mod signing;
