//! What makes a policy acceptable, and which changes need the union side.

use super::{Level, Policy, PolicyDesk, PolicyDocument, Seconds, Side, WindowRow, Windows};

/// Why a policy is refused. `path` names the place in the document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A window under ten seconds or over thirty days.
    #[error("{path} is {seconds} s; a window is 10 to 2592000 seconds")]
    WindowOutOfRange {
        /// Where.
        path: String,
        /// What stands there.
        seconds: u32,
    },
    /// A row without any window to acknowledge, or with more than nine.
    #[error("{path} needs one to nine windows")]
    WindowCount {
        /// Where.
        path: String,
    },
    /// A window for the written answer after stop work, where stop work moves no deadline.
    #[error("{path} has no effect: only `immediate` has a window for the written answer")]
    WrittenElsewhere {
        /// Where.
        path: String,
    },
    /// Nobody could acknowledge in time and still have time to answer.
    #[error("{path} is {acknowledge} s, longer than the {answer} s to answer")]
    AcknowledgeLongerThanAnswer {
        /// Where.
        path: String,
        /// The window to acknowledge.
        acknowledge: u32,
        /// The window to answer.
        answer: u32,
    },
    /// A step of zero or over a day.
    #[error("{path} is {seconds} s; a step is 1 to 86400 seconds")]
    StepOutOfRange {
        /// Where.
        path: String,
        /// What stands there.
        seconds: u32,
    },
    /// `repeated.after` not before `repeated.within`.
    #[error("repeated.after is {after} s and must be less than repeated.within, {within} s")]
    RepeatedEmpty {
        /// Start.
        after: u32,
        /// End.
        within: u32,
    },
    /// No desk has a level: nobody would be told.
    #[error("no desk has a level: a policy needs at least one")]
    NoLevel,
    /// A level outside 1..=9, an observer with a level, or another desk without one.
    #[error("the desk {desk} needs {needs}")]
    DeskLevel {
        /// Its name.
        desk: String,
        /// What it needs.
        needs: &'static str,
    },
    /// The lowest level has no union desk.
    #[error("level {} is the lowest and has no union desk; it needs one", level.0)]
    NoUnionDesk {
        /// The lowest level.
        level: Level,
    },
}

const MIN_WINDOW: u32 = 10;
const MAX_WINDOW: u32 = 2_592_000;

impl PolicyDocument {
    /// The document, checked. What it left out was filled with what is shipped when it was parsed.
    ///
    /// # Errors
    /// The first [`PolicyError`], naming the path.
    pub fn completed(self) -> Result<Self, PolicyError> {
        self.check()?;
        Ok(self)
    }

    /// Checks every number.
    ///
    /// # Errors
    /// The first [`PolicyError`], naming the path.
    pub fn check(&self) -> Result<(), PolicyError> {
        for (row, step) in &self.steps {
            if !(1..=86_400).contains(&step.0) {
                return Err(PolicyError::StepOutOfRange { path: format!("steps.{}", row.code()), seconds: step.0 });
            }
        }
        for (row, windows) in &self.windows {
            check_row(row.code(), windows)?;
        }
        for (severity, window) in &self.verification {
            in_range(format!("verification.{}", severity.code()), *window)?;
        }
        in_range("contest_seconds".into(), self.contest_seconds)?;
        if self.repeated.after >= self.repeated.within {
            return Err(PolicyError::RepeatedEmpty { after: self.repeated.after.0, within: self.repeated.within.0 });
        }
        Ok(())
    }

    /// The paths whose windows are longer here than in `before`: those need a union member's agreement.
    pub fn longer_than(&self, before: &Self) -> Vec<String> {
        let mut paths = Vec::new();
        for row in WindowRow::ALL {
            let (Some(new), Some(old)) = (self.windows.get(&row), before.windows.get(&row)) else { continue };
            for position in 0..new.acknowledge.len().max(old.acknowledge.len()) {
                if new.at(position) > old.at(position) {
                    paths.push(format!("windows.{}.acknowledge[{position}]", row.code()));
                }
            }
            if new.answer > old.answer {
                paths.push(format!("windows.{}.answer", row.code()));
            }
            if new.written > old.written {
                paths.push(format!("windows.{}.written", row.code()));
            }
        }
        for (row, step) in &self.steps {
            if before.steps.get(row).is_some_and(|old| step > old) {
                paths.push(format!("steps.{}", row.code()));
            }
        }
        for (severity, window) in &self.verification {
            if before.verification.get(severity).is_some_and(|old| window > old) {
                paths.push(format!("verification.{}", severity.code()));
            }
        }
        paths
    }

