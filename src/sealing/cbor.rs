//! Canonical CBOR: one byte string per meaning, so that it can be hashed, signed and compared.
//!
//! Source: RFC 8949, section 4.2.1 (shortest heads, definite lengths, map keys sorted by their bytes).

use ciborium::Value;
use serde::Serialize;

const UINT: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;
const NULL: u8 = 0xf6;

/// A value that has no canonical form here: a fraction, a tag, or something that is no data at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("only whole numbers, texts, bytes, lists, maps, true, false and null can be encoded")]
pub struct NotCanonical;

/// The canonical bytes of a value. Nulls and defaults are kept: leave them out with serde where they must not count.
///
/// # Errors
/// [`NotCanonical`] for fractions and tags.
pub fn canonical(value: &impl Serialize) -> Result<Vec<u8>, NotCanonical> {
    let value = Value::serialized(value).map_err(|_| NotCanonical)?;
    let mut encoder = Encoder::new();
    encoder.value(&value)?;
    Ok(encoder.finish())
}

/// Writes canonical CBOR piece by piece. The caller writes as many items as an array or map announces, keys in order.
#[derive(Debug, Default)]
pub struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    /// An empty encoder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on writing behind what `bytes` already holds.
    pub const fn behind(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// What was written.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// What was written so far.
    pub fn written(&self) -> &[u8] {
        &self.bytes
    }

    /// A whole number, 0 and up.
    pub fn uint(&mut self, number: u64) -> &mut Self {
        self.head(UINT, number)
    }

    /// A byte string.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.head(BYTES, bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// A byte string, or null.
    pub fn bytes_or_null(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.null(),
        }
    }

    /// A text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.head(TEXT, text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
        self
    }

    /// Announces a list of this many items.
    pub fn array(&mut self, items: usize) -> &mut Self {
        self.head(ARRAY, items as u64)
    }

    /// Announces a map of this many pairs.
    pub fn map(&mut self, pairs: usize) -> &mut Self {
        self.head(MAP, pairs as u64)
    }

    /// Nothing.
    pub fn null(&mut self) -> &mut Self {
        self.bytes.push(NULL);
        self
    }

    /// One item that is canonical already.
    pub fn encoded(&mut self, item: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(item);
        self
    }

    fn head(&mut self, major: u8, number: u64) -> &mut Self {
        let major = major << 5;
        match number {
            0..=0x17 => self.bytes.push(major | number.to_le_bytes()[0]),
            0x18..=0xff => self.bytes.extend_from_slice(&[major | 0x18, number.to_le_bytes()[0]]),
            0x100..=0xffff => self.long_head(major | 0x19, &number.to_be_bytes()[6..]),
            0x1_0000..=0xffff_ffff => self.long_head(major | 0x1a, &number.to_be_bytes()[4..]),
            0x1_0000_0000.. => self.long_head(major | 0x1b, &number.to_be_bytes()),
        }
        self
    }

    fn long_head(&mut self, first: u8, number: &[u8]) {
        self.bytes.push(first);
        self.bytes.extend_from_slice(number);
    }

    fn value(&mut self, value: &Value) -> Result<(), NotCanonical> {
        match value {
            Value::Integer(number) => self.integer(i128::from(*number))?,
            Value::Bytes(bytes) => drop(self.bytes(bytes)),
            Value::Text(text) => drop(self.text(text)),
            Value::Bool(truth) => self.bytes.push(if *truth { TRUE } else { FALSE }),
            Value::Null => drop(self.null()),
            Value::Array(items) => {
                self.array(items.len());
                items.iter().try_for_each(|item| self.value(item))?;
            }
            Value::Map(pairs) => self.sorted(pairs)?,
            // Floats have several encodings, tags have meanings that nothing here needs; the enum is ciborium's and open.
            _ => return Err(NotCanonical),
        }
        Ok(())
    }

    fn integer(&mut self, number: i128) -> Result<(), NotCanonical> {
        let major = if number < 0 { NEGATIVE } else { UINT };
        let magnitude = if number < 0 { -1 - number } else { number };
        self.head(major, u64::try_from(magnitude).map_err(|_| NotCanonical)?);
        Ok(())
    }

    fn sorted(&mut self, pairs: &[(Value, Value)]) -> Result<(), NotCanonical> {
        let mut encoded = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let mut one = Self::new();
            one.value(key)?;
            encoded.push((one.finish(), value));
        }
        encoded.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.map(pairs.len());
        for (key, value) in encoded {
            self.encoded(&key).value(value)?;
        }
        Ok(())
    }
}

