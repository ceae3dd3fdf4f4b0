// The frame around every view: header, navigation, the view itself, the evidence beside it.
import type { ComponentType } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { EvidencePanel } from "../parts/Item.tsx";
import { ProgressStrip } from "../parts/Progress.tsx";
import { byCode, totalEvents } from "../select/coverage.ts";
import { count, plural, short, size } from "../select/format.ts";
import * as theCase from "../store/case.ts";
import { isDraggedOver } from "../store/intake.ts";
import { announcement, dialog, notice, requests } from "../store/look.ts";
import { href, route, VIEWS, type View } from "../store/route.ts";
import { Coverage } from "./Coverage.tsx";
import { Dialogs } from "./Dialogs.tsx";
import { DropView, FilePicker } from "./Drop.tsx";
import { Entities } from "./Entities.tsx";
import { Entity } from "./Entity.tsx";
import { Files } from "./Files.tsx";
import { Finding } from "./Finding.tsx";
import { Findings } from "./Findings.tsx";
import { Notes } from "./Notes.tsx";
import { Overview } from "./Overview.tsx";
import { Packets } from "./Packets.tsx";
import { Records } from "./Records.tsx";
import { Report } from "./Report.tsx";

const PAGES: Record<View, ComponentType> = {
	drop: DropView,
	overview: Overview,
	findings: Findings,
	finding: Finding,
	entities: Entities,
	entity: Entity,
	records: Records,
	packets: Packets,
	files: Files,
	coverage: Coverage,
	notes: Notes,
	report: Report,
};

export function Shell() {
	const isEmpty = theCase.state.value === "waiting";
	const view = isEmpty ? "drop" : route.value.view;
	const Page = PAGES[view];
	const main = useRef<HTMLElement>(null);
	// Whoever moves by keyboard or hears the page is taken to the new view's heading, or in a list to
	// the line that the view before was opened from: as it appears, since a moment later the heading
	// would take the focus back from a row already chosen.
	useLayoutEffect(() => {
		main.current?.scrollTo(0, 0);
		const origin = main.current?.querySelector<HTMLElement>("[data-origin=true]");
		origin?.focus({ preventScroll: true });
		origin?.scrollIntoView({ block: "center" });
		if (!origin) {
			main.current?.querySelector("h1")?.focus({ preventScroll: true });
		}
	}, [view, route.value.id]);
	return (
		<div class={`shell ${isEmpty ? "is-empty" : ""}`}>
			<Header isEmpty={isEmpty} />
			<ProgressStrip />
			{!isEmpty && <Navigation view={view} />}
			<main ref={main} id="main" class={view}>
				<Troubles />
				<Page />
			</main>
			<EvidencePanel />
			<Dialogs />
			<p class="visually-hidden" role="status">
				{announcement.value}
			</p>
			{notice.value && (
				<p class="notice" aria-hidden="true">
					{notice.value}
				</p>
			)}
			{isDraggedOver.value && (
				<div class="drag-veil">Drop to {isEmpty ? "open" : "add to the case"}</div>
			)}
		</div>
	);
}

function Header({ isEmpty }: { isEmpty: boolean }) {
	const n = theCase.evidence.value.length;
	const span = theCase.report.value?.span;
	return (
		<header class="top">
			<a class="brand" href={href(isEmpty ? "drop" : "overview")}>
				<svg viewBox="0 0 20 20" aria-hidden="true">
					<path d="M2 10h4l2-6 4 12 2-6h4" fill="none" stroke="currentColor" stroke-width="1.8" />
					<path d="M3 17 17 3" stroke="currentColor" stroke-width="1.2" />
				</svg>
				Offwire
			</a>
			{!isEmpty && (
				<span class="case-line num">
					{plural(n, "file")}, {size(theCase.totalSize.value)}
					{span && ` · ${span.first.slice(0, 10)} – ${span.last.slice(0, 10)} UTC`}
				</span>
			)}
			<span class="spacer" />
			<button type="button" class="quiet requests" onClick={() => (dialog.value = "silence")}>
				this page made <span class="num">{count(requests.value)}</span> requests
			</button>
			{!isEmpty && <FilePicker label="Add files" isPlain />}
			<button type="button" class="quiet" onClick={() => (dialog.value = "settings")}>
				Settings
			</button>
			<button type="button" class="quiet keys" onClick={() => (dialog.value = "keys")}>
				Keys
			</button>
		</header>
	);
}

const NAMES: Record<(typeof VIEWS)[number], string> = {
	overview: "Overview",
	findings: "Findings",
	entities: "Entities",
	records: "Records",
	packets: "Packets",
	files: "Files",
	coverage: "Coverage",
	notes: "Notes",
	report: "Report",
};

/** What stands behind a view's name: how much there is of it. */
function amount(view: (typeof VIEWS)[number]): string {
	const now = theCase.report.value;
	if (!now) {
		return "";
	}
	const blind = now.coverage.filter((c) => c.is_blind).length;
	const amounts: Partial<Record<View, string>> = {
		findings: count(now.findings.length),
		records: short(totalEvents(now)),
		files: count(theCase.evidence.value.length),
		coverage: blind > 0 ? `${blind} blind` : "",
		notes: count(byCode(now.notes).length),
	};
	return amounts[view] ?? "";
}

function Navigation({ view }: { view: View }) {
	const inner: Partial<Record<View, View>> = { finding: "findings", entity: "entities" };
	const current = inner[view] ?? view;
	const list = useRef<HTMLUListElement>(null);
	// On a narrow screen the views stand in a row that may be wider than it.
	useEffect(() => {
		list.current?.querySelector("[aria-current]")?.scrollIntoView({ inline: "nearest" });
	}, [current]);
	return (
		<nav class="side" aria-label="Views">
			<ul ref={list}>
				{VIEWS.map((name, i) => (
					<li key={name}>
						<a
							href={href(name)}
							aria-current={name === current ? "page" : undefined}
							aria-keyshortcuts={String(i + 1)}
						>
							{NAMES[name]} <span class="num">{amount(name)}</span>
						</a>
					</li>
				))}
			</ul>
		</nav>
	);
}

function Troubles() {
	return (
		<>
			{theCase.troubles.value.map(({ text }) => (
				<p class="trouble" role="alert" key={text}>
					{text}
				</p>
			))}
		</>
	);
}
