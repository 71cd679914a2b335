//! The content tag: tells the same filing sent twice from another one under the same receipt.
//!
//! It is keyed by the receipt. With the whole database and every server key, a guess at what a report says cannot be
//! tested against it; with the receipt in hand, the server compares two bodies without having kept either.
//!
//! Source: security.md, "The receipt" (content tag).

use ciborium::Value;
use serde::Serialize;

use super::{
    Hash,
    cbor::{NotCanonical, canonical},
    kdf,
    receipt::LookupKey,
};

/// HMAC-SHA256 over the parsed body without `receipt`, without nulls, and without fields that hold their default.
/// `defaults` is a map from field to default; a phone that leaves a field out and one that spells the default out mean
/// the same.
///
/// # Errors
/// [`NotCanonical`] if the body is no map or holds fractions.
pub fn tag(receipt: &LookupKey, body: &impl Serialize, defaults: &impl Serialize) -> Result<Hash, NotCanonical> {
    let defaults = fields(defaults)?;
    let said: Vec<_> = fields(body)?
        .into_iter()
        .filter(|(name, value)| name.as_text() != Some("receipt") && !value.is_null())
        .filter(|field| !defaults.contains(field))
        .collect();
    let bytes = zeroize::Zeroizing::new(canonical(&Value::Map(said))?);
    Ok(kdf::mac(&receipt.content_key(), &[&bytes]))
}

fn fields(of: &impl Serialize) -> Result<Vec<(Value, Value)>, NotCanonical> {
    Value::serialized(of).map_err(|_| NotCanonical)?.into_map().map_err(|_| NotCanonical)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sealing::receipt::Receipt;

    fn tag_of(receipt: u8, body: &serde_json::Value) -> Hash {
        tag(&Receipt::new([receipt; 16]).lookup_key(), body, &json!({"delay": "none", "share_narrative": false}))
            .unwrap()
    }

    #[test]
    fn what_means_the_same_has_the_same_tag() {
        let plain = tag_of(1, &json!({"category": "weapons"}));
        assert_eq!(plain, tag_of(1, &json!({"category": "weapons", "kind": null})));
        assert_eq!(plain, tag_of(1, &json!({"category": "weapons", "delay": "none", "share_narrative": false})));
        assert_eq!(plain, tag_of(1, &json!({"category": "weapons", "receipt": "00"})));
        assert_eq!(
            tag_of(1, &json!({"category": "weapons", "place": "barn"})),
            tag_of(1, &json!({"place": "barn", "category": "weapons"}))
        );
    }

    #[test]
    fn another_word_or_another_receipt_has_another_tag() {
        let plain = tag_of(1, &json!({"category": "weapons"}));
        assert_ne!(plain, tag_of(1, &json!({"category": "fatigue"})));
        assert_ne!(plain, tag_of(1, &json!({"category": "weapons", "delay": "up_to_2h"})));
        assert_ne!(plain, tag_of(2, &json!({"category": "weapons"})));
    }

    #[test]
    fn a_body_that_is_no_map_has_no_tag() {
        assert_eq!(tag(&Receipt::new([1; 16]).lookup_key(), &"text", &json!({})), Err(NotCanonical));
    }
}
