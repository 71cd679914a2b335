-- Who makes the show, and which policy and roster are in force.
CREATE TABLE productions (
    id BYTEA NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    policy_version INTEGER NOT NULL,
    roster_version INTEGER NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX productions_slug ON productions (slug);

-- A keyed hash finds the code; the sealed form prints posters again.
CREATE TABLE crew_codes (
    mac BYTEA NOT NULL PRIMARY KEY,
    production_id BYTEA NOT NULL REFERENCES productions (id),
    sealed BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'old', 'burned')),
    full_until BIGINT,
    until BIGINT
);
CREATE INDEX crew_codes_production ON crew_codes (production_id);

CREATE TABLE policies (
    production_id BYTEA NOT NULL REFERENCES productions (id),
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    levels TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('in_force', 'pending', 'replaced')),
    agreed_by BYTEA,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (production_id, version)
);

CREATE TABLE desks (
    id BYTEA NOT NULL PRIMARY KEY,
    production_id BYTEA NOT NULL REFERENCES productions (id),
    name TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('production', 'union', 'observer')),
    level INTEGER,
    ended_at BIGINT
);
CREATE INDEX desks_production ON desks (production_id);

-- A row exists from the acceptance of an invitation on.
CREATE TABLE members (
    id BYTEA NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    is_operator BOOLEAN NOT NULL,
    salt BYTEA NOT NULL,
    sign_in BYTEA NOT NULL,
    seed_by_password BYTEA NOT NULL,
    seed_by_words BYTEA NOT NULL,
    reading_key BYTEA NOT NULL,
    signing_key BYTEA NOT NULL,
    failures INTEGER NOT NULL,
    slow_until BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX members_email ON members (email);

CREATE TABLE seats (
    id BYTEA NOT NULL PRIMARY KEY,
    production_id BYTEA NOT NULL REFERENCES productions (id),
    desk_id BYTEA NOT NULL REFERENCES desks (id),
    member_id BYTEA NOT NULL REFERENCES members (id),
    roles TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    removed_at BIGINT,
    let_in_at BIGINT,
    let_in_by BYTEA REFERENCES members (id),
    handed_out BOOLEAN NOT NULL
);
-- One place per person and desk at a time; a removed one may come back.
CREATE UNIQUE INDEX seats_once ON seats (desk_id, member_id) WHERE removed_at IS NULL;
CREATE INDEX seats_production ON seats (production_id);
CREATE INDEX seats_member ON seats (member_id);

CREATE TABLE rosters (
    production_id BYTEA NOT NULL REFERENCES productions (id),
    version INTEGER NOT NULL,
    body BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (production_id, version)
);

CREATE TABLE invitations (
    id BYTEA NOT NULL PRIMARY KEY,
    production_id BYTEA REFERENCES productions (id),
    desk_id BYTEA REFERENCES desks (id),
    email TEXT NOT NULL,
    roles TEXT NOT NULL,
    is_operator BOOLEAN NOT NULL,
    renews BOOLEAN NOT NULL,
    code_hash BYTEA,
    handed_out BOOLEAN NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX invitations_code ON invitations (code_hash);
CREATE INDEX invitations_desk ON invitations (desk_id);

-- Credentials of somebody who lost both password and words, until people of their side have confirmed them.
CREATE TABLE renewals (
    member_id BYTEA NOT NULL PRIMARY KEY REFERENCES members (id),
    salt BYTEA NOT NULL,
    sign_in BYTEA NOT NULL,
    seed_by_password BYTEA NOT NULL,
    seed_by_words BYTEA NOT NULL,
    reading_key BYTEA NOT NULL,
    signing_key BYTEA NOT NULL,
    made_at BIGINT NOT NULL
);

CREATE TABLE renewal_confirmations (
    member_id BYTEA NOT NULL REFERENCES members (id),
    production_id BYTEA NOT NULL REFERENCES productions (id),
    by_member BYTEA NOT NULL REFERENCES members (id),
    PRIMARY KEY (member_id, production_id)
);

-- What somebody signed with an earlier key stays theirs.
CREATE TABLE former_keys (
    signing_key BYTEA NOT NULL PRIMARY KEY,
    reading_key BYTEA NOT NULL,
    member_id BYTEA NOT NULL REFERENCES members (id)
);
CREATE INDEX former_keys_member ON former_keys (member_id);

CREATE TABLE absences (
    member_id BYTEA NOT NULL PRIMARY KEY REFERENCES members (id),
    from_at BIGINT NOT NULL,
    to_at BIGINT NOT NULL,
    substitute BYTEA REFERENCES members (id)
);
CREATE INDEX absences_substitute ON absences (substitute);

-- The last one of each production, and who pressed that it arrived.
CREATE TABLE test_notices (
    production_id BYTEA NOT NULL PRIMARY KEY REFERENCES productions (id),
    sent_at BIGINT NOT NULL
);

CREATE TABLE test_confirmations (
    production_id BYTEA NOT NULL REFERENCES productions (id),
    member_id BYTEA NOT NULL REFERENCES members (id),
    confirmed_at BIGINT NOT NULL,
    PRIMARY KEY (production_id, member_id)
);

CREATE TABLE sessions (
    id BYTEA NOT NULL PRIMARY KEY,
    member_id BYTEA NOT NULL REFERENCES members (id),
    sealed_seed BYTEA NOT NULL,
    absolute_end BIGINT NOT NULL,
    idle_end BIGINT NOT NULL,
    refresh_hash BYTEA NOT NULL,
    previous_hash BYTEA,
    rotated_at BIGINT,
    successor_used BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX sessions_refresh ON sessions (refresh_hash);
CREATE INDEX sessions_previous ON sessions (previous_hash);
CREATE INDEX sessions_member ON sessions (member_id);

-- From here to `links`: tables about reports. No foreign keys to reports on the way of a filing: 25 child rows would mean
-- 25 look-ups and row locks; erasing names each table instead.
CREATE TABLE reports (
    id BYTEA NOT NULL PRIMARY KEY,
    production_id BYTEA NOT NULL,
    lookup BYTEA NOT NULL,
    content_tag BYTEA NOT NULL,
    verify_key BYTEA NOT NULL,
    reading_key BYTEA NOT NULL,
    ledger_key BYTEA NOT NULL,
    handle TEXT NOT NULL,
    chain TEXT NOT NULL,
    category TEXT NOT NULL,
    severity TEXT NOT NULL,
    stage TEXT NOT NULL,
    awaiting TEXT,
    level INTEGER NOT NULL,
    cycle INTEGER NOT NULL,
    due_at BIGINT,
    board_at BIGINT NOT NULL,
    board_at_union BIGINT NOT NULL,
    wake_at BIGINT,
    deliver_at BIGINT,
    outcome TEXT,
    holder BYTEA,
    policy_version INTEGER NOT NULL,
    roster_version INTEGER NOT NULL,
    overflow BOOLEAN NOT NULL,
    unanswered BOOLEAN NOT NULL,
    delivered_from BIGINT,
    delivered_to BIGINT,
    counts_for_repeated BOOLEAN NOT NULL,
    digest BYTEA NOT NULL,
    digest_signature BYTEA NOT NULL,
    size_steps INTEGER NOT NULL,
    prev_entry BYTEA,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    open BOOLEAN NOT NULL,
    outages_until BIGINT NOT NULL,
    kept_out BYTEA NOT NULL,
    told_production INTEGER NOT NULL,
    told_union INTEGER NOT NULL
);
CREATE UNIQUE INDEX reports_lookup ON reports (lookup);
-- What the engine sleeps for. The predicate is a literal in the queries too: a bound value would scan the table.
CREATE INDEX reports_wake ON reports (wake_at) WHERE open;
-- The boards: overdue and nearest first, none last, then by id; each side by what it is shown, and within it one range
-- for each highest level told, so that a page reads nothing that its reader's level was not told. What filters ask for
-- stands behind the place, so that whatever they leave out is passed over in the index.
CREATE INDEX reports_board
    ON reports (production_id, told_production, board_at, id, stage, category, awaiting, level, unanswered);
CREATE INDEX reports_board_union
    ON reports (production_id, told_union, board_at_union, id, stage, category, awaiting, level, unanswered);
CREATE INDEX reports_unanswered ON reports (production_id, id) WHERE unanswered;
CREATE INDEX reports_repeated ON reports (production_id, category, delivered_to) WHERE counts_for_repeated;

-- What was said together, and the envelopes that open it: a filing has three units and an envelope for every seat.
CREATE TABLE sealed (
    report_id BYTEA NOT NULL,
    group_id BYTEA NOT NULL,
    event_seq INTEGER NOT NULL,
    envelopes BYTEA NOT NULL,
    units BYTEA NOT NULL,
    PRIMARY KEY (report_id, group_id)
);
-- Sealed bytes do not get smaller by compressing. Envelopes of the usual number stay in their row.
ALTER TABLE sealed ALTER COLUMN envelopes SET STORAGE EXTERNAL;
ALTER TABLE sealed ALTER COLUMN units SET STORAGE EXTERNAL;
ALTER TABLE sealed SET (toast_tuple_target = 4080);

-- Reports that were open when somebody was let in, and that nobody has re-sealed to them yet.
CREATE TABLE resealings (
    report_id BYTEA NOT NULL,
    member_id BYTEA NOT NULL,
    production_id BYTEA NOT NULL,
    PRIMARY KEY (report_id, member_id)
);
CREATE INDEX resealings_production ON resealings (production_id, report_id);

CREATE TABLE events (
    report_id BYTEA NOT NULL,
    seq INTEGER NOT NULL,
    id BYTEA NOT NULL,
    at_from BIGINT NOT NULL,
    at_to BIGINT NOT NULL,
    kind TEXT NOT NULL,
    chain TEXT NOT NULL,
    level INTEGER NOT NULL,
    cycle INTEGER NOT NULL,
    n INTEGER NOT NULL,
    member_id BYTEA,
    role TEXT,
    body TEXT NOT NULL,
    mac BYTEA NOT NULL,
    PRIMARY KEY (report_id, seq)
);
-- Nothing fires twice, whoever races.
CREATE UNIQUE INDEX events_once ON events (report_id, chain, level, cycle, kind, n) WHERE kind <> 'lifted';

-- A row here, in the same transaction, is what lets the events of one report go.
CREATE TABLE erasures (
    report_id BYTEA NOT NULL PRIMARY KEY
);

CREATE TABLE idempotency (
    scope BYTEA NOT NULL,
    key BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);

-- The id is a part of the key, so that nothing is put here twice; for a notice about a report behind the beginning of the
-- report's id, so that those of one filing lie on one page.
CREATE TABLE outbox (
    id BYTEA NOT NULL PRIMARY KEY,
    key BYTEA NOT NULL,
    kind TEXT NOT NULL,
    report_id BYTEA,
    member_id BYTEA,
    invitation_id BYTEA,
    production_id BYTEA,
    email TEXT,
    body TEXT NOT NULL,
    due_at BIGINT,
    next_attempt_at BIGINT NOT NULL,
    leased_until BIGINT,
    attempts INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'dead')),
    CHECK (report_id IS NULL OR substring(id FROM 1 FOR 8) = substring(report_id FROM 1 FOR 8))
);
CREATE INDEX outbox_next ON outbox (next_attempt_at) WHERE state = 'waiting';

CREATE TABLE deliveries (
    id BYTEA NOT NULL PRIMARY KEY,
    report_id BYTEA,
    seat_id BYTEA,
    member_id BYTEA NOT NULL,
    mail_hash BYTEA NOT NULL,
    kind TEXT NOT NULL,
    reply TEXT NOT NULL,
    span_from BIGINT NOT NULL,
    span_to BIGINT NOT NULL,
    level INTEGER NOT NULL,
    cycle INTEGER NOT NULL
);
CREATE INDEX deliveries_report ON deliveries (report_id);

-- learned_from: the report whose notice came back; zeros for a notice about none.
CREATE TABLE addresses (
    email TEXT NOT NULL,
    learned_from BYTEA NOT NULL,
    dead_since BIGINT NOT NULL,
    reply TEXT NOT NULL,
    PRIMARY KEY (email, learned_from)
);

CREATE TABLE links (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    report_id BYTEA NOT NULL,
    member_id BYTEA NOT NULL,
    cycle INTEGER NOT NULL,
    due_at BIGINT NOT NULL
);
CREATE INDEX links_report ON links (report_id);
CREATE INDEX links_due ON links (due_at);

-- One row per committed batch of writes: shows whether a COMMIT whose answer was lost took place. The hour only: the
-- exact moment of a filing must not be read from here.
CREATE TABLE batches (
    id BYTEA NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);

-- What opens the commitments of leaves that were written together, a group to a row. It stays where it was written when its
-- leaves get places. Groups about one report lie side by side, and are found by the beginning of their ids; they go with the
-- report. Padding has none.
CREATE TABLE ledger_openings (
    id BYTEA NOT NULL PRIMARY KEY,
    report_id BYTEA,
    packed BYTEA NOT NULL,
    CHECK (report_id IS NULL OR substring(id FROM 1 FOR 8) = substring(report_id FROM 1 FOR 8))
);
-- The public ones.
CREATE INDEX ledger_openings_public ON ledger_openings (id) WHERE report_id IS NULL;

-- Leaves that have no place yet, 65 bytes each in the order of what opens them and by its id; like their places (8 bytes each)
-- after that.
CREATE TABLE ledger_pending (
    id BYTEA NOT NULL PRIMARY KEY,
    packed BYTEA NOT NULL,
    recorded_at BIGINT NOT NULL
);

CREATE TABLE ledger_places (
    id BYTEA NOT NULL PRIMARY KEY,
    packed BYTEA NOT NULL
);

CREATE TABLE ledger_leaves (
    idx BIGINT NOT NULL PRIMARY KEY,
    leaf BYTEA NOT NULL
);

CREATE TABLE ledger_tiles (
    level INTEGER NOT NULL,
    n BIGINT NOT NULL,
    width INTEGER NOT NULL,
    hashes BYTEA NOT NULL,
    PRIMARY KEY (level, n)
);

-- A log has one origin; another one is begun only where a database was restored from an older copy.
CREATE TABLE ledger_logs (
    number INTEGER NOT NULL PRIMARY KEY,
    origin TEXT NOT NULL,
    from_size BIGINT NOT NULL,
    opened_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX ledger_logs_origin ON ledger_logs (origin);

CREATE TABLE ledger_checkpoints (
    log INTEGER NOT NULL,
    size BIGINT NOT NULL,
    note TEXT NOT NULL,
    signed_at BIGINT NOT NULL,
    PRIMARY KEY (log, size)
);
CREATE INDEX ledger_checkpoints_signed ON ledger_checkpoints (log, signed_at);

CREATE TABLE ledger_cosignatures (
    log INTEGER NOT NULL,
    size BIGINT NOT NULL,
    witness TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (log, size, witness)
);
-- How far each witness has come.
CREATE INDEX ledger_cosignatures_of_witness ON ledger_cosignatures (log, witness, size);

-- The last tick that was integrated: one row, id 1.
CREATE TABLE ledger_ticks (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    last BIGINT NOT NULL
);
INSERT INTO ledger_ticks (id, last) VALUES (1, 0);

CREATE TABLE heartbeats (
    instance BYTEA NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);

-- One row, id 1.
CREATE TABLE engine_state (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    held BOOLEAN NOT NULL,
    held_reason TEXT
);
INSERT INTO engine_state (id, held, held_reason) VALUES (1, FALSE, NULL);

CREATE TABLE outages (
    began_at BIGINT NOT NULL PRIMARY KEY,
    ended_at BIGINT NOT NULL,
    counted BOOLEAN NOT NULL
);

-- Of the secrets, so that a start with others is refused.
CREATE TABLE fingerprints (
    name TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

-- Filings per production and hour.
CREATE TABLE budget (
    production_id BYTEA NOT NULL,
    hour BIGINT NOT NULL,
    filed INTEGER NOT NULL,
    PRIMARY KEY (production_id, hour)
);

-- What was recorded is never changed, and goes only with a report that is being erased.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are never changed or deleted', TG_TABLE_NAME;
END $$;
CREATE FUNCTION refuse_unless_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM erasures WHERE report_id = OLD.report_id) THEN
        RAISE EXCEPTION '% rows are never deleted', TG_TABLE_NAME;
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER events_unchanged BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_kept BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased();
CREATE TRIGGER events_not_emptied BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_leaves_unchanged BEFORE UPDATE ON ledger_leaves FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_leaves_kept BEFORE DELETE ON ledger_leaves FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_leaves_not_emptied BEFORE TRUNCATE ON ledger_leaves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_checkpoints_unchanged BEFORE UPDATE ON ledger_checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_checkpoints_kept BEFORE DELETE ON ledger_checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_checkpoints_not_emptied BEFORE TRUNCATE ON ledger_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_logs_unchanged BEFORE UPDATE ON ledger_logs FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_logs_kept BEFORE DELETE ON ledger_logs FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_logs_not_emptied BEFORE TRUNCATE ON ledger_logs FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_cosignatures_unchanged BEFORE UPDATE ON ledger_cosignatures FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_cosignatures_kept BEFORE DELETE ON ledger_cosignatures FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_cosignatures_not_emptied BEFORE TRUNCATE ON ledger_cosignatures FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_places_unchanged BEFORE UPDATE ON ledger_places FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_pending_unchanged BEFORE UPDATE ON ledger_pending FOR EACH ROW EXECUTE FUNCTION refuse_change();
