//! Claims: a text that the holder of a receipt signed, and what ties the signature to one report.
//!
//! The threat is somebody who signs with a key of their own and says that it is the report's. So a claim encloses what
//! the report's digest was made of, the report's verify key among it: whoever reads it makes the digest anew, and every
//! entry of the ledger about the report names that digest. The signature is that of a C2SP signed note by this key. What
//! the key signs for the service begins with other words, so neither can be passed off as the other.
//!
//! ```text
//! lastlooks-claim/v1
//! digest <hex>
//! production <hex>
//! policy <version>
//! roster <version>
//! verify-key <hex>
//! reading-key <hex>
//! ledger-key-sha256 <hex>
//! clear <category> <severity> <chain>
//! part <hex: SHA-256 of what was sealed> <hex: commitment to its key>
//! says
//! <text>
//! ```
//!
//! Source: ledger.md, "The packet"; security.md, "Sealing" (digest).

use std::{fmt, fmt::Write as _, str::FromStr};

use ciborium::Value;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    domain::{ids::ProductionId, ledger::Digest},
    merkle::{
        key::{KeyError, KeyKind, KeyName, NoteSigner, VerifierKey},
        note::{Note, NoteError},
    },
};

const FIRST_LINE: &str = "lastlooks-claim/v1";
/// The name of every claim's key; its id and bytes are the report's.
const KEY_NAME: &str = "lastlooks-receipt";
/// Characters of a claim's text, at most.
pub const MOST_CHARS: usize = 4000;
/// Sealed parts of a filing, at most.
const MOST_PARTS: usize = 8;

/// What the digest of a report was made of. Shows neither what was said nor who said it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filing {
    /// The digest: what the ledger's entries name the report by.
    pub digest: Digest,
    /// The production.
    pub production: ProductionId,
    /// Version of the policy that the report keeps.
    pub policy_version: u32,
    /// Version of the roster that it was sealed to.
    pub roster_version: u32,
    /// Ed25519 public key that the receipt signs with.
    pub verify_key: Digest,
    /// X25519 public key that answers are sealed to.
    pub reading_key: Digest,
    /// SHA-256 of L.
    pub ledger_key_sha256: Digest,
    /// What it is about.
    pub category: String,
    /// Its severity when it was filed.
    pub severity: String,
    /// `production` or `union`.
    pub chain: String,
    /// The sealed parts, in the order of their bytes.
    pub parts: Vec<FiledPart>,
}

/// A sealed part of a filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FiledPart {
    /// SHA-256 of the ciphertext.
    pub sha256: Digest,
    /// Commits to its key.
    pub commit: Digest,
}

/// A text that the holder of a receipt signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The report.
    pub filing: Filing,
    /// The text, without the line feed at its end.
    pub text: String,
}

/// Why a claim shows nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAClaim {
    /// Not of this form.
    #[error("this is no claim in the form of lastlooks-claim/v1, spelt as it was made")]
    Shape,
    /// The digest is of something else.
    #[error("the digest is not the one of what is enclosed: something in the claim was changed")]
    Digest,
    /// Too much, or characters that a note cannot hold.
    #[error("the text has to have 1 to {MOST_CHARS} characters, and no control characters but line breaks")]
    Text,
    /// The twelve words are of another report.
    #[error("these words are not of this report: its key is another one")]
    OtherReport,
    /// The key in it.
    #[error("the key of the report cannot be used")]
    Key(#[from] KeyError),
    /// The note.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl Filing {
    /// SHA-256 over everything that is enclosed, in canonical CBOR.
    ///
    /// Source: security.md, "Sealing" (digest).
    pub fn made_anew(&self) -> Digest {
        let bytes = |digest: &Digest| Value::Bytes(digest.0.to_vec());
        let mut parts = self.parts.clone();
        parts.sort_unstable();
        let clear = [&self.category, &self.severity, &self.chain].map(|code| Value::from(code.as_str()));
        let fields = vec![
            Value::Bytes(self.production.as_bytes().to_vec()),
            Value::from(self.policy_version),
            Value::from(self.roster_version),
            bytes(&self.verify_key),
            bytes(&self.reading_key),
            bytes(&self.ledger_key_sha256),
            Value::Array(clear.to_vec()),
            Value::Array(parts.iter().map(|p| Value::Array(vec![bytes(&p.sha256), bytes(&p.commit)])).collect()),
        ];
        let mut cbor = Vec::new();
        // Writing these values to memory cannot fail; were it to, the digest would be nobody's.
        if ciborium::into_writer(&Value::Array(fields), &mut cbor).is_err() {
            cbor.clear();
        }
        Digest(Sha256::digest(cbor).into())
    }

    /// Whether the digest is the one of what is enclosed.
    pub fn is_whole(&self) -> bool {
        self.made_anew() == self.digest
    }
}

