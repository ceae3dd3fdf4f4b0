// Overview: the case at a glance, and the way into each part of it.
import type { Actor, Finding, Report } from "../../shared/report.ts";
import { Empty, Figure, Heading, Section } from "../parts/Common.tsx";
import { Ev, Pivot } from "../parts/Evidence.tsx";
import { NothingFound } from "../parts/NothingFound.tsx";
import { ConfidenceMark, SeverityMark, Shape, WeightMark } from "../parts/Severity.tsx";
import { useSteps } from "../parts/Steps.tsx";
import { TimelineChart } from "../parts/Timeline.tsx";
import { byCode, filesOnly, totalEvents } from "../select/coverage.ts";
import { ofSubject } from "../select/entities.ts";
import {
	countBySeverity,
	type Fold,
	folded,
	foldId,
	isFold,
	type Line,
	SEVERITIES,
	siteOfActor,
} from "../select/findings.ts";
import { count, plural, short, size, when } from "../select/format.ts";
import { findings, idOf, isRunning, isSample, report } from "../store/case.ts";
import { findingsFilter, inRange, ruleTitle } from "../store/findings.ts";
import { href } from "../store/route.ts";
import { range } from "../store/timeline.ts";
import { OfSite } from "./Entities.tsx";

/** Findings shown here; the rest is one click away. */
const MOST_FINDINGS = 8;
/** Of these, those of one rule and severity. */
const HANDFUL = 2;
/** Actors shown at once, and findings of one. */
const MOST_ACTORS = 8;
const MOST_OF_ACTOR = 6;

export function Overview() {
	const now = report.value;
	return (
		<>
			<Heading aside={isSample.value ? <span class="tag">sample case</span> : undefined}>
				Overview
			</Heading>
			{now ? <OverviewBody report={now} /> : <Empty title="Reading the first file…" />}
		</>
	);
}

function OverviewBody({ report: now }: { report: Report }) {
	const blind = now.coverage.filter((c) => c.is_blind);
	return (
		<>
			<Counts report={now} />
			{now.span ? (
				<Section title="When">
					<TimelineChart />
				</Section>
			) : (
				totalEvents(now) > 0n && (
					<p class="dim">No time in the evidence: nothing can be said about order or pace.</p>
				)
			)}
			<div class="columns">
				<TopFindings />
				<div>
					<Actors report={now} />
					<Section
						title="What could not be looked for"
						aside={<a href={href("coverage")}>Coverage</a>}
					>
						{blind.length === 0 ? (
							<p class="dim">Every rule had evidence of a kind that it reads.</p>
						) : (
							<p>
								{plural(blind.length, "rule")} of {now.coverage.length} had no evidence to look at:{" "}
								<span class="dim">{blind.map((b) => b.title).join(", ")}.</span> Nothing found there
								means nothing.
							</p>
						)}
					</Section>
					<TopNotes report={now} />
				</div>
			</div>
		</>
	);
}

function Counts({ report: now }: { report: Report }) {
	const counts = countBySeverity(now.findings);
	const onlySeverity = (severity: (typeof SEVERITIES)[number]) => () => {
		findingsFilter.value = { severities: new Set([severity]), rule: "", text: "" };
	};
	const sources = filesOnly(now.sources);
	return (
		<div class="figures">
			{SEVERITIES.map((severity) => (
				<a
					key={severity}
					class={`figure ${counts[severity] === 0 ? "zero" : ""}`}
					href={href("findings")}
					onClick={onlySeverity(severity)}
				>
					<span class="figure-n">
						<Shape severity={severity} /> {count(counts[severity])}
					</span>
					<span class="figure-label">{severity}</span>
				</a>
			))}
			<Figure n={short(totalEvents(now))} label="events" href={href("records")} />
			<Figure
				n={count(sources.length)}
				label={`${sources.length === 1 ? "file" : "files"}, ${size(sources.reduce((sum, s) => sum + Number(s.size ?? 0n), 0))}`}
				href={href("files")}
			/>
		</div>
	);
}

