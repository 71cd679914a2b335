//! Bodies: read up to a limit in a limited time, then parsed strictly.

use std::{future::Future, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    dev::Payload,
    http::header,
    web::{Bytes, BytesMut},
};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{catalogue::Slug, field, problem::Problem};

/// What a body may take. Put into the app's data to change it; shipped: [`Limits::default`].
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest body that is read. Bytes.
    pub body_bytes: usize,
    /// Time for the whole body to arrive, after the headers.
    pub body_time: Duration,
    /// Time for the headers to arrive; kept by the HTTP server itself.
    pub header_time: Duration,
}

impl Default for Limits {
    /// 96 KiB in 20 seconds, headers in 10.
    ///
    /// Source: security.md, "Bad input".
    fn default() -> Self {
        Self { body_bytes: 96 * 1024, body_time: Duration::from_secs(20), header_time: Duration::from_secs(10) }
    }
}

/// A JSON object of this shape. Give `T` `#[serde(deny_unknown_fields)]`: nothing is accepted in part.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// No body, or `{}`: for acts without fields.
#[derive(Debug)]
pub struct EmptyBody;

/// A body that nobody has read to its end, kept with its request.
///
/// The HTTP server drains a chunked body that was dropped for as long as its sender likes. While it is kept alive until
/// the answer is out, the server closes the connection instead. The edge puts it here and holds it; extractors borrow it.
pub(super) struct Unread(pub(super) Payload);

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            check_headers(&request)?;
            parse(&read(&request, payload).await?).map(Self)
        })
    }
}

impl FromRequest for EmptyBody {
    type Error = Problem;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            check_length(&request)?;
            let bytes = read(&request, payload).await?;
            if bytes.is_empty() {
                return Ok(Self);
            }
            check_headers(&request)?;
            parse::<Nothing>(&bytes).map(|Nothing {}| Self)
        })
    }
}

/// A JSON object of this shape, or no body for one without any field. Give `T` `#[serde(deny_unknown_fields)]`.
#[derive(Debug)]
pub struct MaybeBody<T>(pub T);

impl<T: DeserializeOwned + Default + 'static> FromRequest for MaybeBody<T> {
    type Error = Problem;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            check_length(&request)?;
            let bytes = read(&request, payload).await?;
            if bytes.is_empty() {
                return Ok(Self(T::default()));
            }
            check_headers(&request)?;
            parse(&bytes).map(Self)
        })
    }
}

/// An object without fields.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn limits(request: &HttpRequest) -> Limits {
    request.app_data::<Limits>().copied().unwrap_or_default()
}

fn check_headers(request: &HttpRequest) -> Result<(), Problem> {
    check_length(request)?;
    let json = request.mime_type().ok().flatten().is_some_and(|mime| {
        mime.essence_str() == "application/json" && mime.get_param("charset").is_none_or(|charset| charset == "utf-8")
    });
    // A compressed body could grow past the limit after it was measured, so none is taken.
    if json && !request.headers().contains_key(header::CONTENT_ENCODING) {
        return Ok(());
    }
    Err(Problem::new(Slug::WrongMediaType, "the body has to be application/json in UTF-8, not compressed").closing())
}

/// Refuses by the announced length alone, before a byte of the body is read.
fn check_length(request: &HttpRequest) -> Result<(), Problem> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let most = limits(request).body_bytes;
    if usize::try_from(announced).is_ok_and(|announced| announced <= most) { Ok(()) } else { Err(too_large(most)) }
}

async fn read(request: &HttpRequest, given: Payload) -> Result<Bytes, Problem> {
    let limits = limits(request);
    let kept = request.extensions_mut().remove::<Unread>();
    let mut payload = kept.map_or(given, |Unread(payload)| payload);
    let collected = tokio::time::timeout(limits.body_time, collect(&mut payload, limits.body_bytes)).await;
    let collected = collected.unwrap_or_else(|_| {
        Err(Problem::new(Slug::TooSlow, "the body did not arrive in time; the connection is closed").closing())
    });
    if collected.is_err() {
        request.extensions_mut().insert(Unread(payload));
    }
    collected
}

