# Sums the results of cargo test, wasm-pack test and node --test: names each skipped test, and ends
# with one line "N passed, N failed, N skipped". Fails if any test failed or none ran.

FNR == 1 { failed_here = 0 }

# cargo test and wasm-bindgen-test-runner
/^test result: / {
	for (i = 2; i <= NF; i++) {
		if ($i == "passed;") passed += $(i - 1)
		if ($i == "failed;") { failed += $(i - 1); failed_here += $(i - 1) }
		if ($i == "ignored;") skipped += $(i - 1)
	}
}
/^test .* \.\.\. ignored/ { print "skipped: " $2 }

# A test of ours that could not look at what it should, and passed
/^SKIPPED / { skipped++; passed--; sub(/^SKIPPED /, ""); print "skipped: " $0 }

# What the judged tables say of each rule
/^JUDGED / { print }

# node --test, in its spec reporter
/^ℹ pass / { passed += $3 }
/^ℹ (fail|cancelled) / { failed += $3; failed_here += $3 }
/^ℹ (skipped|todo) / { skipped += $3 }
/# (SKIP|TODO)/ { sub(/^[^A-Za-z0-9]*/, ""); print "skipped: " $0 }

# A step that broke without naming a failed test
/^step .* ended with / {
	if ($NF != 0 && failed_here == 0) {
		failed++
		print "failed: the step " $2 " as a whole"
	}
}

END {
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit failed > 0 || passed == 0
}
