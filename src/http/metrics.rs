//! Numbers for Prometheus, on a listener of their own.
//!
//! Threat: numbers are kept for years and read by many. One that moved with a report would tell the second of a filing.
//! So requests of the crew have one total, which moves once an hour, and whatever follows from filings is looked at by the
//! clock (each minute, quarter of an hour or hour) and not when somebody asks. No number has a label for a production, a
//! report or a person; routes are named for members' requests alone.
//!
//! Source: security.md, "What is stored about a reporter"; experience.md, "Operator".

use std::{
    fmt, io,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::{App as Routes, HttpResponse, HttpServer, dev::Server, get, http::Method, web};
use metrics::{Key, KeyName, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::{
    app::{
        App,
        error::AppError,
        ledger::WitnessSeen,
        wellbeing::{ByLevel, Wellbeing},
    },
    domain::time::{Seconds, UtcMillis},
};

const MINUTE: Seconds = Seconds::minutes(1);
/// What waits to be mailed may follow from a reporter's act, so it is looked at no more often than their time is kept.
const QUARTER: Seconds = Seconds::minutes(15);
const HOUR: Seconds = Seconds::hours(1);

const REQUEST_SECONDS: &str = "lastlooks_member_request_seconds";
const CREW_REQUESTS: &str = "lastlooks_crew_requests_total";
/// Upper ends of the classes of request times, seconds.
const CLASSES: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

const DATABASE_UP: Number = Number("lastlooks_database_up", "1 if the database answered at the last full minute");
const HELD: Number = Number("lastlooks_engine_held", "1 while deadlines are held: run lastlooks engine resume");
const BEAT_AGE: Number = Number("lastlooks_heartbeat_age_seconds", "since the last heartbeat of any process");
const DUE_LAG: Number = Number("lastlooks_due_lag_seconds", "how long the longest wait of anything due is");
const DEAD_NOTICES: Number = Number("lastlooks_dead_notices", "notices that were given up");
const DEAD_ADDRESSES: Number = Number("lastlooks_dead_addresses", "addresses that mail servers said do not exist");
const LEDGER_ENTRIES: Number = Number("lastlooks_ledger_entries", "entries of the ledger in their places");
const OLDEST_NOTICE: Number = Number(
    "lastlooks_oldest_unsent_notice_seconds",
    "how long the oldest unsent notice has been tried, in quarters of an hour, looked at each quarter of an hour",
);
const UNSENT_NOTICES: Number =
    Number("lastlooks_unsent_notices", "notices that wait to be sent, looked at each quarter of an hour");
const OPEN: Number =
    Number("lastlooks_open_reports", "open reports of the production chain by level, looked at once an hour");
const OVERDUE: Number = Number(
    "lastlooks_overdue_reports",
    "of these, those with a missed deadline and no answer yet, looked at once an hour",
);
const LEDGER_PENDING: Number =
    Number("lastlooks_ledger_pending_entries", "entries of the ledger without a place, looked at once an hour");

const WITNESS_WAITS: Number = Number(
    "lastlooks_witness_waits_seconds",
    "for how long a signed head of the ledger has waited for this witness; more than two ticks: it is silent",
);

const NUMBERS: [Number; 13] = [
    DATABASE_UP,
    HELD,
    BEAT_AGE,
    DUE_LAG,
    DEAD_NOTICES,
    DEAD_ADDRESSES,
    LEDGER_ENTRIES,
    OLDEST_NOTICE,
    UNSENT_NOTICES,
    OPEN,
    OVERDUE,
    LEDGER_PENDING,
    WITNESS_WAITS,
];

/// A number and what it says.
#[derive(Debug, Clone, Copy)]
struct Number(&'static str, &'static str);

/// The numbers of one process.
pub struct Metrics {
    recorder: PrometheusRecorder,
    shown: PrometheusHandle,
    /// Requests of the crew since the last full hour.
    crew: AtomicU64,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Nothing counted yet.
    ///
    /// # Errors
    /// [`BuildError`] if the classes of request times are empty, which they are not.
    pub fn new() -> Result<Self, BuildError> {
        let times = Matcher::Full(REQUEST_SECONDS.to_owned());
        let recorder = PrometheusBuilder::new().set_buckets_for_metric(times, &CLASSES)?.build_recorder();
        for Number(name, says) in NUMBERS {
            recorder.describe_gauge(KeyName::from_const_str(name), None, says.into());
        }
        let of_crew = "requests of the crew, all together; moved once an hour";
        recorder.describe_counter(KeyName::from_const_str(CREW_REQUESTS), None, of_crew.into());
        let of_members = "times of members' requests, by route";
        recorder.describe_histogram(KeyName::from_const_str(REQUEST_SECONDS), None, of_members.into());
        Ok(Self { shown: recorder.handle(), recorder, crew: AtomicU64::new(0) })
    }

    /// A request of the crew: counted, and told at the next full hour.
    pub(super) fn of_crew(&self) {
        self.crew.fetch_add(1, Ordering::Relaxed);
    }

    /// A request of a member: its route as the route table has it, never its address.
    pub(super) fn of_member(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let labels = vec![
            Label::new("method", method.as_str().to_owned()),
            Label::new("route", route.to_owned()),
            Label::new("status", format!("{}xx", status / 100)),
        ];
        let times = self.recorder.register_histogram(&Key::from_parts(REQUEST_SECONDS, labels), &OURS);
        times.record(took.as_secs_f64());
    }

    fn set(&self, number: Number, value: i64) {
        self.set_labelled(&Key::from_static_name(number.0), value);
    }

    fn set_labelled(&self, key: &Key, value: i64) {
        // Counts and seconds are far below the 52 bits that a float keeps exactly.
        let value = f64::from(i32::try_from(value).unwrap_or(i32::MAX));
        self.recorder.register_gauge(key, &OURS).set(value);
    }

    fn each_minute(&self, seen: &Wellbeing) {
        self.set(DATABASE_UP, 1);
        self.set(HELD, i64::from(seen.held.is_some()));
        self.set(BEAT_AGE, seen.beat_age.map_or(-1, |age| age / 1000));
        self.set(DUE_LAG, seen.due_lag / 1000);
        self.set(DEAD_NOTICES, seen.dead_notices);
        self.set(DEAD_ADDRESSES, seen.dead_addresses);
        self.set(LEDGER_ENTRIES, seen.ledger_size);
    }

    fn each_minute_of_witnesses(&self, seen: &[WitnessSeen]) {
        for WitnessSeen { name, side, waits_millis, .. } in seen {
            let labels = vec![Label::new("witness", name.clone()), Label::new("side", side.code())];
            self.set_labelled(&Key::from_parts(WITNESS_WAITS.0, labels), waits_millis / 1000);
        }
    }

    fn each_quarter(&self, seen: &Wellbeing) {
        let quarter = QUARTER.millis();
        self.set(OLDEST_NOTICE, (seen.oldest_notice_age + quarter - 1) / quarter * i64::from(QUARTER.0));
        self.set(UNSENT_NOTICES, seen.waiting_notices);
    }

    fn each_hour(&self, seen: &Wellbeing, reports: &ByLevel) {
        self.set(LEDGER_PENDING, seen.ledger_pending);
        for (number, counts) in [(OPEN, &reports.open), (OVERDUE, &reports.overdue)] {
            for level in 1..=9 {
                let count = counts.iter().find(|(at, _)| *at == level).map_or(0, |(_, count)| *count);
                let labels = vec![Label::new("level", level.to_string())];
                self.set_labelled(&Key::from_parts(number.0, labels), count);
            }
        }
        let crew = self.recorder.register_counter(&Key::from_static_name(CREW_REQUESTS), &OURS);
        crew.increment(self.crew.swap(0, Ordering::Relaxed));
    }
}

/// Where the numbers come from.
const OURS: Metadata<'static> = Metadata::new("lastlooks", Level::INFO, None);

/// Which looks were taken: the minute, quarter and hour of each, counted from 1970.
#[derive(Debug, Default, Clone, Copy)]
struct Looked {
    quarter: Option<i64>,
    hour: Option<i64>,
}

/// Looks at the service by the clock, for as long as it is awaited.
pub async fn keep(app: App, metrics: Arc<Metrics>) {
    let mut looked = Looked::default();
    loop {
        if let Err(error) = look(&app, &metrics, &mut looked).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the numbers wait");
            metrics.set(DATABASE_UP, 0);
        }
        // Request times that nobody fetches would pile up otherwise.
        metrics.shown.run_upkeep();
        let now = app.clock().now();
        let next = UtcMillis::new((number_of(now, MINUTE) + 1) * MINUTE.millis());
        let pause = u64::try_from(next.since(now)).unwrap_or_default();
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

async fn look(app: &App, metrics: &Metrics, looked: &mut Looked) -> Result<(), AppError> {
    let seen = app.wellbeing().await?;
    metrics.each_minute(&seen);
    metrics.each_minute_of_witnesses(&app.witnesses_seen().await?);
    let (quarter, hour) = (Some(number_of(seen.at, QUARTER)), Some(number_of(seen.at, HOUR)));
    if looked.quarter != quarter {
        metrics.each_quarter(&seen);
        looked.quarter = quarter;
    }
    if looked.hour != hour {
        metrics.each_hour(&seen, &app.reports_by_level().await?);
        looked.hour = hour;
    }
    Ok(())
}

fn number_of(at: UtcMillis, period: Seconds) -> i64 {
    at.get().div_euclid(period.millis())
}

/// Serves the numbers on a listener. The server runs in the task that awaits it.
///
/// # Errors
/// If the system refuses the listener.
pub fn serve(listener: TcpListener, metrics: &Arc<Metrics>) -> io::Result<Server> {
    let metrics = web::Data::from(Arc::clone(metrics));
    let server = HttpServer::new(move || Routes::new().app_data(metrics.clone()).service(show));
    Ok(server.workers(1).shutdown_timeout(1).disable_signals().listen(listener)?.run())
}

#[get("/metrics")]
async fn show(metrics: web::Data<Metrics>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(metrics.shown.render())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::quorum::WitnessSide;

    fn seen() -> Wellbeing {
        Wellbeing {
            at: UtcMillis::new(0),
            held: None,
            beat_age: Some(4_000),
            due_lag: 0,
            waiting_notices: 2,
            oldest_notice_age: 901_000,
            dead_notices: 0,
            dead_addresses: 0,
            ledger_pending: 3,
            ledger_pending_age: 0,
            ledger_size: 64,
            ledger_checkpoint: None,
        }
    }

    #[test]
    fn requests_of_the_crew_move_one_total_and_only_at_the_full_hour() {
        let metrics = Metrics::new().unwrap();
        metrics.each_hour(&seen(), &ByLevel::default());
        let before = metrics.shown.render();
        assert!(before.contains("lastlooks_crew_requests_total 0"), "{before}");
        metrics.of_crew();
        metrics.of_crew();
        metrics.each_minute(&seen());
        metrics.each_quarter(&seen());
        assert!(metrics.shown.render().contains("lastlooks_crew_requests_total 0"));
        metrics.each_hour(&seen(), &ByLevel::default());
        assert!(metrics.shown.render().contains("lastlooks_crew_requests_total 2"));
    }

    #[test]
    fn a_silent_witness_is_told_by_its_name() {
        let metrics = Metrics::new().unwrap();
        let name = "local600.example/witness".to_owned();
        let silent = WitnessSeen { name, side: WitnessSide::Union, cosigned_at: None, waits_millis: 1_900_000 };
        metrics.each_minute_of_witnesses(&[silent]);
        let line = r#"lastlooks_witness_waits_seconds{witness="local600.example/witness",side="union"} 1900"#;
        assert!(metrics.shown.render().contains(line), "{}", metrics.shown.render());
    }

    #[test]
    fn a_notice_that_waits_is_told_in_quarters_of_an_hour() {
        let metrics = Metrics::new().unwrap();
        metrics.each_quarter(&seen());
        let shown = metrics.shown.render();
        assert!(shown.contains("lastlooks_oldest_unsent_notice_seconds 1800"), "{shown}");
    }

    #[test]
    fn a_level_that_empties_is_shown_as_empty() {
        let metrics = Metrics::new().unwrap();
        metrics.each_hour(&seen(), &ByLevel { open: vec![(2, 5)], overdue: vec![(2, 1)] });
        assert!(metrics.shown.render().contains("lastlooks_open_reports{level=\"2\"} 5"));
        metrics.each_hour(&seen(), &ByLevel::default());
        let shown = metrics.shown.render();
        assert!(shown.contains("lastlooks_open_reports{level=\"2\"} 0"), "{shown}");
        assert!(shown.contains("lastlooks_overdue_reports{level=\"2\"} 0"), "{shown}");
    }
}
