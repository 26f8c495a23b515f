//! The OpenAPI document. It is written by hand, as the request's forms are parsed by hand, and
//! tested: against the table of routes, the crate's version and real answers.

/// The document served at `/openapi.json`.
pub(crate) const DOCUMENT: &str = include_str!("openapi.json");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::body::Body;
    use axum::http::header::{CONTENT_TYPE, HOST};
    use axum::http::{Request, StatusCode};
    use foretide_classifier::Model;
    use http_body_util::BodyExt;
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use super::DOCUMENT;
    use crate::routes::{ROUTES, router};
    use crate::rows::MAX_BATCH_ROWS;
    use foretide_http::{DEFAULT_BODY_LIMIT_BYTES, MAX_HEAD_BYTES, ServeConfig, Token};

    fn document() -> Value {
        serde_json::from_str(DOCUMENT).unwrap()
    }

    /// Every operation: path, method, its description.
    fn operations() -> Vec<(String, String, Value)> {
        let document = document();
        let paths = document["paths"].as_object().unwrap();
        let each = |(path, methods): (&String, &Value)| {
            let methods = methods.as_object().unwrap().clone();
            let path = path.clone();
            methods
                .into_iter()
                .map(move |(method, operation)| (path.clone(), method, operation))
        };
        paths.iter().flat_map(each).collect()
    }

    async fn ask(method: &str, path: &str, body: &str) -> (StatusCode, String, Value) {
        let request = Request::builder()
            .method(method.to_uppercase().as_str())
            .uri(path)
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        ask_with(&ServeConfig::default(), request).await
    }

    async fn ask_with(config: &ServeConfig, request: Request<Body>) -> (StatusCode, String, Value) {
        let router = router(config, Model::built_in().unwrap());
        let response = router.oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let media_type = head.headers[CONTENT_TYPE].to_str().unwrap().to_owned();
        let bytes = body.collect().await.unwrap().to_bytes();
        (
            head.status,
            media_type,
            serde_json::from_slice(&bytes).unwrap(),
        )
    }

    /// Whether `value` fits `schema`, for the few keywords that the document uses.
    fn fits(schema: &Value, value: &Value) -> Result<(), String> {
        let fail = |why: &str| Err(format!("{why}: {value} against {schema}"));
        if let Some(name) = schema["$ref"].as_str() {
            let pointer = name.strip_prefix('#').unwrap();
            return fits(document().pointer(pointer).unwrap(), value);
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            let fitting = choices
                .iter()
                .filter(|choice| fits(choice, value).is_ok())
                .count();
            return if fitting == 1 {
                Ok(())
            } else {
                fail("fits not exactly one")
            };
        }
        if let Some(values) = schema["enum"].as_array()
            && !values.contains(value)
        {
            return fail("not in the enumeration");
        }
        if let Some(types) = schema["type"].as_array() {
            let of_type = |kind: &Value| fits(&json!({ "type": kind }), value).is_ok();
            return if types.iter().any(of_type) {
                Ok(())
            } else {
                fail("wrong type")
            };
        }
        match schema["type"].as_str().unwrap() {
            "null" if value.is_null() => Ok(()),
            "string" if value.is_string() => Ok(()),
            "integer" if value.is_i64() || value.is_u64() => Ok(()),
            "number" if value.is_number() => {
                let number = value.as_f64().unwrap();
                let least = schema["minimum"].as_f64().unwrap_or(f64::MIN);
                let most = schema["maximum"].as_f64().unwrap_or(f64::MAX);
                if (least..=most).contains(&number) {
                    Ok(())
                } else {
                    fail("out of range")
                }
            }
            "array" => fits_array(schema, value).or_else(|why| fail(&why)),
            "object" => fits_object(schema, value).or_else(|why| fail(&why)),
            _ => fail("wrong type"),
        }
    }

    fn fits_array(schema: &Value, value: &Value) -> Result<(), String> {
        let values = value.as_array().ok_or("no array")?;
        let least = schema["minItems"].as_u64().unwrap_or(0);
        let most = schema["maxItems"].as_u64().unwrap_or(u64::MAX);
        if !(least..=most).contains(&(values.len() as u64)) {
            return Err("wrong length".to_owned());
        }
        for (index, value) in values.iter().enumerate() {
            let prefix = schema["prefixItems"].get(index);
            if let Some(schema) = prefix.or(schema.get("items")) {
                fits(schema, value)?;
            }
        }
        Ok(())
    }

    fn fits_object(schema: &Value, value: &Value) -> Result<(), String> {
        let fields = value.as_object().ok_or("no object")?;
        for name in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(name.as_str().unwrap()) {
                return Err(format!("lacks {name}"));
            }
        }
        for (name, value) in fields {
            match (
                schema["properties"].get(name),
                &schema["additionalProperties"],
            ) {
                (Some(schema), _) => fits(schema, value)?,
                (None, Value::Bool(false)) => return Err(format!("{name} is not documented")),
                (None, Value::Object(_)) => fits(&schema["additionalProperties"], value)?,
                (None, _) => {}
            }
        }
        Ok(())
    }

    /// Status, media type and body must be those that the operation documents.
    #[track_caller]
    fn check_documented(
        operation: &Value,
        (status, media_type, body): &(StatusCode, String, Value),
    ) {
        let document = document();
        let response = &operation["responses"][status.as_str()];
        let reference = response["$ref"]
            .as_str()
            .and_then(|it| it.strip_prefix('#'));
        let response = reference.map_or(response, |it| document.pointer(it).unwrap());
        assert!(response.is_object(), "{status} is not documented: {body}");
        let schema = &response["content"][media_type]["schema"];
        assert!(
            schema.is_object(),
            "{media_type} of {status} is not documented"
        );
        if let Err(why) = fits(schema, body) {
            panic!("{why}");
        }
    }

    #[test]
    fn the_document_and_the_router_have_the_same_paths() {
        let documented: BTreeSet<_> = operations().into_iter().map(|(path, _, _)| path).collect();
        let routed: BTreeSet<_> = ROUTES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(documented, routed);
    }

    #[tokio::test]
    async fn every_method_is_documented_and_every_documented_one_answers() {
        for (path, documented, _) in operations() {
            for method in ["get", "post", "put", "delete", "patch"] {
                let (status, ..) = ask(method, &path, "").await;
                let refused = status == StatusCode::METHOD_NOT_ALLOWED;
                assert_eq!(refused, method != documented, "{method} {path}: {status}");
            }
        }
    }

    #[test]
    fn version_and_batch_size_are_the_crates() {
        let document = document();
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
        let rows = &document["components"]["schemas"]["PredictRequest"]["properties"]["features"];
        assert_eq!(rows["oneOf"][2]["maxItems"], json!(MAX_BATCH_ROWS));
    }

    #[test]
    fn the_limits_that_are_stated_are_those_that_are_enforced() {
        let document = document();
        let said = |pointer: &str| {
            document
                .pointer(pointer)
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned()
        };
        let responses = "/components/responses";
        for (pointer, limit) in [
            ("/info/description".to_owned(), MAX_HEAD_BYTES),
            (
                format!("{responses}/HeadTooLarge/description"),
                MAX_HEAD_BYTES,
            ),
            (
                format!("{responses}/BodyTooLarge/description"),
                DEFAULT_BODY_LIMIT_BYTES,
            ),
            (
                "/paths/~1predict/post/requestBody/description".to_owned(),
                DEFAULT_BODY_LIMIT_BYTES,
            ),
        ] {
            let said = said(&pointer);
            assert!(said.contains(&format!(" {limit} bytes")), "{said}");
        }
    }

    #[tokio::test]
    async fn every_get_answers_as_documented() {
        for (path, method, operation) in operations() {
            if method == "get" {
                let answer = ask(&method, &path, "").await;
                assert_eq!(answer.0, StatusCode::OK, "{path}");
                check_documented(&operation, &answer);
            }
        }
    }

    #[tokio::test]
    async fn the_examples_fit_their_schema_and_are_answered_as_documented() {
        let operation = document()["paths"]["/predict"]["post"].clone();
        let content = &operation["requestBody"]["content"]["application/json"];
        let examples = content["examples"].as_object().unwrap();
        assert_eq!(examples.len(), 3);
        for (name, example) in examples {
            let body = &example["value"];
            fits(&content["schema"], body).unwrap();
            let answer = ask("post", "/predict", &body.to_string()).await;
            assert_eq!(answer.0, StatusCode::OK, "{name}");
            check_documented(&operation, &answer);
        }
    }

    #[tokio::test]
    async fn refusals_are_documented_problems() {
        let operation = document()["paths"]["/predict"]["post"].clone();
        for (body, status) in [("{", 400), ("{}", 422), (r#"{"features": [true]}"#, 422)] {
            let answer = ask("post", "/predict", body).await;
            assert_eq!(answer.0.as_u16(), status);
            check_documented(&operation, &answer);
        }
        let config = ServeConfig {
            token: Some(Token::new("correct-horse-battery").unwrap()),
            body_limit_bytes: 4,
            ..ServeConfig::default()
        };
        let request = || Request::post("/predict").header(HOST, "localhost");
        let authorized = || request().header("authorization", "Bearer correct-horse-battery");
        let json = "application/json";
        for (request, status) in [
            (request().header(HOST, "x"), 400),
            (Request::post("/predict").header(HOST, "x"), 421),
            (request(), 401),
            (authorized(), 415),
            (authorized().header(CONTENT_TYPE, json), 413),
        ] {
            let answer = ask_with(&config, request.body(Body::from("{    }")).unwrap()).await;
            assert_eq!(answer.0.as_u16(), status, "{}", answer.2);
            check_documented(&operation, &answer);
        }
    }
}
