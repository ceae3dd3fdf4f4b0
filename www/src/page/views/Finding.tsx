// One finding: what was seen, against which thresholds, what else it could be, and on which rows.
import type { Caveat, EvidenceRow, Finding as F, Subject } from "../../shared/report.ts";
import { Copy, Empty, Section } from "../parts/Common.tsx";
import { AtSite, Ev, Linked, LinkedRow, Pivot } from "../parts/Evidence.tsx";
import { isMarking } from "../parts/marking.ts";
import { ConfidenceMark, SeverityMark } from "../parts/Severity.tsx";
import { holdStill } from "../parts/still.ts";
import { Terms } from "../parts/Terms.tsx";
import { ToPackets } from "../parts/ToPackets.tsx";
import { briefOf } from "../select/brief.ts";
import { ofSubject } from "../select/entities.ts";
import { filesOf, formatsOf, siteOf, siteOfFinding, sourceName } from "../select/findings.ts";
import { count, lasted, plural, span, time, when } from "../select/format.ts";
import { around, kindOf, toolFilters } from "../select/pivots.ts";
import { canAsk, idOf, report, sources } from "../store/case.ts";
import { type Place, placeOf, twinsOf } from "../store/findings.ts";
import { sameOrigin, show, shown } from "../store/item.ts";
import { openEvidence, openRows } from "../store/packets.ts";
import { openWith } from "../store/records.ts";
import { go, href, route } from "../store/route.ts";
import { useWhole } from "../store/whole.ts";

export function Finding() {
	const place = placeOf(route.value.id);
	if (!place.finding) {
		return (
			<Empty title="There is no such finding in this case.">
				<a href={href("findings")}>All findings</a>
			</Empty>
		);
	}
	return <OneFinding place={place} finding={place.finding} />;
}

function OneFinding({ place, finding: told }: { place: Place; finding: F }) {
	const finding = useWhole(told);
	const isShort = finding.evidence.left_out !== undefined;
	const site = siteOfFinding(finding, sources.value);
	return (
		<article class="finding">
			<nav class="crumbs" aria-label="Findings">
				<a href={href("findings")}>‹ Findings</a>
				<span class="dim num">
					{place.index >= 0 && `${count(place.index + 1)} of ${count(place.total)}`}
				</span>
				<span class="spacer" />
				<Copy text={() => briefOf(finding, sources.value)} label="Copy as text" />
				{place.before && <a href={href("finding", place.before)}>Previous (k)</a>}
				{place.after && <a href={href("finding", place.after)}>Next (j)</a>}
			</nav>
			<Head finding={finding} />
			<Twins of={told} />
			<AtSite.Provider value={site}>
				<Subjects subjects={finding.subjects} />
				<p class="summary">
					<Linked text={finding.summary} subjects={finding.subjects} />
				</p>
				{finding.facts.length > 0 && <Terms finding={finding} />}
			</AtSite.Provider>
			<Rows finding={finding} />
			{isShort && !canAsk.value && (
				<p class="dim">
					Its terms and rows were with workers that have ended: read the files again to see them.
				</p>
			)}
			{!isShort && (
				<div class="columns">
					<Caveats caveats={finding.caveats} />
					<Missing missing={finding.missing} />
				</div>
			)}
			<Attack ids={finding.attack} />
			<Tools finding={finding} />
			{finding.includes.length > 0 && (
				<Section title="Rolled up into this">
					<ul>
						{finding.includes.map((title) => (
							<li key={title}>
								<Ev text={title} />
							</li>
						))}
					</ul>
				</Section>
			)}
		</article>
	);
}

function Head({ finding }: { finding: F }) {
	const { first, last } = finding.when ?? {};
	const ms = finding.when ? lasted(finding.when) : 0;
	return (
		<header class="finding-head">
			<div class="finding-marks">
				<SeverityMark severity={finding.severity} />
				<ConfidenceMark confidence={finding.confidence} />
				<span class="tag">{finding.rule}</span>
				<span class="dim num">
					{first && last && finding.when
						? `${when(finding.when)} UTC`
						: "the evidence has no times"}
					{ms > 0 && (
						<>
							, <span class="unbroken">{span(ms)}</span>
						</>
					)}
				</span>
			</div>
			<h1 tabIndex={-1}>
				<Ev text={finding.title} />
			</h1>
		</header>
	);
}

/** Findings that say the same of other evidence: likely the same events, told twice. */
function Twins({ of }: { of: F }) {
	const twins = twinsOf(of);
	return twins.length === 0 ? null : (
		<p class="twins dim">
			Said in the same words of other evidence:{" "}
			{twins.slice(0, MOST_TWINS).map((twin, i) => (
				<span key={idOf(twin)}>
					{i > 0 && "; "}
					<a href={href("finding", idOf(twin))}>
						<Ev text={filesOf(twin, sources.value).slice(0, 2).join(", ")} />
					</a>{" "}
					({formatsOf(twin, sources.value)})
				</span>
			))}
			{twins.length > MOST_TWINS && ` and ${twins.length - MOST_TWINS} more`}
		</p>
	);
}

/** More are counted only. */
const MOST_TWINS = 5;

const ROLES = ["actor", "target", "object"] as const;
/** Subjects of one role shown before the rest is folded away. */
const MOST_SUBJECTS = 12;

