//! The tests of the engine from outside, in one program: linking it takes longer than most of them.
#![cfg_attr(
    all(feature = "mysql", feature = "postgres"),
    expect(clippy::duplicate_mod, reason = "what holds for both SQL stores is compiled for each of them")
)]

#[cfg(all(
    feature = "dynamodb",
    feature = "memory",
    feature = "mysql",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
mod chains;
#[cfg(feature = "disk")]
mod disk;
#[cfg(feature = "dynamodb")]
mod dynamodb;
#[cfg(feature = "file")]
mod file;
mod leases;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(all(
    feature = "disk",
    feature = "dynamodb",
    feature = "file",
    feature = "memory",
    feature = "mysql",
    feature = "postgres",
    feature = "redis",
    feature = "s3",
    feature = "sqlite"
))]
mod readme;
mod records;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "memory")]
mod semantics;
#[cfg(feature = "sqlite")]
mod sqlite;
mod structures;
mod support;
