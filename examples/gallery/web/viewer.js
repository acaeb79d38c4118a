// One photo as large as the window, and its neighbours an arrow key away.

import { h, icon, iconButton } from './dom.js';
import * as format from './format.js';

/** Shows the photo at `start` of `files()`. `act(what, file)` does `share`, `download` or `remove`, and gives whether the photo is gone; `renew(file)` gives it a link that has not expired. */
export function view(files, start, act, renew) {
  let at = start;
  const picture = h('img', { class: 'picture', alt: '', onerror: again });
  let asked;
  const facts = h('p', { class: 'facts', 'aria-live': 'polite' });
  const previous = iconButton('left', 'Previous photo', () => step(-1), { class: 'turn previous' });
  const next = iconButton('right', 'Next photo', () => step(1), { class: 'turn next' });
  const figure = h('div', { class: 'stage' }, picture, h('p', { class: 'cannot' }, icon('image'), 'This picture cannot be shown here'), previous, next);
  const doing = (what) => async () => { if (await act(what, files()[at])) gone(); };
  const dialog = h('dialog', {
    class: 'viewer',
    'aria-label': 'Photo',
    onclose: () => dialog.remove(),
    onkeydown: (event) => {
      if (event.key === 'ArrowLeft') step(-1);
      if (event.key === 'ArrowRight') step(1);
    },
    onclick: (event) => { if (event.target === figure) dialog.close(); },
  },
  h('header', {}, facts,
    iconButton('link', 'Share this photo', doing('share')),
    iconButton('download', 'Download this photo', doing('download')),
    iconButton('trash', 'Delete this photo', doing('remove')),
    iconButton('close', 'Close', () => dialog.close(), { autofocus: true })),
  figure);
  document.body.append(dialog);
  paint();
  dialog.showModal();

  /** The link may have expired while the page was open: asked for once a photo. */
  async function again() {
    const file = files()[at];
    if (asked !== file && await renew(file)) {
      asked = file;
      if (files()[at] === file) picture.src = file.url;
    } else figure.classList.add('broken');
  }

  function step(by) {
    const to = at + by;
    if (to < 0 || to >= files().length) return;
    at = to;
    paint();
  }

  function gone() {
    if (!files().length) dialog.close();
    else {
      at = Math.min(at, files().length - 1);
      paint();
    }
  }

  function paint() {
    const file = files()[at];
    figure.classList.remove('broken');
    picture.src = file.url;
    facts.replaceChildren(h('strong', {}, `${at + 1} of ${files().length}`), h('span', {}, `${format.type(file.content_type)}, ${format.size(file.size)}`), h('span', { class: 'date' }, format.moment(file.last_modified)));
    previous.disabled = at === 0;
    next.disabled = at === files().length - 1;
  }
}
