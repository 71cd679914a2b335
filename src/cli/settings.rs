//! The settings of this process: its settings file and its environment.

use std::{fs, path::Path};

use anyhow::{Context as _, bail};

use crate::config::{Settings, Sources, read_file};

/// Settings file that is read if it is there and no other was named.
const USUAL_FILE: &str = "lastlooks.toml";

/// Reads the settings of this process.
///
/// # Errors
/// If a settings file that was named is not there, or a setting cannot be used; the sentence says which and where.
pub fn read(config: Option<&Path>) -> anyhow::Result<Settings> {
    let file = config.unwrap_or(Path::new(USUAL_FILE));
    let text = match fs::read_to_string(file) {
        Ok(text) => Some(text),
        Err(error) if config.is_none() && error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("cannot read the settings file {}", file.display())),
    };
    let name = file.display().to_string();
    let file = text.as_deref().map(|text| (name.as_str(), text));
    Ok(Settings::read(Sources { file, environment: environment()?, files: &read_file })?)
}

fn environment() -> anyhow::Result<Vec<(String, String)>> {
    let ours = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let ours = ours.filter(|(name, _)| name.starts_with("LASTLOOKS_"));
    ours.map(|(name, value)| match value.into_string() {
        Ok(value) => Ok((name, value)),
        Err(_) => bail!("environment: `{name}` is not UTF-8"),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settings_file_that_was_named_has_to_be_there() {
        let told = format!("{:#}", read(Some(Path::new("/nowhere/looks.toml"))).unwrap_err());
        assert!(told.contains("/nowhere/looks.toml"), "{told}");
    }
}
