// Several files on their way in one form, with one bar; all are kept or none.

import * as api from './api.js';
import { h, icon, iconButton } from './dom.js';
import * as format from './format.js';
import { show, tell, warn } from './notice.js';

let running = false;
addEventListener('beforeunload', (event) => { if (running) event.preventDefault(); });

/** Sends `files` to the album; gives the kept ones, or null if none was. */
export async function send(album, files, maxSize) {
  if (!files.length) return null;
  const what = format.count(files.length, album.one);
  if (running) {
    tell('One moment: the files before are still on their way');
    return null;
  }
  // The server says so too, but only after it was sent all that.
  const large = files.filter((file) => maxSize && file.size > maxSize);
  if (large.length) {
    refuse(album, files, maxSize, new api.Problem({
      title: 'Too large',
      detail: `${large.map((file) => `“${file.name}” has ${format.size(file.size)}`).join(', ')}`,
    }));
    return null;
  }
  const stop = new AbortController();
  const bar = h('progress', { max: 1, value: 0, 'aria-label': 'Progress of the upload' });
  const state = h('span', { class: 'state' });
  const card = show('sending', h('div', {}, h('p', {}, h('strong', {}, `Adding ${what}`), state), bar),
    iconButton('close', 'Stop the upload', () => stop.abort()));
  running = true;
  try {
    const kept = await api.upload(album.name, files, {
      signal: stop.signal,
      onprogress: (loaded, total) => {
        bar.value = total ? loaded / total : 0;
        state.textContent = loaded < total ? `${format.size(loaded)} of ${format.size(total)}` : 'Checking…';
      },
    });
    if (kept) tell(`${what} added`);
    else tell('Stopped, nothing was added');
    return kept;
  } catch (problem) {
    refuse(album, files, maxSize, problem);
    return null;
  } finally {
    running = false;
    card.remove();
  }
}

/** Says that nothing was added, why, and what the album takes. */
function refuse(album, files, maxSize, problem) {
  const title = files.length === 1
    ? `“${files[0].name}” was not added`
    : `None of the ${format.count(files.length, album.one)} was added`;
  const rule = problem.status === 415 || problem.status === 413 || !problem.status && problem.title === 'Too large';
  warn(problem, title, rule && h('p', {}, `Allowed here: ${rules(album, maxSize)}`));
}

/** What the album takes, in a sentence. */
export const rules = (album, maxSize) => `${album.takes}${maxSize ? ` of up to ${format.size(maxSize)} each` : ''}.`;

/** Lets files be dropped anywhere on the page. */
export function dropTarget(title, take) {
  const target = h('div', { class: 'drop', hidden: true }, h('p', {}, icon('add'), h('span')));
  document.body.append(target);
  // Every element on the way says that it is left: only the count tells when the page is.
  let depth = 0;
  const files = (event) => event.dataTransfer?.types.includes('Files') && !document.querySelector('dialog[open]');
  const shown = (yes) => {
    target.querySelector('span').textContent = title();
    target.hidden = !yes;
  };
  addEventListener('dragenter', (event) => { if (files(event)) { event.preventDefault(); depth += 1; shown(true); } });
  addEventListener('dragover', (event) => { if (files(event)) event.preventDefault(); });
  addEventListener('dragleave', (event) => { if (files(event)) { depth -= 1; shown(depth > 0); } });
  addEventListener('drop', (event) => {
    if (!files(event)) return;
    event.preventDefault();
    depth = 0;
    shown(false);
    take([...event.dataTransfer.files]);
  });
}
