# Sets up every tool that a command of ./x needs; sourced by x, never run alone.
# Each function looks first and does nothing when its tool is there, so a second run is quick.

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/offwire"
WASM_PACK_VERSION=0.15.1
WASM_BINDGEN_VERSION=0.2.130 # equals the version of wasm-bindgen in Cargo.toml, to the last digit

say() { printf 'x: %s\n' "$*"; }

fail() {
	printf 'x: %s\n' "$*" >&2
	exit 1
}

# Debian packages, each with the command that shows it is there: need_debian cc=gcc ...
need_debian() {
	local pair missing=() as_root=()
	for pair in "$@"; do
		command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || fail "please install: ${missing[*]}"
	[ "$(id -u)" = 0 ] || as_root=(sudo)
	say "installing ${missing[*]}"
	"${as_root[@]}" apt-get update -qq
	DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

# The toolchain, its components and the wasm target, as rust-toolchain.toml names them.
need_rust() {
	local channel target=wasm32-unknown-unknown
	command -v rustup >/dev/null || PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
	command -v rustup >/dev/null || fail "rustup is missing: it is needed first"
	channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
	if ! rustup target list --toolchain "$channel" --installed 2>/dev/null | grep -qx "$target" ||
		! cargo clippy --version >/dev/null 2>&1 || ! cargo fmt --version >/dev/null 2>&1; then
		say "installing rust $channel with $target"
		rustup toolchain install "$channel" --profile minimal --component clippy --component rustfmt --target "$target"
	fi
	# rustc links through cc, which a bare Debian lacks.
	need_debian cc=gcc cc=libc6-dev
}

# Builds one cargo tool into a folder of its own: crate, version, then its binaries.
# At optimisation level 1, since these tools run for moments and building them is the longest part
# of a cold start. Without --locked, since the lock file of wasm-bindgen-cli 0.2.130 names a release
# that crates.io did not serve at the time.
need_cargo_tool() {
	local crate=$1 version=$2 dir bin bins=() missing=no
	shift 2
	dir="$CACHE/$crate-$version"
	for bin in "$@"; do
		bins+=(--bin "$bin")
		[ -x "$dir/bin/$bin" ] || missing=yes
	done
	if [ "$missing" = yes ]; then
		say "building $crate $version into $dir (some minutes, once)"
		# One build folder for all tools: what they share is compiled once.
		CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off \
			CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_TARGET_DIR="$CACHE/build" \
			cargo install --quiet --force --root "$dir" --version "$version" "${bins[@]}" "$crate"
	fi
	PATH="$dir/bin:$PATH"
}

# What binds the core to JavaScript, and what runs its tests in a browser.
need_wasm_bindgen() {
	need_cargo_tool wasm-bindgen-cli "$WASM_BINDGEN_VERSION" wasm-bindgen wasm-bindgen-test-runner
}

need_wasm_pack() {
	need_wasm_bindgen
	need_cargo_tool wasm-pack "$WASM_PACK_VERSION" wasm-pack
	rm -rf "$CACHE/build"
}

# The page's npm packages, among them Vite, TypeScript, Biome and binaryen's wasm-opt.
need_npm() {
	local lock stamp=www/node_modules/.offwire-lock
	command -v npm >/dev/null || fail "node and npm are missing: they are needed first"
	[ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || fail "node 20 or later is needed"
	lock=$(sha256sum <www/package-lock.json)
	if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$lock" ]; then
		say "installing npm packages"
		(cd www && npm ci --no-audit --no-fund --loglevel=error)
		printf '%s' "$lock" >"$stamp"
	fi
	PATH="$PWD/www/node_modules/.bin:$PATH"
}

need_chromium() {
	need_debian chromium=chromium chromedriver=chromium-driver
}

# Tests that read the sources ask git which files are part of the project.
need_git() {
	need_debian git=git
}
