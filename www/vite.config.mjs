// Builds the one artefact: index.html with code, workers, styles, core and licences inside.
import { defineConfig } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";
import { sealPage } from "./build/seal-page.mjs";

export default defineConfig({
	build: {
		outDir: "../dist",
		emptyOutDir: true,
		target: "es2023",
		modulePreload: false,
		assetsInlineLimit: 1e8,
	},
	oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
	// Classic workers: a module worker cannot start from a blob on a page opened from disk.
	worker: { format: "iife" },
	plugins: [viteSingleFile(), sealPage()],
});
