// Files: what each is, how it was read, what its times rest on; and where it was recorded.
import { computed, effect, signal } from "@preact/signals";
import type { Source } from "../../shared/report.ts";
import { Empty, Heading } from "../parts/Common.tsx";
import { Ev } from "../parts/Evidence.tsx";
import { PlainInput } from "../parts/PlainInput.tsx";
import { Series } from "../parts/Series.tsx";
import { WeightMark } from "../parts/Severity.tsx";
import { useSteps } from "../parts/Steps.tsx";
import { byFile, byNode, eventsOf, isUnread } from "../select/coverage.ts";
import { CLOCKS, count, plural, size, timeLeft } from "../select/format.ts";
import * as theCase from "../store/case.ts";
import { FilePicker } from "./Drop.tsx";

/** Files shown at once. */
const SHOWN_AT_ONCE = 50;
/** From here on a field helps to find one. */
const MANY = 12;

const inFiles = computed(() => byFile(theCase.sources.value));
const notesOf = computed(() => byNode(theCase.report.value?.notes ?? []));
const wanted = signal("");

effect(() => {
	if (theCase.caseNumber.value > 0) {
		wanted.value = "";
	}
});

export function Files() {
	const evidence = theCase.evidence.value;
	const isMany = evidence.length >= MANY;
	const passing = evidence.map((_, index) => index).filter(passes);
	const { most, more } = useSteps(passing.length, SHOWN_AT_ONCE);
	return (
		<>
			<Heading aside={<FilePicker label="Add a folder" isFolder isPlain />}>Files</Heading>
			{evidence.length === 0 && (
				<Empty title="No file is open.">Drop some anywhere on the page.</Empty>
			)}
			{isMany && (
				<div class="toolbar">
					<PlainInput
						class="filter-text"
						label="Text of files"
						placeholder="Name, format, state, note…  ( / )"
						value={wanted.value}
						onText={(text) => (wanted.value = text)}
					/>
					<span class="num dim" role="status">
						{passing.length} of {plural(evidence.length, "file")}
					</span>
				</div>
			)}
			<ul class="file-list">
				{passing.slice(0, most).map((index) => (
					<FileCard key={index} index={index} />
				))}
			</ul>
			{more}
			<Series />
			{theCase.isDescribedAnew.value && (
				<div class="again" role="status">
					<p>Sensor, site, series and settings hold from the next reading on.</p>
					<button type="button" class="primary" onClick={theCase.readAgain}>
						Read all files again
					</button>
				</div>
			)}
		</>
	);
}

/** The note that says what makes a file readable: here, since nobody should have to look for it. */
const NOT_READ = "format-not-read";

/** The state of a file whose format is known and not read. */
const UNREAD = "not read here";

const isRefused = (state: string) => state === UNREAD || state === "not recognised";

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
		const source = sourceOf(index);
		if (source && isUnread(source)) {
			return source.format_title ? UNREAD : "not recognised";
		}
		return theCase.evidence.value[index]?.file.size === 0 ? "empty" : "read";
	}
	return theCase.isRunning.value ? "reading" : "stopped";
}

/** What its digest is taken of. */
const digestOf = (index: number): string =>
	theCase.evidence.value[index]?.packed?.is_deflated
		? "SHA-256 of the file as it comes out of the archive"
		: "SHA-256 of the file";

/** The source that a file became. */
const sourceOf = (index: number): Source | undefined =>
	inFiles.value.get(theCase.files.value.get(index)?.node ?? -1)?.[0]?.source;

/** True for a file whose name, state, format or notes have every word that is looked for. */
function passes(index: number): boolean {
	const words = wanted.value.toLowerCase().split(/\s+/).filter(Boolean);
	if (words.length === 0) {
		return true;
	}
	const inside = inFiles.value.get(theCase.files.value.get(index)?.node ?? -1) ?? [];
	const said = inside.flatMap(({ source }) => [
		source.name,
		source.format_title ?? "",
		...Object.keys(source.events),
		...(notesOf.value.get(source.id) ?? []).map((note) => `${note.code} ${note.meaning}`),
	]);
	const { path = "", sensor = "", site = "" } = theCase.evidence.value[index] ?? {};
	const text = [path, sensor, site, stateOf(index), ...said].join("\n").toLowerCase();
	return words.every((word) => text.includes(word));
}

function FileCard({ index }: { index: number }) {
	const evidence = theCase.evidence.value[index];
	if (!evidence) {
		return null;
	}
	const progress = theCase.files.value.get(index);
	const state = stateOf(index);
	const inside = inFiles.value.get(progress?.node ?? -1) ?? [];
	const edit = (change: { sensor?: string; site?: string }) => theCase.describeFile(index, change);
	return (
		<li class="file-card">
			<div class="file-head">
				<span class="file-name">
					<Ev text={evidence.path} />
				</span>
				<span class="num dim">{size(evidence.file.size)}</span>
				<span class={`file-state ${isRefused(state) ? "failed" : state}`}>{state}</span>
				{state === "reading" && progress && (
					<Reading offset={progress.offset} of={evidence.file.size} />
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
				{progress?.isHashed && !progress.sha256 && (
					<span class="digest dim">No SHA-256: not all of it could be read</span>
				)}
				{progress?.sha256 && (
					<span class="digest dim" title={digestOf(index)}>
						SHA-256 <span class="data">{progress.sha256}</span>
					</span>
				)}
			</div>
		</li>
	);
}

/** How far one file is, at the rate of the whole. */
function Reading({ offset, of }: { offset: number; of: number }) {
	const rate = theCase.progress.value.analysing?.rate ?? 0;
	const left = timeLeft(offset, of, rate);
	return (
		<>
			<span class="num dim">
				{size(offset)} of {size(of)}
				{rate > 0 && `, ${size(rate)}/s`}
				{left && `, ${left}`}
			</span>
			<progress max={Math.max(1, of)} value={offset} aria-label="Bytes analysed" />
		</>
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
	const notes = notesOf.value.get(source.id) ?? [];
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
			{counters.length > 0 && <Counters all={counters.slice(0, MOST_COUNTERS)} />}
			{counters.length > MOST_COUNTERS && (
				<details>
					<summary>{count(counters.length - MOST_COUNTERS)} more counts</summary>
					<Counters all={counters.slice(MOST_COUNTERS)} />
				</details>
			)}
			{source.refusals.length > 0 && <Refusals source={source} />}
			{notes.map((note) => (
				<p key={note.code} class="source-note">
					<WeightMark weight={note.weight} /> <span class="num">{count(note.count)} ×</span>{" "}
					{note.meaning} {note.code === NOT_READ && <Ev text={note.earliest[0]?.detail ?? ""} />}
				</p>
			))}
		</div>
	);
}

/** Counts of one source shown openly: a log may have many fields that are not read. */
const MOST_COUNTERS = 8;

function Counters({ all }: { all: [string, bigint][] }) {
	return (
		<dl class="counters">
			{all.map(([name, n]) => (
				<div key={name}>
					<dt>
						<Ev text={name} />
					</dt>
					<dd class="num">{count(n)}</dd>
				</div>
			))}
		</dl>
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
