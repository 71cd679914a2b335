//! How many mails a minute one mail host gets.

use std::{
    collections::{HashMap, VecDeque},
    num::NonZeroU32,
};

use crate::domain::time::{Seconds, UtcMillis};

const MINUTE: Seconds = Seconds::minutes(1);

/// At most so many mails to one host in any 60 seconds. Hosts are told apart by the part after the `@`, in any case.
#[derive(Debug, Clone)]
pub struct HostPace {
    per_minute: NonZeroU32,
    sent: HashMap<String, VecDeque<UtcMillis>>,
}

impl HostPace {
    /// A pace of so many mails a minute for each host.
    pub fn new(per_minute: NonZeroU32) -> Self {
        Self { per_minute, sent: HashMap::new() }
    }

    /// Counts a mail to this host at `now`, if it may go now.
    ///
    /// # Errors
    /// The moment from which it may; nothing was counted.
    pub fn take(&mut self, host: &str, now: UtcMillis) -> Result<(), UtcMillis> {
        self.forget(now);
        let sent = self.sent.entry(host.to_ascii_lowercase()).or_default();
        match sent.front() {
            Some(oldest) if sent.len() >= self.per_minute.get() as usize => Err(oldest.plus(MINUTE)),
            Some(_) | None => {
                sent.push_back(now);
                Ok(())
            }
        }
    }

    /// Drops what no longer counts, and what lies in the future: after the clock was set back it would hold mail for ever.
    fn forget(&mut self, now: UtcMillis) {
        for sent in self.sent.values_mut() {
            sent.retain(|at| *at <= now && now < at.plus(MINUTE));
        }
        self.sent.retain(|_, sent| !sent.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_a_minute() -> HostPace {
        HostPace::new(NonZeroU32::new(2).unwrap())
    }

    fn at(seconds: i64) -> UtcMillis {
        UtcMillis::new(1_000_000 + seconds * 1000)
    }

    #[test]
    fn the_third_mail_waits_until_the_first_is_a_minute_old() {
        let mut pace = two_a_minute();
        assert_eq!(pace.take("example.org", at(0)), Ok(()));
        assert_eq!(pace.take("Example.ORG", at(10)), Ok(()));
        assert_eq!(pace.take("example.org", at(20)), Err(at(60)));
        assert_eq!(pace.take("example.org", at(59)), Err(at(60)));
        assert_eq!(pace.take("example.org", at(60)), Ok(()));
        assert_eq!(pace.take("example.org", at(61)), Err(at(70)));
    }

    #[test]
    fn one_host_does_not_wait_for_another() {
        let mut pace = two_a_minute();
        assert_eq!(pace.take("a.example", at(0)), Ok(()));
        assert_eq!(pace.take("a.example", at(0)), Ok(()));
        assert_eq!(pace.take("b.example", at(0)), Ok(()));
    }

    #[test]
    fn a_clock_set_back_holds_no_mail() {
        let mut pace = two_a_minute();
        assert_eq!(pace.take("a.example", at(7200)), Ok(()));
        assert_eq!(pace.take("a.example", at(7200)), Ok(()));
        assert_eq!(pace.take("a.example", at(0)), Ok(()));
    }
}
