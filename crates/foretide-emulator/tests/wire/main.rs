//! The wire, checked by parties that know nothing of the emulator: the official SDK through
//! `foretide-aws`, the AWS CLI, and moto as a second server for the same calls.

mod adapter;
mod cli;
mod faults;
mod many;
mod rig;
