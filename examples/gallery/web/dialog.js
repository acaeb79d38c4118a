// The questions the page asks: for how long a link works, and before a deletion.

import * as api from './api.js';
import { h, icon, iconButton } from './dom.js';
import * as format from './format.js';
import { sentence, tell } from './notice.js';

/** Opens a dialog of `content(close)`; resolves with what `close` is given, or undefined. */
function open(title, content) {
  return new Promise((resolve) => {
    let answer;
    const close = (value) => {
      answer = value;
      dialog.close();
    };
    const dialog = h('dialog', {
      class: 'sheet',
      'aria-label': title,
      onclose: () => { dialog.remove(); resolve(answer); },
      // The backdrop belongs to the dialog: a click on it lands on the dialog itself.
      onclick: (event) => { if (event.target === dialog) dialog.close(); },
    },
    h('div', {}, h('header', {}, h('h2', {}, title), iconButton('close', 'Close', () => dialog.close())), content(close)));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Whether to delete what is called `name`. */
export function confirmRemoval(name) {
  return open(`Delete ${name}?`, (close) => [
    h('p', {}, 'It is gone at once, and links to it stop working.'),
    h('footer', {},
      h('button', { type: 'button', autofocus: true, onclick: () => close(false) }, 'Keep it'),
      h('button', { type: 'button', class: 'danger', onclick: () => close(true) }, 'Delete')),
  ]);
}

const LIVES = [['10 minutes', 600], ['1 hour', 3600], ['1 day', 86_400], ['7 days', 604_800]];

/** Makes a link to a file for anyone who has it. */
export function share(album, file, name) {
  return open(`Share ${name}`, () => {
    const pick = (type, group, value, label, checked) =>
      h('label', { class: 'pick' }, h('input', { type, name: group, value, checked, autofocus: checked && type === 'radio' }), h('span', {}, label));
    const button = h('button', { class: 'primary' }, icon('link'), 'Create link');
    const refusal = h('p', { class: 'refusal', role: 'alert', hidden: true });
    const form = h('form', { onsubmit: (event) => { event.preventDefault(); make(); } },
      h('fieldset', {}, h('legend', {}, 'The link works for'),
        h('div', { class: 'picks' }, LIVES.map(([label, seconds]) => pick('radio', 'life', seconds, label, seconds === 3600)))),
      h('label', { class: 'check' }, h('input', { type: 'checkbox', name: 'download' }), 'Save the file instead of showing it'),
      refusal,
      h('footer', {}, button));
    const box = h('div', {}, form);

    async function make() {
      const chosen = new FormData(form);
      button.disabled = true;
      refusal.hidden = true;
      try {
        const made = await api.link(album, file.key, Number(chosen.get('life')), chosen.has('download'));
        box.replaceChildren(...result(made));
        box.querySelector('input').select();
      } catch (problem) {
        refusal.textContent = `${problem.title}. ${problem.detail && sentence(problem.detail)}`;
        refusal.hidden = false;
        button.disabled = false;
      }
    }
    return box;
  });
}

function result({ url, expires_at }) {
  const field = h('input', { type: 'text', id: 'link', readonly: true, value: url, onfocus: () => field.select() });
  return [
    h('label', { for: 'link' }, 'Anyone with this link can open the file'),
    h('div', { class: 'copy' }, field, h('button', { type: 'button', class: 'primary', onclick: () => copy(field) }, 'Copy')),
    h('p', {}, `Works until ${format.moment(expires_at)}.`),
  ];
}

async function copy(field) {
  field.select();
  // Pages over plain HTTP have no clipboard; the selected text is then one key press away.
  if (!navigator.clipboard) return;
  await navigator.clipboard.writeText(field.value);
  tell('Link copied');
}
