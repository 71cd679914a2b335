//! Which characters no text may hold, whoever wrote it.

/// Whether a character is refused in every text: control characters but tab and line ends, and the invisible ones that
/// change the direction of writing, because with them a text can be shown as something that it does not say.
///
/// Source: security.md, "Bad input"; Unicode Standard Annex 9, "Explicit directional formatting characters".
pub fn is_forbidden(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => false,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_are_forbidden_and_line_ends_are_not() {
        assert!(['\0', '\u{7}', '\u{7f}', '\u{85}', '\u{202e}', '\u{2066}', '\u{200f}'].into_iter().all(is_forbidden));
        assert!(!['\n', '\r', '\t', 'é', '字', '\u{200d}'].into_iter().any(is_forbidden));
    }
}
