//! Tokens that must be refused, each for one reason, beside one that is good.

use super::*;
use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

const ISSUER: &str = "https://login.example.gov";
const NOW: i64 = 1_800_000_000;

fn ed25519() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("32 bytes are a seed")
}

fn public() -> PublicKey {
    PublicKey::Ed25519(ed25519().public_key().as_ref().to_vec())
}

fn good() -> Value {
    json!({"iss": ISSUER, "aud": "legation", "sub": "p-1", "exp": NOW + 600, "roles": ["protocol-officer"]})
}

fn token(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = ed25519().sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn verify(text: &str) -> Option<Claims> {
    verify_for(&[], text)
}

/// The same where tokens of these applications alone are accepted.
fn verify_for(parties: &[&str], text: &str) -> Option<Claims> {
    let parties = parties.iter().map(|party| (*party).to_owned()).collect();
    let terms = Terms { audience: "legation".to_owned(), longest: 3600, parties };
    Unverified::read(text)?.verify(&public(), ISSUER, &terms, NOW)
}

#[test]
fn a_good_token_is_read() {
    let claims = verify(&token(&json!({"alg": "EdDSA", "kid": "a"}), &good())).expect("it is good");
    assert_eq!((claims.sub.as_str(), claims.roles.as_slice()), ("p-1", &["protocol-officer".to_owned()][..]));
    let mut several = good();
    several["aud"] = json!(["another", "legation"]);
    several["azp"] = json!("console");
    assert!(verify(&token(&json!({"alg": "EdDSA"}), &several)).is_some());
    for typ in ["JWT", "at+jwt", "AT+JWT", "application/at+jwt"] {
        assert!(verify(&token(&json!({"alg": "EdDSA", "typ": typ}), &good())).is_some(), "{typ}");
    }
}

#[test]
fn a_token_wrong_in_one_claim_is_refused() {
    let cases = [
        ("iss", json!("https://login.example.com")),
        ("iss", Value::Null),
        ("aud", json!("another")),
        ("aud", json!(["another"])),
        ("aud", Value::Null),
        ("sub", json!("")),
        ("sub", json!("p\n1")),
        ("sub", Value::Null),
        ("exp", json!(NOW - SKEW)),
        ("exp", json!("later")),
        ("exp", Value::Null),
        ("nbf", json!(NOW + SKEW + 1)),
        ("iat", json!(NOW + SKEW + 1)),
        ("exp", json!(NOW + 3600 + SKEW + 1)),
        // Nearly over, and made too long ago for its end.
        ("iat", json!(NOW + 600 - 3600 - SKEW - 1)),
        ("aud", json!(["legation", "another"])),
        ("nonce", json!("of a login")),
        ("at_hash", json!("of another token")),
        ("roles", json!("protocol-officer")),
        ("clearance", json!("COSMIC")),
    ];
    for (claim, value) in cases {
        let mut claims = good();
        claims[claim] = value.clone();
        if value.is_null() {
            claims.as_object_mut().expect("it is an object").remove(claim);
        }
        assert!(verify(&token(&json!({"alg": "EdDSA"}), &claims)).is_none(), "{claim}: {value}");
    }
}

#[test]
fn a_token_given_to_another_application_is_refused_where_ours_are_named() {
    let given = |claim: &str, party: &str| {
        let mut claims = good();
        claims[claim] = json!(party);
        verify_for(&["console", "registry"], &token(&json!({"alg": "EdDSA"}), &claims)).is_some()
    };
    assert!(given("azp", "console") && given("client_id", "registry"));
    assert!(!given("azp", "elsewhere") && !given("client_id", "elsewhere") && !given("other", "console"));
}

#[test]
fn a_token_wrong_in_its_head_or_form_is_refused() {
    let headers = [
        json!({"alg": "EdDSA", "typ": "logout+jwt"}),
        json!({"alg": "EdDSA", "typ": "dpop+jwt"}),
        json!({"alg": "EdDSA", "typ": ""}),
        json!({"alg": "none"}),
        json!({"alg": "None"}),
        json!({"alg": "HS256"}),
        json!({"alg": "RS256"}),
        json!({"alg": "ES256"}),
        json!({"alg": "EdDSA", "crit": ["exp"], "exp": 1}),
        json!({"kid": "a"}),
    ];
    for header in headers {
        assert!(verify(&token(&header, &good())).is_none(), "{header}");
    }
    let whole = token(&json!({"alg": "EdDSA"}), &good());
    let (signed, signature) = whole.rsplit_once('.').expect("it has dots");
    let cases = [
        String::new(),
        "..".to_owned(),
        signed.to_owned(),
        format!("{signed}."),
        format!("{whole}="),
        format!("{whole}.{signature}"),
        format!("{signed}x.{signature}"),
        format!(" {whole}"),
        "a".repeat(MOST_BYTES + 1),
    ];
    for text in cases {
        assert!(verify(&text).is_none(), "{text:.80}");
    }
}

#[test]
fn a_public_key_is_no_secret_to_sign_with() {
    // The classic confusion: the attacker signs with HMAC, using the published key as the secret.
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({"alg": "HS256"})), part(&good()));
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, ed25519().public_key().as_ref());
    let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(ring::hmac::sign(&secret, signed.as_bytes())));
    assert!(verify(&forged).is_none());
}

