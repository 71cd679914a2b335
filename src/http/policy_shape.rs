//! The shape of a policy document, for the API document alone: the domain reads it, and knows nothing of documents.
//!
//! Source: api.md, "Policy".

use serde::Deserialize;
use utoipa::ToSchema;

/// Windows, steps and the rest; what is left out is as shipped. Lengths in seconds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyBody, example = json!({"windows": {"next_setup": {"acknowledge": [900, 900, 1800], "answer": 3600}}}))]
#[expect(dead_code, reason = "only its schema is wanted")]
pub(crate) struct PolicyShape {
    /// Rounding step of deadlines and of times shown, per row.
    #[schema(nullable = false)]
    steps: Option<StepsShape>,
    /// Windows per row.
    #[schema(nullable = false)]
    windows: Option<WindowsShape>,
    /// Time to contest an answer.
    #[schema(value_type = Option<WindowSeconds>, nullable = false)]
    contest_seconds: Option<u32>,
    /// Time for the union's check, per severity.
    #[schema(nullable = false)]
    verification: Option<VerificationShape>,
    /// Severities whose exhaustion observers are told of.
    #[schema(nullable = false)]
    observers: Option<Vec<SeverityCode>>,
    /// Which reports of a category make the next one more severe.
    #[schema(nullable = false)]
    repeated: Option<RepeatedShape>,
}

/// A severity.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SeverityCode {
    Immediate,
    NextSetup,
    NextCall,
    Concern,
}

/// The length of a window, in seconds: ten seconds to thirty days.
#[derive(Deserialize, ToSchema)]
#[schema(value_type = u32, minimum = 10, maximum = 2_592_000, example = 900)]
#[expect(dead_code, reason = "only its schema is wanted")]
struct WindowSeconds(u32);

/// A rounding step, in seconds: one second to a day.
#[derive(Deserialize, ToSchema)]
#[schema(value_type = u32, minimum = 1, maximum = 86_400, example = 60)]
#[expect(dead_code, reason = "only its schema is wanted")]
struct StepSeconds(u32);

/// Steps per row.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicySteps)]
#[expect(dead_code, reason = "only its schema is wanted")]
struct StepsShape {
    #[schema(nullable = false)]
    immediate: Option<StepSeconds>,
    #[schema(nullable = false)]
    next_setup: Option<StepSeconds>,
    #[schema(nullable = false)]
    next_call: Option<StepSeconds>,
    #[schema(nullable = false)]
    concern: Option<StepSeconds>,
    #[schema(nullable = false)]
    retaliation: Option<StepSeconds>,
}

/// Windows per row.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyWindows)]
#[expect(dead_code, reason = "only its schema is wanted")]
struct WindowsShape {
    #[schema(nullable = false)]
    immediate: Option<RowShape>,
    #[schema(nullable = false)]
    next_setup: Option<RowShape>,
    #[schema(nullable = false)]
    next_call: Option<RowShape>,
    #[schema(nullable = false)]
    concern: Option<RowShape>,
    #[schema(nullable = false)]
    retaliation: Option<RowShape>,
}

/// Windows of one row.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyRow)]
#[expect(dead_code, reason = "only its schema is wanted")]
struct RowShape {
    /// Time to acknowledge, by position of the level; the last serves all further ones. None longer than `answer`.
    #[schema(min_items = 1, max_items = 9)]
    acknowledge: Option<Vec<WindowSeconds>>,
    /// Time to answer.
    answer: Option<WindowSeconds>,
    /// After stop work, time for the written answer.
    written: Option<WindowSeconds>,
}

/// Time for the union's check, per severity.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyVerification)]
#[expect(dead_code, reason = "only its schema is wanted")]
struct VerificationShape {
    #[schema(nullable = false)]
    immediate: Option<WindowSeconds>,
    #[schema(nullable = false)]
    next_setup: Option<WindowSeconds>,
    #[schema(nullable = false)]
    next_call: Option<WindowSeconds>,
    #[schema(nullable = false)]
    concern: Option<WindowSeconds>,
}

/// Reports delivered longer ago than `after` and less than `within` count; seconds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyRepeated)]
#[expect(dead_code, reason = "only its schema is wanted")]
struct RepeatedShape {
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64, example = 3600)]
    after: Option<u32>,
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 4_294_967_295_i64, example = 604_800)]
    within: Option<u32>,
}
