//! The digest of a filing: one hash over everything that was accepted, signed by the reporter's key.
//!
//! It ties the clear fields, which the server could otherwise change, to the sealed ones; ledger entries name a report
//! by it. L and the texts go in as hashes of themselves, so that the digest reveals neither.
//!
//! Source: security.md, "Sealing" (digest).

use super::{
    Hash,
    cbor::Encoder,
    kdf,
    keys::{Keys, PublicKeys, VerifyKey, signed_bytes},
    receipt::LedgerKey,
    unit::SealedUnit,
};
use crate::domain::ids::ProductionId;

const LABEL: &str = "lastlooks/v1/filing";

/// Everything that a filing's digest covers.
#[derive(Debug, Clone, Copy)]
pub struct Filed<'a> {
    /// The production.
    pub production: ProductionId,
    /// Version of the policy that the report keeps.
    pub policy_version: u32,
    /// Version of the roster that it was sealed to.
    pub roster_version: u32,
    /// The report's public keys.
    pub keys: &'a PublicKeys,
    /// L.
    pub ledger_key: &'a LedgerKey,
    /// The clear fields as canonical CBOR (see [`super::cbor::canonical`]).
    pub clear: &'a [u8],
    /// The sealed parts, in any order.
    pub units: &'a [SealedUnit],
}

impl Filed<'_> {
    /// SHA-256 of CBOR `[production, policy version, roster version, verify key, reading key, SHA-256(L), clear fields,
    /// [[SHA-256(ciphertext), commit], …]]`, the last list sorted by its bytes.
    pub fn digest(&self) -> Hash {
        let mut pairs: Vec<_> = self.units.iter().map(|unit| (kdf::sha256(&[&unit.ciphertext]), unit.commit)).collect();
        pairs.sort_unstable();
        let mut cbor = Encoder::new();
        cbor.array(8).bytes(self.production.as_bytes());
        cbor.uint(self.policy_version.into()).uint(self.roster_version.into());
        cbor.bytes(&self.keys.verify.0).bytes(&self.keys.reading);
        cbor.bytes(&kdf::sha256(&[self.ledger_key.as_bytes()])).encoded(self.clear);
        cbor.array(pairs.len());
        for (hash, commit) in pairs {
            cbor.array(2).bytes(&hash).bytes(&commit);
        }
        kdf::sha256(&[cbor.written()])
    }
}

/// The reporter's signature on a digest.
pub fn sign(digest: &Hash, reporter: &Keys) -> [u8; 64] {
    reporter.sign(LABEL, digest)
}

/// Whether the holder of the report's key signed this digest.
pub fn is_signed(digest: &Hash, signature: &[u8; 64], verify: VerifyKey) -> bool {
    verify.has_signed(&signed_bytes(LABEL, digest), signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::ids::UnitId,
        sealing::{cbor::canonical, receipt::Receipt},
    };

    fn unit(byte: u8) -> SealedUnit {
        SealedUnit { unit: UnitId::new([byte; 16]), ciphertext: vec![byte; 40], commit: [byte; 32] }
    }

    #[test]
    fn every_covered_field_changes_the_digest_and_the_order_of_parts_does_not() {
        let (receipt, other) = (Receipt::new([1; 16]), Receipt::new([2; 16]));
        let (keys, other_keys) = (receipt.keys(), other.keys());
        let (ledger_key, other_key) = (receipt.lookup_key().ledger_key(), other.lookup_key().ledger_key());
        let (clear, other_clear) = (canonical(&("weapons", 1)).unwrap(), canonical(&("weapons", 2)).unwrap());
        let (units, turned, changed) = ([unit(1), unit(2)], [unit(2), unit(1)], [unit(1), unit(3)]);
        let filed = Filed {
            production: ProductionId::new([1; 16]),
            policy_version: 1,
            roster_version: 2,
            keys: keys.public(),
            ledger_key: &ledger_key,
            clear: &clear,
            units: &units,
        };
        let digest = filed.digest();
        assert_eq!(Filed { units: &turned, ..filed }.digest(), digest);
        for other in [
            Filed { production: ProductionId::new([2; 16]), ..filed },
            Filed { policy_version: 2, ..filed },
            Filed { roster_version: 1, ..filed },
            Filed { keys: other_keys.public(), ..filed },
            Filed { ledger_key: &other_key, ..filed },
            Filed { clear: &other_clear, ..filed },
            Filed { units: &changed, ..filed },
            Filed { units: &units[..1], ..filed },
        ] {
            assert_ne!(other.digest(), digest, "{other:?}");
        }
    }

    #[test]
    fn a_digest_is_signed_by_its_reporter_alone() {
        let (reporter, other) = (Receipt::new([1; 16]).keys(), Receipt::new([2; 16]).keys());
        let signature = sign(&[7; 32], &reporter);
        assert!(is_signed(&[7; 32], &signature, reporter.public().verify));
        assert!(!is_signed(&[8; 32], &signature, reporter.public().verify));
        assert!(!is_signed(&[7; 32], &signature, other.public().verify));
    }
}
