// Short messages at the foot of the page.

import { Problem } from './api.js';
import { h, icon, iconButton } from './dom.js';

const region = document.getElementById('notices');

/** Shows a card, instead of the good news before; gives it back. Errors interrupt a screen reader, the rest waits. */
export function show(kind, ...content) {
  for (const old of region.querySelectorAll('.good')) old.remove();
  const card = h('section', { class: `card ${kind}`, role: kind === 'bad' ? 'alert' : 'status' }, ...content);
  region.append(card);
  // Above a dialog that is open: whatever was raised last is on top.
  region.hidePopover();
  region.showPopover();
  return card;
}

/** Says that something is done, for a moment. */
export function tell(text) {
  const card = show('good', icon('check'), h('p', {}, h('strong', {}, text)));
  setTimeout(() => card.remove(), 4000);
}

/** A problem stays until it is dismissed: its request id is worth copying. */
export function warn(problem, title = problem.title, ...more) {
  if (!(problem instanceof Problem)) throw problem;
  const card = show('bad', icon('alert'),
    h('div', {},
      h('strong', {}, title),
      problem.detail && h('p', {}, sentence(problem.detail)),
      ...more,
      problem.requestId && h('code', {}, `Request ${problem.requestId}`)),
    iconButton('close', 'Dismiss', () => card.remove()));
}

/** Runs `work`, and shows what it throws. */
export async function trying(work) {
  try {
    return await work();
  } catch (problem) {
    warn(problem);
    return undefined;
  }
}

/** The server speaks in half sentences, which read on in a log line. */
export const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
