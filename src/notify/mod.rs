//! Mail: words, transports.
