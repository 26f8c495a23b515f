//! The OpenAPI document of the page's API. The shapes are those of the answers' types, the paths
//! are tested against the table of routes.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use super::api::{Overview, Readiness, Status};
use super::orders::{OrderBody, Taken};
use crate::body;
use crate::view::{GroupRow, GroupView, MomentView};

pub(crate) async fn document() -> Response<Body> {
    body::json(StatusCode::OK, &build())
}

/// The whole document.
fn build() -> Value {
    let mut shapes = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let paths = paths(&mut shapes);
    let schemas = shapes.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Foretide",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT", "identifier": "MIT" },
            "description": "What Foretide's page shows. Times are milliseconds since 1970, units \
                            stand in the names, and what is missing is null."
        },
        "security": [{}, { "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } }
        }
    })
}

fn paths(shapes: &mut SchemaGenerator) -> Value {
    let id = parameter("id", "path", "The group's id, percent-encoded", "string");
    let time = |name, what| parameter(name, "query", what, "integer");
    json!({
        "/health": get("The process answers", &[], &answer::<Status>(shapes)),
        "/ready": get_or(
            "Fresh data and a store that takes what happens",
            &answer::<Readiness>(shapes),
        ),
        "/metrics": get(
            "All metrics in OpenMetrics",
            &[],
            &text("application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ),
        "/openapi.json": get("This document", &[], &json!({
            "application/json": { "schema": { "type": "object" } }
        })),
        "/api/v1/groups": get(
            "All groups, the worst first",
            &[],
            &answer::<Overview<GroupRow>>(shapes),
        ),
        "/api/v1/groups/{id}": get(
            "One group: its history in columns, and its newest decision unfolded",
            &[
                id.clone(),
                time("from", "Start of the window"),
                time("to", "End of the window"),
                time("points", "Most rows of the columns, up to 2000"),
            ],
            &answer::<GroupView>(shapes),
        ),
        "/api/v1/groups/{id}/at": get(
            "The decision that stood at a moment of the past",
            &[id.clone(), time("time", "The moment")],
            &answer::<MomentView>(shapes),
        ),
        "/api/v1/groups/{id}/orders": { "post": {
            "summary": "Pause a group, pin its capacity, switch its mode; off unless configured",
            "security": [{ "token": [] }],
            "parameters": [id],
            "requestBody": { "required": true, "content": answer::<OrderBody>(shapes) },
            "responses": {
                "202": {
                    "description": "Taken in; the next look carries it out",
                    "content": answer::<Taken>(shapes)
                },
                "default": refusal(),
            }
        } },
        "/api/v1/stream": get(
            "Server-sent events: all rows, then those that change",
            &[],
            &text("text/event-stream"),
        ),
    })
}

fn get(summary: &str, parameters: &[Value], content: &Value) -> Value {
    json!({ "get": {
        "summary": summary,
        "parameters": parameters,
        "responses": {
            "200": { "description": summary, "content": content },
            "default": refusal(),
        }
    } })
}

fn get_or(summary: &str, content: &Value) -> Value {
    json!({ "get": {
        "summary": summary,
        "responses": {
            "200": { "description": summary, "content": content },
            "503": { "description": "Not ready, and why", "content": content },
            "default": refusal(),
        }
    } })
}

fn refusal() -> Value {
    json!({
        "description": "A refusal, RFC 9457",
        "content": { "application/problem+json": { "schema": {
            "type": "object",
            "properties": {
                "type": { "type": "string" },
                "title": { "type": "string" },
                "status": { "type": "integer" },
                "detail": { "type": "string" },
                "field": { "type": "string" }
            },
            "required": ["type", "title", "status", "detail"]
        } } }
    })
}

fn answer<T: JsonSchema>(shapes: &mut SchemaGenerator) -> Value {
    json!({ "application/json": { "schema": shapes.subschema_for::<T>() } })
}

fn text(media_type: &str) -> Value {
    json!({ media_type: { "schema": { "type": "string" } } })
}

fn parameter(name: &str, place: &str, description: &str, kind: &str) -> Value {
    json!({
        "name": name,
        "in": place,
        "required": place == "path" || name == "time",
        "description": description,
        "schema": { "type": kind }
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
        let names: Vec<&str> = text
            .split("\"#/components/schemas/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(names.contains(&"GroupRow"), "{names:?}");
        for name in names {
            assert!(
                document["components"]["schemas"][name].is_object(),
                "{name}"
            );
        }
    }
}
