//! The dependency rule of `docs/architecture.md`, read from `cargo metadata` and the manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::repo;

/// What each crate may use of the workspace. A new edge is a change of the architecture: it belongs into
/// `docs/architecture.md` and a decision before it belongs here.
const EDGES: &[(&str, &[&str])] = &[
    ("forsat-domain", &[]),
    ("forsat-document", &["forsat-domain"]),
    ("forsat-sync", &[]),
    ("forsat-store", &["forsat-sync"]),
    ("forsat-client", &["forsat-document", "forsat-domain", "forsat-store", "forsat-sync"]),
    ("forsat-relay", &["forsat-sync"]),
    ("forsat-cli", &["forsat-client", "forsat-domain", "forsat-relay"]),
    (
        SIM,
        &["forsat-client", "forsat-document", "forsat-domain", "forsat-relay", "forsat-store", "forsat-sync"],
    ),
    (HOSTILE, &["forsat-sync"]),
    (TESTS, &[]),
];

/// What a crate's tests may use beyond [`EDGES`]. Besides these, any crate's tests may use the simulation and the
/// catalogue of hostile changes, and the tests of the whole may use everything.
const TEST_EDGES: &[(&str, &str)] = &[
    // The protocol's list of genesis hashes and size limits are compared with the document's.
    ("forsat-document", "forsat-sync"),
    // The device's connection is tested against a real relay.
    ("forsat-client", "forsat-relay"),
];

/// What may not be reached from a crate by normal dependencies, however indirectly.
const UNREACHABLE: &[(&str, &[&str])] = &[
    ("forsat-domain", &["tokio", "redb", "automerge", "axum", "tokio-tungstenite", "rustls"]),
    ("forsat-document", &["tokio", "redb", "axum", "tokio-tungstenite", "rustls"]),
    ("forsat-sync", &["tokio", "redb", "automerge", "axum", "tokio-tungstenite", "rustls"]),
    ("forsat-store", &["tokio", "automerge", "axum", "tokio-tungstenite", "rustls"]),
    // The engine is given a keyring, and knows no message bus.
    ("forsat-client", &["zbus"]),
    // The relay moves changes without understanding them.
    ("forsat-relay", &["automerge", "forsat-domain", "forsat-document"]),
];

const SIM: &str = "forsat-sim";
const HOSTILE: &str = "forsat-hostile";
/// Crates that nothing that ships may use.
const ONLY_FOR_TESTS: &[&str] = &[SIM, HOSTILE];
const TESTS: &str = "forsat-tests";

/// An edge between two crates of the workspace.
#[derive(Debug)]
struct Edge {
    from: String,
    to: String,
    dev: bool,
}

fn edges() -> Vec<Edge> {
    let metadata = repo::metadata(false);
    let packages = repo::array(&metadata, "packages");
    let members: BTreeSet<&str> = packages.iter().map(|package| repo::text(package, "name")).collect();
    let mut edges = Vec::new();
    for package in packages {
        for dependency in repo::array(package, "dependencies") {
            let to = repo::text(dependency, "name");
            if members.contains(to) {
                let dev = dependency["kind"] == "dev";
                edges.push(Edge { from: repo::text(package, "name").to_owned(), to: to.to_owned(), dev });
            }
        }
    }
    edges
}

fn is_allowed(edge: &Edge) -> bool {
    let normal = EDGES.iter().any(|(from, to)| edge.from == *from && to.contains(&edge.to.as_str()));
    let pair = (edge.from.as_str(), edge.to.as_str());
    let is_help = ONLY_FOR_TESTS.contains(&edge.to.as_str());
    let is_whole = [HOSTILE, TESTS].contains(&edge.from.as_str());
    normal || (edge.dev && (TEST_EDGES.contains(&pair) || is_help || is_whole))
}

