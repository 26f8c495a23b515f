//! An operator's orders: pause, pin, mode. Off unless whoever runs the page gives it a way to pass
//! them on, and never without the token, on loopback neither: a page of another program on this
//! machine must not steer a fleet.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::{Response, StatusCode};
use foretide_domain::{Mode, Order, Timestamp};
use foretide_http::body::{self, Limits};
use foretide_http::{Peer, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::board::lock;
use crate::view::VERSION;

use super::api::{GroupId, unknown_group};
use super::app::App;

/// An order has a few words.
pub(super) const LIMITS: Limits = Limits {
    bytes: 1024,
    time: Duration::from_secs(10),
};
/// Longest that an order may stand before it ends by itself: what is meant for longer belongs into
/// the configuration.
const LONGEST_S: u64 = Order::LONGEST.as_secs();

/// An order.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum OrderBody {
    /// Change nothing of the group.
    Pause {
        /// Seconds until it goes on by itself; until told to, where left out.
        #[schemars(range(min = 1, max = LONGEST_S))]
        #[serde(default, deserialize_with = "whole_or_none")]
        for_s: Option<u64>,
    },
    /// Go on after a pause.
    Resume {},
    /// Hold a capacity, within the group's bounds and as far as its load allows.
    Pin {
        /// The capacity.
        #[schemars(range(max = u32::MAX))]
        #[serde(deserialize_with = "whole")]
        capacity: u32,
        /// Seconds until the policy decides again.
        #[schemars(range(min = 1, max = LONGEST_S))]
        #[serde(deserialize_with = "whole")]
        for_s: u64,
    },
    /// Let the policy decide again.
    Unpin {},
    /// Work in another mode.
    Mode {
        /// `observe`, `scale-out-only`, `enforce`; null is the configured one.
        #[schemars(
            with = "Option<String>",
            extend("enum" = ["observe", "scale-out-only", "enforce", null])
        )]
        mode: Option<Mode>,
    },
}

/// A whole number however it is written: to JSON 60 and 60.0 are one, and some clients have no
/// other numbers. Beyond 2^53 a client of floating-point numbers does not know what it sends.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Whole(u64),
    Float(f64),
}

impl Number {
    fn whole<T: TryFrom<u64>, E: serde::de::Error>(self) -> Result<T, E> {
        let whole = match self {
            Self::Whole(number) => Some(number),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be whole, not negative and below 2^53"
            )]
            Self::Float(number) if number.fract() == 0.0 && (0.0..9e15).contains(&number) => {
                Some(number as u64)
            }
            Self::Float(_) => None,
        };
        let number = whole.and_then(|whole| T::try_from(whole).ok());
        number.ok_or_else(|| E::custom("expected a whole number within its range"))
    }
}

fn whole<'de, T: TryFrom<u64>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    Number::deserialize(from)?.whole()
}

fn whole_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let number = Option::<Number>::deserialize(from)?;
    number.map(Number::whole).transpose()
}

/// An order was taken.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Taken {
    version: u32,
    /// When the look is that carries it out.
    next_cycle_ms: i64,
}

impl OrderBody {
    fn order(&self, now: Timestamp) -> Result<Order, Problem> {
        let until = |seconds: u64| {
            if (1..=LONGEST_S).contains(&seconds) {
                return Ok(now.plus(Duration::from_secs(seconds)));
            }
            let detail = format!("{seconds} seconds: expected 1 to {LONGEST_S}, thirty days");
            Err(Problem::unprocessable(detail).at("for_s"))
        };
        Ok(match *self {
            Self::Pause { for_s } => Order::Pause {
                until: for_s.map(until).transpose()?,
            },
            Self::Resume {} => Order::Resume,
            Self::Pin { capacity, for_s } => Order::Pin {
                capacity,
                until: until(for_s)?,
            },
            Self::Unpin {} => Order::Unpin,
            Self::Mode { mode } => Order::Mode { mode },
        })
    }
}

