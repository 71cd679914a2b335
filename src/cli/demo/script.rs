//! The seven reports: what was seen on a set in October 2021, as the crew could have filed it.
//!
//! What happened is public record; the words are ours.

use serde_json::{Value, json};

/// One report of the story.
pub(super) struct Scene {
    /// What was seen, for the terminal.
    pub(super) seen: &'static str,
    /// Category and kind.
    about: (&'static str, &'static str),
    /// The severity that was chosen.
    severity: &'static str,
    ongoing: &'static str,
    make_safe: &'static str,
    narrative: &'static str,
    /// Leaving tonight: raised before with the unit production manager, who did not answer.
    leaving: bool,
}

/// The reports, in the order of their days.
#[rustfmt::skip]
pub(super) const SCENES: [Scene; 7] = [
    Scene {
        seen: "Saturday 10:40. A prop rifle goes off when its hammer is let down: blank round, indoors.",
        about: ("weapons", "went_off_unintended"), severity: "next_setup", ongoing: "no",
        make_safe: "stop gun work until every weapon was checked", narrative: "The rifle went off when the hammer was let down.", leaving: false,
    },
    Scene {
        seen: "Saturday 15:05. A revolver goes off while it is being loaded, at the loader's own foot.",
        about: ("weapons", "went_off_unintended"), severity: "next_setup", ongoing: "no",
        make_safe: "somebody else loads, away from people", narrative: "Second time today.", leaving: false,
    },
    Scene {
        seen: "Sunday 09:30. A special-effects charge goes off around the crew between takes, with no warning.",
        about: ("explosives_sfx", "no_warning"), severity: "next_setup", ongoing: "unknown",
        make_safe: "a loud warning before every charge", narrative: "Nobody had called it.", leaving: false,
    },
    Scene {
        seen: "Sunday 13:20. Guns and rifles lie in the open with nobody by them, for minutes.",
        about: ("weapons", "left_unattended"), severity: "next_call", ongoing: "yes",
        make_safe: "lock the cart", narrative: "Anybody could have picked one up.", leaving: false,
    },
    Scene {
        seen: "Monday 08:10. Gunfights are not rehearsed; the training that was asked for is cut short.",
        about: ("rehearsal_and_process", "rehearsal_skipped"), severity: "next_call", ongoing: "yes",
        make_safe: "rehearse with replicas before any gunfight", narrative: "We were told there is no time.", leaving: false,
    },
    Scene {
        seen: "Monday 21:30. The crew is sent to a motel 50 miles off, after 13 hours or more.",
        about: ("fatigue", "rest_breach"), severity: "next_call", ongoing: "yes",
        make_safe: "rooms near the set, or a later call", narrative: "People drive home asleep.", leaving: false,
    },
    Scene {
        seen: "Wednesday 19:00. Three accidents, no safety meetings, no answer to earlier complaints: people leave tonight.",
        about: ("rehearsal_and_process", "no_safety_meeting"), severity: "next_setup", ongoing: "yes",
        make_safe: "a safety meeting before the next setup", narrative: "We wrote, and nobody answered.", leaving: true,
    },
];

/// Which report the unit production manager answers in time.
pub(super) const ANSWERED: usize = 0;

/// What they answer.
pub(super) const ANSWER: &str = "all weapons locked up, armorer's duties separated, rehearsal rescheduled";

impl Scene {
    /// The body of the filing, under this receipt.
    pub(super) fn body(&self, receipt: &str) -> Value {
        let mut body = json!({
            "receipt": receipt,
            "category": self.about.0,
            "kind": self.about.1,
            "severity": self.severity,
            "ongoing": self.ongoing,
            "make_safe": self.make_safe,
            "narrative": self.narrative,
        });
        if self.leaving {
            body["raised_before"] = json!("yes");
            body["raised_with"] = json!("upm");
            body["was_answered"] = json!("no");
            body["considering_refusal"] = json!(true);
        }
        body
    }
}
