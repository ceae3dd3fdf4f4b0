// Coverage: what each rule could look at, and what it can never show. Silence is explained here.
import type { RuleCoverage } from "../../shared/report.ts";
import { Empty, Heading } from "../parts/Common.tsx";
import { Ev } from "../parts/Evidence.tsx";
import { sourcesWith } from "../select/coverage.ts";
import { count, when } from "../select/format.ts";
import { report, sources } from "../store/case.ts";
import { findingsFilter } from "../store/findings.ts";
import { href } from "../store/route.ts";

export function Coverage() {
	const rules = report.value?.coverage ?? [];
	const blind = rules.filter((r) => r.is_blind).length;
	return (
		<>
			<Heading>Coverage</Heading>
			{rules.length === 0 ? (
				<Empty title="Nothing was looked at yet." />
			) : (
				<>
					<p class="lead">
						“Nothing found” and “could not look” are different answers. {rules.length - blind} of{" "}
						{rules.length} rules had evidence of a kind that they read; {blind} had none.
					</p>
					<ul class="coverage-list">
						{[...rules]
							.sort((a, b) => Number(b.is_blind) - Number(a.is_blind))
							.map((rule) => (
								<RuleRow key={rule.rule} rule={rule} />
							))}
					</ul>
				</>
			)}
		</>
	);
}

function RuleRow({ rule }: { rule: RuleCoverage }) {
	const reads = Object.entries(rule.reads);
	const from = sourcesWith(Object.keys(rule.reads), sources.value);
	return (
		<li class={`rule ${rule.is_blind ? "blind" : ""}`}>
			<div class="rule-head">
				<h2>{rule.title}</h2>
				<span class="data dim">{rule.rule}</span>
				<span class="spacer" />
				{rule.is_blind ? (
					<span class="verdict blind">◌ could not look</span>
				) : rule.n_findings > 0n ? (
					<a
						class="verdict found"
						href={href("findings")}
						onClick={() => {
							findingsFilter.value = { severities: new Set(), rule: rule.rule, text: "" };
						}}
					>
						● looked, found {count(rule.n_findings)}
					</a>
				) : (
					<span class="verdict calm">○ looked, found nothing</span>
				)}
			</div>
			<p>{rule.about}</p>
			<p class="dim num">
				Reads{" "}
				{reads.map(([kind, n], i) => (
					<span key={kind}>
						{i > 0 && ", "}
						<span class="data">{kind}</span> {n === 0n ? "none" : count(n)}
					</span>
				))}
				{rule.is_blind && ". It needs any of these."}
			</p>
			{from.length > 0 && (
				<ul class="rule-sources dim num">
					{from.slice(0, 8).map((source) => {
						const spans = Object.keys(rule.reads).flatMap((kind) => source.events[kind] ?? []);
						const first = spans.flatMap((s) => s.first ?? []).sort()[0];
						const last = spans
							.flatMap((s) => s.last ?? [])
							.sort()
							.at(-1);
						return (
							<li key={source.id}>
								<Ev text={source.name} />
								{first && last ? ` · ${when({ first, last })} UTC` : " · no times"}
							</li>
						);
					})}
					{from.length > 8 && <li>and {from.length - 8} more sources</li>}
				</ul>
			)}
			<p class="limits">
				<span class="label">It can never show</span> {rule.limits}
			</p>
		</li>
	);
}
