// Files: what each is, how it was read, what its times rest on; and where it was recorded.
import type { Source } from "../../shared/report.ts";
import { Empty, Heading } from "../parts/Common.tsx";
import { Ev } from "../parts/Evidence.tsx";
import { PlainInput } from "../parts/PlainInput.tsx";
import { Series } from "../parts/Series.tsx";
import { WeightMark } from "../parts/Severity.tsx";
import { asTree, eventsOf, isUnread } from "../select/coverage.ts";
import { CLOCKS, count, plural, size } from "../select/format.ts";
import * as theCase from "../store/case.ts";
import { FilePicker } from "./Drop.tsx";

export function Files() {
	const evidence = theCase.evidence.value;
	return (
		<>
			<Heading aside={<FilePicker label="Add a folder" isFolder isPlain />}>Files</Heading>
			{evidence.length === 0 && (
				<Empty title="No file is open.">Drop some anywhere on the page.</Empty>
			)}
			<ul class="file-list">
				{evidence.map((_, index) => (
					<FileCard key={index} index={index} />
				))}
			</ul>
			<Series />
			{theCase.isDescribedAnew.value && (
				<div class="again" role="status">
					<p>Sensor, site and series hold from the next reading on.</p>
					<button type="button" class="primary" onClick={theCase.readAgain}>
						Read all files again
					</button>
				</div>
			)}
		</>
	);
}

function stateOf(index: number): string {
	const file = theCase.files.value.get(index);
	const trouble = theCase.troubles.value.find((t) => t.file === index);
	if (trouble) {
		return "failed";
	}
	if (!file) {
		return theCase.isRunning.value ? "waiting" : "not read";
	}
	if (file.isClosed) {
		const source = theCase.sources.value.find((s) => s.id === file.node);
		if (source && isUnread(source)) {
			return "not recognised";
		}
		return theCase.evidence.value[index]?.file.size === 0 ? "empty" : "read";
	}
	return theCase.isRunning.value ? "reading" : "stopped";
}

function FileCard({ index }: { index: number }) {
	const evidence = theCase.evidence.value[index];
	if (!evidence) {
		return null;
	}
	const progress = theCase.files.value.get(index);
	const state = stateOf(index);
	const tree = asTree(theCase.sources.value);
	const from = tree.findIndex(({ source }) => source.id === progress?.node);
	const after = tree.findIndex(({ depth }, i) => i > from && depth === 0);
	const inside = from < 0 ? [] : tree.slice(from, after < 0 ? undefined : after);
	const edit = (change: { sensor?: string; site?: string }) => theCase.describeFile(index, change);
	return (
		<li class="file-card">
			<div class="file-head">
				<span class="file-name">
					<Ev text={evidence.path} />
				</span>
				<span class="num dim">{size(evidence.file.size)}</span>
				<span class={`file-state ${state === "not recognised" ? "failed" : state}`}>{state}</span>
				{state === "reading" && progress && (
					<progress
						max={Math.max(1, evidence.file.size)}
						value={progress.offset}
						aria-label="Bytes analysed"
					/>
				)}
			</div>
			{inside.map(({ source, depth }) => (
				<SourceDetails key={source.id} source={source} depth={depth} />
			))}
			<div class="file-foot">
				<PlainInput
					caption="sensor"
					value={evidence.sensor}
					onText={(sensor) => edit({ sensor })}
				/>
				<PlainInput caption="site" value={evidence.site} onText={(site) => edit({ site })} />
				{theCase.state.value === "done" && progress?.isClosed && !progress.isHashed && (
					<span class="digest dim">SHA-256 is being taken…</span>
				)}
				{progress?.sha256 && (
					<span class="digest dim" title="SHA-256 of the file">
						SHA-256 <span class="data">{progress.sha256}</span>
					</span>
				)}
			</div>
		</li>
	);
}

/** What a source without a format is: one that is still looked at, nothing, or a stranger. */
function noFormat(source: Source): string {
	if (!source.is_done) {
		return "not recognised yet";
	}
	return isUnread(source) ? "in no format that is read here" : "empty";
}

function SourceDetails({ source, depth }: { source: Source; depth: number }) {
	const notes = (theCase.report.value?.notes ?? []).filter((n) => n.node === source.id);
	const counters = Object.entries(source.counters);
	return (
		<div class={`source depth-${Math.min(depth, 6)}`}>
			{depth > 0 && (
				<p class="source-name">
					└ <Ev text={source.name} />
				</p>
			)}
			<p>
				{source.format_title ?? noFormat(source)}
				{eventsOf(source) > 0n && (
					<>
						<span class="dim"> · times: {CLOCKS[source.clock]}</span> ·{" "}
						{plural(eventsOf(source), "event")}:{" "}
					</>
				)}
				<span class="dim num">
					{Object.entries(source.events)
						.map(([kind, { count: n }]) => `${kind} ${count(n)}`)
						.join(", ")}
				</span>
			</p>
			{counters.length > 0 && (
				<dl class="counters">
					{counters.map(([name, n]) => (
						<div key={name}>
							<dt>
								<Ev text={name} />
							</dt>
							<dd class="num">{count(n)}</dd>
						</div>
					))}
				</dl>
			)}
			{source.refusals.length > 0 && <Refusals source={source} />}
			{notes.map((note) => (
				<p key={note.code} class="source-note">
					<WeightMark weight={note.weight} /> <span class="num">{count(note.count)} ×</span>{" "}
					{note.meaning}
				</p>
			))}
		</div>
	);
}

function Refusals({ source }: { source: Source }) {
	return (
		<details>
			<summary>Why no reader took it</summary>
			<dl class="refusals">
				{source.refusals.map(([format, why]) => (
					<div key={format}>
						<dt class="data">{format}</dt>
						<dd>{why}</dd>
					</div>
				))}
			</dl>
		</details>
	);
}
