//! The engine: heartbeats, outages, deadlines. One turn looks at the clock once and does everything that is due by then.

use super::{
    batch::BatchSize,
    clock_watch::{ClockWatch, Seen},
};
use crate::{
    app::{
        App,
        deadlines::{Due, Fired, Halted},
        error::AppError,
        outages::Pass,
    },
    domain::{
        ids::ReportId,
        time::{Seconds, UtcMillis},
    },
};

/// Between two heartbeats.
///
/// Source: architecture.md, "Deadlines".
const BEAT: Seconds = Seconds(10);
/// How far back a turn looks for due reports.
///
/// Behind the engine lie the dead index entries of what it has fired, through which PostgreSQL would wade each time: so
/// there is a lower bound. It is made of `now` alone and never stored, so that it goes back with a clock that is set back.
/// What is committed with a time before `now` is found all the same: an act is committed within ten seconds of its time,
/// and puts back (`lifted`) only a clock of the last minute. For anything else (another process's clock that is behind,
/// a report that was locked or left for an act under way) every [`FULL_LOOK`] a turn looks from the beginning of time.
const LOOK_BACK: Seconds = Seconds::minutes(2);
/// Between two looks from the beginning of time; also the longest sleep, because timers stop while a machine sleeps.
pub(super) const FULL_LOOK: Seconds = Seconds(30);
/// Until the next look at reports that were left for an act under way.
const SOON_MILLIS: i64 = 100;
/// Until the next try after a failure.
const AFTER_FAILURE: Seconds = Seconds(1);

/// Fires deadlines.
#[derive(Debug)]
pub struct Engine {
    app: App,
    instance: [u8; 16],
    watch: ClockWatch,
    size: BatchSize,
    /// The last heartbeat that was written.
    beat_at: Option<UtcMillis>,
    /// The first heartbeat that could not be written since.
    failing_since: Option<UtcMillis>,
    /// The last look from the beginning of time.
    full_look_at: Option<UtcMillis>,
    /// Reports that cannot be read.
    stuck: Vec<ReportId>,
}

/// What a turn did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Reports that were moved on.
    pub fired: usize,
    /// When there is something to do again, at the latest.
    pub again_at: UtcMillis,
}

impl Engine {
    /// An engine of this app; `instance` tells its heartbeats from those of others.
    pub fn new(app: App, instance: [u8; 16]) -> Self {
        let watch = ClockWatch::begin(app.clock());
        Self {
            app,
            instance,
            watch,
            size: BatchSize::first(),
            beat_at: None,
            failing_since: None,
            full_look_at: None,
            stuck: Vec::new(),
        }
    }

    /// Does everything that is due now. In this order: the clock is looked at, because a jump must not pass for an
    /// outage; then comes the heartbeat, which notices one; it is counted in; and only then anything fires.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] and what a database may refuse; the next turn makes up for it.
    pub async fn turn(&mut self) -> Result<Turn, AppError> {
        let now = self.app.clock().now();
        self.look_at_clock(now).await?;
        self.beat(now).await?;
        if let Some(until) = self.app.uncounted_outage().await? {
            self.count(until, now).await?;
        }
        let (fired, is_left) = self.fire(now).await?;
        let next = self.app.next_wake(now).await?;
        let beat = self.beat_at.map_or(now, |at| at.plus(BEAT));
        let soon = is_left.then(|| now.plus_millis(SOON_MILLIS));
        let again = [Some(beat), soon, next, Some(now.plus(FULL_LOOK))];
        Ok(Turn { fired, again_at: again.into_iter().flatten().min().unwrap_or(now) })
    }

    /// When to try again after a turn that failed.
    pub fn after_failure(&self) -> UtcMillis {
        self.app.clock().now().plus(AFTER_FAILURE)
    }

