// A small panel that a word opens: it goes away when something else is wanted.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface MenuProps {
	title: string;
	/** Of the panel, for looks. */
	class?: string;
	children: ComponentChildren;
	/** What to do in the panel that is the end of it, as a choice is. */
	isOneChoice?: boolean;
}

export function Menu({ title, class: name = "", children, isOneChoice = false }: MenuProps) {
	const menu = useRef<HTMLDetailsElement>(null);
	const close = () => {
		if (menu.current) {
			menu.current.open = false;
		}
	};
	useEffect(() => {
		const leave = ({ target }: Event) => {
			if (!menu.current?.contains(target as Node)) {
				close();
			}
		};
		addEventListener("pointerdown", leave);
		addEventListener("focusin", leave);
		return () => {
			removeEventListener("pointerdown", leave);
			removeEventListener("focusin", leave);
		};
	}, []);
	const press = (event: KeyboardEvent) => {
		if (event.key === "Escape" && menu.current?.open) {
			close();
			menu.current.querySelector("summary")?.focus();
			event.preventDefault();
		}
	};
	const choose = (event: MouseEvent) => {
		if (isOneChoice && (event.target as HTMLElement).closest("button")) {
			close();
		}
	};
	return (
		<details class="menu" ref={menu} onKeyDown={press}>
			<summary>{title}</summary>
			{/* biome-ignore lint/a11y/useKeyWithClickEvents: a button's click is one by keyboard too. */}
			{/* biome-ignore lint/a11y/noStaticElementInteractions: its buttons are what is clicked. */}
			<div class={`menu-body ${name}`} onClick={choose}>
				{children}
			</div>
		</details>
	);
}