#[test]
fn crates_depend_on_each_other_as_the_architecture_says() {
    let edges = edges();
    assert!(
        edges.iter().any(|edge| edge.from == "forsat-document" && edge.to == "forsat-domain"),
        "no edges were read"
    );
    let wrong: Vec<&Edge> = edges.iter().filter(|edge| !is_allowed(edge)).collect();
    assert!(wrong.is_empty(), "edges that docs/architecture.md doesn't allow: {wrong:#?}");
}

#[test]
fn every_crate_of_the_workspace_has_its_rule() {
    let metadata = repo::metadata(false);
    let members: BTreeSet<&str> =
        repo::array(&metadata, "packages").iter().map(|package| repo::text(package, "name")).collect();
    let ruled: BTreeSet<&str> = EDGES.iter().map(|(from, _)| *from).collect();
    assert_eq!(members, ruled);
}

#[test]
fn the_simulation_and_the_hostile_changes_are_only_ever_used_by_tests() {
    let is_help = |edge: &Edge| ONLY_FOR_TESTS.contains(&edge.to.as_str());
    let shipped: Vec<Edge> = edges().into_iter().filter(|edge| is_help(edge) && !edge.dev).collect();
    assert!(shipped.is_empty(), "{shipped:#?}");
}

/// The names of the packages that each package's normal dependencies lead to.
fn reachable(metadata: &Value, from: &str) -> BTreeSet<String> {
    let names: BTreeMap<&str, &str> = repo::array(metadata, "packages")
        .iter()
        .map(|package| (repo::text(package, "id"), repo::text(package, "name")))
        .collect();
    let nodes: BTreeMap<&str, &Value> = repo::array(&metadata["resolve"], "nodes")
        .iter()
        .map(|node| (repo::text(node, "id"), node))
        .collect();
    let start = names.iter().find(|(_, name)| **name == from).map(|(id, _)| *id);
    let mut open = vec![start.unwrap_or_else(|| panic!("{from} is a package"))];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        for dependency in repo::array(nodes[id], "deps") {
            let normal = repo::array(dependency, "dep_kinds").iter().any(|kind| kind["kind"].is_null());
            let to = repo::text(dependency, "pkg");
            if normal && seen.insert(to) {
                open.push(to);
            }
        }
    }
    seen.into_iter().map(|id| names[id].to_owned()).collect()
}

#[test]
fn cores_reach_no_io() {
    let metadata = repo::metadata(true);
    assert!(reachable(&metadata, "forsat-document").contains("automerge"), "nothing was walked");
    for (from, forbidden) in UNREACHABLE {
        let reached = reachable(&metadata, from);
        let wrong: Vec<&&str> = forbidden.iter().filter(|name| reached.contains(**name)).collect();
        assert!(wrong.is_empty(), "{from} reaches {wrong:?}");
    }
}

fn table(manifest: &Path) -> toml::Table {
    repo::read(manifest).parse().unwrap_or_else(|error| panic!("{}: {error}", manifest.display()))
}

/// Every dependency table of a manifest, those of single platforms included.
fn dependency_tables(manifest: &toml::Table) -> Vec<&toml::Table> {
    let platforms = manifest.get("target").and_then(toml::Value::as_table);
    let platforms = platforms.into_iter().flat_map(toml::Table::values).filter_map(toml::Value::as_table);
    let mut found = Vec::new();
    for table in platforms.chain([manifest]) {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            found.extend(table.get(kind).and_then(toml::Value::as_table));
        }
    }
    found
}

#[test]
fn every_version_is_chosen_in_one_place() {
    let metadata = repo::metadata(false);
    for package in repo::array(&metadata, "packages") {
        let manifest = table(Path::new(repo::text(package, "manifest_path")));
        for dependencies in dependency_tables(&manifest) {
            for (name, dependency) in dependencies {
                let shared = dependency.get("workspace").and_then(toml::Value::as_bool) == Some(true);
                let package = repo::text(package, "name");
                assert!(shared, "{package} takes {name} past [workspace.dependencies]");
            }
        }
    }
}
