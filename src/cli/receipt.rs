//! `lastlooks receipt`: a receipt from the system's chance, and its two spellings.

use std::io::Write;

use anyhow::{Context as _, bail};
use bip39::{Language, Mnemonic};
use clap::Subcommand;
use zeroize::Zeroizing;

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
pub fn run(args: Args, out: &mut dyn Write) -> anyhow::Result<()> {
    match args.act {
        Act::New => {
            let mut bytes = Zeroizing::new([0; 16]);
            getrandom::fill(bytes.as_mut_slice()).context("the system gives no random bytes")?;
            writeln!(out, "{}\n{}", hex::encode(*bytes), words(&bytes)?)?;
        }
        Act::Words { hex } => writeln!(out, "{}", words(&digits(&hex)?)?)?,
        Act::Hex { words } => writeln!(out, "{}", hex::encode(entropy(&words.join(" "))?))?,
    }
    Ok(())
}

fn digits(text: &str) -> anyhow::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    hex::decode_to_slice(text, &mut bytes).ok().context("a receipt is 32 hex digits")?;
    Ok(bytes)
}

fn words(bytes: &[u8; 16]) -> anyhow::Result<String> {
    let mnemonic = Mnemonic::from_entropy(bytes).ok().context("a receipt is 16 bytes")?;
    Ok(mnemonic.words().collect::<Vec<_>>().join(" "))
}

fn entropy(text: &str) -> anyhow::Result<[u8; 16]> {
    let text = text.to_lowercase();
    if text.split_whitespace().count() != 12 {
        bail!("a receipt is twelve words");
    }
    match Mnemonic::parse_in_normalized(Language::English, &text) {
        Ok(mnemonic) => mnemonic.to_entropy().try_into().ok().context("a receipt is twelve words"),
        Err(bip39::Error::UnknownWord(i)) => bail!("word {} is not in the list; look for a typing error", i + 1),
        Err(_) => bail!("these twelve words do not belong together; look for a typing error or a wrong order"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(act: Act) -> anyhow::Result<String> {
        let mut out = Vec::new();
        run(Args { act }, &mut out)?;
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
        assert!(told("legal winner").contains("twelve words"));
        assert!(said(Act::Words { hex: "7f".to_owned() }).is_err());
    }
}
