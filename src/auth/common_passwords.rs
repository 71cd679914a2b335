//! The passwords that everybody tries first.

use std::collections::HashSet;

/// Fewer different characters than this make a password that a pattern guesses.
const DIFFERENT_AT_LEAST: usize = 5;

/// Common passwords, and what people do to them to get past a rule.
#[derive(Debug, Clone)]
pub struct CommonPasswords {
    listed: HashSet<&'static str>,
}

impl CommonPasswords {
    /// The list that is built into the binary: some six thousand. Build it once.
    pub fn shipped() -> Self {
        let lines = include_str!("common_passwords.txt").lines();
        Self { listed: lines.filter(|line| !line.starts_with('#')).collect() }
    }

    /// Whether a password is on the list, or a listed one with another case, digits and signs around it, letters spelled
    /// as digits, repeated, or else a mere run or a handful of characters.
    pub fn contains(&self, password: &str) -> bool {
        let lower = password.to_lowercase();
        is_a_run(&lower) || different(&lower) < DIFFERENT_AT_LEAST || self.is_dressed_up(&lower)
    }

    fn is_dressed_up(&self, lower: &str) -> bool {
        // Digits and signs are taken off before others are read as letters: "p@ssw0rd2026", "$unshine!".
        let dressing = |c: char| !c.is_alphabetic();
        let forms = [lower, lower.trim_matches(dressing), lower.trim_end_matches(dressing)];
        forms.into_iter().any(|form| {
            let spelled = spell_out(form);
            [form, &spelled].into_iter().any(|text| self.is_listed(text) || self.is_listed(repeated_part(text)))
        })
    }

    fn is_listed(&self, text: &str) -> bool {
        self.listed.contains(text)
    }
}

fn different(text: &str) -> usize {
    text.chars().collect::<HashSet<_>>().len()
}

/// `abcdefghijkl`, `987654321098`: each character one step from the one before, or the same.
fn is_a_run(text: &str) -> bool {
    let codes: Vec<u32> = text.chars().map(u32::from).collect();
    let steps = |by: u32| {
        codes.windows(2).all(|pair| {
            let (from, to) = (pair[0], pair[1]);
            to == from + by || (from == u32::from('9') && to == u32::from('0'))
        })
    };
    let backwards = codes.windows(2).all(|pair| pair[0] == pair[1] + 1 || (pair[0], pair[1]) == (48, 57));
    steps(0) || steps(1) || backwards
}

/// `p@ssw0rd` as `password`.
fn spell_out(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '@' | '4' => 'a',
            '3' => 'e',
            '1' | '!' => 'i',
            '0' => 'o',
            '$' | '5' => 's',
            '7' => 't',
            other => other,
        })
        .collect()
}

/// The shortest part that the whole text is made of: `monkey` for `monkeymonkey`; the text itself if it repeats nothing.
fn repeated_part(text: &str) -> &str {
    let ends = text.char_indices().map(|(at, _)| at).skip(1);
    let mut parts = ends.filter_map(|end| text.get(..end));
    parts
        .find(|part| text.len().is_multiple_of(part.len()) && part.repeat(text.len() / part.len()) == text)
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_passwords_are_known_however_they_are_dressed_up() {
        let list = CommonPasswords::shipped();
        for common in [
            "qwerty123456",
            "Password1234!",
            "P@ssw0rd2026",
            "$unshine!!!!!",
            "monkeymonkey",
            "!!sunshine!!1999",
            "abcdefghijkl",
            "123456789012",
            "987654321098",
            "aaaaaaaaaaaa",
            "ababababab12",
            "leavemealone",
        ] {
            assert!(list.contains(common), "{common}");
        }
    }

    #[test]
    fn five_drawn_words_and_random_characters_are_not_common() {
        let list = CommonPasswords::shipped();
        for good in ["cradle amused tower plunge ethics", "x7Kq!vR2mZpW", "schlüssel im blumenkasten", "ünß€語字漢文書"]
        {
            assert!(!list.contains(good), "{good}");
        }
    }

    #[test]
    fn the_list_has_some_thousand_entries_and_hundreds_long_enough_to_be_chosen() {
        let list = CommonPasswords::shipped().listed;
        assert!(list.len() > 5000, "{}", list.len());
        assert!(list.iter().filter(|entry| entry.len() >= 12).count() > 250);
        assert!(list.iter().all(|entry| **entry == entry.to_lowercase()));
    }
}
