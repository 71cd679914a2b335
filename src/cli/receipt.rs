//! `lastlooks receipt`: a receipt from the system's chance, its two spellings, and a text signed with it.

use std::{
    fs,
    io::{self, BufRead, IsTerminal as _, Write},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Subcommand;
use zeroize::Zeroizing;

use crate::{
    entropy::Entropy,
    evidence::claim::{Claim, Filing},
    sealing::receipt::Receipt,
};

/// Options of `lastlooks receipt`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lastlooks receipt new
  lastlooks receipt words 00000000000000000000000000000000
  lastlooks receipt hex abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about
  lastlooks receipt claim --filing filing.json --text text.txt > claim.txt

`claim` signs a text of your choice: \"the holder of these words filed this report\". It asks for the twelve words, or reads
them from standard input; they are never part of the command, because other programs can read that. It needs no network:
`filing.json` is what GET /v1/inbox/filing answered. Whoever gets the claim learns that its text and the report are by one
person, and can check that with `lastlooks verify --claim claim.txt`.")]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub act: Act,
}

/// What `lastlooks receipt` does.
#[derive(Debug, Subcommand)]
pub enum Act {
    /// Make a receipt: prints its 32 hex digits, then its twelve words
    New,
    /// Print the twelve words of a receipt
    Words {
        /// The 32 hex digits
        hex: String,
    },
    /// Print the 32 hex digits of a receipt
    Hex {
        /// The twelve words
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// Sign a text with the key of your report: the words are asked for, never given as arguments
    Claim {
        /// What the digest of the report was made of, as GET /v1/inbox/filing answered it
        #[arg(long, value_name = "FILE")]
        filing: PathBuf,
        /// The text to sign, 1 to 4,000 characters
        #[arg(long, value_name = "FILE")]
        text: PathBuf,
    },
}

/// Runs the command.
///
/// # Errors
/// If the digits or words are not those of a receipt, or `out` is closed.
pub fn run(args: Args, chance: &dyn Entropy, out: &mut dyn Write) -> anyhow::Result<()> {
    match args.act {
        Act::New => {
            let receipt = Receipt::new(chance.bytes());
            writeln!(out, "{}\n{}", *receipt.hex(), *receipt.words())?;
        }
        Act::Words { hex } => writeln!(out, "{}", *hex.parse::<Receipt>()?.words())?,
        Act::Hex { words } => writeln!(out, "{}", *Receipt::from_words(&words.join(" "))?.hex())?,
        Act::Claim { filing, text } => write!(out, "{}", claim(&filing, &text, &words()?)?)?,
    }
    Ok(())
}

/// The twelve words, typed where nobody sees them, or from standard input.
fn words() -> anyhow::Result<Zeroizing<String>> {
    if io::stdin().is_terminal() {
        let typed = rpassword::prompt_password("The twelve words: ");
        return Ok(Zeroizing::new(typed.context("no words were typed")?));
    }
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line).context("no words came on standard input")?;
    Ok(line)
}

fn claim(filing: &Path, text: &Path, words: &str) -> anyhow::Result<String> {
    let read = |file: &Path| fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()));
    let filing: Filing = serde_json::from_str(&read(filing)?)
        .with_context(|| format!("{} is not what GET /v1/inbox/filing answers", filing.display()))?;
    let receipt = Receipt::from_words(words.trim())?;
    Ok(Claim::sign(filing, &read(text)?, &receipt.signing_seed())?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    fn said(act: Act) -> anyhow::Result<String> {
        let mut out = Vec::new();
        run(Args { act }, &SystemEntropy, &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    // Source: the test vectors of BIP 39.
    const HEX: &str = "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f";
    const WORDS: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

    #[test]
    fn the_words_are_those_of_bip_39_and_lead_back_to_the_digits() {
        assert_eq!(said(Act::Words { hex: HEX.to_owned() }).unwrap().trim(), WORDS);
        let words = WORDS.to_uppercase().split(' ').map(str::to_owned).collect();
        assert_eq!(said(Act::Hex { words }).unwrap().trim(), HEX);
    }

    #[test]
    fn a_new_receipt_is_another_each_time_and_printed_in_both_spellings() {
        let (first, second) = (said(Act::New).unwrap(), said(Act::New).unwrap());
        assert_ne!(first, second);
        let (hex, words) = first.trim().split_once('\n').unwrap();
        assert_eq!(said(Act::Words { hex: hex.to_owned() }).unwrap().trim(), words);
    }

    #[test]
    fn a_typing_error_is_pointed_at() {
        let told = |words: &str| said(Act::Hex { words: vec![words.to_owned()] }).unwrap_err().to_string();
        assert!(told(&WORDS.replace("thank year", "thnak year")).contains("word 3"));
        assert!(told(&WORDS.replace("yellow", "year")).contains("do not belong together"));
        assert!(told("legal winner").contains("12 words"));
        assert!(said(Act::Words { hex: "7f".to_owned() }).is_err());
    }
}
