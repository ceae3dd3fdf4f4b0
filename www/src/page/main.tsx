// The page: takes files, shows how far the analysis is and what it found.
import { signal } from "@preact/signals";
import { render } from "preact";
import { describe } from "../shared/link.ts";
import type { Crash, Evidence, Progress, Unreadable } from "../shared/messages.ts";
import type { Report } from "../shared/report.ts";
import { Analysis } from "./analysis.ts";
import { licences } from "./data.ts";
import { chosenFiles, droppedFiles } from "./files.ts";
import { warmUp } from "./workers.ts";

type State = "waiting" | "running" | "done" | "cancelled" | "crashed";

const state = signal<State>("waiting");
const report = signal<Report | undefined>(undefined);
const progress = signal<Progress | undefined>(undefined);
const files = signal(0);
/** The largest wasm memory that either worker told of. */
const memory = signal(0);
const trouble = signal<string[]>([]);
const licenceText = signal("");
let analysis: Analysis | undefined;

function begin(evidence: Evidence[]): void {
	if (evidence.length === 0) {
		return;
	}
	analysis?.cancel();
	const path = (file: number) => evidence[file]?.path ?? "no file";
	const broken = (what: string) => (trouble.value = [...trouble.value, what]);
	state.value = "running";
	report.value = undefined;
	trouble.value = [];
	memory.value = 0;
	files.value = evidence.length;
	const mine = new Analysis(evidence, {
		progress: (p) => {
			progress.value = p;
			memory.value = Math.max(memory.value, p.memory);
		},
		report: (r) => {
			report.value = r;
		},
		hashed: () => undefined,
		unreadable: (u: Unreadable) =>
			void broken(`${path(u.file)} could not be read from byte ${u.offset} on: ${u.message}`),
		crashed: (c: Crash) => {
			state.value = "crashed";
			broken(`The analysis broke down in ${path(c.file)} at byte ${c.offset}: ${c.message}`);
		},
	});
	analysis = mine;
	mine.finished.then(
		() => {
			if (analysis === mine && state.value === "running") {
				state.value = "done";
			}
		},
		(error) => {
			if (analysis === mine && state.value === "running") {
				state.value = "crashed";
				broken(describe(error));
			}
		},
	);
}

function cancel(): void {
	state.value = "cancelled";
	analysis?.cancel();
}

async function drop(event: DragEvent): Promise<void> {
	event.preventDefault();
	if (event.dataTransfer) {
		begin(await droppedFiles(event.dataTransfer));
	}
}

async function showLicences(): Promise<void> {
	licenceText.value ||= await licences();
}

function Page() {
	const p = progress.value;
	return (
		<main>
			<h1>Offwire</h1>
			<label>
				Drop evidence here, or choose files{" "}
				<input
					type="file"
					multiple
					onChange={(event) => begin(chosenFiles(event.currentTarget.files ?? []))}
				/>
			</label>
			<p role="status" data-state={state.value} data-memory={memory.value} data-files={files.value}>
				{state.value}
				{p && `, ${p.done} of ${p.total} bytes`}
			</p>
			{state.value === "running" && (
				<button type="button" onClick={cancel}>
					Cancel
				</button>
			)}
			{trouble.value.map((text) => (
				<p role="alert" key={text}>
					{text}
				</p>
			))}
			<ul id="findings">
				{report.value?.findings.map((finding) => (
					<li key={finding.title}>{finding.title}</li>
				))}
			</ul>
			<details onToggle={showLicences}>
				<summary>Licences</summary>
				<pre>{licenceText.value}</pre>
			</details>
		</main>
	);
}

document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", drop);
const root = document.getElementById("page");
if (root) {
	render(<Page />, root);
}
warmUp();