function Subjects({ subjects }: { subjects: Subject[] }) {
	return (
		<dl class="subjects">
			{ROLES.map((role) => {
				const all = subjects.filter((s) => s.role === role);
				return all.length === 0 ? null : (
					<div key={role}>
						<dt>{all.length > 1 ? `${role}s` : role}</dt>
						<dd>
							{all.slice(0, MOST_SUBJECTS).map((s) => (
								<Pivot key={s.kind + s.value} value={s.value} entity={ofSubject(s.kind)} />
							))}
							{all.length > MOST_SUBJECTS && (
								<details>
									<summary>{all.length - MOST_SUBJECTS} more</summary>
									{all.slice(MOST_SUBJECTS).map((s) => (
										<Pivot key={s.kind + s.value} value={s.value} entity={ofSubject(s.kind)} />
									))}
								</details>
							)}
						</dd>
					</div>
				);
			})}
		</dl>
	);
}

function Caveats({ caveats }: { caveats: Caveat[] }) {
	return (
		<Section title="What else it could be">
			{caveats.length === 0 && <p class="dim">The rule names no benign reading.</p>}
			{caveats.map(({ reading, settle }) => (
				<div class="caveat-block" key={reading}>
					<p>
						<Ev text={reading} />
					</p>
					<p class="settle">
						<span class="label">What would settle it</span> <Ev text={settle} />
					</p>
				</div>
			))}
		</Section>
	);
}

function Missing({ missing }: { missing: string[] }) {
	return (
		<Section title="What the evidence could not show">
			{missing.length === 0 ? (
				<p class="dim">Nothing that the rule asks for is missing.</p>
			) : (
				<ul>
					{missing.map((text) => (
						<li key={text}>
							<Ev text={text} />
						</li>
					))}
				</ul>
			)}
		</Section>
	);
}

function Rows({ finding }: { finding: F }) {
	const { rows, total, filter } = finding.evidence;
	// The packets of all rows where a filter names them, else of those shown.
	const openPackets = () => (filter ? openRows(filter[0], filter[1]) : openEvidence(rows));
	const openAll = () => {
		if (filter) {
			openWith(filter[1], filter[0]);
			go("records");
		}
	};
	// The rows that are not shown, and what goes with them, where no filter names them alone.
	const isShort = BigInt(rows.length) < total;
	const near = !filter && isShort ? around(finding) : undefined;
	const openNear = () => {
		if (near) {
			openWith(near, kindOf(finding));
			go("records");
		}
	};
	const shownOf = isShort ? `${rows.length} of ${count(total)}` : plural(total, "row");
	return (
		<Section
			title="Evidence"
			aside={
				<>
					<span class="dim num">{shownOf}</span>
					{filter && (
						<button type="button" class="quiet" onClick={openAll}>
							Open in Records
						</button>
					)}
					{near && (
						<button
							type="button"
							class="quiet"
							onClick={openNear}
							title="All records of the same subjects at the same time: these rows and what goes with them"
						>
							Around them in Records
						</button>
					)}
					<ToPackets open={openPackets} />
				</>
			}
		>
			<ol class="evidence-rows">
				{rows.map((row) => (
					<EvidenceLine
						key={`${row.at.node}:${row.at.item}:${row.at.offset}`}
						row={row}
						subjects={finding.subjects}
					/>
				))}
			</ol>
		</Section>
	);
}

/** A row: its place opens the source, its values lead to their stories. */
function EvidenceLine({ row, subjects }: { row: EvidenceRow; subjects: Subject[] }) {
	const isOpen = sameOrigin(shown.value?.at, row.at);
	const place = `${sourceName(row.at.node, sources.value)} ${row.at.item}`;
	const open = (event: MouseEvent & { currentTarget: HTMLElement }) => {
		if (!isMarking(event)) {
			holdStill(event.currentTarget);
			show(row.at);
		}
	};
	return (
		// biome-ignore lint/a11y/useKeyWithClickEvents: its button does the same by keyboard.
		<li class={`evidence-row ${isOpen ? "open" : ""}`} onClick={open}>
			<button
				type="button"
				class="evidence-place num"
				aria-pressed={isOpen}
				title={`${place}: show the evidence`}
			>
				{row.ts ? time(row.ts) : "no time"}
			</button>
			<span class="row-text">
				<AtSite.Provider value={siteOf(row.at.node, sources.value)}>
					<LinkedRow text={row.text} subjects={subjects} />
				</AtSite.Provider>
			</span>
			<span class="row-place dim">
				<Ev text={place} />
			</span>
			<span class="why dim">{row.why}</span>
		</li>
	);
}

function Attack({ ids }: { ids: string[] }) {
	const attack = report.value?.attack;
	const techniques = attack?.techniques.filter((t) => ids.includes(t.id)) ?? [];
	return techniques.length === 0 ? null : (
		<Section title={`ATT&CK ${attack?.version}`}>
			<p class="dim">
				Consistent with these techniques. A technique is a name for behaviour; it does not say who
				or why.
			</p>
			<ul class="attack">
				{techniques.map(({ id, name, strategies }) => (
					<li key={id}>
						<span class="data">{id}</span> {name}
						{strategies.map((s) => (
							<span class="dim" key={s.id}>
								{" · "}
								<span class="data">{s.id}</span> {s.analytics.join(" ")}
							</span>
						))}
					</li>
				))}
			</ul>
		</Section>
	);
}

function Tools({ finding }: { finding: F }) {
	const filters = toolFilters(finding);
	return filters.length === 0 ? null : (
		<Section title="See it in other tools">
			<dl class="tools">
				{filters.map(({ tool, hint, text }) => (
					<div key={tool}>
						<dt>
							{tool} <span class="dim">{hint}</span>
						</dt>
						<dd data-exact>
							<code>
								<Ev text={text} />
							</code>
							<Copy text={text} exact />
						</dd>
					</div>
				))}
			</dl>
		</Section>
	);
}
