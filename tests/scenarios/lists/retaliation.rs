//! `retaliation`: until the union side shares a summary nothing tells the production's side that there is such a report;
//! from then on nothing tells what came before.

use serde_json::json;

use super::{
    asked::every_route,
    worlds::{self, Act, World, members_act, reporters_act, summary},
};
use crate::support::TestDatabase;

/// Who looks, and on which database.
type Looker = (fn() -> TestDatabase, &'static str);

const PRODUCTION_SIDE: [Looker; 4] = [
    (TestDatabase::sqlite, "1stad@western.test"),
    (TestDatabase::sqlite, "producer1@western.test"),
    (TestDatabase::sqlite, "financier@western.test"),
    (TestDatabase::postgres, "upm@western.test"),
];

/// What happens on the union chain: who, and what they do.
const UNION_ACTS: [(&str, usize); 6] = [
    ("steward@union.test", 0),
    ("steward@union.test", 4),
    ("rep@union.test", 9),
    ("steward@union.test", 9),
    ("rep@union.test", 1),
    ("steward@union.test", 5),
];

fn retaliation() -> serde_json::Value {
    json!({ "category": "retaliation", "severity": "concern", "ongoing": "yes", "narrative": "I was moved" })
}

fn electrical() -> serde_json::Value {
    json!({ "category": "electrical", "severity": "next_setup", "ongoing": "yes" })
}

impl World<'_> {
    /// Both worlds have a report of another category, and days in which nobody answers it.
    fn an_open_report(&mut self, number: usize) {
        self.step(number, false);
        self.count_filing();
        self.file(electrical(), false);
        self.days.work();
    }

    fn hidden_step(&mut self, number: usize, what: impl FnOnce(&mut Self)) {
        self.step(number, true);
        what(self);
        self.days.work();
    }

    fn time(&mut self, number: usize, minutes: u32) {
        self.step(number, false);
        self.pass(minutes);
    }

    fn looks_everywhere(&mut self, number: usize, ids: &[String]) {
        self.step(number, false);
        let open: Vec<String> = self.open.iter().map(|known| known.id.clone()).collect();
        for asked in every_route(&self.western.id.to_string(), &open, ids) {
            self.look(&asked);
        }
    }

    fn ids_of_hidden(&self) -> Vec<String> {
        self.hidden.iter().map(|known| known.id.clone()).collect()
    }

    fn by_union(&self, who: &str, id: &str, act: &Act) -> u16 {
        worlds::act(&self.apart(who), id, act).status
    }
}

/// A life on the union chain, told in both worlds or in one.
fn before_the_summary(world: &mut World<'_>, is_there: bool, others: &[String]) -> Vec<String> {
    world.an_open_report(0);
    if is_there {
        world.hidden_step(1, |world| world.file(retaliation(), true));
    }
    world.time(2, 61);
    for (number, (who, act)) in UNION_ACTS.iter().enumerate().filter(|_| is_there) {
        world.hidden_step(10 + number, |world| {
            let id = world.hidden[0].id.clone();
            let status = world.by_union(who, &id, &members_act(*act));
            assert!([200, 404, 409].contains(&status), "{who} {act}: {status}");
        });
    }
    if is_there {
        world.hidden_step(20, |world| drop(worlds::reporter(&world.hidden[0], &reporters_act(0))));
    }
    world.time(21, 2 * 24 * 60);
    world.an_open_report(22);
    world.time(23, 8 * 24 * 60);
    world.tick();
    let ids = if is_there { world.ids_of_hidden() } else { others.to_vec() };
    world.looks_everywhere(24, &ids);
    ids
}

#[test]
fn before_its_summary_the_production_side_cannot_tell_that_it_exists() {
    for (make, looker) in PRODUCTION_SIDE {
        let (ids, with) = worlds::lives(make(), looker, |world| before_the_summary(world, true, &[]));
        let (_, without) = worlds::lives(make(), looker, |world| before_the_summary(world, false, &ids));
        assert_eq!(with.differs_from(&without), None, "{looker}");
    }
}

/// Filed in both worlds; a long life on the union chain in one of them only; a summary at the same instant in both.
fn after_the_summary(world: &mut World<'_>, is_eventful: bool) {
    world.an_open_report(0);
    world.step(1, false);
    world.count_filing();
    world.file(retaliation(), false);
    world.days.work();
    world.time(2, 61);
    let id = world.open[1].id.clone();
    if is_eventful {
        for (number, (who, act)) in UNION_ACTS.iter().enumerate() {
            world.hidden_step(10 + number, |world| {
                let status = world.by_union(who, &id, &members_act(*act));
                assert!([200, 404, 409].contains(&status), "{who} {act}: {status}");
            });
        }
        world.hidden_step(20, |world| drop(worlds::reporter(&world.open[1], &reporters_act(1)).is(200)));
    }
    // Uneventful: level after level of the union side lets its deadline pass.
    world.time(21, 26 * 60);
    world.step(22, false);
    let steward = world.western.steward();
    worlds::act(&steward, &id, &summary()).is(200);
    world.days.work();
    world.looks_everywhere(23, &[]);
    world.time(24, 3 * 24 * 60);
    world.step(25, false);
    let first_ad = world.western.first_ad();
    worlds::act(&first_ad, &id, &members_act(2)).is(200);
    world.days.work();
    world.looks_everywhere(26, &[]);
}

#[test]
fn after_its_summary_the_production_side_cannot_tell_what_came_before() {
    for (make, looker) in PRODUCTION_SIDE {
        let ((), eventful) = worlds::lives(make(), looker, |world| after_the_summary(world, true));
        let ((), quiet) = worlds::lives(make(), looker, |world| after_the_summary(world, false));
        assert_eq!(eventful.differs_from(&quiet), None, "{looker}");
    }
}
