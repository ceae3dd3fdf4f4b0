// Entities: the hosts, names, accounts, certificates and fingerprints of the case, each with its story.
import { effect, signal } from "@preact/signals";
import type { Related } from "../../shared/evidence.ts";
import type { EntityKind } from "../../shared/records.ts";
import type { Finding } from "../../shared/report.ts";
import { Empty, Heading, Section } from "../parts/Common.tsx";
import { Ev, Pivot } from "../parts/Evidence.tsx";
import { PlainInput } from "../parts/PlainInput.tsx";
import { Shape } from "../parts/Severity.tsx";
import { useSteps } from "../parts/Steps.tsx";
import { foremost, kindsOf, type Suspect } from "../select/entities.ts";
import { count, plural, when } from "../select/format.ts";
import { caseNumber, isRunning } from "../store/case.ts";
import { all, findingsAbout, MOST_LISTED, openEntity, suspects } from "../store/entities.ts";

export const ENTITIES: [EntityKind, string, string][] = [
	["host", "Hosts", "Addresses, wherever a record has one."],
	["name", "Names", "What DNS, TLS, HTTP and DHCP called something."],
	["account", "Accounts", "Who logged in, or tried to."],
	["certificate", "Certificates", "By their digests, from TLS handshakes and x509 records."],
	["fingerprint", "Fingerprints", "Programs by how they introduce themselves: JA3, JA4, HASSH."],
];

/** What is looked for among them. */
const wanted = signal("");

effect(() => {
	if (caseNumber.value > 0) {
		wanted.value = "";
	}
});

export function Entities() {
	const now = all.value;
	const text = wanted.value.trim();
	const word = text.toLowerCase();
	const suspicious = foremost(suspects.value.values()).filter((s) => has(s.value, word));
	const passing = now?.top.filter((r) => has(r.value, word)) ?? [];
	return (
		<>
			<Heading>Entities</Heading>
			{!now || now.top.length === 0 ? (
				<Empty
					title={isRunning.value ? "None yet." : "No record names a host, a name or an account."}
				>
					Each host, name, account and certificate has a story of its own: every record and finding
					about it, by time.
				</Empty>
			) : (
				<>
					<div class="toolbar">
						<PlainInput
							class="filter-text"
							label="Text of entities"
							placeholder="Address, name, account, digest…  ( / )"
							value={wanted.value}
							onText={(typed) => (wanted.value = typed)}
						/>
						{text && <StoryOf text={text} />}
					</div>
					{passing.length + suspicious.length === 0 && (
						<Empty title="None of those listed has it.">
							Of each kind the {MOST_LISTED} with the most rows are listed; any other has its story
							when its whole text is written.
						</Empty>
					)}
					<Suspects all={suspicious} />
					<div class="entity-columns">
						{ENTITIES.map(([kind, title, about]) => {
							const its = passing.filter((r) => r.entity === kind);
							const n = now.n_distinct[kind] ?? 0n;
							return its.length === 0 ? null : (
								<Section
									key={kind}
									title={title}
									aside={
										<span class="dim num">
											{BigInt(its.length) < n ? `${its.length} of ${count(n)}` : count(n)}
										</span>
									}
								>
									<p class="dim">{about}</p>
									<RelatedList related={its} />
								</Section>
							);
						})}
					</div>
				</>
			)}
		</>
	);
}

const has = (value: string, word: string): boolean => value.toLowerCase().includes(word);

/** Entities of findings shown at once. */
const MOST_SUSPECTS = 12;

/** Those that findings are about, of whatever kind: where to begin, however few their rows. */
function Suspects({ all }: { all: Suspect[] }) {
	const { most, more } = useSteps(all.length, MOST_SUSPECTS);
	return all.length === 0 ? null : (
		<Section title="In findings" aside={<span class="dim num">{count(all.length)}</span>}>
			<ul class="suspects">
				{all.slice(0, most).map(({ entity, value, site, findings }) => (
					<li key={`${entity} ${value} ${site}`}>
						<InFindings findings={findings} />
						<span>
							<Pivot value={value} entity={entity} site={site} />
							<OfSite site={site} />
						</span>
						<span class="dim">{entity}</span>
					</li>
				))}
			</ul>
			{more}
		</Section>
	);
}

/** How grave the gravest finding about an entity is, and how many there are. */
function InFindings({ findings }: { findings: Finding[] }) {
	const [gravest] = findings;
	if (!gravest) {
		return null;
	}
	const words = `${plural(findings.length, "finding")}, the gravest ${gravest.severity}`;
	return (
		<span class="in-findings num" title={words}>
			<Shape severity={gravest.severity} />
			<span aria-hidden="true">{count(findings.length)}</span>
			<span class="visually-hidden">{words}</span>
		</span>
	);
}

/** The way to what is not among the commonest ones, which are all that is listed. */
function StoryOf({ text }: { text: string }) {
	return (
		<span class="buttons">
			{kindsOf(text).map((kind) => (
				<button type="button" key={kind} onClick={() => openEntity(kind, text)}>
					Its story as {kind}
				</button>
			))}
		</span>
	);
}

/** The site of a private address, where there are several. */
export function OfSite({ site }: { site: string | undefined }) {
	return site === undefined ? null : (
		<span class="dim">
			{" at "}
			{site === "" ? "no named site" : <Ev text={site} />}
		</span>
	);
}

/** Entities with how many rows have each, and when. */
export function RelatedList({ related }: { related: Related[] }) {
	return (
		<ul class="related">
			{related.map((one) => {
				const { entity, value, site, count: n, span } = one;
				return (
					<li key={`${entity} ${value} ${site}`}>
						<span>
							<Pivot value={value} entity={entity} site={site} />
							<OfSite site={site} />
						</span>
						<InFindings findings={findingsAbout(one)} />
						<span class="dim num" title={span ? `${when(span)} UTC` : "no times"}>
							{plural(n, "row")}
						</span>
					</li>
				);
			})}
		</ul>
	);
}
