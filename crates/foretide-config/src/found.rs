//! Groups that a search found: their settings from their tags. They are checked like those of a
//! file, and a group's table in the file has precedence over its tags.

use std::collections::BTreeSet;
use std::fmt;

use foretide_domain::Mode;

use super::key::Key;
use super::layer::{Layers, Setting};
use super::problem::{Place, Problem, Problems};
use super::schema::Table;
use super::{Config, GroupSettings, Reach, resolve};

/// Keys that decide whom Foretide trusts or asks, and what it reads. Who may tag a group may not
/// set them.
const NOT_BY_TAG: [&str; 6] = [
    "asg",
    "region",
    "role_arn",
    "predictor",
    "predictor_token_file",
    "forecast.calendars",
];

/// Short names of tags for keys that stand in a table of their own.
const SHORT: [(&str, &str); 2] = [
    ("budget", "forecast.budget"),
    ("objective", "forecast.objective"),
];

/// A group that a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaggedGroup {
    /// Name of the Auto Scaling group.
    pub name: String,
    /// How the group was reached.
    pub reach: Reach,
    /// Key and value of its tags.
    pub tags: Vec<(String, String)>,
}

/// A group whose tags cannot be used. It is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Name of the Auto Scaling group.
    pub group: String,
    /// How the group was reached.
    pub reach: Reach,
    /// What is wrong with its tags.
    pub problems: Problems,
}

/// A configuration with the groups that a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Discovered {
    /// The configuration; it has a table for each group that was found and can be used.
    pub config: Config,
    /// Groups that cannot be used.
    pub refused: Vec<Refused>,
    /// Groups whose tag asks for a mode that is not allowed.
    pub limited: Vec<Limited>,
}

/// A group whose tag asks for more than `discover.max_mode`. It has that mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limited {
    /// Name of the Auto Scaling group.
    pub group: String,
    /// How the group was reached.
    pub reach: Reach,
    wanted: Mode,
    allowed: Mode,
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            group,
            wanted,
            allowed,
            ..
        } = self;
        write!(
            f,
            "group {group}: its tag asks for mode {wanted}, and discover.max_mode allows \
             {allowed}: {allowed} it is"
        )
    }
}

/// Adds the groups that were found to `config`, whose settings are `settings`. `home` is the region
/// of tables that name none.
pub(super) fn add(
    mut config: Config,
    settings: &[Setting],
    tree: &Table,
    found: &[TaggedGroup],
    home: Option<&str>,
) -> Discovered {
    let mut refused = Vec::new();
    let mut limited = Vec::new();
    let mut names: BTreeSet<String> = config.groups.keys().cloned().collect();
    for group in found {
        let table = config.table_of(&group.name, &group.reach, home);
        let table = table.map(|(table, _)| table.to_owned());
        let own = table.is_some();
        let table = table.unwrap_or_else(|| free_name(group, &names));
        match of_tags(&config, settings, tree, group, &table) {
            Ok((mut made, mode)) => {
                if !own {
                    made.live.asg = (table != group.name).then(|| group.name.clone());
                    made.live.reach = group.reach.clone();
                }
                limited.extend(limit(&mut made, mode, &config, group));
                names.insert(table.clone());
                config.groups.insert(table, made);
            }
            Err(problems) => refused.push(Refused {
                group: group.name.clone(),
                reach: group.reach.clone(),
                problems,
            }),
        }
    }
    Discovered {
        config,
        refused,
        limited,
    }
}

impl Config {
    /// The table of the Auto Scaling group `name`, which is reached by `reach`, with its settings.
    /// `home` is the region of tables that name none.
    pub fn table_of(
        &self,
        name: &str,
        reach: &Reach,
        home: Option<&str>,
    ) -> Option<(&str, &GroupSettings)> {
        fn place<'a>(reach: &'a Reach, home: Option<&'a str>) -> [Option<&'a str>; 2] {
            [reach.region.as_deref().or(home), reach.role_arn.as_deref()]
        }
        let mut tables = self.groups.iter();
        let found = tables.find(|(table, settings)| {
            settings.live.asg_name(table) == name
                && place(&settings.live.reach, home) == place(reach, home)
        });
        found.map(|(table, settings)| (table.as_str(), settings))
    }
}

/// The group's own name, or that with its region and role where another group has the name.
fn free_name(group: &TaggedGroup, names: &BTreeSet<String>) -> String {
    let Reach { region, role_arn } = &group.reach;
    let longer = [region, role_arn].into_iter().flatten();
    let mut name = group.name.clone();
    for part in longer {
        if !names.contains(&name) {
            break;
        }
        name = format!("{name}@{part}");
    }
    name
}

/// Where a group's mode was set.
#[derive(Clone, Copy)]
enum ModeSet {
    InFile,
    ByTag,
    Nowhere,
}

