-- Who makes the show, and which policy and roster are in force.
CREATE TABLE productions (
    id BLOB NOT NULL PRIMARY KEY,
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
    mac BLOB NOT NULL PRIMARY KEY,
    production_id BLOB NOT NULL REFERENCES productions (id),
    sealed BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'old', 'burned')),
    full_until BIGINT,
    until BIGINT
);
CREATE INDEX crew_codes_production ON crew_codes (production_id);

CREATE TABLE policies (
    production_id BLOB NOT NULL REFERENCES productions (id),
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    levels TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('in_force', 'pending', 'replaced')),
    agreed_by BLOB,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (production_id, version)
);

CREATE TABLE desks (
    id BLOB NOT NULL PRIMARY KEY,
    production_id BLOB NOT NULL REFERENCES productions (id),
    name TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('production', 'union', 'observer')),
    level INTEGER,
    ended_at BIGINT
);
CREATE INDEX desks_production ON desks (production_id);

-- A row exists from the acceptance of an invitation on.
CREATE TABLE members (
    id BLOB NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    is_operator BOOLEAN NOT NULL,
    salt BLOB NOT NULL,
    sign_in BLOB NOT NULL,
    seed_by_password BLOB NOT NULL,
    seed_by_words BLOB NOT NULL,
    reading_key BLOB NOT NULL,
    signing_key BLOB NOT NULL,
    failures INTEGER NOT NULL,
    slow_until BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX members_email ON members (email);

CREATE TABLE seats (
    id BLOB NOT NULL PRIMARY KEY,
    production_id BLOB NOT NULL REFERENCES productions (id),
    desk_id BLOB NOT NULL REFERENCES desks (id),
    member_id BLOB NOT NULL REFERENCES members (id),
    roles TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    removed_at BIGINT,
    let_in_at BIGINT,
    let_in_by BLOB REFERENCES members (id),
    handed_out BOOLEAN NOT NULL
);
-- One place per person and desk at a time; a removed one may come back.
CREATE UNIQUE INDEX seats_once ON seats (desk_id, member_id) WHERE removed_at IS NULL;
CREATE INDEX seats_production ON seats (production_id);
CREATE INDEX seats_member ON seats (member_id);

CREATE TABLE rosters (
    production_id BLOB NOT NULL REFERENCES productions (id),
    version INTEGER NOT NULL,
    body BLOB NOT NULL,
    hash BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (production_id, version)
);

CREATE TABLE invitations (
    id BLOB NOT NULL PRIMARY KEY,
    production_id BLOB REFERENCES productions (id),
    desk_id BLOB REFERENCES desks (id),
    email TEXT NOT NULL,
    roles TEXT NOT NULL,
    is_operator BOOLEAN NOT NULL,
    renews BOOLEAN NOT NULL,
    code_hash BLOB,
    handed_out BOOLEAN NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX invitations_code ON invitations (code_hash);
CREATE INDEX invitations_desk ON invitations (desk_id);

-- Credentials of somebody who lost both password and words, until people of their side have confirmed them.
CREATE TABLE renewals (
    member_id BLOB NOT NULL PRIMARY KEY REFERENCES members (id),
    salt BLOB NOT NULL,
    sign_in BLOB NOT NULL,
    seed_by_password BLOB NOT NULL,
    seed_by_words BLOB NOT NULL,
    reading_key BLOB NOT NULL,
    signing_key BLOB NOT NULL,
    made_at BIGINT NOT NULL
);

CREATE TABLE renewal_confirmations (
    member_id BLOB NOT NULL REFERENCES members (id),
    production_id BLOB NOT NULL REFERENCES productions (id),
    by_member BLOB NOT NULL REFERENCES members (id),
    PRIMARY KEY (member_id, production_id)
);

-- What somebody signed with an earlier key stays theirs.
CREATE TABLE former_keys (
    signing_key BLOB NOT NULL PRIMARY KEY,
    reading_key BLOB NOT NULL,
    member_id BLOB NOT NULL REFERENCES members (id)
);
CREATE INDEX former_keys_member ON former_keys (member_id);

CREATE TABLE absences (
    member_id BLOB NOT NULL PRIMARY KEY REFERENCES members (id),
    from_at BIGINT NOT NULL,
    to_at BIGINT NOT NULL,
    substitute BLOB REFERENCES members (id)
);
CREATE INDEX absences_substitute ON absences (substitute);

-- The last one of each production, and who pressed that it arrived.
CREATE TABLE test_notices (
    production_id BLOB NOT NULL PRIMARY KEY REFERENCES productions (id),
    sent_at BIGINT NOT NULL
);

CREATE TABLE test_confirmations (
    production_id BLOB NOT NULL REFERENCES productions (id),
    member_id BLOB NOT NULL REFERENCES members (id),
    confirmed_at BIGINT NOT NULL,
    PRIMARY KEY (production_id, member_id)
);

CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    member_id BLOB NOT NULL REFERENCES members (id),
    sealed_seed BLOB NOT NULL,
    absolute_end BIGINT NOT NULL,
    idle_end BIGINT NOT NULL,
    refresh_hash BLOB NOT NULL,
    previous_hash BLOB,
    rotated_at BIGINT,
    successor_used BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX sessions_refresh ON sessions (refresh_hash);
CREATE INDEX sessions_previous ON sessions (previous_hash);
CREATE INDEX sessions_member ON sessions (member_id);

-- From here to `links`: tables about reports. No foreign keys to reports on the way of a filing: 25 child rows would mean
-- 25 look-ups and row locks; erasing names each table instead.
CREATE TABLE reports (
    id BLOB NOT NULL PRIMARY KEY,
    production_id BLOB NOT NULL,
    lookup BLOB NOT NULL,
    content_tag BLOB NOT NULL,
    verify_key BLOB NOT NULL,
    reading_key BLOB NOT NULL,
    ledger_key BLOB NOT NULL,
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
    holder BLOB,
    policy_version INTEGER NOT NULL,
    roster_version INTEGER NOT NULL,
    overflow BOOLEAN NOT NULL,
    unanswered BOOLEAN NOT NULL,
    delivered_from BIGINT,
    delivered_to BIGINT,
    counts_for_repeated BOOLEAN NOT NULL,
    digest BLOB NOT NULL,
    digest_signature BLOB NOT NULL,
    size_steps INTEGER NOT NULL,
    prev_entry BLOB,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    open BOOLEAN NOT NULL,
    outages_until BIGINT NOT NULL,
    kept_out BLOB NOT NULL,
    told_production INTEGER NOT NULL,
    told_union INTEGER NOT NULL
) WITHOUT ROWID;
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
    report_id BLOB NOT NULL,
    group_id BLOB NOT NULL,
    event_seq INTEGER NOT NULL,
    envelopes BLOB NOT NULL,
    units BLOB NOT NULL,
    PRIMARY KEY (report_id, group_id)
) WITHOUT ROWID;

-- Reports that were open when somebody was let in, and that nobody has re-sealed to them yet.
CREATE TABLE resealings (
    report_id BLOB NOT NULL,
    member_id BLOB NOT NULL,
    production_id BLOB NOT NULL,
    PRIMARY KEY (report_id, member_id)
) WITHOUT ROWID;
CREATE INDEX resealings_production ON resealings (production_id, report_id);

CREATE TABLE events (
    report_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    at_from BIGINT NOT NULL,
    at_to BIGINT NOT NULL,
    kind TEXT NOT NULL,
    chain TEXT NOT NULL,
    level INTEGER NOT NULL,
    cycle INTEGER NOT NULL,
    n INTEGER NOT NULL,
    member_id BLOB,
    role TEXT,
    body TEXT NOT NULL,
    mac BLOB NOT NULL,
    PRIMARY KEY (report_id, seq)
) WITHOUT ROWID;
-- Nothing fires twice, whoever races.
CREATE UNIQUE INDEX events_once ON events (report_id, chain, level, cycle, kind, n) WHERE kind <> 'lifted';

-- A row here, in the same transaction, is what lets the events of one report go.
CREATE TABLE erasures (
    report_id BLOB NOT NULL PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE idempotency (
    scope BLOB NOT NULL,
    key BLOB NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;

-- The id is a part of the key, so that nothing is put here twice; for a notice about a report behind the beginning of the
-- report's id, so that those of one filing lie on one page.
CREATE TABLE outbox (
    id BLOB NOT NULL PRIMARY KEY,
    key BLOB NOT NULL,
    kind TEXT NOT NULL,
    report_id BLOB,
    member_id BLOB,
    invitation_id BLOB,
    production_id BLOB,
    email TEXT,
    body TEXT NOT NULL,
    due_at BIGINT,
    next_attempt_at BIGINT NOT NULL,
    leased_until BIGINT,
    attempts INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'dead')),
    CHECK (report_id IS NULL OR substr(id, 1, 8) = substr(report_id, 1, 8))
) WITHOUT ROWID;
CREATE INDEX outbox_next ON outbox (next_attempt_at) WHERE state = 'waiting';

CREATE TABLE deliveries (
    id BLOB NOT NULL PRIMARY KEY,
    report_id BLOB,
    seat_id BLOB,
    member_id BLOB NOT NULL,
    mail_hash BLOB NOT NULL,
    kind TEXT NOT NULL,
    reply TEXT NOT NULL,
    span_from BIGINT NOT NULL,
    span_to BIGINT NOT NULL,
    level INTEGER NOT NULL,
    cycle INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX deliveries_report ON deliveries (report_id);

-- learned_from: the report whose notice came back; zeros for a notice about none.
CREATE TABLE addresses (
    email TEXT NOT NULL,
    learned_from BLOB NOT NULL,
    dead_since BIGINT NOT NULL,
    reply TEXT NOT NULL,
    PRIMARY KEY (email, learned_from)
) WITHOUT ROWID;

CREATE TABLE links (
    token_hash BLOB NOT NULL PRIMARY KEY,
    report_id BLOB NOT NULL,
    member_id BLOB NOT NULL,
    cycle INTEGER NOT NULL,
    due_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX links_report ON links (report_id);
CREATE INDEX links_due ON links (due_at);

-- One row per committed batch of writes: shows whether a COMMIT whose answer was lost took place. The hour only: the
-- exact moment of a filing must not be read from here.
CREATE TABLE batches (
    id BLOB NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
) WITHOUT ROWID;

-- What opens the commitments of leaves that were written together, a group to a row. It stays where it was written when its
-- leaves get places. Groups about one report lie side by side, and are found by the beginning of their ids; they go with the
-- report. Padding has none.
CREATE TABLE ledger_openings (
    id BLOB NOT NULL PRIMARY KEY,
    report_id BLOB,
    packed BLOB NOT NULL,
    CHECK (report_id IS NULL OR substr(id, 1, 8) = substr(report_id, 1, 8))
) WITHOUT ROWID;
-- The public ones.
CREATE INDEX ledger_openings_public ON ledger_openings (id) WHERE report_id IS NULL;

-- Leaves that have no place yet, 65 bytes each in the order of what opens them and by its id; like their places (8 bytes each)
-- after that.
CREATE TABLE ledger_pending (
    id BLOB NOT NULL PRIMARY KEY,
    packed BLOB NOT NULL,
    recorded_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE ledger_places (
    id BLOB NOT NULL PRIMARY KEY,
    packed BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE ledger_leaves (
    idx BIGINT NOT NULL PRIMARY KEY,
    leaf BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE ledger_tiles (
    level INTEGER NOT NULL,
    n BIGINT NOT NULL,
    width INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, n)
) WITHOUT ROWID;

-- A log has one origin; another one is begun only where a database was restored from an older copy.
CREATE TABLE ledger_logs (
    number INTEGER NOT NULL PRIMARY KEY,
    origin TEXT NOT NULL,
    from_size BIGINT NOT NULL,
    opened_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX ledger_logs_origin ON ledger_logs (origin);

CREATE TABLE ledger_checkpoints (
    log INTEGER NOT NULL,
    size BIGINT NOT NULL,
    note TEXT NOT NULL,
    signed_at BIGINT NOT NULL,
    PRIMARY KEY (log, size)
) WITHOUT ROWID;
CREATE INDEX ledger_checkpoints_signed ON ledger_checkpoints (log, signed_at);

CREATE TABLE ledger_cosignatures (
    log INTEGER NOT NULL,
    size BIGINT NOT NULL,
    witness TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (log, size, witness)
) WITHOUT ROWID;
-- How far each witness has come.
CREATE INDEX ledger_cosignatures_of_witness ON ledger_cosignatures (log, witness, size);

-- The last tick that was integrated: one row, id 1.
CREATE TABLE ledger_ticks (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    last BIGINT NOT NULL
);
INSERT INTO ledger_ticks (id, last) VALUES (1, 0);

CREATE TABLE heartbeats (
    instance BLOB NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
) WITHOUT ROWID;

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
) WITHOUT ROWID;

-- Of the secrets, so that a start with others is refused.
CREATE TABLE fingerprints (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- Filings per production and hour.
CREATE TABLE budget (
    production_id BLOB NOT NULL,
    hour BIGINT NOT NULL,
    filed INTEGER NOT NULL,
    PRIMARY KEY (production_id, hour)
) WITHOUT ROWID;

-- What was recorded is never changed, and goes only with a report that is being erased.
CREATE TRIGGER events_unchanged BEFORE UPDATE ON events BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;
CREATE TRIGGER events_kept BEFORE DELETE ON events
WHEN NOT EXISTS (SELECT 1 FROM erasures WHERE report_id = OLD.report_id) BEGIN
    SELECT RAISE(ABORT, 'events are never deleted');
END;
CREATE TRIGGER ledger_leaves_unchanged BEFORE UPDATE ON ledger_leaves BEGIN
    SELECT RAISE(ABORT, 'ledger leaves are never changed');
END;
CREATE TRIGGER ledger_leaves_kept BEFORE DELETE ON ledger_leaves BEGIN
    SELECT RAISE(ABORT, 'ledger leaves are never deleted');
END;
CREATE TRIGGER ledger_checkpoints_unchanged BEFORE UPDATE ON ledger_checkpoints BEGIN
    SELECT RAISE(ABORT, 'ledger checkpoints are never changed');
END;
CREATE TRIGGER ledger_checkpoints_kept BEFORE DELETE ON ledger_checkpoints BEGIN
    SELECT RAISE(ABORT, 'ledger checkpoints are never deleted');
END;
CREATE TRIGGER ledger_logs_unchanged BEFORE UPDATE ON ledger_logs BEGIN
    SELECT RAISE(ABORT, 'ledger logs are never changed');
END;
CREATE TRIGGER ledger_logs_kept BEFORE DELETE ON ledger_logs BEGIN
    SELECT RAISE(ABORT, 'ledger logs are never deleted');
END;
CREATE TRIGGER ledger_cosignatures_unchanged BEFORE UPDATE ON ledger_cosignatures BEGIN
    SELECT RAISE(ABORT, 'ledger cosignatures are never changed');
END;
CREATE TRIGGER ledger_cosignatures_kept BEFORE DELETE ON ledger_cosignatures BEGIN
    SELECT RAISE(ABORT, 'ledger cosignatures are never deleted');
END;
CREATE TRIGGER ledger_places_unchanged BEFORE UPDATE ON ledger_places BEGIN
    SELECT RAISE(ABORT, 'places in the ledger are never changed');
END;
CREATE TRIGGER ledger_pending_unchanged BEFORE UPDATE ON ledger_pending BEGIN
    SELECT RAISE(ABORT, 'pending ledger entries are never changed');
END;
