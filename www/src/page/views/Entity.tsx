// One entity: its story over all evidence by time, the findings about it, and what it goes with.
import type { Related, StoryEnd, StoryField, StoryRow } from "../../shared/evidence.ts";
import type { Finding } from "../../shared/report.ts";
import { Copy, Empty, Section } from "../parts/Common.tsx";
import { AtSite, Ev, Pivot } from "../parts/Evidence.tsx";
import { SeverityMark } from "../parts/Severity.tsx";
import { useSteps } from "../parts/Steps.tsx";
import { holdStill } from "../parts/still.ts";
import { ToPackets } from "../parts/ToPackets.tsx";
import { woven } from "../select/entities.ts";
import { siteOf, sourceName } from "../select/findings.ts";
import { count, lasted, plural, span, time, when } from "../select/format.ts";
import { reading } from "../select/idn.ts";
import { canAsk, idOf, isRunning, sources } from "../store/case.ts";
import * as entities from "../store/entities.ts";
import { sameOrigin, show, shown } from "../store/item.ts";
import { openKinds } from "../store/packets.ts";
import { openWith } from "../store/records.ts";
import { go, href } from "../store/route.ts";
import { ENTITIES, OfSite, RelatedList } from "./Entities.tsx";

export function Entity() {
	const about = entities.about.value;
	if (!about) {
		return (
			<Empty title="There is no such entity in this case.">
				<a href={href("entities")}>All entities</a>
			</Empty>
		);
	}
	return (
		<article class="entity">
			<nav class="crumbs" aria-label="Entities">
				<a href={href("entities")}>‹ Entities</a>
			</nav>
			<header class="finding-head">
				<div class="finding-marks">
					<span class="tag">{about.kind}</span>
					<Seen />
				</div>
				<div class="entity-name">
					<h1 tabIndex={-1}>
						<Ev text={about.value} />
						<OfSite site={entities.story.value?.site} />
					</h1>
					<Copy text={about.value} />
				</div>
				{about.kind === "name" && <ReadsAs name={about.value} />}
			</header>
			{entities.failure.value && (
				<p class="filter-wrong" role="alert">
					{entities.failure.value}
				</p>
			)}
			{canAsk.value ? (
				<div class="entity-body">
					<div>
						<Findings />
						<StoryPart />
					</div>
					<Together />
				</div>
			) : (
				<Empty title="The records are gone.">
					They lived in a worker that had to be ended. Read the files again to have them back.
				</Empty>
			)}
		</article>
	);
}

/** What an international name reads as: letters of other scripts can look like those of another name. */
function ReadsAs({ name }: { name: string }) {
	const read = reading(name);
	return read ? (
		<p class="dim">
			Reads as <Ev text={read.text} />, in {read.scripts.join(" and ")} letters
			{read.isMixed && "; no language writes them together in one label"}.
		</p>
	) : null;
}

/** First and last, and how much there is of it. */
function Seen() {
	const story = entities.story.value;
	if (!story) {
		return (
			<span class="dim">{entities.isWaiting.value ? "looking through all records…" : ""}</span>
		);
	}
	const ms = story.span ? lasted(story.span) : 0;
	return (
		<span class="dim num">
			{story.span ? (
				<>
					first {time(story.span.first)}, last {time(story.span.last)} UTC
					{ms > 0 && ` (${span(ms)})`}
				</>
			) : (
				"no record of it has a time"
			)}
			{" · "}
			{plural(story.total, "record")}
			{isRunning.value && ", still reading"}
		</span>
	);
}

/** Findings shown at once. */
const SHOWN_AT_ONCE = 10;

function Findings() {
	const all = entities.itsFindings.value;
	const { most, more } = useSteps(all.length, SHOWN_AT_ONCE);
	return all.length === 0 ? null : (
		<Section title="Findings about it" aside={<span class="dim num">{count(all.length)}</span>}>
			<ul class="finding-list">
				{all.slice(0, most).map((finding) => (
					<li key={idOf(finding)}>
						<FindingLink finding={finding} />
					</li>
				))}
			</ul>
			{more}
		</Section>
	);
}

function FindingLink({ finding }: { finding: Finding }) {
	return (
		<a class="finding-line" href={href("finding", idOf(finding))}>
			<SeverityMark severity={finding.severity} />
			<span class="finding-title">
				<Ev text={finding.title} />
			</span>
			<span class="dim num">{finding.when ? when(finding.when) : "no times"}</span>
		</a>
	);
}

