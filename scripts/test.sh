# Runs every test and sums up what all of them say; sourced by x, never run alone.

LOGS=target/test-logs

# Runs one step, showing and keeping its output. A step that breaks before it can count its own
# failures (a build error, say) must still fail the whole, so its status is kept too.
step() {
	local name=$1 log="$LOGS/$1.log" status=0
	shift
	say "tests: $name"
	"$@" 2>&1 | tee "$log" || status=$?
	printf 'step %s ended with %d\n' "$name" "$status" >>"$log"
}

# A dozen short tests of the binding: building for speed would take four times as long as all of it.
wasm_tests() {
	wasm-pack --log-level warn test --headless --chrome wasm --locked \
		--config "profile.dev.opt-level=0" --config 'profile.dev.package."*".opt-level=0' \
		--config "profile.dev.debug=false"
}

browser_tests() {
	NO_COLOR=1 FORCE_COLOR=0 node --test --test-reporter=spec tests/browser/*.test.mjs
}

run_tests() {
	need_build_tools
	need_wasm_pack
	need_chromium
	need_git
	rm -rf "$LOGS"
	mkdir -p "$LOGS"
	# A first build of all is long enough without what only a later one could go on from.
	[ -d target/debug ] || export CARGO_INCREMENTAL=0
	step native cargo test --locked --workspace --exclude offwire-wasm --no-fail-fast
	step wasm wasm_tests
	step build build_page
	step browser browser_tests
	awk -f scripts/count.awk "$LOGS"/*.log
}
