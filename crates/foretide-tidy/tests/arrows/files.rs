//! The imports between the files of one crate, and the circles that the imports make.
//!
//! A file imports another file when it names an item that the other file defines. An item that is
//! named through a re-export counts for the file that defines the item: a `mod.rs` that only
//! re-exports its children closes no circle. Code under `#[cfg(test)]` does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The most files that may import each other in a circle. Two or three files can be read together;
/// more files have no place to begin.
pub(crate) const FILES_MAX: usize = 3;
/// Most re-exports that are followed for one name. A longer chain counts as endless.
const REEXPORTS_MAX: usize = 16;

/// A module or an item by the names that lead to it from the root of its crate.
type Path = Vec<String>;

/// A source file of a crate.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Path below the crate's `src`, with forward slashes.
    pub(crate) path: String,
    /// The file's text.
    pub(crate) text: String,
}

/// The imports between the files of a crate: by importing file and imported file, the names.
pub(crate) type Imports = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// The imports between `sources`, the files of one crate.
///
/// # Errors
/// Names the file that is no Rust.
pub(crate) fn imports(sources: &[Source]) -> Result<Imports, String> {
    let modules: BTreeSet<Path> = sources.iter().map(|file| module(&file.path)).collect();
    let mut files = BTreeMap::new();
    for source in sources {
        let tokens = TokenStream::from_str(&source.text)
            .map_err(|error| format!("{}: {error}", source.path))?;
        let mut found = Scan::default();
        found.scan(tokens);
        let at = module(&source.path);
        let file = File::new(source, &at, found, &modules);
        files.insert(at, file);
    }
    let mut imports = Imports::new();
    for file in files.values() {
        let edges = imports.entry(file.path.clone()).or_default();
        for named in &file.named {
            if let Some((owner, name)) = owner(&files, named, REEXPORTS_MAX)
                && owner.path != file.path
            {
                let names = edges.entry(owner.path.clone()).or_default();
                names.insert(name);
            }
        }
    }
    Ok(imports)
}

/// The circles of more than [`FILES_MAX`] files in `imports`, each as one text that lists the
/// imports to cut.
pub(crate) fn circles(imports: &Imports) -> Vec<String> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = imports
        .keys()
        .map(|file| (file.as_str(), reached_from(imports, file)))
        .collect();
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for (file, far) in &reached {
        let back = |other: &&&str| reached.get(**other).is_some_and(|it| it.contains(file));
        let circle: BTreeSet<&str> = far.iter().filter(back).copied().collect();
        if circle.len() > FILES_MAX && seen.insert(circle.clone()) {
            circles.push(describe(imports, &circle));
        }
    }
    circles
}

fn describe(imports: &Imports, circle: &BTreeSet<&str>) -> String {
    let mut text = format!("{} files import each other in a circle:", circle.len());
    for from in circle {
        let edges = imports[*from].iter();
        for (to, names) in edges.filter(|(to, _)| circle.contains(to.as_str())) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            text.push_str("\n  ");
            text.push_str(&[from, "imports", &names.join(", "), "of", to].join(" "));
        }
    }
    text
}

fn reached_from<'a>(imports: &'a Imports, file: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![file];
    while let Some(file) = waiting.pop() {
        for next in imports.get(file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(next.as_str()) {
                waiting.push(next);
            }
        }
    }
    reached
}

/// The module that the file at `path` below `src` holds.
fn module(path: &str) -> Path {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let mut names: Path = path.split('/').map(str::to_owned).collect();
    let is_root = names.len() == 1 && matches!(path, "lib" | "main");
    if is_root || names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    names
}

/// A file of the crate, its names resolved to paths from the crate's root.
struct File {
    path: String,
    /// Names that `use` binds in this file.
    bound: BTreeMap<String, Path>,
    /// Items that the file names.
    named: Vec<Path>,
}

impl File {
    fn new(source: &Source, module: &[String], found: Scan, modules: &BTreeSet<Path>) -> Self {
        let own = BTreeMap::new();
        let mut bound = BTreeMap::new();
        let mut named = Vec::new();
        for Use { path, name, public } in found.uses {
            let Some(path) = absolute(module, &path, &own, modules) else {
                continue;
            };
            // A re-export alone is no import: the file offers the name and does not use it.
            if !public || found.mentioned.contains(&name) {
                named.push(path.clone());
            }
            bound.insert(name, path);
        }
        let paths = found.paths.iter();
        named.extend(paths.filter_map(|path| absolute(module, path, &bound, modules)));
        Self {
            path: source.path.clone(),
            bound,
            named,
        }
    }
}

