/** Where the focus goes when what had it may be gone by then, as the row of something that was deleted. */

/** An element, then the sections and the main part around it, the nearest first. */
export function placesAround(element: Element | null): Element[] {
  const places: Element[] = [];
  for (let at = element; at !== null; at = at.parentElement) {
    if (at === element || at.matches("section, main")) places.push(at);
  }
  return places;
}

/** Gives the focus to the first of the places that is still on the page. */
export function focusNear(places: readonly Element[]): void {
  const place = places.find((it) => it.isConnected);
  if (!(place instanceof HTMLElement)) return;
  // Else what is no control would not take it.
  if (place.matches("section, main") && !place.hasAttribute("tabindex")) place.tabIndex = -1;
  place.focus();
}