function TopFindings() {
	const all = inRange.value;
	const n = findings.value.length;
	const link = range.value ? `${count(all.length)} of ${count(n)}` : `All ${count(n)}`;
	return (
		<Section title="Findings" aside={<a href={href("findings")}>{link}</a>}>
			{all.length === 0 && n > 0 && <p class="dim">None touches the chosen range.</p>}
			{n === 0 ? (
				<NothingFound />
			) : (
				<ul class="finding-list">
					{gist(all).map((line) =>
						isFold(line) ? (
							<FoldLine key={foldId(line)} fold={line} />
						) : (
							<FindingLine key={idOf(line)} finding={line} />
						),
					)}
				</ul>
			)}
		</Section>
	);
}

/** As many lines as there is room for: where there are more findings, two of each rule and severity. */
const gist = (all: Finding[]): Line[] =>
	folded(all, all.length > MOST_FINDINGS ? HANDFUL : Infinity).slice(0, MOST_FINDINGS);

/** What is folded here is the list's own filter away. */
function FoldLine({ fold: { rule, severity, findings: its } }: { fold: Fold }) {
	const onlyThese = () => {
		findingsFilter.value = { severities: new Set([severity]), rule, text: "" };
	};
	return (
		<li>
			<a class="finding-line" href={href("findings")} onClick={onlyThese}>
				<SeverityMark severity={severity} />
				<span>
					{ruleTitle(rule)}: {count(its.length)} more
				</span>
			</a>
		</li>
	);
}

function FindingLine({ finding }: { finding: Finding }) {
	return (
		<li>
			<a class="finding-line" href={href("finding", idOf(finding))}>
				<SeverityMark severity={finding.severity} />
				<span class="finding-title">
					<Ev text={finding.title} />
				</span>
				<ConfidenceMark confidence={finding.confidence} />
			</a>
		</li>
	);
}

function Actors({ report: now }: { report: Report }) {
	const { actors } = now;
	const { most, more } = useSteps(actors.length, MOST_ACTORS);
	return (
		<Section title="Actors">
			{actors.length === 0 && (
				<p class="dim">
					No address or account stands behind findings of more than one kind or source.
				</p>
			)}
			{actors.slice(0, most).map((actor, i) => (
				<div class="actor" key={i}>
					<ActorHead actor={actor} report={now} />
					<p>
						<Ev text={actor.statement} />
					</p>
					<ActorFindings actor={actor} />
					{actor.caveats.map((caveat) => (
						<p class="dim caveat" key={caveat}>
							<Ev text={caveat} />
						</p>
					))}
				</div>
			))}
			{more}
		</Section>
	);
}

function ActorFindings({ actor }: { actor: Actor }) {
	const { most, more } = useSteps(actor.findings.length, MOST_OF_ACTOR);
	return (
		<>
			<ul class="links">
				{actor.findings.slice(0, most).map((index) => (
					<ActorFinding key={String(index)} index={Number(index)} />
				))}
			</ul>
			{more}
		</>
	);
}

/** Who it is; the site too, where actors at two sites have the same private address. */
function ActorHead({ actor, report: now }: { actor: Actor; report: Report }) {
	const site = siteOfActor(actor, now);
	const twins = now.actors.filter((a) => a.kind === actor.kind && a.value === actor.value);
	return (
		<p class="actor-head">
			<Pivot value={actor.value} entity={ofSubject(actor.kind)} site={site} />
			{twins.length > 1 && <OfSite site={site} />} <span class="dim">{actor.kind}</span>
			{actor.when && <span class="dim num"> {when(actor.when)}</span>}
		</p>
	);
}

function ActorFinding({ index }: { index: number }) {
	const finding = report.value?.findings[index];
	return finding ? (
		<li>
			<Shape severity={finding.severity} />{" "}
			<a href={href("finding", idOf(finding))}>
				<Ev text={finding.title} />
			</a>
		</li>
	) : null;
}

function TopNotes({ report: now }: { report: Report }) {
	const notes = byCode(now.notes);
	return (
		<Section title="What could not be read" aside={<a href={href("notes")}>Notes</a>}>
			{notes.length === 0 ? (
				<p class="dim">
					{isRunning.value ? "Nothing so far." : "Nothing: every byte was understood."}
				</p>
			) : (
				<ul class="note-list">
					{notes.slice(0, 5).map(({ code, weight, meaning, total }) => (
						<li key={code}>
							<WeightMark weight={weight} /> <span class="num">{count(total)} ×</span> {meaning}
						</li>
					))}
				</ul>
			)}
		</Section>
	);
}
