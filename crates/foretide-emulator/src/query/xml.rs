//! Answers of the Query protocol as XML.

use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use serde_json::{Value, json};

use crate::error::ApiError;

/// The answer of `action`.
pub(crate) fn answer(action: &str, namespace: &str, result: &Value, number: u64) -> String {
    let mut body = json!({"ResponseMetadata": {"RequestId": request_id(number)}});
    if let Value::Object(body) = &mut body {
        body.insert(format!("{action}Result"), result.clone());
    }
    document(&format!("{action}Response"), namespace, &body)
}

/// An error.
pub(crate) fn error(error: &ApiError, namespace: &str, number: u64) -> String {
    let body = json!({
        "Error": {"Type": error.fault(), "Code": error.code, "Message": error.message},
        "RequestId": request_id(number),
    });
    document("ErrorResponse", namespace, &body)
}

/// A UUID for request `number`, the same in every run.
pub(crate) fn request_id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

fn document(name: &str, namespace: &str, body: &Value) -> String {
    let mut writer = Writer::new(Vec::new());
    let root = BytesStart::new(name).with_attributes([("xmlns", namespace)]);
    // A vector takes every byte, so that writing cannot fail.
    let written = writer
        .write_event(Event::Start(root))
        .and_then(|()| content(&mut writer, body))
        .and_then(|()| writer.write_event(Event::End(BytesEnd::new(name))));
    debug_assert!(written.is_ok());
    String::from_utf8(writer.into_inner()).unwrap_or_default()
}

fn element(writer: &mut Writer<Vec<u8>>, name: &str, value: &Value) -> std::io::Result<()> {
    if value.is_null() {
        return Ok(());
    }
    writer.write_event(Event::Start(BytesStart::new(name)))?;
    content(writer, value)?;
    writer.write_event(Event::End(BytesEnd::new(name)))
}

fn content(writer: &mut Writer<Vec<u8>>, value: &Value) -> std::io::Result<()> {
    let mut text = |text: &str| {
        let clean: String = text.chars().filter(|one| is_allowed(*one)).collect();
        writer.write_event(Event::Text(BytesText::new(&clean)))
    };
    match value {
        Value::Null => Ok(()),
        Value::String(words) => text(words),
        Value::Bool(_) | Value::Number(_) => text(&value.to_string()),
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| element(writer, "member", item)),
        Value::Object(entries) => entries
            .iter()
            .try_for_each(|(name, value)| element(writer, name, value)),
    }
}

/// Whether XML 1.0 can carry the character.
fn is_allowed(one: char) -> bool {
    matches!(one, '\t' | '\n' | '\r') || (one >= ' ' && !matches!(one, '\u{fffe}' | '\u{ffff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_members_and_nothing_breaks_out() {
        let result = json!({"Names": ["a<b&", "c\u{0}"], "None": null, "Size": 1.5, "On": true});
        let text = answer("List", "urn:x", &result, 1);
        assert!(text.starts_with(
            "<ListResponse xmlns=\"urn:x\"><ListResult><Names><member>a&lt;b&amp;</member>\
             <member>c</member></Names><On>true</On><Size>1.5</Size></ListResult>"
        ));
        assert!(
            text.ends_with("</RequestId></ResponseMetadata></ListResponse>"),
            "{text}"
        );
    }
}
