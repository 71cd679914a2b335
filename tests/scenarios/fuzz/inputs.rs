//! Where inputs come from: good ones, and what becomes of them.

/// Chance that can be had again: splitmix64.
pub struct Chance(pub u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0..below.
    pub fn below(&mut self, below: usize) -> usize {
        usize::try_from(self.next() % below.max(1) as u64).unwrap()
    }
}

/// What readers of numbers, texts and lists stumble over.
const TOKENS: [&str; 34] = [
    "0",
    "-1",
    "18446744073709551615",
    "18446744073709551616",
    "9223372036854775807",
    "-9223372036854775808",
    "4294967296",
    "1e400",
    "00",
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    " ",
    "\u{2014} ",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "+",
    "/",
    "=",
    "==",
    "..",
    ".p/",
    "x000/",
    "\\ud800",
    "\u{7f}",
    "\u{85}",
    "AAAA",
];

/// One of the inputs, changed once or a few times.
pub fn mutated(inputs: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut input = inputs[chance.below(inputs.len())].clone();
    for _ in 0..=chance.below(4) {
        once(&mut input, inputs, chance);
    }
    input.truncate(1 << 20);
    input
}

fn once(input: &mut Vec<u8>, inputs: &[Vec<u8>], chance: &mut Chance) {
    let at = chance.below(input.len() + 1);
    let most = if chance.below(8) == 0 { 4096 } else { 12 };
    let length = 1 + chance.below(most);
    let end = (at + length).min(input.len());
    let byte = u8::try_from(chance.below(256)).unwrap();
    match chance.below(10) {
        0 if at < input.len() => input[at] ^= 1 << chance.below(8),
        1 if at < input.len() => input[at] = byte,
        2 => drop(input.drain(at..end)),
        3 => input.truncate(at),
        4 => {
            let slice = input[at..end].to_vec();
            let to = chance.below(input.len() + 1);
            input.splice(to..to, slice);
        }
        5 => {
            let other = &inputs[chance.below(inputs.len())];
            let from = chance.below(other.len() + 1);
            let slice = other[from..(from + length).min(other.len())].to_vec();
            input.splice(at..end, slice);
        }
        6 => {
            let token = TOKENS[chance.below(TOKENS.len())].as_bytes().to_vec();
            input.splice(at..at, token);
        }
        7 => {
            let token = TOKENS[chance.below(TOKENS.len())].as_bytes().to_vec();
            input.splice(at..end, token);
        }
        8 if !input.is_empty() => {
            let to = chance.below(input.len());
            input.swap(at.min(to), to);
        }
        _ => input.insert(at, byte),
    }
}