#[test]
fn a_jwks_gives_the_keys_that_sign_and_no_others() {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("randomness");
    let p256 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).expect("a key");
    let point = p256.public_key().as_ref();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let x = text(ed25519().public_key().as_ref());
    let set = json!({"keys": [
        {"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": x},
        {"kty": "EC", "crv": "P-256", "kid": "b", "alg": "ES256", "use": "sig", "x": text(&point[1..33]), "y": text(&point[33..])},
        {"kty": "EC", "crv": "P-256", "kid": "c", "use": "enc", "x": text(&point[1..33]), "y": text(&point[33..])},
        {"kty": "OKP", "crv": "Ed25519", "kid": "d", "alg": "ES256", "x": x},
        {"kty": "oct", "kid": "e", "k": x},
        {"kty": "OKP", "crv": "Ed25519", "kid": "f", "x": "AAAA"},
        {"kty": 7},
    ]});
    let keys = Keys::read(set.to_string().as_bytes()).expect("two keys are good");
    assert!(keys.find(Some("a")).is_some());
    for kid in ["c", "d", "e", "f", "g"] {
        assert!(keys.find(Some(kid)).is_none(), "{kid}");
    }
    assert!(keys.find(None).is_none(), "two keys, and none is named");
    let signed = b"text";
    let signature = p256.sign(&random, signed).expect("randomness");
    assert!(keys.find(Some("b")).expect("b is good").verifies(signed, signature.as_ref()));
    assert!(Keys::read(br#"{"keys": []}"#).is_err(), "an empty set must not replace a good one");
}

/// The example of RFC 7515, appendix A.2; ring signs with RSA, but makes no keys to sign with.
#[test]
fn a_published_rs256_signature_verifies_and_an_altered_one_does_not() {
    let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-\
             pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg\
             665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRW\
             yuXpoQ";
    let signed = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp\
                  0cnVlfQ";
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdb\
                     F9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383\
                     LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWy\
                     wlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let set = json!({"keys": [{"kty": "RSA", "kid": "a", "alg": "RS256", "n": n, "e": "AQAB"}]});
    let keys = Keys::read(set.to_string().as_bytes()).expect("the key is good");
    let key = keys.find(Some("a")).expect("it is there");
    let mut signature = URL_SAFE_NO_PAD.decode(signature).expect("it is base64");
    assert!(key.verifies(signed.as_bytes(), &signature));
    signature[9] ^= 1;
    assert!(!key.verifies(signed.as_bytes(), &signature));
}

proptest! {
    #[test]
    fn no_text_is_a_token_unless_our_issuer_signed_it(
        text in "\\PC{0,200}|[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,90}",
        header in prop_oneof![
            Just(json!({"alg": "EdDSA"})), Just(json!({"alg": "RS256"})), Just(json!({"alg": "none"})), Just(json!([])),
        ],
        claims in prop::collection::vec(any::<u8>(), 0..80),
        signature in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        prop_assert!(verify(&text).is_none());
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let forged = |claims: &[u8]| format!("{}.{}.{}", part(header.to_string().as_bytes()), part(claims), part(&signature));
        prop_assert!(verify(&forged(&claims)).is_none());
        prop_assert!(verify(&forged(good().to_string().as_bytes())).is_none());
    }

    #[test]
    fn no_byte_of_a_good_token_can_be_another(at in any::<prop::sample::Index>(), other in "[A-Za-z0-9_.-]") {
        let token = token(&json!({"alg": "EdDSA"}), &good());
        let at = at.index(token.len());
        let altered = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        // The last digit of a signature has bits to spare, and a reader of base64 refuses those that are set.
        prop_assert!(altered == token || verify(&altered).is_none(), "{}", altered);
    }

    #[test]
    fn no_set_of_keys_breaks_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..200), x in "[A-Za-z0-9_=+/-]{0,50}") {
        drop(Keys::read(&bytes));
        let odd = |kty: &str, crv: &str| json!({"kty": kty, "crv": crv, "x": x, "y": x, "n": x, "e": x});
        let set = json!({"keys": [odd("RSA", ""), odd("EC", "P-256"), odd("OKP", "Ed25519"), 7, null]}).to_string();
        let Ok(keys) = Keys::read(set.as_bytes()) else { return Ok(()) };
        let Some(key) = keys.find(None) else { return Ok(()) };
        prop_assert!(!key.verifies(b"a text", &[0; 64]));
    }
}
