//! A password for one command: from a file, from standard input, or typed at the terminal where nobody sees it.

use std::{
    fs,
    io::{self, BufRead as _, IsTerminal as _},
    path::Path,
};

use anyhow::Context as _;
use zeroize::Zeroizing;

/// Asks for somebody's password. `-` as a file is standard input, which is also read where it is no terminal.
///
/// # Errors
/// If the file cannot be read, or nobody can be asked.
pub(super) fn ask(whose: &str, file: Option<&Path>) -> anyhow::Result<Zeroizing<String>> {
    match file {
        Some(file) if file != Path::new("-") => {
            let text = fs::read_to_string(file);
            let text = Zeroizing::new(text.with_context(|| format!("cannot read the password in {}", file.display()))?);
            Ok(first_line(&text))
        }
        Some(_) => from_input(),
        None if !io::stdin().is_terminal() => from_input(),
        None => {
            let typed = rpassword::prompt_password(format!("Password of {whose}: "));
            Ok(Zeroizing::new(typed.context("no password was typed")?))
        }
    }
}

fn from_input() -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut text).context("no password came on standard input")?;
    Ok(first_line(&text))
}

fn first_line(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())
}
