//! The packet of a report, as a page to print or as JSON, and what a report's digest was made of.
//!
//! Source: api.md, "Members"; ledger.md, "The packet".

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, Accept, ContentType, Header as _},
    mime, web,
};
use askama::Template;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    credentials::ReceiptBytes,
    problem::Problem,
    reports::{Desk, report_id},
};
use crate::{
    app::{
        App,
        error::AppError,
        form::YesNo,
        view::{PacketNotice, PacketView},
    },
    evidence::shown,
    notify::role_label,
    sealing::receipt::Receipt,
};

/// What the digest of a report was made of. A signature by its `verify_key` is one by whoever filed the report.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its schema is wanted")]
pub(crate) struct FilingOfDigest {
    /// What the ledger's entries name the report by, 64 hex digits.
    digest: String,
    /// Id of the production.
    production: String,
    /// Version of the policy that the report keeps.
    policy_version: u32,
    /// Version of the roster that it was sealed to.
    roster_version: u32,
    /// Ed25519 public key that the receipt signs with, 64 hex digits.
    verify_key: String,
    /// X25519 public key that answers are sealed to, 64 hex digits.
    reading_key: String,
    /// SHA-256 of L, 64 hex digits.
    ledger_key_sha256: String,
    /// What it is about.
    category: String,
    /// Its severity when it was filed.
    severity: String,
    /// `production` or `union`.
    chain: String,
    /// The sealed parts: SHA-256 of the ciphertext, and what commits to its key.
    parts: Vec<PartOfDigest>,
}

/// A sealed part of a filing.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its schema is wanted")]
pub(crate) struct PartOfDigest {
    /// SHA-256 of the ciphertext, 64 hex digits.
    sha256: String,
    /// Commits to its key, 64 hex digits.
    commit: String,
}

#[derive(Template)]
#[template(path = "packet.html")]
struct Page<'p> {
    packet: &'p PacketView,
    style: String,
    proof: String,
}

/// One report with everything that is on record of it, as the reader's side may see it: JSON, or a page to print where `Accept` asks for
/// `text/html`. Counts as reading the report.
#[utoipa::path(
    tag = "members",
    security(("bearer" = []), ("bearer" = [], "unlock_key" = [])),
    params(
        ("id" = String, Path, description = "The report", example = "00112233445566778899aabbccddeeff"),
        ("Accept" = Option<String>, Header, description = "`application/json` or `text/html`"),
    ),
    responses(
        (status = 200, description = "The packet; what was said only with Unlock-Key", content((PacketView = "application/json"), (String = "text/html"))),
        (status = 404, description = "No such report for this member"),
    )
)]
#[get("/v1/reports/{id}/packet")]
pub(crate) async fn packet(
    app: web::Data<App>,
    desk: Desk,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let packet = app.packet(desk.reader(), report_id(&id)?).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::VARY, "accept"));
    if !wants_page(&request) {
        return Ok(response.json(packet));
    }
    let proof = serde_json::to_string(&packet.proof).map_err(AppError::internal)?;
    let style = format!("{}/packet.css", app.settings().public_url);
    let page = Page { packet: &packet, style, proof: STANDARD.encode(proof) };
    Ok(response.content_type(ContentType::html()).body(page.render().map_err(AppError::internal)?))
}

/// The style of the packet's page.
#[utoipa::path(
    tag = "everybody",
    responses((status = 200, description = "A style sheet", content_type = "text/css", body = String))
)]
#[get("/packet.css")]
pub(crate) async fn packet_style() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .content_type("text/css; charset=utf-8")
        .body(include_str!("../../templates/packet.css"))
}

/// What the digest of the report was made of: with this file and the twelve words, `lastlooks receipt claim` signs a text.
#[utoipa::path(
    tag = "crew",
    security(("receipt" = [])),
    responses(
        (status = 200, description = "What the digest was made of", body = FilingOfDigest),
        (status = 404, description = "This receipt opens nothing"),
    )
)]
#[get("/v1/inbox/filing")]
pub(crate) async fn inbox_filing(app: web::Data<App>, bytes: ReceiptBytes) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(app.inbox_filing(&Receipt::new(*bytes.0)).await?))
}

/// Whether HTML is asked for before JSON.
fn wants_page(request: &HttpRequest) -> bool {
    let ranked = Accept::parse(request).map(|accept| accept.ranked()).unwrap_or_default();
    let is_ours = |wanted: &mime::Mime| {
        [mime::TEXT_HTML, mime::APPLICATION_JSON, mime::STAR_STAR]
            .iter()
            .any(|known| known.essence_str() == wanted.essence_str())
    };
    ranked
        .iter()
        .find(|wanted| is_ours(wanted))
        .is_some_and(|first| first.essence_str() == mime::TEXT_HTML.essence_str())
}

impl Page<'_> {
    /// "2021-10-16 16:55:00 UTC".
    #[expect(clippy::unused_self, reason = "the template calls it on the page")]
    fn at(&self, text: &str) -> String {
        text.replacen('T', " ", 1).replacen('Z', " UTC", 1)
    }

    /// "2021-10-16 16:54:00 to 16:55:00 UTC" for a span.
    fn span(&self, at: &str, until: Option<&String>) -> String {
        match until {
            Some(until) => format!("{} to {}", self.at(at).replace(" UTC", ""), self.at(until)),
            None => self.at(at),
        }
    }

    #[expect(clippy::unused_self, reason = "the template calls it on the page")]
    fn words(&self, code: &str) -> String {
        code.replace('_', " ")
    }

    #[expect(clippy::unused_self, reason = "the template calls it on the page")]
    fn role(&self, code: &str) -> String {
        role_label(code).into_owned()
    }

    fn roles(&self, codes: &[String]) -> String {
        codes.iter().map(|code| self.role(code)).collect::<Vec<_>>().join(", ")
    }

    fn side(&self) -> &'static str {
        match self.packet.side.as_str() {
            "union" => "the union side",
            "observer" => "an observer",
            _ => "the production side",
        }
    }

    /// What was answered to a question of the form.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the template passes fields by reference")]
    fn said(&self, answer: &YesNo) -> String {
        serde_json::to_value(answer)
            .ok()
            .and_then(|code| code.as_str().map(|code| self.words(code)))
            .unwrap_or_default()
    }

    /// A row for each entry: place in the log, what it says, when, deadline.
    fn entries(&self) -> Vec<Entry> {
        let row = |entry: &crate::evidence::bundle::BundledEntry| Entry {
            index: entry.index,
            kind: self.words(entry.opening.kind.code()),
            level: entry.opening.level.0,
            cycle: entry.opening.cycle,
            at: self.at(&shown(entry.opening.at.to)),
            due: entry.opening.deadline.map(|due| self.at(&shown(due))).unwrap_or_default(),
            checkpoint: entry.checkpoint,
        };
        self.packet.proof.entries.iter().map(row).collect()
    }

    /// Size and root of each checkpoint: the second and third line of the note.
    fn checkpoints(&self) -> Vec<(String, String)> {
        let line = |note: &str, n: usize| note.lines().nth(n).unwrap_or_default().to_owned();
        self.packet.proof.checkpoints.iter().map(|note| (line(note, 1), line(note, 2))).collect()
    }

    fn other_notices(&self) -> &[PacketNotice] {
        self.packet.other_notices.as_deref().unwrap_or_default()
    }
}

/// An entry of the ledger, as a row of a table.
struct Entry {
    index: u64,
    kind: String,
    level: u8,
    cycle: u16,
    at: String,
    due: String,
    checkpoint: usize,
}
