//! Tags of answers and cursors of lists: both keyed, so that neither tells anything to whoever compares them.
//!
//! Source: security.md, "Kept out".

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{App, error::AppError};

impl App {
    /// The tag of an answer, quoted as `ETag` carries it: HMAC(`K_etag`, who | bytes of the answer).
    pub fn etag(&self, answer: &[u8]) -> String {
        format!("\"{}\"", hex::encode(&self.inner.keys.etag.mac(&[answer])[..16]))
    }

    /// The cursor behind the last row shown, bound to a place (a route and a reader): base64url.
    pub fn cursor(&self, place: &[u8], sort_key: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.inner.keys.cursor.seal(place, sort_key, &*self.inner.entropy))
    }

    /// The sort key in a cursor of this place.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming `cursor` for anything else.
    pub fn sort_key(&self, place: &[u8], cursor: &str) -> Result<Vec<u8>, AppError> {
        let wrong = || AppError::invalid("cursor", "has to be the `next` of an earlier answer of the same list");
        let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| wrong())?;
        let opened = self.inner.keys.cursor.open(place, &sealed).ok_or_else(wrong)?;
        Ok(opened.to_vec())
    }
}