pub(crate) async fn order(
    State(app): State<Arc<App>>,
    GroupId(id): GroupId,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let Some(controls) = &app.page.controls else {
        let detail = "orders are not taken here: `run.controls = true` with a `run.token_file` \
                      turns them on";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    };
    app.guard.admit_order(&request)?;
    let (head, body) = request.into_parts();
    let text = body::read_json(&head.headers, body, LIMITS).await?;
    let body: OrderBody = serde_json::from_slice(&text)
        .map_err(|error| Problem::unprocessable(format!("no order: {error}")).at("order"))?;
    let board = &app.page.board;
    let track = board.track(&id).ok_or_else(|| unknown_group(&id))?;
    let facts = lock(&track).facts.clone();
    let order = body.order(board.now())?;
    let refused = |why| Problem::new(StatusCode::SERVICE_UNAVAILABLE, why);
    let next = controls.order(&facts, order, origin(peer)).await;
    let taken = Taken {
        version: VERSION,
        next_cycle_ms: next.map_err(refused)?.as_millis(),
    };
    Ok(body::json(StatusCode::ACCEPTED, &taken))
}

/// Who ordered, as it is recorded: the token names nobody, the address does.
fn origin(peer: Option<Extension<Peer>>) -> String {
    match peer {
        Some(Extension(Peer(address))) => format!("{} over HTTP", address.ip()),
        None => "HTTP".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn read(text: &str) -> Result<Order, String> {
        let body: OrderBody = serde_json::from_str(text).map_err(|error| error.to_string())?;
        body.order(NOW)
            .map_err(|problem| problem.detail().to_owned())
    }

    #[test]
    fn every_order_is_read() {
        let until = NOW.plus(Duration::from_secs(60));
        for (text, order) in [
            (r#"{"order":"pause"}"#, Order::Pause { until: None }),
            (
                r#"{"order":"pause","for_s":60}"#,
                Order::Pause { until: Some(until) },
            ),
            (
                r#"{"order":"pause","for_s":60.0}"#,
                Order::Pause { until: Some(until) },
            ),
            (
                r#"{"order":"pause","for_s":null}"#,
                Order::Pause { until: None },
            ),
            (r#"{"order":"resume"}"#, Order::Resume),
            (
                r#"{"order":"pin","capacity":4,"for_s":60}"#,
                Order::Pin { capacity: 4, until },
            ),
            (r#"{"order":"unpin"}"#, Order::Unpin),
            (
                r#"{"order":"mode","mode":"scale-out-only"}"#,
                Order::Mode {
                    mode: Some(Mode::ScaleOutOnly),
                },
            ),
            (
                r#"{"order":"mode","mode":null}"#,
                Order::Mode { mode: None },
            ),
        ] {
            assert_eq!(read(text), Ok(order), "{text}");
        }
    }

    #[test]
    fn what_is_no_order_is_refused() {
        for text in [
            "{}",
            r#"{"order":"halt"}"#,
            r#"{"order":"pin","capacity":4}"#,
            r#"{"order":"pin","capacity":-1,"for_s":60}"#,
            r#"{"order":"pin","capacity":4,"for_s":0}"#,
            r#"{"order":"pin","capacity":4.5,"for_s":60}"#,
            r#"{"order":"pin","capacity":-1.0,"for_s":60}"#,
            r#"{"order":"pin","capacity":4294967296,"for_s":60}"#,
            r#"{"order":"pin","capacity":1e300,"for_s":60}"#,
            r#"{"order":"pin","capacity":"4","for_s":60}"#,
            r#"{"order":"pin","capacity":null,"for_s":60}"#,
            r#"{"order":"pause","for_s":60.5}"#,
            r#"{"order":"pause","for_s":2592001}"#,
            r#"{"order":"pause","until":1}"#,
            r#"{"order":"mode","mode":"off"}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