/// The settings of a group: `[defaults]`, then its tags, then its table.
fn of_tags(
    config: &Config,
    settings: &[Setting],
    tree: &Table,
    group: &TaggedGroup,
    table: &str,
) -> Result<(GroupSettings, ModeSet), Problems> {
    let way = Key::from(["group", table]);
    let below = |setting: &&Setting| match setting.key.parts() {
        [first, ..] if first == "defaults" => true,
        [first, second, ..] => first == "group" && second == table,
        _ => false,
    };
    let (defaults, own): (Vec<&Setting>, Vec<&Setting>) =
        settings.iter().filter(below).partition(|setting| {
            setting
                .key
                .parts()
                .first()
                .is_some_and(|it| it == "defaults")
        });
    let mut layers = Layers {
        settings: defaults.into_iter().cloned().collect(),
        problems: Vec::new(),
    };
    layers.settings.push(Setting {
        key: way.clone(),
        value: toml::Value::Table(toml::Table::new()),
        place: Place::Tag {
            key: config.discover.tag.clone(),
            group: group.name.clone(),
        },
    });
    let prefix = format!("{}:", config.discover.tag);
    for (key, value) in &group.tags {
        if let Some(name) = key.strip_prefix(&prefix) {
            add_tag(&mut layers, tree, &way, group, (key, name, value));
        }
    }
    layers.settings.extend(own.into_iter().cloned());
    let mode = mode_set(&layers.settings, &way.child("mode"));
    let resolved = resolve::resolve(layers)?;
    let made = resolved.groups.get(table).cloned();
    Ok((made.unwrap_or_else(|| config.defaults.clone()), mode))
}

fn add_tag(
    layers: &mut Layers,
    tree: &Table,
    way: &Key,
    group: &TaggedGroup,
    (tag, name, value): (&str, &str, &str),
) {
    let place = Place::Tag {
        key: tag.to_owned(),
        group: group.name.clone(),
    };
    let name = name.replace('-', "_");
    let long = SHORT.iter().find(|(short, _)| *short == name);
    let name = long.map_or(name.as_str(), |(_, long)| *long);
    if NOT_BY_TAG.contains(&name) {
        let what = format!("`{name}` cannot be set by a tag");
        let hint = Some(format!(
            "remove the tag, and set `{way}.{name}` in the file"
        ));
        return layers
            .problems
            .push(Problem::new(what, place).with_hint(hint));
    }
    let key = name
        .split('.')
        .fold(way.clone(), |key, part| key.child(part));
    layers.add_named(tree, &key, value, place);
}

fn mode_set(settings: &[Setting], key: &Key) -> ModeSet {
    let last = settings.iter().rev().find(|setting| setting.key == *key);
    match last.map(|setting| &setting.place) {
        None => ModeSet::Nowhere,
        Some(Place::Tag { .. }) => ModeSet::ByTag,
        Some(_) => ModeSet::InFile,
    }
}

