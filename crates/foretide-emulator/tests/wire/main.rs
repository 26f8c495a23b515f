//! The wire, checked by parties that know nothing of the emulator: the official SDK through
//! `foretide-aws`, the AWS CLI, and moto as a second server for the same calls.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "a test that did not run says so")]

mod adapter;
mod bill;
mod cli;
mod faults;
mod many;
mod permissions;
mod rig;
mod secrets;
