//! Productions and people come back as they were stored, and what is unique stays so.

use lastlooks::{
    domain::{
        ids::{DeskId, InvitationId, MemberId, ProductionId, SeatId, SessionId},
        time::UtcMillis,
    },
    storage::{
        Bytes, Storage, StorageError, Tx,
        people::{self, InvitationRow, MemberRow, RosterRow, SeatRow, SessionRow},
        productions::{self, CrewCodeRow, DeskRow, PolicyRow, ProductionRow},
    },
};

use super::KEY;
use crate::support::TestDatabase;

const PRODUCTION: ProductionId = ProductionId::new([1; 16]);
const DESK: DeskId = DeskId::new([2; 16]);
const MEMBER: MemberId = MemberId::new([3; 16]);
const AT: UtcMillis = UtcMillis::new(1_000);

fn production() -> ProductionRow {
    ProductionRow {
        id: PRODUCTION,
        slug: "western".to_owned(),
        name: "A Western".to_owned(),
        settings: "{}".to_owned(),
        policy_version: 1,
        roster_version: 0,
        revision: 1,
        created_at: AT,
    }
}

fn desk() -> DeskRow {
    DeskRow {
        id: DESK,
        production_id: PRODUCTION,
        name: "Shop steward".to_owned(),
        side: "union".to_owned(),
        level: Some(1),
        ended_at: None,
    }
}

fn member() -> MemberRow {
    MemberRow {
        id: MEMBER,
        email: "ana@example.org".to_owned(),
        name: "Ana".to_owned(),
        is_operator: false,
        salt: vec![1; 16],
        sign_in: Bytes([2; 32]),
        seed_by_password: vec![3; 72],
        seed_by_words: vec![4; 72],
        reading_key: Bytes([5; 32]),
        signing_key: Bytes([6; 32]),
        failures: 0,
        slow_until: None,
        created_at: AT,
    }
}

fn seat(id: u8) -> SeatRow {
    SeatRow {
        id: SeatId::new([id; 16]),
        production_id: PRODUCTION,
        desk_id: DESK,
        member_id: MEMBER,
        roles: r#"["steward"]"#.to_owned(),
        added_at: AT,
        removed_at: None,
        let_in_at: None,
        let_in_by: None,
        handed_out: true,
    }
}

fn session() -> SessionRow {
    SessionRow {
        id: SessionId::new([5; 16]),
        member_id: MEMBER,
        sealed_seed: vec![1; 72],
        absolute_end: UtcMillis::new(9_000),
        idle_end: UtcMillis::new(5_000),
        refresh_hash: Bytes([1; 32]),
        previous_hash: None,
        rotated_at: None,
        successor_used: false,
    }
}

fn do_write(
    storage: &Storage,
    work: impl Fn(&mut Tx) -> Result<(), StorageError> + Send + 'static,
) -> Result<(), StorageError> {
    storage.write_blocking(&KEY, work)
}

fn seated(database: &TestDatabase) -> Storage {
    let storage = database.open();
    do_write(&storage, |tx| {
        productions::add(tx, &production())?;
        productions::add_desk(tx, &desk())?;
        people::add_member(tx, &member())?;
        people::add_seat(tx, &seat(4))
    })
    .unwrap();
    storage
}

#[test]
fn a_production_keeps_its_codes_policies_and_desks() {
    for database in TestDatabase::each() {
        let storage = seated(&database);
        let code = CrewCodeRow {
            mac: Bytes([1; 32]),
            production_id: PRODUCTION,
            sealed: vec![9; 48],
            state: "active".to_owned(),
            full_until: None,
            until: None,
        };
        let policy = PolicyRow {
            production_id: PRODUCTION,
            version: 1,
            document: "{}".to_owned(),
            levels: "[]".to_owned(),
            state: "pending".to_owned(),
            agreed_by: None,
            created_at: AT,
        };
        let (old, pending) = (CrewCodeRow { state: "old".to_owned(), until: Some(AT), ..code.clone() }, policy.clone());
        let saved = old.clone();
        do_write(&storage, move |tx| {
            productions::add_crew_code(tx, &code)?;
            productions::save_crew_code(tx, &saved)?;
            productions::add_policy(tx, &pending)?;
            productions::set_policy_state(tx, PRODUCTION, 1, "in_force", Some(MEMBER))?;
            productions::save(tx, &ProductionRow { roster_version: 7, ..production() })?;
            productions::save_desk(tx, &DeskRow { level: None, ended_at: Some(AT), ..desk() })
        })
        .unwrap();
        storage
            .read_blocking(move |c| {
                let expected = ProductionRow { roster_version: 7, revision: 2, ..production() };
                assert_eq!(productions::find(c, PRODUCTION)?, Some(expected.clone()));
                assert_eq!(productions::by_slug(c, "western")?, Some(expected.clone()));
                assert_eq!(productions::all(c)?, [expected]);
                assert_eq!(productions::crew_code(c, &[1; 32])?, Some(old.clone()));
                assert_eq!(productions::crew_code(c, &[2; 32])?, None);
                assert_eq!(productions::crew_codes(c, PRODUCTION)?, std::slice::from_ref(&old));
                let in_force = PolicyRow { state: "in_force".to_owned(), agreed_by: Some(MEMBER), ..policy.clone() };
                assert_eq!(productions::policy(c, PRODUCTION, 1)?, Some(in_force.clone()));
                assert_eq!(productions::policies(c, PRODUCTION)?, [in_force]);
                let ended = DeskRow { level: None, ended_at: Some(AT), ..desk() };
                assert_eq!(productions::desk(c, DESK)?, Some(ended.clone()));
                assert_eq!(productions::desks(c, PRODUCTION)?, [ended]);
                Ok::<_, StorageError>(())
            })
            .unwrap();
    }
}

