//! Entry bundles: each entry behind its length, two bytes, big-endian.
//!
//! Source: C2SP tlog-tiles, "Log entries".

/// A bundle of these entries, each at most 65535 bytes; `None` if one is longer.
pub fn encode<'e>(entries: impl IntoIterator<Item = &'e [u8]>) -> Option<Vec<u8>> {
    let mut bundle = Vec::new();
    for entry in entries {
        bundle.extend_from_slice(&u16::try_from(entry.len()).ok()?.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Some(bundle)
}

/// The entries of a bundle; `None` if it breaks off.
pub fn decode(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while !bundle.is_empty() {
        let (length, rest) = bundle.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bundle = rest;
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_gives_its_entries_back_and_one_that_breaks_off_none() {
        let entries: [&[u8]; 3] = [b"one", b"", &[7; 300]];
        let bundle = encode(entries).unwrap();
        assert_eq!(bundle[..5], [0, 3, b'o', b'n', b'e']);
        assert_eq!(decode(&bundle).unwrap(), entries);
        assert_eq!(decode(&bundle[..bundle.len() - 1]), None);
        assert_eq!(decode(&[0]), None);
        assert_eq!(encode([&[0; 65_536][..]]), None);
    }
}