function StoryPart() {
	const story = entities.story.value;
	if (!story) {
		return null;
	}
	const { rows, total, kinds, filter, untimed } = story;
	const from = entities.from.value;
	const end = from + rows.length;
	const told = woven(rows, entities.itsFindings.value, from === 0, BigInt(end) >= total);
	const openKind = (kind?: string) => () => {
		openWith(filter, kind);
		go("records");
	};
	return (
		<Section
			title="Its story"
			aside={
				<>
					<ToPackets open={() => openKinds(Object.keys(kinds), filter)} />
					<button type="button" class="quiet" onClick={openKind()}>
						Open in Records
					</button>
				</>
			}
		>
			{total === 0n && <p class="dim">No record speaks of it.</p>}
			<p class="story-kinds num">
				{Object.entries(kinds).map(([kind, n]) => (
					<button type="button" key={kind} class="kind" onClick={openKind(kind)}>
						{kind} <span class="num">{count(n)}</span>
					</button>
				))}
			</p>
			{untimed > 0n && from === 0 && (
				<p class="dim">{plural(untimed, "record")} without a time stand first.</p>
			)}
			<ol class="story">
				{told.map((entry, i) =>
					"finding" in entry ? (
						<li key={`f${idOf(entry.finding)}`} class="story-finding">
							<FindingLink finding={entry.finding} />
						</li>
					) : (
						<Row key={i} row={entry.row} />
					),
				)}
			</ol>
			<Pages from={from} end={end} total={Number(total)} />
		</Section>
	);
}

function Row({ row }: { row: StoryRow }) {
	const { kind, ts, at, orig, resp, fields } = row;
	const site = siteOf(at.node, sources.value);
	return (
		<li class="story-row">
			<button
				type="button"
				class="story-place num"
				aria-pressed={sameOrigin(shown.value?.at, at)}
				title={`${sourceName(at.node, sources.value)}: show the evidence`}
				onClick={(event) => {
					holdStill(event.currentTarget);
					show(at);
				}}
			>
				{ts ? time(ts) : "no time"}
			</button>
			<span class="story-kind">{kind}</span>
			<span class="story-text">
				<AtSite.Provider value={site}>
					<End end={orig} />
					{resp && (
						<>
							{" → "}
							<End end={resp} />
						</>
					)}
					{fields.map((field, i) => (
						<Field key={i} field={field} before={fields[i - 1]} />
					))}
				</AtSite.Provider>
			</span>
		</li>
	);
}

function End({ end }: { end: StoryEnd | undefined }) {
	if (!end) {
		return null;
	}
	const [address, port] = end;
	return (
		<>
			<Pivot value={address} entity="host" />
			{port !== undefined && <span class="num">:{port}</span>}
		</>
	);
}

function Field({ field, before }: { field: StoryField; before: StoryField | undefined }) {
	const { name, value, entity } = field;
	return (
		<>
			{before?.name === name ? ", " : "  "}
			{before?.name !== name && <span class="dim">{name} </span>}
			{entity ? <Pivot value={value} entity={entity} /> : <Ev text={value} />}
		</>
	);
}

function Pages({ from, end, total }: { from: number; end: number; total: number }) {
	if (total <= entities.PAGE) {
		return null;
	}
	const last = Math.floor((total - 1) / entities.PAGE) * entities.PAGE;
	const buttons: [string, number, boolean][] = [
		["First", 0, from > 0],
		["Previous", from - entities.PAGE, from > 0],
		["Next", from + entities.PAGE, end < total],
		["Last", last, end < total],
	];
	return (
		<nav class="pages" aria-label="Pages of the story">
			{buttons.map(([word, to, isOn]) => (
				<button
					type="button"
					key={word}
					disabled={!isOn}
					onClick={(event) => {
						event.currentTarget.closest("main")?.scrollTo(0, 0);
						entities.turnTo(to);
					}}
				>
					{word}
				</button>
			))}
			<span class="dim num">
				{count(from + 1)} to {count(end)} of {count(total)}
			</span>
		</nav>
	);
}

/** What the same records have beside it. */
function Together() {
	const all = entities.related.value;
	const about = entities.about.value;
	if (!all || !about) {
		return <div />;
	}
	const isItself = ({ entity, value, site }: Related) =>
		entity === about.kind &&
		value.toLowerCase() === about.value.toLowerCase() &&
		site === entities.story.value?.site;
	const others = all.top.filter((r) => !isItself(r));
	const n = entities.story.value?.total ?? 0n;
	return (
		<aside class="together" aria-label="Related entities">
			{all.n_looked_at < n && <p class="dim num">Of its first {count(all.n_looked_at)} records:</p>}
			{ENTITIES.map(([kind, title]) => {
				const its = others.filter((r) => r.entity === kind);
				return its.length === 0 ? null : (
					<Section key={kind} title={title}>
						<RelatedList related={its} />
					</Section>
				);
			})}
		</aside>
	);
}