impl Claim {
    /// Signs a text. `seed` is that of the receipt's signing key.
    ///
    /// # Errors
    /// [`NotAClaim`] for a text that cannot be signed, a filing that is not whole, or words of another report.
    pub fn sign(filing: Filing, text: &str, seed: &[u8; 32]) -> Result<Note, NotAClaim> {
        let text = text.trim_end_matches('\n').to_owned();
        if text.trim().is_empty() || text.chars().count() > MOST_CHARS {
            return Err(NotAClaim::Text);
        }
        if !filing.is_whole() {
            return Err(NotAClaim::Digest);
        }
        let signer = NoteSigner::new(KeyName::new(KEY_NAME)?, KeyKind::Note, seed);
        if *signer.public().bytes() != filing.verify_key.0 {
            return Err(NotAClaim::OtherReport);
        }
        Note::sign(&Self { filing, text }.to_string(), &[&signer]).map_err(|_| NotAClaim::Text)
    }

    /// The claim in this note, once its signature and digest are checked.
    ///
    /// # Errors
    /// [`NotAClaim`].
    pub fn read(note: &str) -> Result<Self, NotAClaim> {
        let note: Note = note.parse()?;
        let claim: Self = note.unverified().parse()?;
        if note.signatures().len() != 1 {
            return Err(NotAClaim::Shape);
        }
        note.verified(&claim.key()?)?;
        if claim.filing.is_whole() { Ok(claim) } else { Err(NotAClaim::Digest) }
    }

    /// The key that has to have signed it.
    ///
    /// # Errors
    /// [`KeyError`] if nobody could hold its other half.
    pub fn key(&self) -> Result<VerifierKey, KeyError> {
        VerifierKey::new(KeyName::new(KEY_NAME)?, KeyKind::Note, self.filing.verify_key.0)
    }

    /// What the claim shows and what it does not, in sentences.
    pub fn lines(&self) -> Vec<String> {
        vec![
            format!("The holder of the twelve words filed the report with the digest {}.", self.filing.digest),
            format!("They signed this text:\n{}", self.text),
            "It does not prove who holds the words, when the text was written, or that what it says is true."
                .to_owned(),
        ]
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Filing { digest, production, policy_version, roster_version, .. } = &self.filing;
        let Filing { verify_key, reading_key, ledger_key_sha256, category, severity, chain, parts, .. } = &self.filing;
        writeln!(f, "{FIRST_LINE}\ndigest {digest}\nproduction {production}")?;
        writeln!(f, "policy {policy_version}\nroster {roster_version}")?;
        writeln!(f, "verify-key {verify_key}\nreading-key {reading_key}\nledger-key-sha256 {ledger_key_sha256}")?;
        writeln!(f, "clear {category} {severity} {chain}")?;
        parts.iter().try_for_each(|part| writeln!(f, "part {} {}", part.sha256, part.commit))?;
        f.write_str("says\n")?;
        f.write_str(&self.text)?;
        f.write_char('\n')
    }
}

impl FromStr for Claim {
    type Err = NotAClaim;

    fn from_str(text: &str) -> Result<Self, NotAClaim> {
        let read = read(text).ok_or(NotAClaim::Shape)?;
        // One spelling for each.
        if read.to_string() == text { Ok(read) } else { Err(NotAClaim::Shape) }
    }
}

