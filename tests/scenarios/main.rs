//! Stories.

#[cfg(test)]
mod house;
