//! Machine-readable zones of travel documents (ICAO Doc 9303 parts 3 to 7): read, written, and every failure named; pure.
//!
//! [`parse`] reads the lines of a zone, [`generate`] writes them: TD1 and TD2 cards, TD3 passports, MRV-A and MRV-B visas.
//! A zone has two digits for a year, so reading needs a [`Window`]: what day it is, and how far ahead a document can be
//! valid. Names are written in the letters A to Z; [`transliterate`] brings a name in Latin, Cyrillic, Greek or Arabic
//! letters there.
//!
//! ```
//! use mrz::{Window, generate, parse};
//! let window = Window::on("2026-05-01".parse().expect("a day"));
//! let lines = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
//! let zone = parse(lines, &window).expect("the specimen of Doc 9303-4");
//! assert_eq!((zone.primary.as_str(), zone.secondary.as_str()), ("ERIKSSON", "ANNA MARIA"));
//! assert_eq!(zone.birth.to_string(), "1974-08-12");
//! assert_eq!(generate(&zone).expect("what was read can be written"), lines);
//! ```

mod check_digit;
mod date;
mod failure;
mod generate;
mod layout;
mod name;
mod parse;
mod state;
mod transliterate;
mod zone;

pub use check_digit::check_digit;
pub use date::{Date, Window};
pub use failure::{Cause, Failure, Refusal};
pub use generate::generate;
pub use layout::{Field, Place};
pub use name::may_be_truncated;
pub use parse::parse;
pub use state::{is_specimen, is_state};
pub use transliterate::{Untransliterated, transliterate};
pub use zone::{Format, Sex, Zone};