async fn collect(payload: &mut Payload, most: usize) -> Result<Bytes, Problem> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| malformed("the body ended before its end").closing())?;
        if bytes.len() + chunk.len() > most {
            return Err(too_large(most));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| malformed("the body is not JSON"))?;
    if !value.is_object() {
        return Err(Problem::invalid(field::WHOLE, "has to be an object"));
    }
    if let Some(field) = field::forbidden(&value) {
        return Err(Problem::invalid(field, "holds control or direction characters"));
    }
    // Parsed again from the bytes and not from the value: the value keeps the last of two fields with one name.
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(bytes)).map_err(|error| {
        let said = field::said(&value);
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        field::explain(error.path(), &error.inner().to_string(), &said)
    })
}

fn malformed(detail: &str) -> Problem {
    Problem::new(Slug::Malformed, detail)
}

fn too_large(most: usize) -> Problem {
    Problem::new(Slug::TooLarge, format!("the body may have {most} bytes")).closing()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filing {
        #[expect(dead_code, reason = "only whether it parses is looked at")]
        receipt: crate::domain::ids::ReportId,
        #[expect(dead_code, reason = "only whether it parses is looked at")]
        level: u8,
        #[expect(dead_code, reason = "only whether it parses is looked at")]
        severity: Option<Severity>,
        #[serde(default)]
        #[expect(dead_code, reason = "only whether it parses is looked at")]
        places: Vec<Place>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Severity {
        Immediate,
        Concern,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Place {
        #[expect(dead_code, reason = "only whether it parses is looked at")]
        code: String,
    }

    const GOOD: &str = r#""receipt":"000102030405060708090a0b0c0d0e0f","level":1"#;

    fn refused(body: &str) -> Problem {
        let problem = parse::<Filing>(body.as_bytes()).unwrap_err();
        let text = serde_json::to_string(&problem.document()).unwrap();
        assert!(!text.contains("hunter2"), "{text}");
        problem
    }

    #[test]
    fn each_wrong_field_is_named_and_its_value_is_not() {
        for (body, field, says) in [
            (format!("{{{GOOD},\"boss\":\"hunter2\"}}"), "boss", "is not a field"),
            (format!("{{{GOOD},\"hunter2 did it\":1}}"), "(unknown)", "is not a field"),
            (format!("{{{GOOD},\"severity\":\"hunter2\"}}"), "severity", "has to be `immediate` or `concern`"),
            (format!("{{{GOOD},\"severity\":\"hunter2, expected hunter2\"}}"), "severity", "`immediate`"),
            (format!("{{{GOOD},\"places\":[{{\"code\":\"a\"}},{{\"code\":7}}]}}"), "places[1].code", "a text"),
            (format!("{{{GOOD},\"places\":[{{}}]}}"), "places[0].code", "is required"),
            (format!("{{{GOOD},\"places\":[{{\"code\":\"a\",\"x\":1}}]}}"), "places[0].x", "is not a field"),
            (format!("{{{GOOD},\"places\":\"hunter2\"}}"), "places", "a list"),
            (format!("{{{GOOD},\"level\":2}}"), "level", "given twice"),
            (r#"{"receipt":"hunter2","level":1}"#.to_owned(), "receipt", "32 lower-case hex digits"),
            (r#"{"receipt":"000102030405060708090a0b0c0d0e0f","level":300}"#.to_owned(), "level", "0 to 255"),
            (r#"{"level":1}"#.to_owned(), "receipt", "is required"),
            ("[\"hunter2\", 1]".to_owned(), "body", "an object"),
            ("\"hunter2\"".to_owned(), "body", "an object"),
            (r#"{"receipt":"hunter2\u202e","level":1}"#.to_owned(), "receipt", "direction"),
            (r#"{"receipt":"hunter2\u0000","level":1}"#.to_owned(), "receipt", "control"),
        ] {
            let problem = refused(&body);
            assert_eq!((problem.slug(), problem.field()), (Slug::Invalid, Some(field)), "{body}");
            assert!(problem.to_string().contains(says), "{body}: {problem}");
        }
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        let deep = "[".repeat(10_000);
        for body in ["", "{", "hunter2", "{\"a\":\"\\ud800\"}", "{} {}", deep.as_str()] {
            assert_eq!(refused(body).slug(), Slug::Malformed, "{body:.20}");
        }
        assert_eq!(parse::<Filing>(b"{\"receipt\":\"\xff\"}").unwrap_err().slug(), Slug::Malformed);
    }

    #[test]
    fn what_fits_is_accepted() {
        assert!(
            parse::<Filing>(format!("{{{GOOD},\"severity\":\"concern\",\"places\":[{{\"code\":\"a\"}}]}}").as_bytes())
                .is_ok()
        );
    }
}
