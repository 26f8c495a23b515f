//! Tests of the wire with clients that do not know the emulator: the official SDK through
//! `foretide-aws`, and the AWS CLI; and moto as a second server for the same calls.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "a test that did not run says so")]

mod adapter;
mod bill;
mod changes;
mod cli;
mod faults;
mod filters;
mod form;
mod many;
mod old_clients;
mod permissions;
mod printed;
mod python;
mod rig;
mod secrets;
mod serving;
mod signals;
mod targets;
