// The drive: a folder's files, what can be done with them, and the way in for new ones.

import * as api from './api.js';
import { may } from './auth.js';
import * as dialog from './dialog.js';
import { h, icon, iconButton } from './dom.js';
import * as format from './format.js';
import { panel } from './panel.js';
import { tell, trying } from './toast.js';
import { dropped, Uploads } from './upload.js';

const hrefOf = (prefix) => `#/${prefix.split('/').map(encodeURIComponent).join('/')}`;

/** The folder the address names: `''`, or a prefix that ends with a slash. */
function prefixOf(hash) {
  try {
    return hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent).join('/');
  } catch {
    return '';
  }
}

/** Builds the drive; `stop` takes its listeners away. */
export function drive() {
  const stopping = new AbortController();
  const uploads = new Uploads(stopping.signal);
  const writable = may('files:write');
  let prefix = prefixOf(location.hash);
  let files = [];
  let next = null;
  let fresh = new Set();
  /** Answers of a folder that was left meanwhile are dropped. */
  let turn = 0;

  const path = h('nav', { class: 'path', 'aria-label': 'Folder' });
  const picker = h('input', { type: 'file', multiple: true, hidden: true, onchange: () => {
    send([...picker.files].map((file) => ({ file, path: file.name })));
    picker.value = '';
  } });
  const choose = () => picker.click();
  const body = h('div', { 'aria-busy': 'true' });
  const target = h('div', { class: 'drop', hidden: true });
  const element = h('main', { class: 'drive' },
    h('header', {}, path, writable && h('button', { type: 'button', class: 'primary', onclick: choose }, icon('upload'), 'Upload'), picker),
    body, target, panel(uploads));

  async function load() {
    const mine = ++turn;
    prefix = prefixOf(location.hash);
    files = [];
    next = null;
    crumbs();
    body.replaceChildren(bones());
    body.setAttribute('aria-busy', 'true');
    await page(mine);
  }

  async function page(mine = turn) {
    try {
      const answer = await api.list(prefix, next);
      if (mine !== turn) return;
      // A file that arrived meanwhile may be in the answer too.
      const told = new Set(answer.files.map(({ key }) => key));
      files = [...files.filter(({ key }) => !told.has(key)), ...answer.files];
      next = answer.next ?? null;
      draw();
    } catch (problem) {
      if (mine === turn) body.replaceChildren(failure(problem, () => load()));
    }
    body.removeAttribute('aria-busy');
  }

  function crumbs() {
    const names = prefix.split('/').filter(Boolean);
    const here = names.pop() ?? 'My files';
    document.title = `${here} · Drive`;
    const above = prefix ? ['', ...names.map((_, i) => `${names.slice(0, i + 1).join('/')}/`)] : [];
    path.replaceChildren(
      ...above.flatMap((folder) => [h('a', { href: hrefOf(folder) }, folder.split('/').at(-2) ?? 'My files'), icon('chevron')]),
      h('h1', { tabindex: '-1' }, here));
  }

  function draw() {
    if (!files.length && !next) {
      body.replaceChildren(empty(writable && choose, prefix));
      return;
    }
    const { folders, here } = split(files, prefix);
    body.replaceChildren(
      h('div', { class: 'files' }, head(), h('ul', {},
        [...folders].map(([name, count]) => folderRow(name, count)),
        here.map((file) => fileRow(file)))),
      ...(next ? [h('div', { class: 'below' }, h('button', { type: 'button', onclick: more }, 'Show more'))] : []));
    fresh = new Set();
  }

  function more({ currentTarget }) {
    currentTarget.disabled = true;
    return page();
  }

  function folderRow(name, count) {
    const under = `${count}${next ? '+' : ''} ${count === 1 && !next ? 'file' : 'files'}`;
    return h('li', { class: 'row' },
      h('a', { class: 'name', href: hrefOf(`${prefix}${name}/`) }, h('i', { class: 'kind folder' }, icon('folder')),
        h('span', {}, name, h('small', { class: 'under' }, under))),
      h('span', { class: 'size' }, under), h('span', { class: 'date' }), h('span', { class: 'acts' }));
  }

  function fileRow(file) {
    const name = file.key.slice(prefix.length);
    const kind = format.kind(file.content_type);
    const date = new Date(file.last_modified);
    const act = (image, label, what) => iconButton(image, `${label} ${name}`, what, { class: 'wide' });
    return h('li', { class: fresh.has(file.key) ? 'row fresh' : 'row', 'data-key': file.key },
      h('button', { type: 'button', class: 'name', onclick: () => ask(file, name) }, h('i', { class: `kind ${kind}` }, icon(kind)),
        h('span', {}, name, h('small', { class: 'under' }, `${format.size(file.size)} · ${format.when(date)}`))),
      h('span', { class: 'size' }, format.size(file.size)),
      h('time', { class: 'date', datetime: file.last_modified, title: format.moment(date) }, format.when(date)),
      h('span', { class: 'acts' },
        act('link', 'Share', () => dialog.share(file.key, name)),
        act('download', 'Download', () => trying(() => api.download(file.key))),
        writable && act('trash', 'Delete', () => remove(file, name)),
        iconButton('more', `More about ${name}`, () => ask(file, name), { class: 'more' })));
  }

  async function ask(file, name) {
    const choice = await dialog.details(file, name);
    if (choice === 'share') await dialog.share(file.key, name);
    if (choice === 'download') await trying(() => api.download(file.key));
    if (choice === 'remove') await remove(file, name);
  }

  async function remove(file, name) {
    if (!(await dialog.confirmRemoval(name))) return;
    await trying(async () => {
      await api.remove(file.key);
      files = files.filter((other) => other !== file);
      draw();
      path.querySelector('h1').focus();
      tell(`“${name}” deleted`);
    });
  }

  function send(entries) {
    if (entries.length) uploads.add(entries.map(({ file, path }) => ({ file, key: prefix + path })));
  }

  uploads.addEventListener('done', ({ detail: upload }) => {
    if (!upload.key.startsWith(prefix)) return;
    fresh.add(upload.key);
    // The list holds what the server would say; the next page or visit corrects the time.
    const file = { key: upload.key, size: upload.file.size, content_type: upload.file.type || 'application/octet-stream', last_modified: new Date().toISOString() };
    files = [...files.filter(({ key }) => key !== file.key), file];
    draw();
  });

  // A drag passes in and out of every element below: only the outermost pair counts.
  let depth = 0;
  const carriesFiles = (event) => writable && event.dataTransfer?.types.includes('Files');
  const over = (on) => {
    target.hidden = !on;
    if (on) target.replaceChildren(h('p', {}, icon('upload'), `Drop to upload to ${prefix.split('/').at(-2) ?? 'My files'}`));
  };
  const listen = (name, listener) => addEventListener(name, listener, { signal: stopping.signal });
  listen('dragenter', (event) => { if (carriesFiles(event)) { depth += 1; over(true); } });
  listen('dragleave', (event) => { if (carriesFiles(event)) { depth = Math.max(0, depth - 1); if (!depth) over(false); } });
  listen('dragover', (event) => { if (carriesFiles(event)) event.preventDefault(); });
  listen('drop', async (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    over(false);
    await trying(async () => send(await dropped(event.dataTransfer)));
  });
  listen('hashchange', async () => {
    await load();
    path.querySelector('h1').focus();
  });

  load();
  return { element, stop: () => { stopping.abort(); uploads.clear(); } };
}

