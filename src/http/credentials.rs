//! What people show to be let in, and the other headers that requests carry.
//!
//! Only shapes are checked here; whether a code, a receipt or a token is any good is for the use case to say. A crew
//! credential that cannot be right answers as one that is wrong: 404.

use std::{
    fmt,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::{Zeroize as _, Zeroizing};

use super::{catalogue::Slug, problem::Problem};

/// The crew code of a production, from `Crew-Code`: 8 characters of Crockford's base 32, in upper case.
///
/// Source: security.md, "Being crew without saying who".
#[derive(Clone, PartialEq, Eq)]
pub struct CrewCode(String);

impl CrewCode {
    /// The code as people write it: any case, with hyphens or spaces, O for 0 and I or L for 1.
    ///
    /// Source: Crockford, "Base 32".
    pub fn parse(text: &str) -> Option<Self> {
        let shown = text.chars().filter(|c| !matches!(c, '-' | ' '));
        let code: String = shown.map(read_crockford).collect::<Option<_>>()?;
        (code.len() == 8).then_some(Self(code))
    }

    /// The 8 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn read_crockford(c: char) -> Option<char> {
    match c.to_ascii_uppercase() {
        'O' => Some('0'),
        'I' | 'L' => Some('1'),
        'U' => None,
        upper => upper.is_ascii_alphanumeric().then_some(upper),
    }
}

/// The 16 bytes behind the twelve words, from `Authorization: Receipt <32 hex>`. Wiped when dropped.
pub struct ReceiptBytes(pub Zeroizing<[u8; 16]>);

/// An access token as it was sent, from `Authorization: Bearer <token>`. Not checked yet.
pub struct BearerToken(pub String);

/// The key of a session, from `Unlock-Key: <base64url of 32 bytes>`. Wiped when dropped.
pub struct UnlockKey(pub Zeroizing<[u8; 32]>);

/// The key of a session where it may be left out; one that cannot be right is refused all the same.
pub struct MaybeUnlockKey(pub Option<UnlockKey>);

/// The caller's name for this act, from `Idempotency-Key: <32 hex>`, so that the same act sent again does nothing new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<[u8; 16]>);

/// What the caller already has, from `If-None-Match`.
#[derive(Debug, Clone)]
pub struct IfNoneMatch(Option<String>);

impl IfNoneMatch {
    /// Whether the caller already has the answer with this tag (quoted, as in `ETag`), so that 304 will do.
    ///
    /// Source: RFC 9110, sections 8.8.3.2 and 13.1.2.
    pub fn has(&self, etag: &str) -> bool {
        let listed = self.0.as_deref().unwrap_or_default();
        listed.trim() == "*" || listed.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)
    }
}

fn redacted(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    write!(f, "{name}(..)")
}
impl fmt::Debug for CrewCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redacted(f, "CrewCode")
    }
}
impl fmt::Debug for ReceiptBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redacted(f, "ReceiptBytes")
    }
}
impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redacted(f, "BearerToken")
    }
}
impl fmt::Debug for UnlockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redacted(f, "UnlockKey")
    }
}
impl fmt::Debug for MaybeUnlockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redacted(f, "MaybeUnlockKey")
    }
}
impl Drop for BearerToken {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl FromRequest for CrewCode {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let code = only(request, "crew-code").ok().flatten().and_then(Self::parse);
        ready(code.ok_or_else(Problem::not_found))
    }
}

impl FromRequest for ReceiptBytes {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let bytes = authorization(request, "receipt").and_then(from_hex);
        ready(bytes.map(|bytes| Self(Zeroizing::new(bytes))).ok_or_else(Problem::not_found))
    }
}

impl FromRequest for BearerToken {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let token = authorization(request, "bearer").map(|token| Self(token.to_owned()));
        ready(token.ok_or_else(|| Problem::new(Slug::SignInRequired, "sign-in is required")))
    }
}

impl FromRequest for MaybeUnlockKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match only(request, "unlock-key") {
            Ok(None) => Ok(Self(None)),
            Ok(Some(text)) => unlock_key(text).map(|key| Self(Some(key))).ok_or_else(unlock_key_required),
            Err(Repeated) => Err(unlock_key_required()),
        })
    }
}

impl FromRequest for UnlockKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = only(request, "unlock-key").ok().flatten().and_then(unlock_key);
        ready(key.ok_or_else(unlock_key_required))
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let wrong = || Problem::invalid("Idempotency-Key", "has to be one header of 32 hex digits");
        ready(match only(request, "idempotency-key") {
            Ok(None) => Ok(Self(None)),
            Ok(Some(text)) => from_hex(text).map(|key| Self(Some(key))).ok_or_else(wrong),
            Err(Repeated) => Err(wrong()),
        })
    }
}

impl FromRequest for IfNoneMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let value = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        ready(Ok(Self(value.map(str::to_owned))))
    }
}

