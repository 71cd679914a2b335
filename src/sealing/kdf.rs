//! The three functions that everything here is made of: derive, tag, hash.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Hash;

/// HKDF-SHA256 without salt: 32 bytes from a secret for one use. Two labels give two unrelated keys.
///
/// Source: RFC 5869; the labels are those of security.md.
pub fn derive(secret: &[u8], label: &str) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let Ok(()) = Hkdf::<Sha256>::new(None, secret).expand(label.as_bytes(), key.as_mut()) else {
        unreachable!("32 bytes are far below the 8160 that HKDF-SHA256 gives")
    };
    key
}

/// HMAC-SHA256 over the parts as if they were one. Parts of changing length must be told apart by the caller.
///
/// Source: RFC 2104.
pub fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Hash {
    mac_with(keyed(key), parts)
}

/// HMAC-SHA256 that has taken its key in. Wiped when dropped.
pub(super) type Keyed = Hmac<Sha256>;

/// HMAC-SHA256 under this key, before any part.
pub(super) fn keyed(key: &[u8; 32]) -> Keyed {
    let Ok(mac) = Keyed::new_from_slice(key) else { unreachable!("HMAC takes a key of any length") };
    mac
}

/// As [`mac`], from a key that was taken in before.
pub(super) fn mac_with(mut mac: Keyed, parts: &[&[u8]]) -> Hash {
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// SHA-256 over the parts as if they were one. Parts of changing length must be told apart by the caller.
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// Whether two byte strings are equal, in a time that does not tell where they differ.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_underlying_hkdf_gives_the_bytes_of_rfc_5869_test_case_3() {
        // Test case 3 of RFC 5869, appendix A.3: no salt, no label, the first 32 bytes.
        let key = derive(&[0x0b; 22], "");
        assert_eq!(hex::encode(key.as_slice()), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
    }

    #[test]
    fn hmac_gives_the_bytes_of_rfc_4231_test_case_1() {
        // Test case 1 has a key of 20 bytes; HMAC fills it up with zeros, so the 32-byte form is the same key.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(
            hex::encode(mac(&key, &[b"Hi ", b"There"])),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }

    #[test]
    fn two_labels_give_two_keys() {
        assert_ne!(derive(b"secret", "lastlooks/v1/a"), derive(b"secret", "lastlooks/v1/b"));
    }
}