    /// The paths by which this document takes from the other side what `before` gave it: the union side's and the
    /// reporter's time to look, the coarseness of the moment of filing, levels, observers, repetition. The production may
    /// shorten its own windows alone; these need a union member's agreement too.
    ///
    /// Source: docs/decisions/what-a-policy-may-not-take.md.
    pub fn takes_from(&self, before: &Self) -> Vec<String> {
        let mut paths = Vec::new();
        for row in WindowRow::ALL {
            if self.steps.get(&row) < before.steps.get(&row) {
                paths.push(format!("steps.{}", row.code()));
            }
            let (new, old) = (self.windows.get(&row), before.windows.get(&row));
            let ends_with_its_windows = matches!(row, WindowRow::Concern | WindowRow::Retaliation);
            let fewer = new.map(|w| w.acknowledge.len()) < old.map(|w| w.acknowledge.len());
            if ends_with_its_windows && fewer || row == WindowRow::Retaliation && new != old {
                paths.push(format!("windows.{}", row.code()));
            }
        }
        for (severity, window) in &before.verification {
            if self.verification.get(severity) < Some(window) {
                paths.push(format!("verification.{}", severity.code()));
            }
        }
        if self.contest_seconds < before.contest_seconds {
            paths.push("contest_seconds".into());
        }
        if before.observers.iter().any(|severity| !self.observers.contains(severity)) {
            paths.push("observers".into());
        }
        if self.repeated.after > before.repeated.after || self.repeated.within < before.repeated.within {
            paths.push("repeated".into());
        }
        paths
    }
}

fn in_range(path: String, window: Seconds) -> Result<(), PolicyError> {
    if (MIN_WINDOW..=MAX_WINDOW).contains(&window.0) {
        return Ok(());
    }
    Err(PolicyError::WindowOutOfRange { path, seconds: window.0 })
}

fn check_row(row: &str, windows: &Windows) -> Result<(), PolicyError> {
    let path = format!("windows.{row}.acknowledge");
    if !(1..=9).contains(&windows.acknowledge.len()) {
        return Err(PolicyError::WindowCount { path });
    }
    in_range(format!("windows.{row}.answer"), windows.answer)?;
    if let Some(written) = windows.written {
        let path = format!("windows.{row}.written");
        if row != WindowRow::Immediate.code() {
            return Err(PolicyError::WrittenElsewhere { path });
        }
        in_range(path, written)?;
    }
    for (i, window) in windows.acknowledge.iter().enumerate() {
        let path = format!("{path}[{i}]");
        in_range(path.clone(), *window)?;
        if *window > windows.answer {
            return Err(PolicyError::AcknowledgeLongerThanAnswer {
                path,
                acknowledge: window.0,
                answer: windows.answer.0,
            });
        }
    }
    Ok(())
}

impl Policy {
    /// Checks the desks: every level is 1..=9, observers have none, and the lowest level has a union desk.
    ///
    /// # Errors
    /// The first [`PolicyError`] about desks.
    ///
    /// Source: domain.md, "Levels".
    pub fn check_desks(&self) -> Result<(), PolicyError> {
        self.desks.iter().try_for_each(check_desk)?;
        let level = self.desks.iter().filter_map(|d| d.level).min().ok_or(PolicyError::NoLevel)?;
        if self.desks_at(level, Side::Union).next().is_none() {
            return Err(PolicyError::NoUnionDesk { level });
        }
        Ok(())
    }

    /// The levels that had a union desk in `before` which is not at that level here, lowest first: such a change
    /// needs a union member's agreement.
    ///
    /// Source: domain.md, "Windows".
    pub fn loses_union_desk(&self, before: &Self) -> Vec<Level> {
        let mut levels = before.union_levels();
        levels.retain(|level| {
            before.desks_at(*level, Side::Union).any(|old| !self.desks_at(*level, Side::Union).any(|d| d.id == old.id))
        });
        levels
    }
}

fn check_desk(desk: &PolicyDesk) -> Result<(), PolicyError> {
    let needs = |needs| Err(PolicyError::DeskLevel { desk: desk.name.clone(), needs });
    match (desk.side, desk.level) {
        (Side::Observer, Some(_)) => needs("no level: observers are told last"),
        (Side::Production | Side::Union, None) => needs("a level from 1 to 9"),
        (Side::Production | Side::Union, Some(level)) if !(1..=9).contains(&level.0) => needs("a level from 1 to 9"),
        (Side::Observer, None) | (Side::Production | Side::Union, Some(_)) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
