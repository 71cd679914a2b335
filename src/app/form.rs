//! What a reporter fills in: the fields of a filing, their limits, and how they are split into parts.
//!
//! Source: domain.md, "The form"; security.md, "Sealing".

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::error::AppError;
use crate::domain::{
    catalogue::{Catalogue, Category, Kind, RaisedBecause, Severity},
    production::is_code,
    text::is_forbidden,
};

/// Longest `make_safe`, characters.
pub const MAKE_SAFE_CHARS: usize = 280;
/// Longest `narrative`, characters.
pub const NARRATIVE_CHARS: usize = 2000;
/// Most departments.
pub const MOST_DEPARTMENTS: usize = 32;

/// How soon somebody could be hurt, as the reporter chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    /// Right now.
    Immediate,
    /// The next time we do this.
    NextSetup,
    /// Tomorrow.
    NextCall,
    /// In general.
    Concern,
}

impl From<Chosen> for Severity {
    fn from(chosen: Chosen) -> Self {
        match chosen {
            Chosen::Immediate => Self::Immediate,
            Chosen::NextSetup => Self::NextSetup,
            Chosen::NextCall => Self::NextCall,
            Chosen::Concern => Self::Concern,
        }
    }
}

/// Yes, no, or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum YesNo {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Not known; it is not "no".
    Unknown,
}

impl YesNo {
    /// The code in JSON and tables.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// When it was seen; never a clock time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Just now.
    JustNow,
    /// Today.
    Today,
    /// Yesterday.
    Yesterday,
    /// This week.
    ThisWeek,
}

/// State of the weapon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeaponState {
    /// Loaded.
    Hot,
    /// Checked and empty.
    Cold,
    /// Not known.
    Unknown,
}

/// Injuries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Injuries {
    /// None.
    None,
    /// First aid.
    FirstAid,
    /// Hospital.
    Hospital,
    /// Not known.
    Unknown,
}

/// A random delay of up to two hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delay {
    /// None.
    #[default]
    None,
    /// Drawn by the server; dropped where delivery is at once.
    #[serde(rename = "up_to_2h")]
    UpTo2h,
}

/// A filing as it is sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FilingBody {
    /// The receipt made on the phone: 32 lower-case hex digits. It makes filing safe to retry.
    #[schema(pattern = "^[0-9a-f]{32}$", example = "9f2c4b1d3e5a67788990aabbccddeeff")]
    pub receipt: String,
    /// What it is about, from the manifest.
    #[schema(pattern = "^[a-z0-9_]{1,32}$", example = "weapons")]
    pub category: String,
    /// Which kind of it, from the manifest.
    #[serde(default)]
    #[schema(pattern = "^[a-z0-9_]{1,32}$", example = "left_unattended")]
    pub kind: Option<String>,
    /// How soon somebody could be hurt.
    pub severity: Chosen,
    /// Whether it is still going on.
    pub ongoing: YesNo,
    /// When it was seen.
    #[serde(default)]
    pub when: Option<Seen>,
    /// Where the hazard is.
    #[serde(default)]
    #[schema(pattern = "^[a-z0-9_]{1,32}$", example = "stage_2")]
    pub place: Option<String>,
    /// Departments affected; for the union side only.
    #[serde(default)]
    #[schema(max_items = 32, example = json!(["props"]))]
    pub departments: Vec<String>,
    /// The weapon.
    #[serde(default)]
    #[schema(pattern = "^[a-z0-9_]{1,32}$", example = "revolver")]
    pub weapon: Option<String>,
    /// Its state.
    #[serde(default)]
    pub weapon_state: Option<WeaponState>,
    /// Injuries.
    #[serde(default)]
    pub injuries: Option<Injuries>,
    /// The role it is about; whoever holds it is kept out. For the union side only.
    #[serde(default)]
    #[schema(pattern = "^[a-z0-9_]{1,32}$", example = "armorer")]
    pub subject_role: Option<String>,
    /// Raised before; for the union side only.
    #[serde(default)]
    pub raised_before: Option<YesNo>,
    /// With which role; for the union side only.
    #[serde(default)]
    #[schema(pattern = "^[a-z0-9_]{1,32}$", example = "upm")]
    pub raised_with: Option<String>,
    /// Was there an answer; for the union side only.
    #[serde(default)]
    pub was_answered: Option<YesNo>,
    /// What production should look at or do. Production reads it. At most 280 characters.
    #[serde(default)]
    #[schema(max_length = 280, example = "lock the cart")]
    pub make_safe: Option<String>,
    /// What happened; for the union side, unless it is shared. At most 2,000 characters.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub narrative: Option<String>,
    /// Both sides may read the narrative.
    #[serde(default)]
    pub share_narrative: bool,
    /// Thinking of refusing or walking off; for the union side only.
    #[serde(default)]
    pub considering_refusal: bool,
    /// A random delay.
    #[serde(default)]
    pub delay: Delay,
}

impl std::fmt::Debug for FilingBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FilingBody(..)")
    }
}

