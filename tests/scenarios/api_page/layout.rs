//! Answers laid out for reading, and compared but for what is drawn anew each time.

/// Containers up to this length stay on one line. Characters.
const ONE_LINE: usize = 96;

/// What stands for lines that the page leaves out.
pub const LEFT_OUT: &str = "…";

/// An answer as lines: JSON with two blanks of indentation, anything else as it is.
pub fn laid_out(answer: &str) -> Vec<String> {
    let answer = answer.trim_end();
    if answer.starts_with(['{', '[']) {
        let mut lines = vec![String::new()];
        lay(answer, 0, &mut lines);
        return lines;
    }
    answer.lines().map(str::to_owned).collect()
}

/// Lays a container over lines, its parts in the order in which they came.
fn lay(text: &str, depth: usize, lines: &mut Vec<String>) {
    let inside = &text[1..text.len() - 1];
    if text.chars().count() <= ONE_LINE && depth > 0 || inside.is_empty() {
        push(&spaced(text), lines);
        return;
    }
    push(&text[..1], lines);
    let parts = parts(inside, b',');
    for (at, part) in parts.iter().enumerate() {
        lines.push("  ".repeat(depth + 1));
        let value = match parts_of_field(part) {
            Some((name, value)) => {
                push(&format!("{name}: "), lines);
                value
            }
            None => part,
        };
        if value.starts_with(['{', '[']) {
            lay(value, depth + 1, lines);
        } else {
            push(value, lines);
        }
        if at + 1 < parts.len() {
            push(",", lines);
        }
    }
    lines.push("  ".repeat(depth) + &text[text.len() - 1..]);
}

fn push(text: &str, lines: &mut [String]) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
    }
}

/// A name and its value, if this is a part of an object.
fn parts_of_field(part: &str) -> Option<(&str, &str)> {
    if !part.starts_with('"') {
        return None;
    }
    let name = parts(part, b':')[0];
    part.get(name.len() + 1..).filter(|value| !value.is_empty()).map(|value| (name, value))
}

/// Splits at a mark that stands neither in a text nor in a container.
fn parts(text: &str, mark: u8) -> Vec<&str> {
    let (mut parts, mut begin, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, b) in outside_of_texts(text) {
        match b {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b if b == mark && depth == 0 => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

/// A blank behind each comma and colon.
fn spaced(text: &str) -> String {
    let marks: Vec<usize> =
        outside_of_texts(text).filter(|(_, b)| matches!(b, b',' | b':')).map(|(at, _)| at).collect();
    let mut spaced = text.to_owned();
    marks.into_iter().rev().for_each(|at| spaced.insert(at + 1, ' '));
    spaced
}

/// The bytes of JSON that stand in no text.
fn outside_of_texts(text: &str) -> impl Iterator<Item = (usize, u8)> {
    let (mut within, mut escaped) = (false, false);
    text.bytes().enumerate().filter(move |(_, b)| {
        let was_within = within;
        match b {
            b'"' if !escaped => within = !within,
            _ => {}
        }
        escaped = within && *b == b'\\' && !escaped;
        !was_within && *b != b'"'
    })
}

/// Whether what came is what the page shows. A line of the page that is [`LEFT_OUT`] stands for any lines up to the next.
pub fn fits(shown: &[String], came: &[String]) -> bool {
    let Some((first, rest)) = shown.split_first() else { return came.is_empty() };
    if first.trim() == LEFT_OUT {
        return (0..=came.len()).any(|at| fits(rest, &came[at..]));
    }
    came.split_first().is_some_and(|(line, further)| masked(first) == masked(line) && fits(rest, further))
}

/// Fields whose values are drawn anew each time, and do not look it.
const DRAWN: [&str; 4] = ["handle", "recovery_words", "crew_code", "promise"];

/// A line without what is drawn anew each time: ids, keys, tokens, words.
fn masked(line: &str) -> String {
    let line = DRAWN.iter().fold(line.to_owned(), |line, name| without_value(&line, name));
    line.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || "_+/=.-".contains(c))).map(unlike_drawn).collect()
}

fn unlike_drawn(piece: &str) -> String {
    let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && !"_+/=.-".contains(c));
    let looks_drawn = word.len() >= 22 && word.contains(|c: char| c.is_ascii_digit());
    if looks_drawn { piece.replace(word, "~") } else { piece.to_owned() }
}

fn without_value(line: &str, name: &str) -> String {
    let field = format!("\"{name}\": \"");
    match line.split_once(&field) {
        Some((before, behind)) => {
            let end = behind.find('"').unwrap_or(behind.len());
            format!("{before}{field}~{}", &behind[end..])
        }
        None => line.to_owned(),
    }
}

#[test]
fn an_answer_is_laid_out_in_its_own_order_and_compared_but_for_what_is_drawn() {
    let answer = r#"{"status":"delivered","handle":"Copper Lantern","levels":[{"level":1,"desks":["Safety, and more"]}],"more":{"a":[],"b":"{,\"}"},"id":"000102030405060708090a0b0c0d0e0f"}   "#;
    let lines = laid_out(answer);
    assert_eq!(
        lines[1..4],
        [
            "  \"status\": \"delivered\",",
            "  \"handle\": \"Copper Lantern\",",
            "  \"levels\": [{\"level\": 1, \"desks\": [\"Safety, and more\"]}],"
        ]
    );
    assert_eq!(lines[4], "  \"more\": {\"a\": [], \"b\": \"{,\\\"}\"},");
    let other = laid_out(&answer.replace("Copper Lantern", "Granite Oak").replace("0001", "ff01"));
    assert!(fits(&lines, &other));
    assert!(!fits(&lines, &laid_out(&answer.replace("delivered", "filed"))));
    let short: Vec<String> = [&lines[0], &lines[2], LEFT_OUT, &lines[6]].map(str::to_owned).into();
    assert!(!fits(&short, &lines), "the status is missing and nothing says so");
    let short: Vec<String> = [lines[0].as_str(), LEFT_OUT, &lines[3], LEFT_OUT, &lines[6]].map(str::to_owned).into();
    assert!(fits(&short, &lines));
}
