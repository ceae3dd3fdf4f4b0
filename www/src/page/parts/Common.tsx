// Small parts that every view is made of.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { copyEvidence, copyExactly } from "../store/copy.ts";

/** A view's heading; takes the focus when the view is opened by keyboard. */
export function Heading({
	children,
	aside,
}: {
	children: ComponentChildren;
	aside?: ComponentChildren;
}) {
	return (
		<header class="heading">
			<h1 tabIndex={-1}>{children}</h1>
			{aside && <div class="aside">{aside}</div>}
		</header>
	);
}

/** Why there is nothing here, and what would fill it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
	return (
		<div class="empty">
			<p class="empty-title">{title}</p>
			{children && <div class="empty-text">{children}</div>}
		</div>
	);
}

/** Copies text, and says so where it was asked. */
export function Copy({
	text,
	exact = false,
	label = "Copy",
}: {
	/** Made when it is asked for, where that takes long. */
	text: string | (() => string);
	exact?: boolean;
	label?: string;
}) {
	const [said, say] = useState("");
	const copy = async () => {
		const whole = typeof text === "string" ? text : text();
		await (exact ? copyExactly(whole) : copyEvidence(whole)).then(
			() => say("Copied"),
			() => say("Not allowed"),
		);
		setTimeout(() => say(""), 1500);
	};
	return (
		<button type="button" class="quiet" onClick={copy}>
			{said || label}
		</button>
	);
}

/** A number with what it counts, as a small tile. */
export function Figure({ n, label, href }: { n: string; label: ComponentChildren; href?: string }) {
	const inside = (
		<>
			<span class="figure-n">{n}</span>
			<span class="figure-label">{label}</span>
		</>
	);
	return href ? (
		<a class="figure" href={href}>
			{inside}
		</a>
	) : (
		<div class="figure">{inside}</div>
	);
}

/** What may be wider than its place: scrolled in, by keyboard too. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled with the arrow keys.
		<section class="scroll" aria-label={label} tabIndex={0}>
			{children}
		</section>
	);
}

export function Section({
	title,
	children,
	aside,
}: {
	title: string;
	children: ComponentChildren;
	aside?: ComponentChildren;
}) {
	return (
		<section class="section">
			<div class="section-head">
				<h2>{title}</h2>
				{aside}
			</div>
			{children}
		</section>
	);
}
