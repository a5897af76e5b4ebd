//! Sealed JSON: signed, read in any order, believed or doubted for a named reason.

use crate::signing::signer;
use crate::trust::{certificate, told};
use proptest::prelude::*;
use seal::{Certificate, MOST_BYTES, Misfit, SealedJson, Signer, Unreadable, Unverified, canonical};
use serde_json::{Value, json};

fn message(text: &str) -> String {
    json!({ "uci": "U32870", "name": text, "doses": [1, 2.5], "last": false }).to_string()
}

fn sealed(signer: &Signer, text: &str) -> String {
    signer.seal_json("icao.test", "UTO", &message(text), b"a certificate").expect("it fits")
}

fn judged(text: &str, certificate: Certificate) -> Result<(), Unverified> {
    let read = SealedJson::read(text).expect("it has the form");
    read.judge(&told(certificate), "2026-06-01".parse().expect("a day"))
}

#[test]
fn what_was_sealed_is_believed_however_it_is_written() {
    let signer = signer();
    let text = sealed(&signer, "Érika \u{1f600}");
    assert_eq!(judged(&text, certificate(&signer)), Ok(()));
    let read = SealedJson::read(&text).expect("it has the form");
    assert_eq!((read.kind.as_str(), read.issuer.as_str()), ("icao.test", "UTO"));
    assert_eq!(Some(read.message), canonical(&message("Érika \u{1f600}")));
    // Spaces, other escapes, another order: the canonical form is the same.
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let data = &value["data"];
    let other = format!(
        "{{ \"sig\": {}, \"data\": {{ \"msg\": {}, \"hdr\": {} }} }}",
        value["sig"],
        data["msg"].to_string().replace("É", "\\u00c9").replace("[1,", "[1.0, "),
        data["hdr"]
    );
    assert_ne!(other, text);
    assert_eq!(judged(&other, certificate(&signer)), Ok(()));
}

#[test]
fn every_reason_to_doubt_has_its_name() {
    let signer = signer();
    let (text, good) = (sealed(&signer, "Anna"), certificate(&signer));
    assert_eq!(judged(&text.replace("Anna", "Anne"), good.clone()), Err(Unverified::Signature));
    assert_eq!(judged(&text.replace("ES256", "ES384"), good.clone()), Err(Unverified::Signature));
    assert_eq!(judged(&text.replace("UTO", "XPO"), good.clone()), Err(Unverified::UntrustedCertificate));
    let other = |change: &dyn Fn(&mut Certificate)| {
        let mut certificate = good.clone();
        change(&mut certificate);
        judged(&text, certificate)
    };
    assert_eq!(other(&|one| one.der = b"another".to_vec()), Err(Unverified::UnknownKey));
    assert_eq!(other(&|one| one.der.clear()), Err(Unverified::UnknownKey));
    assert_eq!(other(&|one| one.from = "2026-06-02".parse().expect("a day")), Err(Unverified::NotYetValid));
    assert_eq!(other(&|one| one.until = "2026-05-31".parse().expect("a day")), Err(Unverified::Expired));
    assert_eq!(other(&|one| one.revoked = Some(one.from)), Err(Unverified::Revoked));
}

#[test]
fn what_is_too_large_or_of_another_form_is_told() {
    let signer = signer();
    let large = "x".repeat(MOST_BYTES);
    assert_eq!(signer.seal_json("icao.test", "UTO", &message(&large), b""), Err(Misfit::Field("message")));
    assert_eq!(SealedJson::read(&format!("{large} ")), Err(Unreadable::TooLarge(MOST_BYTES + 1)));
    let text = sealed(&signer, "Anna");
    for (from, to, missing) in [
        ("\"v\":1", "\"v\":2", "/data/hdr/v"),
        ("\"t\":", "\"x\":", "/data/hdr/t"),
        ("\"is\":", "\"si\":", "/data/hdr/is"),
        ("\"msg\":", "\"gsm\":", "/data/msg"),
        ("\"sigvl\":\"", "\"sigvl\":\"*", "/sig/sigvl"),
    ] {
        assert_eq!(SealedJson::read(&text.replace(from, to)), Err(Unreadable::Feature(missing)));
    }
    assert_eq!(SealedJson::read("{"), Err(Unreadable::Text("the JSON")));
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC*") {
        let _ = SealedJson::read(&text);
    }

    #[test]
    fn the_canonical_form_is_the_same_value_and_its_own_form(number in any::<f64>(), text in any::<String>(), name in any::<String>()) {
        let value = json!({ name: [text, number.is_finite().then_some(number)] });
        let form = canonical(&value.to_string()).expect("its numbers are finite");
        prop_assert_eq!(canonical(&form).expect("it is JSON"), form);
        if number.is_finite() {
            let form = canonical(&json!(number).to_string()).expect("it is finite");
            prop_assert_eq!(form.parse::<f64>().expect("a number"), number);
        }
    }
}
