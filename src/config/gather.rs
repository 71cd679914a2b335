//! From file and environment to one text per setting, each knowing where it was set.

use std::{collections::BTreeMap, fs, io, path::Path};

use super::{
    SettingsError,
    keys::{NOT_SETTINGS, known, nearest},
};

const PREFIX: &str = "LASTLOOKS_";

/// What settings are read from.
pub struct Sources<'a> {
    /// The settings file: its name for messages, and its text. `None`: there is none.
    pub file: Option<(&'a str, &'a str)>,
    /// Variables of the process; those that do not begin with `LASTLOOKS_` are ignored.
    pub environment: Vec<(String, String)>,
    /// Reads the files that `_FILE` variables name.
    pub files: &'a dyn Fn(&Path) -> io::Result<String>,
}

/// A setting as text, and where it was set.
pub(super) struct Given {
    pub(super) text: String,
    pub(super) place: String,
}

/// What was set, by the name of the setting.
pub(super) type Gathered = BTreeMap<&'static str, Given>;

/// Reads a file as the process sees it: the usual value of [`Sources::files`].
///
/// # Errors
/// What the system says.
pub fn read_file(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

pub(super) fn gather(sources: Sources<'_>) -> Result<Gathered, SettingsError> {
    let mut gathered = Gathered::new();
    if let Some((name, text)) = sources.file {
        from_file(name, text, &mut gathered)?;
    }
    let ours = sources.environment.into_iter().filter(|(name, _)| is_ours(name));
    from_environment(&ours.collect(), sources.files, &mut gathered)?;
    Ok(gathered)
}

fn is_ours(variable: &str) -> bool {
    variable.starts_with(PREFIX) && !NOT_SETTINGS.contains(&variable)
}

fn from_file(file: &str, text: &str, gathered: &mut Gathered) -> Result<(), SettingsError> {
    let table = text.parse::<toml::Table>().map_err(|e| not_toml(file, text, &e))?;
    for (key, value) in table {
        let Some(known) = known(&key) else {
            let nearest = nearest(&key).map(str::to_owned);
            return Err(SettingsError::Unknown { place: file.to_owned(), key, nearest });
        };
        let Some(text) = plain(&value) else {
            let reason = "is a text or a number, not a table, a list or a date".to_owned();
            return Err(SettingsError::Unusable { place: file.to_owned(), key: known, reason });
        };
        gathered.insert(known, Given { text, place: file.to_owned() });
    }
    Ok(())
}

// The parser's own display shows the offending line, which may hold a password: only its short message is passed on.
fn not_toml(file: &str, text: &str, error: &toml::de::Error) -> SettingsError {
    let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    SettingsError::NotToml { file: file.to_owned(), line, reason: error.message().to_owned() }
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(_)
        | toml::Value::Float(_)
        | toml::Value::Datetime(_)
        | toml::Value::Array(_)
        | toml::Value::Table(_) => None,
    }
}

fn from_environment(
    variables: &BTreeMap<String, String>,
    files: &dyn Fn(&Path) -> io::Result<String>,
    gathered: &mut Gathered,
) -> Result<(), SettingsError> {
    for (variable, value) in variables {
        let (key, text) = match key_of(variable)? {
            (key, false) => (key, value.clone()),
            (key, true) => (key, content(variable, value, variables, files)?),
        };
        gathered.insert(key, Given { text, place: format!("environment, {variable}") });
    }
    Ok(())
}

/// The setting that a variable sets, and whether it names a file. The exact name goes first: `secrets_file` is a
/// setting of its own.
fn key_of(variable: &str) -> Result<(&'static str, bool), SettingsError> {
    let lower = variable[PREFIX.len()..].to_ascii_lowercase();
    let exact = known(&lower).map(|key| (key, false));
    exact.or_else(|| known(lower.strip_suffix("_file")?).map(|key| (key, true))).ok_or_else(|| SettingsError::Unknown {
        place: "environment".to_owned(),
        key: variable.to_owned(),
        nearest: nearest(lower.strip_suffix("_file").unwrap_or(&lower)).map(variable_name),
    })
}

fn variable_name(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase())
}

fn content(
    variable: &str,
    file: &str,
    variables: &BTreeMap<String, String>,
    files: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<String, SettingsError> {
    let plain = variable.trim_end_matches("_FILE");
    if variables.contains_key(plain) {
        return Err(SettingsError::Twice { variable: plain.to_owned() });
    }
    let text = files(Path::new(file)).map_err(|e| SettingsError::Unreadable {
        place: format!("environment, {variable}"),
        file: file.to_owned(),
        reason: e.to_string(),
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
