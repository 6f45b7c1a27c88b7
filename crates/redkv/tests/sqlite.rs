//! The sqlite tests.
