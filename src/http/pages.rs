//! The explanation of each problem, as a page and as one document; whom to tell of a hole.

use std::fmt::Write as _;

use actix_web::{HttpResponse, get, http::header::ContentType, web};

use super::{catalogue::Slug, problem::Problem};
use crate::app::App;

/// What a problem means and what to do next.
#[utoipa::path(
    tag = "everybody",
    params(("slug" = String, Path, description = "Last part of a problem's `type`", example = "invalid")),
    responses(
        (status = 200, description = "The explanation", content_type = "text/html", body = String),
        (status = 404, description = "No such problem", content_type = "application/problem+json", body = crate::http::problem::Document),
    )
)]
#[get("/problems/{slug}")]
pub(crate) async fn explain_problem(slug: web::Path<String>) -> Result<HttpResponse, Problem> {
    let slug = Slug::of_code(&slug).ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().content_type(ContentType::html()).body(page(slug)))
}

/// Whom to tell of a hole in this host.
///
/// Source: RFC 9116.
#[utoipa::path(
    tag = "everybody",
    responses(
        (status = 200, description = "As RFC 9116 has it", content_type = "text/plain", body = String, example = "Contact: mailto:security@example.org\nExpires: 2027-05-20T00:00:00Z\n"),
        (status = 404, description = "Nobody is named on this host", content_type = "application/problem+json", body = crate::http::problem::Document),
    )
)]
#[get("/.well-known/security.txt")]
pub(crate) async fn security_txt(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let (contact, expires) = app.security_contact().ok_or_else(Problem::not_found)?;
    let mut text = format!("Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en\n");
    let public_url = &app.settings().public_url;
    if public_url.starts_with("https://") {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "Canonical: {public_url}/.well-known/security.txt");
    }
    Ok(HttpResponse::Ok().content_type(ContentType::plaintext()).body(text))
}

/// Every problem as Markdown: what `api-spec/problems.md` holds.
pub fn problems_markdown() -> String {
    let mut text = String::from(
        "# Problems\n\nEvery refusal is a problem document (RFC 9457) whose `type` is `/problems/<slug>`; the service explains it at that address.\nThis page is generated from the same table.\n",
    );
    for slug in Slug::ALL {
        let entry = slug.entry();
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n## `{}` ({})\n\n**{}.** {}\n\nWhat to do: {}\n",
            entry.code,
            entry.status.as_u16(),
            entry.title,
            entry.meaning,
            entry.next
        );
    }
    text
}

// The words are our own and hold nothing that HTML would read; a test holds them to it.
fn page(slug: Slug) -> String {
    let entry = slug.entry();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<main>\n<h1>{title}</h1>\n<p>{meaning}</p>\n<h2>What to do</h2>\n<p>{next}</p>\n\
         <p><small><code>{code}</code>, status {status}</small></p>\n</main>\n</html>\n",
        title = entry.title,
        meaning = entry.meaning,
        next = entry.next,
        code = entry.code,
        status = entry.status.as_u16(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_of_a_page_needs_escaping() {
        for slug in Slug::ALL {
            let entry = slug.entry();
            let words = [entry.code, entry.title, entry.meaning, entry.next].concat();
            assert!(!words.contains(['<', '>', '&', '"']), "{}", entry.code);
        }
    }

    #[test]
    fn the_document_explains_every_problem() {
        let text = problems_markdown();
        assert!(Slug::ALL.iter().all(|slug| text.contains(&format!("## `{}`", slug.entry().code))));
    }
}
