//! The OpenAPI document of the page's API. The shapes are those of the answers' types, the paths
//! are tested against the table of routes.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use foretide_http::MAX_HEAD_BYTES;
use foretide_http::body;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use crate::view::{GroupRow, GroupView, MomentView, POINTS_MAX};

use super::api::{ID_CHARS_MAX, LATEST_MS, Overview, Readiness, Status};
use super::orders::{LIMITS, OrderBody, Taken};

/// Refusals of every request, by status and by their name among the components.
const OF_ALL: [(&str, &str); 4] = [
    ("400", "BadRequest"),
    ("403", "Forbidden"),
    ("405", "MethodNotAllowed"),
    ("431", "HeadTooLarge"),
];
/// Refusals of what is no probe.
const OF_READING: [(&str, &str); 3] = [
    ("401", "Unauthorized"),
    ("429", "PeerBusy"),
    ("503", "Unavailable"),
];
/// Further ones of what names a group or has parameters.
const OF_A_GROUP: [(&str, &str); 2] = [("404", "UnknownGroup"), ("422", "Unprocessable")];
/// Further ones of what has a body.
const OF_A_BODY: [(&str, &str); 3] = [
    ("408", "BodyTimeout"),
    ("413", "BodyTooLarge"),
    ("415", "NotJson"),
];

pub(crate) async fn document() -> Response<Body> {
    body::json(StatusCode::OK, &build())
}

/// The whole document.
fn build() -> Value {
    let mut shapes = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let paths = paths(&mut shapes);
    let mut schemas = shapes.take_definitions(true);
    schemas.insert("Problem".to_owned(), problem());
    let description = format!(
        "What Foretide's page shows. Times are milliseconds since 1970, units stand in the names, \
         and what is missing is null. A request's head has at most {MAX_HEAD_BYTES} bytes, the \
         body of an order at most {}. While all connections are busy, only /health and /ready are \
         answered.",
        LIMITS.bytes
    );
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Foretide",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT", "identifier": "MIT" },
            "description": description
        },
        "security": [{}, { "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": refusals(),
            "securitySchemes": { "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "Needed for orders everywhere, for reading beyond loopback; never \
                                for /health and /ready."
            } }
        }
    })
}

fn paths(shapes: &mut SchemaGenerator) -> Value {
    let schema = json!({ "type": "string", "minLength": 1, "maxLength": ID_CHARS_MAX });
    let mut id = parameter("id", "path", "The group's id, percent-encoded", &schema);
    id["example"] = "eu-west-1/web".into();
    let schema = json!({ "type": "integer", "minimum": 0, "maximum": LATEST_MS });
    let time = |name, what| parameter(name, "query", what, &schema);
    let schema = json!({ "type": "integer", "minimum": 1, "maximum": POINTS_MAX });
    let points = parameter("points", "query", "Most rows of the columns", &schema);
    let what = "Leave the store alone: of what is older than `kept_from_ms` show the load that is \
                in memory, up to two weeks, and nothing else. The window may be of any length";
    let memory = parameter("memory", "query", what, &json!({ "type": "boolean" }));
    json!({
        "/health": get("The process answers", &[], &answer::<Status>(shapes), &[]),
        "/ready": readiness(shapes),
        "/metrics": get(
            "All metrics in OpenMetrics",
            &[],
            &text("application/openmetrics-text; version=1.0.0; charset=utf-8"),
            &[&OF_READING],
        ),
        "/openapi.json": get("This document", &[], &json!({
            "application/json": { "schema": { "type": "object" } }
        }), &[&OF_READING]),
        "/api/v1/groups": get(
            "All groups, the worst first",
            &[],
            &answer::<Overview<GroupRow>>(shapes),
            &[&OF_READING],
        ),
        "/api/v1/groups/{id}": get(
            "One group: its history in columns, and its newest decision unfolded",
            &[
                id.clone(),
                time("from", "Start of the window, at most seven days before its end"),
                time("to", "End of the window"),
                points,
                memory,
            ],
            &answer::<GroupView>(shapes),
            &[&OF_READING, &OF_A_GROUP],
        ),
        "/api/v1/groups/{id}/at": get(
            "The group as it was at a moment of the past, and the decision that stood",
            &[id.clone(), time("time", "The moment")],
            &answer::<MomentView>(shapes),
            &[&OF_READING, &OF_A_GROUP],
        ),
        "/api/v1/groups/{id}/orders": orders(&id, shapes),
        "/api/v1/stream": get(
            "Server-sent events: all rows, then those that change",
            &[],
            &text("text/event-stream"),
            &[&OF_READING],
        ),
    })
}

/// A GET that answers with `content`, or as all do, or with one of `refusals`.
fn get(
    summary: &str,
    parameters: &[Value],
    content: &Value,
    refusals: &[&[(&str, &str)]],
) -> Value {
    let answer = ("200", json!({ "description": summary, "content": content }));
    json!({ "get": {
        "summary": summary,
        "parameters": parameters,
        "responses": responses(answer, refusals),
    } })
}

fn readiness(shapes: &mut SchemaGenerator) -> Value {
    let summary = "Fresh data and a store that takes what happens";
    let content = answer::<Readiness>(shapes);
    let mut ready = get(summary, &[], &content, &[]);
    ready["get"]["responses"]["503"] =
        json!({ "description": "Not ready, and why", "content": content });
    ready
}

