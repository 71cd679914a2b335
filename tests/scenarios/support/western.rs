//! The western: the shipped chain on both sides, with the people of the set of *Rust*.

use lastlooks::{
    app::{
        people::{Administrator, NewDesk},
        productions::NewProduction,
    },
    domain::{
        ids::{DeskId, ProductionId},
        policy::Side,
    },
};
use serde_json::Value;

use super::{
    app::TestApp,
    client::Answer,
    people::{Crew, Person},
};

/// Desk, side, level, and whoever sits there: name, address, roles.
type DeskOf = (&'static str, Side, Option<u8>, &'static [(&'static str, &'static str, &'static [&'static str])]);

const DESKS: [DeskOf; 9] = [
    ("Safety", Side::Production, Some(1), &[("David", "1stad@western.test", &["1st_ad", "safety_contact"])]),
    (
        "Office",
        Side::Production,
        Some(2),
        &[("Ulla", "upm@western.test", &["upm"]), ("Lee", "line@western.test", &["line_producer"])],
    ),
    (
        "Producers",
        Side::Production,
        Some(3),
        &[
            ("Paul One", "producer1@western.test", &["producer"]),
            ("Paula Two", "producer2@western.test", &["producer"]),
            ("Pete Three", "producer3@western.test", &["producer"]),
            ("Pia Four", "producer4@western.test", &["producer"]),
            ("Pam Five", "producer5@western.test", &["producer"]),
            ("Pat Six", "producer6@western.test", &["producer"]),
        ],
    ),
    ("Financier", Side::Observer, None, &[("Fay", "financier@western.test", &["financier"])]),
    ("Guarantor", Side::Observer, None, &[("Gus", "guarantor@western.test", &["guarantor"])]),
    ("Shop steward", Side::Union, Some(1), &[("Sam", "steward@union.test", &["steward"])]),
    ("Business representative", Side::Union, Some(2), &[("Bea", "rep@union.test", &["business_rep"])]),
    ("International", Side::Union, Some(3), &[("Ian", "international@union.test", &["international_rep"])]),
    ("Counsel", Side::Union, Some(4), &[("Cora", "counsel@union.test", &["counsel"])]),
];

/// The western with its people.
#[derive(Debug, Clone)]
pub struct Western<'a> {
    /// The service.
    pub set: &'a TestApp,
    /// The production.
    pub id: ProductionId,
    /// The code on the poster.
    pub crew_code: String,
    desks: Vec<(&'static str, DeskId)>,
    people: Vec<(&'static str, Person)>,
    operator: Person,
}

impl TestApp {
    /// The operator, by the invitation that `init` prints.
    #[track_caller]
    pub fn operator(&self) -> Person {
        let (_, drawn) = self.wait(self.app().invite_operator("host@host.test")).unwrap();
        self.joins(&drawn.code, "Olga", "host@host.test")
    }

    /// A production with its desks and nobody at them.
    #[track_caller]
    pub fn empty_western(&self) -> Western<'_> {
        let new = NewProduction {
            name: "Western".into(),
            slug: "western".into(),
            time_zone: "America/Denver".into(),
            policy: None,
        };
        let made = self.wait(self.app().create_production(Administrator::Host, new)).unwrap();
        let desks = DESKS.iter().map(|(name, side, level, _)| {
            let desk = NewDesk { name: (*name).into(), side: *side, level: *level };
            (*name, self.wait(self.app().add_desk(Administrator::Host, made.id, desk)).unwrap().id)
        });
        Western {
            set: self,
            id: made.id,
            crew_code: made.crew_code,
            desks: desks.collect(),
            people: Vec::new(),
            operator: self.operator(),
        }
    }

    /// The western with everybody at their desk.
    #[track_caller]
    pub fn western(&self) -> Western<'_> {
        let mut western = self.empty_western();
        for (desk, _, _, people) in DESKS {
            for (name, email, roles) in people {
                western.seats(desk, name, email, roles);
            }
        }
        western
    }
}

