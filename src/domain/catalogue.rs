//! Severities, categories and kinds: what a report can be about, as data.
//!
//! The shipped catalogue is version 1; a production may carry its own (its document has the same shape). Nothing but
//! category and kind is refused for not being listed.
//!
//! Source: domain.md, "Categories and kinds".

use serde::{Deserialize, Serialize};

/// How soon somebody could be hurt. Ordered from the least to the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// In general: not soon, but it should be fixed.
    Concern,
    /// Tomorrow: before the next call.
    NextCall,
    /// The next time we do this: before the next setup.
    NextSetup,
    /// Right now.
    Immediate,
}

impl Severity {
    /// All severities, least urgent first.
    pub const ALL: [Self; 4] = [Self::Concern, Self::NextCall, Self::NextSetup, Self::Immediate];

    /// The code in tables, JSON and logs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Concern => "concern",
            Self::NextCall => "next_call",
            Self::NextSetup => "next_setup",
            Self::Immediate => "immediate",
        }
    }

    /// One step more urgent, never past `immediate`.
    #[must_use]
    pub const fn raised(self) -> Self {
        match self {
            Self::Concern => Self::NextCall,
            Self::NextCall => Self::NextSetup,
            Self::NextSetup | Self::Immediate => Self::Immediate,
        }
    }
}

/// Which chain a report runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chain {
    /// The production side's clock, the union side told beside it.
    Production,
    /// `retaliation` before the summary: the union side's clock, nobody else told.
    Union,
}

impl Chain {
    /// The code in tables and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Union => "union",
        }
    }
}

/// A kind of a category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kind {
    /// Its code.
    pub code: String,
    /// The least severity of a report of this kind.
    pub minimum: Option<Severity>,
}

/// A category of reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Its code.
    pub code: String,
    /// The least severity of any report of it.
    pub minimum: Option<Severity>,
    /// Repetition raises no further than this.
    pub repeated_cap: Option<Severity>,
    /// Its kinds; `other` is always the last.
    pub kinds: Vec<Kind>,
    /// Numbers of industry safety bulletins; titles are to be checked against the published list before they are shown.
    pub bulletins: Vec<String>,
}

/// Everything a report can be about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Version of the data.
    pub version: u32,
    /// Categories in the order of the screen: the four of the mission come first.
    pub categories: Vec<Category>,
}

/// The category that runs on the union chain.
pub const RETALIATION: &str = "retaliation";

/// One line of the shipped data: code, minimum, cap of repetition, kinds with their minimums, bulletins.
type Line = (
    &'static str,
    Option<Severity>,
    Option<Severity>,
    &'static [(&'static str, Option<Severity>)],
    &'static [&'static str],
);

const SETUP: Option<Severity> = Some(Severity::NextSetup);
const CALL: Option<Severity> = Some(Severity::NextCall);

#[rustfmt::skip]
const SHIPPED: &[Line] = &[
    ("weapons", SETUP, None, &[("went_off_unintended", None), ("did_not_fire", None), ("live_round_found", None), ("left_unattended", None), ("wrong_person_handling", None), ("pointed_at_person", None), ("no_check_shown", None), ("handler_has_other_duties", None), ("no_training", None), ("real_gun_instead_of_replica", None)], &["1", "2", "30"]),
    ("rehearsal_and_process", None, None, &[("rehearsal_skipped", None), ("rehearsal_rushed", None), ("no_safety_meeting", None), ("no_bulletin", None), ("no_risk_assessment", None), ("no_medic", None), ("understaffed_safety_role", None)], &["5", "21", "45"]),
    ("fatigue", None, None, &[("rest_breach", None), ("over_14_hours", None), ("week_over_60_hours", None), ("asleep_at_wheel", SETUP), ("no_meal_break", None)], &["42", "43"]),
    ("explosives_sfx", SETUP, None, &[("went_off_unintended", None), ("no_warning", None), ("distance_not_kept", None)], &["16"]),
    ("stunts_falls_rigging", SETUP, None, &[("no_fall_protection", SETUP), ("changed_without_rehearsal", None), ("rigging_unsound", None)], &["4", "18"]),
    ("heights_lifts_cranes", None, None, &[("no_fall_protection", SETUP), ("unlicensed_operator", None)], &["22", "25"]),
    ("vehicles_driving_rail", None, None, &[("rail_or_road_without_permission", SETUP), ("stunt_or_camera_car", SETUP), ("driver_unfit", None)], &["8", "8A", "20", "28", "37", "40", "42", "43"]),
    ("aircraft_drones", SETUP, None, &[], &["3", "3A", "14", "36"]),
    ("water_diving", SETUP, None, &[], &["7", "15", "17"]),
    ("fire_smoke_chemicals", None, None, &[], &["10", "13", "19"]),
    ("electrical", None, None, &[], &["23", "44"]),
    ("heat_cold_weather_structure", None, CALL, &[], &["34", "35", "38"]),
    ("animals", None, None, &[], &["6"]),
    ("minors", CALL, None, &[("in_danger", SETUP), ("hours_school_or_permit", CALL)], &["33"]),
    ("substances", None, CALL, &[], &[]),
    ("sanitation_food_housing", None, CALL, &[], &[]),
    (RETALIATION, None, None, &[], &[]),
    ("other", None, CALL, &[], &[]),
];