fn orders(id: &Value, shapes: &mut SchemaGenerator) -> Value {
    let mut body = answer::<OrderBody>(shapes);
    body["application/json"]["examples"] = json!({
        "pause": { "value": { "order": "pause", "for_s": 3600 } },
        "resume": { "value": { "order": "resume" } },
        "pin": { "value": { "order": "pin", "capacity": 3, "for_s": 3600 } },
        "unpin": { "value": { "order": "unpin" } },
        "mode": { "value": { "order": "mode", "mode": null } },
    });
    let taken = json!({
        "description": "Taken in; the next look carries it out",
        "content": answer::<Taken>(shapes)
    });
    let description = format!("At most {} bytes of JSON.", LIMITS.bytes);
    json!({ "post": {
        "summary": "Pause a group, pin its capacity, switch its mode; off unless configured",
        "security": [{ "token": [] }],
        "parameters": [id],
        "requestBody": { "required": true, "description": description, "content": body },
        "responses": responses(("202", taken), &[&OF_READING, &OF_A_GROUP, &OF_A_BODY]),
    } })
}

fn responses((status, answer): (&str, Value), refusals: &[&[(&str, &str)]]) -> Value {
    let mut responses = json!({ status: answer });
    for (status, name) in refusals.iter().copied().flatten().chain(&OF_ALL) {
        responses[*status] = json!({ "$ref": format!("#/components/responses/{name}") });
    }
    responses
}

fn refusals() -> Value {
    let problem = |description: &str| {
        json!({
            "description": description,
            "content": { "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/Problem" }
            } }
        })
    };
    let busy = |description: &str| {
        let mut busy = problem(description);
        let seconds = json!({ "type": "integer", "minimum": 0 });
        busy["headers"] = json!({ "Retry-After": {
            "description": "Seconds until the request may be made again",
            "schema": seconds
        } });
        busy
    };
    json!({
        "BadRequest": problem(
            "The Host is missing or no host, a header is given twice, or the path is not \
             percent-encoded UTF-8."
        ),
        "Unauthorized": problem("The bearer token is missing or wrong."),
        "Forbidden": problem(
            "The Host is neither loopback nor configured, the Origin is that of another page, or \
             orders are not taken."
        ),
        "UnknownGroup": problem("No group has this id."),
        "MethodNotAllowed": problem("The path does not take this method; Allow says which."),
        "BodyTimeout": problem("The body did not arrive in time."),
        "BodyTooLarge": problem("The body is too large."),
        "NotJson": problem("The Content-Type is not application/json."),
        "Unprocessable": problem("A parameter or the body is not as described; `field` names it."),
        "PeerBusy": busy("All connections of this peer are busy."),
        "Unavailable": busy(
            "All connections are busy, the store cannot be read, or the order cannot be passed on."
        ),
        "HeadTooLarge": { "description": format!(
            "The head has more than {MAX_HEAD_BYTES} bytes or 100 headers. No body."
        ) },
    })
}

/// RFC 9457.
fn problem() -> Value {
    json!({
        "type": "object",
        "properties": {
            "type": { "type": "string", "const": "about:blank" },
            "title": { "type": "string" },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": { "type": "string" },
            "field": { "type": "string", "description": "Where in the request the fault is" }
        },
        "required": ["type", "title", "status", "detail"],
        "additionalProperties": false
    })
}

fn answer<T: JsonSchema>(shapes: &mut SchemaGenerator) -> Value {
    json!({ "application/json": { "schema": shapes.subschema_for::<T>() } })
}

fn text(media_type: &str) -> Value {
    json!({ media_type: { "schema": { "type": "string" } } })
}

fn parameter(name: &str, place: &str, description: &str, schema: &Value) -> Value {
    json!({
        "name": name,
        "in": place,
        "required": place == "path" || name == "time",
        "description": description,
        "schema": schema
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::page::routes::ROUTES;

    #[test]
    fn the_document_and_the_router_have_the_same_paths() {
        let document = build();
        let documented: BTreeSet<&str> = document["paths"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let of_the_page = |path: &str| path == "/" || path.starts_with("/assets/");
        let routed: BTreeSet<&str> = ROUTES
            .iter()
            .map(|(path, _)| *path)
            .filter(|path| !of_the_page(path))
            .collect();
        assert_eq!(documented, routed);
    }

    #[test]
    fn every_shape_that_is_named_is_there() {
        let document = build();
        let text = document.to_string();
        let named = text.split("\"#").skip(1);
        let named: Vec<&str> = named.filter_map(|rest| rest.split('"').next()).collect();
        assert!(named.contains(&"/components/schemas/GroupRow"), "{named:?}");
        assert!(
            named.contains(&"/components/responses/PeerBusy"),
            "{named:?}"
        );
        for pointer in named {
            assert!(
                document.pointer(pointer).is_some_and(Value::is_object),
                "{pointer}"
            );
        }
    }

    #[test]
    fn probes_are_never_told_to_come_later_and_all_else_may_be() {
        let document = build();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for operation in operations.as_object().unwrap().values() {
                let responses = operation["responses"].as_object().unwrap();
                let is_probe = path == "/health" || path == "/ready";
                assert_eq!(responses.contains_key("429"), !is_probe, "{path}");
                assert!(responses.contains_key("431"), "{path}");
            }
        }
    }
}