/// What holds its default is left out of the content tag: a phone that spells a default out means the same.
#[derive(Serialize)]
pub(super) struct Defaults {
    departments: [&'static str; 0],
    share_narrative: bool,
    considering_refusal: bool,
    delay: Delay,
}

/// The defaults of a filing.
pub(super) const DEFAULTS: Defaults =
    Defaults { departments: [], share_narrative: false, considering_refusal: false, delay: Delay::None };

/// What both sides read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SharedPart {
    /// Which kind of the category.
    pub kind: Option<String>,
    /// Still going on.
    pub ongoing: YesNo,
    /// When it was seen.
    pub when: Option<Seen>,
    /// Where the hazard is.
    pub place: Option<String>,
    /// The weapon.
    pub weapon: Option<String>,
    /// Its state.
    pub weapon_state: Option<WeaponState>,
    /// Injuries.
    pub injuries: Option<Injuries>,
    /// What production should look at or do.
    pub make_safe: Option<String>,
    /// What happened, where the reporter shares it.
    pub narrative: Option<String>,
}

/// What the union side reads besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnionPart {
    /// Departments affected.
    pub departments: Vec<String>,
    /// Thinking of refusing or walking off.
    pub considering_refusal: bool,
    /// The role it is about.
    pub subject_role: Option<String>,
    /// Raised before.
    pub raised_before: Option<YesNo>,
    /// With which role.
    pub raised_with: Option<String>,
    /// Was there an answer.
    pub was_answered: Option<YesNo>,
    /// What happened.
    pub narrative: Option<String>,
}

/// What the reporter alone reads back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OwnPart {
    /// The exact moment of filing, milliseconds; it exists nowhere else.
    pub filed_at: i64,
    /// The severity that was chosen.
    pub severity: Chosen,
    /// Why it is higher.
    pub raised_because: Vec<RaisedBecause>,
    /// The delay that was asked for was dropped.
    pub delay_dropped: bool,
}

impl FilingBody {
    /// Checks lengths, codes and characters; what is listed is checked against a catalogue later.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming the field, never its value.
    pub fn check(&self) -> Result<(), AppError> {
        code("category", &self.category)?;
        let codes = [
            ("kind", &self.kind),
            ("place", &self.place),
            ("weapon", &self.weapon),
            ("subject_role", &self.subject_role),
            ("raised_with", &self.raised_with),
        ];
        for (field, value) in codes {
            value.as_deref().map_or(Ok(()), |v| code(field, v))?;
        }
        if self.departments.len() > MOST_DEPARTMENTS {
            return Err(AppError::invalid("departments", format!("must not name more than {MOST_DEPARTMENTS}")));
        }
        for (i, department) in self.departments.iter().enumerate() {
            code(&format!("departments[{i}]"), department)?;
        }
        self.make_safe.as_deref().map_or(Ok(()), |t| text("make_safe", t, MAKE_SAFE_CHARS))?;
        if self.make_safe.as_deref().is_some_and(|t| t.contains(['\n', '\r'])) {
            return Err(AppError::invalid("make_safe", "must be one line"));
        }
        self.narrative.as_deref().map_or(Ok(()), |t| text("narrative", t, NARRATIVE_CHARS))
    }

    /// Its category and kind.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for one that is not listed.
    pub(super) fn listed<'c>(&self, catalogue: &'c Catalogue) -> Result<(&'c Category, Option<&'c Kind>), AppError> {
        let category = catalogue.category(&self.category);
        let category = category.ok_or_else(|| AppError::invalid("category", "must be one of the manifest's"))?;
        let kind = match &self.kind {
            None => None,
            Some(code) => {
                Some(category.kind(code).ok_or_else(|| AppError::invalid("kind", "must be one of its category's"))?)
            }
        };
        Ok((category, kind))
    }

    /// Raised before, and there was no answer. "Unknown" is not "no".
    pub(super) fn was_ignored_before(&self) -> bool {
        self.raised_before == Some(YesNo::Yes) && self.was_answered == Some(YesNo::No)
    }

    /// The part for both sides.
    pub fn shared(&self) -> SharedPart {
        SharedPart {
            kind: self.kind.clone(),
            ongoing: self.ongoing,
            when: self.when,
            place: self.place.clone(),
            weapon: self.weapon.clone(),
            weapon_state: self.weapon_state,
            injuries: self.injuries,
            make_safe: self.make_safe.clone(),
            narrative: self.narrative.clone().filter(|_| self.share_narrative),
        }
    }

    /// The part for the union side.
    pub fn union(&self) -> UnionPart {
        UnionPart {
            departments: self.departments.clone(),
            considering_refusal: self.considering_refusal,
            subject_role: self.subject_role.clone(),
            raised_before: self.raised_before,
            raised_with: self.raised_with.clone(),
            was_answered: self.was_answered,
            narrative: self.narrative.clone(),
        }
    }
}

/// A part as the bytes that are sealed.
pub(super) fn part_bytes(part: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, AppError> {
    serde_json::to_vec(part).map(Zeroizing::new).map_err(AppError::internal)
}

fn code(field: &str, value: &str) -> Result<(), AppError> {
    if is_code(value) {
        return Ok(());
    }
    Err(AppError::invalid(field, "must be 1 to 32 lower-case letters, digits or underscores"))
}

/// Checks a text that somebody wrote: not empty, not too long, nothing invisible that changes what it says.
///
/// # Errors
/// [`AppError::Invalid`] naming the field.
pub(super) fn text(field: &str, value: &str, most_chars: usize) -> Result<(), AppError> {
    if value.chars().count() > most_chars {
        return Err(AppError::invalid(field, format!("must not be longer than {most_chars} characters")));
    }
    if value.chars().any(is_forbidden) {
        return Err(AppError::invalid(
            field,
            "must not hold control characters or marks that change the direction of writing",
        ));
    }
    Ok(())
}
