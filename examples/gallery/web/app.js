// The page: which album is open, and where files may be dropped.

import { open } from './album.js';
import { dropTarget } from './upload.js';

const main = document.getElementById('album');
let current;

function show() {
  current?.close();
  const name = location.hash.slice(1);
  current = open(main, name);
  document.title = `${current.album.title}, Gallery`;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#${current.album.name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

addEventListener('hashchange', show);
document.getElementById('add').addEventListener('click', () => current.choose());
dropTarget(() => `Drop to add to ${current.album.title}`, (files) => current.add(files));
show();
