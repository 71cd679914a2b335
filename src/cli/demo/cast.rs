//! The western: a show with every level of the shipped chain on both sides, and windows of seconds.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    app::{
        App,
        people::{Administrator, NewDesk},
        productions::{NewProduction, SettingsChange},
    },
    domain::{
        catalogue::Severity,
        policy::{PolicyDocument, Repeated, Side, WindowRow, Windows},
        production::Named,
        time::Seconds,
    },
};

/// Its short name.
pub(super) const SLUG: &str = "western";

/// One desk.
struct Desk {
    name: &'static str,
    side: Side,
    level: Option<u8>,
}

const fn desk(name: &'static str, side: Side, level: Option<u8>) -> Desk {
    Desk { name, side, level }
}

const DESKS: [Desk; 9] = [
    desk("Safety contact", Side::Production, Some(1)),
    desk("Shop steward", Side::Union, Some(1)),
    desk("Production office", Side::Production, Some(2)),
    desk("Business representative", Side::Union, Some(2)),
    desk("Producers", Side::Production, Some(3)),
    desk("International representative", Side::Union, Some(3)),
    desk("Union counsel", Side::Union, Some(4)),
    desk("Financier", Side::Observer, None),
    desk("Completion guarantor", Side::Observer, None),
];

/// One person: name, address before the @, roles, desk.
type Person = (&'static str, &'static str, &'static [&'static str], &'static str);

const PEOPLE: [Person; 15] = [
    ("Dale", "first.ad", &["1st_ad", "safety_contact"], "Safety contact"),
    ("Stella", "steward", &["steward"], "Shop steward"),
    ("Ursula", "upm", &["upm"], "Production office"),
    ("Linus", "line.producer", &["line_producer"], "Production office"),
    ("Bella", "business.rep", &["business_rep"], "Business representative"),
    ("Paula", "producer1", &["producer"], "Producers"),
    ("Pedro", "producer2", &["producer"], "Producers"),
    ("Petra", "producer3", &["producer"], "Producers"),
    ("Pavel", "producer4", &["producer"], "Producers"),
    ("Perla", "producer5", &["producer"], "Producers"),
    ("Philip", "producer6", &["producer"], "Producers"),
    ("Ines", "international.rep", &["international_rep"], "International representative"),
    ("Carla", "counsel", &["counsel"], "Union counsel"),
    ("Finn", "financier", &["financier"], "Financier"),
    ("Greta", "guarantor", &["guarantor"], "Completion guarantor"),
];

/// Somebody who can sign in.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Member {
    /// Their name.
    pub(super) name: String,
    /// Their address.
    pub(super) email: String,
    /// Their password.
    pub(super) password: String,
    /// None until there is a second factor.
    pub(super) otp_secret: Option<String>,
    /// Their side.
    pub(super) side: &'static str,
    /// What they do on the show.
    pub(super) roles: Vec<String>,
    /// Where they sit.
    pub(super) desks: Vec<String>,
}

/// The show with its people.
#[derive(Debug)]
pub(super) struct Western {
    /// The code on its poster.
    pub(super) crew_code: String,
    /// Everybody, in the order of the chain.
    pub(super) members: Vec<Member>,
}

impl Western {
    /// The member with this role.
    ///
    /// # Errors
    /// If nobody has it.
    pub(super) fn with_role(&self, role: &str) -> anyhow::Result<&Member> {
        let found = self.members.iter().find(|m| m.roles.iter().any(|r| r == role));
        found.ok_or_else(|| anyhow::anyhow!("nobody is {role} on this show"))
    }
}

/// Makes the show: production, desks, and everybody accepted. `progress` is told each name.
///
/// # Errors
/// If the service refuses anything of it.
pub(super) async fn assemble(app: &App, mut progress: impl FnMut(&str)) -> anyhow::Result<Western> {
    let host = Administrator::Host;
    let made = app
        .create_production(
            host,
            NewProduction {
                name: "Western".into(),
                slug: SLUG.into(),
                time_zone: "America/Denver".into(),
                policy: Some(policy()),
            },
        )
        .await?;
    app.change_production(host, made.id, settings()).await?;
    let mut desks = BTreeMap::new();
    for desk in &DESKS {
        let new = NewDesk { name: desk.name.into(), side: desk.side, level: desk.level };
        desks.insert(desk.name, (app.add_desk(host, made.id, new).await?.id, desk.side));
    }
    let mut members = Vec::new();
    for (name, address, roles, desk) in PEOPLE {
        let Some((id, side)) = desks.get(desk) else { anyhow::bail!("no desk {desk}") };
        progress(name);
        let email = format!("{address}@western.example");
        let password = format!("{address} rides at dawn");
        let roles: Vec<String> = roles.iter().map(|r| (*r).to_owned()).collect();
        let (_, code) = app.invite_by_hand(*id, &email, &roles).await?;
        app.accept(&code.code, name, &password).await?;
        let desks = vec![desk.to_owned()];
        members.push(Member { name: name.into(), email, password, otp_secret: None, side: side.code(), roles, desks });
    }
    Ok(Western { crew_code: made.crew_code, members })
}

fn settings() -> SettingsChange {
    let named = |list: &[(&str, &str)]| {
        Some(list.iter().map(|(code, name)| Named { code: (*code).into(), name: (*name).into() }).collect())
    };
    SettingsChange {
        crew_size: Some(120),
        places: named(&[("church", "The church"), ("stage_2", "Stage 2"), ("base_camp", "Base camp")]),
        departments: named(&[("camera", "Camera"), ("props", "Props"), ("grip", "Grip")]),
        ..SettingsChange::default()
    }
}

/// The shipped ladder, with seconds for minutes and hours.
fn policy() -> PolicyDocument {
    let row = |acknowledge: &[u32], answer: u32, written: Option<u32>| Windows {
        acknowledge: acknowledge.iter().copied().map(Seconds).collect(),
        answer: Seconds(answer),
        written: written.map(Seconds),
    };
    PolicyDocument {
        steps: WindowRow::ALL.into_iter().map(|row| (row, Seconds(1))).collect(),
        windows: BTreeMap::from([
            (WindowRow::Immediate, row(&[10, 12], 15, Some(60))),
            (WindowRow::NextSetup, row(&[10, 12, 14], 40, None)),
            (WindowRow::NextCall, row(&[12, 14, 16], 45, None)),
            (WindowRow::Concern, row(&[14, 16, 18], 50, None)),
            (WindowRow::Retaliation, row(&[14, 16, 18], 50, None)),
        ]),
        contest_seconds: Seconds(600),
        verification: Severity::ALL.into_iter().map(|severity| (severity, Seconds(120))).collect(),
        observers: vec![Severity::Immediate, Severity::NextSetup, Severity::NextCall],
        repeated: Repeated { after: Seconds(1), within: Seconds::days(7) },
    }
}
