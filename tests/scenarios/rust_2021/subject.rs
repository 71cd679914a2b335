//! Report 4 is about the 1st assistant director, who is all of level 1 on the production's side.

use super::{all_missed, begin, body, files, missed, on, told, written};
use crate::support::app::on_each;

#[test]
fn the_subject_is_cut_out_and_cannot_tell() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let subject = western.first_ad();
        for number in 1..=3 {
            files(&mut days, &western, number, body(number));
        }
        days.until(on(17, 13, 19));
        let seen = |days: &crate::support::days::Days<'_>| {
            let list = subject.unlocked("GET", "/v1/reports?limit=100", None);
            let statistics = subject.unlocked("GET", "/v1/reports?unanswered=true&category=weapons", None);
            let mails = days.mails_to(&subject.email);
            (list.text(), list.header("etag").to_owned(), statistics.text(), mails)
        };
        let before = seen(&days);
        let mut about_them = body(4);
        about_them["subject_role"] = "1st_ad".into();
        let reporter = files(&mut days, &western, 4, about_them);
        assert_eq!(seen(&days), before, "nothing differs for the subject when it is filed");

        let at = |h, m| written(on(17, h, m));
        let lines = reporter.inbox()["timeline"].as_array().unwrap().clone();
        let skipped = lines.iter().find(|line| line["what"] == "no_recipient").expect("level 1 has nobody");
        assert_eq!(skipped["level"], 1);
        assert_eq!(told(&reporter), [(2, at(13, 20))]);
        let handle = reporter.filed["handle"].as_str().unwrap().to_owned();
        assert!(super::board(&western.steward()).contains(&handle));

        days.until(on(17, 13, 45));
        assert_eq!(seen(&days), before, "nothing differs for the subject when its deadlines pass");
        let acknowledgement = |level, at: String| (level, "acknowledgement".to_owned(), at);
        assert_eq!(missed(&reporter), [acknowledgement(2, at(13, 25)), acknowledgement(3, at(13, 40))]);
        assert!(western.producer(1).gets("/v1/reports?limit=100").text().contains(&handle));
        assert!(!western.producer(1).unlocked("GET", "/v1/reports?limit=100", None).text().contains("no_recipient"));

        for number in 5..=7 {
            files(&mut days, &western, number, body(number));
        }
        days.until(on(21, 8, 0));
        assert_eq!(all_missed(set), 20);
        assert!(!super::board(&subject).contains(&handle));
    });
}
