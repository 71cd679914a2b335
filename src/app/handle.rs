//! Two random words by which everybody who may see a report calls it. They say nothing about it.

use crate::entropy::Entropy;

#[rustfmt::skip]
const FIRST: [&str; 96] = [
    "Amber", "Ancient", "April", "Ashen", "Autumn", "Azure", "Blue", "Bold", "Brass", "Bright", "Bronze", "Calm",
    "Cedar", "Chalk", "Clear", "Clever", "Coastal", "Cobalt", "Copper", "Coral", "Cotton", "Crimson", "Crystal", "Dawn",
    "Deep", "Desert", "Distant", "Early", "Eastern", "Ebony", "Elder", "Emerald", "Evening", "Fallow", "Fern", "Fine",
    "Forest", "Gentle", "Gilded", "Ginger", "Golden", "Granite", "Green", "Harbor", "Hazel", "Hidden", "High", "Hollow",
    "Humble", "Indigo", "Iron", "Ivory", "Jade", "Jasper", "Keen", "Lasting", "Lilac", "Linen", "Little", "Lively",
    "Long", "Lunar", "Maple", "Marble", "Meadow", "Merry", "Misty", "Morning", "Mossy", "Narrow", "Noble", "Northern",
    "Ochre", "Olive", "Opal", "Open", "Pearl", "Pewter", "Pine", "Plain", "Polar", "Quartz", "Quiet", "Rustic",
    "Saffron", "Sandy", "Scarlet", "Silver", "Slate", "Solar", "Steady", "Summer", "Swift", "Velvet", "Walnut", "Winter",
];

#[rustfmt::skip]
const SECOND: [&str; 96] = [
    "Acorn", "Almond", "Anchor", "Apple", "Arch", "Aspen", "Badge", "Balcony", "Banner", "Barn", "Basket", "Beacon",
    "Bell", "Birch", "Bison", "Boat", "Bottle", "Bridge", "Brook", "Canyon", "Cart", "Castle", "Chapel", "Cherry",
    "Cliff", "Clover", "Compass", "Corner", "Cottage", "Creek", "Crow", "Daisy", "Door", "Dove", "Drum", "Eagle",
    "Elm", "Falcon", "Feather", "Fence", "Ferry", "Field", "Finch", "Fountain", "Fox", "Garden", "Gate", "Glacier",
    "Grove", "Hammer", "Harp", "Heron", "Hill", "Island", "Kettle", "Ladder", "Lake", "Lantern", "Lark", "Laurel",
    "Library", "Lighthouse", "Lily", "Loom", "Mill", "Mirror", "Moon", "Mountain", "Oak", "Orchard", "Otter", "Owl",
    "Paddle", "Path", "Pebble", "Piano", "Pier", "Pond", "Quilt", "Raven", "Reef", "Ridge", "River", "Robin",
    "Rope", "Saddle", "Sail", "Sparrow", "Spruce", "Station", "Stone", "Swan", "Table", "Thistle", "Tower", "Willow",
];

/// Draws a handle, such as "Copper Lantern": one of 9,216.
pub(super) fn draw(entropy: &dyn Entropy) -> String {
    // 96 fits: the bound keeps both indexes inside the lists.
    let pick = |words: &[&'static str; 96]| words[entropy.below(96) as usize];
    format!("{} {}", pick(&FIRST), pick(&SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_handle_is_two_words_and_no_word_stands_twice_in_a_list() {
        let handle = draw(&SystemEntropy);
        assert_eq!(handle.split(' ').count(), 2, "{handle}");
        for list in [FIRST, SECOND] {
            let mut sorted = list.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), 96);
        }
    }
}
