// What a visitor sees: what this is, and the way in.

import { signIn } from './auth.js';
import { h, icon } from './dom.js';
import { trying } from './toast.js';

const PEEK = [['image', 'Harbour at dawn.jpg', '4.1 MB'], ['text', 'Lease, signed.pdf', '212 kB'], ['archive', 'Holiday 2024.zip', '1.3 GB']];

/** The front page; `problem` is why the person is back here. */
export function front(problem) {
  const enter = h('button', { type: 'button', class: 'primary', onclick: () => {
    enter.disabled = true;
    trying(signIn).finally(() => { enter.disabled = false; });
  } }, 'Sign in');
  return [
    h('header', { class: 'bar' }, h('span', { class: 'brand' }, h('img', { src: '/assets/icon.svg', alt: '' }), 'Drive')),
    h('main', { class: 'front' },
      h('div', {},
        problem && h('p', { class: 'alert', role: 'alert' }, icon('alert'), h('span', {}, `${problem.title}. ${problem.detail}`)),
        h('h1', {}, 'Your files, on a server of your own.'),
        h('p', { class: 'lead' }, 'Drop them in, share them by a link that expires, and keep everyone else out.'),
        enter),
      h('div', { class: 'peek', 'aria-hidden': 'true' },
        h('ul', {}, PEEK.map(([kind, name, size]) =>
          h('li', {}, h('i', { class: `kind ${kind}` }, icon(kind)), h('span', {}, name), h('small', {}, size)))),
        h('div', { class: 'sending' }, h('div', {}, h('span', {}, 'Interview, take 2.wav'), h('small', {}, '68%')), h('progress', { max: 100, value: 68 })))),
  ];
}
