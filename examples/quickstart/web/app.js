// The drive's page: finds out who is there, and shows the front page or the drive.

import * as api from './api.js';
import { finishSignIn, session, signedIn, signOut } from './auth.js';
import { h } from './dom.js';
import { drive } from './drive.js';
import { front } from './front.js';
import { hush, trying } from './toast.js';

const app = document.getElementById('app');
let shown = null;

function showFront(problem) {
  shown?.stop();
  shown = null;
  document.querySelectorAll('dialog').forEach((dialog) => dialog.close());
  document.title = 'Drive';
  app.replaceChildren(...front(problem));
}

function showDrive() {
  const name = h('span', {});
  const initial = h('span', { class: 'initial', 'aria-hidden': 'true' });
  const out = h('button', { type: 'button', onclick: () => {
    out.disabled = true;
    hush();
    trying(signOut).finally(() => showFront());
  } }, 'Sign out');
  const offline = h('p', { class: 'offline', role: 'status', hidden: navigator.onLine }, 'You are offline. Uploads go on when you are back.');
  shown = drive();
  app.replaceChildren(offline,
    h('header', { class: 'bar' },
      h('a', { class: 'brand', href: '#/' }, h('img', { src: '/assets/icon.svg', alt: '' }), 'Drive'),
      h('span', { class: 'who' }, initial, name), out),
    shown.element);
  addEventListener('offline', () => { offline.hidden = false; });
  addEventListener('online', () => { offline.hidden = true; });
  trying(async () => {
    const { sub } = await api.me();
    name.textContent = sub;
    initial.textContent = [...sub][0];
  });
}

session.addEventListener('end', () => showFront({ title: 'Your session has ended', detail: 'Please sign in again.' }));

async function start() {
  if (location.pathname !== '/app/callback') {
    if (signedIn()) showDrive();
    else showFront();
    return;
  }
  const query = new URLSearchParams(location.search);
  try {
    const back = await finishSignIn(query);
    // Out of the address bar and the history: a code is nobody's business.
    history.replaceState(null, '', `/${back}`);
    showDrive();
  } catch (problem) {
    history.replaceState(null, '', '/');
    showFront(problem);
  }
}

start();
