//! The difference between this machine's clock and AWS's clock, from the `Date` header of each
//! answer.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_cloudwatch::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_cloudwatch::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cloudwatch::error::BoxError;
use aws_sdk_cloudwatch::primitives::{DateTime, DateTimeFormat};

/// The difference that the newest answer showed. The header is rounded down to a second and the
/// answer took time, so a difference below two seconds counts as none.
#[derive(Clone, Debug, Default)]
pub(crate) struct SkewWatch(Arc<Mutex<Option<f64>>>);

impl SkewWatch {
    /// Seconds by which this machine's clock is ahead; none before the first answer.
    pub(crate) fn ahead_s(&self) -> Option<f64> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, date: &str, now: DateTime) {
        // A date that cannot be parsed is ignored.
        if let Ok(theirs) = DateTime::from_str(date, DateTimeFormat::HttpDate) {
            let ahead_s = now.as_secs_f64() - theirs.as_secs_f64();
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead_s);
        }
    }
}

impl Intercept for SkewWatch {
    fn name(&self) -> &'static str {
        "SkewWatch"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        if let (Some(date), Some(clock)) = (date, components.time_source()) {
            self.note(date, DateTime::from(clock.now()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_tells_how_far_ahead_this_clock_is() {
        let watch = SkewWatch::default();
        assert_eq!(watch.ahead_s(), None);
        let now = DateTime::from_secs(1_732_550_400);
        watch.note("Mon, 25 Nov 2024 15:59:30 GMT", now);
        assert_eq!(watch.ahead_s(), Some(30.0));
        watch.note("yesterday", now);
        assert_eq!(watch.ahead_s(), Some(30.0));
        watch.note("Mon, 25 Nov 2024 16:05:00 GMT", now);
        assert_eq!(watch.ahead_s(), Some(-300.0));
    }
}
