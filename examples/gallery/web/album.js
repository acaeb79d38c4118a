// An album on the page: a grid of photos, or a list of documents.

import * as api from './api.js';
import { confirmRemoval, share } from './dialog.js';
import { h, icon, iconButton } from './dom.js';
import * as format from './format.js';
import { tell, trying } from './notice.js';
import { rules, send } from './upload.js';
import { view } from './viewer.js';

const ALBUMS = {
  photos: {
    name: 'photos', title: 'Photos', one: 'photo', icon: 'image', accept: 'image/*',
    takes: 'Pictures (PNG, JPEG, WebP, GIF and more)',
    empty: 'No photos yet', hint: 'Drop a few pictures anywhere on this page, or choose them.',
  },
  documents: {
    name: 'documents', title: 'Documents', one: 'document', icon: 'document', accept: '.pdf,.txt,.md,.csv',
    takes: 'PDF, text, Markdown and CSV',
    empty: 'No documents yet', hint: 'Drop PDF, text, Markdown or CSV files anywhere on this page, or choose them.',
  },
};

/** Shows the album of that name in `main`; photos if there is none. */
export function open(main, name) {
  const album = ALBUMS[name] ?? ALBUMS.photos;
  const state = { files: [], next: null, maxSize: null };
  const rule = h('p', { class: 'rule' });
  const shelf = h('ul', { class: album.name, 'aria-label': album.title });
  const input = h('input', { type: 'file', multiple: true, accept: album.accept, class: 'unseen', tabindex: '-1', 'aria-label': `Choose ${album.one}s`, onchange: () => { add([...input.files]); input.value = ''; } });
  const more = h('button', { type: 'button', class: 'more', hidden: true, onclick: () => trying(load) }, 'Show more');
  const body = h('div', { class: 'body', 'aria-busy': 'true' }, shelf);
  main.replaceChildren(h('header', { class: 'head' }, h('h1', {}, album.title), rule), input, body, more);
  shelf.append(...Array.from({ length: 6 }, () => h('li', { class: 'bone', 'aria-hidden': 'true' })));
  // What comes into sight loads the rest; the button is for those who tab.
  const sight = new IntersectionObserver((seen) => { if (seen.some((entry) => entry.isIntersecting) && !more.hidden) more.click(); }, { rootMargin: '600px' });
  sight.observe(more);
  trying(load).then(() => body.removeAttribute('aria-busy'));

  async function load() {
    more.hidden = true;
    const page = await api.list(album.name, state.next);
    const first = !state.next;
    const known = new Set(state.files.map((file) => file.key));
    const fresh = page.files.filter((file) => !known.has(file.key));
    state.files.push(...fresh);
    state.next = page.next;
    state.maxSize = page.max_size;
    rule.textContent = rules(album, page.max_size);
    if (first) shelf.replaceChildren();
    shelf.append(...fresh.map(item));
    arrange();
  }

  function arrange() {
    more.hidden = !state.next;
    body.querySelector('.empty')?.remove();
    if (!state.files.length && !state.next) {
      body.append(h('div', { class: 'empty' }, icon(album.icon), h('h2', {}, album.empty), h('p', {}, album.hint),
        h('button', { type: 'button', class: 'primary', onclick: choose }, icon('add'), `Choose ${album.one}s`)));
    }
    shelf.hidden = !state.files.length;
  }

  async function add(files) {
    const kept = await send(album, files, state.maxSize);
    if (!kept || !main.contains(shelf)) return;
    // What was there before under the same name moves to the front with the rest.
    for (const file of kept) forget(file.key);
    state.files.unshift(...kept);
    shelf.prepend(...kept.map((file) => item(file, true)));
    arrange();
  }

  function forget(key) {
    state.files = state.files.filter((file) => file.key !== key);
    shelf.querySelector(`[data-key="${CSS.escape(key)}"]`)?.remove();
  }

  /** Gives whether the file is gone. */
  async function act(what, file) {
    const name = album.name === 'photos' ? 'this photo' : `“${file.key}”`;
    if (what === 'share') await share(album.name, file, name);
    if (what === 'download') await trying(async () => { location.assign((await api.link(album.name, file.key, 60, true)).url); });
    if (what !== 'remove' || !(await confirmRemoval(name))) return false;
    return trying(async () => {
      await api.remove(album.name, file.key);
      const beside = shelf.querySelector(`[data-key="${CSS.escape(file.key)}"]`)?.nextElementSibling ?? shelf.firstElementChild;
      forget(file.key);
      arrange();
      (beside?.querySelector('button, a') ?? main).focus({ preventScroll: true });
      tell(`The ${album.one} is deleted`);
      return true;
    });
  }

  function item(file, fresh) {
    const make = album.name === 'photos' ? tile : row;
    const element = make(album, file, act, () => view(() => state.files, state.files.findIndex(({ key }) => key === file.key), act, (shown) => renew(album, shown)));
    element.dataset.key = file.key;
    if (fresh === true) element.classList.add('fresh');
    return element;
  }

  function choose() { input.click(); }
  return { album, add, choose, close: () => sight.disconnect() };
}

/** A photo of the grid. */
function tile(album, file, act, onopen) {
  const said = `Photo of ${format.moment(file.last_modified)}, ${format.type(file.content_type)}, ${format.size(file.size)}`;
  let asked = false;
  const picture = h('img', { src: file.url, alt: '', loading: 'lazy', decoding: 'async', onload: () => element.classList.add('shown'), onerror: again });
  const element = h('li', { class: 'tile' },
    h('button', { type: 'button', class: 'picture', 'aria-label': `Open: ${said}`, title: said, onclick: onopen }, picture, icon('image')),
    h('div', { class: 'acts' },
      iconButton('link', 'Share this photo', () => act('share', file)),
      iconButton('trash', 'Delete this photo', () => act('remove', file))));

  async function again() {
    if (asked) return;
    asked = true;
    if (await renew(album, file)) picture.src = file.url;
  }
  return element;
}

/** A page that was open for long has links that have expired: gives the file a fresh one, and says whether it could. */
async function renew(album, file) {
  try {
    file.url = (await api.one(album.name, file.key)).url;
    return true;
  } catch {
    // The file is gone; its place says so.
    return false;
  }
}

/** A document of the list; its link is made anew when it is opened, so that it never is too old. */
function row(album, file, act) {
  const name = h('a', { href: file.url, target: '_blank', rel: 'noopener', class: 'name', title: file.key, onclick: show }, icon('document'), h('span', {}, file.key));
  async function show(event) {
    event.preventDefault();
    // Opened at once: a window that is asked for later is taken for a pop-up.
    const tab = window.open('', '_blank');
    if (await renew(album, file)) tab.location = file.url;
    else tab.close();
  }
  return h('li', { class: 'row' }, name,
    h('div', { class: 'facts' }, h('span', {}, `${format.type(file.content_type)}, ${format.size(file.size)}`), h('span', {}, format.moment(file.last_modified))),
    h('div', { class: 'acts' },
      iconButton('link', `Share ${file.key}`, () => act('share', file)),
      iconButton('download', `Download ${file.key}`, () => act('download', file)),
      iconButton('trash', `Delete ${file.key}`, () => act('remove', file))));
}