/// A header that stands there twice: which of the two is meant cannot be known.
struct Repeated;

fn only<'r>(request: &'r HttpRequest, name: &str) -> Result<Option<&'r str>, Repeated> {
    let mut values = request.headers().get_all(name);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => Ok(Some(value.to_str().unwrap_or_default())),
        (Some(_), Some(_)) => Err(Repeated),
    }
}

fn authorization<'r>(request: &'r HttpRequest, scheme: &str) -> Option<&'r str> {
    let (given, rest) = only(request, "authorization").ok().flatten()?.split_once(' ')?;
    let rest = rest.trim();
    (given.eq_ignore_ascii_case(scheme) && !rest.is_empty()).then_some(rest)
}

fn from_hex(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
}

fn unlock_key(text: &str) -> Option<UnlockKey> {
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
    <[u8; 32]>::try_from(bytes.as_slice()).ok().map(|bytes| UnlockKey(Zeroizing::new(bytes)))
}

fn unlock_key_required() -> Problem {
    Problem::new(Slug::UnlockKeyRequired, "the unlock key of this session is required")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn extract<T: FromRequest<Error = Problem, Future = Ready<Result<T, Problem>>>>(
        headers: &[(&str, &str)],
    ) -> Result<T, Problem> {
        let request =
            headers.iter().fold(TestRequest::get(), |request, (name, value)| request.append_header((*name, *value)));
        T::from_request(&request.to_http_request(), &mut Payload::None).into_inner()
    }

    #[test]
    fn a_crew_code_is_read_as_people_write_it() {
        assert_eq!(CrewCode::parse("abcd-2345").unwrap().as_str(), "ABCD2345");
        assert_eq!(CrewCode::parse("oOiI lL99").unwrap().as_str(), "00111199");
        assert!(
            ["ABCD234", "ABCD23456", "ABCD234U", "ABCD234é", ""]
                .into_iter()
                .all(|text| CrewCode::parse(text).is_none())
        );
    }

    #[test]
    fn a_crew_credential_that_cannot_be_right_is_a_plain_miss() {
        let long = "0".repeat(33);
        let receipts =
            ["Receipt", "Receipt xyz", "Bearer 000102030405060708090a0b0c0d0e0f", &format!("Receipt {long}")];
        for value in receipts {
            assert_eq!(
                extract::<ReceiptBytes>(&[("authorization", value)]).unwrap_err(),
                Problem::not_found(),
                "{value}"
            );
        }
        assert_eq!(extract::<ReceiptBytes>(&[]).unwrap_err(), Problem::not_found());
        assert_eq!(extract::<CrewCode>(&[("crew-code", "nope")]).unwrap_err(), Problem::not_found());
        let twice = [("crew-code", "ABCD2345"), ("crew-code", "ABCD2345")];
        assert_eq!(extract::<CrewCode>(&twice).unwrap_err(), Problem::not_found());
    }

    #[test]
    fn a_receipt_is_read_and_does_not_print() {
        let receipt =
            extract::<ReceiptBytes>(&[("authorization", "receipt 000102030405060708090A0b0c0d0e0f")]).unwrap();
        assert_eq!(receipt.0[15], 15);
        assert_eq!(format!("{receipt:?}"), "ReceiptBytes(..)");
    }

    #[test]
    fn the_unlock_key_may_be_left_out_but_not_be_wrong() {
        assert!(extract::<MaybeUnlockKey>(&[]).unwrap().0.is_none());
        let wrong = extract::<MaybeUnlockKey>(&[("unlock-key", "short")]).unwrap_err();
        assert_eq!(wrong.slug(), Slug::UnlockKeyRequired);
        let right = URL_SAFE_NO_PAD.encode([7; 32]);
        assert_eq!(*extract::<UnlockKey>(&[("unlock-key", &right)]).unwrap().0, [7; 32]);
        assert_eq!(extract::<UnlockKey>(&[]).unwrap_err().slug(), Slug::UnlockKeyRequired);
    }

    #[test]
    fn an_idempotency_key_is_32_hex_digits_or_left_out() {
        assert_eq!(extract::<IdempotencyKey>(&[]).unwrap().0, None);
        let wrong = extract::<IdempotencyKey>(&[("idempotency-key", "hunter2")]).unwrap_err();
        assert_eq!(wrong.field(), Some("Idempotency-Key"));
    }

    #[test]
    fn a_tag_that_the_caller_has_is_found_in_a_list() {
        let list = extract::<IfNoneMatch>(&[("if-none-match", "\"a\", W/\"b\"")]).unwrap();
        assert!(list.has("\"a\"") && list.has("\"b\"") && !list.has("\"c\""));
        assert!(!extract::<IfNoneMatch>(&[]).unwrap().has("\"a\""));
    }
}
