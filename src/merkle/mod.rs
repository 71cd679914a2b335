//! RFC 6962 hashing; knows nothing of reports.
