// The card that shows the uploads.

import { h, icon, iconButton } from './dom.js';
import * as format from './format.js';

/** A view of `uploads` that keeps itself up to date. */
export function panel(uploads) {
  const title = h('h2', { 'aria-live': 'polite' });
  const list = h('ul');
  const rows = new Map();
  const card = h('section', { class: 'uploads', 'aria-label': 'Uploads', hidden: true },
    h('header', {}, title, iconButton('close', 'Clear the list', () => {
      if (!uploads.active || confirm('Stop the uploads that are not finished?')) uploads.clear();
    })),
    list);

  uploads.addEventListener('change', ({ detail: upload }) => {
    if (upload) rows.get(upload)?.update();
    else arrange();
    const text = headline(uploads);
    if (title.textContent !== text) title.textContent = text;
  });

  function arrange() {
    for (const upload of rows.keys()) if (!uploads.items.includes(upload)) rows.delete(upload);
    for (const upload of uploads.items) if (!rows.has(upload)) rows.set(upload, row(uploads, upload));
    list.replaceChildren(...[...rows.values()].map(({ element }) => element));
    card.hidden = !rows.size;
  }
  return card;
}

function headline({ items, active }) {
  const done = items.filter(({ state }) => state === 'done').length;
  const files = (n) => (n === 1 ? '1 file' : `${n} files`);
  if (active) return items.length === 1 ? 'Uploading 1 file' : `Uploading, ${done} of ${items.length} done`;
  return done === items.length ? `${files(done)} uploaded` : `${files(items.length - done)} not uploaded`;
}

function row(uploads, upload) {
  const title = h('span', { class: 'title' });
  const state = h('span', { class: 'state' });
  const ends = h('span', { class: 'ends' });
  const bar = h('progress', { max: 1, value: 0 });
  const choices = h('div', { class: 'choices', hidden: true },
    h('button', { type: 'button', onclick: () => uploads.replace(upload) }, 'Replace'),
    h('button', { type: 'button', onclick: () => uploads.keepBoth(upload) }, 'Keep both'),
    h('button', { type: 'button', onclick: () => uploads.drop(upload) }, 'Skip'));
  const element = h('li', {}, title, ends, state, bar, choices);
  let shown;

  /** What changes with every byte is set on its own; the buttons change only with the state, so they keep the focus. */
  function update() {
    const name = upload.key.split('/').at(-1);
    state.textContent = describe(upload);
    bar.value = upload.file.size ? upload.sent / upload.file.size : Number(upload.state === 'finishing');
    if (shown === upload.state) return;
    shown = upload.state;
    element.className = `upload ${shown}`;
    element.dataset.state = shown;
    title.textContent = name;
    title.title = upload.key;
    bar.setAttribute('aria-label', `Progress of ${name}`);
    bar.hidden = shown !== 'sending' && shown !== 'finishing';
    choices.hidden = shown !== 'conflict';
    ends.replaceChildren(...buttons(name));
  }

  function buttons(name) {
    if (shown === 'done') return [icon('check')];
    if (shown === 'conflict') return [];
    const stop = iconButton('close', `Stop ${name}`, () => uploads.drop(upload));
    return shown === 'failed' ? [iconButton('retry', `Try ${name} again`, () => uploads.retry(upload)), stop] : [stop];
  }

  update();
  return { element, update };
}

function describe({ state, sent, file, problem, secondsLeft }) {
  switch (state) {
    case 'waiting': return 'Waiting';
    case 'sending': {
      const left = format.left(secondsLeft);
      return `${format.size(sent)} of ${format.size(file.size)}${left && ` · ${left}`}`;
    }
    case 'finishing': return 'Storing…';
    case 'conflict': return 'There is a file of this name already.';
    case 'failed': return [problem.title, problem.detail, problem.requestId && `Request ${problem.requestId}`].filter(Boolean).join(' · ');
    default: return format.size(file.size);
  }
}
