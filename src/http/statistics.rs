//! Figures over one's own list, as JSON or as a table.

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;

use super::{
    credentials::IfNoneMatch,
    csv::{self, Table, WantsCsv, or_empty},
    problem::Problem,
    query::Query,
    signed_in::{Member, tagged},
};
use crate::app::{
    App,
    statistics::{Statistics, StatisticsRow},
};

/// Of which reports.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatisticsQuery {
    production: Option<String>,
}

/// What became of the reports on my own list: all of them, then by category, severity and level. Spans go to the first act
/// of the side whose clock it was; a percentile is the value of nearest rank.
#[utoipa::path(
    tag = "members",
    security(("bearer" = [])),
    params(
        ("production" = Option<String>, Query, description = "Id or short name of a production; all of mine if left out"),
        ("Accept" = Option<String>, Header, description = "`text/csv` for a table"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` that the caller has"),
    ),
    responses(
        (status = 200, description = "The figures", content((Statistics = "application/json"), (String = "text/csv")), headers(("ETag" = String, description = "Changes with any figure"))),
        (status = 304, description = "No figure changed"),
        (status = 422, description = "A parameter cannot be accepted; the problem names it"),
    )
)]
#[get("/v1/statistics")]
pub(crate) async fn statistics(
    app: web::Data<App>,
    member: Member,
    known: IfNoneMatch,
    WantsCsv(csv): WantsCsv,
    Query(query): Query<StatisticsQuery>,
) -> Result<HttpResponse, Problem> {
    let found = app.statistics(member.0.member, query.production).await?;
    if !csv {
        return tagged(&app, &known, &found);
    }
    let text = table(&found.items).text();
    let etag = app.etag(&[b"csv", text.as_bytes()].concat());
    Ok(csv::answer(text, ("statistics.csv", etag), &known, None))
}

fn table(rows: &[StatisticsRow]) -> Table<10> {
    let line = |row: &StatisticsRow| {
        [
            row.by.clone(),
            row.of.clone(),
            row.filed.to_string(),
            row.answered_in_time.to_string(),
            row.late.to_string(),
            row.unanswered.to_string(),
            or_empty(row.acknowledged_median_seconds.as_ref()),
            or_empty(row.acknowledged_p90_seconds.as_ref()),
            or_empty(row.answered_median_seconds.as_ref()),
            or_empty(row.answered_p90_seconds.as_ref()),
        ]
    };
    Table {
        columns: [
            "by",
            "of",
            "filed",
            "answered_in_time",
            "late",
            "unanswered",
            "acknowledged_median_seconds",
            "acknowledged_p90_seconds",
            "answered_median_seconds",
            "answered_p90_seconds",
        ],
        lines: rows.iter().map(line).collect(),
    }
}
