//! Tiles' addresses: `<level>/<n>[.p/<width>]` and `entries/<n>[.p/<width>]`.
//!
//! Source: C2SP tlog-tiles, "Merkle Tree".

use std::{fmt, str::FromStr};

/// What is asked for below `tile/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilePath {
    /// Hashes of a level, or entries.
    pub what: TileOf,
    /// Which of them, 0 and up.
    pub n: u64,
    /// 1..=255 for a partial tile; `None` for a full one.
    pub partial: Option<u8>,
}

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TileOf {
    /// Hashes of this level, 0..=63.
    Hashes(u8),
    /// Entries.
    Entries,
}

/// No tile's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no tile's address")]
pub struct NotATilePath;

impl TilePath {
    /// How many hashes or entries are asked for, 1..=256.
    pub fn width(self) -> u64 {
        self.partial.map_or(super::tile::FULL, u64::from)
    }
}

impl FromStr for TilePath {
    type Err = NotATilePath;

    fn from_str(text: &str) -> Result<Self, NotATilePath> {
        let parsed = parsed(text).ok_or(NotATilePath)?;
        // One spelling for each: no other zeros, signs or elements.
        if parsed.to_string() == text { Ok(parsed) } else { Err(NotATilePath) }
    }
}

fn parsed(text: &str) -> Option<TilePath> {
    let (what, rest) = text.split_once('/')?;
    let what = match what {
        "entries" => TileOf::Entries,
        level => TileOf::Hashes(level.parse().ok().filter(|level| *level < 64)?),
    };
    let (n, partial) = match rest.split_once(".p/") {
        Some((n, width)) => (n, Some(width.parse().ok().filter(|width| *width > 0)?)),
        None => (rest, None),
    };
    let mut elements = n.split('/').rev();
    let last = elements.next()?;
    let mut scale: u64 = 1;
    let mut number = element(last)?;
    for part in elements {
        scale = scale.checked_mul(1000)?;
        number = element(part.strip_prefix('x')?)?.checked_mul(scale)?.checked_add(number)?;
    }
    Some(TilePath { what, n: number, partial })
}

fn element(text: &str) -> Option<u64> {
    if text.len() == 3 { text.parse().ok() } else { None }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            TileOf::Hashes(level) => write!(f, "{level}/")?,
            TileOf::Entries => f.write_str("entries/")?,
        }
        let mut elements = vec![format!("{:03}", self.n % 1000)];
        let mut rest = self.n / 1000;
        while rest > 0 {
            elements.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        elements.reverse();
        f.write_str(&elements.join("/"))?;
        self.partial.map_or(Ok(()), |width| write!(f, ".p/{width}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_the_specification_has_it() {
        let path = |what, n, partial| TilePath { what, n, partial }.to_string();
        assert_eq!(path(TileOf::Hashes(0), 1_234_067, None), "0/x001/x234/067");
        assert_eq!(path(TileOf::Entries, 0, Some(64)), "entries/000.p/64");
        for text in ["0/x001/x234/067", "entries/000.p/64", "63/999", "1/x001/000.p/255"] {
            assert_eq!(text.parse::<TilePath>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn every_other_spelling_is_refused() {
        for text in [
            "",
            "0",
            "0/",
            "0/0",
            "0/00",
            "0/0000",
            "00/000",
            "64/000",
            "+1/000",
            "-1/000",
            "0/+01",
            "0/x000/001",
            "0/001/002",
            "0/x001/x002",
            "0/x1/002",
            "0/000.p",
            "0/000.p/",
            "0/000.p/0",
            "0/000.p/256",
            "0/000.p/064",
            "0/000.p/+4",
            "0/000/",
            "/0/000",
            "0//000",
            "data/000",
            "Entries/000",
            "0/000.P/4",
            "0/000.p/4/",
            "0/x999/x999/x999/x999/x999/x999/x999/999",
            "0/٠٠٠",
        ] {
            assert_eq!(text.parse::<TilePath>(), Err(NotATilePath), "{text}");
        }
    }

    #[test]
    fn the_largest_index_has_an_address() {
        let text = TilePath { what: TileOf::Entries, n: u64::MAX, partial: None }.to_string();
        assert_eq!(text.parse::<TilePath>().unwrap().n, u64::MAX);
    }
}