/// Keeps the mode of a group that was found within what is allowed. Returns where a tag asks for
/// more.
fn limit(
    made: &mut GroupSettings,
    mode: ModeSet,
    config: &Config,
    group: &TaggedGroup,
) -> Option<Limited> {
    let wanted = made.controller.mode;
    let most = config.discover.max_mode;
    match mode {
        ModeSet::InFile => None,
        // `[defaults]` is for groups that somebody wrote down.
        ModeSet::Nowhere => {
            made.controller.mode = Mode::Observe;
            None
        }
        ModeSet::ByTag if wanted <= most => None,
        ModeSet::ByTag => {
            made.controller.mode = most;
            Some(Limited {
                group: group.name.clone(),
                reach: group.reach.clone(),
                wanted,
                allowed: most,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use foretide_domain::PolicyKind;

    use super::*;
    use crate::Sources;

    fn group(name: &str, region: Option<&str>, tags: &[(&str, &str)]) -> TaggedGroup {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        TaggedGroup {
            name: name.to_owned(),
            reach: Reach {
                region: region.map(str::to_owned),
                role_arn: None,
            },
            tags: tags.iter().map(owned).collect(),
        }
    }

    fn with(file: &str, found: &[TaggedGroup]) -> Discovered {
        let mut sources = Sources::default();
        sources.file(Path::new("foretide.toml"), file.to_owned());
        sources.load_with(found, Some("eu-west-1")).unwrap()
    }

    const ON: &str = "[discover]\nenabled = true\n";

    #[test]
    fn tags_are_settings_and_the_table_has_precedence() {
        let tags = [
            ("foretide", ""),
            ("foretide:policy", "target-tracking"),
            ("foretide:budget", "1%"),
            ("foretide:lead-time-min", "240s"),
            ("foretide:scale-out.at-most", "50 %,2"),
            ("foretide:scale-in.stabilisation", "5m"),
            ("Name", "not ours"),
        ];
        let file =
            format!("{ON}[defaults]\nlead_time = \"99s\"\n[group.web]\npolicy = \"forecast\"\n");
        let found = [group("web", None, &tags), group("api", None, &tags)];
        let Discovered {
            config, refused, ..
        } = with(&file, &found);
        assert_eq!(refused, []);
        let of = |name: &str| &config.groups[name].controller;
        assert_eq!(of("web").policy, PolicyKind::Forecast, "as the file says");
        assert_eq!(of("api").policy, PolicyKind::TargetTracking);
        for name in ["web", "api"] {
            assert!((of(name).forecast.budget - 0.01).abs() < 1e-12, "{name}");
            assert_eq!(of(name).lead_time_min, Duration::from_secs(240));
            assert_eq!(of(name).lead_time, Duration::from_secs(99), "inherited");
            let pace = of(name).pace;
            assert_eq!(pace.scale_out.at_most.percent, Some(50.0));
            assert_eq!(pace.scale_out.at_most.instances, Some(2));
            assert_eq!(pace.stabilisation, Duration::from_mins(5));
        }
    }

    #[test]
    fn a_wrong_tag_is_named_and_leaves_its_group_alone() {
        let found = [
            group("good", None, &[("foretide:policy", "forecast")]),
            group("typo", None, &[("foretide:polcy", "forecast")]),
            group("value", None, &[("foretide:budget", "a lot")]),
            group(
                "trust",
                None,
                &[("foretide:predictor", "http://evil.example")],
            ),
            group(
                "reader",
                None,
                &[("foretide:forecast.calendars", "a /etc/passwd min 4")],
            ),
        ];
        let Discovered {
            config, refused, ..
        } = with(ON, &found);
        let names: Vec<&String> = config.groups.keys().collect();
        assert_eq!(names, ["good"]);
        let said: Vec<String> = refused.iter().map(|it| it.problems.to_string()).collect();
        assert!(said[0].contains("did you mean `policy`?"), "{said:?}");
        assert!(said[0].contains("tag foretide:polcy of group typo"));
        assert!(said[1].contains("foretide:budget of group value"));
        assert!(said[2].contains("`predictor` cannot be set by a tag"));
        assert!(!said[2].contains("evil"), "values of tags are not repeated");
        assert!(said[3].contains("`forecast.calendars` cannot be set by a tag"));
    }

    #[test]
    fn a_mode_comes_from_the_table_or_from_a_tag_within_what_is_allowed() {
        let mode = |value| [("foretide:mode", value)];
        let file = "[discover]\nenabled = true\nmax_mode = \"scale-out-only\"\n[defaults]\nmode = \
                    \"enforce\"\n[group.own]\nmode = \"enforce\"\n";
        let found = [
            group("own", None, &mode("observe")),
            group("most", None, &mode("scale-out-only")),
            group("more", None, &mode("enforce")),
            group("none", None, &[]),
        ];
        let Discovered {
            config, limited, ..
        } = with(file, &found);
        let of = |name: &str| config.groups[name].controller.mode;
        assert_eq!(of("own"), Mode::Enforce);
        assert_eq!(of("most"), Mode::ScaleOutOnly);
        assert_eq!(of("more"), Mode::ScaleOutOnly);
        assert_eq!(
            of("none"),
            Mode::Observe,
            "[defaults] is for groups written down"
        );
        assert_eq!(limited.len(), 1);
        let said = limited[0].to_string();
        assert!(said.starts_with("group more: its tag asks for mode enforce"));
    }

    #[test]
    fn a_group_is_looked_after_once_though_table_and_search_name_its_region_differently() {
        let file = format!("{ON}[group.web]\n[group.far]\nasg = \"web\"\nregion = \"us-east-1\"\n");
        let found = [
            group("web", Some("eu-west-1"), &[("foretide:budget", "2%")]),
            group("web", Some("us-east-1"), &[]),
            group("web", Some("ap-south-1"), &[]),
        ];
        let config = with(&file, &found).config;
        let names: Vec<&String> = config.groups.keys().collect();
        assert_eq!(names, ["far", "web", "web@ap-south-1"]);
        let new = &config.groups["web@ap-south-1"].live;
        assert_eq!(new.asg.as_deref(), Some("web"));
        assert_eq!(new.reach.region.as_deref(), Some("ap-south-1"));
        assert!((config.groups["web"].controller.forecast.budget - 0.02).abs() < 1e-12);
    }

    #[test]
    fn without_the_search_nothing_is_added() {
        let config = with("", &[group("web", None, &[])]).config;
        assert!(config.groups.is_empty());
    }
}
