//! Access tokens: who somebody is and in which session, signed, for ten minutes.
//!
//! A token alone opens nothing that is sealed, and the session it names is looked up on each request, so that signing
//! out acts at once. One algorithm is accepted; a token that names another is refused before its signature is looked at.
//!
//! Source: security.md, "Accounts"; RFC 7519, RFC 8037.

use std::fmt;

use ed25519_dalek::SigningKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    domain::{
        ids::{MemberId, SessionId},
        time::{Seconds, UtcMillis},
    },
    sealing::{
        server::{ServerKey, Token},
        sha256,
    },
};

/// How long a token is good for.
pub const LIFETIME: Seconds = Seconds::minutes(10);
const AUDIENCE: &str = "lastlooks/members";
/// What stands before an Ed25519 seed in a PKCS#8 document. Source: RFC 8410, section 7.
const PKCS8_HEAD: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// What a good token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub member: MemberId,
    /// In which session; it must still exist.
    pub session: SessionId,
    /// The refresh that gave it, by its time; none for the one of the sign-in.
    pub refreshed_at: Option<UtcMillis>,
}

/// A token that is not ours, not for us, or over. Which of them is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the access token is not valid")]
pub struct InvalidToken;

/// The library refuses the server's own key; a fault of the program, not of a request.
#[derive(Debug, thiserror::Error)]
#[error("tokens cannot be signed")]
pub struct NoSigner(#[from] jsonwebtoken::errors::Error);

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: MemberId,
    sid: SessionId,
    iat: i64,
    exp: i64,
    /// Not a registered claim: milliseconds of the refresh that gave the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refreshed_at: Option<i64>,
}

/// Signs and checks access tokens. Made once at start.
pub struct Tokens {
    issuer: String,
    header: Header,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Tokens {
    /// Tokens of one server; `issuer` is its public address.
    pub fn new(key: &ServerKey<Token>, issuer: &str) -> Self {
        let pkcs8 = Zeroizing::new([PKCS8_HEAD.as_slice(), key.seed()].concat());
        let public = SigningKey::from_bytes(key.seed()).verifying_key().to_bytes();
        let header = Header { kid: Some(hex::encode(&sha256(&[&public])[..8])), ..Header::new(Algorithm::EdDSA) };
        Self {
            issuer: issuer.to_owned(),
            header,
            encoding: EncodingKey::from_ed_der(&pkcs8),
            decoding: DecodingKey::from_ed_der(&public),
            validation: validation(issuer),
        }
    }

    /// A token that is good from now for [`LIFETIME`].
    ///
    /// # Errors
    /// [`NoSigner`] if the library refuses its own key.
    pub fn issue(&self, access: Access, now: UtcMillis) -> Result<String, NoSigner> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: access.member,
            sid: access.session,
            iat: now.get().div_euclid(1000),
            exp: now.plus(LIFETIME).get().div_euclid(1000),
            refreshed_at: access.refreshed_at.map(UtcMillis::get),
        };
        Ok(jsonwebtoken::encode(&self.header, &claims, &self.encoding)?)
    }

    /// What a token says, if it is ours and not over.
    ///
    /// # Errors
    /// [`InvalidToken`] for everything else.
    pub fn check(&self, token: &str, now: UtcMillis) -> Result<Access, InvalidToken> {
        let read = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation).map_err(|_| InvalidToken)?;
        // The library would ask the machine's clock; ours is the one that the rest of the request uses.
        let is_over = now.get() >= read.claims.exp.saturating_mul(1000);
        if is_over || read.header.kid != self.header.kid {
            return Err(InvalidToken);
        }
        Ok(Access {
            member: read.claims.sub,
            session: read.claims.sid,
            refreshed_at: read.claims.refreshed_at.map(UtcMillis::new),
        })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({})", self.issuer)
    }
}

