//! Many values in one column, one behind the other.

use super::error::StorageError;

/// Each with its length before it (4 bytes, big-endian).
///
/// # Errors
/// [`StorageError::Other`] for a value of 4 GiB or more.
pub(super) fn of_any<'a>(values: impl Iterator<Item = &'a [u8]>) -> Result<Vec<u8>, StorageError> {
    let mut packed = Vec::new();
    for value in values {
        let length = u32::try_from(value.len());
        let length = length.map_err(|_| StorageError::Other("a value is too long to be packed".to_owned()))?;
        packed.extend_from_slice(&length.to_be_bytes());
        packed.extend_from_slice(value);
    }
    Ok(packed)
}

/// The values that [`of_any`] packed.
///
/// # Errors
/// [`StorageError::Corrupt`] if they break off.
pub(super) fn any(packed: &[u8]) -> Result<Vec<&[u8]>, StorageError> {
    let (mut values, mut rest) = (Vec::new(), packed);
    while !rest.is_empty() {
        let (value, after) = first(rest).ok_or_else(broken)?;
        values.push(value);
        rest = after;
    }
    Ok(values)
}

fn first(packed: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = packed.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// Values of one length.
///
/// # Errors
/// [`StorageError::Corrupt`] if they break off.
pub(super) fn fixed<const N: usize>(packed: &[u8]) -> Result<&[[u8; N]], StorageError> {
    let (values, rest) = packed.as_chunks();
    if rest.is_empty() { Ok(values) } else { Err(broken()) }
}

fn broken() -> StorageError {
    StorageError::Corrupt("packed values break off".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_out_in_its_order() {
        let long = vec![7; 70_000];
        let values: [&[u8]; 4] = [b"one", b"", b"three", &long];
        let packed = of_any(values.into_iter()).unwrap();
        assert_eq!(any(&packed).unwrap(), values);
        assert_eq!(any(&[]).unwrap(), Vec::<&[u8]>::new());
        assert_eq!(fixed(&[1, 2, 3, 4]).unwrap(), [[1, 2], [3, 4]]);
    }

    #[test]
    fn what_breaks_off_is_not_read() {
        let packed = of_any([b"one".as_slice(), b"two"].into_iter()).unwrap();
        for cut in [1, 4, 6, 8, 13] {
            assert!(matches!(any(&packed[..cut]), Err(StorageError::Corrupt(_))), "{cut}");
        }
        assert!(matches!(fixed::<4>(&packed), Err(StorageError::Corrupt(_))));
    }
}
