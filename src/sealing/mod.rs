//! Receipt, units, envelopes: bytes in, bytes out.
