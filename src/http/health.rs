//! Whether the process runs, and whether it can do its work.

use std::{fmt, pin::Pin, sync::Arc};

use actix_web::{HttpResponse, get, http::header, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{catalogue::Slug, problem::Problem};

/// What a check says: nothing if all is well, or what is wrong, in words for the host.
pub type CheckResult = Pin<Box<dyn Future<Output = Result<(), String>>>>;

type CheckFn = dyn Fn() -> CheckResult + Send + Sync;

/// What has to be well before this process should be sent requests.
#[derive(Clone, Default)]
pub struct Checks(Vec<Check>);

#[derive(Clone)]
struct Check {
    name: &'static str,
    away: &'static str,
    run: Arc<CheckFn>,
}

impl Checks {
    /// The same, and one more. `name` is one word, such as `database`; `away` is what anybody is told if it fails.
    #[must_use]
    pub fn with(
        mut self,
        name: &'static str,
        away: &'static str,
        check: impl Fn() -> CheckResult + Send + Sync + 'static,
    ) -> Self {
        self.0.push(Check { name, away, run: Arc::new(check) });
        self
    }

    /// What is told of the first check that fails, or the names of all.
    async fn run(&self) -> Result<Vec<String>, &'static str> {
        let mut passed = Vec::with_capacity(self.0.len());
        for check in &self.0 {
            if let Err(reason) = (check.run)().await {
                // The reason is for the host's log: an answer to anybody says only which part it is.
                tracing::warn!(check = check.name, reason, "not ready");
                return Err(check.away);
            }
            passed.push(check.name.to_owned());
        }
        Ok(passed)
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|check| check.name)).finish()
    }
}

/// Answer of the health routes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `live` or `ready`.
    #[schema(example = "ready")]
    pub status: String,
    /// Names of the checks that passed.
    #[schema(example = json!(["database"]))]
    pub checks: Vec<String>,
}

/// The process runs. Says nothing about what it needs.
#[utoipa::path(
    operation_id = "health_live",
    tag = "everybody",
    responses((status = 200, description = "It runs", body = Health))
)]
#[get("/health/live")]
pub(crate) async fn live() -> HttpResponse {
    answer("live", Vec::new())
}

/// The process can do its work now; if not, `unavailable` names the part that is away.
#[utoipa::path(
    operation_id = "health_ready",
    tag = "everybody",
    responses(
        (status = 200, description = "Send requests here", body = Health),
        (status = 503, description = "Send them elsewhere for now", content_type = "application/problem+json", body = crate::http::problem::Document),
    )
)]
#[get("/health/ready")]
pub(crate) async fn ready(checks: web::Data<Checks>) -> Result<HttpResponse, Problem> {
    match checks.run().await {
        Ok(passed) => Ok(answer("ready", passed)),
        Err(away) => Err(Problem::new(Slug::Unavailable, away).retry_after(5)),
    }
}

fn answer(status: &str, checks: Vec<String>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Health { status: status.to_owned(), checks })
}
