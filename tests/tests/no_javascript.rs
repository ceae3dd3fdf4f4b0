//! The core must build for a host without JavaScript: what it depends on may not bind to any.

use std::error::Error;
use std::process::Command;

/// What would bind the core to JavaScript, or (getrandom) to a source of randomness.
const FORBIDDEN: &[&str] = &["getrandom", "js-sys", "rand", "wasm-bindgen", "web-sys"];

/// The names of all that goes into `package` when it is built for wasm.
fn dependencies(package: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let out = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "-p", package, "--target", "wasm32-unknown-unknown"])
        .args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()?;
    if !out.status.success() {
        return Err(String::from_utf8_lossy(&out.stderr).into());
    }
    let text = String::from_utf8(out.stdout)?;
    Ok(text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}

#[test]
fn the_core_depends_on_no_javascript() {
    let found = dependencies("offwire-core").unwrap();
    assert!(found.iter().any(|name| name == "serde"), "the list is read: {found:?}");
    for name in FORBIDDEN {
        assert!(!found.iter().any(|have| have == name), "offwire-core depends on {name}");
    }
}

#[test]
fn the_binding_does_so_that_this_check_can_see_it() {
    assert!(dependencies("offwire-wasm").unwrap().iter().any(|name| name == "wasm-bindgen"));
}