#[test]
fn one_person_sits_at_a_desk_once_and_may_come_back_after_leaving() {
    for database in TestDatabase::each() {
        let storage = seated(&database);
        let again = do_write(&storage, |tx| people::add_seat(tx, &seat(5)));
        assert!(matches!(again, Err(StorageError::Duplicate(_))), "{again:?}");
        do_write(&storage, |tx| people::save_seat(tx, &SeatRow { removed_at: Some(AT), ..seat(4) })).unwrap();
        do_write(&storage, |tx| people::add_seat(tx, &seat(5))).unwrap();
        storage
            .read_blocking(|c| {
                assert_eq!(people::seats_of_member(c, MEMBER)?, [seat(5)]);
                let all = people::seats_of_production(c, PRODUCTION)?;
                assert_eq!(all, [(SeatRow { removed_at: Some(AT), ..seat(4) }, member()), (seat(5), member())]);
                Ok::<_, StorageError>(())
            })
            .unwrap();
    }
}

#[test]
fn an_address_has_one_account_and_a_code_one_invitation() {
    for database in TestDatabase::each() {
        let storage = seated(&database);
        let invitation = InvitationRow {
            id: InvitationId::new([6; 16]),
            production_id: Some(PRODUCTION),
            desk_id: Some(DESK),
            email: "ana@example.org".to_owned(),
            roles: "[]".to_owned(),
            is_operator: false,
            renews: false,
            code_hash: None,
            handed_out: false,
            expires_at: UtcMillis::new(9_000),
            used_at: None,
            created_at: AT,
        };
        let printed = InvitationRow { code_hash: Some(Bytes([7; 32])), ..invitation.clone() };
        let (first, second) = (invitation.clone(), InvitationRow { id: InvitationId::new([7; 16]), ..printed.clone() });
        let saved = printed.clone();
        do_write(&storage, move |tx| {
            people::add_invitation(tx, &first)?;
            people::save_invitation(tx, &saved)
        })
        .unwrap();
        let twice = do_write(&storage, move |tx| people::add_invitation(tx, &second));
        assert!(matches!(twice, Err(StorageError::Duplicate(_))), "{twice:?}");
        let double =
            do_write(&storage, |tx| people::add_member(tx, &MemberRow { id: MemberId::new([9; 16]), ..member() }));
        assert!(matches!(double, Err(StorageError::Duplicate(_))), "{double:?}");
        do_write(&storage, |tx| people::save_member(tx, &MemberRow { failures: 3, slow_until: Some(AT), ..member() }))
            .unwrap();
        storage
            .read_blocking(move |c| {
                let slow = MemberRow { failures: 3, slow_until: Some(AT), ..member() };
                assert_eq!(people::member(c, MEMBER)?, Some(slow.clone()));
                assert_eq!(people::by_email(c, "ana@example.org")?, Some(slow));
                assert_eq!(people::invitation(c, printed.id)?, Some(printed.clone()));
                assert_eq!(people::invitation_by_code(c, &[7; 32])?, Some(printed.clone()));
                assert_eq!(people::invitations_to_desk(c, DESK)?, std::slice::from_ref(&printed));
                Ok::<_, StorageError>(())
            })
            .unwrap();
    }
}

#[test]
fn a_roster_version_is_made_once() {
    for database in TestDatabase::each() {
        let storage = seated(&database);
        let row =
            RosterRow { production_id: PRODUCTION, version: 1, body: vec![1, 2], hash: Bytes([1; 32]), created_at: AT };
        let expected = row.clone();
        let add = move |tx: &mut Tx| people::add_roster(tx, &row);
        do_write(&storage, add.clone()).unwrap();
        assert!(matches!(do_write(&storage, add), Err(StorageError::Duplicate(_))));
        let found = storage.read_blocking(|c| people::rosters(c, PRODUCTION)).unwrap();
        assert_eq!(found, std::slice::from_ref(&expected));
        assert_eq!(storage.read_blocking(|c| people::roster(c, PRODUCTION, 1)).unwrap(), Some(expected));
    }
}

#[test]
fn a_session_that_was_ended_is_not_brought_back_by_saving_it() {
    for database in TestDatabase::each() {
        let storage = seated(&database);
        let rotated = SessionRow {
            refresh_hash: Bytes([2; 32]),
            previous_hash: Some(Bytes([1; 32])),
            rotated_at: Some(AT),
            ..session()
        };
        let saved = rotated.clone();
        do_write(&storage, move |tx| {
            people::add_session(tx, &session())?;
            people::save_session(tx, &saved)
        })
        .unwrap();
        storage
            .read_blocking(move |c| {
                assert_eq!(people::session(c, session().id)?, Some(rotated.clone()));
                assert_eq!(people::session_by_refresh(c, &[1; 32])?, Some(rotated.clone()));
                assert_eq!(people::session_by_refresh(c, &[2; 32])?, Some(rotated.clone()));
                assert_eq!(people::session_by_refresh(c, &[3; 32])?, None);
                Ok::<_, StorageError>(())
            })
            .unwrap();
        do_write(&storage, |tx| people::end_old_sessions(tx, UtcMillis::new(4_999))).unwrap();
        do_write(&storage, |tx| people::save_session(tx, &session())).unwrap();
        do_write(&storage, |tx| people::end_old_sessions(tx, UtcMillis::new(5_000))).unwrap();
        assert_eq!(do_write(&storage, |tx| people::save_session(tx, &session())), Err(StorageError::Conflict));
        do_write(&storage, |tx| people::add_session(tx, &session())).unwrap();
        do_write(&storage, |tx| people::end_sessions_of(tx, MEMBER)).unwrap();
        assert_eq!(storage.read_blocking(|c| people::session(c, session().id)).unwrap(), None);
    }
}
