//! The tables, in the subset of types that both backends share: ids and keys as bytes, times as UTC milliseconds,
//! enums and JSON as text. The migrations say what each is for; a test holds the three together.
// Long because every table stands here once, and nothing else.

diesel::table! {
    productions (id) {
        id -> Binary,
        slug -> Text,
        name -> Text,
        settings -> Text,
        policy_version -> Integer,
        roster_version -> Integer,
        revision -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    crew_codes (mac) {
        mac -> Binary,
        production_id -> Binary,
        sealed -> Binary,
        state -> Text,
        full_until -> Nullable<BigInt>,
        until -> Nullable<BigInt>,
    }
}

diesel::table! {
    policies (production_id, version) {
        production_id -> Binary,
        version -> Integer,
        document -> Text,
        levels -> Text,
        state -> Text,
        agreed_by -> Nullable<Binary>,
        created_at -> BigInt,
    }
}

diesel::table! {
    desks (id) {
        id -> Binary,
        production_id -> Binary,
        name -> Text,
        side -> Text,
        level -> Nullable<Integer>,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    members (id) {
        id -> Binary,
        email -> Text,
        name -> Text,
        is_operator -> Bool,
        salt -> Binary,
        sign_in -> Binary,
        seed_by_password -> Binary,
        seed_by_words -> Binary,
        reading_key -> Binary,
        signing_key -> Binary,
        failures -> Integer,
        slow_until -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    seats (id) {
        id -> Binary,
        production_id -> Binary,
        desk_id -> Binary,
        member_id -> Binary,
        roles -> Text,
        added_at -> BigInt,
        removed_at -> Nullable<BigInt>,
        let_in_at -> Nullable<BigInt>,
        let_in_by -> Nullable<Binary>,
        handed_out -> Bool,
    }
}

diesel::table! {
    rosters (production_id, version) {
        production_id -> Binary,
        version -> Integer,
        body -> Binary,
        hash -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    invitations (id) {
        id -> Binary,
        production_id -> Nullable<Binary>,
        desk_id -> Nullable<Binary>,
        email -> Text,
        roles -> Text,
        is_operator -> Bool,
        renews -> Bool,
        code_hash -> Nullable<Binary>,
        handed_out -> Bool,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    renewals (member_id) {
        member_id -> Binary,
        salt -> Binary,
        sign_in -> Binary,
        seed_by_password -> Binary,
        seed_by_words -> Binary,
        reading_key -> Binary,
        signing_key -> Binary,
        made_at -> BigInt,
    }
}

diesel::table! {
    renewal_confirmations (member_id, production_id) {
        member_id -> Binary,
        production_id -> Binary,
        by_member -> Binary,
    }
}

diesel::table! {
    former_keys (signing_key) {
        signing_key -> Binary,
        reading_key -> Binary,
        member_id -> Binary,
    }
}

diesel::table! {
    absences (member_id) {
        member_id -> Binary,
        from_at -> BigInt,
        to_at -> BigInt,
        substitute -> Nullable<Binary>,
    }
}

diesel::table! {
    test_notices (production_id) {
        production_id -> Binary,
        sent_at -> BigInt,
    }
}

diesel::table! {
    test_confirmations (production_id, member_id) {
        production_id -> Binary,
        member_id -> Binary,
        confirmed_at -> BigInt,
    }
}

diesel::table! {
    sessions (id) {
        id -> Binary,
        member_id -> Binary,
        sealed_seed -> Binary,
        absolute_end -> BigInt,
        idle_end -> BigInt,
        refresh_hash -> Binary,
        previous_hash -> Nullable<Binary>,
        rotated_at -> Nullable<BigInt>,
        successor_used -> Bool,
    }
}

diesel::table! {
    reports (id) {
        id -> Binary,
        production_id -> Binary,
        lookup -> Binary,
        content_tag -> Binary,
        verify_key -> Binary,
        reading_key -> Binary,
        ledger_key -> Binary,
        handle -> Text,
        chain -> Text,
        category -> Text,
        severity -> Text,
        stage -> Text,
        awaiting -> Nullable<Text>,
        level -> Integer,
        cycle -> Integer,
        due_at -> Nullable<BigInt>,
        board_at -> BigInt,
        board_at_union -> BigInt,
        wake_at -> Nullable<BigInt>,
        deliver_at -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        holder -> Nullable<Binary>,
        policy_version -> Integer,
        roster_version -> Integer,
        overflow -> Bool,
        unanswered -> Bool,
        delivered_from -> Nullable<BigInt>,
        delivered_to -> Nullable<BigInt>,
        counts_for_repeated -> Bool,
        digest -> Binary,
        digest_signature -> Binary,
        size_steps -> Integer,
        prev_entry -> Nullable<Binary>,
        state -> Text,
        version -> BigInt,
        open -> Bool,
        outages_until -> BigInt,
        kept_out -> Binary,
        told_production -> Integer,
        told_union -> Integer,
    }
}

diesel::table! {
    sealed (report_id, group_id) {
        report_id -> Binary,
        group_id -> Binary,
        event_seq -> Integer,
        envelopes -> Binary,
        units -> Binary,
    }
}

diesel::table! {
    resealings (report_id, member_id) {
        report_id -> Binary,
        member_id -> Binary,
        production_id -> Binary,
    }
}

diesel::table! {
    events (report_id, seq) {
        report_id -> Binary,
        seq -> Integer,
        id -> Binary,
        at_from -> BigInt,
        at_to -> BigInt,
        kind -> Text,
        chain -> Text,
        level -> Integer,
        cycle -> Integer,
        n -> Integer,
        member_id -> Nullable<Binary>,
        role -> Nullable<Text>,
        body -> Text,
        mac -> Binary,
    }
}

diesel::table! {
    erasures (report_id) {
        report_id -> Binary,
    }
}

diesel::table! {
    idempotency (scope, key) {
        scope -> Binary,
        key -> Binary,
        made_at -> BigInt,
    }
}

diesel::table! {
    outbox (id) {
        id -> Binary,
        key -> Binary,
        kind -> Text,
        report_id -> Nullable<Binary>,
        member_id -> Nullable<Binary>,
        invitation_id -> Nullable<Binary>,
        production_id -> Nullable<Binary>,
        email -> Nullable<Text>,
        body -> Text,
        due_at -> Nullable<BigInt>,
        next_attempt_at -> BigInt,
        leased_until -> Nullable<BigInt>,
        attempts -> Integer,
        state -> Text,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Binary,
        report_id -> Nullable<Binary>,
        seat_id -> Nullable<Binary>,
        member_id -> Binary,
        mail_hash -> Binary,
        kind -> Text,
        reply -> Text,
        span_from -> BigInt,
        span_to -> BigInt,
        level -> Integer,
        cycle -> Integer,
    }
}

diesel::table! {
    addresses (email, learned_from) {
        email -> Text,
        learned_from -> Binary,
        dead_since -> BigInt,
        reply -> Text,
    }
}

diesel::table! {
    links (token_hash) {
        token_hash -> Binary,
        report_id -> Binary,
        member_id -> Binary,
        cycle -> Integer,
        due_at -> BigInt,
    }
}

diesel::table! {
    batches (id) {
        id -> Binary,
        at -> BigInt,
    }
}

diesel::table! {
    ledger_openings (id) {
        id -> Binary,
        report_id -> Nullable<Binary>,
        packed -> Binary,
    }
}

diesel::table! {
    ledger_pending (id) {
        id -> Binary,
        packed -> Binary,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    ledger_places (id) {
        id -> Binary,
        packed -> Binary,
    }
}

diesel::table! {
    ledger_leaves (idx) {
        idx -> BigInt,
        leaf -> Binary,
    }
}

diesel::table! {
    ledger_tiles (level, n) {
        level -> Integer,
        n -> BigInt,
        width -> Integer,
        hashes -> Binary,
    }
}

diesel::table! {
    ledger_logs (number) {
        number -> Integer,
        origin -> Text,
        from_size -> BigInt,
        opened_at -> BigInt,
    }
}

diesel::table! {
    ledger_checkpoints (log, size) {
        log -> Integer,
        size -> BigInt,
        note -> Text,
        signed_at -> BigInt,
    }
}

diesel::table! {
    ledger_cosignatures (log, size, witness) {
        log -> Integer,
        size -> BigInt,
        witness -> Text,
        line -> Text,
    }
}

diesel::table! {
    ledger_ticks (id) {
        id -> Integer,
        last -> BigInt,
    }
}

diesel::table! {
    heartbeats (instance) {
        instance -> Binary,
        at -> BigInt,
    }
}

diesel::table! {
    engine_state (id) {
        id -> Integer,
        held -> Bool,
        held_reason -> Nullable<Text>,
    }
}

diesel::table! {
    outages (began_at) {
        began_at -> BigInt,
        ended_at -> BigInt,
        counted -> Bool,
    }
}

diesel::table! {
    fingerprints (name) {
        name -> Text,
        value -> Binary,
    }
}

diesel::table! {
    budget (production_id, hour) {
        production_id -> Binary,
        hour -> BigInt,
        filed -> Integer,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    productions,
    crew_codes,
    engine_state,
    desks,
    members,
    seats,
    sessions,
    reports,
    events,
    invitations,
    outbox,
    deliveries,
    links,
    resealings,
    former_keys,
    absences,
    ledger_openings,
    ledger_pending,
    ledger_places
);