fn read(text: &str) -> Option<Claim> {
    let (head, said) = text.split_once("\nsays\n")?;
    let mut lines = head.split('\n');
    (lines.next()? == FIRST_LINE).then_some(())?;
    let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
    let digest = hash(field("digest")?)?;
    let production = field("production")?.parse().ok()?;
    let policy_version = field("policy")?.parse().ok()?;
    let roster_version = field("roster")?.parse().ok()?;
    let verify_key = hash(field("verify-key")?)?;
    let reading_key = hash(field("reading-key")?)?;
    let ledger_key_sha256 = hash(field("ledger-key-sha256")?)?;
    let mut clear = field("clear")?.split(' ').map(str::to_owned);
    let (category, severity, chain) = (clear.next()?, clear.next()?, clear.next()?);
    clear.next().is_none().then_some(())?;
    let parts = lines.map(part).collect::<Option<Vec<_>>>()?;
    let is_sorted = parts.is_sorted() && parts.len() <= MOST_PARTS;
    let text = said.strip_suffix('\n')?.to_owned();
    let is_text = !text.trim().is_empty() && !text.ends_with('\n') && text.chars().count() <= MOST_CHARS;
    let filing = Filing {
        digest,
        production,
        policy_version,
        roster_version,
        verify_key,
        reading_key,
        ledger_key_sha256,
        category,
        severity,
        chain,
        parts,
    };
    (is_sorted && is_text).then_some(Claim { filing, text })
}

fn part(line: &str) -> Option<FiledPart> {
    let (sha256, commit) = line.strip_prefix("part ")?.split_once(' ')?;
    Some(FiledPart { sha256: hash(sha256)?, commit: hash(commit)? })
}

fn hash(text: &str) -> Option<Digest> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(Digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: [u8; 32] = [7; 32];

    fn filing() -> Filing {
        let signer = NoteSigner::new(KeyName::new(KEY_NAME).unwrap(), KeyKind::Note, &SEED);
        let mut filing = Filing {
            digest: Digest([0; 32]),
            production: ProductionId::new([1; 16]),
            policy_version: 1,
            roster_version: 30,
            verify_key: Digest(*signer.public().bytes()),
            reading_key: Digest([3; 32]),
            ledger_key_sha256: Digest([4; 32]),
            category: "weapons".to_owned(),
            severity: "next_setup".to_owned(),
            chain: "production".to_owned(),
            parts: [5, 6].map(|n| FiledPart { sha256: Digest([n; 32]), commit: Digest([n; 32]) }).to_vec(),
        };
        filing.digest = filing.made_anew();
        filing
    }

    fn claim() -> String {
        Claim::sign(filing(), "I was there.\n\nIt was I who said so.\n", &SEED).unwrap().to_string()
    }

    #[test]
    fn a_claim_is_read_as_it_was_signed() {
        let read = Claim::read(&claim()).unwrap();
        assert_eq!((read.filing.clone(), read.text.as_str()), (filing(), "I was there.\n\nIt was I who said so."));
        assert!(read.lines()[0].contains(&filing().digest.to_string()));
    }

    #[test]
    fn any_changed_byte_of_a_claim_is_found() {
        let whole = claim();
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let Ok(text) = String::from_utf8(bytes) else { continue };
                assert!(Claim::read(&text).is_err(), "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn words_of_another_report_sign_nothing_for_this_one() {
        assert_eq!(Claim::sign(filing(), "mine", &[8; 32]), Err(NotAClaim::OtherReport));
        // Somebody puts their own key in the place of the report's.
        let theirs = NoteSigner::new(KeyName::new(KEY_NAME).unwrap(), KeyKind::Note, &[8; 32]);
        let key = Digest(*theirs.public().bytes());
        let forged = Claim { filing: Filing { verify_key: key, ..filing() }, text: "mine".to_owned() };
        let note = Note::sign(&forged.to_string(), &[&theirs]).unwrap().to_string();
        assert_eq!(Claim::read(&note), Err(NotAClaim::Digest));
    }

    #[test]
    fn a_text_that_a_note_cannot_hold_is_refused() {
        for text in ["", " \n", "a\tb", "a\rb", &"x".repeat(MOST_CHARS + 1)] {
            assert_eq!(Claim::sign(filing(), text, &SEED), Err(NotAClaim::Text), "{:?}", &text[..text.len().min(9)]);
        }
        let changed = Filing { roster_version: 31, ..filing() };
        assert_eq!(Claim::sign(changed, "x", &SEED), Err(NotAClaim::Digest));
    }
}
