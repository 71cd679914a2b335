//! Groups of reports, and the figures of each.

use std::collections::BTreeMap;

use super::{Counted, StatisticsRow};
use crate::{
    app::record::Subject,
    domain::{catalogue::Severity, time::UtcMillis},
};

/// Groups in the order in which they are shown.
#[derive(Debug, Default)]
pub(super) struct Groups {
    all: Group,
    by_category: BTreeMap<String, Group>,
    by_severity: BTreeMap<Severity, Group>,
    by_level: BTreeMap<u8, Group>,
}

#[derive(Debug, Default)]
struct Group {
    filed: u32,
    in_time: u32,
    late: u32,
    unanswered: u32,
    acknowledged: Vec<i64>,
    answered: Vec<i64>,
}

impl Groups {
    /// Adds a report to each group that it is in.
    pub(super) fn add(&mut self, subject: &Subject, counted: &Counted) {
        self.all.add(counted);
        self.by_category.entry(subject.row.category.clone()).or_default().add(counted);
        self.by_severity.entry(subject.report.severity).or_default().add(counted);
        self.by_level.entry(counted.level).or_default().add(counted);
    }

    /// The figures.
    pub(super) fn rows(self) -> Vec<StatisticsRow> {
        let mut rows = vec![self.all.row("all", "all".to_owned())];
        rows.extend(self.by_category.into_iter().map(|(category, group)| group.row("category", category)));
        rows.extend(
            self.by_severity.into_iter().rev().map(|(severity, group)| group.row("severity", severity.code().into())),
        );
        rows.extend(self.by_level.into_iter().map(|(level, group)| group.row("level", level.to_string())));
        rows
    }
}

impl Group {
    fn add(&mut self, counted: &Counted) {
        let answered = counted.clock.and_then(|clock| clock.answered_at).is_some();
        self.filed += 1;
        self.in_time += u32::from(answered && !counted.missed);
        self.late += u32::from(answered && counted.missed);
        self.unanswered += u32::from(counted.missed);
        if let Some(clock) = counted.clock {
            // A span's end may lie a step after an act that followed at once.
            let took = |at: UtcMillis| (at.since(clock.began_at) / 1000).max(0);
            self.acknowledged.extend(clock.acknowledged_at.map(took));
            self.answered.extend(clock.answered_at.map(took));
        }
    }

    fn row(mut self, by: &str, of: String) -> StatisticsRow {
        self.acknowledged.sort_unstable();
        self.answered.sort_unstable();
        StatisticsRow {
            by: by.to_owned(),
            of,
            filed: self.filed,
            answered_in_time: self.in_time,
            late: self.late,
            unanswered: self.unanswered,
            acknowledged_median_seconds: at_rank(&self.acknowledged, 50),
            acknowledged_p90_seconds: at_rank(&self.acknowledged, 90),
            answered_median_seconds: at_rank(&self.answered, 50),
            answered_p90_seconds: at_rank(&self.answered, 90),
        }
    }
}

/// The smallest value that so many percent of them do not exceed.
///
/// Source: the nearest-rank definition of a percentile.
fn at_rank(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_occurs_and_nine_of_ten_do_not_exceed_it() {
        let ten: Vec<i64> = (1..=10).collect();
        assert_eq!((at_rank(&ten, 50), at_rank(&ten, 90)), (Some(5), Some(9)));
        assert_eq!((at_rank(&[7], 50), at_rank(&[7], 90)), (Some(7), Some(7)));
        assert_eq!((at_rank(&[1, 9], 50), at_rank(&[1, 9], 90)), (Some(1), Some(9)));
        assert_eq!(at_rank(&[], 50), None);
    }
}