fn validation(issuer: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    validation.validate_exp = false;
    validation
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;
    use crate::sealing::server::RootSecret;

    const NOW: UtcMillis = UtcMillis::new(1_800_000_000_000);
    const ANA: Access = Access { member: MemberId::new([1; 16]), session: SessionId::new([2; 16]), refreshed_at: None };

    fn tokens(root: u8, issuer: &str) -> Tokens {
        Tokens::new(&RootSecret::new([root; 32]).key(), issuer)
    }

    fn ours() -> Tokens {
        tokens(1, "https://looks.example")
    }

    #[test]
    fn a_token_says_who_and_which_session_for_ten_minutes_and_not_a_millisecond_longer() {
        let token = ours().issue(ANA, NOW).unwrap();
        assert_eq!(ours().check(&token, NOW), Ok(ANA));
        assert_eq!(ours().check(&token, NOW.plus_millis(599_999)), Ok(ANA));
        assert_eq!(ours().check(&token, NOW.plus_millis(600_000)), Err(InvalidToken));
        let refreshed = Access { refreshed_at: Some(NOW), ..ANA };
        assert_eq!(ours().check(&ours().issue(refreshed, NOW).unwrap(), NOW), Ok(refreshed));
    }

    #[test]
    fn a_token_of_another_server_or_for_another_one_is_refused() {
        assert_eq!(ours().check(&tokens(2, "https://looks.example").issue(ANA, NOW).unwrap(), NOW), Err(InvalidToken));
        assert_eq!(ours().check(&tokens(1, "https://other.example").issue(ANA, NOW).unwrap(), NOW), Err(InvalidToken));
    }

    #[test]
    fn a_token_without_signature_or_with_another_algorithm_is_refused() {
        let token = ours().issue(ANA, NOW).unwrap();
        let (rest, _) = token.rsplit_once('.').unwrap();
        let (_, claims) = rest.split_once('.').unwrap();
        let none = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
        assert_eq!(ours().check(&format!("{none}.{claims}."), NOW), Err(InvalidToken));
        // The classic confusion: the public key used as the secret of an HMAC.
        let public = SigningKey::from_bytes(RootSecret::new([1; 32]).key::<Token>().seed()).verifying_key().to_bytes();
        let read: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        let confused =
            jsonwebtoken::encode(&Header::new(Algorithm::HS256), &read, &EncodingKey::from_secret(&public)).unwrap();
        assert_eq!(ours().check(&confused, NOW), Err(InvalidToken));
    }

    #[test]
    fn a_token_for_another_audience_or_without_session_is_refused() {
        let sign = |claims| jsonwebtoken::encode(&ours().header, &claims, &ours().encoding).unwrap();
        let good = serde_json::json!({"iss": "https://looks.example", "aud": AUDIENCE, "sub": ANA.member, "sid": ANA.session,
            "iat": 0, "exp": 1_900_000_000});
        assert_eq!(ours().check(&sign(good.clone()), NOW), Ok(ANA));
        for (field, value) in
            [("aud", serde_json::json!("crew")), ("sid", serde_json::Value::Null), ("exp", "soon".into())]
        {
            let mut bad = good.clone();
            bad[field] = value;
            assert_eq!(ours().check(&sign(bad), NOW), Err(InvalidToken), "{field}");
        }
    }

    #[test]
    fn a_token_names_its_key() {
        let header = jsonwebtoken::decode_header(ours().issue(ANA, NOW).unwrap()).unwrap();
        assert_eq!(header.alg, Algorithm::EdDSA);
        assert_eq!(header.kid.unwrap().len(), 16);
    }

    proptest::proptest! {
        #[test]
        fn a_token_with_any_changed_character_is_refused(at in 0usize..300, to in "[A-Za-z0-9_-]") {
            let mut token = ours().issue(ANA, NOW).unwrap();
            let at = at % token.len();
            proptest::prop_assume!(token[at..=at] != to);
            token.replace_range(at..=at, &to);
            proptest::prop_assert_eq!(ours().check(&token, NOW), Err(InvalidToken));
        }
    }
}
