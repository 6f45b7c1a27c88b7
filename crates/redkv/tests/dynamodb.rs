//! The dynamodb tests.