/// `path` from the root of the crate; none where `path` begins outside the crate.
fn absolute(
    module: &[String],
    path: &[String],
    bound: &BTreeMap<String, Path>,
    modules: &BTreeSet<Path>,
) -> Option<Path> {
    let (first, rest) = path.split_first()?;
    let mut base = module.to_vec();
    let mut rest = rest;
    match first.as_str() {
        "crate" => base.clear(),
        "self" => {}
        "super" => {
            base.pop();
            while let Some((_, further)) = rest.split_first().filter(|(next, _)| *next == "super") {
                base.pop();
                rest = further;
            }
        }
        name => {
            if let Some(alias) = bound.get(name).filter(|path| modules.contains(*path)) {
                base.clone_from(alias);
            } else {
                base.push(name.to_owned());
                if !modules.contains(&base) {
                    return None;
                }
            }
        }
    }
    base.extend_from_slice(rest);
    Some(base)
}

/// The file that defines the item at `path`, and the item's name; none for a module.
fn owner<'a>(
    files: &'a BTreeMap<Path, File>,
    path: &[String],
    reexports: usize,
) -> Option<(&'a File, String)> {
    let mut module = Path::new();
    for (index, name) in path.iter().enumerate() {
        let mut child = module.clone();
        child.push(name.clone());
        let file = files.get(&module)?;
        let bound = file.bound.get(name);
        let is_last = index + 1 == path.len();
        // A function may have the name of its module: at the end of a path the function is meant.
        if files.contains_key(&child) && !(is_last && bound.is_some()) {
            module = child;
            continue;
        }
        return match bound.filter(|_| reexports > 0) {
            Some(bound) => {
                let mut further = bound.clone();
                further.extend_from_slice(&path[index + 1..]);
                owner(files, &further, reexports - 1)
            }
            None => Some((file, name.clone())),
        };
    }
    None
}

/// A name that `use` binds.
#[derive(Debug)]
struct Use {
    path: Path,
    name: String,
    public: bool,
}

/// What the tokens of one file say of other files.
#[derive(Debug, Default)]
struct Scan {
    uses: Vec<Use>,
    /// Paths outside `use`.
    paths: Vec<Path>,
    /// Names outside `use`.
    mentioned: BTreeSet<String>,
}

impl Scan {
    fn scan(&mut self, tokens: TokenStream) {
        let siblings: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        let mut public = false;
        while let Some(token) = siblings.get(at) {
            at += match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    attributes(&siblings[at..]).unwrap_or(2)
                }
                TokenTree::Ident(ident) if ident == "pub" => {
                    public = true;
                    let scope = matches!(siblings.get(at + 1), Some(TokenTree::Group(_)));
                    at += 1 + usize::from(scope);
                    continue;
                }
                TokenTree::Ident(ident) if ident == "use" => {
                    let end = item_end(&siblings[at..]);
                    self.import(&siblings[at + 1..at + end], &[], public);
                    end
                }
                TokenTree::Ident(ident) if ident == "mod" => 2,
                TokenTree::Ident(_) => self.path(&siblings[at..]),
                TokenTree::Group(group) => {
                    self.scan(group.stream());
                    1
                }
                _ => 1,
            };
            public = false;
        }
    }

    /// Takes in the tree of a `use` whose outer names are `outer`.
    fn import(&mut self, tree: &[TokenTree], outer: &[String], public: bool) {
        for branch in tree.split(|token| is_punct(token, ',')) {
            let mut path = outer.to_vec();
            let mut renamed = None;
            let mut tokens = branch.iter();
            while let Some(token) = tokens.next() {
                match token {
                    TokenTree::Ident(ident) if ident == "as" => {
                        renamed = tokens.next().map(ToString::to_string);
                    }
                    TokenTree::Ident(ident) => path.push(ident.to_string()),
                    TokenTree::Punct(punct) if punct.as_char() == '*' => path.push("*".to_owned()),
                    TokenTree::Group(group) => {
                        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                        self.import(&inner, &path, public);
                        path.clear();
                    }
                    _ => {}
                }
            }
            if path.len() > 1 && path.last().is_some_and(|name| name == "self") {
                path.pop();
            }
            if let Some(name) = renamed.or_else(|| path.last().cloned()) {
                self.uses.push(Use { path, name, public });
            }
        }
    }

    /// Takes in the path at the start of `siblings`; gives its length in tokens.
    fn path(&mut self, siblings: &[TokenTree]) -> usize {
        let mut path = Path::new();
        let mut at = 0;
        while let Some(TokenTree::Ident(ident)) = siblings.get(at) {
            path.push(ident.to_string());
            at += 1;
            let colons = siblings.get(at..at + 2);
            if !colons.is_some_and(|pair| pair.iter().all(|token| is_punct(token, ':'))) {
                break;
            }
            at += 2;
        }
        self.mentioned.insert(path[0].clone());
        if path.len() > 1 {
            self.paths.push(path);
        }
        at
    }
}

