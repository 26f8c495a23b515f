//! Policies and sweeps as a command line names them: `hpa:target=60`, `target=30..75:5`.

use std::str::FromStr;

/// A policy with its settings, as `--policy` names it.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicySpec {
    /// Its name.
    pub name: String,
    /// Settings that differ from its defaults.
    pub settings: Vec<(String, f64)>,
    /// Name and settings as text, with the present name of the policy.
    pub text: String,
    /// The old name of the policy, if the command line used the old name.
    pub renamed: Option<String>,
}

/// Names of earlier versions with their present names. This version accepts both.
const OLD_NAMES: [(&str, &str); 1] = [("seed", "original")];

impl FromStr for PolicySpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.trim().split(':');
        let written = parts.next().unwrap_or_default();
        let name = match OLD_NAMES.iter().find(|(old, _)| *old == written) {
            Some((_, now)) => (*now).to_owned(),
            None => written.to_owned(),
        };
        let setting = |part: &str| {
            let (key, value) = part.split_once('=')?;
            let value: f64 = value.trim().parse().ok()?;
            value.is_finite().then(|| (key.trim().to_owned(), value))
        };
        let settings = parts
            .map(|part| setting(part).ok_or_else(|| format!("`{part}`: expected SETTING=NUMBER")))
            .collect::<Result<_, _>>()?;
        // Tables and files use the present name.
        let settings_text = text.trim().strip_prefix(written).unwrap_or_default();
        Ok(Self {
            text: format!("{name}{settings_text}"),
            renamed: (name != written).then(|| written.to_owned()),
            name,
            settings,
        })
    }
}

/// The targets of a sweep, in percent.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepSpec(pub Vec<f64>);

/// Most targets of a sweep: more add no information.
const SWEEP_POINTS_MAX: usize = 200;

impl FromStr for SweepSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected target=FROM..TO:STEP, such as target=30..75:5".to_owned();
        let range = text.trim().strip_prefix("target=").ok_or_else(expected)?;
        let (range, step) = range.split_once(':').ok_or_else(expected)?;
        let (from, to) = range.split_once("..").ok_or_else(expected)?;
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| expected());
        let (from, to, step) = (number(from)?, number(to)?, number(step)?);
        if !(from > 0.0 && from <= to && to <= 100.0 && step > 0.0) {
            return Err("expected 0 < FROM <= TO <= 100 and STEP > 0".to_owned());
        }
        // Multiples of the step from the start, so that no rounding adds up along the way.
        let points: Vec<f64> = (0_u32..)
            .map(|index| from + f64::from(index) * step)
            .take_while(|target| *target <= to + 1e-9)
            .take(SWEEP_POINTS_MAX + 1)
            .collect();
        if points.len() > SWEEP_POINTS_MAX {
            return Err(format!("expected at most {SWEEP_POINTS_MAX} targets"));
        }
        Ok(Self(points))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_visits_both_ends() {
        let sweep: SweepSpec = "target=30..45:5".parse().unwrap();
        assert_eq!(sweep.0, [30.0, 35.0, 40.0, 45.0]);
        for bad in [
            "30..45:5",
            "target=45..30:5",
            "target=0..10:5",
            "target=1..9:0",
            "target=1..100:0.1",
        ] {
            assert!(bad.parse::<SweepSpec>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_policy_is_a_name_with_settings() {
        let spec: PolicySpec = "hpa:target=60:tolerance=0.05".parse().unwrap();
        assert_eq!(spec.name, "hpa");
        assert_eq!(
            spec.settings,
            [("target".into(), 60.0), ("tolerance".into(), 0.05)]
        );
        assert!("hpa:target".parse::<PolicySpec>().is_err());
        assert!("hpa:target=inf".parse::<PolicySpec>().is_err());
    }
}