/** Files of this folder, and the folders below it with how many files they hold. */
function split(files, prefix) {
  const folders = new Map();
  const here = [];
  for (const file of files) {
    const [first, ...rest] = file.key.slice(prefix.length).split('/');
    if (rest.length) folders.set(first, (folders.get(first) ?? 0) + 1);
    else here.push(file);
  }
  const byName = new Intl.Collator(undefined, { numeric: true });
  here.sort((a, b) => byName.compare(a.key, b.key));
  return { folders: [...folders].sort(([a], [b]) => byName.compare(a, b)), here };
}

const head = () => h('div', { class: 'row head', 'aria-hidden': 'true' },
  h('span', {}, 'Name'), h('span', { class: 'size' }, 'Size'), h('span', {}, 'Changed'), h('span'));

function bones() {
  const row = () => h('div', { class: 'row' }, h('div', { class: 'name' }, h('i', { class: 'kind' }), h('div', { class: 'bone wide' })), h('div', { class: 'bone size' }), h('div', { class: 'bone date' }));
  return h('div', { class: 'files bones' }, row(), row(), row(), h('span', { class: 'unseen' }, 'Loading'));
}

function empty(choose, prefix) {
  return h('div', { class: 'empty' }, h('i', { class: 'kind' }, icon(choose ? 'upload' : 'folder')),
    h('h2', {}, prefix ? 'This folder is empty' : 'Nothing here yet'),
    choose
      ? [h('p', {}, 'Drag files and folders onto this page, or choose them.'), h('button', { type: 'button', onclick: choose }, 'Choose files')]
      : h('p', {}, 'You have not allowed this page to add files. Sign out and in again to change that.'));
}

function failure(problem, again) {
  return h('div', { class: 'empty', role: 'alert' }, h('i', { class: 'kind' }, icon('alert')),
    h('h2', {}, problem.title), h('p', {}, problem.detail), problem.requestId && h('p', {}, h('code', {}, `Request ${problem.requestId}`)),
    h('button', { type: 'button', onclick: again }, icon('retry'), 'Try again'));
}