    async fn look_at_clock(&mut self, now: UtcMillis) -> Result<(), AppError> {
        match self.watch.look(self.app.clock()) {
            Seen::Steady => Ok(()),
            Seen::StillAhead => {
                // Somebody resumed it: the clock is right by their word, and may jump again from here.
                if self.app.held_because().await?.is_none() {
                    self.watch.accept();
                }
                Ok(())
            }
            Seen::JumpedAhead(millis) => {
                let reason = format!(
                    "the wall clock jumped forward by {} s; nothing fires until it is set right or the engine is resumed",
                    millis / 1000
                );
                tracing::error!(reason, "deadlines are held");
                self.app.hold_engine(reason).await?;
                self.beat_at = Some(now);
                self.app.beat_over_jump(self.instance, now).await
            }
            Seen::CameBack => {
                tracing::warn!("the wall clock was set right; deadlines fire again");
                self.beat_at = Some(now);
                self.app.beat_over_jump(self.instance, now).await?;
                self.app.resume_engine().await
            }
        }
    }

    async fn beat(&mut self, now: UtcMillis) -> Result<(), AppError> {
        // A clock that was set back beats at once: the time of the last heartbeat means nothing any more.
        if self.beat_at.is_some_and(|at| at <= now && now < at.plus(BEAT)) {
            return Ok(());
        }
        match self.app.beat(self.instance, self.failing_since, now).await {
            Ok(outage) => {
                if let Some((from, to)) = outage {
                    let seconds = to.since(from) / 1000;
                    tracing::warn!(seconds, "nobody watched the deadlines for a while; they are moved by that time");
                }
                (self.beat_at, self.failing_since) = (Some(now), None);
                Ok(())
            }
            Err(error) => {
                self.failing_since.get_or_insert(now);
                Err(error)
            }
        }
    }

    /// Counts an outage into every open report. Heartbeats go on meanwhile: a long pass is no outage.
    async fn count(&mut self, until: UtcMillis, began: UtcMillis) -> Result<(), AppError> {
        let limit = i64::try_from(self.size.get()).unwrap_or(1);
        let mut after = None;
        while let Pass::After(id) = self.app.count_outages(until, after, limit).await? {
            after = Some(id);
            self.beat(self.app.clock().now().max(began)).await?;
        }
        self.full_look_at = None;
        Ok(())
    }

    /// Fires set after set until nothing more is due by `now`; whether something was left for a moment.
    async fn fire(&mut self, now: UtcMillis) -> Result<(usize, bool), AppError> {
        let is_full_look = self.full_look_at.is_none_or(|at| now < at || now >= at.plus(FULL_LOOK));
        let after = if is_full_look { UtcMillis::new(i64::MIN) } else { now.plus_millis(-LOOK_BACK.millis()) };
        let mut total = 0;
        loop {
            let due = Due { after, limit: self.size.get(), stuck: self.stuck.clone() };
            let fired = self.fire_set(due, now).await?;
            total += fired.fired;
            self.size.learn(fired.took, fired.is_full);
            self.note_stuck(&fired.stuck);
            if fired.halted == Some(Halted::Unwatched) {
                // A heartbeat is due by now: the next turn begins with it.
                self.beat_at = None;
                return Ok((total, true));
            }
            if !fired.is_full || fired.fired == 0 && fired.stuck.is_empty() {
                if is_full_look && fired.halted.is_none() {
                    self.full_look_at = Some(now);
                }
                return Ok((total, !fired.passed_over.is_empty()));
            }
            // A burst takes longer than heartbeats may be apart.
            self.beat(self.app.clock().now().max(now)).await?;
        }
    }

    /// One report at fault must not keep the others from being fired: where a set fails, each goes by itself.
    async fn fire_set(&self, due: Due, now: UtcMillis) -> Result<Fired, AppError> {
        match self.app.fire_due(due.clone(), now).await {
            Err(AppError::Internal(cause)) => {
                tracing::error!(%cause, "a set of due reports was refused; each is fired by itself");
                self.app.fire_each(due, now).await
            }
            answer => answer,
        }
    }

    fn note_stuck(&mut self, stuck: &[ReportId]) {
        for id in stuck {
            tracing::error!(report = %id, "a due report cannot be read; it is left as it is");
            self.stuck.push(*id);
        }
    }
}
