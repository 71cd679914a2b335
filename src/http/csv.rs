//! Comma-separated values, for those who ask for them, harmless to spreadsheets.
//!
//! Threat: names of desks, places and people are somebody's text. A spreadsheet runs a field that begins with `=`, `+`, `-`
//! or `@`, also behind a tab or a carriage return; such a field gets an apostrophe, which a spreadsheet does not show.

use std::{
    convert::Infallible,
    future::{Ready, ready},
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::header::{self, ContentDisposition, DispositionParam, DispositionType},
};

use super::credentials::IfNoneMatch;

/// Media type of the answer.
///
/// Source: RFC 4180, section 3.
const MEDIA_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// A table: names of its columns and its lines.
#[derive(Debug)]
pub struct Table<const N: usize> {
    /// What the columns are called.
    pub columns: [&'static str; N],
    /// The fields of each line.
    pub lines: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// The table as text.
    ///
    /// Source: RFC 4180, section 2.
    pub fn text(&self) -> String {
        let head = self.columns.join(",") + "\r\n";
        let lines = self.lines.iter().map(|line| line.each_ref().map(|field| quoted(field)).join(",") + "\r\n");
        head + &lines.collect::<String>()
    }
}

/// One field of a line.
///
/// Source: RFC 4180; OWASP, "CSV Injection".
pub fn quoted(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

/// Whether the caller would rather have CSV than JSON, from `Accept`.
///
/// Source: RFC 9110, section 12.5.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantsCsv(pub bool);

impl FromRequest for WantsCsv {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let accepted = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
        ready(Ok(Self(prefers_csv(&accepted.collect::<Vec<_>>().join(",")))))
    }
}

fn prefers_csv(accepted: &str) -> bool {
    let weight = |media: &str| accepted.split(',').filter(|range| name(range) == media).map(weight_of).max();
    let csv = weight("text/csv").or_else(|| weight("text/*"));
    csv.is_some_and(|csv| csv > 0 && csv >= weight("application/json").unwrap_or(0))
}

fn name(range: &str) -> String {
    range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The `q` of a media range, in thousandths.
fn weight_of(range: &str) -> u32 {
    let parameters = range.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut weights = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    weights.next().map_or(1000, |(_, q)| thousandths(q.trim()).unwrap_or(0))
}

fn thousandths(q: &str) -> Option<u32> {
    let (whole, rest) = q.split_once('.').unwrap_or((q, ""));
    let rest = format!("{rest:0<3}");
    Some((whole.parse::<u32>().ok()? * 1000 + rest.get(..3)?.parse::<u32>().ok()?).min(1000))
}

/// The answer, or 304 where the caller has it already. `next` is the address of the page behind it.
pub fn answer(text: String, (file, etag): (&str, String), known: &IfNoneMatch, next: Option<&str>) -> HttpResponse {
    if known.has(&etag) {
        return HttpResponse::NotModified()
            .insert_header((header::ETAG, etag))
            .insert_header((header::VARY, "Accept"))
            .finish();
    }
    let mut response = HttpResponse::Ok();
    if let Some(next) = next {
        // RFC 8288: a table has no place for a cursor.
        response.insert_header((header::LINK, format!("<{next}>; rel=\"next\"")));
    }
    response
        .insert_header((header::ETAG, etag))
        .insert_header((header::VARY, "Accept"))
        .insert_header((header::CONTENT_TYPE, MEDIA_TYPE))
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename(file.to_owned())],
        })
        .body(text)
}

/// A field that may be missing.
pub fn or_empty<T: ToString>(field: Option<&T>) -> String {
    field.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_a_spreadsheet_would_run_is_guarded() {
        for begin in ["=", "+", "-", "@", "\t", "\r"] {
            assert_eq!(quoted(&format!("{begin}1+1")), format!("\"'{begin}1+1\""));
        }
        assert_eq!(quoted("say \"stop\", now"), "\"say \"\"stop\"\", now\"");
        let table = Table { columns: ["a", "b"], lines: vec![["=1".to_owned(), "x\r\ny".to_owned()]] };
        assert_eq!(table.text(), "a,b\r\n\"'=1\",\"x\r\ny\"\r\n");
    }

    #[test]
    fn csv_is_for_those_who_prefer_it() {
        for accepted in ["text/csv", "Text/CSV;q=0.9, */*;q=0.1", "application/json;q=0.5, text/csv", "text/*"] {
            assert!(prefers_csv(accepted), "{accepted}");
        }
        for accepted in ["", "*/*", "application/json", "text/csv;q=0", "application/json, text/csv;q=0.9", "text/html"]
        {
            assert!(!prefers_csv(accepted), "{accepted}");
        }
    }
}
