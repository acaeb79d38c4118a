// Short messages at the foot of the page.

import { SignedOut } from './auth.js';
import { h, icon, iconButton } from './dom.js';

const region = document.getElementById('toasts');

function show(seconds, kind, ...content) {
  const toast = h('div', { class: `toast ${kind}` }, ...content, iconButton('close', 'Dismiss', () => toast.remove()));
  region.append(toast);
  while (region.children.length > 3) region.firstChild.remove();
  if (seconds) setTimeout(() => toast.remove(), seconds * 1000);
}

/** Takes all messages away: they may name files of whoever signs out. */
export const hush = () => region.replaceChildren();

export const tell = (text) => show(4, 'good', icon('check'), h('strong', {}, text));

/** A problem stays until it is dismissed: its request id is worth copying. */
export function warn(problem) {
  if (!problem.title) throw problem;
  show(0, 'bad', icon('alert'), h('div', {},
    h('strong', {}, problem.title),
    problem.detail && h('p', {}, problem.detail),
    problem.requestId && h('code', {}, `Request ${problem.requestId}`)));
}

/** Runs `work`, and shows what it throws. */
export async function trying(work) {
  try {
    return await work();
  } catch (problem) {
    // The front page says so already.
    if (!(problem instanceof SignedOut)) warn(problem);
    return undefined;
  }
}
