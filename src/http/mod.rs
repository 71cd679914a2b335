//! Routes, extractors, problem documents.