impl Western<'_> {
    /// The code of an invitation that the host hands out.
    #[track_caller]
    pub fn invites(&self, desk: &str, email: &str, roles: &[&str]) -> String {
        let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        let invited = self.set.app().invite_by_hand(self.desk(desk), email, &roles);
        self.set.wait(invited).unwrap().1.code.to_string()
    }

    /// Seats somebody new by an invitation that the host hands out.
    #[track_caller]
    pub fn seats(&mut self, desk: &str, name: &str, email: &'static str, roles: &[&str]) -> Person {
        let code = self.invites(desk, email, roles);
        let person = self.set.joins(&code, name, email);
        self.people.push((email, person.clone()));
        person
    }

    /// A desk by its name.
    #[track_caller]
    pub fn desk(&self, name: &str) -> DeskId {
        self.desks.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("no desk {name}")).1
    }

    /// A person by their address.
    #[track_caller]
    pub fn person(&self, email: &str) -> Person {
        self.people.iter().find(|(e, _)| *e == email).unwrap_or_else(|| panic!("nobody is {email}")).1.clone()
    }

    /// Everybody with a seat, in the order in which they sat down.
    pub fn everybody(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().map(|(_, person)| person)
    }

    /// Whoever runs the server.
    pub fn operator(&self) -> Person {
        self.operator.clone()
    }

    /// 1st assistant director and safety contact: production, level 1.
    pub fn first_ad(&self) -> Person {
        self.person("1stad@western.test")
    }

    /// Unit production manager: production, level 2.
    pub fn upm(&self) -> Person {
        self.person("upm@western.test")
    }

    /// Line producer: production, level 2.
    pub fn line_producer(&self) -> Person {
        self.person("line@western.test")
    }

    /// One of the six producers, 1..=6: production, level 3.
    pub fn producer(&self, number: u8) -> Person {
        self.person(&format!("producer{number}@western.test"))
    }

    /// Financier: observer.
    pub fn financier(&self) -> Person {
        self.person("financier@western.test")
    }

    /// Completion guarantor: observer.
    pub fn guarantor(&self) -> Person {
        self.person("guarantor@western.test")
    }

    /// Shop steward: union, level 1.
    pub fn steward(&self) -> Person {
        self.person("steward@union.test")
    }

    /// Business representative: union, level 2.
    pub fn rep(&self) -> Person {
        self.person("rep@union.test")
    }

    /// International representative: union, level 3.
    pub fn international(&self) -> Person {
        self.person("international@union.test")
    }

    /// Counsel: union, level 4.
    pub fn counsel(&self) -> Person {
        self.person("counsel@union.test")
    }

    /// Somebody of the crew.
    pub fn crew(&self) -> Crew {
        Crew::with(self.set, &self.crew_code)
    }

    /// The roster as somebody sees it.
    #[track_caller]
    pub fn roster(&self, reader: &Person) -> Value {
        reader.gets(&format!("/v1/productions/{}/roster", self.id)).is(200)
    }

    /// An address below the production.
    pub fn path(&self, below: &str) -> String {
        format!("/v1/productions/{}{below}", self.id)
    }

    /// What one person answers to letting somebody in at a desk.
    pub fn tries_to_let_in(&self, by: &Person, desk: &str, whom: &Person) -> Answer {
        let path = format!("/v1/desks/{}/members/{}/admission", self.desk(desk), whom.id());
        by.sends("POST", &path, None)
    }

    /// One person lets somebody in at a desk.
    #[track_caller]
    pub fn lets_in(&self, by: &Person, desk: &str, whom: &Person) -> Value {
        self.tries_to_let_in(by, desk, whom).is(200)
    }

    /// Somebody's line in the roster, as somebody reads it.
    #[track_caller]
    pub fn line_of(&self, whom: &str, reader: &Person) -> Value {
        let roster = self.roster(reader);
        let found = roster["seats"].as_array().unwrap().iter().find(|seat| seat["name"] == whom);
        found.unwrap_or_else(|| panic!("{whom} is not in {roster}")).clone()
    }
}
