# Builds the page, dist/index.html, from the core on; sourced by x, never run alone.

WASM_TARGET=wasm32-unknown-unknown

# Paths of this machine must not reach the artefact: the same sources give the same bytes anywhere.
remapped_paths() {
	local home="${CARGO_HOME:-$HOME/.cargo}" dir
	printf '"--remap-path-prefix=%s=."' "$PWD"
	for dir in "$home"/registry/src/*/; do
		[ -d "$dir" ] && printf ',"--remap-path-prefix=%s=crates"' "${dir%/}"
	done
	return 0
}

# The core as wasm with its JavaScript, into www/src/wasm. $1: cargo's target folder.
build_wasm() {
	local target=${1:-target} out=www/src/wasm
	say "building the core for the page"
	# Fetched first: only then are all the folders there whose names are to be remapped.
	cargo fetch --quiet --locked --target "$WASM_TARGET"
	# Not stripped yet: the file names the wasm features it uses, which the tools below read and drop.
	# Level 2 is a tenth smaller than 3 and as fast by ./x bench; "s" is smaller still, and slower.
	cargo build --quiet --locked --release -p offwire-wasm --target "$WASM_TARGET" --target-dir "$target" \
		--config "profile.release.strip=false" --config "profile.release.opt-level=2" \
		--config "target.$WASM_TARGET.rustflags=[$(remapped_paths)]"
	rm -rf "$out"
	# No default module path: the generated code must not know how to fetch its wasm.
	wasm-bindgen --target web --omit-default-module-path --remove-name-section --remove-producers-section \
		--out-dir "$out" "$target/$WASM_TARGET/release/offwire_wasm.wasm"
	wasm-opt -O3 --strip-target-features "$out/offwire_wasm_bg.wasm" -o "$out/offwire_wasm_bg.wasm"
}

# The whole page into dist/. Arguments as for build_wasm.
build_page() {
	build_wasm "$@"
	say "building the page"
	node scripts/licences.mjs www/src/wasm/licences.txt
	(cd www && vite build --logLevel warn)
}

need_build_tools() {
	need_rust
	need_npm
	need_wasm_bindgen
}