/// Reads what [`Encoder`] wrote, and refuses every other spelling of it.
#[derive(Debug, Clone)]
pub struct Decoder<'a> {
    rest: &'a [u8],
}

impl<'a> Decoder<'a> {
    /// Reads from the first byte.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What was not read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// A whole number.
    pub fn uint(&mut self) -> Option<u64> {
        self.head(UINT)
    }

    /// A byte string.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.head(BYTES)?;
        self.take(length)
    }

    /// A byte string or null: `Some(None)` is null.
    pub fn bytes_or_null(&mut self) -> Option<Option<&'a [u8]>> {
        if let Some((&NULL, rest)) = self.rest.split_first() {
            self.rest = rest;
            return Some(None);
        }
        self.bytes().map(Some)
    }

    /// A text.
    pub fn text(&mut self) -> Option<&'a str> {
        let length = self.head(TEXT)?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    /// The announcement of a list of exactly this many items.
    pub fn array(&mut self, items: usize) -> Option<()> {
        (self.head(ARRAY)? == items as u64).then_some(())
    }

    /// The announcement of a map of exactly this many pairs.
    pub fn map(&mut self, pairs: usize) -> Option<()> {
        (self.head(MAP)? == pairs as u64).then_some(())
    }

    /// Exactly this text, a map's key.
    pub fn key(&mut self, name: &str) -> Option<()> {
        (self.text()? == name).then_some(())
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    fn head(&mut self, major: u8) -> Option<u64> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        if first >> 5 != major {
            return None;
        }
        let (width, least) = match first & 0x1f {
            short @ 0..=23 => return Some(u64::from(short)),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return None,
        };
        let number = self.take(width)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        (number >= least).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn numbers_have_the_shortest_head_of_rfc_8949_appendix_a() {
        for (number, bytes) in [
            (0, "00"),
            (23, "17"),
            (24, "1818"),
            (1000, "1903e8"),
            (1_000_000, "1a000f4240"),
            (1_000_000_000_000, "1b000000e8d4a51000"),
        ] {
            let mut encoder = Encoder::new();
            encoder.uint(number);
            assert_eq!(hex::encode(encoder.written()), bytes);
            assert_eq!(Decoder::new(encoder.written()).uint(), Some(number));
        }
        assert_eq!(hex::encode(canonical(&-1000).unwrap()), "3903e7");
    }

    #[test]
    fn map_keys_are_sorted_by_their_bytes_whatever_their_order_was() {
        let map = BTreeMap::from([("aa", 1), ("b", 2)]);
        assert_eq!(hex::encode(canonical(&map).unwrap()), "a261620262616101");
    }

    #[test]
    fn a_fraction_has_no_canonical_form() {
        assert_eq!(canonical(&1.5), Err(NotCanonical));
    }

    #[test]
    fn a_number_in_a_longer_head_than_needed_is_refused() {
        assert_eq!(Decoder::new(&[0x18, 0x05]).uint(), None);
        assert_eq!(Decoder::new(&[0x19, 0x00, 0x18]).uint(), None);
        assert_eq!(Decoder::new(&[0x1f]).uint(), None);
    }

    #[test]
    fn a_length_past_the_end_is_refused() {
        assert_eq!(Decoder::new(&[0x42, 0x01]).bytes(), None);
        assert_eq!(Decoder::new(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).bytes(), None);
    }

    proptest::proptest! {
        #[test]
        fn what_ciborium_writes_of_sorted_data_is_what_we_write(map: BTreeMap<u32, (String, Option<i64>, bool)>) {
            let mut theirs = Vec::new();
            ciborium::into_writer(&map, &mut theirs).unwrap();
            proptest::prop_assert_eq!(canonical(&map).unwrap(), theirs);
        }
    }
}
