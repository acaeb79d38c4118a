// The questions the page asks: about a file, before a deletion, and for a link.

import * as api from './api.js';
import { may } from './auth.js';
import { h, icon, iconButton } from './dom.js';
import * as format from './format.js';
import { tell, trying } from './toast.js';

/** Opens a dialog of `content(close)`; resolves with what `close` is given, or undefined. */
function open(title, content) {
  return new Promise((resolve) => {
    let answer;
    const close = (value) => {
      answer = value;
      dialog.close();
    };
    const dialog = h('dialog', {
      'aria-label': title,
      onclose: () => { dialog.remove(); resolve(answer); },
      // The backdrop belongs to the dialog: a click on it lands on the dialog itself.
      onclick: (event) => { if (event.target === dialog) dialog.close(); },
    },
    h('div', { class: 'sheet' },
      h('header', {}, h('h2', {}, title), iconButton('close', 'Close', () => dialog.close())),
      content(close)));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** What is known of a file, and what can be done with it: `share`, `download` or `remove`. */
export function details(file, name) {
  const act = (label, image, value, close, more) =>
    h('button', { type: 'button', onclick: () => close(value), ...more }, icon(image), label);
  return open(name, (close) => [
    h('dl', { class: 'facts' },
      h('dt', {}, 'Size'), h('dd', {}, format.size(file.size)),
      h('dt', {}, 'Type'), h('dd', {}, file.content_type ?? 'unknown'),
      h('dt', {}, 'Changed'), h('dd', {}, format.moment(new Date(file.last_modified)))),
    h('div', { class: 'stack' },
      act('Share a link', 'link', 'share', close, { autofocus: true }),
      act('Download', 'download', 'download', close),
      may('files:write') && act('Delete', 'trash', 'remove', close, { class: 'danger' })),
  ]);
}

/** Whether to delete `name`. */
export function confirmRemoval(name) {
  return open(`Delete “${name}”?`, (close) => [
    h('p', {}, 'It is gone at once, and links to it stop working.'),
    h('div', { class: 'foot' },
      h('button', { type: 'button', autofocus: true, onclick: () => close(false) }, 'Keep it'),
      h('button', { type: 'button', class: 'danger', onclick: () => close(true) }, 'Delete')),
  ]);
}

const EXPIRY = [['1 hour', 3600], ['1 day', 86_400], ['7 days', 604_800]];

/** Makes a link to a file for anyone who has it. */
export function share(key, name) {
  return open(`Share “${name}”`, () => {
    const expiry = h('select', { id: 'expiry', autofocus: true }, EXPIRY.map(([label, seconds]) => h('option', { value: seconds }, label)));
    const mode = (value, label, checked) =>
      h('label', { class: 'pick' }, h('input', { type: 'radio', name: 'mode', value, checked }), label);
    const form = h('form', { onsubmit: (event) => { event.preventDefault(); make(); } },
      h('div', { class: 'field' }, h('label', { for: 'expiry' }, 'The link works for'), expiry),
      h('fieldset', {}, h('legend', {}, 'Opening it'), mode('view', 'shows the file', true), mode('download', 'downloads the file')),
      h('div', { class: 'foot' }, h('button', { class: 'primary' }, icon('link'), 'Create link')));
    const box = h('div', {}, form);

    async function make() {
      const button = form.querySelector('button');
      button.disabled = true;
      try {
        const made = await api.link(key, Number(expiry.value), new FormData(form).get('mode') === 'download');
        box.replaceChildren(...result(made));
        box.querySelector('input').select();
      } catch (problem) {
        form.querySelector('.alert')?.remove();
        form.prepend(h('p', { class: 'alert field', role: 'alert' }, icon('alert'), `${problem.title}. ${problem.detail}`));
        button.disabled = false;
      }
    }
    return box;
  });
}

function result({ url, expires_at }) {
  const field = h('input', { type: 'text', id: 'link', readonly: true, value: url, onfocus: () => field.select() });
  return [
    h('div', { class: 'field' },
      h('label', { for: 'link' }, 'Anyone with this link can open the file'),
      h('div', { class: 'copy' }, field,
        h('button', { type: 'button', class: 'primary', onclick: () => trying(() => copy(field)) }, 'Copy'))),
    h('p', {}, `Works until ${format.moment(new Date(expires_at))}.`),
  ];
}

async function copy(field) {
  // Pages over plain HTTP have no clipboard; the selected text is then one key press away.
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(field.value);
    tell('Link copied');
  } else {
    field.select();
  }
}
