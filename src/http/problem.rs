//! The one file that turns errors into problem documents (RFC 9457).

use std::{error::Error, fmt};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::catalogue::Slug;
use crate::app::error::AppError;

/// Media type of problem documents.
///
/// Source: RFC 9457, section 6.1.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// When it makes sense to try again while the clock is checked, seconds: somebody has to look at it.
const HELD_SECONDS: u32 = 30;

/// A refusal on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    slug: Slug,
    detail: String,
    field: Option<String>,
    state: Option<String>,
    retry_after_seconds: Option<u32>,
    closes: bool,
}

/// The document as it is sent.
///
/// Source: RFC 9457, section 3.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({"type": "/problems/invalid", "title": "one field cannot be accepted", "status": 422, "detail": "`severity` is required", "field": "severity"}))]
pub struct Document {
    /// Address of the explanation, `/problems/<slug>`; stable, for programs to tell problems apart.
    #[serde(rename = "type")]
    pub kind: String,
    /// A few words, the same each time.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time. Never repeats what was sent.
    pub detail: String,
    /// Path of the field that cannot be accepted, such as `places[0].code`; only with `invalid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<String>,
    /// State that the report is in; only with `out-of-order`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub state: Option<String>,
    /// Seconds until it makes sense to try again, as in the header `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// A problem of this kind, with what is wrong this time.
    pub fn new(slug: Slug, detail: impl Into<String>) -> Self {
        Self { slug, detail: detail.into(), field: None, state: None, retry_after_seconds: None, closes: false }
    }

    /// Nothing there, or nothing that may be known. Every miss is this same document.
    pub fn not_found() -> Self {
        Self::new(Slug::NotFound, "there is nothing at this address for these credentials")
    }

    /// A field that cannot be accepted; `detail` is the rest of a sentence that begins with the field.
    pub fn invalid(field: impl Into<String>, detail: &str) -> Self {
        let field = field.into();
        Self { field: Some(field.clone()), ..Self::new(Slug::Invalid, format!("`{field}` {detail}")) }
    }

    /// The same, with seconds until it makes sense to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after_seconds: Some(seconds), ..self }
    }

    /// The same, and the connection is closed after it, because the rest of the request is not wanted.
    #[must_use]
    pub fn closing(self) -> Self {
        Self { closes: true, ..self }
    }

    /// Which kind it is.
    pub const fn slug(&self) -> Slug {
        self.slug
    }

    /// The field that cannot be accepted.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The document as it is sent.
    pub fn document(&self) -> Document {
        let entry = self.slug.entry();
        Document {
            kind: format!("/problems/{}", entry.code),
            title: entry.title.to_owned(),
            status: entry.status.as_u16(),
            detail: self.detail.clone(),
            field: self.field.clone(),
            state: self.state.clone(),
            retry_after: self.retry_after_seconds,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.slug.entry().status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if self.slug == Slug::SignInRequired {
            // RFC 9110, section 11.6.1: a 401 names the scheme that would do.
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if self.closes {
            response.force_close();
        }
        // A content type set here is kept by `json`.
        response.insert_header((header::CONTENT_TYPE, MEDIA_TYPE)).json(self.document())
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let detail = error.to_string();
        match error {
            AppError::Malformed { detail } => Self::new(Slug::Malformed, detail),
            AppError::Invalid { field, detail } => Self::invalid(field, &detail),
            AppError::NotFound => Self::not_found(),
            AppError::NotForYourSide => Self::new(Slug::NotForYourSide, detail),
            AppError::SignInRequired | AppError::WrongPassword => Self::new(Slug::SignInRequired, detail),
            AppError::UnlockKeyRequired => Self::new(Slug::UnlockKeyRequired, detail),
            AppError::OtherContent => Self::new(Slug::OtherContent, detail),
            AppError::OutOfOrder { state, rule: _ } => {
                Self { state: Some(state), ..Self::new(Slug::OutOfOrder, detail) }
            }
            AppError::LastAtLevel => Self::new(Slug::LastAtLevel, detail),
            AppError::ProductionNotReady => Self::new(Slug::ProductionNotReady, detail),
            AppError::SlowDown { retry_after_seconds } => {
                Self::new(Slug::SlowDown, detail).retry_after(retry_after_seconds)
            }
            AppError::Unavailable { retry_after_seconds } => {
                Self::new(Slug::Unavailable, detail).retry_after(retry_after_seconds)
            }
            AppError::Held => Self::new(Slug::Unavailable, detail).retry_after(HELD_SECONDS),
            AppError::Internal(cause) => {
                tracing::error!(cause = chain(cause.as_ref()), "internal error");
                Self::new(Slug::Internal, "something went wrong on the host; it has been logged there")
            }
        }
    }
}

/// An error and what caused it, in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_page_its_status_and_its_field() {
        let document = serde_json::to_value(Problem::invalid("places[0].code", "is required").document()).unwrap();
        let expected = serde_json::json!({"type": "/problems/invalid", "title": "one field cannot be accepted", "status": 422,
            "detail": "`places[0].code` is required", "field": "places[0].code"});
        assert_eq!(document, expected);
    }

    #[test]
    fn an_internal_error_tells_nothing_of_its_cause() {
        let problem = Problem::from(AppError::internal("password of the database"));
        let text = serde_json::to_string(&problem.document()).unwrap();
        assert!(!text.contains("password"), "{text}");
        assert_eq!(problem.slug(), Slug::Internal);
    }

    #[test]
    fn an_act_out_of_order_names_the_state() {
        let problem = Problem::from(AppError::OutOfOrder { state: "closed".to_owned(), rule: "it is over".to_owned() });
        let document = problem.document();
        assert_eq!((document.status, document.state.as_deref()), (409, Some("closed")));
        assert!(document.detail.contains("closed"));
    }

    #[test]
    fn waiting_times_are_in_the_header_too() {
        let response = Problem::from(AppError::Unavailable { retry_after_seconds: 7 }).error_response();
        assert_eq!(response.headers().get(header::RETRY_AFTER).unwrap(), "7");
        assert_eq!(response.headers().get(header::CONTENT_TYPE).unwrap(), MEDIA_TYPE);
    }
}
