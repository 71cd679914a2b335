//! The public ledger as static files: checkpoint, tiles, entries, keys, public entries.
//!
//! Tiles and entries never change, so caches may keep them for ever; a mirror that copies these addresses serves the log
//! as well as this host does.
//!
//! Source: C2SP tlog-tiles, "APIs".

use actix_web::{
    HttpResponse, get,
    http::header::{self, ContentType},
    web,
};

use super::{
    credentials::ReceiptBytes,
    problem::{Document, Problem},
    reports::{Desk, report_id},
};
use crate::{app::App, merkle::path::TilePath, sealing::receipt::Receipt};

/// Bytes as they are.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only its schema is wanted")]
pub(crate) struct TileBytes(Vec<u8>);

/// The body of a public entry; what else it holds depends on its kind.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its schema is wanted")]
pub(crate) struct PublicEntry {
    /// `policy`, `roster`, `outage` or `link`.
    #[schema(example = "policy")]
    kind: String,
}

/// A proof bundle: a file for `lastlooks verify`, for the script and for the page that do the same.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its schema is wanted")]
pub(crate) struct ProofBundle {
    /// `lastlooks-bundle/v1`.
    #[schema(example = "lastlooks-bundle/v1")]
    format: String,
    /// What it shows, in sentences.
    says: Vec<String>,
}

/// What never changes may be kept for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The head changes at each tick.
const A_MOMENT: &str = "public, max-age=2";

/// The last checkpoint: how long the log is, its root, signed, with what witnesses added.
#[utoipa::path(
    operation_id = "ledger_checkpoint",
    tag = "ledger",
    responses(
        (status = 200, description = "A signed note (C2SP tlog-checkpoint)", content_type = "text/plain", body = String),
        (status = 404, description = "Nothing is published yet", content_type = "application/problem+json", body = Document),
        (status = 503, description = "The database is away; try again", content_type = "application/problem+json", body = Document),
    )
)]
#[get("/ledger/checkpoint")]
pub(crate) async fn checkpoint(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    Ok(text(app.ledger_checkpoint().await?))
}

/// The log's verifier key, and that of promises, a line each.
#[utoipa::path(
    operation_id = "ledger_keys",
    tag = "ledger",
    responses(
        (status = 200, description = "Two verifier keys (C2SP signed-note)", content_type = "text/plain", body = String),
        (status = 503, description = "The database is away; try again", content_type = "application/problem+json", body = Document),
    )
)]
#[get("/ledger/key")]
pub(crate) async fn keys(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    Ok(text(app.ledger_keys().await?))
}

/// A tile of hashes (`<level>/<n>[.p/<width>]`) or a bundle of entries (`entries/<n>[.p/<width>]`).
#[utoipa::path(
    operation_id = "ledger_tile",
    tag = "ledger",
    params(("path" = String, Path, description = "As C2SP tlog-tiles has it", example = "0/x001/x234/067.p/64")),
    responses(
        (status = 200, description = "Hashes one behind the other, or entries each behind its length", content_type = "application/octet-stream", body = TileBytes),
        (status = 404, description = "Beyond the published tree, or no tile's address", content_type = "application/problem+json", body = Document),
        (status = 503, description = "The database is away; try again", content_type = "application/problem+json", body = Document),
    )
)]
#[get("/ledger/tile/{path:.*}")]
pub(crate) async fn tile(app: web::Data<App>, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let path: TilePath = path.parse().map_err(|_| Problem::not_found())?;
    let tile = app.ledger_tile(path).await?;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::octet_stream())
        .insert_header((header::CACHE_CONTROL, FOR_EVER))
        .body(tile))
}

/// The body of an entry that is about no report: a policy, a roster's hash, an outage, a new log.
#[utoipa::path(
    operation_id = "ledger_opening",
    tag = "ledger",
    params(("index" = u64, Path, description = "The entry's place in the log", example = 7)),
    responses(
        (status = 200, description = "The very bytes that the entry commits to; their `kind` is the one in its tag", content_type = "application/json", body = PublicEntry),
        (status = 404, description = "No public entry, or beyond the published tree", content_type = "application/problem+json", body = Document),
        (status = 503, description = "The database is away; try again", content_type = "application/problem+json", body = Document),
    )
)]
#[get("/ledger/open/{index}")]
pub(crate) async fn opening(app: web::Data<App>, index: web::Path<String>) -> Result<HttpResponse, Problem> {
    // One spelling for each, or a cache would keep many.
    let parsed = index.parse::<u64>().ok().filter(|parsed| parsed.to_string() == *index);
    let body = app.ledger_opening(parsed.ok_or_else(Problem::not_found)?).await?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).insert_header((header::CACHE_CONTROL, FOR_EVER)).body(body))
}

/// What the ledger proves about the report that this receipt opens. Save the answer as it is; spaces behind it do not count.
#[utoipa::path(
    tag = "crew",
    security(("receipt" = [])),
    responses(
        (status = 200, description = "The bundle", body = ProofBundle),
        (status = 404, description = "This receipt opens nothing"),
    )
)]
#[get("/v1/inbox/proof")]
pub(crate) async fn inbox_proof(app: web::Data<App>, bytes: ReceiptBytes) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(app.inbox_proof(&Receipt::new(*bytes.0)).await?))
}

/// What the ledger proves about a report, as far as the reader's side may see it.
#[utoipa::path(
    tag = "members",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The report", example = "00112233445566778899aabbccddeeff")),
    responses(
        (status = 200, description = "The bundle", body = ProofBundle),
        (status = 404, description = "No such report for this member"),
    )
)]
#[get("/v1/reports/{id}/proof")]
pub(crate) async fn report_proof(
    app: web::Data<App>,
    desk: Desk,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let bundle = app.report_proof(desk.reader(), report_id(&id)?).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(bundle))
}

fn text(body: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .insert_header((header::CACHE_CONTROL, A_MOMENT))
        .body(body)
}
