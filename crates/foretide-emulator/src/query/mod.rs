//! The Query protocol of AWS: a form goes in, XML comes out.
//!
//! A form names the members of nested values by path (`Tags.member.1.Key`). It becomes one JSON
//! value, from which each operation reads its typed input. An answer takes the opposite way: it
//! becomes a JSON value, and that value becomes XML with one element `member` for each item of a
//! list. Auto Scaling speaks only this protocol, `CloudWatch` beside two others.

mod form;
mod page;
mod typed;
mod xml;

pub(crate) use form::Form;
pub(crate) use page::Page;
pub(crate) use typed::read;
pub(crate) use xml::{answer, error, request_id};
