//! The page behind a mail's link. Plain HTML, no script; only its button acts.
//!
//! Source: api.md, "Members"; experience.md, "Mail".

use actix_web::{
    HttpResponse, get,
    http::{
        StatusCode,
        header::{self, ContentType},
    },
    post, web,
};
use askama::Template;

use super::problem::{Document, Problem};
use crate::app::{
    App,
    error::AppError,
    link::{LinkPage, LinkState},
};

/// Four rising bars, in a box 20 wide and 16 high.
const BARS: [(u8, u8); 4] = [(0, 4), (5, 8), (10, 12), (15, 16)];

#[derive(Template)]
#[template(path = "link.html")]
struct Page<'p> {
    page: &'p LinkPage,
    bars: Vec<Bar>,
}

struct Bar {
    x: u8,
    y: u8,
    height: u8,
    filled: bool,
}

#[derive(Template)]
#[template(path = "link_over.html")]
struct Over;

/// The page behind a link: how soon, by when, and one button. Changes nothing.
#[utoipa::path(
    tag = "members",
    params(("token" = String, Path, description = "The token of the link, 43 characters of base64url")),
    responses(
        (status = 200, description = "The page", content_type = "text/html", body = String),
        (status = 404, description = "The same page for every link that does not work", content_type = "text/html", body = String),
        (status = 503, description = "The database is away; try again", content_type = "application/problem+json", body = Document),
    )
)]
#[get("/a/{token}")]
pub(crate) async fn show_link(app: web::Data<App>, token: web::Path<String>) -> Result<HttpResponse, Problem> {
    answer(app.link_page(&token).await)
}

/// The button: "I have it". Recorded as said by link, the report not opened. Again changes nothing.
#[utoipa::path(
    tag = "members",
    params(("token" = String, Path, description = "The token of the link, 43 characters of base64url")),
    responses(
        (status = 200, description = "The page, which now says who has it", content_type = "text/html", body = String),
        (status = 404, description = "The same page for every link that does not work", content_type = "text/html", body = String),
        (status = 503, description = "The database is away; try again", content_type = "application/problem+json", body = Document),
    )
)]
#[post("/a/{token}")]
pub(crate) async fn press_link(app: web::Data<App>, token: web::Path<String>) -> Result<HttpResponse, Problem> {
    answer(app.acknowledge_by_link(&token).await)
}

/// The page's style.
#[utoipa::path(
    tag = "everybody",
    responses((status = 200, description = "A style sheet", content_type = "text/css", body = String))
)]
#[get("/link.css")]
pub(crate) async fn link_style() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .content_type("text/css; charset=utf-8")
        .body(include_str!("../../templates/link.css"))
}

fn answer(found: Result<LinkPage, AppError>) -> Result<HttpResponse, Problem> {
    match found {
        Ok(page) => html(StatusCode::OK, &Page { bars: bars(page.bars), page: &page }),
        Err(AppError::NotFound) => html(StatusCode::NOT_FOUND, &Over),
        Err(error) => Err(error.into()),
    }
}

fn html(status: StatusCode, page: &impl Template) -> Result<HttpResponse, Problem> {
    let text = page.render().map_err(AppError::internal)?;
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    Ok(response.content_type(ContentType::html()).body(text))
}

fn bars(filled: u8) -> Vec<Bar> {
    let of = |(i, (x, height)): (u8, (u8, u8))| Bar { x, y: 16 - height, height, filled: i < filled };
    (0..).zip(BARS).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(state: LinkState) -> String {
        let page = LinkPage {
            handle: "Copper Lantern".to_owned(),
            shown_as: "Western & <Sons>".to_owned(),
            how_soon: "Before next setup",
            bars: 3,
            now: "10:59 MDT".to_owned(),
            step: "Office".to_owned(),
            role: "unit production manager".to_owned(),
            works_until: "11:10 MDT".to_owned(),
            state,
        };
        Page { bars: bars(page.bars), page: &page }.render().unwrap()
    }

    fn waiting() -> LinkState {
        LinkState::Waiting {
            left: "11 min left".to_owned(),
            left_percent: 73,
            by: "11:10 MDT".to_owned(),
            answer_by: Some("11:55 MDT".to_owned()),
        }
    }

    #[test]
    fn the_page_has_one_button_and_says_what_it_records() {
        let page = rendered(waiting());
        assert_eq!(page.matches("<button").count(), 1);
        assert!(page.contains("by link, report not opened. The answer is then due by 11:55 MDT."), "{page}");
        assert!(page.contains("Office, by 11:10 MDT") && page.contains("stroke-dasharray=\"73 27\""), "{page}");
        assert_eq!(page.matches("class=\"empty\"").count(), 1);
    }

    #[test]
    fn what_people_named_is_escaped_and_nothing_is_inline() {
        let page = rendered(waiting());
        assert!(!page.contains("<Sons>"));
        assert!(!page.contains("style=") && !page.contains("<script") && !page.contains("<style"), "{page}");
    }

    #[test]
    fn once_somebody_has_it_there_is_no_button() {
        let page = rendered(LinkState::Taken { by_reader: false, role: "producer".to_owned(), answer_by: None });
        assert!(!page.contains("<button") && page.contains("Somebody has it: producer"), "{page}");
        let mine = rendered(LinkState::Taken { by_reader: true, role: "upm".to_owned(), answer_by: None });
        assert!(mine.contains("You have it"), "{mine}");
    }
}
