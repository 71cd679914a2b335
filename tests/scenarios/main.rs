//! Stories, on both databases.
#![expect(unreachable_pub, reason = "one binary: what is shared between its stories is simply public")]

mod storage;
mod support;