/// The length of the attributes at the start of `siblings` where the item below them is only for
/// tests, the item included.
fn attributes(siblings: &[TokenTree]) -> Option<usize> {
    let mut at = 0;
    let mut for_tests = false;
    while is_punct(siblings.get(at)?, '#') {
        at += 1 + usize::from(is_punct(siblings.get(at + 1)?, '!'));
        let text = siblings
            .get(at)?
            .to_string()
            .replace(char::is_whitespace, "");
        for_tests |= text == "[cfg(test)]";
        at += 1;
    }
    for_tests.then(|| at + item_end(&siblings[at..]))
}

/// The length of the item at the start of `siblings`: up to its `;` or its block.
fn item_end(siblings: &[TokenTree]) -> usize {
    let mut in_use = false;
    for (at, token) in siblings.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) if ident == "use" => in_use = true,
            TokenTree::Punct(punct) if punct.as_char() == ';' => return at + 1,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && !in_use => {
                return at + 1;
            }
            _ => {}
        }
    }
    siblings.len()
}

fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crate_of(files: &[(&str, &str)]) -> Imports {
        let source = |(path, text): &(&str, &str)| Source {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        imports(&files.iter().map(source).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn four_files_in_a_circle_are_found_and_three_are_not() {
        let open = [
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "use super::c::{C, self}; pub struct B;"),
            ("c.rs", "pub struct C; fn f() { crate::d::D; }"),
            ("d.rs", "pub struct D;"),
        ];
        assert_eq!(circles(&crate_of(&open)), Vec::<String>::new());
        let mut closed = open;
        closed[4].1 = "use crate::a::A; pub struct D;";
        assert_eq!(
            circles(&crate_of(&closed)),
            [
                "4 files import each other in a circle:\n  a.rs imports B of b.rs\n  b.rs imports C of \
              c.rs\n  c.rs imports D of d.rs\n  d.rs imports A of a.rs"
            ]
        );
        closed[3].1 = "use crate::a::A; pub struct C;";
        assert_eq!(circles(&crate_of(&closed)), Vec::<String>::new());
    }

    #[test]
    fn a_name_behind_a_reexport_counts_for_the_file_that_defines_it() {
        let found = crate_of(&[
            (
                "lib.rs",
                "mod a; mod b; pub use b::{B as Renamed, run}; fn f() { run(); }",
            ),
            (
                "a.rs",
                "use crate::Renamed; use crate::b as other; fn f() { other::run(); }",
            ),
            (
                "b/mod.rs",
                "mod run; pub use run::run; pub struct B; use super::a;",
            ),
            ("b/run.rs", "pub fn run() {}"),
        ]);
        let edges = |file: &str| found[file].keys().cloned().collect::<Vec<_>>();
        assert_eq!(edges("a.rs"), ["b/mod.rs", "b/run.rs"]);
        assert_eq!(edges("lib.rs"), ["b/run.rs"]);
        assert_eq!(edges("b/mod.rs"), Vec::<String>::new());
    }

    #[test]
    fn code_for_tests_and_text_import_nothing() {
        let found = crate_of(&[
            ("lib.rs", "mod a; /// Reads [`crate::a::A`].\n struct B;"),
            (
                "a.rs",
                "pub struct A; #[cfg(test)] mod tests { use crate::B; } const T: &str = \"crate::B\";",
            ),
        ]);
        assert!(found.values().all(BTreeMap::is_empty), "{found:?}");
    }
}
