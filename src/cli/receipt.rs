//! `lastlooks receipt`: a receipt from the system's chance, and its two spellings.

use std::io::Write;

use clap::Subcommand;

use crate::{entropy::Entropy, sealing::receipt::Receipt};

/// Options of `lastlooks receipt`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lastlooks receipt new
  lastlooks receipt words 00000000000000000000000000000000
  lastlooks receipt hex abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about")]
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
    }
    Ok(())
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