impl Catalogue {
    /// The shipped defaults.
    pub fn shipped() -> Self {
        let categories = SHIPPED
            .iter()
            .map(|(code, minimum, repeated_cap, kinds, bulletins)| Category {
                code: (*code).into(),
                minimum: *minimum,
                repeated_cap: *repeated_cap,
                kinds: kinds
                    .iter()
                    .chain([&("other", None)])
                    .map(|(code, minimum)| Kind { code: (*code).into(), minimum: *minimum })
                    .collect(),
                bulletins: bulletins.iter().map(|b| (*b).into()).collect(),
            })
            .collect();
        Self { version: 1, categories }
    }

    /// The category with this code.
    pub fn category(&self, code: &str) -> Option<&Category> {
        self.categories.iter().find(|c| c.code == code)
    }
}

impl Category {
    /// The kind with this code.
    pub fn kind(&self, code: &str) -> Option<&Kind> {
        self.kinds.iter().find(|k| k.code == code)
    }

    /// The chain its reports run on.
    pub fn chain(&self) -> Chain {
        if self.code == RETALIATION { Chain::Union } else { Chain::Production }
    }
}

/// Why a severity is higher than what the reporter chose; told to the reporter alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RaisedBecause {
    /// The category's or the kind's minimum; named only if it raised.
    CategoryMinimum,
    /// Raised before and not answered; named even where `immediate` stopped it.
    IgnoredBefore,
    /// Another report of the category lately; named even where `immediate` or a cap stopped it.
    Repeated,
}

/// Computes the severity: chosen, then minimum, then a step up for each of `ignored_before` and `repeated`.
///
/// Source: domain.md, "Severity".
pub fn severity(
    category: &Category,
    kind: Option<&Kind>,
    chosen: Severity,
    ignored_before: bool,
    repeated: bool,
) -> (Severity, Vec<RaisedBecause>) {
    let mut because = Vec::new();
    if category.chain() == Chain::Union {
        return (chosen, because);
    }
    let minimum = category.minimum.max(kind.and_then(|k| k.minimum));
    let mut severity = chosen.max(minimum.unwrap_or(chosen));
    if severity > chosen {
        because.push(RaisedBecause::CategoryMinimum);
    }
    if ignored_before {
        severity = severity.raised();
        because.push(RaisedBecause::IgnoredBefore);
    }
    if repeated {
        let raised = severity.raised();
        // The cap holds what repetition adds; it never lowers what was chosen.
        severity = category.repeated_cap.map_or(raised, |cap| raised.min(cap).max(severity));
        because.push(RaisedBecause::Repeated);
    }
    (severity, because)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn computed(
        category: &str,
        kind: &str,
        chosen: Severity,
        ignored: bool,
        repeated: bool,
    ) -> (Severity, Vec<RaisedBecause>) {
        let catalogue = Catalogue::shipped();
        let category = catalogue.category(category).unwrap();
        severity(category, category.kind(kind), chosen, ignored, repeated)
    }

    #[test]
    fn the_four_of_the_mission_come_first() {
        let catalogue = Catalogue::shipped();
        let first: Vec<_> = catalogue.categories.iter().take(3).map(|c| c.code.as_str()).collect();
        assert_eq!(first, ["weapons", "rehearsal_and_process", "fatigue"]);
        assert!(catalogue.category("weapons").unwrap().kind("left_unattended").is_some());
    }

    #[test]
    fn every_category_ends_with_other() {
        assert!(Catalogue::shipped().categories.iter().all(|c| c.kinds.last().unwrap().code == "other"));
    }

    #[test]
    fn a_minimum_is_named_only_if_it_raised() {
        assert_eq!(
            computed("weapons", "left_unattended", Severity::NextCall, false, false),
            (Severity::NextSetup, vec![RaisedBecause::CategoryMinimum])
        );
        assert_eq!(computed("weapons", "other", Severity::Immediate, false, false), (Severity::Immediate, vec![]));
    }

    #[test]
    fn a_kind_can_have_a_minimum_of_its_own() {
        assert_eq!(computed("fatigue", "asleep_at_wheel", Severity::Concern, false, false).0, Severity::NextSetup);
        assert_eq!(computed("minors", "other", Severity::Concern, false, false).0, Severity::NextCall);
    }

    #[test]
    fn ignored_before_and_repeated_raise_one_step_each_and_are_named_where_immediate_stopped_them() {
        assert_eq!(
            computed("weapons", "left_unattended", Severity::NextCall, true, true),
            (
                Severity::Immediate,
                vec![RaisedBecause::CategoryMinimum, RaisedBecause::IgnoredBefore, RaisedBecause::Repeated]
            )
        );
    }

    #[test]
    fn repetition_raises_four_categories_to_next_call_at_most_and_lowers_nothing() {
        for code in ["sanitation_food_housing", "heat_cold_weather_structure", "substances", "other"] {
            assert_eq!(computed(code, "other", Severity::Concern, false, true).0, Severity::NextCall);
            assert_eq!(
                computed(code, "other", Severity::NextCall, false, true),
                (Severity::NextCall, vec![RaisedBecause::Repeated])
            );
            assert_eq!(computed(code, "other", Severity::NextSetup, false, true).0, Severity::NextSetup);
        }
    }

    #[test]
    fn retaliation_is_never_raised_and_names_nothing() {
        assert_eq!(computed(RETALIATION, "other", Severity::Concern, true, true), (Severity::Concern, vec![]));
    }
}
