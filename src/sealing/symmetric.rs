//! XChaCha20-Poly1305 as `nonce (24) | ciphertext | tag (16)`: the one layout of every box in the database.
//!
//! The nonce is random; at 192 bits two boxes of one key do not meet. The cipher does not commit to its key: where
//! several keys could be tried on one box (units), a commit beside it is checked first.

use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::entropy::Entropy;

/// Bytes before the ciphertext.
pub(super) const NONCE_BYTES: usize = 24;
/// Bytes after the ciphertext.
pub(super) const TAG_BYTES: usize = 16;

/// Seals what stands behind the first [`NONCE_BYTES`] bytes of `buffer`, in place, so that no copy of it stays behind.
/// The buffer should have [`TAG_BYTES`] of room left.
pub(super) fn seal_in_place(key: &[u8; 32], bound: &[u8], mut buffer: Vec<u8>, entropy: &dyn Entropy) -> Vec<u8> {
    let nonce = entropy.bytes::<NONCE_BYTES>();
    let (head, text) = buffer.split_at_mut(NONCE_BYTES);
    head.copy_from_slice(&nonce);
    let cipher = XChaCha20Poly1305::new(key.into());
    let Ok(tag) = cipher.encrypt_inout_detached(&XNonce::from(nonce), bound, text.into()) else {
        unreachable!("the cipher refuses only texts above 256 GiB")
    };
    buffer.extend_from_slice(&tag);
    buffer
}

/// Seals a short secret.
pub(super) fn seal(key: &[u8; 32], bound: &[u8], text: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(NONCE_BYTES + text.len() + TAG_BYTES);
    buffer.resize(NONCE_BYTES, 0);
    buffer.extend_from_slice(text);
    seal_in_place(key, bound, buffer, entropy)
}

/// What was sealed, or `None` if key, place or bytes are not those it was sealed with.
pub(super) fn open(key: &[u8; 32], bound: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let (text, tag) = rest.split_last_chunk::<TAG_BYTES>()?;
    let mut text = Zeroizing::new(text.to_vec());
    XChaCha20Poly1305::new(key.into())
        .decrypt_inout_detached(&XNonce::from(*nonce), bound, text.as_mut_slice().into(), &Tag::from(*tag))
        .ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_box_opens_with_its_key_at_its_place_only() {
        let sealed = seal(&[1; 32], b"here", b"text", &SystemEntropy);
        assert_eq!(open(&[1; 32], b"here", &sealed).unwrap().as_slice(), b"text");
        assert!(open(&[2; 32], b"here", &sealed).is_none());
        assert!(open(&[1; 32], b"there", &sealed).is_none());
        assert!(open(&[1; 32], b"here", &sealed[..39]).is_none());
    }

    /// Source: draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    #[test]
    fn the_cipher_opens_the_box_of_the_xchacha_draft() {
        let key: [u8; 32] = std::array::from_fn(|i| 0x80 + u8::try_from(i).unwrap());
        let nonce: [u8; 24] = std::array::from_fn(|i| 0x40 + u8::try_from(i).unwrap());
        let bound = hex::decode("50515253c0c1c2c3c4c5c6c7").unwrap();
        let text = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
        let sealed = hex::decode(
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39\
             ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
             21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49",
        )
        .unwrap();
        let whole = [nonce.as_slice(), &sealed].concat();
        assert_eq!(open(&key, &bound, &whole).unwrap().as_slice(), text.as_bytes());
    }
}
